"""From packages to examples: which drawings come in, what is said of them, and that what is said is true."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.training.faults import TrainingError
from app.training.image import captions as words
from app.training.image import dataset, packages, samples
from app.training.image.captions import COLOURED, STYLES, Caption, captions, keywords, views
from app.training.image.colours import BACKGROUNDS, HUES, Pixels, apart, composed, dominant, name_of
from app.training.image.dataset import Drawing
from app.training.image.examples import Plan, is_held_out, of_drawings, view_pixels

ANIMALS, SYMBOLS, FLAGS = 3, 8, 9
SIZE = 64
LEARNED = ("flat", "sticker", "noto", "3d")
RED_DISC = '<circle cx="8" cy="8" r="7" fill="#d63c3c"/>'
EMPTY, BROKEN = '<g fill="none"/>', "<circle cx="
EMOJI = [
    {"label": "red apple", "tags": ["fruit", "food"], "group": 4},
    {"label": "flag: France", "tags": [], "group": FLAGS},
    {"label": "thumbs up", "tags": ["+1"], "group": 1},
    {"label": "piñata", "tags": ["party"], "group": 6},
]
ICONS = {
    "red-apple": RED_DISC,
    "pinata": RED_DISC,
    "thumbs-up": RED_DISC,
    "thumbs-up-medium-skin-tone": RED_DISC,
    "thumbs-up-dark": RED_DISC,
    "flag-france": RED_DISC,
    "broken": BROKEN,
    "nothing": EMPTY,
    "secret": RED_DISC,
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder as npm leaves it, with one drawing of each kind in every package."""
    for package in packages.PACKAGES:
        icons: dict[str, dict[str, Any]] = {name: {"body": body} for name, body in ICONS.items()}
        icons["secret"]["hidden"] = True
        _install(tmp_path, package, "icons.json", {"width": 16, "height": 16, "icons": icons})
    _install(tmp_path, packages.WORDS, "en/data.json", EMOJI)
    return tmp_path


def _install(folder: Path, package: packages.Package, name: str, content: object) -> None:
    file = packages.path(folder, package) / name
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content), "utf-8")
    about = json.dumps({"name": package.name, "version": package.version})
    (packages.path(folder, package) / "package.json").write_text(about, "utf-8")


@pytest.fixture
def renders() -> None:
    pytest.importorskip("resvg_py", reason="the renderer is in the extra `train`")


