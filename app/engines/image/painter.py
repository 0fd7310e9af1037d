"""The painter: the house model begins with a scene that the composer drew, and goes as far from it as the artist wants.

From imitation, where the drawing shines through, to innovation, where nothing of it is left but what the brief says: the scene
is taken back to an earlier level of noise and denoised from there (SDEdit, Meng et al. 2022).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, EngineParams, Parent, Request, Step, Strength, Verb
from app.engines.image import preview, sampler
from app.engines.image.composer import changing, drawing
from app.engines.image.composer.engine import Composer, aspect_of
from app.engines.image.composer.library import FOLDER, library
from app.engines.image.composer.scene import PAINTED_FROM, Scene, scene_of
from app.engines.image.composer.wish import Wish
from app.engines.image.house import House, later
from app.errors import _
from app.lanes import Lane
from app.media.image.picture import png
from app.media.medium import PAINTED, SCENE

if TYPE_CHECKING:
    import torch

    from app.engines.image.diffusion import LatentDiffusion

LEAST = 0.05  # of the way from noise to picture, that anything may be seen of the brush
TURN = 0.4  # from the parent's noise (0) to fresh noise (1), of what goes on from a painted picture


class Distance(EngineParams):
    """How far a picture goes from its scene."""

    innovation: float = Field(
        0.25,
        ge=0,
        le=1,
        multiple_of=0.05,
        title=_("From imitation to innovation"),
        description=_("0: the drawing shines through. 1: nothing of it is left but what the brief says."),
    )


class Painter(Composer):
    """Composes a scene for each variant, and paints it with the house model."""

    name = "painter"
    title = _("Painter of scenes")
    licence = f"{House.licence}; drawings MIT, Apache-2.0, CC-BY-4.0"
    standing = -1  # only where nobody else can, or by name: the composer's pictures are crisp and at once
    begins_with = frozenset({SCENE, PAINTED})
    unknown = _("The painter begins with a scene. It reads English and everyday Chinese, and knows no word of this brief.")
    elsewhere = _("The painter goes on from composed scenes, and from what it painted of them.")

    class Params(Composer.Params, Distance):
        """What an artist can set; the distance stands first."""

        steps: int = Field(10, ge=2, le=40, title=_("Steps"), description=_("More steps: slower, a little cleaner."))
        guidance: float = Field(
            4.0, ge=1, le=12, title=_("Guidance"), description=_("How strictly the picture follows the brief.")
        )

    def __init__(self, house: House, folder: Path = FOLDER) -> None:
        """`house` paints: it is loaded once for both engines; the library of drawings lies in `folder`."""
        super().__init__(folder)
        self.house = house

    def unready(self) -> str | None:
        return super().unready() or self.house.unready()

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (seconds, as the house's pictures)
        return Lane.LONG

    def load(self, device: str) -> None:
        super().load(device)
        self.house.load(device)

    def run(self, request: Request) -> Iterator[Step | Content]:
        params, model = self.Params.model_validate(request.params.model_dump()), self.house.model
        scenes, prompt = self.scenes(request), self._said(request.brief)
        size = aspect_of(scenes[0]).size(model.side, model.factor)
        clean = _clean(model, scenes, size, self.folder)
        noise = self._noise(model, request, size)
        share = max(LEAST, params.innovation)
        way = later(model.levels(round(params.steps / share)), share)
        latents, pace, total = way[0].alpha * clean + way[0].sigma * noise, preview.Pace(), len(way) - 1
        velocity = model.guided(prompt, len(request.seeds), params.guidance)
        for number, (now, expected) in enumerate(sampler.denoise(latents, way, velocity, multistep=True), 1):
            latents = now
            yield Step(number, total, model.preview(expected) if pace.due() else ())
        told: dict[str, Any] = {"prompt": prompt.positive, "negative_prompt": prompt.negative}
        told |= {"sampler": "DPM-Solver++(2M)", "steps_taken": total}
        for index, (seed, scene, picture) in enumerate(zip(request.seeds, scenes, model.decode(latents), strict=True)):
            drawn = {"drawings": self.facts_of(scene)["drawings"], PAINTED_FROM: scene.told()}
            facts = self.house.loaded_facts | told | drawn
            yield Content(index, seed, png(picture), "image/png", picture.width, picture.height, facts)

    def begun(self, parent: Parent) -> Scene | None:
        """The scene that is painted anew: the parent's own, or the one that the parent was painted from."""
        return scene_of(parent.facts) or scene_of(parent.facts, PAINTED_FROM)

    def refined(self, scene: Scene, before: Wish, wish: Wish, seeds: Sequence[int], style: str) -> list[Scene]:
        """What stands where stays, but for what the words change: the brush makes the variants."""
        return [changing.refined(scene, before, wish, library(self.folder), seed, style) for seed in seeds]

    def _said(self, brief: Brief) -> Prompt:
        """The brief as the model reads it; what the scene heard of it, where the model knows no word."""
        read = self.house.prompt(brief)
        return read if read.positive else Prompt(self.prompt(brief).positive, read.negative)

    def _noise(self, model: LatentDiffusion, request: Request, size: tuple[int, int]) -> torch.Tensor:
        """[variants, channels, height/8, width/8]: each seed's own; most of the parent's where a painted picture is varied
        subtly or refined, so that it keeps its brush.
        """
        import torch

        from app.engines.image.diffusion import slerp

        noises = [model.noise(seed, size) for seed in request.seeds]
        if request.verb in {Verb.VARY, Verb.REFINE} and request.strength is not Strength.STRONG:
            parent = request.parents[0]
            if parent.engine == self.name and parent.seed is not None:
                noises = [slerp(model.noise(parent.seed, size), noise, TURN) for noise in noises]
        return torch.cat(noises)


def _clean(model: LatentDiffusion, scenes: Sequence[Scene], size: tuple[int, int], folder: Path) -> torch.Tensor:
    """The latents [variants, channels, height/8, width/8] of the scenes, drawn at that `size` (width, height)."""
    import torch

    drawn = (drawing.pixels(drawing.svg(scene, library(folder)), *size) for scene in scenes)
    return torch.cat([model.encode(Image.open(io.BytesIO(one)).convert("RGB")) for one in drawn])
