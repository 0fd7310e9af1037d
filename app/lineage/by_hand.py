"""Texts and tunes in the lineage: a revision by hand from the draft, and the tokens that still stand in a text."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from app.diff.align import ends
from app.diff.authorship import spans_of, stored
from app.errors import InvalidError, _
from app.lineage.tune_facts import facts_of
from app.media.medium import traits
from app.models.act import ActKind, record
from app.models.artist import Artist
from app.models.draft import Draft
from app.models.revision import Revision
from app.models.transcript import Transcript
from app.models.work import Work

FURTHEST = 64  # ancestors whose tokens are looked for


class Told(NamedTuple):
    """What is told of a tune that comes from `base`: computed before anything is written, since it may take a second."""

    text: str
    base: UUID | None
    facts: dict[str, Any]


def told_of_hand(session: Session, draft: Draft, artist: Artist) -> Told | None:
    """What `add_hand` will tell of the draft's tune; None where it has nothing to tell."""
    text = draft.text or ""
    if not traits(draft.work.medium).notes or not text.strip() or (draft.base is not None and draft.base.text == text):
        return None
    parents = [draft.base_id] if draft.base_id else []
    return Told(text, draft.base_id, facts_of(session, artist, draft.work, text, parents))


def add_hand(session: Session, draft: Draft, artist: Artist, told: Told | None = None) -> tuple[Revision, bool]:
    """A revision by hand: the draft's text (a tune's ABC, faults and all) and origins as they stand; and whether it is new.

    Its parent is the draft's base, and it becomes the base. A text that equals the base's is the base. `told` is used if it
    is of this very tune. Raises InvalidError for a work of another medium and for an empty text.
    """
    session.refresh(draft, with_for_update={"of": Draft})  # two windows at once make one revision
    text = draft.text or ""
    if traits(draft.work.medium).written is None:
        raise InvalidError("work", _("only a text or a tune is written by hand"))
    if not text.strip():
        raise InvalidError("text", _("there is no text yet"))
    base = draft.base
    if base is not None and base.text == text:
        return base, False
    work = session.get_one(Work, draft.work_id)
    tune = traits(work.medium).notes
    if tune and (told is None or (told.text, told.base) != (text, draft.base_id)):  # saved anew in this very instant
        told = told_of_hand(session, draft, artist)
    revision = artist.revisions.add_by_hand(
        work,
        base,
        brief_data=draft.brief_data,
        text=text,
        origins=None if tune else stored(spans_of(text, draft.origins)),
        facts_data=told.facts if told else {},
    )
    draft.base = revision  # no new version: nothing that a window could have typed over has changed
    session.flush()
    record(session, ActKind.WRITTEN, artist, work.place, revision.id, number=revision.number)
    session.refresh(draft)
    return revision, True


def tokens_of(revision: Revision) -> list[dict[str, Any]]:
    """What engines wrote in its text, token by token, in the text's order: its own, and its ancestors' up to where it
    parts from them. Behind that the model had read something else, so their chances are no longer these words' chances.
    """
    session = object_session(revision)
    if session is None or revision.text is None:
        return []
    text, found = revision.text, _recorded(session, revision)
    shared, near = len(text), revision
    for _step in range(FURTHEST):
        far = next((edge.parent for edge in near.parents if edge.position == 0 and edge.parent.text is not None), None)
        until = min((record["start"] for record in found), default=len(text))
        if far is None or far.text is None or min(shared, until) == 0:
            break
        shared = min(shared, ends(near.text or "", far.text)[0])
        found = [record for record in _recorded(session, far) if record["end"] <= min(shared, until)] + found
        near = far
    return found


def _recorded(session: Session, revision: Revision) -> list[dict[str, Any]]:
    kept = session.scalar(sa.select(Transcript).where(Transcript.revision_id == revision.id))
    return kept.records if kept else []
