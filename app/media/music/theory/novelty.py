"""Whether a tune is new: the longest run of notes that it shares with known ones, in whatever key they stand.

Each note becomes a number made of its length and the interval to the next, so transposition changes nothing. An index of
hashed runs finds where a shared run may begin; comparing the numbers themselves decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app.media.music.notation.tune import Tune

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUN = 6  # numbers in a row that are looked up
GRAIN = 192  # lengths are counted in this part of a whole note
MOST_PLACES = 64  # that are followed up for one run; longer runs are found from their other beginnings too
BASE, PRIME = 1_000_003, (1 << 61) - 1


@dataclass(frozen=True, slots=True)
class Shared:
    """The longest shared run: `notes` of them, lasting `bars` bars of the new tune, from note `start`; in which tune."""

    notes: int = 0
    bars: float = 0.0
    title: str = ""
    start: int = 0


def numbers_of(sounds: Sequence[tuple[int, Fraction]]) -> list[int]:
    """Notes (MIDI number, length in whole notes) as numbers that no transposition changes; the last note has none."""
    return [
        (max(-31, min(31, after - pitch)) + 32) * 1024 + min(1023, round(lasting * GRAIN))
        for (pitch, lasting), (after, _lasting) in pairwise(sounds)
    ]


def small(numbers: Sequence[int]) -> NDArray[np.int32]:
    """The numbers of a tune that is kept in memory: four bytes each."""
    import numpy as np

    return np.asarray(numbers, np.int32)


def sounds_of(tune: Tune) -> list[tuple[int, Fraction]]:
    """A tune's notes as written, rests left out."""
    return [(note.top.midi, note.duration) for note in tune.sounding]


class Known:
    """Tunes to compare with."""

    def __init__(self, titles: Sequence[str], tunes: Iterable[Sequence[int] | NDArray[np.integer[Any]]]) -> None:
        """Each tune's title and its `numbers_of`."""
        import numpy as np

        self.titles = list(titles)
        each = [np.asarray(numbers, np.int64) for numbers in tunes]
        ends = np.cumsum([len(numbers) + 1 for numbers in each]) if each else np.zeros(0, np.int64)
        self.ends: NDArray[np.int64] = ends
        # One sequence with a 0, which is no note, after every tune.
        self.numbers: NDArray[np.int64] = (
            np.concatenate([np.append(numbers, 0) for numbers in each]) if each else np.zeros(0, np.int64)
        )
        keys = _hashes(self.numbers)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    @classmethod
    def joined(cls, titles: Sequence[str], numbers: NDArray[np.integer[Any]]) -> Known:
        """From all tunes' numbers in one sequence, a 0 after each (`numbers` of another)."""
        import numpy as np

        ends = (numbers == 0).nonzero()[0]
        starts = [0, *(ends[:-1] + 1)]
        return cls(titles, [numbers[start:end].astype(np.int64) for start, end in zip(starts, ends, strict=True)])

    @classmethod
    def of(cls, tunes: Iterable[Tune]) -> Known:
        """From tunes."""
        given = list(tunes)
        return cls([tune.title for tune in given], [numbers_of(sounds_of(tune)) for tune in given])

    def longest(self, tune: Tune) -> Shared:
        """The longest run that `tune` shares with one of these."""
        return self.shared(sounds_of(tune), tune.metre.length if tune.metre else Fraction(1))

    def shared(self, sounds: Sequence[tuple[int, Fraction]], whole: Fraction) -> Shared:
        """The same for notes (MIDI number, length); `whole` is the length of a bar."""
        length, start, place = self._longest(numbers_of(sounds))
        if not length:
            return Shared()
        import numpy as np

        title = self.titles[int(np.searchsorted(self.ends, place, side="right"))]
        lasting = sum((duration for _pitch, duration in sounds[start : start + length]), Fraction(0))
        return Shared(length + 1, round(float(lasting / whole), 2), title, start)

    def _longest(self, numbers: Sequence[int]) -> tuple[int, int, int]:
        """(numbers in a row, where in `numbers`, where in ours)."""
        import numpy as np

        mine = np.asarray(numbers, np.int64)
        keys = _hashes(mine)
        best = (0, 0, 0)
        low, high = np.searchsorted(self._keys, keys, "left"), np.searchsorted(self._keys, keys, "right")
        for start in range(len(keys)):
            if len(mine) - start <= best[0]:
                break
            for place in self._order[low[start] : min(high[start], low[start] + MOST_PLACES)]:
                if start and place and mine[start - 1] == self.numbers[place - 1]:
                    continue  # part of a run that was followed from its beginning
                length = _run(mine[start:], self.numbers[place:])
                if length > best[0]:
                    best = (length, start, int(place))
        return best


def _run(mine: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """How many numbers are the same from the beginning."""
    size = min(len(mine), len(other))
    differing = (mine[:size] != other[:size]).nonzero()[0]
    return int(differing[0]) if len(differing) else size


def _hashes(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A hash of every `RUN` numbers in a row (wrapping around in 64 bits)."""
    import numpy as np

    count = max(0, len(numbers) - RUN + 1)
    found = np.zeros(count, np.uint64)
    for at in range(RUN):
        found = found * np.uint64(BASE) + numbers[at : at + count].astype(np.uint64)
    return found
