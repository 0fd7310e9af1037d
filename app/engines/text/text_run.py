"""One run of an engine with a language model of its own: what the loops that write (see `loops`) work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.engines.engine import Request, TextDelta, Verb
from app.engines.shared.language_model import LanguageModel
from app.engines.text.decoding import Pick
from app.engines.text.tasks import Task
from app.engines.text.transcript import RawToken
from app.engines.text.variant_text import VariantText
from app.engines.text.writer_params import WriterParams


@dataclass(frozen=True, slots=True)
class TextRun:
    """What is asked, what the model reads, and what its variants have so far."""

    model: LanguageModel
    pieces: Sequence[bytes]  # what each token adds to the text
    request: Request
    params: WriterParams
    task: Task
    prompt: Sequence[int]  # what it reads, and the choice of a branch
    before: Sequence[int]  # the text before, as tokens: writing them again is repetition
    variants: Sequence[VariantText]

    @property
    def searches(self) -> bool:
        """Whether it searches by beams. Lines are offered to choose from, so they are drawn always."""
        return bool(self.params.beams) and self.request.verb is not Verb.LINE

    def add(self, index: int, picks: Iterable[Pick]) -> None:
        """Add tokens to a variant."""
        for pick in picks:
            self.variants[index].transcript.add(raw_token(pick, self.pieces))

    def complete(self, index: int, picks: Iterable[Pick], end: str) -> tuple[TextDelta, ...]:
        """Add a variant's last tokens and end it; what is to be told of it."""
        variant = self.variants[index]
        self.add(index, picks)
        variant.transcript.finish(rstrip=True)
        variant.end = end
        return variant.fresh()


def raw_token(pick: Pick, pieces: Sequence[bytes]) -> RawToken:
    """A chosen token and its alternatives as bytes."""
    others = tuple((pieces[id], logprob) for id, logprob in pick.alternatives)
    return RawToken(pieces[pick.id], pick.logprob, pick.forced, others)
