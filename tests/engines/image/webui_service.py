"""A server of AUTOMATIC1111's interface as its source has it (modules/api, modules/progress.py); the checkpoint's name says
how it misbehaves."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.engines.image.picture_service import picture
from tests.engines.text.service import KEY

PASSWORD = f"artist:{KEY}"


class WebUIServer:
    """The application, what it was asked, and whose task it works on. `tells`: whether it has the page's routes too."""

    def __init__(self, *, tells: bool = True, seconds: float = 0.2) -> None:
        self.app, self.seconds = FastAPI(), seconds
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.active: str | None = None  # the task that is drawn
        self.queued: list[str] = []
        self.interrupted: list[str | None] = []
        self.device = asyncio.Lock()  # one picture at a time
        self.free = threading.Event()  # nobody else's picture is being drawn
        self.free.set()
        self.app.post("/sdapi/v1/txt2img")(self.txt2img)
        self.app.post("/sdapi/v1/interrupt")(self.interrupt)
        if tells:
            self.app.post("/internal/progress")(self.progress)

    async def txt2img(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        how = body.get("override_settings", {}).get("sd_model_checkpoint", "")
        if how == "401":
            return JSONResponse({"detail": "Incorrect username or password"}, 401, headers={"WWW-Authenticate": "Basic"})
        if how == "memory":
            said = "CUDA out of memory. Tried to allocate 20.00 GiB"
            return JSONResponse({"error": "OutOfMemoryError", "detail": "", "body": "", "errors": said}, 500)
        task = body["force_task_id"]
        self.queued.append(task)
        await asyncio.to_thread(self.free.wait, 30)
        async with self.device:
            self.queued.remove(task)
            self.active = task
            try:
                for _tick in range(round(self.seconds / 0.05)):
                    await asyncio.sleep(0.05)
                    if task in self.interrupted:
                        break
            finally:
                self.active = None
        size = (body["width"], body["height"])
        images = [base64.b64encode(picture(body["seed"], size)).decode()]
        odd = {
            "grid": [base64.b64encode(picture(1, (32, 32))).decode(), *images],
            "none": [],
            "html": ["PGh0bWw+"],
            "bad": ["!"],
        }
        info = {"all_seeds": [body["seed"]], "sd_model_name": "anything-v5", "sd_model_hash": "7f96a1a9ca"}
        told = "" if how == "no-info" else json.dumps(info)
        return JSONResponse({"images": odd.get(how, images), "parameters": body, "info": told})

    async def progress(self, request: Request) -> Response:
        asked = await request.json()
        task = asked["id_task"]
        if task != self.active:
            return JSONResponse({"active": False, "queued": task in self.queued, "completed": False, "id_live_preview": -1})
        shown = f"data:image/png;base64,{base64.b64encode(picture(40, (64, 64))).decode()}"
        told = {"active": True, "queued": False, "completed": False, "progress": 0.5, "eta": 1.0, "id_live_preview": 3}
        return JSONResponse(told | {"live_preview": shown if asked["id_live_preview"] != told["id_live_preview"] else None})

    def interrupt(self) -> Response:
        self.interrupted.append(self.active)
        return JSONResponse({})
