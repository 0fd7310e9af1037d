"""A tune near another: bars written anew that keep the notes on the beats, or the harmony."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from app.engines.engine import Step, Strength, TextDelta, Token
from app.engines.music.conditions import Conditions
from app.engines.music.decoder import Decoder, further
from app.engines.music.score import Score
from app.engines.music.tasks import Run, Variant
from app.media.music.abc.abc import read_tune
from app.media.music.abc.writing import with_bars
from app.media.music.grammar.gaps import Gap
from app.media.music.grammar.tokens import notes_of, split
from app.media.music.theory.ornaments import ornamented

SHARES = {Strength.SUBTLE: 0.25, Strength.STRONG: 0.5}  # of the different bars that a variation writes anew
RUN = {Strength.SUBTLE: 1, Strength.STRONG: 4}  # bars that are written in one go
ORNAMENTS = 0.15  # of the notes that could have one, in a subtle variation
TRIES = 3


def vary(pen: Decoder, score: Score, conditions: Conditions, seeds: Sequence[int], strength: Strength) -> Run:
    """Bars written anew that keep the notes on the beats (subtle) or the harmony (strong); equal bars stay equal."""
    for number, seed in enumerate(seeds):
        if number in pen.stopped:
            yield Variant(score.tune.source, conditions, (), (), {"ended": "stopped"})
            continue
        made = varied(pen, score, conditions, seed, strength)
        yield Step(number + 1, len(seeds), pieces=(TextDelta(number, (Token(0, len(made.text), made.text, None),)),))
        yield made


def varied(pen: Decoder, score: Score, conditions: Conditions, seed: int, strength: Strength) -> Variant:
    chance = random.Random(seed)
    harmony = score.in_harmony() if strength is Strength.STRONG else {}
    alike: dict[tuple[str, ...], list[int]] = {}
    for at, bar in enumerate(score.bars):
        alike.setdefault(bar.body, []).append(at)
    inner = [places for places in alike.values() if len(score.bars) - 1 not in places and score.tune.bars[places[0]].number > 0]
    inner = inner or list(alike.values())
    new: dict[int, Sequence[str]] = {}
    for attempt in range(TRIES):
        count = max(1, round(SHARES[strength] * len(inner)))
        chosen = {places[0]: places for places in _neighbouring(inner, count, RUN[strength], chance)}
        for run in _runs(sorted(chosen), RUN[strength]):
            anchors: Mapping[int, Mapping[Fraction, Collection[str]]] = harmony or {at: score.on_beats(at) for at in run}
            grammar = Gap(score.slots(run, anchors, home=False))
            part = further(seed, 100 * attempt + run[0] + 1)
            tokens, _logprob = pen.fill(score.gap(conditions, run), part, grammar, score.key)
            for at, bar in zip(run, split(tokens), strict=False):
                new |= {place: bar.body for place in chosen[at] if bar.body and bar.body != score.bars[at].body}
        if new:
            break
    text = with_bars(score.tune, {at: notes_of(body, score.tune.bars[at].key) for at, body in new.items()})
    if strength is Strength.SUBTLE:
        text = ornamented(read_tune(text), seed, ORNAMENTS, bars=[at for at in range(len(score.bars)) if at not in new])
    bars = read_tune(text).bars
    ranges = tuple(bars[at].source for at in sorted(new)) if len(bars) == len(score.tune.bars) else ((0, len(text)),)
    return Variant(text, conditions, ranges, (), {"ended": "end", "bars_changed": len(new), "bars": len(score.bars)})


def _neighbouring(groups: Sequence[list[int]], count: int, run: int, chance: random.Random) -> list[list[int]]:
    """`count` of the groups of equal bars, by chance, in runs of neighbours."""
    order = list(range(0, len(groups), run))
    chance.shuffle(order)
    picked = [group for start in order for group in groups[start : start + run]]
    return picked[:count]


def _runs(places: Sequence[int], most: int) -> list[list[int]]:
    """Places in a row together, `most` at once."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] + 1 == place and len(runs[-1]) < most:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
