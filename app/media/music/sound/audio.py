"""A tune as sound: mixed from the notes that the page plays too (static/sounds), or by a small synthesizer of our own.

The synthesizer (additive) steps in for every note whose sample is missing, or where libsndfile is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from app.errors import InvalidError, UnavailableError, _
from app.media.music.notation.tune import Tune
from app.media.music.sound.performance import Sound, performed, quarters_a_minute
from app.settings import ROOT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 2  # goes up when the same tune sounds otherwise
SOUNDS = ROOT / "static/sounds"
# The instruments by abcjs's names: General MIDI's program (from 0), and whether it holds a note as long as one likes.
INSTRUMENTS: Mapping[str, tuple[int, bool]] = {
    "acoustic_grand_piano": (0, False),
    "violin": (40, True),
    "flute": (73, True),
    "acoustic_guitar_nylon": (24, False),
    "accordion": (21, True),
    "orchestral_harp": (46, False),
}
PIANO = "acoustic_grand_piano"
NOTES = range(36, 97)  # C2 to C7: those that have a sample
NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
RATE = 44_100  # samples a second
LONGEST = 20 * 60.0  # seconds
HARMONICS = (1.0, 0.5, 0.3, 0.18, 0.1, 0.06)  # amplitudes of a plucked string's partials
RAISE = 0.2  # the synthesizer's loudness beside the samples'
ATTACK, RELEASE, TAIL = 0.004, 0.2, 1.2  # seconds; the release is abcjs's own
OVERLAP = 0.25  # seconds over which a held note goes over into itself
LOUDNESS = 1.5  # the power of a velocity that its loudness goes by, as on the page
CONCERT_A, A4 = 440.0, 69
LOUDEST = 0.9
BLOCK = 1 << 20  # samples that are encoded at a time
DYING = 12  # seconds after which the synthesizer's notes can no longer be heard
Kind = Literal["wav", "flac", "mp3"]
MEDIA_TYPES: Mapping[Kind, str] = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}


def note_name(pitch: int) -> str:
    """A MIDI note as abcjs names its file: "C4", "Bb5"."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def recording(
    tune: Tune, *, instrument: str = PIANO, tempo: float | None = None, chords: bool = True, sounds: Path = SOUNDS
) -> NDArray[np.float32]:
    """[samples], one channel at RATE, its loudest moment at LOUDEST. `tempo` in beats a minute; else as the tune says.

    Raises InvalidError for a tune of more than twenty minutes.
    """
    import numpy as np

    seconds = 240 / quarters_a_minute(tune.fields.get("Q", ""), tune.metre, tempo)  # of a whole note
    played = performed(tune, chords=chords)
    end = max((float(sound.start + sound.duration) for sound in played), default=0.0) * seconds
    if end > LONGEST:
        raise InvalidError("text", _("A recording may last %(minutes)s minutes."), minutes=f"{LONGEST / 60:.0f}")
    mixed = np.zeros(int((end + TAIL) * RATE), np.float32)
    fading = np.linspace(1, 0, int(RELEASE * RATE), dtype=np.float32)
    for sound in played:
        name = instrument if sound.voice == 0 else PIANO
        tone = _toned(name, sound, int(float(sound.duration) * seconds * RATE) + len(fading), sounds)
        tone[-len(fading) :] *= fading
        room = mixed[int(float(sound.start) * seconds * RATE) :][: len(tone)]
        room += tone[: len(room)] * np.float32((sound.velocity / 127) ** LOUDNESS)
    mixed *= LOUDEST / (max(float(mixed.max(initial=0.0)), -float(mixed.min(initial=0.0))) or 1.0)
    return mixed


def _toned(instrument: str, sound: Sound, count: int, sounds: Path) -> NDArray[np.float32]:
    """[count] samples of a note, a copy; its release is still to be faded."""
    import numpy as np

    nearest = min(max(sound.pitch, NOTES.start), NOTES.stop - 1)
    sample = _sample(sounds / f"{instrument}-mp3" / f"{note_name(nearest)}.mp3")
    if sample is None:
        return _from_partials(sound.pitch, count)
    if nearest != sound.pitch:  # beyond the samples: the last of them, quicker or slower
        pace = 2 ** ((sound.pitch - nearest) / 12)
        sample = np.interp(np.arange(0, len(sample) - 1, pace), np.arange(len(sample)), sample).astype(np.float32)
    if count > len(sample) and INSTRUMENTS[instrument][1]:
        sample = _held(sample, count)
    tone = np.zeros(count, np.float32)
    tone[: len(sample)] = sample[:count]
    return tone


