"""A MIDI file as a tune: one voice of it, set on a grid, in the key and metre that it names; bounded, whatever it holds."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.bounded import MB, Data, bounded, content, size
from app.errors import InvalidError, TooLargeError, UnsupportedError, _
from app.media.music.abc.writing import field_text
from app.media.music.files.notating import Imported, abc, key_with, likely_key
from app.media.music.files.transcribing import FileNote, measures, on_grid
from app.media.music.notation.pitch import Key, Mode
from app.media.music.notation.tune import Metre
from app.media.text.documents.encodings import text_of

LARGEST = 256 * 1024  # bytes: no tune comes near it
MOST_NOTES = 10_000
DRUMS = 9  # the channel of General MIDI's percussion
# What mido raises for bytes that are no MIDI file.
BROKEN = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, OverflowError, AttributeError, ZeroDivisionError)
DAMAGED = _("That MIDI file is damaged or no MIDI file.")
TOO_MUCH = _("That MIDI file needs too much time or memory to be written as notes. Take a part of it, or one track.")


@dataclass(slots=True)
class Score:
    """What a file holds: notes by track and channel, and the first of each thing that it says of them."""

    voices: dict[tuple[int, int], list[FileNote]] = field(default_factory=dict)
    metre: Metre | None = None
    key: Key | None = None
    tempo: float | None = None  # quarter notes a minute
    title: str = ""
    changes: bool = False  # of metre, key or tempo on the way
    left_out: set[str] = field(default_factory=set)  # what a tune does not hold (message ids)


@bounded(20, 300 * MB, TOO_MUCH, needs=("mido",))
def read_midi(data: Data, name: str = "") -> Imported:
    """The tune; `name` is its title where the file has none.

    Raises UnsupportedError (no MIDI file, damaged), TooLargeError, InvalidError (no notes).
    """
    if size(data) > LARGEST:
        raise TooLargeError(_("That MIDI file is too large for a tune: at most %(limit)s."), limit=f"{LARGEST // 1024} KB")
    given = content(data)
    if not given.startswith(b"MThd"):
        raise UnsupportedError(DAMAGED)
    try:
        score = _score(given)
    except BROKEN as error:
        raise UnsupportedError(DAMAGED) from error
    if not score.voices:
        raise InvalidError("file", _("there are no notes in this file"))
    found = Imported("")
    if len(score.voices) > 1:
        found.without(_("Only one voice was taken."))
    if score.changes:
        found.without(_("Changes of key, metre or tempo on the way were left out."))
    for said in sorted(score.left_out):
        found.without(said)
    notes = on_grid(_melody(list(score.voices.values())), found)
    metre = score.metre or Metre(4, 4)
    key = score.key or likely_key([(max(pitches), end - start) for start, end, pitches, _velocity in notes])
    tempo = f"1/4={round(score.tempo)}" if score.tempo else ""
    found.text = abc(score.title or name, "", tempo, measures(notes, key, metre))
    return found


def _score(data: bytes) -> Score:
    import mido

    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except mido.KeySignatureError as error:  # a key that does not exist
        raise UnsupportedError(DAMAGED) from error
    if file.ticks_per_beat <= 0:
        raise UnsupportedError(_("That MIDI file counts time in film frames, not in beats."))
    score, count = Score(), 0
    for number, track in enumerate(file.tracks):
        count = _track(score, track, number, file.ticks_per_beat, count)
    return score


def _track(score: Score, track: Any, number: int, ticks: int, count: int) -> int:
    """Read a track; gives how many notes there are by now."""
    tick = 0
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            sounding.setdefault((message.channel, message.note), (tick, message.velocity))
        elif message.type in {"note_on", "note_off"}:
            begun = sounding.pop((message.channel, message.note), None)
            if message.channel == DRUMS:
                score.left_out.add(_("Drums were left out."))
            elif begun and tick > begun[0]:
                count += 1
                if count > MOST_NOTES:
                    raise TooLargeError(_("A tune may have %(most)s notes."), most=f"{MOST_NOTES:,}")
                heard = FileNote(begun[0] / ticks, tick / ticks, message.note, begun[1])
                score.voices.setdefault((number, message.channel), []).append(heard)
        elif message.type == "pitchwheel" and message.pitch:
            score.left_out.add(_("Bent notes became straight ones."))
        elif message.is_meta:
            _read_meta(score, message, first=number == 0)
    return count


def _read_meta(score: Score, message: Any, *, first: bool) -> None:
    """What a meta event says; the first of each kind counts."""
    if message.type == "track_name" and (first or not score.title):
        score.title = score.title or _decoded_name(message.name)
    elif message.type == "lyrics" and message.text.strip():
        score.left_out.add(_("The words of the file were left out."))
    elif message.type == "set_tempo" and message.tempo:
        score.changes |= score.tempo is not None and score.tempo != 60e6 / message.tempo
        score.tempo = score.tempo or min(999.0, max(10.0, 60e6 / message.tempo))
    elif message.type == "time_signature" and 0 < message.numerator <= 64 and message.denominator <= 64:  # noqa: PLR2004 (as in metre_of)
        metre = Metre(message.numerator, message.denominator)
        score.changes |= score.metre is not None and score.metre != metre
        score.metre = score.metre or metre
    elif message.type == "key_signature":
        minor = message.key.endswith("m")
        key = Key(message.key.removesuffix("m"), Mode.MINOR if minor else Mode.MAJOR)
        score.changes |= score.key is not None and score.key != key
        score.key = score.key or key_with(key.fifths, key.mode)


def _melody(voices: list[list[FileNote]]) -> list[FileNote]:
    """The voice that is the tune: of those with enough notes, the highest, and rather one note at a time than chords."""
    most = max(len(voice) for voice in voices)

    def promise(voice: list[FileNote]) -> float:
        at_once = Counter(round(note.start, 2) for note in voice)
        height = sum(note.pitch for note in voice) / len(voice)
        return height - 24 * (1 - len(at_once) / len(voice))

    enough = [voice for voice in voices if 4 * len(voice) >= most]
    chosen: list[FileNote] = max(enough, key=promise)
    return sorted(chosen, key=lambda note: (note.start, note.pitch))


def _decoded_name(name: str) -> str:
    """A name as its file meant it: mido reads Latin-1, programs write UTF-8, or what their country had before it."""
    data = name.replace("\0", "").encode("latin-1", "ignore")
    with contextlib.suppress(UnsupportedError):
        name, _encoding = text_of(data)
    return field_text(name)
