"""Blocks written as Markdown (CommonMark 0.31, tables as GitHub Flavored Markdown has them), or as the plain lines they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.media.text.documents.blocks import Block, Kind, Run, plain, runs_in
from app.media.text.rules import too_long

LONG = 120  # characters of a paragraph: in a text that has such, or lines within one, empty lines part paragraphs
_MARKS = re.compile(r"([\\`*_\[\]<]|&(?=#?\w{1,32};))")
_AT_START = re.compile(
    r"^(\s*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+(?=\s*$)|-{2,}(?=\s*$)|~~~|\||:(?=-)|-(?=-*:?\s*\|)|\d{1,9}(?=[.)](?:\s|$)))",
    re.MULTILINE,
)
_AT_END = re.compile(r"(?:^|(?<=\s))#(?=#*\s*$)")  # marks that would close a heading
_TICKS = re.compile("`{3,}")
_INDENT = re.compile("^[ \t]+", re.MULTILINE)
NO_BREAK = "\u00a0"  # a space that Markdown keeps at a line's start
_AROUND = re.compile(r"^(\s*)(.*?)(\s*)$", re.DOTALL)
_CORE = re.compile(r"^([^\w\s]*)(.*?)([^\w\s]*)$", re.DOTALL)  # the same with punctuation


def written(blocks: Sequence[Block], most: int, *, parted: bool = False) -> tuple[str, bool]:
    """The text of the blocks, and whether it is Markdown: lines where they are nothing but lines, unless paragraphs are
    known to be `parted`.

    Raises TooLargeError for more than `most` characters.
    """
    if not parted and all(block.kind is Kind.PARAGRAPH and isinstance(block.words, str) for block in blocks):
        text, markup = "\n".join(str(block.words) for block in blocks), False
    else:
        text, markup = _markdown(blocks, parted=parted), True
    if len(text) > most:
        raise too_long(most)
    return text, markup


def _markdown(blocks: Sequence[Block], *, parted: bool) -> str:
    said_by = [plain(block) for block in blocks if block.kind is Kind.PARAGRAPH]
    prose = parted or any(len(said) > LONG or "\n" in said for said in said_by)
    parts: list[str] = []
    before: Block | None = None
    items = _Items()
    for block in blocks:
        said = _block(block, items)
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
    if one.kind in lists and other.kind in lists:  # within an item, a list that begins with another number than 1 needs one
        return other.kind is Kind.BULLET or other.number == 1 or other.level <= one.level
    return one.kind is other.kind and one.kind in {Kind.QUOTE, Kind.NOTE}


@dataclass(slots=True)
class _Items:
    """The lists that are open while items are written: of each level what its items begin with."""

    open: list[tuple[Kind, int, str, int]] = field(default_factory=list)  # kind, number, sign after it, width

    def mark(self, block: Block) -> tuple[str, str]:
        """What stands before an item, or before a further paragraph of one, and before its other lines.

        An ordered list counts on by itself. An item with another number begins a list with the other sign (CommonMark 5.3).
        """
        self.open = self.open[: block.level + 1]
        self.open += [(Kind.PARAGRAPH, 0, "", 3)] * (block.level - len(self.open))
        indent = " " * sum(width for _kind, _number, _sign, width in self.open[: block.level])
        kind, last, sign, width = self.open[block.level] if len(self.open) > block.level else (Kind.PARAGRAPH, 0, "", 3)
        if block.kind is Kind.MORE:
            return indent + " " * width, indent + " " * width
        mark = "- "
        if block.kind is Kind.NUMBER:
            sign = sign if kind is Kind.NUMBER and last + 1 == block.number else ")" if sign == "." else "."
            mark = f"{block.number}{sign} "
        self.open[block.level :] = [(block.kind, block.number, sign if block.kind is Kind.NUMBER else "", max(3, len(mark)))]
        return indent + mark, indent + " " * len(mark)


def _block(block: Block, items: _Items) -> str:
    if block.kind in {Kind.TABLE, Kind.RULE, Kind.CODE}:
        items.open = []
        return _apart(block)
    said = inline(runs_in(block))
    if said.strip() and block.kind not in {Kind.BULLET, Kind.NUMBER, Kind.MORE}:
        items.open = []
    if block.kind is Kind.HEADING:
        words = _AT_END.sub(r"\\#", " ".join(said.split()))
        return f"{'#' * min(6, max(1, block.level))} {words}" if words else ""
    said = _AT_START.sub(_held, _INDENT.sub(lambda found: NO_BREAK * len(found[0].expandtabs(4)), said))
    if block.kind is Kind.PARAGRAPH:
        return said
    if block.kind is Kind.QUOTE:
        return "\n".join(f"> {line}" for line in said.split("\n"))
    if block.kind is Kind.NOTE:
        return f"[^{block.level}]: " + said.strip().replace("\n", "\n    ")
    first, further = items.mark(block)
    return first + said.replace("\n", f"\n{further}")


def _apart(block: Block) -> str:
    if block.kind is Kind.TABLE:
        return _table(block.words)  # type: ignore[arg-type]  # of a table they are rows
    return "---" if block.kind is Kind.RULE else _fenced(str(block.words))


def _fenced(words: str) -> str:
    """Lines as they are, between marks that none of them has."""
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in _TICKS.findall(words))])
    return f"{fence}\n{words}\n{fence}"


def _held(found: re.Match[str]) -> str:
    """A mark at a line's start that is meant as itself."""
    return f"{found[1]}{found[2]}\\" if found[2].isdigit() else f"{found[1]}\\{found[2]}"


