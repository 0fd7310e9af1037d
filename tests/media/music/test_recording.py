"""Recordings: what is cut or set in leaves every other sample as it was."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from app.errors import UnsupportedError
from app.media.music.sound import recording
from app.media.music.sound.recording import FADE, Recording, from_samples, read_recording, resampled

RATE = 8_000


def tone(seconds: float, pitch: float = 440, rate: int = RATE, channels: int = 1) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.repeat((0.5 * np.sin(2 * np.pi * pitch * time))[:, None], channels, axis=1).astype(np.float32)


def file_of(samples: np.ndarray, kind: str = "WAV", subtype: str = "PCM_16", rate: int = RATE) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind, subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_file_comes_back_sample_by_sample(kind: str, subtype: str) -> None:
    noise = np.random.default_rng(1).integers(-(2**31), 2**31 - 1, (999, 2), dtype=np.int64).astype(np.int32)
    first = read_recording(file_of(noise, kind, subtype))
    again = read_recording(first.encoded())
    assert (again.kind, again.subtype, again.rate, again.frames) == (kind, subtype, RATE, 999)
    assert (again.samples == first.samples).all()
    assert first.encoded() == again.encoded()
    other = read_recording(first.encoded("FLAC" if kind == "WAV" else "WAV"))
    assert (other.samples == first.samples).all()


def test_a_cut_keeps_its_samples() -> None:
    whole = read_recording(file_of(tone(1)))
    part = read_recording(whole.cut(whole.at(0.25), whole.at(0.75)).encoded())
    assert part.duration == 0.5
    assert (part.samples == whole.samples[2000:6000]).all()


def test_what_is_set_in_leaves_the_rest_to_the_sample() -> None:
    whole = read_recording(file_of(tone(2, channels=2), "FLAC", "PCM_24"))
    first, end = whole.at(0.5), whole.at(1.25)
    replaced = whole.set_in(tone(0.75, 880, 12_000), 12_000, first, end)
    fade = round(FADE * RATE)
    assert replaced.frames == whole.frames
    assert (replaced.samples[:first] == whole.samples[:first]).all()
    assert (replaced.samples[end:] == whole.samples[end:]).all()
    spectrum = np.abs(np.fft.rfft(replaced.samples[first + fade : end - fade, 0]))
    assert spectrum.argmax() * RATE / (end - first - 2 * fade) == pytest.approx(880, abs=2)
    steps = np.abs(np.diff(replaced.samples[:, 0].astype(float)))
    assert steps.max() <= np.abs(np.diff(tone(1, 880)[:, 0])).max() * 2**31 * 1.05  # no click at the borders


def test_what_goes_on_past_the_end_fades_over_from_the_last_moment() -> None:
    whole = read_recording(file_of(tone(1)))
    first = whole.frames - round(FADE * RATE)
    longer = whole.set_in(tone(0.52, 660), RATE, first, first + round(0.52 * RATE))
    assert longer.duration == 1.5
    assert (longer.samples[:first] == whole.samples[:first]).all()


@pytest.mark.parametrize(("old", "new"), [(44_100, 48_000), (48_000, 44_100), (32_000, 48_000), (96_000, 32_000)])
def test_another_rate_is_the_same_sound(old: int, new: int) -> None:
    sound = resampled(tone(0.5, 1000, old), old, new)
    assert len(sound) == new // 2
    assert np.abs(sound - tone(0.5, 1000, new))[200:-200].max() < 1e-3
    above = resampled(tone(0.5, 23_000, 96_000), 96_000, 32_000)  # over the new rate's half: it must not come back below
    assert np.abs(above)[200:-200].max() < 2e-3


def test_a_model_too_loud_is_turned_down_and_what_is_no_number_is_silence() -> None:
    sound = np.array([[0.5], [-2.0], [np.nan]])
    assert list(from_samples(sound, RATE).samples[:, 0] / 2**31) == [0.25, -1.0, 0.0]


def test_channels_are_what_a_model_wants() -> None:
    stereo = Recording(np.array([[2**30, -(2**30)], [2**30, 0]], np.int32), RATE)
    assert stereo.floats(RATE, 1).tolist() == [[0.0], [0.25]]
    assert Recording(stereo.samples[:, :1], RATE).floats(RATE, 2).tolist() == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WAVE", b"not a sound", file_of(np.zeros((0, 1)))])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedError, match="WAV or FLAC"):
        read_recording(data)


def test_samples_in_floating_point_become_whole_numbers() -> None:
    found = read_recording(file_of(tone(0.1), subtype="FLOAT"))
    assert found.subtype == "PCM_24"
    assert np.abs(found.samples / recording.FULL - tone(0.1)).max() < 1e-6
