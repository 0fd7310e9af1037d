"""Tunes come back from files as they left; files that others made, and files that mean harm, are read within bounds."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import time
import zipfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import InvalidError, StemmaError, TooLargeError, UnsupportedError
from app.media.music.abc.abc import read_tune
from app.media.music.files import reading_midi, reading_musicxml
from app.media.music.files.files import TOLD, Played, tune_file, without_recipe
from app.media.music.files.midi import midi
from app.media.music.files.musicxml import musicxml
from app.media.music.files.notating import likely_key, spelt, tunes
from app.media.music.files.reading_midi import LARGEST
from app.media.music.notation.checks import incomplete
from app.media.music.notation.pitch import Key, Mode, key_of
from app.media.music.sound import reading_sound
from app.media.music.sound.performance import performed
from app.media.music.sound.reading_sound import Admitted
from app.training.music.corpus import folder

# Read here, not in a child: it is what they read that is looked at.
read_midi, read_musicxml = reading_midi.read_midi.here, reading_musicxml.read_musicxml.here


def admit(data: bytes) -> tuple[Admitted, bytes]:
    """A recording as it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "kept"
        return reading_sound.admit.here(data, to), to.read_bytes()


TUNES = (
    'X:1\nT:The Fox\nC:Trad\nM:6/8\nL:1/8\nK:D\n|:A|"D"dfe dBA|BAF "A7"A2F|{g}ABA dfe|1 d3 d2:|2 d3 d2|:f|f3 g2f|a3-a2:|\n',
    "X:1\nM:4/4\nL:1/8\nK:Ador\n|:eAAB cBAG|EGGF G2 AB|c2 (3Bcd e^f=ge|a>g e<c d/e/d/c/ Bz|[Ace]4 z4|A8-|A4 z2 c z|]\n",
    "X:1\nM:3/4\nL:1/4\nK:Ebm\nB,|E2 G|B>c d|e2 f|_g3-|g2 z|=A =B c|e'2 c'|b2|]\n",
    "X:1\nM:C|\nL:1/4\nK:F#m\nC,D,^E,F,|G,2 (3A,/B,/C/ D|[M:6/8][K:Bb]d3/2 c3/2|F3|]\n",
)
Heard = list[tuple[Fraction, Fraction, int]]


def heard(text: str) -> Heard:
    """What sounds: start, length, MIDI note."""
    return [(sound.start, sound.duration, sound.pitch) for sound in performed(read_tune(text))]


@pytest.mark.parametrize("text", TUNES)
def test_a_tune_comes_back_from_midi_note_for_note(text: str) -> None:
    back = read_midi(midi(read_tune(text)), "name").text
    again = heard(back)
    if "{" in text:  # what a grace note takes of the next one is written out as it was played
        assert [pitch for _start, _length, pitch in again] == [pitch for _start, _length, pitch in heard(text)]
    else:
        assert again == heard(text)
    assert not read_tune(back).faults
    if "[M:" not in text:
        assert (read_tune(back).metre, read_tune(back).key.fifths) == (read_tune(text).metre, read_tune(text).key.fifths)


@pytest.mark.parametrize("text", TUNES)
def test_a_tune_comes_back_from_musicxml_sign_for_sign(text: str) -> None:
    found, recipe = read_musicxml(musicxml(read_tune(text)))
    back, first = read_tune(found.text), read_tune(text)
    assert (found.simplified, recipe, back.faults) == ([], None, ())
    assert heard(found.text) == heard(text)
    assert (back.key, back.metre, back.title) == (first.key, first.metre, first.title)
    assert back.fields.get("C") == first.fields.get("C")
    assert [(bar.number, bar.key, bar.metre, bar.length, bar.endings) for bar in back.bars] == [
        (bar.number, bar.key, bar.metre, bar.length, bar.endings) for bar in first.bars
    ]
    assert [note.chord for note in back.notes if note.chord] == [note.chord for note in first.notes if note.chord]
    assert [n.graces for n in back.sounding] == [n.graces for n in first.sounding]


