"""The land of each ground, drawn by rules before the sky that grounds.py draws."""

from __future__ import annotations

from app.engines.image.composer.scenery import SIDE, Colour, Scenery, circle, ellipse, gradient, hexed, rect


def sea(seen: Scenery) -> list[str]:
    """Water up to the horizon."""
    dice, blue = seen.dice, seen.colour(50, 130, 195)
    parts = [rect(0, seen.horizon, 100, 100, blue)]
    for _wave in range(dice.randint(7, 14)):
        x, y = dice.uniform(0, 92), dice.uniform(seen.horizon + 4, 97)
        light = seen.colour(150, 205, 240)
        parts.append(f'<path d="M{x:.1f} {y:.1f}q2.5 -2.5 5 0q2.5 2.5 5 0" fill="none" stroke="{light}"/>')
    return parts


def beach(seen: Scenery) -> list[str]:
    """Sand before a strip of sea."""
    y = seen.horizon
    sea = rect(0, y - 4, 100, 20, seen.colour(60, 150, 205))
    foam = f'<path d="M0 {y + 9:.1f}q12 -4 25 0t25 0t25 0t25 0v60h-100z" fill="{seen.colour(250, 250, 250)}"/>'
    sand = f'<path d="M0 {y + 11:.1f}q12 -4 25 0t25 0t25 0t25 0v60h-100z" fill="{seen.colour(240, 214, 155)}"/>'
    return [sea, foam, sand]


def hill(seen: Scenery) -> list[str]:
    """One green hill, another behind it."""
    far = ellipse(seen.dice.uniform(0, 100), 105, 60, 105 - seen.horizon - 2, seen.colour(150, 200, 120))
    return [far, ellipse(50, 120, 82, 52, seen.colour(105, 175, 85))]  # the top at y 68


def meadow(seen: Scenery) -> list[str]:
    """Grass with tufts and flowers."""
    dice = seen.dice
    parts = [rect(0, seen.horizon, 100, 100, seen.colour(125, 190, 90))]
    for _tuft in range(dice.randint(8, 18)):
        x, y = dice.uniform(0, 98), dice.uniform(seen.horizon + 6, 98)
        parts.append(f'<path d="M{x:.1f} {y:.1f}l-1 -4l2 3l1 -4l.6 5z" fill="{seen.colour(80, 150, 65)}"/>')
    for _flower in range(dice.randint(0, 14)):
        colour = dice.choice(((240, 90, 110), (250, 215, 80), (250, 250, 250), (190, 120, 220)))
        parts.append(circle(dice.uniform(0, 100), dice.uniform(seen.horizon + 6, 98), 1.1, seen.colour(*colour)))
    return parts


def snow(seen: Scenery) -> list[str]:
    """Drifts, with firs far away."""
    dice, y = seen.dice, seen.horizon
    firs = [
        part for _fir in range(dice.randint(0, 4)) for part in _fir_at(seen, dice.uniform(2, 98), y + 4, dice.uniform(10, 20))
    ]
    drift = f'<path d="M0 {y + 3:.1f}q25 -9 50 -1t50 -3v60h-100z" fill="{seen.colour(238, 244, 250)}"/>'
    return [*firs, drift, ellipse(dice.uniform(20, 80), 104, 60, 18, seen.colour(224, 234, 245))]


def _fir_at(seen: Scenery, x: float, y: float, tall: float) -> list[str]:
    half, green = tall / 3, seen.colour(60, 120, 90)
    return [f'<path d="M{x:.1f} {y - tall:.1f}l{half:.1f} {tall:.1f}h{-2 * half:.1f}z" fill="{green}"/>']


