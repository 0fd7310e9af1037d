"""What documents are made of, whatever file they came in: blocks of runs (blocks_markdown.py writes them)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

LISTS = 8  # levels of a list


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH, HEADING, BULLET, NUMBER, QUOTE, NOTE, TABLE = "p", "h", "-", "1.", ">", "[^]", "|"
    MORE, RULE, CODE = "+", "---", "```"  # a further paragraph of a list's item, a line across the page, a program


class Run(NamedTuple):
    """Words that look alike; `note` is the number of a footnote that is pointed to."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""
    note: int = 0


PLAIN = (False, False, "", 0)


class Block(NamedTuple):
    """A paragraph of some kind; `level` is that of a heading or list, or a note's number. Without any looks it is a string.

    Of a table `words` are its rows: each cell is Markdown (`cell_of`). `number` is that of an item in an ordered list.
    """

    kind: Kind
    level: int
    words: str | Sequence[Run] | Sequence[Sequence[str]]
    number: int = 1


EMPTY = Block(Kind.PARAGRAPH, 0, "")


@dataclass(slots=True)
class Found:
    """What a document says. `markup`: its text is Markdown, since it has a structure that plain lines would lose."""

    text: str
    markup: bool = False
    simplified: list[str] = field(default_factory=list)


def paragraph(kind: Kind, level: int, runs: Sequence[Run], number: int = 1) -> Block:
    """A block; light where nothing is to be remembered but words."""
    if not runs and kind is Kind.PARAGRAPH:
        return EMPTY
    if all(run[1:] == PLAIN for run in runs):
        return Block(kind, level, "".join(run.text for run in runs), number)
    return Block(kind, level, _joined(runs), number)


def merged(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with the lines of a program as one."""
    found: list[Block] = []
    for program, same in groupby(blocks, key=lambda block: block.kind is Kind.CODE):
        alike = list(same)
        found += [Block(Kind.CODE, 0, "\n".join(str(block.words) for block in alike))] if program else alike
    return found


def plain(block: Block) -> str:
    """Its words without their looks."""
    if isinstance(block.words, str):
        return block.words
    return "".join(one.text if isinstance(one, Run) else " ".join((*one, "")) for one in block.words)


def runs_in(block: Block) -> Sequence[Run]:
    """The words of a block; of a table without their looks."""
    if block.kind is Kind.TABLE:
        return [Run(plain(block))]
    return [Run(block.words)] if isinstance(block.words, str) else block.words  # type: ignore[return-value]  # not a table's


def is_simplified(blocks: Sequence[Block]) -> bool:
    """Whether a cell holds more than the one line that a table of Markdown has for it."""
    lines = [block for block in blocks if plain(block).strip()]
    return len(lines) > 1 or any(block.kind is not Kind.PARAGRAPH or "\n" in plain(block) for block in lines)


def _joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours that look alike as one: programs cut runs wherever somebody once stopped typing."""
    alike = ((looks, list(same)) for looks, same in groupby(runs, key=lambda run: run[1:]))
    joined = (same if same[0].note else [same[0]._replace(text="".join(run.text for run in same))] for _looks, same in alike)
    return tuple(run for same in joined for run in same if run.text or run.note)
