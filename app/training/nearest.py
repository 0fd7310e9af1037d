"""English words by the entry of a lexicon that the sentence model finds nearest, worked out once: no engine needs it then."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.media.text.prosody.english import pronounce
from app.training.checkpoint import write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORD = re.compile("Ġ[a-z]{3,}")  # tokens that are a word after a space
NEAR = 0.65  # cosine of two words that are near enough to be heard as the same


def write_nearest(
    target: Path, listed: Sequence[str], taken: Iterable[str], tokenizer: Path, lexicon: str, *, far: float = NEAR
) -> int:
    """Write `target`: the words that the English engine writes as one token (by its `tokenizer`, a tokenizer.json), a line an
    entry of `listed` that is near enough; those of `taken` mean something else already. How many words.

    Where `far` is less than NEAR, words that are only as near as that have lines of their own, which begin with ~.
    """
    vocabulary: dict[str, Any] = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]
    known = {*listed, *taken}
    others = [token[1:] for token in sorted(vocabulary, key=vocabulary.__getitem__) if WORD.fullmatch(token)]
    others = [word for word in others if word not in known and pronounce(word).listed]
    alike = _vectors(others) @ _vectors(word.replace("-", " ") for word in listed).T
    near: dict[str, list[str]] = {}
    for word, best, how in zip(others, alike.argmax(1), alike.max(1), strict=True):
        if how >= far:
            near.setdefault(listed[best] if how >= NEAR else f"~{listed[best]}", []).append(word)
    head = [f"# English words by the nearest one of {lexicon}, by the sentence model. Made by app/training/nearest.py."]
    entries = [*listed, *(f"~{entry}" for entry in listed)]
    lines = [f"{entry}: {' '.join(near[entry])}" for entry in entries if entry in near]
    write(target, "\n".join([*head, *lines]).encode())
    return sum(map(len, near.values()))


def _vectors(words: Iterable[str]) -> NDArray[np.float32]:
    import numpy as np

    from app.engines.shared.sentences import sentence

    each = [vector for word in words if (vector := sentence(word)) is not None]
    return np.stack([vector / np.linalg.norm(vector) for vector in each])
