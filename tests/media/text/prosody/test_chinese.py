"""Chinese verse held against its forms: Tang poems by the old rhymes and the new, polyphones, both scripts."""

from __future__ import annotations

import pytest

from app.media.text.prosody import chinese
from app.media.text.prosody.check import check_form
from app.media.text.prosody.chinese import Book
from app.media.text.prosody.form import Form, Freedom, Language, Pattern, line_tones
from app.media.text.prosody.presets import patterns, preset, regulated
from app.media.text.prosody.report import Kind, Report

STORK_TOWER = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
SPRING_VIEW = "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"
SPRING_VIEW_TRADITIONAL = (
    "國破山河在，城春草木深。\n感時花濺淚，恨別鳥驚心。\n烽火連三月，家書抵萬金。\n白頭搔更短，渾欲不勝簪。"
)
MAPLE_BRIDGE = "月落乌啼霜满天，江枫渔火对愁眠。姑苏城外寒山寺，夜半钟声到客船。"
QUIET_NIGHT = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"


def faults(report: Report) -> list[tuple[Kind, int | None]]:
    return [(f.kind, f.line) for f in report.faults]


@pytest.mark.parametrize(
    ("poem", "form", "pattern"),
    [
        (STORK_TOWER, (5, 4), "Oblique start, first line unrhymed"),
        (SPRING_VIEW, (5, 8), "Oblique start, first line unrhymed"),
        (SPRING_VIEW_TRADITIONAL, (5, 8), "Oblique start, first line unrhymed"),
        (MAPLE_BRIDGE, (7, 4), "Oblique start, first line rhymed"),
    ],
)
def test_regulated_poems_of_the_tang_keep_their_known_patterns_by_the_old_rhymes(
    poem: str, form: tuple[int, int], pattern: str
) -> None:
    report = check_form(regulated(*form, book=Book.OLD), poem)
    assert faults(report) == []
    assert report.pattern == pattern
    assert report.share == 1.0


def test_the_rhymes_of_known_poems_are_those_that_commentaries_name() -> None:
    rhymes = {
        poem: {line.rhyme for line in check_form(regulated(*form, book=Book.OLD), poem).lines if line.letter}
        for poem, form in {STORK_TOWER: (5, 4), SPRING_VIEW: (5, 8), MAPLE_BRIDGE: (7, 4)}.items()
    }
    assert rhymes == {STORK_TOWER: {"尤"}, SPRING_VIEW: {"侵"}, MAPLE_BRIDGE: {"先"}}


def test_a_poem_in_the_old_style_is_not_regulated_and_the_report_says_where() -> None:
    report = check_form(regulated(5, 4, book=Book.OLD), QUIET_NIGHT)
    assert (Kind.TONES, 2) in faults(report)
    assert not report.holds
    assert 0.5 < report.share < 1
    said = [f.said() for f in report.lines[1].findings]
    assert "The tones are 平仄仄仄平; 仄仄仄平平 is asked for. See 上." in said
    assert [QUIET_NIGHT[a:b] for f in report.faults for a, b in f.spans if f.line == 2] == ["上"]
    names = {str(f.details.get("name")) for line in report.lines for f in line.findings if "name" in f.details}
    assert names == {"失粘", "失对"}
    rhymed = [f for line in report.lines for f in line.findings if f.kind is Kind.RHYME]
    assert [f.holds for f in rhymed] == [True, True, True]


def test_by_todays_sounds_an_old_rhyme_may_have_parted() -> None:
    report = check_form(regulated(5, 8), SPRING_VIEW)
    assert faults(report) == [(Kind.RHYME, 8)]
    assert report.faults[0].said() == "簪 belongs to 寒 and does not rhyme with the others in 文 (A)."


def test_traditional_characters_count_as_simplified_ones() -> None:
    for book in Book:
        a, b = (check_form(regulated(5, 8, book=book), text) for text in (SPRING_VIEW, SPRING_VIEW_TRADITIONAL))
        assert faults(a) == faults(b)
        assert a.share == b.share
    form = Form(language=Language.CHINESE, must=("国破", "烽火"), avoid=("别鸟",))
    assert [f.holds for f in check_form(form, SPRING_VIEW_TRADITIONAL).findings] == [True, True, False]


def test_any_reading_that_fits_counts_and_is_told() -> None:
    form = Form(language=Language.CHINESE, lines=1, patterns=(Pattern(tones=("平平",)),), freedom=Freedom.EXACT)
    report = check_form(form, "看山")
    assert report.holds
    assert report.lines[0].findings[-1].said() == "The tones 平平 hold; 看 can be read otherwise too."
    assert chinese.tones("看") == {"平", "仄"}
    assert chinese.groups("看", tone="平") == {"寒"}


