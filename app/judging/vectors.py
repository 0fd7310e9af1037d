"""How a vector is kept: numbers of 16 bits, little-endian (IEEE 754 binary16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.judging.judge import Vectors

KIND = "<f2"


def pack_vector(vector: Vectors) -> bytes:
    """A vector as the tables keep it: two bytes a number."""
    return vector.astype(KIND).tobytes()


def unpack_vector(data: bytes) -> Vectors:
    """A vector from a table."""
    import numpy as np

    return np.frombuffer(data, KIND).astype(np.float32)
