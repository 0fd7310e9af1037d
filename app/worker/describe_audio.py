"""What is to be known of a recording that an engine made."""

from __future__ import annotations

from app.engines.engine import Content
from app.errors import EngineError, UnsupportedError, _
from app.media.music.sound.recording import MEDIA_TYPES, read_recording
from app.models import Asset

RECORDINGS = frozenset(MEDIA_TYPES)


def describe_audio(content: Content) -> Asset:
    """Media type, bytes and seconds. Raises EngineError when it is no WAV or FLAC, or another one than it says."""
    try:
        recording = read_recording(content.data)
    except UnsupportedError as error:
        raise EngineError(_("The engine made something that is not a recording.")) from error
    if recording.media_type != content.media_type:
        raise EngineError(_("The engine made something that is not a recording."))
    return Asset(media_type=content.media_type, bytes=len(content.data), duration=recording.duration)
