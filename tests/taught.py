"""Styles that were taught, made by hand, for tests that need no learning."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy.orm import Session

from app.models.artist import local_artist
from app.models.style import Checkpoint, Learning, Style
from app.storage.db import now


def checkpoint(step: int) -> Checkpoint:
    """A checkpoint whose sample repeats the third picture."""
    out = io.BytesIO()
    Image.new("RGB", (64, 16), "olive").save(out, "WEBP")
    return Checkpoint(step=step, spent=30.0, sha256="0" * 64, weights=b"x", sheet=out.getvalue(), repeats=[2])


def a_style(session: Session, project: str, state: str = "ready", name: str = "", *, trashed: bool = False) -> Style:
    """A style of the local artist in a project, with two checkpoints, the second of which is offered."""
    told = {"name": name or "Blots <b>", "key": name.casefold() or str(uuid4()), "consent": "<Mine>"}
    made = Style(project_id=UUID(project), state=Learning(state), **told)
    made.taught_by, made.trashed_at = local_artist(session), now() if trashed else None
    made.checkpoints += [checkpoint(100), checkpoint(200)]
    session.add(made)
    session.flush()
    made.chosen_id = made.checkpoints[1].id
    session.flush()
    return made
