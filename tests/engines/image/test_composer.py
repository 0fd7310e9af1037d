"""The composer: what it reads, that a scene shows it, that it is the same every time, and that nothing breaks it."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from PIL import Image

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Step, Strength, Verb
from app.engines.image.composer import colour, drawing
from app.engines.image.composer.composing import compose
from app.engines.image.composer.engine import Composer, Look
from app.engines.image.composer.grounds import GROUNDS
from app.engines.image.composer.lexicon import COLOURS, HOURS, PLACES, SIZES, WEATHER
from app.engines.image.composer.library import Library, library
from app.engines.image.composer.reading import MOST_ALL, read
from app.engines.image.composer.scene import Scene
from app.engines.image.composer.styles import MOODS, STYLES
from app.engines.image.composer.wish import Wish
from app.engines.shared.chinese_glossary import chinese
from app.errors import EngineError
from app.media.medium import SCENE

SEEDS = (8, 9, 10, 11)
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
MANY = ("cats", "dogs", "owls", "cows", "pigs", "ducks", "bees", "ants") * 5


@pytest.fixture(scope="module")
def drawings() -> Library:
    return library()


def wish(text: str, drawings: Library, **fields: str) -> Wish:
    return read(Brief(intent=text, **fields), drawings)


def made(text: str, seeds: tuple[int, ...] = SEEDS, **params: str) -> list[Content]:
    engine = Composer()
    engine.load("cpu")
    request = Request(Verb.CREATE, Brief(intent=text), engine.Params.model_validate(params), seeds)
    return [part for part in engine.run(request) if isinstance(part, Content)]


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("a red fox in the snow", [(1, "red", "fox")]),
        ("three cats on a beach at sunset", [(3, "", "cat")]),
        ("a small blue car and two houses", [(1, "blue", "automobile"), (2, "", "house")]),
        ("two mice", [(2, "", "mouse")]),
        ("an orange", [(1, "", "tangerine")]),
        ("一只红色的狐狸和两只猫", [(1, "red", "fox"), (2, "", "cat")]),
        ("五只猫", [(5, "", "cat")]),
    ],
)
def test_things_counts_and_colours(drawings: Library, text: str, things: list[tuple[int, str, str]]) -> None:
    told = wish(text, drawings)
    assert [(one.count, one.colour, drawings.drawings[one.found.drawings[0]].label) for one in told.things] == things
    scene = compose(told, drawings, 4)
    assert [sum(layer.thing == k for layer in scene.layers) for k in range(len(things))] == [count for count, *_rest in things]


@pytest.mark.parametrize(
    ("text", "drawing"),
    [
        ("a lighthouse on a hill", "own/lighthouse"),
        ("a fox", "flat/fox-whole"),
        ("a fox face", "flat/fox"),
        ("a bear head", "flat/bear"),
        ("a tower", "own/tower"),
        ("a flower in a vase", "own/daisy"),
    ],
)
def test_common_things_are_drawn_whole_and_by_shapes_of_our_own(drawings: Library, text: str, drawing: str) -> None:
    scene = compose(wish(text, drawings), drawings, 12)
    assert drawing.split("/")[1] in {layer.drawing.split("/")[1] for layer in scene.layers}


def test_what_is_said_of_our_own_shapes_is_what_is_seen(drawings: Library) -> None:
    """Where something is seen, and that colours asked for have a colour to turn: by looking at the raster."""
    own = [number for number, one in enumerate(drawings.drawings) if one.set == "own" or one.name.endswith("-whole")]
    assert len(own) > 60
    for number in own:
        x, y, wide, tall = drawings.drawings[number].box
        body = drawings.body(number)
        frame = f'{HEAD} viewBox="0 -20 120 160">{body}</svg>'
        alpha = Image.open(io.BytesIO(drawing.pixels(frame, 240, 320))).getchannel("A")
        seen = alpha.point(lambda one: 255 * (one > 40)).getbbox()
        assert seen is not None
        told = (2 * x, 2 * (y + 20), 2 * (x + wide), 2 * (y + 20 + tall))
        assert max(abs(one - other) for one, other in zip(seen, told, strict=True)) <= 8, drawings.drawings[number].id
        assert drawings.drawings[number].main in body or drawings.drawings[number].set == "own"


@pytest.mark.parametrize(
    ("text", "ground", "hour", "weather"),
    [
        ("a fox in the snow", "snow", "", []),
        ("a ship on the sea at night", "sea", "night", []),
        ("a cat under a full moon", "", "night", ["moon"]),
        ("a sunset over the mountains", "mountains", "dusk", ["sun"]),
        ("a bus in a rainy street", "street", "", ["rain"]),
        ("雪地里的狐狸", "snow", "", []),
    ],
)
def test_places_hours_and_weather(drawings: Library, text: str, ground: str, hour: str, weather: list[str]) -> None:
    told = wish(text, drawings)
    assert (told.ground, told.hour, told.weather) == (ground, hour, weather)


def test_where_things_are_said_to_be(drawings: Library) -> None:
    def at(text: str, seed: int) -> list[tuple[int, float, float]]:
        scene = compose(wish(text, drawings), drawings, seed)
        return [(layer.thing, layer.x, layer.foot) for layer in scene.layers]

    for seed in range(8):
        left = {thing: x for thing, x, _foot in at("a dog to the left of a tree", seed)}
        assert left[0] < left[1]
        right = {thing: x for thing, x, _foot in at("a dog right of a tree", seed)}
        assert right[0] > right[1]
        above = {thing: foot for thing, _x, foot in at("a cat on a pumpkin", seed)}
        assert above[0] < above[1]
        assert [thing for thing, *_at in at("a castle behind a horse", seed)] == [0, 1]
        assert [thing for thing, *_at in at("a horse in front of a castle", seed)] == [1, 0]


def test_a_tint_is_the_colour_asked_for_and_keeps_light_and_dark(drawings: Library) -> None:
    scene = compose(wish("a blue fox", drawings), drawings, 0)
    target = colour.lch(colour.TARGETS["blue"])
    main = next(one for one in drawings.drawings if one.id == scene.layers[0].drawing).main
    blue = colour.lch(colour.tint(main, scene.layers[0].tint)(main))
    assert colour.apart(blue[2], target[2]) < 12
    shades = [colour.hexed(light, 0.12, colour.lch(main)[2]) for light in (0.4, 0.6, 0.8)]
    lights = [colour.lch(colour.tint(main, scene.layers[0].tint)(shade))[0] for shade in shades]
    assert all(one < other for one, other in pairwise(lights))


def test_no_colour_is_lost_on_the_way_to_the_perceptual_space_and_back() -> None:
    for code in ("#000000", "#ffffff", "#d93636", "#22386f", "#abc", "#7f7f7f"):
        back = colour.hexed(*colour.lch(code))
        wide = "#" + "".join(2 * digit for digit in code[1:]) if len(code) == 4 else code
        assert all(abs(int(back[at : at + 2], 16) - int(wide[at : at + 2], 16)) <= 1 for at in (1, 3, 5))


def test_the_same_seed_gives_the_same_picture_and_four_seeds_four_different_scenes() -> None:
    first, again = made("a red fox in the snow"), made("a red fox in the snow")
    assert [one.data for one in first] == [one.data for one in again]
    assert len({one.data for one in first}) == len(SEEDS)
    alone = made("a red fox in the snow", seeds=SEEDS[2:3])
    assert alone[0].data == first[2].data
    layers = [one.facts["scene"]["layers"][0] for one in first]
    assert len({(one["drawing"], one["x"], one["size"]) for one in layers}) == len(SEEDS)


def test_a_recipe_holds_the_scene_and_whose_drawings_it_shows(drawings: Library) -> None:
    (one,) = made("a red fox and a castle", seeds=(5,), aspect="3:2")
    facts = json.loads(json.dumps(one.facts))
    scene = Scene.model_validate(facts["scene"])
    assert drawing.pixels(drawing.svg(scene, drawings), one.width, one.height) == one.data
    assert {found["name"] for found in facts["drawings"]} == {layer.drawing.split("/")[1] for layer in scene.layers}
    assert all(found["set"] and found["licence"] and found["maker"] for found in facts["drawings"])
    assert Image.open(io.BytesIO(one.data)).size == (one.width, one.height)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_and_ground_is_well_formed_and_refers_to_nothing_outside(drawings: Library, style: str) -> None:
    for seed, ground in enumerate((*GROUNDS, "plain")):
        told = wish("two foxes and a castle, foggy, a rainbow", drawings)
        told.ground, told.mood = ground, list(MOODS)[seed % len(MOODS)]
        document = drawing.svg(compose(told, drawings, seed, style=style), drawings)
        ids = {node.get("id") for node in ET.fromstring(document).iter() if node.get("id")}  # noqa: S314 (of our own making)
        assert set(re.findall(r"url\(#([^)]+)\)", document)) <= ids
        assert not re.search(r'href="(?!#)', document)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a thousand stars", 0),
        ("a thousand sheep", 1),
        (" and ".join(f"{number} {one}" for number, one in enumerate(MANY)), 8),
        ("fox " * 400, 8),
    ],
)
def test_much_is_bounded_and_told(drawings: Library, text: str, kinds: int) -> None:
    told = wish(text, drawings)
    assert len(told.things) <= kinds
    for seed in range(4):
        scene = compose(told, drawings, seed)
        assert len(scene.layers) <= MOST_ALL
        x, y, wide, tall = scene.window
        assert all(x <= layer.x <= x + wide and y <= layer.foot <= y + tall for layer in scene.layers)
    if "sheep" in text:
        assert told.bridges() == (("1000 sheep", (("thing", "16 ewe"),)),)


UNKNOWN = ("xqzzy vlorp", "Ελληνικά κείμενα", "ñandú", "🦊", "...", "12345678901234567890", "的", "<svg>&\"'")


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_nobody_knows_ends_in_a_sentence_or_a_picture(text: str) -> None:
    engine = Composer()
    told = engine.prompt(Brief(intent=text))
    if told.heard:
        assert made(text, seeds=(1,))
    else:
        with pytest.raises(EngineError, match="knows no word of this brief"):
            made(text, seeds=(1,))


def test_what_it_does_not_draw_is_said_word_by_word() -> None:
    told = Composer().prompt(Brief(intent="a translucent fox in the snow", style="in the manner of Monet"))
    assert "translucent" in told.dropped
    assert "monet" in told.dropped
    assert ("thing", "fox") in told.heard
    assert ("ground", "snow") in told.heard


def test_for_a_word_that_no_drawing_shows_the_nearest_ones_are_offered(drawings: Library) -> None:
    told = Composer().prompt(Brief(intent="a philosopher in the snow, xqzzy"))
    offered = dict(told.near)
    assert "philosopher" in told.dropped
    assert "scientist" in offered["philosopher"]
    assert all(label in drawings.by_label for labels in offered.values() for label in labels)
    assert Composer().prompt(Brief(intent="a fox in the snow")).near == ()


def test_it_refuses_what_it_can_do_nothing_with() -> None:
    engine = Composer()
    assert engine.refusal(Verb.CREATE, Brief(intent="xqzzy vlorp"))
    assert engine.refusal(Verb.CREATE, Brief(intent="a translucent fox")) is None
    assert engine.refusal(Verb.CREATE, Brief()) is None
    assert engine.refusal(Verb.VARY, Brief(intent="a fox"), (), ("image/png",))
    assert engine.refusal(Verb.VARY, Brief(intent="a fox"), (), ("image/png", SCENE)) is None


def test_previews_come_before_pictures_in_every_look() -> None:
    engine = Composer()
    engine.load("cpu")
    for look in Look:
        steps = list(engine.run(Request(Verb.CREATE, Brief(intent="a fox"), engine.Params(look=look), (1, 2))))
        assert isinstance(steps[0], Step)
        assert [Image.open(io.BytesIO(one or b"")).size for one in steps[0].previews] == [(128, 128)] * 2
        assert sum(isinstance(one, Content) for one in steps) == 2


def test_a_damaged_library_is_named(tmp_path: object) -> None:
    engine = Composer(folder=tmp_path)  # type: ignore[arg-type]  # pytest's own type
    assert "it is missing" in (engine.unready() or "")


def again(
    verb: Verb, parent: Content, before: str, now: str, strength: Strength | None = None, seeds: tuple[int, ...] = SEEDS
) -> list[Content]:
    """What the composer makes of a picture of its own."""
    engine = Composer()
    engine.load("cpu")
    start = Parent("base", parent.data, "image/png", parent.seed, "composer", {}, "", Brief(intent=before), parent.facts)
    request = Request(verb, Brief(intent=now), engine.Params(), seeds, (start,), strength)
    return [part for part in engine.run(request) if isinstance(part, Content)]


def scene_in(content: Content) -> Scene:
    return Scene.model_validate(content.facts["scene"])


def shown(content: Content) -> list[str]:
    return [layer.drawing for layer in scene_in(content).layers]


@pytest.mark.parametrize("aspect", ["1:1", "4:3", "2:3"])
def test_a_subtle_variation_moves_and_tints_the_same_things(aspect: str) -> None:
    text = "a cup on a table and three cats in the snow"
    parent = made(text, (4,), aspect=aspect)[0]
    varied = again(Verb.VARY, parent, text, text, Strength.SUBTLE)
    assert len({one.data for one in (parent, *varied)}) == 5
    for one in varied:
        assert (one.width, one.height) == (parent.width, parent.height)
        assert shown(one) == shown(parent)
        assert scene_in(one).ground == scene_in(parent).ground
        x, _y, wide, _tall = scene_in(one).window
        assert all(x - 1 <= layer.x <= x + wide + 1 for layer in scene_in(one).layers)


def test_a_strong_variation_composes_anew() -> None:
    parent = made("two dogs on a beach", (4,))[0]
    varied = again(Verb.VARY, parent, "two dogs on a beach", "two dogs on a beach", Strength.STRONG)
    assert len({tuple((one.drawing, one.x, one.size) for one in scene_in(made).layers) for made in (parent, *varied)}) == 5


def test_a_refinement_changes_what_the_words_change(drawings: Library) -> None:
    parent = made("a red fox in the snow", (4,))[0]
    before = scene_in(parent)
    blue = scene_in(again(Verb.REFINE, parent, "a red fox in the snow", "a blue fox in the snow")[0])
    assert [layer.model_copy(update={"tint": ""}) for layer in blue.layers] == [
        layer.model_copy(update={"tint": ""}) for layer in before.layers
    ]
    assert [layer.tint for layer in blue.layers] != [layer.tint for layer in before.layers]
    assert blue.model_copy(update={"layers": ()}) == before.model_copy(update={"layers": ()})
    night = scene_in(again(Verb.REFINE, parent, "a red fox in the snow", "a red fox in the snow at night")[0])
    assert (night.layers, night.ground, night.hour) == (before.layers, "snow", "night")
    sea = scene_in(again(Verb.REFINE, parent, "a red fox in the snow", "a red fox on a beach")[0])
    assert (sea.ground, [one.drawing for one in sea.layers]) == ("beach", [one.drawing for one in before.layers])
    owl = again(Verb.REFINE, parent, "a red fox in the snow", "a red fox and an owl in the snow")
    assert all(shown(parent)[0] in shown(one) and len(shown(one)) == 2 for one in owl)
    assert len({one.data for one in owl}) == 4
    same = again(Verb.REFINE, parent, "a red fox in the snow", "a red fox in the snow")
    assert len({one.data for one in (parent, *same)}) == 5


@pytest.mark.parametrize("facts", [{}, {"scene": None}, {"scene": {"version": 99}}, {"scene": {"layers": [{"drawing": 1}]}}])
def test_a_picture_without_a_scene_is_not_gone_on_from(facts: dict[str, object]) -> None:
    parent = made("a fox", (4,))[0]
    foreign = Content(0, 4, parent.data, "image/png", parent.width, parent.height, facts)
    with pytest.raises(EngineError, match="own scenes"):
        again(Verb.VARY, foreign, "a fox", "a fox", Strength.SUBTLE)


def test_all_that_a_scene_is_described_by_has_a_chinese_name() -> None:
    english = [*COLOURS, *SIZES, *HOURS, *PLACES, *WEATHER, *MOODS, *STYLES]
    assert [word for word in english if re.search("[a-z]", chinese(str(word)))] == []
