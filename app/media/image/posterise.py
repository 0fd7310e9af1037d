"""Few flat colours out of any picture: what is needed before its outlines can be traced."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from app.media.image.oklab import Colour, oklab

SAMPLE = 256  # pixels of the longer side from which colours are taken
CALM = 12  # of 255: how much a channel may change around a pixel that is not an edge
FEW = 0.1  # share of calm pixels below which edges count too (a photo, noise)
CANDIDATES = 48  # shades before the near ones are merged
HALF = 128  # alpha from which on a pixel is there
FLAT = 0.2  # share of a colour's pixels from which on they are one flat colour, and not shades of it
MOST = 8  # times that a small picture is enlarged: its edges are known to a fraction of a pixel
BUSY = 0.12  # share of pixels beside another colour from which on a picture is noise to a tracer, and minutes of work
LEAST = 32  # pixels of the longer side to which a busy picture may be brought down


@dataclass(frozen=True, slots=True)
class Posterised:
    """A picture (RGBA, alpha 0 or 255) of few flat colours, and of how many pixels it was made."""

    picture: Image.Image
    palette: tuple[Colour, ...]
    of: tuple[int, int]


def posterise(picture: Image.Image, colours: int, apart: float, clean: float, side: int) -> Posterised:
    """`picture` (any mode) in at most `colours` flat colours, its longer side `side` pixels or MOST times its own.

    Colours nearer than `apart` (a distance in OKLab, where 1 leads from black to white) become one; what is thinner than
    `clean` pixels of the original is given to its neighbours. A picture so busy that nobody could cut it out (a photo of
    grass, noise) is averaged until it is not: the result is coarse, and the work is bounded.
    """
    rgba = picture.convert("RGBA")
    rgba.thumbnail((side, side), reducing_gap=3.0)
    scale = min(MOST, side / max(rgba.size))
    size = (max(1, round(rgba.width * scale)), max(1, round(rgba.height * scale)))
    while True:
        palette = pick_palette(rgba, colours, apart)
        # Colours under transparent pixels mean nothing: premultiplied, they do not bleed over the edge.
        large = rgba.convert("RGBa").resize(size, Image.Resampling.BICUBIC).convert("RGBA")
        flat = _assign(large.convert("RGB"), palette, _odd(clean * size[0] / rgba.width))
        if _busy(flat) < BUSY or max(rgba.size) <= LEAST:
            break
        rgba = rgba.resize((max(1, rgba.width // 2), max(1, rgba.height // 2)), Image.Resampling.BOX)
    whole = flat.convert("RGBA")
    if large.getchannel("A").getextrema() != (255, 255):
        whole.putalpha(large.getchannel("A").point(lambda value: 255 * (value >= HALF)))
    return Posterised(whole, palette, rgba.size)


def _busy(flat: Image.Image) -> float:
    """The share of pixels that differ from their neighbour at the left or above."""
    changes = ImageChops.lighter(*(ImageChops.difference(flat, ImageChops.offset(flat, *by)) for by in ((1, 0), (0, 1))))
    red, green, blue = changes.split()
    still = ImageChops.lighter(ImageChops.lighter(red, green), blue).histogram()[0]
    return 1 - still / (flat.width * flat.height)


def _odd(pixels: float) -> int:
    return max(3, min(11, 2 * round(pixels / 2) + 1))


def _assign(picture: Image.Image, palette: tuple[Colour, ...], window: int) -> Image.Image:
    """Each pixel in its nearest colour, then in the one that most pixels of the `window` around it have.

    Between two colours an edge runs through mixtures, and a mixture may be nearest to a third one: a line of it, as thin
    as the edge, which the window takes away.
    """
    table = Image.new("P", (1, 1))
    table.putpalette([channel for colour in palette for channel in colour])
    nearest = picture.quantize(palette=table, dither=Image.Dither.NONE)
    calm = Image.frombytes("L", nearest.size, nearest.tobytes()).filter(ImageFilter.ModeFilter(window))
    flat = Image.frombytes("P", nearest.size, calm.tobytes())
    flat.putpalette([channel for colour in palette for channel in colour])
    return flat.convert("RGB")


def pick_palette(rgba: Image.Image, colours: int, apart: float) -> tuple[Colour, ...]:
    """The colours of the picture's areas, at most `colours`, none nearer to another than `apart`.

    Where an area is flat its colour is exact. Edges are left out: they hold mixtures that nobody chose.
    """
    small = rgba.copy()
    small.thumbnail((SAMPLE, SAMPLE), Image.Resampling.NEAREST)
    pixels = _calm_pixels(small)
    if not pixels:
        return ((255, 255, 255),)
    sample = Image.new("RGB", (len(pixels), 1))
    sample.putdata(pixels)
    shades = sample.quantize(CANDIDATES, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
    found: dict[int, Counter[Colour]] = {}
    for index, pixel in zip(shades.tobytes(), pixels, strict=True):
        found.setdefault(index, Counter())[pixel] += 1
    return tuple(_representative(area) for area in _merged(list(found.values()), colours, apart))


def _calm_pixels(small: Image.Image) -> list[Colour]:
    """The opaque pixels that lie in areas; all opaque ones where there are hardly any areas."""
    rgb, opaque = small.convert("RGB"), small.getchannel("A").tobytes()
    spread = ImageChops.difference(rgb.filter(ImageFilter.MaxFilter(3)), rgb.filter(ImageFilter.MinFilter(3)))
    red, green, blue = spread.split()
    edges = ImageChops.lighter(ImageChops.lighter(red, green), blue).tobytes()
    raw = rgb.tobytes()
    there = (at for at, cover in enumerate(opaque) if cover >= HALF)
    seen = [((raw[3 * at], raw[3 * at + 1], raw[3 * at + 2]), edges[at] <= CALM) for at in there]
    calm = [pixel for pixel, still in seen if still]
    return calm if len(calm) > FEW * len(seen) else [pixel for pixel, _still in seen]


def _merged(areas: list[Counter[Colour]], colours: int, apart: float) -> list[Counter[Colour]]:
    """Merge the two areas that are missed least until few enough are left, none too near: Ward's criterion (1963), its
    weights damped by a root, so that a pupil in an eye outlives a shade of the sky.
    """
    places = [(oklab(_mean(area)), area.total()) for area in areas]
    while len(areas) > 1:
        pairs = [(math.dist(places[i][0], places[j][0]), i, j) for i in range(len(places)) for j in range(i)]
        if len(areas) > colours:
            _cost, i, j = min(
                (far * (places[i][1] * places[j][1] / (places[i][1] + places[j][1])) ** 0.25, i, j) for far, i, j in pairs
            )
        else:
            far, i, j = min(pairs)
            if far >= apart:
                break
        areas[j] += areas.pop(i)
        places.pop(i)
        places[j] = (oklab(_mean(areas[j])), areas[j].total())
    return sorted(areas, key=lambda area: -area.total())


def _mean(area: Counter[Colour]) -> Colour:
    total = area.total()
    red, green, blue = (round(sum(pixel[at] * count for pixel, count in area.items()) / total) for at in range(3))
    return red, green, blue


def _representative(area: Counter[Colour]) -> Colour:
    """The area's own flat colour where it has one, else the mean of its shades."""
    colour, count = area.most_common(1)[0]
    return colour if count >= FLAT * area.total() else _mean(area)
