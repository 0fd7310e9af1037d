"""Lists of words in a project, for the wildcards of briefs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app import gate
from app.errors import ConflictError, StaleError, UnfitError, _, raises
from app.gate import Number
from app.models.word_list import WordList
from app.requests.wildcards import a_name
from app.web.deps import CurrentArtist, OneTurn, body
from app.web.done import Deed, Done
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


class ListChange(ListIn):
    """A list anew, for who has read its `version`."""

    version: Number


class ListOut(BaseModel):
    """A list of words; a brief takes one of its entries for `__name__`."""

    id: UUID
    project: UUID
    name: str
    entries: list[str]
    changed_at: datetime
    version: int
    trashed_at: datetime | None
    damaged: list[str]

    @classmethod
    def of(cls, one: WordList) -> ListOut:
        """From its row."""
        names = ("id", "name", "entries", "changed_at", "version", "trashed_at", "damaged")
        plain = {name: getattr(one, name) for name in names}
        return cls(project=one.project_id, **plain)


@router.get("/projects/{id}/lists", response_model=Listed[ListOut])
def index(id: UUID, request: Request, artist: CurrentArtist, trashed: bool = False) -> Response:
    """A project's lists, by name; `trashed` asks for those in the trash."""
    project, lists = artist.projects.get(id), artist.word_lists
    listed = lambda: Listed[ListOut](items=[ListOut.of(one) for one in lists.of(id, trashed=trashed)])  # noqa: E731 (for a program)
    shown = lambda: {"lists": lists.of(id), "trashed": lists.of(id, trashed=True)}  # noqa: E731 (for a page)
    return answer(request, listed, "projects/lists.html", project=project, shown=shown)


@router.post("/projects/{id}/lists", status_code=201, response_model=ListOut)
@raises(ConflictError)
def add(id: UUID, request: Request, artist: CurrentArtist, given: Annotated[ListIn, Depends(body(ListIn))]) -> Response:
    """A new list."""
    made = artist.word_lists.add(artist.projects.get(id), given.name, given.entries)
    return answer(request, lambda: ListOut.of(made), status=201, location=_page(made))


@router.patch("/lists/{id}", response_model=ListOut)
@raises(ConflictError, StaleError)
def change(
    id: UUID, request: Request, artist: CurrentArtist, given: Annotated[ListChange, Depends(body(ListChange))]
) -> Response:
    """Give a list another name, or other entries, if `version` is the present one; 409 with the present list when another
    window was quicker. What was made with it keeps the words that were chosen then.
    """
    found = artist.word_lists.get(id)
    try:
        made = artist.word_lists.change(found, given.version, given.name, given.entries)
    except StaleError as error:
        present = ListOut.of(found).model_dump(mode="json")
        raise StaleError(extra={"list": present, "sent": given.model_dump(mode="json")}) from error
    return answer(request, lambda: ListOut.of(made), location=_page(made))


@router.post("/lists/{id}/trash", status_code=201, response_model=ListOut)
def trash(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Put a list into the trash; nothing of it is deleted. A brief that names it is told that there is none."""
    found = artist.word_lists.get(id)
    artist.word_lists.trash(found)
    done = Done(Deed.LIST_TRASHED, id, found.name)
    return answer(request, lambda: ListOut.of(found), status=201, location=_page(found), done=done)


@router.delete("/lists/{id}/trash", response_model=ListOut)
@raises(ConflictError)
def restore(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take a list back from the trash."""
    found = artist.word_lists.get(id)
    artist.word_lists.restore(found)
    return answer(request, lambda: ListOut.of(found), location=_page(found), done=Done(Deed.LIST_RESTORED, id, found.name))


def _page(of: WordList) -> str:
    return f"/projects/{of.project_id}/lists"
