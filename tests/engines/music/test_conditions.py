"""Free words, English and Chinese, and what the engine makes of them; what it does not, it says."""

from __future__ import annotations

import pytest

from app.brief import Brief
from app.engines.engine import Content, Request, Verb
from app.engines.music.conditions import asked, prompt
from app.engines.music.lexicon import INSTRUMENTS
from app.engines.music.tunes import Tunes
from app.music.abc import read
from app.music.tokens import VOCABULARY
from app.settings import ROOT


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
        ("a lively Irish jig in D", "jig, 6/8, D major, bright, 16 bars", ()),
        ("悲伤的小调圆舞曲，16小节", "waltz, 3/4, A minor, wistful, 16 bars", ()),
        ("something like rain on a window", "air, 3/4, A minor, wistful, 16 bars", ("window",)),
        ("a slow air for flute, E minor", "air, 3/4, E minor, gentle, 16 bars, 60 beats a minute, flute", ()),
        ("我想要一首欢快的爱尔兰吉格舞曲，D大调，适合长笛", "jig, 6/8, D major, bright, 16 bars, flute", ()),
        ("fast reel at 120 bpm", "reel, 4/4, G major, bright, 16 bars, 120 beats a minute", ()),
        ("每分钟96拍的进行曲，小提琴", "march, 4/4, G major, bright, 16 bars, 96 beats a minute, violin", ()),
        ("G大调，四四拍，三十二小节的里尔", "reel, 4/4, G major, bright, 32 bars", ()),
        ("一段三拍子的舞曲", "waltz, 3/4, G major, bright, 16 bars", ()),
        ("an eight-bar tune in D dorian", "reel, 4/4, D dorian, dark, 8 bars", ()),
        ("一首吉他小曲 降B大调", "jig, 6/8, Bb major, bright, 16 bars, guitar", ()),
        ("升F小调的挽歌", "air, 3/4, F# minor, wistful, 16 bars", ()),
        ("C大調圓舞曲", "waltz, 3/4, C major, bright, 16 bars", ()),
        ("polka in G", "tune, 2/4, G major, bright, 16 bars", ()),
        ("古筝风格的曲子", "jig, 6/8, G major, bright, 16 bars", ("古筝",)),
    ],
)
def test_words(words: str, read: str, dropped: tuple[str, ...]) -> None:
    found = prompt(Brief(intent=words))
    assert (found.positive, found.dropped) == (read, dropped)
    assert set(asked(Brief(intent=words))[0].whole().tokens) <= set(VOCABULARY)


def test_an_instrument_and_a_pace_go_into_the_tune(tunes: Tunes) -> None:
    request = Request(Verb.CREATE, Brief(intent="an air for harp, 8 bars, 72 bpm"), tunes.Params(), (1,))
    (made,) = [part for part in tunes.run(request) if isinstance(part, Content)]
    assert made.facts["instrument"] == "orchestral_harp"
    assert read(made.data.decode()).fields["Q"] == "1/4=72"
    assert (ROOT / "static/sounds").is_dir()
    assert {folder.name.removesuffix("-mp3") for folder in (ROOT / "static/sounds").iterdir() if folder.is_dir()} >= set(
        INSTRUMENTS
    )
