"""What leaves as MIDI and MusicXML is what the score says, and music21 reads it so."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from fractions import Fraction

import mido
import pytest

from app.errors import InvalidError
from app.media.music.abc.abc import read_tune
from app.media.music.abc.writing import with_chords
from app.media.music.files.midi import TICKS, midi
from app.media.music.files.musicxml import musicxml
from app.media.music.sound.audio import recording
from app.media.music.sound.performance import order, performed, quarters_a_minute
from app.media.music.theory.harmony import harmonised
from tests.media.music.test_abc_reading import JIG


def sounding(data: bytes) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of the tune's track, in ticks."""
    file = mido.MidiFile(file=io.BytesIO(data))
    now, on, found = 0, {}, []
    for message in file.tracks[1]:
        now += message.time
        if message.type == "note_on":
            on[message.note] = now
        elif message.type == "note_off":
            found.append((on.pop(message.note), now, message.note))
    assert not on
    return sorted(found)


def test_repeats_are_played_and_endings_in_their_turn() -> None:
    assert order(read_tune(JIG).bars) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert order(read_tune("K:C\n|:c4|d4:|:e4|f4:|").bars) == [0, 1, 0, 1, 2, 3, 2, 3]
    assert order(read_tune("K:C\nc4|:d4:|e4|]").bars) == [0, 1, 1, 2]
    assert order(read_tune("K:C\nc4|d4:|").bars) == [0, 1, 0, 1]


def test_midi_says_what_the_score_says() -> None:
    tune = read_tune(with_chords(read_tune(JIG), harmonised(read_tune(JIG))))
    expected = [(round(s.start * 4 * TICKS), round((s.start + s.duration) * 4 * TICKS), s.pitch) for s in performed(tune)]
    assert sounding(midi(tune)) == sorted(expected)
    assert len(mido.MidiFile(file=io.BytesIO(midi(tune))).tracks) == 3
    music21 = pytest.importorskip("music21")  # takes seconds
    heard = music21.midi.translate.midiStringToStream(midi(tune, chords=False)).flatten().notes
    assert sorted(n.pitch.midi for n in heard) == sorted(s.pitch for s in performed(tune))


def test_ties_hold_and_graces_come_before() -> None:
    sounds = performed(read_tune("M:4/4\nL:1/4\nK:C\nc d e f-|f2 {g}a2|]"))
    assert [(s.pitch, s.duration) for s in sounds] == [
        (72, Fraction(1, 4)),
        (74, Fraction(1, 4)),
        (76, Fraction(1, 4)),
        (77, Fraction(3, 4)),
        (79, Fraction(1, 32)),
        (81, Fraction(15, 32)),
    ]


@pytest.mark.parametrize(
    ("text", "pace"), [("1/4=100", 100), ("3/8=100", 150), ('"Allegro" 1/2=60', 120), ("90", 90), ("x", 120)]
)
def test_tempo(text: str, pace: float) -> None:
    assert quarters_a_minute(text) == pace


def test_a_tempo_that_is_asked_for_counts_the_tunes_own_beats() -> None:
    assert quarters_a_minute("3/8=100", None, 60) == 90
    assert quarters_a_minute("", read_tune(JIG).metre, 100) == 150
    assert quarters_a_minute("1/4=100", None, 9_999) == 400


def test_an_hour_of_music_is_no_recording() -> None:
    with pytest.raises(InvalidError, match="20 minutes"):
        recording(read_tune("M:4/4\nL:1/1\nQ:1/4=20\nK:C\n" + "c|" * 200))


def test_musicxml_is_read_by_music21_as_the_same_tune() -> None:
    source = JIG.replace("T:The Test", "T:<script> & co\nQ:3/8=100").replace("g | fed cBA", "g | f5 e |{a}f-fd cBA")
    source = source.replace("M:6/8", "M:6/8\nC:Somebody")
    tune = read_tune(with_chords(read_tune(source), harmonised(read_tune(source))))
    data = musicxml(tune)
    ET.fromstring(data)  # noqa: S314 (our own)
    assert b"<script>" not in data
    music21 = pytest.importorskip("music21")
    score = music21.converter.parseData(data.decode(), format="musicxml")
    bars = score.parts[0].getElementsByClass("Measure")
    assert [bar.duration.quarterLength for bar in bars] == [float(bar.length * 4) for bar in tune.bars]
    theirs = [n.pitch.midi for n in score.flatten().notes if hasattr(n, "pitch") and not n.duration.isGrace]
    ours = [note.top.midi for note in tune.sounding]
    tied = [at for at, note in enumerate(tune.sounding) if note.duration == Fraction(5, 8)]  # five eighths are two tied notes
    assert theirs == [pitch for at, pitch in enumerate(ours) for _ in range(2 if at in tied else 1)]
    assert len(list(score.recurse().getElementsByClass("Repeat"))) == 1
    assert score.metadata.title == "<script> & co"


def test_chords_are_accompanied_in_the_metre_as_on_the_page() -> None:
    """A bass and a chord by turns, the bass taking turns with its fifth; a chord between the basses brings its own."""

    def struck(text: str) -> list[tuple[Fraction, int]]:
        return [(sound.start * 8, sound.pitch) for sound in performed(read_tune(text), chords=True) if sound.voice == 1]

    chord = [48, 52, 55]
    assert struck('M:4/4\nL:1/4\nK:C\n"C"c4|]') == [
        *((0, 36), *((2, pitch) for pitch in chord), (4, 31), *((6, pitch) for pitch in chord))
    ]
    assert struck('M:6/8\nL:1/8\nK:C\n"C"c6|]') == [
        *((0, 36), *((2, pitch) for pitch in chord), (3, 31), *((5, pitch) for pitch in chord))
    ]
    waltz = struck('M:3/4\nL:1/4\nK:C\n"C"c "G7"d "Am"e|f3|]')
    assert waltz[:8] == [(0, 36), (2, 43), (2, 55), (2, 59), (2, 62), (2, 65), (4, 33), (4, 45)]
    assert waltz[10:] == [(6, 33), *((at, pitch) for at in (8, 10) for pitch in (45, 48, 52))]
    assert struck('M:3/4\nL:1/4\nK:C\nG|"C"c3|]')[0] == (2, 36)
    assert struck('M:4/4\nL:1/4\nK:C\n"nonsense"c4|]') == []
