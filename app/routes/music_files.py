"""Tunes and recordings as files: ABC, MIDI and MusicXML, and sound in WAV, FLAC and MP3."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app.errors import InvalidError, NotFoundError, _
from app.models import Asset, Revision, thumbnails
from app.music import audio
from app.music.files import ENDINGS, MEDIA_TYPES, VERSION, Kind, Played, recording_file, tune_file
from app.routes.deps import CurrentArtist, OneTurn, Parts, Studio
from app.routes.files import FOR_EVER, File, attached, recipe, unchanged
from app.routes.interface import UNCHANGED
from app.routes.patience import OneAtATime

router = APIRouter(route_class=OneTurn, tags=["revisions"])
KINDS = get_args(Kind)
SOUND = ("wav", "flac", "mp3")
RENDERING = OneAtATime(_("Other recordings are being made. Please try again in a moment."), patience=30.0)
Instrument = Annotated[
    Literal["acoustic_grand_piano", "violin", "flute", "acoustic_guitar_nylon", "accordion", "orchestral_harp"] | None,
    Query(description="of a tune as sound or MIDI"),
]
Tempo = Annotated[
    float | None,
    Query(ge=20, le=400, allow_inf_nan=False, description="of a tune as sound or MIDI: beats a minute, as Q: counts them"),
]


class WaveformOut(BaseModel):
    """A recording's length in seconds, and the lowest and highest sample (-1 to 1) of each part."""

    duration: float
    peaks: list[tuple[float, float]]


def played(instrument: str | None, tempo: float | None) -> Played:
    """How a tune is to sound, from what was asked."""
    return Played(instrument or audio.PIANO, tempo)


def allowed(kind: str, kinds: tuple[str, ...]) -> Kind:
    """The kind that was asked for. Raises InvalidError for one that this revision has not."""
    if kind not in kinds:
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds=", ".join(kinds))
    return cast("Kind", kind)


def tune_content(request: Request, parts: Studio, revision: Revision, kind: Kind, how: Played) -> Response:
    """A tune as a file that says nothing besides; sound is rendered once. Strong ETag, Range, cacheable for ever."""
    said = f"{VERSION} {audio.VERSION} {kind} {how} ".encode() + (revision.text or "").encode()
    name = hashlib.sha256(said).hexdigest()
    headers = {**FOR_EVER, "ETag": f'"{name[:40]}"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attached(revision, ENDINGS[kind], "inline" if kind in ("abc", *SOUND) else "attachment")
    if kind not in SOUND:
        return Response(tune_file(revision.text or "", kind, how), media_type=MEDIA_TYPES[kind], headers=headers)
    return _rendered(parts, f"{name}.{kind}", kind, headers, lambda: tune_file(revision.text or "", kind, how))


def recording_content(request: Request, parts: Studio, revision: Revision, asset: Asset, kind: Kind) -> Response:
    """A recording in another format than its own, made once."""
    name = hashlib.sha256(f"{VERSION} {asset.sha256} {kind}".encode()).hexdigest()
    headers = {**FOR_EVER, "ETag": f'"{name[:40]}"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attached(revision, kind, "inline")
    made = lambda: recording_file(parts.store.get(asset.sha256), cast("audio.Kind", kind))  # noqa: E731 (made when it is wanted)
    return _rendered(parts, f"{name}.{kind}", kind, headers, made)


def _rendered(parts: Studio, name: str, kind: Kind, headers: dict[str, str], make: Any) -> Response:
    """A file from the cache, or made now: from a file, since a player seeks in it (Range)."""
    path: Path = parts.store.rendered(name)
    if not path.exists():
        with RENDERING.turn():
            if not path.exists():  # who waited may find it made
                data: bytes = make()
                parts.store.keep_rendered(path, data)
                if not path.exists():  # the disk is full: it is heard all the same
                    return Response(data, media_type=MEDIA_TYPES[kind], headers=headers)
    return File(path, media_type=MEDIA_TYPES[kind], headers=headers)


def music_download(parts: Studio, revision: Revision, kind: str | None, how: Played) -> Response:
    """A tune or recording to be kept, with its recipe inside; without `kind` a tune is ABC, a recording what it is."""
    said = recipe(revision)
    if revision.text is not None:
        wanted = allowed(kind or "abc", (*KINDS, "json"))
        if wanted in SOUND:
            with RENDERING.turn():
                data = tune_file(revision.text, wanted, how, revision.work.title, said)
        else:
            data = tune_file(revision.text, wanted, how, revision.work.title, said)
    else:
        asset = heard(revision.asset)
        wanted = allowed(kind or asset.media_type.removeprefix("audio/"), (*SOUND, "json"))
        with RENDERING.turn():
            data = recording_file(parts.store.get(asset.sha256), cast("audio.Kind", wanted), revision.work.title, said)
    headers = {**FOR_EVER, "Cache-Control": "no-store", "Content-Disposition": attached(revision, ENDINGS[wanted])}
    return Response(data, media_type=MEDIA_TYPES[wanted], headers=headers)


def heard(asset: Asset | None) -> Asset:
    """The asset of a recording. Raises NotFoundError when there is none."""
    if asset is None or not asset.media_type.startswith("audio/"):
        raise NotFoundError(_("This revision has no recording."))
    return asset


@router.get("/revisions/{id}/waveform", response_model=WaveformOut, responses=UNCHANGED)
def waveform(id: UUID, request: Request, artist: CurrentArtist, parts: Parts) -> Response:
    """A recording's waveform: {duration, peaks}: its seconds, and the lowest and highest sample (-1 to 1) of each part."""
    asset = heard(artist.revisions.asset(id))
    headers = {**FOR_EVER, "ETag": f'"{asset.sha256}-waveform"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(thumbnails.waved(parts.store, asset.sha256), media_type="application/json", headers=headers)
