"""Downloads: a picture, a drawing or a text as a file that carries its recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.bounded import LIMITS
from app.engines.image.composer.drawing import document_of, makers_of
from app.engines.image.composer.library import library
from app.errors import EngineError, InvalidError, _, raises
from app.media.image.admit import png
from app.media.image.recipes import svg_with_recipe, with_recipe
from app.media.image.svg import MEDIA_TYPE as SVG
from app.media.image.tracing import How, trace
from app.media.medium import traits
from app.media.music.files.files import MEDIA_TYPES
from app.media.music.files.files import Kind as MusicKind
from app.media.text.documents.writing import WRITERS
from app.models import Asset, Revision
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio
from app.web.files import FOR_EVER, WRITTEN, Kind, attached, recipe, recipe_file, text_response
from app.web.routes.interface import files
from app.web.routes.music_files import Instrument, Tempo, music_download, played
from app.web.routes.revisions import KEPT, there

router = APIRouter(route_class=OneTurn, tags=["revisions"])
HOW = How()  # the settings of a drawing that is asked for in passing; the verb `vectorise` takes others
PNG = "image/png"


@router.get("/revisions/{id}/download", **files("application/json", *KEPT, *WRITTEN, *MEDIA_TYPES.values(), cached=True))
@raises(EngineError, *LIMITS)
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

    Without `as` a drawing is an SVG and every other picture a PNG. A composed picture's SVG is its
    scene, with whose drawings it shows; another picture of pixels is traced, once.
    Of a text: Markdown (front matter; without `as`), DOCX (a part of its own), EPUB (its record), or plain text,
    which carries nothing. `json` is the recipe by itself.
    Of a tune: ABC (its last line, a comment; without `as`), MusicXML (a miscellaneous field), MIDI (a text event); as
    sound, and of a recording: WAV, FLAC or MP3 (the comment among its tags).
    """
    revision = artist.revisions.get(id)
    if kind == "json":
        return recipe_file(revision)
    if traits(revision.work.medium).notes:
        return music_download(parts, revision, kind, played(instrument, tempo))
    if revision.text is not None or kind in WRITERS or kind == "txt":
        return _text_download(request, parts, revision, kind or "md")
    asset = there(revision.asset)
    drawn = asset.media_type == SVG
    kind = kind or ("svg" if drawn else "png")
    if kind not in ("png", "svg"):
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds="png, svg, json")
    name = f"stemma-{str(revision.work_id)[-6:]}-{revision.number}.{kind}"
    headers = {**FOR_EVER, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    if kind == "png":
        return StreamingResponse(_png(parts, asset, recipe(revision)), media_type=PNG, headers=headers)
    return Response(_svg(parts, revision, asset, drawn), media_type=SVG, headers=headers)


def _png(parts: Studio, asset: Asset, told: dict[str, Any]) -> Iterator[bytes]:
    """The parts of a PNG with its recipe; a picture of another kind becomes one, once."""
    path = parts.store.find(asset.pixels)
    if asset.raster is None and asset.media_type != PNG:
        source, path = path, parts.store.rendered(f"{asset.sha256}.png")
        if not path.exists():
            png(source, (asset.width or 0) * (asset.height or 0), path)
            parts.store.tidy_rendered(path)
    return with_recipe(path, told)


def _text_download(request: Request, parts: Studio, revision: Revision, kind: str) -> Response:
    """A text to be kept. Raises InvalidError for the kinds of a picture."""
    if kind not in ("txt", *WRITERS):
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds="md, txt, docx, epub, json")
    answer = text_response(request, parts, revision, kind)  # type: ignore[arg-type]  # looked at above
    answer.headers["Content-Disposition"] = attached(revision, kind)
    return answer


def _svg(parts: Studio, revision: Revision, asset: Asset, drawn: bool) -> bytes:
    """The drawing with its recipe: a composed picture's own scene; of another picture also how it was traced."""
    said, facts = recipe(revision), revision.facts_data
    if (scene := _scene(facts)) is not None:
        return svg_with_recipe(scene.encode(), said, f"{revision.work.title} · {revision.number}", makers_of(facts))
    if drawn:
        data = parts.store.get(asset.sha256)
    else:
        data = _derived(parts, asset)
        said["traced"] = {"colours": HOW.colours, "detail": HOW.detail, "smooth": HOW.smooth, "by": HOW.by}
    return svg_with_recipe(data, said, f"{revision.work.title} · {revision.number}")


def _scene(facts: Mapping[str, Any]) -> str | None:
    """The drawing of a composed picture, exact at any size; None of another one, or where the drawings are not here."""
    if not facts.get("scene"):
        return None
    try:
        return document_of(facts, library())
    except EngineError:
        return None


def _derived(parts: Studio, asset: Asset) -> bytes:
    """The tracing of a picture, from the cache or made now. Raises EngineError, TooLargeError, BusyError."""
    path = parts.store.derived(asset.sha256, HOW.name)
    if path.exists():
        return path.read_bytes()
    made = trace(parts.store.find(asset.sha256), HOW)
    parts.store.keep_derived(path, made.svg)
    return made.svg
