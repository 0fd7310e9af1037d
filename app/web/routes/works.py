"""Works: the bench, its title, its trash."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, model_validator

from app.brief import Brief, Prompt
from app.diff.authorship import shown, spans_of, stored
from app.engines.catalog import best
from app.engines.engine import Engine, Verb
from app.errors import ConflictError, EngineError, InvalidError, _, raises
from app.gate import Title
from app.lanes import Lane
from app.lineage.duplicate import duplicate
from app.lineage.graph import pane
from app.media.medium import ABC, traits
from app.media.music.sound.recording import FLAC
from app.media.text.prosody.offered import filled, offered
from app.models.draft import Draft, draft_of
from app.models.membership import Right
from app.models.revision import Revision
from app.models.work import Work
from app.models.worker import workers
from app.requests.wildcards import as_written, choosing_for
from app.web.deps import CurrentArtist, OneTurn, Parts, Session, Studio, body
from app.web.done import Deed, Done
from app.web.media import pages_of
from app.web.pages import answer
from app.web.schemas import WorkOut, paged
from app.web.views.passages import tongue
from app.web.views.promised import promised

router = APIRouter(route_class=OneTurn, prefix="/works", tags=["works"])
SHOWN = 12  # generations on the bench at first; more on request
LOOKED = 60  # revisions of a work that is only looked at
HANDED_OVER = _("It knows no word of this, so the next engine that can draws it.")


class WorkPatch(BaseModel):
    """What can be changed of a work: its title, or the project it hangs in."""

    title: Title | None = None
    project: UUID | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> WorkPatch:
        if self.title is None and self.project is None:
            raise ValueError(_("a title or a project is needed"))
        return self


def engine_view(engine: Engine) -> dict[str, Any]:
    """What a page needs to draw an engine and its parameters."""
    return {
        "name": engine.name,
        "title": engine.title,
        "licence": engine.licence,
        "medium": str(engine.medium),
        "verbs": sorted(str(verb) for verb in engine.verbs),
        **(heard_by(engine) if traits(engine.medium).notes else {}),
        "unready": engine.unready(),
        "quick": engine.lane({}) is Lane.QUICK,
        "schema": engine.Params.model_json_schema(),
        "defaults": engine.Params().model_dump(mode="json"),
    }


def heard_by(engine: Engine) -> dict[str, list[str]]:
    """Of an engine of music: its verbs for what lies there in notes, and for a recording."""
    kinds = {"notes": ABC, "sound": FLAC}
    return {
        name: sorted(str(verb) for verb in engine.verbs if engine.refusal(verb, Brief(), (), (kind,)) is None)
        for name, kind in kinds.items()
    }


def painters(parts: Studio, work: Work) -> list[Engine]:
    """The engines that can make such a work out of a brief, those of higher standing first; others work on what is there."""
    able = [engine for engine in parts.engines.values() if engine.medium == work.medium and Verb.CREATE in engine.verbs]
    return sorted(able, key=lambda engine: -engine.standing)


def own_engines(parts: Studio, work: Work) -> dict[str, dict[str, Any]]:
    """By verb: the engine of each verb that has one of its own, and takes that engine's parameters."""
    found: dict[str, dict[str, Any]] = {}
    for verb in (one for one in Verb if one.rule.own_engine and work.medium in one.rule.media):
        found |= {str(verb): engine_view(engine) for engine in parts.engines.values() if verb in engine.verbs}
    return found


class Wanted(NamedTuple):
    """What of a draft decides which engine reads it, and how; also of a draft that is not written yet."""

    engine: str | None
    brief: Brief
    base: Revision | None
    seed: int | None = None


def chosen_engine(parts: Studio, work: Work, draft: Draft | Wanted) -> Engine | None:
    """The draft's engine, else the first of this medium that is ready; for a text the one that reads its brief best, for a
    recording the first that can start from one.
    """
    fitting = painters(parts, work)
    named = next((engine for engine in fitting if engine.name == draft.engine), None)
    if named is None and traits(work.medium).worded and fitting:
        with suppress(EngineError):  # none is ready: the first tells why
            return best(parts.engines, work.medium, Verb.CREATE, draft.brief)
    if named is None and draft.base is not None and draft.base.asset is not None and traits(work.medium).notes:
        named = next((engine for engine in fitting if heard_by(engine)["sound"]), None)
    ready = (engine for engine in fitting if engine.unready() is None)
    return named or next(ready, fitting[0] if fitting else None)


def prompt_of(parts: Studio, artist: CurrentArtist, work: Work, draft: Draft | Wanted) -> Prompt:
    """What the draft's engine reads of its brief; with wildcards in it, of what one seed chooses, or what is wrong with them.
    Looking up the words may take a tenth of a second.
    """
    if not as_written(draft.brief):
        return _read(parts, work, Wanted(draft.engine, draft.brief, draft.base))
    seed = draft.seed or 0
    try:
        brief = choosing_for(artist, work.project_id).brief(draft.brief, seed)
    except InvalidError as error:
        ((_field, said),) = error.fields
        return replace(draft.brief.prompt(), fault=said, about=tuple(error.details.items()))
    return replace(_read(parts, work, Wanted(draft.engine, brief, draft.base)), chosen_by=seed)


