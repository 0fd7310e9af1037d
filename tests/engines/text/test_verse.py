"""The verse engine on a tiny random model: whatever it writes, the form holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.brief import Brief
from app.engines.catalog import VERSE, able
from app.engines.engine import Content, Engine, Parent, Request, Strength, Verb
from app.engines.text.smollm import SmolLM
from app.engines.text.verse import Verse
from app.engines.text.verse_form import VerseForm
from app.errors import EngineError
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.impossible import ImpossibleError
from tests.engines.text.conftest import tiny

MARKS = ["<pad>", "<eos>", *(f"<{form}>" for form in VerseForm), "<题>", "<词>", "<诗>", "，", "。"]
# The beginning of 千字文: no character twice, and rhymes enough for every form by either book.
CHARACTERS = (
    "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光"
    "果珍李柰菜重芥姜海咸河淡鳞潜羽翔龙师火帝鸟官人皇始制文字乃服衣裳推位让国有虞陶唐吊民伐罪周发殷汤坐朝问道垂拱平章"
    "爱育黎首臣伏戎羌遐迩一体率宾归王鸣凤在竹白驹食场化被草木赖及万方盖此身四大五常恭惟鞠养岂敢毁伤"
    "山花雪风江柳中钟东红空同春新真人尘亲年前边千山间还闲关流秋楼舟愁头游心深林阴音时知迟期归飞微衣多何歌河家花斜"
)
CHARACTERS = "".join(dict.fromkeys(CHARACTERS))


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
    request = Request(verb, brief, params, rest.pop("seeds", (1, 2, 3)), parents, form=rest.pop("asked", None), **rest)
    return [part for part in engine.run(request) if isinstance(part, Content)]


@pytest.mark.parametrize("form", list(VerseForm))
@pytest.mark.parametrize("beams", [0, 4])
def test_the_form_holds_by_construction(verse: Verse, form: VerseForm, beams: int) -> None:
    for content in run(verse, form=form, params={"beams": beams}):
        poem = content.data.decode()
        report = check_form(form.form, poem)
        assert report.holds, [finding.said() for finding in report.faults]
        assert set(poem) <= {*CHARACTERS, "，", "。", "\n"}
        assert all(token.forced for token in content.tokens if token.text.strip() in {"，", "。"})
        assert content.facts["form"]["name"] == form.preset


@pytest.mark.parametrize(
    "asked",
    [
        {"preset": "qijue", "book": "old"},
        {"preset": "wujue", "acrostic": "秋月春风"},
        {"acrostic": "天地玄黄宇宙"},
        {"preset": "wulv", "start": "平", "first_rhymed": True},
        {"preset": "qilv", "must": ["秋风", "白云"], "avoid": ["春", "明月"]},
        {"preset": "hanpai"},
        {"preset": "liujue", "freedom": "exact", "avoid": ["人"]},
        {"language": "zh", "lines": 6, "measure": [7], "rhyme": "AABBCC"},
        {"lines": 2, "must": ["山"]},
        {"preset": "huanxisha", "must": ["秋"]},
    ],
)
def test_any_form_that_can_be_kept_is(verse: Verse, asked: dict[str, Any]) -> None:
    form = form_of(asked)
    for content in run(verse, seeds=tuple(range(8)), asked=form):
        report = check_form(form, content.data.decode())
        assert report.holds, [finding.said() for finding in report.faults]


@pytest.mark.parametrize(
    ("brief", "name", "book"),
    [
        (Brief(intent="秋日", technique="五言律诗，平水韵"), "wulv", "old"),
        (Brief(intent="写一首鹧鸪天，说秋"), "zhegutian", "new"),
        (Brief(intent="秋日"), "wujue", "new"),
    ],
)
def test_a_brief_names_its_form(verse: Verse, brief: Brief, name: str, book: str) -> None:
    for content in run(verse, brief=brief):
        assert content.facts["form"]["name"] == name
        assert check_form(form_of({"preset": name, "book": book}), content.data.decode()).holds


@pytest.mark.parametrize(
    "asked", [{"preset": "sonnet"}, {"preset": "wujue", "must": ["龘"]}, {"preset": "wujue", "acrostic": "天地玄黄宇"}]
)
def test_a_form_that_cannot_be_kept_is_said_before_a_word_is_written(verse: Verse, asked: dict[str, Any]) -> None:
    params = verse.Params()
    request = Request(Verb.CREATE, Brief(intent="秋"), params, (1,), form=form_of(asked))
    with pytest.raises((EngineError, ImpossibleError)):
        next(iter(verse.run(request)))


def test_the_brief_names_what_it_is_about(verse: Verse) -> None:
    brief = Brief(intent="写一首诗，描述秋日的景色，诗风优雅", materials=["江月", "revision:x", "龘"])
    (content, *_others) = run(verse, brief=brief)
    assert content.facts["prompt"] == "<五绝><词>江月<词>秋风<题>江月秋风<诗>"
    assert verse.prompt(brief).dropped == ("revision", "x", "龘")
    with pytest.raises(EngineError, match="none of these words"):
        run(verse, brief=Brief(intent="qwrtz asdfg"))


def test_everyday_words_lead_to_words_of_verse_in_both_languages(verse: Verse) -> None:
    house = Verse(VERSE)
    read = house.prompt(Brief(intent="地铁里遇见老友，七言绝句"))
    assert read.positive == "<七绝> 车马 相逢 故人"
    bridges = {said: [word for _kind, word in heard] for said, heard in read.bridges}
    assert bridges == {"地铁": ["车马", "驱车"], "遇见": ["相逢"], "老友": ["故人"]}
    assert read.dropped == ()
    read = house.prompt(Brief(intent="the old lighthouse in heavy snow, qwrtz", materials=["江月"]))
    assert read.positive == "江月 旧 沧海 飞雪"
    assert dict(read.bridges)["lighthouse"][0] == ("word", "沧海")
    assert read.dropped == ("heavy", "qwrtz")
    (content, *_others) = run(verse, brief=Brief(intent="snow on a river, in Chinese"))
    assert content.facts["prompt"].startswith("<五绝><词>白雪")


def test_an_english_brief_takes_it_only_where_it_is_named_or_chinese_is() -> None:
    engines: dict[str, Engine] = {"english": SmolLM(Path("nowhere")), "verse": Verse(VERSE)}
    names = [
        [one.name for one in able(engines, "text", "create", Brief(intent=asked))] for asked in ("snow", "snow, in Chinese")
    ]
    assert names == [["smollm"], ["verse"]]
    assert engines["verse"].refusal(Verb.CREATE, Brief(intent="snow")) is None


def test_the_poems_of_a_run_begin_with_different_characters(verse: Verse) -> None:
    for first in (1, 1 << 40):
        brief = Brief(intent="诗", materials=["江"])
        poems = [content.data.decode() for content in run(verse, seeds=tuple(range(first, first + 12)), brief=brief)]
        assert max(Counter(poem[0] for poem in poems).values()) <= 3
        assert len({poem[0] for poem in poems[:4]}) == 4


def test_a_variant_is_its_seed_and_its_best_draft(verse: Verse) -> None:
    together = run(verse, seeds=(7, 8, 9))
    (alone,) = run(verse, seeds=(8,))
    assert alone.data == together[1].data
    (first,) = run(verse, seeds=(8,), params={"drafts": 1})
    assert alone.facts["likelihood"] >= first.facts["likelihood"] - 1


def test_a_poem_names_what_was_asked_even_if_it_is_rare(verse: Verse) -> None:
    for seed in range(6):
        (content,) = run(verse, seeds=(seed,), brief=Brief(intent="诗", materials=["鳞"]))
        assert "鳞" in content.data.decode()


def test_a_line_is_a_line_and_a_whole_poem_takes_none(verse: Verse) -> None:
    begun = "秋月春风雨，山花白雪寒。\n"
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
    for content in run(verse, Verb.BRANCH, "秋月春风雨，山花白雪寒。\n", at=1, choice="风"):
        assert content.data.decode().startswith("秋风")
        assert len(content.data.decode()) == 4 * 6 + 1
        assert content.tokens[0].text == "风"


def test_a_variation_keeps_its_beginning(verse: Verse) -> None:
    poem = run(verse)[0].data.decode()
    for content in run(verse, Verb.VARY, poem, strength=Strength.SUBTLE):
        assert content.data.decode().splitlines()[0] == poem.splitlines()[0]
        assert len(content.data.decode()) == len(poem)


def test_what_it_does_not_know_is_left_unread_and_said(verse: Verse) -> None:
    for content in run(verse, Verb.CONTINUE, "秋龘"):
        assert content.data.decode().startswith("秋龘")
        assert content.facts["unread"] == "龘"


def test_missing_and_damaged_weights_are_said(verse: Verse, tmp_path: Path) -> None:
    assert verse.unready() is None
    assert "missing" in str(Verse(tmp_path).unready())
    (tmp_path / "model.safetensors").write_bytes(b"x" * 50)
    assert "damaged" in str(Verse(tmp_path).unready())
    with pytest.raises(EngineError):
        Verse(tmp_path).load("cpu")


def test_it_tells_where_it_expected_a_poem(verse: Verse) -> None:
    tokens = verse.rescore(Brief(intent="秋"), "秋月春风雨，")
    assert "".join(token.text for token in tokens) == "秋月春风雨，"
    assert all(token.logprob is not None for token in tokens)
