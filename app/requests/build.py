"""How a wish becomes a generation: what is missing is taken from the draft or the parent, and all of it is checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.brief import Brief, Medium
from app.engines.engine import Engine
from app.errors import ConflictError, InvalidError, QueueFullError, _
from app.media.medium import traits
from app.models.act import ActKind
from app.models.artist import Artist
from app.models.draft import Draft, draft_of
from app.models.generation import Generation, GenerationParent
from app.models.membership import Right
from app.models.revision import Revision
from app.models.work import Work
from app.requests.engine_choice import Best, EngineChoice, check_params
from app.requests.engine_request import kinds_of
from app.requests.form import form_wanted
from app.requests.mask import mask_wanted
from app.requests.own_style import check_style
from app.requests.place import place_of
from app.requests.request import GenerationRequest
from app.requests.starts import check_parts, check_starts, enough
from app.requests.wildcards import as_written, choosing_for
from app.verbs.rule import Strength
from app.verbs.verb import Verb, verbs_in

FINISHED = {"pace": "full"}  # what changes in a sketch's parameters
WISH = (
    *("work_id", "artist_id", "verb", "strength", "brief_data", "chosen", "presets", "engine", "handed", "params"),
    *("seed", "count", "place_data", "form", "mask_id"),
)
KEYS = ("stopped", "idempotency_key", "idempotency_digest")


class RequestBuilder:
    """One wish of one artist for one work. `best` picks the engine when none is named."""

    def __init__(
        self,
        session: Session,
        artist: Artist,
        work: Work,
        engines: Mapping[str, Engine],
        best: Best,
    ) -> None:
        self.session, self.artist, self.work, self.engines, self.best = session, artist, work, engines, best

    def wish(self, asked: GenerationRequest, *, key: str | None = None, limit: int = 200) -> Generation | None:
        """What `keep` will put into the queue, looked at from all sides: this may take a second, so it needs no more than a
        session for reads. None when there is one of the same `key` already.

        Raises InvalidError, NotFoundError (a parent that is not the artist's), QueueFullError, ConflictError (the key with
        another body, a work in the trash).
        """
        if self._known(key, asked) is not None:
            return None
        self._check_room(limit)
        return self._generation(asked, key)

    def keep(
        self, asked: GenerationRequest, wish: Generation | None = None, *, key: str | None = None, limit: int = 200
    ) -> Generation:
        """A queued generation made of `wish` (or, without one, looked at now), in a session that writes; the same `key`
        gives the same one. Raises as `wish`.
        """
        known = self._known(key, asked)
        if known is not None:
            return known
        self._check_room(limit)
        wish = wish or self._generation(asked, key)
        parents = [GenerationParent(revision_id=one.revision.id, role=one.role, position=one.position) for one in wish.parents]
        generation = Generation(**{name: getattr(wish, name) for name in WISH + KEYS}, parents=parents)
        generation.priority = self.artist.generations.turn(self.engines[wish.engine].lane(wish.params))
        try:
            with self.session.begin_nested():
                self.session.add(generation)
        except IntegrityError:  # the same key in the same instant: the other request won
            known = self._known(key, asked)
            if known is None:
                raise
            return known
        said = {"verb": str(generation.verb), "engine": generation.engine, "count": generation.count}
        generation.record(ActKind.ASKED, self.artist, **said)
        return generation

    def _check_room(self, limit: int) -> None:
        self.work.insist_on_place()
        waiting = self.artist.generations.waiting()
        if waiting >= limit:
            raise QueueFullError(waiting=waiting)

    def _known(self, key: str | None, asked: GenerationRequest) -> Generation | None:
        known = self.artist.generations.by_key(key) if key else None
        if known is not None and (known.idempotency_digest != asked.digest() or known.work_id != self.work.id):
            raise ConflictError(_("This Idempotency-Key was used for another request."))
        return known

    def _verb(self, asked: GenerationRequest) -> Verb:
        able = verbs_in(Medium(self.work.medium))
        if asked.verb not in able:
            raise InvalidError("verb", _("allowed here: %(verbs)s"), verbs=", ".join(sorted(able)))
        return Verb(asked.verb)

    def _parents(self, asked: GenerationRequest, verb: Verb) -> list[tuple[Revision, Verb]]:
        """What it comes from and as what: first what `verb` starts from, in the order of its row, then what inspires."""
        found = []
        own = [Verb(part) for part in verb.rule.parts] or ([verb] if verb.rule.sources else [])
        allowed = [*own, Verb.INSPIRE]
        for at, parent in enumerate(asked.parents):
            field = f"parents.{at}"
            role = parent.role or (allowed[min(at, len(own))] if verb.rule.parts else allowed[0])
            revision = self.artist.revisions.get(parent.revision, to=Right.SEE)
            if role not in allowed:
                raise InvalidError(f"{field}.role", _("allowed here: %(roles)s"), roles=", ".join(allowed))
            if role != Verb.INSPIRE and revision.work.medium != self.work.medium:
                raise InvalidError(f"{field}.role", _("another medium can only inspire"))
            if (revision, role) in found:
                raise InvalidError(field, _("is named twice"))
            if revision.work.trashed and revision.work_id != self.work.id:
                raise InvalidError(field, _("this is in the trash: restore it first"))
            found.append((revision, role))
        if verb.rule.parts:
            check_parts(verb, [role for _revision, role in found if role != Verb.INSPIRE])
            found.sort(key=lambda one: allowed.index(one[1]))
        check_starts(verb, Medium(self.work.medium), _starts(found))
        return found

    def _generation(self, asked: GenerationRequest, key: str | None) -> Generation:
        verb = self._verb(asked)
        parents = self._parents(asked, verb)
        starts = _starts(parents)
        source = self._source(verb, starts)
        brief = asked.brief if asked.brief is not None else source.brief
        seed, count = _seed(asked, verb, source), _count(asked, verb, source)
        fresh = asked.brief is not None or isinstance(source, Draft)  # a parent's was resolved before
        read = self._chosen(brief, verb, range(seed, seed + count)) if fresh and as_written(brief) else [brief]
        _check_words(read, verb, starts, self.work.medium)
        place = place_of(asked, verb, Medium(self.work.medium), starts[0] if starts else None)
        mask = mask_wanted(asked, verb, self.artist, starts)
        draft = source if isinstance(source, Draft) else draft_of(self.session, self.work, self.artist)
        form = form_wanted(asked, self.work.medium, verb, draft, starts)
        choosing, engine = self._engine(asked, verb, source, read, starts)
        params = _params(asked, verb, source, engine, choosing.first)
        check_style(self.artist, self.work, params)
        for one in read:
            engine.check(verb, one, engine.Params.model_validate(params))
        return Generation(
            work_id=self.work.id,
            artist_id=self.artist.id,
            verb=str(verb),
            strength=_strength(asked, verb),
            brief_data=brief.model_dump(),
            chosen=[one.model_dump() for one in read] if read != [brief] else None,
            presets=self.artist.presets.standing_in(self.work.project_id, brief) or None,
            engine=engine.name,
            params=params,
            seed=seed,
            count=count,
            place_data=place.stored(),
            handed=choosing.handed._asdict() if choosing.handed else None,
            form=form,
            mask_id=mask.id if mask else None,
            stopped=[],
            idempotency_key=key,
            idempotency_digest=asked.digest() if key else None,
            parents=[GenerationParent(revision=one, role=role, position=at) for at, (one, role) in enumerate(parents)],
        )

    def _chosen(self, brief: Brief, verb: Verb, seeds: Sequence[int]) -> list[Brief]:
        """What each variant of `brief` is made from: its seed chooses. Candidates that are ranked together share one."""
        choosing = choosing_for(self.artist, self.work.project_id)
        return [choosing.brief(brief, seeds[0] if verb is Verb.LINE else seed) for seed in seeds]

    def _engine(
        self, asked: GenerationRequest, verb: Verb, source: Draft | Revision, briefs: list[Brief], starts: Sequence[Revision]
    ) -> tuple[EngineChoice, Engine]:
        """What is asked for, the draft's, the parent's, or the best; a drawing has its own. With how it was chosen.

        One that is chosen for a brief must take the others as well: the first such, else it is said what none can do.
        """
        texts = [*(one.text for one in starts if one.text), *([asked.instruction] if asked.instruction else [])]
        kinds = [kind for one in starts for kind in kinds_of(one)]
        # A picture's engine is its parent's own, or it is said why not; a text's or a tune's may be of a hand, which has none.
        chosen = isinstance(source, Draft) or traits(self.work.medium).written is None
        for brief in briefs:
            choosing = EngineChoice(self.engines, self.best, self.work.medium, verb, brief, texts, kinds)
            engine = choosing.choose(asked.engine, None if verb.rule.own_engine else source.engine, chosen=chosen)
            refused = [reason for one in briefs if (reason := engine.refusal(verb, one, texts, kinds))]
            if not refused:
                return choosing, engine
        raise InvalidError("engine", refused[0])

    def _source(self, verb: Verb, starts: Sequence[Revision]) -> Draft | Revision:
        """Where missing fields come from: the draft, or the parent, so an edited brief never leaks into a variation."""
        return draft_of(self.session, self.work, self.artist) if verb.rule.draft else starts[0].painted


def _starts(parents: Sequence[tuple[Revision, Verb]]) -> list[Revision]:
    """The parents that the result comes from; the others only inspire."""
    return [revision for revision, role in parents if role != Verb.INSPIRE]


def _check_words(briefs: Sequence[Brief], verb: Verb, starts: Sequence[Revision], medium: str) -> None:
    """Raises InvalidError where there is nothing to guide an engine."""
    if any(one.empty for one in briefs) and not enough(verb, starts):
        if verb.rule.parts:
            raise InvalidError("parents", _("the revision for the prompt has no words: choose another one, or give a brief"))
        raise InvalidError("brief.intent", traits(medium).empty)


def _strength(asked: GenerationRequest, verb: Verb) -> str | None:
    varies = "strength" in verb.rule.takes
    if asked.strength is not None and not (varies and asked.strength in list(Strength)):
        raise InvalidError("strength", _("only for vary: subtle or strong"))
    return (asked.strength or str(Strength.SUBTLE)) if varies else None


def _params(
    asked: GenerationRequest, verb: Verb, source: Draft | Revision, engine: Engine, first: Engine | None
) -> dict[str, Any]:
    """What is asked for over the source's: they go with an engine (the `first` where none is named), so another engine's are
    left behind.
    """
    wanted = asked.params if asked.params is not None else {} if verb.rule.own_engine else source.params
    if verb.rule.sketch:
        wanted = {**wanted, **FINISHED}
    meant = engine if verb.rule.own_engine else first or engine  # whose they are where none is named
    handed_over = engine.name != (asked.engine or meant.name)
    return check_params(engine, wanted, lenient=asked.params is None or handed_over)


def _seed(asked: GenerationRequest, verb: Verb, source: Draft | Revision) -> int:
    """What is asked for, or the draft's locked one; a sketch is finished from its own; otherwise a new one."""
    kept = source.seed if isinstance(source, Draft) or verb.rule.sketch else None
    seed = asked.seed if asked.seed is not None else kept
    return seed if seed is not None else secrets.randbelow(2**32)


def _count(asked: GenerationRequest, verb: Verb, source: Draft | Revision) -> int:
    """How many variants: what is asked for, what the verb makes, or what the draft says. Raises InvalidError."""
    if verb.rule.single and asked.count not in {None, 1}:
        raise InvalidError("count", _("%(verb)s has one result: 1"), verb=verb)
    if (count := asked.count or verb.rule.count) is not None:
        return count
    return source.count if isinstance(source, Draft) else 4
