"""A tune or a recording as a file: what other programs open, with what Stemma tells of it inside."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from app import gate
from app.bounded import MB, SLOW, bounded
from app.errors import InvalidError, _
from app.media.music.abc.abc import read_tune
from app.media.music.files.midi import midi
from app.media.music.files.musicxml import musicxml
from app.media.music.sound import audio

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
VERSION = 4  # goes up when the same tune makes other bytes; `audio` has its own
TOLD = "% stemma: "  # begins the comment with the recipe, the last line of an ABC file
TOO_MUCH = _("This tune would need too much time or room as such a file. Take ABC, or a shorter tune.")


@dataclass(frozen=True, slots=True)
class Played:
    """How a tune sounds in a file: `instrument` by its name in audio.INSTRUMENTS, `tempo` in beats a minute (None: its own)."""

    instrument: str = audio.PIANO
    tempo: float | None = None


def tune_file(text: str, kind: Kind, played: Played, title: str = "", recipe: Mapping[str, Any] | None = None) -> bytes:
    """The tune in `text` (ABC) as a file; with `recipe` it carries that, and `title` where it has none of its own.

    For a tune that is small, or its ABC: others are written by `write_tune`. Raises InvalidError where there are no notes,
    UnavailableError where libsndfile is missing.
    """
    out = io.BytesIO()
    _write(out, text, kind, played, title, recipe)
    return out.getvalue()


@bounded(120, 700 * MB, TOO_MUCH, lane=SLOW, output=1024 * MB, needs=("numpy", "soundfile", "mido"))
def write_tune(
    text: str, kind: Kind, played: Played, to: Path, title: str = "", recipe: Mapping[str, Any] | None = None
) -> None:
    """Write what `tune_file` gives as the file `to`. Raises what that does."""
    with to.open("xb") as out:
        _write(out, text, kind, played, title, recipe)


def _write(out: BinaryIO, text: str, kind: Kind, played: Played, title: str, recipe: Mapping[str, Any] | None) -> None:
    told = json.dumps(recipe) if recipe else ""
    if kind == "abc":
        out.write((f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{TOLD}{told}\n" if told else text).encode())
        return
    tune = read_tune(text)
    if not tune.sounding:
        raise InvalidError("as", _("There are no notes to be heard in this tune yet. Take ABC."))
    program, _held = audio.INSTRUMENTS[played.instrument]
    if kind == "midi":
        out.write(midi(tune, instrument=program, tempo=played.tempo, told=told))
    elif kind == "musicxml":
        out.write(musicxml(tune, told))
    else:
        samples = audio.recording(tune, instrument=played.instrument, tempo=played.tempo)
        audio.write(out, samples, kind, (tune.title or title) if recipe else "", told)


def without_recipe(text: str) -> tuple[str, dict[str, Any] | None]:
    """An ABC file of ours as the tune that it was and its recipe; any other as it is and None."""
    head, end, last = text.rstrip("\n").rpartition("\n")
    if not last.startswith(TOLD):
        return text, None
    recipe = gate.recipe(last.removeprefix(TOLD))
    if not isinstance(recipe, dict) or "stemma" not in recipe:  # one that cannot be kept stays where it is, a comment
        return text, None
    return head + end, recipe
