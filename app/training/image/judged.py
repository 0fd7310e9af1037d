"""A generator's figures in a judge's eyes: adherence, distance from real drawings, memorisation, variety.

The judge should be one that was trained on other drawings than the generator (`stemma train image judge --measuring`):
one that knows the generator's own drawings recognises them also where a stranger would not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from PIL import Image, ImageDraw, ImageFont

from app.judging.judge import Judge
from app.training.image import prompts
from app.training.image.captions import View
from app.training.image.colours import Pixels
from app.training.image.dataset import Drawing
from app.training.image.examples import view_pixels
from app.training.image.figures import AMONG, Retrieval, Vectors, kid, nearest, retrieval

Make = Callable[[list[str], int], torch.Tensor]  # prompts and a seed to pictures [prompts, 3, size, size] in -1…1
Measurements = dict[str, dict[str, Any]]
_CHUNK = 64
_SMALL = 32  # pixels of a side at which pixels are compared
_NEAR = 5  # per cent of the held-out drawings that come as near to a training drawing by their nature
_CELL, _ROOM, _SHOWN = 96, 14, 40  # of the sheet: pixels of a side, pixels for figures, rows


def measure(make: Make, judge: Judge, pixels: Pixels, drawings: list[Drawing]) -> tuple[Measurements, Image.Image]:
    """All of a generator's figures, each with how it was taken, and the sheet of nearest training drawings.

    It makes about 1,000 pictures. `pixels` and `drawings` are the generator's own data set.
    """
    found: Measurements = {}
    known = prompts.known()
    made = make([prompt.text for prompt in known], 1)
    found |= adherence("known", judge, made, known, pixels, drawings)
    unseen = prompts.held_out(drawings)
    texts = [prompt.text for prompt in unseen]
    found |= adherence("held_out", judge, make(texts, 1), unseen, pixels, drawings)
    for style, asked in prompts.of_styles(drawings).items():
        found |= distance(style, judge, make([prompt.text for prompt in asked], 1), pixels, drawings)
    other = make([prompt.text for prompt in known], 2)
    found |= variety(judge, made, other)
    memory, sheet = memorised(judge, made, [prompt.text for prompt in known], pixels, drawings)
    return found | memory, sheet


def adherence(
    name: str, judge: Judge, made: torch.Tensor, asked: Sequence[prompts.Prompt], pixels: Pixels, drawings: list[Drawing]
) -> Measurements:
    """Top-1 retrieval of the prompt among 50 for generated pictures, beside what real drawings reach; mean adherence."""
    texts = judge.embed_texts([prompt.text for prompt in asked])
    things = [prompt.things for prompt in asked]
    figures: dict[str, tuple[Retrieval, float]] = {}
    for whose, images in (("generated", made), ("real", prompts.real_drawings(asked, pixels, drawings))):
        vectors = seen(judge, images)
        mean = np.mean([judge.adherence(vectors[n : n + 1], texts[n])[0] for n in range(len(texts))])
        figures[whose] = retrieval(vectors, texts, things), float(mean)
    among = min(AMONG, len(set(things)))
    note = f"generated pictures whose own prompt is the nearest of {among} to the judge {judge.name} {judge.version[:12]}"
    share = figures["generated"][0].texts / max(1, figures["real"][0].texts)
    return {
        f"adherence_{name}": {"value": f"{figures['generated'][0].texts} of {len(asked)}", "note": note},
        f"adherence_{name}_of_real_drawings": {
            "value": f"{figures['real'][0].texts} of {len(asked)}",
            "note": "a real drawing of what each of those prompts asks for, in the colour and on the ground asked for",
        },
        f"adherence_{name}_share": {"value": round(share, 3), "note": "the first by the second"},
        f"adherence_{name}_mean": {
            "value": [round(figures[whose][1], 3) for whose in ("generated", "real")],
            "note": "the judge's adherence (0 to 1) of generated pictures and of real drawings",
        },
    }


def distance(style: str, judge: Judge, made: torch.Tensor, pixels: Pixels, drawings: list[Drawing]) -> Measurements:
    """KID of pictures made for a style against the drawings of that style; and of the drawings' one half to the other."""
    rows = [n for n, drawing in enumerate(drawings) if drawing.style == style and not drawing.held_out]
    real = embedded(judge, pixels, rows)
    order = np.random.default_rng(0).permutation(len(real))
    halves = kid(real[order[::2]], real[order[1::2]])
    value = [round(kid(seen(judge, made), real), 4), round(halves, 4)]
    note = f"{len(made)} generated against {len(real)} real on white; beside it one half of the real against the other"
    return {f"KID_{style}": {"value": value, "note": note}}


