"""How a wish becomes a generation: what is missing is taken from the draft or the parent, and all of it is checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.brief import Brief
from app.engines.engine import Engine, Verb
from app.errors import ConflictError, InvalidError, QueueFullError, _
from app.media.medium import traits
from app.models.artist import Artist
from app.models.draft import Draft, draft_of
from app.models.edge import Role
from app.models.generation import Generation, GenerationParent
from app.models.revision import Revision
from app.models.work import Work
from app.requests.engine_choice import Best, Choosing, check_params
from app.requests.engine_request import kind_of
from app.requests.music import FROM_MUSIC, ONE_RESULT, check_music, check_one, not_music, place_in_music
from app.requests.request import Asked
from app.requests.text import CANDIDATES, FROM_BENCH, FROM_TEXT, check_parents, form_wanted, left_out, place_of
from app.verbs.place import Place

FROM_DRAFT = {"create", "refine", *FROM_BENCH}  # the others take what is missing from their parent
FINISHED = {"pace": "full"}  # what changes in a sketch's parameters
ALONE = {"vectorise"}  # its own engine, its own parameters, and one result: chance has no part
FROM_PICTURE = {"vary", "vectorise"}  # a picture is enough, without a word
NEEDS_PARENT = {"finish", "vary", "refine", "reroll", "vectorise"}
DRAWING = "image/svg+xml"
WISH = ("work_id", "artist_id", "verb", "strength", "brief_data", "engine", "params", "seed", "count", "place_data", "form")
KEYS = ("stopped", "idempotency_key", "idempotency_digest")


class Asking:
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

    def wish(self, asked: Asked, *, key: str | None = None, limit: int = 200) -> Generation | None:
        """What `keep` will put into the queue, looked at from all sides: this may take a second, so it needs no more than a
        session for reads. None when there is one of the same `key` already.

        Raises InvalidError, NotFoundError (a parent that is not the artist's), QueueFullError, ConflictError (the key with
        another body, a work in the trash).
        """
        if self._known(key, asked) is not None:
            return None
        self._check_room(limit)
        return self._generation(asked, self._parents(asked), key)

    def keep(self, asked: Asked, wish: Generation | None = None, *, key: str | None = None, limit: int = 200) -> Generation:
        """A queued generation made of `wish` (or, without one, looked at now), in a session that writes; the same `key`
        gives the same one. Raises as `wish`.
        """
        known = self._known(key, asked)
        if known is not None:
            return known
        self._check_room(limit)
        wish = wish or self._generation(asked, self._parents(asked), key)
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
        return generation

    def _check_room(self, limit: int) -> None:
        if self.work.trashed:
            raise ConflictError(_("This work is in the trash. Restore it first."))
        waiting = self.artist.generations.waiting()
        if waiting >= limit:
            raise QueueFullError(waiting=waiting)

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
        check = check_music if traits(self.work.medium).notes else check_parents
        check(asked.verb, _starts(found))
        if asked.verb == Role.VECTORISE:
            _check_traceable(asked, next(revision for revision, role in found if role != Role.INSPIRE))
        return found

    def _generation(self, asked: Asked, parents: list[tuple[Revision, Role]], key: str | None) -> Generation:
        source, starts = self._source(asked, parents), _starts(parents)
        brief = asked.brief if asked.brief is not None else source.brief
        if brief.empty and not _enough(asked.verb, starts):
            raise InvalidError("brief.intent", traits(self.work.medium).empty)
        if asked.strength is not None and (asked.verb != "vary" or asked.strength not in {"subtle", "strong"}):
            raise InvalidError("strength", _("only for vary: subtle or strong"))
        place, unread = self._place(asked, starts), left_out(asked, self.work.medium)
        if unread:
            place = place.model_copy(update={"leave_out": unread})
        draft = source if isinstance(source, Draft) else draft_of(self.session, self.work, self.artist)
        form = form_wanted(asked, self.work.medium, asked.verb, draft, starts)
        engine = self._engine(asked, source, brief, starts)
        params = self._params(asked, source, engine)
        engine.check(Verb(asked.verb), brief, engine.Params.model_validate(params))
        return Generation(
            work_id=self.work.id,
            artist_id=self.artist.id,
            verb=asked.verb,
            strength=(asked.strength or "subtle") if asked.verb == "vary" else None,
            brief_data=brief.model_dump(),
            engine=engine.name,
            params=params,
            seed=self._seed(asked, source),
            count=_count(asked, source),
            place_data=place.stored(),
            form=form,
            stopped=[],
            idempotency_key=key,
            idempotency_digest=asked.digest() if key else None,
            parents=[
                GenerationParent(revision=revision, role=role, position=at) for at, (revision, role) in enumerate(parents)
            ],
        )

    def _engine(self, asked: Asked, source: Draft | Revision, brief: Brief, starts: Sequence[Revision]) -> Engine:
        """What is asked for, the draft's, the parent's, or the best; a drawing has its own."""
        texts = [*(one.text for one in starts if one.text), *([asked.instruction] if asked.instruction else [])]
        kinds = [kind for one in starts if (kind := kind_of(one))]
        choosing = Choosing(self.engines, self.best, self.work.medium, asked.verb, brief, texts, kinds)
        # A picture's engine is its parent's own, or it is said why not; a text's or a tune's may be of a hand, which has none.
        chosen = isinstance(source, Draft) or traits(self.work.medium).written is None
        return choosing.choose(asked.engine, None if asked.verb in ALONE else source.engine, chosen=chosen)

    def _place(self, asked: Asked, starts: Sequence[Revision]) -> Place:
        if traits(self.work.medium).notes:
            check_one(asked)
            return place_in_music(asked, starts)
        not_music(asked)
        return place_of(asked.verb, asked, starts)

    def _params(self, asked: Asked, source: Draft | Revision, engine: Engine) -> dict[str, Any]:
        """What is asked for over the source's: they go with an engine, so another engine's are left behind."""
        wanted = asked.params if asked.params is not None else {} if asked.verb in ALONE else source.params
        if asked.verb == Role.FINISH:
            wanted = {**wanted, **FINISHED}
        return check_params(engine, wanted, lenient=asked.params is None)

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


def _starts(parents: Sequence[tuple[Revision, Role]]) -> list[Revision]:
    """The parents that the result comes from; the others only inspire."""
    return [revision for revision, role in parents if role != Role.INSPIRE]


def _enough(verb: str, starts: Sequence[Revision]) -> bool:
    """True when the verb needs no word of a brief: there is a picture, or a text, to start from."""
    first = starts[0] if starts else None
    if first is None:
        return False
    if traits(first.work.medium).notes:
        return verb in FROM_MUSIC
    return (verb in FROM_PICTURE and first.asset is not None) or (verb in FROM_TEXT and bool(first.text))


def _count(asked: Asked, source: Draft | Revision) -> int:
    """How many variants: what is asked for, what the verb makes, or what the draft says."""
    if asked.count is not None:
        return asked.count
    if asked.verb == Role.FINISH or asked.verb in ALONE | ONE_RESULT:
        return 1
    if asked.verb == Role.LINE:
        return CANDIDATES
    return source.count if isinstance(source, Draft) else 4


def _check_traceable(asked: Asked, parent: Revision) -> None:
    """Raises InvalidError when `parent` holds no pixels, or when more than the one drawing is wanted."""
    if parent.asset is None:
        raise InvalidError("parents", _("This revision has no picture."))
    if parent.asset.media_type == DRAWING:
        raise InvalidError("parents", _("this is a drawing already; start from the picture it came from"))
    if asked.count not in {None, 1}:
        raise InvalidError("count", _("a picture has one drawing: 1"))
