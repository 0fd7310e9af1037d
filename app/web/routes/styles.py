"""Styles of one's own: taught from pictures of a project, learned by a worker, chosen, forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app import gate
from app.errors import ConflictError, InvalidError, StaleError, _, raises
from app.gate import Number
from app.models.artist import Artist
from app.models.kept import LONGEST_NAME
from app.models.style import CONSENT, LEAST, MOST, Checkpoint, Learning, Style
from app.web.deps import CurrentArtist, OneTurn, body
from app.web.done import Deed, Done
from app.web.pages import answer
from app.web.routes.interface import files
from app.web.schemas import Listed

router = APIRouter(route_class=OneTurn, tags=["styles"])
OFFERED = 240  # pictures to choose from
StyleName = Annotated[gate.Title, Field(max_length=LONGEST_NAME)]


def _several(value: Any) -> Any:
    """A form's one ticked box is a list of one."""
    return [value] if isinstance(value, str) else value


class StyleIn(BaseModel):
    """A style to teach: its name, pictures of the project by revision, and that the artist may teach with them."""

    model_config = ConfigDict(extra="ignore")
    name: StyleName
    pictures: Annotated[list[UUID], Field(max_length=5_000), BeforeValidator(_several)] = Field(default_factory=list)
    consent: bool = Field(False, description=CONSENT)


class StyleChange(BaseModel):
    """Another name for a style, for who has read its `version`."""

    model_config = ConfigDict(extra="ignore")
    version: Number
    name: StyleName


class Choice(BaseModel):
    """A checkpoint that benches are to offer."""

    model_config = ConfigDict(extra="ignore")
    checkpoint: UUID


class Forgetting(BaseModel):
    """That its weights are to be deleted, for good."""

    model_config = ConfigDict(extra="ignore")
    sure: bool = False


class CheckpointOut(BaseModel):
    """What was learned at one step; a bench names it as `own_style`."""

    id: UUID
    step: int
    sha256: str = Field(description="of its weights")
    repeats: list[int] = Field(description="which of the pictures, from 1, a sample comes too near to")
    made_at: datetime
    chosen: bool


class StyleOut(BaseModel):
    """A style of one's own."""

    id: UUID
    project: UUID
    name: str
    state: str
    progress: float
    pictures: list[UUID]
    taught_by: str
    consent: str
    consented_at: datetime
    checkpoints: list[CheckpointOut]
    error: dict[str, Any] | None
    version: int
    changed_at: datetime
    trashed_at: datetime | None
    damaged: list[str]

    @classmethod
    def of(cls, one: Style) -> StyleOut:
        """From its row."""
        names = ("id", "name", "state", "progress", "consent", "consented_at", "error", "version", "changed_at")
        plain = {name: getattr(one, name) for name in (*names, "trashed_at", "damaged")}
        return cls(
            project=one.project_id,
            pictures=[picture.revision_id for picture in one.pictures],
            taught_by=one.taught_by.name,
            checkpoints=[_checkpoint(each, one) for each in one.checkpoints],
            **plain,
        )


def _checkpoint(one: Checkpoint, style: Style) -> CheckpointOut:
    repeats = [at + 1 for at in one.repeats]
    names = ("id", "step", "sha256", "made_at")
    return CheckpointOut(repeats=repeats, chosen=one.id == style.chosen_id, **{name: getattr(one, name) for name in names})


@router.get("/projects/{id}/styles", response_model=Listed[StyleOut])
def index(id: UUID, request: Request, artist: CurrentArtist, trashed: bool = False) -> Response:
    """A project's styles, by name; `trashed` asks for those in the trash."""
    project, styles = artist.projects.get(id), artist.styles

    def shown() -> dict[str, Any]:
        return {
            "styles": styles.of(id),
            "trashed": styles.of(id, trashed=True),
            "pictures": styles.pictures(project, OFFERED) if project.editable else [],
            "consent": CONSENT,
            "least": LEAST,
            "most": MOST,
        }

    listed = lambda: Listed[StyleOut](items=[StyleOut.of(one) for one in styles.of(id, trashed=trashed)])  # noqa: E731 (for a program)
    return answer(request, listed, "styles/index.html", project=project, shown=shown)


