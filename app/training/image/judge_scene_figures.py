"""What a judge makes of composed scenes that training never saw: pairs for its calibration, retrieval, near briefs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.judging.judge import Judge
from app.training.image.figures import AMONG, Vectors
from app.training.image.judge_briefs import GROUP
from app.training.image.judge_scenes import Scenes

Measurements = dict[str, dict[str, Any]]
_MOST = 200  # groups that are looked at


def embedded(judge: Judge, scenes: Scenes, rows: list[int]) -> tuple[Vectors, Vectors]:
    """Pictures and briefs of these examples in the judge's eyes: [rows, dimensions] each."""
    pictures = judge.embed_pictures([np.asarray(scenes.pictures[row]) for row in rows])
    return pictures, judge.embed_texts([scenes.examples[row].text for row in rows])


def pairs(judge: Judge, scenes: Scenes) -> tuple[list[float], list[bool]]:
    """Cosines of held-out pictures with briefs, and whether these are true: each with its own, and with one that is not,
    in turn of its own group (near) and of any other (far).
    """
    dice, rows = random.Random(2), scenes.batch(scenes.held_out[:_MOST])
    pictures, texts = embedded(judge, scenes, rows)
    right, asked = scenes.truth(rows)
    false = asked & ~right
    cosines, own = [], []
    for column in range(len(rows)):
        near = _near(false, column)
        far = np.flatnonzero(false[:, column]).tolist()
        if right[column, column] and far:
            chosen = dice.choice(near if near and column % 2 else far)
            cosines += [float(pictures[column] @ texts[column]), float(pictures[column] @ texts[chosen])]
            own += [True, False]
    return cosines, own


def measure(judge: Judge, scenes: Scenes) -> Measurements:
    """Retrieval among AMONG scenes of other groups, and the choice among the briefs of one group, which differ in little."""
    rows = scenes.batch(scenes.held_out[:_MOST])
    pictures, texts = embedded(judge, scenes, rows)
    right, asked = scenes.truth(rows)
    false = asked & ~right
    likeness = texts @ pictures.T  # [briefs, pictures]
    dice = np.random.default_rng(3)
    texts_right = pictures_right = near_right = near_of = 0
    firsts = list(range(0, len(rows), GROUP))
    for column in firsts:
        others = [row for row in dice.permutation(firsts).tolist() if false[row, column]][: AMONG - 1]
        texts_right += bool(all(likeness[row, column] < likeness[column, column] for row in others))
        others = [row for row in dice.permutation(firsts).tolist() if false[column, row]][: AMONG - 1]
        pictures_right += bool(all(likeness[column, row] < likeness[column, column] for row in others))
    for column in range(len(rows)):
        near = _near(false, column)
        near_of += len(near)
        near_right += sum(bool(likeness[row, column] < likeness[column, column]) for row in near)
    return {
        "scenes_caption": _told(texts_right, len(firsts), f"the right brief for a composed picture, among {AMONG}"),
        "scenes_picture": _told(pictures_right, len(firsts), f"the right composed picture for a brief, among {AMONG}"),
        "scenes_near": _told(
            near_right, near_of, "a picture's own brief before one that differs in one respect and is not true"
        ),
    }


def _near(false: NDArray[np.bool_], column: int) -> list[int]:
    """The briefs of a picture's own group that are not true of it."""
    start = column // GROUP * GROUP
    return [row for row in range(start, start + GROUP) if false[row, column]]


def _told(right: int, of: int, note: str) -> dict[str, Any]:
    return {"value": f"{right} of {of}", "note": f"scenes that training never saw; {note}"}
