"""A damaged row where other things read it: PostgreSQL, a backup and what is restored from it, in either database."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.commands.backup import backup
from app.commands.restore import restore
from app.models import Generation, Revision, Work
from app.settings import Settings
from app.storage.columns import Json
from app.storage.db import Database
from app.storage.migrations import migrate
from app.storage.queue import migrate_queue
from app.web.main import create_app
from tests.attacks import poison
from tests.attacks.rooms import FLAVOURS, Room, furnish, shown

ON_POSTGRESQL = {said: value for said, value in poison.JSON.items() if said not in {"no JSON", "nothing", "no numbers"}}
ON_POSTGRESQL |= {"a long number": '{"steps": ' + "9" * 400 + ', "a": 1e400}'}
JSONS = [(table, column) for table, column in poison.columns() if isinstance(column.type, Json)]


@pytest.fixture(scope="module")
def on_postgresql(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, Database]]:
    folder = tmp_path_factory.mktemp("poisoned")
    config = Settings(data=folder, database=postgres(), fake_engines=True, log_level="CRITICAL")
    database = Database(config)
    migrate(database.engine)
    migrate_queue(config)
    with TestClient(create_app(config), base_url="http://localhost") as web:
        web.headers["accept"] = "application/json"
        yield furnish(web, database), database
    database.close()


def looks(room: Room) -> list[str]:
    """Whatever reads rows of each table."""
    found = ["/engine-room", "/workers", "/generations", "/search?q=fox", "/projects", "/trash"]
    for work in room.ids["work"]:
        found += [f"/works/{work}", f"/works/{work}/draft", f"/works/{work}/draft/saves", f"/works/{work}/generations"]
        found += [f"/works/{work}/revisions", f"/works/{work}/lineage"]
    return found + [f"/revisions/{one}" for one in room.ids["revision"][::2]] + [f"/readings/{room.ids['reading'][0]}"]


@pytest.mark.postgres
@pytest.mark.parametrize(("table", "column"), JSONS, ids=[f"{table.name}.{column.name}" for table, column in JSONS])
def test_on_postgresql_a_bad_value_takes_nothing_with_it(
    on_postgresql: tuple[Room, Database], table: sa.Table, column: sa.Column[object]
) -> None:
    room, database = on_postgresql
    raw, kind = sa.cast(column, sa.Text), "JSONB" if column.type.binary else "JSON"  # type: ignore[attr-defined]  # a Json column
    keys = list(table.primary_key.columns)
    update = sa.text(f'UPDATE {table.name} SET "{column.name}" = CAST(:value AS {kind})')  # noqa: S608 (a test's own names)
    addresses = [(address, flavour) for address in looks(room) for flavour in FLAVOURS]
    with database.engine.begin() as connection:
        before = connection.execute(sa.select(*keys, raw.label("raw"))).mappings().all()
    start = zlib.crc32(f"{table.name}.{column.name}".encode())
    try:
        for at, (said, value) in enumerate(ON_POSTGRESQL.items()):
            try:
                with database.engine.begin() as connection:
                    connection.execute(update, {"value": value})
            except sa.exc.DBAPIError:
                continue  # PostgreSQL itself holds no such value
            for step in range(2):
                address, flavour = addresses[(start + 2 * at + step) % len(addresses)]
                answer = room.web.get(address, headers=FLAVOURS[flavour], follow_redirects=False)
                assert answer.status_code < 500, f"{table.name}.{column.name} with {said}: {flavour} {address} {shown(answer)}"
    finally:
        with database.engine.begin() as connection:
            for row in before:
                which = sa.and_(*(key == row[key.name] for key in keys))
                old = sa.cast(row["raw"], sa.Text)
                connection.execute(sa.update(table).where(which).values({column.name: sa.cast(old, column.type.kind)}))  # type: ignore[attr-defined]  # as above


WRONG = {
    "works.title": "x" * 5_000,
    "works.medium": "hologram that is longer than the column",
    "revisions.brief": '{"intent": "a red fox", "style": 7}',
    "revisions.facts": '{"checks": 5, "a": "\\ud800"',
    "revisions.seed": "many",
    "revisions.verb": "explode and much more than the column holds",
    "generations.count": 10**9,
    "generations.error": "[1]",
    "drafts.params": "[[[]]]",
    "assets.colour": "red",
    "verdicts.adherence": 9e999,
}


def check(config: Settings) -> None:
    """The damaged studio is there, and answers."""
    database = Database(config)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 10
        assert all(one.count in range(1, 9) for one in session.scalars(sa.select(Generation)))
        assert all(one.brief.intent == "a red fox" for one in session.scalars(sa.select(Revision)).unique())
        assert {len(one.title) for one in session.scalars(sa.select(Work))} == {200}
    database.close()
    with TestClient(create_app(config), base_url="http://localhost", headers={"accept": "application/json"}) as web:
        for address in ("/projects", "/generations", "/engine-room", "/search?q=x"):
            assert web.get(address).status_code == 200, address


def damaged(migrated: Path, folder: Path) -> Settings:
    """A studio of which rows of every kind are damaged."""
    shutil.copytree(migrated, folder / "data")
    config = Settings(data=folder / "data", fake_engines=True, log_level="CRITICAL")
    database = Database(config)
    with TestClient(create_app(config), base_url="http://localhost", headers={"accept": "application/json"}) as web:
        furnish(web, database)
    database.close()
    with sqlite3.connect(config.data / "stemma.sqlite") as rows:
        for name, value in WRONG.items():
            table, column = name.split(".")
            rows.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 (a test's own names)
    return config


def test_a_damaged_studio_is_backed_up_and_restored(migrated: Path, tmp_path: Path) -> None:
    config = damaged(migrated, tmp_path)
    backup(config, tmp_path / "studio.tar")
    again = Settings(data=tmp_path / "again", fake_engines=True, log_level="CRITICAL")
    restore(again, tmp_path / "studio.tar")
    check(again)
    with sqlite3.connect(again.data / "stemma.sqlite") as rows:
        assert {json.loads(brief)["style"] for (brief,) in rows.execute("SELECT brief FROM revisions")} == {
            7
        }  # as it lay there


@pytest.mark.postgres
def test_a_damaged_studio_moves_into_postgresql_and_back(migrated: Path, tmp_path: Path, postgres: Callable[[], str]) -> None:
    config = damaged(migrated, tmp_path)
    backup(config, tmp_path / "one.tar")
    team = Settings(data=tmp_path / "team", database=postgres(), fake_engines=True, log_level="CRITICAL")
    restore(team, tmp_path / "one.tar")
    migrate_queue(team)
    check(team)
    backup(team, tmp_path / "two.tar")
    alone = Settings(data=tmp_path / "alone", fake_engines=True, log_level="CRITICAL")
    restore(alone, tmp_path / "two.tar")
    check(alone)
