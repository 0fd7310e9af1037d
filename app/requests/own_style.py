"""A style of one's own that a request's parameters name: may it be used here, and what an engine is given of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.engines.engine import Style
from app.errors import EngineError, InvalidError, NotFoundError, _
from app.models.artist import Artist
from app.models.style import Checkpoint
from app.models.work import Work
from app.storage.db import Database

NAME, WEIGHT = "own_style", "own_style_weight"  # parameters of engines that can be taught: a checkpoint's id, how much of it
GONE = _("This style was forgotten, or is another's. Choose another one, or none.")


def check_style(artist: Artist, work: Work, params: Mapping[str, Any]) -> None:
    """Raises InvalidError where the parameters name a style that is not there, not of the work's project, or in the trash."""
    if not (named := params.get(NAME)):
        return
    found = _checkpoint(artist, named)
    if found is None or found.style.project_id != work.project_id:
        raise InvalidError(f"params.{NAME}", GONE)
    if found.style.trashed_at is not None:
        raise InvalidError(
            f"params.{NAME}", _("“%(name)s” is in the trash: restore it, or choose another style"), name=found.style.name
        )


def style_of(database: Database, params: Mapping[str, Any]) -> Style | None:
    """What an engine is given of the style that the parameters name; of weight 0 nothing. Raises EngineError."""
    named, weight = params.get(NAME), float(params.get(WEIGHT, 1.0))
    if not named or not weight:
        return None
    with database.reading() as session:
        id = _id(named)
        found = session.get(Checkpoint, id) if id else None
        if found is None:
            raise EngineError(GONE)
        style = found.style
        facts = {
            "own_style": style.name,
            "own_style_id": str(style.id),
            "own_style_step": found.step,
            "own_style_sha256": found.sha256,
            "own_style_by": style.taught_by.name,
            "own_style_pictures": [str(one.revision_id) for one in style.pictures],
        }
        return Style(style.name, found.weights, style.base or "", weight, facts)


def _checkpoint(artist: Artist, named: Any) -> Checkpoint | None:
    id = _id(named)
    try:
        return artist.styles.checkpoint(id) if id else None
    except NotFoundError:
        return None


def _id(named: Any) -> UUID | None:
    try:
        return UUID(str(named))
    except ValueError:
        return None
