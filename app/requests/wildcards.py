"""Wildcards in a brief: `{red|blue}` is one of these words, `__birds__` an entry of the project's list "birds".

A seed chooses, so that the same seed chooses the same again; an entry may hold wildcards of its own. Braces without a bar
between them are braces, and so is what follows a backslash: `\\{red|blue\\}` is just that, and `\\__birds__` no list.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from app.brief import LISTS, MAX_TEXT, Brief
from app.errors import InvalidError, _

if TYPE_CHECKING:
    from app.models.artist import Artist

NAME = r"[^\W_]+(?:[-_][^\W_]+)*"
SIGN = r"(?:[{|}]|__)"
ESCAPED = re.compile(rf"\\(?:{SIGN}|\\(?=\\*{SIGN}))")  # a sign, or a backslash before one, as it is
MARK = re.compile(rf"{ESCAPED.pattern}|__({NAME})__|[{{|}}]")
LISTED = re.compile(f"__{NAME}__")
DEEPEST = 20  # choices, or lists, within one another
MOST_CHOICES = 5_000  # in one brief
Entries = Callable[[str], Sequence[str] | None]  # of a list of the project, by its name in lower case; None: there is none


@dataclass(slots=True)
class Listed:
    """`__name__`."""

    name: str


@dataclass(slots=True)
class Choice:
    """`{a|b}`: in each option text, lists and choices one after another."""

    options: list[list[Part]]
    depth: int


Part = str | Listed | Choice


@dataclass(slots=True)
class Budget:
    """What may still be chosen for one brief, and said in the field at hand."""

    choices: int = MOST_CHOICES
    letters: int = MAX_TEXT


@dataclass(slots=True)
class _Open:
    """A brace that is not closed yet."""

    options: list[list[Part]] = field(default_factory=lambda: [[]])

    def literally(self) -> list[Part]:
        """What it holds, as it was written but for the brace itself."""
        first, *others = self.options
        return [*first, *(part for option in others for part in ("|", *option))]


def _parts(text: str, name: str) -> list[Part]:
    """What `text`, of the field `name`, is made of. Raises InvalidError where choices lie too deep in one another."""
    open_ones, at = [_Open()], 0
    for mark in MARK.finditer(text):
        inner = open_ones[-1].options
        inner[-1].append(text[at : mark.start()])
        at = mark.end()
        if mark[0].startswith("\\"):
            inner[-1].append(mark[0][1:])
        elif mark[0] == "{":
            open_ones.append(_Open())
        elif len(open_ones) > 1 and mark[0] == "|":
            inner.append([])
        elif len(open_ones) > 1 and mark[0] == "}":
            closed = open_ones.pop()
            open_ones[-1].options[-1] += _closed(closed, name)
        else:
            inner[-1].append(Listed(mark[1]) if mark[1] else mark[0])
    open_ones[-1].options[-1].append(text[at:])
    while len(open_ones) > 1:
        closed = open_ones.pop()
        open_ones[-1].options[-1] += ["{", *closed.literally()]
    return open_ones[0].options[0]


def _closed(one: _Open, name: str) -> list[Part]:
    if len(one.options) == 1:
        return ["{", *one.options[0], "}"]
    depth = 1 + max((part.depth for option in one.options for part in option if isinstance(part, Choice)), default=0)
    if depth > DEEPEST:
        raise InvalidError(name, _("choices lie in one another more than %(most)d deep"), most=DEEPEST)
    return [Choice(one.options, depth)]


def _names(parts: Sequence[Part]) -> Iterator[str]:
    """The lists that `parts` name."""
    for part in parts:
        if isinstance(part, Listed):
            yield part.name.casefold()
        elif isinstance(part, Choice):
            for option in part.options:
                yield from _names(option)


class Choosing:
    """Resolves briefs by the lists that `entries` gives."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._known: dict[str, list[list[Part]]] = {}  # lists that were read, entry by entry
        self._heights: dict[str, int] = {}  # of lists that have an end: how deep they name others; 0 while that is looked at

    def brief(self, written: Brief, seed: int) -> Brief:
        """`written` with what `seed` chooses. Raises InvalidError naming the field: a list that is not there, or that names
        itself; choices without end or too deep; what grows longer than a field may be.
        """
        left, dice = Budget(), random.Random(seed)  # its `random()` is the same in every version of Python
        resolved: dict[str, str | list[str]] = {}
        for name in Brief.model_fields:
            said = getattr(written, name)
            lines = said if name in LISTS else [said]
            chosen = [self._text(line, f"brief.{name}", dice, left) if wild(line) else line for line in lines]
            resolved[name] = [line for line in chosen if line.strip()] if name in LISTS else chosen[0]
        return Brief.model_validate(resolved)

    def _text(self, text: str, field: str, dice: random.Random, left: Budget) -> str:
        parts = _parts(text, field)
        for name in dict.fromkeys(_names(parts)):
            self._height(name, field)
        left.letters = MAX_TEXT
        return "".join(self._said(parts, dice, left, field))

    def _list(self, name: str, field: str) -> list[list[Part]]:
        if name not in self._known:
            entries = self._entries(name)
            if not entries:
                raise InvalidError(field, _("this project has no list “%(name)s”"), name=name)
            self._known[name] = [_parts(entry, field) for entry in entries]
        return self._known[name]

    def _height(self, name: str, field: str) -> int:
        """How deep `name` names other lists: 1 for none. Raises InvalidError where one is missing, or leads back to itself."""
        if self._heights.get(name) == 0:
            raise InvalidError(field, _("the list “%(name)s” names itself, so it has no end"), name=name)
        if name not in self._heights:
            self._heights[name] = 0
            below = dict.fromkeys(one for entry in self._list(name, field) for one in _names(entry))
            self._heights[name] = 1 + max((self._height(one, field) for one in below), default=0)
        if self._heights[name] > DEEPEST:
            raise InvalidError(field, _("lists name one another more than %(most)d deep"), most=DEEPEST)
        return self._heights[name]

    def _said(self, parts: Sequence[Part], dice: random.Random, left: Budget, field: str) -> Iterator[str]:
        for part in parts:
            if isinstance(part, str):
                left.letters -= len(part)
                if left.letters < 0:
                    raise InvalidError(field, _("with what is chosen it has more than %(most)d characters"), most=MAX_TEXT)
                yield part
                continue
            left.choices -= 1
            if left.choices < 0:
                raise InvalidError(field, _("asks for more than %(most)d choices"), most=MOST_CHOICES)
            options = part.options if isinstance(part, Choice) else self._list(part.name.casefold(), field)
            yield from self._said(options[int(dice.random() * len(options))], dice, left, field)


