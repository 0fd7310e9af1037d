"""Recordings as files of another kind, and parts of them: block by block, however long they are."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.bounded import MB, SLOW, Data, bounded, content
from app.errors import InvalidError, TooLargeError, UnsupportedError, _
from app.media.music.sound.recording import BITS, FLAC, FULL, WAV, WHOLE, resampled, stored

if TYPE_CHECKING:
    import numpy as np
    import soundfile
    from numpy.typing import NDArray

Kind = Literal["wav", "flac", "mp3"]
BLOCK = 1 << 18  # frames at a time
AROUND = 4_096  # frames around a block that the resampler sees, at least
MP3_RATES = {8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000}
HIGHEST, RATE = 48_000, 44_100  # what other rates become for MP3: the first where it divides them
LARGEST = 1024 * MB  # bytes of a file
SHORTEST = 0.05  # seconds that can still be heard
SLACK = 0.05  # seconds by which a player may round
NO_RECORDING = _("This is no recording that Stemma can read (WAV or FLAC).")
TOO_MUCH = _("This recording would need too much time or room as such a file. Take FLAC, or trim the recording first.")


@bounded(150, 300 * MB, TOO_MUCH, lane=SLOW, output=LARGEST, needs=("numpy", "soundfile"))
def recording_file(data: Data, kind: Kind, to: Path, title: str = "", recipe: Mapping[str, Any] | None = None) -> None:
    """Write a recording (WAV or FLAC) as the file `to` of `kind`, its samples as they are; in MP3 two channels at most.

    Raises UnsupportedError for bytes that are no recording, TooLargeError.
    """
    import soundfile

    with _opened(data) as file:
        rate, channels, subtype = file.samplerate, file.channels, file.subtype
        blocks: Iterator[NDArray[Any]]
        if kind == "mp3":
            channels = min(2, channels)
            rate = rate if rate in MP3_RATES else HIGHEST if rate % HIGHEST == 0 else RATE
            blocks, subtype = _at_rate(file, rate, channels), "MPEG_LAYER_III"
        else:
            blocks, subtype = _whole_numbers(file), subtype if subtype in BITS else WHOLE.get(subtype, "PCM_16")
            if kind == "flac" and subtype == "PCM_32":
                subtype = "PCM_24"  # FLAC holds no more
            elif subtype in {"PCM_S8", "PCM_U8"}:
                subtype = "PCM_16"
            if kind == "wav" and file.frames * channels * BITS[subtype] // 8 > LARGEST - MB:
                raise TooLargeError(TOO_MUCH)
        with soundfile.SoundFile(to, "w", rate, channels, subtype, format=kind.upper()) as out:
            if recipe:
                out.title, out.comment = title, json.dumps(recipe)
            for block in blocks:
                out.write(block)


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a recording: a file of the same kind. `start` and `end` in seconds of the whole, moved to frames."""

    media_type: str
    bytes: int
    start: float
    end: float
    duration: float
    rate: int


@bounded(60, 300 * MB, TOO_MUCH, output=LARGEST, needs=("numpy", "soundfile"))
def cut_recording(data: Data, start: float, end: float, to: Path) -> Cut:
    """What sounds in a recording between two moments (seconds), sample by sample, as the file `to`.

    Raises InvalidError when there is no such part or when it is all of it, or for bytes that are no recording.
    """
    import soundfile

    try:
        file = _opened(data)
    except UnsupportedError as error:
        raise InvalidError("revision", error.title) from error
    with file:
        first, last = _part(file.frames, file.samplerate, start, end)
        subtype = file.subtype if file.subtype in BITS else WHOLE.get(file.subtype, "PCM_16")
        kind: Literal["FLAC", "WAV"] = "FLAC" if file.format == "FLAC" else "WAV"
        with soundfile.SoundFile(to, "w", file.samplerate, file.channels, subtype, format=kind) as out:
            for block in _whole_numbers(file, first, last):
                out.write(block)
        rate, media_type = file.samplerate, FLAC if kind == "FLAC" else WAV
    return Cut(media_type, to.stat().st_size, first / rate, last / rate, (last - first) / rate, rate)


