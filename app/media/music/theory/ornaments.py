"""Ornaments of traditional players, added by chance: cuts before repeated notes, rolls on long ones. The line stays."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from fractions import Fraction

from app.media.music.abc.signs import pitch_text
from app.media.music.abc.writing import edited
from app.media.music.notation.pitch import Key, Pitch
from app.media.music.notation.tune import Note, Tune

ROLLED = Fraction(3, 8)  # the length of a note from which on it is rolled
CUT = Fraction(1, 8)  # … and cut


def ornamented(tune: Tune, seed: int, share: float = 0.3, bars: Container[int] | None = None) -> str:
    """The source of `tune` with ornaments on about `share` of the notes that take one (in `bars` by place, or anywhere)."""
    chance = random.Random(seed)
    chosen = [
        (note.source[0], ornament)
        for at, bar in enumerate(tune.bars)
        if bars is None or at in bars
        for note, ornament in _possible(bar.notes, bar.key)
        if chance.random() < share
    ]
    return edited(tune.source, [(place, place, ornament) for place, ornament in chosen])


def _possible(notes: tuple[Note, ...], key: Key) -> Iterator[tuple[Note, str]]:
    """Notes without an ornament so far, each with the one that suits it."""
    before: Note | None = None
    for note in notes:
        if not note.rest and not note.graces and not note.decorations and len(note.pitches) == 1:
            if note.duration == ROLLED:
                yield note, "~"
            elif (
                note.duration >= CUT
                and before
                and not before.rest
                and (before.top == note.top or not note.start % Fraction(1, 4))
            ):
                degree, _alteration = key.degree(note.top)
                yield note, "{" + pitch_text(Pitch(key.pitch(degree + 2).step), "") + "}"
        before = note
