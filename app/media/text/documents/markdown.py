"""A text as Markdown: it reads, rendered, as the text it is; its recipe stands in the front matter."""

from __future__ import annotations

import json
import re

from app.media.text.documents.document import Document

MEDIA_TYPE = "text/markdown; charset=utf-8"
_ANYWHERE = re.compile(r"([\\`*_{}\[\]<>&#|~$!])")
_AT_START = re.compile(r"^([ \t]*)([-+=]|\d+(?=[.)]))?")


def markdown(document: Document) -> bytes:
    """Front matter (YAML: its values are JSON, which YAML 1.2 contains), then the text (CommonMark 0.31).

    Lines stay lines (hard breaks) and marks are escaped, unless the text is Markdown itself.
    """
    told = {
        "title": document.title,
        "author": document.author,
        "language": document.language,
        "date": document.created.isoformat(),
        "stemma": dict(document.recipe),
    }
    head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in told.items())
    body = document.text if document.markdown else "\n".join(_lines(document.text.split("\n")))
    return f"---\n{head}---\n\n{body}\n".encode()


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
