"""From a brief's words to what a scene is to show: things with counts, colours and sizes, how they stand, where, when, in
what mood and style; and what was not understood, word by word.
"""

from __future__ import annotations

import re
from collections.abc import Container

from app import gate
from app.brief import Brief
from app.engines.image.composer import lexicon
from app.engines.image.composer.drawn import Found
from app.engines.image.composer.library import Library
from app.engines.image.composer.wish import Thing, Wish
from app.engines.shared import chinese_glossary
from app.media.text.scripts import HAN

MOST_THINGS, MOST_OF_ONE, MOST_ALL = 8, 16, 24  # kinds of things; of one kind; all together
LONGEST, PAIR = 4, 2  # words of a name; things of a pair
_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[,.;:!?]")
MODIFIER = ("ing", "ed", "ly")  # endings of words that are no things
_PLACES, _HOURS, _WEATHER = (lexicon.spoken(one) for one in (lexicon.PLACES, lexicon.HOURS, lexicon.WEATHER))
_MOODS, _STYLES, _SIZES, _COLOURS = (
    lexicon.spoken(one) for one in (lexicon.MOODS, lexicon.STYLES, lexicon.SIZES, lexicon.COLOURS)
)
_NUMBERS = lexicon.spoken({str(number): words for number, words in lexicon.NUMBERS.items()})
_RELATIONS, _ABSOLUTE = lexicon.spoken(lexicon.RELATIONS), lexicon.spoken(lexicon.ABSOLUTE)
_BEFORE = {"snowy", "rainy", "sunny", "starry", "night", "winter", "foggy", "misty"}  # said of a place or thing that follows


def read(brief: Brief, drawings: Library) -> Wish:
    """What `brief` asks for. Nothing in it is fatal: what is not understood is told in `unread`."""
    wish, avoided = Wish(), frozenset(_words(brief.avoid))
    for text in (brief.intent, *brief.keywords, brief.technique):
        _Reader(wish, drawings, avoided).read(text)
    _Reader(wish, drawings, avoided, styled=True).read(brief.style)
    room = MOST_ALL
    for number, thing in enumerate(wish.things):
        if room < 1:
            wish.unread += [one.said for one in wish.things[number:]]
            del wish.things[number:]
            break
        thing.count = min(thing.count, room)
        room -= thing.count
    wish.weather = [one for one in dict.fromkeys(wish.weather) if one not in avoided]
    if not wish.hour and {"moon", "stars", "aurora", "fireflies"} & set(wish.weather):
        wish.hour = "night"
    wish.unread = list(dict.fromkeys(wish.unread))
    return wish


def _words(text: str) -> list[str]:
    for said, meant in lexicon.CHINESE_SCENES if HAN.search(text) else ():
        text = text.replace(said, meant)
    for said, meant in lexicon.CHINESE_PLACES if HAN.search(text) else ():
        text = re.sub(rf"在([^在的和，。,]{{1,6}}?){said}(?!的)", rf" {meant} \1", text)
        text = re.sub(rf"([^在的和，。,\s]{{1,4}}){said}的([^在的和，。,]+(?:的[^在的和，。,]+)?)", rf"\2 {meant} \1", text)
    spoken = chinese_glossary.english("".join(f" {lexicon.CHINESE[c]} " if c in lexicon.CHINESE else c for c in text))
    return _TOKEN.findall(spoken.lower().replace("’", "'"))


