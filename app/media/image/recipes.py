"""Pictures that carry their recipe: a PNG with a chunk of its own, an SVG with metadata."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from PIL import PngImagePlugin

from app.bounded import MB
from app.errors import UnsupportedError
from app.media.image.beside import SIGNATURE
from app.media.xml import NO_XML, RECIPE_SPACE

RECIPE = "stemma"  # keyword of the iTXt chunk that holds the recipe as JSON (PNG, third edition, 11.3.3.4)
HEAD = 33  # bytes of a PNG up to the end of its first chunk, IHDR
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def with_recipe(data: Path, recipe: Mapping[str, Any]) -> Iterator[bytes]:
    """The parts of a PNG file with `recipe` in an iTXt chunk `stemma`; every other byte stays what it is.

    Raises UnsupportedError when it is no PNG, before the first part.
    """
    with data.open("rb") as file:
        head = file.read(HEAD)
    if not head.startswith(SIGNATURE + b"\0\0\0\rIHDR") or len(head) < HEAD:
        raise UnsupportedError
    return _parts(data, recipe_chunks(recipe))


def recipe_chunks(recipe: Mapping[str, Any]) -> bytes:
    """The chunks that `with_recipe` puts in."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt(RECIPE, json.dumps(recipe, ensure_ascii=False), zip=False)
    info.add_itxt("Software", "Stemma")
    return b"".join(_chunk(name, data) for name, data, _after in info.chunks)


def _parts(path: Path, told: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(HEAD) + told
        while part := file.read(MB):
            yield part


def _chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG (third edition, 5.3)."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def svg_with_recipe(data: bytes, recipe: Mapping[str, Any], title: str, makers: Sequence[tuple[str, str]] = ()) -> bytes:
    """Our own SVG with a title, a description and `recipe` as JSON in its metadata (SVG 2, 5.7 and 5.8).

    `makers` are those whose drawings are in it, each with a licence: told in Dublin Core, as editors of drawings show it.
    """
    said = json.dumps(recipe, ensure_ascii=False)
    said = NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", said)
    brief = recipe.get("brief") or {}
    words = NO_XML.sub("", str(brief.get("intent", "")))
    head, end, paths = data.decode().partition(">\n")
    about = f"<title>{escape(NO_XML.sub('', title))}</title>\n" + (f"<desc>{escape(words)}</desc>\n" if words else "")
    about += f'<metadata>{_rights(makers)}<recipe xmlns="{RECIPE_SPACE}">{escape(said)}</recipe></metadata>\n'
    return f"{head}{end}{about}{paths}".encode()


def _rights(makers: Sequence[tuple[str, str]]) -> str:
    """A work in RDF with its contributors and under which licence each drawing came (creativecommons.org/ns)."""
    if not makers:
        return ""
    names = "".join(f"<rdf:li>{escape(NO_XML.sub('', maker))}</rdf:li>" for maker, _licence in makers)
    said = "; ".join(f"{maker}: {licence}" for maker, licence in makers)
    work = f"<dc:contributor><rdf:Bag>{names}</rdf:Bag></dc:contributor><dc:rights>{escape(NO_XML.sub('', said))}</dc:rights>"
    spaces = f'xmlns:rdf="{_RDF}" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:cc="http://creativecommons.org/ns#"'
    return f'<rdf:RDF {spaces}><cc:Work rdf:about="">{work}</cc:Work></rdf:RDF>'
