"""The measurements of tunes tell what they promise; how quick this machine is, no test asserts."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.benchmarks import music
from app.benchmarks.bench import Bench
from app.benchmarks.figures import UnmeasuredError
from app.benchmarks.goals import GOALS
from app.benchmarks.main import figures_of
from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows
from app.media.music.abc.abc import read_tune
from app.media.music.notation.checks import incomplete

TAKEN = {
    "prefill": [[0.01, 0.01]] * 3,
    "first": [[0.3, 0.2], [0.5, 0.3], [0.4, 0.2]],
    "four": [[2.0, 1.5], [3.0, 1.6], [2.5, 1.4]],
    "bare": [[1.0, 0.9]] * 3,
}
ANSWER: dict[str, Any] = {"facts": {"tunes": 4, "bars": 16, "tokens": 130, "drafts": 4}, "taken": TAKEN}


@pytest.fixture
def bench() -> Bench:
    return Bench(cast("Studio", None), Windows(), quick=True)


def test_without_a_browser_the_engine_and_the_recording_are_told_beside_their_baselines(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(music, "engine_measurements", lambda _rounds: ANSWER)
    monkeypatch.setattr("app.benchmarks.window.shutil.which", lambda _name: None)
    entries = dict(figures_of("music", bench))
    assert set(entries) == set(GOALS["music"])
    assert (entries["four"]["value"], entries["four"]["baseline"]["value"], entries["four"]["met"]) == (2.5, 1.0, True)
    assert (entries["first_bars"]["value"], entries["first_bars"]["values"]["p50"]) == (0.5, 0.4)
    assert entries["wav"]["value"] > 0
    assert entries["wav"]["values"]["seconds_of_sound"] == pytest.approx(60, abs=3)
    assert entries["wav"]["baseline"]["value"] < entries["wav"]["value"]
    for name in ("first_bars_page", "score", "playback", "scripts", "elsewhere"):
        assert entries[name]["value"] is None
        assert "Chromium" in entries[name]["why"] or "Playwright" in entries[name]["why"]


def test_the_long_tune_is_sound_and_always_the_same() -> None:
    tune = read_tune(music.long_tune(64))
    assert (tune.faults, incomplete(tune), tune.bars[-1].number) == ((), [], 64)
    assert music.long_tune(64) == music.long_tune(64)


def test_an_engine_that_does_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Done:
        stdout, stderr = "", "no module named torch"

    monkeypatch.setattr("app.benchmarks.engine_process.subprocess.run", lambda *_line, **_given: Done())
    with pytest.raises(UnmeasuredError, match="no module named torch"):
        music.engine_measurements(1)
    Done.stdout = '{"error": "The weights cannot be used"}\n'
    with pytest.raises(UnmeasuredError, match="cannot be used"):
        music.engine_measurements(1)
