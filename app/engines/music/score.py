"""A parent's tune as the engine works on it: read, in tokens bar by bar, with what each bar must keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from app.engines.engine import Parent, Request
from app.engines.music.conditions import MOST_BARS, Conditions, TuneConditions
from app.engines.music.lexicon import KINDS
from app.errors import EngineError, _
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.gaps import Slot
from app.media.music.grammar.tokens import (
    EIGHTH,
    GAP,
    GAPS,
    METRES,
    MIDDLE,
    MODES,
    NOTES,
    TokenBar,
    join_bars,
    note_token,
    sounds,
    tokens_of,
)
from app.media.music.notation.checks import incomplete
from app.media.music.notation.pitch import Key, Mode
from app.media.music.notation.tune import Metre, Tune
from app.media.music.theory.harmony import chord_tones, harmonised

BEFORE, AFTER = 40, 24  # bars around a gap that the model is shown
SHORTEST = 2  # eighths of a last bar that can end on the tonic
NEAREST = {Mode.PHRYGIAN: Mode.MINOR, Mode.LYDIAN: Mode.MAJOR, Mode.LOCRIAN: Mode.MINOR}


@dataclass(frozen=True, slots=True)
class Score:
    """`bars` are the tune's own as tokens, `closing` the bar line at its end."""

    tune: Tune
    bars: list[TokenBar]
    closing: TokenBar
    key: Key
    metre: Metre

    @classmethod
    def of(cls, parent: Parent) -> Score:
        """Raises EngineError for a parent that is no tune, or one in a metre that the model does not know."""
        if parent.data is None or not (parent.media_type or "").startswith("text/"):
            raise EngineError(_("There is no tune to start from."))
        tune = read_tune(parent.data.decode("utf-8"))
        if not tune.sounding:
            raise EngineError(_("There are no notes in this tune."))
        if tune.metre is None or str(tune.metre) not in METRES:
            raise EngineError(
                _("This engine does not know the metre %(metre)s; it knows %(known)s."),
                metre=str(tune.metre or "-"),
                known=", ".join(METRES),
            )
        *bars, closing = tokens_of(tune, tolerant=True)
        return cls(tune, bars, closing, tune.key, tune.metre)

    def conditions(self, said: TuneConditions | None = None) -> Conditions:
        """What this tune is, and what is `said` of it over that."""
        mode = self.key.mode if self.key.mode in MODES else NEAREST[self.key.mode]
        own = self.tune.fields.get("R", "").lower()
        rhythm = next((kind for kind, words in KINDS.items() if any(word in own for word in words)), None)
        bars = max(1, min(MOST_BARS, self.tune.bars[-1].number))
        known = TuneConditions(rhythm, str(self.metre), self.key.tonic, mode, None, bars)
        if said and said.rhythm and said.rhythm != rhythm and not said.metre:
            known = replace(known, metre=None)  # another kind of tune brings its own
        if said and said.mood and not said.mode:
            known = replace(known, mode=None, tonic=said.tonic)
        return (said.over(known) if said else known).whole()

    def length(self, place: int) -> Fraction:
        """How long the bar at `place` must be, in eighths: as it is where that comes out even, else as its metre is."""
        bar = self.tune.bars[place]
        own = bar.length / EIGHTH
        whole = bar.metre.length / EIGHTH if bar.metre else own
        fits = own and (own * 4).denominator == 1 and place not in incomplete(self.tune)
        return own if fits else whole

    def gap(self, conditions: Conditions, places: Sequence[int]) -> list[str]:
        """What the model reads before it fills the bars at `places` (in a row)."""
        first, last = places[0], places[-1]
        before, after = self.bars[max(0, first - BEFORE) : first], self.bars[last + 1 : last + 1 + AFTER]
        end = [self.closing] if last + 1 + AFTER >= len(self.bars) else []
        size = f"g{min(len(places), GAPS[-1])}"
        shown = [*join_bars(before), GAP, size, *join_bars([*after, *end]), MIDDLE]
        return [*conditions.tokens, *shown, *self.bars[first].opening]

    def slots(
        self, places: Sequence[int], anchors: Mapping[int, Mapping[Fraction, Collection[str]]], *, home: bool
    ) -> list[Slot]:
        """The bars at `places` as the grammar fills them."""
        last = len(self.bars) - 1
        return [
            Slot(
                self.bars[at].opening or ("|",),
                self.length(at),
                anchors.get(at, {}),
                home and at == last and self.length(at) >= 2,  # noqa: PLR2004 (a short bar cannot come home)
            )
            for at in places
        ]

    def held(self, places: Sequence[int]) -> dict[int, dict[Fraction, Collection[str]]]:
        """What new bars at `places` (in a row) keep: the tones of the chords written there, and a note tied into them."""
        found: dict[int, dict[Fraction, Collection[str]]] = {}
        for place in places:
            chords = {note.start / EIGHTH: note.chord for note in self.tune.bars[place].notes if note.chord}
            anchors = {at: self._tones(place, symbol) for at, symbol in chords.items() if (at * 2).denominator == 1}
            found[place] = {at: tones for at, tones in anchors.items() if tones}
        before = self.tune.bars[places[0] - 1].notes[-1:] if places[0] else ()
        if before and before[0].tied and not before[0].rest:
            degree, alteration = self.key.degree(before[0].top)
            found[places[0]][Fraction(0)] = {note_token(degree, max(-1, min(1, alteration)))}
        return found

    def on_beats(self, place: int) -> dict[Fraction, Collection[str]]:
        """The notes of a bar that begin on a beat: what a subtle variation keeps."""
        return {
            at: {token}
            for at, token in _onsets(self.bars[place].body)
            if token in NOTES and at % (self.metre.beat / EIGHTH) == 0
        }

    def in_harmony(self) -> dict[int, dict[Fraction, Collection[str]]]:
        """For each bar by place: where a chord begins, its tones. What a strong variation keeps."""
        found: dict[int, dict[Fraction, Collection[str]]] = {}
        for (place, start), symbol in harmonised(self.tune).items():
            fitting = self._tones(place, symbol)
            if fitting and (start / EIGHTH).denominator == 1:
                found.setdefault(place, {})[start / EIGHTH] = fitting
        return found

    def _tones(self, place: int, symbol: str) -> set[str]:
        """The tones of a chord about where the bar at `place` lies."""
        tones = chord_tones(self.key, symbol)
        near = [degree for token, (degree, _away) in NOTES.items() if token in self.bars[place].body]
        low, high = (min(near) - 2, max(near) + 2) if near else (-3, 10)
        return {
            token
            for token, (degree, alteration) in NOTES.items()
            if degree % 7 in tones and not alteration and low <= degree <= high
        }


def _onsets(body: Sequence[str]) -> list[tuple[Fraction, str]]:
    found, place = [], Fraction(0)
    for token, lasting in sounds(body):
        found.append((place, token))
        place += lasting
    return found


def scores_of(request: Request) -> list[Score]:
    """The tunes to start from, those that only inspire left out. Raises EngineError when there is none."""
    found = [Score.of(parent) for parent in request.parents if parent.role != "inspire"]
    if not found:
        raise EngineError(_("There is no tune to start from."))
    return found
