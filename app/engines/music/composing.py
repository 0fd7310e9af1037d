"""Whole tunes, phrase by phrase: several drafts of each phrase grow side by side, and the one that sounds best goes on.

A phrase is four bars. Drafts that would copy a known tune for longer than `MOST_SHARED` bars are never kept: where all of
them do, the phrase is written again with more room for chance. What was kept is told at once and never changes, so a page
can show it. A tune depends on its seed alone: each draft has its own chance, and the ear its own arithmetic.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from app.engines.music.decoder import MOST_TOKENS, Bound, Decoder, EmittedToken, further
from app.engines.music.scoring import MOST_SHARED, Hearing, Judge
from app.engines.shared.phrase_cache import Rows
from app.engines.shared.sampling import IMPOSSIBLE, drawn_at, probabilities
from app.engines.text.decoding import End
from app.errors import EngineError, _
from app.media.music.grammar.grammar import Grammar
from app.media.music.grammar.tokens import ENDS, IDS, VOCABULARY

if TYPE_CHECKING:
    import torch

    from app.media.music.theory.novelty import Known

AGAIN, WARMER = 4, 0.2  # how often a phrase is begun again, and by how much its temperature rises each time
ROWS = 32  # drafts of all tunes together
LONG, FEW = 400, 3  # eighths from which on a tune is written with few drafts: keys and values of all must fit


class Phrased(Grammar, Protocol):
    """A grammar that knows phrases."""

    phrased: bool  # the token that came last ended one

    @property
    def eighths(self) -> Fraction:
        """How long all of it will be."""


@dataclass(slots=True)
class _Draft:
    """A phrase in the making, in a row of the network."""

    row: int
    grammar: Bound
    chance: random.Random
    tokens: list[int] = field(default_factory=list)
    logs: list[float] = field(default_factory=list)
    whole: bool = False  # the phrase is over
    end: str = ""

    @property
    def phrased(self) -> bool:
        """Whether the last token ended a phrase."""
        return bool(getattr(self.grammar.grammar, "phrased", False))

    @property
    def likelihood(self) -> float:
        """The mean log-probability of a token."""
        return sum(self.logs) / max(1, len(self.logs))


@dataclass(slots=True)
class _Variant:
    """A tune: what of it is settled, and the drafts of its next phrase."""

    index: int
    drafts: list[_Draft]
    grammar: Bound
    pending: int  # the last settled token, which the network has not read yet
    settled: list[int] = field(default_factory=list)
    again: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class Composer:
    """`drafts` a phrase at most; `known` are the tunes that must not be copied."""

    pen: Decoder
    drafts: int
    known: Known | None = None

    @property
    def alone(self) -> Composer:
        """The same for one variant's own parts, which have other indices."""
        return replace(self, pen=self.pen.alone)

    def write(
        self, prompts: Sequence[Sequence[str]], seeds: Sequence[int], grammars: Sequence[Phrased], hearings: Sequence[Hearing]
    ) -> Iterator[list[EmittedToken]]:
        """Go on from its prompt (all are of one length) once for each seed; whatever phrases are settled in a step."""
        eighths = max(grammar.eighths for grammar in grammars)
        count = max(1, min(self.drafts, ROWS // len(seeds), FEW if eighths > LONG else ROWS))
        judges = [Judge(self.known, heard, grammar.eighths) for heard, grammar in zip(hearings, grammars, strict=True)]
        ids = [[IDS[token] for token in prompt] for prompt in prompts]
        yield from _Writing(self.pen, judges, count).told(ids, seeds, grammars)


@dataclass(frozen=True, slots=True)
class _Writing:
    """One call of the composer: `count` drafts of each phrase of each tune, which has a judge of its own."""

    pen: Decoder
    judges: Sequence[Judge]
    count: int

    def told(
        self, ids: Sequence[Sequence[int]], seeds: Sequence[int], grammars: Sequence[Phrased]
    ) -> Iterator[list[EmittedToken]]:
        """Every step in which a phrase is settled."""
        model = self.pen.model
        room = min(MOST_TOKENS, model.room(ids[0]))
        rows = Rows(model.model, len(seeds), self.count)
        rows.read([each[:-1] for each in ids])
        given = zip(seeds, grammars, ids, strict=True)
        variants = [self._begun(index, seed, grammar, each[-1]) for index, (seed, grammar, each) in enumerate(given)]
        while live := [variant for variant in variants if not variant.over]:
            growing = [(variant, draft) for variant in live for draft in variant.drafts if not draft.whole]
            tokens = [(draft.tokens or [variant.pending])[-1] for variant, draft in growing]
            logits = rows.step(tokens, [draft.row for _variant, draft in growing])
            self._draw(growing, logits, room)
            found = [word for variant in live for word in self._settled(variant, rows, self.pen.stopped)]
            yield from [found] if found else []

    def _begun(self, index: int, seed: int, grammar: Phrased, pending: int) -> _Variant:
        bound = Bound(grammar, self.judges[index].hearing.key)
        chances = [random.Random(further(seed, number)) for number in range(self.count)]
        first = index * self.count
        drafts = [_Draft(first + at, copy.deepcopy(bound), chance) for at, chance in enumerate(chances)]
        return _Variant(index, drafts, bound, pending)

    def _draw(self, growing: Sequence[tuple[_Variant, _Draft]], logits: torch.Tensor, room: int) -> None:
        """One more token for every draft that is not whole."""
        import torch

        allowed = torch.stack([draft.grammar.mask() for _variant, draft in growing]).to(logits.device)
        if not bool(allowed.any(-1).all()):
            raise EngineError(_("The form leaves nothing that could come next. Loosen it."))
        scores = logits.masked_fill(~allowed, IMPOSSIBLE)
        warmth = torch.tensor([[1 + WARMER * variant.again] for variant, _draft in growing], device=logits.device)
        chances = probabilities(scores / warmth, self.pen.sampling)
        ids = drawn_at(chances, [draft.chance.random() for _variant, draft in growing])
        logs = scores.log_softmax(-1)[range(len(ids)), ids].tolist()
        for (variant, draft), id, log in zip(growing, ids, logs, strict=True):
            draft.tokens.append(id)
            draft.logs.append(log)
            draft.grammar.feed(id)
            if VOCABULARY[id] in ENDS:
                draft.end = End.END
            elif len(variant.settled) + len(draft.tokens) >= room:
                draft.end = End.LENGTH
            draft.whole = bool(draft.end) or draft.phrased

    def _settled(self, variant: _Variant, rows: Rows, stopped: Container[int]) -> list[EmittedToken]:
        """The best draft's tokens when all drafts are whole; nothing while they are not."""
        if variant.index in stopped:
            variant.over = True
            return [EmittedToken(variant.index, "", end=End.STOPPED)]
        if not all(draft.whole for draft in variant.drafts):
            return []
        best = self._best(variant)
        if best is None:
            self._once_more(variant, rows)
            return []
        draft = variant.drafts[best]
        words = [VOCABULARY[id] for id in draft.tokens]
        found = [
            EmittedToken(variant.index, word, log) for word, log in zip(words, draft.logs, strict=True) if word not in ENDS
        ]
        variant.settled += draft.tokens
        variant.over = bool(draft.end)
        if variant.over:
            return [*found, EmittedToken(variant.index, "", end=draft.end)]
        rows.take(variant.index, draft.row)
        variant.pending, variant.grammar, variant.again = draft.tokens[-1], draft.grammar, 0
        self._fresh(variant)
        return found

    def _best(self, variant: _Variant) -> int | None:
        """Which draft goes on; None where all of them copy and there is another try."""
        worth = []
        for number, draft in enumerate(variant.drafts):
            tune = [VOCABULARY[id] for id in [*variant.settled, *draft.tokens] if VOCABULARY[id] not in ENDS]
            judge = self.judges[variant.index]
            shared = judge.shared(tune)
            if shared <= MOST_SHARED or variant.again == AGAIN:
                worth.append((judge.worth(tune, draft.likelihood, shared, ended=bool(draft.end)), -number))
        return -max(worth)[1] if worth else None

    def _once_more(self, variant: _Variant, rows: Rows) -> None:
        """The phrase from its beginning."""
        rows.again(variant.index)
        variant.again += 1
        self._fresh(variant)

    def _fresh(self, variant: _Variant) -> None:
        variant.drafts = [
            replace(draft, grammar=copy.deepcopy(variant.grammar), tokens=[], logs=[], whole=False, end="")
            for draft in variant.drafts
        ]
