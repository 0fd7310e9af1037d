"""Scenes in words: where, when, in what weather, how many, how they stand to one another; never more than is true."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from app.training.image.captions import STYLES, a
from app.training.image.colours import BACKGROUNDS

if TYPE_CHECKING:
    from app.training.image.scenes import Scene, Told

WHERE: dict[str, tuple[str, ...]] = {
    "sea": ("on the sea", "on the water", "at sea", "on the ocean", "in the sea"),
    "beach": ("on the beach", "on a beach", "on the sand by the sea", "at the seaside"),
    "hill": ("on a hill", "on a green hill", "on top of a hill"),
    "meadow": ("in a meadow", "on the grass", "in a field", "in a garden"),
    "snow": ("in the snow", "in the snow", "in winter", "on the ice", "in a snowy landscape"),
    "street": ("in a street", "on the street", "in the city", "in town", "on a road"),
    "desert": ("in the desert", "in a desert", "on sand dunes"),
    "mountains": ("in the mountains", "in front of mountains", "before a mountain"),
    "forest": ("in a forest", "in the forest", "in the woods", "among trees"),
    "pond": ("on a pond", "on a lake", "by a lake", "at a pond"),
    "sky": ("in the sky", "flying in the sky", "in the air", "against the sky"),
    "space": ("in space", "among the stars", "in outer space"),
    "underwater": ("under water", "underwater", "in the deep sea", "in the ocean"),
    "table": ("on a table", "on the table", "on a wooden table"),
    "room": ("in a room", "at home", "on the floor", "indoors"),
}
WHEN: dict[str, tuple[str, ...]] = {
    "dusk": ("at sunset", "at dusk", "in the evening", "at dawn"),
    "night": ("at night", "by night", "in the dark"),
}
WEATHER: dict[str, tuple[str, ...]] = {
    "moon": ("under a full moon", "under the moon", "in the moonlight", "with a full moon"),
    "stars": ("under the stars", "under a starry sky"),
    "rain": ("in the rain", "on a rainy day"),
    "snow": ("while it snows", "in falling snow", "with snowflakes"),
    "sun": ("in the sunshine", "under the sun", "on a sunny day"),
}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
_STYLED = 0.3  # of the captions that name a style
_IRREGULAR = {
    "mouse": "mice",
    "goose": "geese",
    "sheep": "sheep",
    "fish": "fish",
    "deer": "deer",
    "leaf": "leaves",
    "wolf": "wolves",
    "knife": "knives",
    "loaf": "loaves",
    "man": "men",
    "woman": "women",
    "child": "children",
    "tooth": "teeth",
    "foot": "feet",
    "goldfish": "goldfish",
    "shrimp": "shrimps",
    "ox": "oxen",
    "elf": "elves",
    "calf": "calves",
    "bison": "bison",
}


def sentences(scene: Scene, told: Told, dice: random.Random) -> list[str]:
    """Two captions of the scene, of the many that are true of it."""
    return list(dict.fromkeys(_sentence(scene, told, dice) for _time in range(2)))


def _sentence(scene: Scene, told: Told, dice: random.Random) -> str:
    things = _things(scene, told, dice)
    if scene.ground in BACKGROUNDS:
        plain = scene.ground == "white" and dice.random() < 2 / 3
        place = "" if plain else f"on {a(scene.ground)} background"
    else:
        place = dice.choice(WHERE[scene.ground])
    # What is seen at once (the place, night) is told most often; the rest may be left out.
    when = dice.choice(WHEN[scene.hour]) if scene.hour in WHEN and scene.ground != "space" and dice.random() < 0.8 else ""  # noqa: PLR2004
    weather = [dice.choice(WEATHER[one]) for one in scene.weather if dice.random() < 0.75]  # noqa: PLR2004
    if weather and when and scene.weather[0] in {"moon", "stars"} and dice.random() < 1 / 2:
        when = ""
    text = " ".join(part for part in (things, place, when, *weather) if part)
    if dice.random() < _STYLED:
        style = dice.choice(STYLES[told.style])
        text = f"{text}, {style}" if dice.random() < 2 / 3 else f"{a(style)} of {text}"
    return text


def _things(scene: Scene, told: Told, dice: random.Random) -> str:
    named = [
        f"{colour} {noun}" if colour and colour not in noun else noun
        for noun, colour in zip(told.nouns, told.colours, strict=True)
    ]
    if told.relation == "many":
        return f"{NUMBERS[len(scene.placed)]} {plural(named[0])}"
    if told.relation == "row":
        first, second, third = (a(one) for one in named)
        return dice.choice((f"{first}, {second} and {third}", f"{named[0]}, {named[1]} and {named[2]}"))
    if len(named) == 1:
        size = {"small": ("small", "tiny", "little"), "big": ("big", "huge", "large")}.get(told.size, ("",))
        sized = f"{dice.choice(size)} {named[0]}".strip()
        return a(sized) if dice.random() < 0.85 else sized  # noqa: PLR2004
    one, other = (a(each) for each in named)
    return dice.choice(_RELATIONS[told.relation]).format(one=one, other=other)


_RELATIONS: dict[str, tuple[str, ...]] = {
    "beside": (
        *("{one} and {other}", "{one} and {other}", "{one} next to {other}", "{one} beside {other}", "{one} with {other}"),
        *("{one} left of {other}", "{other} right of {one}", "{one} to the left of {other}", "{other} to the right of {one}"),
        *("{one} on the left and {other} on the right", "{other} and {one}"),
    ),
    "above": ("{one} above {other}", "{one} over {other}", "{other} below {one}", "{other} under {one}", "{one} and {other}"),
    "front": ("{one} in front of {other}", "{other} behind {one}", "{one} and {other}", "{one} before {other}"),
}


def plural(noun: str) -> str:
    """Several of `noun`, whose last word, or the one before "of" or "with", is the thing."""
    for between in (" of ", " with ", " in ", " on ", " and "):
        if between in noun:
            head, tail = noun.split(between, 1)
            return f"{plural(head)}{between}{tail}"
    *before, last = noun.split(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        pass
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = f"{last[:-1]}ies"
    else:
        last += "s"
    return " ".join([*before, last])
