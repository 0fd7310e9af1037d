"""Whole animals of which the sets have only heads: a head on a body that sits, drawn by rules in the head's colours."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.engines.image.composer.colour import mixed
from app.engines.image.composer.drawn import Drawing

_ACROSS, _NECK, _TALL = 62.0, 13.0, 58.0  # the head's width, how far it covers the body, how tall the body is
_WHITE, _DARK = "#ffffff", "#2b2430"


@dataclass(frozen=True, slots=True)
class Coat:
    """What a body is coloured in. Empty: the head's main colour, or one near it; `tail` is a shape of `_TAILS`."""

    coat: str = ""
    belly: str = ""
    legs: str = ""
    tail: str = "stump"
    tip: str = ""


_WHOLE_ALREADY = {("noto", "raccoon")}
COATS = {
    "fox": Coat(belly="#fff1de", legs="#5a2f22", tail="bushy", tip="#fff6ea"),
    "wolf": Coat(belly="#e3e6ea", tail="bushy"),
    "bear": Coat(),
    "lion": Coat(coat="#eba94a", belly="#f8d795", tail="tuft", tip="#7a3f22"),
    "panda": Coat(coat="#f4f4f4", belly="#ffffff", legs="#33323c"),
    "koala": Coat(belly="#e6e6e8"),
    "polar bear": Coat(coat="#eef1f4", belly="#ffffff"),
    "raccoon": Coat(belly="#d6d8dc", legs="#4a4a52", tail="ringed", tip="#4a4a52"),
    "hamster": Coat(coat="#f2a95c", belly="#fff3e2"),
}
_TAILS = {
    "stump": '<circle cx="77" cy="{y:.1f}" r="5" fill="{coat}"/>',
    "bushy": '<path d="M66 {low:.1f}q34 6 30 -24q-2 -16 -12 -22q2 12 -4 20q-8 10 -16 14z" fill="{coat}"/>'
    '<path d="M96 {tip_y:.1f}q-1 -16 -12 -24q2 9 -1 16q6 6 13 8z" fill="{tip}"/>',
    "tuft": '<path d="M70 {low:.1f}q26 4 20 -26" fill="none" stroke="{coat}" stroke-width="4.500" stroke-linecap="round"/>'
    '<path d="M90 {tuft_y:.1f}q-8 -6 -1 -16q9 6 5 15z" fill="{tip}"/>',
    "ringed": '<path d="M70 {low:.1f}q26 0 20 -34" fill="none" stroke="{coat}" stroke-width="12" stroke-linecap="round"/>'
    '<path d="M70 {low:.1f}q26 0 20 -34" fill="none" stroke="{tip}" stroke-width="12" stroke-dasharray="5 7"/>',
}


def only_head(drawing: Drawing) -> bool:
    """Whether it shows no more than the head of the animal whose name it bears."""
    return drawing.label in COATS and (drawing.set, drawing.label) not in _WHOLE_ALREADY


def whole(head: Drawing) -> Drawing:
    """What is called like `head` and shows all of the animal."""
    coat = COATS[head.label]
    tall = _ACROSS * head.box[3] / head.box[2] - _NECK + _TALL
    right = 98.0 if coat.tail in {"bushy", "ringed"} else 94.0 if coat.tail == "tuft" else 82.0
    main = coat.coat or head.main
    return replace(head, name=f"{head.name}-whole", box=(18.0, 0.0, right - 18, round(tall, 2)), main=main)


def faced(head: Drawing) -> Drawing:
    """The head by itself, called a face."""
    names = (f"{head.label} head", *(name for name in head.names if "face" in name or "head" in name))
    return replace(head, label=f"{head.label} face", names=names)


def body(head: Drawing, drawn: str) -> str:
    """The SVG of the whole animal; `drawn` is that of its head."""
    colours = COATS[head.label]
    coat = colours.coat or head.main
    belly = colours.belly or mixed(coat, _WHITE, 0.32)
    legs = colours.legs or mixed(coat, _DARK, 0.12)
    tip = colours.tip or mixed(coat, _DARK, 0.25)
    x, y, wide, tall = head.box
    unit = _ACROSS / wide
    top = tall * unit - _NECK
    low = top + _TALL
    tail = _TAILS[colours.tail].format(coat=coat, tip=tip, y=low - 14, low=low - 6, tip_y=low - 30, tuft_y=low - 30)
    back = f'<path d="M35 {top:.1f}q-14 26 -10 {_TALL - 6:.1f}h50q4 -30 -10 -{_TALL - 6:.1f}z" fill="{coat}"/>'
    haunches = _pair(28, low - 13, 10, 12, coat)
    chest = f'<ellipse cx="50" cy="{top + 27:.1f}" rx="12" ry="20" fill="{belly}"/>'
    fore = "".join(
        f'<rect x="{left}" y="{top + 24:.1f}" width="10.5" height="{_TALL - 26:.1f}" rx="5" fill="{legs}"/>'
        for left in (37, 52.5)
    )
    paws = _pair(27, low - 4, 9, 4.5, legs) + _pair(41.5, low - 4, 7, 4.5, legs)
    place = f"translate({50 - _ACROSS / 2:.2f} 0) scale({unit:.4f}) translate({-x:.2f} {-y:.2f})"
    return f'{tail}{back}{haunches}{chest}{fore}{paws}<g transform="{place}">{drawn}</g>'


def _pair(x: float, y: float, rx: float, ry: float, fill: str) -> str:
    """Two ellipses, alike on both sides of the middle."""
    return "".join(f'<ellipse cx="{at:.1f}" cy="{y:.1f}" rx="{rx}" ry="{ry}" fill="{fill}"/>' for at in (x, 100 - x))
