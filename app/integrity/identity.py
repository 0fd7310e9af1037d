"""Do this database and this store belong together? Asked at every start, before anything is read, written or swept.

Both carry one random id: a row of the database, a file in the store. A studio from before has none, or has lost one half:
then what the rows know and what lies in the store must fit, of which a sample is looked at. Files lie in the order of
their digests, so the first of them are as good as drawn by lot.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import StemmaError, _
from app.models import Asset
from app.models.identity import Identity
from app.settings import Settings
from app.storage.db import Database
from app.storage.faults import readable_faults
from app.storage.migrations import migrate
from app.storage.store import Store
from app.storage.store.mark import Mark, mark_path, read_mark, write_mark

SAMPLE = 200  # rows, and files, that are compared
LOST = 0.05  # of the rows looked at, how many may miss their file; of the files, how many may be unknown
LOCK = 2  # of our advisory locks, the one of those who settle the identity


class IdentityError(StemmaError):
    """The database and the store do not belong together, or nobody can tell."""

    status, code = 503, "identity"


@dataclass(frozen=True)
class Examined:
    """What a database and a store say of themselves, and how a sample of each fits the other."""

    place: Path
    database: UUID | None
    mark: Mark | None
    rows: int  # looked at
    missing: int  # of them, those whose file is not there or has another size
    files: int  # looked at
    unknown: int  # of them, those that no row knows

    @property
    def empty(self) -> bool:
        """Whether neither holds anything."""
        return not self.rows and not self.files

    @property
    def settled(self) -> bool:
        """Whether both carry the same id, and nothing is under way."""
        return self.mark is not None and self.database == self.mark.id and not self.mark.restoring

    @property
    def fits(self) -> bool:
        """Whether they may belong together. A database that knows no file fits no store that holds some."""
        few = self.missing <= max(1, LOST * self.rows) and self.unknown <= max(4, LOST * self.files)
        return self.empty or (self.rows > 0 and self.missing < self.rows and few)

    def agreed(self) -> UUID | None:
        """The id that both carry, or the one carries and the other may take; None when there is none yet.

        Raises IdentityError with what was found, and what to do.
        """
        marked = self.mark.id if self.mark else None
        if self.mark and self.mark.restoring and self.database != marked:
            said = _("A restore into %(place)s did not end. Run it again: stemma restore %(source)s --data %(place)s")
            raise IdentityError(said, place=str(self.place), source=self.mark.restoring)
        if self.database and marked and self.database != marked:
            said = _(
                "This database belongs to another store than the one in %(place)s: it is of the studio %(database)s, the"
                " store of %(store)s. Nothing was changed. Name the folder and the database of one studio (STEMMA_DATA,"
                " STEMMA_DATABASE). If you are sure that these two belong together, `stemma adopt` joins them."
            )
            raise IdentityError(said, place=str(self.place), database=str(self.database), store=str(marked))
        if not (self.database and marked) and not self.fits:
            said = _(
                "This database and the store in %(place)s do not fit. Of %(rows)d files that the database knows,"
                " %(missing)d are missing; of %(files)d files in the store, it does not know %(unknown)d. Nothing was"
                " changed. Is this the right database (STEMMA_DATABASE), the right folder (STEMMA_DATA), and is its disk"
                " there? If you are sure that these two belong together, `stemma adopt` joins them."
            )
            numbers: dict[str, Any] = {"rows": self.rows, "missing": self.missing, "files": self.files, "unknown": self.unknown}
            raise IdentityError(said, place=str(self.place), **numbers)
        return self.database or marked


def look(session: Session | None, store: Store) -> Examined:
    """What is there; `session` None: no database at all. The sample is compared only when an id is missing.

    Raises UnavailableError when the store's mark cannot be read, SQLAlchemyError.
    """
    mark = read_mark(store.root)
    tables = sa.inspect(session.connection()).get_table_names() if session else []
    known = session.scalar(sa.select(Identity.id)) if session and Identity.__tablename__ in tables else None
    if known and mark:
        return Examined(store.root, known, mark, 0, 0, 0, 0)
    rows: list[tuple[str, int]] = []
    files = [sha256 for sha256, _age in itertools.islice(store.addresses(), SAMPLE)]
    unknown = set(files)
    if session and Asset.__tablename__ in tables:
        rows = [(a, b) for a, b in session.execute(sa.select(Asset.sha256, Asset.bytes).order_by(Asset.sha256).limit(SAMPLE))]
        unknown -= set(session.scalars(sa.select(Asset.sha256).where(Asset.sha256.in_(files))))
    missing = sum(not _is_whole(store.path(sha256), size) for sha256, size in rows)
    return Examined(store.root, known, mark, len(rows), missing, len(files), len(unknown))


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def examine(config: Settings) -> Examined:
    """What is there, without making anything, not even an empty database."""
    store = Store(config.data)
    if config.database_file and not config.database_file.exists():
        return look(None, store)
    database = Database(config)
    try:
        with database.reading() as session:
            return look(session, store)
    finally:
        database.close()


def settle(database: Database, store: Store) -> UUID:
    """The studio's identity, given to the database or the store if one of them has none yet and they fit.

    Raises IdentityError when they do not belong together.
    """
    with database.writing() as session:
        lock_identity(session)
        found = look(session, store)
        id = found.agreed() or uuid4()
        if found.mark is None or found.mark.restoring:
            write_mark(store, Mark(id))
        if found.database is None:
            session.add(Identity(id=id))
    return id


def lock_identity(session: Session) -> None:
    """Let one process at a time settle the identity: on SQLite a writing transaction is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text(f"select pg_advisory_xact_lock(7766, {LOCK})"))


@readable_faults()
def adopt(config: Settings) -> Examined:
    """Join a database and a store that do not say that they belong together, because somebody knows it: both get a new
    id. What was found before. Raises IdentityError when they agree already.
    """
    database, store = Database(config), Store(config.data)
    try:
        migrate(database.engine)
        with database.writing() as session:
            lock_identity(session)
            found = look(session, store)
            if found.database and found.mark and found.database == found.mark.id:
                raise IdentityError(_("This database and this store belong together already."))
            row = session.get(Identity, 1) or Identity()
            row.id = uuid4()
            session.add(row)
            session.flush()
            write_mark(store, Mark(row.id))
    finally:
        database.close()
        store.incoming.close()
    return found


def together(session: Session, store: Store) -> bool:
    """Whether the two carry one id right now: a database can be exchanged, a disk go away, while the studio runs."""
    mark = read_mark(store.root)
    return mark is not None and session.scalar(sa.select(Identity.id)) == mark.id


def explained(store: Store) -> str:
    """What is said when they do not."""
    return f"the store in {mark_path(store.root).parent} is not the one of this database"
