"""The house engine: what an artist relies on."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from app.brief import Brief
from app.engines.engine import Content, Parent, Step, Strength, Verb
from app.engines.image.house import Aspect, House
from app.engines.image.preview import LONGER
from app.errors import EngineError
from app.media.image.picture import png
from tests.engines.pictures import alike, apart, imported, made, parent, pixels, request, stepped

pytestmark = pytest.mark.model
APPLE = "a red apple, flat vector"
FEW = {"steps": 6}
SOME = {"steps": 15}  # enough for distances to be those of 25


def test_the_same_brief_parameters_and_seed_make_the_same_picture(house: House) -> None:
    once, again = (made(house, Verb.CREATE, APPLE, (7, 8), **FEW) for _ in range(2))
    assert [c.data for c in once] == [c.data for c in again]
    assert once[0].data != once[1].data


@pytest.mark.parametrize("aspect", [Aspect.SQUARE, Aspect.LANDSCAPE_3_2])
def test_a_variant_does_not_depend_on_its_neighbours(house: House, aspect: Aspect) -> None:
    four = made(house, Verb.CREATE, APPLE, (1, 2, 3, 4), aspect=aspect, **FEW)
    (alone,) = made(house, Verb.CREATE, APPLE, (3,), aspect=aspect, **FEW)
    others = made(house, Verb.CREATE, APPLE, (9, 3), aspect=aspect, **FEW)
    assert alone.data == four[2].data == others[1].data
    assert [(c.index, c.seed) for c in four] == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_reroll_with_the_same_seed_is_the_picture_again(house: House) -> None:
    assert made(house, Verb.REROLL, APPLE, (5,), **FEW)[0].data == made(house, Verb.CREATE, APPLE, (5,), **FEW)[0].data


def test_the_brief_and_what_to_avoid_both_count(house: House) -> None:
    plain, other, without = (
        made(house, Verb.CREATE, brief, (3,), **FEW)[0].data
        for brief in (Brief(intent="a heart"), Brief(intent="a tree"), Brief(intent="a heart", avoid="red"))
    )
    assert plain != other
    assert plain != without


@pytest.mark.parametrize("origin", ["made", "varied", "imported"])
def test_subtle_is_nearer_than_strong_and_strong_nearer_than_a_stranger(house: House, origin: str) -> None:
    distance: dict[str, list[float]] = {"subtle": [], "strong": [], "stranger": []}
    likeness: list[float] = []
    for brief in ("cat face on a blue background", "sailboat on the sea"):
        (base,) = made(house, Verb.CREATE, brief, (5,), **SOME)
        before = parent(base, house)
        if origin == "varied":
            (base,) = made(house, Verb.VARY, brief, (6,), (before,), strength=Strength.SUBTLE, **SOME)
            before = parent(base, house)
        elif origin == "imported":
            before = imported(Image.open(io.BytesIO(base.data)))
        for strength in Strength:
            variants = made(house, Verb.VARY, brief, (11, 12), (before,), strength=strength, **SOME)
            distance[strength] += [apart(base.data, variant.data) for variant in variants]
            likeness += [alike(base.data, v.data) for v in variants if strength is Strength.SUBTLE]
        distance["stranger"] += [apart(base.data, c.data) for c in made(house, Verb.CREATE, brief, (21, 22), **SOME)]
    subtle, strong, stranger = (sum(each) / len(each) for each in distance.values())
    assert 1 < subtle < 0.8 * strong, "a variation varies, and subtly"
    assert strong < 0.95 * stranger
    assert min(likeness) > 0.9, "visibly the same picture"


def test_a_refinement_follows_the_edited_brief_as_far_as_it_may(house: House) -> None:
    (base,) = made(house, Verb.CREATE, APPLE, (5,))
    before = parent(base, house)
    near, usual = (
        made(house, Verb.REFINE, "a green apple, flat vector", (31,), (before,), change=change)[0].data for change in (0.2, 0.9)
    )
    assert apart(base.data, near) < apart(base.data, usual)
    red, green = (pixels(data)[..., 1].mean() - pixels(data)[..., 0].mean() for data in (base.data, usual))
    assert green > red + 20, "the apple turns green"


@pytest.mark.parametrize(("size", "fitted"), [((640, 480), (20, 15)), ((90, 200), (14, 21)), ((1, 1), (16, 16))])
def test_a_photo_of_any_size_can_be_a_parent(house: House, size: tuple[int, int], fitted: tuple[int, int]) -> None:
    photo = Image.radial_gradient("L").resize(size).convert("RGBA")
    for verb in (Verb.VARY, Verb.REFINE):
        (variant,) = made(house, verb, APPLE, (1,), (imported(photo),), strength=Strength.SUBTLE, steps=3)
        assert house._model is not None
        cells = tuple(side // house._model.factor for side in (variant.width, variant.height))
        assert cells == fitted
        assert (variant.width, variant.height) == Image.open(io.BytesIO(variant.data)).size


@pytest.mark.parametrize("data", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_parent_without_a_picture_is_refused(house: House, data: bytes | None) -> None:
    with pytest.raises(EngineError, match="picture to start from"):
        made(house, Verb.VARY, APPLE, (1,), (Parent("vary", data, None, None, None, {}),))
    with pytest.raises(EngineError, match="picture to start from"):
        made(house, Verb.REFINE, APPLE, (1,))


@pytest.mark.parametrize("aspect", list(Aspect))
def test_each_aspect_has_exactly_its_ratio(house: House, aspect: Aspect) -> None:
    (content,) = made(house, Verb.CREATE, APPLE, (1,), aspect=aspect, steps=1)
    across, down = map(int, aspect.value.split(":"))
    assert content.width * down == content.height * across
    assert Image.open(io.BytesIO(content.data)).size == (content.width, content.height)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 61},
        {"steps": "many"},
        {"guidance": 0.5},
        {"guidance": float("nan")},
        {"change": 0},
        {"aspect": "5:1"},
        {"style": "x"},
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        House.Params(**wrong)


def test_the_form_can_be_drawn_from_the_schema() -> None:
    fields = House.Params.model_json_schema()["properties"]
    assert set(fields) == {"pace", "steps", "guidance", "aspect", "change", "own_style", "own_style_weight"}
    assert all(field["description"] and "default" in field for field in fields.values())
    assert (fields["steps"]["minimum"], fields["steps"]["maximum"]) == (1, 60)


def test_the_first_step_shows_a_preview_of_each_variant_and_then_at_most_eight_a_second(house: House) -> None:
    start = time.monotonic()
    steps = stepped(house, Verb.CREATE, APPLE, (1, 2, 3), steps=20)
    shown = [step for step in steps if step.previews]
    assert [(step.number, step.total) for step in steps] == [(n, 20) for n in range(1, 21)]
    assert steps[0].previews
    assert len(shown) <= 1 + 8 * (time.monotonic() - start)
    for preview in (preview for step in shown for preview in step.previews):
        assert preview is not None
        assert len(preview) < 6_000, "small"
        image = Image.open(io.BytesIO(preview))
        assert (image.format, image.size) == ("WEBP", (128, 128))
    assert all(len(step.previews) == 3 for step in shown)


def test_a_preview_looks_like_what_comes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engines.image.preview.INTERVAL", 0)
    parts = list(house.run(request(house, Verb.CREATE, "cat face on a blue background", (5,))))
    steps, (content,) = [p for p in parts if isinstance(p, Step)], [p for p in parts if isinstance(p, Content)]
    small = png(Image.open(io.BytesIO(content.data)).resize((LONGER, LONGER)))
    likeness = [alike(small, step.previews[0] or b"") for step in steps]
    assert likeness[-1] > 0.9
    assert likeness[0] < likeness[-1]


def test_closing_the_iterator_stops_the_work(house: House) -> None:
    calls = 0

    def counted(*_: Any) -> None:
        nonlocal calls
        calls += 1

    assert house._model is not None
    hook = house._model.unet.register_forward_hook(counted)
    try:
        run = house.run(request(house, Verb.CREATE, APPLE, (1, 2), steps=30))
        assert isinstance(run, Iterator)
        next(run)
        next(run)
        run.close()  # type: ignore[attr-defined]  # the house's iterator is a generator
        assert calls == 2
    finally:
        hook.remove()


def test_the_recipe_says_what_made_it(house: House) -> None:
    (content,) = made(house, Verb.CREATE, Brief(intent=APPLE, avoid="text 饕餮"), (1,), steps=1)
    assert content.facts["prompt"] == APPLE
    assert content.facts["negative_prompt"] == "text"
    assert len(content.facts["weights"]) == 64
    assert content.facts["dtype"] in {"bfloat16", "float32"}
    assert set(content.facts["libraries"]) >= {"torch", "diffusers", "transformers"}


@pytest.mark.parametrize(("intent", "positive", "dropped"), [
    ("a red fox", "a red fox", ()),
    ("a fox, лиса", "a fox", ("лиса",)),
    ("红色的狐狸，蓝色背景，扁平风格", "red fox, on a blue background, flat vector", ()),
    ("一只可爱的小猫在月亮上", "cute cat moon", ()),
    ("饕餮 and 蘑菇 in the snow", "and mushroom in the snow", ("饕餮",)),
    ("белка", "", ("белка",)),
    ("one " * 21 + "two three four", "one " * 21 + "two", ("three", "four")),
])  # fmt: skip
def test_the_artist_sees_which_words_the_engine_reads(
    house: House, intent: str, positive: str, dropped: tuple[str, ...]
) -> None:
    prompt = house.prompt(Brief(intent=intent))
    assert (prompt.positive, prompt.dropped) == (positive, dropped)


def test_a_brief_without_a_word_it_knows_makes_no_picture_at_random(house: House) -> None:
    with pytest.raises(EngineError, match="no word of this brief"):
        made(house, Verb.CREATE, "белка", (1,))


def test_an_unloaded_engine_says_so() -> None:
    with pytest.raises(EngineError, match="not loaded"):
        made(House(), Verb.CREATE, APPLE, (1,))


def test_loading_twice_keeps_the_model(house: House) -> None:
    before = house._model
    house.load("cpu")
    assert house._model is before


def test_every_verb_and_strength_is_deterministic(house: House) -> None:
    (base,) = made(house, Verb.CREATE, APPLE, (5,), **FEW)
    for verb, strength in product((Verb.VARY, Verb.REFINE), Strength):
        one, two = (
            made(house, verb, APPLE, (1, 2), (parent(base, house),), strength=strength, **FEW)[1].data for _ in range(2)
        )
        assert one == two
        assert one == made(house, verb, APPLE, (2,), (parent(base, house),), strength=strength, **FEW)[0].data
