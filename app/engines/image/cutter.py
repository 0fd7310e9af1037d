"""The engine that cuts out what stands before a ground: no model, no seed, the same result every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, EngineParams, Medium, Request, Step, Verb
from app.errors import EngineError, _
from app.lanes import Lane
from app.media.image.cutting import cut_out
from app.media.image.picture import given, kept, png

LIKE = 0.012  # of OKLab: how much farther apart colours may be for each step of likeness
NOTHING = _("Nothing stands clear of the ground: everything reaches the edges, or is too small. Try another likeness or size.")


class Cutter(Engine):
    """Floods from the border through flat colours, on the processor, whatever device the worker has."""

    name = "cutter"
    title = _("Cutter")
    medium = Medium.IMAGE
    verbs = frozenset({Verb.CUTOUT})
    licence = "Apache-2.0"

    class Params(EngineParams):
        """What an artist can set."""

        likeness: int = Field(
            5,
            ge=1,
            le=10,
            title=_("Likeness"),
            description=_("How much the colours of the ground may differ and still be one. Higher: more goes."),
        )
        least: float = Field(
            0.5,
            ge=0,
            le=20,
            title=_("Smallest part"),
            description=_("Parts of fewer percent of the picture go as well: snow, stars, specks."),
        )
        holes: bool = Field(
            False, title=_("Clear holes too"), description=_("Also where the ground's colours show through inside.")
        )

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (it takes a second or two)
        return Lane.QUICK

    def unready(self) -> str | None:
        return None

    def prompt(self, brief: Brief) -> Prompt:  # noqa: ARG002 (it reads the picture alone)
        return Prompt("")

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = self.Params.model_validate(request.params.model_dump())
        picture = kept(given(request.base))
        yield Step(1, 2)
        made = cut_out(picture, LIKE * params.likeness, params.least / 100, holes=params.holes)
        if made is None:
            raise EngineError(NOTHING)
        data = png(made)
        yield Step(2, 2)
        share = made.getchannel("A").histogram()
        facts = {"model": self.name, "stays": round(1 - share[0] / (made.width * made.height), 4)}
        yield Content(0, None, data, "image/png", *made.size, facts)
