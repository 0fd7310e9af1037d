"""Composed scenes for a judge to learn from: briefs as people write them, what the composer draws of each, and what is true.

The composer knows what it drew, so every brief can be asked of every picture with a certain answer: the best data there
is. Briefs come in groups whose members differ in one respect (the thing, its colour or number, where, when, the look).
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from numpy.typing import NDArray
from PIL import Image

from app.brief import Brief
from app.engines.image.composer import drawing
from app.engines.image.composer.composing import compose
from app.engines.image.composer.library import Library
from app.engines.image.composer.reading import read
from app.engines.image.composer.scene import Scene
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image.captions import briefs
from app.training.image.judge_briefs import GROUP, Spec, specs, spoken
from app.training.image.judge_truth import Shown, said_by, shown_by, verdict
from app.training.image.pairs import embedded, keep
from app.training.image.text import TextEncoder
from app.training.run import Machine, Report, bar

SIDE, PAINTED = 80, 240  # pixels at which pictures are kept, and at which they are painted before they are made small
HELD_OUT = 40  # one group of so many is kept for measuring
_MOVED, _WORN = 5, 0.3  # pixels that a picture is moved by at most; how often it is blurred, noisy or dimmed
_BROKEN = 0.06  # of the pictures are torn into squares: nothing is true of those


@dataclass(frozen=True, slots=True)
class Example:
    """A brief, what it says, and what its picture shows."""

    text: str
    says: Shown
    shows: Shown


def picture(scene: Scene, drawings: Library, side: int = PAINTED) -> Image.Image:
    """The scene in pixels."""
    return Image.open(io.BytesIO(drawing.pixels(drawing.svg(scene, drawings), side, side))).convert("RGB")


class Scenes:
    """Examples, pictures [n, SIDE, SIDE, 3] and sentences [n, 384]; groups lie side by side, the last are held out."""

    def __init__(self, folder: Path, examples: list[Example]) -> None:
        self.examples = examples
        self.pictures: NDArray[np.uint8] = np.load(folder / "scenes.npy", mmap_mode="r")
        self.sentences: NDArray[np.float16] = np.load(folder / "scene-sentences.npy")
        groups = len(examples) // GROUP
        self.held_out = list(range(groups - max(1, groups // HELD_OUT), groups))
        self.learned = list(range(self.held_out[0]))
        self.near: frozenset[tuple[str, str]] = frozenset()

    def batch(self, groups: Sequence[int]) -> list[int]:
        """The examples of these groups."""
        return [group * GROUP + at for group in groups for at in range(GROUP)]

    def seen(self, rows: Sequence[int], dice: torch.Generator | None = None) -> torch.Tensor:
        """Pictures [rows, 3, SIDE, SIDE] in -1…1; moved, mirrored and worn by `dice` where it is given."""
        x = torch.from_numpy(self.pictures[list(rows)]).permute(0, 3, 1, 2).float() / 127.5 - 1
        return x if dice is None else _worn(x, dice)

    def truth(self, rows: Sequence[int], broken: Sequence[int] = ()) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which briefs (rows) are true of which pictures (columns), and where one can tell: [rows, rows] each."""
        told = [[verdict(self.examples[r].says, self.examples[c].shows, self.near) for c in rows] for r in rows]
        right, asked = (
            np.array([[one is True for one in row] for row in told]),
            np.array([[o is not None for o in r] for r in told]),
        )
        right[:, list(broken)], asked[:, list(broken)] = False, True
        return right, asked

    def sentence(self, rows: Sequence[int]) -> torch.Tensor:
        """MiniLM's vectors of the briefs: [rows, 384]."""
        return torch.from_numpy(self.sentences[list(rows)].astype(np.float32))


