"""Drafts: nothing an artist wrote is overwritten unseen, and earlier states stay, fewer with age."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.brief import Brief
from app.errors import NotFoundError, StaleDraftError
from app.models import Work
from app.models.artist import local_artist
from app.models.draft import APART, Draft, DraftSave, draft_of, thin
from app.storage.db import Database, now


def mine(session: Session, work: str) -> Draft:
    """The local artist's draft of `work`."""
    return draft_of(session, session.get_one(Work, UUID(work)), local_artist(session), write=True)


def words(intent: str) -> dict[str, object]:
    """A brief with this intent, as the table keeps it."""
    return Brief(intent=intent).model_dump()


def age(session: Session, draft: Draft, by: timedelta) -> None:
    """Make every save of `draft` older."""
    for save in draft.saves():
        save.saved_at -= by
    session.flush()


def test_saving_counts_up_and_the_older_version_is_refused(database: Database, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        draft.save(1, brief_data=words("one"))
        assert (draft.version, draft.brief.intent) == (2, "one")
        with pytest.raises(StaleDraftError):
            draft.save(1, brief_data=words("two"))
        assert (draft.version, draft.brief.intent) == (2, "one")


def test_a_save_within_half_a_minute_replaces_and_a_later_one_keeps(database: Database, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        for version, intent in enumerate(("a", "ab", "abc"), 1):
            draft.save(version, brief_data=words(intent))
        assert [save.brief.intent for save in draft.saves()] == [""]
        age(session, draft, APART)
        draft.save(4, brief_data=words("abcd"))
        assert [(save.version, save.brief.intent) for save in draft.saves()] == [(4, "abc"), (1, "")]


def test_a_save_that_changes_nothing_keeps_nothing(database: Database, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        draft.save(1, brief_data=words("one"), keep=True)
        draft.save(2, brief_data=words("one"), keep=True)
        assert len(draft.saves()) == 1


def test_a_big_change_is_kept_however_young(database: Database, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        draft.save(1, brief_data=words("one"))
        draft.save(2, keep=True, brief_data=words("two"))
        assert [save.brief.intent for save in draft.saves()] == ["one", ""]


def test_restoring_keeps_what_it_replaces(database: Database, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        draft.save(1, brief_data=words("first"), params={"steps": 3}, seed=7, count=2)
        draft.save(2, keep=True, brief_data=words("second"), params={}, seed=None, count=4)
        first = next(save for save in draft.saves() if save.brief.intent == "first")
        draft.replace(draft.state_of_save(first.id))
        assert (draft.brief.intent, draft.params, draft.seed, draft.count) == ("first", {"steps": 3}, 7, 2)
        assert draft.saves()[0].brief.intent == "second"


def test_a_save_of_another_draft_cannot_be_restored(database: Database, web: object, project: str, work: str) -> None:
    with database.writing() as session:
        draft = mine(session, work)
        draft.save(1, brief_data=words("mine"))
        other = draft_of(
            session, local_artist(session).works.create(draft.work.project, "Other", "image"), local_artist(session), write=True
        )
        other.save(1, brief_data=words("other"))
        with pytest.raises(NotFoundError):
            draft.replace(draft.state_of_save(other.saves()[0].id))


def test_saves_get_fewer_with_age_and_the_latest_of_each_span_stays(database: Database, work: str) -> None:
    day = timedelta(days=1)
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0) - 3 * day
    ten = datetime.fromtimestamp((now() - timedelta(hours=5)).timestamp() // 600 * 600, now().tzinfo)
    moments = {
        "minutes ago 1": now() - timedelta(minutes=10),
        "minutes ago 2": now() - timedelta(minutes=9),
        "hours ago, early": ten + timedelta(minutes=1),
        "hours ago, late": ten + timedelta(minutes=9),
        "hours ago, next": ten + timedelta(minutes=11),
        "days ago, early": noon,
        "days ago, late": noon + timedelta(hours=3),
        "days ago, next": noon + day,
    }
    with database.writing() as session:
        draft = mine(session, work)
        session.flush()
        for name, moment in sorted(moments.items(), key=lambda item: item[1]):
            session.add(
                DraftSave(
                    draft_id=draft.id, brief_data=words(name), params={}, version=1, count=4, saved_at=moment, written_at=moment
                )
            )
            session.flush()
        thin(session, draft)
        session.flush()
        left = {save.brief.intent for save in draft.saves()}
    gone = {"hours ago, early", "days ago, early"}
    assert left == set(moments) - gone


def test_reading_makes_no_draft(database: Database, work: str) -> None:
    with database.writing() as session:
        found = draft_of(session, session.get_one(Work, UUID(work)), local_artist(session))
        assert (found.version, found.brief, found.saves()) == (1, Brief(), [])
        session.expunge_all()
    with database.reading() as session:
        assert session.query(Draft).count() == 0
