"""A scene as SVG, and the SVG as pixels (resvg, Rust): crisp at any size."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.engines.image.composer import grounds
from app.engines.image.composer.backdrops import backdrop
from app.engines.image.composer.colour import mixed, recoloured, tint
from app.engines.image.composer.library import Library
from app.engines.image.composer.look import Look
from app.engines.image.composer.scene import Layer, Scene, scene_of
from app.engines.image.composer.styles import look, moody

_ID = re.compile(r'(\bid="|url\(#|href="#)')
_FOG = '<rect width="100" height="100" fill="#eef1f3" opacity=".45"/>'
_LIGHT = {"night": ("#141a4a", 0.22), "dusk": ("#c0563c", 0.09)}  # the light of the hour, and how much of it falls on things
_GLAZES = (None, ("#ffcf8a", 0.14), ("#7fd0c8", 0.13), ("#e9c6ea", 0.2))  # over a ground, by palette
_BOW = ("#e8544f", "#f59a3c", "#f7d84b", "#59b765", "#4a8fdc", "#8a5cc7")


def svg(scene: Scene, drawings: Library) -> str:
    """The scene as an SVG document."""
    style, mood = look(scene.style, scene.palette, scene.hour), moody(scene.mood)
    behind, before = _ground(scene, style)
    things = "".join(_thing(layer, at, scene, drawings, style) for at, layer in enumerate(scene.layers))
    window = " ".join(f"{part:.4f}" for part in scene.window)
    over = f'<rect width="100" height="100" fill="{style.over}"/>' if style.over else ""
    whole = f"{behind}{things}{before}"
    if mood:
        whole = recoloured(whole, mood)
    wide, tall = (round(12 * part) for part in scene.window[2:])
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return (
        f'{head} width="{wide}" height="{tall}" viewBox="{window}"><defs>{style.defs}</defs>{style.coloured(whole)}{over}</svg>'
    )


def document_of(facts: Mapping[str, Any], drawings: Library) -> str | None:
    """The drawing of the scene in a revision's facts; None where they hold none, or one that this library cannot show whole."""
    scene = scene_of(facts)
    if scene is None or any(layer.drawing not in drawings.numbers for layer in scene.layers):
        return None
    return svg(scene, drawings).replace("><defs>", ">\n<defs>", 1)


def makers_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whose drawings a composed picture shows, each maker with the licence, once."""
    told = [one for one in facts.get("drawings") or [] if isinstance(one, dict)]
    return list(dict.fromkeys((f"{one.get('set', '')} ({one.get('maker', '')})", str(one.get("licence", ""))) for one in told))


def alone(drawings: Library, number: int) -> str:
    """A drawing by itself with a margin, as an SVG document."""
    x, y, wide, tall = drawings.drawings[number].box
    margin = max(wide, tall) * 0.08  # a box says where a drawing stands; an ear may be a little outside
    box = f"{x - margin:.2f} {y - margin:.2f} {wide + 2 * margin:.2f} {tall + 2 * margin:.2f}"
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{head} viewBox="{box}">{drawings.body(number)}</svg>'


def pixels(document: str, width: int, height: int) -> bytes:
    """The document as PNG of so many pixels."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=document, width=width, height=height, skip_system_fonts=True))


def _ground(scene: Scene, style: Look) -> tuple[str, str]:
    """What is behind the things, and what falls before them."""
    if scene.ground not in grounds.GROUNDS:
        plain = backdrop(scene)
        return (recoloured(plain, style.ground) if style.ground else plain), ""
    sky, land, falling = grounds.parts(scene.ground, scene.hour, scene.weather, scene.number)
    bow = _rainbow(scene) if "rainbow" in scene.weather else ""
    fog = _FOG if "fog" in scene.weather else ""
    glaze = _GLAZES[scene.palette % len(_GLAZES)]
    drawn = ["".join(sky), "".join(land)]
    if glaze:
        drawn = [recoloured(part, lambda colour: mixed(colour, *glaze)) for part in drawn]
    if style.ground:
        drawn = [recoloured(part, style.ground) for part in drawn]
    far = style.land(drawn[0]) if scene.style == "line" else drawn[0]
    return f"{far}{bow}{style.land(drawn[1]) if land else ''}{fog}", "".join(falling)


def _rainbow(scene: Scene) -> str:
    dice = random.Random(scene.number)
    x, r = dice.uniform(35, 65), dice.uniform(40, 48)
    arcs = "".join(
        f'<circle cx="{x:.1f}" cy="70" r="{r - 2 * at:.1f}" fill="none" stroke="{colour}" stroke-width="2.1"/>'
        for at, colour in enumerate(_BOW)
    )
    return f'<g opacity=".75">{arcs}</g>'


def _thing(layer: Layer, at: int, scene: Scene, drawings: Library, style: Look) -> str:
    """A drawing in its place, in the light of the hour, with the shadow at its feet."""
    number = drawings.numbers.get(layer.drawing)
    if number is None:  # of another library
        return ""
    drawing = drawings.drawings[number]
    x, y, wide, tall = drawing.box
    unit = layer.size / max(wide, tall)
    body = _lit(drawings, number, layer.tint, _LIGHT.get(scene.hour) if scene.ground in grounds.GROUNDS else None)
    body = _ID.sub(rf"\g<1>n{at}-", body)
    left, top = layer.x - wide * unit / 2, layer.foot - tall * unit
    mirror = f"translate({2 * x + wide:.2f} 0) scale(-1 1)" if layer.flip else ""
    tilt = f"rotate({layer.turn:.1f} {layer.x:.2f} {layer.foot:.2f}) " if layer.turn else ""
    move = f"{tilt}translate({left:.2f} {top:.2f}) scale({unit:.4f}) translate({-x:.2f} {-y:.2f}) {mirror}"
    shadow = ""
    if layer.stands and style.shadows:
        rx = wide * unit * 0.42
        round_feet = f'cx="{layer.x:.2f}" cy="{layer.foot - 0.2:.2f}" rx="{rx:.2f}" ry="{max(0.8, rx / 6):.2f}"'
        shadow = f'<ellipse {round_feet} fill="#10131f" opacity=".2"/>'
    return shadow + style.group(f'<g transform="{move.strip()}">{body}</g>', unit)


@lru_cache(maxsize=256)
def _lit(drawings: Library, number: int, colour: str, light: tuple[str, float] | None) -> str:
    """A drawing's body in the colour asked for, in the light of the hour."""
    body = drawings.body(number)
    if colour:
        body = recoloured(body, tint(drawings.drawings[number].main, colour))
    return recoloured(body, lambda one: mixed(one, *light)) if light else body


def used(scene: Scene, drawings: Library) -> Sequence[int]:
    """The numbers of the drawings that the scene shows, each once."""
    return list(dict.fromkeys(drawings.numbers[layer.drawing] for layer in scene.layers if layer.drawing in drawings.numbers))
