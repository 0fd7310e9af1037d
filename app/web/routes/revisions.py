"""Revisions: what they are, their bytes, and picks."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.bounded import LIMITS
from app.diff.authorship import percent, spans_of
from app.diff.text_rows import sheet
from app.diff.tune_columns import about, stretches
from app.engines.image.composer.scene import PAINTED_FROM, scene_of
from app.errors import InvalidError, NotFoundError, _, raises
from app.gate import Number, Offset
from app.lineage.by_hand import tokens_of
from app.lineage.compare import compare
from app.media.image.admit import thumbnail
from app.media.image.tracing import SIDE
from app.media.medium import traits
from app.media.music.engraving import picture
from app.media.music.files.files import MEDIA_TYPES, Played
from app.media.music.files.files import Kind as MusicKind
from app.models import Asset, Revision
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio
from app.web.done import Deed, Done
from app.web.files import FOR_EVER, WRITTEN, File, Kind, recipe, text_response, unchanged
from app.web.pages import answer
from app.web.routes.comments import commented
from app.web.routes.interface import files
from app.web.routes.music_files import (
    KINDS,
    SOUND,
    Instrument,
    Tempo,
    allowed,
    played,
    recording_asset,
    recording_content,
    tune_content,
)
from app.web.schemas import Listed, RevisionOut
from app.web.views import thumbnails
from app.web.views.how_made import asked, drawn

router = APIRouter(route_class=OneTurn, tags=["revisions"])
SHOWN = {"image/png", "image/webp", "audio/wav", "audio/flac"}  # what a browser may open as a page of its own
KEPT = ("image/png", "image/webp", "image/svg+xml")  # of a picture
WIDTHS = (64, 128, 256, 512, 1024)


@router.get("/works/{id}/revisions")
def index(
    id: UUID,
    artist: CurrentArtist,
    cursor: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Listed[RevisionOut]:
    """A work's revisions, the latest first."""
    found = artist.revisions.of(artist.works.get(id), cursor, limit + 1)
    more = str(found[limit - 1].number) if len(found) > limit else None
    return Listed[RevisionOut](items=[RevisionOut.of(one) for one in found[:limit]], next=more)


@router.get("/revisions/{id}", response_model=RevisionOut)
@raises(*LIMITS)
def show(id: UUID, request: Request, artist: CurrentArtist, parts: Parts) -> Response:
    """A revision and how it came about."""
    revision = artist.revisions.get(id)
    return answer(
        request, lambda: RevisionOut.of(revision), "revisions/show.html", shown=lambda: _shown(artist, revision, parts)
    )


def _shown(artist: CurrentArtist, revision: Revision, parts: Studio) -> dict[str, Any]:
    """What the page of a revision tells."""
    first = revision.parents[0].parent if revision.parents else None
    engine = parts.engines.get(revision.engine or "")
    diff = compare(first, revision) if first else None
    tune = about(revision.text, revision.facts) if traits(revision.work.medium).notes and revision.text is not None else None
    return {
        **commented(artist, revision, parts.store),
        "parents": revision.parents,
        "children": revision.children(),
        "path": revision.path(),
        "diff": diff,
        "stretches": stretches(diff.tune.bars) if diff and diff.tune else [],
        "recipe": recipe(revision),
        "engine": engine,
        "asked": asked(engine, revision.params),
        "scenes": {under: scene_of(revision.facts_data, under) for under in ("scene", PAINTED_FROM)},
        "drawn": drawn(revision.facts_data),
        "written": None if tune else _sheet(revision),
        "tune": tune,
    }


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


@router.get("/revisions/{id}/content", **files(*KEPT, *WRITTEN, *MEDIA_TYPES.values(), cached=True, ranged=True))
@raises(*LIMITS)
def content(
    id: UUID,
    request: Request,
    artist: CurrentArtist,
    parts: Parts,
    w: Offset | None = None,
    kind: Annotated[Kind | MusicKind | None, Query(alias="as")] = None,
    instrument: Instrument = None,
    tempo: Tempo = None,
) -> Response:
    """The bytes. Of a picture: or a WebP at most `w` pixels wide and high; strong ETag, Range, cacheable for ever.

    Of a text: as plain text, or `as` Markdown, DOCX or EPUB with the recipe inside. A drawing (SVG) shows itself in an
    `<img>`, where it runs nothing; opened by itself it is a file to be saved.
    Of a tune: its ABC, or `as` MIDI, MusicXML, WAV, FLAC or MP3; with `w` a picture of its first bars. Of a recording:
    itself, or `as` another format; with `w` its waveform.
    """
    asset = artist.revisions.asset(id)
    if asset is not None and not kind:
        return _bytes(request, parts, asset, w)
    return content_of(request, parts, artist.revisions.get(id), w, kind, played(instrument, tempo))


