"""What MusicXML says of single notes, and how ABC says it: transposition, articulations, words that are sung."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from app.media.music.abc.lyrics import HOLD, MOST_VERSES
from app.media.music.files.notating import spelt
from app.media.music.notation.pitch import Key, Pitch

# Signs of playing, by their element in MusicXML; ABC's own first (standard 2.1, 4.14), then what else it is called there.
SIGNS = {
    "staccato": (".",),
    "tenuto": ("!tenuto!",),
    "accent": ("!accent!", "!>!", "!emphasis!", "L"),
    "strong-accent": ("!marcato!", "!^!"),
    "staccatissimo": ("!wedge!",),
    "breath-mark": ("!breath!",),
    "trill-mark": ("!trill!", "T"),
    "mordent": ("!mordent!", "!lowermordent!", "M"),
    "inverted-mordent": ("!uppermordent!", "!pralltriller!", "P"),
    "turn": ("!turn!",),
    "inverted-turn": ("!invertedturn!",),
    "up-bow": ("u", "!upbow!"),
    "down-bow": ("v", "!downbow!"),
    "open-string": ("!open!",),
    "snap-pizzicato": ("!snap!",),
    "fermata": ("!fermata!", "H"),
}
GROUPS = {
    "ornaments": {"trill-mark", "mordent", "inverted-mordent", "turn", "inverted-turn"},
    "technical": {"up-bow", "down-bow", "open-string", "snap-pizzicato"},
}  # the others are articulations, but for the fermata, which stands alone
ELEMENTS = {sign: name for name, signs in SIGNS.items() for sign in signs}
ELSEWHERE = {"tied", "tuplet", "ornaments", "technical", "articulations"}  # said by other elements, or only holds such
MOST_SIGNS = 8
WHOLE = re.compile(r"\s*-?\d{1,3}\s*")


@dataclass(frozen=True, slots=True)
class Shift:
    """From what is written to what sounds: letters and semitones (MusicXML, element transpose)."""

    steps: int = 0
    semitones: int = 0

    @property
    def fifths(self) -> int:
        """How many sharps the key has more; twelve are none."""
        found = 7 * self.semitones - 12 * self.steps
        return found - 12 * round(found / 12) if abs(found) > 6 else found  # noqa: PLR2004 (F sharp is as far as G flat)

    def of(self, pitch: Pitch, key: Key) -> Pitch:
        """The pitch that sounds; spelt as `key` would where that asks for more than double accidentals."""
        if not self.semitones and not self.steps:
            return pitch
        midi, plain = pitch.midi + self.semitones, Pitch(pitch.step + self.steps)
        alter = midi - plain.midi
        return Pitch(plain.step, alter) if abs(alter) <= 2 else spelt(midi, key)  # noqa: PLR2004 (notation has no more)


def shift_of(element: ET.Element) -> Shift:
    """Raises ValueError for numbers that are none."""
    semitones, octaves = _whole(element, "chromatic"), _whole(element, "octave-change")
    steps = _whole(element, "diatonic") if element.find("diatonic") is not None else round(semitones * 7 / 12)
    if max(abs(semitones), abs(steps), 12 * abs(octaves)) > 60:  # noqa: PLR2004 (five octaves)
        raise ValueError(semitones)
    return Shift(steps + 7 * octaves, semitones + 12 * octaves)


def _whole(element: ET.Element, name: str) -> int:
    text = element.findtext(name) or "0"
    if not WHOLE.fullmatch(text.removesuffix(".0")):
        raise ValueError(text[:20])
    return int(text.removesuffix(".0"))


def decorations(note: ET.Element) -> tuple[tuple[str, ...], bool]:
    """The signs at a note in ABC, and whether there are others that ABC does not take here."""
    found, others = [], False
    for notations in note.findall("notations"):
        for one in notations:
            inner = list(one) if one.tag in {"ornaments", "technical", "articulations"} else [one]
            for sign in inner:
                if sign.tag in SIGNS and SIGNS[sign.tag][0] not in found:
                    found.append(SIGNS[sign.tag][0])
                others |= sign.tag not in SIGNS and sign.tag not in ELSEWHERE
    return tuple(found[:MOST_SIGNS]), others or len(found) > MOST_SIGNS


def sung(note: ET.Element) -> tuple[str, ...]:
    """What is sung to a note, a syllable for each verse."""
    verses: dict[int, str] = {}
    for lyric in note.findall("lyric"):
        number = re.search(r"\d{1,2}", lyric.get("number", "1"))
        verse = min(MOST_VERSES, max(1, int(number[0]) if number else 1))
        words = " ".join((text.text or "").strip() for text in lyric.findall("text")).strip()
        on = (lyric.findtext("syllabic") or "").strip() in {"begin", "middle"}
        said = f"{words}{'-' if on else ''}" if words else HOLD if lyric.find("extend") is not None else ""
        verses.setdefault(verse, said)
    return tuple(verses.get(verse, "") for verse in range(1, max(verses, default=0) + 1))


def syllabic(said: str, before: str) -> str:
    """Where a syllable stands in its word, after the one `before` it in the verse."""
    inside, on = before.endswith("-"), said.endswith("-")
    return ("middle" if on else "end") if inside else "begin" if on else "single"
