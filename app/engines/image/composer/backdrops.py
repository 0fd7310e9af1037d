"""Plain grounds with a form behind things, in palettes made in OKLCH: for briefs that name no place."""

from __future__ import annotations

import random

from app.engines.image.composer.colour import TARGETS, hexed, lch
from app.engines.image.composer.scene import Scene

BASE = (76.0, 82.0)  # where feet stand
_FLOOR = 74
_HUES = (78, 232, 22, 160, 300, 110, 205, 350)  # degrees: of one palette after another
_HOURS = {"night": -0.58, "dusk": -0.2}


def backdrop(scene: Scene) -> str:
    """The wall, a form on it, the floor, as SVG."""
    dice = random.Random(f"{scene.number} backdrop")
    if scene.backdrop in TARGETS:
        light, chroma, hue = lch(TARGETS[scene.backdrop])
        wall, form = TARGETS[scene.backdrop], hexed(light + (0.05 if light < 0.8 else -0.04), chroma * 0.85, hue)  # noqa: PLR2004
        floor = hexed(light - 0.06, chroma, hue)
    else:
        hue = _HUES[scene.palette % len(_HUES)] + dice.uniform(-8, 8)
        down = _HOURS.get(scene.hour, 0.0)
        wall, form = hexed(0.94 + down, 0.035, hue), hexed(0.885 + down, 0.075, hue + dice.choice((-18, 0, 24)))
        floor = hexed(0.86 + down, 0.06, hue + 8)
    shapes = (
        f'<circle cx="50" cy="50" r="36" fill="{form}"/>',
        f'<path d="M18 {_FLOOR}V46a32 32 0 0 1 64 0V{_FLOOR}z" fill="{form}"/>',
        f'<circle cx="66" cy="36" r="25" fill="{form}"/><circle cx="20" cy="60" r="12" fill="{form}"/>',
        f'<path d="M-5 52q28 -30 56 -12t54 -18v80h-110z" fill="{form}"/>',
    )
    shape = shapes[scene.palette % len(shapes)]
    base = f'<rect x="-20" width="140" height="100" fill="{wall}"/>{shape}'
    return f'{base}<rect x="-20" y="{_FLOOR}" width="140" height="40" fill="{floor}"/>'
