"""Scenes made up: things that belong together and, now and then, things that do not, so that words come apart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from app.engines.image.composer.grounds import GROUNDS
from app.training.faults import TrainingError
from app.training.image.belonging import ANIMALS, belongs, stands
from app.training.image.captions import COLOURED, Caption, briefs, joins, plain_names, worth
from app.training.image.colours import HUES, Pixels, apart, dominant
from app.training.image.dataset import Drawing
from app.training.image.examples import Plan, is_held_out
from app.training.image.placing import place
from app.training.image.scenes import Placed, Scene, Told
from app.training.image.scenewords import WHERE, sentences

KINDS = {"one": 1, "two": 2, "several": 1, "three": 3}  # how many different things, in a scene of that kind
OFTEN = (0.46, 0.32, 0.14, 0.08)  # how often each
HELD_OUT = 40  # one scene in so many
PLAIN, PLAIN_BASE = 0.25, (72, 84)  # of the scenes on a ground of one colour; where things stand there
ANYWHERE = 0.18  # how often a thing is where it does not belong
TURNED = 0.2  # of the things in another colour than their own, which is then named
OWN = 1 / 4  # of the things whose own colour is named
UNUSUAL, ANIMAL = 0.25, 1.6  # how often things without a plain name are chosen, and animals
TURN = 0.12  # of the circle of hues: the least that makes it another colour
WEATHER = {
    "day": ("", "", "", "", "rain", "snow", "sun"),
    "dusk": ("", "", "sun", "snow"),
    "night": ("", "moon", "moon", "stars", "snow"),
}


class Sampler:
    """Makes scenes of the drawings that training may see."""

    def __init__(self, pixels: Pixels, drawings: Sequence[Drawing], left_out: Sequence[bool], seed: int) -> None:
        """`left_out` are drawings not to be used; the same seed gives the same scenes. Raises TrainingError without any."""
        self.pixels, self.drawings, self.dice = pixels, drawings, random.Random(f"scenes {seed}")
        self.by_style: dict[str, dict[str, int]] = {}
        for number, drawing in enumerate(drawings):
            if not left_out[number] and stands(drawing, pixels[number]):
                self.by_style.setdefault(drawing.style, {})[drawing.label] = number
        if not self.by_style:
            raise TrainingError("The data set has no drawing that can stand in a scene.")
        self.weights = {style: {label: self._often(n) for label, n in found.items()} for style, found in self.by_style.items()}

    def _often(self, number: int) -> float:
        drawing = self.drawings[number]
        usual = 1.0 if drawing.label in plain_names() else UNUSUAL
        return usual * worth(drawing) * (ANIMAL if drawing.group == ANIMALS else 1.0)

    def scene(self, number: int) -> tuple[Scene, Told]:
        """One scene, all drawings of one style, and what there is to be told of it."""
        dice = self.dice
        style = dice.choices(list(self.by_style), [sum(often.values()) for often in self.weights.values()])[0]
        kind = dice.choices(list(KINDS), OFTEN)[0]
        if len(self.by_style[style]) < KINDS[kind]:
            kind = "one"
        ground, hour, weather = self._where()
        chosen = self._things(style, ground, KINDS[kind])
        base = GROUNDS[ground].base if ground in GROUNDS else PLAIN_BASE
        placing = place(chosen, kind == "several", base, dice)
        coloured = [self._coloured(one) for one in (placing.placed[:1] if kind == "several" else placing.placed)]
        placed = [one for one, _colour in coloured]
        if kind == "several":
            placed = [replace(one, turn=placed[0].turn) for one in placing.placed]
        placed.sort(key=lambda one: one.foot)  # what stands lower stands before
        nouns, colours = tuple(self._noun(one) for one in chosen), tuple(colour for _one, colour in coloured)
        told = Told(nouns, colours, placing.relation, placing.size, style)
        return Scene(ground, hour, weather, number, tuple(placed)), told

    def _where(self) -> tuple[str, str, tuple[str, ...]]:
        """Ground, hour and weather."""
        dice = self.dice
        if dice.random() < PLAIN:
            return dice.choice((*COLOURED, *("white",) * 3)), "day", ()
        ground = dice.choice([one for one in GROUNDS if one in WHERE])
        hour = dice.choice(GROUNDS[ground].hours)
        weather = dice.choice(WEATHER[hour]) if GROUNDS[ground].outdoors else ""
        if ground == "snow" and weather == "rain":
            weather = "snow"
        return ground, hour, (weather,) if weather else ()

    def _things(self, style: str, ground: str, count: int) -> list[int]:
        """So many different drawings of the style, most of them at home on the ground."""
        rows, weights = self.by_style[style], self.weights[style]
        at_home = [label for label in rows if belongs(self.drawings[rows[label]], ground)]
        found: list[int] = []
        while len(found) < count:
            some = list(rows)
            if len(at_home) < len(rows) and self.dice.random() > ANYWHERE:
                some = at_home or some
            label = self.dice.choices(some, [weights[one] + 1e-9 for one in some])[0]
            if rows[label] not in found:
                found.append(rows[label])
        return found

    def _coloured(self, one: Placed) -> tuple[Placed, str]:
        """The thing in a colour that is named, or in its own, named seldom."""
        drawing, dice = self.drawings[one.drawing], self.dice
        own = dominant(self.pixels[one.drawing])
        if own in HUES and joins(drawing) and dice.random() < TURNED:
            hue = dice.choice([name for name in HUES if apart(HUES[name], HUES[own]) > TURN])
            return replace(one, turn=round(HUES[hue] - HUES[own], 3)), hue
        return one, own if own and dice.random() < OWN else ""

    def _noun(self, number: int) -> str:
        drawing = self.drawings[number]
        return self.dice.choice(plain_names().get(drawing.label, (drawing.label,)))


def plan(pixels: Pixels, drawings: Sequence[Drawing], shard: int, count: int) -> Plan:
    """The examples of `count` scenes; another `shard` gives others. A few of them are held out, for measuring."""
    sampler, dice = Sampler(pixels, drawings, [is_held_out(one) for one in drawings], shard), random.Random(f"words {shard}")
    found: list[Caption] = []
    every: list[Scene] = []
    for number in range(count):
        scene, told = sampler.scene(number)
        texts = [text for text in sentences(scene, told, dice) if text not in briefs()]
        every.append(scene)
        found += [Caption(text, scene, 1 / len(texts)) for text in texts]
    return Plan.of(found, every, [number % HELD_OUT == 0 for number in range(count)])