def test_the_tunes_of_a_whole_book_come_back() -> None:
    """Real tunes, repeats and pickups and all: their notes by MIDI, their bars by MusicXML."""
    books = [path.read_text("latin-1") for path in sorted(folder().glob("*/*.abc"))[:16]]
    texts = [f"X:{tune}" for book in books for tune in f"\n{book}".split("\nX:")[1:8]]
    tried = 0
    for text in texts:
        tune = read_tune(text)
        if tune.faults or not tune.sounding or any(note.graces for note in tune.notes) or incomplete(tune):
            continue
        tried += 1
        found, _recipe = read_musicxml(musicxml(tune))
        assert heard(found.text) == heard(text)
        back = read_midi(midi(tune))
        assert heard(back.text) == heard(text), (text, back.text)
    assert tried > 20


def played(notes: list[tuple[float, float, int]], ppq: int = 480, **said: Any) -> bytes:
    """A MIDI file of (start, end, note), in quarter notes, without any velocity that tells where bars begin."""
    track = mido.MidiTrack()
    if "metre" in said:
        track.append(mido.MetaMessage("time_signature", numerator=said["metre"][0], denominator=said["metre"][1]))
    if "tempo" in said:
        track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(said["tempo"])))
    if "title" in said:
        track.append(mido.MetaMessage("track_name", name=said["title"].encode().decode("latin-1")))
    events = sorted([(start, 1, note) for start, _end, note in notes] + [(end, 0, note) for _start, end, note in notes])
    now = 0
    for at, on, note in events:
        tick = round(at * ppq)
        track.append(mido.Message("note_on", note=note, velocity=64 * on, time=tick - now))
        now = tick
    file, out = mido.MidiFile(ticks_per_beat=ppq), io.BytesIO()
    file.tracks.append(track)
    file.save(file=out)
    return out.getvalue()


def test_a_performance_is_set_on_a_grid() -> None:
    """Played with a human's unevenness, notes detached: written as the quarters, eighths and triplets that were meant."""
    chance = random.Random(1)
    places = [0, 1, 1.5, 2, 2 + 1 / 3, 2 + 2 / 3, 3, 4]
    meant = [(a, b, note) for a, b, note in zip(places, places[1:], (67, 69, 71, 72, 74, 76, 74), strict=False)]
    uneven = [(max(0, a + chance.uniform(-0.02, 0.02)), a + (b - a) * chance.uniform(0.8, 0.93), note) for a, b, note in meant]
    found = read_midi(played([*uneven, (4, 7.9, 67)], metre=(4, 4), tempo=96, title="Übung 狐"))
    whole = [Fraction(place).limit_denominator(12) / 4 for place in places]
    assert [(start, start + length) for start, length, _note in heard(found.text)][:7] == list(pairwise(whole))
    assert [note for _start, _length, note in heard(found.text)] == [67, 69, 71, 72, 74, 76, 74, 67]
    tune = read_tune(found.text)
    assert (tune.title, str(tune.metre), tune.key.name, tune.fields["Q"]) == ("Übung 狐", "4/4", "G", "1/4=96")


def test_what_is_made_simpler_is_told() -> None:
    chords = played([(0, 4, 48), (0, 1, 72), (1, 2, 74), (2, 4, 76)])
    assert any("cut short" in said for said in read_midi(chords).simplified)
    file = mido.MidiFile(file=io.BytesIO(played([(0, 1, 72), (1, 2, 74), (2, 3, 76)])))
    low = mido.MidiFile(file=io.BytesIO(played([(0, 3, 40)]))).tracks[0]
    drum = mido.MidiTrack(mido.Message(kind, channel=9, note=40, time=90) for kind in ("note_on", "note_off"))
    file.tracks += [low, drum]
    out = io.BytesIO()
    file.save(file=out)
    found = read_midi(out.getvalue())
    assert [pitch for _s, _d, pitch in heard(found.text)] == [72, 74, 76]
    assert found.simplified == ["Only one voice was taken.", "Drums were left out."]


