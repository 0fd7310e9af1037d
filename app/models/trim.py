"""Trimming: a part of a recording becomes a revision by hand. The recording stays."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.brief import Medium
from app.errors import ConflictError, InvalidError, UnsupportedError, _
from app.models.artist import Artist
from app.models.asset import Asset, keep_asset
from app.models.parent import Role
from app.models.revision import Origin, Revision, choose_cover, edges
from app.models.work import Work
from app.music.recording import MEDIA_TYPES, Recording, read
from app.store import Store

SHORTEST = 0.05  # seconds that can still be heard
SLACK = 0.05  # seconds by which a player may round


class Cut(NamedTuple):
    """A part of a recording that lies in the store already; its row is not written yet."""

    asset: Asset
    facts: dict[str, Any]


def check_trimmable(work: Work, revision: Revision) -> None:
    """Raises ConflictError for a work in the trash, InvalidError where there is no recording."""
    if work.trashed:
        raise ConflictError(_("This work is in the trash. Restore it first."))
    if work.medium != Medium.MUSIC:
        raise InvalidError("work", _("only a recording can be trimmed"))
    if revision.asset is None or revision.asset.media_type not in MEDIA_TYPES:
        raise InvalidError("revision", _("only a recording can be trimmed"))


def cut(store: Store, revision: Revision, start: float, end: float) -> Cut:
    """What sounds in `revision` between two moments (seconds), sample by sample, put into the store.

    Raises InvalidError when there is no such part or when it is all of it, NotFoundError when the file is gone.
    """
    whole = _recording(store, revision)
    first, last = _part(whole, start, end)
    part = whole.cut(first, last)
    data = part.encoded()
    asset = Asset(sha256=store.put(data), media_type=part.media_type, bytes=len(data), duration=part.duration)
    return Cut(asset, {"trimmed": [first / whole.rate, last / whole.rate], "duration": part.duration, "rate": part.rate})


def add_trim(session: Session, artist: Artist, work: Work, revision: Revision, part: Cut) -> Revision:
    """`part` of `revision` as a revision by hand in `work`. Raises ConflictError, InvalidError (`check_trimmable`)."""
    check_trimmable(work, revision)
    made = Revision(
        work=work,
        number=work.numbers(1)[0],
        origin=Origin.HAND,
        verb=str(Role.EDIT),
        brief_data=revision.brief_data,
        facts=part.facts,
        asset=keep_asset(session, part.asset),
        created_by=artist,
        parents=edges([(revision.id, Role.EDIT)]),
    )
    session.add(made)
    session.flush()
    if work.cover is None or not work.cover.picked:
        choose_cover(session, work)
    return made


def _recording(store: Store, revision: Revision) -> Recording:
    asset = revision.asset
    if asset is None or asset.media_type not in MEDIA_TYPES:
        raise InvalidError("revision", _("only a recording can be trimmed"))
    try:
        return read(store.get(asset.sha256))
    except UnsupportedError as error:
        raise InvalidError("revision", error.title) from error


def _part(whole: Recording, start: float, end: float) -> tuple[int, int]:
    """The first frame, and the one after the last. Raises InvalidError naming the field and what is allowed."""
    length = f"{whole.duration:.2f}"
    if not math.isfinite(start) or not 0 <= start < whole.duration:
        raise InvalidError("start", _("a moment of the recording in seconds: 0 to %(end)s"), end=length)
    if not math.isfinite(end) or not start < end <= whole.duration + SLACK:
        raise InvalidError("end", _("a moment after the start, in seconds: at most %(end)s"), end=length)
    first, last = whole.at(start), whole.at(end)
    if last - first < SHORTEST * whole.rate:
        raise InvalidError("end", _("at least %(least)s seconds must stay"), least=SHORTEST)
    if (first, last) == (0, whole.frames):
        raise InvalidError("end", _("that is all of it: nothing would be cut off"))
    return first, last
