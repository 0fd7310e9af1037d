"""Revisions: what they are, their bytes, and picks."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from app.errors import InvalidError, NotFoundError, _
from app.models import Asset, Revision
from app.models.diff import compare
from app.models.origins import percent, spans_of
from app.models.text import tokens_of
from app.models.text_views import sheet
from app.pages import answer
from app.pictures import thumbnail
from app.routes.deps import CurrentArtist, Parts, Studio
from app.routes.files import FOR_EVER, Kind, recipe, unchanged, written
from app.routes.schemas import Listed, RevisionOut

router = APIRouter(tags=["revisions"])
PIXELS = {"image/png", "image/webp"}  # what a browser may open as a page of its own
WIDTHS = (64, 128, 256, 512, 1024)


@router.get("/works/{id}/revisions")
def index(
    id: UUID,
    artist: CurrentArtist,
    cursor: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed[RevisionOut]:
    """A work's revisions, the latest first."""
    found = artist.revisions.of(artist.works.get(id), cursor, limit + 1)
    more = str(found[limit - 1].number) if len(found) > limit else None
    return Listed[RevisionOut](items=[RevisionOut.of(one) for one in found[:limit]], next=more)


@router.get("/revisions/{id}")
def show(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """A revision and how it came about."""
    revision = artist.revisions.get(id)
    if "text/html" not in request.headers.get("accept", ""):
        return answer(request, lambda: RevisionOut.of(revision))
    first = revision.parents[0].parent if revision.parents else None
    return answer(
        request,
        lambda: RevisionOut.of(revision),
        "revisions/show.html",
        revision=revision,
        work=revision.work,
        parents=revision.parents,
        children=revision.children(),
        path=revision.path(),
        diff=compare(first, revision) if first else None,
        recipe=recipe(revision),
        written=_sheet(revision),
    )


def _sheet(revision: Revision) -> dict[str, Any] | None:
    """Of a text: its stretches by who wrote them, their shares in per cent, and how many tokens an engine recorded."""
    if revision.text is None:
        return None
    spans = spans_of(revision.text, revision.origins)
    return {"bits": sheet(revision.text, spans), "percent": percent(revision.text, spans), "tokens": len(tokens_of(revision))}


def there(asset: Asset | None) -> Asset:
    """The asset. Raises NotFoundError when there is none."""
    if asset is None:
        raise NotFoundError(_("This revision has no picture."))
    return asset


@router.get("/revisions/{id}/content")
def content(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    parts: Parts,
    w: int | None = None,
    kind: Annotated[Kind | None, Query(alias="as")] = None,
) -> Response:
    """The bytes. Of a picture: or a WebP at most `w` pixels wide and high; strong ETag, Range, cacheable for ever.

    Of a text: as plain text, or `as` Markdown, DOCX or EPUB with the recipe inside. A drawing (SVG) shows itself in an
    `<img>`, where it runs nothing; opened by itself it is a file to be saved.
    """
    asset = artist.revisions.asset(id)
    if asset is None or kind:
        revision = artist.revisions.get(id)
        if revision.text is not None or kind:
            return written(request, revision, kind or "txt")
    return _bytes(request, parts, there(asset), w)


def _bytes(request: Request, parts: Studio, asset: Asset, w: int | None) -> Response:
    if w is not None and w not in WIDTHS:
        raise InvalidError("w", _("allowed here: %(widths)s"), widths=", ".join(map(str, WIDTHS)))
    etag = f'"{asset.sha256}{f"-{w}" if w else ""}"'
    if unchanged(request, etag):
        return Response(status_code=304, headers={**FOR_EVER, "ETag": etag})
    path, kind = (
        (parts.store.path(asset.sha256), asset.media_type) if w is None else (_thumbnail(parts, asset, w), "image/webp")
    )
    if not path.exists():
        raise NotFoundError(_("The file of this revision is missing from the store."))
    headers = {**FOR_EVER, "ETag": etag}
    if kind not in PIXELS:
        headers["Content-Disposition"] = "attachment"
    return FileResponse(path, media_type=kind, headers=headers)


def _thumbnail(parts: Studio, asset: Asset, width: int) -> Any:
    path = parts.store.derived(asset.pixels, f"{width}.webp")
    if not path.exists():
        parts.store.keep_derived(path, thumbnail(parts.store.get(asset.pixels), width))
    return path


@router.post("/revisions/{id}/pick", status_code=201)
def pick(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Choose a revision; choosing twice is choosing once."""
    revision = artist.revisions.get(id)
    revision.pick(by=artist)
    return _picked(request, revision, 201)


@router.delete("/revisions/{id}/pick")
def unpick(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take the choice back."""
    revision = artist.revisions.get(id)
    revision.unpick(by=artist)
    return _picked(request, revision, 200)


def _picked(request: Request, revision: Revision, status: int) -> Response:
    return answer(
        request,
        lambda: RevisionOut.of(revision),
        partial="revisions/_variant.html",
        status=status,
        location=f"/revisions/{revision.id}",
        variant=revision,
        work=revision.work,
    )
