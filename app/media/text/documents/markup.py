"""Markdown as its readers show it (CommonMark 0.31 with tables and notes), for the files that a text becomes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

DEEPEST = 100  # blocks within one another
FOLDED = 50  # columns: lines that are all as long as that, and break where the next word does not fit, are folded prose
NOTE = "note"  # a token of ours: a note is pointed to; its `meta` has the number
_NOTE = re.compile(r"^\[\^([^\]\s]{1,60})\]:[ \t]*(.*(?:\n(?:[ ]{2,}|\t).*|\n+(?:[ ]{4}|\t).*)*)(?:\n|\Z)", re.MULTILINE)
_POINTED = re.compile(r"\[\^([^\]\s]{1,60})\]")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*(?:\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)|\Z)", re.MULTILINE | re.DOTALL)
_DEEP = re.compile(r"^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)])){30}|^[ \t>]{120}", re.MULTILINE)
_ABROAD = ("http://", "https://", "mailto:")


@dataclass(slots=True)
class Markup:
    """What a text in Markdown is made of; `notes` are what its notes say, by the number that points to them."""

    tokens: list[Token]
    notes: list[list[Token]] = field(default_factory=list)


def parsed(text: str) -> Markup | None:
    """The structure of a text in Markdown; None where it is nested deeper than any reader follows: then it is lines."""
    if _DEEP.search(text):
        return None
    reader = _reader()
    body, said = _without_notes(text)
    numbers: dict[str, int] = {}
    tokens = reader.parse(body, {"said": said, "numbers": numbers})
    notes = [reader.parse(said[label]) for label in numbers]  # in the order in which they are pointed to
    for token in (*tokens, *(token for note in notes for token in note)):
        if token.type == "inline":
            token.children = list(_inline(token.children or (), folded(token.content)))
    return Markup(tokens, notes)


def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("table")
    reader.inline.ruler.before("link", NOTE, _pointed)
    return reader


def _pointed(state: StateInline, silent: bool) -> bool:
    """The rule that reads `[^1]` where such a note is there."""
    found = _POINTED.match(state.src, state.pos)
    if not found or found[1] not in state.env.get("said", {}):
        return False
    if not silent:
        numbers = state.env["numbers"]
        state.push(NOTE, "", 0).meta = {"number": numbers.setdefault(found[1], len(numbers) + 1)}
    state.pos = found.end()
    return True


def _without_notes(text: str) -> tuple[str, dict[str, str]]:
    """The text without what its notes say, which stands wherever somebody wrote it; one that nothing points to stays."""
    said: dict[str, str] = {}
    pointed = Counter(_POINTED.findall(text))
    pointed.subtract(found[1] for found in _NOTE.finditer(text))

    def taken(found: re.Match[str]) -> str:
        if found[1] in said or pointed[found[1]] <= 0:
            return f"\\{found[0]}"
        said[found[1]] = re.sub(r"^(?: {1,4}|\t)", "", found[2], flags=re.MULTILINE)
        return "\n"

    parts, end = [], 0
    for fenced in _FENCED.finditer(text):
        parts += [_NOTE.sub(taken, text[end : fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*parts, _NOTE.sub(taken, text[end:])]), said


def folded(words: str) -> bool:
    """Whether the lines of a paragraph were broken by a program, and not by who wrote them."""
    lines = words.split("\n")
    widths = [_width(line) for line in lines]
    if len(lines) < 2 or min(widths[:-1]) < FOLDED:  # noqa: PLR2004 (one line has no end to be judged)
        return False
    firsts = [_width(line.split(maxsplit=1)[0]) if line.split() else 0 for line in lines[1:]]
    return all(width + 1 + first > max(widths) for width, first in zip(widths, firsts, strict=False))


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def _inline(tokens: Sequence[Token], prose: bool) -> Iterator[Token]:
    """The words of a paragraph: its lines are lines, unless it is folded; a picture is its description, and a link that
    leads nowhere outside the text its words.
    """
    from markdown_it.token import Token

    kept: list[bool] = []
    for at, token in enumerate(tokens):
        if token.type == "softbreak":
            after = tokens[at + 1].content[:1] if at + 1 < len(tokens) else ""
            before = tokens[at - 1].content[-1:] if at else ""
            if not prose:
                yield Token("hardbreak", "br", 0)
            elif not (_wide(before) and _wide(after)):
                yield Token("text", "", 0, content=" ")
        elif token.type == "image":
            yield Token("text", "", 0, content=_words(token.children or ()))
        elif token.type == "link_open":
            kept.append(str(token.attrGet("href") or "").lower().startswith(_ABROAD))
            if kept[-1]:
                token.attrs = {"href": token.attrs["href"]}
                yield token
        elif token.type != "link_close" or kept.pop():
            yield token


def _wide(sign: str) -> bool:
    return bool(sign) and unicodedata.east_asian_width(sign) in "WF"


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content or _words(token.children or ()) for token in tokens)


def shown(tokens: Sequence[Token]) -> str:
    """The words of an inline token's children, without their looks."""
    return " ".join("".join(" " if token.type == "hardbreak" else token.content for token in tokens).split())
