"""Lines of verse that are known, as hashes: enough to see that the next character would repeat one of them.

Those that a model was trained on lie beside its weights; those of the other poems of the package that it was made from (old
verse, songs, the Book of Songs, Chu Ci, arias, primers) in words/lines.xz, which `stemma train verse words` makes.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE, NAME = "known.safetensors", "lines"
OTHERS = Path(__file__).with_name("words") / "lines.xz"
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

    def packed(self) -> bytes:
        """As OTHERS keeps them: their differences, all low bytes before all high ones, as xz. Raises ValueError where two are
        too far apart for 16 bits, which takes fewer than some ten thousand lines.
        """
        import numpy as np

        steps = np.diff(self.hashes, prepend=np.uint32(0))
        if steps.max(initial=0) > np.iinfo(np.uint16).max:
            raise ValueError("too few lines to be packed")
        planes = steps.astype("<u2").view(np.uint8).reshape(-1, 2).T.tobytes()
        return lzma.compress(planes, preset=9 | lzma.PRESET_EXTREME)

    @classmethod
    def unpacked(cls, data: bytes) -> KnownLines:
        """From `packed`."""
        import numpy as np

        planes = np.frombuffer(lzma.decompress(data), np.uint8).reshape(2, -1)
        steps = planes[0].astype(np.uint32) | planes[1].astype(np.uint32) << 8
        return cls(np.cumsum(steps, dtype=np.uint32))

    def with_those_of(self, other: KnownLines) -> KnownLines:
        """These and those."""
        import numpy as np

        return KnownLines(np.union1d(self.hashes, other.hashes))

    @staticmethod
    def points(words: Sequence[str]) -> NDArray[np.uint64]:
        """The code points of tokens that are one character, 0 for others: [words]."""
        import numpy as np

        return np.fromiter((ord(word) if len(word) == 1 else 0 for word in words), np.uint64, len(words))

    def has(self, line: str) -> bool:
        """Whether `line`, without marks, is known."""
        return bool(self.completed(line[:-1], self.points([line[-1]]))[0])

    def completed(self, begun: str, characters: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of `characters` (code points, [n]) after `begun` make a line that is known: [n]."""
        import numpy as np

        hashes = ((np.uint64(_hash(begun)) ^ characters) * np.uint64(_PRIME) >> np.uint64(32)).astype(np.uint32)
        places = np.searchsorted(self.hashes, hashes)
        found: NDArray[np.bool_] = self.hashes[np.minimum(places, len(self.hashes) - 1)] == hashes
        return found


@lru_cache(maxsize=2)
def known_lines(folder: Path, *, others: bool = True) -> KnownLines:
    """Those beside a model's weights, if there are any, and the `others`."""
    found = KnownLines.unpacked(OTHERS.read_bytes()) if others else KnownLines.of(())
    if not (folder / FILE).is_file():
        return found
    from safetensors.numpy import load_file

    return KnownLines(load_file(folder / FILE)[NAME]).with_those_of(found)


def _hash(line: str) -> int:
    found = _BASIS
    for char in line:
        found = (found ^ ord(char)) * _PRIME & _MASK
    return found
