"""Lineages: the whole graph for programs, a layout for the canvas, a page and its parts for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.bounded import LIMITS
from app.errors import raises
from app.gate import Number
from app.lineage import graph
from app.lineage.compare import compare
from app.lineage.relatives import near, numbered, path_to
from app.models.draft import draft_of
from app.models.revision import Revision
from app.models.work import Work
from app.web.deps import CurrentArtist, OneTurn, Parts, Session
from app.web.pages import VARY, is_htmx, page, wants_html
from app.web.routes.interface import UNCHANGED, files
from app.web.views.sprite_sheet import atlas, page_assets

router = APIRouter(route_class=OneTurn, prefix="/works/{id}/lineage", tags=["lineage"])
LISTED = 100  # revisions on a page of the list
KEPT = 12  # layouts kept in memory; the largest take some 600 KB
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_layouts: dict[tuple[str, bool, frozenset[int]], bytes] = {}


class EdgeOut(BaseModel):
    """From a revision to one that it came from."""

    child: UUID
    parent: UUID
    role: str


class ShownOut(BaseModel):
    """Of a picture or a recording: where its bytes are known by, and the size of a picture."""

    sha256: str
    media_type: str
    width: int | None
    height: int | None


class NodeOut(BaseModel):
    """A revision; `foreign`: of another work. `words` of a text are the first that are new beside its first parent."""

    id: UUID
    number: int
    work: UUID
    origin: str
    verb: str | None
    strength: str | None
    picked: bool
    engine: str | None
    seed: int | None
    asset: ShownOut | None
    colour: str
    generation: UUID | None
    created_at: datetime
    foreign: bool
    words: str | None


class LineageOut(BaseModel):
    """The whole lineage."""

    nodes: list[NodeOut]
    edges: list[EdgeOut]


class LayoutOut(BaseModel):
    """The lineage as the canvas reads it: an array a property, nodes named by their index (app.lineage.graph.layout)."""

    id: str
    number: list[int]
    x: list[int]
    y: list[int]
    first: list[int]
    role: list[int]
    more: list[int]
    picked: list[int]
    colour: str
    weight: list[int]
    folded: list[int]
    foreign: int
    words: list[str | None]
    roles: list[str]


class LineageQuery(BaseModel):
    """What of the lineage is asked for."""

    as_: str | None = Field(None, alias="as", pattern="^layout$")  # the layout that the canvas draws
    fold: bool = False  # leave out variants that nobody picked and nothing came from
    unfolded: str = Field("", pattern=r"^(\d{1,9}(,\d{1,9}){0,99})?$")  # numbers whose generations stay whole
    pane: bool = False  # the bench's small lineage, for htmx
    at: Number | None = Field(None)  # the number of the revision looked at
    cursor: Number | None = Field(None)  # the list of all revisions, below this number


@router.get("", response_model=LineageOut | LayoutOut, responses=UNCHANGED)
@raises(*LIMITS)
def show(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, asked: Annotated[LineageQuery, Query()]
) -> Response:
    """The whole lineage: `nodes`, and `edges` from child to parent, never folded. In a browser its page.

    `as=layout` gives everyone positions instead, as compact arrays (`app.lineage.graph.layout`). Both carry an ETag that
    changes when the lineage does.
    """
    work = artist.works.get(id)
    if asked.at:
        numbered(session, work, asked.at)  # to a program that is nothing but a question whether it is there
    if asked.as_ or not wants_html(request):
        return as_json(request, artist, session, work, asked)
    if is_htmx(request):
        return part(request, artist, session, work, asked)
    return page(request, "lineage/show.html", **looked(artist, session, work, asked))


def as_json(request: Request, artist: CurrentArtist, session: Session, work: Work, asked: LineageQuery) -> Response:
    """The lineage for a program or the canvas; 304 when it is the one they have."""
    version = graph.version(session, work, artist)
    mark = f'"{version}"'
    headers = {**({} if asked.as_ else VARY), "ETag": mark, "Cache-Control": "private, no-cache"}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    data = laid_out(artist, session, work, version, asked) if asked.as_ else compact(graph.graph(session, work, artist))
    return Response(data, media_type="application/json", headers=headers)


def laid_out(artist: CurrentArtist, session: Session, work: Work, version: str, asked: LineageQuery) -> bytes:
    """The layout as JSON; the latest few are kept, since they hold for this artist until the lineage changes."""
    unfolded = frozenset(int(number) for number in asked.unfolded.split(",") if number)
    key = (version, asked.fold, unfolded)
    data = _layouts.pop(key, None)
    if data is None:
        data = compact(graph.layout(session, work, artist, fold=asked.fold, unfolded=unfolded))
    _layouts[key] = data  # now the last of the dict's order, which is that of use
    for old in list(_layouts)[:-KEPT]:
        _layouts.pop(old, None)
    return data


def compact(data: dict[str, Any]) -> bytes:
    """JSON without spaces."""
    return json.dumps(data, separators=(",", ":")).encode()


def part(request: Request, artist: CurrentArtist, session: Session, work: Work, asked: LineageQuery) -> Response:
    """What htmx and the page's own script put in place: the bench's pane, a page of the list, or a card."""
    if asked.pane:
        base = draft_of(session, work, artist).base
        tree = graph.pane(session, work, base)
        return page(request, "lineage/_minimap.html", work=work, tree=tree, base=base)
    if asked.cursor:
        return page(request, "lineage/_list.html", **listed(artist, work, asked))
    return page(request, "lineage/_card.html", **looked(artist, session, work, asked))


def looked(artist: CurrentArtist, session: Session, work: Work, asked: LineageQuery) -> dict[str, Any]:
    """The revision looked at (by number, else the base, else the latest), its kin, and the first page of the list."""
    base = draft_of(session, work, artist).base
    base = base if base and base.work_id == work.id else None
    revision = numbered(session, work, asked.at) if asked.at else base or latest(artist, work)
    revisions, picked = graph.counts(session, work)
    context: dict[str, Any] = {"work": work, "base": base, "revision": revision, "revisions": revisions, "picked": picked}
    if revision is not None:
        parent = revision.parents[0].parent if revision.parents else None
        path, left_out = path_to(session, revision, last=11)
        context |= {"near": near(session, revision), "path": path, "left_out": left_out}
        context |= {"diff": compare(parent, revision) if parent else None}
    return context | (listed(artist, work, asked) if asked.cursor else {"rows": [], "next": None})


def latest(artist: CurrentArtist, work: Work) -> Revision | None:
    """The work's last revision, if it has any."""
    return next(iter(artist.revisions.of(work, limit=1)), None)


def listed(artist: CurrentArtist, work: Work, asked: LineageQuery) -> dict[str, Any]:
    """A page of all revisions, the latest first, and the cursor of the following page."""
    rows = artist.revisions.of(work, asked.cursor, LISTED + 1)
    return {"work": work, "rows": rows[:LISTED], "next": rows[LISTED - 1].number if len(rows) > LISTED else None}


@router.get("/atlas/{number}", **files("image/webp"))
@raises(*LIMITS)
def thumbnails(
    id: UUID, number: Annotated[int, Path(ge=0, le=100_000)], artist: CurrentArtist, session: Session, parts: Parts
) -> Response:
    """Thumbnails of revisions 256 × number + 1 and following: tiles of 64 pixels, 16 a row, as one WebP.

    Its address carries the work's last number on that page as `v`, so it can be kept for ever.
    """
    work = artist.works.get(id)
    data, whole = atlas(parts.store, page_assets(session, work, number))
    kept = FOR_EVER if whole else {"Cache-Control": "no-store"}
    return Response(data, media_type="image/webp", headers={**kept, "X-Content-Type-Options": "nosniff"})
