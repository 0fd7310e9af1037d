"""What a page shows of a text: the new passage between the ends of what surrounds it, always rebuilding the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.views.passages import AROUND, Passage, passage, tongue

TEXTS = st.text(alphabet="ab\n，月👩", max_size=40)


@pytest.mark.parametrize(
    ("text", "parent", "found"),
    [
        ("月满空庭", None, Passage(0, "", "月满空庭", "")),
        ("微风过楼，\n月满", "微风过楼，\n", Passage(6, "微风过楼，\n", "月满", "")),
        ("one\ntwo\nthree", "one\ntwo\n", Passage(8, "…two\n", "three", "")),
        ("x\nNEW\ny\nz", "x\nOLD\ny\nz", Passage(2, "x\n", "NEW", "\ny…")),
        ("👩‍🚀a", "👩‍🚀", Passage(3, "👩‍🚀", "a", "")),
        ("same", "same", Passage(4, "same", "", "")),
    ],
)
def test_what_is_new_stands_between_what_surrounds_it(text: str, parent: str | None, found: Passage) -> None:
    assert passage(text, parent) == found


@given(before=TEXTS, old=TEXTS, new=TEXTS, after=TEXTS)
def test_whatever_was_edited_is_found(before: str, old: str, new: str, after: str) -> None:
    text, parent = before + new + after, before + old + after
    found = passage(text, parent)
    end = found.start + len(found.written)
    assert text[found.start : end] == found.written
    assert parent.startswith(text[: found.start])
    assert parent[found.start :].endswith(text[end:])
    assert len(found.written) <= len(new)
    assert text[: found.start].endswith(found.before.removeprefix("…"))
    assert text[end:].startswith(found.after.removesuffix("…"))
    assert max(len(found.before), len(found.after)) <= AROUND + 1


def test_the_language_is_the_one_that_has_more_words() -> None:
    assert tongue("写一首诗 in English") == "zh-Hans"
    assert tongue("A poem about 月") == "en"
    assert tongue("") == "en"
