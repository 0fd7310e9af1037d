"""What a draft of a phrase is worth in its place: by the ear, by what it copies, and by a line that it shall follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from app.engines.music import melody_score
from app.media.music.grammar.tokens import EIGHTH, NOTES, notes_of, sounds, split
from app.media.music.notation.pitch import Key

if TYPE_CHECKING:
    from app.media.music.theory.novelty import Known

MOST_SHARED = 7.5  # bars in a row, as the index of known tunes counts them
FOLLOWING = 1.0  # what each degree away from a line that is followed costs


@dataclass(frozen=True, slots=True)
class Hearing:
    """What drafts are heard with: the key they will stand in, a bar's length in eighths, and what they stand between.

    `line` are degrees evenly in time, of another tune that they shall follow from afar; each degree away from it costs `pull`.
    """

    key: Key
    whole: Fraction
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    line: Sequence[int] = ()
    pull: float = FOLLOWING


@dataclass(frozen=True, slots=True)
class Judge:
    """What a draft is worth; `eighths` is how long all of it will be."""

    known: Known | None
    hearing: Hearing
    eighths: Fraction

    def shared(self, tokens: Sequence[str]) -> float:
        """The bars in a row that what is written shares with a known tune."""
        if self.known is None:
            return 0.0
        heard = [sound for bar in split(tokens) for sound in _sounding(bar.body, self.hearing.key)]
        return self.known.shared(heard, self.hearing.whole * EIGHTH).bars

    def worth(self, tokens: Sequence[str], likelihood: float, shared: float, *, ended: bool) -> float:
        """The more the better. `ended`: nothing of it is left to write."""
        hearing = self.hearing
        copied = max(0.0, shared - MOST_SHARED / 2) * (1 if shared <= MOST_SHARED else 100)
        tune = [*hearing.before, *tokens, *(hearing.after if ended else ())]
        return melody_score.score(tune, hearing.whole, likelihood, hearing.key.home) - copied - self._away(tokens)

    def _away(self, tokens: Sequence[str]) -> float:
        """How far what is written lies from the line that it shall follow."""
        line, place, away, count = self.hearing.line, Fraction(0), 0, 0
        if not line:
            return 0.0
        for bar in split(tokens):
            for token, lasting in sounds(bar.body):
                if token in NOTES:
                    away += abs(NOTES[token][0] - line[min(len(line) - 1, int(place / self.eighths * len(line)))])
                    count += 1
                place += lasting
        return self.hearing.pull * away / max(1, count)


@lru_cache(maxsize=4096)
def _sounding(body: tuple[str, ...], key: Key) -> tuple[tuple[int, Fraction], ...]:
    """A bar's notes (MIDI number, length in whole notes) without its rests."""
    return tuple((note.top.midi, note.duration) for note in notes_of(body, key) if not note.rest)
