"""What a pipeline is called with for a request, and what of it the family does itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from app.brief import Prompt
from app.engines.engine import Request, Step, Strength, Verb
from app.engines.image.denoising import Base, Denoising
from app.engines.image.families import Mask, Start
from app.engines.image.inpainting import Place, cells_of, place_of
from app.engines.image.pipeline_loading import Loaded, heard
from app.engines.image.pipeline_preview import Outlook
from app.errors import EngineError, _
from app.media.image.picture import covered, opened
from app.settings import EngineSetting

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from app.engines.image.latent_space import LatentSpace

MASKED = (Verb.INPAINT, Verb.OUTPAINT)
REACH = {Strength.SUBTLE: 0.3, Strength.STRONG: 0.65}  # the share of the schedule that a variation runs again
ROUNDING = 0.001  # diffusers rounds steps × strength down
RATIOS = (1.0, 4 / 3, 3 / 4, 3 / 2, 2 / 3)  # width to height, of what is looked at around a mask
WIDEST = 2.5  # width to height, or the reverse: further out, models repeat themselves


class Asked(Protocol):
    """Whoever asks: the engine."""

    title: str
    setting: EngineSetting


class Params(Protocol):
    """What is read of the parameters."""

    @property
    def steps(self) -> int: ...
    @property
    def guidance(self) -> float: ...
    @property
    def aspect(self) -> str: ...
    @property
    def change(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a pipeline, for some of a request's variants."""

    pipe: Any
    size: tuple[int, int]
    options: dict[str, Any]
    place: Place | None = None
    base: Base | None = None
    position: tuple[int, int] = (0, 1)  # which of how many calls
    others: tuple[int, int] = (0, 0)  # variants of the calls before and after

    def __call__(self, emit: Callable[[Step], None], loaded: Loaded) -> Any:
        """Run it; `emit` may raise, which ends the run."""
        outlook = Outlook(loaded.preview, loaded.space, self.size)
        (position, count), (before, after) = self.position, self.others

        def tell(number: int, total: int, timestep: int, latents: torch.Tensor) -> None:
            shown: tuple[bytes | None, ...] = outlook(denoising.scheduler, timestep, latents)
            if shown and self.place:
                shown = self.place.previews(shown)
            if shown:
                shown = (None,) * before + shown + (None,) * after
            emit(Step(position * total + number, count * total, shown))

        denoising = Denoising(self.pipe, tell, self.base)
        return denoising.pipe(**self.options)


def calls(engine: Asked, loaded: Loaded, params: Params, prompt: Prompt, request: Request) -> list[Call]:
    """The calls that make a request's variants, in order. Raises EngineError where the family cannot do it."""
    make = _create if request.verb in (Verb.CREATE, Verb.REROLL) else _inpaint if request.verb in MASKED else _change
    seeds = request.seeds
    # A pipeline that looks at a picture takes one prompt with it.
    groups = [(seed,) for seed in seeds] if loaded.family.start is Start.REFERENCE else [seeds]
    made = []
    for number, group in enumerate(groups):
        pipe, size, special, place, base = make(engine, loaded, params, request, group)
        options = _options(loaded, params, prompt, group) | {"width": size[0], "height": size[1]} | special
        taken = heard(pipe)
        options = {name: value for name, value in options.items() if name in taken}
        position, others = (number, len(groups)), (number, len(seeds) - number - 1) if len(groups) > 1 else (0, 0)
        made.append(Call(pipe, size, options, place, base, position, others))
    return made


_Made = tuple[Any, tuple[int, int], dict[str, Any], Place | None, Base | None]


def _options(loaded: Loaded, params: Params, prompt: Prompt, seeds: tuple[int, ...]) -> dict[str, Any]:
    """What every call says; one generator a variant, on the CPU."""
    import torch

    count = len(seeds)
    options = {
        "prompt": [prompt.positive] * count,
        "num_inference_steps": params.steps,
        loaded.family.guidance: params.guidance,
        "generator": [torch.Generator().manual_seed(seed) for seed in seeds],
        "use_resolution_binning": False,  # PixArt, Sana: the size that is asked for, so that previews and masks fit
    }
    if loaded.family.avoid:  # an empty one too: Qwen-Image has no guidance without
        options["negative_prompt"] = [prompt.negative] * count
    return options


