"""What a tune is asked to be: as somebody said it, with what that suggests, and whole, as the model reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from app.brief import Heard
from app.engines.music.lexicon import INSTRUMENTS
from app.engines.music.scenes import NOTHING, Suggested
from app.media.music.grammar.tokens import BOS, LENGTHS, MOODS
from app.media.music.notation.pitch import Key, Mode, key_of

BARS = 16  # where nobody says how many
MOST_BARS = 64
# The metre each kind is written in.
METRE_OF = {
    "reel": "4/4",
    "jig": "6/8",
    "hornpipe": "4/4",
    "slip jig": "9/8",
    "strathspey": "4/4",
    "march": "4/4",
    "air": "3/4",
    "waltz": "3/4",
    "other": "2/4",
}
# What a brief leaves open is decided by the seed, among what goes with what it says.
KINDS_OF_MOOD = {
    "bright": ("jig", "reel", "hornpipe", "march", "waltz", "other"),
    "gentle": ("air", "waltz", "strathspey"),
    "dark": ("reel", "air", "jig", "march"),
    "wistful": ("air", "waltz"),
}
ANY_KIND = ("jig", "air", "reel", "waltz", "hornpipe", "march", "strathspey", "slip jig", "other")
KINDS_OF_METRE = {
    "6/8": ("jig", "march"),
    "9/8": ("slip jig",),
    "3/4": ("waltz", "air"),
    "4/4": ("reel", "hornpipe", "march", "strathspey"),
    "12/8": ("jig",),
    "2/4": ("march", "other"),
}
MOODS_OF_KIND = {"air": ("gentle", "wistful"), "waltz": ("gentle", "bright", "wistful"), "strathspey": ("bright", "gentle")}
MOODS_OF_MODE = {
    Mode.MAJOR: ("bright", "gentle"),
    Mode.MINOR: ("wistful", "dark"),
    Mode.DORIAN: ("dark", "wistful"),
    Mode.MIXOLYDIAN: ("bright", "gentle"),
}
MODES_OF_MOOD = {
    "bright": (Mode.MAJOR, Mode.MAJOR, Mode.MIXOLYDIAN),
    "gentle": (Mode.MAJOR, Mode.MAJOR, Mode.MIXOLYDIAN),
    "dark": (Mode.DORIAN, Mode.MINOR),
    "wistful": (Mode.MINOR, Mode.DORIAN),
}
TONICS_OF_MODE = {
    Mode.MAJOR: ("G", "D", "A", "C", "F"),
    Mode.MINOR: ("A", "E", "D", "G", "B"),
    Mode.DORIAN: ("E", "A", "D", "G"),
    Mode.MIXOLYDIAN: ("D", "A", "G", "E"),
}
PACE_OF = {"reel": 190, "hornpipe": 160, "strathspey": 120, "march": 110, "air": 80, "waltz": 140, "jig": 180, "slip jig": 180}
NAMES = {Mode.MAJOR: "major", Mode.MINOR: "minor", Mode.DORIAN: "dorian", Mode.MIXOLYDIAN: "mixolydian"}
_ENGLISH = {"other": "tune", "any": "any kind"} | {mode.value: name for mode, name in NAMES.items()}
FAR = 0.2  # from the usual pace
PACES_POSSIBLE = range(30, 301)  # beats a minute


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a tune is asked to be. `tempo` (beats a minute) is 0 where the kind decides, `pace` makes that slower or faster."""

    rhythm: str
    metre: str
    key: Key
    mood: str
    bars: int
    instrument: str = ""
    tempo: int = 0
    pace: float = 1.0
    line: str = ""  # the shape that its line shall have

    @property
    def tokens(self) -> list[str]:
        """As the model reads it."""
        mode = self.key.mode.value
        return [BOS, f"R:{self.rhythm}", f"M:{self.metre}", f"K:{mode}", f"mood:{self.mood}", length_token(self.bars)]

    @property
    def speed(self) -> str:
        """The field Q: what was asked for, or a usual pace for the kind, slower where the mood is calm."""
        beats, unit = (int(part) for part in self.metre.split("/"))
        compound = beats > 3 and beats % 3 == 0 and unit >= 8  # noqa: PLR2004 (beats of three eighths)
        calm = 0.85 if self.mood in {"gentle", "wistful"} and self.pace == 1 else 1.0
        quarters = PACE_OF.get(self.rhythm, 120) * calm * self.pace
        usual = max(50, round(quarters / 1.5 / 2) * 2) if compound else round(quarters / 2) * 2
        return f"{'3/8' if compound else '1/4'}={self.tempo or usual}"

    @property
    def heard(self) -> Heard:
        """As data; a pace and an instrument where they were asked for."""
        beats = self.speed.partition("=")[2] if self.tempo or self.pace != 1 else ""
        said = {
            "kind": self.rhythm,
            "metre": self.metre,
            "tonic": self.key.tonic,
            "mode": self.key.mode.value,
            "mood": self.mood,
            "bars": str(self.bars),
            "beats": beats,
            "instrument": INSTRUMENTS[self.instrument][0] if self.instrument else "",
        }
        return tuple((kind, value) for kind, value in said.items() if value)

    def __str__(self) -> str:
        return in_english(self.heard)


