"""Composed scenes for a judge to learn from: briefs as people write them, what the composer draws of each, and what is true.

The composer knows what it drew, so every brief can be asked of every picture with a certain answer: the best data there
is. Briefs come in groups whose members differ in one respect (the thing, its colour or number, where, when, the look).
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from numpy.typing import NDArray
from PIL import Image

from app.brief import Brief
from app.engines.image.composer import drawing, lexicon
from app.engines.image.composer.composing import compose
from app.engines.image.composer.library import SCENIC, Library
from app.engines.image.composer.reading import read
from app.engines.image.composer.scene import Scene
from app.engines.image.composer.wish import Wish
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image.captions import a, briefs, plain_names
from app.training.image.pairs import embedded, keep
from app.training.image.scenewords import NUMBERS, WEATHER, WHEN, WHERE, plural
from app.training.image.text import TextEncoder
from app.training.run import Machine, Report, bar

SIDE, PAINTED = 80, 240  # pixels at which pictures are kept, and at which they are painted before they are made small
GROUP = 4  # briefs that differ in one respect each
HELD_OUT = 40  # one group of so many is kept for measuring
_MOVED, _WORN = 5, 0.3  # pixels that a picture is moved by at most; how often it is blurred, noisy or dimmed
_BROKEN = 0.06  # of the pictures are torn into squares: nothing is true of those
_ALIKE = (  # grounds that a person would call by one another's names
    {"hill", "meadow", "field", "mountains", "forest"},
    {"pond", "lake", "sea", "beach", "underwater"},
    {"street", "city"},
    {"table", "room"},
    {"sky", "plain"},
)
_SKIES = {("stars", "night"), ("moon", "night"), ("sun", "day"), ("sun", "dusk")}  # weather that may be seen at that hour
_BETWEEN = ("and", "and", "next to", "under", "on", "behind", "in front of", "left of", "above", "with")
_PLAIN, _SEVERAL = 0.75, 0.2  # of the things with a plain name; of the briefs of one kind of thing that want several
_COUNTS, _CHANGED = (0.5, 0.36, 0.14), (4, 2, 1, 2, 1, 1, 1)  # how often one, two, three kinds; each way of changing
_SAID = {"colour": 0.3, "ground": 0.6, "hour": 0.25, "weather": 0.2, "style": 0.3}  # how often it is
_LOOKS = {style: sorted(lexicon.listed(words)) for style, words in lexicon.STYLES.items()}
_FADED = frozenset(("line", "duotone", "chalk", "wood", "print", "felt"))  # looks in which a colour is not the one named
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What is said, or what is to be seen: things with number and colour by label; empty is open, or not known."""

    things: dict[str, tuple[int, str]] = field(default_factory=dict)
    ground: str = ""
    hour: str = ""
    weather: tuple[str, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A brief, what it says, and what its picture shows."""

    text: str
    says: Shown
    shows: Shown


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


def said_by(wish: Wish) -> Shown:
    """What a brief says, as the composer read it."""
    things = {thing.found.label: (thing.count, thing.colour) for thing in wish.things}
    ground = wish.ground if wish.ground != "plain" else ""
    return Shown(things, ground, wish.hour, tuple(wish.weather), wish.style)


def shown_by(wish: Wish, scene: Scene) -> Shown:
    """What the picture of it shows."""
    colours = {t.found.label: (t.count, "" if scene.style in _FADED else t.colour) for t in wish.things}
    return Shown(colours, scene.ground, scene.hour, scene.weather, scene.style)


def picture(scene: Scene, drawings: Library, side: int = PAINTED) -> Image.Image:
    """The scene in pixels."""
    return Image.open(io.BytesIO(drawing.pixels(drawing.svg(scene, drawings), side, side))).convert("RGB")


def verdict(says: Shown, shows: Shown, near: frozenset[tuple[str, str]] = frozenset()) -> bool | None:
    """Whether what is said is so; None where a person might say either. `near` are pairs of labels that mean the same."""
    told = [_of_thing(label, *said, shows, near) for label, said in says.things.items()]
    told += [_of_ground(says.ground, shows.ground)]
    told += [not said or said == seen for said, seen in ((says.hour, shows.hour), (says.style, shows.style))]
    told += [True if one in shows.weather else None if (one, shows.hour) in _SKIES else False for one in says.weather]
    return False if False in told else None if None in told else True


def _of_thing(label: str, count: int, colour: str, shows: Shown, near: frozenset[tuple[str, str]]) -> bool | None:
    if label not in shows.things:
        return None if any((label, other) in near for other in shows.things) else False
    there, dyed = shows.things[label]
    if (count > 1 and there != count) or (colour and dyed and colour != dyed):
        return False
    return None if (count == 1 and there > 1) or (colour and not dyed) else True


def _of_ground(said: str, seen: str) -> bool | None:
    if not said or said == seen:
        return True
    return None if any({said, seen} <= alike for alike in _ALIKE) else False


class Scenes:
    """Examples, pictures [n, SIDE, SIDE, 3] and sentences [n, 384]; groups lie side by side, the last are held out."""

    def __init__(self, folder: Path, examples: list[Example]) -> None:
        self.examples = examples
        self.pictures: NDArray[np.uint8] = np.load(folder / "scenes.npy", mmap_mode="r")
        self.sentences: NDArray[np.float16] = np.load(folder / "scene-sentences.npy")
        groups = len(examples) // GROUP
        self.held_out = list(range(groups - max(1, groups // HELD_OUT), groups))
        self.learned = list(range(self.held_out[0]))
        self.near: frozenset[tuple[str, str]] = frozenset()

    def batch(self, groups: Sequence[int]) -> list[int]:
        """The examples of these groups."""
        return [group * GROUP + at for group in groups for at in range(GROUP)]

    def seen(self, rows: Sequence[int], dice: torch.Generator | None = None) -> torch.Tensor:
        """Pictures [rows, 3, SIDE, SIDE] in -1…1; moved, mirrored and worn by `dice` where it is given."""
        x = torch.from_numpy(self.pictures[list(rows)]).permute(0, 3, 1, 2).float() / 127.5 - 1
        return x if dice is None else _worn(x, dice)

    def truth(self, rows: Sequence[int], broken: Sequence[int] = ()) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which briefs (rows) are true of which pictures (columns), and where one can tell: [rows, rows] each."""
        told = [[verdict(self.examples[r].says, self.examples[c].shows, self.near) for c in rows] for r in rows]
        right, asked = (
            np.array([[one is True for one in row] for row in told]),
            np.array([[o is not None for o in r] for r in told]),
        )
        right[:, list(broken)], asked[:, list(broken)] = False, True
        return right, asked

    def sentence(self, rows: Sequence[int]) -> torch.Tensor:
        """MiniLM's vectors of the briefs: [rows, 384]."""
        return torch.from_numpy(self.sentences[list(rows)].astype(np.float32))


def prepare(folder: Path, groups: int, drawings: Library, machine: Machine) -> Scenes:
    """Make `groups` groups of examples in `folder`, once. Raises TrainingError when other ones lie there."""
    note = folder / "scenes.json"
    if not note.exists():
        examples, pictures = _made(groups, drawings)
        keep(folder / "scenes.npy", pictures)
        keep(folder / "scene-sentences.npy", embedded([one.text for one in examples], TextEncoder(machine)))
        write(note, json.dumps({"groups": groups, "examples": [_row(one) for one in examples]}, ensure_ascii=False).encode())
    kept = json.loads(note.read_text("utf-8"))
    if kept["groups"] != groups:
        raise TrainingError("%(folder)s was made of other scenes: delete that folder first.", folder=folder)
    found = Scenes(folder, [Example(row[0], _shown(row[1]), _shown(row[2])) for row in kept["examples"]])
    labels = sorted({label for one in found.examples for label in one.shows.things})
    found.near = near(labels, embedded(labels, TextEncoder(machine)))
    return found


def near(labels: Sequence[str], vectors: NDArray[np.float16], least: float = 0.78) -> frozenset[tuple[str, str]]:
    """Pairs of labels whose sentences are so alike that one may be called the other; `vectors` are [labels, 384]."""
    unit = vectors.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True) + 1e-6
    return frozenset((labels[i], labels[j]) for i, j in zip(*np.nonzero(unit @ unit.T > least), strict=True) if i != j)


