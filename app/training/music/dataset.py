"""From the books to tokens: tunes that fit, each with its conditions, without duplicates, some of them held out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import METRES, MODES, NOTES, TokenBar, UnfitError, join_bars, split, tokens_of
from app.media.music.notation.checks import incomplete
from app.media.music.notation.pitch import Mode
from app.media.music.notation.tune import Tune
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.music import corpus
from app.training.music.corpus import Found

TUNES, SOURCES = "tunes.json", "sources.json"
FEWEST, MOST = 6, 72  # bars
EVEN = 0.7  # of the bars at least
HELD_OUT = 4  # percent of the tunes
SIGNATURE = 32  # first notes: tunes that share them are the same tune
# What a tune's own words, its book's chapter or its title say about its kind; the first that is found.
KINDS = (
    ("slip", "slip jig"),
    ("strathspey", "strathspey"),
    ("fling", "strathspey"),
    ("hornpipe", "hornpipe"),
    ("clog", "hornpipe"),
    ("reel", "reel"),
    ("jig", "jig"),
    ("march", "march"),
    ("quick", "march"),
    ("waltz", "waltz"),
    ("air", "air"),
    ("minuet", "air"),
    ("song", "air"),
    ("lament", "air"),
)
MINOR = {Mode.MINOR, Mode.DORIAN}


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tune ready to learn from."""

    title: str
    book: str
    rhythm: str
    metre: str
    mode: str
    mood: str
    key: str
    count: int  # bars as written
    tokens: tuple[str, ...]

    @property
    def bars(self) -> list[TokenBar]:
        """Its bars, the last one closing it."""
        return split(self.tokens)

    @property
    def print(self) -> str:
        """What tells it from other tunes, in whatever key: a hash of its first notes."""
        notes = [token for token in self.tokens if token in NOTES]
        return hashlib.sha256(" ".join(notes[:SIGNATURE]).encode()).hexdigest()[:16]


def build(corpus_folder: Path, folder: Path, held_out: Sequence[str] = (), take: int | None = None) -> tuple[int, int]:
    """Write the data set into `folder`; how many tunes to learn from and how many held out.

    `held_out` are `Tokens.print`s of tunes that an earlier training did not see; otherwise a hash decides. Raises
    TrainingError when there are too few.
    """
    refused: Counter[str] = Counter()
    known: dict[str, Tokens] = {}
    found = list(corpus.tunes(corpus_folder))[:: 1 if take is None else max(1, 4400 // take)]
    for tune in _moody(_fitting(found, refused)):
        known.setdefault(tune.print, tune)
    away = {name for name in known if (name in held_out if held_out else int(name[:8], 16) % 100 < HELD_OUT)}
    parts = {
        "learnt": [asdict(tune) for name, tune in known.items() if name not in away],
        "held_out": [asdict(tune) for name, tune in known.items() if name in away],
    }
    if not all(parts.values()):
        raise TrainingError("There are too few tunes to hold any out.")
    for entries in parts.values():
        for entry in entries:
            entry["tokens"] = " ".join(entry["tokens"])
    write(folder / TUNES, json.dumps(parts, indent=0).encode())
    counts = Counter(tune.book for tune in known.values())
    write(folder / SOURCES, json.dumps(corpus.sources(counts), indent=1, ensure_ascii=False).encode())
    print(f"left out: {dict(refused)}", flush=True)
    return len(parts["learnt"]), len(parts["held_out"])


def load(folder: Path) -> tuple[list[Tokens], list[Tokens]]:
    """The tunes to learn from, and those held out. Raises TrainingError when the step `data` has not run."""
    path = folder / TUNES
    if not path.exists():
        raise TrainingError("There is no data yet: run `stemma train music data` first.")
    parts = json.loads(path.read_text("utf-8"))
    learnt, held = (
        [Tokens(**(entry | {"tokens": tuple(entry["tokens"].split())})) for entry in parts[name]]
        for name in ("learnt", "held_out")
    )
    return learnt, held


def _fitting(found: Iterable[Found], refused: Counter[str]) -> list[tuple[Tokens, float]]:
    """The tunes that tokens can stand for, each with its notes an eighth."""
    fitting = []
    for one in found:
        tune = read_tune(one.abc)
        try:
            fitting.append(_tokens(one, tune))
        except UnfitError as unfit:
            refused[str(unfit)] += 1
    return fitting


def _tokens(found: Found, tune: Tune) -> tuple[Tokens, float]:
    """Raises UnfitError naming in one word what does not fit."""
    metre = str(tune.metre)
    metre = "4/4" if metre == "2/2" else metre  # cut time is written as common time in most of the books
    if metre not in METRES:
        raise UnfitError("metre")
    if tune.key.mode not in MODES or any(bar.key != tune.key or bar.metre != tune.metre for bar in tune.bars):
        raise UnfitError("key")
    count = sum(1 for bar in tune.bars if bar.notes)
    if not FEWEST <= count <= MOST:
        raise UnfitError("length")
    if 1 - len(incomplete(tune)) / count < EVEN:
        raise UnfitError("bars")
    bars = tokens_of(tune)
    eighths = sum((bar.length for bar in bars), start=bars[0].length * 0)
    notes = sum(1 for token in join_bars(bars) if token in NOTES)
    if not eighths or notes < FEWEST:
        raise UnfitError("notes")
    rhythm = kind_of(tune.fields.get("R", ""), found.chapter, tune.title, metre)
    tokens = Tokens(
        tune.title, found.book, rhythm, metre, tune.key.mode.value, "", tune.key.tonic, count, tuple(join_bars(bars))
    )
    return tokens, float(notes / eighths)


def kind_of(rhythm: str, chapter: str, title: str, metre: str) -> str:
    """The kind of tune: what it says itself, what its book says, what its title says, what its metre leaves."""
    for words in (rhythm.lower(), title.lower(), chapter.lower()):
        if kind := next((kind for word, kind in KINDS if word in words), None):
            return kind
    return "slip jig" if metre == "9/8" else "other"


def _moody(tunes: Sequence[tuple[Tokens, float]]) -> list[Tokens]:
    """Moods: light or dark by the mode, lively or calm by the notes an eighth against others of the metre."""
    by_metre: defaultdict[str, list[float]] = defaultdict(list)
    for tune, density in tunes:
        by_metre[tune.metre].append(density)
    usual = {metre: median(densities) for metre, densities in by_metre.items()}
    return [replace(tune, mood=mood_of(Mode(tune.mode), density >= usual[tune.metre])) for tune, density in tunes]


def mood_of(mode: Mode, lively: bool) -> str:
    """One of the four moods."""
    if mode in MINOR:
        return "dark" if lively else "wistful"
    return "bright" if lively else "gentle"
