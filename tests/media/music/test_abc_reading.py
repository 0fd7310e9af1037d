"""ABC as people write it, and as nobody should: read as far as it goes, with line and column, and nothing is opened."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidError
from app.media.music.abc.abc import MAX_TEXT, read_tune
from app.media.music.notation.checks import checks, incomplete
from app.media.music.notation.pitch import Key, Mode, key_of
from app.media.music.notation.tune import MAX_BARS, metre_of

JIG = """X:1
T:The Test
M:6/8
L:1/8
R:jig
K:G
d/c/ | "G"B/c/dB GBd | "D"e/g/fd e/f/ge | "G"dBG ABc |
(3abc d/e/ B2B |1 G3 G2 :|2 ^G3 G2 || g | fed cBA | G3 G2 |]
"""


def test_bars_have_numbers_lengths_and_places() -> None:
    tune = read_tune(JIG)
    assert [bar.number for bar in tune.bars] == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8]
    assert [bar.length for bar in tune.bars[:3]] == [Fraction(1, 8), Fraction(3, 4), Fraction(3, 4)]
    assert JIG[slice(*tune.bars[1].source)] == '"G"B/c/dB GBd'
    assert JIG[slice(*tune.bars[4].source)] == "(3abc d/e/ B2B"
    assert (tune.title, tune.key, str(tune.metre)) == ("The Test", Key("G"), "6/8")
    assert (tune.faults, incomplete(tune)) == ((), [])
    assert [bar.endings for bar in tune.bars if bar.endings] == [(1,), (2,)]


def test_accidentals_hold_for_their_bar_and_the_signature_for_all() -> None:
    (first, second) = read_tune("M:4/4\nL:1/4\nK:D\n=f F f ^e|f c =c c|]").bars
    assert [note.top.midi for note in first.notes] == [77, 66, 77, 77]
    assert [note.top.midi for note in second.notes] == [78, 73, 72, 72]


@pytest.mark.parametrize(
    ("music", "lengths"),
    [
        ("a>b c<d", [Fraction(3, 16), Fraction(1, 16), Fraction(1, 16), Fraction(3, 16)]),
        ("a3/2b/ c//d3/4", [Fraction(3, 16), Fraction(1, 16), Fraction(1, 32), Fraction(3, 32)]),
        ("(3abc (3:2:2ab/", [Fraction(1, 12)] * 4 + [Fraction(1, 24)]),
        ("[ace]2 z2", [Fraction(1, 4), Fraction(1, 4)]),
        ("[a2c2] x", [Fraction(1, 4), Fraction(1, 8)]),
    ],
)
def test_lengths(music: str, lengths: list[Fraction]) -> None:
    assert [note.duration for note in read_tune(f"M:4/4\nL:1/8\nK:C\n{music}|]").notes] == lengths


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Edor", Key("E", Mode.DORIAN)),
        ("A minor", Key("A", Mode.MINOR)),
        ("F#m clef=treble", Key("F#", Mode.MINOR)),
        ("Bb major", Key("Bb")),
        ("HP", Key("A", Mode.MIXOLYDIAN)),
        ("G clef=bass", Key("G")),
        ("H", None),
        ("G#", None),
    ],
)
def test_keys(name: str, key: Key | None) -> None:
    assert key_of(name) == key


def test_a_fault_has_its_line_and_column_and_reading_goes_on() -> None:
    tune = read_tune("X:1\nM:3/4\nL:1/4\nK:C\nabc|d#ef|g3|]\n")
    (fault,) = tune.faults
    assert (fault.line, fault.column, str(fault)) == (5, 6, "5:6 # cannot be read here.")
    assert len(tune.bars) == 3
    assert not checks(tune).parses


@pytest.mark.parametrize(
    "line",
    [
        "%%abc-include /etc/passwd",
        "%%postscript (/etc/passwd) run",
        "%%beginps",
        "%%format evil.fmt",
        "I:abc-include /etc/passwd",
        "%%beginsvg",
        "%%javascript alert(1)",
    ],
)
def test_directives_that_open_or_run_are_refused_by_name(line: str) -> None:
    tune = read_tune(f"X:1\nM:3/4\nL:1/4\nK:C\nabc|\n{line}\n")
    assert [fault.message for fault in tune.faults] == ["The directive %(name)s is not carried out."]
    assert tune.faults[0].line == 6
    assert "passwd" not in str(tune.bars)


def test_a_directives_block_is_no_music() -> None:
    assert len(read_tune("K:C\n%%begintext\nabc|abc|\n%%endtext\nc4|]\n").bars) == 1


def test_endless_tunes_end() -> None:
    tune = read_tune("M:1/8\nL:1/8\nK:C\n" + "c|" * (MAX_BARS + 500))
    assert len(tune.bars) == MAX_BARS
    assert "10,000 bars" in str(tune.faults[-1])
    with pytest.raises(InvalidError):
        read_tune("c" * (MAX_TEXT + 1))


@pytest.mark.parametrize("length", ["99999", "/0", "/3", "999/7", "/////////////////"])
def test_no_note_lasts_what_no_notation_has(length: str) -> None:
    tune = read_tune(f"L:1/8\nK:C\nc{length} d|]")
    assert tune.faults
    assert [note.duration for note in tune.notes] == [Fraction(1, 8)]


def test_an_empty_text_says_so() -> None:
    for text in ("", "X:1\nT:Nothing\nK:C\n"):
        tune = read_tune(text)
        assert [fault.message for fault in tune.faults] == ["There are no notes."]


def test_only_the_first_tune_and_voice_are_read_and_fields_change_on_the_way() -> None:
    tune = read_tune("X:1\nM:4/4\nL:1/4\nK:C\nV:1\ncdef|\nV:2\nCDEF|\nV:1\n[K:D]fgab|[M:3/4]abc|\nX:2\nK:G\ngggg|\n")
    assert [len(bar.notes) for bar in tune.bars] == [4, 4, 3]
    assert [bar.key.name for bar in tune.bars] == ["C", "D", "D"]
    assert [bar.metre for bar in tune.bars] == [metre_of("4/4"), metre_of("4/4"), metre_of("3/4")]


@given(st.text(alphabet="abcdefgABCDEFG|:[]12345/<>(){}-^_=,'zxZ \n%\"!~XKML&#é", max_size=200))
def test_whatever_is_written_is_read_without_a_crash_and_bars_lie_in_order(text: str) -> None:
    tune = read_tune("X:1\nM:4/4\nL:1/8\nK:C\n" + text)
    places = [bar.source for bar in tune.bars]
    assert all(start < end for start, end in places)
    assert all(one[1] <= other[0] for one, other in pairwise(places))
