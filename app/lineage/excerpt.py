"""Excerpts: a text where there is room for a few words, cut in the database: a tile never loads 200,000 characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.diff.words import shared
from app.media.medium import WORDED, traits
from app.models.artist import Artist
from app.models.draft import Draft
from app.models.edge import Parent
from app.models.revision import Revision
from app.models.work import Work

HEAD = 400  # code points of a text on a small page
LOOKED = 1_000  # code points at the beginning, in which what is new is looked for
WORDS = 32  # code points of what is new
BATCH = 500


def heads(session: Session, ids: Iterable[UUID | None], length: int = HEAD) -> dict[UUID, str]:
    """How the texts of these revisions begin; those that are no texts are not among them."""
    wanted = [id for id in ids if id]
    if not wanted:
        return {}
    query = sa.select(Revision.id, sa.func.substr(Revision.text, 1, length).label("head"))
    query = query.where(Revision.id.in_(wanted), Revision.text.is_not(None), _worded())
    return {row.id: row.head for row in session.execute(query)}


def covers(session: Session, artist: Artist, works: Iterable[Work]) -> dict[UUID, str]:
    """How the texts on the tiles of `works` begin: by the cover's id, and by the work's where nothing but the artist's draft
    is written yet.
    """
    works = [work for work in works if traits(work.medium).worded]
    found = heads(session, (work.cover_id for work in works))
    bare = [work.id for work in works if work.cover_id is None]
    head = sa.func.substr(Draft.text, 1, HEAD).label("head")
    query = sa.select(Draft.work_id, head).where(Draft.work_id.in_(bare), Draft.artist_id == artist.id, Draft.text != "")
    return found | ({row.work_id: row.head for row in session.execute(query)} if bare else {})


def new_words(session: Session, where: sa.ColumnElement[bool], key: Any = Revision.id) -> dict[Any, str]:
    """The first words of each text that are new beside its first parent's; by `key`, a column that tells revisions apart.

    What lies further inside than LOOKED is taken to follow its parent's end, or to be its own.
    """
    old = aliased(Revision)
    length, before = sa.func.length(Revision.text), sa.func.length(old.text)
    beyond = sa.case((length > before, before + 1), (length > WORDS, length - WORDS + 1), else_=1)
    columns = (
        key.label("key"),
        sa.func.substr(Revision.text, 1, LOOKED).label("head"),
        sa.func.substr(old.text, 1, LOOKED).label("old"),
        sa.func.substr(Revision.text, beyond, WORDS * 2).label("beyond"),
    )
    query = sa.select(*columns).outerjoin(Parent, sa.and_(Parent.child_id == Revision.id, Parent.position == 0))
    query = query.outerjoin(old, old.id == Parent.parent_id).where(Revision.text.is_not(None), _worded(), where)
    return {row.key: _new(row.head, row.old or "", row.beyond or "") for row in session.execute(query)}


def words_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """`new_words` of a few revisions."""
    wanted = list(ids)
    batches = (wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH))
    return {id: said for batch in batches for id, said in new_words(session, Revision.id.in_(batch)).items()}


def _worded() -> sa.ColumnElement[bool]:
    """True for texts: a tune is told by its picture."""
    return sa.exists().where(Work.id == Revision.work_id, Work.medium.in_(WORDED)).correlate(Revision)


def _new(head: str, old: str, beyond: str) -> str:
    at = shared(old, head)
    said = " ".join((head[at:].split() if at < len(head) else []) or beyond.split() or head.split())
    return said if len(said) <= WORDS else said[: WORDS - 1].rstrip() + "…"