def _read(parts: Studio, work: Work, wanted: Wanted) -> Prompt:
    engine = chosen_engine(parts, work, wanted)
    if engine is None:
        return wanted.brief.prompt()
    prompt = engine.prompt(wanted.brief)
    unasked = traits(work.medium).written is None and wanted.engine is None and not wanted.brief.empty
    if unasked and engine.refusal(Verb.CREATE, wanted.brief) is not None:
        return replace(prompt, note=HANDED_OVER)
    return prompt


def bench(parts: Studio, artist: CurrentArtist, session: Session, work: Work, draft: Draft | None = None) -> dict[str, Any]:
    """Everything the bench shows."""
    draft = draft or draft_of(session, work, artist)
    engine = chosen_engine(parts, work, draft)
    generations, more = paged(artist.generations.page(work=work, limit=SHOWN + 1), SHOWN)
    view = engine_view(engine) if engine else None
    return {
        "work": work,
        "draft": draft,
        "base": draft.base,
        "engines": [engine_view(e) for e in painters(parts, work)],
        "own_engines": own_engines(parts, work),
        "own_styles": artist.styles.offered(work.project_id) if not traits(work.medium).worded else [],
        "engine": view,
        "params": (view["defaults"] if view else {}) | draft.params,
        "prompt": prompt_of(parts, artist, work, draft),
        "generations": generations,
        "more": more,
        "tree": pane(session, work, draft.base),
        "judge": parts.index.judge.title if parts.index.judge else None,
        "judged": parts.index.present(session) is not None,
        "promised": {"any": promised(Verb.CREATE), **({"line": promised(Verb.LINE)} if traits(work.medium).worded else {})},
        "said": artist.comments.count_open(work),
        "waiting": not any(worker.alive for worker in workers(session)),
        **(writing(draft) if traits(work.medium).worded else {}),
    }


def looked_at(artist: CurrentArtist, work: Work) -> dict[str, Any]:
    """What is shown of a work to who may look at it, and no more."""
    found = artist.revisions.of(work, limit=LOOKED + 1)
    return {"work": work, "revisions": found[:LOOKED], "more": len(found) > LOOKED}


def writing(draft: Draft) -> dict[str, Any]:
    """What the writing room shows besides: the text in the editor and who wrote it, and the forms that can be asked for."""
    text = draft.text or ""
    spans = shown(stored(spans_of(text, draft.origins)))
    return {
        "sheet": {"text": text, "origins": spans, "language": tongue(text or draft.brief.intent)},
        "presets": offered(),
        "wanted": filled(draft.form),
    }


@router.get("/{id}", response_model=WorkOut)
def show(id: UUID, request: Request, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """A work; in a browser its bench, or for who may only look what was made on it."""
    work = artist.works.get(id)
    if not work.project.editable:
        return answer(request, lambda: WorkOut.of(work), "works/look.html", shown=lambda: looked_at(artist, work))
    return answer(
        request,
        lambda: WorkOut.of(work),
        f"works/{pages_of(work.medium).folder}/bench.html",
        shown=lambda: bench(parts, artist, session, work),
    )


@router.patch("/{id}", response_model=WorkOut)
@raises(ConflictError)
def change(
    id: UUID, request: Request, artist: CurrentArtist, patch: Annotated[WorkPatch, Depends(body(WorkPatch))]
) -> Response:
    """Give a work another title, or move it to another project."""
    work = artist.works.get(id, to=Right.EDIT if patch.project is None else Right.OWN)  # who moves it takes it from the others
    before, home = work.title, work.project
    if patch.project is not None:
        work.move(artist.projects.get(patch.project), artist)
    if patch.title is not None:
        work.rename(patch.title, artist)
    if patch.title is not None:
        done = Done(Deed.WORK_RENAMED, id, work.title, before)
    else:
        done = Done(Deed.WORK_MOVED, id, work.project.name, str(home.id))
    return answer(request, lambda: WorkOut.of(work), location=f"/works/{id}", done=done)


@router.post("/{id}/copies", status_code=201, response_model=WorkOut)
@raises(ConflictError)
def copy(id: UUID, request: Request, artist: CurrentArtist, session: Session) -> Response:
    """Duplicate a work: a new one with the same bench, whose root is what the wall shows of this one."""
    made = duplicate(session, artist, artist.works.get(id))
    done, headers = Done(Deed.WORK_DUPLICATED, made.id, made.title), {"Location": f"/works/{made.id}"}
    place = f"/projects/{made.project_id}"
    return answer(request, lambda: WorkOut.of(made), status=201, location=place, headers=headers, done=done)


@router.post("/{id}/trash", status_code=201, response_model=WorkOut)
def trash(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Put a work into the trash; nothing of it is deleted."""
    work = artist.works.get(id)
    work.trash(artist)
    done = Done(Deed.WORK_TRASHED, id, work.title)
    return answer(request, lambda: WorkOut.of(work), status=201, location=f"/projects/{work.project_id}", done=done)


@router.delete("/{id}/trash", response_model=WorkOut)
def restore(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """Take a work back from the trash."""
    work = artist.works.get(id)
    work.restore(artist)
    return answer(request, lambda: WorkOut.of(work), location=f"/works/{id}", done=Done(Deed.WORK_RESTORED, id, work.title))