@lru_cache(maxsize=512)
def _sample(path: Path) -> NDArray[np.float32] | None:
    """A note's sample at RATE; None where it is missing or cannot be read."""
    import numpy as np

    try:
        import soundfile

        note, rate = soundfile.read(path, dtype="float32")
    except (ImportError, OSError, RuntimeError):  # libsndfile's own errors are RuntimeErrors
        return None
    count = round(len(note) * RATE / rate)
    spectrum = np.fft.rfft(note, axis=0)
    raised = np.fft.irfft(np.pad(spectrum, (0, count // 2 + 1 - len(spectrum))), count) * (count / len(note))
    return raised.astype(np.float32)  # type: ignore[no-any-return]  # numpy's own


def _held(sample: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """A bowed or blown note that lasts: its middle again and again, each time over into the next."""
    import numpy as np

    overlap = int(OVERLAP * RATE)
    body = sample[: int(len(sample) * 0.85)]  # its end is faded already
    again = body[len(body) // 3 :]
    rise = np.sin(np.linspace(0, np.pi / 2, overlap, dtype=np.float32))
    parts, length = [body], len(body)
    while length < count:
        last = parts[-1]
        joint = last[-overlap:] * rise[::-1] + again[:overlap] * rise
        parts[-1] = last[:-overlap]
        parts += [np.concatenate((joint, again[overlap:]))]
        length += len(again) - overlap
    return np.concatenate(parts)


@lru_cache(maxsize=64)
def _partials(pitch: int, seconds: int) -> NDArray[np.float32]:
    """A few partials that die away, the higher the sooner."""
    import numpy as np

    frequency = CONCERT_A * 2 ** ((pitch - A4) / 12)
    time = np.arange(seconds * RATE, dtype=np.float32) / RATE
    tone = np.zeros_like(time)
    for number, amplitude in enumerate(HARMONICS, 1):
        if frequency * number < RATE / 2:
            tone += amplitude * np.exp(-time * (1.2 + 0.9 * number)) * np.sin(2 * np.pi * frequency * number * time)
    return (tone * np.minimum(1, time / ATTACK) * RAISE).astype(np.float32)


def _from_partials(pitch: int, count: int) -> NDArray[np.float32]:
    import numpy as np

    tone = np.zeros(count, np.float32)
    heard = _partials(pitch, min(DYING, -(-count // RATE)))[:count]
    tone[: len(heard)] = heard
    return tone


def write(out: BinaryIO, samples: NDArray[np.float32], kind: Kind, title: str = "", comment: str = "") -> None:
    """Write the recording as a file of 16 bits, with `title` and `comment` as its format's tags.

    Raises UnavailableError where FLAC and MP3 cannot be written (libsndfile is missing).
    """
    if kind == "wav":
        _write_wav(out, samples, title, comment)
        return
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise UnavailableError(_("FLAC and MP3 need the library libsndfile, which is missing here. Take WAV.")) from error
    subtype = {"flac": "PCM_16", "mp3": "MPEG_LAYER_III"}[kind]
    with soundfile.SoundFile(out, "w", RATE, 1, subtype, format=kind.upper()) as file:
        if title:
            file.title = title
        if comment:
            file.comment = comment
        for start in range(0, len(samples), BLOCK):
            file.write(samples[start : start + BLOCK])


def _write_wav(out: BinaryIO, samples: NDArray[np.float32], title: str, comment: str) -> None:
    """RIFF with PCM (Microsoft, Multimedia Programming Interface 1.0, chapter 3); what it tells stands in LIST INFO."""
    import numpy as np

    told = b"".join(_chunk(name, text.encode() + b"\0") for name, text in ((b"INAM", title), (b"ICMT", comment)) if text)
    head = b"WAVE" + _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    head += _chunk(b"LIST", b"INFO" + told) if told else b""
    size = 2 * len(samples)
    out.write(b"RIFF" + struct.pack("<I", len(head) + 8 + size) + head + b"data" + struct.pack("<I", size))
    out.writelines(
        (samples[start : start + BLOCK] * 32767).astype(np.dtype("<i2")).tobytes() for start in range(0, len(samples), BLOCK)
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
