"""Ways to spoil a file: seeded, so that what fails can be made again."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.attacks.samples import chunk, good, zipped

SPECIAL = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63, 2**64 - 1)
TEXTS = (
    "\0",
    "\ufeff",
    "\ud800",
    "\u202e",
    "9" * 400,
    "-1",
    "1e999",
    "NaN",
    "<",
    "]]>",
    "&#0;",
    "\\",
    "{",
    "[K:",
    "[V:",
    '"',
    "%%",
    "<table><tr><td colspan=99999>",
    "<blockquote><ul><li>",
    "</td></table>",
)


def spoilt(kind: str, seed: int) -> bytes:
    """A file of this kind with something wrong in it."""
    chance = random.Random(f"{kind} {seed}")
    whole = chance.choice(good(kind))
    if kind in {"docx", "mxl"} and chance.random() < 0.7:
        return _spoilt_inside(whole, chance)
    if kind == "png" and chance.random() < 0.7:
        return _spoilt_chunks(whole, chance)
    several = _BYTES if kind not in {"txt", "md", "html", "abc", "musicxml"} or chance.random() < 0.3 else _SIGNS
    for _time in range(chance.choice((1, 1, 2, 4, 16))):
        whole = chance.choice(several)(whole, chance)
    if (
        kind == "mid" and chance.random() < 0.8 and len(whole) > 22
    ):  # lengths of chunks that fit, so that what they hold is read
        whole = whole[:4] + struct.pack(">I", 6) + whole[8:]
    return whole


def _spoilt_inside(whole: bytes, chance: random.Random) -> bytes:
    """A ZIP one of whose files is spoilt, and the archive itself now and then."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(files))
    data = files[name]
    for _time in range(chance.choice((1, 1, 2, 4, 16))):
        data = chance.choice(_SIGNS)(data if isinstance(data, bytes) else data.encode(), chance)
    made = zipped(files | {name: data}, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)))
    return chance.choice(_BYTES)(made, chance) if chance.random() < 0.1 else made


def _spoilt_chunks(whole: bytes, chance: random.Random) -> bytes:
    """A PNG whose chunks are spoilt, with sums that fit."""
    at, parts = 8, list[tuple[bytes, bytes]]()
    while at + 12 <= len(whole):
        (size,) = struct.unpack(">I", whole[at : at + 4])
        parts.append((whole[at + 4 : at + 8], whole[at + 8 : at + 8 + size]))
        at += 12 + size
    for _time in range(chance.choice((1, 1, 2, 4))):
        here = chance.randrange(len(parts))
        name, data = parts[here]
        way = chance.randrange(4)
        if way == 0:
            parts.insert(chance.randrange(len(parts) + 1), parts[here])
        elif way == 1 and len(parts) > 1:
            parts.pop(here)
        elif name == b"IDAT" and chance.random() < 0.5:
            try:
                parts[here] = name, zlib.compress(chance.choice(_BYTES)(zlib.decompress(data), chance))
            except zlib.error:
                parts[here] = name, data[::-1]
        else:
            parts[here] = name, chance.choice(_BYTES)(data, chance)
    return whole[:8] + b"".join(chunk(name, data) for name, data in parts)


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    """A stretch, mostly short."""
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 1, 2, 4, 8, 64, 1024)))


def _flipped(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _bit in range(chance.choice((1, 3, 30))):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _cut(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + data[end:] if chance.random() < 0.7 else data[:start]


def _repeated(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50, 2000)) + data[end:]


def _special(data: bytes, chance: random.Random) -> bytes:
    start, _end = _place(data, chance)
    size, order = chance.choice((1, 2, 4, 8)), chance.choice((">", "<"))
    number = chance.choice(SPECIAL) & (2 ** (8 * size) - 1)
    return data[:start] + struct.pack(order + "BHxIxxxQ"[size - 1], number) + data[start + size :]


def _random(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + chance.randbytes(end - start + chance.choice((0, 0, 9))) + data[end:]


def _word(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    said = chance.choice(TEXTS) * chance.choice((1, 1, 3, 3000))
    return data[:start] + said.encode("utf-8", "surrogatepass") + data[chance.choice((start, end)) :]


def _number(data: bytes, chance: random.Random) -> bytes:
    """One of the numbers in it as another."""
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    one = chance.choice(found)
    other = chance.choice((b"0", b"-1", b"1", b"65536", b"999999999", b"1" * 5000, b"1.5", b"1/3", "²".encode(), "٣".encode()))
    return data[: one.start()] + other + data[one.end() :]


def _swapped(data: bytes, chance: random.Random) -> bytes:
    """Two of its tags or lines in each other's place."""
    parts = re.split(rb"(?<=>)|(?<=\n)", data)
    if len(parts) > 2:
        one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flipped, _cut, _repeated, _special, _random)
_SIGNS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_word, _cut, _repeated, _number, _swapped, _random)
