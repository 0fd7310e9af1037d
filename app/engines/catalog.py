"""The catalogue: which engines this studio has, and which is taken when the artist names none."""

from __future__ import annotations

from collections.abc import Mapping

from app.brief import Brief
from app.engines.engine import Engine, Medium, Verb
from app.engines.fake import fakes
from app.engines.image.house import House
from app.engines.image.pipeline import Pipeline
from app.engines.image.vectoriser import Vectoriser
from app.errors import EngineError, _
from app.settings import Settings


def catalog(settings: Settings) -> dict[str, Engine]:
    """Every engine by its name: the house's, those of the settings, and, for tests of faults, the fakes.

    Raises EngineError when two have one name.
    """
    engines: list[Engine] = [House(), *(Pipeline(setting) for setting in settings.engines), Vectoriser()]
    if settings.fake_engines:
        engines += fakes()
    names = [engine.name for engine in engines]
    for name in names:
        if names.count(name) > 1:
            raise EngineError(_("Two engines are called %(name)s: rename one in the settings."), name=name)
    return {engine.name: engine for engine in engines}


def best(engines: Mapping[str, Engine], medium: Medium | str, verb: Verb | str, brief: Brief) -> Engine:
    """The ready engine that sees most of the brief's words, and of equals the one of higher standing.

    Raises EngineError saying why none can.
    """
    able = [engine for engine in engines.values() if engine.medium == medium and verb in engine.verbs]
    if not able:
        raise EngineError(_("No engine here can do this (%(verb)s, %(medium)s)."), verb=str(verb), medium=str(medium))
    reasons = {engine.name: engine.unready() for engine in able}
    ready = [engine for engine in able if reasons[engine.name] is None]
    if not ready:
        said = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise EngineError(_("No engine is ready: %(reasons)s"), reasons=said)
    return min(ready, key=lambda engine: (len(engine.prompt(brief).dropped), -engine.standing))
