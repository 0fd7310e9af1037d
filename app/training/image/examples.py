"""Examples to learn from: captions and pictures, encoded once, for neither encoder changes while the network learns.

A folder of them holds `text.npy` [texts, 24, 384] and `latents.npy` [views, channels, side, side], float16 files that
grow in place (a file `.done` beside each tells how far, so that an interrupted encoding goes on from there), and at last
`examples.json`: which text is true of which view, and how often the two are to be seen.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import dataset
from app.training.image.captions import Caption, View, captions, keywords, views, worth
from app.training.image.colours import Pixels, composed, dominant, paired
from app.training.image.text import TOKENS, WIDTH, TextEncoder
from app.training.run import Machine, Report, bar

SEED = 7
KEPT_FILES = 4  # per cent of the drawings that training never sees, for measuring: each thing is known from others
RARE = 0.06  # of all that is seen: what the rarest captions, which are left out, make up together
SYNC = 40  # chunks between two notes of how far it is
Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Plan:
    """Texts (the last is empty: no caption), views, and the rows: a text, a view, a weight (0 where it is held out)."""

    texts: list[str]
    views: list[Any]
    text_of: list[int]
    view_of: list[int]
    weights: list[float]
    held_out: list[int]

    @classmethod
    def of(cls, found: Sequence[Caption], shown: Sequence[Any], held_out: Sequence[bool]) -> Plan:
        """Of captions and all the views that they speak of; views that are `held_out` are never trained on."""
        number = {view: row for row, view in enumerate(shown)}
        least = _rare([one.weight for one in found])
        plan = cls([], list(shown), [], [], [], [])
        said = dict.fromkeys(one.text for one in found if one.weight >= least)
        texts = {text: row for row, text in enumerate(sorted(said, key=len))}  # like lengths together: less padding
        for one in found:
            if one.weight >= least:
                row = number[one.view]
                if held_out[row]:
                    plan.held_out.append(len(plan.weights))
                plan.text_of.append(texts[one.text])
                plan.view_of.append(row)
                plan.weights.append(0.0 if held_out[row] else one.weight)
        plan.texts.extend([*texts, ""])
        return plan


def of_drawings(pixels: Pixels, drawings: list[dataset.Drawing]) -> Plan:
    """The plan of single drawings; the same every time."""
    dice, shared = random.Random(SEED), keywords(drawings)
    found: list[Caption] = []
    every: list[View] = []
    for number, drawing in enumerate(drawings):
        if worth(drawing) > 0:
            colour = dominant(pixels[number])
            shown = views(number, drawing, colour)
            every += shown
            found += captions(drawing, colour, shown, shared, dice)
    return Plan.of(found, every, [is_held_out(drawings[view.drawing]) for view in every])


def is_held_out(drawing: dataset.Drawing) -> bool:
    """Whether the drawing is kept from training: by file, so that the thing itself is known in other styles."""
    name = f"{drawing.style}/{drawing.name}"
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100 < KEPT_FILES


def _rare(weights: list[float]) -> float:
    """The weight under which captions are left out: many of them, for what little they would be seen."""
    seen, enough = 0.0, RARE * sum(weights)
    for weight in sorted(weights):
        seen += weight
        if seen >= enough:
            return weight
    return 0.0


class Examples:
    """Encoded examples, left on disk until drawn."""

    def __init__(self, folder: Path, scaling: float) -> None:
        """`scaling` is the autoencoder's. Raises TrainingError when they are not there, or not whole."""
        try:
            plan = json.loads((folder / "examples.json").read_text("utf-8"))
            self.text: Half = np.load(folder / "text.npy", mmap_mode="r")
            self.latents: Half = np.load(folder / "latents.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise TrainingError(
                "The examples in %(folder)s are missing or damaged: delete it and run the step `diffusion` again.",
                folder=folder,
            ) from error
        self.texts: list[str] = plan["texts"]
        self.held_out: list[int] = plan["held_out"]
        self._text_of, self._view_of = np.array(plan["text_of"]), np.array(plan["view_of"])
        weights = torch.tensor(plan["weights"], dtype=torch.float64)
        self._cumulative = (weights / weights.sum()).cumsum(0)
        self.scaling = scaling

    def __len__(self) -> int:
        return len(self._text_of)

    @property
    def empty(self) -> torch.Tensor:
        """What no caption is encoded to: [24, 384]."""
        return torch.from_numpy(self.text[-1].astype(np.float32))

    def draw(self, count: int, dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch by weight: latents [count, channels, h, w] as the network sees them, and captions [count, 24, 384]."""
        rows = torch.searchsorted(self._cumulative, torch.rand(count, dtype=torch.float64, generator=dice))
        return self.of(rows.clamp(max=len(self) - 1).tolist())

    def of(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """The views and the captions of these rows."""
        latents = torch.from_numpy(self.latents[self._view_of[rows]].astype(np.float32)) * self.scaling
        return latents, torch.from_numpy(self.text[self._text_of[rows]].astype(np.float32))

    def caption(self, row: int) -> str:
        """The text of that row."""
        return self.texts[int(self._text_of[row])]


def prepare(
    folder: Path, plan: Plan, encode: Callable[[list[Any]], torch.Tensor], shape: tuple[int, ...], machine: Machine
) -> None:
    """Encode what the plan holds, going on where an earlier call was interrupted.

    `encode` turns views into latents, not scaled, each of that `shape`. Raises TrainingError when the folder was begun
    with another plan.
    """
    named = hashlib.sha256(json.dumps([plan.texts, [repr(view) for view in plan.views]]).encode()).hexdigest()
    note = folder / "plan.sha256"
    if note.exists() and note.read_text("ascii") != named:
        raise TrainingError("%(folder)s was begun with other captions or pictures: delete that folder first.", folder=folder)
    write(note, named.encode())
    if not (folder / "latents.npy").exists():
        whole = (len(plan.views), *shape)
        _fill(folder / "latents.npy", whole, 32, lambda at: encode(plan.views[at]), "pictures")
    if not (folder / "text.npy").exists():
        encoder = TextEncoder(machine)
        _fill(folder / "text.npy", (len(plan.texts), TOKENS, WIDTH), 256, lambda at: encoder(plan.texts[at]), "captions")
    parts = {name: value for name, value in asdict(plan).items() if name != "views"}
    write(folder / "examples.json", json.dumps(parts).encode())


def latent_shape(vae: Any, side: int) -> tuple[int, int, int]:
    """What the autoencoder makes of a picture of `side` pixels."""
    cells = side // 2 ** (len(vae.config.block_out_channels) - 1)
    return int(vae.config.latent_channels), cells, cells


@dataclass(frozen=True, slots=True)
class Part:
    """A square of every picture: its corner and its side, in pixels."""

    top: int
    left: int
    side: int


def view_pixels(pixels: Pixels, shown: list[View], part: Part | None = None) -> torch.Tensor:
    """The views, or that part of them before mirroring, as the autoencoder reads them: [views, 3, side, side] in -1…1."""
    whole = part or Part(0, 0, pixels.shape[1])
    at = (slice(whole.top, whole.top + whole.side), slice(whole.left, whole.left + whole.side))
    drawn = [composed(_seen(pixels, view)[at], view.background, view.turn) for view in shown]
    mirrored = [one[:, ::-1] if view.mirrored else one for one, view in zip(drawn, shown, strict=True)]
    return torch.from_numpy(np.stack(mirrored)).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def _seen(pixels: Pixels, view: View) -> Pixels:
    one = pixels[view.drawing]
    return one if view.beside is None else paired(one, pixels[view.beside])


def encoded(vae: Any, pixels: Pixels, shown: list[View], machine: Machine) -> torch.Tensor:
    """The mean latents of the views, not scaled."""
    return latents_of(vae, view_pixels(pixels, shown), machine)


@torch.inference_mode()
def latents_of(vae: Any, seen: torch.Tensor, machine: Machine) -> torch.Tensor:
    """The mean latents, not scaled, of pictures [n, 3, side, side] in -1…1."""
    with machine.autocast():
        seen = seen.to(machine.device, memory_format=torch.channels_last)
        return torch.as_tensor(vae.encode(seen).latent_dist.mean).float()


def _fill(target: Path, shape: tuple[int, ...], chunk: int, encode: Callable[[slice], torch.Tensor], what: str) -> None:
    """Fill `target` chunk by chunk; only a whole one gets its name."""
    part, done = target.with_name(target.name + ".part"), target.with_name(target.name + ".done")
    start = int(done.read_text("ascii")) if part.exists() and done.exists() else 0
    array: np.memmap[Any, Any] = np.lib.format.open_memmap(part, "r+" if start else "w+", np.float16, None if start else shape)
    report = Report()
    for number, at in enumerate(range(start, shape[0], chunk)):
        array[at : at + chunk] = encode(slice(at, at + chunk)).cpu().numpy()
        if number % SYNC == SYNC - 1:
            array.flush()
            write(done, str(at + chunk).encode())
        report(f"{bar(at / shape[0])} {what} {at} of {shape[0]}")
    array.flush()
    part.rename(target)
    done.unlink(missing_ok=True)
    report(f"{what}: {shape[0]} encoded", last=True)
