"""Captions as people write prompts: a thing, perhaps its keywords, a style, a colour, the colour of the ground.

Each caption belongs to one or more *views* of its drawing: on which ground, mirrored or not, in which colours. What a
caption leaves open is the plain case: a white ground and the drawing's own colours.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.training.image.colours import BACKGROUNDS, HUES, Pixels, apart, dominant
from app.training.image.dataset import Drawing

# The first word of a style is what its drawings are called most often.
STYLES: dict[str, tuple[str, ...]] = {
    "3d": ("3d render", "3d render", "3d render", "glossy 3d"),
    "flat": ("flat vector", "flat vector", "flat vector", "flat illustration"),
    "noto": ("noto drawing", "noto drawing", "shaded cartoon", "emoji drawing"),
    "blob": ("blob cartoon", "blob cartoon", "blob cartoon", "cute cartoon"),
    "sticker": ("simple sticker", "simple sticker", "simple sticker", "bold sticker"),
    "retro": ("retro cartoon", "retro cartoon", "retro cartoon", "vintage cartoon"),
    "icon": ("interface icon", "interface icon", "interface icon", "minimal icon"),
}
COLOURED = tuple(BACKGROUNDS)[1:]
_SMILEYS, _PEOPLE, _SYMBOLS = 0, 1, 8
_THINGS = {2, 3, 4, 5, 6, 7}  # emojibase's groups of what may well have another colour
# Many drawings, little to ask for: professions in two sexes, signs, faces of clocks and moons.
_GROUP_WEIGHT = {_PEOPLE: 0.12, _SYMBOLS: 0.12, None: 0.2, _SMILEYS: 0.7}
_ALIKE, _ALIKE_WEIGHT = ("o’clock", "-thirty", " moon"), 0.15
_STYLE_WEIGHT = {"flat": 1.3, "sticker": 1.3, "3d": 0.8, "blob": 0.4, "retro": 0.3, "icon": 0.3}
# A prompt without a style gets one crisp look, not the average of seven.
_PLAIN_WEIGHT = {"flat": 3.5, "sticker": 3.5, "noto": 0.5}
_TOGETHER_WEIGHT = 0.12  # of two things in one picture, against one alone
_SHORT = 24  # letters
_KEYWORDS_WEIGHT = 0.3  # of a caption that does not name the thing
_READ = ("arrow", "left", "right", "clock", "button", "sign", "letter", "number")  # a mirror would make it wrong
_SAY_WHITE = 0.4  # how often the plain white ground is put into words
_TURN = 0.12  # of the circle of hues: the least that makes it another colour


@dataclass(frozen=True, slots=True)
class View:
    """A picture of a drawing: its number in the data set, the ground, mirrored or not, hues turned (1 is a circle).

    With `beside`, the number of another drawing, both are in the picture: that one on the right, each at half its size.
    """

    drawing: int
    background: str
    mirrored: bool
    turn: float = 0.0
    beside: int | None = None


@dataclass(frozen=True, slots=True)
class Caption:
    """A text, the views it is true of, and how often it is to be seen."""

    text: str
    views: tuple[View, ...]
    weight: float


def captions(number: int, drawing: Drawing, pixels: Pixels, dice: random.Random) -> list[Caption]:
    """All captions of the drawing with that number that are ever to be seen."""
    sides = [False] if _reads(drawing) else [False, True]
    plain = tuple(View(number, "white", side) for side in sides)
    label, colour = drawing.label, dominant(pixels)
    pairs = [(label, plain), (a(label), plain)] + [(_phrase(drawing, label, dice), plain) for _ in range(5)]
    if colour and colour not in label:
        pairs += [(f"{a(colour)} {label}", plain), (f"{colour} {label}, {_style(drawing, dice)}", plain)]
    for background in dice.sample(COLOURED, 3):
        view = (View(number, background, dice.choice(sides)),)
        texts = [dice.choice([_phrase(drawing, label, dice), _phrase(drawing, label, dice), label]) for _ in range(2)]
        pairs += [(f"{text}, on {a(background)} background", view) for text in texts]
    if dice.random() < _SAY_WHITE:
        pairs.append((f"{_phrase(drawing, label, dice)}, on a white background", plain))
    if colour in HUES and drawing.group in _THINGS:
        pairs += _recoloured(number, drawing, colour, sides, dice)
    pairs = list(dict.fromkeys(pairs))
    found = [Caption(text, views, _weight(drawing, text) / len(pairs)) for text, views in pairs]
    return [caption for caption in found if caption.weight > 0]


def together(numbers: tuple[int, int], one: Drawing, other: Drawing, dice: random.Random) -> list[Caption]:
    """Two things in one picture, for their numbers in the data set: so that two can be asked for."""
    left, right, style = a(one.label), a(other.label), _style(one, dice)
    texts = [f"{left} and {right}, {style}", f"{one.label} and {other.label}, {style}", f"{left} and {right}"]
    background = dice.choice(COLOURED)
    plain = (View(numbers[0], "white", False, beside=numbers[1]),)
    coloured = (View(numbers[0], background, False, beside=numbers[1]),)
    pairs = [(text, plain) for text in texts]
    pairs += [(f"{dice.choice(texts)}, on {a(background)} background", coloured)]
    found = [Caption(text, views, _TOGETHER_WEIGHT * _weight(one, text) / len(pairs)) for text, views in pairs]
    return [caption for caption in found if caption.weight > 0]


def joins(drawing: Drawing) -> bool:
    """Whether it is a thing to put beside another, with a label short enough for both to be read."""
    return drawing.group in _THINGS and len(drawing.label) <= _SHORT


def a(noun: str) -> str:
    """`noun` with its indefinite article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _weight(drawing: Drawing, text: str) -> float:
    """How often a caption is to be seen, against one of a thing in a middling style."""
    weight = _GROUP_WEIGHT.get(drawing.group, 1.0) * _STYLE_WEIGHT.get(drawing.style, 1.0)
    if any(word in drawing.label for word in _ALIKE):
        weight *= _ALIKE_WEIGHT
    if not any(style in text for style in STYLES[drawing.style]):
        weight *= _PLAIN_WEIGHT.get(drawing.style, 0.0)
    elif drawing.label.split(":")[0] not in text and not any(hue in text for hue in HUES):
        weight *= _KEYWORDS_WEIGHT
    return weight


