"""Which drawings a judge learns from: those of the generator and more, or, for measuring it, others alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.training.image import dataset, packages
from app.training.image.pairs import SIDE


def gather(folder: Path, measuring: bool) -> list[Path]:
    """The data sets, the further packages fetched and rendered where they are missing. Raises TrainingError.

    For measuring all drawings are other ones than the generator's, and share-alike ones too: those weights stay here.
    """
    name = "measuring-data" if measuring else "more-data"
    chosen = packages.OTHERS + (packages.SHARED_ALIKE if measuring else ())
    home = folder / name
    packages.install(home / "packages", chosen)
    dataset.build(home / "packages", home, SIDE, chosen=chosen)
    return [home] if measuring else [folder / "data", home]


def records(sources: Sequence[Path]) -> list[dict[str, Any]]:
    """What is written down of all sources, each once."""
    found: dict[str, dict[str, Any]] = {}
    for source in sources:
        for record in json.loads((source / "sources.json").read_text("utf-8")):
            found.setdefault(record["name"], record)
    return list(found.values())
