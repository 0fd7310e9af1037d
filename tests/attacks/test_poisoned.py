"""A row that cannot be read is shown as damaged, and takes nothing with it: each column, with each kind of bad value.

Every address that reads the column is asked for, as a page, as a partial and by a program. All of them for each value would
take hours, so the addresses are dealt out among the values of their column.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.dialects import sqlite

from app import gate
from app.brief import Brief
from app.media.text.prosody.offered import filled
from app.settings import Settings
from app.storage.columns import DEEPEST, Damaged, Json, Lasting, stand_in_text
from app.storage.db import Database
from app.web.main import create_app
from tests.attacks import poison
from tests.attacks.rooms import FLAVOURS, Room, addresses, furnish, routes, shown

SLOW = re.compile(r"as=(wav|flac|mp3|svg|png)|/events|/atlas/")
FILES = re.compile(
    r"/(content|download|tokens|waveform|diff)\b|^/(engines|forms|metrics|readyz|healthz)"
)  # the same for every reader
EACH = int(os.environ.get("STEMMA_ATTACK", "4"))  # addresses asked for with each value
Asked = tuple[str, str]


@pytest.fixture(scope="module")
def poisoned(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, Path]]:
    folder = tmp_path_factory.mktemp("poisoned") / "data"
    shutil.copytree(migrated, folder)
    config = Settings(data=folder, fake_engines=True, log_level="CRITICAL")
    database = Database(config)
    with TestClient(create_app(config), base_url="http://localhost") as web:
        web.headers["accept"] = "application/json"
        room = furnish(web, database)
        database.close()
        yield room, folder / "stemma.sqlite"


@pytest.fixture(scope="module")
def readers(poisoned: tuple[Room, Path]) -> dict[str, list[Asked]]:
    """By column: the addresses (and for whom) that read it when nothing is wrong."""
    room, _file = poisoned
    found: dict[str, list[Asked]] = defaultdict(list)
    statements: list[str] = []
    engine = room.web.app.state.studio.database.engine  # type: ignore[attr-defined]  # the application behind the client
    listener = lambda _c, _cursor, statement, *_rest: statements.append(statement)  # noqa: E731 (SQLAlchemy takes a function)
    sa.event.listen(engine, "before_cursor_execute", listener)
    for asked in every(room):
        statements.clear()
        answer = ask(room, asked)
        assert answer.status_code < 500, f"{asked} {shown(answer)}"
        read = {f"{table.removesuffix('_1')}.{column}" for one in statements for table, column in NAMED.findall(one)}
        for name in read:
            found[name].append(asked)
    sa.event.remove(engine, "before_cursor_execute", listener)
    return found


NAMED = re.compile(r'\b([a-z_]+?(?:_\d+)?)\."?([a-z_0-9]+)"?')


def every(room: Room) -> Iterator[Asked]:
    """Every address, for every kind of reader where the answer depends on that."""
    for route in routes(room, "GET"):
        for address in addresses(room, route):
            if not SLOW.search(address):
                yield from ((address, flavour) for flavour in (["program"] if FILES.search(address) else FLAVOURS))


def ask(room: Room, asked: Asked) -> Any:
    return room.web.get(asked[0], headers=FLAVOURS[asked[1]], follow_redirects=False)


def dealt(candidates: list[Asked], name: str, at: int) -> list[Asked]:
    """EACH addresses for value `at` of the column `name`: for the next value and for another column others, in turn."""
    start = zlib.crc32(name.encode()) + at * EACH
    return [candidates[(start + step) % len(candidates)] for step in range(min(EACH, len(candidates)))]


CASES = [(table.name, column.name) for table, column in poison.columns()]


@pytest.mark.parametrize(("table", "column"), CASES, ids=[".".join(case) for case in CASES])
def test_a_bad_value_takes_nothing_with_it(
    poisoned: tuple[Room, Path], readers: dict[str, list[Asked]], table: str, column: str
) -> None:
    room, file = poisoned
    candidates = readers.get(f"{table}.{column}", [])
    values = poison.values(dict(poison_columns())[f"{table}.{column}"])
    with sqlite3.connect(file, isolation_level=None) as rows:
        rows.execute("PRAGMA foreign_keys=OFF")
        before = lying(rows, table, column)
        try:
            for at, (said, value) in enumerate(values.items()):
                put(rows, table, column, value)
                for asked in dealt(candidates, f"{table}.{column}", at):
                    answer = ask(room, asked)
                    allowed = {503} if asked[0] == "/readyz" else set()  # it is there to say that something is wrong
                    assert answer.status_code < 500 or answer.status_code in allowed, (
                        f"{table}.{column} with {said}: {asked} {shown(answer)}"
                    )
        finally:
            put_back(rows, table, column, before)


def poison_columns() -> Iterator[tuple[str, sa.Column[Any]]]:
    return ((f"{table.name}.{column.name}", column) for table, column in poison.columns())


def lying(rows: sqlite3.Connection, table: str, column: str) -> list[Any]:
    """What lies in a column, by row."""
    return rows.execute(f'SELECT rowid, "{column}" FROM {table}').fetchall()  # noqa: S608 (a test's own names)


def put_back(rows: sqlite3.Connection, table: str, column: str, before: list[Any]) -> None:
    """As it was."""
    rows.executemany(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', [(old, id) for id, old in before])  # noqa: S608


def put(rows: sqlite3.Connection, table: str, column: str, value: Any) -> None:
    """Into every row, or where that is not allowed (they must differ) into one."""
    if isinstance(value, bytes) and column not in {"vector", "picture", "tokens"}:
        said: Any = "CAST(? AS TEXT)" if value != b"\xff" else "?"
    else:
        said = "?"
    update = f'UPDATE OR ABORT {table} SET "{column}" = {said}'  # noqa: S608 (a test's own names)
    try:
        rows.execute(update, (value,))
    except sqlite3.IntegrityError:
        one = f" WHERE rowid = (SELECT max(rowid) FROM {table})"  # noqa: S608 (as above)
        rows.execute(update.replace("ABORT", "IGNORE") + one, (value,))


def test_a_damaged_row_is_shown_as_damaged(poisoned: tuple[Room, Path]) -> None:
    """In JSON by name, on pages in a sentence of the reader's language; what can still be read is there."""
    room, file = poisoned
    work, revision = room.ids["work"][0], room.ids["revision"][4]
    run = room.web.get(f"/revisions/{revision}").json()["generation"]
    wrong = {
        "generations": ("stopped", "7"),
        "revisions": ("brief", '{"intent": "a red fox", "style": 7}'),
        "drafts": ("params", "[]"),
    }
    with sqlite3.connect(file, isolation_level=None) as rows:
        before = {table: lying(rows, table, column) for table, (column, _value) in wrong.items()}
        try:
            for table, (column, value) in wrong.items():
                put(rows, table, column, value)
            seen = room.web.get(f"/revisions/{revision}").json()
            assert (seen["damaged"], seen["brief"]["intent"], seen["brief"]["style"]) == (["brief"], "a red fox", "")
            assert room.web.get(f"/generations/{run}").json()["damaged"] == ["stopped"]
            assert room.web.get(f"/works/{work}/draft").json()["damaged"] == ["params"]
            assert [one["damaged"] for one in room.web.get(f"/works/{work}/generations").json()["items"]] == [["stopped"]] * 3
            for language, sentence in (("en", "nothing was deleted"), ("zh", "没有删除任何东西")):
                headers = {"accept": "text/html", "accept-language": language}
                for address in (f"/revisions/{revision}", f"/works/{work}"):
                    assert sentence in room.web.get(address, headers=headers).text, address
        finally:
            for table, (column, _value) in wrong.items():
                put_back(rows, table, column, before[table])
    assert room.web.get(f"/revisions/{revision}").json()["damaged"] == []


