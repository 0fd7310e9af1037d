"""Contact sheets of what the composer makes of 240 briefs (app/benchmarks/lists/scenes.tsv), to be named by people.

The briefs were written before anybody looked at what becomes of them; neither drawings nor words were chosen after them.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.brief import Brief
from app.engines.image.composer import drawing
from app.engines.image.composer.composing import compose
from app.engines.image.composer.library import Library
from app.engines.image.composer.reading import read
from app.engines.image.composer.wish import Wish
from app.settings import ROOT

LIST = ROOT / "app/benchmarks/lists/scenes.tsv"
SIDE, ACROSS, A_SHEET, MARGIN = 200, 8, 40, 22  # pixels of a picture, pictures in a row, on a sheet; pixels below each
SEEDS, SMALL, LARGE = (0, 1, 2, 3), 64, 768  # pixels at which variants are compared, and as they are asked for
TIMED = 20  # briefs


@dataclass(frozen=True, slots=True)
class Asked:
    """A brief of the list with what was read in it."""

    number: int
    kind: str
    text: str
    wish: Wish


def briefs(path: Path = LIST) -> list[tuple[str, str]]:
    """Kind and words of each."""
    rows = path.read_text("utf-8").splitlines()[1:]
    return [(kind, text) for kind, text in (row.split("\t") for row in rows)]


def make(target: Path, drawings: Library, seed: int = 5, path: Path = LIST) -> dict[str, Any]:
    """Write sheets of numbered pictures without captions, and briefs.tsv that says what each was; the figures."""
    target.mkdir(parents=True, exist_ok=True)
    asked = [
        Asked(number, kind, text, read(Brief(intent=text), drawings)) for number, (kind, text) in enumerate(briefs(path), 1)
    ]
    for sheet, start in enumerate(range(0, len(asked), A_SHEET), 1):
        _sheet(asked[start : start + A_SHEET], drawings, seed).save(target / f"sheet-{sheet}.png")
    told = (f"{one.number}\t{one.kind}\t{one.text}\t{_read(one.wish)}\t{' '.join(one.wish.unread)}" for one in asked)
    (target / "briefs.tsv").write_text("number\tkind\tbrief\tread\tunread\n" + "\n".join(told) + "\n", "utf-8")
    figures = {"briefs": len(asked), **_reading(asked), **_apart(asked, drawings), **_seconds(asked, drawings)}
    (target / "figures.json").write_text(json.dumps(figures, indent=1), "utf-8")
    return figures


def _read(wish: Wish) -> str:
    return ", ".join(value for _kind, value in wish.heard())


def _sheet(asked: Sequence[Asked], drawings: Library, seed: int) -> Image.Image:
    rows = -(-len(asked) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * (SIDE + 4), rows * (SIDE + MARGIN)), "white")
    pen = ImageDraw.Draw(sheet)
    for at, one in enumerate(asked):
        x, y = at % ACROSS * (SIDE + 4), at // ACROSS * (SIDE + MARGIN)
        sheet.paste(_picture(one.wish, drawings, seed + one.number, SIDE), (x, y))
        pen.text((x + 4, y + SIDE + 4), str(one.number), fill="black")
    return sheet


def _picture(wish: Wish, drawings: Library, seed: int, side: int) -> Image.Image:
    document = drawing.svg(compose(wish, drawings, seed), drawings)
    return Image.open(io.BytesIO(drawing.pixels(document, side, side))).convert("RGB")


def _reading(asked: Sequence[Asked]) -> dict[str, float]:
    """How many briefs are read whole, and how many hear nothing."""
    return {
        "read whole": sum(not one.wish.unread and all(thing.found.exact for thing in one.wish.things) for one in asked),
        "nothing heard": sum(not one.wish.heard() for one in asked),
    }


def _apart(asked: Sequence[Asked], drawings: Library) -> dict[str, float]:
    """The mean difference of the four variants of one brief beside that of two different briefs, in steps of 255."""
    some = [one for one in asked if one.wish.heard()][::4]
    four = [[_pixels(one.wish, drawings, seed) for seed in SEEDS] for one in some]
    within = fmean(_difference(one, other) for variants in four for one, other in combinations(variants, 2))
    between = fmean(_difference(one[0], other[0]) for one, other in combinations(four, 2))
    return {"apart within": round(within, 1), "apart between": round(between, 1), "ratio": round(within / between, 2)}


def _pixels(wish: Wish, drawings: Library, seed: int) -> NDArray[np.float32]:
    return np.asarray(_picture(wish, drawings, seed, SMALL), np.float32)


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean())


def _seconds(asked: Sequence[Asked], drawings: Library) -> dict[str, float]:
    """How long four pictures of 768 pixels take, by this process's own clock: others on the machine do not count."""
    taken = []
    for one in [one for one in asked if one.wish.heard()][:: max(1, len(asked) // TIMED)]:
        start = time.process_time()
        for seed in SEEDS:
            _picture(one.wish, drawings, seed, LARGE)
        taken.append(time.process_time() - start)
    return {"four of 768, CPU s": round(median(taken), 2), "slowest": round(max(taken), 2)}
