"""All examples of a training: single drawings, and shards of scenes as they are encoded, taken up while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from app.training.image.examples import Examples

DRAWINGS, SCENES = "drawings", "scenes-"
MEASURED = 256  # rows of each kind that the errors are measured on


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same examples every time, to measure by."""

    latents: torch.Tensor
    text: torch.Tensor


class Library:
    """Draws batches from what lies in a folder."""

    def __init__(self, folder: Path, scaling: float, scenes: float) -> None:
        """`scenes` is their share in a batch, once there are some. Raises TrainingError without single drawings."""
        self.folder, self.scaling, self.share = folder, scaling, scenes
        self.drawings = Examples(folder / DRAWINGS, scaling)
        self.scenes: list[Examples] = []
        self._names: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Take up the shards of scenes that have become whole."""
        for path in sorted(self.folder.glob(f"{SCENES}*")):
            if path.name not in self._names and (path / "examples.json").exists():
                self.scenes.append(Examples(path, self.scaling))
                self._names.append(path.name)

    @property
    def empty(self) -> torch.Tensor:
        """What no caption is encoded to: [24, 384]."""
        return self.drawings.empty

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one picture's latents: channels, height, width."""
        return self.drawings.latents.shape[1:]

    def draw(self, count: int, dice: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch: latents [count, channels, h, w] and captions [count, 24, 384]."""
        of_scenes = round(count * self.share) if self.scenes else 0
        parts = [self.drawings.draw(count - of_scenes, dice)]
        if of_scenes:
            chosen = torch.randint(len(self.scenes), (of_scenes,), generator=dice)
            counts = torch.bincount(chosen, minlength=len(self.scenes)).tolist()
            parts += [shard.draw(many, dice) for shard, many in zip(self.scenes, counts, strict=True) if many]
        latents, text = zip(*parts, strict=True)
        return torch.cat(latents), torch.cat(text)

    def fixed(self) -> dict[str, Fixed]:
        """What to measure by: drawings and scenes that are held out, and drawings that are seen."""
        kinds = {"held-out drawings": (self.drawings, self.drawings.held_out)}
        held = set(self.drawings.held_out)
        kinds["seen drawings"] = (self.drawings, [row for row in range(len(self.drawings)) if row not in held])
        if self.scenes:
            kinds["held-out scenes"] = (self.scenes[0], self.scenes[0].held_out)
        dice, found = torch.Generator().manual_seed(0), {}
        for name, (examples, rows) in kinds.items():
            if not rows:  # of a few drawings, tried out
                continue
            chosen = [rows[at] for at in torch.randperm(len(rows), generator=dice)[:MEASURED].tolist()]
            found[name] = Fixed(*examples.of(chosen))
        return found
