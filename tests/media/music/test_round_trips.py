"""Sixty scores, each made from a seed: out as MusicXML, .mxl, MIDI and ABC and in again, and music21 hears the same."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from app.media.music.abc.abc import read_tune
from app.media.music.files import reading_midi, reading_musicxml
from app.media.music.files.files import Played, tune_file, without_recipe
from app.media.music.files.midi import midi
from app.media.music.files.musicxml import musicxml
from app.media.music.files.notating import tunes
from app.media.music.notation.tune import Tune
from tests.attacks.samples import mxl

read_midi, read_musicxml = reading_midi.read_midi.here, reading_musicxml.read_musicxml.here
SEEDS = range(15)
Heard = list[tuple[tuple[int, ...], Fraction]]


def tune(seed: int) -> str:
    """A tune with chords, ties, triplets, accidentals, rests, signs and words, in some key and metre."""
    chance = random.Random(f"score {seed}")
    key = chance.choice(["C", "G", "Dm", "F#m", "Bb", "EDor", "AMix", "Eb"])
    metre, eighths = chance.choice([("4/4", 8), ("3/4", 6), ("6/8", 6), ("2/4", 4), ("5/4", 10)])
    bars, sung = [], 0
    for _bar in range(chance.randint(4, 9)):
        left, parts = eighths, []
        while left:
            symbol = chance.choice(["", "", "", '"C"', '"Am7"'])
            if left >= 2 and chance.random() < 0.2:
                parts.append(symbol + "(3" + "".join(chance.choice("CDEFGABcdef") for _note in range(3)))
                left -= 2
                sung += 3
                continue
            length = chance.choice([one for one in (1, 1, 2, 3, 4) if one <= left])
            note = chance.choice(["C", "D", "^F", "_B", "G", "=A", "c", "e'", "[CEG]", "[DA]", "z", ".d", "!accent!f", "A,"])
            sung += note != "z"
            parts.append(f"{symbol}{note}{length if length > 1 else ''}")
            left -= length
        bars.append(" ".join(parts))
    if chance.random() < 0.5:
        bars[0] += "-" if not bars[0].split()[-1].endswith("z") and "(3" not in bars[0].split()[-1] else ""
    words = (
        "\nw:" + " ".join(chance.choice(["la", "风", "hal-le", "o"]) for _note in range(min(sung, 6))) if seed % 3 == 0 else ""
    )
    return f"X:1\nT:Score {seed} 曲\nC:Somebody é\nM:{metre}\nL:1/8\nQ:1/4={60 + seed}\nK:{key}\n{' | '.join(bars)} |]{words}\n"


def heard(found: Tune) -> Heard:
    """Pitches and lengths, tied notes as one."""
    out: Heard = []
    tied = False
    for note in found.notes:
        pitches = tuple(sorted(pitch.midi for pitch in note.pitches))
        if tied and out and out[-1][0] == pitches:
            out[-1] = (pitches, out[-1][1] + note.duration)
        elif out and not pitches and not out[-1][0]:
            out[-1] = ((), out[-1][1] + note.duration)
        else:
            out.append((pitches, note.duration))
        tied = note.tied
    return out


@pytest.mark.parametrize("packed", [False, True], ids=["musicxml", "mxl"])
@pytest.mark.parametrize("seed", SEEDS)
def test_musicxml_goes_out_and_comes_back(seed: int, packed: bool) -> None:
    first = read_tune(tune(seed))
    assert not first.faults
    data = musicxml(first)
    found, _recipe = read_musicxml(mxl(data) if packed else data)
    back = read_tune(found.text)
    assert heard(back) == heard(first)
    assert (back.title, back.fields["C"], back.key, back.metre) == (first.title, first.fields["C"], first.key, first.metre)
    assert [note.chord for note in back.notes if note.chord] == [note.chord for note in first.notes if note.chord]
    words = [[note.lyrics for note in one.notes if any(note.lyrics)] for one in (first, back)]
    assert words[0] == words[1]
    signs = [sorted(sign for note in one.notes for sign in note.decorations) for one in (first, back)]
    assert signs[0] == signs[1]
    assert found.simplified == []


@pytest.mark.parametrize("seed", SEEDS)
def test_midi_goes_out_and_comes_back(seed: int) -> None:
    first = read_tune(tune(seed))
    found = read_midi(midi(first, chords=False))
    sounds = [pitches for pitches, _length in heard(first) if pitches]
    assert [pitches for pitches, _length in heard(read_tune(found.text)) if pitches] == sounds
    assert (read_tune(found.text).title, read_tune(found.text).metre) == (first.title, first.metre)


@pytest.mark.parametrize("seed", SEEDS)
def test_abc_goes_out_with_its_recipe_and_comes_back_as_it_was(seed: int) -> None:
    text = tune(seed)
    made = tune_file(text, "abc", Played(), recipe={"stemma": 1, "seed": seed}).decode()
    back, recipe = without_recipe(made)
    assert (back, recipe) == (text, {"stemma": 1, "seed": seed})
    [found] = tunes(text)
    assert (found.text, found.simplified) == (text, [])


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_music21_hears_the_same(seed: int) -> None:
    music21 = pytest.importorskip("music21")
    first = read_tune(tune(seed))
    score = music21.converter.parseData(musicxml(first).decode(), format="musicxml").stripTies()
    notes = [one for one in score.recurse().notes if not isinstance(one, music21.harmony.ChordSymbol)]
    said = [
        (tuple(sorted(pitch.midi for pitch in one.pitches)), Fraction(one.quarterLength).limit_denominator(96) / 4)
        for one in notes
    ]
    assert said == [one for one in heard(first) if one[0]]
