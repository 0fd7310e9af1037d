"""Downloads: a picture, a drawing or a text as a file that carries its recipe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.engines.image.svg import MEDIA_TYPE
from app.engines.image.tracing import How, traced
from app.errors import InvalidError, UnavailableError, _
from app.models import Asset, Revision
from app.pictures import svg_with_recipe, with_recipe
from app.routes.deps import CurrentArtist, Parts, Studio
from app.routes.files import FOR_EVER, WRITERS, attached, recipe, recipe_file, written
from app.routes.revisions import there

router = APIRouter(tags=["revisions"])
HOW = How()  # the settings of a drawing that is asked for in passing; the verb `vectorise` takes others
LIMIT = 60.0  # seconds that a person waits at most
PATIENCE = 10.0  # seconds that one waits until another picture is traced
_waiting = threading.BoundedSemaphore(4)  # threads of the web that tracing may hold at once, of about forty
_tracing = threading.Lock()


@router.get("/revisions/{id}/download")
def download(
    id: UUID,
    artist: CurrentArtist,
    parts: Parts,
    request: Request,
    kind: Annotated[Literal["png", "svg", "md", "txt", "docx", "epub", "json"] | None, Query(alias="as")] = None,
) -> Response:
    """A file with its recipe. Of a picture: a PNG (iTXt chunk `stemma`), or an SVG (`<metadata>`).

    Without `as` a drawing is an SVG and every other picture a PNG. A picture of pixels is traced for its SVG, once.
    Of a text: Markdown (front matter; without `as`), DOCX (a part of its own), EPUB (its last page), or plain text,
    which carries nothing. `json` is the recipe by itself.
    """
    revision = artist.revisions.get(id)
    if kind == "json":
        return recipe_file(revision)
    if revision.text is not None or kind in WRITERS or kind == "txt":
        return _written(request, revision, kind or "md")
    asset = there(revision.asset)
    drawn = asset.media_type == MEDIA_TYPE
    kind = kind or ("svg" if drawn else "png")
    if kind == "png":
        data, media_type = with_recipe(parts.store.get(asset.pixels), recipe(revision)), "image/png"
    else:
        data, media_type = _svg(parts, revision, asset, drawn), MEDIA_TYPE
    name = f"stemma-{str(revision.work_id)[-6:]}-{revision.number}.{kind}"
    headers = {**FOR_EVER, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


def _written(request: Request, revision: Revision, kind: str) -> Response:
    """A text to be kept. Raises InvalidError for the kinds of a picture."""
    if kind not in ("txt", *WRITERS):
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds="md, txt, docx, epub, json")
    answer = written(request, revision, kind)  # type: ignore[arg-type]  # looked at above
    answer.headers["Content-Disposition"] = attached(revision, kind)
    return answer


def _svg(parts: Studio, revision: Revision, asset: Asset, drawn: bool) -> bytes:
    """The drawing with its recipe; of a picture also how it was traced."""
    said = recipe(revision)
    if drawn:
        data = parts.store.get(asset.sha256)
    else:
        data = _derived(parts, asset)
        said["traced"] = {"colours": HOW.colours, "detail": HOW.detail, "smooth": HOW.smooth, "by": HOW.by}
    return svg_with_recipe(data, said, f"{revision.work.title} · {revision.number}")


def _derived(parts: Studio, asset: Asset) -> bytes:
    """The tracing of a picture, from the cache or made now, in a child, one at a time.

    Raises EngineError when it cannot be traced, UnavailableError when too many are wanted at once.
    """
    path = parts.store.derived(asset.sha256, HOW.name)
    if not path.exists():
        with _turn():
            if not path.exists():  # who waited may find it made
                last = [one for one in traced(parts.store.get(asset.sha256), HOW, LIMIT) if one is not None][-1]
                parts.store.keep_derived(path, last.svg)
                return last.svg
    return path.read_bytes()


@contextmanager
def _turn() -> Iterator[None]:
    """One tracing at a time; few wait, and not for long. Raises UnavailableError."""
    busy = UnavailableError(_("Other pictures are being traced. Please try again in a moment."))
    if not _waiting.acquire(blocking=False):
        raise busy
    try:
        if not _tracing.acquire(timeout=PATIENCE):
            raise busy
        try:
            yield
        finally:
            _tracing.release()
    finally:
        _waiting.release()
