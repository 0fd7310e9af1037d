"""How a wish becomes a generation: what is missing comes from the right place, and artists take turns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.engines.catalog import best
from app.engines.engine import Engine
from app.engines.fake import Fake, Slow
from app.errors import InvalidError, StemmaError
from app.lanes import CLASS
from app.models import Artist, Asset, Generation, Project, Revision, Work
from app.models.artist import local_artist
from app.models.draft import draft_of
from app.requests.build import RequestBuilder
from app.requests.request import MAX_SEED, GenerationRequest
from app.storage.db import Database, uuid7

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Fake(), Slow())}


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes."""
    with database.writing() as opened:
        yield opened


def a_work(session: Session, artist: Artist) -> Work:
    """A work of pictures that belongs to `artist`."""
    project = Project(owner_id=artist.id, name="Coast")
    session.add(project)
    session.flush()
    return artist.works.create(project, "Fox", "image")


def asking(session: Session, artist: Artist, work: Work) -> RequestBuilder:
    """One wish."""
    return RequestBuilder(session, artist, work, ENGINES, partial(best, ENGINES))


def a_revision(session: Session, work: Work, artist: Artist, **fields: Any) -> Revision:
    """A revision that an engine made."""
    made = {
        "brief_data": {"intent": "the parent's words"},
        "engine": "fake-slow",
        "params": {"steps": 9, "seconds": 0.0},
        "seed": 99,
        "origin": "engine",
    }
    revision = Revision(work_id=work.id, number=work.numbers(1)[0], created_by_id=artist.id, **(made | fields))
    session.add(revision)
    session.flush()
    return revision


@pytest.fixture
def bench(session: Session) -> tuple[Artist, Work]:
    """The local artist's work, with an edited draft."""
    artist = local_artist(session)
    work = a_work(session, artist)
    draft = draft_of(session, work, artist, write=True)
    edited = {"intent": "edited since", "style": "", "technique": "", "materials": [], "criteria": [], "avoid": ""}
    draft.save(1, brief_data=edited, engine="fake", params={"steps": 5, "seconds": 0.0}, seed=7, count=2)
    return artist, work


def test_create_takes_what_is_missing_from_the_draft(session: Session, bench: tuple[Artist, Work]) -> None:
    made = asking(session, *bench).keep(GenerationRequest(verb="create"))
    assert (made.brief.intent, made.engine, made.params["steps"], made.seed, made.count) == ("edited since", "fake", 5, 7, 2)
    assert (made.parents, made.strength, made.status) == ([], None, "queued")


@pytest.mark.parametrize("verb", ["vary", "reroll"])
def test_an_edited_brief_never_leaks_into_a_variation(session: Session, bench: tuple[Artist, Work], verb: str) -> None:
    artist, work = bench
    parent = a_revision(session, work, artist)
    made = asking(session, artist, work).keep(
        GenerationRequest.model_validate({"verb": verb, "parents": [{"revision": parent.id}]})
    )
    assert (made.brief.intent, made.engine, made.params["steps"], made.count) == ("the parent's words", "fake-slow", 9, 4)
    assert made.seed not in {7, 99}
    assert made.strength == ("subtle" if verb == "vary" else None)
    assert [(parent.revision_id, str(parent.role)) for parent in made.parents] == [(parent.id, verb)]


def test_refine_takes_the_edited_brief_to_its_parent(session: Session, bench: tuple[Artist, Work]) -> None:
    artist, work = bench
    parent = a_revision(session, work, artist)
    made = asking(session, artist, work).keep(
        GenerationRequest.model_validate({"verb": "refine", "parents": [{"revision": parent.id}]})
    )
    assert (made.brief.intent, made.engine, made.seed) == ("edited since", "fake", 7)
    assert [(parent.revision_id, str(parent.role)) for parent in made.parents] == [(parent.id, "refine")]


def test_what_is_said_wins(session: Session, bench: tuple[Artist, Work]) -> None:
    said = {"brief": {"intent": "said"}, "engine": "fake-slow", "params": {"steps": 3}, "seed": 0, "count": 1}
    made = asking(session, *bench).keep(GenerationRequest.model_validate(said))
    assert (made.brief.intent, made.engine, made.params, made.seed, made.count) == (
        "said",
        "fake-slow",
        {"steps": 3, "seconds": 0.5},
        0,
        1,
    )


def test_without_a_seed_each_request_gets_its_own(session: Session, bench: tuple[Artist, Work]) -> None:
    artist, work = bench
    draft_of(session, work, artist).seed = None
    seeds = {asking(session, artist, work).keep(GenerationRequest(verb="create")).seed for _each in range(5)}
    assert len(seeds) == 5
    assert all(0 <= seed <= MAX_SEED for seed in seeds)


def test_another_engines_parameters_in_the_draft_are_left_behind(session: Session, bench: tuple[Artist, Work]) -> None:
    artist, work = bench
    draft_of(session, work, artist).params = {"steps": 5, "guidance": 7.5}
    made = asking(session, artist, work).keep(GenerationRequest(verb="create"))
    assert made.params == {"steps": 5, "seconds": 0.02}


