"""Tunes to look at and play: one of each kind, not chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.brief import Brief
from app.engines.engine import Content, Request, Verb
from app.engines.music.tunes import Tunes

BRIEFS = (
    "a merry jig in G major",
    "a wistful air in A minor",
    "a dark reel in E dorian",
    "a bright hornpipe in D major",
    "a gentle waltz in F major",
    "a slip jig in D mixolydian",
    "a march in Bb major",
    "a strathspey in A major",
)


def tunes(folder: Path, seed: int = 3) -> Iterator[str]:
    """ABC of a tune for each of the recipe's briefs, by the model in `folder`."""
    engine = Tunes(folder)
    engine.load("cpu")
    for number, words in enumerate(BRIEFS, 1):
        request = Request(Verb.CREATE, Brief(intent=words), engine.Params(chords=True), (seed,))
        content = next(part for part in engine.run(request) if isinstance(part, Content))
        yield content.data.decode().replace("X:1\n", f"X:{number}\n", 1)
