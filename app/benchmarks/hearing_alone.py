"""What the house's engines make of briefs, in a process set up like a worker: whether they hear them, and whether the four
variants of one differ. Prints one line of JSON.

The lists beside this module were made before the lexicons that they measure; each names what a reader would take as an
answer to a brief.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from app.brief import Brief
from app.engines.catalog import MUSIC, VERSE
from app.engines.engine import Content, Engine, Parent, Request, Verb
from app.engines.image.house import House
from app.engines.music.asking import conditions_of
from app.engines.music.tunes import Tunes
from app.engines.text.known_lines import known_lines
from app.engines.text.smollm import SmolLM
from app.engines.text.verse import Verse
from app.errors import StemmaError
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import tokens_of
from app.media.text.prosody.form import Breaks
from app.media.text.prosody.lines import split
from app.settings import Settings

LISTS = Path(__file__).with_name("lists")
OPENED = ("秋", "春天", "下雨的晚上", "故乡", "离别", "moonlight", "一条河", "酒")  # briefs of twelve poems each
TWELVE, FOUR = 12, 4
SEED = 20_000
CACHE = Settings().cache_folder
T = TypeVar("T")


def listed(name: str) -> Iterator[list[str]]:
    """The rows of a list."""
    for line in (LISTS / name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def texts_of(engine: Engine, brief: Brief, seeds: Sequence[int], **params: Any) -> list[str]:
    """The texts of these seeds."""
    request = Request(Verb.CREATE, brief, engine.Params.model_validate(params), tuple(seeds))
    return [part.data.decode() for part in engine.run(request) if isinstance(part, Content)]


def hears(poem: str, answers: str) -> bool:
    """Whether a poem has one of the words that would answer its brief."""
    return any(word in poem for group in answers.split("|") for word in group.split())


def poems(engine: Verse, name: str, few: int | None) -> dict[str, Any]:
    """One poem for each brief: which hear theirs, and how many would by chance, each held against another's brief."""
    rows = list(listed(name))[: few and 4 * few]
    texts = [texts_of(engine, Brief(intent=brief), (SEED + at,))[0] for at, (brief, _answers) in enumerate(rows)]
    deaf = [brief for (brief, answers), text in zip(rows, texts, strict=True) if not hears(text, answers)]
    by_chance = fmean(hears(text, rows[at - len(rows) // 7 - 1][1]) for at, text in enumerate(texts))
    return {"briefs": len(rows), "heard": len(rows) - len(deaf), "deaf": deaf, "by_chance": by_chance * len(rows)}


def openings(engine: Verse, few: int | None) -> dict[str, Any]:
    """Twelve poems of one brief: how many begin with the same character at most, and which known lines they have."""
    known, most, lines = known_lines(engine.folder), {}, []
    for brief in OPENED[:few]:
        texts = texts_of(engine, Brief(intent=brief), range(SEED, SEED + TWELVE))
        most[brief] = max(Counter(text[0] for text in texts).values())
        lines += [line.text for text in texts for line in split(text, Breaks.CLAUSE)]
    return {
        "most": max(most.values()),
        "by_brief": most,
        "lines": len(lines),
        "known": [one for one in lines if known.has(one)],
    }


def tunes(name: str) -> dict[str, Any]:
    """For each brief four tunes' kinds and moods: right is one all of whose variants would do."""
    wrong = []
    rows = list(listed(name))
    for brief, kinds, moods in rows:
        said = conditions_of(Brief(intent=brief))[0]
        found = [said.whole(SEED + number) for number in range(FOUR)]
        good = {kind.replace("_", " ") for kind in kinds.split()}
        if not all(one.rhythm in good and one.mood in moods.split() for one in found):
            wrong.append(f"{brief}: {found[0]}")
    return {"briefs": len(rows), "right": len(rows) - len(wrong), "wrong": wrong}


def ratio(groups: Sequence[Sequence[T]], distance: Callable[[T, T], float]) -> dict[str, float]:
    """How far the variants of one brief are from one another, against those of different briefs."""
    within = fmean(distance(*pair) for group in groups for pair in combinations(group, 2))
    across = fmean(distance(*pair) for one, other in combinations(groups, 2) for pair in product(one, other))
    return {"within": within, "across": across, "ratio": within / across}


def of_texts(one: str, other: str) -> float:
    """1 without a pair of neighbouring characters in common, 0 with the same."""
    pairs = [{text[at : at + 2] for at in range(len(text) - 1)} for text in (one, other)]
    return 1 - len(pairs[0] & pairs[1]) / max(1, len(pairs[0] | pairs[1]))


def of_tunes(one: str, other: str) -> float:
    """1 without a bar in common (in any key), and of another kind, mode and metre; 0 for the same."""
    first, second = (
        Counter(bar.body for bar in tokens_of(read_tune(text), tolerant=True) if bar.body) for text in (one, other)
    )
    bars = 1 - (first & second).total() / max(1, first.total(), second.total())
    heads = [(tune.fields.get("R"), str(tune.metre), tune.key) for tune in (read_tune(one), read_tune(other))]
    return (bars + fmean(a != b for a, b in zip(*heads, strict=True))) / 2


def chords_apart(one: str, other: str) -> float:
    """The share of the notes above which another chord sounds."""
    sounding = []
    for text in (one, other):
        symbol, found = "", []
        for note in read_tune(text).notes:
            symbol = note.chord or symbol
            found.append(symbol)
        sounding.append(found)
    return fmean(a != b for a, b in zip(*sounding, strict=True))


def distances(verse: Verse, few: int | None) -> dict[str, dict[str, float]]:
    """Four variants each of some briefs, in every medium."""
    seeds = range(SEED, SEED + FOUR)
    engine = Tunes(MUSIC)
    engine.load("cpu")
    briefs = ("", "a walk by the sea", "a dance in the barn", "夜里的雨")[:few]
    sheets = [texts_of(engine, Brief(intent=brief), seeds, bars=8 if few else 0) for brief in briefs]
    chords = [chords_apart(*pair) for sheet in sheets for pair in combinations(harmonised(engine, sheet[0]), 2)]
    return {
        "verse": ratio([texts_of(verse, Brief(intent=brief), seeds) for brief in OPENED[: few or 6]], of_texts),
        "tunes": ratio(sheets, of_tunes),
        "harmonies": {"least": min(chords), "mean": fmean(chords)},
        **({"english": ratio(english(few), of_texts)} if SmolLM(CACHE).unready() is None else {}),
        **({"pictures": ratio(sketches_of(few), of_pictures)} if House().unready() is None else {}),
    }


def english(few: int | None) -> list[list[str]]:
    """Four haiku each of some briefs."""
    engine = SmolLM(CACHE)
    engine.load("cpu")
    briefs = ("a haiku about the sea", "a haiku, first snow", "a haiku on an old clock")[: few or 3]
    return [texts_of(engine, Brief(intent=brief), range(SEED, SEED + FOUR)) for brief in briefs]


def sketches_of(few: int | None) -> list[list[bytes]]:
    """Four sketches each of some briefs."""
    engine = House()
    engine.load("cpu")
    briefs = ("a red apple", "a boat at sea", "a smiling cat")[: few or 3]
    found = []
    for brief in briefs:
        params = engine.Params.model_validate({"pace": "sketch"})
        request = Request(Verb.CREATE, Brief(intent=brief), params, tuple(range(SEED, SEED + FOUR)))
        found.append([part.data for part in engine.run(request) if isinstance(part, Content)])
    return found


def of_pictures(one: bytes, other: bytes) -> float:
    """The root of the mean squared difference of 32 × 32 pixels: 0 the same, 1 black and white."""
    import io

    import numpy as np
    from PIL import Image

    first, second = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((32, 32)), np.float32) / 255 for data in (one, other)
    )
    return float(((first - second) ** 2).mean() ** 0.5)


def harmonised(engine: Tunes, tune: str) -> list[str]:
    """Four harmonies of one tune."""
    parent = Parent("harmonise", tune.encode(), "text/vnd.abc", None, None, {})
    request = Request(Verb.HARMONISE, Brief(), engine.Params(), tuple(range(SEED, SEED + FOUR)), (parent,))
    return [part.data.decode() for part in engine.run(request) if isinstance(part, Content)]


def measure_all(few: int | None) -> Mapping[str, Any]:
    """Everything; of each list only the first `few`."""
    verse = Verse(VERSE)
    verse.load("cpu")
    return {
        "poems": poems(verse, "poems.tsv", few),
        "poems_everyday": poems(verse, "poems_everyday.tsv", few),
        "openings": openings(verse, few),
        "tunes": tunes("tunes.tsv"),
        "drawn": tunes("tunes_drawn.tsv"),
        "tunes_everyday": tunes("tunes_everyday.tsv"),
        "held": tunes("tunes_held.tsv"),
        "fresh": tunes("tunes_fresh.tsv"),
        "third": tunes("tunes_third.tsv"),
        "apart": distances(verse, few),
    }


if __name__ == "__main__":
    try:
        answer: Mapping[str, Any] = measure_all(int(sys.argv[1]) or None)
    except StemmaError as error:
        answer = {"error": error.message()}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
