"""The notes of a tune as elements of MusicXML: lengths, ties, chords, triplets, graces, signs and what is sung."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from app.media.music.abc.lyrics import HOLD
from app.media.music.files.partwise_notes import ELEMENTS, GROUPS, syllabic
from app.media.music.notation.pitch import Pitch
from app.media.music.notation.tune import Note
from app.media.music.theory.harmony import SYMBOL

TYPES = {
    Fraction(2): "breve",
    Fraction(1): "whole",
    Fraction(1, 2): "half",
    Fraction(1, 4): "quarter",
    Fraction(1, 8): "eighth",
    Fraction(1, 16): "16th",
    Fraction(1, 32): "32nd",
    Fraction(1, 64): "64th",
    Fraction(1, 128): "128th",
}
DOTS = {Fraction(1): 0, Fraction(3, 2): 1, Fraction(7, 4): 2}
KINDS = {"": "major", "m": "minor", "min": "minor", "dim": "diminished", "aug": "augmented", "+": "augmented"}
SEVENTHS = {("", "7"): "dominant", ("", "maj7"): "major-seventh", ("m", "7"): "minor-seventh"}


@dataclass(slots=True)
class State:
    """What a note must know of those before it: which pitches are tied into it, and the last syllable of each verse."""

    tied: frozenset[int] = frozenset()
    sung: dict[int, str] = field(default_factory=dict)


def text_element(parent: ET.Element, name: str, text: str | int) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = "".join(char for char in str(text) if char.isprintable())
    return child


def write_group(measure: ET.Element, group: Sequence[Note], divisions: int, state: State) -> None:
    """A note, or those of a triplet with their bracket."""
    ratio = None if len(group) == 1 and group[0].duration.denominator % 3 else (3, 2)
    for number, note in enumerate(group):
        if note.chord:
            _harmony(measure, note.chord)
        for grace in note.graces:
            _grace(measure, grace)
        bracket = None if ratio is None else "start" if number == 0 else "stop" if number == len(group) - 1 else None
        parts = _parts(note.duration if ratio is None else note.duration * Fraction(3, 2))
        for at, (written, kind, dots) in enumerate(parts):
            lasting = written if ratio is None else written * Fraction(2, 3)
            ties = {"stop": at > 0, "start": at + 1 < len(parts) or note.tied}
            _chord(measure, note, state, int(lasting * 4 * divisions), (kind, dots), (ratio, bracket), ties)
        state.tied = frozenset(pitch.midi for pitch in note.pitches) if note.tied else frozenset()


def _chord(
    measure: ET.Element,
    note: Note,
    state: State,
    duration: int,
    written: tuple[str, int],
    tuplet: tuple[tuple[int, int] | None, str | None],
    ties: Mapping[str, bool],
) -> None:
    """A note, or those of a chord: the first of them carries signs and words, in the first of its parts."""
    for chordal, pitch in enumerate(note.pitches or (None,)):
        sounding = ET.SubElement(measure, "note")
        if chordal:
            ET.SubElement(sounding, "chord")
        if pitch is None:
            ET.SubElement(sounding, "rest")
        else:
            _pitch(sounding, pitch)
        text_element(sounding, "duration", duration)
        held = {**ties, "stop": ties["stop"] or (pitch is not None and pitch.midi in state.tied)}
        tied = [name for name, there in held.items() if there and pitch is not None]
        for name in tied:
            ET.SubElement(sounding, "tie", type=name)
        text_element(sounding, "voice", 1)
        text_element(sounding, "type", written[0])
        for _dot in range(written[1]):
            ET.SubElement(sounding, "dot")
        first = not chordal and not ties["stop"]
        _notations(sounding, tuplet[0], None if chordal else tuplet[1], tied, note.decorations if first else ())
        if first:
            _lyrics(sounding, note, state)


def _lyrics(sounding: ET.Element, note: Note, state: State) -> None:
    """What is sung to the note."""
    for verse, said in enumerate(note.lyrics, 1):
        if said and said != HOLD:
            lyric = ET.SubElement(sounding, "lyric", number=str(verse))
            text_element(lyric, "syllabic", syllabic(said, state.sung.get(verse, "")))
            text_element(lyric, "text", said.removesuffix("-"))
            state.sung[verse] = said


def _notations(
    note: ET.Element, ratio: tuple[int, int] | None, bracket: str | None, ties: Sequence[str], signs: Sequence[str]
) -> None:
    if ratio:
        modification = ET.SubElement(note, "time-modification")
        text_element(modification, "actual-notes", ratio[0])
        text_element(modification, "normal-notes", ratio[1])
    named = [ELEMENTS[sign] for sign in signs if sign in ELEMENTS]
    if not (ties or bracket or named):
        return
    notations = ET.SubElement(note, "notations")
    for name in ties:
        ET.SubElement(notations, "tied", type=name)
    if bracket:
        ET.SubElement(notations, "tuplet", type=bracket)
    for name in named:
        if name == "fermata":
            ET.SubElement(notations, name)
            continue
        group = next((group for group, names in GROUPS.items() if name in names), "articulations")
        inside = notations.find(group)
        ET.SubElement(inside if inside is not None else ET.SubElement(notations, group), name)


def _parts(duration: Fraction) -> list[tuple[Fraction, str, int]]:
    """A length as notes that can be written, to be tied: (length, type, dots), the longest first."""
    found = []
    left = duration
    while left > 0:
        whole = next(
            (
                (length * stretch, name, dots)
                for length, name in TYPES.items()
                for stretch, dots in sorted(DOTS.items(), reverse=True)
                if length * stretch <= left
            ),
            None,
        )
        if whole is None:  # shorter than notation goes: the shortest, as long as it lasts
            found.append((left, "128th", 0))
            break
        found.append(whole)
        left -= whole[0]
    return found


def _pitch(note: ET.Element, pitch: Pitch) -> None:
    child = ET.SubElement(note, "pitch")
    text_element(child, "step", pitch.letter)
    if pitch.alter:
        text_element(child, "alter", pitch.alter)
    text_element(child, "octave", pitch.octave)


def _grace(measure: ET.Element, pitch: Pitch) -> None:
    note = ET.SubElement(measure, "note")
    ET.SubElement(note, "grace", slash="yes")
    _pitch(note, pitch)
    text_element(note, "voice", 1)
    text_element(note, "type", "eighth")


def _harmony(measure: ET.Element, symbol: str) -> None:
    found = SYMBOL.match(symbol)
    if not found:
        return
    letter, accidental, kind, seventh = found.groups()
    harmony = ET.SubElement(measure, "harmony")
    root = ET.SubElement(harmony, "root")
    text_element(root, "root-step", letter)
    if accidental:
        text_element(root, "root-alter", 1 if accidental == "#" else -1)
    name = SEVENTHS.get(("m" if kind == "min" else kind or "", seventh or "")) or KINDS[kind or ""]
    text_element(harmony, "kind", name).set("text", (kind or "") + (seventh or ""))
