"""How near the few-step version comes to what it was taught, in figures and on a sheet."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from app.engines.image.fewsteps import NAME, FewSteps
from app.engines.image.sampler import denoise, levels
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import networks
from app.training.image.examples import Examples
from app.training.image.fewsteps import guided, unet_digest
from app.training.image.samples import contact_sheet
from app.training.run import Machine

COUNT, BATCH, FULL = 64, 16, 25  # captions that are drawn; at once; steps of the picture that all are compared with
COLUMNS, FIGURES = 12, "measurements.json"
Sampled = dict[str, torch.Tensor]


@torch.inference_mode()
def sample(unet: Any, vae: Any, few: Path, examples: Examples, machine: Machine) -> Sampled:
    """Pictures [captions, 3, size, size] in -1…1 of held-out captions from the same noise, by each way of sampling."""
    unet, vae = unet.eval().to(machine.device), vae.eval().to(machine.device)
    version = FewSteps(unet, few)
    rows = examples.held_out or list(range(len(examples)))
    dice = torch.Generator().manual_seed(0)
    text = examples.of(rows[:: max(1, len(rows) // COUNT)][:COUNT])[1].to(machine.device)
    side, channels = unet.config.sample_size, unet.config.in_channels
    noise = torch.randn(len(text), channels, side, side, generator=dice).to(machine.device)
    scheduler, empty = networks.noise_schedule(), examples.empty.to(machine.device)

    def predicted(latents: torch.Tensor, timestep: int, captions: torch.Tensor) -> torch.Tensor:
        with machine.autocast():
            return torch.as_tensor(unet(latents, timestep, captions, return_dict=False)[0].float())

    def run(steps: int, *, told: Callable[[torch.Tensor], Any], multistep: bool = False) -> torch.Tensor:
        made = []
        for at in range(0, len(text), BATCH):
            here = slice(at, at + BATCH)
            way = denoise(noise[here], levels(scheduler, steps), told(text[here]), multistep=multistep)
            latents, _clean = deque(way, maxlen=1).pop()
            with machine.autocast():
                made.append(vae.decode(latents / vae.config.scaling_factor).sample.float().cpu())
        return torch.cat(made).clamp(-1, 1)

    def with_guidance(captions: torch.Tensor) -> Any:
        return guided(predicted, captions, empty, version.guidance)

    def without(captions: torch.Tensor) -> Any:
        return lambda latents, timestep: predicted(latents, timestep, captions)

    n = version.steps
    found = {f"DDIM {FULL}": run(FULL, told=with_guidance), f"DDIM {n}": run(n, told=with_guidance)}
    found |= {f"DPM-Solver++ {steps}": run(steps, told=with_guidance, multistep=True) for steps in (n, 2 * n)}
    version.put(merged=True)
    found[f"few-step {n}"] = run(n, told=without)
    version.put(merged=False)
    return found


def report(unet: Any, vae: Any, examples: Examples, folder: Path, machine: Machine) -> dict[str, dict[str, Any]]:
    """Measure what was trained into `folder`; the figures and a sheet are kept beside it. Raises OSError."""
    sampled = sample(unet, vae, folder / NAME, examples, machine)
    figures = measure(sampled)
    write(folder / FIGURES, json.dumps(figures, indent=1).encode())
    shown = {name: made[:COLUMNS] for name, made in sampled.items()}
    names = [name for name, made in shown.items() for _one in made]
    contact_sheet(torch.cat(list(shown.values())), names, len(names) // len(shown)).save(folder / "sheet.png")
    return figures


@dataclass(frozen=True, slots=True)
class Finished:
    """A few-step version with its figures."""

    file: Path
    figures: dict[str, dict[str, Any]]


def finished(folder: Path, unet: Any) -> Finished | None:
    """What was trained into `folder`; None when nothing was, or not to the end.

    Raises TrainingError when it was trained for another UNet than this one.
    """
    if not (folder / FIGURES).exists():
        return None
    if FewSteps(unet, folder / NAME).unet != unet_digest(unet):
        raise TrainingError("%(folder)s belongs to another UNet: delete it, or run the step `few-steps` again.", folder=folder)
    return Finished(folder / NAME, json.loads((folder / FIGURES).read_text("utf-8")))


def measure(sampled: Sampled) -> dict[str, dict[str, Any]]:
    """Distances to the picture of many steps, and how sharp each way is beside it."""
    whole = sampled[f"DDIM {FULL}"]
    others = {name: made for name, made in sampled.items() if made is not whole}
    note = f"{len(whole)} captions of held-out concepts, the same noise; only few-step is without guidance"
    apart = {name: round(float((made - whole).square().mean().sqrt()) * 127.5, 1) for name, made in others.items()}
    sharp = {name: round(edges(made) / edges(whole), 2) for name, made in others.items()}
    return {
        "sketch_distance": {"value": apart, "note": f"root mean square to DDIM {FULL}, of 255 levels: {note}"},
        "sketch_sharpness": {"value": sharp, "note": f"mean step between neighbouring pixels, DDIM {FULL} being 1"},
    }


def edges(pictures: torch.Tensor) -> float:
    """The mean absolute difference of neighbouring pixels."""
    across, down = pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]
    return float(across.abs().mean() + down.abs().mean())
