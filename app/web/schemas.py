"""What programs get: one model a noun, made from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from app.brief import Brief, Prompt
from app.diff.authorship import By, shares, shown, spans_of, stored
from app.errors import filled
from app.media.facts import UNKNOWN, Checks, Facts
from app.media.medium import traits
from app.media.music.theory.telling import SMALL, describe_abc
from app.models import Act, Draft, Generation, Project, Revision, Work
from app.verbs.place import Place

Item = TypeVar("Item")
Row = TypeVar("Row", Act, Generation, Project, Work)
Damage = Annotated[
    list[str], Field(description="What in its row cannot be read, and is shown as far as it can; empty: nothing is wrong.")
]


class Listed(BaseModel, Generic[Item]):
    """A page of a list; `next` is the cursor of the following one, or null."""

    items: list[Item]
    next: str | None = None


def paged(found: Sequence[Row], limit: int) -> tuple[Sequence[Row], str | None]:
    """Of rows of which one more than `limit` was asked for: those of this page, and the cursor of the following one."""
    return found[:limit], str(found[limit - 1].id) if len(found) > limit else None


class ProjectOut(BaseModel):
    """A project."""

    id: UUID
    name: str
    created_at: datetime
    trashed_at: datetime | None
    damaged: Damage

    @classmethod
    def of(cls, project: Project) -> ProjectOut:
        """From its row."""
        plain = ("id", "name", "created_at", "trashed_at", "damaged")
        return cls(**{name: getattr(project, name) for name in plain})


class WorkOut(BaseModel):
    """A work."""

    id: UUID
    project: UUID
    title: str
    medium: str
    cover: UUID | None
    revisions: int
    created_at: datetime
    touched_at: datetime
    trashed_at: datetime | None
    damaged: Damage

    @classmethod
    def of(cls, work: Work) -> WorkOut:
        """From its row."""
        return cls(
            id=work.id,
            project=work.project_id,
            title=work.title,
            medium=work.medium,
            cover=work.cover_id,
            revisions=work.last_number,
            created_at=work.created_at,
            touched_at=work.touched_at,
            trashed_at=work.trashed_at,
            damaged=work.damaged,
        )


class PromptOut(BaseModel):
    """The brief as the engine reads it."""

    positive: str
    negative: str
    dropped: list[str]
    heard: list[tuple[str, str]] = Field(description="what the engine hears in the brief, by kind; several of one: left open")
    bridges: list[tuple[str, list[tuple[str, str]]]] = Field(description="what was asked, and what is heard in it")
    unread: int = Field(description="characters at the ends of long fields that this engine does not look at")
    note: str
    near: list[tuple[str, list[str]]] = Field(description="for words that are dropped: what the engine knows nearest to each")
    chosen_by: int | None = Field(description="the seed that chose among wildcards; null where there are none")
    fault: str = Field(description="what is wrong with the wildcards, so that nothing could be chosen")
    html: str = Field(description="all of that, as the page shows it")

    @classmethod
    def of(cls, prompt: Prompt, html: str) -> PromptOut:
        """From the value; `note`, `fault` and `html` are in the reader's language."""
        return cls.model_validate(asdict(prompt) | {"html": html})


class SpanOut(BaseModel):
    """Who put characters `start` to `end` (Unicode code points) of a text there: hand, engine, paste or import."""

    start: int
    end: int
    by: By


class DraftOut(BaseModel):
    """A draft, with everything that PUT takes back."""

    version: int
    brief: Brief
    engine: str | None
    params: dict[str, Any]
    base: UUID | None
    mask: UUID | None
    text: str | None
    origins: list[SpanOut] | None
    form: dict[str, Any] | None
    seed: int | None
    count: int
    updated_at: datetime
    prompt: PromptOut | None = None
    damaged: Damage

    @classmethod
    def of(cls, draft: Draft, prompt: PromptOut | None = None) -> DraftOut:
        """From its row; `prompt` is the brief as the chosen engine reads it."""
        return cls(
            version=draft.version,
            brief=draft.brief,
            engine=draft.engine,
            params=draft.params,
            base=draft.base_id,
            mask=draft.mask_id,
            text=draft.text,
            origins=shown(draft.origins),
            form=draft.form,
            seed=draft.seed,
            count=draft.count,
            updated_at=draft.updated_at,
            prompt=prompt,
            damaged=draft.damaged,
        )


class ParentOut(BaseModel):
    """An edge to where a revision came from."""

    revision: UUID
    role: str


class AssetOut(BaseModel):
    """What is known of a revision's bytes."""

    sha256: str
    raster: str | None  # of a drawing (SVG): the SHA-256 of its picture in pixels
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    duration: float | None


class CriterionOut(BaseModel):
    """A line of the brief's criteria, and how well a picture keeps to it: 0…1, null when the judge knows no word of it."""

    text: str
    adherence: float | None


