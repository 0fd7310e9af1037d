"""Which engine takes a wish, and whether its parameters fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from app.brief import Brief
from app.engines.engine import NEVER, Engine
from app.errors import InvalidError, _
from app.gate import invalid
from app.media.medium import traits
from app.verbs.verb import Verb


class Best(Protocol):
    """Picks the engine when none is named (app.engines.catalog.best)."""

    def __call__(self, medium: str, verb: str, brief: Brief, texts: Sequence[str] = (), kinds: Sequence[str] = (), /) -> Engine:
        """Raises a StemmaError that says what each lacks when there is none."""


class HandedOver(NamedTuple):
    """Which engine would have been taken, what the one that takes the wish is called, and why (message ids)."""

    instead: str
    title: str
    why: str


class EngineChoice:
    """Picks among `engines` for one wish: `verb` in `medium` for `brief`, starting from `texts`, or from what is of these
    `kinds` (media types).
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        best: Best,
        medium: str,
        verb: Verb,
        brief: Brief,
        texts: Sequence[str],
        kinds: Sequence[str] = (),
    ) -> None:
        self.engines, self.best = engines, best
        self.medium, self.verb, self.brief, self.texts, self.kinds = medium, verb, brief, texts, kinds
        self.handed: HandedOver | None = None  # of a picture, once `choose` has found another engine than the first choice

    def choose(self, wanted: str | None, fallback: str | None, *, chosen: bool) -> Engine:
        """The engine called `wanted`, else `fallback` (which the artist has `chosen`, or the parent's), else the best.

        A parent's engine that is gone, or that cannot do this, gives way; one that the artist chose is told about, unless all
        that it lacks is a picture that it can go on from: then it hands over.
        Raises InvalidError naming those that can.
        """
        ours = [engine for engine in self.engines.values() if engine.medium == self.medium]
        if ours and not any(self.verb in engine.verbs for engine in ours):
            if traits(self.medium).worded:
                self.best(self.medium, self.verb, self.brief, self.texts, self.kinds)  # says who could
            verbs = sorted({str(verb) for engine in ours for verb in engine.verbs})
            raise InvalidError("verb", _("allowed here: %(verbs)s"), verbs=", ".join(verbs))
        name = wanted or (fallback if fallback in self.engines else None)
        if name is None:
            return self._best(self.first)
        engine = self.engines.get(name)
        if engine is None or engine.medium != self.medium:
            names = [e.name for e in self.engines.values() if e.medium == self.medium]
            raise InvalidError("engine", _("allowed here: %(names)s"), names=", ".join(names) or "–")
        if self._can(engine):
            return engine
        if (wanted is None and not chosen) or self._hands_over(engine):
            return self._best(engine)
        raise self._unable(engine)

    @property
    def first(self) -> Engine | None:
        """The engine of pictures that a bench shows when the artist chose none (app.web.routes.works): what is told of its
        parameters may be meant for it. None for texts and tunes, whose engine goes by their words.
        """
        if traits(self.medium).written is not None:
            return None
        painters = [one for one in self.engines.values() if one.medium == self.medium and Verb.CREATE in one.verbs]
        ready = [one for one in painters if one.unready() is None]
        return max(ready, key=lambda one: one.standing, default=None)

    def _best(self, instead: Engine | None) -> Engine:
        """The best; of a picture it is noted if the engine that would have been taken cannot do it, and why."""
        engine = self.best(self.medium, self.verb, self.brief, self.texts, self.kinds)
        if instead is not None and instead is not engine and self.first is not None and self.verb in instead.verbs:
            why = instead.refusal(self.verb, self.brief, self.texts, self.kinds)
            self.handed = HandedOver(instead.name, engine.title, why) if why else None
        return engine

    def _can(self, engine: Engine) -> bool:
        able = engine.medium == self.medium and self.verb in engine.verbs
        return able and engine.refusal(self.verb, self.brief, self.texts, self.kinds) is None

    def _hands_over(self, engine: Engine) -> bool:
        """Whether another engine can do it, and this one could do all of it to another picture than the one there is, or
        need not be able to by the verb's rule.

        Only for pictures: what is written (a text, a tune) is told about, as is a recording where notes are wanted.
        """
        others = [one for one in self.engines.values() if one.standing > NEVER and self._can(one)]
        if self.verb not in engine.verbs:
            return self.verb.rule.any_engine and bool(others)
        if traits(self.medium).written is not None or not self.kinds:
            return False
        return bool(others) and engine.refusal(self.verb, self.brief, self.texts) is None

    def _unable(self, engine: Engine) -> InvalidError:
        """Why it cannot, and who can."""
        names = ", ".join(e.name for e in self.engines.values() if self._can(e))
        if self.verb not in engine.verbs:
            said = _("this engine cannot do that; it can: %(verbs)s")
            error = InvalidError("verb", said, verbs=", ".join(sorted(engine.verbs)), names=names)
        else:
            reason = engine.refusal(self.verb, self.brief, self.texts, self.kinds) or ""
            error = InvalidError("engine", reason, names=names)
            if traits(self.medium).written is None:
                error.extra["offers"] = self._offers(engine)
        if names:
            error.fields.append(("engine", _("these engines can: %(names)s")))
        elif (of := traits(self.medium)).others and (of.worded or any(kind.startswith("audio/") for kind in self.kinds)):
            error.fields.append(("engine", of.others))
        return error

    def _offers(self, engine: Engine) -> dict[str, Any]:
        """What an artist whose picture `engine` cannot make may choose: the engines that can, and what is nearest to the words
        that it does not know.
        """
        able = [one for one in self.engines.values() if one.standing > NEVER and one.unready() is None and self._can(one)]
        return {
            "engines": [{"name": one.name, "title": one.title} for one in able],
            "near": [[word, list(labels)] for word, labels in engine.prompt(self.brief).near],
        }


def check_params(engine: Engine, wanted: Mapping[str, Any], *, lenient: bool = False) -> dict[str, Any]:
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
        raise invalid(error, "params") from error
