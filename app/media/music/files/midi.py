"""A tune as a MIDI file (Standard MIDI File, format 1), its repeats played."""

from __future__ import annotations

import io
from collections.abc import Sequence

from app.media.music.notation.pitch import Mode
from app.media.music.notation.tune import Tune
from app.media.music.sound.performance import Sound, performed, quarters_a_minute

TICKS = 480  # a quarter note
MINOR = {Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN}  # a MIDI key knows two modes: by its third
NAMES = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
MINOR_NAMES = ["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"]


def midi(tune: Tune, *, instrument: int = 0, tempo: float | None = None, chords: bool = True, told: str = "") -> bytes:
    """The file's bytes. `instrument` is General MIDI's program (0 to 127) of the tune; chords sound on a piano.

    `tempo` in beats a minute instead of the tune's own; `told` (ASCII) becomes a text event.
    """
    from mido import MetaMessage, MidiFile, MidiTrack, bpm2tempo

    file = MidiFile(type=1, ticks_per_beat=TICKS)
    head = MidiTrack([MetaMessage("track_name", name=_bytes(tune.title))])
    if told:
        head.append(MetaMessage("text", text=told))
    pace = quarters_a_minute(tune.fields.get("Q", ""), tune.metre, tempo)
    head.append(MetaMessage("set_tempo", tempo=bpm2tempo(pace)))
    if tune.metre:
        head.append(MetaMessage("time_signature", numerator=tune.metre.beats, denominator=tune.metre.unit))
    names = MINOR_NAMES if tune.key.mode in MINOR else NAMES
    head.append(MetaMessage("key_signature", key=names[7 + tune.key.fifths]))
    file.tracks.append(head)
    sounds = performed(tune, chords=chords)
    for voice, program in ((0, instrument), (1, 0)):
        mine = [sound for sound in sounds if sound.voice == voice]
        if mine or voice == 0:
            file.tracks.append(_track(mine, voice, program))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _track(sounds: Sequence[Sound], channel: int, program: int) -> list[object]:
    """Notes on and off in order: at one tick, off comes before on."""
    from mido import Message, MetaMessage, MidiTrack

    events = []
    for sound in sounds:
        if 0 <= sound.pitch <= 127:  # noqa: PLR2004 (MIDI's range)
            start, end = (round(place * 4 * TICKS) for place in (sound.start, sound.start + sound.duration))
            events += [(start, 1, sound.pitch, sound.velocity), (max(end, start + 1), 0, sound.pitch, 0)]
    track = MidiTrack([Message("program_change", channel=channel, program=program, time=0)])
    now = 0
    for tick, on, pitch, velocity in sorted(events):
        track.append(Message("note_on" if on else "note_off", channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track", time=TICKS))
    return track  # type: ignore[no-any-return]  # mido has no type information


def _bytes(title: str) -> str:
    """A title in UTF-8, which is what programs read today; mido writes a byte for each of these characters."""
    return title[:100].encode("utf-8", "replace").decode("latin-1")
