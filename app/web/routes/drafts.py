"""Drafts: autosave with versions, earlier saves, going on from a revision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.bounded import LIMITS
from app.brief import Brief, Prompt
from app.diff.authorship import By, Span
from app.diff.text import text_diff
from app.engines.engine import Verb
from app.errors import ConflictError, InvalidError, NotFoundError, StaleDraftError, _, filled, raises
from app.gate import Fields, Name, Number, Object, Offset
from app.media.medium import traits
from app.media.text.prosody.asked import cleaned_form, form_of
from app.media.text.rules import Writing
from app.models import Artist
from app.models.draft import Draft, DraftSave, draft_of
from app.models.membership import Right
from app.requests.request import Count, Seed, TextForm
from app.requests.wildcards import literal
from app.web.deps import WRITING, CurrentArtist, OneTurn, Parts, Session, Studio, TransactionsOf, body
from app.web.done import Done
from app.web.pages import answer, language_of
from app.web.root import root_of
from app.web.routes.works import Wanted, bench, chosen_engine, prompt_of
from app.web.schemas import DraftOut, Listed, PromptOut
from app.web.templates import render, translations
from app.web.views.passages import tongue

router = APIRouter(route_class=OneTurn, prefix="/works/{id}/draft", tags=["drafts"])
MOST_SPANS = 50_000  # of one text


class SpanIn(BaseModel):
    """Who put characters `start` to `end` (Unicode code points) there."""

    start: Offset
    end: Offset
    by: By


class DraftIn(BaseModel):
    """A draft to save; absent fields stay as they are, and fields that GET adds are welcome back."""

    model_config = ConfigDict(extra="ignore")

    version: Number
    brief: Fields | None = None
    engine: Name | None = None
    params: Object | None = None
    base: UUID | None = None
    mask: UUID | None = Field(None, description="What is painted over the base, see POST /works/{id}/masks.")
    text: Writing | None = None
    origins: list[SpanIn] | None = Field(
        None, max_length=MOST_SPANS, description="Who wrote what of `text`; absent: what stayed keeps its own."
    )
    form: TextForm = None
    seed: Seed | None = None
    count: Count | None = None
    keep: bool = Field(False, description="Put what this replaces among the earlier saves, however young it is.")

    @field_validator("engine", "base", "mask", "seed", "count", "form", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field means none."""
        return None if value == "" else value


