"""An engine that cannot go on from the picture there is hands over to one that can, and its parameters stay behind."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.engines.catalog import best, catalog
from app.errors import InvalidError
from app.models import Artist, Asset, Generation, Project, Revision, Work
from app.models.artist import local_artist
from app.models.draft import draft_of
from app.requests.build import RequestBuilder
from app.requests.request import GenerationRequest
from app.settings import Settings
from app.storage.db import Database

LOOK = {"look": "paper", "aspect": "3:2"}


@pytest.fixture
def bench(database: Database) -> Any:
    """A session, its artist, and a work whose draft names the composer."""
    with database.writing() as session:
        artist = local_artist(session)
        project = Project(owner_id=artist.id, name="Coast")
        session.add(project)
        session.flush()
        work = artist.works.create(project, "Fox", "image")
        draft_of(session, work, artist, write=True).save(1, brief_data={"intent": "a fox"}, engine="composer", params=LOOK)
        yield session, artist, work


def picture(session: Session, work: Work, artist: Artist, **fields: Any) -> Revision:
    """A revision that holds a picture."""
    asset = Asset(sha256=fields.pop("sha"), media_type="image/png", bytes=1, width=64, height=64)
    about = {"brief_data": {"intent": "a fox"}, "origin": "import"} | fields
    revision = Revision(work_id=work.id, number=work.numbers(1)[0], created_by_id=artist.id, asset=asset, **about)
    session.add_all([asset, revision])
    session.flush()
    return revision


def asked(bench: tuple[Session, Artist, Work], verb: str, parent: Revision | None = None, **fields: Any) -> Generation:
    """What is kept of a wish."""
    session, artist, work = bench
    engines = catalog(Settings(engines=[], texts=[], music=[]))
    parents = [{"revision": parent.id}] if parent else []
    wish = GenerationRequest.model_validate({"verb": verb, "parents": parents} | fields)
    made = RequestBuilder(session, artist, work, engines, partial(best, engines)).keep(wish)
    assert made is not None
    return made


@pytest.mark.parametrize("named", [{}, {"engine": "composer"}, {"engine": "composer", "params": LOOK}])
def test_a_mask_goes_to_an_engine_that_can_paint_in_it(bench: tuple[Session, Artist, Work], named: dict[str, Any]) -> None:
    session, artist, work = bench
    brought = picture(session, work, artist, sha="3" * 64)
    asset = Asset(sha256="4" * 64, media_type="image/png", bytes=1, width=64, height=64)
    session.add(asset)
    session.flush()
    mask = artist.masks.add(brought, asset, 0.25)
    made = asked(bench, "inpaint", brought, mask=str(mask.id), **named)
    assert (made.engine, made.mask_id, made.params["aspect"]) == ("house", mask.id, "3:2")


@pytest.mark.parametrize("named", [{}, {"engine": "composer"}, {"engine": "composer", "params": LOOK}])
def test_a_picture_without_a_scene_goes_to_the_house_model(bench: tuple[Session, Artist, Work], named: dict[str, Any]) -> None:
    session, artist, work = bench
    brought = picture(session, work, artist, sha="0" * 64)
    for verb in ("vary", "refine"):
        made = asked(bench, verb, brought, **named)
        assert made.engine == "house"
        assert made.params["steps"] == 25
        assert "look" not in made.params
        assert made.handed is not None
        assert (made.handed["instead"], made.handed["title"]) == ("composer", "House pictures")
        assert "its own scenes only" in made.handed["why"]


def test_a_scene_stays_with_the_composer(bench: tuple[Session, Artist, Work]) -> None:
    session, artist, work = bench
    facts = {"scene": {"version": 1}}
    scene = picture(session, work, artist, sha="1" * 64, engine="composer", params=LOOK, facts_data=facts, origin="engine")
    for verb in ("vary", "refine"):
        made = asked(bench, verb, scene)
        assert (made.engine, made.params, made.handed) == ("composer", LOOK, None)


@pytest.mark.parametrize("params", [None, LOOK])
def test_where_no_engine_was_chosen_the_next_one_draws_what_the_first_cannot_read(
    bench: tuple[Session, Artist, Work], params: dict[str, Any] | None
) -> None:
    session, artist, work = bench
    draft = draft_of(session, work, artist)
    draft.save(draft.version, engine=None, params=LOOK)
    made = asked(bench, "create", brief={"intent": "loneliness"}, params=params)
    assert (made.engine, made.params["aspect"]) == ("house", "3:2" if params is None else made.params["aspect"])
    assert "look" not in made.params
    assert made.handed is not None
    assert made.handed["instead"] == "composer"
    assert "knows no word" in made.handed["why"]
    read = asked(bench, "create", brief={"intent": "a red fox"}, params=params)
    assert (read.engine, read.params, read.handed) == ("composer", LOOK, None)


def test_what_it_cannot_read_is_refused_in_words_that_name_who_can(bench: tuple[Session, Artist, Work]) -> None:
    for named in ({}, {"engine": "composer"}):  # the draft's engine was chosen by the artist as well
        with pytest.raises(InvalidError) as refused:
            asked(bench, "create", brief={"intent": "philosophers"}, **named)
        assert any("house" in str(values) for values in (refused.value.details, refused.value.fields))
        offers = refused.value.extra["offers"]
        assert [one["name"] for one in offers["engines"]] == ["house"]
