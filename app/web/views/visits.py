"""What a visitor is told: of works and revisions what is seen of them, and of how one came about what was asked and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.brief import Brief
from app.engines.engine import Engine
from app.models.revision import Revision
from app.models.work import Work
from app.web.views.how_made import Asked, asked, drawn


@dataclass(frozen=True, slots=True)
class Recipe:
    """Brief, engine (its title: a message id), what was set of it, seed, whose drawings are in it, by whom and when."""

    brief: Brief
    engine: str
    asked: list[Asked]
    params: Mapping[str, Any]
    seed: int | None
    drawn: list[tuple[str, str]]
    by: str
    at: datetime

    def as_data(self) -> dict[str, Any]:
        """For a program."""
        return {
            "brief": self.brief.model_dump(mode="json"),
            "engine": self.engine,
            "params": dict(self.params),
            "seed": self.seed,
            "drawings": [{"name": name, "source": source} for name, source in self.drawn],
            "by": self.by,
            "at": self.at.isoformat(),
        }


def recipe_of(revision: Revision, engines: Mapping[str, Engine]) -> Recipe:
    """Of a revision; an engine that is not here goes by its name."""
    engine = engines.get(revision.engine or "")
    return Recipe(
        brief=revision.brief,
        engine=engine.title if engine else revision.engine or "",
        asked=asked(engine, revision.params),
        params=revision.params,
        seed=revision.seed,
        drawn=drawn(revision.facts_data),
        by=revision.created_by.name,
        at=revision.created_at,
    )


class VisitOut(BaseModel):
    """A visit: under `/visits/{id}` is what the link shows. `password`: one is wanted first."""

    id: UUID | None
    password: bool


class SeenWork(BaseModel):
    """A work as a visitor sees it."""

    id: UUID
    title: str
    medium: str

    @classmethod
    def of(cls, work: Work) -> SeenWork:
        """From its row."""
        return cls(id=work.id, title=work.title, medium=str(work.medium))


class SeenRevision(BaseModel):
    """A revision as a visitor sees it; `recipe` where the link tells it."""

    id: UUID
    number: int
    text: str | None
    recipe: dict[str, Any] | None

    @classmethod
    def of(cls, revision: Revision, recipe: Recipe | None) -> SeenRevision:
        """From its row."""
        told = recipe.as_data() if recipe else None
        return cls(id=revision.id, number=revision.number, text=revision.text, recipe=told)


class WorksOut(BaseModel):
    """What a link shows: its works, the newest first."""

    title: str
    works: list[SeenWork]


class RevisionsOut(BaseModel):
    """What is seen of a work, the latest first."""

    title: str
    revisions: list[SeenRevision]
