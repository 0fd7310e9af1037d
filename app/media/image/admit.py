"""Pictures: what may come in, thumbnails, differences."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps, ImageStat

from app import gate
from app.bounded import MB, Data, bounded, content
from app.errors import InvalidError, TooLargeError, UnsupportedError, _
from app.media.image import beside
from app.media.image.recipes import RECIPE

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
MAX_SIDE = 16_384  # pixels
FEW = 1_500_000  # pixels that are decoded in some hundredths of a second
LOOK = 512  # pixels of the longer side at which pictures are compared
SIGNATURE = beside.SIGNATURE
HEIF = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}  # brands (ISO/IEC 23008-12, annex B)
KNOWN = (SIGNATURE, b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")  # how pictures begin


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture that was decoded and encoded anew."""

    bytes: int
    width: int
    height: int
    colour: str
    recipe: dict[str, Any] | str | None  # as app.gate.recipe tells it
    says: dict[str, str]  # what another program wrote of how it made the picture
    simplified: list[str]  # what was left out or made simpler (message ids)


def _room(_data: Data, max_pixels: int, *_about: Any) -> int:
    """Bytes that a picture of `max_pixels` takes while it is decoded and turned: four for each pixel, a few times over."""
    return 200 * MB + 20 * max_pixels


def _few(_data: Data, pixels: int, *_about: Any) -> bool:
    """Whether a picture of so many pixels is decoded at once."""
    return pixels <= FEW


TOO_MUCH = _(
    "This picture needs too much time or memory to be read. Save it smaller, or as a plain PNG or JPEG, and try again."
)


@bounded(30, _room, TOO_MUCH, output=1024 * MB)
def admit(data: Data, max_pixels: int, to: Path) -> Picture:
    """An uploaded picture, decoded whole and encoded anew as the PNG `to`: only its pixels, upright, of the first frame.

    Raises UnsupportedError (not a picture of FORMATS, damaged), TooLargeError (more than `max_pixels` pixels).
    """
    picture, texts, simplified = _decoded(content(data), max_pixels)
    picture.save(to, "PNG", compress_level=3)
    recipe = gate.recipe(texts[RECIPE]) if RECIPE in texts else None
    says = {} if recipe else beside.says(texts)
    return Picture(to.stat().st_size, picture.width, picture.height, mean_colour(picture), recipe, says, simplified)


@bounded(30, _room, TOO_MUCH)
def look_at(data: Data, max_pixels: int, side: int) -> bytes:
    """An uploaded picture as a WebP no wider and no higher than `side` pixels. Raises what `admit` does."""
    return _small(_decoded(content(data), max_pixels)[0], side)


