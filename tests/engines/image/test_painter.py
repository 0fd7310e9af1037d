"""The painter: from the drawing, which shines through, to what the brief alone says; and its recipe tells the scene."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.image.composer.engine import Composer
from app.engines.image.house import House
from app.engines.image.painter import Painter
from app.errors import EngineError
from app.media.medium import PAINTED, SCENE

BRIEF = Brief(intent="a red fox in the snow at night")
SEEDS = (3, 8)


@pytest.fixture(scope="module")
def painter() -> Painter:
    engine = Painter(House())
    engine.load("cpu")
    return engine


def made(engine: Painter | Composer, verb: Verb = Verb.CREATE, brief: Brief = BRIEF, **asked: Any) -> list[Content]:
    params = engine.Params.model_validate(asked.pop("params", {}))
    request = Request(verb, brief, params, asked.pop("seeds", SEEDS), **asked)
    return [part for part in engine.run(request) if isinstance(part, Content)]


def pixels(content: Content) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(content.data)).convert("RGB").resize((64, 64)), float)


def apart(one: Content, other: Content) -> float:
    """Root mean square, of 255 levels."""
    return float(np.sqrt(((pixels(one) - pixels(other)) ** 2).mean()))


def start(content: Content, engine: Painter | Composer) -> Parent:
    return Parent("base", content.data, "image/png", content.seed, engine.name, {}, "", BRIEF, content.facts)


def test_the_slider_leads_from_the_drawing_to_the_brief_alone(painter: Painter) -> None:
    """The nearer to innovation, the farther from the scene, which is the composer's own of that seed."""
    drawn = made(Composer())
    distances = []
    for innovation in (0.0, 0.35, 0.7, 1.0):
        painted = made(painter, params={"innovation": innovation})
        assert [one.facts["painted_from"] for one in painted] == [one.facts["scene"] for one in drawn]
        distances.append(np.mean([apart(one, other) for one, other in zip(drawn, painted, strict=True)]))
    assert distances == sorted(distances)
    assert distances[0] < 20
    assert distances[-1] > 2 * distances[0]


def test_at_innovation_nothing_of_the_drawing_is_left(painter: Painter) -> None:
    """Another drawing of the same brief and seed gives the same picture to the byte there, and only there."""
    for innovation, alike in ((1.0, True), (0.95, False)):
        flat, lines = (made(painter, params={"innovation": innovation, "look": look})[0] for look in ("flat", "line"))
        assert flat.facts["painted_from"] != lines.facts["painted_from"]
        assert (flat.data == lines.data) == alike, innovation


def test_four_variants_are_four_pictures(painter: Painter) -> None:
    four = made(painter, seeds=(1, 2, 3, 4))
    assert ([one.index for one in four], [one.seed for one in four]) == ([0, 1, 2, 3], [1, 2, 3, 4])
    assert len({one.data for one in four}) == 4


def test_the_same_seed_is_the_same_picture_and_others_are_others(painter: Painter) -> None:
    first, second = made(painter)
    assert made(painter, seeds=SEEDS[:1])[0].facts["painted_from"] == first.facts["painted_from"]
    assert [one.data for one in made(painter)] == [first.data, second.data]
    assert apart(first, second) > 5


def test_the_recipe_tells_scene_drawings_and_model(painter: Painter) -> None:
    told = made(painter)[0].facts
    assert told["drawings"][0]["licence"]
    assert told["painted_from"]["ground"] == "snow"
    assert told["steps_taken"] >= 8
    assert told["weights"] == made(painter)[0].facts["weights"]
    assert "scene" not in told  # its SVG would be another picture


def test_it_goes_on_from_scenes_and_from_what_it_painted(painter: Painter) -> None:
    scene = made(Composer())[0]
    painted = made(painter, Verb.REFINE, parents=(start(scene, Composer()),))
    assert [one.facts["painted_from"] for one in painted] == [scene.facts["scene"]] * 2  # the brush makes the variants
    for verb, strength in ((Verb.VARY, Strength.SUBTLE), (Verb.VARY, Strength.STRONG), (Verb.REFINE, None)):
        again = made(painter, verb, parents=(start(painted[0], painter),), strength=strength)
        assert len({one.data for one in again}) == 2, verb
    day = Brief(intent="a red fox in the snow")
    refined = made(painter, Verb.REFINE, day, parents=(start(painted[0], painter),))[0].facts["painted_from"]
    assert (refined["hour"], refined["layers"][0]["drawing"]) == ("day", scene.facts["scene"]["layers"][0]["drawing"])


def test_subtly_is_nearer_than_strongly(painter: Painter) -> None:
    parent = made(painter)[0]
    far = [
        np.mean([apart(parent, one) for one in made(painter, Verb.VARY, parents=(start(parent, painter),), strength=strength)])
        for strength in (Strength.SUBTLE, Strength.STRONG)
    ]
    assert far[0] < far[1]


def test_what_it_cannot_do_is_said(painter: Painter) -> None:
    nothing = Brief(intent="zzxq qqwv")
    assert painter.refusal(Verb.CREATE, nothing) == painter.unknown
    assert painter.refusal(Verb.REFINE, BRIEF, kinds=("image/png",)) == painter.elsewhere
    for kind in (SCENE, PAINTED):
        assert painter.refusal(Verb.REFINE, BRIEF, kinds=("image/png", kind)) is None
    with pytest.raises(EngineError, match="begins with a scene"):
        made(painter, brief=nothing)
    photograph = Parent("base", made(painter)[0].data, "image/png", None, None, {}, "", BRIEF, {})
    with pytest.raises(EngineError, match="composed scenes"):
        made(painter, Verb.REFINE, parents=(photograph,))


def test_it_shows_what_comes_and_stops_when_it_is_left(painter: Painter) -> None:
    run = painter.run(Request(Verb.CREATE, BRIEF, painter.Params(), SEEDS))
    first = next(run)
    assert isinstance(first, Step)
    assert (first.number, len(first.previews)) == (1, 2)
    run.close()  # type: ignore[attr-defined]  # a generator
    assert len(made(painter)) == 2


def test_chinese_is_painted_too(painter: Painter) -> None:
    [one] = made(painter, brief=Brief(intent="雪地里的一只红色狐狸"), seeds=(3,))
    assert one.facts["prompt"]
    assert one.facts["painted_from"]["ground"] == "snow"