def _recoloured(
    number: int, drawing: Drawing, colour: str, sides: list[bool], dice: random.Random
) -> list[tuple[str, tuple[View, ...]]]:
    """The thing in a colour that it does not have, always named: so that colours can be asked for."""
    other = dice.choice([name for name, hue in HUES.items() if apart(hue, HUES[colour]) > _TURN])
    label = drawing.label.replace(f"{colour} ", "")
    background = dice.choice(["white", "white", dice.choice(COLOURED)])
    ground = "" if background == "white" else f", on {a(background)} background"
    view = (View(number, background, dice.choice(sides), round(HUES[other] - HUES[colour], 3)),)
    return [(f"{a(other)} {label}, {_style(drawing, dice)}{ground}", view), (f"{other} {label}{ground}", view)]


def _phrase(drawing: Drawing, label: str, dice: random.Random) -> str:
    """The thing in one of the ways people ask for it."""
    style = _style(drawing, dice)
    ways = [f"{label}, {style}", f"{label}, {style}", f"{a(style)} of {label}", f"{style}: {label}"]
    tags = [tag for tag in drawing.tags if tag != label]
    some = ", ".join(dice.sample(tags, min(3, len(tags))))
    if tags:
        ways.append(f"{label}, {some}, {style}")
    if len(tags) > 1:
        ways.append(f"{some}, {style}")
    return dice.choice(ways)


def _style(drawing: Drawing, dice: random.Random) -> str:
    return dice.choice(STYLES[drawing.style])


def _reads(drawing: Drawing) -> bool:
    """Whether left and right matter."""
    return drawing.group == _SYMBOLS or drawing.style == "icon" or any(word in drawing.label for word in _READ)
