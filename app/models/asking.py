"""How a wish becomes a generation: what is missing is taken from the draft or the parent, and all of it is checked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.brief import Brief
from app.errors import ConflictError, InvalidError, QueueFullError, _
from app.models.artist import Artist
from app.models.draft import Draft, draft_of
from app.models.generation import Generation, GenerationParent
from app.models.parent import Role
from app.models.revision import Revision
from app.models.work import Work

MAX_SEED = 2**53 - 1  # the largest whole number that JSON carries safely (RFC 8259, 6)
MAX_COUNT = 8
FROM_DRAFT = {"create", "refine"}  # the others take what is missing from their parent
FINISHED = {"pace": "full"}  # what changes in a sketch's parameters
FROM_PICTURE = {"vary", "vectorise"}  # a picture is enough, without a word
NEEDS_PARENT = {"finish", "vary", "refine", "reroll", "vectorise"}
DRAWING = "image/svg+xml"


class AnEngine(Protocol):
    """What is asked of an engine here (app.engines.engine.Engine is one)."""

    name: str
    medium: Any
    verbs: Any
    Params: Any

    def unready(self) -> str | None:
        """Why it cannot run, or None."""


class AskedParent(BaseModel):
    """A revision to start from; the role is the verb's unless it inspires."""

    model_config = ConfigDict(extra="forbid")
    revision: UUID
    role: Role | None = None


