"""Bars replaced in tunes as people write them: whatever stands around the bars stays to the byte, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Verb
from app.engines.music.tunes import ABC, Tunes
from app.media.music.abc.abc import read_tune
from app.media.music.notation.checks import incomplete

NOTES = st.sampled_from(
    ["G2AB", "g/f/e dc", "(3ABc d2", "B>A G2", "[GB]2 A2", "z2 A2", "!trill!A2 ^cB", "{c}B2 A2", '"G"G2 "D7"AB', "~A2 BA"]
)
BETWEEN = st.sampled_from(
    [" | ", "|", "  |  ", " |\n", "|\n% a remark | here\n", " | [K:D] ", "|\nw: la la la\n", " |[L:1/8] ", "|\n%%text x\n"]
)
SIGNS = st.sampled_from([" |", " :|\n|: ", "||\n", "|1 ", ":|2 ", "::"])


@st.composite
def written(draw: st.DrawFn) -> str:
    """A tune in 2/4 by somebody who puts things where they like."""
    head = draw(
        st.sampled_from(
            ["X:1\nT:A | B\nM:2/4\nL:1/8\nK:G\n", "%%scale 1\nX: 1\nM:2/4\nQ:1/4=90 % slow\nL:1/8\nV:1\nK:Em clef=treble\n"]
        )
    )
    text = head + draw(st.sampled_from(["", "D|", "|:", "|: d |"]))
    for _bar in range(draw(st.integers(3, 9))):
        text += draw(NOTES) + draw(st.one_of(BETWEEN, BETWEEN, SIGNS))
    return text + draw(NOTES) + draw(st.sampled_from(["|]\n", ":|", " ||\n% the end\n\nX:2\nK:C\nC4|]\n", "|]\nV:2\nG4|G4|\n"]))


def outside(text: str, spans: list[tuple[int, int]]) -> list[str]:
    at, parts = 0, []
    for start, end in sorted(spans):
        parts.append(text[at:start])
        at = end
    return [*parts, text[at:]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=written(), first=st.integers(0, 5), count=st.integers(0, 4))
def test_what_is_outside_stays_to_the_byte(tunes: Tunes, text: str, first: int, count: int) -> None:
    parent = read_tune(text)
    spans = [span for bar in parent.bars if first <= bar.number <= first + count for span in bar.spans]
    if not spans:
        return
    for content in replaced(tunes, text, (first, first + count)):
        new = content.data.decode()
        assert outside(new, list(content.written)) == outside(text, spans)
        now = read_tune(new)
        assert [bar.number for bar in now.bars] == [bar.number for bar in parent.bars]
        assert len(incomplete(now)) <= len(incomplete(parent))


def replaced(engine: Tunes, text: str, bars: tuple[int, int]) -> list[Content]:
    request = Request(
        Verb.REPLACE, Brief(), engine.Params(), (1, 2), (Parent("replace", text.encode(), ABC, None, None, {}),), bars=bars
    )
    told: dict[int, str] = {}
    made = []
    for part in engine.run(request):
        if isinstance(part, Step):
            for piece in part.pieces:
                for token in piece.tokens:
                    assert token.start == len(told.get(piece.index, ""))
                    told[piece.index] = told.get(piece.index, "") + token.text
        else:
            made.append(part)
    assert all(content.data.decode().startswith(told[content.index]) for content in made)
    return made


TWO_VOICES = """X:1
M:2/4
L:1/8
K:G
V:1
G2 AB | c2
V:2
G,4 | C4 |
V:1
BA | G4 | A4 |]
"""
INLINE = "X:1\nM:2/4\nL:1/8\nK:G\n[V:1] G2 AB | c2 BA | d4 |]\n[V:2] G,4 | C4 | D4 |]\n"
ON_THE_WAY = "X:1\nM:2/4\nL:1/8\nK:G\nG2 AB |\nc2\n% in the middle\n[K:D] BA | G4 |]\n"


@pytest.mark.parametrize(("text", "kept"), [(TWO_VOICES, "V:2\nG,4 | C4 |\nV:1\n"), (ON_THE_WAY, "\n% in the middle\n[K:D] ")])
def test_a_bar_that_goes_over_lines_leaves_what_is_between(tunes: Tunes, text: str, kept: str) -> None:
    assert len(read_tune(text).bars[1].spans) == 2
    for content in replaced(tunes, text, (2, 2)):
        new = content.data.decode()
        assert kept in new
        assert "\n\n" not in new
        assert [bar.length for bar in read_tune(new).bars] == [bar.length for bar in read_tune(text).bars]
        assert read_tune(new).bars[-1].key == read_tune(text).bars[-1].key


def test_only_the_first_voice_is_read_wherever_voices_are_named(tunes: Tunes) -> None:
    assert [len(bar.notes) for bar in read_tune(INLINE).bars] == [3, 3, 1]
    unnamed = "X:1\nM:2/4\nL:1/8\nK:G\nG2 AB | d4 |]\nV:2\nG,4 | D4 |]\n"
    assert [len(bar.notes) for bar in read_tune(unnamed).bars] == [3, 1]
    for content in replaced(tunes, INLINE, (2, 2)):
        assert content.data.decode().endswith(" | d4 |]\n[V:2] G,4 | C4 | D4 |]\n")


def test_chords_stay_and_their_tones_sound_and_a_tie_finds_its_note(tunes: Tunes) -> None:
    text = 'X:1\nM:4/4\nL:1/8\nK:G\nG4 A4- | "D"A4 "G"B4 | "C"c4 "D7"d4 | G8 |]\n'
    for content in replaced(tunes, text, (2, 3)):
        now = read_tune(content.data.decode()).bars
        assert now[1].notes[0].top.letter == "A"  # tied into the bar
        assert [note.chord for bar in now for note in bar.notes if note.chord] == ["D", "G", "C", "D7"]
        tones = {"G": "GBD", "C": "CEG", "D7": "DFAC"}
        for note in [*now[1].notes, *now[2].notes]:
            assert note.chord not in tones or note.top.letter in tones[note.chord]
