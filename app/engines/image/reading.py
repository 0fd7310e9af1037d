"""How far a checkpoint's text encoders read: CLIP 77 tokens, T5 hundreds; told from their tokenizers, without torch."""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ENDLESS = 1_000_000  # tokens; transformers writes 10^30 for "no limit"


def cut_to_limit(text: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    """`text` as far as the most patient tokenizer in the checkpoint `folder` reads it, and the words after that."""
    ends = [_end(text, *reader) for reader in _readers(folder)]
    end = max(ends, default=len(text))
    return text[:end].rstrip(), tuple(text[end:].split())


def _end(text: str, tokenizer: Tokenizer, limit: int) -> int:
    """Where in `text` the encoder stops: whole words only, within `limit` tokens, a start and an end among them."""
    pieces = [offsets for offsets in tokenizer.encode(text).offsets if offsets != (0, 0)]
    if len(pieces) <= limit - 2:
        return len(text)
    end: int = pieces[limit - 3][1]
    return end if text[end : end + 1].isspace() else text.rfind(" ", 0, end) + 1


@lru_cache(maxsize=16)
def _readers(folder: Path) -> tuple[tuple[Tokenizer, int], ...]:
    if importlib.util.find_spec("tokenizers") is None:
        return ()
    found = []
    for home in sorted(folder.glob("tokenizer*")):
        limit = _read_json(home / "tokenizer_config.json").get("model_max_length", ENDLESS)
        if limit >= ENDLESS:  # it reads everything
            return ()
        if tokenizer := _tokenizer(home):
            found.append((tokenizer, limit))
    return tuple(found)


def _tokenizer(home: Path) -> Tokenizer | None:
    """The tokenizer in `home`: a tokenizer.json, or CLIP's older vocab.json and merges.txt; None for other kinds."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    if (home / "tokenizer.json").is_file():
        tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
    elif (home / "merges.txt").is_file():  # as transformers makes it of these two files
        model = models.BPE.from_file(str(home / "vocab.json"), str(home / "merges.txt"), end_of_word_suffix="</w>")
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
        words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
        spelled = pre_tokenizers.Split(words, behavior="removed", invert=True)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([spelled, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
