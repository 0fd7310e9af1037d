"""One run of a workflow on a server: asked for once, found again after a worker died, and brought to its end.

What the server keeps (its queue, its history) is the truth; the socket only shows how it goes, and may come and go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx2

from app.engines.image.service.comfyui.faults import went_well
from app.engines.image.service.comfyui.wire import ComfyWire
from app.engines.shared.wire import Refused
from app.errors import EngineError, _

SOON = 3.0  # seconds that a socket has to open before the job is asked for
LOOK, SELDOM = 1.0, 5.0  # seconds between looks at the history: without and with a socket
AT_ONCE = 0.1  # seconds between them once the end was told: that comes before the history has it
AWAY = 90.0  # seconds in which a server that does not answer may start again
TRIES = 3  # of a request, and of a job that the server lost
LAST_WORD = 5.0  # seconds in which a job that is given up is ended
ENDS = frozenset({"execution_success", "execution_error", "execution_interrupted"})
SERVER_ERROR = 500
LOST = _("The server lost the job %(times)d times: it may be starting again and again.")


def names(generation: UUID | None, index: int) -> Iterator[str]:
    """What a variant's job may be called: the generation's own id, and others that come from it, the same every time."""
    root = generation or uuid4()
    yield str(root if index == 0 else uuid5(root, str(index)))
    for again in range(1, 20):
        yield str(uuid5(root, f"{index} {again}"))


class Job:
    """A job; `show` hears of a picture on the way, `tell` of how far it is (0 to 1)."""

    def __init__(self, wire: ComfyWire, show: Callable[[bytes], None], tell: Callable[[float], None], parts: int) -> None:
        """`parts` is how many nodes of the workflow make a picture out of noise."""
        self._wire, self._show, self._tell, self._parts = wire, show, tell, max(1, parts)
        self.id = ""
        self._moved, self._tried = asyncio.Event(), asyncio.Event()
        self._hears = self._asked = self._over = False
        self._worked: list[str] = []  # the nodes that told how far they are

    async def ended(self, ids: Iterator[str], graph: Mapping[str, Any]) -> dict[str, Any]:
        """What the server's history says of the job, once it has ended: well or not. Raises EngineError, Refused."""
        found = await self._found(ids)
        if found is not None:
            return found
        listening = asyncio.create_task(self._listen())
        try:
            for _run in range(TRIES):
                if not self._asked:
                    await self._ask(graph)
                if (entry := await self._waited()) is not None:
                    return entry
                self._asked = self._over = False
            raise EngineError(LOST, times=TRIES)
        except asyncio.CancelledError:  # closed, or it takes too long
            await self._give_up()
            raise
        finally:
            listening.cancel()

    async def _found(self, ids: Iterator[str]) -> dict[str, Any] | None:
        """What is known of a job that was asked for before, where it went well; else this one has a name that is free."""
        for self.id in ids:
            entry: dict[str, Any] | None = await self._patiently(self._entry)
            if entry is None:
                self._asked = await self._patiently(self._waits)
                return None
            if went_well(entry):
                return entry
        return None

    async def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask, and again where the connection breaks."""
        for attempt in range(TRIES):
            try:
                return await ask()
            except Refused:
                raise
            except EngineError:
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(2.0**attempt / 2)
        return None

    async def _entry(self) -> dict[str, Any] | None:
        """What the history says of this job; None while it says nothing."""
        found = (await self._wire.told(f"/history/{self.id}")).get(self.id)
        return found if isinstance(found, dict) else None

    async def _queued(self) -> dict[str, set[str]]:
        """The names of the jobs that are run, and of those that wait."""
        told = await self._wire.told("/queue")
        lists = {name: told.get(name) for name in ("queue_running", "queue_pending")}
        return {
            name: {str(one[1]) for one in found if isinstance(one, list) and len(one) > 1} if isinstance(found, list) else set()
            for name, found in lists.items()
        }

    async def _waits(self) -> bool:
        return any(self.id in found for found in (await self._queued()).values())

    async def _ask(self, graph: Mapping[str, Any]) -> None:
        """Put the job into the server's queue, once. Raises Refused, EngineError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOON):
                await self._tried.wait()
        # A client of its own: what is told to a client is told to nobody else.
        sent = {"prompt": graph, "prompt_id": self.id, "client_id": self.id, "extra_data": {"preview_method": "auto"}}
        for attempt in range(TRIES):
            self._asked = True  # from here on the server may have it
            try:
                told = await self._wire.told("/prompt", sent)
            except EngineError as error:
                if isinstance(error, Refused) and error.status_code < SERVER_ERROR:
                    self._asked = False
                    raise
                if await self._patiently(self._known):  # it came through
                    return
                if attempt == TRIES - 1:
                    raise
            else:
                self.id = str(told.get("prompt_id") or self.id)  # older servers name it themselves
                return

    async def _known(self) -> bool:
        return await self._waits() or await self._entry() is not None

    async def _waited(self) -> dict[str, Any] | None:
        """What the history says in the end; None where the server does not know the job any more. Raises EngineError."""
        answered = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AT_ONCE if self._over else SELDOM if self._hears else LOOK):
                    await self._moved.wait()
            self._moved.clear()
            try:
                entry = await self._entry()
                if entry is None and not await self._waits():  # between the two it may have ended
                    return await self._entry()
            except EngineError as error:
                if isinstance(error, Refused) and error.status_code < SERVER_ERROR:
                    raise
                if time.monotonic() - answered > AWAY:
                    raise
                continue
            if entry is not None:
                return entry
            answered = time.monotonic()

    async def _listen(self) -> None:
        """Hear how the job goes, again whenever the socket breaks; a server without one is not asked twice."""
        from httpx2.websockets import HTTPXWSException, WebSocketUpgradeError

        pause = LOOK
        while True:
            try:
                async with self._wire.socket(self.id) as socket:
                    self._hears, pause = True, LOOK
                    self._tried.set()
                    while True:
                        self._hear(getattr(await socket.receive(), "data", None))
            except WebSocketUpgradeError:
                return
            except (HTTPXWSException, httpx2.HTTPError, ExceptionGroup, OSError):
                pause = min(2 * pause, AWAY)
            finally:
                self._hears = False
                self._tried.set()
                self._moved.set()
            await asyncio.sleep(pause)

    def _hear(self, message: object) -> None:
        if isinstance(message, bytes):
            if (picture := picture_in(message, self.id)) is not None:
                self._show(picture)
            return
        try:
            told = json.loads(message) if isinstance(message, str) else None
        except ValueError:
            return
        kind, data = (told.get("type"), told.get("data")) if isinstance(told, dict) else (None, None)
        if not isinstance(data, dict) or data.get("prompt_id", self.id) != self.id:
            return
        if kind in ENDS or (kind == "executing" and data.get("node", "") is None):
            self._over = True
            self._moved.set()
        elif kind == "progress":
            self._progress(data)

    def _progress(self, data: Mapping[str, Any]) -> None:
        value, most, node = data.get("value"), data.get("max"), str(data.get("node"))
        if isinstance(value, int | float) and isinstance(most, int | float) and most > 0:
            if node not in self._worked:
                self._worked.append(node)
            parts = max(self._parts, len(self._worked))
            self._tell(min(1.0, (len(self._worked) - 1 + min(1.0, value / most)) / parts))

    async def _give_up(self) -> None:
        """End this job on the server, and nobody else's."""
        if not self._asked:
            return
        with contextlib.suppress(EngineError, TimeoutError, httpx2.HTTPError):
            async with asyncio.timeout(LAST_WORD):
                with contextlib.suppress(Refused):  # older servers have no such address
                    await self._wire.got(f"/api/jobs/{self.id}/cancel", {})
                    return
                await self._wire.got("/queue", {"delete": [self.id]})
                if self.id in (await self._queued())["queue_running"]:
                    await self._wire.got("/interrupt", {"prompt_id": self.id})


def picture_in(message: bytes, id: str) -> bytes | None:
    """The picture that a binary message brings: 1, a format and the picture; or 4, a length, JSON of that length, and it."""
    if len(message) <= 8:  # noqa: PLR2004 (two numbers of four bytes)
        return None
    kind, number = struct.unpack_from(">II", message)
    if kind == 1:
        return message[8:]
    if kind != 4 or len(message) <= 8 + number:  # noqa: PLR2004 (as the protocol numbers them)
        return None
    try:
        meta = json.loads(message[8 : 8 + number])
    except ValueError:
        return None
    return message[8 + number :] if isinstance(meta, dict) and meta.get("prompt_id", id) == id else None
