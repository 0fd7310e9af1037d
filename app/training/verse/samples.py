"""A quick look at a network in training: a few poems by plain sampling, lines and marks kept, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from app.training.verse.examples import KEYWORD, POEM
from app.training.verse.shapes import SHAPES, Shape

BRIEFS = (("五绝", "秋"), ("七绝", "秋"), ("五律", "山"), ("七律", "江"), ("六绝", "春"), ("浣溪沙", "花"), ("鹧鸪天", "酒"))
_TEMPERATURE, _LEAST = 0.8, 0.05  # and of the likeliest character's probability, what another needs


def samples_markdown(network: Any, words: Sequence[str], seed: int = 0) -> str:
    """A poem to each of the recipe's briefs, a paragraph each."""
    found = []
    for name, keyword in BRIEFS:
        found.append(f"{name} {keyword}\n{poem(network, words, SHAPES[name], [keyword], seed)}\n")
    return "\n".join(found)


@torch.inference_mode()
def poem(network: Any, words: Sequence[str], shape: Shape, keywords: Sequence[str], seed: int) -> str:
    """One poem of `shape`."""
    index = {word: id for id, word in enumerate(words)}
    dice = torch.Generator().manual_seed(seed)
    prefix = [shape.mark, *(word for keyword in keywords for word in (KEYWORD, *keyword)), POEM]
    ids = [index[word] for word in prefix]
    characters = torch.tensor([len(word) == 1 and word not in "，。" for word in words])
    written: list[str] = []
    cache: Any = None
    fresh = ids
    for line, length in enumerate(shape.lengths):
        for place in range(length + 1):
            answer = network(input_ids=torch.tensor([fresh]), past_key_values=cache, use_cache=True)
            cache = answer.past_key_values
            if place == length:
                choice = index[shape.marks[line]]
            else:
                logits = answer.logits[0, -1].float().masked_fill(~characters, float("-inf")) / _TEMPERATURE
                chances = logits.softmax(-1)
                chances = chances.masked_fill(chances < _LEAST * chances.max(), 0)
                choice = int(torch.multinomial(chances / chances.sum(), 1, generator=dice))
            written.append(words[choice])
            fresh = [choice]
    return "".join(written)
