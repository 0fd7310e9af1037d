"""The waveform of a recording: how low and how high it swings in each of a thousand parts."""

from __future__ import annotations

import io
from typing import Any

from app.errors import UnsupportedError, _

POINTS = 1_000


def waveform(data: bytes) -> dict[str, Any]:
    """{duration (seconds), peaks: [[lowest, highest], …]}: samples of -1 to 1 over all channels, in POINTS parts at most.

    Raises UnsupportedError for bytes that are no recording.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            step = max(1, -(-file.frames // POINTS))
            peaks = [
                [round(float(part.min()), 4), round(float(part.max()), 4)]
                for block in file.blocks(blocksize=step * 64, dtype="float32", always_2d=True)
                for part in (block[at : at + step] for at in range(0, len(block), step))
            ]
            return {"duration": round(file.frames / file.samplerate, 3), "peaks": peaks}
    except (soundfile.SoundFileError, ValueError, RuntimeError) as error:
        raise UnsupportedError(_("This is no recording that Stemma can read (WAV or FLAC).")) from error
