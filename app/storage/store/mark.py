"""The store's half of the studio's identity: the file `store/identity`, whose id the database has too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from app.errors import UnavailableError, _
from app.storage.store.files import write_durably
from app.storage.store.store import Store, refused


@dataclass(frozen=True)
class Mark:
    """The identity that a store carries. `restoring` names the backup that is being brought back, until it is whole."""

    id: UUID
    restoring: str = ""


def mark_path(root: Path) -> Path:
    """Where it lies: in the store itself, so that a store which is not mounted has none."""
    return root / "store" / "identity"


def read_mark(root: Path) -> Mark | None:
    """The mark of the store below `root`; None when it has none. Raises UnavailableError when it cannot be read."""
    path = mark_path(root)
    try:
        told = json.loads(path.read_text("utf-8"))
        return Mark(UUID(told["id"]), str(told["restoring"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnavailableError(_("The file %(file)s cannot be read: %(reason)s"), file=str(path), reason=str(error)) from error


def write_mark(store: Store, mark: Mark) -> None:
    """Give the store this mark, durably. Raises DiskFullError or UnavailableError."""
    data = json.dumps(asdict(mark), default=str).encode()
    try:
        write_durably(mark_path(store.root), data, store.incoming.file("identity"), store.root)
    except OSError as error:
        raise refused(error) from error
