"""The finished model as a folder: networks and scheduler as diffusers keeps them, sources, measurements, a card."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors import SafetensorError

from app.engines.image import fewsteps
from app.training.checkpoint import write
from app.training.image import networks
from app.training.image.card import card


def export(
    target: Path,
    unet: Any,
    vae: Any,
    *,
    sources: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any],
    measurements: Mapping[str, Mapping[str, Any]],
    sheets: Mapping[str, Image.Image],
    few: Path | None = None,
) -> None:
    """Write the model folder `target` whole, replacing what was there.

    `sources` are the data set's (sources.json: what an About page shows), `training` are facts about the run,
    `measurements` give for each name a `value` and a `note`, `sheets` are pictures to look at (`samples`, `nearest`: what
    comes near to a training drawing), `few` is the file of the few-step version.
    Raises OSError, leaving the former folder.
    """
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, network in (("unet", unet), ("vae", vae)):
        _save(network, part / name)
    networks.noise_schedule().save_pretrained(part / "scheduler")
    write(part / "sources.json", json.dumps(list(sources), indent=1, ensure_ascii=False).encode())
    write(part / "training.json", json.dumps(training, indent=1).encode())
    write(part / "measurements.json", json.dumps(measurements, indent=1).encode())
    for name, sheet in sheets.items():
        sheet.save(part / f"{name}.webp", quality=82, method=6)
    if few is not None:
        write(part / fewsteps.FOLDER / fewsteps.NAME, few.read_bytes())
    weights = {name: _parameters(network) for name, network in (("unet", unet), ("vae", vae))}
    write(
        part / "README.md",
        card(weights, sources, training, measurements, sheets=tuple(sheets), few=few is not None).encode(),
    )
    swap(part, target)


def save_network(network: Any, folder: Path, facts: Mapping[str, Any] | None = None) -> None:
    """`network` in float16 as diffusers keeps it, with `facts` beside it in training.json. Raises OSError."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    _save(network, part)
    if facts is not None:
        write(part / "training.json", json.dumps(facts, indent=1).encode())
    swap(part, folder)


def _save(network: Any, folder: Path) -> None:
    """In float16 (half the size, and enough for weights), without where on this machine it came from."""
    try:
        copy.deepcopy(network).cpu().half().save_pretrained(folder, safe_serialization=True)
    except SafetensorError as error:  # how the library says that the disk is full
        raise OSError(str(error)) from error
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config.pop("_name_or_path", None)
    write(path, (json.dumps(config, indent=2, sort_keys=True) + "\n").encode())


def _parameters(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def swap(part: Path, target: Path) -> None:
    """Put the folder `part` in the place of `target`, which is gone for a moment only."""
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)
