"""A tune as it is heard: repeats played, ties held, graces before their notes. Times in whole notes, then in seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.errors import TooLargeError, _
from app.media.music.notation.numbering import ends_section, repeats
from app.media.music.notation.tune import Bar, Metre, Tune
from app.media.music.sound.accompaniment import accompaniment

TEMPO = re.compile(r"(?:(\d{1,2})/(\d{1,3})\s*=\s*)?(\d{1,3}(?:\.\d+)?)\s*$")
BEATS_A_MINUTE = (20.0, 400.0)
QUARTERS_A_MINUTE = 120.0  # where a tune says nothing
GRACE = Fraction(1, 32)
MAX_PLAYED = 20_000  # bars, repeats included
MAX_SOUNDS = 250_000  # notes, repeats and chords included
STRONG, WEAK = 96, 80  # MIDI velocities


@dataclass(frozen=True, slots=True)
class Sound:
    """A note that sounds: when and how long (in whole notes), which (MIDI) and how strongly (1 to 127)."""

    start: Fraction
    duration: Fraction
    pitch: int
    velocity: int
    voice: int = 0  # 0 the tune, 1 the chords


def order(bars: Sequence[Bar]) -> list[int]:
    """The places of `bars` in the order in which they are played, every repeat once and every ending in its turn."""
    played: list[int] = []
    at, start, turn = 0, 0, 1
    ending: tuple[int, ...] = ()
    while at < len(bars) and len(played) < MAX_PLAYED:
        bar = bars[at]
        if at == start or bar.opening.endswith(":"):
            start, turn = (at, turn if at == start else 1)
            ending = ()
        ending = bar.endings or ending
        if ending and turn not in ending:
            at += 1
            if at < len(bars) and ends_section(bars[at - 1]) and not bars[at].endings:
                ending = ()
            continue
        played.append(at)
        if repeats(bar) and turn < max(2, len(ending) + 1 if ending else 2):
            turn, at, ending = turn + 1, start, ()
            continue
        if ends_section(bar) and not (repeats(bar) and at + 1 < len(bars) and bars[at + 1].endings):
            start, turn, ending = at + 1, 1, ()
        at += 1
    return played


def performed(tune: Tune, *, chords: bool = False, transposed: int = 0) -> list[Sound]:
    """What sounds, in order; `transposed` in semitones. Chord symbols sound too with `chords`.

    Raises TooLargeError for a tune of more than MAX_SOUNDS, repeats and chords counted.
    """
    found: list[Sound] = []
    place = Fraction(0)
    held = False
    played: list[tuple[Fraction, Bar]] = []
    for at in order(tune.bars):
        bar = tune.bars[at]
        played.append((place, bar))
        for note in bar.notes:
            start = place + note.start
            if note.rest:
                held = False
                continue
            steal = min(GRACE, note.duration / (2 * len(note.graces))) if note.graces else Fraction(0)
            for number, grace in enumerate(note.graces):
                found.append(Sound(start + number * steal, steal, grace.midi + transposed, WEAK))
            late = steal * len(note.graces)
            for pitch in note.pitches:
                sound = Sound(start + late, note.duration - late, pitch.midi + transposed, STRONG if not note.start else WEAK)
                if held and found and found[-1].pitch == sound.pitch and len(note.pitches) == 1:
                    last = found.pop()
                    sound = Sound(last.start, last.duration + note.duration, last.pitch, last.velocity)
                found.append(sound)
            held = note.tied
        place += bar.length
        if len(found) > MAX_SOUNDS:
            raise _too_many()
    for one in accompaniment(played) if chords else ():
        found.append(Sound(one.start, one.duration, one.pitch + transposed, one.velocity, 1))
        if len(found) > MAX_SOUNDS:
            raise _too_many()
    return sorted(found, key=lambda sound: (sound.start, sound.pitch))


def _too_many() -> TooLargeError:
    said = _("This tune is too long to be played: with its repeats and chords it has more than %(most)s notes.")
    return TooLargeError(said, most=f"{MAX_SOUNDS:,}")


def quarters_a_minute(text: str, metre: Metre | None = None, tempo: float | None = None) -> float:
    """The tempo that a field Q: names, in quarter notes a minute; a bare number counts the metre's beats.

    `tempo` is what somebody wants instead, in the beats that Q: counts.
    """
    found = TEMPO.search(text.strip())
    beat = metre.beat if metre else Fraction(1, 4)
    if found and found[1] and int(found[2]):
        beat = Fraction(int(found[1]), int(found[2]))
    pace = tempo or (float(found[3]) if found else None)
    if pace is None:
        return QUARTERS_A_MINUTE
    low, high = BEATS_A_MINUTE
    return min(high, max(low, pace * float(beat) * 4))
