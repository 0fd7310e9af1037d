"""What stands beside a picture's pixels never decides whether the picture comes in."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from app.errors import UnsupportedError
from app.media.image.admit import admit, look_at
from app.media.image.beside import SIGNATURE, says

CASES = Path(__file__).parents[1] / "cases"
bring, look = admit.here, look_at.here


def encoded(kind: str, **options: object) -> bytes:
    """A teal picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG."""
    right = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", right if checksum is None else checksum)


def with_chunk(*chunks: bytes) -> bytes:
    """A PNG with these between its head and its pixels."""
    data = encoded("PNG")
    return data[:33] + b"".join(chunks) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        with_chunk(chunk(b"iCCP", b"Screen\0\0" + zlib.compress(b"\0" * 3_000_000))),
        with_chunk(chunk(b"iCCP", b"Screen\0\0" + zlib.compress(b"\0" * 40_000_000))),
        with_chunk(chunk(b"iCCP", b"no zlib")),
        with_chunk(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 5_000_000))),
        with_chunk(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"x" * 5_000_000))),
        with_chunk(chunk(b"iTXt", b"broken")),
        with_chunk(chunk(b"tEXt", b"Comment\0x", checksum=1)),
        with_chunk(*[chunk(b"tEXt", b"k%d\0x" % at) for at in range(500)]),
        with_chunk(chunk(b"eXIf", b"this is no EXIF")),
        with_chunk(chunk(b"eXIf", b"II*\0\xff\xff\xff\xff")),
        with_chunk(chunk(b"pHYs", b"")),
        with_chunk(chunk(b"gAMA", b"1")),
        with_chunk(chunk(b"acTL", b"\0")),
        with_chunk(chunk(b"sBIT", b"")),
        encoded("PNG") + b"trailing",
        encoded("JPEG", exif=b"Exif\0\0garbage"),
        encoded("JPEG", icc_profile=b"x" * 2_000_000),
        encoded("JPEG", comment=b"\xff" * 60_000),
        encoded("WEBP", exif=b"garbage", icc_profile=b"garbage"),
        encoded("TIFF"),
        encoded("BMP"),
    ],
    ids=range(21),
)
def test_a_good_picture_comes_in_whatever_stands_beside_it(data: bytes, tmp_path: Path) -> None:
    found = bring(data, 10**6, tmp_path / "kept.png")
    assert (found.width, found.height, found.recipe, found.says) == (40, 30, None, {})
    with Image.open(tmp_path / "kept.png") as kept:
        assert kept.convert("RGB").getpixel((3, 3))[1] in range(120, 137)  # type: ignore[index]  # three ints
    assert look(data, 10**6, 32)


@pytest.mark.parametrize(
    "path", sorted(CASES.glob("0[46]-*/*.png")) + sorted(CASES.glob("1[78]-*/*")), ids=lambda path: path.name
)
def test_pictures_from_reports_come_in(path: Path, tmp_path: Path) -> None:
    assert bring(path.read_bytes(), 10**6, tmp_path / "kept.png").width >= 96


def refused(data: bytes, tmp_path: Path) -> str:
    """The sentence."""
    with pytest.raises(UnsupportedError) as found:
        bring(data, 10**6, tmp_path / "kept.png")
    return found.value.title


@pytest.mark.parametrize("path", sorted(CASES.glob("08-*/*.avif")), ids=lambda path: path.name)
def test_an_avif_that_the_decoder_gives_up_on_is_a_sentence(path: Path, tmp_path: Path) -> None:
    assert "AVIF" in refused(path.read_bytes(), tmp_path)
    assert "damaged" in refused(path.read_bytes(), tmp_path)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "HEIC" in refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, tmp_path)
    noise = Image.effect_noise((200, 200), 90)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF"):
        out = io.BytesIO()
        noise.save(out, kind)
        said = refused(out.getvalue()[: len(out.getvalue()) // 2], tmp_path)
        assert "broken off" in said or "damaged" in said, kind
    assert "damaged" in refused(SIGNATURE + chunk(b"IHDR", b"\0" * 13) + chunk(b"IEND", b""), tmp_path)
    assert "not a picture" in refused(b"words", tmp_path)


def test_what_another_program_says_of_its_picture_is_told(tmp_path: Path) -> None:
    found = bring((CASES / "01-others-recipes/a1111.png").read_bytes(), 10**6, tmp_path / "a.png").says
    assert found["prompt"].startswith("a lighthouse on a cliff, oil painting, (warm light:1.2)\nsecond line")
    assert (found["avoid"], found["seed"], found["steps"]) == ("blurry, text", "3141592653", "24")
    found = bring((CASES / "01-others-recipes/a1111-zh.png").read_bytes(), 10**6, tmp_path / "b.png").says
    assert (found["prompt"], found["avoid"], found["seed"]) == ("灯塔, 水墨画", "模糊", "42")
    found = bring((CASES / "02-comfy-recipe/comfy.png").read_bytes(), 10**6, tmp_path / "c.png").says
    assert (found["seed"], found["steps"]) == ("12345678901234567", "20")
    assert "prompt" in found
    user = Image.Exif()
    user.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a fox\nSteps: 3, Seed: 7, Size: 8x8".encode("utf-16-be")
    found = bring(encoded("JPEG", exif=user), 10**6, tmp_path / "d.png").says
    assert (found["prompt"], found["seed"]) == ("a fox", "7")


@pytest.mark.parametrize(
    "prompt", ["{", "[1]", '{"1": 2}', '{"1": {"inputs": {"positive": ["1", 0], "text": ["1", 0]}}}', "a" * 9000]
)
def test_what_a_graph_says_is_bounded(prompt: str) -> None:
    assert all(len(said) <= 4_000 for said in says({"prompt": prompt}).values())
