"""From a scene to another one: moved and tinted a little, or with what the edited words of its brief change."""

from __future__ import annotations

import random
from typing import Any

from app.engines.image.composer.composing import compose, tint_of
from app.engines.image.composer.grounds import GROUNDS, hour_on
from app.engines.image.composer.library import Library
from app.engines.image.composer.scene import PALETTES, Layer, Scene
from app.engines.image.composer.wish import Thing, Wish

_ASIDE, _LARGER = 4.0, (0.9, 1.08)  # of 100; how far a subtle variation moves, and by what it is made larger
_SMALLEST = 0.85
_TURN = 3.0  # degrees


def moved(scene: Scene, seed: int) -> Scene:
    """The scene again, its things moved together, a little larger or smaller, in a neighbouring palette.

    Things keep their places to one another, so that what lies on a table still does.
    """
    dice = random.Random(f"{seed} move")
    x, y, wide, tall = scene.window
    scale = dice.uniform(*_LARGER)
    low = max((layer.foot for layer in scene.layers), default=y + tall)
    top = min((layer.foot - layer.size for layer in scene.layers), default=y)
    scale = max(_SMALLEST, min(scale, (low - y) / max(low - top, 1)))  # nothing grows out of the picture
    middle = x + wide / 2
    layers = [
        one.model_copy(
            update={
                "x": middle + (one.x - middle) * scale,
                "foot": round(low + (one.foot - low) * scale, 2),
                "size": round(min(one.size * scale, 200), 2),
                "turn": one.turn if one.stands else round(max(-45.0, min(45.0, one.turn + dice.uniform(-_TURN, _TURN))), 1),
            }
        )
        for one in scene.layers
    ]
    left = min((one.x - one.size / 2 for one in layers), default=middle) - x  # room on that side
    right = x + wide - max((one.x + one.size / 2 for one in layers), default=middle)
    shift = dice.choice((-1, 1)) * dice.uniform(_ASIDE / 2, _ASIDE)
    shift = max(-max(0.0, left), min(max(0.0, right), shift))
    palette = (scene.palette + dice.choice((-1, 1, 2))) % PALETTES
    placed = tuple(one.model_copy(update={"x": round(one.x + shift, 2)}) for one in layers)
    return scene.model_copy(update={"layers": placed, "palette": palette, "number": dice.randrange(1_000_000)})


def refined(scene: Scene, old: Wish, new: Wish, drawings: Library, seed: int, style: str = "") -> Scene:
    """The scene with what `new` asks for and `old` did not; what both ask for stays as it is.

    Where the things are the same, only their colours and what is around them change. Otherwise they are placed anew,
    those that stay by the same drawings. `style` is what the artist chose over the brief's.
    """
    style = style or (new.style if new.style != old.style else scene.style)
    fresh = compose(new, drawings, seed, scene.window[2] / scene.window[3], style)
    stays = new.ground == old.ground and (scene.ground in GROUNDS or fresh.ground == scene.ground)
    if stays and [_alike(one) for one in old.things] == [_alike(one) for one in new.things]:
        layers = _tinted(scene.layers, old, new, drawings)
    else:
        layers = _kept(fresh.layers, scene, old, new, drawings)
    changed: dict[str, Any] = {"layers": layers, "style": fresh.style, "mood": new.mood}
    if not stays:
        changed |= {"ground": fresh.ground, "number": fresh.number}
    if not stays or new.hour != old.hour:
        changed["hour"] = hour_on(changed.get("ground", scene.ground), fresh.hour)
    if sorted(new.weather) != sorted(old.weather):
        changed["weather"] = fresh.weather
    if new.backdrop != old.backdrop:
        changed["backdrop"] = new.backdrop
    return scene.model_copy(update=changed)


def _alike(thing: Thing) -> tuple[object, ...]:
    """What must be the same for a thing to stay where it is."""
    return (thing.found.label, thing.count, thing.size, thing.relation, thing.to, thing.at, thing.flies)


def _tinted(layers: tuple[Layer, ...], old: Wish, new: Wish, drawings: Library) -> tuple[Layer, ...]:
    """The layers, those in another colour whose thing has another one now."""
    turned = {at for at, (was, now) in enumerate(zip(old.things, new.things, strict=True)) if was.colour != now.colour}
    return tuple(_in_colour(one, new.things[one.thing], drawings) if one.thing in turned else one for one in layers)


def _kept(fresh: tuple[Layer, ...], scene: Scene, old: Wish, new: Wish, drawings: Library) -> tuple[Layer, ...]:
    """Layers placed anew, each thing that was there before by the drawing that showed it."""
    before = {thing.found.label: at for at, thing in enumerate(old.things)}
    shown = {layer.thing: layer for layer in scene.layers if layer.drawing in drawings.numbers}
    found = []
    for layer in fresh:
        thing = new.things[layer.thing]
        was = shown.get(before.get(thing.found.label, -1))
        found.append(
            _in_colour(layer.model_copy(update={"drawing": was.drawing, "flip": was.flip}), thing, drawings) if was else layer
        )
    return tuple(found)


def _in_colour(layer: Layer, thing: Thing, drawings: Library) -> Layer:
    """The layer in the colour that `thing` is asked for in; as it is where this library has no such drawing."""
    number = drawings.numbers.get(layer.drawing)
    if number is None:
        return layer
    drawing = drawings.drawings[number]
    return layer.model_copy(update={"tint": tint_of(thing, drawing.main, drawing.label)})
