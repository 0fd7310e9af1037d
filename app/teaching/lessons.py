"""What a style is learned from: the artist's pictures in several crops, and pictures of the model's own beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from PIL import Image, ImageOps

from app.brief import Prompt
from app.engines.image.own_style import UNKNOWN, called
from app.engines.image.sampler import denoise
from app.media.image.picture import covered

if TYPE_CHECKING:
    from app.engines.image.diffusion import LatentDiffusion

CROPS = 4  # of each picture, and their mirror images
LEAST = 0.7  # of a picture's shorter side, in a crop
STEPS, GUIDANCE, AT_ONCE = 8, 4.0, 4  # of a picture of the model's own


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture to learn from, and what it shows."""

    picture: Image.Image
    words: str


class Lessons:
    """Latents and the captions' vectors: of the artist's pictures, and of what the model makes of the same words by itself.

    The latter keep the style to its word: without it the network goes on as it was.
    """

    def __init__(self, model: LatentDiffusion, shown: Sequence[Shown]) -> None:
        """Of `shown`, with the captions as `model` reads them. Nothing is encoded yet."""
        self.model, self.shown = model, shown
        self.empty = model.text.encode("")
        self.latents = self.text = self.own_latents = self.own_text = torch.empty(0)

    def prepare(self, own: int, dice: torch.Generator) -> Iterator[None]:
        """Encode crops of the pictures, chosen by `dice`, and let the model make `own` pictures. Yields between two steps."""
        latents, text = [], []
        for one in self.shown:
            crops = list(_crops(one.picture, self.model.side, dice))
            latents += [self.model.encode(crop).clone() for crop in crops]
            text += [self.model.text.encode(called(one.words)).expand(len(crops), -1, -1)]
            yield
        self.latents, self.text = torch.cat(latents), torch.cat(text)
        latents, text = [], []
        for start in range(0, own, AT_ONCE):
            words = self.shown[(start // AT_ONCE) % len(self.shown)].words.strip() or UNKNOWN
            noise = [self.model.noise(seed, (self.model.side,) * 2) for seed in range(start, min(own, start + AT_ONCE))]
            made = torch.cat(noise)
            velocity = self.model.guided(Prompt(words), len(made), GUIDANCE)
            for now, _clean in denoise(made, self.model.levels(STEPS), velocity, multistep=True):
                made = now
                yield
            latents.append(made.clone())
            text.append(self.model.text.encode(words).expand(len(made), -1, -1))
        if own:
            self.own_latents, self.own_text = torch.cat(latents), torch.cat(text)

    def draw(self, many: int, own: int, dropout: float, dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """`many` examples, `own` of them the model's: latents, and captions of which a share is left out."""
        own = own if len(self.own_latents) else 0
        rows = torch.randint(len(self.latents), (many - own,), generator=dice)
        latents, text = self.latents[rows], self.text[rows].clone()
        text[torch.rand(len(rows), generator=dice) < dropout] = self.empty
        if own:
            rows = torch.randint(len(self.own_latents), (own,), generator=dice)
            latents, text = torch.cat([latents, self.own_latents[rows]]), torch.cat([text, self.own_text[rows]])
        return latents, text


def _crops(picture: Image.Image, side: int, dice: torch.Generator) -> Iterator[Image.Image]:
    """The whole picture as a square, some parts of it, and all of these mirrored."""
    for crop in (covered(picture, (side, side)), *(_part(picture, side, dice) for _crop in range(CROPS - 1))):
        yield crop
        yield ImageOps.mirror(crop)


def _part(picture: Image.Image, side: int, dice: torch.Generator) -> Image.Image:
    """A square part of it, at least LEAST of its shorter side."""
    share, across, down = torch.rand(3, generator=dice).tolist()
    edge = min(picture.size) * (LEAST + (1 - LEAST) * share)
    left, top = across * (picture.width - edge), down * (picture.height - edge)
    return picture.resize((side, side), Image.Resampling.LANCZOS, (left, top, left + edge, top + edge))
