"""A second voice: under every note of the tune, in its chords, and nothing else of the text changes."""

from __future__ import annotations

from app.media.music.abc.abc import read_tune
from app.media.music.theory.harmony import chord_tones, harmonised
from app.media.music.theory.second_voice import with_second_voice
from tests.media.music.test_abc_reading import JIG

TUNE = "X:1\nM:4/4\nL:1/8\nK:G\nd|G2 B>d g2 (3fed|{c}B2 ^cA d4-|d2 [CA]2 z2 A,2|G8|]\n% the end\n"


def test_it_lies_under_the_tune_and_the_tune_stays() -> None:
    for source in (TUNE, JIG):
        tune = read_tune(source)
        text = with_second_voice(tune, harmonised(tune))
        now = read_tune(text)
        assert now.faults == tune.faults
        assert [(n.duration, n.tied, n.rest or n.top, n.graces, n.start) for n in now.notes] == [
            (n.duration, n.tied, n.rest or n.top, n.graces, n.start) for n in tune.notes
        ]
        doubled = [(new, old) for new, old in zip(now.notes, tune.notes, strict=True) if len(new.pitches) > len(old.pitches)]
        assert len(doubled) > 0.8 * len([note for note in tune.notes if len(note.pitches) == 1])
        for new, _old in doubled:
            assert 2 <= new.top.step - min(pitch.step for pitch in new.pitches) <= 5
        bare = text
        for new, old in reversed(doubled):
            bare = bare[: new.source[0]] + source[slice(*old.source)] + bare[new.source[1] :]
        assert bare == source


def test_on_beats_it_is_in_the_chord() -> None:
    tune = read_tune(JIG)
    chords = harmonised(tune)
    now = read_tune(with_second_voice(tune, chords))
    symbol, inside, counted = "", 0, 0
    for at, bar in enumerate(now.bars):
        for note in bar.notes:
            symbol = chords.get((at, note.start), symbol)
            if len(note.pitches) > 1 and bar.metre and note.start % bar.metre.beat == 0:
                low = min(note.pitches, key=lambda pitch: pitch.step)
                counted += 1
                inside += bar.key.degree(low)[0] % 7 in chord_tones(bar.key, symbol)
    assert inside >= 0.8 * counted > 5


def test_a_letter_that_an_accidental_changes_is_left_alone_and_nothing_lies_too_low() -> None:
    text = with_second_voice(read_tune(TUNE), harmonised(read_tune(TUNE)))
    assert "[c" not in text.split("|")[2]  # beside ^c a plain c would be another note
    assert "A,2" in text
    empty = read_tune("X:1\nK:C\n")
    assert with_second_voice(empty, {}) == empty.source