def _decoded(data: bytes, max_pixels: int) -> tuple[Image.Image, dict[str, str], list[str]]:
    """A picture in RGB or RGBA with nothing but its pixels, the texts beside them, and what was made simpler.

    Raises what `admit` does.
    """
    near = beside.apart(data) if data.startswith(SIGNATURE) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(near.data if near else data), formats=FORMATS) as opened:
                _check_size(opened.size, max_pixels)
                opened.load()
                if near:
                    opened.info |= {"icc_profile": near.profile or b"", "exif": near.exif or b""}
                texts = near.texts if near else _texts(opened)
                simplified = _simplified(opened, near)
                _turn(opened)
                picture = _plain(opened)
    except (TooLargeError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many(max_pixels) from error
    except Exception as error:  # whatever a decoder says of bytes that somebody made up
        raise UnsupportedError(_refusal(data, error)) from error
    if min(picture.size) < 8:  # noqa: PLR2004 (an autoencoder's latent needs 8 pixels)
        raise InvalidError("file", _("the picture is too small: at least 8 by 8 pixels"))
    return picture, texts, simplified


def _simplified(opened: Image.Image, near: beside.Beside | None) -> list[str]:
    """What the picture that is kept does not have of the one that came (message ids)."""
    found = []
    if getattr(opened, "n_frames", 1) > 1 or (near and near.moving):
        found.append(_("The file holds several pictures; the first was taken."))
    if opened.mode.startswith(("I", "F")) or (near and near.deep):
        found.append(_("Its colours have 16 bits in the file; 8 were kept."))
    if opened.mode == "CMYK":
        found.append(_("Its colours for print became colours for screens."))
    return found


def _turn(picture: Image.Image) -> None:
    """Turn it upright, as its EXIF says; an EXIF that is none says nothing."""
    with contextlib.suppress(Exception):  # whatever the reader says of bytes that somebody made up
        ImageOps.exif_transpose(picture, in_place=True)


def _texts(picture: Image.Image) -> dict[str, str]:
    """What stands beside the pixels of another kind of picture: its comment, and the user comment of its EXIF."""
    found = {"Comment": picture.info.get("comment")}
    with contextlib.suppress(Exception):  # as in _turn
        found["UserComment"] = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    texts = {name: _said(value) for name, value in found.items() if isinstance(value, (str, bytes))}
    program = next((text for text in texts.values() if beside.SETTINGS.search(text)), None)
    return {"parameters": program} if program else {}


def _said(value: str | bytes) -> str:
    """A comment; EXIF says in its first eight bytes how it is written (2.32, 4.6.6)."""
    if isinstance(value, str):
        return value
    if value.startswith(b"UNICODE\0"):
        return max((value[8:].decode(coding, "replace") for coding in ("utf-16-be", "utf-16-le")), key=lambda s: s.count(" "))
    return value.removeprefix(b"ASCII\0\0\0").decode("utf-8", "replace")


def _refusal(data: bytes, error: Exception) -> str:
    """Why a picture was not taken, and what helps."""
    kind = data[4:12]
    if kind.startswith(b"ftyp") and kind[4:] in HEIF:
        return _("HEIC pictures cannot be read here. Save it as JPEG or PNG and import that.")
    if kind in {b"ftypavif", b"ftypavis"}:
        return _("This AVIF picture is damaged, or written in a way that cannot be read here. Save it as PNG and import that.")
    if "truncated" in str(error) or (data.startswith(SIGNATURE) and b"IEND" not in data[-16:]):
        return _("This picture is broken off: its file ends before the picture does. Import the whole file.")
    if data.startswith(KNOWN):
        return _("This picture is damaged, or written in a way that cannot be read here. Save it again as PNG and import that.")
    return UnsupportedError.title


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in RGB or RGBA of 8 bits in sRGB, with nothing but its pixels."""
    if picture.mode.startswith("I"):  # greys of 16 bits: `convert` would cut them off at 255
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
        picture.info.pop("transparency", None)
    plain = _in_srgb(picture) if picture.mode == "CMYK" else picture
    plain = _in_mode(plain, "RGBA" if plain.has_transparency_data else "RGB")
    if picture.mode != "CMYK":
        plain = _in_srgb(plain)
    plain.info = {}
    return plain


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """The picture in a mode; one that has it is not copied."""
    return picture if picture.mode == mode else picture.convert(mode)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The same colours in sRGB, by the profile that the picture carries; a profile that does not fit is left aside."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture
    mode = picture.mode if picture.mode in {"RGB", "RGBA"} else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels or max(size) > MAX_SIDE:
        raise _too_many(max_pixels)


def _too_many(max_pixels: int) -> TooLargeError:
    return TooLargeError(_("That picture has too many pixels: at most %(limit)d million."), limit=max_pixels // 10**6)


def mean_colour(picture: Image.Image) -> str:
    """The mean colour as `#rrggbb`, transparent parts on white."""
    one = picture.resize((1, 1), Image.Resampling.BOX)
    if one.mode == "RGBA":
        one = Image.alpha_composite(Image.new("RGBA", one.size, "white"), one)
    return "#" + one.convert("RGB").tobytes().hex()


@bounded(
    20,
    _room,
    _("This picture needs too much time or memory to be made smaller here. Take the whole of it: it is there unchanged."),
    small=_few,
)
def thumbnail(data: Data, pixels: int, width: int) -> bytes:  # noqa: ARG001 (how many it has: the bounds go by it)
    """A WebP no wider and no higher than `width` pixels; a picture of fewer than that stays as large as it is."""
    with Image.open(io.BytesIO(content(data)), formats=FORMATS) as picture:
        picture.draft("RGB", (width, width))
        return _small(_in_mode(picture, "RGBA" if picture.has_transparency_data else "RGB"), width)


def _small(picture: Image.Image, width: int) -> bytes:
    picture.thumbnail((width, width), Image.Resampling.LANCZOS, reducing_gap=2.0)
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=86, method=2)
    return encoded.getvalue()


@bounded(20, _room, _("These pictures need too much time or memory to be compared."), small=_few)
def difference(one: Data, pixels: int, other: Data) -> float:  # noqa: ARG001 (how many each has: the bounds go by it)
    """Mean absolute difference of two pictures, 0 (same) to 1 (black against white), over their RGB values.

    Large ones are compared at LOOK pixels of their longer side.
    """
    here, there = (_look(content(data)) for data in (one, other))
    if here.size != there.size:  # a drawing's raster is larger than its natural size
        smaller = min(here.size, there.size)
        here, there = (look if look.size == smaller else look.resize(smaller, Image.Resampling.BOX) for look in (here, there))
    means = ImageStat.Stat(ImageChops.difference(here, there)).mean
    return round(sum(means) / len(means) / 255, 4)


def _look(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        picture.thumbnail((LOOK, LOOK))
        return picture.convert("RGB")


@bounded(30, _room, TOO_MUCH, output=1024 * MB)
def png(data: Data, pixels: int, to: Path) -> None:  # noqa: ARG001 (how many it has: the bounds go by it)
    """Another kind of picture as the PNG `to`."""
    with Image.open(io.BytesIO(content(data)), formats=FORMATS) as picture:
        picture.load()
        picture.info = {}
        picture.save(to, "PNG", compress_level=3)