class Chosen(BaseModel):
    """A revision to go on from."""

    revision: UUID | None = Field(description="null takes away what lies on the stage; only where `brief` is false")
    brief: bool = Field(True, description="false: it comes onto the stage, and the brief stays as it is")

    @field_validator("revision", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field means none."""
        return None if value == "" else value


class Save(BaseModel):
    """An earlier save to bring back."""

    save: UUID


class SaveOut(BaseModel):
    """An earlier save."""

    id: UUID
    version: int
    written_at: Any
    saved_at: Any
    brief: Brief
    engine: str | None
    params: dict[str, Any]
    base: UUID | None

    @classmethod
    def of(cls, save: DraftSave) -> SaveOut:
        """From its row."""
        plain = ("id", "version", "written_at", "saved_at", "brief", "engine", "params")
        return cls(**{name: getattr(save, name) for name in plain}, base=save.base_id)


class SavedTextOut(BaseModel):
    """The text of an earlier save; null where it has none."""

    id: UUID
    text: str | None


def prompt_to_be(parts: Studio, artist: CurrentArtist, draft: Draft, state: dict[str, Any]) -> Prompt:
    """The prompt of the draft once `state` is written: read before the write, so that nobody waits for it."""
    brief = Brief.model_validate(state["brief_data"]) if "brief_data" in state else draft.brief
    base = draft.base
    if "base_id" in state:
        base = artist.revisions.get(state["base_id"], to=Right.SEE) if state["base_id"] else None
    wanted = Wanted(state.get("engine", draft.engine), brief, base, state.get("seed", draft.seed))
    return prompt_of(parts, artist, draft.work, wanted)


def draft_out(draft: Draft, parts: Studio, request: Request, artist: Artist, prompt: Prompt | None = None) -> DraftOut:
    """The draft with the prompt its engine reads, what is said of that in the reader's language."""
    prompt, language = prompt or prompt_of(parts, artist, draft.work, draft), language_of(request)
    html = render("works/_prompt.html", language, root_of(request), prompt=prompt)
    say = translations(language).gettext
    note, fault = (say(said) if said else "" for said in (prompt.note, prompt.fault))
    return DraftOut.of(
        draft, PromptOut.of(dataclasses.replace(prompt, note=note, fault=filled(fault, dict(prompt.about))), html)
    )


@router.get("", response_model=DraftOut)
def show(id: UUID, request: Request, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """The artist's draft of this work (a work that was never touched has an empty one)."""
    work = artist.works.get(id)
    draft = draft_of(session, work, artist)
    return answer(
        request,
        lambda: draft_out(draft, parts, request, artist),
        partial="works/_draft.html",
        location=f"/works/{id}",
        shown=lambda: bench(parts, artist, session, work, draft),
    )


@router.put("", response_model=DraftOut)
@raises(ConflictError, StaleDraftError, *LIMITS)
def save(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    given: Annotated[DraftIn, Depends(body(DraftIn, WRITING))],
) -> Response:
    """Save the draft if `version` is the present one; 409 with the present draft when another window was quicker."""
    with transactions.reading() as (session, artist):  # who wrote what of a long text may take a second to find
        draft = draft_of(session, artist.works.get(id), artist)
        if draft.version != given.version:
            raise _stale(draft, parts, request, artist)
        state = _state(given, draft, parts, artist)
        prompt = prompt_to_be(parts, artist, draft, state)
    try:
        with transactions.writing() as (session, artist):
            draft = _to_write(id, artist, session)
            draft.save(given.version, keep=given.keep, **state)  # of that version, so what was found of it still holds
            return answer(request, draft_out(draft, parts, request, artist, prompt), location=f"/works/{id}")
    except StaleDraftError as error:
        with transactions.reading() as (session, artist):
            raise _stale(draft_of(session, artist.works.get(id), artist), parts, request, artist) from error


def _stale(draft: Draft, parts: Studio, request: Request, artist: Artist) -> StaleDraftError:
    return StaleDraftError(extra={"draft": draft_out(draft, parts, request, artist).model_dump(mode="json")})


def _to_write(id: UUID, artist: CurrentArtist, session: Session) -> Draft:
    work = artist.works.get(id)
    work.insist_on_place()
    return draft_of(session, work, artist, write=True)


def _state(given: DraftIn, draft: Draft, parts: Studio, artist: CurrentArtist) -> dict[str, Any]:
    """The columns that `given` sets: what is absent stays, a null takes away."""
    state: dict[str, Any] = {}
    if given.brief is not None:
        state["brief_data"] = _brief({**draft.brief_data, **given.brief})
    names = [engine.name for engine in parts.engines.values() if Verb.CREATE in engine.verbs]
    if given.engine is not None and given.engine not in names:
        raise InvalidError("engine", _("allowed here: %(names)s"), names=", ".join(names))
    for name in ("engine", "params", "seed"):
        if name in given.model_fields_set and (name != "params" or given.params is not None):
            state[name] = getattr(given, name)
    if given.model_fields_set & {"text", "origins"}:
        text = given.text if "text" in given.model_fields_set else draft.text
        spans = None if given.origins is None else [Span(one.start, one.end, one.by) for one in given.origins]
        state |= draft.write(text, spans)
    if "form" in given.model_fields_set:
        form_of(given.form)
        state["form"] = cleaned_form(given.form) or None
    if given.count is not None:
        state["count"] = given.count
    if "base" in given.model_fields_set:
        state["base_id"] = artist.revisions.get(given.base, to=Right.SEE).id if given.base else None
    if "mask" in given.model_fields_set:
        state["mask_id"] = artist.masks.get(given.mask, to=Right.SEE).id if given.mask else None
    return state


def _brief(data: dict[str, Any]) -> dict[str, Any]:
    try:
        return Brief.model_validate(data).model_dump()
    except ValidationError as error:
        found = [{**one, "loc": ("body", "brief", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error


@router.post("/base", status_code=201, response_model=DraftOut)
@raises(ConflictError)
def go_on_from(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    chosen: Annotated[Chosen, Depends(body(Chosen))],
) -> Response:
    """Go on from a revision: its brief, engine and parameters come back into the draft, what they replace is kept."""

    def state_of(draft: Draft, artist: Artist) -> dict[str, Any]:
        revision = artist.revisions.get(chosen.revision, to=Right.SEE) if chosen.revision else None
        if not chosen.brief:
            return draft.placed(revision)
        if revision is None:
            raise InvalidError("revision", _("a revision is needed"))
        state = draft.state_from(revision)
        if "brief_data" in state:
            state["brief_data"] = literal(revision.brief).model_dump()  # what was chosen for it is not chosen again
        if traits(draft.work.medium).written is None and draft.engine is None:
            leading = chosen_engine(parts, draft.work, Wanted(None, draft.brief, None))
            if leading is not None and state.get("engine") == leading.name:
                state["engine"] = None  # the artist chose none, and this one comes first
        return state

    return replace(id, request, transactions, parts, state_of)


def replace(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Studio,
    state_of: Callable[[Draft, Artist], dict[str, Any]],
    done_of: Callable[[Draft], Done | None] = lambda _draft: None,
) -> Response:
    """What `state_of` gives, which never changes, takes the place of the draft's state. All that takes time is read before.
    `done_of` says what was done, of the draft as it is then.
    """
    with transactions.reading() as (session, artist):
        draft = draft_of(session, artist.works.get(id), artist)
        state = state_of(draft, artist)
        prompt = prompt_to_be(parts, artist, draft, state)
    with transactions.writing() as (session, artist):
        draft = _to_write(id, artist, session)
        draft.replace(state)
        out, done = lambda: draft_out(draft, parts, request, artist, prompt), done_of(draft)
        return answer(request, out, status=201, location=f"/works/{id}", done=done)


@router.get("/saves", response_model=Listed[SaveOut])
def saves(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """Earlier saves of the draft, the latest first; with age they get fewer."""
    draft = draft_of(session, artist.works.get(id), artist)
    kept = draft.saves()
    listed = Listed[SaveOut](items=[SaveOut.of(one) for one in kept])
    work = draft.work
    return answer(
        request,
        listed,
        partial="works/_saves.html",
        location=f"/works/{id}",
        shown=lambda: {"excerpts": draft.excerpts(), "length": len(draft.text or "")},
        draft=draft,
        saves=kept,
        work=work,
    )


@router.get("/saves/{save}", response_model=SavedTextOut)
@raises(NotFoundError, *LIMITS)
def look(id: UUID, save: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """The text of an earlier save; for a page, what bringing it back would take away and bring."""
    draft = draft_of(session, artist.works.get(id), artist)
    text = draft.state_of_save(save)["text"]
    return answer(
        request,
        lambda: SavedTextOut(id=save, text=text),
        partial="works/_save.html",
        location=f"/works/{id}",
        shown=lambda: {"passages": text_diff(draft.text or "", text or "")},
        save=save,
        language_of_text=tongue(text or ""),
    )


@router.post("/restoration", status_code=201, response_model=DraftOut)
@raises(ConflictError)
def restore(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    chosen: Annotated[Save, Depends(body(Save))],
) -> Response:
    """Bring an earlier save back; the present state is kept as a save too."""
    return replace(id, request, transactions, parts, lambda draft, _artist: draft.state_of_save(chosen.save))
