"""The library of drawings that the composer puts scenes together from, packed from the same packages as the data set.

Left out is what cannot stand in a picture: letters, signs, flags, clock faces, skin tones. Decimals of paths that no eye
sees are cut, if the raster stays what it was.
"""

from __future__ import annotations

import colorsys
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from app.engines.image.composer.drawn import Drawing
from app.engines.image.composer.lexicon import listed
from app.engines.image.composer.library import FILE, quantised
from app.engines.shared.sentences import sentence
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import dataset, packages
from app.training.image.captions import plain_names, worth
from app.training.run import Report

SETS = ("@iconify-json/fluent-emoji-flat", "@iconify-json/twemoji", "@iconify-json/noto", "@iconify-json/flat-color-icons")
OWN_SHAPES = {
    "name": "own.json",
    "version": "1",
    "style": "own",
    "title": "Stemma's own shapes",
    "author": "Stemma's makers",
    "licence": "Apache-2.0",
    "url": "",
    "attribution": "Own shapes, © Stemma's makers, Apache-2.0",
    "bytes": 0,
}
HEAVY = 9_000  # bytes of a body: what takes more (a shaded drawing of another set) is left out
_SYMBOLS, _PEOPLE, _SMILEYS = 8, 1, 0
_ICONS = listed(
    "butting_in chair electronics home sports-mode reading stack-of-photos manager library gallery camera"
    " bookmark biomass biotech cell-phone display"
)
_LEFT_OUT = re.compile(
    r"clock|-thirty|button|keycap|arrow|input |squared|circled|zodiac|hand sign|finger|globe showing|sign$|mark$|symbol"
    r"|japanese .*button|moai$|banknote|chart |bar chart|family|couple|kiss:|facing right|handshake|bust|^busts"
    r"|no entry|prohibited|^non-|card index|file |clipboard|bookmark tabs|bubble|restroom|toilet|placard|badge|mahjong"
)
_FEW, _SAME = re.compile(r"(?<=[\d ,a-zA-Z\-])?(\.\d+)"), 1.5  # a number's decimals; mean difference of rasters, of 255
LOOKED_AT, SEEN, SMALLEST = 96, 32, 0.02  # pixels of a side; alpha from which something is seen; share of a colour


@dataclass(frozen=True, slots=True)
class Packed:
    """A drawing with its body as it is kept."""

    drawing: Drawing
    body: bytes


def build(source: Path, target: Path) -> dict[str, Any]:
    """Pack the drawings of the packages in `source` into `target`/drawings.safetensors; what lies there, in figures."""
    words = dataset.vocabulary(json.loads((packages.path(source, packages.WORDS) / "en/data.json").read_text("utf-8")))
    packed, report = [], Report()
    for package in (one for one in packages.PACKAGES if one.name in SETS):
        for drawing, svg in dataset.drawings(package, packages.path(source, package), words):
            if _drawable(drawing) and (one := _packed(drawing, svg, package)):
                packed.append(one)
        report(f"{package.title}: {len(packed)} drawings so far", last=True)
    labels = sorted({one.drawing.label for one in packed})
    write(target / FILE, _file(packed, labels))
    sources = [
        packages.record(source, one) for one in (*packages.PACKAGES, packages.WORDS) if one.name in (*SETS, packages.WORDS.name)
    ]
    sources.insert(len(SETS), OWN_SHAPES)
    write(target / "sources.json", json.dumps(sources, indent=1, ensure_ascii=False).encode())
    return {"drawings": len(packed), "labels": len(labels), "bytes": (target / FILE).stat().st_size}


def _drawable(drawing: dataset.Drawing) -> bool:
    """Whether it shows something that can stand in a picture."""
    if drawing.style == "icon":
        return drawing.name in _ICONS
    if drawing.group is None or _LEFT_OUT.search(drawing.label):
        return False
    if drawing.group == _SYMBOLS:
        return drawing.label in _SIGNS
    if drawing.group == _PEOPLE:
        return worth(drawing) > 0 or drawing.label in _SOMEBODY
    return True


_SIGNS = frozenset(("infinity", "peace symbol", "yin yang", "musical notes", "musical note", "dove", "sparkle"))
_SOMEBODY = listed(
    "person man woman boy girl child baby astronaut farmer artist cook teacher scientist mechanic singer judge"
    " detective guard firefighter pilot student prince princess fairy mage vampire zombie genie elf mermaid"
    " merman superhero supervillain troll ninja"
) | {
    "old man",
    "old woman",
    "older person",
    "santa claus",
    "mrs. claus",
    "police officer",
    "construction worker",
    "health worker",
    "person running",
    "person walking",
    "woman walking",
    "man walking",
    "person surfing",
    "person swimming",
    "person biking",
    "person rowing boat",
    "person juggling",
    "person cartwheeling",
    "person climbing",
    "person in lotus position",
    "man dancing",
    "woman dancing",
    "person kneeling",
    "person standing",
    "snowboarder",
    "skier",
    "woman running",
    "man running",
    "person with veil",
    "person in tuxedo",
    "person bouncing ball",
    "person golfing",
    "person lifting weights",
    "horse racing",
    "person: beard",
    "person: blond hair",
    "breast-feeding",
    "factory worker",
    "office worker",
    "woman: red hair",
}


