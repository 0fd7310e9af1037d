"""What a brief suggests whose words the lexicon of scenes does not know: the scene of the listed word that the sentence model
finds nearest to all of it, in English or Chinese.

The vectors of the listed words are worked out beforehand: `stemma train music vectors` writes them anew after words/scenes.txt
was changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from app.engines.music.scenes import FAR, FOLDER, Scene, rows
from app.engines.shared.sentences import sentence
from app.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTORS = FOLDER / "scenes.npy"
READ = 24  # words of a brief
NEAR = 0.45  # cosine of what is near at all


def nearest(unheard: Sequence[str]) -> dict[str, Scene]:
    """The words that nobody knows, each with the scene that is nearest to all of them; nothing where none is near, or the
    sentence model is not there.
    """
    read = [word for word in unheard[:READ] if any(char.isalpha() for char in word)]
    try:
        vector = sentence(" ".join(read))
    except EngineError:
        return {}
    if vector is None:
        return {}
    listed, vectors = _listed()
    alike = vectors @ vector / (vector @ vector) ** 0.5
    best = int(alike.argmax())
    return dict.fromkeys(read, replace(listed[best], votes=FAR)) if alike[best] >= NEAR else {}


@lru_cache(maxsize=1)
def _listed() -> tuple[list[Scene], NDArray[np.float32]]:
    """The scenes of the listed English words, and the words' vectors (of length 1): [words, 384]."""
    import numpy as np

    return [scene for _word, scene in words()], np.load(VECTORS).astype(np.float32)


def words() -> list[tuple[str, Scene]]:
    """The listed English words as they are written, each with its scene."""
    return [(word.replace("-", " "), scene) for scene, _chinese, english in rows() for word in english]


def vector_of(word: str) -> NDArray[np.float16]:
    """Its vector as it is kept. Raises EngineError when the sentence model is missing."""
    import numpy as np

    vector = sentence(word)
    if vector is None:
        return np.zeros(384, np.float16)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def write() -> None:
    """Write the vectors of all listed words."""
    import numpy as np

    np.save(VECTORS, np.stack([vector_of(word) for word, _scene in words()]))
