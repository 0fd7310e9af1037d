"""A server of ComfyUI as its documentation and source have it (server.py, execution.py): a queue that works on one job after
another, a history, uploads, a socket for each client; `how` says how it misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import struct
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from PIL import Image

from tests.engines.image.picture_service import picture

CLASSES = {
    *("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "RandomNoise", "CFGGuider", "BasicScheduler", "KSamplerSelect"),
    *("CheckpointLoaderSimple", "CLIPTextEncode", "EmptyLatentImage", "VAEDecode", "VAEEncode", "VAEEncodeForInpaint"),
    *("SaveImage", "PreviewImage", "LoadImage", "LoadImageMask", "SetLatentNoiseMask"),
    *("PrimitiveFloat", "PrimitiveBoolean"),
}
MODELS = ["sd15.safetensors", "sdxl.safetensors"]


def workflow(**inputs: Any) -> dict[str, Any]:
    """ComfyUI's default workflow in its API format; `inputs` change its sampler."""
    sampler = {"seed": 5, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0} | inputs
    return {
        "3": node("KSampler", **sampler, model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0]),
        "4": node("CheckpointLoaderSimple", "Load Checkpoint", ckpt_name="sd15.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=768, batch_size=4),
        "6": node("CLIPTextEncode", text="a bottle", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="watermark", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", "Save Image", filename_prefix="ComfyUI", images=["8", 0]),
    }


def repainting() -> dict[str, Any]:
    """One that changes what the transparency of a picture covers."""
    return workflow() | {
        "5": node("VAEEncodeForInpaint", pixels=["10", 0], vae=["4", 2], mask=["10", 1], grow_mask_by=6),
        "10": node("LoadImage", image="example.png"),
    }


def starting() -> dict[str, Any]:
    """One that starts from a picture."""
    return workflow(denoise=0.5) | {
        "5": node("VAEEncode", pixels=["10", 0], vae=["4", 2]),
        "10": node("LoadImage", image="example.png"),
    }


def node(kind: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or kind}}


