"""Training of a judge: pictures and captions in, nearness in one space out (Zhai et al. 2023, "Sigmoid loss").

Every caption of a batch is asked of every picture of it: is it true? What a caption leaves open does not matter, so a
caption has several true pictures; where nobody can tell (a near synonym, a ground without a name) it is not asked. Drawings and
composed scenes (judge_scenes.py) come in turn, where there are scenes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from numpy.typing import NDArray
from safetensors.torch import load_file
from transformers import ResNetConfig, ResNetModel

from app.judging.house import CONFIG, HEADS, VISION, words
from app.training import checkpoint
from app.training.faults import TrainingError
from app.training.image.colours import BACKGROUNDS, HUES
from app.training.image.judge_briefs import GROUP
from app.training.image.judge_scenes import Scenes, broken
from app.training.image.pairs import Claim, Pairs, is_held_out
from app.training.image.sights import Sight, worn
from app.training.run import Clock, Machine, Report, learning_rate, until_spent

GROUNDS = tuple(BACKGROUNDS)
_WHITE, _NAMED = 0.35, 0.7  # shares of white, and of named grounds with it, where a caption leaves the ground open
_SYNONYM = 0.78  # cosine of two labels by MiniLM from which on one may be called the other
_RARE = {1: 0.3, 8: 0.3, None: 0.6}  # people of every profession, signs, icons: many drawings, little asked for
_DIRECTED = ("arrow", "left", "right", "clock", "button", "sign", "letter", "number")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 45.0
    batch: int = 128  # pictures; each drawing comes twice, with different captions
    rate: float = 1.5e-3
    side: int = 64  # pixels of a picture as the judge sees it
    small: int = 48  # and at first, when every sample teaches much and costs half
    whole: float = 0.7  # of the budget, from which on pictures have their full side
    stem: int = 32
    channels: tuple[int, ...] = (48, 128, 256)
    depths: tuple[int, ...] = (1, 1, 2)
    dimensions: int = 256
    hidden: int = 512  # width of the words' hidden layer
    seed: int = 0


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


def sight(pairs: Pairs, claim: Claim, how: float, which: float, side: float) -> Sight:
    """A picture that the claim is true of; the chances (0 to 1) decide what it leaves open."""
    drawing, own = pairs.drawings[claim.drawing], pairs.colours[claim.drawing]
    ground = claim.ground
    if ground is None and how < _NAMED:
        ground = "white" if how < _WHITE else GROUNDS[int(which * len(GROUNDS))]
    reads = drawing.style == "icon" or any(word in drawing.label for word in _DIRECTED)
    turn = HUES[claim.colour] - HUES[own] if claim.turned and claim.colour and own in HUES else 0.0
    colour = claim.colour if claim.turned else None if claim.beside is not None else own
    return Sight(claim.drawing, claim.beside, ground, turn, colour, side < 1 / 2 and not reads)


def truth(pairs: Pairs, claims: Sequence[Claim], sights: Sequence[Sight]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the claims (rows) are true of which sights (columns), and where one can tell: [claims, sights] each."""

    def numbers(values: Sequence[Any], table: dict[Any, int]) -> NDArray[np.int64]:
        return np.array([table.get(value, -1) for value in values])

    def same(of_claims: Sequence[Any], of_sights: Sequence[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where an attribute is as claimed, and where it certainly is not."""
        table = {value: n for n, value in enumerate({v for v in (*of_claims, *of_sights) if v is not None})}
        claimed, seen = numbers(of_claims, table)[:, None], numbers(of_sights, table)[None]
        return (claimed < 0) | (claimed == seen), (claimed >= 0) & (seen >= 0) & (claimed != seen)

    shown = [pairs.drawings[s.drawing] for s in sights]
    beside = [pairs.drawings[s.beside] if s.beside is not None else d for s, d in zip(sights, shown, strict=True)]
    labels = [(one.label, other.label) for one, other in zip(shown, beside, strict=True)]
    there = np.array([[pairs.label_of[label] for label in both] for both in labels])  # [sights, 2]
    right = np.ones((len(claims), len(sights)), bool)
    for at in range(2):
        asked = numbers([c.things[at] if len(c.things) > at else None for c in claims], pairs.label_of)[:, None]
        right &= (asked < 0) | (asked == there[:, 0]) | (asked == there[:, 1])
    for at in range(max((len(c.tags) for c in claims), default=0)):
        asked = numbers([c.tags[at] if len(c.tags) > at else None for c in claims], pairs.tag_of)
        has = pairs.has[there[:, 0]][:, asked].T | pairs.has[there[:, 1]][:, asked].T
        right &= (asked < 0)[:, None] | has
    core = F.normalize(pairs.sentence([c.things[0] if len(c.things) == 1 else c.text for c in claims]), dim=-1)
    near = [F.normalize(pairs.sentence([both[at] for both in labels]), dim=-1) for at in range(2)]
    single = np.array([len(claim.things) < 2 for claim in claims])[:, None]  # noqa: PLR2004 (of two things one is not enough)
    doubtful = ~right & single & (torch.maximum(*(core @ side.T for side in near)).numpy() > _SYNONYM)
    wrong = ~right & ~doubtful
    for claimed, seen in (
        ([c.style for c in claims], [d.style for d in shown]),
        ([c.ground for c in claims], [s.ground for s in sights]),
        ([c.colour for c in claims], [s.colour for s in sights]),
    ):
        yes, no = same(claimed, seen)
        right &= yes
        wrong |= no
    return right & ~wrong, right | wrong


def new_encoder(settings: Settings) -> Any:
    """An untrained image encoder."""
    return ResNetModel(
        ResNetConfig(
            embedding_size=settings.stem,
            hidden_sizes=list(settings.channels),
            depths=list(settings.depths),
            layer_type="basic",
        )
    )


def new_heads(settings: Settings) -> dict[str, torch.Tensor]:
    """Untrained maps into the common space, and the logits' scale (its logarithm) and bias: most pairs are not true."""
    wide, features = 384, settings.channels[-1]

    def drawn(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(rows, columns) / math.sqrt(columns)

    return {
        "picture": drawn(settings.dimensions, features),
        "text": drawn(settings.dimensions, wide),
        "text_hidden": drawn(settings.hidden, wide),
        "text_hidden_bias": torch.zeros(settings.hidden),
        "text_out": 0.3 * drawn(settings.dimensions, settings.hidden),
        "scale": torch.tensor(math.log(10.0)),
        "bias": torch.tensor(-6.0),
    }
