"""Writing within a form: whatever is written at random through the constraint passes the check; what cannot be is said."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.media.text.prosody.check import check_form
from app.media.text.prosody.chinese import Book, readings
from app.media.text.prosody.constraint import (
    ChineseConstraint,
    EnglishConstraint,
    Vocabulary,
    WordTable,
    constraint,
    impossible,
)
from app.media.text.prosody.form import Breaks, Form, Freedom, Language, Rhyming
from app.media.text.prosody.presets import preset, regulated

SIZE = 4_600  # characters, as many as the model of verse has
QUICK = settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@cache
def vocabulary(book: Book) -> Vocabulary:
    """A model's characters: those of the first level of GB 2312 and after, that have a reading in both books."""
    hanzi = [bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    known = [char for char in hanzi if char and readings(char, Book.NEW) and readings(char, Book.OLD)]
    return Vocabulary(["<eos>", "，", "。", "\n", *known[:SIZE]], book)


def written(one: ChineseConstraint, chance: random.Random, start: str = "") -> str:
    """A text written character by character, each drawn at random from what is allowed."""
    text = start
    for _step in range(2_000):
        allowed = one.allowed(text)
        if allowed.end and (not allowed.characters or chance.random() < 0.2):
            return text
        text += chance.choice(sorted(allowed))  # IndexError when there is no way on
    raise AssertionError(text)


regular = st.builds(
    regulated,
    st.sampled_from([5, 7]),
    st.sampled_from([4, 8]),
    start=st.sampled_from([None, "平", "仄"]),
    first_rhymed=st.sampled_from([None, True, False]),
    freedom=st.sampled_from(Freedom),
    book=st.sampled_from(Book),
)
own = st.builds(
    Form,
    language=st.just(Language.CHINESE),
    lines=st.sampled_from([1, 2, 4, 6]),
    measure=st.sampled_from([(), ((4, 4),), ((3, 6),), ((5, 5), (7, 7))]),
    breaks=st.sampled_from(Breaks),
    rhyme=st.sampled_from(["", "AABB", "ABAB", "xAxA", "AAxA"]),
    repeat=st.booleans(),
)
wishes = st.fixed_dictionaries(
    {
        "acrostic": st.sampled_from(["", "春", "江山", "山水春秋"]),
        "must": st.sampled_from([(), ("秋",), ("秋风", "月"), ("明月", "江", "千里")]),
        "avoid": st.sampled_from([(), ("花",), ("山河", "日"), ("不知", "春秋", "白")]),
    }
)


@QUICK
@given(form=st.one_of(regular, own), wishes=wishes, seed=st.integers(0, 10_000))
@pytest.mark.slow
def test_what_is_written_within_a_form_keeps_it(form: Form, wishes: dict[str, object], seed: int) -> None:
    form = form.model_copy(update=wishes)
    if (reason := impossible(form, vocabulary(form.book))) is not None:
        assert reason.message()
        return
    one = constraint(form, vocabulary(form.book), seed)
    assert isinstance(one, ChineseConstraint)
    for again in range(3):
        text = written(one, random.Random(seed + again))
        report = check_form(form, text)
        assert report.holds, (text, [f.said() for f in report.faults])


@pytest.mark.parametrize("name", ["wujue", "qijue", "wulv", "qilv", "liujue", "hanpai"])
def test_the_presets_are_possible_and_kept(name: str) -> None:
    for book in Book:
        form = preset(name).model_copy(update={"book": book})
        assert impossible(form, vocabulary(book)) is None
        one = ChineseConstraint(form, vocabulary(book))
        assert all(check_form(form, written(one, random.Random(seed))).holds for seed in range(20))


def test_a_first_line_decides_the_pattern_by_its_last_tone_too() -> None:
    form = regulated(5, 4)
    one = ChineseConstraint(form, vocabulary(Book.NEW))
    # All but 烟 may be read in both tones: only the end tells that the first line rhymes.
    texts = [written(one, random.Random(seed), "看看看中烟，") for seed in range(30)]
    assert [text for text in texts if not check_form(form, text).holds] == []


def test_stanzas_are_parted() -> None:
    form = Form(language=Language.CHINESE, stanzas=(2, 2), measure=((5, 5),), breaks=Breaks.CLAUSE, rhyme="AABB")
    text = written(ChineseConstraint(form, vocabulary(Book.NEW)), random.Random(1))
    assert text.count("\n\n") == 1
    assert check_form(form, text).holds


def test_the_artists_own_beginning_is_taken_on() -> None:
    form = regulated(5, 4, book=Book.OLD)
    one = ChineseConstraint(form, vocabulary(Book.OLD))
    text = written(one, random.Random(3), "白日依山尽，黄河入海流。")
    assert check_form(form, text).holds
    assert check_form(form, text).pattern == "Oblique start, first line unrhymed"
    broken = written(one, random.Random(3), "床床床床床床床，\u200d\ud800花花")  # too long, wrong tones, not text: still an end
    assert len(check_form(form, broken).lines) == 4


def test_a_line_may_end_where_its_length_and_rhyme_allow_it() -> None:
    form = Form(language=Language.CHINESE, lines=2, measure=((3, 5),), rhyme="AA")
    one = ChineseConstraint(form, vocabulary(Book.NEW))
    assert "\n" not in one.allowed("春山")
    assert "\n" in one.allowed("春山天")
    assert "\n" in one.allowed("春山天上烟")
    assert one.allowed("春山天上烟").forced
    assert one.allowed("春山天\n落花年").end
    assert not one.allowed("春山天\n落花衣").end


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"acrostic": "春夏秋冬月"}, "The acrostic has 5 letters; the text has 4 lines."),
        ({"must": ("明月江山千里秋",)}, "明月江山千里秋 is longer than a line, which has 5."),
        ({"must": ("明月",), "avoid": ("月",)}, "明月 is asked for, and 月 is to be avoided."),
        ({"must": ("卍",)}, "This engine cannot write 卍."),
        ({"must": ("moon",)}, "This engine cannot write moon."),
        (
            {"must": tuple(a + b for a in "江山风云" for b in "花月水天")},
            "There is no place for all of the words that must appear:",
        ),
        ({"acrostic": "山", "must": ("花月水天山", "江江江江江")}, "There is no place for all of the words that must appear:"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(wish: dict[str, object], said: str) -> None:
    form = regulated(5, 4).model_copy(update=wish)
    began = time.process_time()
    reason = impossible(form, vocabulary(Book.NEW))
    assert time.process_time() - began < 10
    assert reason is not None
    assert reason.message().startswith(said)
    with pytest.raises(type(reason)):
        ChineseConstraint(form, vocabulary(Book.NEW))


def test_a_rhyme_without_characters_is_said() -> None:
    few = Vocabulary(list("，。山水云雨花草风"))
    reason = impossible(regulated(5, 4), few)
    assert reason is not None
    assert reason.message() == "The vocabulary has too few characters that rhyme and have the tones asked for."


def test_a_mask_takes_microseconds() -> None:
    book = vocabulary(Book.NEW)
    one = ChineseConstraint(regulated(7, 8).model_copy(update={"avoid": ("花", "不知")}), book)
    text = written(one, random.Random(5))
    steps = [text[:i] for i in range(len(text) + 1)]
    for step in steps:  # classes are laid out at their first use
        book.mask(one.allowed(step))
    began = time.process_time()
    masks = [book.mask(one.allowed(step)) for step in steps]
    took = (time.process_time() - began) / len(steps)
    assert took < 0.001  # 30 to 100 µs on a quiet core
    for step, mask, char in zip(steps, masks, text, strict=False):
        assert mask[book.index[char]] == 1
        assert {t for t, i in book.index.items() if mask[i]} == {c for c in one.allowed(step) if c in book.index}


COMMON = """
a the of in and or but so as at by for from with to my your his her our their this that these those no
night light bright sight flight might right white kite day way may say stay play gray clay away today sea tree free be me
see stone alone bone tone own known moon soon tune noon rain again plain pain chain cold old gold told hold wind leaf
water summer winter autumn golden silent river mountain morning evening shadow under over never slowly gently whisper
heart art start part apart sky high by cry fly star far are bar wing sing ring bring spring thing king sleep deep keep
"""


@cache
def words() -> WordTable:
    common = COMMON.split()
    return WordTable([*common, *(w.capitalize() for w in common)])


def sung(one: EnglishConstraint, chance: random.Random) -> str:
    """A text written word by word, each drawn at random from what is allowed."""
    text = ""
    for _step in range(1_000):
        after = one.allowed(text)
        if after.end:
            return text
        if after.line_break and (not after.words or chance.random() < 0.5):
            text += "\n"
        else:
            text += (" " if text and not text.endswith("\n") else "") + chance.choice(sorted(after.words))
    raise AssertionError(text)


english = st.builds(
    Form,
    language=st.just(Language.ENGLISH),
    lines=st.sampled_from([2, 4, 8]),
    measure=st.sampled_from([((5, 5), (7, 7)), ((8, 8),), ((7, 10),), ((3, 4),)]),
    rhyme=st.sampled_from(["", "AA", "ABAB", "xAxA"]),
    acrostic=st.sampled_from(["", "s", "sa"]),
    must=st.sampled_from([(), ("river",), ("golden", "moon")]),
    avoid=st.sampled_from([(), ("the", "night"), ("in the",)]),
)


@QUICK
@given(form=english, seed=st.integers(0, 10_000))
def test_english_written_within_a_form_keeps_it(form: Form, seed: int) -> None:
    if (reason := impossible(form, words())) is not None:
        assert reason.message()
        return
    one = constraint(form, words(), seed)
    assert isinstance(one, EnglishConstraint)
    for again in range(3):
        text = sung(one, random.Random(seed + again))
        report = check_form(form, text)
        assert report.holds, (text, [f.said() for f in report.faults])


@pytest.mark.parametrize("name", ["haiku", "limerick", "couplet", "sonnet"])
def test_english_presets_are_kept(name: str) -> None:
    form = preset(name).model_copy(update={"metre": "", "rhyming": Rhyming.PERFECT})
    one = EnglishConstraint(form, words())
    assert all(check_form(form, sung(one, random.Random(seed))).holds for seed in range(10))


def test_english_line_ends_rhyme() -> None:
    one = EnglishConstraint(Form(language=Language.ENGLISH, lines=2, measure=((4, 4),), rhyme="AA"), words())
    after = one.allowed("the silent night\nmy golden")
    assert {"light", "sight"} <= after.last
    assert "night" not in after.last
    assert "day" not in after.words


def test_english_wishes_that_cannot_be_are_said() -> None:
    form = Form(language=Language.ENGLISH, lines=4, measure=((3, 3),), rhyme="AABB")
    for wish, said in (
        ({"must": ("silent golden mountain",)}, "silent golden mountain is longer than a line, which has 3."),
        ({"must": ("river",), "avoid": ("river",)}, "This engine cannot write river."),
        ({"acrostic": "xy"}, "The vocabulary has no words for line 1."),
        ({"acrostic": "seaside"}, "The acrostic has 7 letters; the text has 4 lines."),
        ({"rhyme": "A" * 40, "lines": 40}, "The vocabulary has no 40 words that rhyme."),
    ):
        reason = impossible(form.model_copy(update=wish), words())
        assert reason is not None, wish
        assert reason.message() == said
