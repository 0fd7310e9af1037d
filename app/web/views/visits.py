"""What a visitor is told of how a revision came about: what was asked and of whom, without where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.brief import Brief
from app.engines.engine import Engine
from app.models.revision import Revision
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
