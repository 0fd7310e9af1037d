"""Whether a picture made in a taught style repeats one of those that taught it.

Pictures are compared small and in colour, each as it is, mirrored, and its middle alone; 1 is the same picture, whatever its
light. Too near is who is nearer than the pictures themselves are to one another: a set of one composition is no alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]

SIDE = 24  # pixels
MIDDLE = 0.85  # of a side, of the crop that is looked at as well
LEAST, SHARE = 0.9, 90  # the least likeness that is too near; which percentile of those within the set is usual


class Nearness:
    """For one set of pictures to learn from."""

    def __init__(self, pictures: Sequence[Image.Image]) -> None:
        self.views = [np.stack([_row(view) for view in _views(one)]) for one in pictures]
        self.limit = LEAST
        if len(pictures) > 1:
            likes = [max(like for at, like in enumerate(self._likes(one)) if at != own) for own, one in enumerate(pictures)]
            self.limit = max(LEAST, float(np.percentile(likes, SHARE)))

    def nearest(self, picture: Image.Image) -> tuple[int, float]:
        """Which picture of the set is nearest to it, from 0, and how like it is."""
        likes = self._likes(picture)
        at = int(np.argmax(likes))
        return at, likes[at]

    def repeats(self, picture: Image.Image) -> int | None:
        """The picture of the set that it repeats, from 0; None when it is its own."""
        at, like = self.nearest(picture)
        return at if like > self.limit else None

    def _likes(self, picture: Image.Image) -> list[float]:
        row = _row(picture)
        return [float((views @ row).max()) for views in self.views]


def _views(picture: Image.Image) -> Iterator[Image.Image]:
    square = ImageOps.fit(picture.convert("RGB"), (4 * SIDE, 4 * SIDE))
    edge = 2 * SIDE * (1 - MIDDLE)
    middle = square.crop((round(edge), round(edge), round(4 * SIDE - edge), round(4 * SIDE - edge)))
    for one in (square, middle):
        yield one
        yield ImageOps.mirror(one)


def _row(picture: Image.Image) -> Rows:
    """Its colours, small, without their mean and at length 1."""
    small = ImageOps.fit(picture.convert("RGB"), (SIDE, SIDE), Image.Resampling.BOX)
    row = np.asarray(small, np.float32).reshape(-1, 3)
    row = (row - row.mean(0)).ravel()
    length = float(np.linalg.norm(row))
    return np.asarray(row / length if length > 1 else row * 0, np.float32)
