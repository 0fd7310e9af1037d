"""The lines a verse model was trained on, as hashes: enough to see that the next character would repeat one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE, NAME = "known.safetensors", "lines"
_BASIS, _PRIME = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a (Fowler, Noll, Vo), over code points instead of bytes
_MASK = (1 << 64) - 1


class KnownLines:
    """Of each line 32 bits: of 5,000 characters about one is taken for a repetition that is none, which harms nothing."""

    def __init__(self, hashes: NDArray[np.uint32]) -> None:
        """`hashes` [lines], rising."""
        self.hashes = hashes

    @classmethod
    def of(cls, lines: Iterable[str]) -> KnownLines:
        """From the lines, without marks."""
        import numpy as np

        return cls(np.unique(np.fromiter((_hash(line) >> 32 for line in lines), np.uint32)))

    def save(self, folder: Path) -> None:
        """Write them into a model's folder. Raises OSError."""
        from safetensors.numpy import save_file

        save_file({NAME: self.hashes}, folder / FILE)

    @staticmethod
    def points(words: Sequence[str]) -> NDArray[np.uint64]:
        """The code points of tokens that are one character, 0 for others: [words]."""
        import numpy as np

        return np.fromiter((ord(word) if len(word) == 1 else 0 for word in words), np.uint64, len(words))

    def completed(self, begun: str, characters: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of `characters` (code points, [n]) after `begun` make a line that is known: [n]."""
        import numpy as np

        hashes = ((np.uint64(_hash(begun)) ^ characters) * np.uint64(_PRIME) >> np.uint64(32)).astype(np.uint32)
        places = np.searchsorted(self.hashes, hashes)
        found: NDArray[np.bool_] = self.hashes[np.minimum(places, len(self.hashes) - 1)] == hashes
        return found


@lru_cache(maxsize=2)
def known_lines(folder: Path) -> KnownLines | None:
    """Those beside a model's weights, or None."""
    if not (folder / FILE).is_file():
        return None
    from safetensors.numpy import load_file

    return KnownLines(load_file(folder / FILE)[NAME])


def _hash(line: str) -> int:
    found = _BASIS
    for char in line:
        found = (found ^ ord(char)) * _PRIME & _MASK
    return found
