"""Who wrote which part of a text: the ranges cover it after any edit, and everybody keeps what is theirs."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.diff.authorship import (
    By,
    Span,
    Spans,
    carried,
    changed,
    check,
    counts,
    cut,
    joined,
    made,
    percent,
    shares,
    spans_of,
    spliced,
    stored,
    whole,
)
from app.diff.kept import kept
from app.diff.text import text_diff
from app.errors import InvalidError
from app.media.text.scripts import parts_character

# Families of emoji, flags, accents that combine, Hebrew and Arabic, Chinese beyond the first plane, spaces and line ends.
CLUSTERS = [
    "👨‍👩‍👧",
    "👍🏽",
    "🇫🇷",
    "🇨🇳",
    "é",
    "e\u0301",
    "שלום",
    "مرحبا",
    "𠀀",
    "秋风",
    "the",
    "a",
    " ",
    "\n",
    "，",
    "。\n",
    ". ",
]
TEXTS = st.lists(st.sampled_from(CLUSTERS), max_size=40).map("".join) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), max_size=40
)
WHO = st.sampled_from(list(By))


@st.composite
def written(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> tuple[str, Spans]:
    """A text and who wrote what of it."""
    text = draw(texts)
    cuts = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=6))})
    return text, joined(Span(a, b, draw(WHO)) for a, b in pairwise(cuts))


def by_character(spans: Spans) -> list[By]:
    """Who wrote each character."""
    return [span.by for span in spans for _each in range(span.start, span.end)]


@given(written(), TEXTS)
def test_after_any_edit_the_ranges_cover_the_text_and_the_shares_add_up(old: tuple[str, Spans], new: str) -> None:
    spans = carried(*old, new)
    assert check(spans, len(new)) == spans  # covers, sorted, neighbours differ
    said = shares(new, spans)
    assert not said or sum(said.values()) == pytest.approx(1)
    assert sum(percent(new, spans).values()) == (100 if said else 0)
    assert spans_of(new, stored(spans)) == spans


@given(written(), TEXTS)
def test_what_is_kept_stands_in_both_and_parts_no_character(old: tuple[str, Spans], new: str) -> None:
    at = 0
    for start, place, size in kept(old[0], new):
        assert size > 0
        assert place >= at
        assert old[0][start : start + size] == new[place : place + size]
        assert not parts_character(new, place)
        assert not parts_character(new, place + size)
        at = place + size


@given(written())
def test_nothing_changed_is_nothing_lost(old: tuple[str, Spans]) -> None:
    assert carried(*old, old[0]) == old[1]


UNIQUE = st.integers(0, 60).map(lambda n: "".join(chr(0x4E00 + i) for i in range(n)))
EDITS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8), st.integers(0, 5)), max_size=6)


@given(written(UNIQUE), EDITS)
def test_typing_and_deleting_anywhere_leaves_every_other_character_its_origin(
    old: tuple[str, Spans], edits: list[tuple[int, int, int]]
) -> None:
    """Every character stands once, so what a character's origin must be is beyond doubt."""
    text, spans = old
    owner = dict(zip(text, by_character(spans), strict=True))
    new, fresh = text, iter(range(0x9000, 0x9FFF))
    for place, gone, typed in edits:  # a place behind the end is the end
        new = new[:place] + "".join(chr(next(fresh)) for _each in range(typed)) + new[place + gone :]
    assert by_character(carried(text, spans, new)) == [owner.get(char, By.HAND) for char in new]


@given(written(UNIQUE.filter(lambda text: len(text) >= 30)), st.data())
def test_a_passage_cut_and_pasted_elsewhere_keeps_its_origins(old: tuple[str, Spans], data: st.DataObject) -> None:
    text, spans = old
    start = data.draw(st.integers(0, len(text) - 8))
    end = data.draw(st.integers(start + 8, len(text)))
    rest = text[:start] + text[end:]
    place = data.draw(st.integers(0, len(rest)))
    new = rest[:place] + text[start:end] + rest[place:]
    owner = dict(zip(text, by_character(spans), strict=True))
    found = by_character(carried(text, spans, new))
    kept_theirs = sum(who == owner[char] for who, char in zip(found, new, strict=True))
    # A shorter piece between the two places may be what counts as moved; what is shorter than MOVED may be taken for new.
    strangers = [char for who, char in zip(found, new, strict=True) if who != owner[char]]
    assert all(who == By.HAND for who, char in zip(found, new, strict=True) if char in strangers)
    assert kept_theirs >= len(new) - 5


@given(written(), st.data(), st.integers(0, 30))
def test_what_an_engine_puts_in_is_its_own_and_the_rest_stays(old: tuple[str, Spans], data: st.DataObject, size: int) -> None:
    text, spans = old
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    new = text[:start] + "x" * size + text[end:]
    owners = by_character(spans)
    expected = [*owners[:start], *[By.ENGINE] * size, *owners[end:]]
    assert by_character(spliced(spans, start, end, size)) == expected
    assert by_character(made(new, [(start, start + size)], text, spans)) == expected


def test_an_engines_whole_new_text_is_the_engines() -> None:
    assert made("new words", [(0, 9)], "old", whole("old", By.HAND)) == [Span(0, 9, By.ENGINE)]


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [Span(0, 4, By.HAND)],
        [Span(1, 5, By.HAND)],
        [Span(0, 2, By.HAND), Span(3, 5, By.ENGINE)],
        [Span(0, 3, By.HAND), Span(2, 5, By.ENGINE)],
        [Span(0, 6, By.HAND)],
        [Span(0, 0, By.HAND), Span(0, 5, By.HAND)],
        [Span(3, 5, By.HAND), Span(0, 3, By.HAND)],
    ],
)
def test_ranges_that_do_not_cover_the_text_are_refused(spans: Spans) -> None:
    with pytest.raises(InvalidError, match="origins"):
        check(spans, 5)