def street(seen: Scenery) -> list[str]:
    """Houses behind a road."""
    dice, parts, x = seen.dice, [], -3.0
    while x < SIDE:
        wide, tall = dice.uniform(12, 22), dice.uniform(18, 42)
        wall = dice.choice(((196, 120, 100), (150, 160, 185), (215, 190, 150), (130, 150, 150), (205, 150, 165)))
        parts.append(rect(x, 66 - tall, wide, tall, seen.colour(*wall)))
        pane = "#ffe28a" if seen.hour != "day" else seen.colour(205, 228, 240)
        for row in range(int(tall // 9)):
            parts += [rect(x + wide * at, 66 - tall + 4 + 9 * row, wide / 5, 4, pane) for at in (0.2, 0.6)]
        x += wide
    parts += [rect(0, 66, 100, 6, seen.colour(190, 190, 195)), rect(0, 72, 100, 28, seen.colour(92, 94, 102))]
    return [*parts, *(rect(at, 85, 9, 1.6, seen.colour(240, 236, 215)) for at in range(3, 100, 18))]


def city(seen: Scenery) -> list[str]:
    """Towers of a city in two rows behind a square."""
    dice, parts = seen.dice, []
    for low, walls in ((76, ((128, 146, 176), (146, 160, 188))), (80, ((86, 100, 132), (104, 96, 124), (92, 112, 128)))):
        x = dice.uniform(-8, 0)
        while x < SIDE:
            wide, tall = dice.uniform(9, 16), dice.uniform(26, 60) * (1 if low == 76 else 0.62)  # noqa: PLR2004 (the far row)
            parts.append(rect(x, low - tall, wide, tall, seen.colour(*dice.choice(walls))))
            if dice.random() < 1 / 4:
                parts.append(rect(x + wide / 2 - 0.4, low - tall - 7, 0.8, 7, seen.colour(86, 100, 132)))
            parts += _panes(seen, x, low - tall, wide, tall)
            x += wide + dice.uniform(-1, 2)
    return [*parts, rect(0, 80, 100, 24, seen.colour(176, 178, 186)), rect(0, 80, 100, 1.4, seen.colour(206, 208, 214))]


def _panes(seen: Scenery, x: float, y: float, wide: float, tall: float) -> list[str]:
    """Windows, at night some of them lit."""
    lit, dark = "#ffe28a", seen.colour(186, 208, 226)
    rows = [(x + wide * at, y + 3 + 5 * row) for row in range(int((tall - 6) // 5)) for at in (0.16, 0.44, 0.72)]
    return [
        rect(left, top, wide / 8, 2.2, lit if seen.hour != "day" and seen.dice.random() < 0.6 else dark)  # noqa: PLR2004
        for left, top in rows
    ]


def lake(seen: Scenery) -> list[str]:
    """A wide water before hills, its near shore in front."""
    dice, y = seen.dice, seen.horizon
    far = f'<path d="M0 {y + 3:.1f}q16 -18 32 -5t30 -6t38 3v20h-100z" fill="{seen.colour(112, 150, 140)}"/>'
    near = f'<path d="M0 {y + 5:.1f}q26 -9 52 -2t48 -3v14h-100z" fill="{seen.colour(98, 156, 104)}"/>'
    water = rect(0, y + 6, 100, 60, seen.colour(92, 164, 206))
    light = seen.colour(172, 214, 236)
    shine = [ellipse(dice.uniform(5, 95), dice.uniform(y + 10, 78), dice.uniform(4, 11), 0.6, light) for _line in range(9)]
    shore = f'<path d="M0 84q24 -7 50 -2t50 -3v30h-100z" fill="{seen.colour(122, 178, 98)}"/>'
    return [far, near, water, *shine, shore]


def field(seen: Scenery) -> list[str]:
    """Rows of ripe grain towards the horizon, a wood behind."""
    y, gold = seen.horizon, seen.colour(232, 196, 92)
    wood = f'<path d="M0 {y + 2:.1f}q6 -7 13 -2t12 -2t14 1t13 -3t15 2t16 -2t17 3v8h-100z" fill="{seen.colour(96, 142, 92)}"/>'
    rows = "".join(
        f'<path d="M{50 + 3 * at:.1f} {y + 4:.1f}L{50 + 26 * at:.1f} 104h-9L{49 + 3 * at:.1f} {y + 4:.1f}z"/>'
        for at in range(-8, 9)
    )
    return [wood, rect(0, y + 4, 100, 60, gold), f'<g fill="{seen.colour(208, 166, 66)}">{rows}</g>']


def desert(seen: Scenery) -> list[str]:
    """Dunes."""
    y = seen.horizon
    far = f'<path d="M0 {y + 6:.1f}q22 -14 48 -2t52 -6v60h-100z" fill="{seen.colour(232, 190, 120)}"/>'
    near = f'<path d="M0 {y + 18:.1f}q30 10 55 0t45 4v60h-100z" fill="{seen.colour(244, 208, 140)}"/>'
    return [far, near]


def mountains(seen: Scenery) -> list[str]:
    """Peaks with snow behind a meadow."""
    dice, parts = seen.dice, []
    for _peak in range(dice.randint(2, 4)):
        x, tall, wide = dice.uniform(5, 95), dice.uniform(26, 46), dice.uniform(24, 38)
        top = 70 - tall
        parts.append(f'<path d="M{x - wide:.1f} 70L{x:.1f} {top:.1f}L{x + wide:.1f} 70z" fill="{seen.colour(120, 132, 156)}"/>')
        cap, side = tall / 4, wide / 4
        ridge = f"M{x - side:.1f} {top + cap:.1f}L{x:.1f} {top:.1f}L{x + side:.1f} {top + cap:.1f}"
        ragged = f"l{-side * 0.7:.1f} -2l{-side * 0.5:.1f} 3z"
        parts.append(f'<path d="{ridge}{ragged}" fill="{seen.colour(245, 248, 252)}"/>')
    return [*parts, f'<path d="M0 70q25 -6 50 -2t50 -2v40h-100z" fill="{seen.colour(130, 180, 100)}"/>']


def forest(seen: Scenery) -> list[str]:
    """Trees behind a clearing."""
    dice = seen.dice
    parts = [rect(0, 0, 100, 70, seen.colour(150, 195, 150))] if seen.hour == "day" else []
    for row, green in ((58, (105, 160, 110)), (66, (70, 130, 80))):
        for _tree in range(dice.randint(6, 9)):
            x, tall = dice.uniform(0, 100), dice.uniform(26, 48)
            if dice.random() < 1 / 2:
                parts += [
                    rect(x - 1.2, row - 10, 2.4, 14, seen.colour(110, 80, 60)),
                    *_crown(seen, x, row - 10, tall / 3.2, green),
                ]
            else:
                fir = f"M{x:.1f} {row - tall:.1f}l{tall / 4:.1f} {tall + 4:.1f}h{-tall / 2:.1f}z"
                parts.append(f'<path d="{fir}" fill="{seen.colour(*green)}"/>')
    return [*parts, f'<path d="M0 66q30 -6 60 -1t40 -1v50h-100z" fill="{seen.colour(95, 140, 75)}"/>']


def _crown(seen: Scenery, x: float, y: float, size: float, green: Colour) -> list[str]:
    return [ellipse(x, y - size / 2, size * 0.8, size, seen.colour(*green))]


def air(_seen: Scenery) -> list[str]:
    """Nothing but the sky."""
    return []


def space(seen: Scenery) -> list[str]:
    """Stars in the dark, now and then a planet."""
    dice = seen.dice
    deep = dice.choice(((10, 8, 28), (22, 12, 44), (8, 14, 34)))
    parts = [rect(0, 0, 100, 100, hexed(deep))]
    parts += [circle(dice.uniform(0, 100), dice.uniform(0, 100), dice.uniform(0.25, 0.9), "#ffffff") for _star in range(70)]
    if dice.random() < 1 / 2:
        x, y, r = dice.choice((10, 90)), dice.uniform(10, 90), dice.uniform(6, 14)
        parts.append(circle(x, y, r, hexed(dice.choice(((205, 120, 80), (120, 150, 210), (200, 170, 120))))))
    return parts


def underwater(seen: Scenery) -> list[str]:
    """Water from within, with weeds on the ground."""
    dice = seen.dice
    parts = [gradient("deep", hexed((70, 165, 215)), hexed((16, 70, 130))), rect(0, 0, 100, 100, "url(#deep)")]
    parts += [circle(dice.uniform(0, 100), dice.uniform(5, 80), dice.uniform(0.6, 2), "#d8f1fb", 0.7) for _bubble in range(14)]
    parts.append('<path d="M0 90q25 -6 50 -2t50 -1v20h-100z" fill="#d9c48c"/>')
    for _weed in range(dice.randint(2, 6)):
        x = dice.uniform(2, 98)
        parts.append(f'<path d="M{x:.1f} 95q-4 -7 0 -12t0 -12" fill="none" stroke="#2f9e6e" stroke-width="2.4"/>')
    return parts


def table(seen: Scenery) -> list[str]:
    """A table of wood before a wall."""
    wall = seen.dice.choice(((246, 232, 208), (206, 226, 232), (232, 214, 226), (220, 232, 208), (120, 140, 160)))
    wood = seen.dice.choice(((170, 112, 70), (198, 146, 98), (130, 84, 56)))
    top = seen.horizon + 8
    parts = [rect(0, 0, 100, 100, hexed(wall)), rect(0, top, 100, 100, hexed(wood))]
    dark = hexed((wood[0] - 26, wood[1] - 22, wood[2] - 18))
    return [*parts, *(rect(0, top + at, 100, 0.9, dark) for at in (9, 19, 29))]


def room(seen: Scenery) -> list[str]:
    """A wall and a floor, mostly with a window."""
    dice = seen.dice
    wall = dice.choice(((244, 224, 196), (196, 216, 226), (226, 204, 214), (206, 220, 190)))
    parts = [rect(0, 0, 100, 100, hexed(wall)), rect(0, 72, 100, 30, hexed((176, 128, 88))), rect(0, 70, 100, 2.4, "#f6f1e8")]
    if dice.random() < 0.7:  # noqa: PLR2004
        x = dice.choice((8, 64))
        parts += [rect(x, 12, 28, 30, "#ffffff"), rect(x + 2, 14, 24, 26, "#a9d7f2"), rect(x + 13, 14, 2, 26, "#ffffff")]
    return parts


def pond(seen: Scenery) -> list[str]:
    """Water in a meadow."""
    water = ellipse(50, 80, 46, 15, seen.colour(85, 160, 210))
    shine = [
        ellipse(seen.dice.uniform(20, 80), seen.dice.uniform(72, 90), 6, 0.7, seen.colour(170, 215, 240)) for _line in range(4)
    ]
    return [*meadow(seen), water, *shine]
