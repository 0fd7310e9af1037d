"""From a brief's free words (English or Chinese) to what the model of tunes can be told, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from app.brief import Brief, Heard, Prompt
from app.engines.music import scenes
from app.engines.music.conditions import ANY_KIND, MOST_BARS, PACES_POSSIBLE, TuneConditions, in_english
from app.engines.music.lexicon import (
    BARS_WORD,
    BEATS_WORD,
    DENIED,
    DIGITS,
    INSTRUMENTS,
    KEY_WORD,
    KINDS,
    LATIN,
    LENGTH_WORDS,
    METRE_OF_WORD,
    METRE_WORD,
    MODE_WORDS,
    MOOD_WORDS,
    NUMBERS,
    PACES,
    PLAIN,
    SILENT,
    SMALL,
    TEMPO_WORD,
)
from app.engines.music.nearest_scene import nearest
from app.media.music.grammar.tokens import METRES
from app.media.music.notation.pitch import Mode, key_of

Name = TypeVar("Name")


def conditions_of(brief: Brief) -> tuple[TuneConditions, tuple[str, ...]]:
    """What a brief says of a tune (the beginnings of its fields, see Brief.beginning), and the words of it that say nothing
    to the model.
    """
    text = brief.beginning()[0].prompt().positive.translate(PLAIN)
    heard: set[str] = set()
    instrument = _named(text, INSTRUMENTS, heard)
    rest = DENIED.sub(" ", _without(text, heard))  # a 长笛 is not long, what is not sad not sad
    rhythm = _named(rest, KINDS, heard)
    words = scenes.scenes_in(rest)
    mood = _named(rest, MOOD_WORDS, heard)
    mode = _named(rest, MODE_WORDS, heard)
    tonic, mode = _key(rest, mode, heard)
    metre = _metre(rest, heard) or next((METRE_OF_WORD[word] for word in METRE_OF_WORD if word in heard), None)
    tempo, pace = _tempo(rest, heard), _named(rest, PACES, heard)
    bars = _bars(rest, heard)
    if not (rhythm or mood or scenes.known(words)):
        words = nearest(_unheard(rest, heard)) or words
    suggested = scenes.suggested(words)
    said = TuneConditions(rhythm, metre, tonic, mode, mood, bars, instrument, tempo, pace, suggested)
    return said, _unheard(text, heard | suggested.words.keys())


def prompt(brief: Brief) -> Prompt:
    """What the model will read, in words; where a brief leaves something open, all that it may be: the seed decides."""
    said, unheard = conditions_of(brief)
    heard, (_beginning, unread) = _several(said), brief.beginning()
    bridges = tuple(
        (word, _pairs("kind", scene.kinds) + _pairs("mood", scene.moods)) for word, scene in said.suggested.words.items()
    )
    return Prompt(in_english(heard), "", unheard, bridges, unread, heard=heard)


def _pairs(kind: str, values: Iterable[str]) -> Heard:
    return tuple((kind, value) for value in values)


def _several(said: TuneConditions) -> Heard:
    """The conditions with each thing that may be of several."""
    first = said.whole()
    moods = tuple(dict.fromkeys(mood for kind in said.kinds for mood in said.moods(kind)))
    modes = tuple(dict.fromkeys(mode for mood in moods for mode in said.modes(mood)))
    open_ = {"kind": ("any",) if said.kinds == ANY_KIND else said.kinds, "mode": modes, "mood": moods}
    known = dict(first.heard)
    if not said.tonic:
        del known["tonic"]
    if not said.metre and len(said.kinds) > 1:
        del known["metre"]
    return tuple(pair for kind, value in known.items() for pair in _pairs(kind, open_.get(kind, (value,))))


def _named(text: str, words: Mapping[Name, Sequence[str]], heard: set[str]) -> Name | None:
    """What the text names first; of two at one place the longer word."""
    found = []
    for name, each in words.items():
        for word in each:
            latin = LATIN.search(word)
            pattern = rf"(?<![A-Za-z]){re.escape(word)}s?(?![A-Za-z])" if latin else re.escape(word)
            if at := re.search(pattern, text, re.IGNORECASE):
                found.append((at.start(), -len(word), name))
                heard.add(word)
    return min(found, key=lambda one: one[:2])[2] if found else None


def _key(text: str, mode: Mode | None, heard: set[str]) -> tuple[str | None, Mode | None]:
    found = KEY_WORD.search(text)
    if not found:
        return None, mode
    heard.add(found[0])
    letter, accidental, word = (found[2] or found[5]).upper(), (found[1] or found[3] or found[6] or "").lower(), found[4]
    sharp = "sharp" in accidental or accidental in {"#", "♯", "升"}
    tonic = letter + ("#" if sharp else "b" if accidental else "")
    named = next((one for one, words in MODE_WORDS.items() if word and word.lower() in words), mode)
    key = key_of(tonic + (named or Mode.MAJOR).value)
    return (key.tonic if key else None), named


def _metre(text: str, heard: set[str]) -> str | None:
    for found in METRE_WORD.finditer(text):
        beats, unit = (found[1], found[2]) if found[1] else (DIGITS[found[4]], DIGITS[found[3]])
        metre = f"{int(beats)}/{int(unit)}"
        if metre in METRES:
            heard.add(found[0])
            return metre
    said = BEATS_WORD.search(text)
    metre = f"{DIGITS[said[2] or said[3]]}/{DIGITS[said[1] or '四']}" if said else ""
    if said and metre in METRES:
        heard.add(said[0])
        return metre
    return None


def _tempo(text: str, heard: set[str]) -> int | None:
    found = TEMPO_WORD.search(text)
    beats = int(next(filter(None, found.groups()))) if found else 0
    if not found or beats not in PACES_POSSIBLE:
        return None
    heard.add(found[0])
    return beats


def _bars(text: str, heard: set[str]) -> int | None:
    if found := BARS_WORD.search(text):
        heard.add(found[0])
        count = int(found[1]) if found[1].isdecimal() else NUMBERS[found[1].lower()]
        return max(4, min(MOST_BARS, count))
    return _named(text, LENGTH_WORDS, heard)


def _without(text: str, heard: set[str]) -> str:
    """The text with the words that were understood taken out."""
    for word in sorted(heard, key=len, reverse=True):
        pattern = rf"(?<![A-Za-z]){re.escape(word)}s?(?![A-Za-z])" if LATIN.search(word) else re.escape(word)
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return text


def _unheard(text: str, heard: set[str]) -> tuple[str, ...]:
    """The words that nothing was made of, in their order; small words are not worth a remark."""
    words = re.findall(r"[^\s,，、。.;；!！?？:：\"'“”‘’()（）《》]+", SMALL.sub(" ", _without(text, heard)))
    return tuple(dict.fromkeys(word for word in words if not SILENT.fullmatch(word)))
