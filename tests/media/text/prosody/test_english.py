"""English verse held against its forms: syllables, rhymes and metre of a known sonnet, words that no dictionary has."""

from __future__ import annotations

import pytest

from app.media.text.prosody.check import check_form
from app.media.text.prosody.english import Rhyme, pronounce, rhyme
from app.media.text.prosody.form import Form, Language, Rhyming
from app.media.text.prosody.presets import preset
from app.media.text.prosody.report import Kind

# Shakespeare, Sonnet 18 (1609).
SONNET = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou ow'st;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou grow'st:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee."""
# Ours, after Bashō.
HAIKU = "An old, quiet pond—\na frog leaps from the cold stone:\nthe sound of water."
LIMERICK = """A printer who lived by the sea
Set all of his verses in three;
When asked for one more,
He pointed to four,
And said it was better than me."""


def test_the_sonnet_keeps_its_form_but_for_what_editors_remark() -> None:
    report = check_form(preset("sonnet"), SONNET)
    said = [f.said() for f in report.faults]
    assert said == [
        "date rhymes with temperate by a slant (B).",  # unstressed, as everybody says it today
        "The metre x/x/x/x/x/ does not hold at sometime.",  # Shakespeare's own stress, someTIME
    ]
    assert [line.letter for line in report.lines] == list("ABABCDCDEFEFGG")
    assert [f.holds for line in report.lines for f in line.findings if f.kind is Kind.LENGTH] == [True] * 14
    assert check_form(preset("sonnet").model_copy(update={"rhyming": Rhyming.SLANT, "metre": ""}), SONNET).holds


def test_haiku_and_limerick() -> None:
    report = check_form(preset("haiku"), HAIKU)
    assert report.holds
    assert [line.units for line in report.lines] == [5, 7, 5]
    assert check_form(preset("limerick"), LIMERICK).holds
    wrong = check_form(preset("haiku"), HAIKU.replace("cold ", ""))
    assert [f.said() for f in wrong.faults] == ["7 syllables are asked for; there are 6."]


@pytest.mark.parametrize(
    ("one", "other", "grade"),
    [
        ("light", "night", Rhyme.PERFECT),
        ("Light,", "NIGHT", Rhyme.PERFECT),
        ("rhyme", "time", Rhyme.PERFECT),
        ("flying", "dying", Rhyme.PERFECT),
        ("eternity", "thee", Rhyme.SLANT),
        ("soul", "all", Rhyme.SLANT),
        ("orange", "door", Rhyme.NONE),
        ("sea", "see", Rhyme.SAME),
        ("moon", "moon", Rhyme.SAME),
        ("moonglade", "shade", Rhyme.PERFECT),  # in no dictionary, but it ends as glade
        ("qwrtk", "light", None),
    ],
)
def test_rhymes(one: str, other: str, grade: Rhyme | None) -> None:
    assert rhyme(one.strip(","), other) is grade


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("dimm'd", 1),
        ("untrimm’d", 1 + 1),
        ("grow'st", 1),
        ("wander'st", 2),
        ("o'er", 1),
        ("'tis", 1),
        ("maketh", 2),
        ("freckled", 2),
        ("7", 2),
        ("sunglimmered", 3),  # spelling alone from here on
        ("blorfed", 1),
        ("wubled", 2),
        ("café", 2),
        ("qwrtk", 1),
    ],
)
def test_syllables(word: str, count: int) -> None:
    assert pronounce(word).counts[0] == count


def test_a_word_with_two_lengths_fits_either() -> None:
    two, three = (Form(language=Language.ENGLISH, measure=((n, n),)) for n in (2, 3))
    assert check_form(two, "every").holds
    assert check_form(three, "every").holds
    assert not check_form(Form(language=Language.ENGLISH, measure=((4, 4),)), "every").holds


def test_what_nobody_can_tell_is_not_held_against_a_line() -> None:
    report = check_form(Form(language=Language.ENGLISH, rhyme="AA"), "a light\na qwrtk")
    assert report.holds
    assert report.lines[1].findings[-1].holds is None


def test_rhymes_start_over_with_each_round_of_the_scheme() -> None:
    text = "the day\nthe light\nmy way\nthe night\n\nthe sea\nthe stone\nthe tree\nalone"
    form = Form(language=Language.ENGLISH, stanzas=(4, 4), rhyme="ABAB")
    assert check_form(form, text).holds
    assert not check_form(form, text.replace("\n\n", "\n")).holds


def test_words_acrostic_and_the_alphabets_borders() -> None:
    form = Form(language=Language.ENGLISH, acrostic="sea", must=("Water",), avoid=("art", "cold stone"))
    report = check_form(form, "Slow water\n“every heart\nand no stone, cold")
    assert report.holds  # "art" is not in "heart" as a word
    worse = check_form(form, "Slow water\nart\nand cold stone")
    assert {(f.kind, f.said()) for f in worse.faults} == {
        (Kind.AVOID, "art is there."),
        (Kind.AVOID, "cold stone is there."),
        (Kind.ACROSTIC, "The line begins with a; the acrostic asks for e."),
    }
