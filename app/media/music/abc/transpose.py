"""A tune in another key: notes, keys and chord symbols change where they stand, everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.media.music.abc.signs import ONE_PITCH, SIGN, pitch_text, plain_pitch
from app.media.music.abc.writing import edited
from app.media.music.notation.pitch import LETTERS, Key, Pitch
from app.media.music.notation.tune import Bar, Tune

ACCIDENTALS = {2: "^^", 1: "^", 0: "=", -1: "_", -2: "__"}
ROOTS = re.compile(r"(?<![A-Za-z])([A-G])(#|b)?")
MOST = 36  # semitones either way


def transposed(tune: Tune, semitones: int) -> str:
    """The source of `tune`, `semitones` higher (at most three octaves either way: ValueError)."""
    if abs(semitones) > MOST:
        raise ValueError(semitones)
    return edited(tune.source, _edits(tune, semitones))


def _edits(tune: Tune, semitones: int) -> Iterator[tuple[int, int, str]]:
    if tune.key_source:
        yield (*tune.key_source, tune.key.moved(semitones)[0].tonic)
    for start, end, key in tune.inline_keys:
        yield start, end, key.moved(semitones)[0].tonic
    for start, end in tune.chord_sources:
        yield start, end, ROOTS.sub(lambda root: _root(root[0], tune.key, semitones), tune.source[start:end])
    for bar in tune.bars:
        new, letters = bar.key.moved(semitones)
        for note in bar.notes:
            if note.pitches:
                start, end = note.source
                text = tune.source[start:end]
                yield start, end, ONE_PITCH.sub(lambda one: _moved(one[0], bar.key, new, letters), text)  # noqa: B023 (used at once)
        for start, end in _graces(tune, bar):
            text = tune.source[start:end]
            yield start, end, ONE_PITCH.sub(lambda one: _moved(one[0], bar.key, new, letters), text)  # noqa: B023 (used at once)


def _graces(tune: Tune, bar: Bar) -> Iterator[tuple[int, int]]:
    """Where a bar's grace notes stand, with their braces."""
    if any(note.graces for note in bar.notes):
        yield from (sign.span() for sign in SIGN.finditer(tune.source, *bar.source) if sign["grace"])


def _moved(text: str, key: Key, new: Key, letters: int) -> str:
    """One written pitch. Its accidental is as far from the new signature as it was from the old one."""
    accidental, step = plain_pitch(text)
    if accidental is None:
        return pitch_text(Pitch(step + letters), "")
    away = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}[accidental] - key.signature[LETTERS[step % 7]]
    alter = new.signature[LETTERS[(step + letters) % 7]] + away
    return pitch_text(Pitch(step + letters), ACCIDENTALS[max(-2, min(2, alter))])


def _root(name: str, key: Key, semitones: int) -> str:
    """A chord's root: as many letters and semitones higher as the key."""
    new, letters = key.moved(semitones)
    alter = {"#": 1, "b": -1}.get(name[1:], 0) - key.signature[name[0]]
    step = LETTERS.index(name[0]) + letters
    alter += new.signature[LETTERS[step % 7]]
    return LETTERS[step % 7] + ("#" * alter if alter > 0 else "b" * -alter)
