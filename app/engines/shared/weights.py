"""Weights on disk: cheap checks that need no torch, and strict loading that never makes up a missing tensor."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import EngineError, _

NAME = "diffusion_pytorch_model.safetensors"
_HEADER = range(2, 100_000_001)  # bytes, by the format


def fault(path: Path) -> str | None:
    """What is wrong with the safetensors file at `path` as far as its header and size tell, or None.

    The file is a little-endian 8-byte length, a JSON header of that length, then the tensors' bytes
    (https://huggingface.co/docs/safetensors, "Format").
    """
    try:
        stat = path.stat()
    except OSError:
        return _("it is missing")
    return _fault(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _fault(path: Path, size: int, _mtime: int) -> str | None:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length not in _HEADER or length > size - 8:
                return _("it is damaged")
            header: dict[str, Any] = json.loads(file.read(length))
        end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return _("it is damaged")
    return None if 8 + length + end == size else _("it is cut short or damaged")


def class_name(folder: Path) -> str:
    """The class that the network in `folder` says it is of; "" when it says none (what loads it tells the rest)."""
    try:
        return str(json.loads((folder / "config.json").read_text("utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def load(kind: type[Any], folder: Path) -> Any:
    """The diffusers model of class `kind` in `folder`, in float32, ready to infer.

    Raises EngineError with the file's name when it does not hold exactly the tensors its configuration asks for.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / NAME
    try:
        with torch.device("meta"):  # no time is spent on random numbers that the file replaces
            model = kind.from_config(json.loads((folder / "config.json").read_text("utf-8")))
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        model.load_state_dict(tensors, strict=True, assign=True)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise EngineError(_("The weights %(file)s cannot be used: %(reason)s"), file=str(path), reason=reason) from error
    return model.eval().requires_grad_(False)


def weights_digest(*paths: Path) -> str:
    """SHA-256 over the files' own SHA-256s in order: names these weights in a recipe."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
