"""Free words, English and Chinese, and what the engine makes of them; what it does not, it says."""

from __future__ import annotations

import numpy as np
import pytest

from app.brief import Brief
from app.engines.engine import Content, Request, Verb
from app.engines.music.asking import conditions_of, prompt
from app.engines.music.conditions import KINDS_OF_MOOD, TuneConditions
from app.engines.music.lexicon import INSTRUMENTS
from app.engines.music.nearest_scene import VECTORS, vector_of
from app.engines.music.nearest_scene import words as listed_words
from app.engines.music.scenes import rows
from app.engines.music.tasks import SHAPES
from app.engines.music.tunes import Tunes
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import MOODS, RHYTHMS, VOCABULARY
from app.settings import ROOT


@pytest.mark.parametrize(
    ("words", "read", "dropped"),
    [
        ("a merry jig in D major, 16 bars", "jig, 6/8, D major, bright, 16 bars", ()),
        ("写一首忧伤的圆舞曲，A小调，十六小节", "waltz, 3/4, A minor, wistful, 16 bars", ()),
        ("一首欢快的进行曲", "march, 4/4, major / mixolydian, bright, 16 bars", ()),
        ("a sad song about the sea", "air / waltz, minor / dorian, wistful, 16 bars, 64 beats a minute", ("sea",)),
        ("a slip jig in E minor with cats", "slip jig, 9/8, E minor, wistful / dark, 16 bars", ()),
        ("a march in 6/8, long", "march, 6/8, major / mixolydian, bright, 32 bars", ()),
        ("a tune in 5/4, F# minor", "air / waltz / reel / jig / march, F# minor, wistful / dark, 16 bars", ("5/4",)),
        ("a reel, 200 bars", "reel, 4/4, major / mixolydian, bright, 64 bars", ()),
        ("a dark reel in Bb", "reel, 4/4, Bb dorian / minor, dark, 16 bars", ()),
        ("", "any kind, major / mixolydian / minor / dorian, bright / gentle / wistful, 16 bars", ()),
        ("a lively Irish jig in D", "jig, 6/8, D major, bright, 16 bars", ()),
        ("悲伤的小调圆舞曲，16小节", "waltz, 3/4, minor, wistful, 16 bars", ()),
        (
            "something like rain on a window",
            "air / waltz, minor / major, wistful / gentle, 16 bars, 64 beats a minute",
            ("window",),
        ),
        ("a slow air for flute, E minor", "air, 3/4, E minor, wistful / dark, 16 bars, 60 beats a minute, flute", ()),
        ("我想要一首欢快的爱尔兰吉格舞曲，D大调，适合长笛", "jig, 6/8, D major, bright, 16 bars, flute", ()),
        ("fast reel at 120 bpm", "reel, 4/4, major, bright, 16 bars, 120 beats a minute", ()),
        ("每分钟96拍的进行曲，小提琴", "march, 4/4, major / mixolydian, bright, 16 bars, 96 beats a minute, violin", ()),
        ("G大调，四四拍，三十二小节的里尔", "reel, 4/4, G major, bright, 32 bars", ()),
        ("一段三拍子的舞曲", "waltz / air, 3/4, major / mixolydian, bright, 16 bars", ()),
        ("an eight-bar tune in D dorian", "reel / air / jig / march / waltz, D dorian, dark / wistful, 8 bars", ()),
        ("一首吉他小曲 降B大调", "any kind, Bb major, bright / gentle, 16 bars, guitar", ()),
        ("升F小调的挽歌", "air, 3/4, F# minor, wistful, 16 bars, 60 beats a minute", ()),
        ("C大調圓舞曲", "waltz, 3/4, C major, bright, 16 bars", ()),
        ("polka in G", "tune, 2/4, G major, bright, 16 bars", ()),
        ("古筝风格的曲子", "any kind, major / mixolydian / minor / dorian, bright / gentle / wistful, 16 bars", ("古筝",)),
    ],
)
def test_words(words: str, read: str, dropped: tuple[str, ...]) -> None:
    found = prompt(Brief(intent=words))
    assert (found.positive, found.dropped) == (read, dropped)
    for seed in range(8):
        assert set(conditions_of(Brief(intent=words))[0].whole(seed).tokens) <= set(VOCABULARY)


def test_what_a_brief_leaves_open_is_decided_by_the_seed() -> None:
    for first in (0, 7, 1 << 40):
        found = [TuneConditions().whole(seed) for seed in range(first, first + 4)]
        assert len({one.rhythm for one in found}) == 4
        assert len({one.key for one in found}) >= 3
        fixed = [conditions_of(Brief(intent="a jig in D major"))[0].whole(seed) for seed in range(first, first + 4)]
        assert len(set(map(str, fixed))) == 1
    assert TuneConditions().whole(5) == TuneConditions().whole(5)


