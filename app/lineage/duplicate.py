"""Duplicating: a work of its own that begins where another one stands. The other stays as it is."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.act import ActKind, record
from app.models.artist import Artist
from app.models.draft import STATE, draft_of
from app.models.revision import Revision
from app.models.work import Work

LONGEST = 190  # characters of a title before its number


def duplicate(session: Session, artist: Artist, work: Work) -> Work:
    """A new work in the same project, with the bench as the artist has it and, as its root, what the wall shows of `work`.

    The root is a revision by hand that comes from that one, which stays its parent, so that the lineage goes on across works.
    Raises ConflictError for a work in the trash.
    """
    work.insist_on_place()
    copy = artist.works.create(work.project, f"{work.title[:LONGEST]} (2)", work.medium)
    shown = session.get(Revision, work.cover_id) if work.cover_id else None
    root = _root(artist, copy, shown) if shown else None
    mine = draft_of(session, work, artist)
    state = {name: getattr(mine, name) for name in STATE} | {"base_id": root and root.id, "mask_id": None}
    draft_of(session, copy, artist, write=True).replace(state)
    record(session, ActKind.WORK_DUPLICATED, artist, copy.place, copy.id, title=copy.title, before=work.title)
    return copy


def _root(artist: Artist, copy: Work, shown: Revision) -> Revision:
    """What `shown` holds, as the first revision of `copy`."""
    kept = {name: getattr(shown, name) for name in ("brief_data", "facts_data", "asset_id", "text", "origins")}
    return artist.revisions.add_by_hand(copy, shown, **kept)
