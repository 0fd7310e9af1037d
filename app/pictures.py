"""Pictures: what may come in, thumbnails, and downloads that carry their recipe."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from app import gate
from app.errors import InvalidError, TooLargeError, UnsupportedError, _

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
RECIPE = "stemma"  # keyword of the iTXt chunk that holds the recipe as JSON (PNG, third edition, 11.3.3.4)
RECIPE_SPACE = "urn:stemma:recipe"  # the XML namespace of the element that holds it in an SVG
MAX_SIDE = 16_384  # pixels
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # not characters of XML 1.0 (2.2)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded, re-encoded picture: PNG bytes without anything else in them."""

    data: bytes
    width: int
    height: int
    colour: str
    recipe: dict[str, Any] | str | None  # as app.gate.recipe tells it


def admit(data: bytes, max_pixels: int) -> Picture:
    """An uploaded picture, decoded whole and encoded anew: no metadata, no trailing bytes, upright, first frame.

    Raises UnsupportedError (not a picture of FORMATS, damaged), TooLargeError (more than `max_pixels` pixels).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                _check_size(opened.size, max_pixels)
                recipe = read_recipe(opened)
                opened.load()
                picture = _plain(ImageOps.exif_transpose(opened))
    except TooLargeError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many(max_pixels) from error
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, MemoryError, OverflowError) as error:
        raise UnsupportedError from error
    if min(picture.size) < 8:  # noqa: PLR2004 (an autoencoder's latent needs 8 pixels)
        raise InvalidError("file", _("the picture is too small: at least 8 by 8 pixels"))
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", compress_level=3)
    return Picture(encoded.getvalue(), picture.width, picture.height, mean_colour(picture), recipe)


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in RGB or RGBA of 8 bits in sRGB, with nothing but its pixels."""
    if picture.mode.startswith("I"):  # greys of 16 bits: `convert` would cut them off at 255
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
        picture.info.pop("transparency", None)
    plain = _in_srgb(picture) if picture.mode == "CMYK" else picture
    plain = plain.convert("RGBA" if plain.has_transparency_data else "RGB")
    if picture.mode != "CMYK":
        plain = _in_srgb(plain)
    plain.info = {}
    return plain


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
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    pixel = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).tobytes()
    return "#" + pixel[:3].hex()


def thumbnail(data: bytes, width: int) -> bytes:
    """A WebP no wider and no higher than `width` pixels; small pictures stay as large as they are."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        picture.draft("RGB", (width, width))
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    small.thumbnail((width, width), Image.Resampling.LANCZOS, reducing_gap=2.0)
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=86, method=2)
    return encoded.getvalue()


def with_recipe(data: bytes, recipe: Mapping[str, Any]) -> bytes:
    """The picture as PNG with `recipe` in an iTXt chunk `stemma`; the pixels stay what they are."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt(RECIPE, json.dumps(recipe, ensure_ascii=False), zip=False)
    info.add_itxt("Software", "Stemma")
    encoded = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        picture.load()
        picture.save(encoded, "PNG", pnginfo=info, compress_level=6)
    return encoded.getvalue()


def svg_with_recipe(data: bytes, recipe: Mapping[str, Any], title: str) -> bytes:
    """Our own SVG with a title, a description and `recipe` as JSON in its metadata (SVG 2, 5.7 and 5.8)."""
    said = json.dumps(recipe, ensure_ascii=False)
    said = _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", said)
    brief = recipe.get("brief") or {}
    words = _NO_XML.sub("", str(brief.get("intent", "")))
    head, end, paths = data.decode().partition(">\n")
    about = f"<title>{escape(_NO_XML.sub('', title))}</title>\n" + (f"<desc>{escape(words)}</desc>\n" if words else "")
    about += f'<metadata><recipe xmlns="{RECIPE_SPACE}">{escape(said)}</recipe></metadata>\n'
    return f"{head}{end}{about}{paths}".encode()


def read_recipe(picture: Image.Image) -> dict[str, Any] | str | None:
    """The recipe in a picture that Stemma made, if there is one (app.gate.recipe)."""
    text = picture.info.get(RECIPE)
    return gate.recipe(text) if isinstance(text, str) else None
