"""A text as Markdown: it reads, rendered, as the text it is; its recipe stands in the front matter."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from app import gate
from app.errors import _
from app.media.text.documents.blocks_markdown import LONG
from app.media.text.documents.document import Document

MEDIA_TYPE = "text/markdown; charset=utf-8"
FRONT = _("What stood in front of the text (its front matter) was set aside.")
LINES, PARAGRAPHS, MARKDOWN = "lines", "paragraphs", "markdown"  # how the text of ours is written: `text` in the front
_FRONT = re.compile(r"\A---[ \t]*\n((?:(?!---[ \t]*\n|\.\.\.[ \t]*\n)[^\n]*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_KEYED = re.compile(r"^[\w][\w .-]*:(?:\s|$)")
_BACK = re.compile(r"&nbsp;|&#9;|\\(.)")
_ANYWHERE = re.compile(r"([\\`*_{}\[\]<>&#|~$!])")
_AT_START = re.compile(r"^([ \t]*)([-+=]|\d+(?=[.)]))?")


def markdown(document: Document) -> bytes:
    """Front matter (YAML: its values are JSON, which YAML 1.2 contains), then the text (CommonMark 0.31).

    Marks are escaped, and lines stay lines (hard breaks), those of prose paragraphs; a text in Markdown stays as it is.
    """
    way = _way(document)
    told = {
        "title": document.title,
        "author": document.author,
        "language": document.language,
        "date": document.created.isoformat(),
        "text": way,
        "stemma": dict(document.recipe),
    }
    head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in told.items())
    return f"---\n{head}---\n\n{_body(document.text, way)}\n".encode()


def _way(document: Document) -> str:
    if document.markdown:
        return MARKDOWN
    return PARAGRAPHS if any(len(line) > LONG for line in document.text.split("\n")) else LINES


def _body(text: str, way: str) -> str:
    if way == MARKDOWN:
        return text
    if way == PARAGRAPHS:
        return "\n\n".join(map(escaped, text.split("\n")))
    return "\n".join(_lines(text.split("\n")))


class Said(NamedTuple):
    """A Markdown file: its text, whether that is Markdown still, the recipe of one of ours, the front matter of others."""

    text: str
    markup: bool = True
    recipe: dict[str, Any] | str | None = None
    front: str = ""


def read_markdown(source: str) -> Said:
    """A file of ours gives the text that it was made from; of any other the front matter stands aside."""
    found = _FRONT.match(source)
    lines = found[1].splitlines() if found else []
    if not found or not any(map(_KEYED.match, lines)):
        return Said(source)
    body = source[found.end() :]
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    recipe = gate.recipe(fields.get("stemma", ""))
    if recipe is None or (isinstance(recipe, dict) and "stemma" not in recipe):
        return Said(body.removeprefix("\n"), front=found[1])
    body = body.removeprefix("\n").removesuffix("\n")
    text, markup = _text_of(body, fields.get("text", "").strip('"'))
    return Said(text, markup, recipe)


def _text_of(body: str, way: str) -> tuple[str, bool]:
    """The text that a body of ours was made from, and whether it is Markdown.

    Files of earlier versions do not say it: such a body is lines where it is what these lines would make.
    """
    if way == PARAGRAPHS:
        return "\n".join(map(_plain, body.split("\n\n"))), False
    lines = "\n".join(map(_plain, body.split("\n")))
    if way == LINES or (way != MARKDOWN and _body(lines, LINES) == body):
        return lines, False
    return body, True


def _plain(line: str) -> str:
    """A line as it was before its marks were escaped and a hard break was set after it."""
    if (len(line) - len(line.rstrip("\\"))) % 2:
        line = line[:-1]
    return _BACK.sub(lambda found: {"&nbsp;": " ", "&#9;": "\t"}.get(found[0], found[1]), line)


def _lines(lines: list[str]) -> list[str]:
    following = [*lines[1:], ""]
    pairs = zip(lines, following, strict=True)
    return [escaped(line) + ("\\" if line.strip() and after.strip() else "") for line, after in pairs]


def escaped(line: str) -> str:
    """A line whose marks are shown, not obeyed."""
    said = _AT_START.match(line)
    indent, mark = said[1] if said else "", (said[2] if said else "") or ""
    rest = line[len(indent) + len(mark) :]
    if mark.isdigit():
        mark, rest = mark + "\\" + rest[:1], rest[1:]
    elif mark:
        mark = "\\" + mark
    held = indent.replace("\t", "&#9;").replace(" ", "&nbsp;")
    return held + mark + _ANYWHERE.sub(r"\\\1", rest)
