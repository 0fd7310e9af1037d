"""Small pictures of what is no picture: a tune's first bars, a recording's waveform; made once, kept with what is derived."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from app.media.music.engraving import picture
from app.media.music.sound.waveform import waveform
from app.storage.store import Store


def of_tune(store: Store, text: str, width: int) -> bytes:
    """A WebP of the first bars of a tune in ABC."""
    path = store.derived(hashlib.sha256(text[: picture.START].encode()).hexdigest(), f"tune{picture.VERSION}-{width}.webp")
    return _kept(path) or _made(store, path, picture.webp(picture.tune_picture(text, width)))


def of_recording(store: Store, sha256: str, width: int) -> bytes:
    """A WebP of a recording's waveform. Raises NotFoundError when its file is gone, UnsupportedError when it is none."""
    path = store.derived(sha256, f"wave{picture.VERSION}-{width}.webp")
    if (kept := _kept(path)) is not None:
        return kept
    peaks = json.loads(waved(store, sha256))["peaks"]
    return _made(store, path, picture.webp(picture.wave_picture(peaks, width)))


def waved(store: Store, sha256: str) -> bytes:
    """The waveform of the recording with these bytes (app.media.music.sound.waveform) as JSON."""
    path = store.derived(sha256, "waveform.json")
    return _kept(path) or _made(store, path, json.dumps(waveform(store.find(sha256)), separators=(",", ":")).encode())


def _kept(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _made(store: Store, path: Path, data: bytes) -> bytes:
    store.keep_derived(path, data)
    return data
