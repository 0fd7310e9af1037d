"""From a brief's free words (English or Chinese) to what the model of tunes can be told, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.brief import Brief, Prompt
from app.engines.music.lexicon import (
    BARS_WORD,
    BEATS_WORD,
    DIGITS,
    INSTRUMENTS,
    KEY_WORD,
    KINDS,
    LATIN,
    LENGTH_WORDS,
    METRE_OF_WORD,
    METRE_WORD,
    MODE_WORDS,
    MOOD_WORDS,
    NUMBERS,
    PACES,
    PLAIN,
    SCENES,
    SILENT,
    SMALL,
    TEMPO_WORD,
)
from app.music.pitch import Key, Mode, key_of
from app.music.tokens import BOS, LENGTHS, METRES

Name = TypeVar("Name")
BARS = 16  # where nobody says how many
MOST_BARS = 64
# The metre each kind is written in, and the one that its mood suggests where no kind is asked for.
METRE_OF = {
    "reel": "4/4",
    "jig": "6/8",
    "hornpipe": "4/4",
    "slip jig": "9/8",
    "strathspey": "4/4",
    "march": "4/4",
    "air": "3/4",
    "waltz": "3/4",
    "other": "4/4",
}
KIND_OF_MOOD = {"bright": "jig", "gentle": "air", "dark": "reel", "wistful": "air"}
KIND_OF_METRE = {"6/8": "jig", "9/8": "slip jig", "3/4": "waltz", "4/4": "reel", "12/8": "jig", "2/4": "march"}
MODE_OF_MOOD = {"bright": Mode.MAJOR, "gentle": Mode.MAJOR, "dark": Mode.DORIAN, "wistful": Mode.MINOR}
TONIC_OF_MODE = {Mode.MAJOR: "G", Mode.MINOR: "A", Mode.DORIAN: "E", Mode.MIXOLYDIAN: "D"}
PACE_OF = {"reel": 190, "hornpipe": 160, "strathspey": 120, "march": 110, "air": 80, "waltz": 140, "jig": 180, "slip jig": 180}
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

    def __str__(self) -> str:
        names = {Mode.MAJOR: "major", Mode.MINOR: "minor", Mode.DORIAN: "dorian", Mode.MIXOLYDIAN: "mixolydian"}
        kind = "tune" if self.rhythm == "other" else self.rhythm
        found = f"{kind}, {self.metre}, {self.key.tonic} {names[self.key.mode]}, {self.mood}, {self.bars} bars"
        found += f", {self.speed.partition('=')[2]} beats a minute" if self.tempo or self.pace != 1 else ""
        return found + (f", {INSTRUMENTS[self.instrument][0]}" if self.instrument else "")


@dataclass(frozen=True, slots=True)
class Asked:
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

    def over(self, other: Asked) -> Asked:
        """This, and what `other` says besides."""
        return Asked(*(getattr(self, name) or getattr(other, name) for name in self.__slots__))

    def whole(self) -> Conditions:
        """With everything that was left open."""
        mood = self.mood or ("wistful" if self.mode is Mode.MINOR else "dark" if self.mode is Mode.DORIAN else "bright")
        named = KIND_OF_METRE.get(self.metre or "", "other") if self.metre else KIND_OF_MOOD[mood]
        rhythm = self.rhythm or named
        mode = self.mode or MODE_OF_MOOD[mood]
        key = key_of((self.tonic or TONIC_OF_MODE[mode]) + mode.value) or Key(TONIC_OF_MODE[mode], mode)
        metre, bars = self.metre or METRE_OF[rhythm], self.bars or BARS
        return Conditions(rhythm, metre, key, mood, bars, self.instrument or "", self.tempo or 0, self.pace or 1.0)


def length_token(bars: int) -> str:
    """The nearest length that the model knows."""
    return f"len{min(LENGTHS, key=lambda known: abs(known - bars))}"


def asked(brief: Brief) -> tuple[Asked, tuple[str, ...]]:
    """What a brief says of a tune, and the words of it that say nothing to the model."""
    text = brief.prompt().positive.translate(PLAIN)
    heard: set[str] = set()
    instrument = _named(text, INSTRUMENTS, heard)
    rest = _without(text, heard)  # a 长笛 is not long
    rhythm = _named(rest, KINDS, heard)
    scene: set[str] = set()
    mood = _named(rest, MOOD_WORDS, heard) or _named(rest, SCENES, scene)
    mode = _named(rest, MODE_WORDS, heard)
    tonic, mode = _key(rest, mode, heard)
    metre = _metre(rest, heard) or next((METRE_OF_WORD[word] for word in METRE_OF_WORD if word in heard), None)
    tempo, pace = _tempo(rest, heard), _named(rest, PACES, heard)
    bars = _bars(rest, heard)
    said = Asked(rhythm, metre, tonic, mode, mood, bars, instrument, tempo, pace)
    return said, _unheard(text, heard | scene)


def prompt(brief: Brief) -> Prompt:
    """What the model will read, in words; what the brief leaves open is filled in."""
    said, unheard = asked(brief)
    return Prompt(str(said.whole()), "", unheard)


def _named(text: str, words: Mapping[Name, Sequence[str]], heard: set[str]) -> Name | None:
    """What the text names first; of two at one place the longer word."""
    found = []
    for name, each in words.items():
        for word in each:
            latin = LATIN.search(word)
            pattern = rf"(?<![A-Za-z]){re.escape(word)}s?(?![A-Za-z])" if latin else re.escape(word)
            if at := re.search(pattern, text, re.IGNORECASE):
                found.append((at.start(), -len(word), name))
                heard.add(word)
    return min(found, key=lambda one: one[:2])[2] if found else None


def _key(text: str, mode: Mode | None, heard: set[str]) -> tuple[str | None, Mode | None]:
    found = KEY_WORD.search(text)
    if not found:
        return None, mode
    heard.add(found[0])
    letter, accidental, word = (found[2] or found[5]).upper(), (found[1] or found[3] or found[6] or "").lower(), found[4]
    sharp = "sharp" in accidental or accidental in {"#", "♯", "升"}
    tonic = letter + ("#" if sharp else "b" if accidental else "")
    named = next((one for one, words in MODE_WORDS.items() if word and word.lower() in words), mode)
    key = key_of(tonic + (named or Mode.MAJOR).value)
    return (key.tonic if key else None), named


def _metre(text: str, heard: set[str]) -> str | None:
    for found in METRE_WORD.finditer(text):
        beats, unit = (found[1], found[2]) if found[1] else (DIGITS[found[4]], DIGITS[found[3]])
        metre = f"{int(beats)}/{int(unit)}"
        if metre in METRES:
            heard.add(found[0])
            return metre
    said = BEATS_WORD.search(text)
    metre = f"{DIGITS[said[2] or said[3]]}/{DIGITS[said[1] or '四']}" if said else ""
    if said and metre in METRES:
        heard.add(said[0])
        return metre
    return None


def _tempo(text: str, heard: set[str]) -> int | None:
    found = TEMPO_WORD.search(text)
    beats = int(next(filter(None, found.groups()))) if found else 0
    if not found or beats not in PACES_POSSIBLE:
        return None
    heard.add(found[0])
    return beats


def _bars(text: str, heard: set[str]) -> int | None:
    if found := BARS_WORD.search(text):
        heard.add(found[0])
        count = int(found[1]) if found[1].isdecimal() else NUMBERS[found[1].lower()]
        return max(4, min(MOST_BARS, count))
    return _named(text, LENGTH_WORDS, heard)


def _without(text: str, heard: set[str]) -> str:
    """The text with the words that were understood taken out."""
    for word in sorted(heard, key=len, reverse=True):
        pattern = rf"(?<![A-Za-z]){re.escape(word)}s?(?![A-Za-z])" if LATIN.search(word) else re.escape(word)
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def _unheard(text: str, heard: set[str]) -> tuple[str, ...]:
    """The words that nothing was made of, in their order; small words are not worth a remark."""
    words = re.findall(r"[^\s,，、。.;；!！?？:：\"'“”‘’()（）《》]+", SMALL.sub(" ", _without(text, heard)))
    return tuple(dict.fromkeys(word for word in words if not SILENT.fullmatch(word)))