def disc(red: int, green: int, blue: int) -> Pixels:
    """A drawing of one colour with nothing around it, its left half only."""
    pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
    pixels[4:-4, 4 : SIZE // 2] = (red, green, blue, 255)
    return pixels


def drawing(label: str = "fox", style: str = "flat", group: int | None = ANIMALS, tags: tuple[str, ...] = ()) -> Drawing:
    return Drawing(label.replace(" ", "-"), label, tags, style, group)


def said(one: Drawing, pixels: Pixels, rolls: int = 40) -> list[Caption]:
    """Captions of many rolls of the dice, so that each way of saying it comes up."""
    colour = dominant(pixels)
    shown, shared = views(0, one, colour), keywords([one])
    return [caption for seed in range(rolls) for caption in captions(one, colour, shown, shared, random.Random(seed))]


# The data set


@pytest.mark.usefixtures("renders")
def test_flags_skin_tones_and_hidden_drawings_stay_out_and_broken_ones_are_counted(source: Path) -> None:
    count = dataset.build(source, source / "data", SIZE)
    pixels, drawings = dataset.load(source / "data")
    assert count == len(drawings) == len(pixels) == 3 * len(packages.PACKAGES)
    assert {one.name for one in drawings} == {"red-apple", "pinata", "thumbs-up"}
    recorded = json.loads((source / "data/sources.json").read_text("utf-8"))
    assert {one["name"] for one in recorded} == {p.name for p in (*packages.PACKAGES, packages.WORDS)}
    assert [(one["drawings"], one["skipped"]) for one in recorded if one["style"]] == [(3, 2)] * len(packages.PACKAGES)


@pytest.mark.usefixtures("renders")
def test_what_the_licences_ask_for_is_recorded(source: Path) -> None:
    dataset.build(source, source / "data", SIZE)
    for one in json.loads((source / "data/sources.json").read_text("utf-8")):
        assert one["bytes"] > 0
        assert one["licence"] in {"MIT", "Apache-2.0", "CC-BY-4.0"}
        assert one["author"] in one["attribution"]
        assert one["licence"] in one["attribution"]
        assert one["url"] in one["attribution"]


@pytest.mark.usefixtures("renders")
def test_a_name_finds_its_words_through_accents_and_hyphens(source: Path) -> None:
    dataset.build(source, source / "data", SIZE)
    found = {one.name: one for one in dataset.load(source / "data")[1]}
    assert found["pinata"].label == "piñata"
    assert found["red-apple"].tags == ("fruit", "food")
    entries = dataset.vocabulary([{"label": "hot dog", "tags": [], "group": 4}])
    assert entries["hotdog"] == entries["hot-dog"] == ("hot dog", (), 4)


@pytest.mark.usefixtures("renders")
def test_a_drawing_is_rendered_with_its_transparency_and_at_any_size() -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{RED_DISC}</svg>'
    for size in (32, 48):
        pixels = dataset.render(svg, size)
        assert pixels.shape == (size, size, 4)
        assert pixels[0, 0, 3] == 0
        assert tuple(pixels[size // 2, size // 2]) == (214, 60, 60, 255)


@pytest.mark.usefixtures("renders")
@pytest.mark.parametrize("svg", ["", "not an svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'])
def test_what_gives_no_picture_is_refused(svg: str) -> None:
    with pytest.raises(dataset.UnrenderableError):
        dataset.render(svg, SIZE)


@pytest.mark.usefixtures("renders")
def test_a_finished_data_set_is_not_made_twice_and_not_mixed_with_another_size(source: Path) -> None:
    dataset.build(source, source / "data", SIZE)
    written = (source / "data/drawings.npy").stat().st_mtime_ns
    assert dataset.build(source, source / "data", SIZE) == 3 * len(packages.PACKAGES)
    assert (source / "data/drawings.npy").stat().st_mtime_ns == written
    with pytest.raises(TrainingError, match="pixels"):
        dataset.build(source, source / "data", 2 * SIZE)


def test_without_a_data_set_the_message_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="`data`"):
        dataset.load(tmp_path)


def test_a_concept_is_held_out_in_every_style_and_case_at_once() -> None:
    concepts = [f"thing {number}" for number in range(2000)]
    held = [concept for concept in concepts if drawing(concept).held_out]
    assert 0.02 < len(held) / len(concepts) < 0.04
    assert all(drawing(concept.title(), style).held_out for concept in held for style in STYLES)


def test_npm_missing_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TrainingError, match="npm is not installed"):
        packages.install(tmp_path / "packages")


def test_packages_that_lie_there_are_not_fetched_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # fetching would fail
    packages.install(source)
    (packages.path(source, packages.WORDS) / "package.json").write_text('{"version": "1.0.0"}', "utf-8")
    with pytest.raises(TrainingError):
        packages.install(source)


# Captions


def test_a_ground_that_is_named_is_the_ground_that_is_shown() -> None:
    seen = set()
    for number in range(40):
        for caption in said(drawing(f"fox {number}"), disc(245, 120, 40), rolls=3):
            ground = caption.view.background
            if ground == "white":
                assert "background" not in caption.text or caption.text.endswith(" on a white background")
            else:
                assert caption.text.endswith(f" on {words.a(ground)} background")
            seen.add(ground)
    assert seen == set(BACKGROUNDS)


def test_a_style_that_is_named_is_the_drawing_s_own() -> None:
    every = {phrase: style for style, phrases in STYLES.items() for phrase in phrases}
    for style in LEARNED:
        texts = [caption.text for caption in said(drawing(style=style), disc(245, 120, 40))]
        assert {every[phrase] for text in texts for phrase in every if phrase in text} == {style}


@pytest.mark.parametrize("one", [drawing("recycling symbol", group=SYMBOLS), drawing("right arrow"), drawing("stop sign")])
def test_what_a_mirror_would_make_wrong_is_never_mirrored(one: Drawing) -> None:
    assert not any(view.mirrored for view in views(0, one, "red"))


def test_other_drawings_are_seen_from_both_sides() -> None:
    plain = [caption for caption in said(drawing(), disc(245, 120, 40)) if caption.text == "fox"]
    assert {caption.view.mirrored for caption in plain} == {False, True}


def test_a_drawing_in_another_colour_is_always_named_by_it() -> None:
    every = [c for n in range(8) for c in said(drawing(f"red ball {n}", group=4), disc(214, 60, 60), rolls=5)]
    turned = [caption for caption in every if caption.view.turn]
    assert turned
    for caption in turned:
        thing = caption.text.split(" on ")[0].split()
        assert "red" not in thing
        (named,) = {name for name in HUES if name in thing}
        assert apart(HUES[named], caption.view.turn % 1) < 0.01


def test_people_and_signs_keep_their_colours() -> None:
    for group in (0, 1, SYMBOLS):
        assert not any(view.turn for view in views(0, drawing("nurse", group=group), "blue"))


def test_a_thing_goes_by_the_names_that_people_use_and_by_a_keyword_of_its_own() -> None:
    texts = {caption.text for caption in said(drawing("automobile", group=5), disc(140, 98, 70))}
    assert {"car", "an automobile"} <= texts
    one, others = drawing("gadget", tags=("tool", "gizmo")), [drawing(f"thing {n}", tags=("tool",)) for n in range(3)]
    named = words.names(one, keywords([one, *others]))
    assert set(named) == {"gadget", "gizmo"}  # "tool" is said of too many to be a name
    assert named["gizmo"] < named["gadget"]


def test_articles_go_before_single_things_alone() -> None:
    assert words.a("orange") == "an orange"
    assert words.a("scissors") == "scissors"
    assert words.a("glass of milk") == "a glass of milk"
    assert words.a("cactus") == "a cactus"


def test_what_nobody_asks_for_is_left_out() -> None:
    for left_out in (
        *(drawing("man teacher", group=1), drawing("three o’clock", group=5), drawing("no entry", group=SYMBOLS)),
        *(drawing("fox", style="retro"), drawing("fox", style="icon"), drawing("plus sign", group=None)),
    ):
        assert words.worth(left_out) == 0
        assert not said(left_out, disc(245, 120, 40), rolls=1)
    assert words.worth(drawing("full moon", group=5)) > words.worth(drawing("new moon", group=5)) > 0


# What the model is judged by


def test_the_sheet_of_briefs_is_whole() -> None:
    rows = [row.split("\t") for row in Path(words.__file__).with_name("briefs.tsv").read_text("utf-8").splitlines()[1:]]
    assert len({row[1] for row in rows}) == 240
    assert {kind: sum(row[0] == kind for row in rows) for kind in ("plain", "attributes", "together", "chinese")} == {
        "plain": 120,
        "attributes": 60,
        "together": 40,
        "chinese": 20,
    }
    assert all(row[2] for row in rows)


def test_no_brief_that_the_model_is_judged_by_is_a_caption() -> None:
    for label in ("fox", "automobile", "cat face", "sailboat"):
        texts = {caption.text for caption in said(drawing(label), disc(245, 120, 40))}
        assert texts
        assert not texts & set(words.briefs())
    assert "a fox" in words.briefs()
    assert not set(samples.PROMPTS) & set(words.briefs())


# The plan


def _plan() -> Plan:
    labels = ["fox", "red apple", "right arrow", *(f"thing {number}" for number in range(60))]
    drawings = [drawing(label, style=random.Random(label).choice(LEARNED)) for label in labels]
    return of_drawings(np.stack([disc(245, 120, 40)] * len(drawings)), drawings)


def test_the_plan_is_the_same_every_time_and_whole() -> None:
    plan = _plan()
    assert plan == _plan()
    assert plan.texts[-1] == ""
    assert len(set(plan.texts)) == len(plan.texts)
    assert len(plan.text_of) == len(plan.view_of) == len(plan.weights)
    assert set(plan.text_of) == set(range(len(plan.texts) - 1))
    for text, view in zip(plan.text_of, plan.view_of, strict=True):
        ground = plan.views[view].background
        assert ground == "white" or plan.texts[text].endswith(f" {ground} background")


def test_a_drawing_that_is_held_out_weighs_nothing_and_is_known_in_other_styles() -> None:
    plan = _plan()
    held = set(plan.held_out)
    assert held
    assert all((weight == 0) == (row in held) for row, weight in enumerate(plan.weights))
    concepts = [f"thing {number}" for number in range(500)]
    share = sum(is_held_out(drawing(label, style)) for label in concepts for style in LEARNED) / len(concepts) / len(LEARNED)
    assert 0.02 < share < 0.06
    assert not any(all(is_held_out(drawing(label, style)) for style in LEARNED) for label in concepts)


def test_a_mirrored_view_is_the_mirror_of_the_picture() -> None:
    pixels = np.stack([disc(214, 60, 60)])
    plain, mirrored = view_pixels(
        pixels, [words.View(0, "teal", mirrored=False), words.View(0, "teal", mirrored=True)]
    ).unbind()
    assert plain.shape == (3, SIZE, SIZE)
    assert not plain.equal(mirrored)
    assert plain.equal(mirrored.flip(-1))
    assert plain.min() >= -1
    assert plain.max() <= 1


# Colours


def test_a_ground_s_colour_is_called_by_its_plain_name() -> None:
    for name in COLOURED:
        assert name_of(*BACKGROUNDS[name]) == {"sky blue": "blue", "cream": "white"}.get(name, name)


def test_a_drawing_is_called_by_a_colour_only_when_most_of_it_has_it() -> None:
    half = disc(214, 60, 60)
    half[: SIZE // 2] = np.where(half[: SIZE // 2, :, 3:] > 0, np.array([80, 130, 220, 255], np.uint8), 0)
    assert dominant(disc(214, 60, 60)) == "red"
    assert dominant(half) is None
    assert dominant(np.zeros((SIZE, SIZE, 4), np.uint8)) is None


def test_a_drawing_lies_on_its_ground_and_half_transparent_pixels_mix() -> None:
    pixels = disc(214, 60, 60)
    pixels[8, 8, 3] = 128
    picture = composed(pixels, "blue")
    assert tuple(picture[0, 0]) == BACKGROUNDS["blue"]
    assert tuple(picture[16, 8]) == (214, 60, 60)
    mixed = [a * 128 / 255 + b * 127 / 255 for a, b in zip((214, 60, 60), BACKGROUNDS["blue"], strict=True)]
    assert picture[8, 8] == pytest.approx(mixed, abs=0.01)


@pytest.mark.parametrize("name", list(HUES))
def test_a_turn_of_hue_gives_the_colour_that_is_named(name: str) -> None:
    turned = composed(disc(214, 40, 40), "white", HUES[name] - HUES["red"])[16, 8]
    assert name_of(*(round(float(channel)) for channel in turned)) == name


def test_a_full_turn_changes_nothing() -> None:
    pixels = disc(37, 160, 90)
    assert composed(pixels, "white", 1.0) == pytest.approx(composed(pixels, "white"), abs=0.01)
