"""Poems as examples: a form's mark, keywords, a title, and the poem; drawn by weight, in batches of one length.

`<form> (<词> keyword)* [<题> title] <诗> poem <eos>`. Keywords stand in the poem: what it names of the things that verse
speaks of, and pairs of characters that are common enough to be words and rare enough to say something.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from app.training.verse.poems import Poem
from app.training.verse.shapes import SHAPES

KEYWORD, TITLE, POEM, END = "<词>", "<题>", "<诗>", "<eos>"
SEASONS = "春夏秋冬"
THEMES = frozenset(
    "春夏秋冬月山水花雪雨风云江夜柳酒梅竹松菊雁舟别思愁梦客归乡剑琴茶僧寺仙泉湖海草荷霜叶灯渔樵星烟桃"
    "莲燕莺蝉鹤马楼桥钟笛露日石溪林园村田路城关塞河柴火书诗老少病闲醉睡寒暖晴暮晨"
)
COMMON = 60  # times a pair of characters stands in the poems, at least, that counts as a word
_COUNTS = (0, 1, 1, 2, 2, 3, 3, 4)  # keywords of an example
_TITLED = 0.3  # how often a title is told
_POOL = 16_384  # examples that are sorted into batches at once


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of one length: `ids` [examples, tokens], and from which token on the poem itself begins in each."""

    ids: torch.Tensor
    begins: torch.Tensor


class Examples:
    """The poems of a training, as tokens."""

    def __init__(self, poems: Sequence[Poem], words: Sequence[str]) -> None:
        """`words` are the vocabulary."""
        self.index = {word: id for id, word in enumerate(words)}
        poems = [poem for poem in poems if all(char in self.index for line in poem.lines for char in line)]
        self.poems = [poem for poem in poems if not poem.held_out]
        self.held_out = [poem for poem in poems if poem.held_out]
        counts = Counter(pair for poem in self.poems for line in poem.lines for pair in pairs(line))
        self.pairs = {pair: count for pair, count in counts.items() if count >= COMMON}

    def __len__(self) -> int:
        return len(self.poems)

    def keywords(self, poem: Poem, dice: random.Random) -> list[str]:
        """Words of the poem for its brief, by chance: the season first to be named, then the rarer the likelier."""
        text = "".join(poem.lines)
        weights = {char: 3.0 if char in SEASONS else 1.0 for char in text if char in THEMES}
        found = (pair for line in poem.lines for pair in pairs(line) if pair in self.pairs)
        weights |= {pair: 8.0 / math.sqrt(self.pairs[pair]) for pair in found}
        count = dice.choice(_COUNTS)
        ranked = sorted(weights, key=lambda word: -(dice.random() ** (1 / weights[word])))
        return ranked[:count]

    def encoded(self, poem: Poem, dice: random.Random) -> tuple[list[int], int]:
        """The poem with a prefix by chance, and where it begins."""
        prefix = [f"<{poem.shape}>"]
        for word in self.keywords(poem, dice):
            prefix += [KEYWORD, *word]
        if poem.title and dice.random() < _TITLED and all(char in self.index for char in poem.title):
            prefix += [TITLE, *poem.title]
        prefix.append(POEM)
        body = SHAPES[poem.shape].written(poem.lines)
        return [self.index[word] for word in (*prefix, *body, END)], len(prefix)

    def batches(self, tokens: int, dice: random.Random) -> Iterator[Batch]:
        """Without end: about `tokens` tokens a batch, no padding, poems drawn by their weight."""
        weights = [poem.weight for poem in self.poems]
        while True:
            pool = dice.choices(self.poems, weights, k=min(_POOL, 4 * len(self.poems)))
            yield from sorted_batches([self.encoded(poem, dice) for poem in pool], tokens, dice)

    def measuring(self, tokens: int, most: int) -> list[Batch]:
        """The poems held out, the same prefixes every time."""
        dice = random.Random(0)
        return sorted_batches([self.encoded(poem, dice) for poem in self.held_out[:most]], tokens, dice)


def sorted_batches(encoded: Sequence[tuple[list[int], int]], tokens: int, dice: random.Random) -> list[Batch]:
    """Batches of equal length, in an order by chance."""
    by: dict[int, list[tuple[list[int], int]]] = {}
    for example in encoded:
        by.setdefault(len(example[0]), []).append(example)
    found = []
    for length, group in by.items():
        size = max(1, tokens // length)
        for at in range(0, len(group), size):
            part = group[at : at + size]
            found.append(Batch(torch.tensor([ids for ids, _at in part]), torch.tensor([begins for _ids, begins in part])))
    dice.shuffle(found)
    return found


def pairs(line: str) -> Iterator[str]:
    """The pairs of characters that a line's rhythm makes: two, two, and its last three either way."""
    for at in range(0, len(line) - 1, 2):
        yield line[at : at + 2]
    if len(line) % 2:
        yield line[-2:]
