"""What a service of pictures sends, and the gate through which its pictures go."""

from __future__ import annotations

import asyncio
import base64
import binascii
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.engines.image.inpainting import Place
from app.engines.image.preview import LONGER
from app.engines.image.service.dialects import BLOCKED
from app.engines.shared.wire import Wire
from app.errors import BusyError, EngineError, InvalidError, StemmaError, TooLargeError, UnsupportedError, _
from app.media.image.admit import admit, look_at

UNREADABLE = (InvalidError, UnsupportedError, TooLargeError)
PAUSES = (1, 2, 4, 8, 15)  # seconds, where this machine is too busy to look at a picture that is paid for


class PictureWire(Wire):
    """A service whose answers are pictures."""

    unlike = _("The service answered with something else than a picture (%(kind)s).")


@dataclass(slots=True)
class Answer:
    """One picture in the making."""

    data: bytes = b""
    preview: bytes | None = None  # the newest picture on the way, small
    _partial: bytes | None = None  # the newest picture on the way of which no preview is being made
    _showing: asyncio.Task[None] | None = None
    arrived: int = 0  # pictures, those on the way included
    usage: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None  # of the parent's picture, where no more of it is made

    async def take(self, event: Mapping[str, Any], wire: Wire, url: str, max_pixels: int) -> None:
        """What an event, or an answer that is not streamed, brings. Raises EngineError for one that tells of an error."""
        if event.get("error"):
            raise blocked(str(event["error"]), str(event.get("code") or ""))
        kind, data = str(event.get("type") or ""), event.get("data")
        pictures = [event] if kind else data if isinstance(data, list) else []
        found: Mapping[str, Any] = next((one for one in pictures if isinstance(one, dict)), {})
        picture = await _picture(found, wire, url)
        if picture is None:
            return
        self.arrived += 1
        if kind.endswith(".partial_image"):
            self.show(picture, max_pixels)
            return
        self.data = picture
        self._told(event, found)

    def show(self, picture: bytes, max_pixels: int) -> None:
        """Make the preview of a picture on the way, beside what goes on: none is waited for, and the newest is made."""
        self._partial = picture
        if self._showing is None or self._showing.done():
            self._showing = asyncio.create_task(self._show(max_pixels))

    async def _show(self, max_pixels: int) -> None:
        while self._partial is not None:
            picture, self._partial = self._partial, None
            self.preview = await asyncio.to_thread(self._small, picture, max_pixels) or self.preview

    def _small(self, picture: bytes, max_pixels: int) -> bytes | None:
        small = preview_of(picture, max_pixels)
        return self.place.previews([small])[0] if self.place else small

    def _told(self, event: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        sent = event.get("usage")
        usage: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
        names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
        for theirs, ours in names.items():
            if isinstance(count := usage.get(theirs, usage.get(ours)), int):
                self.usage[ours] = count
        if revised := found.get("revised_prompt"):
            self.facts["revised_prompt"] = str(revised)[:4000]


async def _picture(found: Mapping[str, Any], wire: Wire, url: str) -> bytes | None:
    """The bytes of a picture: sent as base64, or lying at an address of the same service. Raises EngineError."""
    sent, lies = found.get("b64_json"), found.get("url")
    if isinstance(lies, str) and lies.startswith("data:"):
        sent = lies.partition(",")[2]
    if isinstance(sent, str) and sent:
        try:
            return base64.b64decode(sent, validate=True)
        except (binascii.Error, ValueError) as error:
            raise EngineError(_("The service answered with something that cannot be read.")) from error
    if not (isinstance(lies, str) and lies):
        return None
    there = urljoin(url, lies)
    if urlsplit(there)[:2] != urlsplit(url)[:2]:  # it may be anywhere, also within this machine's own network
        raise EngineError(_("The service sent another server's address instead of the picture, which is not followed."))
    return await wire.got(there)


def blocked(said: str, code: str) -> EngineError:
    """The error that a service told."""
    if code in BLOCKED:
        return EngineError(_("The service's rules do not allow this wish; in other words it may. It says: %(said)s"), said=said)
    return EngineError(_("The service stopped with an error: %(said)s"), said=said)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A picture that went through the gate, as PNG."""

    data: bytes
    width: int
    height: int


def admitted(data: bytes, max_pixels: int) -> Admitted:
    """A service's picture, decoded whole and encoded anew, as what people bring is. Raises EngineError."""
    with tempfile.TemporaryDirectory(prefix="stemma-") as folder:
        there = Path(folder) / "picture.png"
        for pause in (*PAUSES, 0):
            try:
                found = admit(data, max_pixels, there)
            except BusyError as error:
                if not pause:
                    raise EngineError(_("The picture came, but this machine is too busy to read it.")) from error
                time.sleep(pause)
            except UNREADABLE as error:
                raise EngineError(_("What the service sent is no picture that can be read."), reason=str(error)) from error
            else:
                break
        return Admitted(there.read_bytes(), found.width, found.height)


def preview_of(data: bytes, max_pixels: int) -> bytes | None:
    """A picture on the way, small; None where it cannot be read, or not now: the run is worth more."""
    try:
        return look_at(data, max_pixels, LONGER)
    except StemmaError:
        return None
