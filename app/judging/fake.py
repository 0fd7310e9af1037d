"""A judge without a model, for tests: it knows colours by name and nothing else. Offered only with STEMMA_FAKE_ENGINES."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageColor

from app.errors import EngineError, _
from app.judging.judge import flat, unit

if TYPE_CHECKING:
    from app.judging.judge import Picture, Vectors

LEVELS = 4  # of red, green and blue: 64 colours in all


class Fake:
    """A picture is how much of it has each of 64 colours; a text is the colours that it names, as CSS calls them."""

    name = "fake"
    title = _("Fake judge")
    light = True

    def __init__(self, version: str = "1") -> None:
        """Two versions agree on everything; it is still as if they had been trained apart."""
        self.version = version
        self.dimensions = LEVELS**3
        self.broken: str | None = None  # what goes wrong with every picture
        self.seen = 0  # pictures

    def unready(self) -> str | None:
        return None

    def load(self, device: str = "cpu") -> None:
        """There is nothing to load."""

    def embed_pictures(self, pictures: Sequence[Picture]) -> Vectors:
        """As the protocol has it."""
        import numpy as np

        if self.broken:
            raise EngineError(reason=self.broken)
        self.seen += len(pictures)
        rows = np.zeros((len(pictures), self.dimensions), np.float32)
        for row, picture in zip(rows, pictures, strict=True):
            small = np.asarray(flat(picture).resize((16, 16), Image.Resampling.BOX))
            np.add.at(row, _colours(small.reshape(-1, 3)), 1)
        return unit(rows)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the protocol has it."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            named = [word for word in re.findall(r"[a-z]+", text.lower()) if word in ImageColor.colormap]
            if named:
                np.add.at(row, _colours(np.array([ImageColor.getrgb(word)[:3] for word in named])), 1)
        return unit(rows)

    def adherence(self, pictures: Vectors, text: Vectors) -> Vectors:
        """As the protocol has it."""
        import numpy as np

        if not np.any(text):
            return np.full(len(pictures), 0.5, np.float32)
        return np.asarray(1 / (1 + np.exp(-(8 * (pictures @ text) - 4))), np.float32)


def _colours(pixels: Any) -> Any:
    """Which of the 64 colours each of `pixels` [n, 3] has: [n] integers."""
    import numpy as np

    return (np.asarray(pixels, np.int64) * LEVELS // 256) @ np.array([LEVELS**2, LEVELS, 1])
