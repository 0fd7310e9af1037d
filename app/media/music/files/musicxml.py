"""A tune as MusicXML 4.0 (w3.org/2021/06/musicxml40), score-partwise, written without any template or entity."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from app.media.music.abc.bar_writing import grouped
from app.media.music.abc.lyrics import HOLD
from app.media.music.files.partwise_notes import ELEMENTS, GROUPS, syllabic
from app.media.music.notation.numbering import repeats
from app.media.music.notation.pitch import Mode, Pitch
from app.media.music.notation.tune import Bar, Note, Tune
from app.media.music.sound.performance import TEMPO, quarters_a_minute
from app.media.music.theory.harmony import SYMBOL

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">'
)
MODES = {
    Mode.MAJOR: "major",
    Mode.MINOR: "minor",
    Mode.DORIAN: "dorian",
    Mode.MIXOLYDIAN: "mixolydian",
    Mode.PHRYGIAN: "phrygian",
    Mode.LYDIAN: "lydian",
    Mode.LOCRIAN: "locrian",
}
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


def musicxml(tune: Tune, told: str = "") -> bytes:
    """The document in UTF-8; `told` becomes a field called stemma, which other programs keep but do not read."""
    score = ET.Element("score-partwise", version="4.0")
    if tune.title:
        _text_element(ET.SubElement(score, "work"), "work-title", tune.title)
    composer = tune.fields.get("C")
    if composer or told:
        identification = ET.SubElement(score, "identification")
        if composer:
            _text_element(identification, "creator", composer).set("type", "composer")
        if told:
            _text_element(ET.SubElement(identification, "miscellaneous"), "miscellaneous-field", told).set("name", "stemma")
    listed = ET.SubElement(ET.SubElement(score, "part-list"), "score-part", id="P1")
    _text_element(listed, "part-name", "Tune")
    part = ET.SubElement(score, "part", id="P1")
    divisions = _divisions(tune)
    before: Bar | None = None
    ended = _ended(tune.bars)
    state = _State()
    for at, bar in enumerate(tune.bars):
        _measure(part, tune, at, before, divisions, ended[at], state)
        before = bar
    ET.indent(score)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{ET.tostring(score, "unicode")}\n'.encode()


@dataclass(slots=True)
class _State:
    """What a note must know of those before it: which pitches are tied into it, and the last syllable of each verse."""

    tied: frozenset[int] = frozenset()
    sung: dict[int, str] = field(default_factory=dict)


def _divisions(tune: Tune) -> int:
    """Parts of a quarter note that every length is a multiple of."""
    return math.lcm(*(part.denominator for note in tune.notes for part in (note.duration * 4, note.start * 4)), 1)


def _text_element(parent: ET.Element, name: str, text: str | int) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = "".join(char for char in str(text) if char.isprintable())
    return child


def _measure(
    part: ET.Element, tune: Tune, at: int, before: Bar | None, divisions: int, endings: Sequence[int], state: _State
) -> None:
    """`endings` are those that stop with this bar."""
    bar = tune.bars[at]
    measure = ET.SubElement(part, "measure", number=str(bar.number))
    if (before is None or before.number == bar.number) and bar.metre and bar.length < bar.metre.length:
        measure.set("implicit", "yes")
    if bar.opening.endswith(":") or bar.endings:
        _barline(measure, "left", repeat="forward" if bar.opening.endswith(":") else "", endings=bar.endings, ending="start")
    if before is None or (before.key, before.metre) != (bar.key, bar.metre):
        _attributes(measure, bar, divisions, first=before is None)
    if before is None and TEMPO.search(tune.fields.get("Q", "")):
        _tempo(measure, quarters_a_minute(tune.fields["Q"], tune.metre))
    for group in grouped(bar.notes):
        _group(measure, group, divisions, state)
    closes = repeats(bar)
    if closes or endings or at + 1 == len(tune.bars) or "||" in bar.closing:
        style = "light-heavy" if closes or at + 1 == len(tune.bars) else "light-light" if "||" in bar.closing else ""
        _barline(measure, "right", style, "backward" if closes else "", endings, "stop")


def _ended(bars: Sequence[Bar]) -> list[tuple[int, ...]]:
    """For each bar the endings that stop with it."""
    found: list[tuple[int, ...]] = []
    present: tuple[int, ...] = ()  # endings that the bar stands in
    for at, bar in enumerate(bars):
        present = bar.endings or present
        closes = any(sign in bar.closing for sign in (":", "||", "|]"))
        found.append(present if closes or at + 1 == len(bars) or bars[at + 1].endings else ())
        present = () if closes else present
    return found


def _barline(
    measure: ET.Element, location: str, style: str = "", repeat: str = "", endings: Sequence[int] = (), ending: str = ""
) -> None:
    """The children stand in the order that the schema asks for."""
    line = ET.SubElement(measure, "barline", location=location)
    if style:
        _text_element(line, "bar-style", style)
    if endings:
        ET.SubElement(line, "ending", number=", ".join(map(str, endings)), type=ending)
    if repeat:
        ET.SubElement(line, "repeat", direction=repeat)


def _attributes(measure: ET.Element, bar: Bar, divisions: int, *, first: bool) -> None:
    attributes = ET.SubElement(measure, "attributes")
    if first:
        _text_element(attributes, "divisions", divisions)
    key = ET.SubElement(attributes, "key")
    _text_element(key, "fifths", bar.key.fifths)
    _text_element(key, "mode", MODES[bar.key.mode])
    time = ET.SubElement(attributes, "time")
    if bar.metre:
        _text_element(time, "beats", bar.metre.beats)
        _text_element(time, "beat-type", bar.metre.unit)
    else:
        _text_element(time, "senza-misura", "")
    if first:
        clef = ET.SubElement(attributes, "clef")
        _text_element(clef, "sign", "G")
        _text_element(clef, "line", 2)


def _tempo(measure: ET.Element, pace: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    _text_element(metronome, "beat-unit", "quarter")
    _text_element(metronome, "per-minute", f"{pace:g}")
    ET.SubElement(direction, "sound", tempo=f"{pace:g}")


def _group(measure: ET.Element, group: Sequence[Note], divisions: int, state: _State) -> None:
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
    state: _State,
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
        _text_element(sounding, "duration", duration)
        held = {**ties, "stop": ties["stop"] or (pitch is not None and pitch.midi in state.tied)}
        tied = [name for name, there in held.items() if there and pitch is not None]
        for name in tied:
            ET.SubElement(sounding, "tie", type=name)
        _text_element(sounding, "voice", 1)
        _text_element(sounding, "type", written[0])
        for _dot in range(written[1]):
            ET.SubElement(sounding, "dot")
        first = not chordal and not ties["stop"]
        _notations(sounding, tuplet[0], None if chordal else tuplet[1], tied, note.decorations if first else ())
        if first:
            _lyrics(sounding, note, state)


def _lyrics(sounding: ET.Element, note: Note, state: _State) -> None:
    """What is sung to the note."""
    for verse, said in enumerate(note.lyrics, 1):
        if said and said != HOLD:
            lyric = ET.SubElement(sounding, "lyric", number=str(verse))
            _text_element(lyric, "syllabic", syllabic(said, state.sung.get(verse, "")))
            _text_element(lyric, "text", said.removesuffix("-"))
            state.sung[verse] = said


def _notations(
    note: ET.Element, ratio: tuple[int, int] | None, bracket: str | None, ties: Sequence[str], signs: Sequence[str]
) -> None:
    if ratio:
        modification = ET.SubElement(note, "time-modification")
        _text_element(modification, "actual-notes", ratio[0])
        _text_element(modification, "normal-notes", ratio[1])
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
    _text_element(child, "step", pitch.letter)
    if pitch.alter:
        _text_element(child, "alter", pitch.alter)
    _text_element(child, "octave", pitch.octave)


def _grace(measure: ET.Element, pitch: Pitch) -> None:
    note = ET.SubElement(measure, "note")
    ET.SubElement(note, "grace", slash="yes")
    _pitch(note, pitch)
    _text_element(note, "voice", 1)
    _text_element(note, "type", "eighth")


def _harmony(measure: ET.Element, symbol: str) -> None:
    found = SYMBOL.match(symbol)
    if not found:
        return
    letter, accidental, kind, seventh = found.groups()
    harmony = ET.SubElement(measure, "harmony")
    root = ET.SubElement(harmony, "root")
    _text_element(root, "root-step", letter)
    if accidental:
        _text_element(root, "root-alter", 1 if accidental == "#" else -1)
    name = SEVENTHS.get(("m" if kind == "min" else kind or "", seventh or "")) or KINDS[kind or ""]
    _text_element(harmony, "kind", name).set("text", (kind or "") + (seventh or ""))
