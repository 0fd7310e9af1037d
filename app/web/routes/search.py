"""Search: pictures by words, by a picture, and what is alike; how new a revision is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app.errors import NotFoundError, raises
from app.gate import Words
from app.judging.vectors import unpack_vector
from app.models import Probe, Revision
from app.models.worker import workers
from app.search.search import Hit, Only, Search, by_run
from app.storage.db import now
from app.web.deps import CurrentArtist, OneTurn, Parts, Session
from app.web.pages import answer
from app.web.schemas import RevisionOut

router = APIRouter(route_class=OneTurn, tags=["search"])
# How far the nearest earlier picture is: up to where it is called so. 1 is as far as two pictures usually are.
NEARNESS = {"same": 0.001, "very-close": 0.15, "close": 0.45}

SPANS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}


class PieceOut(BaseModel):
    """A piece of a passage; `marked`: it is one of the words that were looked for."""

    text: str
    marked: bool


class HitOut(BaseModel):
    """What was found: because its work has the words (`nearness` null), or because of its picture (a cosine)."""

    revision: RevisionOut
    title: str
    nearness: float | None
    passage: list[PieceOut] | None  # of a text: where its words are


class SearchOut(BaseModel):
    """What was found, the best first. `judge` compared pictures; null, and `why`, when titles and briefs alone were read.

    `why` is no-judge, unknown-words, not-judged (nobody has looked at that revision yet) or waiting (for a worker to look
    at the probe: ask again in a second).
    """

    items: list[HitOut]
    next: str | None = None
    judge: str | None
    why: str | None


class NearestOut(BaseModel):
    """The nearest picture made before: `distance` is 0 for the same picture and 1 for one as far as any two usually are.

    `nearness` is same, very-close, close, new or, when no judge has seen this revision, null.
    """

    revision: RevisionOut | None
    distance: float | None
    nearness: str | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search gave. `like` and `probe` are what it went by, if not by words."""

    hits: list[Hit] = field(default_factory=list)
    why: str | None = None
    like: Revision | None = None
    probe: Probe | None = None


@router.get("/search", response_model=SearchOut)
@raises(NotFoundError)
def index(
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    q: Annotated[Words, Query(description="words; those that have them come first")] = "",
    like: Annotated[UUID | None, Query(description="a revision: more like this one")] = None,
    probe: Annotated[UUID | None, Query(description="a picture that was brought along")] = None,
    project: Annotated[UUID | None, Query(description="search in this project alone")] = None,
    medium: Annotated[Literal["", "image", "text", "music"], Query(description="of this medium alone")] = "",
    picked: Annotated[bool, Query(description="picked revisions alone")] = False,
    since: Annotated[Literal["", "day", "week", "month", "year"], Query(description="made no longer ago than that")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> Response:
    """Find pictures by words, in English or Chinese, by a picture, or like a revision. At most one of the three."""
    within = artist.projects.get(project) if project else None
    only = Only(medium or None, picked, now() - SPANS[since] if since else None)
    search = Search(parts.index, session, artist, within, only)
    if like:
        found = _like(search, artist, like, limit)
    else:
        found = _probed(search, artist, probe, limit) if probe else _by_words(search, q, limit)
    return answer(
        request,
        lambda: _out(search, found),
        "search/index.html",
        partial="search/_found.html",
        found=found,
        runs=by_run(found.hits),
        only={"medium": medium, "picked": picked, "since": since},
        narrowed=bool(medium or picked or since),
        q=q,
        project=within,
        judged=search.version is not None,
        waiting=found.why == "waiting" and not any(worker.alive for worker in workers(session)),
    )


def _by_words(search: Search, q: str, limit: int) -> SearchResult:
    return SearchResult(*search.by_words(q, limit)) if q.strip() else SearchResult()


def _like(search: Search, artist: CurrentArtist, id: UUID, limit: int) -> SearchResult:
    revision = artist.revisions.get(id)
    vector = search.vector_of(revision)
    if vector is None:
        return SearchResult([], "not-judged" if search.version else "no-judge", revision)
    return SearchResult(search.by_vector(vector, limit, but=revision), None, revision)


def _probed(search: Search, artist: CurrentArtist, id: UUID, limit: int) -> SearchResult:
    probe = artist.probes.get(id)
    if search.version is None:
        return SearchResult([], "no-judge", None, probe)
    if probe.vector is None or probe.judge_id != search.version.id or len(probe.vector) != 2 * search.version.dimensions:
        return SearchResult([], "waiting", None, probe)
    return SearchResult(search.by_vector(unpack_vector(probe.vector), limit), None, None, probe)


def _hit(hit: Hit) -> HitOut:
    passage = [PieceOut(text=text, marked=marked) for text, marked in hit.passage] or None
    revision = hit.revision
    return HitOut(revision=RevisionOut.of(revision), title=revision.work.title, nearness=hit.nearness, passage=passage)


def _out(search: Search, found: SearchResult) -> SearchOut:
    items = [_hit(hit) for hit in found.hits]
    title = search.version.title if search.version and found.why is None else None
    return SearchOut(items=items, judge=title, why=found.why)


@router.get("/revisions/{id}/nearest", response_model=NearestOut)
def nearest(id: UUID, request: Request, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """The nearest picture that was made before this one, and not beside it: how new it is in this studio."""
    revision = artist.revisions.get(id)
    hit, distance = Search(parts.index, session, artist).nearest_before(revision) or (None, None)
    words = next((name for name, bound in NEARNESS.items() if distance is not None and distance <= bound), "new")
    out = NearestOut(
        revision=RevisionOut.of(hit.revision) if hit else None,
        distance=None if distance is None else round(distance, 4),
        nearness=None if distance is None else words,
    )
    return answer(
        request,
        out,
        partial="revisions/picture/_nearest.html",
        location=f"/revisions/{id}",
        revision=revision,
        near=out,
        hit=hit,
    )
