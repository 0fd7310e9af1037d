"""What a judge learns from: drawings at a small size, captions with what each of them claims, and their sentences.

A caption claims a thing (or two), keywords, a style, the colour of the thing, the colour of the ground, or leaves them
open. From the claims follows which pictures of a batch a caption is true of: not its own one alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import dataset
from app.training.image.captions import COLOURED, STYLES, a, joins
from app.training.image.colours import HUES, Pixels, apart, dominant
from app.training.image.dataset import Drawing
from app.training.image.text import TextEncoder
from app.training.run import Machine, Report, bar

SIDE = 96  # pixels at which drawings are kept
SEED, CHUNK = 7, 128
KEPT_FILES = 4  # per cent of the drawings of known things that training does not see, for measuring
_THINGS = {2, 3, 4, 5, 6, 7}  # emojibase's groups of what may well have another colour
_TURN = 0.12  # of the circle of hues: the least that makes it another colour
_SAY_WHITE = 1 / 3  # how often the white ground is put into words
LOOKS: dict[str, tuple[str, ...]] = {
    "emojione": ("soft cartoon", "emoji drawing"),
    "streamline": ("outlined cartoon", "line cartoon"),
    "kameleon": ("flat illustration", "round icon"),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A caption, of the drawing with that number (and of another `beside` it); what is None or empty it leaves open."""

    text: str
    drawing: int
    beside: int | None = None
    things: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    style: str | None = None
    colour: str | None = None
    ground: str | None = None
    turned: bool = False  # the thing is in another colour than the drawing's own


def is_held_out(drawing: Drawing) -> bool:
    """Whether the drawing of a known thing is kept from training: by file, so that the thing is known in other styles."""
    name = f"{drawing.style}/{drawing.name}"
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100 < KEPT_FILES


def claims(
    colours: Sequence[str | None], drawings: Sequence[Drawing], styles: dict[str, tuple[str, ...]] | None
) -> list[Claim]:
    """All captions, the same every time; `colours` are what most of each drawing has, or None.

    Without `styles` those of the generator are named at random, and nothing is claimed by them.
    """
    dice = random.Random(SEED)
    found: list[Claim] = []
    partners: dict[str, list[int]] = {}
    for number, drawing in enumerate(drawings):
        if joins(drawing) and not drawing.held_out:
            partners.setdefault(drawing.style, []).append(number)
    for number, drawing in enumerate(drawings):
        found += dict.fromkeys(_of(number, drawing, colours[number], styles, dice))
        others = [other for other in partners.get(drawing.style, []) if drawings[other].label != drawing.label]
        if others and joins(drawing):
            found.append(_together((number, dice.choice(others)), drawings, dice))
    return found


def _of(
    number: int, drawing: Drawing, colour: str | None, styles: dict[str, tuple[str, ...]] | None, dice: random.Random
) -> Iterator[Claim]:
    """What can be said of one drawing alone: the thing, its style, its keywords, the ground, its colour."""
    label = drawing.label
    tags = tuple(tag for tag in drawing.tags if tag != label)
    alone = Claim(label, number, things=(label,))
    yield alone
    yield replace(alone, text=a(label))
    yield from (_styled(alone, drawing, styles, dice) for _time in range(2))
    if tags:
        some = tuple(dice.sample(tags, min(3, len(tags))))
        yield replace(alone, text=f"{label}, {', '.join(some)}")
        fewer = some[: dice.randint(1, len(some))]
        yield replace(alone, text=", ".join(fewer), things=(), tags=fewer)
    for ground in (*dice.sample(COLOURED, 2), *(["white"] if dice.random() < _SAY_WHITE else [])):
        plain = replace(alone, text=dice.choice((label, a(label))))
        yield _grounded(_styled(alone, drawing, styles, dice) if dice.random() < 1 / 2 else plain, ground)
    if colour and colour not in label and drawing.group in _THINGS:
        yield replace(alone, text=f"{a(colour)} {label}", colour=colour)
    if colour in HUES and drawing.group in _THINGS:
        others = [name for name, hue in HUES.items() if apart(hue, HUES[colour]) > _TURN]
        for other in dice.sample(others, 2):
            named = f"{a(other)} {label.replace(f'{colour} ', '')}"
            turned = replace(alone, text=named, colour=other, turned=True)
            yield _grounded(turned, dice.choice(COLOURED)) if dice.random() < 1 / 2 else turned


def _styled(claim: Claim, drawing: Drawing, styles: dict[str, tuple[str, ...]] | None, dice: random.Random) -> Claim:
    """With a style named; without `styles`, one of the generator's by chance, of which nothing is claimed."""
    style = dice.choice(styles[drawing.style] if styles else STYLES[dice.choice(list(STYLES))])
    text = dice.choice((f"{claim.text}, {style}", f"{claim.text}, {style}", f"{a(style)} of {claim.text}"))
    return replace(claim, text=text, style=drawing.style if styles else None)


def _grounded(claim: Claim, ground: str) -> Claim:
    return replace(claim, text=f"{claim.text}, on {a(ground)} background", ground=ground)


