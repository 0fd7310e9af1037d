"""Captions as people write prompts: a thing by one of its names, a style, a colour, the colour of the ground.

A drawing is seen in a few *views*: on which ground, mirrored or not, in which colours. A caption is true of some of them;
what it leaves open is the plain case: a white ground and the drawing's own colours. Only drawings that people ask for
are learned, in the crisp looks (`worth`); what goes into the scenes of scenes.py is named by the same words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.training.image.colours import BACKGROUNDS, HUES, apart
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
_SMILEYS, _PEOPLE, _OBJECTS, _SYMBOLS = 0, 1, 7, 8
_THINGS = {2, 3, 4, 5, 6, 7}  # emojibase's groups of what may well have another colour
# Little is asked for signs, icons without an emoji are near-duplicates of others.
_GROUP_WEIGHT = {_SMILEYS: 0.5, _PEOPLE: 0.35, _OBJECTS: 0.7, _SYMBOLS: 0.0, None: 0.0}
# The crisp looks; each further one is a further thing to learn for every word.
_STYLE_WEIGHT = {"flat": 1.0, "sticker": 1.0, "noto": 0.7, "3d": 0.6}
# A prompt without a style gets one of the crispest most of the time, not the average of all.
_PLAIN_WEIGHT = {"flat": 1.0, "sticker": 1.0, "noto": 0.5, "3d": 0.3}
_UNASKED = (
    "middle finger",
    "o’clock",
    "-thirty",
    "facing right",
    "family",
    "globe showing",
    "couple",
    "kiss:",
    "person ",
    "people ",
)
_UNASKED_STARTS = ("man ", "woman ", "men ", "women ", "man:", "woman:", "person:", "oncoming ", "deaf ", "pregnant ")
_ASKED = ("man dancing", "woman dancing", "person running", "person swimming", "person biking", "person surfing")
_SELDOM = (
    *("moon", "mailbox", "chart", "page", "tray", "banknote", "speaker", "disk", "folder", "index", "calendar", "locked"),
    *("wheelchair", "face with", "hand", "bubble", "cane", "medal", "ticket", "pushpin", "clips", "clothes", "bookmark"),
)
_OFTEN = ("full moon", "crescent moon")
_SELDOM_WEIGHT = 0.3
_READ = ("arrow", "left", "right", "clock", "button", "sign", "letter", "number")  # a mirror would make it wrong
_TURN = 0.12  # of the circle of hues: the least that makes it another colour
_GROUNDS, _HUES = 3, 2  # views of a drawing on other grounds, and in other colours
_LABEL, _NAME, _TAG = 1.0, 1.0, 0.08  # how often a drawing goes by its label, by a plain name, by a keyword of its own
_SHARED = 2  # labels at most that a keyword may stand for
_SHORT = 24  # letters
# How often a thing is asked for: bare, with a style, in its own colour by name; on another ground; in another colour.
_BARE, _STYLED, _COLOUR, _GROUND, _TURNED = 0.35, 0.2, 0.1, 0.2, 0.15


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
    """A text, the view it is true of, and how often the two are to be seen."""

    text: str
    view: Any  # a View, or a Scene
    weight: float


@cache
def plain_names() -> dict[str, tuple[str, ...]]:
    """What people call a drawing of that label (names.tsv), the usual name first."""
    rows = Path(__file__).with_name("names.tsv").read_text("utf-8").splitlines()[1:]
    return {label: tuple(names.split(", ")) for label, names in (row.split("\t") for row in rows)}


@cache
def briefs() -> dict[str, str]:
    """The prompts of briefs.tsv, by which the model is judged and which are never captions, each with its kind."""
    rows = Path(__file__).with_name("briefs.tsv").read_text("utf-8").splitlines()[1:]
    return {text: kind for kind, text, _things, _attributes in (row.split("\t") for row in rows)}


def worth(drawing: Drawing) -> float:
    """How often the drawing is to be seen, against one of an animal in the flat style; 0 for what is left out."""
    label = drawing.label
    unasked = label.startswith(_UNASKED_STARTS) or any(word in label for word in _UNASKED)
    if unasked and label not in _ASKED:
        return 0.0
    seldom = any(word in label for word in _SELDOM) and label not in _OFTEN and drawing.group != _SMILEYS
    weight = _GROUP_WEIGHT.get(drawing.group, 1.0) * _STYLE_WEIGHT.get(drawing.style, 0.0)
    return weight * (_SELDOM_WEIGHT if seldom else 1.0)


def names(drawing: Drawing, shared: Mapping[str, int]) -> dict[str, float]:
    """What the drawing goes by, with how often; `shared` tells how many labels have a keyword (see `keywords`)."""
    plain = plain_names().get(drawing.label, ())
    found = {name: _NAME / len(plain) for name in plain}
    found.setdefault(drawing.label, _LABEL if not plain else _LABEL / 3)
    for tag in drawing.tags if not plain else ():
        if shared.get(tag, 0) <= _SHARED and len(tag) > 2:  # noqa: PLR2004 (abbreviations)
            found.setdefault(tag.lower(), _TAG)
    return found


def keywords(drawings: Sequence[Drawing]) -> dict[str, int]:
    """Of how many labels each keyword is one."""
    pairs = {(tag, drawing.label) for drawing in drawings for tag in drawing.tags}
    found: dict[str, int] = {}
    for tag, _label in pairs:
        found[tag] = found.get(tag, 0) + 1
    return found


def views(number: int, drawing: Drawing, colour: str | None) -> list[View]:
    """How the drawing with that number is shown: plain first, then on other grounds, then in other colours.

    `colour` is what most of it has.
    """
    dice = random.Random(f"{drawing.style}/{drawing.name}")
    sides = [False] if _reads(drawing) else [False, True]
    found = [View(number, "white", side) for side in sides]
    found += [View(number, ground, dice.choice(sides)) for ground in dice.sample(COLOURED, _GROUNDS)]
    if colour in HUES and drawing.group in _THINGS:
        others = [name for name, hue in HUES.items() if apart(hue, HUES[colour]) > _TURN]
        grounds = ("white", dice.choice(COLOURED))
        for other, ground in zip(dice.sample(others, _HUES), grounds, strict=True):
            found.append(View(number, ground, dice.choice(sides), round(HUES[other] - HUES[colour], 3)))
    return found


def captions(
    drawing: Drawing, colour: str | None, shown: Sequence[View], shared: Mapping[str, int], dice: random.Random
) -> list[Caption]:
    """All that is said of the drawing's `views`; `colour` is what most of it has."""
    found: list[Caption] = []
    named = names(drawing, shared)
    for view in shown:
        whole = view.background == "white" and not view.turn
        chosen = list(named) if whole else dice.choices(list(named), list(named.values()), k=2)
        total = sum(named[name] for name in chosen)
        for name in dict.fromkeys(chosen):
            share = worth(drawing) * named[name] / total / _share_alike(view, shown)
            texts = _texts_of(drawing, view, name, colour, dice)
            found += [Caption(text, view, share * often) for text, often in texts if text not in briefs()]
    return [caption for caption in found if caption.weight > 0]


