"""Presets: parts of a brief that a project keeps by name, put into a brief in one step."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app import gate
from app.brief import FIELDS, Medium
from app.errors import ConflictError, InvalidError, StaleError, _, raises
from app.gate import Fields, Name, Number, Object
from app.models.artist import Artist
from app.models.draft import Draft, draft_of
from app.models.kept import LONGEST_NAME
from app.models.preset import Preset, fields_of
from app.models.work import Work
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, TransactionsOf, body
from app.web.done import Deed, Done
from app.web.pages import answer
from app.web.routes.drafts import replace
from app.web.schemas import DraftOut, Listed

router = APIRouter(route_class=OneTurn, tags=["presets"])
PARAMS = "params"  # among what is taken of a draft: its engine and parameters
PresetName = Annotated[gate.Title, Field(max_length=LONGEST_NAME)]


def _several(value: Any) -> Any:
    """A form's one ticked box is a list of one."""
    return [value] if isinstance(value, str) else value


class PresetIn(BaseModel):
    """A preset: its name, and the parts of a brief themselves, or which of them are taken of your draft of a work."""

    model_config = ConfigDict(extra="ignore")
    name: PresetName
    medium: Medium = Medium.IMAGE
    brief: Fields = Field(default_factory=dict, description="the fields that it names; `{prompt}` is what the brief says there")
    engine: Name | None = None
    params: Object = Field(default_factory=dict)
    work: UUID | None = Field(
        None, description="take it from your draft of this work, and its picture from what is on the stage"
    )
    take: Annotated[list[Name], Field(max_length=40), BeforeValidator(_several)] = Field(
        default_factory=list, description="with `work`: fields of the brief, and `params`"
    )


class PresetChange(BaseModel):
    """Another name for a preset, for who has read its `version`."""

    model_config = ConfigDict(extra="ignore")
    version: Number
    name: PresetName


class PresetOut(BaseModel):
    """A part of a brief that a project keeps."""

    id: UUID
    project: UUID
    name: str
    medium: str
    brief: dict[str, Any]
    engine: str | None
    params: dict[str, Any]
    revision: UUID | None = Field(description="whose picture stands for it")
    version: int
    changed_at: datetime
    trashed_at: datetime | None
    damaged: list[str]

    @classmethod
    def of(cls, one: Preset) -> PresetOut:
        """From its row."""
        names = ("id", "name", "medium", "engine", "params", "version", "changed_at", "trashed_at", "damaged")
        plain = {name: getattr(one, name) for name in names}
        picture = one.picture.id if one.picture else None
        return cls(project=one.project_id, brief=one.brief_data, revision=picture, **plain)


class Applied(BaseModel):
    """A preset to put into the draft."""

    preset: UUID


@router.get("/projects/{id}/presets", response_model=Listed[PresetOut])
def index(id: UUID, request: Request, artist: CurrentArtist, trashed: bool = False, work: UUID | None = None) -> Response:
    """A project's presets, by name; `trashed` asks for those in the trash. With `work`, htmx gets them for its bench."""
    project, presets = artist.projects.get(id), artist.presets
    bench = artist.works.get(work) if work else None
    listed = lambda: Listed[PresetOut](items=[PresetOut.of(one) for one in presets.of(id, trashed=trashed)])  # noqa: E731 (for a program)
    shown = lambda: {"presets": presets.of(id), "trashed": presets.of(id, trashed=True)}  # noqa: E731 (for a page)
    partial = "presets/_choose.html" if bench else None
    return answer(request, listed, "presets/index.html", partial=partial, project=project, work=bench, shown=shown)


@router.post("/projects/{id}/presets", status_code=201, response_model=PresetOut)
@raises(ConflictError)
def add(
    id: UUID, request: Request, artist: CurrentArtist, session: Session, given: Annotated[PresetIn, Depends(body(PresetIn))]
) -> Response:
    """Keep a preset: what is given, or what your draft of `work` says now."""
    project = artist.projects.get(id)
    if given.work is None:
        made = artist.presets.add(project, given.name, given.medium, _given(given))
        return answer(request, lambda: PresetOut.of(made), status=201, location=f"/projects/{id}/presets")
    work = artist.works.get(given.work)
    if work.project_id != id:
        raise InvalidError("work", _("is of another project"))
    made = artist.presets.add(project, given.name, work.medium, _taken(draft_of(session, work, artist), given.take))
    done = Done(Deed.PRESET_KEPT, made.id, made.name)
    return answer(request, lambda: PresetOut.of(made), status=201, location=f"/works/{work.id}", done=done)