class ComfyServer:
    """The application, and what it was asked. A job takes `seconds`."""

    def __init__(self, how: str = "", seconds: float = 0.3, version: str = "0.3.75") -> None:
        self.how, self.seconds, self.version = how, seconds, version
        self.app = FastAPI(lifespan=self.working)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.uploads: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.pending: dict[str, dict[str, Any]] = {}
        self.running: str | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.flags: list[dict[str, Any]] = []
        self.ran: list[str] = []
        self.interrupted: list[str] = []
        self.bare = 0  # interrupts that named no job
        self.away = False  # it is starting again
        self.free = threading.Event()  # a job may end
        self.free.set()
        self.cached: set[str] = set()
        for method, path, handler in (
            ("GET", "/system_stats", self.stats),
            ("POST", "/upload/image", self.upload),
            ("POST", "/prompt", self.prompt),
            ("GET", "/history/{id}", self.told),
            ("GET", "/queue", self.queued),
            ("POST", "/queue", self.delete),
            ("POST", "/interrupt", self.interrupt),
            ("GET", "/view", self.view),
        ):
            self.app.add_api_route(path, handler, methods=[method], response_model=None)
        if how != "old":
            self.app.post("/api/jobs/{id}/cancel")(self.cancel)
        if how != "no-socket":
            self.app.websocket("/ws")(self.socket)
        self.app.middleware("http")(self.gone)

    async def gone(self, request: Request, call_next: Any) -> Response:
        self.headers.append(dict(request.headers))
        if self.away:
            return JSONResponse({"error": "starting"}, 503)
        if self.how == "redirect":
            return RedirectResponse("http://169.254.169.254/latest/meta-data/")
        if self.how == "html":
            return HTMLResponse("<html>a proxy</html>")
        if self.how == "401":
            return JSONResponse({"error": {"message": "who are you"}}, 401)
        found: Response = await call_next(request)
        return found

    @contextlib.asynccontextmanager
    async def working(self, _app: FastAPI) -> AsyncIterator[None]:
        worker = asyncio.create_task(self.work())
        yield
        worker.cancel()

    def stats(self) -> Response:
        return JSONResponse({"system": {"comfyui_version": self.version, "os": "posix"}, "devices": []})

    async def upload(self, request: Request) -> Response:
        form = await request.form()
        file = form["image"]
        assert not isinstance(file, str)
        name, folder = str(file.filename), str(form["subfolder"])
        self.uploads[f"{folder}/{name}"] = await file.read()
        return JSONResponse({"name": name, "subfolder": folder, "type": form["type"]})

    async def prompt(self, request: Request) -> Response:
        body = await request.json()
        if (refused := self.refused(body["prompt"])) is not None:
            return refused
        if self.how == "lost-answer" and not self.asked:
            self.enqueue(body)
            raise RuntimeError("the connection breaks")
        if self.how == "no-output":
            return JSONResponse(self.enqueue(body) | {"node_errors": {"9": {"errors": [], "class_type": "SaveImage"}}})
        return JSONResponse(self.enqueue(body))

    def enqueue(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        self.pending[body["prompt_id"]] = body
        self.queue.put_nowait(body)
        return {"prompt_id": body["prompt_id"], "number": len(self.asked), "node_errors": {}}

    def refused(self, graph: dict[str, Any]) -> Response | None:
        for id, one in graph.items():
            kind = one["class_type"]
            if kind not in CLASSES:
                error = {"type": "invalid_prompt", "message": f"Cannot execute because node {kind} does not exist."}
                error |= {"details": f"Node ID '#{id}'", "extra_info": {}}
                return JSONResponse({"error": error, "node_errors": {}}, 400)
            name = one["inputs"].get("ckpt_name")
            if name and name not in MODELS:
                extra = {"input_name": "ckpt_name", "input_config": [MODELS * 3000, {}], "received_value": name}
                said = {"type": "value_not_in_list", "message": "Value not in list", "extra_info": extra}
                return self.unfit(id, kind, said | {"details": f"ckpt_name: '{name}' not in {MODELS}"})
            if kind == "LoadImage" and one["inputs"]["image"] not in self.uploads:
                name = one["inputs"]["image"]
                said = {"type": "custom_validation_failed", "message": "Custom validation failed for node", "extra_info": {}}
                return self.unfit(id, kind, said | {"details": f"image - Invalid image file: {name}"})
        return None

    def unfit(self, id: str, kind: str, said: dict[str, Any]) -> Response:
        error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
        errors = {id: {"errors": [said], "dependent_outputs": ["9"], "class_type": kind}}
        return JSONResponse({"error": error | {"details": "", "extra_info": {}}, "node_errors": errors}, 400)

    def told(self, id: str) -> Response:
        return JSONResponse({id: self.history[id]} if id in self.history else {})

    def queued(self) -> Response:
        running = [[0, self.running, {}, {}, []]] if self.running else []
        waiting = [[1, id, {}, {}, []] for id in self.pending if id != self.running]
        return JSONResponse({"queue_running": running, "queue_pending": waiting})

    async def delete(self, request: Request) -> Response:
        for id in (await request.json()).get("delete", []):
            if id != self.running:
                self.pending.pop(id, None)
        return Response()

    async def interrupt(self, request: Request) -> Response:
        id = (await request.json()).get("prompt_id") if await request.body() else None
        self.bare += id is None
        if id == self.running and id:
            self.interrupted.append(id)
        return Response()

    def cancel(self, id: str) -> Response:
        if id == self.running:
            self.interrupted.append(id)
        elif self.pending.pop(id, None) is None:
            return JSONResponse({"error": "no such job"}, 404)
        return JSONResponse({"cancelled": True})

    def view(self, filename: str, subfolder: str = "", type: str = "output") -> Response:
        if self.how == "view-html":
            return HTMLResponse("<html>hello</html>")
        if self.how == "view-redirect":
            return RedirectResponse("http://169.254.169.254/latest/meta-data/")
        found = self.files.get(f"{type}/{subfolder}/{filename}")
        return Response(found, media_type="image/png") if found is not None else Response(status_code=404)

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept()
        client = socket.query_params["clientId"]
        self.sockets[client] = socket
        with contextlib.suppress(WebSocketDisconnect):
            await socket.send_json({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": client}})
            while True:
                self.flags.append(json.loads(await socket.receive_text()))

    async def tell(self, client: str, name: str, data: dict[str, Any]) -> None:
        if client in self.sockets:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self.sockets[client].send_json({"type": name, "data": data})

    async def work(self) -> None:
        while True:
            job = await self.queue.get()
            id = job["prompt_id"]
            if id not in self.pending:
                continue
            self.running = id
            self.ran.append(id)
            try:
                entry = await self.executed(job)
                ended = "execution_success" if entry["status"]["completed"] else "execution_error"
                if self.how != "mute":  # it is told before the history has it
                    await self.tell(job["client_id"], ended, {"prompt_id": id, "timestamp": 1})
                await asyncio.sleep(0.02)
                self.history[id] = entry
            except LostError:
                self.history.clear()
            finally:
                self.pending.pop(id, None)
                self.running = None

    async def executed(self, job: dict[str, Any]) -> dict[str, Any]:
        """Make a job's pictures, telling its client how it goes; what the history keeps of it."""
        id, client, graph = job["prompt_id"], job["client_id"], job["prompt"]
        messages: list[list[Any]] = [["execution_start", {"prompt_id": id}]]
        wants = json.dumps({**graph, "9": {}}, sort_keys=True)
        kept = json.dumps(graph["9"], sort_keys=True) if "9" in graph else ""
        if wants in self.cached and kept in self.cached and self.how == "cached":
            return self.entry(messages, {}, "success")
        sampler = next(name for name, one in graph.items() if "Sampler" in one["class_type"])
        for part in range(4):
            await asyncio.sleep(self.seconds / 4)
            if id in self.interrupted:
                messages.append(["execution_interrupted", {"prompt_id": id, "node_id": sampler, "executed": []}])
                return self.entry(messages, {}, "error")
            if self.how == "drops" and part == 1 and client in self.sockets:
                await self.sockets.pop(client).close(1011)
            if self.how == "restarts" and len(self.ran) == 1 and part == 2:
                raise LostError
            told = {"value": part + 1, "max": 4, "prompt_id": id, "node": sampler}
            await self.tell(client, "progress", told)
            await self.preview(client, id, part)
        await asyncio.to_thread(self.free.wait, 60)
        if self.how == "fails":
            said = {"node_id": sampler, "node_type": "KSampler", "exception_message": "CUDA out of memory", "traceback": []}
            messages.append(["execution_error", {"prompt_id": id, **said}])
            return self.entry(messages, {}, "error")
        self.cached |= {wants, kept}
        return self.entry(messages, self.outputs(graph), "success")

    async def preview(self, client: str, id: str, part: int) -> None:
        """A picture on the way: half of them with what it belongs to, as servers with that feature send it."""
        if client not in self.sockets:
            return
        out = io.BytesIO()
        Image.new("RGB", (64, 64), (part * 40, 90, 90)).save(out, "JPEG")
        meta = json.dumps({"node_id": "3", "prompt_id": id, "image_type": "image/jpeg"}).encode()
        old = struct.pack(">II", 1, 1) + out.getvalue()
        new = struct.pack(">II", 4, len(meta)) + meta + out.getvalue()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.sockets[client].send_bytes(new if part % 2 else old)

    def outputs(self, graph: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.how == "empty":
            return {"9": {"images": []}, "12": {"text": ["hello"]}}
        for name, one in graph.items():
            if one["class_type"] in {"SaveImage", "PreviewImage"}:
                kind = "output" if one["class_type"] == "SaveImage" else "temp"
                file = f"{one['inputs'].get('filename_prefix', 'temp')}_{len(self.files):05}_.png"
                self.files[f"{kind}//{file}"] = self.drawn(graph)
                found[name] = {"images": [{"filename": file, "subfolder": "", "type": kind}]}
        return found

    def drawn(self, graph: dict[str, Any]) -> bytes:
        inputs = [one["inputs"] for one in graph.values()]
        seed = next(one[name] for one in inputs for name in ("seed", "noise_seed") if isinstance(one.get(name), int))
        sizes = [(one["width"], one["height"]) for one in inputs if isinstance(one.get("width"), int)]
        loaded = [self.uploads[one["image"]] for one in inputs if str(one.get("image")) in self.uploads]
        size = Image.open(io.BytesIO(loaded[0])).size if loaded else sizes[0]
        return picture(seed, size)

    def entry(self, messages: list[list[Any]], outputs: dict[str, Any], said: str) -> dict[str, Any]:
        return {
            "prompt": [],
            "outputs": outputs,
            "status": {"status_str": said, "completed": said == "success", "messages": messages},
        }


class LostError(Exception):
    """The server went down with its queue and its history."""