class VerdictOut(BaseModel):
    """What a judge found: `adherence` is how surely the picture belongs to this brief rather than to another one, 0…1.

    0.5 says nothing; null: the brief says nothing that the judge knows.
    """

    judge: str
    version: str
    adherence: float | None
    criteria: list[CriterionOut]
    judged_at: datetime

    @classmethod
    def of(cls, revision: Revision) -> VerdictOut | None:
        """From a revision's row; None when no judge has seen it."""
        if (verdict := revision.verdict) is None:
            return None
        lines = zip(revision.brief.criteria, verdict.criteria, strict=False)
        return cls(
            judge=verdict.judge.title,
            version=verdict.judge.version,
            adherence=verdict.adherence,
            criteria=[CriterionOut(text=text, adherence=value) for text, value in lines],
            judged_at=verdict.judged_at,
        )


class SharedOut(BaseModel):
    """The longest run of notes that a tune shares with the house model's training, or with another tune of the artist's."""

    bars: float
    title: str


class ChecksOut(BaseModel):
    """What holds of a tune; `key` and `metre` tell whether it has those asked for, and are null where none was."""

    parses: bool
    bars_complete: bool
    key: bool | None
    metre: bool | None
    novelty: SharedOut

    @classmethod
    def of(cls, facts: Facts) -> ChecksOut:
        """From what a tune's revision keeps (app.lineage.tune_facts)."""
        checks = facts.checks or UNKNOWN
        shared = SharedOut(bars=facts.shared.bars, title=facts.shared.title)
        return cls(**{name: getattr(checks, name) for name in Checks.model_fields}, novelty=shared)


class RevisionOut(BaseModel):
    """A revision: what it is and how it came about."""

    id: UUID
    work: UUID
    number: int
    medium: str
    origin: str
    verb: str | None
    strength: str | None
    picked: bool
    parents: list[ParentOut]
    brief: Brief
    engine: str | None
    params: dict[str, Any]
    seed: int | None
    mask: UUID | None
    facts: dict[str, Any]
    asset: AssetOut | None
    text: str | None
    origins: list[SpanOut] | None
    shares: dict[str, float] | None
    place: Place | None
    form: dict[str, Any] | None
    checks: ChecksOut | None
    verdict: VerdictOut | None
    generation: UUID | None
    created_at: datetime
    created_by: UUID
    damaged: Damage

    @classmethod
    def of(cls, revision: Revision) -> RevisionOut:
        """From its row."""
        plain = ("id", "number", "origin", "verb", "strength", "picked", "brief", "engine", "params", "seed", "text")
        return cls(
            **{name: getattr(revision, name) for name in plain},
            mask=revision.mask_id,
            facts=revision.facts_data,
            work=revision.work_id,
            medium=revision.work.medium,
            parents=[ParentOut(revision=parent.parent_id, role=parent.role) for parent in revision.parents],
            asset=AssetOut.model_validate(revision.asset, from_attributes=True) if revision.asset else None,
            **_text_fields(revision),
            verdict=VerdictOut.of(revision),
            generation=revision.generation_id,
            created_at=revision.created_at,
            created_by=revision.created_by_id,
            damaged=revision.damaged,
        )


def _text_fields(revision: Revision) -> dict[str, Any]:
    """What a text has besides: who wrote it, where in its parent an engine wrote, and by which form; of a tune what holds."""
    none = dict.fromkeys(("origins", "shares", "place", "form", "checks"))
    if (made := revision.generation) is not None:
        none |= {"place": made.place or None, "form": made.form}
    if revision.text is None:
        return none
    if traits(revision.work.medium).notes:
        facts = revision.facts
        if facts.checks is None and len(revision.text) <= SMALL:  # of a row that an older version wrote
            facts = Facts.of(describe_abc(revision.text).facts)
        return none | {"checks": ChecksOut.of(facts) if facts.checks else None}
    spans = spans_of(revision.text, revision.origins)
    return none | {"origins": shown(stored(spans)), "shares": shares(revision.text, spans)}


class GenerationOut(BaseModel):
    """A generation and, when it is done, its variants."""

    id: UUID
    work: UUID
    status: str
    verb: str
    strength: str | None
    parents: list[ParentOut]
    brief: Brief
    engine: str
    handed: dict[str, str] | None = Field(description="of a picture: `instead` of which engine it takes this, and `why`")
    params: dict[str, Any]
    seed: int
    count: int
    place: Place | None
    mask: UUID | None
    form: dict[str, Any] | None
    stopped: list[int]
    attempt: int
    step: int | None
    steps: int | None
    position: int | None
    error: dict[str, Any] | None
    variants: list[RevisionOut]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    damaged: Damage

    @classmethod
    def of(cls, generation: Generation, step: int | None = None, steps: int | None = None) -> GenerationOut:
        """From its row; `step` of `steps` from the queue's stream while it runs."""
        wish = ("verb", "strength", "brief", "engine", "handed", "params", "seed", "count", "form")
        plain = ("id", "status", *wish, "stopped", "attempt", "position", "damaged")
        error = generation.error
        if error:
            error = {"code": error["code"], "message": filled(error["title"], error["details"])}
        return cls(
            **{name: getattr(generation, name) for name in plain},
            place=generation.place or None,
            mask=generation.mask_id,
            work=generation.work_id,
            parents=[ParentOut(revision=parent.revision_id, role=parent.role) for parent in generation.parents],
            step=step,
            steps=steps,
            error=error,
            variants=[RevisionOut.of(variant) for variant in generation.variants],
            created_at=generation.created_at,
            started_at=generation.started_at,
            finished_at=generation.finished_at,
        )
