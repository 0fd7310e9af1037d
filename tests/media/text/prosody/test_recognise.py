"""A brief names its form in passing."""

from __future__ import annotations

import pytest

from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Form
from app.media.text.prosody.recognise import recognised
from app.media.text.prosody.report import Kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("七言绝句，平水韵", {"preset": "qijue", "book": "old"}),
        ("写一首五律，首句不入韵，仄起", {"preset": "wulv", "start": "仄", "first_rhymed": False}),
        ("五言排律", {"preset": "wupai"}),
        ("调寄浣溪沙，说秋", {"preset": "huanxisha"}),
        ("藏头诗“秋高气爽”，七绝，中华新韵", {"preset": "qijue", "book": "new", "acrostic": "秋高气爽"}),
        ("a Shakespearean sonnet on the sea", {"preset": "sonnet"}),
        ('an acrostic of "AUTUMN"', {"acrostic": "AUTUMN"}),
        ("俳句", {"preset": "hanpai"}),
        ("a story about coupling rails", {}),
        ("写一首抒情诗，描述秋日的景色，诗风优雅典雅。", {}),
    ],
)
def test_forms_are_recognised(text: str, found: dict[str, object]) -> None:
    assert recognised(text) == found
    assert isinstance(form_of(recognised(text)), Form)


@pytest.mark.parametrize(
    ("name", "poem"),
    [
        ("huanxisha", "一曲新词酒一杯，去年天气旧亭台。夕阳西下几时回。无可奈何花落去，似曾相识燕归来。小园香径独徘徊。"),
        (
            "zhegutian",
            "彩袖殷勤捧玉钟，当年拚却醉颜红。舞低杨柳楼心月，歌尽桃花扇底风。从别后，忆相逢。几回魂梦与君同。今宵剩把银釭照，犹恐相逢是梦中。",
        ),
    ],
)
def test_songs_that_everybody_knows_keep_their_tunes(name: str, poem: str) -> None:
    """晏殊 and 晏几道: their tones hold by the old book; songs rhyme by a wider one."""
    report = check_form(form_of({"preset": name, "book": "old"}), poem)
    assert {fault.kind for fault in report.faults} <= {Kind.RHYME}