def example(spec: Spec, drawings: Library, dice: random.Random) -> tuple[Example, Image.Image] | None:
    """The brief with its picture; None where the composer does not understand all of it, or it is one to measure by."""
    text = spoken(spec, dice)
    wish = read(Brief(intent=text), drawings)
    if wish.unread or not wish.things or not all(thing.found.exact for thing in wish.things) or text in briefs():
        return None
    scene = compose(wish, drawings, dice.randrange(1_000_000))
    return Example(text, said_by(wish), shown_by(wish, scene)), picture(scene, drawings)


def _made(groups: int, drawings: Library) -> tuple[list[Example], NDArray[np.uint8]]:
    dice, report = random.Random("judged scenes"), Report()
    examples: list[Example] = []
    pictures = np.zeros((groups * GROUP, SIDE, SIDE, 3), np.uint8)
    for group in specs(drawings, 0):
        made = [example(spec, drawings, dice) for spec in group]
        whole = [one for one in made if one is not None]
        if len(whole) < len(made):
            continue
        for one, image in whole:
            pictures[len(examples)] = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            examples.append(one)
        report(f"{bar(len(examples) / len(pictures))} scenes {len(examples)} of {len(pictures)}")
        if len(examples) == len(pictures):
            break
    return examples, pictures


def _row(one: Example) -> list[Any]:
    return [one.text, *([s.things, s.ground, s.hour, s.weather, s.style] for s in (one.says, one.shows))]


