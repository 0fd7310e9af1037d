"""What a run tells while it goes on, in words that are far enough apart."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from dbos._error import DBOSWorkflowCancelledError, DBOSWorkflowConflictIDError

from app.engines.engine import Step

log = logging.getLogger(__name__)
APART = 0.1  # seconds between two words of progress; a step that falls between is not told
APART_TEXT = 0.03  # the same of a text, of which nothing is left out: what falls between waits for the next word


class Progress:
    """Tells the stream how far a run is. `write` is the queue's: it raises when the run is not ours any more.

    With `lasting` such a run goes on, silent, until the engine has seen `cancelled`: what was written can be kept.
    """

    def __init__(self, write: Callable[[dict[str, Any]], None], attempt: int, *, lasting: bool = False) -> None:
        self.write, self.attempt, self.lasting = write, attempt, lasting
        self.apart = APART_TEXT if lasting else APART
        self.started = self.told = 0.0
        self.cancelled: BaseException | None = None  # the queue's signal
        self.previews: tuple[bytes | None, ...] = ()  # the newest, until they have been told
        self._steps = (0, 0)
        self._texts: dict[int, str] = {}  # by variant: what was not told yet
        self._lengths: dict[int, int] = {}  # by variant: code points that were told
        self._ended: list[int] = []
        self._made = 0.0  # when the oldest of what was not told yet was made, seconds since 1970

    def begin(self, count: int, *, loading: bool = False) -> None:
        """The first word: a worker has it, and nothing is written yet; `loading`: its engine comes into memory before."""
        self.started = time.monotonic()
        word = {"attempt": self.attempt, "step": 0, "steps": 0, "count": count, "at": time.time()}
        self._tell(word | ({"loading": True} if loading else {}))

    def step(self, step: Step) -> None:
        """Tell a step, unless the last word is too fresh; previews go along as data URLs, texts as pieces."""
        moment = time.monotonic()
        self.previews = step.previews or self.previews
        if step.pieces:
            self._made = self._made or time.time()
        for piece in step.pieces:
            self._texts[piece.index] = self._texts.get(piece.index, "") + "".join(token.text for token in piece.tokens)
        self._ended += step.ended
        self._steps = (step.number, step.total)
        if moment - self.told < self.apart and step.number < step.total:
            return
        self._step(moment)

    def finish(self) -> None:
        """Tell what was written since the last word."""
        if self._texts or self._ended:
            self._step(time.monotonic())

    def _step(self, moment: float) -> None:
        number, total = self._steps
        self.told = moment
        left = (moment - self.started) / max(number, 1) * (total - number)
        word: dict[str, Any] = {"attempt": self.attempt, "step": max(number, 1), "steps": total}
        word |= {"left": round(left, 1), "at": time.time()}
        if self.previews:
            word["previews"], self.previews = [_data_url(preview) for preview in self.previews], ()
        if self._texts:
            word["made"], self._made = self._made, 0.0
            word["pieces"] = [
                {"index": index, "start": self._lengths.get(index, 0), "text": text}
                for index, text in sorted(self._texts.items())
            ]
        if self._ended:
            word["ended"] = self._ended
        for index, text in self._texts.items():
            self._lengths[index] = self._lengths.get(index, 0) + len(text)
        self._texts, self._ended = {}, []
        self._tell(word)

    def _tell(self, word: dict[str, Any]) -> None:
        if self.cancelled:
            return
        try:
            self.write(word)
        except sa.exc.SQLAlchemyError as error:  # a full disk, say: a word that nobody hears is not worth the run
            log.warning("progress could not be told: %s", error)
        except (DBOSWorkflowCancelledError, DBOSWorkflowConflictIDError) as signal:  # which of them comes is a matter of chance
            if not self.lasting:
                raise
            self.cancelled = signal


def _data_url(preview: bytes | None) -> str | None:
    return f"data:image/webp;base64,{base64.b64encode(preview).decode()}" if preview else None
