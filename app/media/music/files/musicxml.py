"""A tune as MusicXML 4.0 (w3.org/2021/06/musicxml40), score-partwise, written without any template or entity."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from app.media.music.abc.bar_writing import grouped
from app.media.music.files.musicxml_notes import State, text_element, write_group
from app.media.music.notation.numbering import repeats
from app.media.music.notation.pitch import Mode
from app.media.music.notation.tune import Bar, Tune
from app.media.music.sound.performance import TEMPO, quarters_a_minute

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


def musicxml(tune: Tune, told: str = "") -> bytes:
    """The document in UTF-8; `told` becomes a field called stemma, which other programs keep but do not read."""
    score = ET.Element("score-partwise", version="4.0")
    if tune.title:
        text_element(ET.SubElement(score, "work"), "work-title", tune.title)
    composer = tune.fields.get("C")
    if composer or told:
        identification = ET.SubElement(score, "identification")
        if composer:
            text_element(identification, "creator", composer).set("type", "composer")
        if told:
            text_element(ET.SubElement(identification, "miscellaneous"), "miscellaneous-field", told).set("name", "stemma")
    listed = ET.SubElement(ET.SubElement(score, "part-list"), "score-part", id="P1")
    text_element(listed, "part-name", "Tune")
    part = ET.SubElement(score, "part", id="P1")
    divisions = _divisions(tune)
    before: Bar | None = None
    ended = _ended(tune.bars)
    state = State()
    for at, bar in enumerate(tune.bars):
        _measure(part, tune, at, before, divisions, ended[at], state)
        before = bar
    ET.indent(score)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{ET.tostring(score, "unicode")}\n'.encode()


def _divisions(tune: Tune) -> int:
    """Parts of a quarter note that every length is a multiple of."""
    return math.lcm(*(part.denominator for note in tune.notes for part in (note.duration * 4, note.start * 4)), 1)


def _measure(
    part: ET.Element, tune: Tune, at: int, before: Bar | None, divisions: int, endings: Sequence[int], state: State
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
        write_group(measure, group, divisions, state)
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
        text_element(line, "bar-style", style)
    if endings:
        ET.SubElement(line, "ending", number=", ".join(map(str, endings)), type=ending)
    if repeat:
        ET.SubElement(line, "repeat", direction=repeat)


def _attributes(measure: ET.Element, bar: Bar, divisions: int, *, first: bool) -> None:
    attributes = ET.SubElement(measure, "attributes")
    if first:
        text_element(attributes, "divisions", divisions)
    key = ET.SubElement(attributes, "key")
    text_element(key, "fifths", bar.key.fifths)
    text_element(key, "mode", MODES[bar.key.mode])
    time = ET.SubElement(attributes, "time")
    if bar.metre:
        text_element(time, "beats", bar.metre.beats)
        text_element(time, "beat-type", bar.metre.unit)
    else:
        text_element(time, "senza-misura", "")
    if first:
        clef = ET.SubElement(attributes, "clef")
        text_element(clef, "sign", "G")
        text_element(clef, "line", 2)


def _tempo(measure: ET.Element, pace: float) -> None:
    direction = ET.SubElement(measure, "direction", placement="above")
    metronome = ET.SubElement(ET.SubElement(direction, "direction-type"), "metronome")
    text_element(metronome, "beat-unit", "quarter")
    text_element(metronome, "per-minute", f"{pace:g}")
    ET.SubElement(direction, "sound", tempo=f"{pace:g}")
