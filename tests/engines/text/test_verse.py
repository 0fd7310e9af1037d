"""The verse engine on a tiny random model: whatever it writes, the form holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import tiny

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Strength, Verb
from app.engines.text.verse import Verse, VerseForm
from app.errors import EngineError

MARKS = ["<pad>", "<eos>", "<五绝>", "<五律>", "<七绝>", "<七律>", "<六绝>", "<题>", "<词>", "<诗>", "，", "。"]
CHARACTERS = "秋月山水花雪雨风云江夜柳人不一无有来日何天年时自中生知上如归得"


@pytest.fixture(scope="module")
def verse(tmp_path_factory: pytest.TempPathFactory) -> Verse:
    folder = tmp_path_factory.mktemp("verse")
    vocabulary = [*MARKS, *CHARACTERS]
    tiny(len(vocabulary)).save_pretrained(folder)
    (folder / "poem_vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    engine = Verse(folder)
    engine.load("cpu")
    return engine


def run(engine: Verse, verb: Verb = Verb.CREATE, text: str | None = None, form: str = "五绝", **rest: Any) -> list[Content]:
    parents = () if text is None else (Parent(verb, text.encode(), "text/plain", None, None, {}),)
    brief = rest.pop("brief", Brief(intent="写一首抒情诗，描述秋日的景色"))
    params = engine.Params.model_validate({"form": form} | rest.pop("params", {}))
    request = Request(verb, brief, params, rest.pop("seeds", (1, 2, 3)), parents, **rest)
    return [part for part in engine.run(request) if isinstance(part, Content)]


@pytest.mark.parametrize("form", list(VerseForm))
@pytest.mark.parametrize("beams", [0, 4])
def test_the_form_holds_by_construction(verse: Verse, form: VerseForm, beams: int) -> None:
    lines, length = form.size
    assert (lines, length) == {"五绝": (4, 5), "七绝": (4, 7), "五律": (8, 5), "七律": (8, 7), "六绝": (4, 6)}[form]
    for content in run(verse, form=form, params={"beams": beams}):
        poem = content.data.decode()
        assert len(poem.splitlines()) == lines // 2
        for couplet in poem.splitlines():
            first, second, rest = couplet.replace("。", "，").split("，")
            assert (len(first), len(second), rest, couplet[-1]) == (length, length, "", "。")
        assert set(poem) <= {*CHARACTERS, "，", "。", "\n"}
        forced = [token for token in content.tokens if token.forced]
        assert [token.text.strip() for token in forced] == ["，", "。"] * (lines // 2)


def test_the_brief_names_what_it_is_about(verse: Verse) -> None:
    brief = Brief(intent="写一首诗，描述秋日的景色，诗风优雅", materials=["江月", "revision:x", "龙"])
    (content, *_others) = run(verse, brief=brief)
    assert content.facts["prompt"] == "<五绝><词>江月<词>秋<诗>"
    assert verse.prompt(Brief(intent="autumn")).dropped == ("autumn",)
    with pytest.raises(EngineError, match="Chinese only"):
        run(verse, brief=Brief(intent="a poem on autumn"))


def test_a_line_is_a_line_and_a_whole_poem_takes_none(verse: Verse) -> None:
    begun = "秋月山水花，雪雨风云江。\n"
    for content in run(verse, Verb.LINE, begun):
        text = content.data.decode()
        assert text.startswith(begun)
        assert (len(text) - len(begun), text[-1]) == (6, "，")
    whole = begun * 2
    with pytest.raises(EngineError, match="whole already"):
        run(verse, Verb.LINE, whole)


def test_a_poem_goes_on_and_branches_from_any_character(verse: Verse) -> None:
    for content in run(verse, Verb.CONTINUE, "秋月山", at=3):
        assert content.data.decode().startswith("秋月山")
        assert len(content.data.decode()) == 4 * 6 + 1
    for content in run(verse, Verb.BRANCH, "秋月山水花，雪雨风云江。\n", at=1, choice="风"):
        assert content.data.decode().startswith("秋风")
        assert len(content.data.decode()) == 4 * 6 + 1
        assert content.tokens[0].text == "风"


def test_a_variation_keeps_its_beginning(verse: Verse) -> None:
    poem = run(verse)[0].data.decode()
    for content in run(verse, Verb.VARY, poem, strength=Strength.SUBTLE):
        assert content.data.decode().splitlines()[0] == poem.splitlines()[0]
        assert len(content.data.decode()) == len(poem)


def test_what_it_does_not_know_is_said(verse: Verse) -> None:
    with pytest.raises(EngineError, match="knows no 龙"):
        run(verse, Verb.CONTINUE, "秋龙")


def test_missing_and_damaged_weights_are_said(verse: Verse, tmp_path: Path) -> None:
    assert verse.unready() is None
    assert "missing" in str(Verse(tmp_path).unready())
    (tmp_path / "model.safetensors").write_bytes(b"x" * 50)
    assert "damaged" in str(Verse(tmp_path).unready())
    with pytest.raises(EngineError):
        Verse(tmp_path).load("cpu")


def test_it_tells_where_it_expected_a_poem(verse: Verse) -> None:
    tokens = verse.rescore(Brief(intent="秋"), "秋月山水花，")
    assert "".join(token.text for token in tokens) == "秋月山水花，"
    assert all(token.logprob is not None for token in tokens)