def _given(given: PresetIn) -> dict[str, Any]:
    """The columns of a preset as it was sent. Raises InvalidError."""
    if unknown := sorted(given.brief.keys() - FIELDS.keys()):
        raise InvalidError(f"brief.{unknown[0]}", _("allowed here: %(names)s"), names=", ".join(FIELDS))
    try:
        said = fields_of(given.brief)
    except ValidationError as error:
        raise gate.invalid(error, "brief") from error
    return {"brief_data": said, "engine": given.engine, "params": given.params}


def _taken(draft: Draft, take: list[str]) -> dict[str, Any]:
    """The columns of a preset that takes these parts of `draft`, those that say something."""
    said = fields_of({name: value for name, value in draft.brief.model_dump().items() if name in take})
    base = draft.base
    picture = base.id if base is not None and base.work.project_id == draft.work.project_id else None
    engine, params = (draft.engine, dict(draft.params)) if PARAMS in take else (None, {})
    return {"brief_data": said, "engine": engine, "params": params, "revision_id": picture}


@router.patch("/presets/{id}", response_model=PresetOut)
@raises(ConflictError, StaleError)
def rename(
    id: UUID, request: Request, artist: CurrentArtist, given: Annotated[PresetChange, Depends(body(PresetChange))]
) -> Response:
    """Give a preset another name, if `version` is the present one."""
    made = artist.presets.rename(artist.presets.get(id), given.version, given.name)
    return answer(request, lambda: PresetOut.of(made), location=f"/projects/{made.project_id}/presets")


@router.post("/presets/{id}/trash", status_code=201, response_model=PresetOut)
def trash(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Put a preset into the trash; nothing of it is deleted."""
    found = artist.presets.get(id)
    artist.presets.trash(found)
    done = Done(Deed.PRESET_TRASHED, id, found.name)
    place = f"/projects/{found.project_id}/presets"
    return answer(request, lambda: PresetOut.of(found), status=201, location=place, done=done)


@router.delete("/presets/{id}/trash", response_model=PresetOut)
@raises(ConflictError)
def restore(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take a preset back from the trash."""
    found = artist.presets.get(id)
    artist.presets.restore(found)
    done = Done(Deed.PRESET_RESTORED, id, found.name)
    return answer(request, lambda: PresetOut.of(found), location=f"/projects/{found.project_id}/presets", done=done)


@router.post("/works/{id}/draft/preset", status_code=201, response_model=DraftOut)
@raises(ConflictError)
def apply(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    chosen: Annotated[Applied, Depends(body(Applied))],
) -> Response:
    """Put a preset of the work's project into your draft; what that replaces is kept among the earlier saves."""
    deed = Deed.PRESET_APPLIED
    name = ""

    def state_of(draft: Draft, artist: Artist) -> dict[str, Any]:
        nonlocal deed, name
        preset = _fitting(artist, draft.work, chosen.preset)
        deed = Deed.PRESET_REPLACED if preset.replaces(draft.brief) else Deed.PRESET_APPLIED
        name = preset.name
        return {"brief_data": preset.put_into(draft.brief), **_settings(preset, draft.work, parts)}

    def done_of(draft: Draft) -> Done | None:
        saves = draft.saves()
        changed = bool(saves) and saves[0].version == draft.version - 1
        return Done(deed, id, name, str(saves[0].id)) if changed else None

    return replace(id, request, transactions, parts, state_of, done_of)


def _fitting(artist: Artist, work: Work, preset: UUID) -> Preset:
    """The preset, which must be of the work's project. Raises NotFoundError, InvalidError, ConflictError."""
    found = artist.presets.get(preset)
    if found.project_id != work.project_id:
        raise InvalidError("preset", _("is of another project"))
    found.insist_on_place()
    return found


def _settings(preset: Preset, work: Work, parts: Parts) -> dict[str, Any]:
    """The engine and parameters that it names, where they are of the work's medium and the engine is there."""
    engine = parts.engines.get(preset.engine) if preset.engine else None
    there = preset.engine is None or (engine is not None and engine.medium == work.medium)
    return (
        {"engine": preset.engine, "params": dict(preset.params)}
        if preset.params and preset.medium == work.medium and there
        else {}
    )
