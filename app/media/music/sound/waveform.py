"""The waveform of a recording: how low and how high it swings in each of a thousand parts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from app.bounded import MB, Data, bounded, content
from app.errors import UnsupportedError, _

POINTS = 1_000
BLOCK = 1 << 18  # frames at a time, about


@bounded(60, 200 * MB, _("This recording needs too much time or memory to be drawn."), needs=("numpy", "soundfile"))
def waveform(data: Data) -> dict[str, Any]:
    """{duration (seconds), peaks: [[lowest, highest], …]}: samples of -1 to 1 over all channels, in POINTS parts at most.

    Raises UnsupportedError for bytes that are no recording.
    """
    import soundfile

    try:
        with soundfile.SoundFile(data if isinstance(data, Path) else io.BytesIO(content(data))) as file:
            step = max(1, -(-file.frames // POINTS))
            peaks = [
                [round(float(part.min()), 4), round(float(part.max()), 4)]
                for block in file.blocks(blocksize=step * max(1, BLOCK // step), dtype="float32", always_2d=True)
                for part in (block[at : at + step] for at in range(0, len(block), step))
            ]
            return {"duration": round(file.frames / file.samplerate, 3), "peaks": peaks}
    except (soundfile.SoundFileError, ValueError, RuntimeError) as error:
        raise UnsupportedError(_("This is no recording that Stemma can read (WAV or FLAC).")) from error