def _texts_of(drawing: Drawing, view: View, name: str, colour: str | None, dice: random.Random) -> list[tuple[str, float]]:
    """The texts of a view by that name, each with how often."""
    styled = f"{a(name)}, {_style(drawing, dice)}" if dice.random() < 1 / 2 else f"{name}, {_style(drawing, dice)}"
    plain = _PLAIN_WEIGHT.get(drawing.style, 0.0)
    if view.turn:
        hue = _nearest_hue(HUES[colour or "red"] + view.turn)
        bare = name.replace(f"{colour} ", "")
        texts = [(f"{a(hue)} {bare}", _TURNED / 2 * plain), (f"{hue} {bare}, {_style(drawing, dice)}", _TURNED / 2)]
    elif view.background == "white":
        of = f"{a(_style(drawing, dice))} of {a(name)}"
        texts = [(a(name), _BARE / 2 * plain), (name, _BARE / 2 * plain), (styled, _STYLED / 2), (of, _STYLED / 4)]
        texts += [(f"{a(name)} on a white background", _STYLED / 4 * plain)]
        if colour and colour not in name:
            texts += [(f"{a(colour)} {name}", _COLOUR / 2 * plain), (f"{colour} {name}, {_style(drawing, dice)}", _COLOUR / 2)]
    else:
        texts = [(a(name), _GROUND / 2 * plain), (styled, _GROUND / 2)]
        if colour and colour not in name:
            texts[0] = (dice.choice([a(name), f"{a(colour)} {name}"]), _GROUND / 2 * plain)
    if view.background == "white":
        return texts
    ground = a(view.background)
    return [(dice.choice([f"{text} on {ground} background", f"{text}, on {ground} background"]), w) for text, w in texts]


def _share_alike(view: View, shown: Sequence[View]) -> int:
    """Among how many views of its kind a view shares what is seen of that kind."""
    return sum(
        (other.background == "white", bool(other.turn)) == (view.background == "white", bool(view.turn)) for other in shown
    )


def _nearest_hue(hue: float) -> str:
    return min(HUES, key=lambda name: apart(HUES[name], hue % 1))


def joins(drawing: Drawing) -> bool:
    """Whether it is a thing to put beside another, with a label short enough for both to be read."""
    return drawing.group in _THINGS and len(drawing.label) <= _SHORT


def a(noun: str) -> str:
    """`noun` with its indefinite article; none before a plural, as far as its last letters tell."""
    last = noun.split(",", maxsplit=1)[0].split(" on ", maxsplit=1)[0]
    if last.endswith("s") and not last.endswith(("ss", "us", "is", "os")):
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _style(drawing: Drawing, dice: random.Random) -> str:
    return dice.choice(STYLES[drawing.style])


def _reads(drawing: Drawing) -> bool:
    """Whether left and right matter."""
    return drawing.group == _SYMBOLS or drawing.style == "icon" or any(word in drawing.label for word in _READ)
