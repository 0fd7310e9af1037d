"""Training of the model of tunes: next-token prediction, a running average of the weights, the best of them kept."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from transformers import LlamaConfig, LlamaForCausalLM

from app.media.music.grammar.tokens import EOS, IDS, PAD, VOCABULARY
from app.training import checkpoint
from app.training.averaging import averaged
from app.training.faults import TrainingError
from app.training.image.export import swap
from app.training.music import examples
from app.training.music.dataset import Tokens
from app.training.run import Clock, Every, Machine, Report, learning_rate, until_spent

VOCABULARY_FILE = "abc_vocab.json"
VALIDATED_EVERY = 300.0  # seconds at least
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; kept beside the weights."""

    minutes: float = 60.0
    batch: int = 8
    context: int = 512  # tokens of a row
    rate: float = 6e-4
    width: int = 256
    layers: int = 6
    heads: int = 4
    ema: float = 0.995
    weight_decay: float = 0.1
    seed: int = 0


class Training:
    """The state of a training: network, running average, optimizer; kept and resumed as one."""

    def __init__(
        self,
        learnt: Sequence[Tokens],
        held_out: Sequence[Tokens],
        folder: Path,
        settings: Settings,
        machine: Machine,
        start: Path | None = None,
    ) -> None:
        """From the model folder `start` or afresh; on from the last sound checkpoint where there is one."""
        self.folder, self.settings, self.machine = folder, settings, machine
        self.learnt, self.held_out = learnt, held_out
        torch.manual_seed(settings.seed)
        self.network: Any = (load(start) if start else new(settings)).train().to(machine.device)
        self._average = averaged(self.network, settings.ema)
        self.optimizer = _optimizer(self.network, settings)
        self.clock, self.step = Clock(settings.minutes), 0
        self.best = float("inf")
        self.history: list[tuple[int, float]] = []
        self._resume()
        # A run that goes on draws other examples than the one before it did: none is drawn twice in the same way.
        self.stream = examples.stream(learnt, random.Random(settings.seed * 1_000_003 + self.step))

    @property
    def average(self) -> Any:
        """The running average, as a network."""
        return self._average.module

    @property
    def tokens(self) -> int:
        """How many were seen."""
        return self.step * self.settings.batch * self.settings.context

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; the mean negative log-likelihood of a token (natural logarithm)."""
        s = self.settings
        ids = examples.batch(self.stream, s.batch, s.context).to(self.machine.device)
        with self.machine.autocast():
            logits = self.network(input_ids=ids[:, :-1], use_cache=False).logits
        error = F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())
        error.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped

        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(s.rate, self.step, self.clock.progress, warmup=100, decay=0.7)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

        self._average.update_parameters(self.network)
        self.step += 1
        return torch.as_tensor(error.detach())

    def validate(self) -> float:
        """The averaged network's loss on whole tunes that it never saw; the best one so far is kept as a folder."""
        loss = validation(self.average, self.held_out, self.machine)
        self.history.append((self.step, round(loss, 4)))
        if loss < self.best:
            self.best = loss
            save_model(self.average, self.folder / MODEL, self.facts())
        return loss

    def facts(self) -> dict[str, Any]:
        """What a card tells of the training."""
        return {
            "steps": self.step,
            "tokens": self.tokens,
            "minutes": round(self.clock.spent / 60, 1),
            "tunes": len(self.learnt),
            "held_out": len(self.held_out),
            "validation": self.history,
            "settings": asdict(self.settings),
        }

    def save(self) -> None:
        """A checkpoint. Raises OSError."""
        parts = {
            "network": _own(self.network),
            "average": _own(self.average),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
        }
        facts = {"spent": self.clock.spent, "best": self.best, "history": self.history, "settings": asdict(self.settings)}
        checkpoint.save(self.folder, self.step, parts, facts)

    def _resume(self) -> None:
        last = checkpoint.load(self.folder)
        if last is None:
            return
        for name, network in (("network", self.network), ("average", self.average)):
            network.load_state_dict(last.part(name), strict=False)  # the output weights are the input's
        checkpoint.restore_optimizer(self.optimizer, last.part("optimizer"))
        self.step, self.clock = last.step, Clock(self.settings.minutes, last.facts["spent"])
        self._average.n_averaged.fill_(self.step)
        self.best = float(last.facts["best"])
        self.history = [(int(step), float(loss)) for step, loss in last.facts["history"]]
        print(f"On from step {self.step}, {self.clock.spent / 60:.0f} minutes in.", flush=True)


