"""The finished judge as a folder: encoder and heads in float16, calibration, sources, measurements, a card."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save as to_bytes

from app.engines.image.composer.library import SETS
from app.judging.house import CONFIG, HEADS, VISION, House
from app.judging.judge import Judge
from app.training.checkpoint import write
from app.training.image import judge_scene_figures
from app.training.image.captions import STYLES, a
from app.training.image.colours import BACKGROUNDS, HUES
from app.training.image.export import save_network, swap
from app.training.image.figures import AMONG, Vectors, logistic, miscalibration, retrieval
from app.training.image.judge import Training
from app.training.image.judge_card import card
from app.training.image.judge_claims import sight, truth
from app.training.image.judge_scenes import Scenes
from app.training.image.pairs import SIDE, Pairs, is_held_out
from app.training.image.sights import Sight, plain_pictures, worn

Measurements = dict[str, dict[str, Any]]
MAPS = ("picture", "text", "text_hidden", "text_hidden_bias", "text_out")  # scale and bias were for training
_MOST, _SOME = 400, 100  # drawings of a set that are looked at; with a dozen captions each
_CHUNK = 64


def export(target: Path, training: Training, sources: Sequence[Mapping[str, Any]]) -> House:
    """Write the judge's folder `target` whole, calibrated and measured, replacing what was there; the judge from there.

    `sources` are the data sets' (sources.json). Raises OSError, leaving the former folder.
    """
    vision, facts, pairs = training.vision, training.facts, training.pairs
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_network(vision, part / VISION)
    maps = {name: training.heads[name].detach().cpu().half().contiguous() for name in MAPS}
    write(part / HEADS, to_bytes(maps))
    config: dict[str, Any] = {"side": facts["settings"]["side"], "calibration": {"scale": 1.0, "bias": 0.0}}
    write(part / CONFIG, json.dumps(config, indent=1).encode())
    calibration, figures = calibrated(House(part), pairs, training.hold_out, training.scenes)
    write(part / CONFIG, (json.dumps(config | {"calibration": calibration}, indent=1) + "\n").encode())
    figures |= measure(House(part), pairs, training.hold_out, in_scenes=training.scenes is not None)
    figures |= judge_scene_figures.measure(House(part), training.scenes) if training.scenes is not None else {}
    size = sum(file.stat().st_size for file in part.rglob("*.safetensors")) / 1e6
    parameters = sum(p.numel() for p in vision.parameters()) + sum(value.numel() for value in maps.values())
    figures["size_MB"] = {"value": round(size, 2), "note": f"{parameters:,} parameters in float16, without MiniLM"}
    write(part / "sources.json", json.dumps(list(sources), indent=1, ensure_ascii=False).encode())
    write(part / "training.json", json.dumps(facts, indent=1).encode())
    write(part / "measurements.json", json.dumps(figures, indent=1).encode())
    write(part / "README.md", card(parameters, sources, facts, figures).encode())
    swap(part, target)
    return House(target)


def calibrated(
    judge: Judge, pairs: Pairs, hold_out: bool, scenes: Scenes | None = None
) -> tuple[dict[str, float], Measurements]:
    """The logistic function of the cosine that says how likely a caption is the picture's own, and how right it is.

    Each picture that training never saw comes once with a caption of its own and once with one of another drawing that
    is not true of it: even odds. Half of them, plain, blurred and noisy, fit the function, the other half judge it.
    Composed scenes, where there are some, with their briefs count as well.
    """
    cosines, own = _of_drawings(judge, pairs, hold_out, set(SETS) if scenes is not None else set())
    if scenes is not None:
        more = judge_scene_figures.pairs(judge, scenes)
        cosines, own = cosines + more[0], own + more[1]
    x, y = np.array(cosines), np.array(own)
    fit = np.arange(len(x)) // 2 % 2 == 0
    scale, bias = logistic(x[fit], y[fit])
    said = 1 / (1 + np.exp(-(scale * x[~fit] + bias)))
    note = f"{(~fit).sum()} pairs of pictures that training never saw and captions, half of them true"
    figures: Measurements = {
        "told_apart": {
            "value": f"{int(((said > 1 / 2) == y[~fit]).sum())} of {int((~fit).sum())}",
            "note": f"adherence above 0.5 for true, below for false: {note}",
        },
        "calibration_error": {
            "value": round(miscalibration(said, y[~fit]), 3),
            "note": f"expected calibration error in ten bins, {note}",
        },
    }
    return {"scale": round(scale, 4), "bias": round(bias, 4)}, figures


def _of_drawings(judge: Judge, pairs: Pairs, hold_out: bool, shown: set[str]) -> tuple[list[float], list[bool]]:
    """Cosines of drawings that training never saw with captions, and whether these are theirs. Drawings of the styles that
    are `shown` in scenes do not count as unseen.
    """
    dice, torch_dice = random.Random(1), torch.Generator().manual_seed(1)
    kept = [n for n, d in enumerate(pairs.drawings) if d.style not in shown and (is_held_out(d) or (hold_out and d.held_out))]
    rows = kept or list(range(len(pairs.drawings)))
    claims = [pairs.claims[dice.choice(pairs.by_drawing[row])] for row in rows for _time in range(2)]
    sights = [sight(pairs, claim, dice.random(), dice.random(), dice.random()) for claim in claims]
    true = truth(pairs, claims, sights)
    certain = true[1] & ~true[0]  # one can tell that it is not so
    cosines, own = [], []
    vectors = _embedded(judge, pairs, sights, torch_dice)
    texts = judge.embed_texts([claim.text for claim in claims])
    for row in range(len(claims)):
        others = np.flatnonzero(certain[:, row])
        if len(others):
            cosines += [float(vectors[row] @ texts[row]), float(vectors[row] @ texts[dice.choice(others.tolist())])]
            own += [True, False]
    return cosines, own


def measure(judge: Judge, pairs: Pairs, hold_out: bool, *, in_scenes: bool = False) -> Measurements:
    """Retrieval, colours, styles and speed, each with how it was taken. With `in_scenes` all concepts came in scenes, and the
    drawings of the composer's sets as well: the former are not measured, of the latter no one counts as unseen.
    """
    shown = set(SETS) if in_scenes else set()
    concepts = [n for n, d in enumerate(pairs.drawings) if hold_out and d.held_out and d.group is not None]
    kinds = {
        "held_out_concepts": [] if in_scenes else concepts,
        "unseen_drawings": [
            n for n, d in enumerate(pairs.drawings) if is_held_out(d) and d.style not in shown and not (hold_out and d.held_out)
        ],
        "seen_drawings": [n for n, d in enumerate(pairs.drawings) if not is_held_out(d) and not (hold_out and d.held_out)],
    }
    found: Measurements = {}
    for name, rows in kinds.items():
        chosen = rows[:: max(1, len(rows) // _MOST)][:_MOST]
        labels = [pairs.drawings[row].label for row in chosen]
        if len(set(labels)) < 2:  # noqa: PLR2004 (nothing to choose between)
            continue
        vectors = _embedded(judge, pairs, [Sight(row) for row in chosen])
        among = min(AMONG, len(set(labels)))
        result = retrieval(vectors, judge.embed_texts([a(label) for label in labels]), labels)
        note = f"on white; among {among} of different concepts"
        found[f"{name}_caption"] = {
            "value": f"{result.texts} of {result.of}",
            "note": f"the right caption for a picture, {note}",
        }
        found[f"{name}_picture"] = {
            "value": f"{result.pictures} of {result.of}",
            "note": f"the right picture for a caption, {note}",
        }
    return found | _attributes(judge, pairs, kinds["unseen_drawings"]) | speed(judge)


def _attributes(judge: Judge, pairs: Pairs, rows: Sequence[int]) -> Measurements:
    """Whether the judge knows the ground, the thing's colour and the style, all else being the same."""
    rows = rows[:: max(1, len(rows) // _SOME)][:_SOME]
    grounds = tuple(BACKGROUNDS)
    on = [Sight(row, ground=grounds[n % len(grounds)]) for n, row in enumerate(rows)]
    asked = [[f"{a(pairs.drawings[s.drawing].label)}, on {a(ground)} background" for ground in grounds] for s in on]
    found = {"ground": _chosen(judge, pairs, on, asked, [grounds.index(s.ground or "white") for s in on])}
    hues = tuple(HUES)
    own = [(row, pairs.colours[row]) for row in rows]
    dyed = [(row, colour, hues[n % len(hues)]) for n, (row, colour) in enumerate(own) if colour in HUES]
    turned = [Sight(row, turn=HUES[hue] - HUES[colour], colour=hue) for row, colour, hue in dyed]
    things = [pairs.drawings[row].label.replace(f"{colour} ", "") for row, colour, _hue in dyed]
    asked = [[f"{a(hue)} {thing}" for hue in hues] for thing in things]
    found["colour"] = _chosen(judge, pairs, turned, asked, [hues.index(hue) for _row, _colour, hue in dyed])
    styles = tuple(STYLES)
    drawn = [row for row in rows if pairs.drawings[row].style in STYLES]
    asked = [[f"{pairs.drawings[row].label}, {STYLES[style][0]}" for style in styles] for row in drawn]
    wanted = [styles.index(pairs.drawings[row].style) for row in drawn]
    found["style"] = _chosen(judge, pairs, [Sight(row) for row in drawn], asked, wanted)
    among = {"ground": len(grounds), "colour": len(hues), "style": len(styles)}
    return {
        f"right_{name}": {
            "value": f"{right} of {of}",
            "note": f"unseen drawings; captions that differ in the {name} alone, {among[name]} of them",
        }
        for name, (right, of) in found.items()
        if of
    }


def _chosen(
    judge: Judge, pairs: Pairs, sights: Sequence[Sight], asked: Sequence[Sequence[str]], wanted: Sequence[int]
) -> tuple[int, int]:
    """How often the nearest of a sight's captions is the wanted one."""
    vectors = _embedded(judge, pairs, sights)
    right = sum(
        int((judge.embed_texts(texts) @ vector).argmax()) == want
        for texts, vector, want in zip(asked, vectors, wanted, strict=True)
    )
    return right, len(wanted)


def speed(judge: Judge) -> Measurements:
    """CPU time on this machine's one thread: others' load does not count."""
    four = [Image.effect_noise((256, 256), 80).convert("RGB") for _picture in range(4)]
    judge.embed_pictures(four)

    def spent(times: int, pictures: Sequence[Image.Image]) -> float:
        start = time.process_time()
        for _time in range(times):
            judge.embed_pictures(pictures)
        return (time.process_time() - start) / times

    threads = f"{torch.get_num_threads()} thread, CPU time, 256 × 256 pixels, shrinking included"
    each, many = spent(10, four), spent(2, four * 32)
    start = time.process_time()
    judge.embed_texts([f"a fox number {n}, on a blue background" for n in range(20)])
    text = (time.process_time() - start) / 20
    return {
        "four_pictures_ms": {"value": round(1000 * each, 1), "note": threads},
        "pictures_a_second": {"value": round(128 / many), "note": f"128 at once, {threads}"},
        "text_ms": {"value": round(1000 * text, 1), "note": "a caption of 11 word pieces, numpy"},
    }


def _embedded(judge: Judge, pairs: Pairs, sights: Sequence[Sight], dice: torch.Generator | None = None) -> Vectors:
    """The sights in the judge's eyes, worn by `dice` where it is given."""
    parts = [np.zeros((0, judge.dimensions), np.float32)]
    for at in range(0, len(sights), _CHUNK):
        some = sights[at : at + _CHUNK]
        x = worn(pairs, some, SIDE, dice) if dice else plain_pictures(pairs, some, SIDE)
        flat: NDArray[np.uint8] = ((x.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
        parts.append(judge.embed_pictures(list(flat)))
    return np.concatenate(parts)
