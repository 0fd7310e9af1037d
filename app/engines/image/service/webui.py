"""AUTOMATIC1111's interface /sdapi/v1, which Forge, SD.Next and others speak: modules/api and modules/progress.py of theirs.

A run has a task id of its own, so that its progress is told from others', and nobody's but ours is interrupted. Where the
server does not tell of tasks (`/internal/progress` is the page's, not the API's), there are no previews and nothing is
interrupted: the answer is dropped.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from app.engines.engine import Request
from app.engines.image.service import dialects
from app.engines.image.service.dialects import Dialect
from app.engines.image.service.engine import PictureService, Variant
from app.engines.shared.wire import Wire
from app.errors import EngineError, _

DRAW, TELL, STOP = "/sdapi/v1/txt2img", "/internal/progress", "/sdapi/v1/interrupt"
SPEAKS = Dialect({"seed": ("seed",), "avoid": ("negative_prompt",), "steps": ("steps",), "guidance": ("cfg_scale",)})
LOOK = 0.5  # seconds between two looks at a task
PARTS = 20  # steps that are told of a picture
LAST_WORD = 5.0  # seconds in which a run that is given up is interrupted


class WebUI(PictureService):
    """A server of AUTOMATIC1111's kind: one picture at a time, with previews and its own seeds."""

    @property
    def _protocol(self) -> str:
        return "sdapi"

    @property
    def _speaks(self) -> Dialect:
        return SPEAKS

    @property
    def _each(self) -> int:
        return PARTS

    def _shown(self, key: str) -> str:
        return "Basic " + base64.b64encode(key.encode()).decode()

    async def _guess(self) -> None:
        """There is nothing to ask."""

    def _asked(self, request: Request) -> Iterator[dict[str, Any]]:
        prompt, wishes = self.prompt(request.brief), request.params.model_dump()
        across, down = (int(part) for part in wishes.pop("aspect").split(":"))
        size = dialects.sized(SPEAKS, self.setting.model, across / down, self.setting.side)
        width, height = (int(length) for length in size.split("x"))
        for seed in request.seeds:
            asked = {"prompt": prompt.positive, "negative_prompt": prompt.negative, "seed": seed % (1 << 31), "size": size}
            asked |= {"width": width, "height": height, "batch_size": 1, "n_iter": 1, "send_images": True, "save_images": False}
            asked |= {place[0]: wishes[name] for name, place in SPEAKS.fields.items() if name in wishes}
            if self.setting.model:
                asked["override_settings"] = {"sd_model_checkpoint": self.setting.model}
            yield asked | self.setting.extra | {"force_task_id": f"task(stemma-{uuid4().hex})"}

    async def _ask(self, wire: Wire, variant: Variant) -> None:
        looking = asyncio.create_task(self._look(wire, variant))
        try:
            sent = {name: value for name, value in variant.asked.items() if name != "size"}
            async for event in wire.events(DRAW, sent):
                _take(event, variant)
        except asyncio.CancelledError:  # closed, or it takes too long
            await self._interrupt(wire, variant)
            raise
        finally:
            looking.cancel()
        if not variant.answer.data:
            raise EngineError(_("The service made no picture."))

    async def _look(self, wire: Wire, variant: Variant) -> None:
        """Tell how far it is, and how it looks, until cancelled; once nothing is told, no more."""
        seen = -1
        while True:
            await asyncio.sleep(LOOK)
            told = await self._task(wire, variant, seen)
            if told is None:
                return
            part = told.get("progress")
            variant.answer.arrived = int((PARTS - 1) * min(max(part, 0), 1)) if isinstance(part, int | float) else 0
            shown = told.get("live_preview")
            if isinstance(shown, str) and shown.startswith("data:image/"):
                seen = told.get("id_live_preview") or seen
                with contextlib.suppress(ValueError):  # no base64
                    variant.answer.show(base64.b64decode(shown.partition(",")[2]), self.max_pixels)

    async def _task(self, wire: Wire, variant: Variant, seen: int) -> dict[str, Any] | None:
        """What the server tells of this run's task; None where it tells nothing of tasks."""
        asked = {"id_task": variant.asked["force_task_id"], "id_live_preview": seen, "live_preview": True}
        try:
            told = json.loads(await wire.got(TELL, asked))
        except (EngineError, ValueError):
            return None
        return told if isinstance(told, dict) else None

    async def _interrupt(self, wire: Wire, variant: Variant) -> None:
        """End this run on the server, where it is the one that is drawn; what waits there cannot be taken back."""
        try:
            async with asyncio.timeout(LAST_WORD):
                told = await self._task(wire, variant, -1)
                if told and told.get("active") is True:
                    await wire.got(STOP, {})
        except (EngineError, TimeoutError):
            return


def _take(event: dict[str, Any], variant: Variant) -> None:
    """The picture of an answer, and what its `info` tells. Raises EngineError."""
    if event.get("error"):
        raise EngineError(_("The service stopped with an error: %(said)s"), said=str(event["error"]))
    images = event.get("images")
    sent = [image for image in images if isinstance(image, str)] if isinstance(images, list) else []
    if not sent:
        return
    try:
        variant.answer.data = base64.b64decode(sent[-1].rpartition(",")[2], validate=True)  # before it may come a grid
    except ValueError as error:
        raise EngineError(_("The service answered with something that cannot be read.")) from error
    try:
        info = json.loads(event.get("info") or "{}")
    except (ValueError, TypeError):
        info = {}
    for name, told in (("model", "sd_model_name"), ("weights", "sd_model_hash")) if isinstance(info, dict) else ():
        if info.get(told):
            variant.answer.facts[name] = str(info[told])[:300]
