"""A workflow on a server of ComfyUI as an engine: it does, and has as controls, what there are places for in the workflow."""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from PIL import Image, ImageOps
from pydantic import Field, SecretStr, create_model

from app.brief import Brief, Prompt
from app.engines.engine import EngineParams, Request, Verb
from app.engines.image.inpainting import Place, place_of
from app.engines.image.pipeline import Aspect, PipelineParams
from app.engines.image.pipeline_call import RATIOS, REACH
from app.engines.image.service import dialects
from app.engines.image.service.answers import Admitted
from app.engines.image.service.comfyui import faults
from app.engines.image.service.comfyui.job import Job, names
from app.engines.image.service.comfyui.places import Control
from app.engines.image.service.comfyui.wire import FOLDER, ComfyWire
from app.engines.image.service.comfyui.workflow import Workflow, read
from app.engines.image.service.dialects import Dialect
from app.engines.image.service.engine import GUIDANCE, MOST, QUICK, STEPS, PictureService, Variant
from app.engines.shared.wire import Patience, Refused, Wire
from app.errors import EngineError, Sentence, _
from app.media.image.comfy_graph import Input, Role, is_number, samplers
from app.media.image.picture import covered, opened, png
from app.settings import PictureSetting

PARTS = 20  # steps that are told of a picture
QUIET = 60.0  # seconds in which a server answers what it need not compute
RATIO: dict[str, float] = {one: int(one.split(":")[0]) / int(one.split(":")[1]) for one in get_args(Aspect)}
MASKED = (Verb.INPAINT, Verb.OUTPAINT)
NOTHING = _("The workflow ran to its end, but its node “%(node)s” kept no picture.")
OTHERS = _("The workflow made %(count)d pictures; the one of “%(node)s” is kept.")


@dataclass(frozen=True, slots=True)
class Start:
    """The picture that a run starts from, and its mask, as the workflow takes them."""

    picture: bytes
    size: tuple[int, int]
    mask: bytes | None = None
    place: Place | None = None  # where it lies in the parent's


