"""Training of a judge: pictures and captions in, nearness in one space out (Zhai et al. 2023, "Sigmoid loss").

Every caption of a batch is asked of every picture of it: is it true? What a caption leaves open does not matter, so a
caption has several true pictures; where nobody can tell (a near synonym, a ground without a name) it is not asked. Drawings and
composed scenes (judge_scenes.py) come in turn, where there are scenes.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from safetensors.torch import load_file

from app.judging.house import CONFIG, HEADS, VISION, words
from app.training import checkpoint
from app.training.faults import TrainingError
from app.training.image.judge_briefs import GROUP
from app.training.image.judge_claims import sight, truth
from app.training.image.judge_networks import Settings, new_encoder, new_heads
from app.training.image.judge_scenes import Scenes, broken
from app.training.image.pairs import Claim, Pairs, is_held_out
from app.training.image.sights import Sight, worn
from app.training.run import Clock, Machine, Report, learning_rate, until_spent

_RARE = {1: 0.3, 8: 0.3, None: 0.6}  # people of every profession, signs, icons: many drawings, little asked for


class Training:
    """The state of a training: encoder, heads, optimizer, random numbers; kept and resumed as one."""

    def __init__(
        self,
        pairs: Pairs,
        folder: Path,
        settings: Settings,
        machine: Machine,
        hold_out: bool = True,
        scenes: Scenes | None = None,
        start: Path | None = None,
    ) -> None:
        """On from the last sound checkpoint in `folder` where there is one; otherwise from the judge in `start`, or anew.

        The drawings that are kept for measuring are never seen, with `hold_out` neither are the held-out concepts.
        """
        self.scenes = scenes
        self.pairs, self.folder, self.settings, self.machine, self.hold_out = pairs, folder, settings, machine, hold_out
        self.dice = torch.Generator().manual_seed(settings.seed)
        torch.manual_seed(settings.seed)
        hidden = {n for n, d in enumerate(pairs.drawings) if is_held_out(d) or (hold_out and d.held_out)}
        seen = [n for n in range(len(pairs.drawings)) if n not in hidden]
        self.shown = {n: [c for c in pairs.by_drawing[n] if pairs.claims[c].beside not in hidden] for n in seen}
        if not self.shown:
            raise TrainingError("There are no drawings to learn from.")
        weights = torch.tensor([_RARE.get(pairs.drawings[n].group, 1.0) for n in self.shown], dtype=torch.float64)
        self.cumulative = (weights / weights.sum()).cumsum(0)
        self.numbers = list(self.shown)
        self.vision = new_encoder(settings).train().to(machine.device, memory_format=torch.channels_last)
        self.heads = {name: torch.nn.Parameter(value.to(machine.device)) for name, value in new_heads(settings).items()}
        self.optimizer = torch.optim.AdamW(
            [*self.vision.parameters(), *self.heads.values()],
            lr=settings.rate, weight_decay=0.05, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self.clock, self.step = Clock(settings.minutes), 0
        if start is not None:
            self._start(start)
        self._resume()

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; the loss of a picture."""
        s = self.settings
        parts = self._of_scenes(self.scenes) if self.scenes is not None and self.step % 2 else self._of_drawings()
        x, sentences, true, asked = (part.to(self.machine.device) for part in parts)
        with self.machine.autocast():
            features = self.vision(x.contiguous(memory_format=torch.channels_last)).pooler_output.flatten(1)
        pictures = F.normalize(features.float() @ self.heads["picture"].T, dim=-1)
        texts = F.normalize(words(self.heads, sentences), dim=-1)
        logits = self.heads["scale"].exp() * (texts @ pictures.T) + self.heads["bias"]
        signed = torch.where(true, logits, -logits)
        loss = -(F.logsigmoid(signed) * asked).sum() / len(x)
        torch.autograd.backward(loss)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress, warmup=100)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss.detach()

    def _of_drawings(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures, sentences, which of these are true of which, and where one can tell."""
        side = self.settings.side if self.clock.progress >= self.settings.whole else self.settings.small
        claims, sights = self.draw()
        true, asked = (torch.from_numpy(part) for part in truth(self.pairs, claims, sights))
        sentences = self.pairs.sentence([claim.text for claim in claims])
        return worn(self.pairs, sights, side, self.dice), sentences, true, asked

    def _of_scenes(self, scenes: Scenes) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The same of composed scenes."""
        picks = torch.randint(len(scenes.learned), (self.settings.batch // GROUP,), generator=self.dice).tolist()
        rows = scenes.batch([scenes.learned[pick] for pick in picks])
        x = scenes.seen(rows, self.dice)
        true, asked = (torch.from_numpy(part) for part in scenes.truth(rows, broken(x, self.dice)))
        return x, scenes.sentence(rows), true, asked

    def draw(self) -> tuple[list[Claim], list[Sight]]:
        """A batch: drawings by weight, each twice, with a caption and a picture that it is true of."""
        picks = torch.rand(self.settings.batch // 2, dtype=torch.float64, generator=self.dice)
        rows = torch.searchsorted(self.cumulative, picks).clamp(max=len(self.numbers) - 1).tolist()
        claims, sights = [], []
        chances = torch.rand(2 * len(rows), 4, generator=self.dice).tolist()
        for row, (which, *chance) in zip(rows + rows, chances, strict=True):
            numbers = self.shown[self.numbers[row]]
            claims.append(self.pairs.claims[numbers[int(which * len(numbers))]])
            sights.append(sight(self.pairs, claims[-1], *chance))
        return claims, sights

    def save(self) -> None:
        """A checkpoint. Raises OSError."""
        parts = {
            "vision": self.vision.state_dict(),
            "heads": self.heads,
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            "random": {"dice": self.dice.get_state()},
        }
        checkpoint.save(self.folder, self.step, parts, self.facts)

    @property
    def facts(self) -> dict[str, Any]:
        """About the run: seconds, pictures seen, settings."""
        seen = self.step * self.settings.batch
        scenes = len(self.scenes.examples) if self.scenes else 0
        run = {"spent": self.clock.spent, "pictures": seen, "hold_out": self.hold_out, "scenes": scenes}
        return run | {"settings": asdict(self.settings)}

    def _start(self, folder: Path) -> None:
        """The weights of the finished judge in `folder`; its scale as calibrated, its bias as most pairs are not true."""
        vision = load_file(folder / VISION / "model.safetensors")
        floats = {name: t.float() if t.is_floating_point() else t for name, t in vision.items()}
        self.vision.load_state_dict(floats)
        scale = json.loads((folder / CONFIG).read_text("utf-8"))["calibration"]["scale"]
        heads = load_file(folder / HEADS) | {"scale": torch.tensor(math.log(scale)), "bias": torch.tensor(-5.0)}
        with torch.no_grad():
            for name, value in heads.items():
                self.heads[name].copy_(value)

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        self.vision.load_state_dict(last.part("vision"))
        with torch.no_grad():
            for name, value in last.part("heads").items():
                self.heads[name].copy_(value)
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.dice.set_state(last.tensors["random.dice"])
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False)."""
    if training.clock.progress >= 1:
        return True

    def said(loss: float) -> str:
        pace = training.step * training.settings.batch / training.clock.spent
        return f"judge, step {training.step}, loss {loss:.4f}, {pace:.0f}/s"

    loss = until_spent(training, said)
    Report()(f"judge: {training.step} steps, loss {loss:.4f}", last=True)
    return training.clock.progress >= 1
