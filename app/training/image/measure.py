"""Figures that say how good a model is, on concepts that training never saw where the data set has them."""

from __future__ import annotations

from typing import Any

import torch

from app.teaching.noise import diffused
from app.training.image import networks, samples
from app.training.image.captions import View, a
from app.training.image.colours import BACKGROUNDS, Pixels
from app.training.image.dataset import Drawing
from app.training.image.examples import Examples, view_pixels
from app.training.run import Machine

COLOURED = tuple(BACKGROUNDS)[1:]
SUBJECTS = ("fox", "rocket", "pizza", "sunflower", "house", "guitar", "octopus", "tree")
CHOICES, LEVELS = 8, (250, 350, 450, 550, 650, 750)  # captions to choose from; timesteps at which shapes are decided
_RING = 1 / 16  # of the side: the border in which nothing but ground is expected
Measurements = dict[str, dict[str, Any]]


def measure(
    unet: Any, vae: Any, pixels: Pixels, drawings: list[Drawing], *, examples: Examples, machine: Machine
) -> Measurements:
    """All figures, each with how it was taken."""
    held = [number for number, drawing in enumerate(drawings) if drawing.held_out]
    chosen = held or list(range(min(200, len(drawings))))
    whose = f"{len(chosen)} drawings of held-out concepts" if held else f"{len(chosen)} drawings of the data set"
    found: Measurements = {}
    for ground in ("white", "coloured"):
        views = [View(n, "white" if ground == "white" else COLOURED[n % len(COLOURED)], False) for n in chosen]
        value = round(psnr(vae, pixels, views, machine), 2)
        found[f"PSNR_on_{ground}_grounds_dB"] = {"value": value, "note": f"autoencoder alone, mean over {whose}"}
    asked = len(COLOURED) * len(SUBJECTS)
    hits = background_hits(unet, vae, machine)
    note = f"'<thing>, flat vector, on a <colour> background', {len(SUBJECTS)} things, {len(COLOURED)} colours: "
    found["ground_as_asked"] = {
        "value": f"{hits} of {asked}",
        "note": f"{note}nearest named colour to the median of the border",
    }
    for name, rows in (("held-out", examples.held_out), ("seen", _seen(examples))):
        if len(rows) >= CHOICES:
            note = f"mean squared error over {min(512, len(rows))} {name} captions, noise and timesteps fixed"
            value = round(velocity_error(unet, examples, rows, machine), 4)
            found[f"velocity_error_{name}"] = {"value": value, "note": note}
            note = f"{name} pictures taken for their own caption among {CHOICES}, by the error of the velocity"
            right, asked = own_caption(unet, examples, rows, machine)
            found[f"own_caption_{name}"] = {"value": f"{right} of {asked}", "note": note}
    return found


@torch.inference_mode()
def psnr(vae: Any, pixels: Pixels, views: list[View], machine: Machine) -> float:
    """Peak signal-to-noise ratio of the autoencoder in dB, the mean over the views; float32, no rounding."""
    vae = vae.eval().to(machine.device)
    found = []
    for at in range(0, len(views), 16):
        x = view_pixels(pixels, views[at : at + 16]).to(machine.device)
        made = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
        found.append(-10 * ((made - x) / 2).square().mean((1, 2, 3)).log10())
    return float(torch.cat(found).mean())


def background_hits(unet: Any, vae: Any, machine: Machine) -> int:
    """In how many pictures the ground has the colour that was asked for."""
    wanted = [(thing, colour) for thing in SUBJECTS for colour in COLOURED]
    prompts = [f"{thing}, flat vector, on {a(colour)} background" for thing, colour in wanted]
    made = samples.sample_pictures(unet, vae, prompts, machine)
    return sum(ground(picture) == colour for picture, (_thing, colour) in zip(made, wanted, strict=True))


def ground(picture: torch.Tensor) -> str:
    """The named colour nearest to the median of the border of `picture` [3, size, size] in -1…1."""
    width = max(1, round(picture.shape[-1] * _RING))
    border = torch.ones(picture.shape[1:], dtype=torch.bool)
    border[width:-width, width:-width] = False
    median = (picture[:, border].median(dim=1).values + 1) * 127.5
    names = tuple(BACKGROUNDS)
    distances = (torch.tensor([BACKGROUNDS[name] for name in names]) - median).square().sum(1)
    return names[int(distances.argmin())]


@torch.inference_mode()
def velocity_error(unet: Any, examples: Examples, rows: list[int], machine: Machine) -> float:
    """What training minimises, unweighted, over at most 512 of `rows`, the same noise and timesteps every time."""
    dice = torch.Generator().manual_seed(0)
    signal = networks.noise_schedule().alphas_cumprod
    chosen = rows[:: max(1, len(rows) // 512)][:512]
    unet = unet.eval().to(machine.device)
    errors = []
    for at in range(0, len(chosen), 32):
        latents, caption = examples.of(chosen[at : at + 32])
        timestep = (torch.rand(len(latents), generator=dice) * len(signal)).long()
        noisy, velocity = diffused(latents, torch.randn(latents.shape, generator=dice), signal[timestep])
        where = machine.device
        with machine.autocast():
            predicted = unet(noisy.to(where), timestep.to(where), caption.to(where)).sample
        errors.append((predicted.float().cpu() - velocity).square().mean((1, 2, 3)))
    return float(torch.cat(errors).mean())


@torch.inference_mode()
def own_caption(unet: Any, examples: Examples, rows: list[int], machine: Machine, count: int = 160) -> tuple[int, int]:
    """The UNet as a classifier (Li et al. 2023): how many pictures it takes for their own caption's, and of how many.

    Each of at most `count` of `rows` competes with the captions of seven others drawn by chance, at six timesteps.
    """
    dice = torch.Generator().manual_seed(0)
    signal = networks.noise_schedule().alphas_cumprod
    chosen = rows[:: max(1, len(rows) // count)][:count]
    unet, where, right = unet.eval().to(machine.device), machine.device, 0
    for row in chosen:
        others = [rows[at] for at in torch.randperm(len(rows), generator=dice).tolist() if rows[at] != row]
        latents, captions = examples.of([row, *others[: CHOICES - 1]])
        noise = torch.randn(latents[:1].shape, generator=dice)
        error = torch.zeros(CHOICES)
        for timestep in torch.tensor(LEVELS):
            noisy, velocity = diffused(latents[:1], noise, signal[timestep][None])
            with machine.autocast():
                noisies = noisy.expand(CHOICES, -1, -1, -1).to(where)
                predicted = unet(noisies, timestep.to(where), captions.to(where)).sample
            error += (predicted.float().cpu() - velocity).square().mean((1, 2, 3))
        right += int(error.argmin()) == 0
    return right, len(chosen)


def _seen(examples: Examples) -> list[int]:
    held = set(examples.held_out)
    return [row for row in range(len(examples)) if row not in held]
