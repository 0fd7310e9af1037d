"""Examples to learn from: captions and pictures, encoded once, for neither encoder changes while the UNet learns.

`examples.json` is the plan, `text.npy` [captions, 24, 384] and `latents.npy` [views, 4, size/8, size/8] are float16
files that grow in place; a file `.done` beside each tells how far, so that an interrupted encoding goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import dataset
from app.training.image.captions import View, captions, joins, together
from app.training.image.colours import Pixels, composed, paired
from app.training.image.text import TOKENS, WIDTH, TextEncoder
from app.training.run import Machine, Report, bar

SEED = 7
RARE = 0.08  # of all that is seen: what the rarest captions, which are left out, make up together
SYNC = 40  # chunks between two notes of how far it is
Half = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Plan:
    """Texts (the last is empty: no caption), views, and which views each caption may show, with its weight.

    `weights` are 0 for held-out concepts.
    """

    texts: list[str]
    views: list[View]
    shown: list[list[int]]
    weights: list[float]
    held_out: list[int]

    @classmethod
    def of(cls, pixels: Pixels, drawings: list[dataset.Drawing]) -> Plan:
        """The same plan every time."""
        dice = random.Random(SEED)
        found = [(one, drawing.held_out) for n, drawing in enumerate(drawings) for one in captions(n, drawing, pixels[n], dice)]
        for one, other in companions(drawings, dice):
            held_out = drawings[one].held_out or drawings[other].held_out
            found += [(caption, held_out) for caption in together((one, other), drawings[one], drawings[other], dice)]
        least = _rare([caption.weight for caption, held_out in found if not held_out])
        plan = cls([], [], [], [], [])
        numbers: dict[View, int] = {}
        for caption, held_out in found:
            if caption.weight < least and not held_out:
                continue
            for view in caption.views:
                numbers.setdefault(view, len(numbers))
            if held_out:
                plan.held_out.append(len(plan.texts))
            plan.texts.append(caption.text)
            plan.shown.append([numbers[view] for view in caption.views])
            plan.weights.append(0.0 if held_out else caption.weight)
        plan.texts.append("")
        plan.views.extend(numbers)
        return plan

    def json(self, autoencoder: str) -> str:
        """As it is kept in examples.json, with the digest of the autoencoder that encodes the views."""
        parts = {name: getattr(self, name) for name in ("texts", "shown", "weights", "held_out")}
        return json.dumps({**parts, "autoencoder": autoencoder, "views": [astuple(view) for view in self.views]})


def _rare(weights: list[float]) -> float:
    """The weight under which captions are left out: nearly half of them, for what little they would be seen."""
    seen, enough = 0.0, RARE * sum(weights)
    for weight in sorted(weights):
        seen += weight
        if seen >= enough:
            return weight
    return 0.0


def companions(drawings: list[dataset.Drawing], dice: random.Random) -> list[tuple[int, int]]:
    """Each drawing of a thing with another of the same style by chance."""
    styles: dict[str, list[int]] = {}
    for number, drawing in enumerate(drawings):
        if joins(drawing):
            styles.setdefault(drawing.style, []).append(number)
    drawn = [(one, dice.choice(members)) for members in styles.values() for one in members]
    return [(one, other) for one, other in drawn if drawings[one].label != drawings[other].label]


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
        self.shown: list[list[int]] = plan["shown"]
        self.held_out: list[int] = plan["held_out"]
        weights = torch.tensor(plan["weights"], dtype=torch.float64)
        self._cumulative = (weights / weights.sum()).cumsum(0)
        self.scaling = scaling

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def empty(self) -> torch.Tensor:
        """What no caption is encoded to: [24, 384]."""
        return torch.from_numpy(self.text[-1].astype(np.float32))

    def draw(self, count: int, dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch by weight: latents [count, 4, h, w] as the UNet sees them, and captions [count, 24, 384]."""
        rows = torch.searchsorted(self._cumulative, torch.rand(count, dtype=torch.float64, generator=dice))
        return self.of(rows.clamp(max=len(self) - 1).tolist(), dice)

    def of(self, rows: list[int], dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """The captions of these rows, each with one of its views."""
        picks = torch.rand(len(rows), generator=dice).tolist()
        views = [self.shown[row][int(pick * len(self.shown[row]))] for row, pick in zip(rows, picks, strict=True)]
        latents = torch.from_numpy(self.latents[views].astype(np.float32)) * self.scaling
        return latents, torch.from_numpy(self.text[rows].astype(np.float32))


def prepare(data: Path, vae: Any, folder: Path, machine: Machine) -> None:
    """Plan and encode the data set in `data`, going on where an earlier call was interrupted."""
    pixels, drawings = dataset.load(data)
    if not (folder / "examples.json").exists():
        write(folder / "examples.json", Plan.of(pixels, drawings).json(digest(vae)).encode())
    plan = json.loads((folder / "examples.json").read_text("utf-8"))
    if plan["autoencoder"] != digest(vae):
        raise TrainingError("%(folder)s was encoded by another autoencoder: delete that folder first.", folder=folder)
    texts, views = plan["texts"], [View(*view) for view in plan["views"]]
    if not (folder / "text.npy").exists():
        encoder = TextEncoder(machine)
        shape = (len(texts), TOKENS, WIDTH)
        _fill(folder / "text.npy", shape, 256, lambda at: encoder(texts[at]), "captions")
    if not (folder / "latents.npy").exists():
        side = pixels.shape[1] // 2 ** (len(vae.config.block_out_channels) - 1)
        grid = (len(views), int(vae.config.latent_channels), side, side)
        vae = vae.eval().to(machine.device)
        _fill(folder / "latents.npy", grid, 32, lambda at: encoded(vae, pixels, views[at], machine), "pictures")


def digest(vae: Any) -> str:
    """SHA-256 of the encoder's weights in float16, as they are exported: what the latents depend on."""
    whole = hashlib.sha256()
    for part in (vae.encoder, vae.quant_conv):
        for value in part.state_dict().values():
            whole.update(value.detach().cpu().half().numpy().tobytes())
    return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A square of every picture: its corner and its side, in pixels."""

    top: int
    left: int
    side: int


def pictures(pixels: Pixels, views: list[View], part: Part | None = None) -> torch.Tensor:
    """The views, or that part of them before mirroring, as the autoencoder reads them: [views, 3, side, side] in -1…1."""
    whole = part or Part(0, 0, pixels.shape[1])
    at = (slice(whole.top, whole.top + whole.side), slice(whole.left, whole.left + whole.side))
    drawn = [composed(_seen(pixels, view)[at], view.background, view.turn) for view in views]
    mirrored = [one[:, ::-1] if view.mirrored else one for one, view in zip(drawn, views, strict=True)]
    return torch.from_numpy(np.stack(mirrored)).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def _seen(pixels: Pixels, view: View) -> Pixels:
    one = pixels[view.drawing]
    return one if view.beside is None else paired(one, pixels[view.beside])


@torch.inference_mode()
def encoded(vae: Any, pixels: Pixels, views: list[View], machine: Machine) -> torch.Tensor:
    """The mean latents of the views, not scaled."""
    with machine.autocast():
        return torch.as_tensor(vae.encode(pictures(pixels, views).to(machine.device)).latent_dist.mean).float()


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
