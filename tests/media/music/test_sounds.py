"""Hearing: the recording's onsets and pitches are measured and held against the score; each note's sample too."""

from __future__ import annotations

import io
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from app.media.music.abc.abc import read_tune
from app.media.music.sound.audio import INSTRUMENTS, MEDIA_TYPES, NOTES, RATE, SOUNDS, note_name, recording, write
from app.media.music.sound.performance import performed, quarters_a_minute
from app.settings import ROOT

NOWHERE = Path("/nowhere")  # no samples: the synthesizer plays
# A pickup, a repeat with two endings, a rest, a tie over the bar line, and no two notes alike one after another.
TUNE = "X:1\nT:Heard\nM:3/4\nL:1/4\nQ:1/4=100\nK:G\n|:D|G B d|c z A-|A2 F|1 G2:|2 g2|]\n"
WINDOW = 441  # samples: a hundredth of a second


def encoded(*what: Any) -> bytes:
    """A recording as a file."""
    out = io.BytesIO()
    write(out, *what)
    return out.getvalue()


def hertz(pitch: int) -> float:
    """Of a MIDI note (ISO 16)."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def strength(samples: Any, frequency: float) -> float:
    """The highest line of the spectrum within 30 cents of `frequency`."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    lines = np.arange(len(spectrum)) * RATE / (1 << 17)
    return float(spectrum[np.abs(np.log2(np.maximum(lines, 1) / frequency)) < 30 / 1200].max())


