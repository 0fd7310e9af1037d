"""Acts: each thing that is done is written down once, in a chain that tells when somebody changed it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Act, ActKind, Artist, Project, Work
from app.models.act import first_break
from app.models.artist import local_artist
from app.storage.db import Database


@pytest.fixture
def artist(session: Session) -> Artist:
    return local_artist(session)


@pytest.fixture
def session(database: Database):  # type: ignore[no-untyped-def]  # a fixture that yields
    with database.writing() as session:
        yield session


def kinds(artist: Artist, thing: Project | Work) -> list[str]:
    """The kinds of all acts on `thing`, the oldest first."""
    return [str(act.kind) for act in artist.acts.chain(thing.place)]


def test_what_is_done_twice_is_written_down_once(artist: Artist) -> None:
    project = artist.projects.create("Harbour")
    work = artist.works.create(project, "Fox", "image")
    for _turn in range(2):
        work.trash(artist)
    for _turn in range(2):
        work.restore(artist)
    work.rename("Fox", artist)
    work.rename("Vixen", artist)
    assert kinds(artist, work) == ["work-created", "work-trashed", "work-restored", "work-renamed"]
    assert kinds(artist, project) == ["project-created"]
    assert artist.acts.first_break(work.place) is None


def test_the_acts_of_a_work_go_with_it(artist: Artist) -> None:
    here, there = artist.projects.create("Here"), artist.projects.create("There")
    work = artist.works.create(here, "Fox", "image")
    work.move(there, artist)
    work.move(there, artist)
    assert [str(act.kind) for act in artist.acts.page(here.place)] == ["project-created"]
    assert [str(act.kind) for act in artist.acts.page(there.place)] == ["work-moved", "work-created", "project-created"]
    assert artist.acts.first_break(work.place) is None


def test_somebody_else_sees_none_of_them(session: Session, artist: Artist) -> None:
    project = artist.projects.create("Harbour")
    other = Artist(name="somebody else")
    session.add(other)
    session.flush()
    assert other.acts.page(project.place) == []
    assert list(other.acts.chain(project.place)) == []


CHANGES: dict[str, Callable[[Session, list[Act]], int]] = {}


def change(function: Callable[[Session, list[Act]], int]) -> Callable[[Session, list[Act]], int]:
    """A way to falsify a chain; it gives back the position at which that is told."""
    CHANGES[function.__name__] = function
    return function


def _set(session: Session, act: Act, **values: object) -> None:
    session.execute(sa.update(Act).where(Act.id == act.id).values(**values).execution_options(synchronize_session=False))


@change
def another_detail(session: Session, acts: list[Act]) -> int:
    _set(session, acts[2], details={"title": "Forged", "before": "Fox"})
    return 2


@change
def another_artist(session: Session, acts: list[Act]) -> int:
    other = Artist(name="somebody else")
    session.add(other)
    session.flush()
    _set(session, acts[1], artist_id=other.id)
    return 1


@change
def another_moment(session: Session, acts: list[Act]) -> int:
    _set(session, acts[1], at=acts[0].at)
    return 1


@change
def another_kind(session: Session, acts: list[Act]) -> int:
    _set(session, acts[3], kind=ActKind.PICKED)
    return 3


@change
def taken_out(session: Session, acts: list[Act]) -> int:
    session.execute(sa.delete(Act).where(Act.id == acts[2].id).execution_options(synchronize_session=False))
    return 2


@change
def taken_out_and_closed_up(session: Session, acts: list[Act]) -> int:
    session.execute(sa.delete(Act).where(Act.id == acts[2].id).execution_options(synchronize_session=False))
    _set(session, acts[3], position=2)
    return 2


@change
def exchanged(session: Session, acts: list[Act]) -> int:
    _set(session, acts[1], position=99)
    _set(session, acts[2], position=1)
    _set(session, acts[1], position=2)
    return 1


@pytest.mark.parametrize("name", CHANGES)
def test_a_falsified_chain_is_told(session: Session, artist: Artist, name: str) -> None:
    work = artist.works.create(artist.projects.create("Harbour"), "Fox", "image")
    work.trash(artist)
    work.restore(artist)
    work.rename("Vixen", artist)
    acts = list(artist.acts.chain(work.place))
    assert first_break(acts) is None
    expected = CHANGES[name](session, acts)
    session.expire_all()
    assert artist.acts.first_break(work.place) == expected


def test_ids_that_are_no_acts_break_nothing(artist: Artist) -> None:
    project = artist.projects.create("Harbour")
    assert artist.acts.page(project.place, UUID(int=0)) == []
    assert len(artist.acts.page(project.place, uuid4(), 5)) <= 1
