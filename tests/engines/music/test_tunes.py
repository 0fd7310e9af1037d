"""What an artist asks of the engine of tunes: from the brief, on with a tune, some bars anew, near and far, two in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.music.tunes import ABC, Tunes
from app.errors import EngineError
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import METRES, tokens_of
from app.media.music.notation.checks import incomplete
from app.media.music.notation.pitch import Key, Mode

JIG = """X:1
T:The Parent
M:6/8
L:1/8
R:jig
K:G
% a remark | that stays
d | BAB GBd | efg dBG | ABA ABd | BAG E2D |
BAB GBd | efg dBG |1 ABA Bcd | G3 G2 :|2 AGF Bcd | G3 G2 ||
e | def gfe | dBd g2e | def gfe | dBA A2 e | def gfe | dBd g2a | bag agf | G3 G2 |]
w: la la la
"""
WALTZ = "X:1\nT:Other\nM:3/4\nL:1/4\nK:Am\nA2B|c2d|e2d|c2B|A2G|E2G|A2B|A3|]\n"


def run(
    engine: Tunes, verb: Verb, *parents: str, brief: str = "", seeds: tuple[int, ...] = (1, 2), **rest: Any
) -> list[Content]:
    """What the engine makes; what it tells on the way is a beginning of that, and only ever grows."""
    given = tuple(Parent(verb, text.encode(), ABC, None, None, {}) for text in parents)
    params = engine.Params.model_validate(rest.pop("params", {}))
    told: dict[int, str] = {}
    made = []
    for part in engine.run(Request(verb, Brief(intent=brief), params, seeds, given, **rest)):
        if isinstance(part, Step):
            assert 0 <= part.number <= part.total
            for piece in part.pieces:
                for token in piece.tokens:
                    assert token.start == len(told.get(piece.index, ""))
                    told[piece.index] = told.get(piece.index, "") + token.text
        else:
            made.append(part)
    assert [content.index for content in made] == list(range(len(seeds)))
    for content in made:
        if not params.chords:
            assert content.data.decode().startswith(told.get(content.index, ""))
        assert content.media_type == ABC
        assert all(content.data.decode()[token.start : token.end] == token.text for token in content.tokens)
    return made


def sound(content: Content) -> None:
    """Every bar of it comes out even, and nothing in it cannot be read."""
    tune = read_tune(content.data.decode())
    assert (tune.faults, incomplete(tune)) == ((), []), content.data.decode()
    assert content.facts["checks"]["parses"]
    assert content.facts["checks"]["bars_complete"]


@pytest.mark.parametrize("metre", METRES)
def test_whatever_the_model_says_bars_are_whole_and_the_end_is_home(tunes: Tunes, metre: str) -> None:
    for content in run(tunes, Verb.CREATE, params={"metre": metre, "bars": 8, "tonic": "Eb", "mode": "mix"}):
        sound(content)
        tune = read_tune(content.data.decode())
        assert (str(tune.metre), tune.key) == (metre, Key("Eb", Mode.MIXOLYDIAN))
        assert content.facts["ends_at_home"]
        assert content.facts["checks"]["metre"] is True


def test_the_same_request_gives_the_same_tune_and_a_variant_depends_on_its_seed_alone(tunes: Tunes) -> None:
    first = run(tunes, Verb.CREATE, brief="a merry jig", seeds=(4, 5, 6), params={"bars": 4})
    again = run(tunes, Verb.CREATE, brief="a merry jig", seeds=(4, 5, 6), params={"bars": 4})
    alone = run(tunes, Verb.CREATE, brief="a merry jig", seeds=(5,), params={"bars": 4})
    assert [content.data for content in first] == [content.data for content in again]
    assert alone[0].data == first[1].data
    assert len({content.data for content in first}) == 3
    assert [content.seed for content in first] == [4, 5, 6]


def test_the_first_bars_come_before_the_last(tunes: Tunes) -> None:
    request = Request(Verb.CREATE, Brief(), tunes.Params(bars=16), (1,))
    parts = [part for part in tunes.run(request) if isinstance(part, Step)]
    assert len(parts) >= 5  # the fields, then every phrase of four bars
    assert len(read_tune("".join(token.text for part in parts[:2] for token in part.pieces[0].tokens)).bars) >= 4
    assert parts[0].pieces[0].tokens[0].text.startswith("X:1\n")
    assert [part.number for part in parts] == sorted(part.number for part in parts)


def outside(text: str, kept: list[str]) -> None:
    """All of `kept` stands in `text`, in order, with at most a bar between."""
    for piece in kept:
        found = text.find(piece)
        assert 0 <= found < 120, (piece, text)
        text = text[found + len(piece) :]


@pytest.mark.parametrize("bars", [(0, 0), (1, 1), (5, 8), (7, 9), (9, 16), (15, 40)])
def test_replaced_bars_are_whole_and_every_other_byte_stays(tunes: Tunes, bars: tuple[int, int]) -> None:
    parent = read_tune(JIG)
    chosen = [bar for bar in parent.bars if bars[0] <= bar.number <= bars[1]]
    for content in run(tunes, Verb.REPLACE, JIG, bars=bars):
        text = content.data.decode()
        sound(content)
        assert len(content.written) == len(chosen)
        kept, place = [], 0
        for bar in chosen:
            kept.append(JIG[place : bar.source[0]])
            place = bar.source[1]
        kept.append(JIG[place:])
        now, rebuilt = 0, []
        for start, end in content.written:
            rebuilt.append(text[now:start])
            now = end
        assert [*rebuilt, text[now:]] == kept
        assert [bar.length for bar in read_tune(text).bars] == [bar.length for bar in parent.bars]


def test_there_must_be_bars_to_replace(tunes: Tunes) -> None:
    with pytest.raises(EngineError, match="no bars 40 to 50"):
        run(tunes, Verb.REPLACE, JIG, bars=(40, 50))
    with pytest.raises(EngineError, match="which bars"):
        run(tunes, Verb.REPLACE, JIG)


def test_a_subtle_variation_keeps_the_notes_on_the_beats(tunes: Tunes) -> None:
    for content in run(tunes, Verb.VARY, JIG, strength=Strength.SUBTLE, seeds=(1, 2, 3)):
        sound(content)
        now = read_tune(content.data.decode())
        assert content.data.decode() != JIG
        for old, new in zip(read_tune(JIG).bars, now.bars, strict=True):
            beats = {note.start: note.top for note in old.notes if note.start % now.metre.beat == 0}  # type: ignore[union-attr]  # a jig has a metre
            assert beats.items() <= {note.start: note.top for note in new.notes if not note.rest}.items()


def test_a_strong_variation_changes_more_and_equal_bars_stay_equal(tunes: Tunes) -> None:
    changed: dict[Strength, int] = {}
    for strength in Strength:
        made = run(tunes, Verb.VARY, JIG, strength=strength, seeds=(1, 2, 3))
        changed[strength] = sum(content.facts["bars_changed"] for content in made)
        for content in made:
            sound(content)
            if strength is Strength.STRONG:
                was, now = (tokens_of(read_tune(text), tolerant=True) for text in (JIG, content.data.decode()))
                assert len(was) == len(now)
                for one in range(len(was)):
                    for other in range(one):
                        if was[one].body == was[other].body:
                            assert now[one].body == now[other].body
    assert changed[Strength.SUBTLE] < changed[Strength.STRONG]


def test_a_tune_goes_on_after_its_end(tunes: Tunes) -> None:
    for content in run(tunes, Verb.CONTINUE, JIG, params={"more": 8}):
        text = content.data.decode()
        assert text.startswith(JIG[: JIG.index(" |]")] + " ||\n")
        assert text.endswith("w: la la la\n")
        assert len(read_tune(text).bars) >= len(read_tune(JIG).bars) + 8
        sound(content)


def test_a_blend_has_the_rhythm_of_one_and_the_line_of_the_other(tunes: Tunes) -> None:
    for content in run(tunes, Verb.BLEND, JIG, WALTZ):
        sound(content)
        made, parent = read_tune(content.data.decode()), read_tune(JIG)
        assert [n.duration for n in made.notes] == [n.duration for n in parent.notes]
        assert made.key == parent.key
    with pytest.raises(EngineError, match="two tunes"):
        run(tunes, Verb.BLEND, JIG)


def test_transposed_and_harmonised(tunes: Tunes) -> None:
    (up,) = run(tunes, Verb.TRANSPOSE, JIG, seeds=(1,), semitones=2)
    assert (read_tune(up.data.decode()).key, up.seed) == (Key("A"), None)
    assert "% a remark | that stays" in up.data.decode()
    made = run(tunes, Verb.HARMONISE, JIG, seeds=(1, 2, 3))
    for content in made:
        sound(content)
        text = content.data.decode()
        assert '"G"' in text
        chords = [note.chord for note in read_tune(text).notes if note.chord]
        assert len(chords) > 8
        bare = text
        for chord in set(chords):
            bare = bare.replace(f'"{chord}"', "")
        assert bare == JIG


def test_harmonised_in_a_second_voice(tunes: Tunes) -> None:
    melody = [note.top for note in read_tune(JIG).notes]
    for harmony in ("voice", "both"):
        for content in run(tunes, Verb.HARMONISE, JIG, params={"harmony": harmony}):
            sound(content)
            now = read_tune(content.data.decode())
            assert [note.top for note in now.notes] == melody
            assert sum(len(note.pitches) == 2 for note in now.notes) > 0.8 * len(melody)
            assert bool(now.chord_sources) == (harmony == "both")


def test_refined_in_its_metre_or_in_another(tunes: Tunes) -> None:
    (same,) = run(tunes, Verb.REFINE, JIG, brief="a dark jig in E dorian", seeds=(1,))
    assert read_tune(same.data.decode()).key == Key("E", Mode.DORIAN)
    sound(same)
    (other,) = run(tunes, Verb.REFINE, JIG, brief="a waltz in D major, 8 bars", seeds=(1,))
    assert (str(read_tune(other.data.decode()).metre), read_tune(other.data.decode()).key) == ("3/4", Key("D"))
    sound(other)


def test_a_title_that_is_there_is_never_the_intent(tunes: Tunes) -> None:
    """Whatever is asked of a tune, it is called what it was called; a tune without a title is called by the intent."""
    verbs = tunes.verbs - {Verb.CREATE, Verb.REROLL}
    more: dict[Verb, dict[str, Any]] = {Verb.REPLACE: {"bars": (1, 2)}, Verb.TRANSPOSE: {"semitones": 2}}
    title = read_tune(JIG).title
    assert title
    for verb in verbs:
        given = (JIG, JIG) if verb is Verb.BLEND else (JIG,)
        for content in run(tunes, verb, *given, brief="another name, a jig", seeds=(1,), **more.get(verb, {})):
            assert read_tune(content.data.decode()).title == title, verb
    bare = JIG.replace(f"T:{title}\n", "")
    (named,) = run(tunes, Verb.REFINE, bare, brief="another name, a waltz", seeds=(1,))
    assert read_tune(named.data.decode()).title == "another name, a waltz"


def test_stopped_tunes_are_still_tunes(tunes: Tunes) -> None:
    stopped: set[int] = set()
    request = Request(Verb.CREATE, Brief(), tunes.Params(bars=32), (1, 2), stopped=stopped)
    made = []
    for part in tunes.run(request):
        if isinstance(part, Step) and part.number >= 6:
            stopped.add(0)
        elif isinstance(part, Content):
            made.append(part)
    assert [content.facts["ended"] for content in made] == ["stopped", "end"]
    sound(made[1])
    assert not read_tune(made[0].data.decode()).faults
    assert len(made[0].data) < len(made[1].data)


@pytest.mark.parametrize("text", ["", "X:1\nK:C\n", "X:1\nM:5/4\nL:1/4\nK:C\ncdefg|]\n"])
def test_what_is_no_tune_or_in_an_unknown_metre_is_said(tunes: Tunes, text: str) -> None:
    with pytest.raises(EngineError):
        run(tunes, Verb.VARY, text)
    with pytest.raises(EngineError, match="no tune"):
        run(tunes, Verb.VARY)


def test_without_weights_it_says_so(tmp_path: Path) -> None:
    engine = Tunes(tmp_path)
    assert "cannot be used" in (engine.unready() or "")
    with pytest.raises(EngineError, match="cannot be used"):
        engine.load("cpu")
