"""What a brief of a tune speaks of, and what that suggests: kinds, moods, modes, a pace, the shape of its line.

Words lead to scenes by a lexicon (words/scenes.txt). English words that it does not list lead to what the sentence model
finds nearest among its own, worked out beforehand (words/english.txt, see app/training/music/words.py); Chinese ones go by
the English words that the lexicon of verse or the image engine's glossary has for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from app.engines.music.lexicon import SILENT, explicit
from app.engines.shared import chinese_glossary as chinese
from app.engines.text.hearing import rows as rows_of_verse
from app.engines.text.hearing import stems
from app.media.music.notation.pitch import Mode
from app.media.text.scripts import is_han

FOLDER = Path(__file__).with_name("words")
STRONG, THING, WEAK = 3.0, 0.8, 0.6  # votes of a word that names music or a mood; a creature or trade; a place or an hour
DARKER = frozenset({"dark", "wistful"})
FAR = 0.3  # of one that only lies somewhere near
MARKS = {"~~": FAR, "~": WEAK, "=": THING}  # of a row
LATER = (1.0, 0.75, 0.5)  # the votes of a row's first, second and further kinds, moods and modes
NEARLY = 0.7  # of the most votes: what has as many counts as well as any
PHRASE = 3  # words of an English entry
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’-]*")


@dataclass(frozen=True, slots=True)
class Scene:
    """A row of the lexicon."""

    kinds: tuple[str, ...]
    moods: tuple[str, ...]
    modes: tuple[Mode, ...]
    pace: float
    line: str
    votes: float = 1.0


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the scenes of a brief come to; empty where there are none. `words`: what was heard, each with its scene."""

    kinds: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    pace: float | None = None
    line: str = ""
    words: dict[str, Scene] = field(default_factory=dict)


NOTHING = Suggested()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words by scene; Chinese ones also by way of English."""

    chinese: dict[str, Scene]
    english: dict[str, Scene]
    longest: int


def rows() -> Iterator[tuple[Scene, tuple[str, ...], tuple[str, ...]]]:
    """The lexicon as it was written by hand: scenes with their Chinese and English words, a row once for each weight."""
    for line in (FOLDER / "scenes.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kinds, moods, modes, pace, shape, everyday, english = (part.strip() for part in line.split("|"))
            scene = Scene(_several(kinds.lstrip("~= ")), _several(moods), _modes(modes), float(pace), shape)
            usual = next((votes for mark, votes in MARKS.items() if kinds.startswith(mark)), 1.0)
            for votes in (usual, STRONG):
                words = [tuple(_weighing(part, strong=votes == STRONG)) for part in (everyday, english)]
                yield replace(scene, votes=votes), words[0], words[1]


def _modes(part: str) -> tuple[Mode, ...]:
    return tuple(map(Mode, _several(part)))


def _weighing(words: str, *, strong: bool) -> Iterator[str]:
    """Those that are marked as strong, or the others."""
    return (word.lstrip("!") for word in words.split() if word.startswith("!") is strong)


def _several(part: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in part.split(","))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read once."""
    everyday: dict[str, Scene] = {}
    english: dict[str, Scene] = {}
    for scene, chinese_words, english_words in rows():
        everyday |= dict.fromkeys(chinese_words, scene)
        english |= dict.fromkeys(english_words, scene)
    taken = explicit() | english.keys()
    for word, scene in list(english.items()):
        english |= {form: scene for form in stems(word) if form not in taken}  # who lists "swimming" knows "swim"
    for line in (FOLDER / "english.txt").read_text("utf-8").splitlines():
        known, colon, near = line.lstrip("~").partition(": ")
        if colon and not line.startswith("#"):
            scene = replace(english[known], votes=FAR) if line.startswith("~") else english[known]
            english |= {word: scene for word in near.split() if word not in english}
    for row in rows_of_verse():
        scene_of_row = next((english[word] for word in row.english if word in english), None)
        if scene_of_row and row.verse:
            everyday |= {word: scene_of_row for word in row.chinese if word not in everyday and len(word) > 1}
    return Lexicon(everyday, english, max(map(len, everyday)))


def scenes_in(text: str) -> dict[str, Scene]:
    """The words of `text` that lead to a scene, in their order; at every place the longest."""
    found: dict[str, Scene] = {}
    at, words = 0, lexicon()
    while at < len(text):
        if is_han(text[at]):
            lengths = range(min(words.longest, len(text) - at), 0, -1)
            size = next((n for n in lengths if _of_chinese(text[at : at + n])), 0)
            if size and (scene := _of_chinese(text[at : at + size])):
                found.setdefault(text[at : at + size], scene)
            at += size or 1
        elif _WORD.match(text, at):
            said, scene = _phrase(text[at:])
            if scene:
                found.setdefault(said, scene)
            at += len(said)
        else:
            at += 1
    return found


@lru_cache(maxsize=4096)
def _of_chinese(word: str) -> Scene | None:
    known = lexicon()
    if word in known.chinese:
        return known.chinese[word]
    named = chinese.named(word) if len(word) > 1 else None
    return next((scene for part in (named or "").split() if (scene := _of_english(part))), None)


def _phrase(text: str) -> tuple[str, Scene | None]:
    """The longest English phrase at the beginning of `text` that leads to a scene; else its first word, and none."""
    ends = [found.end() for found in islice(_WORD.finditer(text), PHRASE)]
    whole = next((at for at, end in enumerate(ends[1:], 1) if not text[ends[at - 1] : end].lstrip(" ").isalpha()), len(ends))
    for end in reversed(ends[:whole]):
        if scene := _of_english("-".join(text[:end].split())):
            return text[:end], scene
    return text[: ends[0]], None


def _of_english(phrase: str) -> Scene | None:
    if SILENT.fullmatch(phrase):
        return None
    return next((lexicon().english[form] for form in stems(phrase) if form in lexicon().english), None)


def known(words: dict[str, Scene]) -> bool:
    """Whether the lexicon has one of them, and not only something that lies near."""
    return any(scene.votes > FAR for scene in words.values())


def suggested(words: dict[str, Scene]) -> Suggested:
    """What these scenes come to: the surest words vote for their kinds, moods and modes, the first of each most. A place
    or an hour says nothing where something happens there.
    """
    surest = max((scene.votes for scene in words.values()), default=0.0)
    words = {word: scene for word, scene in words.items() if scene.votes == surest}
    scenes = list(words.values())
    if not scenes:
        return NOTHING
    kinds, moods = _most((scene.votes, scene.kinds) for scene in scenes), _most((scene.votes, scene.moods) for scene in scenes)
    if "bright" in moods and DARKER & set(moods):
        moods = tuple(mood for mood in moods if mood != "bright")  # a hero's death is no bright thing
    modes = _most((scene.votes, scene.modes) for scene in scenes)
    pace = sum(scene.votes * scene.pace for scene in scenes) / sum(scene.votes for scene in scenes)
    line = max(scenes, key=lambda scene: scene.votes).line
    return Suggested(kinds, moods, tuple(map(Mode, modes)), round(pace, 2), line, words)


def _most(lists: Iterable[tuple[float, Sequence[str]]]) -> tuple[str, ...]:
    """What has the most votes, or nearly, the first named first."""
    votes: dict[str, float] = {}
    for weight, each in lists:
        for at, name in enumerate(each):
            votes[name] = votes.get(name, 0.0) + weight * LATER[min(at, 2)]
    most = max(votes.values())
    return tuple(name for name, count in votes.items() if count >= NEARLY * most)