def content_of(
    request: Request,
    parts: Studio,
    revision: Revision,
    w: int | None = None,
    kind: str | None = None,
    how: Played | None = None,
) -> Response:
    """The bytes of a revision that whoever asks may see."""
    if revision.asset is not None and not kind:
        return _bytes(request, parts, revision.asset, w)
    if traits(revision.work.medium).notes:
        return _music(request, parts, revision, w, kind, how or played(None, None))
    if revision.text is not None or kind:
        return text_response(request, parts, revision, cast("Kind", allowed(kind or "txt", get_args(Kind))))
    return _bytes(request, parts, there(revision.asset), w)


def _music(request: Request, parts: Studio, revision: Revision, w: int | None, kind: str | None, how: Played) -> Response:
    """A tune as a picture or file; a recording as another kind of file than it is."""
    if revision.text is None:
        asset = recording_asset(revision.asset)
        wanted = allowed(kind or "", SOUND)
        if MEDIA_TYPES[wanted] == asset.media_type:
            return _bytes(request, parts, asset, None)
        return recording_content(request, parts, revision, asset, wanted)
    if w is None:
        return tune_content(request, parts, revision, allowed(kind or "abc", KINDS), how)
    _check_width(w)
    etag = f'"{hashlib.sha256(f"{picture.VERSION} {w} {revision.text[: picture.START]}".encode()).hexdigest()[:40]}"'
    headers = {**FOR_EVER, "ETag": etag}
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(thumbnails.of_tune(parts.store, revision.text, w), media_type="image/webp", headers=headers)


def _check_width(w: int) -> None:
    if w not in WIDTHS:
        raise InvalidError("w", _("allowed here: %(widths)s"), widths=", ".join(map(str, WIDTHS)))


def _bytes(request: Request, parts: Studio, asset: Asset, w: int | None) -> Response:
    if w is not None:
        _check_width(w)
    etag = f'"{asset.sha256}{f"-{w}" if w else ""}"'
    headers = {**FOR_EVER, "ETag": etag}
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    if w and asset.media_type.startswith("audio/"):
        return Response(thumbnails.of_recording(parts.store, asset.sha256, w), media_type="image/webp", headers=headers)
    if w is None:
        path, kind = parts.store.find(asset.sha256, asset.bytes), asset.media_type
    else:
        path, kind = _thumbnail(parts, asset, w), "image/webp"
    if not path.exists():
        raise NotFoundError(_("The file of this revision is missing from the store."))
    if kind not in SHOWN:
        headers["Content-Disposition"] = "attachment"
    return File(path, media_type=kind, headers=headers)


def _thumbnail(parts: Studio, asset: Asset, width: int) -> Any:
    path = parts.store.derived(asset.pixels, f"{width}.webp")
    if not path.exists():
        pixels = SIDE * SIDE if asset.raster else (asset.width or 0) * (asset.height or 0)
        parts.store.keep_derived(path, thumbnail(parts.store.find(asset.pixels), pixels, width))
    return path


@router.post("/revisions/{id}/pick", status_code=201, response_model=RevisionOut)
def pick(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Choose a revision; choosing twice is choosing once."""
    revision = artist.revisions.get(id)
    revision.pick(by=artist)
    return _picked(request, revision, Deed.PICKED, 201)


@router.delete("/revisions/{id}/pick", response_model=RevisionOut)
def unpick(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take the choice back."""
    revision = artist.revisions.get(id)
    revision.unpick(by=artist)
    return _picked(request, revision, Deed.UNPICKED, 200)


def _picked(request: Request, revision: Revision, deed: Deed, status: int) -> Response:
    return answer(
        request,
        lambda: RevisionOut.of(revision),
        partial="revisions/_variant.html",
        status=status,
        location=f"/revisions/{revision.id}",
        done=Done(deed, revision.id, str(revision.number)),
        variant=revision,
        work=revision.work,
    )
