"""What the model is shown: tunes with their conditions, whole or with some bars taken out to be filled in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch

from app.engines.music.conditions import length_token
from app.media.music.grammar.tokens import BOS, END, EOS, GAP, GAPS, IDS, MIDDLE, join_bars
from app.training.music.dataset import Tokens

INFILLED = 0.45  # of the examples
DROPPED = 0.15  # how often rhythm, mood or length is not told: they can be left open afterwards
SIZES = (1, 2, 2, 4, 4, 4, 8)  # bars that are taken out


def prefix(tune: Tokens, chance: random.Random | None = None) -> list[str]:
    """The conditions as tokens; with `chance` some of them are left out."""

    def told() -> bool:
        return chance is None or chance.random() > DROPPED

    found = [BOS]
    found += [f"R:{tune.rhythm}"] if told() else []
    found += [f"M:{tune.metre}", f"K:{tune.mode}"]
    found += [f"mood:{tune.mood}"] if told() else []
    found += [length_token(tune.count)] if told() else []
    return found


def whole(tune: Tokens, chance: random.Random | None = None) -> list[str]:
    """A tune from its first bar to its last."""
    return [*prefix(tune, chance), *tune.tokens, EOS]


def infilled(tune: Tokens, chance: random.Random) -> list[str]:
    """A tune without some bars, and then those bars."""
    bars = tune.bars
    size = min(chance.choice(SIZES), len(bars) - 2, GAPS[-1])
    start = chance.randrange(0, len(bars) - size)
    before, gap, after = bars[:start], bars[start : start + size], bars[start + size :]
    shown = [*join_bars(before), GAP, f"g{size}", *join_bars(after), MIDDLE, *join_bars(gap), END]
    return [*prefix(tune, chance), *shown, EOS]


def stream(tunes: Sequence[Tokens], chance: random.Random) -> Iterator[list[int]]:
    """Examples for ever, every tune once in each round."""
    order = list(tunes)
    while True:
        chance.shuffle(order)
        for tune in order:
            tokens = infilled(tune, chance) if chance.random() < INFILLED else whole(tune, chance)
            yield [IDS[token] for token in tokens]


def batch(examples: Iterator[list[int]], rows: int, context: int) -> torch.Tensor:
    """[rows, context + 1] ids: every row begins with an example's beginning and goes on with more of them."""
    filled = []
    for _row in range(rows):
        row: list[int] = []
        while len(row) <= context:
            row += next(examples)
        filled.append(row[: context + 1])
    return torch.tensor(filled)
