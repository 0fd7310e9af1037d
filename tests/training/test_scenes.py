"""Scenes are what their captions say: where things stand, how many there are, in which colour, on which ground."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
import pytest

from app.engines.image.composer import grounds
from app.training.image import scenes, scenesampler, scenewords
from app.training.image.captions import briefs
from app.training.image.colours import BACKGROUNDS, HUES, Pixels, name_of
from app.training.image.dataset import Drawing
from app.training.image.scenes import Placed, Scene, Told
from app.training.image.scenesampler import Sampler

SIDE = 64
COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5}
LABELS = (("fox", 3), ("owl", 3), ("red apple", 4), ("house", 5), ("sailboat", 5), ("guitar", 7), ("mushroom", 3), ("whale", 3))


def square(red: int, green: int, blue: int) -> Pixels:
    """A drawing of one colour in the middle of nothing."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[8:-8, 8:-8] = (red, green, blue, 255)
    return pixels


@pytest.fixture(scope="module")
def sampled() -> list[tuple[Scene, Told, str]]:
    """Scenes with a caption each."""
    drawings = [Drawing(label, label, (), style, group) for style in ("flat", "sticker") for label, group in LABELS]
    pixels = np.stack([square(214, 60, 60)] * len(drawings))
    sampler, dice = Sampler(pixels, drawings, [False] * len(drawings), 3), random.Random(3)
    found = []
    for number in range(400):
        scene, told = sampler.scene(number)
        found += [(scene, told, text) for text in scenewords.sentences(scene, told, dice)]
    return found


def of(sampled: list[tuple[Scene, Told, str]], pattern: str) -> Iterator[tuple[Scene, Told, str]]:
    """The scenes whose caption has that pattern; there must be some."""
    some = [(scene, told, text) for scene, told, text in sampled if re.search(pattern, text)]
    assert some, pattern
    yield from some


def test_a_number_that_is_named_is_how_many_there_are(sampled: list[tuple[Scene, Told, str]]) -> None:
    for word, count in COUNTS.items():
        for scene, _told, text in of(sampled, rf"\b{word} "):
            assert len(scene.placed) == count, text
            assert len({one.drawing for one in scene.placed}) == 1


def test_left_and_right_are_where_they_are_said_to_be(sampled: list[tuple[Scene, Told, str]]) -> None:
    for pattern, at in ((r"(.+) (?:to the )?left of (.+)", (0, 1)), (r"(.+) (?:to the )?right of (.+)", (1, 0))):
        for scene, told, text in of(sampled, pattern):
            left, right = sorted(scene.placed, key=lambda one: one.x)
            assert left.x + left.size / 2 <= right.x
            match = re.search(pattern, text)
            assert match
            parts = match.groups()
            assert told.nouns[0] in parts[at[0]], text
            assert told.nouns[1] in parts[at[1]], text


def test_above_and_in_front_are_where_they_are_said_to_be(sampled: list[tuple[Scene, Told, str]]) -> None:
    for scene, _told, _text in of(sampled, " above | over | below | under an? [^fmst]"):
        upper, lower = sorted(scene.placed, key=lambda one: one.foot)
        assert upper.foot <= lower.foot - lower.size + 0.08
    for scene, _told, text in of(sampled, " in front of an? | behind "):
        if "mountain" not in text:
            behind, front = scene.placed
            assert front.foot > behind.foot


def test_a_colour_that_is_named_is_seen(sampled: list[tuple[Scene, Told, str]]) -> None:
    for scene, told, text in sampled:
        assert all(colour in text for colour in told.colours if colour)
        for one in scene.placed:
            if one.turn:
                shown = scenes._thing(square(214, 60, 60), one, SIDE)
                middle = shown.getpixel((shown.width // 2, shown.height // 2))
                assert isinstance(middle, tuple)
                assert name_of(*middle[:3]) in {*told.colours, "brown", "pink"}
                assert set(told.colours) & set(HUES)


def test_a_ground_is_the_one_that_is_named(sampled: list[tuple[Scene, Told, str]]) -> None:
    for scene, _told, text in sampled:
        if scene.ground in BACKGROUNDS:
            assert "background" in text or scene.ground == "white"
        else:
            assert any(words in text for words in scenewords.WHERE[scene.ground]), text
    assert {scene.ground for scene, _told, _text in sampled} >= set(scenewords.WHERE)


def test_everything_is_in_the_picture(sampled: list[tuple[Scene, Told, str]]) -> None:
    for scene, _told, text in sampled:
        for one in scene.placed:
            assert one.x - one.size / 2 >= -0.02, text
            assert one.x + one.size / 2 <= 1.02, text
            assert one.foot - one.size >= -0.02, text
            assert one.foot <= 1, text


def test_weather_and_hour_are_said_only_when_they_are_so(sampled: list[tuple[Scene, Told, str]]) -> None:
    for weather, phrases in scenewords.WEATHER.items():
        for scene, _told, text in sampled:
            if any(phrase in text for phrase in phrases):
                assert scene.weather == (weather,), text
    for hour, phrases in scenewords.WHEN.items():
        for scene, _told, text in sampled:
            if any(f" {phrase}" in text for phrase in phrases):
                assert scene.hour == hour, text


@pytest.mark.parametrize("name", list(grounds.GROUNDS))
def test_each_ground_is_drawn_alike_each_time_and_darker_at_night(name: str) -> None:
    pytest.importorskip("resvg_py", reason="the renderer is in the extra `train`")
    pixels = np.stack([square(214, 60, 60)])
    for hour in grounds.GROUNDS[name].hours:
        scene = Scene(name, hour, ("moon",) if hour == "night" else (), 1, (Placed(0, 0.5, 0.9, 0.3),))
        picture = scenes.picture(scene, pixels)
        assert picture.shape == (SIDE, SIDE, 3)
        assert (picture == scenes.picture(scene, pixels)).all()
        assert tuple(picture[round(0.75 * SIDE), SIDE // 2]) == (214, 60, 60)
    if {"day", "night"} <= set(grounds.GROUNDS[name].hours):
        day, night = (scenes.picture(Scene(name, hour, (), 1, ()), pixels).mean() for hour in ("day", "night"))
        assert night < day - 30


def test_the_plan_is_the_same_every_time_and_holds_some_scenes_out() -> None:
    drawings = [Drawing(label, label, (), "flat", group) for label, group in LABELS]
    pixels = np.stack([square(214, 60, 60)] * len(drawings))
    plan = scenesampler.plan(pixels, drawings, 0, 80)
    assert plan == scenesampler.plan(pixels, drawings, 0, 80)
    assert plan.views != scenesampler.plan(pixels, drawings, 1, 80).views
    assert {plan.view_of[row] for row in plan.held_out} == {0, 40}
    assert not set(plan.texts) & set(briefs())


def test_several_of_a_thing() -> None:
    wanted = {"fox": "foxes", "cherry": "cherries", "mouse": "mice", "glass of milk": "glasses of milk", "grapes": "grapes"}
    assert {noun: scenewords.plural(noun) for noun in wanted} == wanted
