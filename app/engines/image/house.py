"""The engine that comes with Stemma: its own small text-to-image model (made by app/training/image)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, EngineParams, Medium, Request, Step, Strength, Verb
from app.engines.image import fewsteps, inpainting, outpainting, own_style, preview, sampler
from app.engines.shared import minilm, weights
from app.engines.shared.local_engine import LocalEngine, missing_package, unusable
from app.errors import EngineError, _
from app.media.image.picture import covered, nearest, opened, png
from app.media.image.recolouring import recoloured

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from app.engines.image.diffusion import LatentDiffusion, Velocity
    from app.engines.image.inpainting import Place
    from app.engines.image.sampler import Level

FOLDER = Path(__file__).resolve().parents[2] / "weights" / "house-image"


class Aspect(StrEnum):
    """Width to height."""

    SQUARE = "1:1"
    LANDSCAPE_4_3 = "4:3"
    PORTRAIT_3_4 = "3:4"
    LANDSCAPE_3_2 = "3:2"
    PORTRAIT_2_3 = "2:3"

    def size(self, side: int, factor: int) -> tuple[int, int]:
        """(width, height) in pixels: exactly this ratio, about `side` × `side` in area, multiples of `factor`."""
        across, down = map(int, self.value.split(":"))
        unit = max(1, round(side / factor / (across * down) ** 0.5)) * factor
        return across * unit, down * unit


class Speed(StrEnum):
    """How much time a picture is given."""

    FULL = "full"
    SKETCH = "sketch"  # for live drafting


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is sampled: what predicts, along which levels, and how the steps are made."""

    velocity: Velocity
    levels: list[Level]
    multistep: bool
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a variation goes from its parent."""

    strength: float  # the share of the denoising steps that are run again
    turn: float  # from the parent's noise (0) to fresh noise (1)


DISTANCES = {Strength.SUBTLE: Distance(0.4, 0.4), Strength.STRONG: Distance(0.7, 0.9)}
SKETCH_STEPS = 8  # by the solver, where the model has no few-step version
FROM_PICTURE = {
    Verb.FINISH: Distance(0.8, 0.0),  # from the sketch's own noise: its composition stays, its shapes are made again
    Verb.GRAFT: Distance(0.8, 0.4),  # far enough for another thing to stand where one stood
}
BEYOND = 0.25  # of all levels: what is added is made from the mirrored picture, so it has its ground, light and lines
REFINING_TURN = 0.4  # most of the parent's noise stays, and with it the figure while its colours follow the brief


class House(LocalEngine):
    """Latent diffusion, quick on one core of a CPU."""

    name = "house"
    title = _("House pictures")
    medium = Medium.IMAGE
    verbs = frozenset({Verb.CREATE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.FINISH, Verb.INPAINT, Verb.OUTPAINT, Verb.GRAFT})
    licence = "Apache-2.0"
    standing = 0  # the composer's pictures are better; it starts from any picture, which the composer cannot
    libraries = ("torch", "diffusers", "transformers", "tokenizers", "safetensors")

    class Params(EngineParams):
        """What an artist can set."""

        pace: Speed = Field(
            Speed.FULL,
            title=_("Pace"),
            description=_("A sketch takes a few steps and a second; finish the one you like."),
            json_schema_extra={"names": {Speed.FULL: _("Full"), Speed.SKETCH: _("Sketch")}},
        )
        steps: int = Field(
            25, ge=1, le=60, title=_("Steps"), description=_("At full pace. More steps: slower, a little cleaner.")
        )
        guidance: float = Field(
            4.0, ge=1, le=12, title=_("Guidance"), description=_("How strictly the picture follows the brief.")
        )
        aspect: Aspect = Field(
            Aspect.SQUARE,
            title=_("Aspect ratio"),
            description=_("Width to height. Variations and refinements keep their parent's."),
        )
        change: float = Field(
            0.85, ge=0.1, le=1, title=_("Change"), description=_("How far a refinement may go from its base.")
        )
        own_style: str = Field(
            "",
            max_length=40,
            title=_("Own style"),
            description=_("A style that was taught from pictures of this project's."),
            json_schema_extra={"taught": True},
        )
        own_style_weight: float = Field(
            1.0,
            ge=0,
            le=1.5,
            title=_("Weight of the own style"),
            description=_("How strongly it works: 0 is not at all."),
            json_schema_extra={"taught": True},
        )

    def __init__(self, folder: Path = FOLDER, dtype: str | None = None) -> None:
        """Weights in `folder`; `dtype` is torch's name of one, or None for what is quickest on the device."""
        super().__init__()
        self.folder = folder
        self._dtype = dtype
        self._few_weights = self._base = ""

    @property
    def _files(self) -> tuple[Path, ...]:
        return tuple(self.folder / part / weights.NAME for part in ("unet", "vae"))

    @property
    def _few(self) -> tuple[Path, ...]:
        """The few-step version's file, where the model has one."""
        path = self.folder / fewsteps.FOLDER / fewsteps.NAME
        return (path,) if path.exists() else ()

    def damage(self) -> str | None:
        wrong = (unusable(path, weights.fault(path)) for path in (*self._files, *self._few))
        return missing_package((minilm.PACKAGE,)) or next(filter(None, wrong), None)

    def prompt(self, brief: Brief) -> Prompt:
        if minilm.folder() is None or importlib.util.find_spec("tokenizers") is None:
            return brief.prompt()
        beginning, unread = brief.beginning()
        asked = beginning.prompt()
        positive, unseen = minilm.readable(asked.positive)
        negative, unheard = minilm.readable(asked.negative)
        return Prompt(positive, negative, unseen + unheard, unread=unread)

    def loaded(self, device: str) -> tuple[LatentDiffusion, dict[str, Any]]:
        from app.engines.image.diffusion import LatentDiffusion

        model = LatentDiffusion(self.folder, device, self._dtype)
        self._few_weights = weights.weights_digest(*self._files, *self._few)
        self._base = self.base()
        named = {"model": self.folder.name, "weights": self._base}
        return model, named | {"dtype": str(model.dtype).removeprefix("torch.")}

    def base(self) -> str:
        """The digest of its weights: what a style says that it was taught to."""
        return weights.weights_digest(*self._files)

    def warm(self) -> None:
        seeds = (0, 1, 2, 3)  # as many as are asked for by default: kernels are prepared for each shape
        for _part in self.run(Request(Verb.CREATE, Brief(intent="warm"), self.Params(steps=1), seeds)):
            pass

    def run(self, request: Request) -> Iterator[Step | Content]:
        model, params = self.model, self.Params.model_validate(request.params.model_dump())
        prompt = self.prompt(request.brief)
        if not prompt.positive and not request.parents:
            raise EngineError(_("This engine reads English and everyday Chinese, and knows no word of this brief."))
        taught = own_style.Changes.of(model.unet, request.style, self._base) if request.style else None
        prompt = own_style.styled(prompt, request.style)
        plan = self._plan(model, prompt, len(request.seeds), params, taught)
        read = {"prompt": prompt.positive, "negative_prompt": prompt.negative}
        facts = self._facts | plan.facts | read | (dict(request.style.facts) if request.style else {})
        if request.verb is Verb.OUTPAINT:
            yield from self._outpaint(model, request, plan, facts)
            return
        sizes = [aspect.size(model.side, model.factor) for aspect in Aspect]
        place = inpainting.place_of(request, sizes) if request.verb is Verb.INPAINT else None
        latents, way, hold = self._start(model, request, params, plan.levels, place)
        pace, total = preview.Pace(), len(way) - 1
        steps = sampler.denoise(latents, way, plan.velocity, multistep=plan.multistep, hold=hold)
        for number, (now, clean) in enumerate(steps, 1):
            latents = now
            shown = model.preview(clean) if pace.due() else ()
            yield Step(number, total, place.previews(shown) if place else shown)
        facts |= {"steps_taken": total}
        pictures: Iterable[Image.Image] = model.decode(latents)
        if place:
            pictures = map(place.whole, pictures)
        elif request.verb is Verb.GRAFT:
            palette = opened(request.parent(Verb.PALETTE).data)
            pictures = [recoloured(picture, palette) for picture in pictures]
        yield from _contents(request, pictures, facts)

    def _outpaint(
        self, model: LatentDiffusion, request: Request, plan: Plan, facts: dict[str, Any]
    ) -> Iterator[Step | Content]:
        """Window by window from the picture outwards, every variant on a canvas of its own."""
        import torch

        canvases, size = outpainting.Canvases(request), Aspect.SQUARE.size(model.side, model.factor)
        levels = later(plan.levels, BEYOND)
        boxes, steps, pace = canvases.windows(), len(levels) - 1, preview.Pace()
        for window, box in enumerate(boxes):
            places = canvases.places(box, size)
            noise = torch.cat([model.noise(outpainting.seed_of(seed, window), size) for seed in request.seeds])
            clean = torch.cat([model.encode(place.part) for place in places])
            hold = inpainting.Hold(places[0], clean, noise, steps)
            latents = levels[0].alpha * clean + levels[0].sigma * noise
            way = sampler.denoise(latents, levels, plan.velocity, multistep=plan.multistep, hold=hold)
            for number, (now, expected) in enumerate(way, 1):
                latents = now
                shown = model.preview(expected) if pace.due() else ()
                whole = tuple(place.previews([one])[0] for place, one in zip(places, shown, strict=bool(shown)))
                yield Step(window * steps + number, len(boxes) * steps, whole)
            canvases.paint(box, list(model.decode(latents)))
        facts |= {"steps_taken": steps * len(boxes), "windows": len(boxes)}
        yield from _contents(request, canvases.pictures, facts)

    def _plan(
        self, model: LatentDiffusion, prompt: Prompt, variants: int, params: Params, taught: own_style.Changes | None
    ) -> Plan:
        """A sketch by the few-step version, or by a solver of higher order in a few more steps where there is none."""
        if params.pace is Speed.FULL:
            velocity = model.guided(prompt, variants, params.guidance, taught)
            return Plan(velocity, model.levels(params.steps), multistep=False, facts={"sampler": "DDIM"})
        if model.few is None:
            velocity = model.guided(prompt, variants, params.guidance, taught)
            facts = {"sampler": "DPM-Solver++(2M)"}
            return Plan(velocity, model.levels(SKETCH_STEPS), multistep=True, facts=facts)
        velocity = model.distilled(prompt, variants, params.guidance, taught)
        facts = {"sampler": "DDIM, few-step", "weights": self._few_weights}
        return Plan(velocity, model.levels(model.few.steps), multistep=False, facts=facts)

    def _start(
        self, model: LatentDiffusion, request: Request, params: Params, levels: list[Level], place: Place | None
    ) -> tuple[torch.Tensor, list[Level], inpainting.Hold | None]:
        """Where denoising starts: from pure noise, or from the parent's picture taken back to an earlier level; and what of
        it stays all the while.
        """
        import torch

        from app.engines.image.diffusion import slerp

        if request.verb in {Verb.CREATE, Verb.REROLL}:
            size = params.aspect.size(model.side, model.factor)
            return torch.cat([model.noise(seed, size) for seed in request.seeds]), levels, None
        if place is not None:
            noise = torch.cat([model.noise(seed, place.size) for seed in request.seeds])
            return noise, levels, inpainting.Hold(place, model.encode(place.part), noise, len(levels) - 1)
        parent = request.parent(Verb.COMPOSITION if request.verb is Verb.GRAFT else None)
        picture = opened(parent.data)
        size = nearest(picture, (aspect.size(model.side, model.factor) for aspect in Aspect))
        distance = DISTANCES[request.strength or Strength.SUBTLE]
        if request.verb is Verb.REFINE:
            distance = Distance(params.change, REFINING_TURN)
        elif request.verb in FROM_PICTURE:
            distance = FROM_PICTURE[request.verb]
        noises = [model.noise(seed, size) for seed in request.seeds]
        if parent.engine == self.name and parent.seed is not None:
            noises = [slerp(model.noise(parent.seed, size), noise, distance.turn) for noise in noises]
        levels = later(levels, distance.strength)
        clean = model.encode(covered(picture, size))
        return torch.cat([levels[0].alpha * clean + levels[0].sigma * noise for noise in noises]), levels, None


def _contents(request: Request, pictures: Iterable[Image.Image], facts: dict[str, Any]) -> Iterator[Content]:
    """The pictures of a run, a variant each."""
    for index, (seed, picture) in enumerate(zip(request.seeds, pictures, strict=True)):
        yield Content(index, seed, png(picture), "image/png", picture.width, picture.height, facts)


def later(levels: list[Level], strength: float) -> list[Level]:
    """The last of the levels: that share of them, one step at least, by which something may change."""
    return levels[-1 - max(1, round(strength * (len(levels) - 1))) :]
