"""Walks through a studio's rows, files and queue, and says what is lost, doubled, orphaned or damaged."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Asset, Draft, Generation, Revision, Status, Work
from app.models.generation import OPEN
from app.settings import Settings
from app.storage.db import Database
from app.storage.queue import OPEN as OPEN_WORKFLOW
from app.storage.queue import Queue
from app.storage.store.store import HALF
from app.storage.store.workplace import LOCK
from tests.attacks.artists import Ledger
from tests.running import Running


def settled(settings: Settings) -> bool:
    """Whether nothing is open any more, neither in the rows nor in the queue."""
    database, queue = Database(settings), Queue(settings)
    try:
        with database.reading() as session:
            rows = session.scalar(sa.select(sa.func.count()).where(Generation.status.in_(OPEN)))
        workflows = queue.client.list_workflows(status=OPEN_WORKFLOW, load_input=False, load_output=False)
        return not rows and not workflows
    finally:
        queue.close()
        database.close()


def faults(running: Running, settings: Settings, ledger: Ledger) -> list[str]:
    """Everything that is not as it was promised; nothing runs or waits any more."""
    found = list(ledger.wrong)
    database = Database(settings)
    with database.reading() as session:
        for look in (_generations, _revisions, _drafts, _imports):
            found += look(session, ledger)
        found += _store(session, settings.data)
        found += _queue(session, settings)
    database.close()
    found += _readable(running, database)
    found += _files(settings.data) if settings.sqlite else ()
    return found


def _generations(session: Session, ledger: Ledger) -> Iterator[str]:
    rows = {str(row.id): row for row in session.scalars(sa.select(Generation))}
    for id, promised in ledger.generations.items():
        if id not in rows:
            yield f"generation {id} was accepted and is lost"
        elif rows[id].idempotency_key != promised["key"]:
            yield f"generation {id} has another key"
    keys = Counter(row.idempotency_key for row in rows.values())
    yield from (f"{count} generations under the key {key}" for key, count in keys.items() if count > 1)
    yield from (f"a generation under the key {key}, which nobody sent" for key in keys if key not in ledger.keys)
    for row in rows.values():
        if row.status != Status.DONE:
            yield f"generation {row.id} ended {row.status}: {row.error}"
        if sorted(one.index or 0 for one in row.variants) != list(range(row.count)):
            yield f"generation {row.id} has the variants {[one.index for one in row.variants]} of {row.count}"
        if [one.seed for one in sorted(row.variants, key=lambda one: one.index or 0)] != list(row.seeds):
            yield f"generation {row.id} has other seeds"


def _revisions(session: Session, _ledger: Ledger) -> Iterator[str]:
    for work in session.scalars(sa.select(Work)):
        numbers = session.scalars(sa.select(Revision.number).where(Revision.work_id == work.id).order_by(Revision.number)).all()
        if list(numbers) != list(range(1, len(numbers) + 1)) or work.last_number != len(numbers):
            yield f"work {work.title} numbers its revisions {numbers}, the last is {work.last_number}"


def _drafts(session: Session, ledger: Ledger) -> Iterator[str]:
    for work, allowed in ledger.drafts.items():
        draft = session.scalar(sa.select(Draft).where(Draft.work_id == UUID(work)))
        found = (draft.version, draft.brief.intent) if draft else (1, "")
        if found not in allowed:
            yield f"the draft of {work} is {found}, and was {allowed}"


def _imports(session: Session, ledger: Ledger) -> Iterator[str]:
    rows = session.scalars(sa.select(Revision).where(Revision.origin == "import")).all()
    names = Counter(row.facts.file for row in rows)
    yield from (f"{count} revisions of the file {name}" for name, count in names.items() if count > 1)
    yield from (f"a revision of {name}, which nobody sent" for name in names if name not in ledger.files)
    kept = {str(row.id): row.facts.file for row in rows}
    yield from (f"the file {name} was kept and is lost" for id, name in ledger.imports.items() if kept.get(id) != name)


def _store(session: Session, data: Path) -> Iterator[str]:
    files = {path.name: path for path in (data / "store").glob("??/??/*")}
    rows = {row.sha256: row for row in session.scalars(sa.select(Asset))}
    yield from (f"asset {sha256} has no bytes" for sha256 in rows.keys() - files.keys())
    yield from (f"file {sha256} is no asset" for sha256 in files.keys() - rows.keys())
    for sha256, path in files.items():
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256 or (sha256 in rows and rows[sha256].bytes != len(content)):
            yield f"file {sha256} is damaged"
    left = [path for path in (data / "incoming").rglob("*") if path.is_file() and path.name != LOCK]  # the living hold it
    left += [path for path in (data / "derived").rglob("*") if HALF.fullmatch(path.name)]
    yield from (f"left behind: {path}" for path in left)


def _queue(session: Session, settings: Settings) -> Iterator[str]:
    queue = Queue(settings)
    known = {str(id) for id in session.scalars(sa.select(Generation.id))}
    for workflow in queue.client.list_workflows(load_input=False, load_output=False):
        if workflow.workflow_id not in known:
            yield f"workflow {workflow.workflow_id} is of no generation"
        if workflow.status in OPEN_WORKFLOW:
            yield f"workflow {workflow.workflow_id} is {workflow.status}"
    queue.close()


def _readable(running: Running, database: Database) -> Iterator[str]:
    """Every page's address of every revision answers, and its bytes are those of its digest."""
    with database.reading() as session:
        rows = session.execute(sa.select(Revision.id, Revision.asset_id)).all()
    database.close()
    for id, sha256 in rows:
        shown, content = running.http.get(f"/revisions/{id}"), running.http.get(f"/revisions/{id}/content")
        if (shown.status_code, content.status_code) != (200, 200):
            yield f"revision {id} answers {shown.status_code}, its content {content.status_code}"
        elif sha256 and hashlib.sha256(content.content).hexdigest() != sha256:
            yield f"revision {id} has other bytes than its digest says"


def _files(data: Path) -> Iterator[str]:
    """Whether SQLite finds its files whole."""
    for name in ("stemma.sqlite", "engine.sqlite"):
        connection = sqlite3.connect(data / name)
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        connection.close()
        yield from (f"{name}: {said}" for said in found if said != "ok")
        yield from (f"{name}: {row} refers to what is not there" for row in broken)
