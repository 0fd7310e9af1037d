"""Verse a line at a time: of several candidates for a poem's next line the best is kept, then the next one is written.

A small model's single lines are better than its poems (measured: see `stemma train`'s notes on models); candidates of one
line share the cache of the poem so far, and the chosen one's part of it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from app.engines.shared.language_model import Cache, LanguageModel
from app.engines.shared.sampling import IMPOSSIBLE, Sampling
from app.engines.text.decoding import Constraint, End, Pick, Variant, Written, choose, generator

if TYPE_CHECKING:
    import torch

CANDIDATES = 8
_LONGEST = 32  # tokens of a line; a form's lines are shorter
Judge = Callable[[Sequence[int], Sequence[Sequence[int]], Sequence[float], Sequence[float]], int]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a line is, and which of several is taken.

    `judge` gets what a variant has, the candidates' tokens, their mean log-probabilities, and the log-probability that a
    sentence ends with each of them; it says which one is best. These are the model's own, form or not: where the form leaves
    it a word that it would never have said there, it says so.
    """

    breaks: Container[int]  # the tokens that end a line
    closers: Sequence[int]  # those that end a sentence
    judge: Judge
    candidates: Callable[[Sequence[int]], int] = lambda _written: CANDIDATES  # for the line after what a variant has


@dataclass(slots=True)
class _Poem:
    """One variant: what it has so far, and its cache, which ends before `last`."""

    index: int
    cache: Cache
    constraint: Constraint
    last: int
    ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """A candidate for a poem's next line. `variant` draws it; it is over with a break after words, or with the text."""

    variant: Variant
    picks: list[Pick] = field(default_factory=list)
    likely: list[float] = field(default_factory=list)  # how likely the model itself finds what is somebody's choice in it
    closed: float | None = None  # how likely a sentence ends with it
    over: bool = False

    def add(self, pick: Pick, own: torch.Tensor, ending: torch.Tensor, choice: Choice, ends: Container[int]) -> None:
        """Its next token; `own` are the model's own log-probabilities there [vocab], `ending` that of a sentence's end."""
        worded = any(p.id not in choice.breaks for p in self.picks)
        self.picks.append(pick)
        self.variant.ids.append(pick.id)
        if worded or pick.id not in choice.breaks:  # how a stanza is parted from the next is nobody's choice
            self.likely.append(float(own[pick.id]))
        self.over = pick.id in ends or (pick.id in choice.breaks and worded)
        if self.closed is None and (self.over or pick.id in choice.closers):
            self.closed = float(ending)


def lines(
    model: LanguageModel,
    prompt: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    constraints: Sequence[Constraint],
    choice: Choice,
    *,
    stopped: Container[int] = (),
    most: int = 4000,
) -> Iterator[list[Written]]:
    """Continue `prompt` once for each seed, at most `most` tokens each, all variants a line in turn; yields a line's tokens
    at once, the last with its end where the poem ends. Raises EngineError as `decode` does.
    """
    room = min(most, model.room(prompt))
    poems = []
    for index, (_seed, constraint) in enumerate(zip(seeds, constraints, strict=True)):
        _logits, cache = model.prefill(prompt[:-1], 1)
        poems.append(_Poem(index, cache, constraint, prompt[-1]))
    while poems:
        for poem in list(poems):
            if poem.index in stopped:
                poems.remove(poem)
                yield [Written(poem.index, None, End.STOPPED)]
                continue
            best, picks = _next_line(model, poem, seeds[poem.index], sampling, choice)
            over = picks[-1].id in model.ends
            left = room - len(poem.ids)
            kept = (picks[:-1] if over else picks)[:left]
            written = [Written(poem.index, pick) for pick in kept]
            if over or len(kept) == left:
                poems.remove(poem)
                end = End.END if over else End.LENGTH
                yield [*written, Written(poem.index, None, end)]
                continue
            _keep(poem, best, len(picks), len(prompt) + len(poem.ids))
            poem.ids += [pick.id for pick in picks]
            poem.last = poem.ids[-1]
            yield written


def _next_line(model: LanguageModel, poem: _Poem, seed: int, sampling: Sampling, choice: Choice) -> tuple[int, list[Pick]]:
    """The row of the best candidate for a poem's next line, and its tokens."""
    found = _candidates(model, poem, seed, sampling, choice)
    best = choice.judge(
        poem.ids,
        [[pick.id for pick in line.picks] for line in found],
        [fmean(line.likely or [0.0]) for line in found],
        [IMPOSSIBLE if line.closed is None else line.closed for line in found],
    )
    return best, found[best].picks


def _candidates(model: LanguageModel, poem: _Poem, seed: int, sampling: Sampling, choice: Choice) -> list[_Line]:
    """Several next lines, written in one batch on the poem's cache; each ends with a break or the text's end."""
    count = choice.candidates(poem.ids)
    poem.cache.keep([0] * count)
    seeds = [seed * 1009 + len(poem.ids) * 31 + row for row in range(count)]
    found = [_Line(Variant(poem.index, generator(seed), poem.constraint, list(poem.ids))) for seed in seeds]
    fed = [poem.last] * count
    for _step in range(_LONGEST):
        rows = model.step(fed, poem.cache)
        own = rows.masked_fill(~model.usable, IMPOSSIBLE).log_softmax(-1)
        ending = own[:, choice.closers].logsumexp(-1)
        for row, line in enumerate(found):
            if not line.over:
                pick = choose(rows[row], line.variant, model, sampling, (), 8)
                line.add(pick, own[row], ending[row], choice, model.ends)
                fed[row] = pick.id
        if all(line.over for line in found):
            break
    return found


def _keep(poem: _Poem, row: int, length: int, base: int) -> None:
    """Only the chosen line's row of the cache, up to its last token, which the next step reads."""
    poem.cache.keep([row])
    poem.cache.crop(base - 1 + length)