def prepare(folder: Path, groups: int, drawings: Library, machine: Machine) -> Scenes:
    """Make `groups` groups of examples in `folder`, once. Raises TrainingError when other ones lie there."""
    note = folder / "scenes.json"
    if not note.exists():
        examples, pictures = _made(groups, drawings)
        keep(folder / "scenes.npy", pictures)
        keep(folder / "scene-sentences.npy", embedded([one.text for one in examples], TextEncoder(machine)))
        write(note, json.dumps({"groups": groups, "examples": [_row(one) for one in examples]}, ensure_ascii=False).encode())
    kept = json.loads(note.read_text("utf-8"))
    if kept["groups"] != groups:
        raise TrainingError("%(folder)s was made of other scenes: delete that folder first.", folder=folder)
    found = Scenes(folder, [Example(row[0], _shown(row[1]), _shown(row[2])) for row in kept["examples"]])
    labels = sorted({label for one in found.examples for label in one.shows.things})
    found.near = near(labels, embedded(labels, TextEncoder(machine)))
    return found


def near(labels: Sequence[str], vectors: NDArray[np.float16], least: float = 0.78) -> frozenset[tuple[str, str]]:
    """Pairs of labels whose sentences are so alike that one may be called the other; `vectors` are [labels, 384]."""
    unit = vectors.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True) + 1e-6
    return frozenset((labels[i], labels[j]) for i, j in zip(*np.nonzero(unit @ unit.T > least), strict=True) if i != j)


def example(spec: Spec, drawings: Library, dice: random.Random) -> tuple[Example, Image.Image] | None:
    """The brief with its picture; None where the composer does not understand all of it, or it is one to measure by."""
    text = spoken(spec, dice)
    wish = read(Brief(intent=text), drawings)
    if wish.unread or not wish.things or not all(thing.found.exact for thing in wish.things) or text in briefs():
        return None
    scene = compose(wish, drawings, dice.randrange(1_000_000))
    return Example(text, said_by(wish), shown_by(wish, scene)), picture(scene, drawings)


def _made(groups: int, drawings: Library) -> tuple[list[Example], NDArray[np.uint8]]:
    dice, report = random.Random("judged scenes"), Report()
    examples: list[Example] = []
    pictures = np.zeros((groups * GROUP, SIDE, SIDE, 3), np.uint8)
    for group in specs(drawings, 0):
        made = [example(spec, drawings, dice) for spec in group]
        whole = [one for one in made if one is not None]
        if len(whole) < len(made):
            continue
        for one, image in whole:
            pictures[len(examples)] = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            examples.append(one)
        report(f"{bar(len(examples) / len(pictures))} scenes {len(examples)} of {len(pictures)}")
        if len(examples) == len(pictures):
            break
    return examples, pictures


def _row(one: Example) -> list[Any]:
    return [one.text, *([s.things, s.ground, s.hour, s.weather, s.style] for s in (one.says, one.shows))]


def _shown(row: list[Any]) -> Shown:
    things, ground, hour, weather, style = row
    return Shown({label: (count, colour) for label, (count, colour) in things.items()}, ground, hour, tuple(weather), style)


def _worn(x: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Moved by some pixels; some blurred, noisy or dimmed."""
    count, side = len(x), x.shape[-1]
    padded = F.pad(x, (_MOVED,) * 4, "replicate")
    down, right = torch.randint(0, 2 * _MOVED + 1, (2, count), generator=dice).tolist()
    x = torch.stack([one[:, d : d + side, r : r + side] for one, d, r in zip(padded, down, right, strict=True)])

    def some() -> torch.Tensor:
        return (torch.rand(count, generator=dice) < _WORN)[:, None, None, None]

    x = torch.where(some(), F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1), x)
    x = torch.where(some(), x + 0.08 * torch.randn(x.shape, generator=dice), x)
    return torch.where(some(), x * (1 + 0.1 * torch.randn(count, 1, 1, 1, generator=dice)), x).clamp(-1, 1)


def broken(x: torch.Tensor, dice: torch.Generator) -> list[int]:
    """Tears some of the pictures of `x` into a grid of squares and shuffles them, in place; which these are."""
    torn = (torch.rand(len(x), generator=dice) < _BROKEN).nonzero().flatten().tolist()
    for number in torn:
        squares = x[number].unfold(1, SIDE // 4, SIDE // 4).unfold(2, SIDE // 4, SIDE // 4).flatten(1, 2)
        squares = squares[:, torch.randperm(16, generator=dice)].reshape(3, 4, 4, SIDE // 4, SIDE // 4)
        x[number] = squares.permute(0, 1, 3, 2, 4).reshape(3, SIDE, SIDE)
    return torn
