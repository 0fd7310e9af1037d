"""What every engine does that loads a model of its own: look whether it can, load once for a device, say what it loaded."""

from __future__ import annotations

import importlib.util
from abc import abstractmethod
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from app.engines.engine import Engine
from app.errors import EngineError, Sentence, _

UNUSABLE = _("The weights %(file)s cannot be used: %(reason)s")


class LocalEngine(Engine):
    """An engine with a model that this process loads. `load` sets `_model`, and `_facts`, which tell of it."""

    libraries: ClassVar[tuple[str, ...]]  # the packages it needs; facts tell their versions

    def __init__(self) -> None:
        self._model: Any = None
        self._facts: dict[str, Any] = {}

    @abstractmethod
    def damage(self) -> str | None:
        """What is wrong with its files, in words, or None; checked cheaply, without importing torch."""

    @abstractmethod
    def loaded(self, device: str) -> tuple[Any, dict[str, Any]]:
        """The model on `device`, and what facts tell of it: name, type of numbers. Raises EngineError."""

    @property
    def model(self) -> Any:
        """The loaded model. Raises EngineError where it is not."""
        if self._model is None:
            raise EngineError(_("The engine is not loaded."))
        return self._model

    @property
    def loaded_facts(self) -> dict[str, Any]:
        """What facts tell of the loaded model."""
        return dict(self._facts)

    def unready(self) -> str | None:
        return missing_package(self.libraries) or self.damage()

    def load(self, device: str) -> None:
        if self._model and self._facts["device"] == device:
            return
        if (reason := self.unready()) and not self.preparing:
            raise EngineError(reason)
        self._model, facts = self.loaded(device)
        self._facts = facts | {"device": device, "libraries": {name: version(name) for name in self.libraries}}


def missing_package(packages: Iterable[str]) -> str | None:
    """That one of `packages` is not installed, in words; None when all are."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            return Sentence(_("The package %(package)s is not installed."), package=package)
    return None


def unusable(file: Path | str, reason: str | None) -> str | None:
    """That `file` cannot be used for `reason`, in words; None without one."""
    return Sentence(UNUSABLE, file=file, reason=reason) if reason else None


def unloadable(file: Path | str, error: Exception) -> EngineError:
    """What a library raised while it loaded `file`, as a fault for the person."""
    return EngineError(UNUSABLE, file=str(file), reason=" ".join(str(error).split())[:300])


def llama(folder: Path, device: str) -> Any:
    """The Llama of transformers in `folder`, in float32, on `device`. Raises EngineError."""
    import torch
    from transformers import LlamaForCausalLM

    kind: Any = LlamaForCausalLM
    try:
        return kind.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).to(device)
    except (OSError, ValueError, RuntimeError) as error:
        raise unloadable(folder, error) from error