def _together(numbers: tuple[int, int], drawings: Sequence[Drawing], dice: random.Random) -> Claim:
    one, other = (drawings[number].label for number in numbers)
    ground = dice.choice(COLOURED) if dice.random() < 1 / 3 else None
    text = f"{a(one)} and {a(other)}" + (f", on {a(ground)} background" if ground else "")
    return Claim(text, numbers[0], numbers[1], (one, other), ground=ground)


class Pairs:
    """Drawings, claims and sentences in memory, with the tables that tell which claim is true of which picture."""

    def __init__(self, folder: Path, drawings: list[Drawing], made: list[Claim], colours: list[str | None]) -> None:
        """What `prepare` left in `folder`; `colours` are what most of each drawing has."""
        self.drawings, self.claims, self.colours = drawings, made, colours
        self.pixels: Pixels = np.load(folder / "seen.npy", mmap_mode="r")
        self.sentences: NDArray[np.float16] = np.load(folder / "sentences.npy")
        self.row = {text: row for row, text in enumerate(texts_of(drawings, made))}
        tags = sorted({tag for claim in made for tag in claim.tags})
        labels = sorted({drawing.label for drawing in drawings})
        self.label_of = {label: number for number, label in enumerate(labels)}
        self.tag_of = {tag: number for number, tag in enumerate(tags)}
        self.has = np.zeros((len(labels), len(tags)), bool)
        for drawing in drawings:
            for tag in drawing.tags:
                if tag in self.tag_of:
                    self.has[self.label_of[drawing.label], self.tag_of[tag]] = True
        self.by_drawing: list[list[int]] = [[] for _drawing in drawings]
        for number, claim in enumerate(made):
            self.by_drawing[claim.drawing].append(number)

    def sentence(self, texts: Sequence[str]) -> torch.Tensor:
        """MiniLM's vectors of texts of the plan: [texts, 384]."""
        return torch.from_numpy(self.sentences[[self.row[text] for text in texts]].astype(np.float32))


def prepare(sources: Sequence[Path], folder: Path, machine: Machine, with_styles: bool) -> Pairs:
    """Make the drawings of all data sets small and embed the captions, once; what lies in `folder` is taken again.

    Raises TrainingError when that was made of other drawings or captions, or when a data set is missing.
    """
    sets = [dataset.load(source) for source in sources]
    drawings = [drawing for _pixels, some in sets for drawing in some]
    note = folder / "pairs.json"
    if not (folder / "seen.npy").exists():
        keep(folder / "seen.npy", np.concatenate([shrunk(pixels) for pixels, _drawings in sets]))
    seen: Pixels = np.load(folder / "seen.npy", mmap_mode="r")
    colours = json.loads(note.read_text("utf-8"))["colours"] if note.exists() else [dominant(pixels) for pixels in seen]
    same = len(seen) == len(drawings)
    made = claims(colours, drawings, {**STYLES, **LOOKS} if with_styles else None) if same else []
    plan = json.dumps([[d.style, d.name, d.label] for d in drawings] + [[c.text, c.drawing, c.beside] for c in made])
    digest = hashlib.sha256(plan.encode()).hexdigest()
    if same and not note.exists():
        keep(folder / "sentences.npy", embedded(texts_of(drawings, made), TextEncoder(machine)))
        write(note, json.dumps({"plan": digest, "colours": colours}).encode())
    if not same or json.loads(note.read_text("utf-8"))["plan"] != digest:
        raise TrainingError("%(folder)s was made of other drawings or captions: delete that folder first.", folder=folder)
    return Pairs(folder, drawings, made, colours)


def texts_of(drawings: Sequence[Drawing], made: Sequence[Claim]) -> list[str]:
    """Every text that has a sentence, in the order of its rows."""
    return sorted({claim.text for claim in made} | {drawing.label for drawing in drawings})


def keep(target: Path, array: NDArray[Any]) -> None:
    """Write an array durably, as numpy reads it."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    write(target, buffer.getvalue())


def shrunk(pixels: Pixels, side: int = SIDE) -> Pixels:
    """Drawings [n, size, size, 4] averaged to `side` pixels, colours premultiplied by alpha, so that edges mix rightly."""
    small = np.zeros((len(pixels), side, side, 4), np.uint8)
    for at in range(0, len(pixels), CHUNK):
        x = torch.from_numpy(np.asarray(pixels[at : at + CHUNK], np.float32)).permute(0, 3, 1, 2)
        x[:, :3] *= x[:, 3:] / 255
        x = torch.nn.functional.interpolate(x, size=(side, side), mode="area")
        small[at : at + CHUNK] = x.round().byte().permute(0, 2, 3, 1).numpy()
    return small


def embedded(texts: list[str], encoder: TextEncoder) -> NDArray[np.float16]:
    """The mean of MiniLM's tokens for each text: [texts, 384]. Like lengths together, so that little is padding."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    found = np.zeros((len(texts), 384), np.float16)
    report = Report()
    for at in range(0, len(order), CHUNK):
        rows = order[at : at + CHUNK]
        tokens = encoder([texts[row] for row in rows])
        some = tokens.abs().sum(-1, keepdim=True) > 0
        found[rows] = (tokens.sum(1) / some.sum(1)).cpu().numpy()
        report(f"{bar(at / len(order))} captions {at} of {len(order)}")
    return found
