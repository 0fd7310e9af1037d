"""Pictures from prompts, and contact sheets of them: the thing to look at while training."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont

from app.training.image import networks
from app.training.image.text import TextEncoder
from app.training.run import Machine

PROMPTS = (
    *("a red apple, flat vector", "smiling cat face, 3d render", "dragon, noto drawing", "rocket, 3d render"),
    *("a house with a garden, noto drawing", "sunflower, flat vector", "pizza, simple sticker", "wolf, blob cartoon"),
    *("a purple octopus, 3d render", "sailboat on the sea", "angry face, 3d render", "birthday cake, noto drawing"),
    *("a puppy", "castle, flat vector", "blue heart", "guitar, 3d render"),
    *("fox, 3d render, on a teal background", "a green frog", "hot air balloon, flat vector", "owl, noto drawing"),
    *("moon and stars, on a black background", "a yellow car, flat vector", "tree, on a sky blue background", "fish"),
    *("robot, 3d render", "mushroom, on a cream background", "lighthouse", "a blue bird, simple sticker"),
    *("camera, interface icon", "coffee cup, retro cartoon", "penguin, on a purple background", "a pink flower"),
)
ROOM = 26  # pixels for the words under a picture


@torch.inference_mode()
def denoise(
    unet: Any, text: torch.Tensor, empty: torch.Tensor, noise: torch.Tensor, *, steps: int = 25, guidance: float = 4.0
) -> torch.Tensor:
    """DDIM (Song et al. 2021) from `noise` [batch, 4, h, w] with classifier-free guidance; `text` [batch, 24, 384]."""
    scheduler = networks.noise_schedule()
    scheduler.set_timesteps(steps, device=noise.device)
    both, latents = torch.cat([empty.expand_as(text), text]), noise
    for timestep in scheduler.timesteps:
        without, told = unet(torch.cat([latents, latents]), timestep, both).sample.float().chunk(2)
        latents = scheduler.step(without + guidance * (told - without), timestep, latents).prev_sample
    return latents


@torch.inference_mode()
def pictures(unet: Any, vae: Any, prompts: list[str], machine: Machine, seed: int = 3) -> torch.Tensor:
    """A picture for each prompt: [prompts, 3, size, size] in -1…1; the same for the same seed."""
    encoder = TextEncoder(machine)
    unet, vae = unet.to(machine.device), vae.eval().to(machine.device)
    text, empty = encoder(prompts), encoder([""])
    side = unet.config.sample_size
    noise = torch.randn(len(prompts), unet.config.in_channels, side, side, generator=torch.Generator().manual_seed(seed))
    made = []
    with machine.autocast():
        for at in range(0, len(prompts), 16):
            latents = denoise(unet, text[at : at + 16], empty, noise[at : at + 16].to(machine.device))
            made.append(vae.decode(latents / vae.config.scaling_factor).sample.float().cpu())
    return torch.cat(made).clamp(-1, 1)


def sheet(made: torch.Tensor, prompts: list[str], columns: int = 8) -> Image.Image:
    """A contact sheet of `made` [prompts, 3, size, size], each with its prompt."""
    size, rows = made.shape[-1], -(-len(prompts) // columns)
    page = Image.new("RGB", (columns * size, rows * (size + ROOM)), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(9)
    cells = ((made + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    for number, (cell, prompt) in enumerate(zip(cells, prompts, strict=True)):
        x, y = number % columns * size, number // columns * (size + ROOM)
        page.paste(Image.fromarray(cell), (x, y))
        draw.multiline_text((x + 2, y + size + 2), _wrapped(prompt, size // 5), fill="black", font=font, spacing=1)
    return page


def _wrapped(text: str, width: int) -> str:
    """`text` in two lines at most."""
    if len(text) <= width:
        return text
    cut = text.rfind(" ", 0, width)
    cut = cut if cut > 0 else width
    return f"{text[:cut]}\n{text[cut:].strip()[:width]}"
