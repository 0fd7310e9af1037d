"""Verse a line at a time: of several candidates for a poem's next line the best is kept, then the next one is written.

A small model's single lines are better than its poems (measured: see `stemma train`'s notes on models); candidates of one
line share the cache of the poem so far, and the chosen one's part of it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from app.engines.shared.language_model import Cache, LanguageModel
from app.engines.shared.sampling import IMPOSSIBLE, Sampling
from app.engines.text.decoding import Constraint, End, Pick, Variant, Written, choose, generator

CANDIDATES = 8
_LONGEST = 32  # tokens of a line; a form's lines are shorter
Judge = Callable[[Sequence[int], Sequence[Sequence[int]], Sequence[float], Sequence[float]], int]


@dataclass(slots=True)
class _Poem:
    """One variant: what it has so far, and its cache, which ends before `last`."""

    index: int
    cache: Cache
    constraint: Constraint
    last: int
    ids: list[int] = field(default_factory=list)


def lines(
    model: LanguageModel,
    prompt: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
    constraints: Sequence[Constraint],
    *,
    breaks: Container[int],
    closers: Sequence[int],
    judge: Judge,
    before: Sequence[int] = (),
    stopped: Container[int] = (),
    candidates: Callable[[Sequence[int]], int] = lambda _written: CANDIDATES,
    most: int = 4000,
) -> Iterator[list[Written]]:
    """Continue `prompt` once for each seed, all variants a line in turn; yields a line's tokens at once, the last with its
    end where the poem ends.

    `breaks` are the tokens that end a line, `closers` those that end a sentence; `judge` gets what a variant has, the
    candidates' tokens, their mean log-probabilities, and the log-probability that a sentence ends with each of them; it says
    which one is best. These are the model's own, form or not: where the form leaves it a word that it would never have said
    there, it says so. `candidates` says how many there are for the line after what a variant
    has. At most `most` tokens each. Raises EngineError as `decode` does.
    """
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
            count = candidates(poem.ids)
            found, likelihoods, closed = _candidates(model, poem, seeds[poem.index], sampling, breaks, closers, before, count)
            best = judge(poem.ids, [[pick.id for pick in line] for line in found], likelihoods, closed)
            picks = found[best]
            over = picks[-1].id in model.ends
            room = min(most, model.room(prompt)) - len(poem.ids)
            kept = (picks[:-1] if over else picks)[:room]
            written = [Written(poem.index, pick) for pick in kept]
            if over or len(kept) == room:
                poems.remove(poem)
                end = End.END if over else End.LENGTH
                yield [*written, Written(poem.index, None, end)]
                continue
            _keep(poem, best, len(picks), len(prompt) + len(poem.ids))
            poem.ids += [pick.id for pick in picks]
            poem.last = poem.ids[-1]
            yield written


def _candidates(
    model: LanguageModel,
    poem: _Poem,
    seed: int,
    sampling: Sampling,
    breaks: Container[int],
    closers: Sequence[int],
    before: Sequence[int],
    count: int,
) -> tuple[list[list[Pick]], list[float], list[float]]:
    """Several next lines, written in one batch on the poem's cache, how likely the model finds each, and how likely that a
    sentence ends with it; each ends with a break or the text's end.
    """
    poem.cache.keep([0] * count)
    drawn = [
        Variant(poem.index, generator(seed * 1009 + len(poem.ids) * 31 + row), poem.constraint, list(poem.ids))
        for row in range(count)
    ]
    found: list[list[Pick]] = [[] for _row in range(count)]
    likely: list[list[float]] = [[] for _row in range(count)]
    closed: list[float | None] = [None] * count
    over = [False] * count
    fed = [poem.last] * count
    for _step in range(_LONGEST):
        rows = model.step(fed, poem.cache)
        own = rows.masked_fill(~model.usable, IMPOSSIBLE).log_softmax(-1)
        ending = own[:, closers].logsumexp(-1)
        for row, variant in enumerate(drawn):
            if over[row]:
                continue
            pick = choose(rows[row], variant, model, sampling, before, 8)
            found[row].append(pick)
            variant.ids.append(pick.id)
            worded = any(p.id not in breaks for p in found[row][:-1])
            if worded or pick.id not in breaks:  # how a stanza is parted from the next is nobody's choice
                likely[row].append(float(own[row, pick.id]))
            over[row] = pick.id in model.ends or (pick.id in breaks and worded)
            if closed[row] is None and (over[row] or pick.id in closers):
                closed[row] = float(ending[row])
            fed[row] = pick.id
        if all(over):
            break
    return found, [fmean(line or [0.0]) for line in likely], [IMPOSSIBLE if end is None else end for end in closed]


def _keep(poem: _Poem, row: int, length: int, base: int) -> None:
    """Only the chosen line's row of the cache, up to its last token, which the next step reads."""
    poem.cache.keep([row])
    poem.cache.crop(base - 1 + length)
