"""A sound file as a recording: decoded whole and encoded anew as FLAC, with nothing else of it kept; bounded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bounded import MB, Data, bounded, content
from app.errors import InvalidError, TooLargeError, UnsupportedError, _
from app.media.music.sound.recording import BITS, stored

LONGEST = 20 * 60  # seconds
SHORTEST = 0.05
CHANNELS = 2
RATES = range(8_000, 192_001)  # frames a second
BLOCK = 1 << 18  # frames decoded at a time
FORMATS = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "FLAC": "flac", "MP3": "mp3", "OGG": "ogg"}
DAMAGED = _("That is not a recording Stemma can read (WAV, FLAC, MP3 or Ogg).")
TOO_MUCH = _(
    "This recording needs too much time or memory to be read. Import a shorter one, or one with at most 96,000 samples a "
    "second."
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """What is known of a recording that became a FLAC file; `kind` is what it was before."""

    bytes: int
    kind: str
    duration: float  # seconds
    rate: int
    channels: int


def sounds_like(data: bytes) -> bool:
    """Whether the first bytes are those of a WAV, FLAC, MP3 or Ogg file."""
    sync = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0  # noqa: PLR2004 (MPEG audio, ISO 11172-3, 2.4.2.3)
    return data[:4] in {b"RIFF", b"RF64", b"fLaC", b"OggS"} or data[:3] == b"ID3" or sync


@bounded(90, 400 * MB, TOO_MUCH, output=1024 * MB, needs=("numpy", "soundfile"))
def admit(data: Data, to: Path) -> Admitted:
    """An uploaded recording as the FLAC file `to`: its samples as they are (floating point ones in 24 bits), without loss.

    Raises UnsupportedError (no recording, damaged, a library missing), TooLargeError (longer than LONGEST), InvalidError
    (hardly anything in it, or more than two channels).
    """
    given = content(data)
    if not sounds_like(given):
        raise UnsupportedError(DAMAGED)
    try:
        import soundfile

        with soundfile.SoundFile(io.BytesIO(given)) as file:
            return _encoded(file, to)
    except OSError as error:
        if error.errno is not None:  # of the file that is written: a full disk
            raise
        raise UnsupportedError(DAMAGED) from error
    except (ImportError, ValueError, RuntimeError, TypeError) as error:  # libsndfile's own errors are RuntimeErrors
        raise UnsupportedError(DAMAGED) from error


def _encoded(file: Any, to: Path) -> Admitted:
    """Block by block: a minute of silence in a few bytes must not become gigabytes."""
    import numpy as np
    import soundfile

    if file.format not in FORMATS or file.samplerate not in RATES:
        raise UnsupportedError(DAMAGED)
    if file.channels > CHANNELS:
        raise InvalidError("file", _("a recording has one or two channels"))
    whole = file.subtype in BITS
    subtype = {"PCM_32": "PCM_24", "PCM_U8": "PCM_S8"}.get(file.subtype, file.subtype if whole else "PCM_16")
    subtype = "PCM_24" if file.subtype in {"FLOAT", "DOUBLE"} else subtype
    frames = 0
    with soundfile.SoundFile(to, "w", file.samplerate, file.channels, subtype, format="FLAC") as kept:
        while len(block := file.read(BLOCK, dtype="int32" if whole else "float64", always_2d=True)):
            frames += len(block)
            if frames > LONGEST * file.samplerate:
                raise TooLargeError(_("A recording may last %(minutes)d minutes."), minutes=LONGEST // 60)
            kept.write(block if whole else stored(np.nan_to_num(block), subtype))  # what is too loud is cut off
    if frames < SHORTEST * file.samplerate:
        raise InvalidError("file", _("there is no sound in this file"))
    return Admitted(to.stat().st_size, FORMATS[file.format], frames / file.samplerate, file.samplerate, file.channels)
