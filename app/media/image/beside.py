"""What stands in a PNG beside its pixels: kept apart before it is decoded, so that it never decides about the picture."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from app import gate
from app.errors import UnfitError
from app.media.image.comfy_graph import Graph, Input, Role, samplers, traced

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}  # all that is decoded (PNG, third edition, 11.2 and 11.3.1)
LARGEST_PROFILE = 16 * 2**20  # bytes of a colour profile
LONGEST = 2**20  # bytes of one text, unpacked
MOST = 64  # texts that are looked at
SAYS = 4_000  # code points of each text of another program that are told
THEIRS = ("parameters", "prompt", "Dream", "sd-metadata", "invokeai_metadata")  # no camera, and no person, writes these
NEGATIVE = re.compile(r"\nNegative prompt: ?(.*?)(?=\nSteps: |\Z)", re.DOTALL)
SETTINGS = re.compile(r"\n(Steps: \d+, .*)\Z", re.DOTALL)
TOLD = {Role.PROMPT: "prompt", Role.AVOID: "avoid", Role.SEED: "seed", Role.STEPS: "steps", Role.GUIDANCE: "cfg"}
SETTING = re.compile(r"\s*([A-Z][\w ]{0,40}): (\"[^\"]*\"|[^,]*)(?:,|\Z)")


class Beside(NamedTuple):
    """A PNG with nothing but its pixels, its colour profile, its EXIF, and its texts by their keyword."""

    data: bytes
    profile: bytes | None
    exif: bytes | None
    texts: dict[str, str]
    moving: bool  # more pictures follow the first (11.3.6.1)
    deep: bool  # 16 bits a colour


def apart(data: bytes) -> Beside:
    """The parts of a PNG; one that is broken off ends where it does. What cannot be read beside the pixels is left out."""
    kept, texts = [SIGNATURE], dict[str, str]()
    profile = exif = None
    moving = False
    for kind, body, whole in _chunks(data):
        if kind in PIXELS:
            kept.append(whole)
        elif kind == b"iCCP":
            profile = _unpacked(body.partition(b"\0")[2][1:], LARGEST_PROFILE)
        elif kind == b"eXIf":
            exif = body
        elif kind == b"acTL":
            moving = True
        elif kind in {b"tEXt", b"zTXt", b"iTXt"} and len(texts) < MOST:
            name, text = _text(kind, body)
            if text is not None:
                texts.setdefault(name, text)
    return Beside(b"".join(kept), profile, exif, texts, moving, data[24:25] == b"\x10")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Each chunk: its type, its data, and all its bytes (5.3)."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + size], data[at : at + 12 + size]
        at += 12 + size


def _text(kind: bytes, body: bytes) -> tuple[str, str | None]:
    """A keyword and what stands under it (11.3.3); None where that cannot be read."""
    name, _zero, rest = body.partition(b"\0")
    keyword, packed = name.decode("latin-1"), kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    found = _unpacked(rest, LONGEST) if packed else rest[:LONGEST]
    if found is None:
        return keyword, None
    try:
        return keyword, found.decode()
    except UnicodeDecodeError:  # tEXt and zTXt are Latin-1, though many programs write UTF-8 into them
        return keyword, found.decode("latin-1")


def _unpacked(data: bytes, most: int) -> bytes | None:
    """What zlib packed, at most `most` bytes of it; None for what it cannot read, or for more."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(data, most)
    except zlib.error:
        return None
    return found if unpacking.eof else None


def says(texts: Mapping[str, str]) -> dict[str, str]:
    """What another program wrote of how it made the picture: never trusted, only told."""
    found = {name: gate.printable(texts[name], SAYS) for name in THEIRS if texts.get(name, "").strip()}
    if "parameters" in found:
        return _parameters(found["parameters"])
    if "prompt" in found and (words := _graph(texts["prompt"])):
        return words
    return found


def _parameters(text: str) -> dict[str, str]:
    """The words of AUTOMATIC1111 and all who write like it: prompt, what to avoid, settings."""
    settings = SETTINGS.search(text)
    negative = NEGATIVE.search(text)
    end = min([at.start() for at in (settings, negative) if at], default=len(text))
    found = {"prompt": text[:end].strip(), "avoid": negative[1].strip() if negative else ""}
    for name, value in SETTING.findall(settings[1]) if settings else ():
        found[name.strip().lower()] = value.strip('" ')
    return {name: value for name, value in found.items() if value}


def _graph(text: str) -> dict[str, str]:
    """The words and the numbers of a graph of ComfyUI."""
    try:
        graph = Graph(gate.parsed(text, numbers=False))  # its seeds go up to 2^64
    except UnfitError:
        return {}
    found = {name: graph.value(places[0]) for role, places in traced(graph).items() if (name := TOLD.get(role))}
    for node in samplers(graph):
        found |= {name: graph.value(Input(node, name)) for name in ("sampler_name", "scheduler") if name not in found}
    return {name: gate.printable(str(value), SAYS) for name, value in found.items() if value not in {None, ""}}