def inline(runs: Sequence[Run]) -> str:
    """Runs as Markdown: emphasis stands close to its words, or it would not be read as such (CommonMark 6.2)."""
    parts: list[str] = []
    for run, before, after in zip(runs, [None, *runs], [*runs[1:], None], strict=False):
        if run.note:
            parts.append(f"[^{run.note}]")
            continue
        said, mark = run.text, "*" * (2 * run.bold + run.italic)
        if mark or run.link:
            within = _CORE if mark and not run.link else _AROUND
            head, words, tail = _parted(within, said, before.text[-1:] if before else "", after.text[:1] if after else "")
            said = "\n".join(f"{mark}{escaped(line)}{mark}" if line.strip() else line for line in words.split("\n"))
            if words and run.link:
                said = f"[{said}](<{run.link}>)" if re.search(r"[\s()]", run.link) else f"[{said}]({run.link})"
            parts.append(escaped(head) + said + escaped(tail))
        else:
            parts.append(escaped(said))
    return "".join(parts)


def escaped(words: str) -> str:
    """Words whose marks are meant as themselves."""
    return _MARKS.sub(r"\\\1", words)


def _parted(within: re.Pattern[str], said: str, before: str, after: str) -> tuple[str, str, str]:
    """The words that are to stand within marks, and what stands before and after them.

    Between punctuation and a letter a mark would not be read as one; there the punctuation stays outside.
    """
    found = _AROUND.match(said)
    head, words, tail = found.groups() if found else ("", said, "")
    if within is _CORE and (core := _CORE.match(words)):
        if not core[2] and ((not head and _is_letter(before)) or (not tail and _is_letter(after))):
            return head + words, "", tail
        if not head and _is_letter(before) and core[1]:
            head, words = core[1], words[len(core[1]) :]
        if not tail and _is_letter(after) and core[3] and words:
            tail, words = core[3], words[: -len(core[3])]
    return head, words, tail


def _is_letter(sign: str) -> bool:
    return bool(sign) and not sign.isspace() and unicodedata.category(sign)[0] not in "PS"


def cell_of(blocks: Sequence[Block]) -> str:
    """What stands in a cell of a table, as Markdown on one line."""
    said = (" ".join(inline(runs_in(block)).split()) for block in blocks if block.kind is not Kind.TABLE)
    return " ".join(filter(None, said)).replace("|", "\\|").strip()


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A table as GitHub Flavored Markdown (4.10) has it: its first row is its head."""
    width = max(map(len, rows), default=0)
    said = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return "\n".join([*said[:1], "|" + " --- |" * width, *said[1:]]) if width else ""
