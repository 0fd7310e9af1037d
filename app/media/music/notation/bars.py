"""Two bars held against one another: whether they sound the same, in what they differ, how alike they are."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import Literal

from app.media.music.abc.transpose import ROOTS
from app.media.music.notation.numbering import repeats
from app.media.music.notation.pitch import LETTERS, SEMITONES
from app.media.music.notation.tune import Bar, Note

Facet = Literal["pitch", "rhythm", "chords", "ornaments", "repeat"]

BEGINS = re.compile(r"[|:\]\[]:")


def sounding_text(bar: Bar, by: int | None = 0) -> str:
    """What sounds, as a string: lengths, ties and pitches, `by` semitones lower; None: as seen from the first pitch."""
    if by is None:
        by = next((note.top.midi for note in bar.notes if not note.rest), 0)
    return " ".join(f"{note.duration}{'-' if note.tied else ''}:{_pitches(note, by)}" for note in bar.notes)


def facets(one: Bar, other: Bar, by: int, *, opening: bool = True, same: bool = False) -> tuple[Facet, ...]:
    """In what `other`, taken `by` semitones lower, differs from `one`.

    `opening`: a repeat that begins is looked at, too. `same`: they are known to sound the same.
    """
    here, there = [note for note in one.notes if not note.rest], [note for note in other.notes if not note.rest]
    differing: dict[Facet, bool] = {
        "pitch": not same and [_pitches(note, 0) for note in here] != [_pitches(note, by) for note in there],
        "rhythm": not same and [_lasting(note) for note in one.notes] != [_lasting(note) for note in other.notes],
        "chords": _chords(one, 0) != _chords(other, by),
        "ornaments": [_ornaments(note, 0) for note in here] != [_ornaments(note, by) for note in there],
        "repeat": _signs(one, opening) != _signs(other, opening),
    }
    if differing["pitch"] or differing["rhythm"]:  # ornaments of other notes are told with the notes
        differing["ornaments"] = False
    return tuple(name for name, differs in differing.items() if differs)


def begins(bar: Bar) -> bool:
    """Whether a repeat begins before it."""
    return BEGINS.search(bar.opening) is not None


def alike(one: Bar, other: Bar, by: int) -> Fraction:
    """How many of their notes begin at the same place with the same pitch: 0 none, 1 all of them."""
    here, there = (Counter((note.start, _pitches(note, lower)) for note in bar.notes) for bar, lower in ((one, 0), (other, by)))
    total = here.total() + there.total()
    return Fraction(2 * (here & there).total(), total) if total else Fraction(1)


def _signs(bar: Bar, opening: bool) -> tuple[bool, bool, tuple[int, ...]]:
    return repeats(bar), opening and begins(bar), bar.endings


def _pitches(note: Note, by: int) -> str:
    return ",".join(str(midi - by) for midi in sorted(pitch.midi for pitch in note.pitches))


def _lasting(note: Note) -> tuple[Fraction, bool, bool]:
    return note.duration, note.tied, note.rest


def _chords(bar: Bar, by: int) -> list[tuple[Fraction, str]]:
    return [(note.start, ROOTS.sub(lambda root: _root(root[0], by), note.chord)) for note in bar.notes if note.chord]


def _root(name: str, by: int) -> str:
    """A chord's root as a number of semitones above C."""
    alter = {"#": 1, "b": -1}.get(name[1:], 0)
    return str((SEMITONES[LETTERS.index(name[0])] + alter - by) % 12)


def _ornaments(note: Note, by: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    return tuple(pitch.midi - by for pitch in note.graces), note.decorations
