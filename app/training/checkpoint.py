"""Checkpoints that survive a power cut, a full disk and a kill: safetensors, written aside, synced, then renamed.

A checkpoint is `checkpoint-<step>.safetensors`: the tensors of networks, optimizer and random numbers, with a JSON
object of facts in the file's metadata. The last two stay, so that a damaged one has a sound predecessor.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

KEPT = 2


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A sound checkpoint: `facts` are what `save` was given, tensors lie on the CPU."""

    step: int
    tensors: dict[str, torch.Tensor]
    facts: dict[str, Any]

    def part(self, name: str) -> dict[str, torch.Tensor]:
        """The tensors under `name.`, without that prefix."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}


def save(folder: Path, step: int, parts: Mapping[str, Mapping[str, torch.Tensor]], facts: Mapping[str, Any]) -> Path:
    """Write a checkpoint durably, then drop all but the last two. Raises OSError (a full disk, say), leaving those."""
    tensors = {f"{part}.{key}": value.detach().cpu() for part, values in parts.items() for key, value in values.items()}
    target = folder / f"checkpoint-{step:09d}.safetensors"
    write(target, to_bytes({key: value.contiguous() for key, value in tensors.items()}, {"facts": json.dumps(facts)}))
    for old in _paths(folder)[KEPT:]:
        old.unlink()
    return target


def load(folder: Path) -> Checkpoint | None:
    """The newest sound checkpoint, or None. A half-written one is named on the way and left out."""
    for path in _paths(folder):
        try:
            with safe_open(path, framework="pt", device="cpu") as file:
                facts = json.loads((file.metadata() or {})["facts"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            print(f"{path.name} is damaged and left out: {error}", flush=True)
            continue
        return Checkpoint(int(path.stem.removeprefix("checkpoint-")), tensors, facts)
    return None


def write(target: Path, data: bytes) -> None:
    """Put `data` at `target` whole or not at all. Raises OSError; nothing half-written is left behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimizer's state as flat tensors: `<number of the parameter>.<name>`."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": value for number, values in state.items() for name, value in values.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put back what `optimizer_tensors` gave; the groups' settings stay as they are."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for parameter, values in optimizer.state.items():
        for name, value in values.items():  # in the parameter's memory format: a fused optimizer reads both as they lie
            if value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter).copy_(value)


def _paths(folder: Path) -> list[Path]:
    """Checkpoints, newest first."""
    return sorted(folder.glob("checkpoint-*.safetensors"), reverse=True)
