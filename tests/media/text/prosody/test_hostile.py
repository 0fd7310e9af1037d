"""Any string against any form: bounded in time, offsets in code points, always JSON."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Form, Language, Pattern
from app.media.text.prosody.presets import TITLES, preset, presets
from app.media.text.prosody.report import Report

WORDS = {"acrostic": "春s", "must": ("秋", "sea"), "avoid": ("月", "a a")}
ANYTHING = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs"]),
        st.sampled_from("月落乌啼霜满天国國，。\n\r\x00\u2028\u200d\u202e👨👩é\u0301'’ﬁİ"),
    ),
    max_size=80,
)


def spans(report: Report) -> list[tuple[int, int]]:
    return [span for part in (*report.lines, report) for f in part.findings for span in f.spans]


@settings(deadline=None, max_examples=150)
@given(text=ANYTHING, name=st.sampled_from(sorted(presets())))
def test_any_text_gets_a_report_whose_offsets_lie_in_it(text: str, name: str) -> None:
    report = check_form(preset(name).model_copy(update=WORDS), text)
    assert 0 <= report.share <= 1
    assert all(0 <= a < b <= len(text) for a, b in spans(report))
    assert all(text[line.start : line.end].strip() for line in report.lines)
    assert report.lines == tuple(sorted(report.lines, key=lambda line: line.start))
    assert all(f.said() for part in (*report.lines, report) for f in part.findings)
    report.model_dump_json()


@pytest.mark.parametrize(
    "piece",
    [
        "月",
        "a ",
        "\n",
        "月\n",
        "a\n\n",
        "👨‍👩‍👧 ",
        "שלום ",
        "z",
        "'",
        "\ud800",
        "\x00",
        "temperate ",
        "，",
        "e\u0301",
        "7",
        "\u202e",
    ],
    ids=ascii,
)
@pytest.mark.slow
def test_a_large_text_takes_bounded_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    for name in ("qilv", "sonnet", "free"):
        form = preset(name).model_copy(update=WORDS)
        began = time.process_time()
        report = check_form(form, text)
        assert time.process_time() - began < 3, name
        assert len(report.model_dump_json()) < 1_000_000


def test_what_a_message_repeats_can_always_be_sent() -> None:
    form = Form(language=Language.CHINESE, acrostic="春", rhyme="A", patterns=(Pattern(rhyme="A", tones=("平",)),))
    report = check_form(form, "\ud800")
    assert "\ufffd" in report.faults[0].said()
    assert report.model_dump_json()


def test_code_points_past_the_basic_plane_count_one() -> None:
    text = "👨‍👩‍👧 a word\n𠮷 the sea"
    [finding] = check_form(Form(must=("sea",)), text).findings
    assert [text[a:b] for a, b in finding.spans] == ["sea"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": Language.ENGLISH, "lines": 3, "stanzas": (2, 2)},
        {"language": Language.ENGLISH, "measure": ((7, 5),)},
        {"measure": ((5, 5),)},
        {"language": Language.ENGLISH, "patterns": (Pattern(tones=("平",)),)},
        {"language": Language.CHINESE, "metre": "x/"},
        {"language": Language.CHINESE, "measure": ((5, 5),), "patterns": (Pattern(tones=("平平",)),)},
        {"rhyme": "A1"},
        {"lines": 0},
        {"lines": 401},
        {"must": ("",)},
    ],
)
def test_a_form_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Form.model_validate(wrong)


def test_a_form_is_data() -> None:
    for name, form in presets().items():
        assert Form.model_validate_json(form.model_dump_json()) == form
        assert name in TITLES
    assert Form.model_validate({"language": "zh", "measure": [5, 7, [3, 5]]}).measure == ((5, 5), (7, 7), (3, 5))
    with pytest.raises(Exception, match="nothing here"):
        preset("villanelle")