def _part(frames: int, rate: int, start: float, end: float) -> tuple[int, int]:
    """The first frame, and the one after the last. Raises InvalidError naming the field and what is allowed."""
    duration = frames / rate
    length = f"{duration:.2f}"
    if not math.isfinite(start) or not 0 <= start < duration:
        raise InvalidError("start", _("a moment of the recording in seconds: 0 to %(end)s"), end=length)
    if not math.isfinite(end) or not start < end <= duration + SLACK:
        raise InvalidError("end", _("a moment after the start, in seconds: at most %(end)s"), end=length)
    first, last = (min(max(round(moment * rate), 0), frames) for moment in (start, end))
    if last - first < SHORTEST * rate:
        raise InvalidError("end", _("at least %(least)s seconds must stay"), least=SHORTEST)
    if (first, last) == (0, frames):
        raise InvalidError("end", _("that is the whole recording: nothing would be cut off"))
    return first, last


def _opened(data: Data) -> soundfile.SoundFile:
    """A WAV or FLAC file. Raises UnsupportedError when it is neither, or holds nothing."""
    import soundfile

    try:
        file = soundfile.SoundFile(data if isinstance(data, Path) else io.BytesIO(content(data)))
    except (soundfile.SoundFileError, ValueError, RuntimeError) as error:
        raise UnsupportedError(NO_RECORDING) from error
    if file.format not in {"WAV", "WAVEX", "FLAC"} or not file.frames:
        file.close()
        raise UnsupportedError(NO_RECORDING)
    return file


def _blocks(file: soundfile.SoundFile, first: int, last: int, kind: str) -> Iterator[NDArray[Any]]:
    """Frames `first` to `last`, a block at a time. Raises UnsupportedError where the file is damaged."""
    import soundfile

    try:
        file.seek(first)
        while first < last and len(block := file.read(min(BLOCK, last - first), dtype=kind, always_2d=True)):
            first += len(block)
            yield block
    except (soundfile.SoundFileError, ValueError, RuntimeError) as error:
        raise UnsupportedError(NO_RECORDING) from error


def _whole_numbers(file: soundfile.SoundFile, first: int = 0, last: int | None = None) -> Iterator[NDArray[np.int32]]:
    """Samples as whole numbers; floating point ones that are too loud are turned down, all by the same."""
    import numpy as np

    last = file.frames if last is None else last
    if file.subtype in BITS:
        yield from _blocks(file, first, last, "int32")
        return
    heard = (np.nan_to_num(block, posinf=0.0, neginf=0.0) for block in _blocks(file, 0, file.frames, "float64"))
    loudest = max((float(np.abs(block).max(initial=0.0)) for block in heard), default=0.0)
    for block in _blocks(file, first, last, "float64"):
        quiet = np.nan_to_num(block, posinf=0.0, neginf=0.0) / max(1.0, loudest)
        yield stored(quiet, WHOLE.get(file.subtype, "PCM_16"))


def _at_rate(file: soundfile.SoundFile, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """Samples of -1…1 at `rate`, of the first `channels`."""
    blocks = _floats(file, channels)
    return blocks if rate == file.samplerate else _resampled(blocks, file.samplerate, rate, channels)


def _resampled(blocks: Iterator[NDArray[np.float32]], old: int, new: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """A block at a time, with what lies around it as far as the resampler looks, so that no joint is heard."""
    import numpy as np

    up, down = new // math.gcd(old, new), old // math.gcd(old, new)
    around = down * -(-AROUND // down)  # frames, and a whole number of them at the new rate, too
    step = around * max(1, BLOCK // around)
    before, held, ended = np.zeros((0, channels), np.float32), np.zeros((0, channels), np.float32), False
    while not ended or len(held):
        while not ended and len(held) < step + around:
            block = next(blocks, None)
            ended = block is None
            held = held if block is None else np.concatenate([held, block])
        made = resampled(np.concatenate([before, held[: step + around]]), old, new)
        begin, part = len(before) * up // down, held[:step]
        yield made[begin : begin + -(-len(part) * up // down)]
        before, held = np.concatenate([before, part])[-around:], held[step:]


def _floats(file: soundfile.SoundFile, channels: int) -> Iterator[NDArray[np.float32]]:
    import numpy as np

    for block in _whole_numbers(file):
        yield (block[:, :channels] / FULL).astype(np.float32)
