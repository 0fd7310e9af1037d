"""Music that was made to cost: as long as a text may be, it is read in the time that its length takes, not its square.

A reader whose time grows with the square of the length would need hours here.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.errors import InvalidError, TooLargeError, UnsupportedError
from app.media.music.abc.abc import MAX_TEXT, read_tune
from app.media.music.abc.bar_writing import bar_text
from app.media.music.abc.staff import MOST_PITCHES
from app.media.music.files.musicxml import musicxml
from app.media.music.files.reading_musicxml import read_musicxml
from app.media.music.notation.pitch import Key, Pitch
from app.media.music.notation.tune import MAX_BARS, Note
from app.media.music.sound.performance import MAX_SOUNDS, performed
from app.media.music.theory.harmony import harmonised
from app.media.music.theory.second_voice import with_second_voice

pytestmark = pytest.mark.timeout(300)
HEAD = "X:1\nT:Much\nM:4/4\nL:1/8\nK:C\n"
REPEATED = [
    "{",
    "{a",
    "[K:",
    "[V:",
    "[V:1]",
    '"',
    "!a",
    "+a",
    "[C",
    "[",
    ":",
    ":|",
    "| |",
    "|\n",
    "K:C\n",
    "~",
    "C>y",
    "(3",
    "&",
    "[1",
]


def long(sign: str, begin: str = HEAD) -> str:
    """`sign` as often as a text may have it."""
    return begin + sign * ((MAX_TEXT - len(begin)) // len(sign))


@pytest.mark.slow  # an attack: twenty texts, each as long as one may be
@pytest.mark.parametrize("sign", REPEATED)
def test_a_sign_a_million_times(sign: str) -> None:
    assert read_tune(long(sign)).source
    assert read_tune(long(sign, f"{HEAD}C|")).bars


def test_a_chord_has_an_end() -> None:
    tune = read_tune(f"{HEAD}[{'CE' * 40}] D|[{'C' * 100_000}|")
    assert [len(note.pitches) for note in tune.notes][:2] == [MOST_PITCHES, 1]
    assert tune.faults[0].message.startswith("A chord may have")


def test_a_broken_rhythm_counts_once() -> None:
    (first, second) = read_tune(f"{HEAD}C>{' >' * 100_000}D|").notes
    assert (first.duration, second.duration) == (Fraction(3, 16), Fraction(1, 16))


def test_numbers_of_a_tuplet_have_an_end() -> None:
    assert read_tune(f"{HEAD}(3:{'1' * 5_000}abc|").faults[0].details["sign"].startswith("(3:1111")


@pytest.mark.slow
def test_bars_without_an_end_of_a_section_become_musicxml_and_get_chords() -> None:
    tune = read_tune(HEAD + "CDEF|" * (MAX_BARS - 1))
    assert musicxml(tune).count(b"<measure ") == len(tune.bars)
    chords = harmonised(tune)
    assert len(read_tune(with_second_voice(tune, chords)).bars) == len(tune.bars)


@pytest.mark.slow
def test_what_would_sound_for_days_is_refused() -> None:
    with pytest.raises(TooLargeError):
        performed(read_tune('M:none\nL:1/1\nK:C\n"C"' + "C256|" * 9_000), chords=True)
    assert len(performed(read_tune(HEAD + "C|" * 9_000))) < MAX_SOUNDS


def test_a_triplet_that_never_comes_out_even() -> None:
    notes = [Note((Pitch(0),), Fraction(0), Fraction(1, 12)), *[Note((Pitch(0),), Fraction(0), Fraction(1, 8))] * 20_000]
    assert bar_text(notes, Key()).count("C") == len(notes)


def test_musicxml_in_whose_lengths_nothing_is_in_common() -> None:
    note = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>{}</duration></note>"
    several = (
        f"<attributes><divisions>{divisions}</divisions></attributes>{note.format(490_000)}"
        for divisions in range(980_000, 999_000)
    )
    score = f'<score-partwise><part id="P1"><measure>{"".join(several)}</measure></part></score-partwise>'
    assert read_musicxml(score.encode())[0].text.count("C") > 10_000  # an eighth, all but a little


def test_musicxml_whose_notes_are_too_short_to_be_written() -> None:
    note = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"
    divided = "<attributes><divisions>999999</divisions></attributes>"
    with pytest.raises(InvalidError, match="no notes"):
        read_musicxml(f'<score-partwise><part id="P1"><measure>{divided}{note}</measure></part></score-partwise>'.encode())


@pytest.mark.parametrize("encoding", ["UTF-111111", "big5", "x" * 300])
def test_a_score_in_an_encoding_that_no_parser_knows_is_told(encoding: str) -> None:
    score = f'<?xml version="1.0" encoding="{encoding}"?><score-partwise version="4.0"></score-partwise>'
    with pytest.raises(UnsupportedError, match="damaged"):
        read_musicxml(score.encode())
