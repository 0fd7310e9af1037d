"""Music from outside, written as ABC: which key and letters numbers stand for, bars in lines, lengths that notation has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from app.bounded import MB, bounded
from app.errors import _
from app.media.music.abc import lyrics
from app.media.music.abc.abc import read_tune
from app.media.music.abc.accents import lettered
from app.media.music.abc.bar_writing import bar_text
from app.media.music.abc.writing import BARS_A_LINE, field_text, header
from app.media.music.notation.pitch import LETTERS, SEMITONES, SHARPS, SHIFTS, Key, Mode, Pitch
from app.media.music.notation.tune import Metre, Note
from app.media.music.theory.telling import SMALL, TOO_MUCH

NUMBER = re.compile(r"^X:", re.MULTILINE)  # begins a tune (standard 2.1, 3.1.1)
_BESIDE = re.compile(r'"[^"]*"|![^!\s]*!|\+[^+\s]*\+|\[[A-Za-z]:[^\]]*\]|%.*')  # what of a line of music is no note
_FIELD = re.compile(r"[A-Za-z+]:(?!\|)|%")
_SLUR = re.compile(r"\((?!\d)")
_QUARTER = re.compile(r"[\^_]\d{0,2}/")
MOST_TUNES = 50  # of one file
FINEST = 64  # parts of a whole note: lengths that notation does not have are moved to these


@dataclass(slots=True)
class Imported:
    """A tune in ABC with what was left out of it, or made simpler (message ids)."""

    text: str
    simplified: list[str] = field(default_factory=list)

    def without(self, said: str) -> None:
        """Say that something was made simpler; twice is once."""
        if said and said not in self.simplified:
            self.simplified.append(said)


@dataclass(slots=True)
class Measure:
    """A bar on its way into ABC; `fields` are changes of key and metre before its notes."""

    notes: list[Note]
    key: Key
    metre: Metre | None
    opens: bool = False  # a repeat
    ending: str = ""
    closing: str = "|"
    fields: str = ""


def abc(title: str, composer: str, tempo: str, measures: Sequence[Measure]) -> str:
    """The tune: header, then four bars a line."""
    first = measures[0]
    head = header(title, "", str(first.metre) if first.metre else "none", first.key, tempo)
    if composer:
        head = head.replace("\nM:", f"\nC:{field_text(composer)}\nM:", 1)
    parts, line = [head], 0
    for at, measure in enumerate(measures):
        if line == BARS_A_LINE:
            parts.append("\n" + lyrics.written([note for before in measures[at - line : at] for note in before.notes]))
            line = 0
        elif at:
            parts.append(" ")
        opening = ("|:" if measure.opens else "") + (f"[{measure.ending} " if measure.ending else "")
        after = measures[at + 1] if at + 1 < len(measures) else None
        closing = "|]" if after is None and measure.closing == "|" else measure.closing
        if after is not None and after.opens and closing in {"|", "||"} and line + 1 < BARS_A_LINE:
            closing = ""  # the sign that opens the repeat is the bar line
        notes = bar_text(measure.notes, measure.key, measure.metre)
        parts.append(f"{opening}{measure.fields}{notes} {closing}".rstrip())
        line += 1
    last = [note for before in measures[len(measures) - line :] for note in before.notes]
    return "".join(parts) + "\n" + lyrics.written(last)


def even(notes: Sequence[Note]) -> tuple[list[Note], bool]:
    """A bar's notes with lengths that notation has, and whether any had to be changed: those of a quintuplet, say."""
    if all(_is_notatable(note.duration) and _is_notatable(note.start) for note in notes):
        return list(notes), False
    places = [Fraction(round(note.start * FINEST), FINEST) for note in notes]
    last = notes[-1].start + notes[-1].duration
    ends = [*places[1:], Fraction(round(last * FINEST), FINEST)]
    moved = zip(notes, places, ends, strict=True)
    return [replace(note, start=place, duration=end - place) for note, place, end in moved if end > place], True


def _is_notatable(length: Fraction) -> bool:
    below = length.denominator
    below //= 3 if below % 3 == 0 else 1
    return below & (below - 1) == 0 and below <= 4 * FINEST


