"""The poems: those of one npm package that have one of the eight forms, in simplified characters, each but once."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.media.text.prosody.chinese import LEVEL, Book, groups, simplified, tones
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.run import Report
from app.training.verse.shapes import SHAPES, Shape

PACKAGE, VERSION, LICENCE = "chinese-poetry", "2.0.1", "MIT"
SOURCE = {
    "title": "chinese-poetry",
    "name": PACKAGE,
    "version": VERSION,
    "licence": LICENCE,
    "author": "JackeyGao",
    "url": "https://github.com/chinese-poetry/chinese-poetry",
    "attribution": "chinese-poetry, © 2016 JackeyGao, MIT (https://github.com/chinese-poetry/chinese-poetry)",
}
_COLLECTIONS = (
    ("tang", "quantangshi/poet.tang.*.json"),
    ("song", "quantangshi/poet.song.*.json"),
    ("ci", "songci/ci.song.*.json"),
)
_MARKS = re.compile("[，。！？；、：]")
_HAN = re.compile("[\u4e00-\u9fff]+")
_NUMBERED = re.compile("其?[一二三四五六七八九十百]+首.*$|其[一二三四五六七八九十]+$|[^\u4e00-\u9fff].*$")
_TITLE = 10  # characters of a title that are read
HELD_OUT = 1  # per cent of the poems that training never sees
LOOSE = 0.35  # how often a poem is shown that rhymes or alternates otherwise than its form asks, beside one that does
REGULAR = 0.75  # of the lines whose tones alternate, at least, in a poem that counts as regular


@dataclass(frozen=True, slots=True)
class Poem:
    """A poem of a form. `weight` is how often it is shown beside others."""

    shape: str
    title: str
    lines: tuple[str, ...]
    weight: float

    @property
    def held_out(self) -> bool:
        """True for the few poems kept for measuring, whatever is drawn."""
        return int(hashlib.sha256("".join(self.lines).encode()).hexdigest(), 16) % 100 < HELD_OUT


def install(folder: Path) -> Path:
    """Fetch the package with npm where it is missing, running no scripts; its folder. Raises TrainingError."""
    home = folder / "node_modules" / PACKAGE
    if _version(home) == VERSION:
        return home
    npm = shutil.which("npm")
    if npm is None:
        raise TrainingError("The poems come from an npm package, and npm is not installed. Install Node.js with npm.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder)]
    done = subprocess.run([*command, f"{PACKAGE}@{VERSION}"], capture_output=True, text=True, check=False)  # noqa: S603 (fixed names)
    if done.returncode:
        raise TrainingError("npm could not fetch the package: %(reason)s", reason=done.stderr.strip()[-500:])
    return home


def build(package: Path, folder: Path, take: int | None = None) -> int:
    """Write poems.json and sources.json into `folder`: the poems of `package` (or of the first `take` files of each
    collection) that have one of the forms; how many. Done already, it does nothing.
    """
    if (folder / "sources.json").exists():
        return len(load(folder))
    kept, report, seen = [], Report(), set[str]()
    for name, pattern in _COLLECTIONS:
        for file in sorted((package / "dist").glob(pattern))[:take]:
            for poem in _poems(json.loads(file.read_text("utf-8")), name):
                repeated = sum(line in seen for line in poem.lines)
                seen.update(poem.lines)
                if 2 * repeated < len(poem.lines):
                    kept.append(poem)
            report(f"{name}: {len(kept)} poems")
    if not kept:
        raise TrainingError("%(folder)s holds no poems of these forms.", folder=package)
    write(folder / "poems.json", json.dumps([asdict(poem) for poem in kept], ensure_ascii=False).encode())
    write(folder / "sources.json", json.dumps([SOURCE | {"poems": len(kept)}], indent=1, ensure_ascii=False).encode())
    return len(kept)


def load(folder: Path) -> list[Poem]:
    """The poems. Raises TrainingError without them."""
    try:
        listed: list[dict[str, Any]] = json.loads((folder / "poems.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError("There is no data set in %(folder)s: run the step `data` first.", folder=folder) from error
    return [Poem(**{**one, "lines": tuple(one["lines"])}) for one in listed]


def _poems(entries: Sequence[dict[str, Any]], collection: str) -> Iterator[Poem]:
    """The poems of a file that have one of the forms."""
    for entry in entries:
        lines = [simplified(line) for line in _MARKS.split("".join(entry.get("paragraphs", ()))) if line]
        if not all(_HAN.fullmatch(line) for line in lines):
            continue
        lengths, tune = tuple(map(len, lines)), str(entry.get("rhythmic", ""))
        shape = next(
            (s for s in SHAPES.values() if s.lengths == lengths and s.tune == (tune if collection == "ci" else "")), None
        )
        if shape is None:
            continue
        title = "" if collection == "ci" else _NUMBERED.sub("", simplified(str(entry.get("title") or "")))[:_TITLE]
        weight = shape.weight * (2.0 if collection == "tang" else 1.0) * (1.0 if regular(shape, lines) else LOOSE)
        yield Poem(shape.name, title, tuple(lines), weight)


def regular(shape: Shape, lines: Sequence[str]) -> bool:
    """Whether the poem rhymes on a level tone by the old book and most of its lines alternate their tones."""
    rhymes = [groups(lines[i][-1], Book.OLD, LEVEL) for i in shape.rhymed]
    if not frozenset.intersection(*rhymes):
        return shape.tune != "" and all(rhymes)  # songs rhyme by a wider book
    return sum(map(alternates, lines)) >= REGULAR * len(lines)


def alternates(line: str) -> bool:
    """Whether the second, fourth and sixth characters can differ in tone from one to the next."""
    heard = [tones(char, Book.OLD) for char in line[1 : len(line) - 1 : 2]]
    return all(len(a | b) > 1 for a, b in itertools.pairwise(heard))


def _version(home: Path) -> str | None:
    try:
        return str(json.loads((home / "package.json").read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None