def test_rhymes_by_the_new_book() -> None:
    same = ["春云", "东风", "知诗", "雪月", "衣雨", "儿衣", "天船", "花家"]
    assert [pair for pair in same if not chinese.groups(pair[0]) & chinese.groups(pair[1])] == []
    apart = ["知衣", "春风", "天唐", "姑鱼"]
    assert [pair for pair in apart if chinese.groups(pair[0]) & chinese.groups(pair[1])] == []


def test_entering_tones_are_oblique_in_the_old_book_only() -> None:
    assert chinese.tones("国", Book.OLD) == {"仄"}
    assert "平" in chinese.tones("国")
    assert "仄" not in chinese.tones("国")


def test_a_rhyme_is_not_repeated() -> None:
    report = check_form(preset("liujue"), "春水绿波轻舟，秋山红叶高楼。夜半清风明月，江边独上高楼。")
    assert faults(report) == [(Kind.RHYME, 4)]
    assert report.faults[0].said() == "楼 was a rhyme before."


def test_patterns_answer_and_adhere() -> None:
    for characters, lines in ((5, 4), (7, 4), (5, 8), (7, 8)):
        found = patterns(characters, lines)
        assert len({p.tones for p in found}) == 4
        for pattern in found:
            for i in range(1, lines):
                answers = pattern.tones[i][1] != pattern.tones[i - 1][1]
                assert answers is (i % 2 == 1), (pattern, i)  # 对 within a couplet, 粘 between two
            for tones, letter in zip(pattern.tones, pattern.rhyme, strict=True):
                assert (tones[-1] == "平") is (letter == "A")
    one = regulated(7, 8, start="平", first_rhymed=True)
    assert [p.title for p in one.patterns] == ["Level start, first line rhymed"]


def test_odd_places_are_free_but_not_for_the_lone_level_tone() -> None:
    assert line_tones("平平仄仄平", Freedom.ODD) == {"平平仄仄平", "平平平仄平", "仄平平仄平"}
    assert "平平仄平仄" in line_tones("平平平仄仄", Freedom.ODD)
    assert not any(t.endswith("平平平") for t in line_tones("仄仄仄平平", Freedom.ODD))
    assert line_tones("平平仄仄平", Freedom.EXACT) == {"平平仄仄平"}
    report = check_form(regulated(5, 4, book=Book.OLD), "白日依山尽，百河入海流。欲穷千里目，更上一层楼。")
    assert report.faults[0].details["flaw"] == "孤平"


@pytest.mark.parametrize(
    "text",
    [
        "白日依山尽,黄河入海流.欲穷千里目,更上一层楼.",
        "白日依山尽\n黄河入海流\n欲穷千里目\n更上一层楼",
        "　白日依山尽，\r\n黄河入海流。\r\n\r\n欲穷千里目；\r\n「更上一层楼！」",
    ],
)
def test_punctuation_of_any_width_and_none(text: str) -> None:
    report = check_form(regulated(5, 4, book=Book.OLD), text)
    assert report.holds
    assert [text[line.start : line.end].strip("「") for line in report.lines][1] == "黄河入海流"


def test_too_long_too_short_and_what_is_no_character() -> None:
    report = check_form(preset("wujue"), "白日依山尽了，黄河入海。欲穷OK里目，更上一层楼")
    lengths = {line: f.details["found"] for line, f in enumerate((r.findings[0] for r in report.lines), 1)}
    assert lengths == {1: 6, 2: 4, 3: 5, 4: 5}
    assert {(Kind.LENGTH, 1), (Kind.LENGTH, 2), (Kind.TONES, 1), (Kind.TONES, 2)} <= set(faults(report))


def test_a_beginning_is_not_yet_the_whole() -> None:
    report = check_form(preset("wujue"), "白日依山尽，")
    assert not report.holds
    assert [f.said() for f in report.faults][-1] == "Line 4 is not there yet."
    assert report.share < 0.5


def test_acrostic_in_either_script() -> None:
    form = regulated(5, 4, book=Book.OLD).model_copy(update={"acrostic": "白黃欲更"})
    assert check_form(form, STORK_TOWER).holds
    wrong = check_form(form.model_copy(update={"acrostic": "白黃夏更"}), STORK_TOWER)
    assert [f.said() for f in wrong.faults] == ["The line begins with 欲; the acrostic asks for 夏."]