def train(training: Training) -> bool:
    """Train until the budget is spent (True) or it is asked to stop (False), validating now and then."""
    report, seldom = Report(), Every(VALIDATED_EVERY)

    def told() -> None:
        loss = training.validate()
        report(f"tunes: {training.step} steps, {training.tokens / 1e6:.2f} M tokens, validation {loss:.4f}", last=True)

    def said(error: float) -> str:
        pace = training.tokens / training.clock.spent if training.clock.spent else 0
        return f"tunes, step {training.step}, error {error:.4f}, {pace:.0f} tokens/s"

    def validated() -> bool:
        if not seldom.due():
            return False
        told()
        seldom.restart()
        return True

    if training.step == 0:
        told()
    until_spent(training, said, validated)
    told()
    return training.clock.progress >= 1


@torch.no_grad()
def validation(network: Any, tunes: Sequence[Tokens], machine: Machine, rows: int = 8) -> float:
    """The mean loss a token over whole tunes with all their conditions, each from its beginning."""
    total, count = 0.0, 0
    for at in range(0, len(tunes), rows):
        batch = [[IDS[token] for token in examples.whole(tune)] for tune in tunes[at : at + rows]]
        longest = max(map(len, batch))
        ids = torch.tensor([row + [IDS[PAD]] * (longest - len(row)) for row in batch], device=machine.device)
        with machine.autocast():
            logits = network(input_ids=ids[:, :-1], use_cache=False).logits
        wanted = ids[:, 1:]
        losses = F.cross_entropy(logits.float().flatten(0, 1), wanted.flatten(), reduction="none")
        real = (wanted != IDS[PAD]).flatten()
        total += float(losses[real].sum())
        count += int(real.sum())
    return total / max(1, count)


def new(settings: Settings) -> Any:
    """An untrained network."""
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=settings.width,
        intermediate_size=round(settings.width * 8 / 3 / 32) * 32,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=2048,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        pad_token_id=IDS[PAD],
        eos_token_id=IDS[EOS],
        bos_token_id=None,
    )
    return LlamaForCausalLM(config)


def load(folder: Path) -> Any:
    """The network of a model folder in float32. Raises TrainingError when it is another kind of model."""
    path = folder / VOCABULARY_FILE
    if not path.exists() or tuple(json.loads(path.read_text("utf-8"))) != VOCABULARY:
        raise TrainingError("%(folder)s is no model of tunes with these tokens.", folder=str(folder))
    kind: Any = LlamaForCausalLM
    return kind.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)


def save_model(network: Any, folder: Path, facts: dict[str, Any]) -> None:
    """`network` in float16 with its vocabulary and `facts`. Raises OSError, leaving the former folder."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    copy.deepcopy(network).cpu().half().save_pretrained(part)
    checkpoint.write(part / VOCABULARY_FILE, json.dumps(VOCABULARY).encode())
    checkpoint.write(part / "training.json", json.dumps(facts, indent=1).encode())
    swap(part, folder)


def _own(network: Any) -> dict[str, torch.Tensor]:
    """Its tensors; output weights that are the input's stand once."""
    return {key: value for key, value in network.state_dict().items() if key != "lm_head.weight"}


def _optimizer(network: Any, settings: Settings) -> torch.optim.AdamW:
    matrices = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.97), fused=True)
