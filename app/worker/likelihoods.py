"""Readings: where did a model expect this text? Asked for by artists, answered in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.brief import Brief
from app.engines.engine import Engine, RescoringEngine, Token, Verb
from app.engines.text.rescoring import perplexity
from app.errors import EngineError, StemmaError, _
from app.models import Reading as Row
from app.models import Revision
from app.models.transcript import pack_tokens
from app.storage.db import Database
from app.worker.model_lock import Turns
from app.worker.pace import Pace
from app.worker.run import unforeseen

log = logging.getLogger(__name__)
LOOK_EVERY = 0.2  # seconds at least between two looks


class Reading:
    """Answers what waits, the oldest first. `leads` says whether this worker looks after everybody's."""

    def __init__(
        self,
        database: Database,
        engines: Mapping[str, Engine],
        load: Callable[[Engine], None],
        turns: Turns,
        leads: Callable[[], bool],
    ) -> None:
        self.database, self.engines, self.load, self.turns, self.leads = database, engines, load, turns, leads
        self.pace = Pace(LOOK_EVERY)

    def run(self, stop: threading.Event) -> None:
        """Read until told to stop. Whatever goes wrong is told to the log, and tried again."""
        while not stop.is_set():
            self.pace.wait()
            try:
                while self.leads() and not stop.is_set() and self.once():
                    pass
            except sa.exc.SQLAlchemyError:
                log.exception("reading failed and will be tried again")
                stop.wait(LOOK_EVERY * 10)

    def once(self) -> bool:
        """Answer one; False when none waits (those whose engine is being prepared wait on)."""
        preparing = [name for name, engine in self.engines.items() if engine.preparing]
        waits = sa.and_(Row.tokens.is_(None), Row.error.is_(None), Row.engine.not_in(preparing))
        columns: tuple[Any, ...] = (Row.id, Row.engine, Row.selection, Revision.text, Revision.brief_data)
        query = sa.select(*columns).join(Revision, Revision.id == Row.revision_id).where(waits).order_by(Row.id).limit(1)
        with self.database.reading() as session:
            row = session.execute(query).first()
        if row is None:
            return False
        try:
            tokens = self._read(row.engine, row.text or "", Brief.model_validate(row.brief_data), row.selection)
        except StemmaError as error:
            self._answer(row.id, error=_error_facts(error))
        except Exception as error:  # whatever a model or a library raises for this text
            log.exception("reading %s failed", row.id)
            self._answer(row.id, error=_error_facts(unforeseen(error)))
        else:
            self._answer(row.id, tokens=pack_tokens(tokens), perplexity=perplexity(tokens))
        return True

    def _read(self, name: str, text: str, brief: Brief, selection: list[int] | None) -> tuple[Token, ...]:
        engine = self.engines.get(name)
        if not isinstance(engine, RescoringEngine):
            raise EngineError(_("This engine cannot show what it expected; an engine that runs its own model can."))
        brief = brief if engine.refusal(Verb.CREATE, brief) is None else Brief()  # a brief in another language
        if reason := engine.refusal(Verb.CREATE, brief, (text,)):
            raise EngineError(reason)
        self.load(engine)
        with self.turns.using():
            return engine.rescore(brief, text, (selection[0], selection[1]) if selection else None)

    def _answer(self, id: UUID, **found: Any) -> None:
        with self.database.writing() as session:
            session.execute(sa.update(Row).where(Row.id == id).values(**found))


def _error_facts(error: StemmaError) -> dict[str, Any]:
    return {"code": error.code, "title": error.title, "details": error.details}
