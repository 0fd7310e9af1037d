"""The catalogue: what is offered, and what is taken when the artist names nothing."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pytest

from app.brief import MAX_ITEMS, MAX_TEXT, Brief, Prompt
from app.engines.catalog import best, catalog
from app.engines.engine import Engine, Medium, Verb
from app.engines.fake import Slow
from app.engines.image.house import House
from app.errors import EngineError
from app.media.medium import SCENE
from app.settings import EngineSetting, Settings

WORDS = ("moon", "slow jig", "xylophonic", "silver", "fox", "D minor", "月", "江南春雨", "电脑", "独酌", "快乐的狐狸")
FOX = Brief(intent="a red fox")


class Stand(Slow):
    """An engine that says of itself what a test wants to hear."""

    def __init__(self, name: str, standing: int = 1, reason: str | None = None, reads: str = "") -> None:
        self.name, self.standing, self.reason, self.reads = name, standing, reason, reads

    def unready(self) -> str | None:
        return self.reason

    def prompt(self, brief: Brief) -> Prompt:
        words = brief.intent.split()
        return Prompt(brief.intent, dropped=tuple(word for word in words if self.reads and word not in self.reads))


def chosen(*engines: Engine, brief: Brief = FOX) -> str:
    return best({engine.name: engine for engine in engines}, Medium.IMAGE, Verb.CREATE, brief).name


def test_the_house_comes_first_then_the_settings_then_the_fakes() -> None:
    assert list(catalog(Settings(engines=[], fake_engines=False))) == [
        "composer",
        "house",
        "painter",
        "vectoriser",
        "upscaler",
        "cutter",
        "smollm",
        "verse",
        "tunes",
    ]
    mine = EngineSetting(name="mine", model="somebody/something")
    names = list(catalog(Settings(engines=[mine], fake_engines=True)))
    assert names[:10] == [
        "composer",
        "house",
        "painter",
        "mine",
        "vectoriser",
        "upscaler",
        "cutter",
        "smollm",
        "verse",
        "tunes",
    ]
    assert names[10:] == ["fake-slow", "fake-crash", "fake-broken", "fake-garbage", "fake-words", "fake-notes"]


@pytest.mark.parametrize("name", ["house", "fake-slow"])
def test_two_engines_cannot_share_a_name(name: str) -> None:
    twin = EngineSetting(name=name, model="somebody/something")
    with pytest.raises(EngineError, match=name):
        catalog(Settings(engines=[twin], fake_engines=True))


def test_every_engine_says_what_a_page_needs() -> None:
    mine = EngineSetting(name="mine", model="somebody/something")
    for name, engine in catalog(Settings(engines=[mine], fake_engines=True)).items():
        assert engine.name == name
        assert engine.title
        assert engine.licence
        assert engine.verbs
        media = {"smollm": Medium.TEXT, "verse": Medium.TEXT, "fake-words": Medium.TEXT}
        media |= {"tunes": Medium.MUSIC, "fake-notes": Medium.MUSIC}
        assert engine.medium == media.get(name, Medium.IMAGE)
        for field in engine.Params.model_json_schema()["properties"].values():
            assert field["title"]
            assert field["description"]


def test_of_ready_engines_the_one_of_higher_standing() -> None:
    assert chosen(Stand("low"), Stand("high", 2)) == "high"
    assert chosen(Stand("low"), Stand("high", 2, reason="its weights are missing")) == "low"
    assert chosen(Stand("first"), Stand("second")) == "first"
    assert chosen(Slow(), House()) == "house"


class Writer(Stand):
    """As a stand, of texts."""

    medium = Medium.TEXT


def test_pictures_come_from_the_owners_engine_then_the_composer_then_the_house_model() -> None:
    engines = catalog(Settings(engines=[], texts=[], music=[]))
    for words in ("a red fox", "a xylophonic fox of translucent silver", "雪地里的狐狸"):
        picked = best(engines, Medium.IMAGE, Verb.CREATE, Brief(intent=words))
        assert picked.name == "composer"
    assert chosen(*engines.values(), Stand("mine", 2, reads="red")) == "mine"
    assert chosen(*engines.values(), Stand("mine", 2, reason="its weights are missing")) == "composer"
    assert chosen(*engines.values(), brief=Brief(intent="qwzx vlorp")) == "house"


def test_a_picture_without_a_scene_is_gone_on_from_by_the_house_model() -> None:
    engines = catalog(Settings(engines=[], texts=[], music=[]))
    for verb in (Verb.VARY, Verb.REFINE):
        assert best(engines, Medium.IMAGE, verb, FOX, kinds=("image/png",)).name == "house"
        assert best(engines, Medium.IMAGE, verb, FOX, kinds=("image/png", SCENE)).name == "composer"
    assert best(engines, Medium.IMAGE, Verb.REROLL, FOX, kinds=("image/png",)).name == "composer"


def test_an_engine_of_texts_that_reads_the_brief_comes_before_one_that_does_not() -> None:
    stands = (Writer("english", 2, reads="a red fox"), Writer("chinese", 1, reads="红 狐狸"))
    engines: dict[str, Engine] = {one.name: one for one in stands}
    assert best(engines, Medium.TEXT, Verb.CREATE, FOX).name == "english"
    assert best(engines, Medium.TEXT, Verb.CREATE, Brief(intent="红 狐狸")).name == "chinese"


def test_why_there_is_none() -> None:
    with pytest.raises(EngineError, match=r"No engine here can do this \(translate, music\)"):
        best(catalog(Settings(fake_engines=True)), Medium.MUSIC, Verb.TRANSLATE, FOX)
    with pytest.raises(EngineError, match="other: its weights are missing"):
        chosen(Stand("one", reason="it is asleep"), Stand("other", reason="its weights are missing"))


def test_the_catalogue_imports_no_model_library() -> None:
    asked = """
