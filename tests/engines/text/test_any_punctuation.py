"""A poem that the form check calls right can be gone on with, however its marks and line breaks are written."""

from __future__ import annotations

from itertools import product

import pytest

from app.engines.engine import Verb
from app.engines.text.verse import Verse
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Breaks
from app.media.text.prosody.lines import CLAUSE, NEW_LINES, split
from tests.engines.text.test_verse import run, verse

__all__ = ["verse"]  # the tiny engine

BREAKS = ("", " ", "\u3000", "\r\n", *sorted(NEW_LINES))
WUJUE = form_of({"preset": "wujue"})
LINES = ("白日依山尽", "黄河入海流", "欲穷千里目")  # three that the form takes; the fourth is to be written


def right(text: str) -> bool:
    """Whether the check finds nothing wrong with the lines that are there."""
    report = check_form(WUJUE, text)
    return all(finding.holds is not False for line in report.lines for finding in line.findings)


@pytest.mark.parametrize("mark", [*CLAUSE, ""])
@pytest.mark.parametrize("form", [None, WUJUE])
def test_the_next_line_follows_any_mark_and_any_line_break(verse: Verse, mark: str, form: object) -> None:
    for gap, end in product(BREAKS, (mark, f"{mark}\n", "")):
        if not mark and gap in {"", " ", "\u3000"}:
            continue  # nothing parts the lines
        text = f"{LINES[0]}{mark}{gap}{LINES[1]}{mark}{gap}{LINES[2]}{end}"
        assert right(text)
        (content,) = run(verse, Verb.LINE, text, seeds=(1,), asked=form)
        found = list(split(content.data.decode(), Breaks.CLAUSE))
        assert content.data.decode().startswith(text)
        assert [line.length() for line in found] == [5, 5, 5, 5], (text, content.data.decode())
        assert right(content.data.decode())


@pytest.mark.parametrize("verb", [Verb.CONTINUE, Verb.VARY, Verb.BRANCH])
def test_so_does_every_other_verb(verse: Verse, verb: Verb) -> None:
    for mark, gap in product((",", "，", ";", "."), ("", "\n", "\r\n", "\u2028")):
        text = f"{LINES[0]}{mark}{gap}{LINES[1]}{mark}{gap}"
        rest = {"at": len(text), "choice": "山"} if verb is Verb.BRANCH else {}
        (content,) = run(verse, verb, text, seeds=(1,), **rest)
        assert [line.length() for line in split(content.data.decode(), Breaks.CLAUSE)] == [5] * 4


def test_marks_are_written_as_the_poem_writes_its_own(verse: Verse) -> None:
    (narrow,) = run(verse, Verb.CONTINUE, f"{LINES[0]},\n{LINES[1]}.\n", seeds=(1,))
    assert "，" not in narrow.data.decode()
    assert narrow.data.decode().count(",\n") == 2
    (wide,) = run(verse, Verb.CONTINUE, f"{LINES[0]}，{LINES[1]}。", seeds=(1,))
    assert wide.data.decode().startswith(f"{LINES[0]}，{LINES[1]}。\n")
    assert not set(",.") & set(wide.data.decode())