def memorised(
    judge: Judge, made: torch.Tensor, texts: Sequence[str], pixels: Pixels, drawings: list[Drawing]
) -> tuple[Measurements, Image.Image]:
    """How near generated pictures come to training drawings, against how near real held-out drawings do; and a sheet."""
    rows = [n for n, drawing in enumerate(drawings) if not drawing.held_out]
    hidden = [n for n, drawing in enumerate(drawings) if drawing.held_out]
    small, close = _small(pixels, rows), embedded(judge, pixels, rows)
    found: Measurements = {}
    columns: list[tuple[Any, Any]] = []
    for name, sign, ours, theirs, known in (
        ("features", 1, seen(judge, made), embedded(judge, pixels, hidden), close),
        ("pixels", -1, _thumbs(made), _small(pixels, hidden), small),
    ):
        of_made = nearest(ours, known) if sign > 0 else _nearest(ours, known)
        of_held = (nearest(theirs, known) if sign > 0 else _nearest(theirs, known))[1]
        edge = np.percentile(sign * of_held, 100 - _NEAR)
        share = float((sign * of_made[1] > edge).mean())
        what = "cosine of the judge's vectors" if sign > 0 else f"root mean square of {_SMALL}-pixel thumbnails, of 2"
        found[f"nearest_by_{name}"] = {
            "value": [round(float(np.median(part)), 3) for part in (of_made[1], of_held)],
            "note": f"{what}: median to the nearest training drawing, of {len(made)} generated and of {len(hidden)} held-out",
        }
        found[f"memorised_by_{name}"] = {
            "value": round(share, 3),
            "note": f"share of generated pictures nearer to a training drawing than {100 - _NEAR} % of held-out ones are",
        }
        columns.append(of_made)
    order = np.argsort(-columns[0][1])[:_SHOWN]
    return found, _sheet(made, texts, pixels, rows, columns, order.tolist())


def variety(judge: Judge, first: torch.Tensor, second: torch.Tensor) -> Measurements:
    """How far two seeds for one prompt are apart, and two prompts with one seed."""
    one, two = seen(judge, first), seen(judge, second)
    turned = np.roll(two, 1, axis=0)
    far = [float(1 - (one * other).sum(1).mean()) for other in (two, turned)]
    off = [float((first - other).square().mean((1, 2, 3)).sqrt().mean()) for other in (second, second.roll(1, 0))]
    note = f"mean over {len(first)} prompts of two seeds for one prompt, beside two prompts"
    return {
        "seeds_apart_by_features": {"value": [round(part, 3) for part in far], "note": f"1 - cosine, {note}"},
        "seeds_apart_by_pixels": {"value": [round(part, 3) for part in off], "note": f"root mean square of 2, {note}"},
    }


def seen(judge: Judge, images: torch.Tensor) -> Vectors:
    """`images` [n, 3, size, size] in -1…1 in the judge's eyes: [n, dimensions]."""
    flat = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return judge.embed_pictures(list(flat))


def embedded(judge: Judge, pixels: Pixels, rows: Sequence[int]) -> Vectors:
    """Drawings on white in the judge's eyes, a chunk at a time: [rows, dimensions]."""
    parts = [seen(judge, _on_white(pixels, rows[at : at + _CHUNK])) for at in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, judge.dimensions), np.float32)


def _on_white(pixels: Pixels, rows: Sequence[int]) -> torch.Tensor:
    return view_pixels(pixels, [View(row, "white", False) for row in rows])


def _thumbs(images: torch.Tensor) -> Vectors:
    return F.interpolate(images.float(), size=(_SMALL, _SMALL), mode="area").flatten(1).cpu().numpy()


def _small(pixels: Pixels, rows: Sequence[int]) -> Vectors:
    parts = [_thumbs(_on_white(pixels, rows[at : at + _CHUNK])) for at in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, 3 * _SMALL**2), np.float32)


def _nearest(images: Vectors, known: Vectors) -> tuple[Any, Vectors]:
    """As `nearest`, by the root mean square of the difference: the row that is nearest, and how far it is."""
    squares = (images**2).sum(1)[:, None] + (known**2).sum(1)[None] - 2 * images @ known.T
    rows = squares.argmin(1)
    far = np.sqrt(np.maximum(squares[np.arange(len(rows)), rows], 0) / images.shape[1])
    return rows, np.asarray(far, np.float32)


def _sheet(
    made: torch.Tensor,
    texts: Sequence[str],
    pixels: Pixels,
    rows: Sequence[int],
    columns: Sequence[tuple[Any, Any]],
    order: Sequence[int],
) -> Image.Image:
    """Generated pictures, each with the nearest training drawing by features and by pixels: the most alike first."""
    across = 4
    page = Image.new(
        "RGB", (across * 3 * _CELL + (across - 1) * _ROOM, -(-len(order) // across) * (_CELL + 2 * _ROOM)), "white"
    )
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(9)
    for place, number in enumerate(order):
        x, y = place % across * (3 * _CELL + _ROOM), place // across * (_CELL + 2 * _ROOM)
        like = [_on_white(pixels, [rows[int(column[0][number])]])[0] for column in columns]
        for at, one in enumerate((made[number], *like)):
            cell = ((one.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
            page.paste(Image.fromarray(cell).resize((_CELL, _CELL)), (x + at * _CELL, y))
        figures = " / ".join(f"{column[1][number]:.2f}" for column in columns)
        draw.text((x + 2, y + _CELL), f"{texts[number][:44]}\n{figures}", fill="black", font=font, spacing=1)
    return page
