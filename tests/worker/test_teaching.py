"""Teach in the worker: a style is learned to its end, stopped, gone on with after a death, given up; and used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.engines.image.house import House
from app.errors import DiskFullError, InvalidError, NotFoundError
from app.media.image.picture import png
from app.models.artist import local_artist
from app.models.asset import Asset, keep_asset
from app.models.revision import Revision
from app.models.style import CONSENT, Learning, Style
from app.requests.own_style import style_of
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from app.worker.model_lock import Turns
from app.worker.taught import Settings as Pace
from app.worker.teaching import Teaching
from tests.growing import Garden
from tests.teaching.tiny import drawings, one_thread, tiny_house


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with one_thread():
        yield tiny_house(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def store(config: Settings) -> Store:
    return Store(config.data, "test")


@pytest.fixture
def teaching(database: Database, store: Store, folder: Path) -> Teaching:
    made = Teaching(database, store, House(folder), Turns(), lambda: True, lambda: False)
    made.settings = Pace(steps=12, checkpoints=3, made=4)
    return made


def taught(database: Database, store: Store, name: str = "Blots", many: int = 10) -> UUID:
    """A style that waits, from pictures of a garden of its own."""
    with database.writing() as session:
        garden = Garden(session)
        ids = []
        for picture in drawings(many):
            data = png(picture)
            asset = Asset(sha256=store.put(data), media_type="image/png", bytes=len(data), width=48, height=64)
            [one] = garden.grow(asset=keep_asset(session, asset), brief_data={"intent": "blots"})
            ids.append(one.id)
        return local_artist(session).styles.teach(garden.work.project, name, ids).id


def look(database: Database, id: UUID) -> Style:
    with database.reading() as session:
        found = session.get_one(Style, id)
        _read = found.checkpoints, found.pictures
        return found


def test_it_is_learned_and_every_checkpoint_kept(database: Database, store: Store, teaching: Teaching) -> None:
    id, second = taught(database, store), taught(database, store, "Dots")
    assert teaching.once()
    found = look(database, id)
    assert (found.state, found.progress, found.error) == (Learning.READY, 1.0, None)
    assert [one.step for one in found.checkpoints] == [4, 8, 12]
    assert found.chosen in found.checkpoints
    assert found.consent == CONSENT
    assert look(database, second).state == Learning.WAITING  # one at a time
    assert teaching.once()
    assert look(database, second).state == Learning.READY
    assert not teaching.once()
    chosen = found.chosen
    assert chosen is not None
    given = style_of(database, {"own_style": str(chosen.id), "own_style_weight": 0.8})
    assert given is not None
    assert (given.weight, given.facts["own_style"], len(given.facts["own_style_pictures"])) == (0.8, "Blots", 10)
    assert style_of(database, {"own_style": str(chosen.id), "own_style_weight": 0}) is None


class Break(BaseException):
    """Stands for a kill: nothing is told to anybody."""


def test_a_killed_worker_is_gone_on_for_from_the_last_checkpoint(
    database: Database, store: Store, teaching: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = taught(database, store)
    keep = teaching._keep

    def die(*given: object) -> None:
        keep(*given)  # type: ignore[arg-type]  # as they come
        raise Break

    monkeypatch.setattr(teaching, "_keep", die)
    with pytest.raises(Break):
        teaching.once()
    assert (look(database, id).state, look(database, id).attempt) == (Learning.LEARNING, 1)
    monkeypatch.setattr(teaching, "_keep", keep)
    assert teaching.once()
    found = look(database, id)
    assert (found.state, [one.step for one in found.checkpoints], found.attempt) == (Learning.READY, [4, 8, 12], 2)


def test_one_that_kills_its_workers_is_given_up(database: Database, store: Store, teaching: Teaching) -> None:
    id = taught(database, store)
    with database.writing() as session:
        session.execute(sa.update(Style).values(state=Learning.LEARNING, attempt=3))
    assert teaching.once()
    found = look(database, id)
    assert found.state == Learning.FAILED
    assert "given up" in str(found.error)
    assert not teaching.once()


@pytest.mark.parametrize("how", ["stopped", "trashed"])
def test_stopped_it_ends_between_two_steps_and_can_be_gone_on_with(
    database: Database, store: Store, teaching: Teaching, how: str
) -> None:
    id, steps = taught(database, store), 0

    def between() -> bool:
        nonlocal steps
        steps += 1
        if steps == 40:
            with database.writing() as session:
                styles = local_artist(session).styles
                (styles.stop if how == "stopped" else styles.trash)(styles.get(id))
        return False

    teaching.busy = between
    teaching.settings = Pace(steps=5_000, checkpoints=1_000, made=4)
    assert teaching.once()
    found = look(database, id)
    assert found.state == (Learning.STOPPED if how == "stopped" else Learning.LEARNING)
    assert found.progress < 1
    teaching.busy, before = (lambda: False), len(found.checkpoints)
    with database.writing() as session:
        styles = local_artist(session).styles
        (styles.go_on if how == "stopped" else styles.restore)(styles.get(id))
    teaching.settings = Pace(steps=found.checkpoints[-1].step + 4 if before else 4, checkpoints=1, made=4)
    assert teaching.once()
    assert look(database, id).state == Learning.READY
    assert len(look(database, id).checkpoints) > before


def test_a_full_disk_and_a_lost_picture_end_it_in_words(
    database: Database, store: Store, teaching: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = taught(database, store)

    def full(*_given: object) -> None:
        raise DiskFullError

    monkeypatch.setattr("app.worker.teaching.ROOM", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(teaching, "_keep", full)
        assert teaching.once()
    found = look(database, id)
    assert (found.state, found.error and found.error["code"]) == (Learning.FAILED, DiskFullError().code)
    with database.reading() as session:
        asset = session.scalar(sa.select(Asset.sha256).limit(1))
    store.path(str(asset)).unlink()
    with database.writing() as session:
        styles = local_artist(session).styles
        styles.go_on(styles.get(id))
    assert teaching.once()
    assert "missing" in str(look(database, id).error)


def test_what_is_made_comes_first(database: Database, store: Store, teaching: Teaching) -> None:
    id = taught(database, store)
    teaching._stop = threading.Event()
    teaching.busy = lambda: True
    threading.Timer(0.5, teaching._stop.set).start()
    assert teaching.once()  # it waits, and leaves when the worker does
    assert look(database, id).checkpoints == []
    teaching.release()
    assert (look(database, id).state, look(database, id).attempt) == (Learning.WAITING, 0)


def test_forgotten_its_weights_are_gone_and_it_says_what_used_it(database: Database, store: Store, teaching: Teaching) -> None:
    id = taught(database, store)
    teaching.once()
    with database.writing() as session:
        artist = local_artist(session)
        style = artist.styles.get(id)
        [picture] = session.scalars(sa.select(Revision).limit(1)).unique()
        Garden(session, "Used").grow(facts_data={"own_style_id": str(id), "own_style": "Blots"})
        assert [work.title for work in artist.styles.used(style)] == ["Used"]
        with pytest.raises(NotFoundError):
            artist.styles.choose(style, picture.id)
        artist.styles.forget(style)
    with database.reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM style_checkpoints")) == 0
        artist = local_artist(session)
        assert [work.title for work in artist.styles.used(artist.styles.get(id))] == ["Used"]


def test_of_another_base_model_it_is_refused_in_words(database: Database, store: Store, teaching: Teaching) -> None:
    id = taught(database, store)
    teaching.once()
    with database.writing() as session:
        session.execute(sa.update(Style).values(base="0" * 64, state=Learning.WAITING))
    teaching.settings = Pace(steps=20, checkpoints=3, made=4)
    assert teaching.once()
    assert "another one" in str(look(database, id).error)


@pytest.mark.parametrize("many", [1, 9, 41])
def test_too_few_or_too_many_pictures_are_refused(database: Database, store: Store, many: int) -> None:
    with pytest.raises(InvalidError):
        taught(database, store, many=many)
