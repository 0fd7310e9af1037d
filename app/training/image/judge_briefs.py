"""Briefs as people write them, made up for a judge to learn from.

They come in groups whose members differ in one respect (the thing, its colour or number, where, when, the look).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.engines.image.composer import lexicon
from app.engines.image.composer.library import SCENIC, Library
from app.training.image.captions import a, plain_names
from app.training.image.scenewords import NUMBERS, WEATHER, WHEN, WHERE, plural

GROUP = 4  # briefs that differ in one respect each
_BETWEEN = ("and", "and", "next to", "under", "on", "behind", "in front of", "left of", "above", "with")
_PLAIN, _SEVERAL = 0.75, 0.2  # of the things with a plain name; of the briefs of one kind of thing that want several
_COUNTS, _CHANGED = (0.5, 0.36, 0.14), (4, 2, 1, 2, 1, 1, 1)  # how often one, two, three kinds; each way of changing
_SAID = {"colour": 0.3, "ground": 0.6, "hour": 0.25, "weather": 0.2, "style": 0.3}  # how often it is
_LOOKS = {style: sorted(lexicon.listed(words)) for style, words in lexicon.STYLES.items()}
_MORE_PLACES = {"city": ("in the city", "before a skyline"), "field": ("in a field", "on a farm"), "lake": ("on a lake",)}
_PLACES = WHERE | {ground: (*WHERE.get(ground, ()), *said) for ground, said in _MORE_PLACES.items()}


@dataclass(frozen=True, slots=True)
class Spec:
    """A brief to be: the things with number and colour, how the first two stand, and the rest; empty is not said."""

    things: tuple[tuple[str, int, str], ...]
    between: str = ""
    ground: str = ""
    hour: str = ""
    weather: str = ""
    style: str = ""


def specs(drawings: Library, seed: int) -> Iterator[list[Spec]]:
    """Groups of briefs, without end; the first of each is made up, the others are it with one respect changed."""
    words = _Words(drawings, random.Random(f"judged scenes {seed}"))
    while True:
        one = words.new()
        yield [one, *(words.changed(one) for _ in range(GROUP - 1))]


class _Words:
    """Makes up what briefs say."""

    def __init__(self, drawings: Library, dice: random.Random) -> None:
        self.dice = dice
        self.plain = [names for label, names in plain_names().items() if label in drawings.by_label]
        self.rest = [label for label in drawings.by_label if label not in SCENIC]

    def noun(self) -> str:
        if self.dice.random() < _PLAIN:
            return self.dice.choice(self.dice.choice(self.plain))
        return self.dice.choice(self.rest)

    def one_of(self, options: Iterable[str], share: float = 1.0) -> str:
        """One of them so often, else nothing."""
        return self.dice.choice(list(options)) if self.dice.random() < share else ""

    def new(self) -> Spec:
        """A brief."""
        count = self.dice.choices((1, 2, 3), _COUNTS)[0]
        many = self.dice.choice((2, 3, 4, 5)) if count == 1 and self.dice.random() < _SEVERAL else 1
        things = tuple((self.noun(), many, self.one_of(lexicon.COLOURS, _SAID["colour"])) for _ in range(count))
        return Spec(
            things,
            self.one_of(_BETWEEN) if count > 1 else "",
            self.one_of(_PLACES, _SAID["ground"]),
            self.one_of(WHEN, _SAID["hour"]),
            self.one_of(WEATHER, _SAID["weather"]),
            self.one_of(_LOOKS, _SAID["style"]),
        )

    def changed(self, spec: Spec) -> Spec:
        """The brief with one respect changed."""
        (noun, count, colour), *others = spec.things
        ways = {
            "thing": replace(spec, things=((self.noun(), count, colour), *others)),
            "colour": replace(spec, things=((noun, count, self.one_of(lexicon.COLOURS)), *others)),
            "number": replace(spec, things=((noun, self.dice.choice((1, 2, 3, 4, 5)), colour), *others)),
            "ground": replace(spec, ground=self.one_of(_PLACES)),
            "hour": replace(spec, hour=self.one_of(WHEN)),
            "style": replace(spec, style=self.one_of(_LOOKS)),
            "fewer": replace(spec, things=spec.things[:1], between=""),
        }
        return ways[self.dice.choices(list(ways), _CHANGED)[0]]


def spoken(spec: Spec, dice: random.Random) -> str:
    """The brief in words."""
    said = []
    for noun, count, colour in spec.things:
        named = f"{colour} {noun}" if colour and colour not in noun else noun
        said.append(f"{NUMBERS[count]} {plural(named)}" if count > 1 else a(named) if dice.random() < 0.8 else named)  # noqa: PLR2004
    things = f" {spec.between} ".join(said) if len(said) < 3 else f"{said[0]}, {said[1]} and {said[2]}"  # noqa: PLR2004
    where = dice.choice(_PLACES[spec.ground]) if spec.ground else ""
    when = dice.choice(WHEN[spec.hour]) if spec.hour else ""
    weather = dice.choice(WEATHER[spec.weather]) if spec.weather else ""
    text = " ".join(part for part in (things, where, when, weather) if part)
    return f"{text}, {dice.choice(_LOOKS[spec.style])}" if spec.style else text
