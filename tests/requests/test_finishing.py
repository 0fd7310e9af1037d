"""A sketch is finished: what it was asked with, at full pace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy.orm import Session

from app.engines.catalog import best
from app.engines.engine import Engine
from app.engines.image.house import House
from app.errors import InvalidError
from app.models import Artist, Generation, Project, Revision, Work
from app.models.artist import local_artist
from app.requests.build import RequestBuilder
from app.requests.request import GenerationRequest
from app.storage.db import Database

ENGINES: dict[str, Engine] = {"house": House()}


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def bench(session: Session) -> tuple[Artist, Work]:
    """An artist's work of pictures."""
    artist = local_artist(session)
    project = Project(owner_id=artist.id, name="Coast")
    session.add(project)
    session.flush()
    return artist, artist.works.create(project, "Fox", "image")


def made(session: Session, bench: tuple[Artist, Work], pace: str) -> Revision:
    """A revision of the house engine at that pace."""
    artist, work = bench
    revision = Revision(
        work_id=work.id,
        number=work.numbers(1)[0],
        created_by_id=artist.id,
        brief_data={"intent": "a red fox"},
        engine="house",
        params={"pace": pace, "steps": 30, "aspect": "3:2"},
        seed=77,
        origin="engine",
    )
    session.add(revision)
    session.flush()
    return revision


def finish(session: Session, bench: tuple[Artist, Work], parent: Revision) -> Generation:
    """Ask for it, naming nothing but the sketch."""
    asking = RequestBuilder(session, *bench, ENGINES, partial(best, ENGINES))
    return asking.keep(GenerationRequest.model_validate({"verb": "finish", "parents": [{"revision": parent.id}]}))


def test_it_keeps_brief_seed_and_parameters_but_the_pace(session: Session, bench: tuple[Artist, Work]) -> None:
    sketch = made(session, bench, "sketch")
    asked = finish(session, bench, sketch)
    assert (asked.brief.intent, asked.seed, asked.count, asked.engine) == ("a red fox", 77, 1, "house")
    assert {name: asked.params[name] for name in ("pace", "steps", "aspect")} == {"pace": "full", "steps": 30, "aspect": "3:2"}
    assert [(edge.revision_id, str(edge.role)) for edge in asked.parents] == [(sketch.id, "finish")]
    assert (sketch.sketch, asked.sketch) == (True, False)


def test_what_is_no_sketch_is_not_finished(session: Session, bench: tuple[Artist, Work]) -> None:
    with pytest.raises(InvalidError, match="only a sketch"):
        finish(session, bench, made(session, bench, "full"))
