"""The queue forgets a run with all that it told, on both databases, and what earlier versions left of forgotten ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.lanes import CLASS, Lane
from app.settings import Settings
from app.storage.queue import Queue, migrate_queue


def tables(connection: sa.Connection) -> list[str]:
    """All tables of the queue that tell of a workflow."""
    inspector = sa.inspect(connection)
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    found = [name for name in inspector.get_table_names(schema) if not name.startswith("sqlite")]
    return [
        f'"{schema}"."{name}"' if schema else f'"{name}"'
        for name in found
        if any(column["name"] == "workflow_uuid" for column in inspector.get_columns(name, schema))
    ]


def told_of(connection: sa.Connection, id: UUID) -> dict[str, int]:
    """How many rows each table holds of a workflow, where it holds any."""
    counts = {
        name: connection.execute(sa.text(f"select count(*) from {name} where workflow_uuid = :id"), {"id": str(id)}).scalar()  # noqa: S608 (names of the queue's own tables)
        for name in tables(connection)
    }
    return {name: count for name, count in counts.items() if count}


def with_words(engine: sa.Engine, id: UUID) -> None:
    """Three words that a worker told of a run."""
    with engine.begin() as connection:
        (streams,) = (name for name in tables(connection) if "streams" in name)
        insert = sa.text(
            f"insert into {streams} (workflow_uuid, key, value, \"offset\", function_id) values (:id, 'steps', '1', :at, 1)"  # noqa: S608 (as above)
        )
        connection.execute(insert, [{"id": str(id), "at": at} for at in range(3)])


def forgotten(config: Settings) -> None:
    migrate_queue(config)
    queue, ids = Queue(config), [uuid4(), uuid4()]
    for id in ids:
        queue.enqueue(id, Lane.LONG * CLASS)
    engine = sa.create_engine(config.queue_url)
    for id in ids:
        with_words(engine, id)
    queue.forget([ids[0]])
    with engine.connect() as connection:
        assert told_of(connection, ids[0]) == {}
        assert len(told_of(connection, ids[1])) >= 2
    queue.close()
    engine.dispose()


def test_a_forgotten_run_leaves_nothing(tmp_path: Path) -> None:
    forgotten(Settings(data=tmp_path))


@pytest.mark.postgres
def test_on_postgresql_a_forgotten_run_leaves_nothing(tmp_path: Path, postgres: Callable[[], str]) -> None:
    forgotten(Settings(data=tmp_path, database=postgres()))


def test_what_earlier_versions_left_goes_at_the_start(tmp_path: Path) -> None:
    config = Settings(data=tmp_path)
    migrate_queue(config)
    queue, kept, lost = Queue(config), uuid4(), uuid4()
    engine = sa.create_engine(config.queue_url)  # its connections do not look after references, as those of then
    for id in (kept, lost):
        queue.enqueue(id, Lane.LONG * CLASS)
        with_words(engine, id)
    with engine.begin() as connection:
        connection.execute(sa.text("delete from workflow_status where workflow_uuid = :id"), {"id": str(lost)})
        assert told_of(connection, lost)
    migrate_queue(config)
    with engine.connect() as connection:
        assert [name for name in told_of(connection, lost) if "streams" in name] == []
        assert len(told_of(connection, kept)) >= 2
    queue.close()
    engine.dispose()
