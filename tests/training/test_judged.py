"""A generator's figures: each falls where it should, for a generator that copies, one that guesses, one that is blind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from app.judging.judge import unit
from app.training.faults import TrainingError
from app.training.image import judged, prompts
from app.training.image.captions import COLOURED, View
from app.training.image.colours import Pixels
from app.training.image.dataset import Drawing
from app.training.image.examples import view_pixels
from app.training.image.figures import kid, logistic, miscalibration, nearest, retrieval
from app.training.image.prompts import Prompt

if TYPE_CHECKING:
    from app.judging.judge import Picture, Vectors

SIZE, ANIMALS = 32, 3
DICE = np.random.default_rng(0)


def drawing(number: int, style: str = "flat") -> Drawing:
    return Drawing(f"thing-{number}", f"thing {number}", (), style, ANIMALS)


@pytest.fixture(scope="module")
def known() -> tuple[Pixels, list[Drawing]]:
    """Sixty drawings of their own colours, some of them held out by their labels."""
    found = [drawing(number) for number in range(60)]
    pixels = np.zeros((60, SIZE, SIZE, 4), np.uint8)
    pixels[:, 4:-4, 4:-4, :3] = DICE.integers(0, 255, (60, 3, 3, 3)).repeat(8, 1).repeat(8, 2)[:, :24, :24]
    pixels[:, 4:-4, 4:-4, 3] = 255
    return pixels, found


class Eyes:
    """A judge that sees sixteen squares, and knows by heart which drawing each text names."""

    name, title, light, version, dimensions = "eyes", "Eyes", True, "0" * 64, 48

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    def unready(self) -> str | None:
        return None

    def load(self, device: str) -> None:
        pass

    def embed_pictures(self, shown: Sequence[Picture]) -> Vectors:
        x = torch.from_numpy(np.stack([np.asarray(one) for one in shown])).permute(0, 3, 1, 2).float() / 127.5 - 1
        return unit(torch.nn.functional.adaptive_avg_pool2d(x, 4).flatten(1).numpy() - 0.3)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        rows = [int(next(word for word in text.replace(",", "").split() if word.isdigit())) for text in texts]
        return judged.seen(self, view_pixels(self.pixels, [View(row, "white", False) for row in rows]))

    def adherence(self, shown: Vectors, text: Vectors) -> Vectors:
        return np.asarray((1 + shown @ text) / 2, np.float32)


def copies(known: tuple[Pixels, list[Drawing]], rows: Sequence[int]) -> torch.Tensor:
    return view_pixels(known[0], [View(row, "white", False) for row in rows])


def test_a_copying_generator_adheres_like_real_drawings_and_a_blind_one_does_not(known: tuple[Pixels, list[Drawing]]) -> None:
    asked = [Prompt(f"thing {number}, flat vector", (f"thing {number}",)) for number in range(60)]
    judge = Eyes(known[0])
    good = judged.adherence("known", judge, copies(known, range(60)), asked, *known)
    assert good["adherence_known"]["value"] == good["adherence_known_of_real_drawings"]["value"] == "60 of 60"
    assert good["adherence_known_share"]["value"] == 1
    blind = judged.adherence("known", judge, copies(known, [7] * 60), asked, *known)
    assert blind["adherence_known_share"]["value"] < 0.1
    assert blind["adherence_known_mean"]["value"][0] < good["adherence_known_mean"]["value"][0]


def test_copies_are_called_memorised_and_new_pictures_are_not(
    known: tuple[Pixels, list[Drawing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drawing, "held_out", property(lambda self: int(self.label.split()[1]) % 4 == 0))
    trained = [n for n in range(60) if n % 4]
    judge, texts = Eyes(known[0]), [f"thing {n}" for n in range(20)]
    figures, sheet = judged.memorised(judge, copies(known, trained[:20]), texts, *known)
    assert figures["memorised_by_features"]["value"] == figures["memorised_by_pixels"]["value"] == 1
    assert figures["nearest_by_features"]["value"][0] == pytest.approx(1, abs=1e-3)
    assert figures["nearest_by_pixels"]["value"][0] == pytest.approx(0, abs=1e-3)
    assert sheet.width > 3 * SIZE
    fresh = (
        torch.from_numpy(DICE.uniform(-1, 1, (20, 3, 3, 3)).astype(np.float32))
        .repeat_interleave(11, 2)
        .repeat_interleave(11, 3)
    )
    figures, _sheet = judged.memorised(judge, fresh, texts, *known)
    assert figures["memorised_by_pixels"]["value"] < 0.3


def test_a_style_that_is_met_is_nearer_than_one_that_is_not(known: tuple[Pixels, list[Drawing]]) -> None:
    judge = Eyes(known[0])
    near = judged.distance("flat", judge, copies(known, range(0, 60, 2)), *known)["KID_flat"]["value"]
    far = judged.distance("flat", judge, -copies(known, range(0, 60, 2)), *known)["KID_flat"]["value"]
    assert near[0] < far[0] / 4
    assert near[1] < far[0] / 4


def test_two_seeds_are_apart_only_when_they_differ(known: tuple[Pixels, list[Drawing]]) -> None:
    judge, first = Eyes(known[0]), copies(known, range(20))
    same = judged.variety(judge, first, first)
    other = judged.variety(judge, first, copies(known, range(30, 50)))
    assert same["seeds_apart_by_pixels"]["value"][0] == 0
    assert same["seeds_apart_by_features"]["value"][0] == pytest.approx(0, abs=1e-3)
    for name in ("seeds_apart_by_features", "seeds_apart_by_pixels"):
        assert other[name]["value"][0] > 0.1


def test_all_figures_come_of_any_resolution(known: tuple[Pixels, list[Drawing]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Drawing, "held_out", property(lambda self: int(self.label.split()[1]) >= 40))
    some = [Prompt(f"thing {number}", (f"thing {number}",)) for number in range(12)]
    monkeypatch.setattr(prompts, "known", lambda: some)
    made: list[tuple[int, int]] = []

    def make(texts: list[str], seed: int) -> torch.Tensor:
        made.append((len(texts), seed))
        return torch.rand(len(texts), 3, 48, 48, generator=torch.Generator().manual_seed(seed)) * 2 - 1

    figures, _sheet = judged.measure(make, Eyes(known[0]), *known)
    assert {"adherence_known", "adherence_held_out", "KID_flat", "memorised_by_pixels", "seeds_apart_by_pixels"} <= set(figures)
    assert all({"value", "note"} <= set(one) for one in figures.values())
    assert (prompts.COUNT, 1) in made
    assert {seed for count, seed in made if count == 12} == {1, 2}


def test_there_are_two_hundred_prompts_for_known_things() -> None:
    found = prompts.known()
    assert len(found) == prompts.COUNT
    assert len({prompt.text for prompt in found}) == prompts.COUNT
    for prompt in found:
        assert not any(drawing_of(thing).held_out for thing in prompt.things)
        assert prompt.ground is None or (prompt.ground in COLOURED and prompt.ground in prompt.text)
        assert prompt.colour is None or prompt.colour in prompt.text
    assert sum(len(prompt.things) > 1 for prompt in found) == 10
    assert sum(prompt.ground is not None for prompt in found) >= 15


def drawing_of(label: str) -> Drawing:
    return Drawing(label, label, (), "flat", ANIMALS)


def test_prompts_of_held_out_concepts_name_no_other(
    known: tuple[Pixels, list[Drawing]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drawing, "held_out", property(lambda self: self.label in {"thing 3", "thing 5"}))
    found = prompts.held_out(known[1], 20)
    assert {prompt.things for prompt in found} == {("thing 3",), ("thing 5",)}
    assert len({prompt.text for prompt in found}) > 10
    assert all(prompt.ground is None or f"{prompt.ground} background" in prompt.text for prompt in found)
    monkeypatch.setattr(Drawing, "held_out", property(lambda _self: False))
    with pytest.raises(TrainingError, match="no held-out concept"):
        prompts.held_out(known[1])


def test_a_real_drawing_shows_what_its_prompt_asks_for(known: tuple[Pixels, list[Drawing]]) -> None:
    shown = prompts.real_drawings([Prompt("x", ("thing 2",), ground="teal"), Prompt("y", ("thing 2", "thing 9"))], *known)
    assert shown.shape == (2, 3, SIZE, SIZE)
    assert torch.equal(shown[0], view_pixels(known[0], [View(2, "teal", False)])[0])
    assert torch.equal(shown[1], view_pixels(known[0], [View(2, "white", False, beside=9)])[0])
    with pytest.raises(TrainingError, match="no drawing of a yeti"):
        prompts.real_drawings([Prompt("x", ("a yeti",))], *known)


def test_retrieval_counts_the_nearest_and_spares_those_of_the_same_thing() -> None:
    rows = unit(DICE.standard_normal((60, 32)))
    assert retrieval(rows, rows, range(60)).texts == 60
    shifted = retrieval(rows, np.roll(rows, 1, 0), range(60))
    assert shifted.texts < 6
    assert retrieval(rows[:2].repeat(2, 0), rows[:2].repeat(2, 0), [0, 0, 1, 1]).pictures == 4
    chance = retrieval(unit(DICE.standard_normal((500, 8))), unit(DICE.standard_normal((500, 8))), range(500))
    assert 1 <= chance.texts <= 25  # one in fifty
    same = np.ones((3, 4), np.float32) / 2
    assert retrieval(same, same, range(3)).texts == 0  # a draw is lost


def test_kid_is_the_unbiased_estimate_and_nothing_for_one_distribution() -> None:
    x, y = unit(DICE.standard_normal((7, 5))), unit(DICE.standard_normal((9, 5)) + 1)

    def k(a: Vectors, b: Vectors) -> float:
        return float((np.dot(a.astype(float), b.astype(float)) + 1) ** 3)

    pairs = [np.mean([k(one[i], one[j]) for i in range(len(one)) for j in range(len(one)) if i != j]) for one in (x, y)]
    cross = np.mean([k(a, b) for a in x for b in y])
    assert kid(x, y) == pytest.approx(sum(pairs) - 2 * cross)
    same = [kid(unit(DICE.standard_normal((60, 5))), unit(DICE.standard_normal((60, 5)))) for _time in range(40)]
    assert abs(np.mean(same)) < 2.5 * np.std(same) / 40**0.5
    with pytest.raises(ValueError, match="two pictures"):
        kid(x[:1], y)


def test_nearest_finds_the_nearest() -> None:
    rows, near = nearest(unit([[1, 0], [1, 2]]), unit([[0, 1], [1, 0.1]]))
    assert rows.tolist() == [1, 0]
    assert near[1] == pytest.approx(2 / 5**0.5)


def test_the_logistic_function_is_found_again_and_its_error_is_small() -> None:
    x = DICE.uniform(-1, 1, 20_000)
    true = DICE.uniform(size=20_000) < 1 / (1 + np.exp(-(6 * x - 2)))
    scale, bias = logistic(x, true)
    assert (scale, bias) == (pytest.approx(6, abs=0.3), pytest.approx(-2, abs=0.15))
    said = 1 / (1 + np.exp(-(scale * x + bias)))
    assert miscalibration(said, true) < 0.02
    assert miscalibration(said**4, true) > 0.1


def test_the_sheet_can_be_kept(known: tuple[Pixels, list[Drawing]], tmp_path: Path) -> None:
    _figures, sheet = judged.memorised(Eyes(known[0]), copies(known, range(9)), ["a"] * 9, *known)
    sheet.save(tmp_path / "nearest.webp")
    assert (tmp_path / "nearest.webp").stat().st_size > 500
