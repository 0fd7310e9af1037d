"""The studio's own notes: one short MP3 for each note of six instruments, rendered from the sound font FluidR3Mono.

The page (abcjs) fetches them one by one as it plays, and the server mixes its recordings from the same files. To make
them anew: the font comes with Debian's package fluidr3mono-gm-soundfont, and `pip install --no-deps tinysoundfont==0.3.7`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.media.music.sound.audio import INSTRUMENTS, NOTES, note_name
from app.training.faults import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 24_000  # samples a second: nothing of these instruments above 12 kHz is missed in a browser
VELOCITY = 100
HELD, DIES = 3.6, 2.8  # seconds of a note that is bowed or blown, and at most of one that dies away
QUIET = 0.004  # of a note's loudest moment: here it has died away
BEGUN = 0.3  # of it: before this a bow is only coming, and an onset would be heard late
WINDOW = 0.01  # seconds over which loudness is taken
FADE_IN, FADE_OUT = 0.004, 0.35  # seconds
PEAK, LOUD = 0.6, 0.16  # no sample is higher, and no window (root mean square) louder: three notes and a tune fit in 1
QUALITY = 0.62  # of the variable bit rate, 0 the best, 1 the smallest


def make(font: Path, to: Path) -> Iterator[Path]:
    """Render every note below `to`/<instrument>-mp3, and say which.

    Raises TrainingError where the font or tinysoundfont is missing.
    """
    try:
        import tinysoundfont
    except ImportError as error:
        raise TrainingError("tinysoundfont is missing: pip install --no-deps tinysoundfont==0.3.7") from error
    if not font.is_file():
        raise TrainingError(f"there is no sound font at {font}")
    synth = tinysoundfont.Synth(samplerate=RATE)
    loaded = synth.sfload(str(font))
    for instrument, (program, held) in INSTRUMENTS.items():
        synth.program_select(0, loaded, 0, program)
        for pitch in NOTES:
            path = to / f"{instrument}-mp3" / f"{note_name(pitch)}.mp3"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(shaped(_played(synth, pitch, held), held)))
            yield path


def _played(synth: Any, pitch: int, held: bool) -> NDArray[np.float32]:
    """The note alone, one channel, as long as it may become with what is cut off its beginning."""
    import numpy as np

    synth.sounds_off()
    synth.noteon(0, pitch, VELOCITY)
    frames = bytes(synth.generate(int((HELD + 1 if held else DIES + 0.5) * RATE)))
    both = np.frombuffer(frames, np.float32).reshape(-1, 2)
    return ((both[:, 0] + both[:, 1]) / 2).astype(np.float32)


def shaped(samples: NDArray[np.float32], held: bool) -> NDArray[np.float32]:
    """From its onset to where it has died away, faded at both ends, as loud as the others."""
    import numpy as np

    step = int(WINDOW * RATE)
    loudness = np.sqrt((samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(1))
    most = loudness.max()
    begin = max(0, int(np.argmax(loudness > BEGUN * most)) - 1) * step
    dying = len(loudness) - int(np.argmax(loudness[::-1] > QUIET * most))
    end = min(begin + int((HELD if held else DIES) * RATE), dying * step)
    note: NDArray[np.float32] = samples[begin:end].copy()
    rise, fall = int(FADE_IN * RATE), min(len(note) // 2, int(FADE_OUT * RATE))
    if begin:
        note[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    note[-fall:] *= np.linspace(1, 0, fall, dtype=np.float32) ** 2
    note *= min(PEAK / np.abs(note).max(), LOUD / most)
    return note


def encoded(note: NDArray[np.float32]) -> bytes:
    """As MP3."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, note, RATE, "MPEG_LAYER_III", format="MP3", compression_level=QUALITY, bitrate_mode="VARIABLE")
    return out.getvalue()
