"""Going on with a picture beyond its edges: windows that overlap what is there, one after another from the inside outwards.

In each window what is there stays while the rest is denoised (app.engines.image.inpainting). A window shows as much of the
picture as the model sees of one, so what is new is as fine as what was there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageFilter

from app.engines.engine import Request
from app.engines.image.inpainting import Place
from app.errors import EngineError, _
from app.media.image.pasting import Box
from app.media.image.picture import opened

if TYPE_CHECKING:
    import numpy as np

MOST = 24  # windows: where there would be more, each shows more of the picture, less finely
GROWS = 1.25  # by which it then does
FADE = 10  # the side of a window to the pixels over which the mirrored edge of the picture goes over into what is new
SOFT = 16  # the side of a window to the pixels over which it goes over into one that was painted before
STRIDE = 0x9E3779B97F4A7C15  # between the seeds of windows, so that no two have the same noise


class Canvases:
    """The pictures of one request, a variant each, while they grow into their frame."""

    def __init__(self, request: Request) -> None:
        """Raises EngineError where there is no picture or no frame."""
        import numpy as np

        picture = opened(request.base)
        if request.mask is None:
            raise EngineError(_("There is no frame that says what is to be added."))
        with Image.open(io.BytesIO(request.mask)) as given:
            self.unknown = np.asarray(given.convert("L")).copy()
        self.inner = self.unknown == 0
        self.rows, self.columns = (np.flatnonzero(self.inner.any(axis)) for axis in (1, 0))  # that the picture itself has
        self.pictures = [picture.copy() for _seed in request.seeds]

    def windows(self) -> list[Box]:
        """Where to paint, in this order."""
        height, width = self.unknown.shape
        middle = (self.columns[0] + self.columns[-1]) / 2, (self.rows[0] + self.rows[-1]) / 2
        side = min(len(self.rows), len(self.columns))
        boxes = list(self._boxes(side))
        while len(boxes) > MOST and side < min(width, height):
            side = min(math.ceil(side * GROWS), width, height)
            boxes = list(self._boxes(side))
        return sorted(boxes, key=lambda box: math.dist(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), middle))

    def _boxes(self, side: int) -> Iterator[Box]:
        height, width = self.unknown.shape
        for top in _starts(height, side):
            for left in _starts(width, side):
                if self.unknown[top : top + side, left : left + side].any():
                    yield left, top, left + side, top + side

    def places(self, box: Box, size: tuple[int, int]) -> list[Place]:
        """The window `box` in each picture, at the `size` that the model works at."""
        mask = Image.new("L", self.pictures[0].size)
        mask.paste(Image.fromarray(self._soft(box)), box[:2])
        small = mask.resize(size, Image.Resampling.BILINEAR, box)
        return [Place(picture, box, size, small) for picture in self.pictures]

    def _soft(self, box: Box) -> np.ndarray[Any, Any]:
        """How much of the window is to change: all that is not painted yet, and in part the edge of what was painted before."""
        import numpy as np

        left, top, right, bottom = box
        part = self.unknown[top:bottom, left:right]
        near = Image.fromarray(part).filter(ImageFilter.BoxBlur(max(1, (right - left) // SOFT)))
        soft: np.ndarray[Any, Any] = np.maximum(part, np.asarray(near))
        soft[self.inner[top:bottom, left:right]] = 0
        return soft

    def paint(self, box: Box, made: Sequence[Image.Image]) -> None:
        """Put what was made of the window into each picture."""
        left, top, right, bottom = box
        soft = Image.fromarray((self._soft(box) * self._fade(box)).astype("uint8"))
        for picture, one in zip(self.pictures, made, strict=True):
            whole = one.convert("RGB").resize((right - left, bottom - top), Image.Resampling.LANCZOS)
            picture.paste(whole, (left, top), soft)
        self.unknown[top:bottom, left:right] = 0

    def _fade(self, box: Box) -> np.ndarray[Any, Any]:
        """From 0 at the edge of the picture to 1 a little outside."""
        import numpy as np

        left, top, right, bottom = box
        beyond = [
            np.maximum(np.maximum(inside[0] - span, span - inside[-1]), 0)
            for inside, span in ((self.rows, np.arange(top, bottom)), (self.columns, np.arange(left, right)))
        ]
        far = np.maximum(beyond[0][:, None], beyond[1][None, :])
        share: np.ndarray[Any, Any] = np.clip(far * FADE / (right - left), 0, 1)
        return share


def _starts(length: int, side: int) -> list[int]:
    """Where windows of `side` begin that cover `length`, each at least half over the one before."""
    count = math.ceil((length - side) / (side / 2))
    return [round(at * (length - side) / count) for at in range(count + 1)] if count else [0]


def seed_of(seed: int, window: int) -> int:
    """The seed of a window's noise."""
    return (seed + window * STRIDE) % 2**63
