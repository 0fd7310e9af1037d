"""Pictures from prompts, and contact sheets of them: the thing to look at while training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont

from app.engines.shared.minilm import readable
from app.training.image import networks
from app.training.image.text import TextEncoder
from app.training.run import Machine

PROMPTS = (
    # things, bare and in a style
    *("fox", "a red apple", "cat", "dog", "owl", "a fish", "elephant", "dragon, noto drawing"),
    *("house", "castle, flat vector", "sailboat", "car", "rocket, 3d render", "guitar, 3d render", "pizza", "sunflower"),
    *("tree", "mushroom, simple sticker", "umbrella", "robot, 3d render", "birthday cake, noto drawing", "smiling face"),
    *("a bicycle, flat vector", "butterfly"),
    # colours, of the thing and of the ground
    *("a purple octopus, 3d render", "a green frog, simple sticker", "a yellow car, flat vector", "a blue cat"),
    *("fox, flat vector, on a teal background", "a tree on a sky blue background", "a star on a red background"),
    "a penguin on a purple background",
    # places, hours, weather
    *("a fox in the snow, flat vector", "a sailboat on the sea at night under the moon", "a cat in a street at dusk"),
    *(
        "a house on a green hill",
        "a bear in the woods",
        "a camel in the desert at sunset",
        "a fish under water",
        "a rocket in space",
    ),
    # two things and more, at places
    *("a cat and a dog", "a dog left of a cat", "an owl above a tree", "an apple and a banana on the table"),
    *("three lemons on a table", "two birds in the sky", "a rabbit in front of a house", "four mushrooms in the forest"),
    # Chinese
    *("红色的心", "一只猫", "海上的船", "月亮，黑色背景", "雪地里的狐狸", "向日葵，蓝色背景", "生日蛋糕", "火箭"),
)
CELL = 160  # pixels of a picture's side on a sheet
CHINESE_FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
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
def sample_pictures(unet: Any, vae: Any, prompts: list[str], machine: Machine, seed: int = 3) -> torch.Tensor:
    """A picture for each prompt, English or Chinese: [prompts, 3, size, size] in -1…1; the same for the same seed."""
    encoder = TextEncoder(machine)
    unet, vae = unet.to(machine.device), vae.eval().to(machine.device)
    text, empty = encoder([readable(prompt)[0] for prompt in prompts]), encoder([""])
    side = unet.config.sample_size
    noise = torch.randn(len(prompts), unet.config.in_channels, side, side, generator=torch.Generator().manual_seed(seed))
    made = []
    with machine.autocast():
        for at in range(0, len(prompts), 16):
            latents = denoise(unet, text[at : at + 16], empty, noise[at : at + 16].to(machine.device))
            made.append(vae.decode(latents / vae.config.scaling_factor).sample.float().cpu())
    return torch.cat(made).clamp(-1, 1)


def contact_sheet(made: torch.Tensor, prompts: list[str], columns: int = 8) -> Image.Image:
    """A contact sheet of `made` [prompts, 3, size, size], each with its prompt."""
    size, rows = min(CELL, made.shape[-1]), -(-len(prompts) // columns)
    page = Image.new("RGB", (columns * size, rows * (size + ROOM)), "white")
    draw = ImageDraw.Draw(page)
    cells = ((made + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    for number, (cell, prompt) in enumerate(zip(cells, prompts, strict=True)):
        x, y = number % columns * size, number // columns * (size + ROOM)
        page.paste(Image.fromarray(cell).resize((size, size), Image.Resampling.LANCZOS), (x, y))
        draw.multiline_text((x + 2, y + size + 2), _wrapped(prompt, size // 5), fill="black", font=_font(prompt), spacing=1)
    return page


def _font(text: str) -> Any:
    """A small font that has these letters; without one for Chinese, Pillow's own draws boxes."""
    if not text.isascii():
        for path in CHINESE_FONTS:
            if Path(path).exists():
                return ImageFont.truetype(path, 10)
    return ImageFont.load_default(9)


def _wrapped(text: str, width: int) -> str:
    """`text` in two lines at most."""
    if len(text) <= width:
        return text
    cut = text.rfind(" ", 0, width)
    cut = cut if cut > 0 else width
    return f"{text[:cut]}\n{text[cut:].strip()[:width]}"
