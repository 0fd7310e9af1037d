"""What belongs where: which drawings may stand in a scene, and on which ground they are found (belonging.tsv)."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from app.training.image.captions import worth
from app.training.image.colours import Pixels
from app.training.image.dataset import Drawing

ANIMALS = 3  # emojibase's groups
GROUPS = {"people": 1, "animals": ANIMALS, "food": 4, "places": 5, "activities": 6, "objects": 7}
FIGURES = {"robot", "ghost", "alien", "red heart"}  # of other groups, that may stand somewhere too
OPAQUE = 0.93  # of the picture: what covers more has a ground of its own, and nothing can be put before it
SOME = 1 / 4  # of the animals, where only some are found
_SCENES = (
    *("map", "sunset", "sunrise", "cityscape", "bridge at night", "night with stars", "milky way", "national park"),
    *("camping", "foggy", "beach", "framed picture", "fireworks", "sparkler", "desert", "water wave", "railway", "motorway"),
)  # words in the labels of drawings that are scenes themselves


def stands(drawing: Drawing, pixels: Pixels) -> bool:
    """Whether the drawing is a thing that can stand somewhere, without a ground of its own."""
    if drawing.group not in GROUPS.values() and drawing.label not in FIGURES:
        return False
    if worth(drawing) == 0 or any(word in drawing.label for word in _SCENES):
        return False
    return bool((pixels[::4, ::4, 3] > 127).mean() < OPAQUE)  # noqa: PLR2004 (half of 255)


def belongs(drawing: Drawing, ground: str) -> bool:
    """Whether the drawing is found on that ground; on one that the table does not know, anything is."""
    if ground not in _table():
        return True
    labels, groups = _table()[ground]
    if drawing.label in labels:
        return True
    if "animals by chance" in groups and drawing.group == ANIMALS:
        return random.Random(drawing.label).random() < SOME
    return drawing.group in {GROUPS.get(name) for name in groups} - {None}


@cache
def _table() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """Labels and groups of each ground."""
    rows = [row.split("\t") for row in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()[1:]]
    return {ground: (frozenset(labels.split(", ")), tuple(groups.split(", "))) for ground, groups, labels in rows}