@pytest.mark.parametrize("tonic", ["C", "G", "D", "A", "F", "Bb", "Em", "Am", "Dm", "Bm"])
def test_a_key_is_heard_where_none_is_named(tonic: str) -> None:
    key = key_of(tonic)
    assert key is not None
    scale = [key.pitch(degree) for degree in (0, 1, 2, 4, 3, 2, 6, 5, 4, 2, 1, 0)]
    notes = [(pitch.midi, Fraction(1, 8)) for pitch in scale]
    assert likely_key(notes) == key
    assert [spelt(pitch.midi, key) for pitch in scale] == scale


def test_accidentals_are_spelt_as_the_key_would() -> None:
    assert spelt(66, Key("G")).letter == "F"
    assert spelt(70, Key("F")).letter == "B"
    assert (spelt(68, Key("A", Mode.MINOR)).letter, spelt(61, Key("D", Mode.MINOR)).letter) == ("G", "C")


def test_music21_reads_what_we_write_from_what_we_read() -> None:
    music21 = pytest.importorskip("music21")
    for text in TUNES[:3]:
        back = read_musicxml(musicxml(read_tune(read_midi(midi(read_tune(text))).text)))[0].text
        theirs = music21.converter.parseData(midi(read_tune(back)), format="midi").stripTies().flatten().notes
        assert sorted(p.midi for note in theirs for p in note.pitches) == sorted(pitch for _s, _d, pitch in heard(back))