def _create(engine: Asked, loaded: Loaded, params: Params, request: Request, seeds: tuple[int, ...]) -> _Made:  # noqa: ARG001 (as its siblings)
    if not loaded.family.creates:
        raise EngineError(_("%(engine)s changes pictures: it needs one to start from."), engine=engine.title)
    across, down = (int(part) for part in params.aspect.split(":"))
    size = size_of(engine, loaded, across / down)
    return loaded.pipes["create"], size, {"max_area": size[0] * size[1], "_auto_resize": False}, None, None


def _change(engine: Asked, loaded: Loaded, params: Params, request: Request, seeds: tuple[int, ...]) -> _Made:
    picture = opened(request.base)
    size = size_of(engine, loaded, picture.width / picture.height)
    picture = covered(picture, size)
    reach = REACH[request.strength or Strength.SUBTLE] if request.verb == Verb.VARY else params.change
    steps = max(params.steps, math.ceil(1 / reach - ROUNDING))  # or the shortest change would be as long as any
    options: dict[str, Any] = {"num_inference_steps": steps}
    pipe = loaded.pipes.get("change")
    if loaded.family.start is Start.STRENGTH and pipe is not None:
        strength = min(1.0, max(reach, (1 + ROUNDING) / steps))
        return pipe, size, options | {"image": picture, "strength": strength}, None, None
    if loaded.family.start is Start.REFERENCE and pipe is not None:
        options |= _looked_at(picture, size)
    else:
        pipe = loaded.pipes["create"]
    if loaded.space is None:
        said = _("%(engine)s makes pictures from words alone: it cannot start from a picture.")
        raise EngineError(said, engine=engine.title)
    return pipe, size, options, None, _base(loaded.space, picture, size, seeds, reach)


def _inpaint(engine: Asked, loaded: Loaded, params: Params, request: Request, seeds: tuple[int, ...]) -> _Made:  # noqa: ARG001 (as its siblings)
    place = place_of(request, [size_of(engine, loaded, ratio) for ratio in RATIOS])
    looked = _looked_at(place.part, place.size) if loaded.family.start is Start.REFERENCE else {}
    pipe = loaded.pipes.get("inpaint")
    if loaded.family.mask is Mask.OWN and pipe is not None:
        return pipe, place.size, looked | {"image": place.part, "mask_image": place.mask, "strength": 1.0}, place, None
    if loaded.space is None:
        said = _("%(engine)s cannot change a part of a picture: its family knows no masks.")
        raise EngineError(said, engine=engine.title)
    pipe = loaded.pipes["change" if looked else "create"]
    base = _base(loaded.space, place.part, place.size, seeds, mask=place.mask)
    return pipe, place.size, looked, place, base


def _looked_at(picture: Image, size: tuple[int, int]) -> dict[str, Any]:
    """What a pipeline that looks at a picture is told, so that it works at `size`."""
    return {"image": picture, "max_area": size[0] * size[1], "_auto_resize": False}


def _base(
    space: LatentSpace,
    picture: Image,
    size: tuple[int, int],
    seeds: tuple[int, ...],
    reach: float = 1.0,
    mask: Image | None = None,
) -> Base:
    import numpy as np
    import torch

    pixels = torch.from_numpy(np.asarray(picture.convert("RGB").resize(size)).copy()).float() / 255
    clean = space.encode(pixels.permute(2, 0, 1)[None] * 2 - 1)
    noise = torch.cat([torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
    return Base(space, clean, noise.to(clean.device), reach, None if mask is None else cells_of(mask, clean))


def size_of(engine: Asked, loaded: Loaded, ratio: float) -> tuple[int, int]:
    """(width, height) in pixels: about `ratio`, about the area that the setting names or the weights were trained on."""
    pipe = loaded.pipes["create"]
    network = getattr(getattr(pipe, "unet", None) or getattr(pipe, "transformer", None), "config", {})
    factor = getattr(pipe, "vae_scale_factor", 8)
    cells = getattr(pipe, "default_sample_size", None) or network.get("sample_size")
    side = engine.setting.side or (cells * factor if isinstance(cells, int) else loaded.family.side)
    # Sides divide by what the pipeline cuts pictures to, and by what its transformer takes as one token.
    processor = getattr(getattr(pipe, "image_processor", None), "config", {}).get("vae_scale_factor", factor)
    patch = network.get("patch_size", 1)
    unit = math.lcm(8, processor, factor * patch if isinstance(patch, int) else factor)
    stretch = math.sqrt(min(max(ratio, 1 / WIDEST), WIDEST))
    width, height = (max(1, round(length / unit)) * unit for length in (side * stretch, side / stretch))
    return width, height