def key_with(fifths: int, mode: Mode) -> Key:
    """The key of a mode with so many sharps (flats below zero), seven at most."""
    fifths = max(-7, min(7, fifths))
    place = fifths - SHIFTS[mode] + 1  # on the line of fifths, F is 0
    sharps, letter = divmod(place, 7)
    return Key(SHARPS[letter] + ("#" * sharps if sharps >= 0 else "b" * -sharps), mode)


def likely_key(notes: Sequence[tuple[int, Fraction]]) -> Key:
    """The key that (MIDI note, length) pairs are in most of the time: of two with the same scale, that of the last note."""
    sounding: Counter[int] = Counter()
    for pitch, length in notes:
        sounding[pitch % 12] += round(length * 96)
    last = notes[-1][0] % 12 if notes else 0
    first = notes[0][0] % 12 if notes else 0

    def fit(key: Key) -> tuple[float, int]:
        scale = {(SEMITONES[LETTERS.index(letter)] + alter) % 12 for letter, alter in key.signature.items()}
        inside = sum(count for pitch, count in sounding.items() if pitch in scale)
        tonic = sounding[key.pitch_class] + sounding[(key.pitch_class + 7) % 12] / 2
        at_home = (key.pitch_class == last) * 0.25 + (key.pitch_class == first) * 0.05
        total = sum(sounding.values()) or 1
        return inside / total + at_home + 0.2 * tonic / total, -abs(key.fifths)

    keys = [key_with(fifths, mode) for mode in (Mode.MAJOR, Mode.MINOR) for fifths in range(-5, 7)]
    return max(keys, key=fit)


def spelt(number: int, key: Key) -> Pitch:
    """A MIDI note in the letters that the key would use: those nearest to its scale on the line of fifths."""
    middle = key.fifths + (3 if key.mode is Mode.MINOR else 2)  # minor keys raise their seventh
    found = []
    for letter, semitone in zip(LETTERS, SEMITONES, strict=True):
        octave, rest = divmod(number - semitone, 12)
        for alter in (-1, 0, 1):
            if (rest - alter) % 12 == 0:
                step = LETTERS.index(letter) + 7 * (octave - 5 + (rest - alter) // 12)
                away = SHARPS.index(letter) - 1 + 7 * alter - middle
                found.append((abs(away), away, Pitch(step, alter)))
    return min(found, key=lambda one: one[:2])[2]


@bounded(20, 400 * MB, TOO_MUCH, small=lambda book: len(book) <= SMALL)
def tunes(book: str) -> list[Imported]:
    """The tunes of an ABC file, each with the book's own head; what stands between them is left out. Raises TooLargeError."""
    starts = [match.start() for match in NUMBER.finditer(book)]
    if len(starts) <= 1:
        return [_read(book)[0]]
    head = book[: starts[0]]
    read = [_read(head + book[start:end].rstrip() + "\n") for start, end in pairwise([*starts, len(book)][: MOST_TUNES + 1])]
    found = [one for one, sounds in read if sounds] or [read[0][0]]
    if len(starts) > MOST_TUNES:
        found[0].without(_("Only the first 50 tunes of this file were taken."))
    return found


def _read(text: str) -> tuple[Imported, bool]:
    """A tune in ABC, with what of it is drawn and not heard, and whether there are notes in it."""
    from app.media.music.files.partwise_notes import ELEMENTS  # it spells notes by this module

    found = Imported(lettered(text))
    tune = read_tune(found.text)
    if tune.unheard:
        found.without(_("The sheet shows all voices; only the first is heard, and goes into MIDI, MusicXML and sound."))
    music = "\n".join(_BESIDE.sub("", line) for line in text.splitlines() if not _FIELD.match(line))
    if _SLUR.search(music) or any(sign not in ELEMENTS for note in tune.notes for sign in note.decorations):
        found.without(_("The sheet shows slurs and all signs; slurs and rare signs do not go into MusicXML, MIDI and sound."))
    if _QUARTER.search(music):
        found.without(_("The sheet shows quarter tones; they are heard and exported as the notes without them."))
    if "&" in music:
        found.without(_("The sheet shows second voices within bars; only the first is heard, and exported."))
    return found, bool(tune.sounding)