def test_neighbours_of_one_origin_are_joined() -> None:
    assert check([Span(0, 2, By.HAND), Span(2, 5, By.HAND)], 5) == [Span(0, 5, By.HAND)]


def test_white_space_belongs_to_nobody() -> None:
    text = "ab\n\n  cdef"
    spans = [Span(0, 6, By.HAND), Span(6, 10, By.ENGINE)]
    assert shares(text, spans) == {"hand": pytest.approx(1 / 3), "engine": pytest.approx(2 / 3)}
    assert percent(text, spans) == {"hand": 33, "engine": 67}
    half = [Span(0, 7, By.ENGINE), Span(7, 8, By.HAND)]
    assert percent("1234567h", half) == {"hand": 13, "engine": 87}, "the writing room rounds a half up for the hand, too"
    assert shares(" \n", [Span(0, 2, By.HAND)]) == {}


def test_a_family_of_emoji_is_never_written_by_two() -> None:
    was, now = "ten 👨‍👩‍👧 here", "ten 👨‍👩‍👦 here"
    spans = carried(was, whole(was, By.ENGINE), now)
    assert [(now[s.start : s.end], s.by) for s in spans] == [
        ("ten ", By.ENGINE),
        ("👨‍👩‍👦", By.HAND),
        (" here", By.ENGINE),
    ]


def test_lines_that_change_places_keep_who_wrote_them() -> None:
    first, second = "The river sleeps beneath the moon,\n", "a heron stands in silver reeds.\n"
    spans = [Span(0, len(first), By.ENGINE), Span(len(first), len(first + second), By.PASTE)]
    new = second + first
    moved = by_character(carried(first + second, spans, new))
    assert [who for who, char in zip(moved, new, strict=True) if not char.isspace()] == [
        *[By.PASTE] * len("".join(second.split())),
        *[By.ENGINE] * len("".join(first.split())),
    ]


def test_what_the_artist_changed_in_an_engines_line_is_told_from_a_line_of_their_own() -> None:
    text = "The pale river sleeps,\nmy own line\nand wakes again\n"
    spans = [
        Span(0, 4, By.ENGINE),
        Span(4, 9, By.HAND),  # "pale "
        Span(9, 23, By.ENGINE),
        Span(23, 35, By.HAND),  # a line, with its end
        Span(35, len(text), By.ENGINE),
    ]
    assert [text[start:end] for start, end in changed(text, spans)] == ["pale "]
    own = [Span(0, 23, By.ENGINE), Span(23, 34, By.HAND), Span(34, len(text), By.ENGINE)]  # its end is the engine's
    assert changed(text, own) == []
    last = [Span(0, 9, By.HAND), Span(9, len(text), By.ENGINE)]
    assert [text[start:end] for start, end in changed(text, last)] == ["The pale "]


@pytest.mark.parametrize("shape", ["prose", "one line", "no words", "reversed"])
def test_200_000_characters_do_not_keep_a_save_waiting(shape: str) -> None:
    """Processor time, so that a busy machine is no excuse; a save of an edit takes a hundredth of it."""
    words = [f"word{i * 7919 % 10007}" for i in range(20_000)]
    mark = {"prose": ". ", "one line": " ", "no words": "", "reversed": ".\n"}[shape]
    text = mark.join(words)[:200_000]
    edited = f"x{text[:70_000]}HERE{text[70_003:150_000]}{text[150_100:]}y"
    new = mark.join(reversed(words))[:200_000] if shape == "reversed" else edited
    began = time.process_time()
    spans = carried(text, whole(text, By.ENGINE), new)
    assert time.process_time() - began < 1.5
    assert check(spans, len(new)) == spans
    least = {"prose": 0.99, "reversed": 0.5}.get(shape, 0.0)  # the same word may stand in several places
    assert shares(new, spans).get("engine", 0.0) >= least


PARAGRAPH = "The lamp on the pier burned low, and the ferryman counted the waves. Nobody came down the hill that night."
OTHER = "Winter is long in the valley: the mill stands still, snow lies on the fence, and the dogs sleep."


def test_a_passage_moved_into_new_words_keeps_its_origin_though_some_words_are_the_same() -> None:
    """Little words that both have by chance do not keep a moved passage from being found."""
    text = f"{PARAGRAPH} {OTHER}"
    new = f"The ferry was late, and nobody on the hill saw it. {OTHER} {PARAGRAPH}"
    spans = carried(text, whole(text, By.ENGINE), new)
    known = {str(by): end - start for start, end, by in cut(spans, new.index(OTHER), len(new)) if end - start > 20}
    assert set(known) == {"engine"}, "all but some small words"


def test_what_was_cut_and_pasted_twice_is_its_writers_twice() -> None:
    text = f"{PARAGRAPH}\n{OTHER}\nThat is all.\n"
    new = f"{OTHER}\nThat is all.\n\n{PARAGRAPH}\n\nAgain, as it was told:\n\n{PARAGRAPH}\n"
    spans = carried(text, whole(text, By.ENGINE), new)
    assert counts(new, spans)["hand"] == len("Again,asitwastold:") + len(".")


@pytest.mark.timeout(60)  # it took minutes where a pattern looked back over all that is alike
@pytest.mark.parametrize("char", ["👩\u200d", "🇫🇷", "\u0301", "👍🏽", "ab", "\n", "是"])
def test_one_character_written_thousands_of_times_is_compared_quickly(char: str) -> None:
    old, new = char * 20_000, f"x{char[::-1] * 15_000}"
    assert check(carried(old, whole(old, By.ENGINE), new), len(new))
    assert text_diff(old, new)