def _packed(drawing: dataset.Drawing, svg: str, package: packages.Package) -> Packed | None:
    """The drawing with where it is seen, its main colour and its shortened body; None where it shows nothing."""
    view = tuple(float(part) for part in svg.split('viewBox="')[1].split('"', maxsplit=1)[0].split())
    head, body = svg[: svg.index(">") + 1], svg[svg.index(">") + 1 : -len("</svg>")]
    whole = _raster(svg)
    if "<filter" in body or "<image" in body or whole[..., 3].max() < SEEN:
        return None
    decimals = 2 if view[2] <= 64 else 1  # noqa: PLR2004 (units of a side)
    short = _FEW.sub(lambda number: number[1][: decimals + 1], body)
    if np.abs(_raster(f"{head}{short}</svg>").astype(int) - whole).mean() > _SAME:
        short = body
    if len(short) > HEAVY:
        return None
    rows, columns = (np.flatnonzero((whole[..., 3] > SEEN).any(axis)) for axis in (1, 0))
    unit = view[2] / LOOKED_AT
    box = (columns[0] * unit, rows[0] * unit, (columns[-1] - columns[0] + 1) * unit, (rows[-1] - rows[0] + 1) * unit)
    names = tuple(dict.fromkeys(name for name in plain_names().get(drawing.label, ()) if name != drawing.label))
    seen = Drawing(
        drawing.name,
        drawing.label,
        names,
        tuple(tag.lower() for tag in drawing.tags),
        package.style or "",
        drawing.group if drawing.group is not None else 7,
        (round(box[0] + view[0], 2), round(box[1] + view[1], 2), round(box[2], 2), round(box[3], 2)),
        _main(whole),
    )
    return Packed(seen, short.encode())


def _raster(svg: str) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=LOOKED_AT, height=LOOKED_AT))))
    return np.asarray(image.convert("RGBA").resize((LOOKED_AT, LOOKED_AT)))


def _main(pixels: NDArray[np.uint8]) -> str:
    """The colour that most of the drawing has ("#rrggbb"), outlines in black apart."""
    solid = pixels[pixels[..., 3] > 200][:, :3].astype(int)  # noqa: PLR2004 (of 255)
    if not len(solid):
        return "#808080"
    top, spread = solid.max(1), np.ptp(solid, 1)
    hue = np.array([colorsys.rgb_to_hsv(*(pixel / 255))[0] for pixel in solid])
    kind = np.where(spread > 0.22 * np.maximum(top, 1), (hue * 12 + 0.5).astype(int) % 12, 12 + top // 86)
    weights = [(kind == one).sum() * (1.5 if one < 12 else 0.1 if one == 12 else 1.0) for one in range(15)]  # noqa: PLR2004
    most = solid[kind == int(np.argmax(weights))]  # of one hue, or of one grey; outlines in black hardly count
    rgb = np.median(most, 0).round().astype(int)
    return "#" + "".join(f"{part:02x}" for part in rgb)


def _file(packed: list[Packed], labels: list[str]) -> bytes:
    """The packed file: bodies compressed each for itself with one dictionary, an index, and the labels' vectors."""
    from safetensors.numpy import save

    known = b"".join(one.body for one in packed[:: max(1, len(packed) // 40)])[-32_768:]
    bodies = list(_compressed(packed, known))
    ends = np.cumsum([0, *map(len, bodies)], dtype=np.int64)
    vectors, scales = quantised(np.stack([_vector(label) for label in labels]))
    index = zlib.compress(json.dumps({"labels": labels, "drawings": [one.drawing.row() for one in packed]}).encode(), 9)
    tensors: dict[str, NDArray[Any]] = {"ends": ends, "vectors": vectors, "scales": scales}
    tensors |= {n: np.frombuffer(b, np.uint8) for n, b in (("bodies", b"".join(bodies)), ("known", known), ("index", index))}
    return bytes(save(tensors))


def _compressed(packed: list[Packed], known: bytes) -> Iterator[bytes]:
    for one in packed:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, known)
        yield squeeze.compress(one.body) + squeeze.flush()


def _vector(label: str) -> NDArray[np.float32]:
    found = sentence(label)
    if found is None:
        raise TrainingError("The sentence model knows no word of %(label)s.", label=label)
    return found / np.linalg.norm(found)
