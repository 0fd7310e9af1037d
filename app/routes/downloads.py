"""Downloads: a picture, a drawing or a text as a file that carries its recipe."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.brief import Medium
from app.engines.image.svg import MEDIA_TYPE as SVG
from app.engines.image.tracing import How, traced
from app.errors import EngineError, InvalidError, _, raises
from app.models import Asset, Revision
from app.music.files import MEDIA_TYPES
from app.music.files import Kind as MusicKind
from app.pictures import svg_with_recipe, with_recipe
from app.routes.deps import CurrentArtist, OneTurn, Parts, Studio
from app.routes.files import FOR_EVER, WRITERS, WRITTEN, Kind, attached, recipe, recipe_file, written
from app.routes.interface import files
from app.routes.music_files import Instrument, Tempo, music_download, played
from app.routes.patience import OneAtATime
from app.routes.revisions import KEPT, there

router = APIRouter(route_class=OneTurn, tags=["revisions"])
HOW = How()  # the settings of a drawing that is asked for in passing; the verb `vectorise` takes others
LIMIT = 60.0  # seconds that a person waits at most
TRACING = OneAtATime(_("Other pictures are being traced. Please try again in a moment."))


@router.get("/revisions/{id}/download", **files("application/json", *KEPT, *WRITTEN, *MEDIA_TYPES.values(), cached=True))
@raises(EngineError)
def download(
    id: UUID,
    artist: CurrentArtist,
    parts: Parts,
    request: Request,
    kind: Annotated[Literal["png", "svg", "json"] | Kind | MusicKind | None, Query(alias="as")] = None,
    instrument: Instrument = None,
    tempo: Tempo = None,
) -> Response:
    """A file with its recipe. Of a picture: a PNG (iTXt chunk `stemma`), or an SVG (`<metadata>`).

    Without `as` a drawing is an SVG and every other picture a PNG. A picture of pixels is traced for its SVG, once.
    Of a text: Markdown (front matter; without `as`), DOCX (a part of its own), EPUB (its last page), or plain text,
    which carries nothing. `json` is the recipe by itself.
    Of a tune: ABC (its last line, a comment; without `as`), MusicXML (a miscellaneous field), MIDI (a text event); as
    sound, and of a recording: WAV, FLAC or MP3 (the comment among its tags).
    """
    revision = artist.revisions.get(id)
    if kind == "json":
        return recipe_file(revision)
    if revision.work.medium == Medium.MUSIC:
        return music_download(parts, revision, kind, played(instrument, tempo))
    if revision.text is not None or kind in WRITERS or kind == "txt":
        return _written(request, revision, kind or "md")
    asset = there(revision.asset)
    drawn = asset.media_type == SVG
    kind = kind or ("svg" if drawn else "png")
    if kind not in ("png", "svg"):
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds="png, svg, json")
    if kind == "png":
        data, media_type = with_recipe(parts.store.get(asset.pixels), recipe(revision)), "image/png"
    else:
        data, media_type = _svg(parts, revision, asset, drawn), SVG
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
        with TRACING.turn():
            if not path.exists():  # who waited may find it made
                last = [one for one in traced(parts.store.get(asset.sha256), HOW, LIMIT) if one is not None][-1]
                parts.store.keep_derived(path, last.svg)
                return last.svg
    return path.read_bytes()
