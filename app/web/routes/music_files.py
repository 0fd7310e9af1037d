"""Tunes and recordings as files: ABC, MIDI and MusicXML, and sound in WAV, FLAC and MP3."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.bounded import LIMITS
from app.errors import InvalidError, NotFoundError, _, raises
from app.media.music.files.files import ENDINGS, MEDIA_TYPES, VERSION, Kind, Played, tune_file, write_tune
from app.media.music.sound import audio
from app.media.music.sound.recording_files import Kind as SoundKind
from app.media.music.sound.recording_files import recording_file
from app.media.music.theory.telling import SMALL
from app.models import Asset, Revision
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio
from app.web.files import FOR_EVER, attached, name_for, recipe, rendered, unchanged
from app.web.routes.interface import UNCHANGED
from app.web.views import thumbnails

router = APIRouter(route_class=OneTurn, tags=["revisions"])
KINDS = get_args(Kind)
SOUND = ("wav", "flac", "mp3")
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
    peaks: list[Annotated[list[float], Field(min_length=2, max_length=2)]]


def played(instrument: str | None, tempo: float | None) -> Played:
    """How a tune is to sound, from what was asked."""
    return Played(instrument or audio.PIANO, tempo)


def allowed(kind: str, kinds: tuple[str, ...]) -> Kind:
    """The kind that was asked for. Raises InvalidError for one that this revision has not."""
    if kind not in kinds:
        raise InvalidError("as", _("allowed here: %(kinds)s"), kinds=", ".join(kinds))
    return cast("Kind", kind)


def tune_content(request: Request, parts: Studio, revision: Revision, kind: Kind, how: Played) -> Response:
    """A tune as a file that says nothing besides; what takes long is made once. Strong ETag, Range, cacheable for ever."""
    text = revision.text or ""
    name = name_for(f"{VERSION} {audio.VERSION} {kind} {how} {text}")
    headers = {**FOR_EVER, "ETag": f'"{name[:40]}"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attached(revision, ENDINGS[kind], "inline" if kind in ("abc", *SOUND) else "attachment")
    return _tune(parts, text, kind, how, name, headers)


def _tune(parts: Studio, text: str, kind: Kind, how: Played, name: str, headers: dict[str, str], *told: Any) -> Response:
    """The file of a tune: made at once where that is no work, else once, in a child."""
    if kind == "abc" or (kind not in SOUND and len(text) <= SMALL):
        return Response(tune_file(text, kind, how, *told), media_type=MEDIA_TYPES[kind], headers=headers)
    return rendered(parts, f"{name}.{kind}", MEDIA_TYPES[kind], headers, lambda to: write_tune(text, kind, how, to, *told))


def recording_content(request: Request, parts: Studio, revision: Revision, asset: Asset, kind: Kind) -> Response:
    """A recording in another format than its own, made once."""
    name = name_for(f"{VERSION} {asset.sha256} {kind}")
    headers = {**FOR_EVER, "ETag": f'"{name[:40]}"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attached(revision, kind, "inline")
    return _recording(parts, asset, kind, name, headers)


def _recording(parts: Studio, asset: Asset, kind: Kind, name: str, headers: dict[str, str], *told: Any) -> Response:
    path = parts.store.find(asset.sha256)
    make = lambda to: recording_file(path, cast("SoundKind", kind), to, *told)  # noqa: E731 (made when it is wanted)
    return rendered(parts, f"{name}.{kind}", MEDIA_TYPES[kind], headers, make)


def music_download(parts: Studio, revision: Revision, kind: str | None, how: Played) -> Response:
    """A tune or recording to be kept, with its recipe inside; without `kind` a tune is ABC, a recording what it is."""
    said, title = recipe(revision), revision.work.title
    asset = None if revision.text is not None else recording_asset(revision.asset)
    own = "abc" if asset is None else asset.media_type.removeprefix("audio/")
    wanted = allowed(kind or own, (*(KINDS if asset is None else SOUND), "json"))
    headers = {**FOR_EVER, "Cache-Control": "no-store", "Content-Disposition": attached(revision, ENDINGS[wanted])}
    name = name_for(json.dumps([VERSION, audio.VERSION, wanted, str(how), title, said, revision.text, asset and asset.sha256]))
    if asset is None:
        return _tune(parts, revision.text or "", wanted, how, name, headers, title, said)
    return _recording(parts, asset, wanted, name, headers, title, said)


def recording_asset(asset: Asset | None) -> Asset:
    """The asset of a recording. Raises NotFoundError when there is none."""
    if asset is None or not asset.media_type.startswith("audio/"):
        raise NotFoundError(_("This revision has no recording."))
    return asset


@router.get("/revisions/{id}/waveform", response_model=WaveformOut, responses=UNCHANGED)
@raises(*LIMITS)
def waveform(id: UUID, request: Request, artist: CurrentArtist, parts: Parts) -> Response:
    """A recording's waveform: {duration, peaks}: its seconds, and the lowest and highest sample (-1 to 1) of each part."""
    asset = recording_asset(artist.revisions.asset(id))
    headers = {**FOR_EVER, "ETag": f'"{asset.sha256}-waveform"'}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(thumbnails.waved(parts.store, asset.sha256), media_type="application/json", headers=headers)
