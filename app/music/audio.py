"""A tune as sound: a small additive synthesizer of our own, or a sound font through tinysoundfont where both are there."""

from __future__ import annotations

import importlib.util
import io
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import InvalidError, _
from app.music.performance import Sound, performed, quarters_a_minute
from app.music.tune import Tune

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 44_100  # samples a second
LONGEST = 20 * 60.0  # seconds
HARMONICS = (1.0, 0.5, 0.3, 0.18, 0.1, 0.06)  # amplitudes of a plucked string's partials
ATTACK, RELEASE, TAIL = 0.004, 0.3, 1.2  # seconds
GAIN = {0: 1.0, 1: 0.5}  # of the tune and of the chords
CONCERT_A, A4 = 440.0, 69
LOUDEST = 0.9


def wav(tune: Tune, *, font: Path | None = None, instrument: int = 0, chords: bool = True) -> bytes:
    """16-bit PCM in a WAV file: mono by the own synthesizer, stereo through `font` (SF2 or SF3).

    Raises InvalidError for a tune of more than twenty minutes.
    """
    import numpy as np

    seconds = 240 / quarters_a_minute(tune.fields.get("Q", ""), tune.metre)  # of a whole note
    sounds = performed(tune, chords=chords)
    end = max((float(sound.start + sound.duration) for sound in sounds), default=0.0) * seconds
    if end > LONGEST:
        raise InvalidError("text", _("A recording may last %(minutes)s minutes."), minutes=f"{LONGEST / 60:.0f}")
    through_font = font is not None and font.is_file() and importlib.util.find_spec("tinysoundfont") is not None
    if font is not None and through_font:
        samples = _from_font(sounds, seconds, end, font, instrument)
    else:
        samples = _from_partials(sounds, seconds, end)
    peak = float(np.abs(samples).max(initial=0.0)) or 1.0
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * (LOUDEST / peak * 32767)).astype("<i2").tobytes())
    return out.getvalue()


def _from_partials(sounds: Sequence[Sound], seconds: float, end: float) -> NDArray[np.float32]:
    """[samples, 1]: each note a few partials that die away, the higher the sooner."""
    import numpy as np

    buffer = np.zeros(int((end + TAIL) * RATE), np.float32)
    for sound in sounds:
        frequency = CONCERT_A * 2 ** ((sound.pitch - A4) / 12)
        lasting = float(sound.duration) * seconds + RELEASE
        time = np.arange(int(lasting * RATE), dtype=np.float32) / RATE
        tone = np.zeros_like(time)
        for number, amplitude in enumerate(HARMONICS, 1):
            if frequency * number < RATE / 2:
                tone += amplitude * np.exp(-time * (1.2 + 0.9 * number)) * np.sin(2 * np.pi * frequency * number * time)
        tone *= np.minimum(1, time / ATTACK) * np.clip((lasting - time) / RELEASE, 0, 1)
        at = int(float(sound.start) * seconds * RATE)
        room = buffer[at : at + len(tone)]
        room += tone[: len(room)] * (sound.velocity / 127 * GAIN[sound.voice])
    return buffer[:, None]


def _from_font(sounds: Sequence[Sound], seconds: float, end: float, font: Path, instrument: int) -> NDArray[np.float32]:
    """[samples, 2], played by tinysoundfont without any audio device."""
    import numpy as np
    import tinysoundfont

    synth: Any = tinysoundfont.Synth(samplerate=RATE)
    loaded = synth.sfload(str(font))
    synth.program_select(0, loaded, 0, instrument)
    synth.program_select(1, loaded, 0, 0)
    events = []
    for sound in sounds:
        start, stop = (int(float(place) * seconds * RATE) for place in (sound.start, sound.start + sound.duration))
        events += [(start, 1, sound), (max(stop, start + 1), 0, sound)]
    parts, now = [], 0
    for at, on, sound in sorted(events, key=lambda event: event[:2]):
        if at > now:
            parts.append(_generated(synth, at - now))
            now = at
        if on:
            synth.noteon(sound.voice, sound.pitch, round(sound.velocity * GAIN[sound.voice]))
        else:
            synth.noteoff(sound.voice, sound.pitch)
    parts.append(_generated(synth, int((end + TAIL) * RATE) - now))
    return np.concatenate(parts)


def _generated(synth: Any, count: int) -> NDArray[np.float32]:
    import numpy as np

    return np.frombuffer(bytes(synth.generate(max(0, count))), np.float32).reshape(-1, 2).copy()