@pytest.mark.parametrize(
    ("words", "kinds", "moods"),
    [
        ("a lament for a drowned sailor's wife", {"air"}, {"wistful"}),
        ("lullaby", {"air", "waltz"}, {"gentle"}),
        ("funeral", {"march", "air"}, {"dark", "wistful"}),
        ("an epic heroic theme", {"march"}, {"bright"}),
        ("sea shanty", {"hornpipe", "jig"}, {"bright"}),
        ("something mysterious in the fog", {"reel", "air"}, {"dark"}),
        ("忧郁的下午", {"air", "waltz"}, {"wistful", "gentle"}),
        ("庆祝丰收的舞会", {"reel", "jig", "waltz", "march"}, {"bright"}),
        ("鬼屋", {"reel", "air"}, {"dark"}),
        ("追赶", {"reel", "march"}, {"dark"}),
        ("奶奶的摇篮曲", {"air", "waltz"}, {"gentle"}),
    ],
)
def test_everyday_briefs_suggest_a_kind_and_a_mood(words: str, kinds: set[str], moods: set[str]) -> None:
    found = [conditions_of(Brief(intent=words))[0].whole(seed) for seed in range(8)]
    assert {one.rhythm for one in found} <= kinds
    assert {one.mood for one in found} <= moods
    assert all(one.line in SHAPES for one in found)
    assert prompt(Brief(intent=words)).bridges


@pytest.mark.parametrize("words", ["a train leaving without you", "战争结束以后", "丰收的歌", "a song for the harvest"])
def test_kind_and_mood_go_together(words: str) -> None:
    said = conditions_of(Brief(intent=words))[0]
    for seed in range(8):
        found = said.whole(seed)
        assert found.rhythm in KINDS_OF_MOOD[found.mood], found


def test_the_lexicon_names_what_there_is() -> None:
    for scene, _chinese, _english in rows():
        assert set(scene.kinds) <= set(RHYTHMS)
        assert set(scene.moods) <= set(MOODS)
        assert scene.line in SHAPES
    words = [word for _scene, chinese, english in rows() for word in (*chinese, *english)]
    assert len(words) == len(set(words))


def test_an_instrument_and_a_pace_go_into_the_tune(tunes: Tunes) -> None:
    request = Request(Verb.CREATE, Brief(intent="an air for harp, 8 bars, 72 bpm"), tunes.Params(), (1,))
    (made,) = [part for part in tunes.run(request) if isinstance(part, Content)]
    assert made.facts["instrument"] == "orchestral_harp"
    assert read_tune(made.data.decode()).fields["Q"] == "1/4=72"
    assert (ROOT / "static/sounds").is_dir()
    assert {folder.name.removesuffix("-mp3") for folder in (ROOT / "static/sounds").iterdir() if folder.is_dir()} >= set(
        INSTRUMENTS
    )


@pytest.mark.parametrize(
    ("words", "moods"),
    [
        ("sobbing into a pillow", {"wistful"}),
        ("hiccuping penguins in a toyshop", {"bright"}),
        ("a jig of xylqrst", {"bright"}),  # nothing is near: what is said outright stays
        ("xylqrst", {"bright", "gentle", "wistful"}),
    ],
)
def test_words_that_no_lexicon_has_are_bridged_by_the_sentence_model(words: str, moods: set[str]) -> None:
    said = conditions_of(Brief(intent=words))[0]
    assert {said.whole(seed).mood for seed in range(12)} <= moods


def test_the_surest_words_decide() -> None:
    for words, kinds in (("the old dog sleeps", {"air", "waltz"}), ("an old dog by the river", {"jig", "reel"})):
        said = conditions_of(Brief(intent=words))[0]
        assert set(said.kinds) <= kinds


def test_the_vectors_are_those_of_the_listed_words() -> None:
    """After a change of words/scenes.txt: stemma train music vectors."""
    listed, vectors = listed_words(), np.load(VECTORS)
    assert vectors.shape == (len(listed), 384)
    for at in range(0, len(listed), 40):
        assert np.abs(vectors[at] - vector_of(listed[at][0])).max() < 0.01, listed[at][0]


@pytest.mark.parametrize(
    ("words", "denied"),
    [
        ("not sad, just a quiet evening at home", "wistful"),
        ("a tune that isn't too dark", "dark"),
        ("nothing cheerful: she left on Friday", "bright"),
        ("不要悲伤的，要欢快一点", "wistful"),
        ("不那么欢快的一首", "bright"),
    ],
)
def test_a_mood_that_a_brief_denies_is_not_heard_as_wanted(words: str, denied: str) -> None:
    assert conditions_of(Brief(intent=words))[0].mood != denied
