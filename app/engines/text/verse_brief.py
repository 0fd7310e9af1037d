"""A brief as the verse engine reads it: what it speaks of in words of verse, and what of it is not read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from app.brief import Brief, Prompt
from app.engines.text.hearing import HeardWord, heard_words, keywords, lexicon
from app.engines.text.verse_form import VerseForm, said_in
from app.media.text.prosody.chinese import simplified
from app.media.text.prosody.recognise import recognised
from app.media.text.scripts import is_han

MOST = 4  # keywords: the model saw no more
LONGEST = 2  # characters of a material that stands for itself


def subject_words(brief: Brief, known: Collection[str], inspired: Iterable[str] = ()) -> list[HeardWord]:
    """What a brief speaks of (the beginnings of its fields, see Brief.beginning), its materials first, then what its
    inspirations do. Words of verse that have characters which the model does not know (`known` ones, any where nobody knows)
    are none.
    """
    brief = brief.beginning()[0]
    found = [word for material in brief.keywords for word in _material(material, known)]
    found += heard_words(f"{brief.intent}\n{brief.style}")
    found += [word for words in inspired for word in heard_words(words) if word.words]
    return [replace(word, words=_writable(word.words, known)) for word in found]


def prompt(brief: Brief, known: Collection[str]) -> Prompt:
    """The form that a brief names, and its keywords; a poem takes another word of a bridge, with another seed."""
    found = subject_words(brief, known)
    chosen = keywords(found, MOST)
    left = [word.said for word in found if not recognised(word.said) and _unread(word, chosen)]
    bridges = [(word.said, tuple(("word", one) for one in word.words or ())) for word in found if word.bridged]
    preset = recognised(said_in(brief)).get("preset")
    named = [f"<{mark}>" for mark in VerseForm if mark.preset == preset]
    positive = " ".join([*named, *chosen])
    return Prompt(positive, "", tuple(dict.fromkeys(left)), tuple(dict.fromkeys(bridges)), brief.beginning()[1])


def _unread(word: HeardWord, chosen: Collection[str]) -> bool:
    """Whether a word was not understood, or is one too many."""
    return word.words is None or (bool(word.words) and not set(word.words) & set(chosen))


def _material(material: str, known: Collection[str]) -> list[HeardWord]:
    """What a material names: itself, where it is short enough and no everyday word."""
    word = simplified(material)
    itself = len(word) <= LONGEST and all(is_han(char) and (not known or char in known) for char in word)
    return [HeardWord(material, (word,))] if itself and word not in lexicon().chinese else heard_words(material)


def _writable(words: tuple[str, ...] | None, known: Collection[str]) -> tuple[str, ...] | None:
    if not words or not known:
        return words
    return tuple(word for word in words if all(char in known for char in word)) or None
