"""A picture in the colours of another: its distribution of colours in OKLab becomes the other's.

Sliced, as in "Automated colour grading using colour distribution transfer" (Pitié, Kokaram & Dahyot 2007): along one
direction after another the values are given those of the same rank in the other picture. What this does to each colour is
smoothed over its neighbours, as a table of colours, so that the grain of a flat ground is not drawn out into spots (after
"Regularization of transportation maps for color and contrast transfer", Rabin, Delon & Gousseau 2010).
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageFilter

from app.media.image.oklab import TO_CONES, TO_LAB

SAMPLE = 96  # pixels of the longer side from which colours are taken
ROUNDS = 8  # of three directions each
RANKS = 256  # places at which two distributions are compared
CELLS = 17  # of the table, along each of red, green and blue
NEAR, FAR = 1.0, 5.0  # cells over which a change is smoothed; and from how far a colour that does not occur has its own
FAINT = 1e-4  # how little those that are far say, beside those that are near


def recoloured(picture: Image.Image, palette: Image.Image, weight: float = 1.0) -> Image.Image:
    """`picture` with the colours of `palette` (both RGB); a `weight` from 0, where nothing changes, to 1."""
    own, other = _sample(picture), _sample(palette)
    change = weight * (_carried(_lab(own), _lab(other)) - _lab(own))
    return picture.filter(ImageFilter.Color3DLUT(CELLS, _table(own, change).ravel().tolist()))


def _sample(picture: Image.Image) -> Any:
    """Colours of `picture` in bytes [n, 3]: pixels as they are, for mixed ones would be of no colour in it."""
    import numpy as np

    small = picture.convert("RGB")
    scale = min(1.0, SAMPLE / max(small.size))
    size = [max(1, round(side * scale)) for side in small.size]
    return np.asarray(small.resize((size[0], size[1]), Image.Resampling.NEAREST)).reshape(-1, 3)


def _carried(own: Any, other: Any) -> Any:
    """The colours `own` [n, 3] with the distribution of `other` [m, 3]."""
    import numpy as np

    chance = np.random.default_rng(0)
    for number in range(ROUNDS):
        axes = np.eye(3) if number == 0 else np.linalg.qr(chance.normal(size=(3, 3)))[0]
        here, there = own @ axes, other @ axes
        own = np.stack([_ranked(here[:, at], there[:, at]) for at in range(3)], axis=1) @ axes.T
    return own


def _ranked(values: Any, others: Any) -> Any:
    """Each of `values` [n] as the value of the same rank among `others` [m]; those that are equal get one rank."""
    import numpy as np

    _unique, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(values)
    known = (np.arange(RANKS) + 0.5) / RANKS
    return np.interp(ranks, known, np.quantile(others, known))[at]


def _table(own: Any, change: Any) -> Any:
    """What each colour becomes: [blue, green, red, 3] in 0…1, from how the colours `own` (bytes) `change` (OKLab)."""
    import numpy as np

    at = np.rint(own / 255 * (CELLS - 1)).astype(int)
    found = np.zeros((CELLS, CELLS, CELLS, 4))
    np.add.at(found, (at[:, 2], at[:, 1], at[:, 0]), np.concatenate([change, np.ones((len(change), 1))], axis=1))
    steps = np.arange(CELLS)
    far = (steps[:, None] - steps) ** 2
    spread = sum(
        share * np.einsum("zc,yb,xa,cbak->zyxk", *[np.exp(-far / (2 * width**2))] * 3, found, optimize=True)
        for share, width in ((1.0, NEAR), (FAINT, FAR))
    )
    blue, green, red = np.meshgrid(*[steps * 255 / (CELLS - 1)] * 3, indexing="ij")
    colours = np.stack([red, green, blue], axis=-1)
    return _rgb(_lab(colours) + spread[..., :3] / np.maximum(spread[..., 3:], np.finfo(float).tiny))


def _lab(colours: Any) -> Any:
    """OKLab [..., 3] of sRGB [..., 3] in 0…255 (see app.media.image.oklab, colour by colour)."""
    import numpy as np

    part = colours / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 (sRGB's curve)
    return np.cbrt(linear @ np.array(TO_CONES).T) @ np.array(TO_LAB).T


def _rgb(lab: Any) -> Any:
    """sRGB in 0…1; what no screen shows is brought to the nearest that one does, part by part."""
    import numpy as np

    linear = ((lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_CONES).T).clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)  # noqa: PLR2004 (its curve)
