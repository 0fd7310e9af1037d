"""A bar's notes as players write them in ABC: beams, dotted pairs, triplets, and accidentals wherever one could doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from app.media.music.abc.signs import length_text, pitch_text
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Metre, Note

ALTERED = {0: "=", 1: "^", -1: "_", 2: "^^", -2: "__"}
EIGHTH, QUARTER, HALF = Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)
DOTTED, SHORTENED = {">": Fraction(3, 2), "<": HALF}, {">": HALF, "<": Fraction(3, 2)}  # the notes of a broken pair


def bar_text(notes: Sequence[Note], key: Key, metre: Metre | None = None, unit: Fraction = EIGHTH) -> str:
    """A bar's notes in ABC as players write them: beamed by the beat (common time by the half bar), dotted pairs as A>B,
    tuplets in groups. Accidentals are written wherever one could doubt."""
    altered: dict[int, int] = {}  # by step
    doubtful: set[str] = set()  # letters that had an accidental in this bar, in whatever octave
    beams = _beams(notes, metre)
    groups = [*grouped(notes)]
    parts: list[str] = []
    place, half = notes[0].start if notes else Fraction(0), ""
    for at, group in enumerate(groups):
        factor = Fraction(2, 3) if len(group) > 1 or _third(group[0].duration) else Fraction(1)
        if factor != 1:
            parts.append("(3" if len(group) == 3 else f"(3:2:{len(group)}")  # noqa: PLR2004 (three in the time of two)
        broken = "" if half else _broken(group, groups[at + 1] if at + 1 < len(groups) else (), place)
        for note in group:
            lasting = note.duration / (DOTTED[broken] if broken else SHORTENED[half] if half else factor)
            parts.append(_before(note))
            parts.append(_pitched(note, key, altered, doubtful))
            parts.append(length_text(lasting / unit) + ("-" if note.tied else ""))
            place += note.duration
            beat = beams(place - note.duration)
            if broken:
                parts.append(broken)
            elif (place % beat == 0 and place.denominator % 3) or note.duration >= min(beat, QUARTER):
                parts.append(" ")
        half = broken
    return re.sub(" +", " ", "".join(parts)).strip()


def _beams(notes: Sequence[Note], metre: Metre | None) -> Callable[[Fraction], Fraction]:
    """How far notes are beamed that begin at a place: half bars of common time where nothing runs in sixteenths."""
    beat = metre.beat if metre else QUARTER
    if metre is None or metre.length != 1 or metre.beat < QUARTER:
        return lambda _place: beat
    counts = Counter(note.start // HALF for note in notes if note.duration < EIGHTH)
    busy = {half for half, count in counts.items() if count > 3}  # noqa: PLR2004 (a triplet, or two dotted pairs)
    return lambda place: beat if place // HALF in busy else HALF


def _broken(group: Sequence[Note], after: Sequence[Note], place: Fraction) -> str:
    """ ">" or "<" where a note and the next one are a dotted pair of eighths or sixteenths."""
    if len(group) > 1 or len(after) != 1 or group[0].tied or place.denominator % 3 == 0:
        return ""
    first, second = group[0].duration, after[0].duration
    whole = (first + second) / 2
    if whole not in {EIGHTH, EIGHTH / 2} or place % whole or first == second:
        return ""
    return ">" if first == 3 * second else "<" if second == 3 * first else ""


def grouped(notes: Iterable[Note]) -> Iterable[Sequence[Note]]:
    """Notes alone, and those of a triplet together: thirds of a unit until they are whole again."""
    group: list[Note] = []
    length = Fraction(0)
    for note in notes:
        group.append(note)
        length += note.duration
        if not _third(length):
            yield group
            group, length = [], Fraction(0)
    if group:
        yield group


def _third(length: Fraction) -> bool:
    return length.denominator % 3 == 0


def _before(note: Note) -> str:
    graces = "".join(pitch_text(pitch, "") for pitch in note.graces)
    return (f'"{note.chord}"' if note.chord else "") + (f"{{{graces}}}" if graces else "") + "".join(note.decorations)


def _pitched(note: Note, key: Key, altered: dict[int, int], doubtful: set[str]) -> str:
    """The note's letters, with an accidental where the signature and the bar so far do not say it."""
    if note.rest:
        return "z"
    texts = []
    for pitch in note.pitches:
        plain = key.signature[pitch.letter]
        known = altered.get(pitch.step, plain)
        doubt = pitch.letter in doubtful and pitch.step not in altered
        accidental = ALTERED[pitch.alter] if pitch.alter != known or doubt else ""
        if pitch.alter != plain:
            doubtful.add(pitch.letter)
        if accidental:
            altered[pitch.step] = pitch.alter
        texts.append(pitch_text(pitch, accidental))
    return texts[0] if len(texts) == 1 else f"[{''.join(texts)}]"
