"""Searching the library of drawings by a few words, in English or Chinese: what is called so first, then what is nearest."""

from __future__ import annotations

from collections.abc import Iterator

from app.engines.image.composer import lexicon
from app.engines.image.composer.library import Library
from app.engines.shared import chinese_glossary

LEADING = 3  # labels of one name that come before what its words are part of
LEAST = 0.4  # cosine of the sentence model from which a label is offered


def find(drawings: Library, words: str, most: int) -> list[str]:
    """Labels of at most `most` things, the best first; empty where nothing is called so or near. Raises EngineError."""
    said = " ".join(chinese_glossary.english(words).lower().split())
    found: list[str] = []
    for label in _labels(drawings, said) if said else ():
        if label not in found:
            found.append(label)
        if len(found) >= most:
            break
    return found


def _labels(drawings: Library, said: str) -> Iterator[str]:
    """What fits `said`, the best first; a label may come several times."""
    names = [said, *lexicon.singulars(said)]
    named = [drawings.names.get(lexicon.ALIASES.get(name, name), ()) for name in names]
    for name in names:
        if name in drawings.by_label:
            yield name
    for labels in named:
        yield from labels[:LEADING]
    parts = set(said.split())
    whole = [label for label in drawings.by_label if parts <= set(label.split())]
    yield from sorted(whole, key=len)[:LEADING]
    yield from drawings.nearest(said, most=len(drawings.labels), least=LEAST)
    for labels in named:
        yield from labels
    yield from sorted(whole, key=len)
    for word in reversed(said.split()):
        yield from drawings.names.get(word, ())