def _shown(row: list[Any]) -> Shown:
    things, ground, hour, weather, style = row
    return Shown({label: (count, colour) for label, (count, colour) in things.items()}, ground, hour, tuple(weather), style)


def _worn(x: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Moved by some pixels; some blurred, noisy or dimmed."""
    count, side = len(x), x.shape[-1]
    padded = F.pad(x, (_MOVED,) * 4, "replicate")
    down, right = torch.randint(0, 2 * _MOVED + 1, (2, count), generator=dice).tolist()
    x = torch.stack([one[:, d : d + side, r : r + side] for one, d, r in zip(padded, down, right, strict=True)])

    def some() -> torch.Tensor:
        return (torch.rand(count, generator=dice) < _WORN)[:, None, None, None]

    x = torch.where(some(), F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1), x)
    x = torch.where(some(), x + 0.08 * torch.randn(x.shape, generator=dice), x)
    return torch.where(some(), x * (1 + 0.1 * torch.randn(count, 1, 1, 1, generator=dice)), x).clamp(-1, 1)


def broken(x: torch.Tensor, dice: torch.Generator) -> list[int]:
    """Tears some of the pictures of `x` into a grid of squares and shuffles them, in place; which these are."""
    torn = (torch.rand(len(x), generator=dice) < _BROKEN).nonzero().flatten().tolist()
    for number in torn:
        squares = x[number].unfold(1, SIDE // 4, SIDE // 4).unfold(2, SIDE // 4, SIDE // 4).flatten(1, 2)
        squares = squares[:, torch.randperm(16, generator=dice)].reshape(3, 4, 4, SIDE // 4, SIDE // 4)
        x[number] = squares.permute(0, 1, 3, 2, 4).reshape(3, SIDE, SIDE)
    return torn
