"""One variant of a text while it is written, and the content that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from app.engines.engine import Content, TextDelta, Token
from app.engines.text.tasks import Task
from app.engines.text.transcript import RawToken, Transcript
from app.media.medium import TEXT


@dataclass(slots=True)
class VariantText:
    """What one variant has so far. `told` of its records went out as steps already."""

    index: int
    transcript: Transcript
    told: int = 0
    end: str = ""  # why it ended; empty until it does
    score: float | None = None  # of a beam

    @property
    def tokens(self) -> Sequence[Token]:
        """Its records."""
        return self.transcript.tokens

    @property
    def likelihood(self) -> float:
        """The mean log-probability of the records that the form left a choice in; -inf without any."""
        known = [token.logprob for token in self.tokens if token.logprob is not None and not token.forced]
        return fmean(known) if known else float("-inf")

    def fresh(self, sure: int | None = None) -> tuple[TextDelta, ...]:
        """What came since the last call, of the first `sure` records (all by default); none or one."""
        count = len(self.tokens) if sure is None else sure
        records = tuple(self.tokens[self.told : count])
        self.told = max(self.told, count)
        return (TextDelta(self.index, records),) if records else ()


def begun(index: int, task: Task, given: Sequence[RawToken]) -> VariantText:
    """A variant before anything is written; the choice of a branch, `given`, stands there already."""
    spaced = not task.before or task.before[-1].isspace()
    transcript = Transcript(len(task.before), task.stops, lstrip=spaced and not given)
    for token in given:
        transcript.add(token)
    return VariantText(index, transcript)


def written(index: int, seed: int | None, task: Task, tokens: Sequence[Token], facts: dict[str, Any]) -> Content:
    """The finished variant: what was written between what stays."""
    answer = "".join(token.text for token in tokens)
    span = (len(task.before), len(task.before) + len(answer))
    return Content(
        index=index,
        seed=seed,
        data=(task.before + answer + task.after).encode(),
        media_type=TEXT,
        facts=facts,
        tokens=tuple(token for token in tokens if token.logprob is not None),
        written=(span,) if answer else (),
    )
