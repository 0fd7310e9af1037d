"""A Llama in one GGUF file becomes a folder in transformers' own layout, once.

GGUF: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. transformers reads such files itself, but anew each time
(20 to 50 s); the folder loads in under a second.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib.util
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import DiskFullError, EngineError, _

if TYPE_CHECKING:
    import numpy as np
    import torch

log = logging.getLogger(__name__)
WEIGHTS = "model.safetensors"
SOURCE = "source.json"  # written last: a folder without it was never finished
MADE = (SOURCE, WEIGHTS, "tokenizer.json", "config.json", "tokenizer_config.json")  # all that a conversion writes
VERSION = 1  # of the conversion: a folder of another one is made anew
CONTROL = 3  # llama.cpp's kind of a token that stands outside the merges
NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def converted(source: Path, folder: Path) -> Path:
    """`folder` holding the model of `source` (a GGUF file of a Llama) in bfloat16, converted now unless it was before.

    Processes may ask at the same time: one converts, the others wait. Until it is `finished`, nobody reads it.
    Raises EngineError when the file cannot be read, DiskFullError.
    """
    if finished(source, folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.with_suffix(".lock")):
            if not finished(source, folder):
                _convert(source, folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                _("The disk is full: a language model needs %(megabytes)d MB once. Make room and try again."),
                megabytes=_size(source) * 3 // 1_000_000,
            ) from error
        raise EngineError(
            _("The weights %(file)s cannot be used: %(reason)s"), file=str(source), reason=error.strerror or str(error)
        ) from error
    return folder


def finished(source: Path, folder: Path) -> bool:
    """Whether `folder` is a whole conversion of `source` as it is now."""
    try:
        told = json.loads((folder / SOURCE).read_text("utf-8"))
        return bool(told == _fingerprint(source) | {"weights": (folder / WEIGHTS).stat().st_size})
    except (OSError, ValueError):
        return False


def _fingerprint(source: Path) -> dict[str, Any]:
    return {"file": source.name, "bytes": _size(source), "version": VERSION}


def _size(path: Path) -> int:
    return path.stat().st_size


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _convert(source: Path, folder: Path) -> None:
    began = time.monotonic()
    half = folder.with_suffix(".half")
    _discard(half)  # what an interrupted conversion left
    half.mkdir(parents=True, exist_ok=True)
    try:
        _write(source, half)
        told = _fingerprint(source) | {"weights": _size(half / WEIGHTS)}
        (half / SOURCE).write_text(json.dumps(told), "utf-8")
        _discard(folder)
        folder.mkdir(exist_ok=True)
        for name in reversed(MADE):  # what says that all is there comes last
            _sync(half / name)
            (half / name).replace(folder / name)
        _sync(folder)
        _sync(folder.parent)
    finally:
        _discard(half)
    log.info("%s was converted in %.0f s", source.name, time.monotonic() - began)


def _discard(folder: Path) -> None:
    """Delete what a conversion makes, what says that it is whole first; and the folder, unless others' files are there."""
    with contextlib.suppress(OSError):
        for name in MADE:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(source: Path, folder: Path) -> None:
    """Configuration, weights and tokenizer into `folder`. Raises EngineError, OSError."""
    if importlib.util.find_spec("gguf") is None:
        raise EngineError(_("The package %(package)s is not installed."), package="gguf")
    from gguf import GGUFReader
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        reader = GGUFReader(source)
        field: Callable[[str], Any] = lambda name: reader.fields[name].contents()  # noqa: E731 (one line says it)
        config = _config(field)
        save_file(_tensors(reader.tensors, config), folder / WEIGHTS, metadata={"format": "pt"})
        tokenizer, told = _tokenizer(field)
    except SafetensorError as error:  # it hides the system's error number in its words
        full = "No space left" in str(error) or "os error 28" in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
    except (ValueError, KeyError, IndexError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise EngineError(_("The weights %(file)s cannot be used: %(reason)s"), file=str(source), reason=reason) from error
    (folder / "tokenizer.json").write_text(tokenizer, "utf-8")
    for name, content in (("config", config), ("tokenizer_config", told)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2), "utf-8")


def _config(field: Callable[[str], Any]) -> dict[str, Any]:
    """transformers' LlamaConfig of it. Raises KeyError, ValueError for another architecture."""
    if field("general.architecture") != "llama":
        raise ValueError(f"it is a {field('general.architecture')}, not a llama")
    heads = field("llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": field("llama.vocab_size"),
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": field("llama.attention.head_count_kv"),
        "head_dim": field("llama.embedding_length") // heads,
        "max_position_embeddings": field("llama.context_length"),
        "rms_norm_eps": field("llama.attention.layer_norm_rms_epsilon"),
        "rope_parameters": {"rope_type": "default", "rope_theta": field("llama.rope.freq_base")},
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "pad_token_id": field("tokenizer.ggml.padding_token_id"),
        "tie_word_embeddings": True,
        "dtype": "bfloat16",
    }


def _tensors(tensors: Any, config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The weights by transformers' names, in bfloat16; dequantised one after another, so memory stays small."""
    import torch
    from gguf import dequantize

    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    found = {}
    for tensor in tensors:
        block, part = "", tensor.name.removesuffix(".weight")
        if part.startswith("blk."):
            _blk, block, part = part.split(".")
        values = dequantize(tensor.data, tensor.tensor_type)
        values = values if values.flags.writeable else values.copy()  # torch wants no view of the file
        if part in heads:
            values = _unpermuted(values, heads[part])
        name = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}.get(part)
        name = name or f"model.layers.{block}.{NAMES[part]}"
        found[f"{name}.weight"] = torch.from_numpy(values).to(torch.bfloat16).contiguous()
    return found


def _unpermuted(values: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """[heads × width, in]: GGUF interleaves the two halves that a rotary embedding turns together; transformers does not."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _tokenizer(field: Callable[[str], Any]) -> tuple[str, dict[str, Any]]:
    """Byte-level BPE as `tokenizer.json` holds it, and transformers' configuration of it. Raises ValueError for others."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if field("tokenizer.ggml.model") != "gpt2" or field("tokenizer.ggml.pre") != "smollm":
        raise ValueError(f"its tokenizer is {field('tokenizer.ggml.model')}, {field('tokenizer.ggml.pre')}")
    tokens, kinds = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ", 1)) for merge in field("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    end = tokens[field("tokenizer.ggml.eos_token_id")]
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": end,
        "pad_token": tokens[field("tokenizer.ggml.padding_token_id")],
        "clean_up_tokenization_spaces": False,
        "chat_template": field("tokenizer.chat_template"),
    }
    return tokenizer.to_str(), told
