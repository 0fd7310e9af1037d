"""The engine that turns a flat picture into paths (SVG): no model, no seed, the same drawing every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Request, Step, Verb
from app.engines.shared.local_engine import missing_package
from app.errors import EngineError, _
from app.lanes import Lane
from app.media.image.picture import given
from app.media.image.svg import MEDIA_TYPE
from app.media.image.tracing import How, trace


class Vectoriser(Engine):
    """Posterises and traces (vtracer), on the processor, whatever device the worker has."""

    name = "vectoriser"
    title = _("Vectoriser")
    medium = Medium.IMAGE
    verbs = frozenset({Verb.VECTORISE})
    licence = "MIT (vtracer)"

    class Params(EngineParams):
        """What an artist can set."""

        colours: int = Field(
            How().colours,
            ge=2,
            le=32,
            title=_("Colours"),
            description=_("The most colours that are used; similar ones are merged."),
        )
        detail: int = Field(
            How().detail,
            ge=1,
            le=5,
            title=_("Detail"),
            description=_("Lower: fewer, larger shapes. Higher: small ones stay."),
        )
        smooth: bool = Field(
            How().smooth, title=_("Smooth curves"), description=_("Off: straight edges, for lettering and pixel art.")
        )

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (a drawing takes seconds)
        return Lane.QUICK

    def unready(self) -> str | None:
        return missing_package(("vtracer",))

    def prompt(self, brief: Brief) -> Prompt:  # noqa: ARG002 (it reads the picture alone)
        return Prompt("")

    def load(self, device: str) -> None:  # noqa: ARG002 (a processor is enough)
        if reason := self.unready():
            raise EngineError(reason)

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = self.Params.model_validate(request.params.model_dump())
        data = given(request.base)
        how = How(params.colours, params.detail, params.smooth)
        for result in trace.watched(data, how):
            yield Step(1 if result is None else 2, 2)
            if result is not None:
                yield Content(0, None, result.svg, MEDIA_TYPE, result.width, result.height, result.facts, raster=result.raster)
