"""The engine that makes a picture two or four times as large, with crisp edges and nothing made up."""

from __future__ import annotations

import io
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import Field, field_validator

from app.brief import Brief, Prompt
from app.engines.engine import Content, EngineParams, Medium, Request, Step, Verb
from app.engines.shared import weights
from app.engines.shared.local_engine import LocalEngine, unusable
from app.errors import EngineError, _
from app.media.image.picture import given, png

if TYPE_CHECKING:
    from app.engines.image.enlarging import Enlarger

FILE = Path(__file__).resolve().parents[2] / "weights" / "upscaler" / "model.safetensors"
MOST = 64  # million pixels of what is made: 8,000 × 8,000


class Factor(IntEnum):
    """How many times as wide and as high."""

    TWO = 2
    FOUR = 4


class Upscaler(LocalEngine):
    """Real-ESRGAN's small network for drawings, on a processor or a GPU."""

    name = "upscaler"
    title = _("Upscaler")
    medium = Medium.IMAGE
    verbs = frozenset({Verb.UPSCALE})
    licence = "BSD-3-Clause (Real-ESRGAN)"
    libraries = ("torch", "safetensors")

    class Params(EngineParams):
        """What an artist can set."""

        factor: Factor = Field(
            Factor.FOUR,
            title=_("Enlarge"),
            description=_("How many times as wide and as high. Four times takes a 256-pixel picture about two seconds."),
            json_schema_extra={"names": {"2": _("Twice"), "4": _("Four times")}},
        )

        @field_validator("factor", mode="before")
        @classmethod
        def _as_a_form_says_it(cls, value: Any) -> Any:
            return int(value) if value in ("2", "4") else value

    def __init__(self, file: Path = FILE) -> None:
        super().__init__()
        self.file = file

    def damage(self) -> str | None:
        return unusable(self.file, weights.fault(self.file))

    def prompt(self, brief: Brief) -> Prompt:  # noqa: ARG002 (it reads the picture alone)
        return Prompt("")

    def loaded(self, device: str) -> tuple[Enlarger, dict[str, Any]]:
        from app.engines.image.enlarging import Enlarger

        return Enlarger(self.file, device), {"model": "realesr-animevideov3", "weights": weights.weights_digest(self.file)}

    def run(self, request: Request) -> Iterator[Step | Content]:
        from app.engines.image import enlarging

        if self._model is None:
            raise EngineError(_("The engine is not loaded."))
        params = self.Params.model_validate(request.params.model_dump())
        with Image.open(io.BytesIO(given(request.base))) as opened:
            opened.load()
            picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
        size = (picture.width * params.factor, picture.height * params.factor)
        if size[0] * size[1] > MOST * 10**6:
            raise EngineError(
                _("Enlarged, the picture would have %(pixels)d million pixels; %(most)d million can be made."),
                pixels=round(size[0] * size[1] / 1e6),
                most=MOST,
            )
        total = len(enlarging.tiles(picture.width, picture.height)) + 1
        made = Image.new("RGB", size)
        for number, (place, part) in enumerate(self._parts(picture, params.factor), 1):
            made.paste(part, place)
            yield Step(number, total)
        if picture.mode == "RGBA":
            made.putalpha(picture.getchannel("A").resize(size, Image.Resampling.LANCZOS))
        facts = self._facts | {"enlarged": int(params.factor), "steps_taken": total - 1}
        data = png(made)
        yield Step(total, total)
        yield Content(0, None, data, "image/png", *size, facts)

    def _parts(self, picture: Image.Image, factor: int) -> Iterator[tuple[tuple[int, int], Image.Image]]:
        """Each tile enlarged, and where in the new picture it goes. Twice is four times, halved."""
        import numpy as np

        for tile, pixels in self._model.enlarged(np.asarray(picture.convert("RGB"))):
            part = Image.fromarray(pixels)
            if factor == Factor.TWO:
                part = part.reduce(2)
            yield (tile.left * factor, tile.top * factor), part
