"""What a tune takes from a revision that only inspires it: the mood that most of its words have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.engines.engine import Parent
from app.engines.music.conditions import TuneConditions
from app.engines.music.lexicon import LATIN, MOOD_WORDS

FIRST = 4_000  # code points of a text that are looked through


def inspired(parents: Iterable[Parent]) -> TuneConditions:
    """Nothing but a mood, and only where a word has one: a poem's "air" and "March" are no kinds of tunes."""
    words = " ".join(_parent_words(parent) for parent in parents if parent.role == "inspire")
    counts = {mood: sum(_count(words, word) for word in each) for mood, each in MOOD_WORDS.items()}
    mood = max(counts, key=lambda name: counts[name])  # of equals the first
    return TuneConditions(mood=mood if counts[mood] else None)


def _parent_words(parent: Parent) -> str:
    """A text itself, and of anything else what it is in words."""
    text = (parent.data or b"").decode("utf-8", "replace")[:FIRST] if parent.media_type == "text/plain" else ""
    return f"{parent.words} {text}"


def _count(text: str, word: str) -> int:
    if not LATIN.search(word):
        return text.count(word)
    return len(re.findall(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", text, re.IGNORECASE))
