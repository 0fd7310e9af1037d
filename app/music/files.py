"""A tune or a recording as a file: what other programs open, with what Stemma tells of it inside."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app import gate
from app.errors import InvalidError, _
from app.music import audio, recording
from app.music.abc import read
from app.music.midi import midi
from app.music.musicxml import musicxml

Kind = Literal["abc", "midi", "musicxml", "wav", "flac", "mp3"]
ENDINGS: Mapping[Kind, str] = {"abc": "abc", "midi": "mid", "musicxml": "musicxml", "wav": "wav", "flac": "flac", "mp3": "mp3"}
MEDIA_TYPES: Mapping[Kind, str] = {
    "abc": "text/vnd.abc; charset=utf-8",
    "midi": "audio/midi",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "wav": audio.MEDIA_TYPES["wav"],
    "flac": audio.MEDIA_TYPES["flac"],
    "mp3": audio.MEDIA_TYPES["mp3"],
}
VERSION = 1  # goes up when the same tune makes other bytes; `audio` has its own
TOLD = "% stemma: "  # begins the comment with the recipe, the last line of an ABC file
MP3_RATES = {8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000}


@dataclass(frozen=True, slots=True)
class Played:
    """How a tune sounds in a file: `instrument` by its name in audio.INSTRUMENTS, `tempo` in beats a minute (None: its own)."""

    instrument: str = audio.PIANO
    tempo: float | None = None


def tune_file(text: str, kind: Kind, played: Played, title: str = "", recipe: Mapping[str, Any] | None = None) -> bytes:
    """The tune in `text` (ABC) as a file; with `recipe` it carries that, and `title` where it has none of its own.

    Raises InvalidError where there are no notes, UnavailableError where libsndfile is missing.
    """
    told = json.dumps(recipe) if recipe else ""
    if kind == "abc":
        return (f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{TOLD}{told}\n" if told else text).encode()
    tune = read(text)
    if not tune.sounding:
        raise InvalidError("as", _("There are no notes to be heard in this tune yet. Take ABC."))
    program, _held = audio.INSTRUMENTS[played.instrument]
    if kind == "midi":
        return midi(tune, instrument=program, tempo=played.tempo, told=told)
    if kind == "musicxml":
        return musicxml(tune, told)
    samples = audio.recording(tune, instrument=played.instrument, tempo=played.tempo)
    return audio.encoded(samples, kind, (tune.title or title) if recipe else "", told)


def recording_file(data: bytes, kind: audio.Kind, title: str = "", recipe: Mapping[str, Any] | None = None) -> bytes:
    """A recording (WAV or FLAC) as a file of `kind`, its samples as they are; in MP3 two channels at most.

    Raises UnsupportedError for bytes that are no recording.
    """
    import soundfile

    found = recording.read(data)
    samples: Any = found.samples
    rate, subtype = found.rate, found.subtype
    if kind == "mp3":
        rate = rate if rate in MP3_RATES else audio.RATE
        samples, subtype = found.floats(rate, min(2, samples.shape[1])), "MPEG_LAYER_III"
    elif kind == "flac" and subtype == "PCM_32":
        subtype = "PCM_24"  # FLAC holds no more
    elif subtype in {"PCM_S8", "PCM_U8"}:
        subtype = "PCM_16"
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, samples.shape[1], subtype, format=kind.upper()) as file:
        if recipe:
            file.title, file.comment = title, json.dumps(recipe)
        file.write(samples)
    return out.getvalue()


def without_recipe(text: str) -> tuple[str, dict[str, Any] | None]:
    """An ABC file of ours as the tune that it was and its recipe; any other as it is and None."""
    head, end, last = text.rstrip("\n").rpartition("\n")
    if not last.startswith(TOLD):
        return text, None
    recipe = gate.recipe(last.removeprefix(TOLD))
    if not isinstance(recipe, dict) or "stemma" not in recipe:  # one that cannot be kept stays where it is, a comment
        return text, None
    return head + end, recipe