@dataclass(frozen=True, slots=True)
class TuneConditions:
    """What somebody said of a tune; None where they said nothing."""

    rhythm: str | None = None
    metre: str | None = None
    tonic: str | None = None
    mode: Mode | None = None
    mood: str | None = None
    bars: int | None = None
    instrument: str | None = None
    tempo: int | None = None
    pace: float | None = None
    suggested: Suggested = NOTHING

    def over(self, other: TuneConditions) -> TuneConditions:
        """This, and what `other` says besides."""
        own = (name for name in self.__slots__ if name != "suggested")
        kept = self.suggested if self.suggested.kinds else other.suggested
        return replace(self, **{name: getattr(self, name) or getattr(other, name) for name in own}, suggested=kept)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that it may be: one, or those that go with what is said."""
        if self.rhythm:
            return (self.rhythm,)
        fitting = self._suggested_kinds or (KINDS_OF_MOOD[self.mood] if self.mood else ())
        if self.metre:
            ours = KINDS_OF_METRE.get(self.metre, ("other", "air"))
            return tuple(kind for kind in ours if kind in fitting) or ours
        if not fitting and self.mode in {Mode.MINOR, Mode.DORIAN}:
            fitting = tuple(dict.fromkeys(kind for mood in MOODS_OF_MODE[self.mode] for kind in KINDS_OF_MOOD[mood]))
        return fitting or ANY_KIND

    @property
    def _suggested_kinds(self) -> tuple[str, ...]:
        """The kinds that the scenes suggest, without those that go with none of the moods: a train that leaves without
        somebody is no reel.
        """
        moods = (self.mood,) if self.mood else self.suggested.moods
        fitting = {kind for mood in moods for kind in KINDS_OF_MOOD[mood]}
        found = tuple(kind for kind in self.suggested.kinds if kind in fitting)
        return found or (KINDS_OF_MOOD[moods[0]] if self.suggested.kinds else ())

    def moods(self, kind: str) -> tuple[str, ...]:
        """The moods that a tune of this kind may have: those that are suggested, where they go with the mode asked for."""
        if self.mood:
            return (self.mood,)
        of_mode = MOODS_OF_MODE[self.mode] if self.mode else MOODS
        of_kind = self.suggested.moods or MOODS_OF_KIND.get(kind, ("bright",))
        of_kind = tuple(mood for mood in of_kind if kind in KINDS_OF_MOOD[mood]) or of_kind  # no dark waltz, no wistful reel
        return tuple(mood for mood in of_kind if mood in of_mode) or of_mode

    def modes(self, mood: str) -> tuple[Mode, ...]:
        """The modes that it may be in: of those suggested the ones that go with the mood."""
        if self.mode:
            return (self.mode,)
        fitting = MODES_OF_MOOD[mood]
        found = tuple(mode for mode in self.suggested.modes if mode in fitting) or fitting
        return (Mode.MAJOR,) if self.tonic and Mode.MAJOR in found else found  # "in G" is G major

    @property
    def _pace(self) -> float:
        """What the scenes suggest; a kind that is named keeps its own, unless they are far from that."""
        pace = self.suggested.pace or 1.0
        return pace if not self.rhythm or abs(pace - 1) >= FAR else 1.0

    def whole(self, seed: int = 0) -> Conditions:
        """With everything that was left open decided by the seed: seeds in a row take each of what may be."""
        rhythm = self.kinds[seed % len(self.kinds)]
        moods = self.moods(rhythm)
        mood = (
            moods[seed // len(self.kinds) % len(moods)] if len(moods) > 1 and len(self.kinds) > 1 else moods[seed % len(moods)]
        )
        modes = self.modes(mood)
        mode = modes[(seed + seed // len(modes)) % len(modes)]
        tonics = TONICS_OF_MODE[mode]
        tonic = self.tonic or tonics[(seed * 2 + seed // len(tonics)) % len(tonics)]
        key = key_of(tonic + mode.value) or Key(tonics[0], mode)
        bars, pace = self.bars or BARS, self.pace or self._pace
        metre = self.metre or METRE_OF[rhythm]
        return Conditions(rhythm, metre, key, mood, bars, self.instrument or "", self.tempo or 0, pace, self.suggested.line)


def length_token(bars: int) -> str:
    """The nearest length that the model knows."""
    return f"len{min(LENGTHS, key=lambda known: abs(known - bars))}"


def in_english(heard: Heard) -> str:
    """What was heard, in a line; what may be one of several has all of them."""
    said = {
        kind: " / ".join(_ENGLISH.get(value, value) for _kind, value in pairs) for kind, pairs in groupby(heard, itemgetter(0))
    }
    key = " ".join(said.pop(name) for name in ("tonic", "mode") if name in said)
    units = {"bars": " bars", "beats": " beats a minute"}
    parts = {name: said[name] + units.get(name, "") for name in said}
    first = [parts.pop(name) for name in ("kind", "metre") if name in parts]
    return ", ".join([*first, *([key] if key else []), *parts.values()])
