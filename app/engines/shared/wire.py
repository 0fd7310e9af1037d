"""A model behind HTTP: requests that are tried again when that may help, and events as they stream in.

Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. Errors say what the service said, but never
the key.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx2
from pydantic import SecretStr

from app.errors import EngineError, _

LINE_END = re.compile(rb"[\r\n]")
FIELDS = (b"event:", b"id:", b"retry:", b":")
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one waits, in seconds, and how often one tries."""

    connect: float = 10.0
    read: float = 60.0  # between two pieces of an answer
    tries: int = 4
    pause: float = 0.5  # before the second try; doubled each time
    longest: float = 30.0  # of a pause; a service that asks for more is not waited for
    late: bool = True  # whether one asks again where nothing came in time: not where it may be billed all the same
    most: int = 1_000_000  # bytes of one event, or of an answer that is not streamed; who sends more is broken


class Refused(EngineError):  # noqa: N818 (what the service did)
    """The service answered that it will not; `status_code` is HTTP's, `code` and `param` are what its error names, `body` is
    the beginning of the answer.
    """

    def __init__(self, status_code: int, said: str, code: str = "", param: str = "", body: bytes = b"") -> None:
        self.status_code, self.said, self.code, self.param, self.body = status_code, said, code, param, body
        moved = _("The service sends to another address (%(status)d), which is not followed: set the address itself.")
        other = moved if httpx2.codes.is_redirect(status_code) else _("The service refused (%(status)d): %(said)s")
        title = {
            401: _("The service does not accept the key: %(said)s"),
            403: _("The service does not accept the key: %(said)s"),
            404: _("The service knows no such model or address: %(said)s"),
            429: _("There were too many requests to the service, or its account is empty: %(said)s"),
        }.get(status_code, other)
        super().__init__(title, status=status_code, said=said)


