"""Elements of score-partwise (MusicXML 4.0) as bars: the first voice of the first part, with repeats, endings and chords."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from app.errors import InvalidError, TooLargeError, _
from app.media.music.abc.lyrics import MOST_VERSES
from app.media.music.files import musicxml
from app.media.music.files.notating import Imported, Measure, abc, even, key_with
from app.media.music.files.partwise_notes import Shift, decorations, shift_of, sung
from app.media.music.files.partwise_told import (
    NO_CHORDS,
    NO_CREDITS,
    NO_GRACES,
    NO_SIGNS,
    NO_VERSES,
    credits_lost,
    told,
)
from app.media.music.notation.pitch import LETTERS, Key, Mode, Pitch
from app.media.music.notation.tune import MAX_BARS, Metre, Note, metre_of

MOST_NOTES = 20_000
NUMBER = re.compile(r"\s*\d{1,9}(?:\.\d{1,6})?\s*")
LONGEST = 64  # whole notes
# Parts of a whole note that every length is a multiple of: all that notation writes, and quintuplets and septuplets. Sums of
# lengths without a common measure would be fractions of ever more digits.
GRID = 2**10 * 3**2 * 5 * 7
MODES = {name: mode for mode, name in musicxml.MODES.items()} | {"ionian": Mode.MAJOR, "aeolian": Mode.MINOR}
KINDS = {"major": "", "minor": "m", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "m7", "diminished": "dim",
         "augmented": "aug", "augmented-seventh": "aug7", "diminished-seventh": "dim7", "half-diminished": "m7b5",
         "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9", "minor-ninth": "m9",
         "suspended-second": "sus2", "suspended-fourth": "sus4", "power": "5", "major-minor": "mmaj7"}  # fmt: skip
MOST_GRACES = 8
ACCIDENTALS = {-1: "b", 0: "", 1: "#"}
MOST_AGAIN = 4  # bars that one sign plays again
HIGHEST = 9  # octave
SYMBOLS = re.compile(r"[^A-Za-z0-9+#]")


@dataclass(slots=True)
class _Bar:
    """A measure while it is read."""

    notes: list[Note] = field(default_factory=list)
    place: Fraction = Fraction(0)
    voice: str | None = None
    chord: str = ""
    graces: tuple[Pitch, ...] = ()
    opens: bool = False
    ending: str = ""
    closing: str = "|"


class Partwise:
    """Reads a score; what it knows so far."""

    def __init__(self, root: ET.Element) -> None:
        self.root = root
        self.key, self.metre, self.divisions = Key(), None, Fraction(1)  # type: tuple[Key, Metre | None, Fraction]
        self.tempo, self.count = "", 0
        self.shift = Shift()
        self.fifths, self.mode = 0, Mode.MAJOR  # as written
        self.again = 0  # how many bars back the one is that is played again
        self.imported = Imported("")

    def read(self, name: str) -> Imported:
        """The tune. Raises InvalidError (no notes), TooLargeError, ValueError (numbers that are none)."""
        parts = self.root.findall("part")
        sounding = [part for part in parts if part.find("measure/note/pitch") is not None]
        if not sounding:
            raise InvalidError("file", _("there are no notes in this file"))
        if len(parts) > 1:
            self.imported.without(_("Only one voice was taken."))
        measures = list(self._measures(sounding[0]))
        if not measures:  # notes so short that none is left
            raise InvalidError("file", _("there are no notes in this file"))
        title = self.root.findtext("work/work-title") or self.root.findtext("movement-title") or name
        composer = self.root.findtext("identification/creator[@type='composer']") or ""
        if credits_lost(self.root, {title, composer}):
            self.imported.without(NO_CREDITS)
        self.imported.text = abc(title, composer, self.tempo, measures)
        return self.imported

    def _measures(self, part: ET.Element) -> Iterator[Measure]:
        before: tuple[Key, Metre | None] | None = None
        past: list[list[Note]] = []
        for number, element in enumerate(part.findall("measure")):
            if number >= MAX_BARS:
                raise TooLargeError(_("A tune may have %(most)s bars."), most=f"{MAX_BARS:,}")
            bar = _Bar()
            self._tell(element)
            for child in element:
                self._child(bar, child)
            if self.again and not any(note.pitches for note in bar.notes) and len(past) >= self.again:
                bar.notes = past[-self.again]
                self.imported.without(_("Bars that a sign plays again were written out."))
            past = [*past[-MOST_AGAIN:], bar.notes]
            notes, moved = even(bar.notes)
            if moved:
                self.imported.without(_("Notes were moved to the nearest place that notation has."))
            fields = ""
            if before and before[0] != self.key:
                fields += f"[K:{self.key.name}]"
            if before and before[1] != self.metre:
                fields += f"[M:{self.metre or 'none'}]"
            before = (self.key, self.metre)
            if notes:
                yield Measure(notes, self.key, self.metre, bar.opens, bar.ending, bar.closing, fields)

    def _child(self, bar: _Bar, child: ET.Element) -> None:
        """What stands in a measure, one after another."""
        self._tell(child)
        if child.tag == "attributes":
            self._attributes(child)
        elif child.tag == "note" and child.find("cue") is not None:  # what another player has
            bar.place += self._length(child) if child.find("chord") is None else 0
        elif child.tag == "note":
            self._note(bar, child)
        elif child.tag == "barline":
            _barline(bar, child)
        elif child.tag == "harmony":
            bar.chord = self._chord(child) or bar.chord
        elif child.tag in {"direction", "sound"}:
            self._direction(child)
        elif child.tag in {"backup", "forward"}:
            length = self._length(child)
            bar.place += length if child.tag == "forward" else -length

    def _tell(self, element: ET.Element) -> None:
        """Say what of it is not kept."""
        for said in told(element):
            self.imported.without(said)

    def _direction(self, child: ET.Element) -> None:
        """The first tempo is kept."""
        sound = child if child.tag == "sound" else child.find("sound")
        if sound is not None:
            self._tell(sound)
        if sound is not None and sound.get("tempo") and not self.tempo:
            self.tempo = f"1/4={min(999, max(10, round(float(sound.get('tempo', '120')))))}"
        elif sound is not None and sound.get("tempo"):
            self.imported.without(_("Changes of tempo on the way were left out."))
        if any(sign.tag not in {"metronome", "offset"} for sign in child.findall("direction-type/*")):
            self.imported.without(NO_SIGNS)

    def _attributes(self, attributes: ET.Element) -> None:
        if (divisions := attributes.findtext("divisions")) is not None:
            self.divisions = _number(divisions)
            if not 0 < self.divisions <= 1_000_000:  # noqa: PLR2004 (parts of a quarter note)
                raise ValueError(divisions)
        if (fifths := attributes.findtext("key/fifths")) is not None:
            self.mode = MODES.get((attributes.findtext("key/mode") or "").strip().lower(), Mode.MAJOR)
            self.fifths = int(fifths)
        if (transpose := attributes.find("transpose")) is not None:
            self.shift = shift_of(transpose)
            if self.shift.semitones:
                self.imported.without(_("A transposing instrument: its notes are written here as they sound."))
        self.key = key_with(self.fifths + self.shift.fifths, self.mode)
        if (again := attributes.find("measure-style/measure-repeat")) is not None:
            count = (again.text or "1").strip() or "1"
            self.again = min(MOST_AGAIN, int(count)) if again.get("type") == "start" else 0
        if attributes.find("measure-style/beat-repeat") is not None or attributes.find("measure-style/slash") is not None:
            self.imported.without(_("Slashes that stand for notes were left out."))
        if attributes.find("time/senza-misura") is not None:
            self.metre = None
        elif attributes.find("time/beats") is not None:
            self.metre = _metre(attributes)

    def _length(self, element: ET.Element) -> Fraction:
        """In whole notes."""
        length = _number(element.findtext("duration") or "0") / self.divisions / 4
        if length > LONGEST:
            raise ValueError(length)
        return length if GRID % length.denominator == 0 else Fraction(round(length * GRID), GRID)

    def _note(self, bar: _Bar, element: ET.Element) -> None:
        voice = element.findtext("voice") or "1"
        pitch = _pitch(element, self.shift, self.key)
        if element.find("grace") is not None:
            if pitch and bar.voice in {None, voice}:
                self.imported.without(NO_GRACES if len(bar.graces) >= MOST_GRACES else "")
                bar.graces = (*bar.graces, pitch)[:MOST_GRACES]
            elif pitch:
                self.imported.without(_("Only one voice was taken."))
            return
        length = self._length(element)
        bar.voice = bar.voice or voice
        if voice != bar.voice or element.findtext("staff") not in {None, "1"}:
            self.imported.without(_("Only one voice was taken."))
            bar.place += length if element.find("chord") is None else 0
            return
        self.count += 1
        if self.count > MOST_NOTES:
            raise TooLargeError(_("A tune may have %(most)s notes."), most=f"{MOST_NOTES:,}")
        if element.find("chord") is not None and bar.notes:
            if pitch:
                last = bar.notes[-1]
                bar.notes[-1] = replace(last, pitches=tuple(sorted({*last.pitches, pitch}, key=lambda one: one.midi)))
            return
        if length <= 0:
            return
        here = bar.notes[-1].start + bar.notes[-1].duration if bar.notes else Fraction(0)
        if bar.place > here:
            bar.notes.append(Note((), here, bar.place - here))
        tied = any(tie.get("type") == "start" for tie in element.findall("tie"))
        start = max(here, bar.place)
        signs = self._signs(element)
        lyrics = self._sung(element) if pitch else ()
        pitches = (pitch,) if pitch else ()
        bar.notes.append(Note(pitches, start, length, tied and bool(pitch), bar.chord, bar.graces, signs, lyrics=lyrics))
        bar.place, bar.chord, bar.graces = start + length, "", ()

    def _sung(self, element: ET.Element) -> tuple[str, ...]:
        """What is sung to a note."""
        lyrics = element.findall("lyric")
        for one in lyrics:
            self._tell(one)
        self.imported.without(NO_VERSES if len(lyrics) > MOST_VERSES else "")
        return sung(element)

    def _chord(self, element: ET.Element) -> str:
        """A chord symbol as it sounds: root, accidental, kind, and the bass where that is another."""
        root = _root(element, "root", self.shift)
        if not root:
            return ""
        kind = element.find("kind")
        named = (kind.text or "").strip() if kind is not None else ""
        text = SYMBOLS.sub("", kind.get("text", "")) if kind is not None else ""
        if named not in KINDS:
            self.imported.without(NO_CHORDS)
        bass = _root(element, "bass", self.shift)
        return f"{root}{KINDS.get(named, text)[:6]}{f'/{bass}' if bass else ''}"

    def _signs(self, element: ET.Element) -> tuple[str, ...]:
        """The signs at a note; says which of it are made simpler."""
        signs, others = decorations(element)
        if others:
            self.imported.without(_("Slurs and some signs of playing were left out."))
        if "." in (element.findtext("pitch/alter") or "").strip().removesuffix(".0"):
            self.imported.without(_("Quarter tones became the nearest semitone."))
        if element.find("unpitched") is not None:
            self.imported.without(_("Notes without a pitch became rests."))
        return signs


def _number(text: str) -> Fraction:
    """A number as scores have them. Raises ValueError for others: 1e999 would take a while."""
    if not NUMBER.fullmatch(text):
        raise ValueError(text[:20])
    return Fraction(text.strip())


def _pitch(element: ET.Element, shift: Shift, key: Key) -> Pitch | None:
    """As it sounds."""
    found = element.find("pitch")
    if found is None:
        return None
    letter, octave = (found.findtext("step") or "").strip(), int(found.findtext("octave") or "4")
    alter = round(float(found.findtext("alter") or "0"))  # quarter tones become the nearest semitone
    if letter not in set(LETTERS) or not 0 <= octave <= HIGHEST or abs(alter) > 2:  # noqa: PLR2004 (double sharps)
        raise ValueError(letter)
    return shift.of(Pitch(LETTERS.index(letter) + 7 * (octave - 4), alter), key)


def _barline(bar: _Bar, element: ET.Element) -> None:
    """Repeats and endings; a plain line says nothing."""
    repeat = element.find("repeat")
    ending = element.find("ending")
    direction = repeat.get("direction") if repeat is not None else ""
    if direction == "forward":
        bar.opens = True
    if ending is not None and ending.get("type") == "start":
        bar.ending = ",".join(re.findall(r"\d", ending.get("number", ""))[:4])
    if direction == "backward":
        bar.closing = ":|"
    elif element.get("location", "right") == "right":
        bar.closing = {"light-light": "||", "light-heavy": "|]"}.get(element.findtext("bar-style") or "", bar.closing)


def _root(element: ET.Element, name: str, shift: Shift) -> str:
    """The letter of a chord's root or bass as it sounds, with its accidental."""
    letter = (element.findtext(f"{name}/{name}-step") or "").strip()
    if letter not in set(LETTERS):
        return ""
    alter = int(float(element.findtext(f"{name}/{name}-alter") or "0"))
    found = shift.of(Pitch(LETTERS.index(letter), alter), Key())
    return f"{found.letter}{ACCIDENTALS.get(found.alter, '')}"


def _metre(attributes: ET.Element) -> Metre | None:
    """The metre of a staff; one of several parts (3+2/8, or 2/4 and 3/8) as the sum of them."""
    parts = zip(attributes.findall("time/beats"), attributes.findall("time/beat-type"), strict=False)
    sums = [(sum(int(one) for one in (beats.text or "").split("+")), int(unit.text or "4")) for beats, unit in parts]
    finest = max((unit for _beats, unit in sums), default=4)
    return metre_of(f"{sum(beats * finest // max(1, unit) for beats, unit in sums)}/{finest}")