def test_a_parents_engine_that_is_gone_is_replaced_and_a_wish_for_it_is_not(
    session: Session, bench: tuple[Artist, Work]
) -> None:
    artist, work = bench
    parent = a_revision(session, work, artist, engine="gone", params={"magic": 1})
    wish = {"verb": "reroll", "parents": [{"revision": parent.id}]}
    made = asking(session, artist, work).keep(GenerationRequest.model_validate(wish))
    assert made.engine in ENGINES
    with pytest.raises(InvalidError, match="engine"):
        asking(session, artist, work).keep(GenerationRequest.model_validate(wish | {"engine": "gone"}))


def test_an_import_without_words_can_be_varied_and_wants_words_to_be_refined(
    session: Session, bench: tuple[Artist, Work]
) -> None:
    artist, work = bench
    session.add(Asset(sha256="ab" * 32, media_type="image/png", bytes=1))
    empty: dict[str, Any] = {"origin": "import", "brief_data": {}, "engine": None, "params": {}, "seed": None}
    picture = a_revision(session, work, artist, asset_id="ab" * 32, **empty)
    made = asking(session, artist, work).keep(
        GenerationRequest.model_validate({"verb": "vary", "parents": [{"revision": picture.id}]})
    )
    assert made.brief.empty
    draft = draft_of(session, work, artist)
    draft.brief_data = {}
    with pytest.raises(InvalidError, match=r"brief\.intent"):
        asking(session, artist, work).keep(
            GenerationRequest.model_validate({"verb": "refine", "parents": [{"revision": picture.id}]})
        )


def test_two_parents_one_to_start_from_and_one_that_inspires(session: Session, bench: tuple[Artist, Work]) -> None:
    artist, work = bench
    first, other = a_revision(session, work, artist), a_revision(session, work, artist)
    wish = {"verb": "vary", "parents": [{"revision": other.id, "role": "inspire"}, {"revision": first.id}]}
    made = asking(session, artist, work).keep(GenerationRequest.model_validate(wish))
    assert [(p.revision_id, str(p.role)) for p in made.parents] == [(other.id, "inspire"), (first.id, "vary")]
    with pytest.raises(InvalidError, match="exactly one"):
        asking(session, artist, work).keep(
            GenerationRequest.model_validate({"verb": "vary", "parents": [{"revision": first.id}, {"revision": other.id}]})
        )
    with pytest.raises(InvalidError, match="role"):
        asking(session, artist, work).keep(
            GenerationRequest.model_validate({"verb": "vary", "parents": [{"revision": first.id, "role": "refine"}]})
        )


def test_the_same_parent_named_twice_is_answered(session: Session, bench: tuple[Artist, Work]) -> None:
    artist, work = bench
    first = a_revision(session, work, artist)
    wish = {
        "verb": "vary",
        "parents": [{"revision": first.id}, *[{"revision": first.id, "role": "inspire"}] * 2],
    }
    with pytest.raises(StemmaError, match="twice"):
        asking(session, artist, work).keep(GenerationRequest.model_validate(wish))


def test_artists_take_turns_however_much_one_asks_for(session: Session) -> None:
    """One worker, in the queue's order: Ann's ten do not stand before Bo's three."""
    artists = [Artist(name="ann"), Artist(name="bo"), Artist(name="cy")]
    session.add_all(artists)
    session.flush()
    asked: list[tuple[int, UUID, str]] = []
    for artist, count in zip(artists, (10, 3, 1), strict=True):
        work = a_work(session, artist)
        for _each in range(count):
            made = asking(session, artist, work).keep(GenerationRequest.model_validate({"brief": {"intent": "x"}}))
            asked.append((made.priority, made.id, artist.name[0]))
            assert made.position is not None
    assert "".join(name for _priority, _id, name in sorted(asked)) == "abcabab" + "a" * 7
    waiting = session.query(Generation).all()
    order = sorted(waiting, key=lambda one: (one.priority, one.id))
    assert [one.position for one in order] == list(range(14))
    assert all(one.priority > CLASS for one in waiting)


def test_an_artist_whose_work_is_done_comes_first_again(session: Session, bench: tuple[Artist, Work]) -> None:
    first = asking(session, *bench).keep(GenerationRequest(verb="create"))
    second = asking(session, *bench).keep(GenerationRequest(verb="create"))
    assert second.priority == first.priority + 1
    first.cancel(bench[0])
    second.cancel(bench[0])
    session.flush()
    assert asking(session, *bench).keep(GenerationRequest(verb="create")).priority == first.priority


def test_a_parent_nobody_has_is_not_found(session: Session, bench: tuple[Artist, Work]) -> None:
    with pytest.raises(StemmaError) as raised:
        asking(session, *bench).keep(GenerationRequest.model_validate({"verb": "vary", "parents": [{"revision": uuid7()}]}))
    assert raised.value.status == 404
