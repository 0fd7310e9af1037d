"""Free words, English and Chinese, and what the engine makes of them; what it does not, it says."""

from __future__ import annotations

import pytest

from app.brief import Brief
from app.engines.music.conditions import asked, prompt
from app.music.tokens import VOCABULARY


@pytest.mark.parametrize(
    ("words", "read", "dropped"),
    [
        ("a merry jig in D major, 16 bars", "jig, 6/8, D major, bright, 16 bars", ()),
        ("写一首忧伤的圆舞曲，A小调，十六小节", "waltz, 3/4, A minor, wistful, 16 bars", ()),
        ("一首欢快的进行曲", "march, 4/4, G major, bright, 16 bars", ()),
        ("a sad song about the sea", "air, 3/4, A minor, wistful, 16 bars", ("sea",)),
        ("a slip jig in E minor with cats", "slip jig, 9/8, E minor, wistful, 16 bars", ("cats",)),
        ("a march in 6/8, long", "march, 6/8, G major, bright, 32 bars", ()),
        ("a tune in 5/4, F# minor", "air, 3/4, F# minor, wistful, 16 bars", ("5/4",)),
        ("a reel, 200 bars", "reel, 4/4, G major, bright, 64 bars", ()),
        ("a dark reel in Bb", "reel, 4/4, Bb dorian, dark, 16 bars", ()),
        ("", "jig, 6/8, G major, bright, 16 bars", ()),
    ],
)
def test_words(words: str, read: str, dropped: tuple[str, ...]) -> None:
    found = prompt(Brief(intent=words))
    assert (found.positive, found.dropped) == (read, dropped)
    assert set(asked(Brief(intent=words))[0].whole().tokens) <= set(VOCABULARY)