class _Reader:
    """Goes through the words of one text once, from left to right."""

    def __init__(self, wish: Wish, drawings: Library, avoided: Container[str], *, styled: bool = False) -> None:
        self.wish, self.drawings, self.avoided, self.styled = wish, drawings, avoided, styled
        self.relation, self.chinese = "", False
        self.fresh()

    def fresh(self) -> None:
        """A new phrase begins: what was said of its thing holds no longer."""
        self.number, self.colour, self.size, self.flies = 0, "", "", False
        self.strange: list[str] = []
        self.last: int | None = None  # the thing of this phrase

    def read(self, text: str) -> None:
        self.chinese = bool(HAN.search(text))
        words = _words(text)
        at = 0
        while at < len(words):
            at += self._step(words, at)
        self._close()

    def _step(self, words: list[str], at: int) -> int:
        """Reads what begins at `at`; how many words that were."""
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            said = " ".join(words[at : at + length])
            ends = at + length == len(words) or self._bounds(words[at + length])
            if self._means(said, words[at + length :], ends=ends):
                return length
        word = words[at]
        if (number := gate.whole(word[:6])) is not None:
            self.number = max(1, number)
        elif word in lexicon.FLYING:
            self._fly()
        elif word not in lexicon.SILENT and len(word) > 1:
            self.strange.append(word)
        return 1

    def _bounds(self, word: str) -> bool:
        return word in _RELATIONS or word in lexicon.SILENT or not word[0].isalnum() or word in _ABSOLUTE

    def _means(self, said: str, after: list[str], *, ends: bool) -> bool:
        """Takes `said` for what it says, if anything."""
        if not said[0].isalnum():
            self._close()
            self.relation = ""
            return " " not in said
        if self.styled and said in _STYLES:
            self.wish.style = self.wish.style or _STYLES[said]
            return True
        if said in _COLOURS and self._colours(said, after):
            return True
        if self._where(said, after, ends=ends) or self._how(said):
            return True
        return (not self.styled and self._thing(said, ends=ends)) or self._spoken_style(said)

    def _how(self, said: str) -> bool:
        """Numbers, sizes, where things stand."""
        if said in _NUMBERS:
            self.number = int(_NUMBERS[said])
        elif said in _SIZES:
            self.size = _SIZES[said]
        elif said in _ABSOLUTE:
            for thing in self.wish.things[-1:]:
                thing.at = _ABSOLUTE[said]
        elif said in _RELATIONS:
            self._close()
            self.relation = _RELATIONS[said]
        else:
            return False
        return True

    def _spoken_style(self, said: str) -> bool:
        """Moods last: many a mood is part of a name; and styles that are named outside of their field."""
        if said in _MOODS:
            self.wish.mood = self.wish.mood or _MOODS[said]
            return True
        if said in _STYLES:
            self.wish.style = self.wish.style or _STYLES[said]
            return True
        return False

    def _colours(self, said: str, after: list[str]) -> bool:
        colour = _COLOURS[said]
        if "background" in after[:2]:
            self.wish.ground, self.wish.backdrop = self.wish.ground or "plain", colour
        elif (not after or self._bounds(after[0])) and self.drawings.named(said) and not self.chinese:
            return False  # an orange
        elif after and self.drawings.named(f"{said} {after[0]}"):
            self.colour = colour
        elif self.chinese and self.last is not None and (not after or self._bounds(after[0])):
            self.wish.things[self.last].colour = colour
        else:
            self.colour = colour
        return True

    def _where(self, said: str, after: list[str], *, ends: bool) -> bool:
        """Places, hours, weather: one word may say two of them ("sunset")."""
        if said not in _PLACES and said not in _HOURS and said not in _WEATHER:
            return False
        if not ends and not self.chinese and said not in _BEFORE:
            following = " ".join([said, after[0]])
            if self.drawings.named(following) or self.drawings.named(after[0]):
                self.strange.append(said)  # "beach ball", "garden gnome": of the thing's name
                return True
        last = said.rpartition(" ")[2]
        if said in _HOURS or (last in _HOURS and said in _PLACES):
            self.wish.hour = _HOURS.get(said) or _HOURS[last]
        if said in _WEATHER:
            self.wish.weather.append(_WEATHER[said])
        elif said in _PLACES:
            if self.wish.ground in {"", "plain"}:
                self.wish.ground = _PLACES[said]
            elif _PLACES[said] == "snow":
                self.wish.weather.append("snow")
        if self.strange:
            self._drop()
        self.relation = ""
        return True

    def _fly(self) -> None:
        if self.last is not None or self.wish.things:
            self.wish.things[-1].flies = True
        else:
            self.flies = True

    def _thing(self, said: str, *, ends: bool) -> bool:
        """A drawing that is called so, or one of which `said` is the plural."""
        found, many = self.drawings.named(said), False
        one = (
            None if said in lexicon.PAIRED else next((one for one in lexicon.singulars(said) if self.drawings.named(one)), None)
        )
        if one and not (said in self.drawings.by_label and one not in self.drawings.by_label):  # "glasses" are no two glass
            found, many = self.drawings.named(one), True
        first, _space, rest = said.partition(" ")
        if found and first in _COLOURS and found.label != said and self.drawings.named(rest):
            return False  # "blue car": a keyword of one car, but any will do
        if found is None or (self.drawings.names[found.label][0] != said and not ends and not self._is_name(said, found)):
            return False
        if said in _MOODS and not ends:
            return False
        if self.colour and (whole := f"{self.colour} {said}") in self.drawings.by_label:
            found = self.drawings.named(whole) or found
        return self._take(said, found, many=many)

    def _is_name(self, said: str, found: Found) -> bool:
        """Whether it is a name, not a keyword."""
        return any(said in (self.drawings.drawings[n].label, *self.drawings.drawings[n].names) for n in found.drawings[:1])

    def _take(self, said: str, found: Found, *, many: bool) -> bool:
        if said in self.avoided or found.label in self.avoided:
            self._drop()
            return True
        things = self.wish.things
        if len(things) >= MOST_THINGS:
            self.wish.unread.append(said)
            return True
        if self.last is not None and not self.chinese and not self.relation:
            self.wish.unread.append(things.pop().said)  # of two nouns in a row the last is the thing
        number = self.number or (3 if many else 1)
        if number == PAIR and not many and lexicon.singulars(said):  # a pair of scissors is one thing
            number = 1
        thing = Thing(said, found, min(number, MOST_OF_ONE), number, self.colour, self.size, flies=self.flies)
        if things and self.relation:
            thing.relation, thing.to = self.relation, len(things) - 1
        things.append(thing)
        self._drop()
        self.relation, self.last = "", len(things) - 1
        self.number, self.colour, self.size, self.flies = 0, "", "", False
        return True

    def _drop(self) -> None:
        """What stood before a thing and was not understood is told."""
        self.wish.unread += self.strange
        self.strange = []

    def _close(self) -> None:
        """At the end of a phrase without a known thing, the nearest known one is looked for."""
        words = [word for word in self.strange if not word.endswith(MODIFIER) and not HAN.search(word) and word.isascii()]
        if words and self.last is None and not self.styled:
            said = " ".join(words)
            found = self.drawings.like(said) or (self.drawings.like(words[-1]) if len(words) > 1 else None)
            if found:
                self.strange = [word for word in self.strange if word not in words]
                many = bool(lexicon.singulars(words[-1])) and not self.number
                self._take(said, found, many=many)
        self._drop()
        self.fresh()
