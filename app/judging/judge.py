"""The seam: what a judge is. Pictures and words become unit vectors of one space, and their cosine becomes adherence.

Nearness of two vectors of one judge (their dot product) serves search by words, search by picture and novelty. Vectors
of two judges, or of two versions of one, have nothing to do with each other: keep `version` beside what you store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]  # [n, dimensions], each of length 1 (or 0: a text without a word the judge knows)
    Picture = Image.Image | NDArray[np.uint8]  # [height, width, 3] RGB


class Judge(Protocol):
    """A model that embeds pictures and words. Nothing heavy is imported before it is asked for something."""

    name: str
    title: str
    light: bool  # its words need no torch, so that the web process can search by them

    @property
    def version(self) -> str:
        """Names these very weights. Raises EngineError when they are not there."""

    @property
    def dimensions(self) -> int:
        """The length of its vectors. Raises EngineError when the weights are not there."""

    def unready(self) -> str | None:
        """Why it cannot judge, as a message for a person; None when it can. Cheap, and without torch."""

    def load(self, device: str) -> None:
        """Put the weights onto `device`; the first call that needs them does it on the CPU otherwise. Raises EngineError."""

    def embed_pictures(self, pictures: Sequence[Picture]) -> Vectors:
        """A row for each picture, of any size; transparency lies on white. Raises EngineError when it cannot be loaded."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """A row for each text, English or Chinese; zero for one without a word that the judge knows. Raises EngineError."""

    def adherence(self, pictures: Vectors, text: Vectors) -> Vectors:
        """How well each of `pictures` [n, dimensions] keeps to `text` [dimensions]: [n] in 0…1.

        The probability that the picture belongs to this text rather than to another one, at even odds: 0.5 says
        nothing, and is what every picture gets for a text without a known word.
        """


def flat(picture: Picture) -> Image.Image:
    """`picture` as RGB, what is transparent lying on white."""
    if not isinstance(picture, Image.Image):
        return Image.fromarray(picture, "RGB")
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    return picture.convert("RGB")


def unit(rows: Any) -> Vectors:
    """`rows` at length 1; a row of zeros stays."""
    import numpy as np

    rows = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
