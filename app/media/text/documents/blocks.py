"""What documents are made of, whatever file they came in: blocks of runs, and how they are written as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from app.media.text.rules import too_long

LONG = 120  # characters of a paragraph: in a text that has such, paragraphs are parted by empty lines, else lines stay lines
_MARKS = re.compile(r"([\\`*_\[\]<])")
_AT_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|>|[-+](?=\s)|={2,}$|-{2,}$|\d{1,9}(?=[.)]\s))", re.MULTILINE)
_AROUND = re.compile(r"^(\s*)(.*?)(\s*)$", re.DOTALL)


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH, HEADING, BULLET, NUMBER, QUOTE, NOTE, TABLE = "p", "h", "-", "1.", ">", "[^]", "|"


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

    Of a table `words` are its rows.
    """

    kind: Kind
    level: int
    words: str | Sequence[Run] | Sequence[Sequence[str]]


EMPTY = Block(Kind.PARAGRAPH, 0, "")


@dataclass(slots=True)
class Found:
    """What a document says. `markup`: its text is Markdown, since it has a structure that plain lines would lose."""

    text: str
    markup: bool = False
    simplified: list[str] = field(default_factory=list)


def paragraph(kind: Kind, level: int, runs: Sequence[Run]) -> Block:
    """A block; light where nothing is to be remembered but words."""
    if not runs and kind is Kind.PARAGRAPH:
        return EMPTY
    if all(run[1:] == PLAIN for run in runs):
        return Block(kind, level, "".join(run.text for run in runs))
    return Block(kind, level, _joined(runs))


def written(blocks: Sequence[Block], most: int) -> tuple[str, bool]:
    """The text of the blocks, and whether it is Markdown: lines where they are nothing but lines.

    Raises TooLargeError for more than `most` characters.
    """
    if all(block.kind is Kind.PARAGRAPH and isinstance(block.words, str) for block in blocks):
        text, markup = "\n".join(str(block.words) for block in blocks), False
    else:
        text, markup = _markdown(blocks), True
    if len(text) > most:
        raise too_long(most)
    return text, markup


def _markdown(blocks: Sequence[Block]) -> str:
    prose = any(block.kind is Kind.PARAGRAPH and len(plain(block)) > LONG for block in blocks)
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        said = _block(block)
        if not said.strip():
            before = None
            continue
        if parts:
            parts.append("\n" if before is not None and _close(before, block, prose) else "\n\n")
        parts.append(said)
        before = block
    return "".join(parts)


def _close(one: Block, other: Block, prose: bool) -> bool:
    """Whether no empty line stands between two blocks."""
    if one.kind is other.kind is Kind.PARAGRAPH:
        return not prose
    lists = {Kind.BULLET, Kind.NUMBER}
    return (one.kind in lists and other.kind in lists) or (one.kind is other.kind and one.kind in {Kind.QUOTE, Kind.NOTE})


def plain(block: Block) -> str:
    """Its words without their looks."""
    if isinstance(block.words, str):
        return block.words
    return " ".join(one.text if isinstance(one, Run) else " ".join(one) for one in block.words)


def _block(block: Block) -> str:
    if block.kind is Kind.TABLE:
        return _table(block.words)  # type: ignore[arg-type]  # of a table they are rows
    runs = [Run(block.words)] if isinstance(block.words, str) else block.words
    said = inline(runs)  # type: ignore[arg-type]  # of all others they are runs
    if block.kind is Kind.HEADING:
        return f"{'#' * min(6, max(1, block.level))} {' '.join(said.split())}" if said.strip() else ""
    if block.kind is Kind.PARAGRAPH:
        return _AT_START.sub(_held, said)
    if block.kind is Kind.QUOTE:
        return "\n".join(f"> {line}" for line in said.split("\n"))
    if block.kind is Kind.NOTE:
        return f"[^{block.level}]: " + said.strip().replace("\n", "\n    ")
    indent = "   " * block.level
    mark = f"{block.kind} "
    return indent + mark + said.replace("\n", "\n" + indent + " " * len(mark))


def _held(found: re.Match[str]) -> str:
    """A mark at a line's start that is meant as itself."""
    return f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}"


def inline(runs: Iterable[Run]) -> str:
    """Runs as Markdown: emphasis stands close to its words, or it would not be read as such (CommonMark 6.2)."""
    parts = []
    for run in runs:
        if run.note:
            parts.append(f"[^{run.note}]")
            continue
        found = _AROUND.match(run.text)
        before, words, after = found.groups() if found else ("", run.text, "")
        said = _MARKS.sub(r"\\\1", words)
        if words and (mark := "*" * (2 * run.bold + run.italic)):
            said = "\n".join(f"{mark}{line}{mark}" if line.strip() else line for line in said.split("\n"))
        if words and run.link:
            said = f"[{said}](<{run.link}>)" if re.search(r"[\s()]", run.link) else f"[{said}]({run.link})"
        parts.append(before + said + after)
    return "".join(parts)


def _joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours that look alike as one: programs cut runs wherever somebody once stopped typing."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1][1:] == run[1:] and not run.note:
            found[-1] = run._replace(text=found[-1].text + run.text)
        elif run.text or run.note:
            found.append(run)
    return tuple(found)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A table as GitHub Flavored Markdown (4.10) has it: its first row is its head."""
    width = max(map(len, rows), default=0)
    lines = [[*row, *[""] * (width - len(row))] for row in rows]
    said = [
        f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ').strip() for cell in row)} |" for row in lines
    ]
    return "\n".join([*said[:1], "|" + " --- |" * width, *said[1:]]) if width else ""
