"""A CLIP (Radford et al. 2021) or SigLIP (Zhai et al. 2023) of the hub, or of a folder, as the judge. Safetensors only."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.engines.shared import checkpoint, chinese_glossary, weights
from app.engines.shared.local_engine import missing_package
from app.errors import EngineError, Sentence, _
from app.judging.judge import flat, unit

if TYPE_CHECKING:
    from app.judging.judge import Picture, Vectors

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "numpy")
WEIGHTS = "*.safetensors"  # of one model, beside its configuration
KINDS = ("clip", "siglip", "siglip2")
BATCH = 16
# Other briefs, for adherence: things, scenes and looks of every sort, so that any brief has some far and some near.
OTHERS = (
    *("a dog", "a bird in the sky", "a red flower", "a bowl of fruit", "a cup of coffee", "a city at night"),
    *("a portrait of a woman", "an old man's face", "children playing", "a crowd of people", "a car on a road"),
    *("a house with a garden", "a mountain landscape", "the sea at sunset", "a forest in winter", "a desert"),
    *("a starry sky", "a robot", "a dragon", "a ship", "a bicycle", "a guitar", "a book on a table", "a clock"),
    *("an abstract pattern", "a black and white photograph", "an oil painting", "a pencil sketch", "a flat icon"),
    *("a 3d render of a machine", "a sign with letters", "a plain background"),
)


class Hub:
    """Any CLIPModel, SiglipModel or Siglip2Model with its tokenizer and image processor."""

    name = "hub"
    light = False

    def __init__(self, model: str) -> None:
        """`model` is a folder or a hub id."""
        self.model = model
        self.title = model
        self._loaded: Any = None
        self._device = "cpu"

    @cached_property
    def version(self) -> str:
        """The commit of a hub snapshot, or SHA-256 over a folder's weights."""
        folder = self._folder()
        if folder.parent.name == "snapshots":
            return f"commit:{folder.name}"
        return weights.weights_digest(*checkpoint.weights_of(folder, WEIGHTS))

    @property
    def dimensions(self) -> int:
        """The length of its vectors."""
        config = _config(self._folder())
        if config["model_type"] == "clip":
            return int(config.get("projection_dim", 512))
        text = config["text_config"]
        return int(text.get("projection_size") or text.get("hidden_size", 768))

    def unready(self) -> str | None:
        if reason := missing_package(LIBRARIES):
            return reason
        folder = checkpoint.folder_of(self.model)
        if folder is not None:
            return _wrong(folder)
        if not checkpoint.HUB_ID.fullmatch(self.model):
            return Sentence(_("The folder %(folder)s does not exist."), folder=self.model)
        offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in checkpoint.TRUE
        said = _("%(model)s is not in the local cache, and the hub is offline.")
        return Sentence(said, model=self.model) if offline else None

    def load(self, device: str = "cpu") -> None:
        """Model, tokenizer and image processor onto `device`; a hub id that is not in the cache is downloaded."""
        if self._loaded and device == self._device:
            return
        if reason := self.unready():
            raise EngineError(reason)
        try:
            model, words, eyes = _opened(self.model)
        except Exception as error:  # transformers and the hub's client raise many kinds
            reason = " ".join(str(error).split())[:300]
            raise EngineError(_("The weights %(file)s cannot be used: %(reason)s"), file=self.model, reason=reason) from error
        if model.config.model_type not in KINDS:
            raise EngineError(_("%(folder)s holds no CLIP and no SigLIP."), folder=self.model)
        self._loaded, self._device = (model.eval().requires_grad_(False).to(device), words, eyes), device

    def embed_pictures(self, pictures: Sequence[Picture]) -> Vectors:
        """As the protocol has it; a picture is cropped as the model's own processor does."""
        import numpy as np
        import torch

        self.load(self._device)
        model, _words, eyes = self._loaded
        rows: list[Any] = [np.zeros((0, self.dimensions), np.float32)]
        for at in range(0, len(pictures), BATCH):
            seen = eyes(images=[flat(one) for one in pictures[at : at + BATCH]], return_tensors="pt").to(self._device)
            with torch.inference_mode():
                rows.append(model.get_image_features(**seen).pooler_output.float().cpu().numpy())
        return unit(np.concatenate(rows))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the protocol has it; Chinese goes through the house's glossary, for most of these models read English only."""
        import numpy as np
        import torch

        self.load(self._device)
        model, words, _eyes = self._loaded
        rows: list[Any] = [np.zeros((0, self.dimensions), np.float32)]
        # SigLIP was trained on padded text and reads it without a mask: it must be padded to that very length.
        padding = {"padding": True if model.config.model_type == "clip" else "max_length"}
        limit = int(model.config.text_config.max_position_embeddings)
        for at in range(0, len(texts), BATCH):
            said = [" ".join(chinese_glossary.english(text).split()) for text in texts[at : at + BATCH]]
            pieces = words(said, truncation=True, max_length=limit, return_tensors="pt", **padding).to(self._device)
            with torch.inference_mode():
                rows.append(model.get_text_features(**pieces).pooler_output.float().cpu().numpy())
        found = unit(np.concatenate(rows))
        found[[not any(char.isalnum() for char in text) for text in texts]] = 0
        return found

    def adherence(self, pictures: Vectors, text: Vectors) -> Vectors:
        """Against each of the other briefs by the model's own temperature, the mean of those probabilities.

        Such models tell which of two texts is nearer; their bare cosines mean nothing that one could compare.
        """
        import numpy as np

        if not np.any(text):
            return np.full(len(pictures), 0.5, np.float32)
        ahead = (pictures @ text)[:, None] - pictures @ self._others.T
        return np.asarray((1 / (1 + np.exp(-self._temperature * ahead))).mean(1), np.float32)

    @cached_property
    def _others(self) -> Vectors:
        return self.embed_texts(OTHERS)

    @property
    def _temperature(self) -> float:
        self.load(self._device)
        return float(self._loaded[0].logit_scale.exp())

    def _folder(self) -> Path:
        """Where the model lies, downloaded if need be. Raises EngineError."""
        if (folder := checkpoint.folder_of(self.model)) is None:
            self.load(self._device)
            folder = checkpoint.folder_of(self.model)
        if folder is None or (reason := _wrong(folder)):
            raise EngineError(reason if folder else _("The folder %(folder)s does not exist."), folder=self.model)
        return folder


def _opened(model: str) -> tuple[Any, Any, Any]:
    """Model, tokenizer and image processor. Raises whatever transformers does, and ValueError for missing tensors."""
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer, PreTrainedTokenizerFast

    eyes: Any = AutoImageProcessor  # it carries no types
    network, told = AutoModel.from_pretrained(model, use_safetensors=True, output_loading_info=True)
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"it lacks {', '.join(missing[:3])}")
    # SigLIP's own tokenizer class wants sentencepiece; tokenizer.json beside it says the same without.
    words: Any = AutoTokenizer if network.config.model_type == "clip" else PreTrainedTokenizerFast
    return network, words.from_pretrained(model), eyes.from_pretrained(model, backend="pil")


def _wrong(folder: Path) -> str | None:
    """Why the model in `folder` cannot be used, as far as its files tell."""
    if _config(folder).get("model_type") not in KINDS:
        return Sentence(_("%(folder)s holds no CLIP and no SigLIP."), folder=folder)
    return checkpoint.unusable(folder, WEIGHTS)


def _config(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
