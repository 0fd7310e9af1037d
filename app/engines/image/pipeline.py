"""Any text-to-image pipeline of diffusers, from a folder or a hub id in the settings (Stable Diffusion, SDXL, Flux...).

Weights come as safetensors or not at all, and no code from a model's folder is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Request, Step, Verb
from app.engines.image.families import known
from app.engines.image.pipeline_call import Call, calls
from app.engines.image.pipeline_loading import Loaded, loaded
from app.engines.image.reading import cut_to_limit
from app.engines.shared.callback_iterator import emitted
from app.engines.shared.checkpoint import folder_of, missing, revision
from app.engines.shared.loading import line
from app.engines.shared.local_engine import missing_package
from app.errors import EngineError, _
from app.media.image.picture import png
from app.media.text.scripts import HAN
from app.settings import EngineSetting

if TYPE_CHECKING:
    from PIL.Image import Image

LIBRARIES = ("torch", "diffusers", "transformers", "safetensors")
VERBS = frozenset({Verb.CREATE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.INPAINT, Verb.OUTPAINT})
FROM_NOTHING = frozenset({Verb.CREATE, Verb.REROLL})
ENGLISH_ONLY = _("These weights read English; Chinese says little to them.")
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
    standing = 2  # somebody chose it for this studio

    def __init__(self, setting: EngineSetting) -> None:
        self.setting = setting
        self.name, self.licence = setting.name, setting.licence
        self.title = setting.title or setting.model.rstrip("/").rpartition("/")[2]
        self.known = known(setting.model)
        self.verbs = VERBS if self.known.family.creates else VERBS - FROM_NOTHING
        fields, defaults = PipelineParams.model_fields, self.known.defaults
        steps = {"default": defaults.steps if setting.steps is None else setting.steps}
        guidance = {"default": defaults.guidance if setting.guidance is None else setting.guidance}
        described = {"description": self.known.meaning}
        self.Params = create_model(
            "Params",
            __base__=PipelineParams,
            steps=(int, fields["steps"].merge_field_infos(fields["steps"], **steps)),
            guidance=(float, fields["guidance"].merge_field_infos(fields["guidance"], **guidance, **described)),
        )
        self._loaded: Loaded | None = None

    def unready(self) -> str | None:
        return missing_package(LIBRARIES + self.known.family.needs) or missing(self.setting.model)

    def unasked(self, brief: Brief) -> bool:
        return not self._foreign(brief.prompt())

    def prompt(self, brief: Brief) -> Prompt:
        asked, folder = brief.prompt(), folder_of(self.setting.model)
        positive, negative, unread = asked.positive, asked.negative, asked.dropped
        if folder is not None:
            positive, unseen = cut_to_limit(positive, folder)
            negative, unheard = cut_to_limit(negative, folder)
            unread = unseen + unheard
        if not self.known.avoids:
            unread, negative = (*unread, *negative.split()), ""
        return Prompt(positive, negative, unread, note=ENGLISH_ONLY if self._foreign(asked) else "")

    def _foreign(self, asked: Prompt) -> bool:
        """Whether a brief is in a language that the family is known not to read."""
        reads = self.known.family.reads
        return reads is not None and "zh" not in reads and HAN.search(asked.positive) is not None

    def load(self, device: str) -> None:
        if self._loaded:
            return
        if reason := self.unready():
            raise EngineError(reason=reason)
        self._loaded = loaded(self.setting, device)

    def run(self, request: Request) -> Iterator[Step | Content]:
        if self._loaded is None:
            raise EngineError(reason=_("it is not loaded"))
        params = PipelineParams.model_validate(request.params.model_dump())
        prompt = self.prompt(request.brief)
        pictures: list[Image] = []

        def work(emit: Callable[[Step], None]) -> None:
            for call in made:
                pictures.extend(call(emit, ready).images)

        ready = self._loaded
        try:
            made = calls(self, ready, params, prompt, request)
            yield from emitted(work)
        except EngineError:
            raise
        except Exception as error:  # whatever a family's pipeline raises
            raise EngineError(reason=line(error)) from error
        for index, (seed, picture) in enumerate(zip(request.seeds, pictures, strict=True)):
            image = made[0].place.whole(picture) if made[0].place else picture
            yield Content(index, seed, png(image), "image/png", image.width, image.height, self._facts(made[0], prompt))

    def _facts(self, call: Call, prompt: Prompt) -> dict[str, Any]:
        pipe = call.pipe
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
