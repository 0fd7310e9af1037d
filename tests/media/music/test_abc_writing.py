"""Tunes out of tokens and back, bars replaced in texts that stay, other keys, chords, ornaments."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed
from app.media.music.abc.writing import Sheet, header, selected, with_bars, with_chords
from app.media.music.grammar.gaps import Gap, Slot
from app.media.music.grammar.grammar import WholeTune
from app.media.music.grammar.tokens import EIGHTH, END, EOS, METRES, TokenBar, UnfitError, join_bars, notes_of, split, tokens_of
from app.media.music.notation.checks import apart, checks, contour, ends_at_home, incomplete
from app.media.music.notation.pitch import Key, Mode
from app.media.music.notation.tune import metre_of
from app.media.music.theory.harmony import harmonised, symbol_pitches
from app.media.music.theory.novelty import Known
from app.media.music.theory.ornaments import ornamented
from tests.media.music.test_abc_reading import JIG


def sheet_of(bars: list[TokenBar], key: Key, metre: str) -> str:
    found = metre_of(metre)
    assert found
    sheet = Sheet(key, found, header("Made", "jig", metre, key))
    *inner, closing = bars
    for bar in inner:
        sheet.bar(bar.opening, notes_of(bar.body, key))
    sheet.finish(closing.opening)
    return sheet.text


def drawn(metre: str, seed: int, bars: int = 16) -> list[str]:
    """A tune that chance alone writes within the grammar, lengths favoured so that bars do not fall to dust."""
    length = metre_of(metre)
    assert length
    chance, grammar, tokens = random.Random(seed), WholeTune(length.length / EIGHTH, bars), []
    while len(tokens) < 5000:
        allowed = sorted(grammar.allowed())
        assert allowed, tokens[-20:]
        token = (
            chance.choice([one for one in allowed if one[0] != "n"] or allowed)
            if chance.random() < 0.5
            else chance.choice(allowed)
        )
        if token == EOS:
            return tokens
        grammar.feed(token)
        tokens.append(token)
    raise AssertionError("it never ended")


@pytest.mark.parametrize("metre", METRES)
@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_drawn_bars_are_whole_repeats_close_and_the_end_is_home(metre: str, seed: int) -> None:
    tokens = drawn(metre, seed)
    for key in (Key("G"), Key("F#", Mode.MINOR)):
        text = sheet_of(split(tokens), key, metre)
        tune = read_tune(text)
        assert checks(tune, metre=metre_of(metre)).parses, (text, tune.faults)
        assert incomplete(tune) == [], text
        assert ends_at_home(tune), text
        assert join_bars(tokens_of(tune)) == tokens
    opened = 0
    for token in tokens:
        assert not (opened and token == "|:"), tokens  # noqa: S105 (a bar line)
        opened = 1 if token in {"|:", "::"} else 0 if token in {":|", "||"} else opened
    assert tokens.count("[1") == tokens.count("[2")
    counted = sum(1 for bar in tune.bars if bar.number > 0) - sum(1 for bar in tune.bars if 2 in bar.endings)
    assert counted >= 16


@pytest.mark.parametrize("seed", range(8))
def test_a_gap_is_filled_with_bars_of_the_lengths_asked_for(seed: int) -> None:
    chance = random.Random(seed)
    slots = [
        Slot(("|",), Fraction(6), {Fraction(0): {"n4"}, Fraction(3): {"n2", "n0"}}),
        Slot((":|",), Fraction(5)),
        Slot(("|",), Fraction(1)),
        Slot(("|", "[1"), Fraction(6), home=True),
    ]
    grammar, tokens = Gap(slots), []
    while True:
        token = chance.choice(sorted(grammar.allowed()))
        if token == END:
            break
        grammar.feed(token)
        tokens.append(token)
    bars = split(tokens)
    assert [bar.length for bar in bars] == [6, 5, 1, 6]
    assert [bar.opening for bar in bars] == [(), (":|",), ("|",), ("|", "[1")]
    assert bars[0].body[0] == "n4"


def test_replaced_bars_leave_every_other_byte() -> None:
    source = JIG.replace("\n(3abc", "% a remark | with a bar line\r\nw: la la\n(3abc") + "%%text after\n\nX:2\nK:C\nc4|]\n"
    tune = read_tune(source)
    for first in range(9):
        for last in range(first, 9):
            places = selected(tune, first, last)
            new = with_bars(tune, {at: read_tune("L:1/8\nK:G\nG2 A^B|]").bars[0].notes for at in places})
            pieces, at = [], 0
            for place in places:
                start, end = tune.bars[place].source
                pieces.append(source[at:start])
                at = end
            rest = new
            for piece in [*pieces, source[at:]]:
                found = rest.find(piece)
                assert found >= 0, (first, last, piece)
                rest = rest[found + len(piece) :]
            assert new.startswith(pieces[0] if pieces else source)
            assert new.endswith(source[at:])


@pytest.mark.parametrize("semitones", range(-12, 13))
def test_transposed_is_the_same_tune_elsewhere_and_back_again(semitones: int) -> None:
    source = with_chords(read_tune(JIG), harmonised(read_tune(JIG)))
    there = read_tune(transposed(read_tune(source), semitones))
    assert not there.faults
    assert [n.top.midi for n in there.sounding] == [n.top.midi + semitones for n in read_tune(source).sounding]
    assert there.key.pitch_class == (read_tune(source).key.pitch_class + semitones) % 12
    assert transposed(there, -semitones) == source
    for own, other in zip(read_tune(source).sounding, there.sounding, strict=True):
        moved = {(pitch + semitones) % 12 for pitch in symbol_pitches(own.chord)}
        assert moved == {pitch % 12 for pitch in symbol_pitches(other.chord)}


def test_chords_fit_and_replace_those_that_were_there() -> None:
    tune = read_tune("M:4/4\nL:1/4\nK:C\nC E G c|F A c A|G B d B|C E c2|]")
    chords = harmonised(tune)
    assert [chords[at, Fraction(0)] for at in range(3)] == ["C", "F", "G"]
    text = with_chords(tune, chords)
    assert with_chords(read_tune(text), chords) == text
    assert harmonised(tune, 1) == harmonised(tune, 1)
    assert len({tuple(harmonised(read_tune(JIG), seed).values()) for seed in range(12)}) > 1


def test_ornaments_leave_line_and_lengths() -> None:
    tune = read_tune(JIG)
    text = ornamented(tune, 3, share=1.0)
    assert text != JIG
    assert [(n.pitches, n.duration) for n in read_tune(text).sounding] == [(n.pitches, n.duration) for n in tune.sounding]
    assert not read_tune(text).faults
    assert apart(contour(read_tune(text)), contour(tune)) == 0
    assert apart(contour(read_tune("L:1/4\nK:C\nCDEFGABc|]")), contour(read_tune("L:1/4\nK:C\ncBAGFEDC|]"))) > 0.4


def test_what_no_token_stands_for_is_named() -> None:
    for music, word in (("c7/8", "duration"), ("c''''", "range")):
        with pytest.raises(UnfitError, match=word):
            tokens_of(read_tune(f"L:1/8\nM:4/4\nK:C\n{music} d|]"))
        assert tokens_of(read_tune(f"L:1/8\nM:4/4\nK:C\n{music} d|]"), tolerant=True)


def test_grace_notes_go_along() -> None:
    source = "X:1\nL:1/8\nK:D\n{A}d2 {/^gf}f2 ~e4 |]\n"
    assert transposed(read_tune(source), 2).splitlines()[-1] == "{B}e2 {/^ag}g2 ~f4 |]"


def test_novelty_hears_through_transposition_and_finds_the_longest_run() -> None:
    tune, other = read_tune(JIG), read_tune(sheet_of(split(drawn("6/8", 3)), Key("D"), "6/8"))
    known = Known.of([other, tune])
    same = known.longest(read_tune(transposed(tune, 5)))
    assert (same.title, same.notes, same.start) == ("The Test", len(tune.sounding), 0)
    assert same.bars > 7
    changed = JIG.replace("e/f/ge |", "c/A/FA |")
    run = known.longest(read_tune(changed))
    assert (run.title, run.notes) == ("The Test", 26)
    assert Known.of([other]).longest(tune).notes < 10
    assert Known.of([]).longest(tune).notes == 0


def test_the_index_finds_what_a_search_of_every_pair_finds() -> None:
    chance = random.Random(4)
    tunes = [read_tune("M:4/4\nL:1/8\nK:C\n" + "".join(chance.choice("ce") for _ in range(80)) + "|]") for _ in range(4)]
    known = Known.of(tunes[1:])
    mine = [note.top.midi for note in tunes[0].sounding]
    best = 0
    for tune in tunes[1:]:
        its = [note.top.midi for note in tune.sounding]
        for a in range(len(mine)):
            for b in range(len(its)):
                size = 0
                while (
                    a + size + 1 < len(mine)
                    and b + size + 1 < len(its)
                    and mine[a + size + 1] - mine[a] == its[b + size + 1] - its[b]
                ):
                    size += 1
                best = max(best, size + 1 if size else 0)
    assert best > 7
    assert known.longest(tunes[0]).notes == best