class ComfyUI(PictureService):
    """One workflow. Each variant is a job of its own, which is found again after this worker died."""

    def __init__(
        self,
        setting: PictureSetting,
        keys: Mapping[str, SecretStr],
        max_pixels: int = 50_000_000,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(setting, keys, max_pixels, patience or Patience(read=QUIET, late=False, most=MOST))
        self.workflow: Workflow | None = None
        self._wrong: EngineError | None = None
        self._version = ""
        try:
            if setting.workflow is not None:
                self.workflow = read(setting.workflow, setting.inputs)
        except EngineError as error:
            self._wrong = error
        if self.workflow is not None:
            self.title = setting.title or self.workflow.name
            self.verbs, self.Params = _verbs(self.workflow), _params(setting, self.workflow)

    def unready(self) -> str | None:
        return Sentence(self._wrong.title, **self._wrong.details) if self._wrong else super().unready()

    def prompt(self, brief: Brief) -> Prompt:
        asked = brief.prompt()
        positive = asked.positive if self._has(Role.PROMPT) else ""
        negative = asked.negative if self._has(Role.AVOID) else ""
        unread = (*(asked.positive.split() if not positive else ()), *(asked.negative.split() if not negative else ()))
        return Prompt(positive, negative, (*asked.dropped, *unread))

    def _has(self, *roles: Role) -> bool:
        return self.workflow is not None and self.workflow.has(*roles)

    @property
    def fills(self) -> Mapping[str, str]:
        return self.workflow.fills if self.workflow else {}

    @property
    def _ready(self) -> Workflow:
        if self.workflow is None:
            raise self._wrong or EngineError()
        return self.workflow

    @property
    def _protocol(self) -> str:
        return "comfyui"

    @property
    def _speaks(self) -> Dialect:
        return Dialect({"seed": ("seed",)} if self._has(Role.SEED) else {})

    @property
    def _each(self) -> int:
        return PARTS

    def _wire(self, patience: Patience) -> ComfyWire:
        key = self._key.get_secret_value() if self._key else ""
        shown = {"authorization": self._shown(key)} if key else {}
        return ComfyWire(self.url, shown | {"accept-encoding": "identity"}, self._key, patience)

    async def _guess(self) -> None:
        """Ask which version the server is; whoever asks for a picture next says in better words what is wrong with it."""
        patience = Patience(connect=min(QUICK, self.patience.connect), read=QUICK)
        with suppress(EngineError, TimeoutError):
            async with self._wire(patience) as wire, asyncio.timeout(QUICK):
                told = (await wire.told("/system_stats")).get("system")
                self._version = wire.clean(str(told.get("comfyui_version") or "")) if isinstance(told, dict) else ""

    def _asked(self, request: Request) -> Iterator[dict[str, Any]]:
        """What is filled in for each seed, and what the jobs may be called."""
        workflow, prompt = self._ready, self.prompt(request.brief)
        start = self._start(request)
        wishes = self._wishes(request, start) | {Role.PROMPT: prompt.positive, Role.AVOID: prompt.negative, Role.BATCH: 1}
        files = dict(_files(workflow, start)) if start else {}
        for index, seed in enumerate(request.seeds):
            wishes[Role.SEED] = seed % (1 << 31)
            said = {role: wish for role, wish in wishes.items() if wish != ""}  # what is not said stays as the workflow has it
            values = {place: said[role] for role in said for place in workflow.places.get(role, ())}
            named = {place: f"{FOLDER}/{name}" for place, (name, _data) in files.items()}
            values |= {control.place: _number(request.params, control) for control in workflow.controls}
            yield {"values": values | named | _channels(workflow, named), "files": files, "ids": names(request.id, index)} | (
                {"place": start.place} if start else {}
            )

    def _wishes(self, request: Request, start: Start | None) -> dict[Role, Any]:
        """Size, steps, guidance and change, as far as the artist sets them."""
        params = request.params.model_dump()
        wishes = {role: params[role.value] for role in (Role.STEPS, Role.GUIDANCE, Role.CHANGE) if role.value in params}
        if request.verb == Verb.VARY:
            wishes[Role.CHANGE] = REACH[request.strength] if request.strength else min(REACH.values())
        across, down = start.size if start else self._size(params.get("aspect"))
        return wishes | {Role.WIDTH: across, Role.HEIGHT: down}

    def _size(self, aspect: str | None) -> tuple[int, int]:
        """Pixels: the workflow's own, or as many in another shape."""
        own = _own_size(self._ready)
        if own and "side" not in self.setting.model_fields_set and aspect in {None, _nearest(own)}:
            return own
        return self._sized(RATIO[aspect or "1:1"])

    def _sized(self, ratio: float) -> tuple[int, int]:
        own = _own_size(self._ready)
        side = self.setting.side if own is None or "side" in self.setting.model_fields_set else round(math.sqrt(math.prod(own)))
        across, down = dialects.sized(self._speaks, "", ratio, side).split("x")
        return int(across), int(down)

    def _start(self, request: Request) -> Start | None:
        """What the workflow starts from. Raises EngineError."""
        if not self._has(Role.PICTURE):
            return None
        if request.verb in MASKED:
            place = place_of(request, [self._sized(ratio) for ratio in RATIOS])
            return Start(png(place.part), place.size, png(place.mask), place)
        picture = opened(request.base)
        size = self._sized(picture.width / picture.height)
        return Start(png(covered(picture, size)), size)

    async def _ask(self, wire: Wire, variant: Variant) -> None:
        """Bring the job to its end and fetch its picture; one that was all in the server's memory, and so kept nothing, is
        asked for again under another file's name.
        """
        if not isinstance(wire, ComfyWire):
            raise TypeError
        workflow, values = self._ready, dict(variant.asked["values"])
        variant.answer.place = variant.asked.get("place")
        try:
            for name, data in dict(variant.asked["files"].values()).items():
                await wire.upload(name, data)
            for _again in range(2):
                job = self._job(wire, variant)
                entry = await job.ended(variant.asked["ids"], workflow.filled(values))
                if wrong := faults.failed(entry, workflow.graph, wire.clean):
                    raise wrong
                if found := await self._fetched(wire, entry, variant):
                    variant.answer.data = found
                    break
                prefix = Input(workflow.output, "filename_prefix")
                if not isinstance(workflow.graph.value(prefix), str):
                    break
                values[prefix] = f"{workflow.graph.value(prefix)}-{job.id[:8]}"
        except Refused as error:
            raise faults.refused(error, workflow.graph, wire.clean) from error
        if not variant.answer.data:
            raise EngineError(NOTHING, node=workflow.graph.title(workflow.output))
        variant.answer.facts |= self._told(workflow, values, job)

    def _job(self, wire: ComfyWire, variant: Variant) -> Job:
        def tell(share: float) -> None:
            variant.answer.arrived = max(variant.answer.arrived, int((PARTS - 1) * share))

        parts = len(samplers(self._ready.graph, self._ready.output))
        return Job(wire, lambda picture: variant.answer.show(picture, self.max_pixels), tell, parts)

    async def _fetched(self, wire: ComfyWire, entry: Mapping[str, Any], variant: Variant) -> bytes:
        """The picture that a job kept: that of the chosen node, or else of any; nothing where there is none."""
        kept = list(_pictures(entry))
        wanted = [picture for node, picture in kept if node == self._ready.output]
        saved = [picture for _node, picture in kept if picture.get("type") == "output"]
        chosen = next(iter([*wanted, *saved, *(picture for _node, picture in kept)]), None)
        if chosen is None:
            return b""
        if len(kept) > 1:
            node = next(node for node, picture in kept if picture is chosen)
            variant.answer.facts["notice"] = OTHERS % {"count": len(kept), "node": self._ready.graph.title(node)}
        asked = {name: str(chosen.get(name) or "") for name in ("filename", "subfolder", "type")}
        return await wire.got(f"/view?{urlencode(asked)}")

    def _told(self, workflow: Workflow, values: Mapping[Input, Any], job: Job) -> dict[str, Any]:
        """What is kept of how the picture was made."""
        facts: dict[str, Any] = {"model": ", ".join(workflow.graph.models())[:300] or workflow.name}
        facts |= {"workflow": workflow.name, "workflow_sha256": workflow.sha256, "job": job.id}
        facts |= {"server": f"ComfyUI {self._version}"} if self._version else {}
        return facts | {"filled": {f"{place.node}.{place.name}": value for place, value in values.items()}}

    async def _variant(self, turn: asyncio.Semaphore, variant: Variant) -> None:
        await super()._variant(turn, variant)
        if variant.picture and (place := variant.asked.get("place")):
            variant.picture = await asyncio.to_thread(_whole, variant.picture, place)


def _verbs(workflow: Workflow) -> frozenset[Verb]:
    """What it can do: one without a picture to start from makes pictures, one with a mask changes parts of them."""
    if not workflow.has(Role.PICTURE):
        return frozenset({Verb.CREATE, Verb.REROLL})
    if workflow.has(Role.MASK):
        return frozenset(MASKED)
    return frozenset({Verb.REFINE} | ({Verb.VARY} if workflow.has(Role.CHANGE) else set()))


def _params(setting: PictureSetting, workflow: Workflow) -> type[EngineParams]:
    """What there are places for, with what stands there as the default."""
    found: dict[str, Any] = {}
    for role, kind, known, given in (
        (Role.STEPS, int, STEPS, setting.steps),
        (Role.GUIDANCE, float, GUIDANCE, setting.guidance),
    ):
        if (value := workflow.value(role) if given is None else given) is not None and workflow.has(role):
            found[role.value] = (kind, known.merge_field_infos(known, default=_within(kind(value), known)))
    if workflow.has(Role.CHANGE):
        known = PipelineParams.model_fields["change"]
        found["change"] = (float, known.merge_field_infos(known, default=_within(float(workflow.value(Role.CHANGE)), known)))
    if workflow.has(Role.WIDTH, Role.HEIGHT) and not workflow.has(Role.PICTURE):
        own = _own_size(workflow)
        default = _nearest(own) if own else "1:1"
        found["aspect"] = (Aspect, Field(default, title=_("Aspect ratio"), description=_("Width to height.")))
    for control in workflow.controls:
        limits: dict[str, Any] = {"max_length": 2000} if isinstance(control.value, str) else {}
        found[control.name] = (type(control.value), Field(control.value, title=control.title, description="", **limits))
    return create_model("Params", __base__=EngineParams, **found)


def _number(params: EngineParams, control: Control) -> Any:
    """What a control is set to; a whole number as such, for it may be a count."""
    value = getattr(params, control.name)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _within(value: Any, known: Any) -> Any:
    """`value` within the limits of a field."""
    limits = {type(one).__name__.lower(): one for one in known.metadata}
    least, most = getattr(limits.get("ge"), "ge", value), getattr(limits.get("le"), "le", value)
    return min(max(value, least), most)


def _own_size(workflow: Workflow) -> tuple[int, int] | None:
    """The size in pixels that stands in a workflow."""
    sides = [workflow.value(role) for role in (Role.WIDTH, Role.HEIGHT)]
    return (int(sides[0]), int(sides[1])) if all(is_number(side) and side > 0 for side in sides) else None


def _nearest(size: tuple[int, int]) -> str:
    """The shape that is nearest to a size."""
    return min(RATIO, key=lambda one: abs(math.log(RATIO[one]) - math.log(size[0] / size[1])))


def _files(workflow: Workflow, start: Start) -> Iterator[tuple[Input, tuple[str, bytes]]]:
    """The name and the bytes of the file that each input wants; of a mask in a picture's transparency, both in one."""
    picture, masks = start.picture, workflow.places.get(Role.MASK, ())
    clear = _clear(start) if start.mask else picture  # clear where it is to change
    for place in workflow.places[Role.PICTURE]:
        yield place, _file(clear if place in masks else picture)
    for place in masks if start.mask else ():
        if place not in workflow.places[Role.PICTURE]:
            yield place, _file((start.mask or b"") if _by_colour(workflow, place) else clear)


def _file(data: bytes) -> tuple[str, bytes]:
    return f"{hashlib.sha256(data).hexdigest()}.png", data


def _by_colour(workflow: Workflow, place: Input) -> bool:
    """Whether a node reads its mask from a colour, and not from what is clear."""
    return "channel" in workflow.graph.inputs(place.node)


def _channels(workflow: Workflow, named: Mapping[Input, str]) -> dict[Input, str]:
    masks = [place for place in workflow.places.get(Role.MASK, ()) if place in named and _by_colour(workflow, place)]
    return {Input(place.node, "channel"): "red" for place in masks}


def _clear(start: Start) -> bytes:
    """The picture, clear where its mask is white."""
    with Image.open(io.BytesIO(start.picture)) as picture, Image.open(io.BytesIO(start.mask or b"")) as mask:
        both = picture.convert("RGB")
        both.putalpha(ImageOps.invert(mask.convert("L")))
        return png(both)


def _pictures(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a job kept, with the nodes that did."""
    outputs = entry.get("outputs")
    for node, made in outputs.items() if isinstance(outputs, dict) else ():
        images = made.get("images") if isinstance(made, dict) else None
        for image in images if isinstance(images, list) else ():
            if isinstance(image, dict) and isinstance(image.get("filename"), str) and image["filename"]:
                yield str(node), image


def _whole(made: Admitted, place: Place) -> Admitted:
    """The parent's picture with what was made in its place."""
    with Image.open(io.BytesIO(made.data)) as picture:
        whole = place.whole(picture)
    return Admitted(png(whole), whole.width, whole.height)
