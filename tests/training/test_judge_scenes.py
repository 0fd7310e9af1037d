"""Composed scenes for the judge: what is true of which picture, what is made of briefs, and that a judge learns from them."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.engines.image.composer.library import Library, library
from app.engines.shared import minilm
from app.judging.house import FOLDER
from app.training.faults import TrainingError
from app.training.image import judge_export, judge_scenes
from app.training.image.captions import briefs
from app.training.image.judge import Training
from app.training.image.judge_briefs import GROUP, Spec, specs
from app.training.image.judge_networks import Settings
from app.training.image.judge_scenes import SIDE, Scenes
from app.training.image.judge_truth import Shown, verdict
from app.training.run import Machine
from tests.training.test_judge import TINY, all_seen, data, known, machine  # noqa: F401 (fixtures)

pytestmark = [
    pytest.mark.skipif(minilm.folder() is None, reason="the text encoder is not installed"),
    pytest.mark.usefixtures("all_seen"),
]
FOX = Shown({"fox": (1, "")}, "snow", "night", ("moon",), "print")
TWO = Shown({"fox": (3, "red"), "owl": (1, "")}, "hill", "day")


@pytest.mark.parametrize(
    ("says", "shows", "told"),
    [
        (Shown({"fox": (1, "")}), FOX, True),
        (Shown({"owl": (1, "")}), FOX, False),
        (Shown({"fox": (1, "")}, ground="snow", hour="night", weather=("moon",), style="print"), FOX, True),
        (Shown({"fox": (1, "")}, ground="sea"), FOX, False),
        (Shown({"fox": (1, "")}, hour="dusk"), FOX, False),
        (Shown({"fox": (1, "")}, style="flat"), FOX, False),
        (Shown({"fox": (1, "")}, weather=("rain",)), FOX, False),
        (Shown({"fox": (1, "")}, weather=("stars",)), FOX, None),  # there may be some at night
        (Shown({"fox": (1, "blue")}), FOX, None),  # nobody asked for its colour: it may be any
        (Shown({"vixen": (1, "")}), FOX, None),  # another word for it
        (Shown({"fox": (3, "")}), TWO, True),
        (Shown({"fox": (2, "")}), TWO, False),
        (Shown({"fox": (1, "")}), TWO, None),  # "a fox" of three
        (Shown({"fox": (3, "blue")}), TWO, False),
        (Shown({"fox": (3, ""), "owl": (1, "")}), TWO, True),
        (Shown({"fox": (3, "")}, ground="meadow"), TWO, None),  # a green hill
    ],
)
def test_a_brief_is_true_of_what_it_says(says: Shown, shows: Shown, told: bool | None) -> None:
    assert verdict(says, shows, frozenset({("vixen", "fox")})) is told


@pytest.fixture(scope="module")
def drawings() -> Library:
    return library()


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory, drawings: Library, machine: Machine) -> Scenes:  # noqa: F811 (a fixture)
    return judge_scenes.prepare(tmp_path_factory.mktemp("scenes"), 12, drawings, machine)


def test_groups_differ_in_one_respect_and_none_is_a_brief_to_measure_by(drawings: Library) -> None:
    for group in itertools.islice(specs(drawings, 3), 50):
        first = group[0]
        for other in group[1:]:
            parts = [name for name in Spec.__slots__ if getattr(first, name) != getattr(other, name)]
            assert len(parts) <= 2, (first, other)  # fewer things leave out how they stand, too
    measured = next(iter(text for text in briefs() if text == "a red fox"), next(iter(briefs())))
    dice = random.Random(0)
    spec = Spec(((measured.removeprefix("a "), 1, ""),))
    made = [judge_scenes.example(spec, drawings, dice) for _time in range(8)]
    assert all(one is None or one[0].text not in briefs() for one in made)


def test_what_is_made_is_true_of_its_own_picture_and_seldom_of_others(scenes: Scenes) -> None:
    rows = scenes.batch(range(12))
    right, asked = scenes.truth(rows)
    assert scenes.pictures.shape == (12 * GROUP, SIDE, SIDE, 3)
    assert right.diagonal().mean() > 0.9
    assert right.mean() < 0.1
    assert asked.mean() > 0.8
    assert not set(scenes.held_out) & set(scenes.learned)


def test_nothing_is_true_of_a_torn_picture(scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_scenes, "_BROKEN", 1.0)
    rows = scenes.batch([0])
    x = scenes.seen(rows)
    whole = x.clone()
    torn = judge_scenes.broken(x, torch.Generator().manual_seed(0))
    assert torn == [0, 1, 2, 3]
    assert not torch.equal(x, whole)
    assert torch.equal(x.flatten().sort().values, whole.flatten().sort().values)  # the same pixels, elsewhere
    right, asked = scenes.truth(rows, torn)
    assert not right.any()
    assert asked.all()


def test_other_scenes_are_not_taken_for_these(tmp_path: Path, drawings: Library, machine: Machine) -> None:  # noqa: F811 (a fixture)
    (tmp_path / "scenes.json").write_text(json.dumps({"groups": 3, "examples": []}))
    with pytest.raises(TrainingError, match="other scenes"):
        judge_scenes.prepare(tmp_path, 4, drawings, machine)


def test_it_learns_from_scenes_too_and_its_card_tells(
    tmp_path: Path,
    known: object,  # noqa: F811 (a fixture)
    scenes: Scenes,
    machine: Machine,  # noqa: F811 (a fixture)
) -> None:
    settings = replace(TINY, batch=16, side=SIDE, small=SIDE, rate=4e-3)
    training = Training(known, tmp_path / "training", settings, machine, scenes=scenes)  # type: ignore[arg-type]
    losses = [float(training.train_step()) for _step in range(40)]
    assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:6])
    sources = json.loads((data(tmp_path / "a", "flat") / "sources.json").read_text())
    judge_export.export(tmp_path / "model", training, sources)
    figures = json.loads((tmp_path / "model/measurements.json").read_text())
    assert {"scenes_caption", "scenes_picture", "scenes_near"} <= figures.keys()
    assert "48 scenes" in (tmp_path / "model/README.md").read_text()


def test_it_goes_on_from_a_finished_judge(tmp_path: Path, known: object, machine: Machine) -> None:  # noqa: F811 (fixtures)
    training = Training(known, tmp_path, Settings(minutes=1e6, batch=8), machine, start=FOLDER)  # type: ignore[arg-type]
    config = json.loads((FOLDER / "config.json").read_text())
    assert float(training.heads["scale"].detach().exp()) == pytest.approx(config["calibration"]["scale"], rel=1e-4)
    assert float(training.vision.state_dict()["embedder.embedder.normalization.running_var"].std()) > 0  # of many pictures
