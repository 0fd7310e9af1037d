"""What the readers of XML in files that people bring have in common: how it is fed to the parser, and how broken files fail."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO
from xml.parsers import expat

LONGEST_TAG = 2**20  # bytes of one tag or remark: each is looked at again with every chunk until it ends
CHUNK = 2**18
# What zipfile and expat raise for bytes that are no such file: a ValueError where an offset lies outside of it, a LookupError
# for a part that is not there or an encoding that nobody knows.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    LookupError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def feed(parser: expat.XMLParserType, source: IO[bytes], most: int, bomb: Callable[[], Exception]) -> None:
    """Give `parser` all of `source`, chunk by chunk, to its end. Raises `bomb()` for more than `most` bytes and for a tag or
    remark that is too long, and what the parser and its handlers raise.
    """
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise bomb()
        parser.Parse(chunk)
        if size - parser.CurrentByteIndex > LONGEST_TAG:
            raise bomb()
    parser.Parse(b"", True)
