"""The catalogue: which engines this studio has, and which is taken when the artist names none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.brief import Brief
from app.engines.engine import NEVER, Engine, Medium, Verb
from app.engines.fake import fakes
from app.engines.image.composer.engine import Composer
from app.engines.image.cutter import Cutter
from app.engines.image.house import House
from app.engines.image.painter import Painter
from app.engines.image.pipeline import Pipeline
from app.engines.image.service.comfyui.engine import ComfyUI
from app.engines.image.service.engine import PictureService
from app.engines.image.service.webui import WebUI
from app.engines.image.upscaler import Upscaler
from app.engines.image.vectoriser import Vectoriser
from app.engines.music.ace_step import AceStep
from app.engines.music.musicgen import MusicGen
from app.engines.music.tunes import Tunes
from app.engines.text.hub import Hub
from app.engines.text.remote import Remote
from app.engines.text.smollm import SmolLM
from app.engines.text.verse import Verse
from app.errors import EngineError, _, filled, told
from app.media.medium import traits
from app.settings import ROOT, MusicSetting, PictureSetting, Settings, TextSetting

VERSE = ROOT / "app" / "weights" / "house-verse"
MUSIC = ROOT / "app" / "weights" / "house-music"
HOUSE = ("house", "verse", "tunes", "smollm")  # what comes with Stemma and is kept in memory, in the order it is loaded


class RefusedError(EngineError):
    """No engine of this studio could do it, ready or not; the message says why of each, and what would help."""

    def __init__(self, title: str, reasons: Mapping[str, str], **details: Any) -> None:
        self.reasons = reasons
        super().__init__(title, **details)

    def message(self, translate: Any = None) -> str:
        say = translate or (lambda text: text)
        said = [told(reason, say) for reason in dict.fromkeys(self.reasons.values())]
        return " ".join([filled(say(self.title), self.details), *said])


def catalog(settings: Settings) -> dict[str, Engine]:
    """Every engine by its name: the house's, those of the settings, and, for tests of faults, the fakes.

    Raises EngineError when two have one name.
    """
    house = House()
    engines: list[Engine] = [
        Composer(),
        house,
        Painter(house),
        *(Pipeline(setting) for setting in settings.engines),
        *(_drawer(setting, settings) for setting in settings.pictures),
        Vectoriser(),
        Upscaler(),
        Cutter(),
    ]
    engines += [SmolLM(settings.cache_folder), Verse(VERSE), *(_writer(setting, settings) for setting in settings.texts)]
    engines += [Tunes(MUSIC), *(_player(setting) for setting in settings.music)]
    if settings.fake_engines:
        engines += fakes()
    names = [engine.name for engine in engines]
    for name in names:
        if names.count(name) > 1:
            raise EngineError(_("Two engines are called %(name)s: rename one in the settings."), name=name)
    return {engine.name: engine for engine in engines}


def _drawer(setting: PictureSetting, settings: Settings) -> Engine:
    kinds: dict[str, type[PictureService]] = {"a1111": WebUI, "comfyui": ComfyUI, "openai-images": PictureService}
    return kinds[setting.kind](setting, settings.keys, settings.max_pixels)


def _writer(setting: TextSetting, settings: Settings) -> Engine:
    return Hub(setting) if setting.kind == "transformers" else Remote(setting, settings.keys)


def _player(setting: MusicSetting) -> Engine:
    return AceStep(setting) if setting.kind == "ace-step" else MusicGen(setting)


def best(
    engines: Mapping[str, Engine],
    medium: Medium | str,
    verb: Verb | str,
    brief: Brief,
    texts: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> Engine:
    """The first ready one of those that are `able`.

    Raises EngineError saying why none is ready, RefusedError when none could do it at all. `texts` are what it would start
    from, or is told, `kinds` the media types of what it would start from.
    """
    willing = able(engines, medium, verb, brief, texts, kinds)
    ready = [engine for engine in willing if engine.unready() is None]
    if ready:
        return ready[0]
    reasons = {engine.name: engine.unready() for engine in willing}
    said = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise EngineError(_("No engine is ready: %(reasons)s"), reasons=said)


def able(
    engines: Mapping[str, Engine],
    medium: Medium | str,
    verb: Verb | str,
    brief: Brief,
    texts: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> list[Engine]:
    """The engines that could do it, ready or not, the best first; at least one.

    The best for a text or a tune sees most of the brief's words, and of equals has the higher standing. Engines of pictures
    go by standing: one counts the words that it cannot draw, another those that its tokenizer does not know.

    Raises RefusedError when there is none: it names the reasons, and what would help.
    """
    found = [one for one in engines.values() if one.medium == medium and verb in one.verbs and one.standing > NEVER]
    reasons = {engine.name: engine.refusal(Verb(verb), brief, texts, kinds) for engine in found}
    willing = [engine for engine in found if reasons[engine.name] is None]
    if not willing:
        why = {name: reason for name, reason in reasons.items() if reason}
        others = traits(medium).others
        if others and (kinds or traits(medium).worded):
            why["others"] = others
        raise RefusedError(_("No engine here can do this (%(verb)s, %(medium)s)."), why, verb=str(verb), medium=str(medium))
    willing = [engine for engine in willing if engine.unasked(brief)] or willing
    words = traits(medium).worded

    def rank(engine: Engine) -> tuple[int, ...]:
        unread = len(engine.prompt(brief).dropped)
        return (engine.standing < 0, *((unread, -engine.standing) if words else (-engine.standing, unread)))

    return sorted(willing, key=rank)
