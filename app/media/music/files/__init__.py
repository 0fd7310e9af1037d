"""Tunes as MIDI and MusicXML."""
