"""Prompts to measure a generator by, each with the drawing that shows what it asks for.

`prompts.tsv` has 200 for known things, in words and combinations that no caption has; those for held-out concepts come
from the data set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from app.training.faults import TrainingError
from app.training.image.captions import COLOURED, STYLES, View, a
from app.training.image.colours import HUES, Pixels, dominant
from app.training.image.dataset import Drawing
from app.training.image.examples import view_pixels

COUNT = 200


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text; the labels of one thing or two that it asks for; the colour and the ground, where it names them."""

    text: str
    things: tuple[str, ...]
    colour: str | None = None
    ground: str | None = None


def known() -> list[Prompt]:
    """200 prompts for things that training knows."""
    rows = Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()[1:]
    parts = [(row + "\t\t").split("\t")[:4] for row in rows]
    return [Prompt(text, tuple(things.split("+")), colour or None, ground or None) for text, things, colour, ground in parts]


def held_out(drawings: Sequence[Drawing], count: int = COUNT) -> list[Prompt]:
    """Prompts for the concepts that training never saw, in turns with a style, with a ground, and bare.

    Only for labels that emojibase has: what else an icon set calls a drawing is no word that one would ask with.
    """
    labels = sorted({drawing.label for drawing in drawings if drawing.held_out and drawing.group is not None})
    if not labels:
        raise TrainingError("The data set has no held-out concept.")
    styles = list(STYLES.values())
    found = []
    for number in range(count):
        label, turn = labels[number % len(labels)], number // len(labels)
        ground = COLOURED[(number * 5 + turn) % len(COLOURED)] if turn % 2 else None
        style = styles[(number + turn) % len(styles)][0]
        text = (a(label), f"{label}, {style}", f"{a(style)} of {label}", label)[turn % 4]
        found.append(Prompt(f"{text}, on {a(ground)} background" if ground else text, (label,), None, ground))
    return found


def of_styles(drawings: Sequence[Drawing], count: int = 40) -> dict[str, list[Prompt]]:
    """For each style `count` prompts of known things that it has drawings of."""
    found: dict[str, list[Prompt]] = {}
    for style, words in STYLES.items():
        labels = sorted({d.label for d in drawings if d.style == style and d.group is not None and not d.held_out})
        chosen = labels[:: max(1, len(labels) // count)][:count]
        if chosen:
            found[style] = [Prompt(f"{label}, {words[0]}", (label,)) for label in chosen]
    return found


def real_drawings(prompts: Sequence[Prompt], pixels: Pixels, drawings: Sequence[Drawing]) -> torch.Tensor:
    """A real drawing for each prompt, in the colour and on the ground that it names: [prompts, 3, size, size] in -1…1.

    Raises TrainingError when the data set lacks one.
    """
    rows: dict[str, list[int]] = {}
    for row, drawing in enumerate(drawings):
        rows.setdefault(drawing.label, []).append(row)
    views = []
    for number, prompt in enumerate(prompts):
        try:
            chosen = [rows[thing][number % len(rows[thing])] for thing in prompt.things]
        except KeyError as error:
            raise TrainingError("The data set has no drawing of %(thing)s.", thing=error.args[0]) from error
        own = dominant(pixels[chosen[0]])
        turn = HUES[prompt.colour] - HUES.get(own or "", HUES["red"]) if prompt.colour else 0.0
        beside = chosen[1] if len(chosen) > 1 else None
        views.append(View(chosen[0], prompt.ground or "white", False, turn, beside))
    return view_pixels(pixels, views)
