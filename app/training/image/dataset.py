"""The data set: every drawing of the packages once, rendered with its transparency, and the words it goes by.

Flags are left out (the model is not to make nations' signs up), and so are the skin tones of one drawing, which are
near-duplicates. A drawing that does not render is counted and skipped.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image import packages
from app.training.image.colours import Pixels, composed
from app.training.run import Report, bar

_SKIN = re.compile(r"(light|dark|medium|tone)-?skin|skin-tone|-(light|dark|medium)$|medium-light|medium-dark")
_FLAGS = 9  # emojibase's group
_BLANK = 3.0  # standard deviation, of 255, under which a picture shows nothing
HELD_OUT = 3  # per cent of the concepts that training never sees


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing's words. `group` is emojibase's (people, animals, food …), None for icons without an emoji."""

    name: str
    label: str
    tags: tuple[str, ...]
    style: str
    group: int | None

    @property
    def held_out(self) -> bool:
        """True for the few concepts kept for measuring: by the label, so in every style at once."""
        return int(hashlib.sha256(self.label.lower().encode()).hexdigest(), 16) % 100 < HELD_OUT


class UnrenderableError(Exception):
    """A drawing that gives no picture."""


def build(
    source: Path,
    folder: Path,
    size: int,
    take: int | None = None,
    chosen: Sequence[packages.Package] = packages.PACKAGES,
) -> int:
    """Render the `chosen` packages in `source` at `size` pixels into `folder`, or the first `take` of each; how many there are.

    Writes drawings.npy [count, size, size, 4], drawings.json and sources.json. Done already, it does nothing.
    """
    if _built(folder, size):
        return len(json.loads((folder / "drawings.json").read_text("utf-8"))["drawings"])
    words = vocabulary(json.loads((packages.path(source, packages.WORDS) / "en/data.json").read_text("utf-8")))
    kept: list[Drawing] = []
    pixels: list[Pixels] = []
    sources = [packages.record(source, packages.WORDS)]
    report = Report()
    for number, package in enumerate(chosen):
        counts: Counter[str] = Counter()
        for drawing, svg in drawings(package, packages.path(source, package), words):
            if take is not None and counts["drawings"] >= take:
                break
            try:
                pixels.append(render(svg, size))
            except UnrenderableError:
                counts["skipped"] += 1
                continue
            kept.append(drawing)
            counts["drawings"] += 1
            report(f"{bar(number / len(chosen))} {package.title}: {counts['drawings']} drawings")
        report(f"{package.title}: {counts['drawings']} drawings, {counts['skipped']} skipped", last=True)
        sources.append({**packages.record(source, package), **dict.fromkeys(("drawings", "skipped"), 0), **counts})
    _save(folder, np.stack(pixels), kept, sources)
    return len(kept)


def load(folder: Path) -> tuple[Pixels, list[Drawing]]:
    """The pixels [count, size, size, 4], left on disk until read, and the words. Raises TrainingError without them."""
    try:
        listed = json.loads((folder / "drawings.json").read_text("utf-8"))["drawings"]
        pixels: Pixels = np.load(folder / "drawings.npy", mmap_mode="r")
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError("There is no data set in %(folder)s: run the step `data` first.", folder=folder) from error
    return pixels, [Drawing(**{**one, "tags": tuple(one["tags"])}) for one in listed]


def vocabulary(entries: list[dict[str, Any]]) -> dict[str, tuple[str, tuple[str, ...], int | None]]:
    """Label, tags and group of each emoji by its name as icon sets write it, with hyphens and without."""
    words: dict[str, tuple[str, tuple[str, ...], int | None]] = {}
    for entry in entries:
        plain = unicodedata.normalize("NFKD", entry["label"].lower()).encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        words[name] = (entry["label"], tuple(entry.get("tags", ())), entry.get("group"))
        words.setdefault(name.replace("-", ""), words[name])
    return words


def drawings(
    package: packages.Package, path: Path, words: dict[str, tuple[str, tuple[str, ...], int | None]]
) -> Iterator[tuple[Drawing, str]]:
    """The package's drawings with their SVG, without flags, skin tones and hidden ones."""
    icons = json.loads((path / "icons.json").read_text("utf-8"))
    for name, icon in icons["icons"].items():
        if _SKIN.search(name) or name.startswith("flag") or name.endswith("-low") or icon.get("hidden"):
            continue
        thing = re.sub(package.noise, "", name) if package.noise else name
        found = words.get(name) or words.get(thing) or words.get(thing.replace("-", ""))
        label, tags, group = found or (thing.replace("-", " "), (), None)
        if group == _FLAGS:
            continue
        box = {**dict.fromkeys(("left", "top"), 0), **dict.fromkeys(("width", "height"), 16), **icons, **icon}
        view = f"{box['left']} {box['top']} {box['width']} {box['height']}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view}">'
        yield Drawing(name, label.lower(), tags, str(package.style), group), f"{svg}{icon['body']}</svg>"


def render(svg: str, size: int) -> Pixels:
    """`svg` as [size, size, 4]. Raises UnrenderableError for what is no picture or shows nothing."""
    try:
        import resvg_py
    except ImportError as error:
        raise TrainingError("The package resvg_py is missing: pip install 'stemma[train]'") from error
    try:
        image = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size))))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic in the renderer's Rust derives from BaseException alone
        raise UnrenderableError(str(error)) from error
    pixels = np.asarray(image.convert("RGBA").resize((size, size)))
    if composed(pixels, "white").std() < _BLANK:
        raise UnrenderableError("it shows nothing")
    return pixels


def _built(folder: Path, size: int) -> bool:
    """Whether the data set lies there whole (sources.json is written last). Raises TrainingError at another size."""
    if not (folder / "sources.json").exists():
        return False
    there = json.loads((folder / "drawings.json").read_text("utf-8"))["size"]
    if there != size:
        raise TrainingError("%(folder)s holds drawings of %(there)s pixels: name another folder.", folder=folder, there=there)
    return True


def _save(folder: Path, pixels: Pixels, kept: list[Drawing], sources: list[dict[str, Any]]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, pixels)
    write(folder / "drawings.npy", buffer.getvalue())
    listed = {"size": pixels.shape[1], "drawings": [asdict(drawing) for drawing in kept]}
    write(folder / "drawings.json", json.dumps(listed).encode())
    write(folder / "sources.json", json.dumps(sources, indent=1, ensure_ascii=False).encode())