@router.post("/projects/{id}/styles", status_code=201, response_model=StyleOut)
@raises(ConflictError)
def teach(id: UUID, request: Request, artist: CurrentArtist, given: Annotated[StyleIn, Depends(body(StyleIn))]) -> Response:
    """Teach a style: 10 to 40 pictures of the project, which are your own or which you may teach with. A worker learns it."""
    project = artist.projects.get(id)
    if not given.consent:
        raise InvalidError("consent", _("a style is taught only with pictures that are one's own, or with leave"))
    made = artist.styles.teach(project, given.name, given.pictures)
    return answer(request, lambda: StyleOut.of(made), status=201, location=_page(made))


@router.get("/styles/{id}", response_model=StyleOut)
def show(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """A style: how far it is, and its checkpoints. htmx gets that alone."""
    found = artist.styles.get(id)
    shown = lambda: _shown(artist, found)  # noqa: E731 (for a page)
    return answer(
        request,
        lambda: StyleOut.of(found),
        "styles/show.html",
        partial="styles/_learned.html",
        project=found.project,
        shown=shown,
    )


def _shown(artist: Artist, found: Style) -> dict[str, Any]:
    return {"style": found, "used": artist.styles.used(found), "over": Learning.FORGOTTEN}


@router.patch("/styles/{id}", response_model=StyleOut)
@raises(ConflictError, StaleError)
def rename(
    id: UUID, request: Request, artist: CurrentArtist, given: Annotated[StyleChange, Depends(body(StyleChange))]
) -> Response:
    """Give a style another name, if `version` is the present one."""
    made = artist.styles.rename(artist.styles.get(id), given.version, given.name)
    return answer(request, lambda: StyleOut.of(made), location=_page(made))


@router.post("/styles/{id}/choice", status_code=201, response_model=StyleOut)
@raises(ConflictError)
def choose(id: UUID, request: Request, artist: CurrentArtist, given: Annotated[Choice, Depends(body(Choice))]) -> Response:
    """Let benches offer this checkpoint of the style."""
    found = artist.styles.get(id)
    artist.styles.choose(found, given.checkpoint)
    return answer(request, lambda: StyleOut.of(found), status=201, location=_page(found))


@router.post("/styles/{id}/learning", status_code=201, response_model=StyleOut)
@raises(ConflictError)
def go_on(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Go on learning, from the last checkpoint, after it was stopped or failed."""
    found = artist.styles.get(id)
    artist.styles.go_on(found)
    return answer(request, lambda: StyleOut.of(found), status=201, location=_page(found))


@router.delete("/styles/{id}/learning", response_model=StyleOut)
def stop(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Stop learning; what was learned so far stays."""
    found = artist.styles.get(id)
    artist.styles.stop(found)
    return answer(request, lambda: StyleOut.of(found), location=_page(found))


@router.post("/styles/{id}/oblivion", status_code=201, response_model=StyleOut)
def forget(
    id: UUID, request: Request, artist: CurrentArtist, given: Annotated[Forgetting, Depends(body(Forgetting))]
) -> Response:
    """Forget a style: its weights are deleted for good. What was made with it stays, and still names it."""
    if not given.sure:
        raise InvalidError("sure", _("this cannot be undone: say that you are sure"))
    found = artist.styles.get(id)
    artist.styles.forget(found)
    return answer(request, lambda: StyleOut.of(found), status=201, location=_page(found))


@router.post("/styles/{id}/trash", status_code=201, response_model=StyleOut)
def trash(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Put a style into the trash; nothing of it is deleted, and benches offer it no more."""
    found = artist.styles.get(id)
    artist.styles.trash(found)
    done = Done(Deed.STYLE_TRASHED, id, found.name)
    place = f"/projects/{found.project_id}/styles"
    return answer(request, lambda: StyleOut.of(found), status=201, location=place, done=done)


@router.delete("/styles/{id}/trash", response_model=StyleOut)
@raises(ConflictError)
def restore(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take a style back from the trash."""
    found = artist.styles.get(id)
    artist.styles.restore(found)
    return answer(request, lambda: StyleOut.of(found), location=_page(found), done=Done(Deed.STYLE_RESTORED, id, found.name))


@router.get("/checkpoints/{id}/samples", **files("image/webp"))
def samples(id: UUID, artist: CurrentArtist) -> Response:
    """Pictures that were made with a checkpoint, side by side, as WebP."""
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(artist.styles.checkpoint(id).sheet, media_type="image/webp", headers=headers)


def _page(of: Style) -> str:
    return f"/styles/{of.id}"
