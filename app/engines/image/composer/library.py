"""The library of drawings: packed by app/training/image/drawings.py, found by words, read one at a time.

The file is safetensors: `bodies` are SVG bodies, deflated each for itself with the dictionary `known`; body n lies between
`ends`[n] and `ends`[n + 1]. `index` is deflated JSON; `vectors` are the labels' unit vectors in 8 bits with a scale a row.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.engines.image.composer import lexicon, whole
from app.engines.image.composer.drawn import Drawing, Found
from app.engines.shared import sentences, weights
from app.engines.shared.local_engine import UNUSABLE, unloadable
from app.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[3] / "weights" / "house-drawings"
FILE, OWN = "drawings.safetensors", "own.json"
SETS = {"flat": "fluent-emoji-flat", "sticker": "twemoji", "noto": "noto", "icon": "flat-color-icons"}
ANIMALS, FOOD, PLACES = 3, 4, 5  # emojibase's groups
ALIKE = 0.72  # cosine of two sentences from which one is taken for the other
OFFERED, NEAR = 3, 0.5  # how many near things are offered for a word that no drawing shows, and from which cosine on
SCENIC = frozenset(  # drawings that are whole scenes, with a ground and a sky of their own
    ("cityscape", "cityscape at dusk", "night with stars", "sunset", "sunrise", "sunrise over mountains", "milky way", "foggy")
) | {"bridge at night", "desert", "national park", "beach with umbrella"}
_FACE, _SHARED = " face", 3  # how many labels a keyword may stand for


class Library:
    """Reads the packed file whole (a few MB) and unpacks what is asked for. Raises EngineError when it cannot be used.

    The format is read by hand, so that the web process looks up words without numpy.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        path = folder / FILE
        if reason := weights.fault(path):
            raise EngineError(UNUSABLE, file=str(path), reason=reason)
        try:
            self._tensors = _tensors(path.read_bytes())
            index = json.loads(zlib.decompress(self._tensors["index"]))
            self.drawings = [Drawing(*map(_frozen, row)) for row in index["drawings"]]
            self._known, self._ends = bytes(self._tensors["known"]), self._tensors["ends"].cast("q")
        except (OSError, KeyError, ValueError, TypeError, zlib.error) as error:
            raise unloadable(path, error) from error
        self.labels: list[str] = index["labels"]
        self._drawn: dict[int, str] = {}  # bodies of what is not packed
        self._add_own(folder / OWN)
        self._add_whole()
        self.numbers = {drawing.id: number for number, drawing in enumerate(self.drawings)}
        self.by_label: dict[str, list[int]] = defaultdict(list)
        for number, drawing in enumerate(self.drawings):
            self.by_label[drawing.label].append(number)

    def _add_own(self, path: Path) -> None:
        """Shapes of our own, for common things that the sets lack. Raises EngineError."""
        try:
            for row in json.loads(path.read_text("utf-8")):
                self._drawn[len(self.drawings)] = row["body"]
                about = (
                    row["name"],
                    row["label"],
                    tuple(row["names"]),
                    (),
                    "own",
                    row["group"],
                    tuple(row["box"]),
                    row["main"],
                )
                self.drawings.append(Drawing(*about))
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise unloadable(path, error) from error

    def _add_whole(self) -> None:
        """Whole animals, from the heads that bear their names; the heads are called faces from here on."""
        for number, head in enumerate(self.drawings[:]):
            if whole.only_head(head):
                self._drawn[len(self.drawings)] = whole.body(head, self.body(number))
                self.drawings.append(whole.whole(head))
                self.drawings[number] = whole.faced(head)

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Labels by what they are called, the best first: by the label itself, by a plain name, by a keyword of few."""
        ranked: dict[str, dict[str, int]] = defaultdict(dict)
        shared: dict[str, set[str]] = defaultdict(set)
        for drawing in self.drawings:
            label = drawing.label
            if label in SCENIC:
                continue
            ranked[label][label] = 0
            for place, name in enumerate(drawing.names):
                ranked[name].setdefault(label, 1 + place + 3 * (_FACE in label))
            for tag in drawing.tags:
                shared[tag].add(label)
        for tag, labels in shared.items():
            if tag not in ranked and len(labels) <= _SHARED:
                ranked[tag] = dict.fromkeys(sorted(labels, key=len), 9)
        return {name: tuple(sorted(labels, key=labels.__getitem__)) for name, labels in ranked.items()}

    def named(self, name: str) -> Found | None:
        """What is called exactly so."""
        labels = self.names.get(lexicon.ALIASES.get(name, name))
        if not labels:
            return None
        exact = name in lexicon.ALIASES or labels[0] == name or name in self._called[labels[0]]
        return Found(labels[0], tuple(n for label in labels for n in self.by_label[label]), exact)

    @cached_property
    def _called(self) -> dict[str, set[str]]:
        """The plain names of each label; what else finds it is a keyword."""
        return {label: {name for n in numbers for name in self.drawings[n].names} for label, numbers in self.by_label.items()}

    def like(self, words: str) -> Found | None:
        """What is called most nearly so, by the sentence model; None where nothing is near. Raises EngineError."""
        best = self.nearest(words, 1, ALIKE)
        return Found(best[0], tuple(self.by_label[best[0]]), exact=False) if best else None

    def near(self, word: str) -> tuple[str, ...]:
        """Labels of what is nearest to `word`, which names no drawing; empty where nothing is near. Raises EngineError."""
        return tuple(self.nearest(word, OFFERED, NEAR))

    def nearest(self, words: str, most: int, least: float) -> list[str]:
        """The labels of the highest likeness (cosine of the sentence model's vectors), from `least` on."""
        vector = sentences.sentence(words)
        if vector is None:
            return []
        vectors, scales = self._vectors
        likeness = (vectors @ vector) * scales / float((vector @ vector) ** 0.5)
        best = [one for one in likeness.argsort()[::-1][: most + len(SCENIC)] if likeness[one] >= least]
        return [self.labels[one] for one in best if self.labels[one] not in SCENIC][:most]

    def body(self, number: int) -> str:
        """The SVG inside a drawing's <svg>."""
        if number in self._drawn:
            return self._drawn[number]
        opened = zlib.decompressobj(-15, self._known)
        return opened.decompress(self._tensors["bodies"][self._ends[number] : self._ends[number + 1]]).decode()

    @cached_property
    def _vectors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import numpy as np

        scales = np.frombuffer(self._tensors["scales"], np.float32)
        return np.frombuffer(self._tensors["vectors"], np.int8).reshape(len(scales), -1).astype(np.float32), scales


def _tensors(data: bytes) -> dict[str, memoryview]:
    """The bytes of each tensor of a safetensors file."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    places = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
    return {name: memoryview(data)[start + begin : start + end] for name, (begin, end) in places.items()}


def _frozen(part: Any) -> Any:
    return tuple(part) if isinstance(part, list) else part


@lru_cache(maxsize=2)
def library(folder: Path = FOLDER) -> Library:
    """The library in `folder`, kept in memory."""
    return Library(folder)


@lru_cache(maxsize=2)
def sources(folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Set, licence and maker by the drawings' set."""
    try:
        listed = json.loads((folder / "sources.json").read_text("utf-8"))
        return {one["style"]: {"set": one["title"], "licence": one["licence"], "maker": one["author"]} for one in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def quantised(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows of numbers in 8 bits, and what each row is to be multiplied with."""
    import numpy as np

    scales = np.abs(vectors).max(1) / 127
    return np.round(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)
