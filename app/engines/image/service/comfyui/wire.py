"""ComfyUI's server: HTTP, and a socket that tells how a job goes (server.py of its repository, and docs.comfy.org)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.engines.image.service.answers import PictureWire
from app.errors import EngineError, _

if TYPE_CHECKING:
    from httpx2.websockets import AsyncWebSocketSession

FOLDER = "stemma"  # in the server's folder of inputs
LARGEST = 16 * 2**20  # bytes of a message


class ComfyWire(PictureWire):
    """One server."""

    enough = 2_000_000  # it lists every file that it has where one is missing

    async def told(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object that answers. Raises EngineError."""
        try:
            found = json.loads(await self.got(path, body) or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise EngineError(_("The service answered with something that cannot be read."))
        return found

    async def upload(self, name: str, data: bytes) -> None:
        """Put a picture where nodes read pictures from, as FOLDER/name."""
        form = {"overwrite": "true", "type": "input", "subfolder": FOLDER}
        await self._got("POST", "/upload/image", files={"image": (name, data, "image/png")}, data=form)

    @asynccontextmanager
    async def socket(self, client: str) -> AsyncIterator[AsyncWebSocketSession]:
        """What the server tells `client`. Raises what httpx2.websockets does, alone or in an ExceptionGroup, and HTTPError."""
        address = self._url.replace("http", "ws", 1) + f"/ws?clientId={quote(client)}"
        async with self._client.websocket(address, max_message_size_bytes=LARGEST) as session:
            await session.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
            yield session
