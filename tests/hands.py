"""A worker's hands without its process: the real functions on the real database and store, told what to make next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.engines.engine import Engine
from app.models import Generation
from app.settings import Settings
from app.storage.db import Database
from app.worker import main
from app.worker.main import WorkerProcess


def hands(config: Settings, monkeypatch: pytest.MonkeyPatch, *engines: Engine) -> tuple[WorkerProcess, list[dict[str, Any]]]:
    """A worker that makes what it is handed, and the words of progress it tells. `engines` join its catalogue."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(main.DBOS, "write_stream", lambda _key, word: told.append(word))
    worker = WorkerProcess(config)
    worker.device = "cpu"
    worker.engines |= {engine.name: engine for engine in engines}
    return worker, told


def row(database: Database, id: str) -> Generation:
    """A generation as the table has it now."""
    with database.reading() as session:
        return session.get_one(Generation, UUID(id))
