"""Texts: revisions by hand, what an engine wrote token by token, readings, and variants that are stopped alone."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, field_validator

from app.bounded import LIMITS
from app.engines.engine import Engine, RescoringEngine, Verb
from app.errors import ConflictError, InvalidError, StaleDraftError, _, filled, raises
from app.gate import Name, Number, Offset
from app.lineage.by_hand import add_hand, tokens_of, told_of_hand
from app.models import Reading, Revision
from app.models.draft import draft_of
from app.models.generation import Status
from app.requests.place import selection_in
from app.requests.request import Selection
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio, TransactionsOf, body
from app.web.pages import VARY, answer, language_of
from app.web.routes.drafts import draft_out
from app.web.routes.generations import generation_out
from app.web.schemas import GenerationOut, RevisionOut
from app.web.templates import translations

router = APIRouter(route_class=OneTurn, tags=["texts"])
SAME: dict[int | str, dict[str, Any]] = {200: {"model": RevisionOut, "description": "The base: the text is still its own"}}


class ByHand(BaseModel):
    """A revision by hand is made of what the draft holds; `version`, when given, must be the draft's present one."""

    model_config = ConfigDict(extra="ignore")
    version: Number | None = None


class ToRead(BaseModel):
    """What to read, and by whom: no selection is the whole text, no engine the best that can."""

    model_config = ConfigDict(extra="ignore")
    selection: Selection | None = None
    engine: Name | None = None

    @field_validator("engine", "selection", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value


class ChanceOut(BaseModel):
    """What might have stood there, and its log-probability (null where the service gave none)."""

    text: str
    logprob: float | None


class TokenOut(ChanceOut):
    """A token that an engine wrote: code points `start` to `end`; `forced`: a form or an artist left no choice."""

    start: int
    end: int
    forced: bool
    alternatives: list[ChanceOut]


class ReadingOut(BaseModel):
    """A reading: `tokens` as of a revision; null, as `perplexity`, until a worker has read it."""

    id: UUID
    revision: UUID
    engine: str
    selection: tuple[int, int] | None
    ready: bool
    perplexity: float | None
    tokens: list[TokenOut] | None
    error: dict[str, Any] | None

    @classmethod
    def of(cls, reading: Reading, request: Request) -> ReadingOut:
        """From its row, an error in the reader's language."""
        say, error = translations(language_of(request)).gettext, reading.error
        if error:
            error = {"code": error["code"], "message": filled(say(error["title"]), error.get("details"))}
        plain = {name: getattr(reading, name) for name in ("id", "engine", "selection", "ready", "perplexity")}
        tokens = None if reading.records is None else [TokenOut.model_validate(one) for one in reading.records]
        return cls(**plain, revision=reading.revision_id, tokens=tokens, error=error)


class Stop(BaseModel):
    """The variant to stop, from 0; none stops them all."""

    model_config = ConfigDict(extra="ignore")
    index: Offset | None = None

    @field_validator("index", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value


@router.post("/works/{id}/revisions", status_code=201, response_model=RevisionOut, responses=SAME)
@raises(ConflictError, StaleDraftError, *LIMITS)
def by_hand(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    given: Annotated[ByHand, Depends(body(ByHand))],
) -> Response:
    """Make a revision by hand from the draft's text; 200 with the base when the text is still the base's."""
    with transactions.reading() as (session, artist):
        told = told_of_hand(session, draft_of(session, artist.works.get(id), artist), artist)
    with transactions.writing() as (session, artist):
        work = artist.works.get(id)
        work.insist_on_place()
        draft = draft_of(session, work, artist, write=True)
        if given.version not in {None, draft.version}:
            raise StaleDraftError(extra={"draft": draft_out(draft, parts, request, artist).model_dump(mode="json")})
        revision, new = add_hand(session, draft, artist, told)
        headers = {"Location": f"/revisions/{revision.id}"}
        out = RevisionOut.of(revision)
        return answer(request, out, status=201 if new else 200, location=f"/works/{id}", headers=headers)


@router.get("/revisions/{id}/tokens", response_model=list[TokenOut])
@raises(InvalidError)
def tokens(id: UUID, artist: CurrentArtist) -> Response:
    """What engines wrote in this text: [{start, end, text, logprob, forced, alternatives: [{text, logprob}]}]."""
    return JSONResponse(tokens_of(_text(artist, id)), headers={"Cache-Control": "private, max-age=31536000, immutable"})


@router.post("/revisions/{id}/readings", status_code=202, response_model=ReadingOut)
def read(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    given: Annotated[ToRead, Depends(body(ToRead))],
) -> Response:
    """Ask where a model expected this text, and where it did not. 202: a worker reads it; look at its Location."""
    with transactions.reading() as (_session, artist):
        revision = _text(artist, id)
        selection = selection_in(revision.text or "", given.selection)
        reader = _reader(parts, revision, given.engine).name
    with transactions.writing() as (_session, artist):
        reading = artist.readings.ask(id, reader, selection)
        location = f"/readings/{reading.id}"
        return answer(
            request, lambda: ReadingOut.of(reading, request), status=202, location=location, headers={"Location": location}
        )


@router.get("/readings/{id}")
def reading(id: UUID, request: Request, response: Response, artist: CurrentArtist) -> ReadingOut:
    """A reading: its tokens with their chances, and the perplexity of the passage."""
    response.headers.update(VARY)
    return ReadingOut.of(artist.readings.get(id), request)


@router.post("/generations/{id}/stops", status_code=202, response_model=GenerationOut)
@raises(ConflictError)
def stop(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    given: Annotated[Stop, Depends(body(Stop))],
) -> Response:
    """Let a variant of a text or a tune, or all, end with what is written by now; it is kept. 409 when all have ended."""
    with transactions.reading() as (_session, artist):
        running = artist.generations.get(id).status == Status.RUNNING
    word = parts.queue.latest(id) if running else {}  # how far it is: that may take a moment
    with transactions.writing() as (session, artist):
        generation = artist.generations.get(id)
        engine = parts.engines.get(generation.engine)
        if engine is None or not engine.writes:
            raise InvalidError("index", _("only a text that is still being written can be stopped and kept"))
        generation.stop(artist, given.index)
        session.flush()
        out: GenerationOut = generation_out(generation, parts, word=word)
        made = answer(
            request,
            out,
            partial="generations/_generation.html",
            status=202,
            location=f"/works/{generation.work_id}",
            generation=generation,
            work=generation.work,
        )
    parts.live.poke()
    return made


def _text(artist: CurrentArtist, id: UUID) -> Revision:
    revision = artist.revisions.get(id)
    if revision.text is None:
        raise InvalidError("revision", _("This revision has no text."))
    return revision


def _reader(parts: Studio, revision: Revision, name: str | None) -> Engine:
    """The engine called `name`, else the one that wrote the text, else the best that reads its language.

    Raises InvalidError when it cannot tell how likely a text is, or none can.
    """
    able = {one.name: one for one in parts.engines.values() if isinstance(one, RescoringEngine)}
    if name is not None and name not in able:
        raise InvalidError("engine", _("allowed here: %(names)s"), names=", ".join(able) or "–")
    if name is not None or revision.engine in able:
        return able[name or str(revision.engine)]
    texts = [revision.text or ""]
    willing = [one for one in able.values() if one.refusal(Verb.CONTINUE, revision.brief, texts) is None]
    ready = [one for one in willing if one.unready() is None]
    if not willing:
        raise InvalidError("engine", _("no engine of this studio reads this text"))
    return max(ready or willing, key=lambda one: one.standing)
