"""The scripts that compute, alone in Chromium: code points, authorship, shares, keys of tunes, what lies where in a lineage."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from babel.dates import format_timedelta
from playwright.sync_api import Browser, Route

from app.web.scripts import STATIC

Compute = Callable[..., Any]
ORIGIN = "http://units.invalid"


@pytest.fixture(scope="module")
def compute(chromium: Browser) -> Iterator[Compute]:
    """Runs the body of a function over the exports of a module, `of`, and JSON-able arguments; gives what it returns."""
    page = chromium.new_page()

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path.lstrip("/")
        if not path:
            route.fulfill(body="<!doctype html>", content_type="text/html")
        else:
            file = STATIC / path
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "")

    page.route(f"{ORIGIN}/**", serve)
    page.goto(f"{ORIGIN}/")

    def run(module: str, body: str, *given: Any) -> Any:
        function = f"const run = async (...given) => {{ {body} }}; return run(...given);"
        code = f"async ([path, given]) => {{ const of = await import(path); {function} }}"
        return page.evaluate(code, [f"{ORIGIN}/js/{module}", list(given)])

    yield run
    page.close()


@pytest.mark.parametrize(
    ("fractions", "whole"),
    [
        ([1 / 3, 1 / 3, 1 / 3], [34, 33, 33]),
        ([0.995, 0.005, 0, 0, 0], [100, 0, 0, 0, 0]),
        ([0.125] * 8, [13, 13, 13, 13, 12, 12, 12, 12]),
        ([0, 0], [0, 0]),
        ([1], [100]),
    ],
)
def test_shares_are_whole_and_add_up(compute: Compute, fractions: list[float], whole: list[int]) -> None:
    assert compute("writing/shares.js", "return of.percents(given[0])", fractions) == whole


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_an_age_is_said_as_the_pages_say_it(compute: Compute, language: str) -> None:
    ages = [1, 2, 11, 50, 52, 89, 91, 200, 3000, 3100, 70_000, 80_000, 500_000, 600_000, 2_500_000, 40_000_000]
    told = [format_timedelta(timedelta(seconds=-age), add_direction=True, locale=language.replace("-", "_")) for age in ages]
    assert compute("shared/ago.js", "return given[0].map((age) => of.ago(age, given[1]))", ages, language) == told


def test_offsets_go_there_and_back_beside_characters_of_two_units(compute: Compute) -> None:
    text = "a🦊b𠮷c"
    body = """
      const { EditorState } = await import("/vendor/codemirror.min.js");
      const points = of.pointsOf(EditorState.create({ doc: given[0], extensions: [of.astral] }));
      const there = [0, 1, 3, 4, 6, 7].map((unit) => points.point(unit));
      return [there, [0, 1, 2, 3, 4, 5].map((point) => points.unit(point)), of.length(given[0])];
    """
    assert compute("writing/points.js", body, text) == [[0, 1, 2, 3, 4, 5], [0, 1, 3, 4, 6, 7], len(text)]


def test_who_wrote_what_moves_with_changes_and_comes_back_when_undone(compute: Compute) -> None:
    body = """
      const { EditorState, history, undo } = await import("/vendor/codemirror.min.js");
      const { astral } = await import("/js/writing/points.js");
      const extensions = [astral, history(), of.keeping([{ from: 0, to: 6, by: "engine" }])];
      let state = EditorState.create({ doc: "spring rain", extensions });
      const steps = [of.originsOf(state)];
      state = state.update({ changes: { from: 3, insert: "🌱" }, userEvent: "input.type" }).state;
      steps.push(of.originsOf(state));
      state = state.update({ changes: { from: state.doc.length, insert: "!!" }, userEvent: "input.paste" }).state;
      steps.push(of.originsOf(state));
      for (let times = 0; times < 2; times++) undo({ state, dispatch: (transaction) => { state = transaction.state; } });
      steps.push(of.originsOf(state));
      return steps;
    """
    first, typed, pasted, undone = compute("writing/origins.js", body)
    assert first == [{"start": 0, "end": 6, "by": "engine"}, {"start": 6, "end": 11, "by": "hand"}]
    assert typed == [
        {"start": 0, "end": 3, "by": "engine"},
        {"start": 3, "end": 4, "by": "hand"},
        {"start": 4, "end": 7, "by": "engine"},
        {"start": 7, "end": 12, "by": "hand"},
    ]
    assert pasted == [*typed, {"start": 12, "end": 14, "by": "paste"}]
    assert undone == first


@pytest.mark.parametrize(
    ("header", "semitones", "key"),
    [
        ("K:G", 2, {"tonic": "A", "mode": "maj"}),
        ("K:Bbdor", 1, {"tonic": "B", "mode": "dor"}),
        ("K:Am", -1, {"tonic": "G#", "mode": "min"}),
        ("K: F# minor", 0, {"tonic": "F#", "mode": "min"}),
    ],
)
def test_keys_move_by_semitones_to_the_plainer_spelling(
    compute: Compute, header: str, semitones: int, key: dict[str, str]
) -> None:
    body = "return of.moved(of.keyOf(given[0]), given[1])"
    assert compute("music/tonality.js", body, f"X:1\n{header}\nGABc|", semitones) == key


def test_a_tune_without_a_key_has_none(compute: Compute) -> None:
    assert compute("music/tonality.js", "return of.keyOf(given[0])", "X:1\nGABc|") is None


LINEAGE = {
    "number": [1, 2, 3],
    "id": "0" * 96,
    "first": [-1, 0, 1],
    "role": [0, 0, 0],
    "more": [],
    "weight": [2, 1, 0],
    "foreign": 0,
    "roles": ["vary"],
    "words": ["", "", ""],
    "x": [0, 100, 100],
    "y": [0, 1, 2],
    "colour": "ff0000" * 3,
    "picked": [1],
    "folded": [1, 5],
}


def test_a_point_of_the_lineage_names_the_nearest_revision_or_its_count(compute: Compute) -> None:
    body = """
      const graph = of.read(given[0], 3);
      const at = (i, dx = 0, dy = 0) => of.hit(graph, graph.x[i] + dx, graph.y[i] + dy, 1);
      const half = graph.size[1] / 2;
      return [at(0), at(2, 5, 5), at(1, half, half), at(0, 400, 0), [...graph.way], of.bounds(graph)];
    """
    root, near, count, nothing, way, box = compute("lineage/drawing.js", body, LINEAGE)
    assert root == {"node": 0, "badge": False}
    assert near == {"node": 2, "badge": False}
    assert count == {"node": 1, "badge": True}
    assert nothing is None
    assert way == [1, 1, 1]
    assert (box["left"], box["right"], box["top"], box["bottom"]) == (-56, 112, -232, 56)


@pytest.mark.parametrize(
    ("text", "words", "han", "characters"),
    [
        ("", 0, 0, 0),
        ("The sea\nis grey.", 4, 0, 13),
        ("Don’t stop, mother-in-law!", 3, 0, 24),
        ("床前明月光，疑是地上霜。", 0, 10, 12),
        ("第 3 版的 PDF", 2, 3, 7),
        ("😀 ok", 1, 0, 3),
        ("Ελληνικά и русский", 3, 0, 16),
    ],
)
def test_a_text_is_counted_in_words_and_characters(compute: Compute, text: str, words: int, han: int, characters: int) -> None:
    found = compute("writing/measures.js", "return of.measured(given[0])", text)
    assert found == {"words": words, "han": han, "characters": characters}


def test_the_outline_is_a_texts_headings_in_code_points(compute: Compute) -> None:
    text = "# 😀 One #\n\ntext\n```\n# code\n```\n## Two\n#no\n#### \n###### 三\n"
    found = compute("writing/measures.js", "return of.headings(given[0])", text)
    assert [(one["level"], one["title"]) for one in found] == [(1, "😀 One"), (2, "Two"), (6, "三")]
    assert all(text[one["at"] :].startswith("#" * one["level"]) for one in found)
