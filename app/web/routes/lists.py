"""Lists of words in a project, for the wildcards of briefs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app import gate
from app.errors import ConflictError, UnfitError, _, raises
from app.models.word_list import WordList
from app.requests.wildcards import a_name
from app.web.deps import CurrentArtist, OneTurn, body
from app.web.pages import answer
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, tags=["lists"])
MOST_ENTRIES = 2_000
LONGEST = 400  # characters of an entry


def _name(value: Any) -> Any:
    name = gate.line(value) if isinstance(value, str) else value
    if isinstance(name, str) and not a_name(name):
        raise UnfitError(
            _("letters and digits, and between them single hyphens or underscores: %(example)s"), example="sea_birds"
        )
    return name


def _entries(value: Any) -> Any:
    """A form sends one text; it and a list mean entries, one a line."""
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in given):
        return value
    lines = [line.strip() for one in given for line in gate.prose(one).split("\n")]
    entries = [line for line in lines if line]
    if not entries:
        raise UnfitError(_("write at least one entry"))
    if len(entries) > MOST_ENTRIES:
        raise UnfitError(_("a list has at most %(most)d entries; these are %(count)d"), most=MOST_ENTRIES, count=len(entries))
    long = next((entry for entry in entries if len(entry) > LONGEST), None)
    if long is not None:
        raise UnfitError(
            _("an entry has at most %(most)d characters; this one has more: %(entry)s…"), most=LONGEST, entry=long[:40]
        )
    return entries


class ListIn(BaseModel):
    """A list: its name, as briefs name it between double underscores, and its entries."""

    model_config = ConfigDict(extra="ignore")
    name: Annotated[str, Field(max_length=60), BeforeValidator(_name)]
    entries: Annotated[
        list[Annotated[str, Field(max_length=LONGEST), gate.LINE]],
        Field(max_length=MOST_ENTRIES),
        BeforeValidator(_entries, json_schema_input_type=list[str] | str),
    ]


class ListOut(BaseModel):
    """A list of words; a brief takes one of its entries for `__name__`."""

    id: UUID
    project: UUID
    name: str
    entries: list[str]
    changed_at: datetime
    damaged: list[str]

    @classmethod
    def of(cls, one: WordList) -> ListOut:
        """From its row."""
        plain = {name: getattr(one, name) for name in ("id", "name", "entries", "changed_at", "damaged")}
        return cls(project=one.project_id, **plain)


@router.get("/projects/{id}/lists", response_model=Listed[ListOut])
def index(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """A project's lists, by name."""
    project = artist.projects.get(id)
    found = artist.word_lists.of(id)
    listed = lambda: Listed[ListOut](items=[ListOut.of(one) for one in found])  # noqa: E731 (only for a program)
    return answer(request, listed, "projects/lists.html", project=project, lists=found)


@router.post("/projects/{id}/lists", status_code=201, response_model=ListOut)
@raises(ConflictError)
def add(id: UUID, request: Request, artist: CurrentArtist, given: Annotated[ListIn, Depends(body(ListIn))]) -> Response:
    """A new list."""
    made = artist.word_lists.keep(artist.projects.get(id), given.name, given.entries)
    return answer(request, lambda: ListOut.of(made), status=201, location=f"/projects/{id}/lists")


@router.patch("/lists/{id}", response_model=ListOut)
@raises(ConflictError)
def change(id: UUID, request: Request, artist: CurrentArtist, given: Annotated[ListIn, Depends(body(ListIn))]) -> Response:
    """Give a list another name, or other entries. What was made with it keeps the words that were chosen then."""
    found = artist.word_lists.get(id)
    made = artist.word_lists.keep(found.project, given.name, given.entries, found)
    return answer(request, lambda: ListOut.of(made), location=f"/projects/{found.project_id}/lists")
