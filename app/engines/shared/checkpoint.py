"""What can be known of a diffusers checkpoint, a folder or a hub id, without torch and without the network."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from app.engines.shared.local_engine import UNUSABLE
from app.engines.shared.weights import fault
from app.errors import Sentence, _

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
INDEX = "model_index.json"
PARTS = "*/*.safetensors"  # as diffusers lays out a pipeline
TRUE = {"1", "ON", "YES", "TRUE"}  # as huggingface_hub reads its variables


def folder_of(model: str) -> Path | None:
    """The folder that holds `model`: itself, or where the hub's cache keeps its newest snapshot; None when nowhere."""
    if Path(model).is_dir():
        return Path(model)
    if not HUB_ID.fullmatch(model):
        return None
    kept = _cache() / f"models--{model.replace('/', '--')}"
    try:
        newest = kept / "snapshots" / (kept / "refs" / "main").read_text("utf-8").strip()
    except OSError:
        return None
    return newest if newest.is_dir() else None


def absent(model: str) -> str | None:
    """Why there is no folder of `model` and none can be had; None when there is one, or when it can still be downloaded."""
    if folder_of(model) is not None:
        return None
    if not HUB_ID.fullmatch(model):
        return Sentence(_("The folder %(folder)s does not exist."), folder=model)
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in TRUE
    return Sentence(_("%(model)s is not in the local cache, and the hub is offline."), model=model) if offline else None


def index_of(model: str) -> dict[str, Any]:
    """What the index of `model` says of its parts; nothing where it is not here yet, or cannot be read."""
    folder = folder_of(model)
    if folder is None:
        return {}
    try:
        parts = json.loads((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return parts if isinstance(parts, dict) else {}


def missing(model: str) -> str | None:
    """Why `model` cannot be loaded as far as its files tell; None when it can, or when it can still be downloaded."""
    folder = folder_of(model)
    if folder is None:
        return absent(model)
    if "_class_name" not in index_of(model):
        return Sentence(_("%(file)s is missing or damaged."), file=folder / INDEX)
    return unusable(folder)


def unusable(folder: Path, where: str = PARTS) -> str | None:
    """Why the weights in `folder` cannot be loaded, or None."""
    files = weights_of(folder, where)
    if not files:
        return Sentence(_("%(folder)s holds no safetensors; other kinds of weights are not loaded."), folder=folder)
    for file in files:
        if reason := fault(file):
            return Sentence(UNUSABLE, file=file, reason=reason)
    return None


def weights_of(folder: Path, where: str = PARTS) -> list[Path]:
    """The safetensors in `folder`: of its components, or where a library of one model keeps them (`*.safetensors`)."""
    return sorted(folder.glob(where))


def revision(model: str, where: str = PARTS) -> str | None:
    """What names these weights: the commit of a hub snapshot, or of a folder the SHA-256 of its tensors' tables.

    The tables (each safetensors' header: names, types, shapes, offsets) are read instead of gigabytes of tensors, so
    it tells architectures apart, not two trainings of one.
    """
    folder = folder_of(model)
    if folder is None:
        return None
    if folder.parent.name == "snapshots":
        return f"commit:{folder.name}"
    tables = hashlib.sha256()
    for file in weights_of(folder, where):
        with file.open("rb") as stream:
            tables.update(stream.read(int.from_bytes(stream.read(8), "little")))
    return f"tables:{tables.hexdigest()}"


def _cache() -> Path:
    """Where the hub's client keeps its files (the same variables in the same order as huggingface_hub)."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
