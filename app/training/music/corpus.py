"""The tune books: public-domain collections of the 18th to 20th century, in ABC, as the package music21 ships them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.training.faults import TrainingError

TUNE = re.compile(r"(?m)^(?=X:)")
RHYTHM = re.compile(r"(?m)^R:\s*(.*)")
BOOKS = {
    "airdsAirs": "Aird, A Selection of Scotch, English, Irish and Foreign Airs (Glasgow, 1782-1803)",
    "oneills1850": "O'Neill, Music of Ireland (Chicago, 1903)",
    "ryansMammoth": "Ryan's Mammoth Collection (Boston, 1883)",
    "miscFolk": "Traditional tunes of several countries",
}
# O'Neill's book is ordered by kind of tune; files are numbered by their first tune.
CHAPTERS = ((759, "air"), (1116, "jig"), (1176, "slip jig"), (1556, "reel"), (1801, "hornpipe"), (10_000, "march"))


@dataclass(frozen=True, slots=True)
class Found:
    """A tune of a book: its ABC, and the kind that the book files it under ("" where it says none)."""

    book: str
    abc: str
    chapter: str


def folder() -> Path:
    """Where music21 keeps its corpus. Raises TrainingError without the package; it is not imported."""
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        raise TrainingError("The tune books come with the package music21: pip install 'music21>=10.5,<11'.")
    return Path(spec.origin).parent / "corpus"


def tunes(corpus: Path) -> Iterator[Found]:
    """All tunes of the books, always in the same order."""
    for book in BOOKS:
        for path in sorted((corpus / book).glob("*.abc")):
            whole = ""  # the kind that stands before all tunes of a file
            for part in TUNE.split(path.read_text("utf-8", errors="replace")):
                if part.startswith("X:"):
                    yield Found(book, part, whole or _chapter(book, path.name))
                elif kind := RHYTHM.search(part):
                    whole = kind[1]


def _chapter(book: str, name: str) -> str:
    if book != "oneills1850" or not name[:4].isdigit():
        return ""
    return next(kind for until, kind in CHAPTERS if int(name[:4]) < until)


def sources(counts: dict[str, int]) -> list[dict[str, Any]]:
    """What the card and an About page say of the books."""
    return [
        {
            "name": "music21",
            "version": version("music21"),
            "title": title,
            "book": book,
            "tunes": counts.get(book, 0),
            "licence": "public domain",
            "attribution": f"{title}, in ABC from the corpus of music21",
        }
        for book, title in BOOKS.items()
    ]