def packed(files: dict[str, bytes]) -> bytes:
    """A ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


CONTAINER = b'<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'


def test_a_packed_score_is_unpacked() -> None:
    data = packed({"META-INF/container.xml": CONTAINER, "score.xml": musicxml(read_tune(TUNES[1]))})
    assert heard(read_musicxml(data)[0].text) == heard(TUNES[1])


def part(measures: str, head: str = "") -> bytes:
    """A score of one part."""
    return f'{head}<score-partwise><part id="P1">{measures}</part></score-partwise>'.encode()


QUARTER = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"


def test_other_programs_scores_are_read_as_far_as_one_voice_goes() -> None:
    backup = "<backup><duration>4</duration></backup>"
    low = QUARTER.replace("<octave>4</octave>", "<octave>2</octave>").replace("</duration>", "</duration><voice>2</voice>")
    time = "<time><beats>4</beats><beat-type>4</beat-type></time>"
    gap = "<forward><duration>2</duration></forward>"
    measure = f"<measure><attributes><divisions>1</divisions>{time}</attributes>{QUARTER * 2}{gap}{backup}{low * 4}</measure>"
    found, _recipe = read_musicxml(part(measure + f"<measure>{QUARTER * 4}</measure>"), "From elsewhere")
    assert [pitch for _s, _d, pitch in heard(found.text)] == [60] * 6
    assert found.simplified == ["Only one voice was taken."]
    assert read_tune(found.text).title == "From elsewhere"
    fifth = QUARTER.replace("<duration>1", "<duration>0.8")
    found, _recipe = read_musicxml(part(f"<measure>{fifth * 5}</measure>"))
    assert len(heard(found.text)) == 5
    assert sum((length for _s, length, _p in heard(found.text)), Fraction(0)) == 1
    assert "nearest place" in found.simplified[0]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnsupportedError),
        (b"<html><body/></html>", UnsupportedError),
        (b"<score-partwise><part>", UnsupportedError),
        (b"<score-timewise/>", UnsupportedError),
        (part(""), InvalidError),
        (part(f"<measure>{QUARTER}</measure>", '<!DOCTYPE x [<!ENTITY a "aaaa">]>'), UnsupportedError),
        (part(f"<measure>{QUARTER}</measure>", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), UnsupportedError),
        (part(f"<measure>{QUARTER}</measure>", '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>'), UnsupportedError),
        (part(f"<measure>{QUARTER.replace('<duration>1', '<duration>1e999')}</measure>"), StemmaError),
        (part("<measure><attributes><divisions>0</divisions></attributes>" + QUARTER + "</measure>"), UnsupportedError),
        (part("<measure>" + QUARTER.replace("C", "H") + "</measure>"), UnsupportedError),
        (part("<measure>" + "<x>" * 100 + QUARTER + "</x>" * 100 + "</measure>"), TooLargeError),
        (part("<measure>" + QUARTER * 60_000 + "</measure>"), TooLargeError),
        (part(f"<measure>{QUARTER}</measure>" * 10_001), TooLargeError),
        (b"PK\x03\x04broken", UnsupportedError),
        (packed({"a.xml": b"x"}), UnsupportedError),
        (packed({"META-INF/container.xml": CONTAINER}), UnsupportedError),
        (packed({"META-INF/container.xml": CONTAINER, "score.xml": b" " * 30_000_000}), TooLargeError),
        (packed({"META-INF/container.xml": CONTAINER.replace(b"score.xml", b"../../etc/passwd")}), UnsupportedError),
        (packed({f"{at}": b"" for at in range(300)}), TooLargeError),
    ],
)
def test_hostile_scores_are_refused(data: bytes, error: type[Exception]) -> None:
    start = time.process_time()
    with pytest.raises(error):
        read_musicxml(data)
    assert time.process_time() - start < 8


def test_a_score_that_names_its_dtd_is_read_without_it() -> None:
    head = '<?xml version="1.0"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://127.0.0.1:1/partwise.dtd">'
    assert len(heard(read_musicxml(part(f"<measure>{QUARTER}</measure>", head))[0].text)) == 1


def raw(*tracks: bytes, division: int = 480) -> bytes:
    """A MIDI file of these tracks' bytes."""
    head = b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), division)
    return head + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnsupportedError),
        (b"MThd", UnsupportedError),
        (raw(), InvalidError),
        (raw(b"\x00\xff\x2f\x00"), InvalidError),
        (raw(b"\x00\x90\x40\x40\x60\x80\x40\x40", division=0), UnsupportedError),
        (raw(b"\x00\x90\x40\x40\x60\x80\x40\x40", division=0xE250), UnsupportedError),
        (raw(b"\x00\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x40"), TooLargeError),
        (raw(b"\x00\x90\x40\x40\x60\x80\x40\x40\xff\xff\xff\x7f\x90\x40\x40\x60\x80\x40\x40"), TooLargeError),
        (raw(b"\x00\x90\x40\x40\x01\x80\x40\x40" * 60_000), TooLargeError),
        (raw(b"\x00\x90\x40\x40" + b"\x01\x40\x40\x01\x40\x00" * 80_000), TooLargeError),
        (raw(b"\x00\xff\x01\xff\xff\xff\x7f"), UnsupportedError),
        (raw(*[b"\x00\xff\x2f\x00"] * 20_000), InvalidError),
        (b"MThd" + b"\0" * (LARGEST + 1), TooLargeError),
    ],
)
def test_midi_bombs_are_refused_in_time(data: bytes, error: type[Exception]) -> None:
    start = time.process_time()
    with pytest.raises(error):
        read_midi(data)
    assert time.process_time() - start < 8


