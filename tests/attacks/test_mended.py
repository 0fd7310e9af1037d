"""The migration finds what older versions wrote and nobody could read, mends it, and loses nothing of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
import sqlalchemy as sa
from alembic import command

from app.brief import MAX_TEXT, Brief
from app.models import Draft, Generation, Mended, Project, Revision, Work
from app.models.artist import local_artist
from app.models.mended import mend
from app.settings import Settings
from app.storage.db import Database, now, uuid7
from app.storage.migrations import alembic_config, migrate

LONG = "\u0958" * MAX_TEXT  # 8,000 code points that become 16,000 in NFC: admitted by older versions, then never read again
DEEP = {"stemma": 1, "a": 7}
for _level in range(200):
    DEEP = {"a": DEEP}


def furnish(database: Database, brief: Any, facts: Any) -> dict[str, str]:
    """A work with a revision, a run and a draft, written as an older version would have."""
    with database.writing() as session:
        artist = local_artist(session)
        project = Project(owner_id=artist.id, name="Coast")
        session.add(project)
        session.flush()
        work = Work(project_id=project.id, title="Fox", medium="image", words="fox", last_number=1)
        session.add(work)
        session.flush()
        revision = Revision(work_id=work.id, number=1, origin="import", created_by_id=artist.id)
        run = Generation(work_id=work.id, artist_id=artist.id, verb="create", engine="fake", seed=1, count=1, stopped=[])
        draft = Draft(work_id=work.id, artist_id=artist.id, brief_data={}, params={})
        session.add_all([revision, run, draft])
        session.flush()
        ids = {"revisions": revision.id, "generations": run.id, "drafts": draft.id}
    with database.engine.execution_options(writes=True).begin() as connection:
        json_type = "JSONB" if connection.dialect.name == "postgresql" else "TEXT"
        for table, id in ids.items():
            key = id if connection.dialect.name == "postgresql" else id.hex
            text = sa.text(f"UPDATE {table} SET brief = CAST(:brief AS {json_type}) WHERE id = :id")  # noqa: S608 (a test's own)
            connection.execute(text, {"brief": brief, "id": key})
        text = sa.text(f"UPDATE revisions SET facts = CAST(:facts AS {json_type})")  # noqa: S608
        connection.execute(text, {"facts": facts})
    return {table: str(id) for table, id in ids.items()}


def check(database: Database, ids: dict[str, str], brief: str, facts: str) -> None:
    with database.writing() as session:
        assert mend(session.connection()) == 4
    with database.reading() as session:
        revision, run, draft = session.query(Revision).one(), session.query(Generation).one(), session.query(Draft).one()
        for row in (revision, run, draft):
            assert row.damaged == []
            assert Brief.model_validate(row.brief_data).intent == "\u0915\u093c" * (MAX_TEXT // 2)
        assert "stemma" in json.dumps(revision.facts_data["recipe"])  # as deep as may be, the rest as its text
        told = normalize("NFC", json.loads(revision.facts_data["mended"]["brief"])["intent"])
        assert told == normalize("NFC", LONG)  # a person reads in the facts what was cut; the table has it to the letter
        kept = {(one.table, one.column, one.row): json.loads(one.was) for one in session.query(Mended)}
    for table, id in ids.items():
        assert json.loads(kept[table, "brief", id]) == json.loads(brief)
    assert json.loads(kept["revisions", "facts", ids["revisions"]]) == json.loads(facts)
    with database.writing() as session:
        assert mend(session.connection()) == 0


BRIEF, FACTS = json.dumps({"intent": LONG}), json.dumps({"file": "fox.png", "recipe": DEEP})


def test_on_sqlite_what_was_poisoned_is_mended(config: Settings) -> None:
    database = Database(config)
    check(database, furnish(database, BRIEF, FACTS), BRIEF, FACTS)
    database.close()


@pytest.mark.postgres
def test_on_postgresql_what_was_poisoned_is_mended(postgres: Callable[[], str], tmp_path: Path) -> None:
    database = Database(Settings(data=tmp_path, database=postgres()))
    migrate(database.engine)
    check(database, furnish(database, BRIEF, FACTS), BRIEF, FACTS)
    database.close()


def test_the_migration_itself_mends(tmp_path: Path) -> None:
    """From the tables as they were before, with a brief that is too long, through the real migration."""
    database = Database(Settings(data=tmp_path))
    with database.engine.execution_options(writes=True).connect() as connection:
        command.upgrade(alembic_config(connection), "0005")
        connection.commit()
    artist = database.engine.connect().exec_driver_sql("SELECT id FROM artists").scalar()
    project, work, stamp = uuid7().hex, uuid7().hex, now().strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(tmp_path / "stemma.sqlite") as rows:
        rows.execute("INSERT INTO projects VALUES (?, ?, 'Coast', ?, NULL)", (project, artist, stamp))
        known = "id, project_id, title, medium, created_at, touched_at, last_number, words"
        rows.execute(f"INSERT INTO works ({known}) VALUES (?, ?, 'Fox', 'image', ?, ?, 0, '')", (work, project, stamp, stamp))  # noqa: S608
        known = "id, work_id, artist_id, updated_at, brief, params, count, version"
        rows.execute(
            f"INSERT INTO drafts ({known}) VALUES (?, ?, ?, ?, ?, '{{', 4, 1)",  # noqa: S608
            (uuid7().hex, work, artist, stamp, BRIEF),
        )
    migrate(database.engine)
    with database.reading() as session:
        draft = session.query(Draft).one()
        assert (draft.damaged, len(draft.brief.intent), draft.params) == ([], MAX_TEXT, {})
        assert {json.loads(one.was) for one in session.query(Mended)} == {BRIEF, "{"}
    database.close()
