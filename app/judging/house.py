"""The judge that comes with Stemma: a small ResNet beside MiniLM's sentences (made by app/training/image/judge.py).

Its folder: `vision/` is a ResNetModel (He et al. 2015, basic blocks) as transformers keeps it, heads.safetensors takes
both encoders into one space, config.json has the side of a picture and the calibration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from app.engines.shared import sentences, weights
from app.engines.shared.local_engine import missing_package, unusable
from app.errors import EngineError, _
from app.judging.judge import flat, unit

if TYPE_CHECKING:
    from app.judging.judge import Picture, Vectors

FOLDER = Path(__file__).resolve().parents[1] / "weights" / "house-judge"
CONFIG, HEADS, VISION = "config.json", "heads.safetensors", "vision"
LIBRARIES = ("numpy", "safetensors", "tokenizers")
SEEING = ("torch", "transformers")  # what pictures need besides
BATCH = 64


class House:
    """A ResNet of a few million parameters: hundreds of pictures a second on one core of a CPU."""

    name = "house"
    title = _("House judge")
    light = True

    def __init__(self, folder: Path = FOLDER) -> None:
        """From the weights in `folder`."""
        self.folder = folder
        self._vision: Any = None
        self._device = "cpu"

    @property
    def _files(self) -> tuple[Path, ...]:
        parts = (f"{VISION}/config.json", f"{VISION}/{sentences.FILE}", HEADS, CONFIG)
        return tuple(self.folder / part for part in parts)

    @cached_property
    def version(self) -> str:
        """SHA-256 over the files."""
        try:
            return weights.weights_digest(*self._files)
        except OSError as error:
            raise _unusable(self.folder, error) from error

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""
        return int(self._heads["picture"].shape[0])

    def unready(self) -> str | None:
        if reason := missing_package((*LIBRARIES, *SEEING)):
            return reason
        for path in self._files:
            wrong = weights.fault(path) if path.suffix == ".safetensors" else None if path.is_file() else _("it is missing")
            if wrong:
                return unusable(path, wrong)
        return sentences.fault()

    def load(self, device: str = "cpu") -> None:
        """The image encoder onto `device`, in float32."""
        if self._vision is not None and device == self._device:
            return
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from transformers import ResNetConfig, ResNetModel

        folder = self.folder / VISION
        try:
            facts = json.loads((folder / "config.json").read_text("utf-8"))
            vision: Any = ResNetModel(ResNetConfig.from_dict(facts))
            tensors = load_file(folder / sentences.FILE)
            floats = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
            vision.load_state_dict(floats, strict=True)
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
            raise _unusable(folder, error) from error
        self._vision = vision.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        self._device = device

    def embed_pictures(self, pictures: Sequence[Picture]) -> Vectors:
        """As the protocol has it; a picture is squeezed to a square, so that all of it is seen."""
        import numpy as np
        import torch

        self.load(self._device)
        side = int(self._config["side"])
        rows: list[Any] = [np.zeros((0, self.dimensions), np.float32)]
        for at in range(0, len(pictures), BATCH):
            seen = np.stack([np.asarray(_shrunk(flat(one), side)) for one in pictures[at : at + BATCH]])
            with torch.inference_mode():
                x = prepared(torch.from_numpy(seen).permute(0, 3, 1, 2)).to(self._device)
                rows.append(self._vision(x).pooler_output.flatten(1).cpu().numpy() @ self._heads["picture"].T)
        return unit(np.concatenate(rows))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the protocol has it."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            if (sentence := sentences.sentence(text)) is not None:
                row[:] = words(self._heads, sentence)
        return unit(rows)

    def adherence(self, pictures: Vectors, text: Vectors) -> Vectors:
        """A logistic function of the cosine, fitted on drawings kept from training (Platt 1999)."""
        import numpy as np

        scale, bias = self._config["calibration"]["scale"], self._config["calibration"]["bias"]
        if not np.any(text):
            return np.full(len(pictures), 0.5, np.float32)
        return np.asarray(1 / (1 + np.exp(-(scale * (pictures @ text) + bias))), np.float32)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        path = self.folder / CONFIG
        try:
            config: dict[str, Any] = json.loads(path.read_text("utf-8"))
            _needed = (config["side"], config["calibration"]["scale"], config["calibration"]["bias"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _unusable(path, error) from error
        return config

    @cached_property
    def _heads(self) -> Mapping[str, Vectors]:
        import numpy as np
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self.folder / HEADS
        try:
            return {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
        except (OSError, ValueError, SafetensorError) as error:
            raise _unusable(path, error) from error


def words(heads: Mapping[str, Any], sentence: Any) -> Any:
    """MiniLM's `sentence` [..., 384] in the judge's space [..., dimensions], before it is made a unit.

    A linear map and a hidden layer of rectifiers beside it: the one carries what words have in common over to words
    that training never saw, the other tells the colour of the thing from that of the ground. numpy's arrays or torch's.
    """
    x = sentence / (sentence * sentence).mean(-1, keepdims=True) ** 0.5
    hidden = x @ heads["text_hidden"].T + heads["text_hidden_bias"]
    return x @ heads["text"].T + (hidden * (hidden > 0)) @ heads["text_out"].T


def prepared(pictures: Any) -> Any:
    """Bytes [n, 3, side, side] as the image encoder reads them: -1…1, a torch tensor."""
    return pictures.float() / 127.5 - 1


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.BILINEAR)  # PIL widens the filter: what is smaller is averaged


def _unusable(path: Path, error: Exception) -> EngineError:
    reason = " ".join(str(error).split())[:300]
    return EngineError(_("The weights %(file)s cannot be used: %(reason)s"), file=str(path), reason=reason)