def test_silence_before_a_tune_is_left_out() -> None:
    assert heard(read_midi(played([(4_000, 4_001, 60), (4_001, 4_002, 62)])).text)[0][0] == 0


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["midi", "musicxml", "sound", "tampered"]))
@example(b"\x00" * 50, "tampered")
def test_whatever_comes_is_read_or_refused(data: bytes, kind: str) -> None:
    """Random bytes after a true beginning, or put into a true file: a tune, or words."""
    try:
        if kind == "midi":
            read_midi(raw(data))
        elif kind == "musicxml":
            read_musicxml(b"<score-partwise><part><measure>" + data + b"</measure></part></score-partwise>")
        elif kind == "sound":
            admit(b"RIFF" + data)
        else:
            whole = midi(read_tune(TUNES[0]))
            at = len(data) % len(whole)
            read_midi(whole[:at] + data + whole[at + len(data) // 2 :])
    except StemmaError:
        return


def test_a_recipe_is_taken_off_an_abc_file_and_nothing_else() -> None:
    data = tune_file(TUNES[0], "abc", Played(), "T", {"stemma": 1, "id": "x\n% stemma: y"}).decode()
    assert without_recipe(data) == (TUNES[0], {"stemma": 1, "id": "x\n% stemma: y"})
    for text in (TUNES[0], TUNES[0] + TOLD + "no json\n", TUNES[0] + TOLD + "[1]\n", TUNES[0] + TOLD + '{"a": 1}\n', ""):
        assert without_recipe(text) == (text, None)
    assert without_recipe(tune_file("", "abc", Played(), "T", {"stemma": 1}).decode())[0] == ""


def test_of_a_book_every_tune_is_taken_with_the_head_of_the_book() -> None:
    found = tunes("%abc-2.1\nX:1\nK:C\nCDEF|\n\nwords between\n\nX:2\nT:Zwei\nK:G\nGABc|\n\nX:3\nT:only a title\n")
    assert [one.text.split("\n\n")[0].rstrip() for one in found] == [
        "%abc-2.1\nX:1\nK:C\nCDEF|",
        "%abc-2.1\nX:2\nT:Zwei\nK:G\nGABc|",
    ]
    assert [one.simplified for one in found] == [[], []]
    [one] = tunes(TUNES[0])
    assert (one.text, one.simplified) == (TUNES[0], [])
    assert len(tunes("".join(f"X:{at}\nK:C\nCDE|\n\n" for at in range(1, 80)))) == 50


def sound(kind: str, subtype: str, samples: Any, rate: int = 44_100) -> bytes:
    """A sound file."""
    out = io.BytesIO()
    soundfile.write(out, samples, rate, subtype, format=kind)
    return out.getvalue()


SAME = [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("FLAC", "PCM_24"), ("WAV", "PCM_U8")]


@pytest.mark.parametrize(("kind", "subtype"), [*SAME, ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_a_recording_keeps_its_samples(kind: str, subtype: str) -> None:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    data = sound(kind, subtype, np.stack([wave, wave / 2], 1))
    found, kept = admit(data)
    assert (found.channels, found.rate) == (2, 44_100)
    assert found.duration == pytest.approx(1.0, abs=0.06)
    before, after = (soundfile.read(io.BytesIO(one))[0] for one in (data, kept))
    assert soundfile.info(io.BytesIO(kept)).format == "FLAC"
    assert np.abs(before - after).max() < (2e-7 if (kind, subtype) in SAME else 4e-5)


def test_what_is_no_recording_or_too_much_is_refused() -> None:
    starts = (b"", b"text", b"\x89PNG", b"RIFF", b"ID3", b"OggS", b"\xff\xfb", b"fLaC")
    for data in [*starts, *(start + b"\0" * 500 for start in starts), *(start + b"\1\2" * 99 for start in starts)]:
        with pytest.raises(UnsupportedError):
            admit(data)
    with pytest.raises(InvalidError):
        admit(sound("WAV", "PCM_16", np.zeros((100, 1))))
    with pytest.raises(InvalidError):
        admit(sound("WAV", "PCM_16", np.zeros((44_100, 6))))
    silence = sound("FLAC", "PCM_16", np.zeros(8_000 * 60 * 21), 8_000)
    assert len(silence) < 100_000
    with pytest.raises(TooLargeError):
        admit(silence)
