"""The tunes that the house's model was trained on, as its recipe keeps them, to say of another tune whether it is new."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from app.media.music.theory.novelty import Known
from app.settings import ROOT

HOUSE = ROOT / "app" / "weights" / "house-music" / "known.safetensors"


@lru_cache(maxsize=2)
def known(path: Path) -> Known:
    """The tunes in `path` (`app.training.music.known.save_known`). Raises OSError."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        numbers = file.get_tensor("numbers")
        titles = json.loads((file.metadata() or {})["titles"])
    return Known.joined(titles, numbers)


def house() -> Known | None:
    """The house's, about 4,000 tunes; the first call takes a third of a second. None where the file is missing."""
    return known(HOUSE) if HOUSE.is_file() else None