def test_looking_at_a_damaged_row_and_writing_beside_it_loses_nothing(poisoned: tuple[Room, Path]) -> None:
    room, file = poisoned
    work, lost = room.ids["work"][0], '{"intent": "a red fox", "style": 7, "mood": ["kept"]}'
    with sqlite3.connect(file, isolation_level=None) as rows:
        rows.execute("UPDATE drafts SET brief = ?", (lost,))
        version = room.web.get(f"/works/{work}/draft").json()["version"]
        room.web.put(f"/works/{work}/draft", json={"version": version, "seed": 11, "keep": True}).raise_for_status()
        known = rows.execute("SELECT brief FROM drafts JOIN works ON works.id = work_id WHERE medium = 'image'").fetchone()[0]
        kept = rows.execute("SELECT brief FROM draft_saves ORDER BY rowid DESC LIMIT 1").fetchone()[0]
    assert json.loads(known) == json.loads(kept) == json.loads(lost)


@pytest.mark.parametrize("case", CASES, ids=[".".join(case) for case in CASES])
def test_whatever_lies_in_a_column_is_read_as_what_it_is_to_hold(case: tuple[str, str]) -> None:
    """The column's type by itself: with each bad value it gives what fits, and what fits is fit to be kept and shown."""
    column = dict(poison_columns())[".".join(case)]
    if not isinstance(column.type, Lasting):
        return
    read = column.type.result_processor(sqlite.dialect(), None)
    for said, value in poison.values(column).items():
        good = read(value if not isinstance(value, bytes) else value.decode("utf-8", "replace"))
        good = stand_in_text(good) if isinstance(good, Damaged) else good
        assert good is None or column.type.fits(good) == good, said
        if isinstance(column.type, Json):
            json.dumps(good, allow_nan=False).encode()
            assert column.name != "brief" or Brief.model_validate(good), said
            assert column.name != "form" or filled(good), said
            assert good is None or gate.fit(good, DEEPEST), said
        elif isinstance(good, str):
            assert not gate.UNREADABLE.search(good), said
