"""The judge's recipe on drawings small enough for a test: what it is told is true, it learns, stops, goes on, exports."""

from __future__ import annotations

import copy
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from app.engines.shared import minilm
from app.judging.house import House
from app.training.cli import app
from app.training.faults import TrainingError
from app.training.image import judge, judge_export, packages, pairs
from app.training.image.colours import BACKGROUNDS, HUES, Pixels, name_of
from app.training.image.judge import Training
from app.training.image.judge_claims import sight, truth
from app.training.image.judge_networks import Settings
from app.training.image.pairs import Claim, Pairs
from app.training.image.sights import Sight, plain_pictures, turned, worn
from app.training.run import Machine

pytestmark = pytest.mark.skipif(minilm.folder() is None, reason="the text encoder is not installed")
TINY = Settings(minutes=1e6, batch=8, side=32, small=32, stem=8, channels=(8, 16), depths=(1, 1), dimensions=16, hidden=16)
THINGS = ["fox", "owl", "pizza", "rocket", "tree", "guitar", "anchor", "cloud", "apple", "castle", "crown", "drum"]
COLOURS = [(214, 40, 40), (40, 90, 214), (40, 180, 60), (240, 210, 40)]
ANIMALS = 3


def shape(number: int) -> Pixels:
    """A drawing that no other number has: a colour, and where it lies."""
    pixels = np.zeros((32, 32, 4), np.uint8)
    top, left = number // 4 % 3 * 10, number // 12 * 8
    pixels[top + 1 : top + 12, left + 1 : left + 14] = (*COLOURS[number % 4], 255)
    return pixels


def data(folder: Path, style: str) -> Path:
    """A data set of a style, as the step `data` leaves it."""
    folder.mkdir()
    np.save(folder / "drawings.npy", np.stack([shape(number) for number in range(len(THINGS))]))
    listed = [{"name": t, "label": t, "tags": [f"{t[0]}-thing"], "style": style, "group": ANIMALS} for t in THINGS]
    (folder / "drawings.json").write_text(json.dumps({"size": 32, "drawings": listed}))
    source = {"name": f"@{style}", "title": style, "version": "1", "licence": "MIT", "drawings": len(THINGS)}
    (folder / "sources.json").write_text(json.dumps([source | {"attribution": f"{style}, © somebody"}]))
    return folder


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine.of("cpu", threads=1)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, machine: Machine) -> Pairs:
    folder = tmp_path_factory.mktemp("judge")
    return pairs.prepare([data(folder / "a", "flat"), data(folder / "b", "noto")], folder / "pairs", machine, with_styles=True)


