"""Drawings: the library that scenes are composed of, searched by words, or as far as a picture shows them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.bounded import LIMITS
from app.engines.image.composer import drawing
from app.engines.image.composer.finding import find
from app.engines.image.composer.library import Library, library, sources
from app.engines.image.composer.scene import scene_of
from app.errors import EngineError, NotFoundError, raises
from app.gate import Words
from app.web.deps import CurrentArtist, OneTurn
from app.web.pages import answer
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, tags=["drawings"])
OWN = {"set": "Stemma", "maker": "Stemma", "licence": "Apache-2.0"}  # of the drawings that come from no set


class DrawingOut(BaseModel):
    """A drawing: `name` puts a thing that it shows into a brief."""

    id: str
    name: str
    set: str
    maker: str
    licence: str
    svg: str = Field(description="the drawing by itself, as a document")


@dataclass(frozen=True, slots=True)
class Thing:
    """What is called `label`, with all drawings of it, the first of which is shown."""

    label: str
    drawings: list[DrawingOut]

    @property
    def picture(self) -> str:
        """The first drawing as an address that holds it."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.drawings[0].svg.encode()).decode()

    @property
    def sets(self) -> list[str]:
        """The sets that have a drawing of it, each once."""
        return list(dict.fromkeys(one.set for one in self.drawings))


@router.get("/drawings", response_model=Listed[DrawingOut])
@raises(NotFoundError, EngineError, *LIMITS)
def index(
    request: Request,
    artist: CurrentArtist,
    q: Annotated[Words, Query(description="words, in English or Chinese")] = "",
    of: Annotated[UUID | None, Query(description="a revision: the drawings that its picture is composed of")] = None,
    limit: Annotated[int, Query(ge=1, le=60, description="how many things; each has a few drawings")] = 24,
) -> Response:
    """Find drawings of the library, those first that are called so; each with its maker and licence."""
    drawings = library()
    if of:
        numbers = _shown(drawings, artist.revisions.get(of).facts_data)
        things = [Thing(drawings.drawings[number].label, [_out(drawings, number)]) for number in numbers[:limit]]
    else:
        labels = find(drawings, q, limit)
        things = [Thing(label, [_out(drawings, number) for number in drawings.by_label[label]]) for label in labels]
    return answer(
        request,
        lambda: Listed[DrawingOut](items=[one for thing in things for one in thing.drawings]),
        "drawings/index.html",
        partial="drawings/_found.html",
        things=things,
        makers=_makers(things),
        q=q,
        of=of,
    )


def _makers(things: Iterable[Thing]) -> list[str]:
    """Whose the drawings of all these are, and under which licence, each once."""
    return sorted({f"{one.set} ({one.maker}), {one.licence}" for thing in things for one in thing.drawings})


def _shown(drawings: Library, facts: dict[str, object]) -> list[int]:
    scene = scene_of(facts)
    return list(drawing.used(scene, drawings)) if scene else []


def _out(drawings: Library, number: int) -> DrawingOut:
    one = drawings.drawings[number]
    whose = sources().get(one.set, OWN)
    return DrawingOut(id=one.id, name=one.label, svg=drawing.alone(drawings, number), **whose)