class Wire:
    """One service. Close it with `async with`: that closes all connections, answers in the middle included."""

    unlike = _("The service answered with something else than a stream of text (%(kind)s).")
    enough = 10_000  # bytes of an answer that refuses: enough for a sentence

    def __init__(self, url: str, headers: Mapping[str, str], key: SecretStr | None, patience: Patience) -> None:
        if key and not (key.get_secret_value().isascii() and key.get_secret_value().isprintable()):
            copied = _("The key of this service has characters that no key has. Was it copied whole, without line ends?")
            raise EngineError(copied)
        self._key, self._patience = key, patience
        self.done = False  # the service said [DONE]: its answer is whole, whatever else it left out
        self._url = url.rstrip("/")
        timeout = httpx2.Timeout(patience.read, connect=patience.connect)
        self._client = httpx2.AsyncClient(headers=dict(headers), timeout=timeout, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.aclose()

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The data of every event that the answer to POST `path` brings, until it ends or says [DONE].

        Tries again before the first byte of an answer, never after it: that may be billed. Raises EngineError.
        """
        for attempt in range(1, self._patience.tries + 1):
            begun = False
            try:
                async with self._client.stream("POST", self._url + path, json=body) as response:
                    if begun := response.is_success:
                        async for event in self._read(response):
                            yield event
                        return
                    refused = await self._refused(response)
                    wait = _asked(response.headers.get("retry-after"))
                    hopeless = response.status_code not in AGAIN or (wait or 0) > self._patience.longest
                    if hopeless or attempt == self._patience.tries:
                        raise refused
            except httpx2.HTTPError as error:
                late = isinstance(error, httpx2.ReadTimeout) and not self._patience.late
                if begun or late or attempt == self._patience.tries:
                    raise self._failed(error) from None  # what httpx says may hold the request
                wait = None
            pause = self._patience.pause * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
            await asyncio.sleep(min(pause, self._patience.longest) if wait is None else wait)

    async def got(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """The answer to GET `path`, or to POST with a body; `path` may be a whole address of this service.

        Asked once. Raises EngineError.
        """
        return await self._got("GET" if body is None else "POST", path, json=body)

    async def _got(self, method: str, path: str, **content: Any) -> bytes:
        address = path if "://" in path else self._url + path
        try:
            async with self._client.stream(method, address, **content) as response:
                if response.is_success:
                    return await self._whole(response)
                raise await self._refused(response)
        except httpx2.HTTPError as error:
            raise self._failed(error) from None

    async def _read(self, response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
        kind = response.headers.get("content-type", "")
        if "json" in kind:  # an answer that is not streamed, or an error in spite of HTTP's 200
            yield self._told(await self._whole(response))
            return
        if "text/event-stream" not in kind:
            raise EngineError(self.unlike, kind=kind[:80])
        bare = b""
        async for line, whole in self._lines(response):
            if not (whole and line.startswith(b"data:")):
                bare += b"" if line.startswith(FIELDS) else line
                if len(bare) > self._patience.most:
                    raise EngineError(_("The service answered with something that cannot be read."))
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                self.done = True
                return
            yield self._told(data)
        if said := _sentence(bare):  # an error that is no event
            yield {"error": self.clean(said)}

    async def _lines(self, response: httpx2.Response) -> AsyncIterator[tuple[bytes, bool]]:
        """Every line, and whether its end came: LF, CR or both, as the specification has it (an empty line says nothing here).

        Each byte is looked at once, however long a line is.
        """
        begun: list[bytes] = []
        length = 0
        async for chunk in response.aiter_bytes():
            *ended, last = LINE_END.split(chunk)
            for line in ended:
                yield b"".join((*begun, line)), True
                begun, length = [], 0
            begun.append(last)
            length += len(last)
            if length > self._patience.most:
                raise EngineError(_("The service answered with something that cannot be read."))
        yield b"".join(begun), False

    def _told(self, data: bytes) -> dict[str, Any]:
        """An event; of one that tells of an error only what it says, without the key."""
        event = _parsed(data)
        if not event.get("error"):
            return event
        return {"error": self.clean(_sentence(data) or str(event["error"])), "code": _named(data, "code")}

    async def _whole(self, response: httpx2.Response) -> bytes:
        raw = bytearray()
        async for chunk in response.aiter_bytes():
            raw += chunk
            if len(raw) > self._patience.most:
                raise EngineError(_("The service answered with something that cannot be read."))
        return bytes(raw)

    async def _refused(self, response: httpx2.Response) -> Refused:
        """What an answer that refuses says, without the key."""
        raw = b""
        async for chunk in response.aiter_bytes():
            raw += chunk
            if len(raw) > self.enough:
                break
        said = self.clean(_sentence(raw) or f"HTTP {response.status_code}")
        body = self._without_key(raw.decode("utf-8", "replace")).encode()
        return Refused(response.status_code, said, _named(raw, "code"), _named(raw, "param"), body)

    def _without_key(self, text: str) -> str:
        key = self._key.get_secret_value() if self._key else ""
        return text.replace(key, "…") if key else text

    def clean(self, text: str) -> str:
        """`text` in one line and without the key, should the service repeat it."""
        return " ".join(self._without_key(text).split())[:300]

    def _failed(self, error: httpx2.HTTPError) -> EngineError:
        if isinstance(error, httpx2.TimeoutException):
            return EngineError(_("The service did not answer in time."))
        if isinstance(error, httpx2.ConnectError):
            return EngineError(_("The service cannot be reached: %(reason)s"), reason=self.clean(str(error)))
        return EngineError(_("The connection to the service broke: %(reason)s"), reason=self.clean(str(error)))


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise EngineError(_("The service answered with something that cannot be read."))
    return event


def _sentence(raw: bytes) -> str:
    """The message of a JSON error; of anything else (a proxy's page, say) nothing."""
    try:
        told = json.loads(raw)
        error = told.get("errors") or told.get("error", told)  # A1111's `errors` is a sentence, its `error` a class
        return str(error.get("message") or error.get("detail") or "") if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        return ""


def _named(raw: bytes, name: str) -> str:
    """What a JSON error has under `name`, or nothing."""
    try:
        return str(json.loads(raw)["error"].get(name) or "")
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


def _asked(value: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3): a number or a date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
