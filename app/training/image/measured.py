"""All that is measured of a trained image model before its folder is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from app.judging.house import House
from app.training.image import dataset, examples, judged, measure, samples, sketches
from app.training.image.library import DRAWINGS
from app.training.run import Machine


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures with their notes, sheets to look at, and the file of the few-step version where there is one."""

    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    sheets: dict[str, Image.Image] = field(default_factory=dict)
    few: Path | None = None


def measure_all(folder: Path, unet: Any, vae: Any, machine: Machine) -> Measured:
    """The figures of the model trained in `folder`: its own, its few-step version's, and its pictures' in the eyes of the
    measuring judge, where there is one.
    """
    pixels, drawings = dataset.load(folder / "data")
    known = examples.Examples(folder / "examples" / DRAWINGS, vae.config.scaling_factor)
    few = sketches.finished(folder / "few-steps", unet)
    figures = measure.measure(unet, vae, pixels, drawings, examples=known, machine=machine)
    figures |= few.figures if few else {}
    prompts = list(samples.PROMPTS)
    sheets = {"samples": samples.contact_sheet(samples.sample_pictures(unet, vae, prompts, machine), prompts)}
    if (folder / "measuring-judge/model").exists():
        judge = House(folder / "measuring-judge/model")
        more, sheets["nearest"] = judged.measure(
            lambda asked, seed: samples.sample_pictures(unet, vae, asked, machine, seed), judge, pixels, drawings
        )
        figures |= more
    return Measured(figures, sheets, few.file if few else None)
