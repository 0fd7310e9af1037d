"""all-MiniLM-L6-v2 (a BERT of six layers, 384 wide) in numpy: a sentence's vector without torch, in milliseconds.

The mean of the last layer's tokens, as the model was trained to be read (Reimers & Gurevych 2019, §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.engines.shared import minilm, weights
from app.engines.shared.local_engine import unusable
from app.errors import EngineError, Sentence, _

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

WIDTH, LAYERS, HEADS = 384, 6, 12
_EPSILON = 1e-12
FILE = "model.safetensors"


def fault() -> str | None:
    """Why sentences cannot be read, or None."""
    where = minilm.folder()
    if where is None:
        return Sentence(_("The package %(package)s is not installed."), package=minilm.PACKAGE)
    return unusable(where / FILE, weights.fault(where / FILE))


@lru_cache(maxsize=512)
def sentence(text: str) -> Array | None:
    """`text` as the house's image engine reads it (Chinese through its glossary, 24 word pieces): [384], read only.

    None when it has no word that is known. Raises EngineError when the model is missing.
    """
    read, _dropped = minilm.readable(text)
    if not any(char.isalnum() for char in read):
        return None
    vector: Array = _hidden(_tensors(), minilm.tokens(read)).mean(0)
    vector.flags.writeable = False  # it is shared by whoever asks for this text
    return vector


@lru_cache(maxsize=1)
def _tensors() -> Mapping[str, Array]:
    from safetensors.numpy import load_file

    if reason := fault():
        raise EngineError(reason)
    where = minilm.folder()
    tensors: dict[str, Array] = load_file(str(where / FILE)) if where else {}
    return tensors


def _hidden(tensors: Mapping[str, Array], tokens: list[int]) -> Array:
    """The last layer for the word pieces `tokens`: [tokens, 384]."""

    def dense(x: Array, name: str) -> Array:
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        scaled: Array = x / ((x * x).mean(-1, keepdims=True) + _EPSILON) ** 0.5
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def heads(x: Array) -> Array:
        return x.reshape(len(tokens), HEADS, -1).transpose(1, 0, 2)

    at = "embeddings"
    x = tensors[f"{at}.word_embeddings.weight"][tokens] + tensors[f"{at}.position_embeddings.weight"][: len(tokens)]
    x = norm(x + tensors[f"{at}.token_type_embeddings.weight"][0], f"{at}.LayerNorm")
    for number in range(LAYERS):
        at = f"encoder.layer.{number}"
        query, key, value = (heads(dense(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
        seen = _softmax(query @ key.transpose(0, 2, 1) / (WIDTH / HEADS) ** 0.5) @ value
        joined = seen.transpose(1, 0, 2).reshape(len(tokens), WIDTH)
        x = norm(x + dense(joined, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        widened = _gelu(dense(x, f"{at}.intermediate.dense"))
        x = norm(x + dense(widened, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    return x


def _softmax(x: Array) -> Array:
    import numpy as np

    raised = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


def _gelu(x: Array) -> Any:
    """x Φ(x); the error function by Abramowitz & Stegun 7.1.26, off by 1.5e-7 at most (numpy has none)."""
    import numpy as np

    z = np.abs(x) / np.float32(2**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series: Any = np.float32(0)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    error = 1 - series * np.exp(-z * z)
    return np.float32(0.5) * x * (1 + np.sign(x) * error)