def choosing_for(artist: Artist, project: UUID) -> Choosing:
    """One that knows the lists of a project, as far as the artist may see them."""
    return Choosing(lambda name: artist.word_lists.entries(project, name))


def wild(text: str) -> bool:
    """Whether there may be a wildcard in `text`, or a sign that is said to be none."""
    return any(sign.search(text) for sign in (LISTED, ESCAPED)) or all(sign in text for sign in "{|}")


def literal(brief: Brief) -> Brief:
    """A brief that reads as `brief` stands, whatever is chosen: signs that would mean something are said to mean nothing."""

    def said(text: str) -> str:
        if not wild(text) or _reads_so(text):
            return text
        escaped = re.sub(rf"(\\*)({SIGN})", r"\1\1\\\2", text)
        return escaped if len(escaped) <= MAX_TEXT else text

    fields = {name: getattr(brief, name) for name in Brief.model_fields}
    kept = {name: list(map(said, value)) if name in LISTS else said(value) for name, value in fields.items()}
    return brief if kept == fields else Brief.model_validate(kept)


def _reads_so(text: str) -> bool:
    """Whether nothing is to be chosen in `text`, and nothing of it is said to be no sign."""
    parts = _parts(text, "brief")
    return all(isinstance(part, str) for part in parts) and "".join(map(str, parts)) == text


def as_written(brief: Brief) -> dict[str, str]:
    """The fields of `brief` in which something is to be chosen, as they were written (a list's entries one a line)."""
    fields = {name: getattr(brief, name) for name in Brief.model_fields}
    said = {name: "\n".join(value) if name in LISTS else value for name, value in fields.items()}
    return {name: text for name, text in said.items() if any(wild(line) for line in text.split("\n"))}


def a_name(text: str) -> bool:
    """Whether a list can be called that, so that a brief can name it."""
    return re.fullmatch(NAME, text) is not None