class Asked(BaseModel):
    """The body of a request for a generation."""

    model_config = ConfigDict(extra="ignore")  # a form sends its version and other fields along

    verb: str = Field("create", max_length=40)
    parents: list[AskedParent] = Field(default_factory=list, max_length=8)
    brief: Brief | None = None
    engine: str | None = Field(None, max_length=40)
    params: dict[str, Any] | None = None
    count: int | None = Field(None, ge=1, le=MAX_COUNT)
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    strength: str | None = None

    @field_validator("engine", "seed", "count", "strength", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        """An empty form field says nothing."""
        return None if value == "" else value

    def digest(self) -> str:
        """What makes two requests the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Asking:
    """One wish of one artist for one work. `best` picks the engine when none is named."""

    def __init__(
        self,
        session: Session,
        artist: Artist,
        work: Work,
        engines: Mapping[str, AnEngine],
        best: Callable[[str, str, Brief], AnEngine],
    ) -> None:
        self.session, self.artist, self.work, self.engines, self.best = session, artist, work, engines, best

    def ask(self, asked: Asked, *, key: str | None = None, limit: int = 200) -> Generation:
        """A queued generation; the same `key` gives the same one.

        Raises InvalidError, NotFoundError (a parent that is not the artist's), QueueFullError, ConflictError (the key with
        another body, a work in the trash).
        """
        known = self._known(key, asked)
        if known is not None:
            return known
        if self.work.trashed:
            raise ConflictError(_("This work is in the trash. Restore it first."))
        waiting = self.artist.generations.waiting()
        if waiting >= limit:
            raise QueueFullError(waiting=waiting)
        parents = self._parents(asked)
        generation = self._generation(asked, parents, key)
        self.session.add(generation)
        try:
            self.session.flush()
        except IntegrityError:  # the same key in the same instant: the other request won
            self.session.rollback()
            known = self._known(key, asked)
            if known is None:
                raise
            return known
        return generation

    def _known(self, key: str | None, asked: Asked) -> Generation | None:
        known = self.artist.generations.by_key(key) if key else None
        if known is not None and (known.idempotency_digest != asked.digest() or known.work_id != self.work.id):
            raise ConflictError(_("This Idempotency-Key was used for another request."))
        return known

    def _parents(self, asked: Asked) -> list[tuple[Revision, Role]]:
        found = []
        for at, parent in enumerate(asked.parents):
            field = f"parents.{at}"
            role = parent.role or (Role(asked.verb) if asked.verb in list(Role) else Role.INSPIRE)
            revision = self.artist.revisions.get(parent.revision)
            if role not in {asked.verb, Role.INSPIRE}:
                raise InvalidError(f"{field}.role", _("allowed here: %(roles)s"), roles=f"{asked.verb}, inspire")
            if role != Role.INSPIRE and revision.work.medium != self.work.medium:
                raise InvalidError(f"{field}.role", _("another medium can only inspire"))
            if (revision, role) in found:
                raise InvalidError(field, _("is named twice"))
            found.append((revision, role))
        if asked.verb in NEEDS_PARENT and sum(role != Role.INSPIRE for _revision, role in found) != 1:
            raise InvalidError("parents", _("%(verb)s starts from exactly one revision"), verb=asked.verb)
        if asked.verb == Role.FINISH and any(role == Role.FINISH and not revision.sketch for revision, role in found):
            raise InvalidError("parents", _("only a sketch can be finished"))
        if asked.verb == Role.VECTORISE:
            _check_traceable(asked, next(revision for revision, role in found if role != Role.INSPIRE))
        return found

    def _generation(self, asked: Asked, parents: list[tuple[Revision, Role]], key: str | None) -> Generation:
        source = self._source(asked, parents)
        brief = asked.brief if asked.brief is not None else source.brief
        first = next((revision for revision, role in parents if role != Role.INSPIRE), None)
        if brief.empty and not (asked.verb in FROM_PICTURE and first is not None and first.asset is not None):
            raise InvalidError("brief.intent", _("say what you want to see: the brief is empty"))
        alone = asked.verb == Role.VECTORISE  # its own engine, its own parameters, and one result: chance has no part
        engine = self._engine(asked, None if alone else source.engine, brief)
        if asked.strength is not None and (asked.verb != "vary" or asked.strength not in {"subtle", "strong"}):
            raise InvalidError("strength", _("only for vary: subtle or strong"))
        wanted = asked.params if asked.params is not None else {} if alone else source.params
        if asked.verb == Role.FINISH:
            wanted = {**wanted, **FINISHED}
        return Generation(
            work_id=self.work.id,
            artist_id=self.artist.id,
            verb=asked.verb,
            strength=(asked.strength or "subtle") if asked.verb == "vary" else None,
            brief_data=brief.model_dump(),
            engine=engine.name,
            params=check_params(engine, wanted, lenient=asked.params is None),
            seed=self._seed(asked, source),
            count=asked.count
            or (1 if asked.verb == Role.FINISH else source.count if isinstance(source, Draft) else 1 if alone else 4),
            priority=self.artist.generations.turn(),
            idempotency_key=key,
            idempotency_digest=asked.digest() if key else None,
            parents=[
                GenerationParent(revision=revision, role=role, position=at) for at, (revision, role) in enumerate(parents)
            ],
        )

    def _seed(self, asked: Asked, source: Draft | Revision) -> int:
        """What is asked for, or the draft's locked one; a sketch is finished from its own; otherwise a new one."""
        kept = source.seed if isinstance(source, Draft) or asked.verb == Role.FINISH else None
        seed = asked.seed if asked.seed is not None else kept
        return seed if seed is not None else secrets.randbelow(2**32)

    def _source(self, asked: Asked, parents: list[tuple[Revision, Role]]) -> Draft | Revision:
        """Where missing fields come from: the draft, or the parent, so an edited brief never leaks into a variation."""
        if asked.verb in FROM_DRAFT or not parents:
            return draft_of(self.session, self.work, self.artist)
        return next(revision for revision, role in parents if role != Role.INSPIRE).painted

    def _engine(self, asked: Asked, fallback: str | None, brief: Brief) -> AnEngine:
        name = asked.engine or fallback
        if name is not None and name not in self.engines and asked.engine is None:
            name = None  # the parent's engine is gone from this studio: the best one takes over
        engine = self.engines.get(name) if name else None
        able = {e.name for e in self.engines.values() if asked.verb in e.verbs}
        if not any(asked.verb in e.verbs for e in self.engines.values()):
            verbs = sorted({str(verb) for e in self.engines.values() for verb in e.verbs})
            raise InvalidError("verb", _("allowed here: %(verbs)s"), verbs=", ".join(verbs))
        if name and (engine is None or engine.medium != self.work.medium):
            names = [e.name for e in self.engines.values() if e.medium == self.work.medium]
            raise InvalidError("engine", _("allowed here: %(names)s"), names=", ".join(names) or "–")
        if engine is not None and engine.name not in able:
            raise InvalidError(
                "verb", _("this engine cannot do that; it can: %(verbs)s"), verbs=", ".join(sorted(engine.verbs))
            )
        return engine or self.best(self.work.medium, asked.verb, brief)


def _check_traceable(asked: Asked, parent: Revision) -> None:
    """Raises InvalidError when `parent` holds no pixels, or when more than the one drawing is wanted."""
    if parent.asset is None:
        raise InvalidError("parents", _("This revision has no picture."))
    if parent.asset.media_type == DRAWING:
        raise InvalidError("parents", _("this is a drawing already; start from the picture it came from"))
    if asked.count not in {None, 1}:
        raise InvalidError("count", _("a picture has one drawing: 1"))


def check_params(engine: AnEngine, wanted: Mapping[str, Any], *, lenient: bool = False) -> dict[str, Any]:
    """`wanted` over the engine's defaults. `lenient` drops what the engine does not know (another engine's, an older
    version's). Raises InvalidError with the first field that is wrong.
    """
    given = {
        name: value for name, value in wanted.items() if value != "" and (not lenient or name in engine.Params.model_fields)
    }
    try:
        return dict(engine.Params.model_validate(given).model_dump(mode="json"))
    except ValidationError as error:
        if lenient:
            return dict(engine.Params().model_dump(mode="json"))
        first = error.errors()[0]
        field = ".".join(str(part) for part in ("params", *first["loc"]))
        raise InvalidError(field, "%(said)s", said=first["msg"]) from error