def heard(samples: Any) -> int:
    """The MIDI note that sounds, by its period (YIN: de Cheveigné and Kawahara 2002, steps 1 to 4)."""
    size = len(samples) // 2
    power = np.cumsum(np.concatenate(([0.0], samples.astype(float) ** 2)))
    spectrum = np.fft.rfft(samples, 1 << 17)
    together = np.fft.irfft(np.conj(np.fft.rfft(samples[:size], 1 << 17)) * spectrum)[:size]
    lags = np.arange(min(size, RATE // 40))
    apart = power[size] + power[lags + size] - power[lags] - 2 * together[lags]
    mean = apart[1:] * lags[1:] / np.maximum(np.cumsum(apart[1:]), 1e-9)
    low = np.flatnonzero(mean < max(0.15, 1.1 * mean[20:].min()))
    lag = int(low[low >= 10][0])
    while lag + 1 < len(mean) and mean[lag + 1] < mean[lag]:
        lag += 1
    return round(float(69 + 12 * np.log2(RATE / (lag + 1) / 440)))


def onsets(samples: Any) -> list[float]:
    """Seconds at which the sound grows at once: more than it had, in the sum of its spectrum's rises (spectral flux)."""
    size = 2048
    starts = range(0, len(samples) - size, WINDOW)
    frames = np.array([np.abs(np.fft.rfft(samples[at : at + size] * np.hanning(size))) for at in starts])
    flux = np.maximum(np.diff(np.sqrt(frames), axis=0, prepend=np.zeros((1, frames.shape[1]))), 0).sum(1)
    found: list[int] = []
    for at in range(len(flux)):
        near = flux[max(0, at - 8) : at + 9]
        if flux[at] == near.max() and flux[at] > 0.18 * flux.max() and (not found or at - found[-1] > 8):
            found.append(at)
    return [(at * WINDOW + size / 2) / RATE for at in found]


@pytest.mark.parametrize("instrument", ["acoustic_grand_piano", "acoustic_guitar_nylon", "orchestral_harp", None])
def test_what_is_plucked_is_heard_at_its_time_and_pitch(instrument: str | None) -> None:
    """None is the synthesizer. The score is played with its repeat: sixteen notes, those that are tied counted once."""
    tune = read_tune(TUNE)
    sounds = performed(tune)
    assert len(sounds) == 16
    samples = recording(tune, instrument=instrument) if instrument else recording(tune, sounds=NOWHERE)
    measured = onsets(samples)
    second = 240 / 100
    expected = [float(sound.start) * second for sound in sounds]
    assert len(measured) == len(expected)
    assert max(abs(a - b) for a, b in zip(measured, expected, strict=True)) < 0.04
    for sound in sounds:
        start = int((float(sound.start) * second + 0.2) * RATE)  # the note before has faded
        assert heard(samples[start : start + int(0.35 * RATE)]) == sound.pitch


@pytest.mark.parametrize("instrument", ["violin", "flute", "accordion"])
def test_what_is_held_has_its_pitch_from_beginning_to_end(instrument: str) -> None:
    """A note of six seconds, longer than its sample: never silent, never another pitch, and over when it is over."""
    samples = recording(read_tune("M:4/4\nL:1/1\nQ:1/4=40\nK:C\nA|"), instrument=instrument)
    for at in np.arange(0.1, 5.7, 0.4):
        assert heard(samples[int(at * RATE) : int((at + 0.3) * RATE)]) == 69
    level = np.sqrt((samples[: 6 * RATE].reshape(-1, RATE // 10) ** 2).mean(1))
    assert level[1:].min() > 0.15 * level.max()
    assert np.abs(samples[int(6.25 * RATE) :]).max() == 0


def test_rests_are_silent_and_chords_are_softer_than_the_tune() -> None:
    samples = recording(read_tune("M:4/4\nL:1/4\nQ:1/4=60\nK:C\nG z3|z2 A2|]"))
    assert np.abs(samples[int(1.3 * RATE) : int(5.95 * RATE)]).max() == 0
    alone, both = (recording(read_tune(f"M:4/4\nL:1/1\nK:C\n{chord}c|")) for chord in ("", '"C"'))
    quiet = recording(read_tune('M:4/4\nL:1/1\nK:C\n"C"c|'), chords=False)
    assert np.array_equal(alone, quiet)
    low = strength(both[:RATE], hertz(52)) / strength(both[:RATE], hertz(72))
    assert 0.05 < low < 0.8


def test_a_tempo_makes_it_quicker_and_an_instrument_another_sound() -> None:
    slow, quick = recording(read_tune(TUNE), tempo=50), recording(read_tune(TUNE), tempo=200)
    length = float(max(s.start + s.duration for s in performed(read_tune(TUNE))))
    assert len(slow) / RATE == pytest.approx(length * 240 / 50 + 1.2, abs=0.01)
    assert len(quick) / RATE == pytest.approx(length * 240 / 200 + 1.2, abs=0.01)
    assert not np.array_equal(recording(read_tune(TUNE), instrument="violin"), recording(read_tune(TUNE)))


def test_notes_beyond_the_samples_sound_as_they_are_written() -> None:
    samples = recording(read_tune("M:4/4\nL:1/4\nQ:1/4=60\nK:C\ne'' z3|"), instrument="orchestral_harp")
    assert strength(samples[: RATE // 2], hertz(100)) > 3 * strength(samples[: RATE // 2], hertz(96))


def test_the_same_tune_is_the_same_recording_and_a_minute_takes_seconds() -> None:
    tune = read_tune("X:1\nM:4/4\nL:1/8\nQ:1/4=128\nK:D\n" + '"D"dAFA "G"GBdB|"A"ceac "D"d2fd|' * 16)
    assert quarters_a_minute(tune.fields["Q"]) == 128
    start = time.process_time()
    samples = recording(tune, instrument="violin")
    data = encoded(samples, "wav")
    assert time.process_time() - start < 5
    assert 59 < len(samples) / RATE < 63
    assert encoded(recording(tune, instrument="violin"), "wav") == data


def test_wav_flac_and_mp3_say_the_same_and_carry_what_is_told() -> None:
    samples = recording(read_tune(TUNE))
    with wave.open(io.BytesIO(encoded(samples, "wav"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (RATE, 1, 2, len(samples))
    for kind in MEDIA_TYPES:
        data = encoded(samples, kind, "狐狸 Tune", '{"stemma": 1}')
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            assert (file.samplerate, file.channels, file.comment) == (RATE, 1, '{"stemma": 1}')
            if kind != "mp3":
                assert file.title == "狐狸 Tune"
            back = file.read(dtype="float32")
        assert len(back) == len(samples)
        assert np.abs(back - samples).max() < (0.2 if kind == "mp3" else 0.001)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_sample_begins_at_once_and_is_in_tune(instrument: str) -> None:
    for pitch in NOTES:
        note, rate = soundfile.read(SOUNDS / f"{instrument}-mp3" / f"{note_name(pitch)}.mp3")
        assert note.ndim == 1
        assert 0.2 < np.abs(note).max() < 0.7
        step = rate // 100
        level = np.sqrt((note[: len(note) // step * step].reshape(-1, step) ** 2).mean(1))
        assert np.argmax(level > 0.3 * level.max()) <= 8  # hundredths of a second; the accordion beats
        spectrum = np.abs(
            np.fft.rfft(note[step * 10 : step * 10 + rate] * np.hanning(len(note[step * 10 : step * 10 + rate])), 1 << 18)
        )
        lines = np.arange(len(spectrum)) * rate / (1 << 18)
        near = [np.abs(1200 * np.log2(np.maximum(lines, 1) / (hertz(pitch) * n))) < 80 for n in (1, 2, 3)]
        loudest = max(near, key=lambda part: float(spectrum[part].max()))
        number = 1 + [part is loudest for part in near].index(True)
        sounding = lines[loudest][np.argmax(spectrum[loudest])] / number
        assert abs(1200 * np.log2(sounding / hertz(pitch))) < 40, note_name(pitch)


def test_the_notes_are_small_all_there_and_theirs_is_told() -> None:
    files = sorted(SOUNDS.glob("*-mp3/*.mp3"))
    assert len(files) == len(INSTRUMENTS) * len(NOTES)
    assert sum(path.stat().st_size for path in files) < 5 * 2**20
    assert max(path.stat().st_size for path in files) < 40_000
    assert "Permission is hereby granted" in (SOUNDS / "LICENSE").read_text("utf-8")
    assert "static/sounds\n" in (ROOT / "NOTICE").read_text("utf-8")
