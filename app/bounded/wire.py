"""What goes between who asks and a child: a call with its open files one way, a result or an error the other."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import sys
from collections.abc import Sequence
from typing import Any

from app.bounded.bounds import Source
from app.errors import StemmaError

HEAD = struct.Struct("!QH")  # length of the pickled call, and how many files come with it
MOST_FILES = 8
ANSWER = 64 * 2**20  # bytes of a result
PLAIN = {("fractions", "Fraction"), ("builtins", "set"), ("builtins", "frozenset")}


class _Pickler(pickle.Pickler):
    """Puts a file's number in place of a Source."""

    def __init__(self, out: io.BytesIO) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self.files: list[int] = []

    def persistent_id(self, obj: Any) -> int | None:
        if not isinstance(obj, Source):
            return None
        obj.file.flush()
        self.files.append(obj.file.fileno())
        return len(self.files) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, files: Sequence[int]) -> None:
        super().__init__(io.BytesIO(data))
        self.files = files

    def persistent_load(self, pid: Any) -> Source:
        return Source(os.fdopen(self.files[pid], "rb"))


def call_digest(call: Any) -> bytes:
    """The same for calls that ask for the same."""
    data, files = pack_call(call)
    return hashlib.sha256(data + repr(files).encode()).digest()


def pack_call(call: Any) -> tuple[bytes, list[int]]:
    """A call, and the descriptors of the files that belong to it."""
    out = io.BytesIO()
    pickler = _Pickler(out)
    pickler.dump(call)
    return out.getvalue(), pickler.files


def unpack_call(data: bytes, files: Sequence[int]) -> Any:
    """The call again, in the child."""
    return _Unpickler(data, files).load()


class _Answer(pickle.Unpickler):
    """Makes plain values and those of the house's own classes: a child that a hostile file took over can send no others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        found = getattr(sys.modules.get(module), name, None) if module.startswith("app.") else None
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def result(value: Any) -> bytes:
    """What a task gave."""
    return pickle.dumps(("result", value), pickle.HIGHEST_PROTOCOL)


def failure(error: StemmaError) -> bytes:
    """What a task raised, with words for the person."""
    return pickle.dumps(("error", type(error), error.__dict__, error.args), pickle.HIGHEST_PROTOCOL)


def trouble(kind: str, said: Any = "") -> bytes:
    """`memory`: there was not enough of it; `system`: an OSError; `fault`: what nobody foresaw, with its traceback."""
    return pickle.dumps((kind, said), pickle.HIGHEST_PROTOCOL)


def answer(data: bytes) -> tuple[str, Any]:
    """What a child said: (kind, value). An error is an exception again. Raises pickle.UnpicklingError and what pickle does."""
    kind, *values = _Answer(io.BytesIO(data)).load()
    if kind != "error":
        return kind, values[0]
    of, state, args = values
    error = of.__new__(of)
    if not isinstance(error, StemmaError):
        raise pickle.UnpicklingError(str(of))
    error.__dict__.update(state)
    error.args = args
    return kind, error