@pytest.fixture
def all_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No drawing of these few is kept for measuring."""
    monkeypatch.setattr(judge, "is_held_out", lambda _drawing: False)


FOX, OWL = THINGS.index("fox"), THINGS.index("owl")
FOX_NOTO = FOX + len(THINGS)
A_FOX = Claim("fox", FOX, things=("fox",))


@pytest.mark.parametrize(
    ("claim", "sight", "true", "asked"),
    [
        (A_FOX, Sight(FOX, ground="teal"), True, True),
        (A_FOX, Sight(FOX_NOTO), True, True),
        (A_FOX, Sight(OWL), False, True),
        (A_FOX, Sight(OWL, beside=FOX), True, True),
        (replace(A_FOX, ground="teal"), Sight(FOX, ground="teal"), True, True),
        (replace(A_FOX, ground="teal"), Sight(FOX, ground="red"), False, True),
        (replace(A_FOX, ground="teal"), Sight(FOX, ground=None), False, False),
        (replace(A_FOX, ground="teal"), Sight(OWL, ground=None), False, True),
        (replace(A_FOX, style="flat"), Sight(FOX_NOTO), False, True),
        (replace(A_FOX, colour="purple", turned=True), Sight(FOX, colour="purple"), True, True),
        (replace(A_FOX, colour="purple", turned=True), Sight(FOX, colour="red"), False, True),
        (replace(A_FOX, colour="purple", turned=True), Sight(FOX, colour=None), False, False),
        (replace(A_FOX, things=(), tags=("f-thing",)), Sight(FOX), True, True),
        (replace(A_FOX, things=(), tags=("f-thing",)), Sight(OWL), False, True),
        (Claim("fox", FOX, OWL, things=("fox", "owl")), Sight(FOX), False, True),
        (Claim("fox", FOX, OWL, things=("fox", "owl")), Sight(FOX, beside=OWL), True, True),
    ],
)
def test_a_caption_is_true_of_what_it_says(known: Pairs, claim: Claim, sight: Sight, true: bool, asked: bool) -> None:
    found = truth(known, [claim], [sight])
    assert (bool(found[0][0, 0]), bool(found[1][0, 0])) == (true, asked)


def test_every_picture_that_is_drawn_fits_its_caption(tmp_path: Path, known: Pairs, machine: Machine, all_seen: None) -> None:
    training = Training(known, tmp_path, replace(TINY, batch=64), machine)
    for _time in range(6):
        claims, drawn = training.draw()
        true, _asked = truth(known, claims, drawn)
        assert true.diagonal().all()
        assert not true.all()


def test_a_near_synonym_is_not_asked(known: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    same = torch.ones(384)
    monkeypatch.setattr(Pairs, "sentence", lambda _self, texts: same.expand(len(texts), 384))
    _true, asked = truth(known, [A_FOX], [Sight(OWL)])
    assert not asked.any()


def test_held_out_concepts_and_kept_drawings_are_never_drawn(
    tmp_path: Path, known: Pairs, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "is_held_out", lambda drawing: (drawing.label, drawing.style) == ("owl", "noto"))
    monkeypatch.setattr(type(known.drawings[0]), "held_out", property(lambda self: self.label == "fox"))
    training = Training(known, tmp_path, replace(TINY, batch=200), machine)
    claims, drawn = training.draw()
    for one in (*claims, *drawn):
        labels = {(known.drawings[n].label, known.drawings[n].style) for n in (one.drawing, one.beside) if n is not None}
        assert "fox" not in {label for label, _style in labels}
        assert ("owl", "noto") not in labels
    assert FOX in Training(known, tmp_path, TINY, machine, hold_out=False).shown


def weights(training: Training) -> torch.Tensor:
    """Everything that is learned, in one row."""
    state = [value for value in training.vision.state_dict().values() if value.is_floating_point()]
    return torch.cat([value.detach().flatten() for value in (*state, *training.heads.values())])


def test_interrupted_and_resumed_it_comes_to_the_same_numbers(
    tmp_path: Path, known: Pairs, machine: Machine, all_seen: None
) -> None:
    straight = Training(known, tmp_path / "straight", TINY, machine)
    for _step in range(5):
        straight.train_step()
    first = Training(known, tmp_path / "broken", TINY, machine)
    for _step in range(3):
        first.train_step()
    first.save()
    first.train_step()  # lost: the process dies here
    second = Training(known, tmp_path / "broken", TINY, machine)
    assert second.step == 3
    for _step in range(2):
        second.train_step()
    assert torch.equal(weights(straight), weights(second))


def test_asked_to_stop_it_saves_and_goes_on_later(tmp_path: Path, known: Pairs, machine: Machine, all_seen: None) -> None:
    training = Training(known, tmp_path, TINY, machine)
    plain_step = training.train_step

    def step_then_signal() -> torch.Tensor:
        if training.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return plain_step()

    training.train_step = step_then_signal  # type: ignore[method-assign]  # a person presses Ctrl+C in the third step
    assert judge.train(training) is False
    assert Training(known, tmp_path, TINY, machine).step == 3


def test_it_learns_and_its_folder_judges(tmp_path: Path, known: Pairs, machine: Machine, all_seen: None) -> None:
    training = Training(known, tmp_path / "training", replace(TINY, batch=32, rate=4e-3), machine)
    sources = json.loads((data(tmp_path / "a", "flat") / "sources.json").read_text())
    target = tmp_path / "model"
    before = judge_export.export(target, training, sources)
    first = json.loads((target / "measurements.json").read_text())
    version = before.version
    for _step in range(100):
        training.train_step()
    after = judge_export.export(target, training, sources)
    figures = json.loads((target / "measurements.json").read_text())

    def right(found: dict[str, dict[str, str]]) -> int:
        return int(found["seen_drawings_caption"]["value"].split()[0])

    assert right(figures) > right(first) + 5
    assert (after.unready(), after.dimensions) == (None, 16)
    assert after.version != version
    text = after.embed_texts(["a fox"])[0]
    seen = after.embed_pictures([_bytes(plain_pictures(known, [Sight(n)], 64)[0]) for n in (FOX, OWL)])
    fox, owl = after.adherence(seen, text)
    assert fox > 0.5 > owl
    card = (target / "README.md").read_text()
    assert "flat, © somebody" in card
    assert "seen drawings caption" in card
    assert str(tmp_path) not in card + "".join(p.read_text() for p in target.rglob("*.json"))


def _bytes(picture: torch.Tensor) -> Pixels:
    return ((picture.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


def test_captions_of_other_drawings_are_not_taken_for_these(tmp_path: Path, machine: Machine) -> None:
    pairs.prepare([data(tmp_path / "a", "flat")], tmp_path / "pairs", machine, with_styles=True)
    with pytest.raises(TrainingError, match="other drawings or captions"):
        pairs.prepare([data(tmp_path / "b", "noto")], tmp_path / "pairs", machine, with_styles=True)


def test_a_judge_for_measuring_names_styles_and_claims_none(known: Pairs) -> None:
    made = pairs.claims(known.colours, known.drawings, None)
    assert {claim.style for claim in made} == {None}
    assert any("3d render" in claim.text for claim in made)


def test_a_plain_sight_lies_on_its_ground(known: Pairs) -> None:
    for name in ("teal", "pink"):
        corner = (plain_pictures(known, [Sight(FOX, ground=name)], 64)[0, :, -1, -1] + 1) * 127.5
        assert corner.tolist() == pytest.approx(BACKGROUNDS[name], abs=0.6)


@pytest.mark.parametrize("name", list(HUES))
def test_a_turn_of_hue_gives_the_colour_that_is_named(name: str) -> None:
    red = torch.tensor([0.84, 0.16, 0.16])[None, :, None, None]
    pixel = turned(red, torch.tensor([HUES[name] - HUES["red"]]))[0, :, 0, 0] * 255
    assert name_of(*(round(channel) for channel in pixel.tolist())) == name


def test_wear_changes_every_picture_and_keeps_its_thing_and_bounds(known: Pairs) -> None:
    dice = torch.Generator().manual_seed(3)
    shown = [Sight(FOX, colour="red")] * 24
    x = worn(known, shown, 48, dice)
    assert x.shape == (24, 3, 48, 48)
    assert float(x.abs().max()) <= 1
    assert len(x.unique(dim=0)) == 24
    red = (x[:, 0] - x[:, 1:].amax(1) > 0.5).flatten(1).float().mean(1)
    assert bool((red > 0.01).all())  # the fox is still there, and still red


def test_two_drawings_side_by_side_are_both_there(known: Pairs) -> None:
    both = plain_pictures(known, [Sight(FOX, beside=OWL)], 96)[0]
    left, right = both[..., :48], both[..., 48:]
    assert float((left[0] - left[2]).max()) > 1  # the red one
    assert float((right[2] - right[0]).max()) > 1  # the blue one


def test_what_is_read_is_never_mirrored(known: Pairs) -> None:
    assert sight(known, A_FOX, 0.1, 0.5, 0.1).mirrored
    changed = [replace(known.drawings[FOX], label="left arrow"), *known.drawings[1:]]
    known_arrow = copy.copy(known)
    known_arrow.drawings = changed
    assert not sight(known_arrow, A_FOX, 0.1, 0.5, 0.1).mirrored


def icons(folder: Path, chosen: Sequence[packages.Package]) -> None:
    """Packages as npm would lay them, with a few drawings each."""
    for package in (*chosen, packages.WORDS):
        path = packages.path(folder, package)
        path.mkdir(parents=True)
        (path / "package.json").write_text(json.dumps({"version": package.version}))
        body = "<circle cx='8' cy='8' r='6' fill='{}'/>"
        drawn = {f"{name}-2-duo": {"body": body.format(fill)} for name, fill in {"ball": "#d22", "moon": "#22d"}.items()}
        (path / "icons.json").write_text(json.dumps({"icons": drawn}))
    words = packages.path(folder, packages.WORDS) / "en"
    words.mkdir()
    (words / "data.json").write_text(json.dumps([{"label": "ball", "tags": ["toy", "round"], "group": 6}]))


def test_the_command_makes_a_judge_for_measuring_of_other_drawings_alone(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="the renderer is in the extra `train`")
    chosen = packages.OTHERS + packages.SHARED_ALIKE
    icons(tmp_path / "measuring-data/packages", chosen)
    options = ["--measuring", "--minutes", "0.01", "--batch", "4", "--device", "cpu", "--folder", str(tmp_path)]
    done = CliRunner().invoke(app, ["image", "judge", *options])
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    made = House(tmp_path / "measuring-judge/model")
    assert made.unready() is None
    sources = json.loads((made.folder / "sources.json").read_text())
    assert {source["name"] for source in sources} == {package.name for package in (*chosen, packages.WORDS)}
    drawings = json.loads((tmp_path / "measuring-data/drawings.json").read_text())["drawings"]
    assert {d["label"] for d in drawings if d["style"] == "kameleon"} == {"ball", "moon"}  # without what its names add
    assert not {package.style for package in chosen} & {package.style for package in packages.PACKAGES}


def test_without_the_data_the_command_says_which_step_comes_first(tmp_path: Path) -> None:
    icons(tmp_path / "more-data/packages", packages.OTHERS)
    done = CliRunner().invoke(app, ["image", "judge", "--device", "cpu", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "run the step `data` first" in done.output
