"""Any text-to-image pipeline of diffusers, from a folder or a hub id in the settings (Stable Diffusion, SDXL, Flux...).

Weights come as safetensors or not at all, and no code from a model's folder is run.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Request, Step, Strength, Verb
from app.engines.image.inpainting import Place, place_of
from app.engines.image.pipeline_preview import Outlook, preview_of
from app.engines.image.preview import Preview
from app.engines.image.reading import cut_to_limit
from app.engines.shared.callback_iterator import emitted
from app.engines.shared.checkpoint import folder_of, missing, revision
from app.engines.shared.loading import dtype_of, line
from app.engines.shared.local_engine import missing_package
from app.errors import EngineError, _
from app.media.image.picture import covered, opened, png
from app.settings import EngineSetting

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("torch", "diffusers", "transformers", "safetensors")
REACH = {Strength.SUBTLE: 0.3, Strength.STRONG: 0.65}  # the share of the schedule that a variation runs again
ONE_STEP = 1.001  # diffusers rounds steps × strength down
RATIOS = (1.0, 4 / 3, 3 / 4, 3 / 2, 2 / 3)  # width to height, of what is looked at around a mask
WIDEST = 2.5  # width to height, or the reverse: further out, models repeat themselves


Aspect = Literal["1:1", "5:4", "4:5", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"]


class PipelineParams(EngineParams):
    """What can be set; the settings change the defaults of steps and guidance."""

    steps: int = Field(28, ge=1, le=200, title=_("Steps"), description=_("More steps take longer and give cleaner pictures."))
    guidance: float = Field(5.0, ge=0, le=30, title=_("Guidance"), description=_("How strictly the picture follows the brief."))
    aspect: Aspect = Field(
        "1:1",
        title=_("Aspect ratio"),
        description=_("Width to height. Variations and refinements keep their parent's."),
    )
    change: float = Field(0.6, ge=0.1, le=1, title=_("Change"), description=_("How far a refinement may go from its base."))


class Pipeline(Engine):
    """One diffusers pipeline of the settings."""

    medium = Medium.IMAGE
    verbs = frozenset({Verb.CREATE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.INPAINT, Verb.OUTPAINT})
    standing = 2  # somebody chose it for this studio

    def __init__(self, setting: EngineSetting) -> None:
        self.setting = setting
        self.name, self.licence = setting.name, setting.licence
        self.title = setting.title or setting.model.rstrip("/").rpartition("/")[2]
        fields = PipelineParams.model_fields
        self.Params = create_model(
            "Params",
            __base__=PipelineParams,
            steps=(int, fields["steps"].merge_field_infos(fields["steps"], default=setting.steps)),
            guidance=(float, fields["guidance"].merge_field_infos(fields["guidance"], default=setting.guidance)),
        )
        self._pipes: dict[str, Any] = {}  # "create"; "change" and "inpaint" where the family has them
        self._preview: Preview | None = None

    def unready(self) -> str | None:
        return missing_package(LIBRARIES) or missing(self.setting.model)

    def prompt(self, brief: Brief) -> Prompt:
        asked, folder = brief.prompt(), folder_of(self.setting.model)
        if folder is None:
            return asked
        positive, unseen = cut_to_limit(asked.positive, folder)
        negative, unheard = cut_to_limit(asked.negative, folder)
        return Prompt(positive, negative, unseen + unheard)

    def load(self, device: str) -> None:
        if self._pipes:
            return
        if reason := self.unready():
            raise EngineError(reason=reason)
        import diffusers
        import transformers
        from safetensors import SafetensorError

        for library in (diffusers, transformers):  # progress bars of the load have no place in a log
            library.utils.logging.disable_progress_bar()
            library.utils.logging.set_verbosity_error()
        text_to_image: Any = diffusers.AutoPipelineForText2Image
        others: dict[str, Any] = {
            "change": diffusers.AutoPipelineForImage2Image,
            "inpaint": diffusers.AutoPipelineForInpainting,
        }
        dtype = dtype_of(self.setting.dtype, device)
        try:
            create = text_to_image.from_pretrained(self.setting.model, use_safetensors=True, dtype=dtype).to(device)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
            said = _("%(model)s cannot be loaded: %(reason)s")
            raise EngineError(said, model=self.setting.model, reason=line(error)) from error
        create.set_progress_bar_config(disable=True)
        pipes = {"create": create}
        for task, kind in others.items():
            with suppress(ValueError):  # this family makes pictures from words alone
                pipes[task] = kind.from_pipe(create)
                pipes[task].set_progress_bar_config(disable=True)
        self._preview = preview_of(create)
        self._pipes = pipes

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = PipelineParams.model_validate(request.params.model_dump())
        prompt = self.prompt(request.brief)
        pipe, size, options, place = self._call(params, prompt, request)
        pictures: list[Image] = []

        def work(emit: Callable[[Step], None]) -> None:
            callback = _callback(emit, Outlook(self._preview, size), params.steps, place)
            pictures.extend(pipe(callback_on_step_end=callback, **options).images)

        try:
            yield from emitted(work)
        except (RuntimeError, ValueError, TypeError) as error:
            raise EngineError(reason=line(error)) from error
        facts = self._facts(pipe, prompt)
        for index, (seed, made) in enumerate(zip(request.seeds, pictures, strict=True)):
            image = place.whole(made) if place else made
            yield Content(index, seed, png(image), "image/png", image.width, image.height, facts)

    def _call(
        self, params: PipelineParams, prompt: Prompt, request: Request
    ) -> tuple[Any, tuple[int, int], dict[str, Any], Place | None]:
        """The pipeline for this request, the size and what else to call it with, and the place of a mask; one generator a
        variant, on the CPU.
        """
        import torch

        task, place, count = _task_of(request.verb), None, len(request.seeds)
        pipe = self._pipe(task)
        options: dict[str, Any] = {
            "prompt": [prompt.positive] * count,
            "negative_prompt": [prompt.negative] * count,
            "num_inference_steps": params.steps,
            "guidance_scale": params.guidance,
            "generator": [torch.Generator().manual_seed(seed) for seed in request.seeds],
        }
        if task == "create":
            across, down = (int(part) for part in params.aspect.split(":"))
            size = _size(pipe, across / down)
        elif task == "inpaint":
            place = place_of(request, [_size(pipe, ratio) for ratio in RATIOS])
            size = place.size
            options |= {"image": place.part, "mask_image": place.mask, "strength": 1.0}
        else:
            if not request.parents:
                raise EngineError(_("There is no picture to start from."))
            base = opened(request.parents[0].data)
            size = _size(pipe, base.width / base.height)
            reach = REACH[request.strength or Strength.SUBTLE] if request.verb == Verb.VARY else params.change
            options |= {"image": covered(base, size), "strength": min(1, max(reach, ONE_STEP / params.steps))}
        options["width"], options["height"] = size
        known = inspect.signature(pipe.__call__).parameters
        return pipe, size, {name: value for name, value in options.items() if name in known}, place

    def _pipe(self, task: str) -> Any:
        """The pipeline for `task`. Raises EngineError where the family has none."""
        if not self._pipes:
            raise EngineError(reason=_("it is not loaded"))
        if (pipe := self._pipes.get(task)) is not None:
            return pipe
        if task == "inpaint":
            raise EngineError(_("%(engine)s cannot change a part of a picture: its family knows no masks."), engine=self.title)
        raise EngineError(_("%(engine)s makes pictures from words alone: it cannot start from a picture."), engine=self.title)

    def _facts(self, pipe: Any, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self.setting.model,
            "pipeline": type(pipe).__name__,
            "sampler": type(pipe.scheduler).__name__,
            "weights": revision(self.setting.model),
            "prompt": prompt.positive,
            "negative_prompt": prompt.negative,
            "device": str(pipe.device),
            "dtype": str(pipe.dtype).removeprefix("torch."),
            "libraries": {name: version(name) for name in LIBRARIES},
        }


def _task_of(verb: Verb) -> str:
    """Which of a family's pipelines does it."""
    if verb in (Verb.CREATE, Verb.REROLL):
        return "create"
    return "inpaint" if verb in (Verb.INPAINT, Verb.OUTPAINT) else "change"


def _callback(emit: Callable[[Step], None], outlook: Outlook, steps: int, place: Place | None) -> Callable[..., dict[str, Any]]:
    """What diffusers calls at the end of each step; `emit` may raise, which ends the run."""

    def tell(pipe: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        total = getattr(pipe, "num_timesteps", None) or steps
        shown: tuple[bytes | None, ...] = outlook(pipe, int(timestep), tensors["latents"])
        emit(Step(index + 1, max(total, index + 1), place.previews(shown) if place else shown))
        return {}

    return tell


def _size(pipe: Any, ratio: float) -> tuple[int, int]:
    """(width, height) in pixels: about `ratio`, about the area this pipeline was trained on."""
    part: Any = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    cells = getattr(pipe, "default_sample_size", None) or part.config.sample_size
    side = cells * pipe.vae_scale_factor
    unit = math.lcm(8, pipe.vae_scale_factor * (2 if hasattr(pipe, "_unpack_latents") else 1))
    stretch = math.sqrt(min(max(ratio, 1 / WIDEST), WIDEST))
    width, height = (max(1, round(length / unit)) * unit for length in (side * stretch, side / stretch))
    return width, height