import sys
from app.brief import Brief
from app.engines.catalog import best, catalog
from app.settings import EngineSetting, Settings
engines = catalog(Settings(engines=[EngineSetting(name="mine", model="/nowhere")], fake_engines=True))
for engine in engines.values():
    engine.unready(), engine.prompt(Brief(intent="a sad fox")), engine.Params.model_json_schema()
best(engines, "image", "create", Brief(intent="a fox"))
print(*sorted({"torch", "transformers", "diffusers", "numpy", "safetensors"} & set(sys.modules)), "end")
"""
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "end"


def _calls(engine: Engine, brief: Brief) -> int:
    """How many functions are called to read a brief and to look whether it can be done."""
    count = itertools.count()
    sys.setprofile(lambda _frame, event, _argument: event.endswith("call") and next(count))
    try:
        engine.prompt(brief)
        engine.refusal(Verb.CREATE, brief)
        engine.check(Verb.CREATE, brief, engine.Params())
    finally:
        sys.setprofile(None)
    return next(count)


def _long(length: int) -> str:
    words = (f"{word}{number}" for number in itertools.count() for word in WORDS)
    return " ".join(itertools.islice(words, length // 3))[:length]


@pytest.mark.parametrize("name", catalog(Settings(engines=[], texts=[], music=[], fake_engines=True)))
def test_no_brief_takes_an_engine_long_to_read(name: str) -> None:
    """A brief of 344,000 characters takes no more steps than the beginnings of its fields, and the artist sees it."""
    engine = catalog(Settings(engines=[], texts=[], music=[], fake_engines=True))[name]
    fields: dict[str, Any] = dict.fromkeys(Brief.model_fields, _long(MAX_TEXT)) | {"criteria": []}
    brief = Brief(**fields | {"materials": [_long(MAX_TEXT) for _item in range(MAX_ITEMS)]})
    beginning, left = brief.beginning()
    _calls(engine, beginning)  # what is looked up once is there from now on
    assert _calls(engine, brief) < 1.5 * _calls(engine, beginning) + 1_000
    prompt = engine.prompt(brief)
    assert prompt.unread == left > 300_000 or prompt.positive in {brief.prompt().positive, ""}
    assert engine.prompt(beginning).unread == 0
