"""What a row of the table of verbs says: what a verb needs, what it takes, what it makes, and how a page tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.brief import Medium

EVERY = (Medium.IMAGE, Medium.TEXT, Medium.MUSIC)
SHEET = "sheet"  # the toolbar of the text on the sheet; those of a selected variant are called like their medium
SIGNS = {"Shift": "⇧", "Control": "Ctrl", "Enter": "↵"}  # as keys are printed


class Strength(StrEnum):
    """How far a variation goes."""

    SUBTLE = "subtle"  # visibly the same picture
    STRONG = "strong"  # the same idea, clearly different


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A verb's button in one toolbar or several; words are gettext message ids."""

    bars: tuple[str, ...]
    label: str
    keys: tuple[str, ...] = ()  # as aria-keyshortcuts has them; the first is printed on the button
    legend: str = ""  # in the list of keys, where it is not the label
    strength: Strength | None = None
    dialog: bool = False  # asks for something first
    order: int = 0  # buttons stand in the order of the table, those of a higher order after the others

    @property
    def printed(self) -> str:
        """The key on the button: ⇧V."""
        return "".join(_signs(self.keys[0])) if self.keys else ""

    @property
    def chords(self) -> list[str]:
        """Its keys in the list of keys: "⇧ V"; those of a Mac are left out."""
        return [" ".join(_signs(chord)) for chord in self.keys if "Meta" not in chord]


def _signs(chord: str) -> list[str]:
    return [SIGNS.get(part, part) for part in chord.split("+")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of the table. What is not said here (no media) cannot be asked of an engine. Words are gettext message ids."""

    media: tuple[Medium, ...] = ()  # where it can be asked for
    # What it needs.
    sources: int = 1  # from how many revisions it starts
    parts: tuple[str, ...] = ()  # as what it takes each of them, where that is not the verb itself; the edges are called so
    holds: tuple[Medium, ...] = ()  # where each of them must hold a text, music, or a picture in pixels
    notes: bool = False  # of music: notes, not a recording
    sketch: bool = False  # a sketch, whose brief and seed are taken again
    wordless: bool = False  # what it starts from is enough, without a word in the brief
    # What it takes.
    takes: tuple[str, ...] = ()  # fields of a request: `strength`, `mask`, or of a Place
    draft: bool = False  # what a request leaves out comes from the draft, not from the parent
    bench: bool = False  # the page sends brief, engine and parameters as they stand on the bench
    own_engine: bool = False  # has an engine and parameters of its own
    any_engine: bool = False  # an engine that cannot do it gives way to one that can, even where the artist chose it
    form: Literal["draft", "parent", "none"] = "parent"  # whose poetic form is kept, unless one is asked for
    # What it makes.
    count: int | None = None  # how many results, unless so many are asked for; None: as the draft says
    least: int = 1  # how many the page asks for at least
    single: bool = False  # chance has no part: there is one result
    around: bool = False  # the parent's text stands around what is written
    # How pages tell of it.
    word: str = ""  # "vary"
    role: str = ""  # of the edge to a parent: "varied"
    how: str = ""  # "varied from %(parent)s"
    buttons: tuple[Button, ...] = ()

    @property
    def in_tune(self) -> bool:
        """Whether it is told by where in a tune it worked: bars, seconds, or semitones."""
        return not {"bars", "section", "semitones"}.isdisjoint(self.takes)


NOTHING = Rule()  # of a word that is no verb
