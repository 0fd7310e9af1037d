"""Trimming: a part of a recording becomes a revision by hand. The recording stays."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import InvalidError, _
from app.media.medium import traits
from app.media.music.sound import recording_files
from app.media.music.sound.recording import MEDIA_TYPES
from app.models.act import ActKind, record
from app.models.artist import Artist
from app.models.asset import Asset, keep_asset
from app.models.revision import Revision
from app.models.work import Work
from app.storage.store import Store


class Cut(NamedTuple):
    """A part of a recording that lies in the store already; its row is not written yet."""

    asset: Asset
    facts: dict[str, Any]


def check_trimmable(work: Work, revision: Revision) -> None:
    """Raises ConflictError for a work in the trash, InvalidError where there is no recording."""
    work.insist_on_place()
    if not traits(work.medium).notes:
        raise InvalidError("work", _("only a recording can be trimmed"))
    if revision.asset is None or revision.asset.media_type not in MEDIA_TYPES:
        raise InvalidError("revision", _("only a recording can be trimmed"))


def cut_section(store: Store, revision: Revision, start: float, end: float) -> Cut:
    """What sounds in `revision` between two moments (seconds), sample by sample, put into the store.

    Raises InvalidError when there is no such part or when it is all of it, NotFoundError when the file is gone.
    """
    asset = revision.asset
    if asset is None or asset.media_type not in MEDIA_TYPES:
        raise InvalidError("revision", _("only a recording can be trimmed"))
    to = store.new_file()
    try:
        part = recording_files.cut_recording(store.find(asset.sha256), start, end, to)
        made = Asset(sha256=store.adopt(to), media_type=part.media_type, bytes=part.bytes, duration=part.duration)
    finally:
        to.unlink(missing_ok=True)
    return Cut(made, {"trimmed": [part.start, part.end], "duration": part.duration, "rate": part.rate})


def add_trim(session: Session, artist: Artist, work: Work, revision: Revision, part: Cut) -> Revision:
    """`part` of `revision` as a revision by hand in `work`. Raises ConflictError, InvalidError (`check_trimmable`)."""
    check_trimmable(work, revision)
    asset = keep_asset(session, part.asset)
    made = artist.revisions.add_by_hand(work, revision, brief_data=revision.brief_data, facts_data=part.facts, asset=asset)
    record(session, ActKind.TRIMMED, artist, work.place, made.id, number=made.number)
    return made
