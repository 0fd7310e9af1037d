"""From what a brief asks to a scene: each seed is another solution, four seeds in a row are four ways of arranging."""

from __future__ import annotations

import random
from collections.abc import Sequence

from app.engines.image.composer import backdrops, layout
from app.engines.image.composer.colour import TARGETS, apart, lch
from app.engines.image.composer.grounds import GROUNDS, hour_on
from app.engines.image.composer.library import Library
from app.engines.image.composer.scene import MOST_LAYERS, PALETTES, Layer, Scene
from app.engines.image.composer.styles import STYLES
from app.engines.image.composer.wish import Thing, Wish

_SETS = ("flat", "sticker", "noto")
_PLAIN_SETS = ("flat", "sticker")  # without gradients: for looks that are made of few colours
_READS = ("arrow", "left", "right", "clock", "book", "newspaper", "abc", "sign", "musical")  # a mirror would make it wrong
_OPEN = ("meadow", "hill", "beach", "mountains")  # where it may rain, snow or be night when no place is named
_BASES = {"hill": (69.0, 72.0), "sea": (68.0, 80.0), "forest": (82.0, 93.0), "street": (84.0, 94.0)}


def compose(wish: Wish, drawings: Library, seed: int, ratio: float = 1.0, style: str = "") -> Scene:
    """The scene of `seed`; `ratio` is width to height, `style` what the artist chose over the brief's."""
    dice, way = random.Random(f"{seed} compose"), layout.WAYS[seed % len(layout.WAYS)]
    look = style if style in STYLES else wish.style or "flat"
    ground = wish.ground or ("plain" if not (wish.hour or wish.weather) else dice.choice(_OPEN))
    here = GROUNDS.get(ground)
    window = _window(ratio)
    chosen = [_drawing(thing, drawings, seed, look, dice) for thing in wish.things]
    base = backdrops.BASE if here is None else _BASES.get(ground, here.base)
    shown = [drawings.drawings[number] for number in chosen]
    spots = layout.place(wish.things, shown, window, base, here is not None and here.floats, way, dice)
    flips = [_flips(thing, drawings.drawings[n].label, dice) for thing, n in zip(wish.things, chosen, strict=True)]
    layers = [
        Layer(
            drawing=shown[spot.thing].id,
            thing=spot.thing,
            x=round(spot.x, 2),
            foot=round(spot.foot, 2),
            size=round(spot.size, 2),
            flip=flips[spot.thing],
            turn=0 if spot.stands else round(dice.uniform(-5, 5), 1),
            tint=tint_of(wish.things[spot.thing], shown[spot.thing].main, shown[spot.thing].label),
            stands=spot.stands and ground != "sea" and not (here is not None and here.floats),
        )
        for spot in spots
    ]
    return Scene(
        ground=ground,
        hour=hour_on(ground, wish.hour) or "day",
        weather=tuple(wish.weather),
        number=dice.randrange(1_000_000),
        window=window,
        layers=tuple(layers[-MOST_LAYERS:]),
        style=look,
        mood=wish.mood,
        palette=seed % PALETTES,
        backdrop=wish.backdrop,
    )


def _window(ratio: float) -> layout.Window:
    """What is shown of the 100 × 100: all across, or all down; the ground stays in it."""
    if ratio >= 1:
        tall = 100 / ratio
        return 0.0, round((100 - tall) * 0.85, 4), 100.0, round(tall, 4)
    return round((100 - 100 * ratio) / 2, 4), 0.0, round(100 * ratio, 4), 100.0


def _drawing(thing: Thing, drawings: Library, seed: int, look: str, dice: random.Random) -> int:
    """One of the best fits: another set, now and then another drawing of the same name."""
    sets = _SETS if look == "flat" else _PLAIN_SETS
    labels = list(dict.fromkeys(drawings.drawings[number].label for number in thing.found.drawings))
    others = [one for one in labels[1:3] if thing.said in drawings.drawings[drawings.by_label[one][0]].names]
    label = dice.choice(others) if others and seed % 4 == 3 else labels[0]  # noqa: PLR2004 (the fourth way)
    by_set = {drawings.drawings[number].set: number for number in drawings.by_label[label]}
    start = (seed // 4 + seed) % len(sets)
    wanted: Sequence[str] = (*sets[start:], *sets[:start], *by_set)
    return next(by_set[name] for name in wanted if name in by_set)


def _flips(thing: Thing, label: str, dice: random.Random) -> bool:
    return dice.random() < 1 / 2 and not any(word in label for word in _READS) and thing.relation != "wear"


def tint_of(thing: Thing, main: str, label: str) -> str:
    """The colour that was asked for, where the drawing has another one."""
    if not thing.colour or thing.colour in label.split():
        return ""
    target = TARGETS[thing.colour]
    (light, chroma, hue), (to_light, to_chroma, to_hue) = lch(main), lch(target)
    near = abs(light - to_light) < 0.1 and abs(chroma - to_chroma) < 0.06  # noqa: PLR2004 (no eye tells)
    return "" if near and apart(hue, to_hue) < 15 else target  # noqa: PLR2004 (degrees)
