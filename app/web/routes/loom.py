"""Looms: the lineage of a text read as text, whole for programs, around one revision for people."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.gate import Number
from app.lineage import graph
from app.lineage.loom import Loom, Node
from app.lineage.loom_texts import Strand, strands
from app.lineage.loom_view import loom_pane, loom_view
from app.lineage.relatives import numbered
from app.models.draft import draft_of
from app.models.work import Work
from app.web.deps import CurrentArtist, OneTurn, Session
from app.web.pages import VARY, is_htmx, page, wants_html
from app.web.routes.interface import UNCHANGED

router = APIRouter(route_class=OneTurn, prefix="/works/{id}/loom", tags=["lineage"])


class KeptOut(BaseModel):
    """Code points `start` to `end` of the parent's whole text."""

    start: int
    end: int


class WrittenOut(BaseModel):
    """New words."""

    text: str


class EndOut(BaseModel):
    """A revision whose text ends at a node."""

    id: UUID
    number: int
    picked: bool


class NodeOut(BaseModel):
    """A node: its whole text is its pieces, in order, of the whole text of `parent` (an index; null: of nothing).

    One that only adds words keeps its parent's text as it is. `length` counts the code points of the whole text.
    """

    parent: int | None
    pieces: list[KeptOut | WrittenOut]
    length: int
    revisions: list[EndOut]


class LoomOut(BaseModel):
    """Words that branches share stand once; parents stand before children. `left_out` revisions were too many to read."""

    nodes: list[NodeOut]
    left_out: int


class LoomQuery(BaseModel):
    """What of the loom is asked for."""

    at: Number | None = Field(None)  # the number of the revision looked at
    pane: bool = False  # the bench's small loom, for htmx


@router.get("", response_model=LoomOut, responses=UNCHANGED)
def show(id: UUID, request: Request, artist: CurrentArtist, session: Session, asked: Annotated[LoomQuery, Query()]) -> Response:
    """The loom of a text: `nodes` whole; in a browser its page around the revision `at`, else the base.

    Carries an ETag that changes when the lineage does.
    """
    work = artist.works.get(id)
    at = numbered(session, work, asked.at) if asked.at else None
    if not wants_html(request):
        return as_json(request, artist, session, work, asked)
    base = draft_of(session, work, artist).base
    if asked.pane and is_htmx(request):
        return page(request, "lineage/_loom.html", work=work, base=base, loom=loom_pane(session, work, base))
    looked = at or base
    template = "lineage/_woven.html" if is_htmx(request) else "lineage/loom.html"
    return page(request, template, work=work, base=base, loom=loom_view(session, work, looked))


def as_json(request: Request, artist: CurrentArtist, session: Session, work: Work, asked: LoomQuery) -> Response:
    """The loom for a program; 304 when it is the one they have."""
    mark = f'"loom-{graph.version(session, work, artist)}-{asked.at or ""}"'
    headers = {**VARY, "ETag": mark, "Cache-Control": "private, no-cache"}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    found, left_out = strands(session, work, asked.at)
    loom = Loom(found)
    out = LoomOut(nodes=[_node(loom, node, found) for node in loom.nodes[1:]], left_out=left_out)
    return Response(out.model_dump_json(), media_type="application/json", headers=headers)


def _node(loom: Loom, node: Node, found: list[Strand]) -> NodeOut:
    before = loom.nodes[node.parent].end
    kept = [(0, before)] if node.run and before else []
    pieces = [WrittenOut(text=p) if isinstance(p, str) else KeptOut(start=p[0], end=p[1]) for p in [*kept, *node.pieces]]
    ends = [found[at] for at in node.strands]
    revisions = [EndOut(id=one.id, number=one.number, picked=one.picked) for one in ends]
    return NodeOut(parent=node.parent - 1 if node.parent > 0 else None, pieces=pieces, length=node.end, revisions=revisions)
