"""Good files of every kind that a reader takes."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import soundfile
from PIL import Image, ImageCms, PngImagePlugin

from app.media.music.abc.abc import read_tune
from app.media.music.files.midi import midi
from app.media.music.files.musicxml import musicxml

TUNE = """X:1
T:The Fox
C:Trad. % nobody knows
R:jig
M:6/8
L:1/8
Q:3/8=110
K:D
|:A|"D"d>fe {g}d2A|[1,3 (3BAF !trill!"A"A2F:|[2 ABA [K:G] [df]2e||
V:2
[V:1] "Em7"E^D=E [M:3/4] z2 [EGB]4- [EGB]/2|w:la la
%%staves (1 2)
I:linebreak $
|: c'/d,, C>D .A ~B Z2 :: x4 & y2 |]
"""
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Target="word/document.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    "</Relationships>"
)


def zipped(files: dict[str, bytes | str], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(body: str) -> bytes:
    """A DOCX with this in its body."""
    return zipped(
        {
            "_rels/.rels": RELATIONSHIPS,
            "word/document.xml": f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
        }
    )


def mxl(score: bytes) -> bytes:
    """MusicXML in its container."""
    container = '<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>'
    return zipped({"META-INF/container.xml": container, "score.musicxml": score})


def _pictures(kind: str) -> Iterator[bytes]:
    """Small pictures of many modes, with profiles, orientations, transparency, several frames."""
    chance = random.Random(kind)
    noise = Image.frombytes("RGBA", (40, 30), chance.randbytes(40 * 30 * 4))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    modes = {"PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK"), "GIF": ("L", "P", "RGB")}
    for mode in modes.get(kind, ("RGB", "RGBA")):
        picture = noise.convert("L").convert("I;16") if mode == "I;16" else noise.convert(mode)
        about: dict[str, Any] = {"icc_profile": srgb, "exif": exif} if mode in {"RGB", "RGBA"} and kind != "GIF" else {}
        if kind == "PNG" and mode == "RGB":
            about["pnginfo"] = PngImagePlugin.PngInfo()
            about["pnginfo"].add_itxt("stemma", '{"stemma": 1, "brief": {"intent": "fox"}}')
        if kind == "JPEG" and mode == "RGB":
            about["progressive"] = True
        if kind in {"GIF", "WEBP"} and mode == "RGB":
            about |= {"save_all": True, "append_images": [picture.rotate(90)], "duration": 100}
        out = io.BytesIO()
        picture.save(out, kind, **about)
        yield out.getvalue()
    yield png16(9, 9, 6)


def png16(width: int, height: int, colour: int = 2) -> bytes:
    """A PNG of 16 bits a channel; `colour` as in IHDR."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    packer, row = zlib.compressobj(9), b"\0" + b"\x12\x34" * (width * channels)
    data = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def recording(kind: str, subtype: str, rate: int = 8_000, channels: int = 2, seconds: float = 0.4) -> bytes:
    """A sound file of noise."""
    out = io.BytesIO()
    noise = np.random.default_rng(3).normal(0, 0.2, (round(rate * seconds), channels))
    soundfile.write(out, noise, rate, subtype, format=kind)
    return out.getvalue()


SOUNDS: dict[str, tuple[tuple[str, str], ...]] = {
    "wav": (
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAV", "PCM_U8"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "PCM_16"),
    ),
    "flac": (("FLAC", "PCM_16"), ("FLAC", "PCM_24")),
    "mp3": (("MP3", "MPEG_LAYER_III"),),
    "ogg": (("OGG", "VORBIS"), ("OGG", "OPUS")),
}
WORDS = "微风拂面过东楼，\n月满空庭夜未收。\r\nThe fox — ran\ttwice.\n\n\u202eabc 👩‍👩‍👧\n"
BODY = (
    '<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:t xml:space="preserve">one </w:t><w:tab/><w:t>two</w:t></w:r></w:p>'
    "<w:del><w:r><w:t>gone</w:t></w:r></w:del><w:p><w:r><w:br/><w:t>&#x6708;</w:t></w:r></w:p><w:tbl><w:tr/></w:tbl>"
)

PAGE = """<!DOCTYPE html><html lang=zh><head><meta charset="utf-8"><title>月</title><style>p { x: "<" }</style></head><body>
<h1>月满 <em>空庭</em></h1><p style="font-weight: bold">The fox<br>ran &amp; hid &#x6708;&nbsp;<a href="https://example.org/?a=1">here</a>
<ul><li>one<ol start=3><li>two</ol></ul><table><tr><th colspan=2>a<th>b
<tr><td><b>c</b><td>d</table><blockquote><p>q<p>r</blockquote>
<ruby>漢<rt>kan</rt></ruby><pre><code>if a &lt; b:</code></pre><hr><p hidden>no</p><script>"</p>"</script>
<svg><text>t</text></svg><q>z</q>
</body></html>
"""


@cache
def good(kind: str) -> tuple[bytes, ...]:
    """Whole files of this kind (by the ending of their names)."""
    if kind in SOUNDS:
        rates = ((8_000, 1), (48_000, 2))
        return tuple(recording(name, sub, rate, channels) for name, sub in SOUNDS[kind] for rate, channels in rates)
    if kind in {"png", "jpeg", "webp", "gif", "avif"}:
        return tuple(_pictures(kind.upper()))
    score = musicxml(read_tune(TUNE), '{"stemma": 1}')
    several: dict[str, tuple[bytes, ...]] = {
        "txt": (
            *(WORDS.encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
            "微风拂面过东楼".encode("gb18030"),
        ),
        "md": (b"# Fox\n\n- one\n- *two*\n\n```\ncode\n```\n", WORDS.encode()),
        "html": (PAGE.encode(), PAGE.replace("utf-8", "gbk").encode("gb18030"), PAGE.replace("p>", "div>").encode("utf-16")),
        "docx": (docx(BODY), docx(BODY * 20)),
        "abc": (TUNE.encode(), (TUNE + TUNE.replace("X:1", "X:2")).encode(), TUNE.encode("utf-16")),
        "musicxml": (score,),
        "mxl": (mxl(score),),
        "mid": (midi(read_tune(TUNE)), midi(read_tune(TUNE), instrument=40, tempo=90, told="x")),
    }
    return several[kind]


KINDS = ("png", "jpeg", "webp", "gif", "avif", "txt", "md", "docx", "html", "abc", "musicxml", "mxl", "mid", *SOUNDS)
