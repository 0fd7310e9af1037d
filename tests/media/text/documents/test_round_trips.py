"""Sixty documents, each with a structure of its own, in and out: all that they say and what it is stays, or its loss is told.

Other programs' readers and writers look at both sides: python-docx writes and opens DOCX, markdown-it reads our Markdown,
a plain XML parser reads the books.
"""

from __future__ import annotations

import html
import io
import random
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import docx
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from app.media.text.documents.document import Document
from app.media.text.documents.docx import docx_of
from app.media.text.documents.docx_tags import NO_LOOKS, NO_PICTURES
from app.media.text.documents.epub import epub_of
from app.media.text.documents.markdown import markdown, read_markdown
from app.media.text.documents.reading_docx import read_docx
from app.media.text.documents.reading_html import read_html
from tests.media.text.documents.test_writing import edited

SEEDS = range(15)
WORDS = ("the", "fox", "月满空庭", "ночь", "café", "*star*", "a_b", "[x]", "<i>", "&amp;", "1.", "#", "`t`", "“So,”", "—",
         "x\\y", "夜未收。", "שלום", "~~", "| bar", "!", "👩‍👩‍👧", "+", "=", "http://e.org", "[^1]")  # fmt: skip
Run = tuple[str, bool, bool]
Block = tuple[str, int, Any]  # kind, level, runs (of a table: rows of words; of a program: its lines)
XHTML = "{http://www.w3.org/1999/xhtml}"


def words(chance: random.Random, most: int = 7) -> str:
    """A few words, some of which look like marks."""
    return " ".join(chance.choice(WORDS) for _word in range(chance.randint(1, most)))


def runs(chance: random.Random) -> list[Run]:
    """Words with looks: no two neighbours look alike, and they are parted by spaces."""
    found: list[Run] = []
    for at in range(chance.randint(1, 4)):
        looks = chance.choice([(False, False), (True, False), (False, True), (True, True)])
        if not found or found[-1][1:] != looks:
            found.append((("" if at == 0 else " ") + words(chance), *looks))
    return found


def document(seed: int) -> list[Block]:
    """Blocks of every kind; the first paragraph has two lines."""
    chance = random.Random(f"document {seed}")
    blocks: list[Block] = [("h", 1, [(words(chance), False, False)]), ("p", 0, [("one\ntwo", False, False)])]
    for _block in range(chance.randint(4, 14)):
        kind = chance.choice(("h", "p", "p", "-", "1.", "q", "t", "code", "rule"))
        if kind == blocks[-1][0] and kind in {"q", "code", "-", "1.", "rule"}:
            continue
        if kind == "h":
            blocks.append(("h", chance.randint(1, 4), [(words(chance), False, False)]))
        elif kind in {"-", "1."}:
            blocks += [(kind, int(at > 0 and chance.random() < 0.4), runs(chance)) for at in range(chance.randint(1, 4))]
        elif kind == "t":
            width = chance.randint(2, 3)
            blocks.append(("t", 0, [[words(chance, 2) for _cell in range(width)] for _row in range(chance.randint(2, 4))]))
        elif kind == "code":
            blocks.append(("code", 0, "if *a*:\n    b = `c`"))
        else:
            blocks.append((kind, 0, [] if kind == "rule" else runs(chance)))
    return [*blocks, ("p", 0, [("the end", False, False)])]


def flat(tokens: list[Token]) -> list[Block]:  # noqa: C901 (a case for each kind)
    """What Markdown says, as another reader reads it."""
    found: list[Block] = []
    lists: list[str] = []
    quoted = heading = 0
    item = ""
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append("-" if token.type.startswith("b") else "1.")
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
        elif token.type == "list_item_open":
            item = lists[-1]
        elif token.type in {"blockquote_open", "blockquote_close"}:
            quoted += token.nesting
        elif token.type in {"heading_open", "heading_close"}:
            heading = int(token.tag[1:]) if token.nesting > 0 else 0
        elif token.type == "table_open":
            found.append(("t", 0, []))
        elif token.type == "tr_open":
            found[-1][2].append([])
        elif token.type == "inline" and found and found[-1][0] == "t" and token.level >= 4 and not lists:
            found[-1][2][-1].append("".join(run[0] for run in looks(token)))
        elif token.type == "inline":
            kind = "h" if heading else item or ("q" if quoted else "p")
            found.append((kind, heading or (len(lists) - 1 if item else 0), looks(token)))
            item = ""
        elif token.type in {"fence", "code_block"}:
            found.append(("code", 0, token.content.rstrip("\n")))
        elif token.type == "hr":
            found.append(("rule", 0, []))
    return found


def looks(token: Token) -> list[Run]:
    """The words of a paragraph; neighbours that look alike are one, and space between looks is the next one's."""
    found: list[Run] = []
    bold = italic = 0
    for child in token.children or ():
        bold += child.nesting if child.type.startswith("strong") else 0
        italic += child.nesting if child.type.startswith("em_") else 0
        text = "\n" if child.type in {"softbreak", "hardbreak"} else child.content
        if not text:
            continue
        if found and (not text.strip() or found[-1][1:] == (bool(bold), bool(italic))):
            found[-1] = (found[-1][0] + text, *found[-1][1:])
        else:
            found.append((text, bool(bold), bool(italic)))
    return found


def plain(blocks: list[Block]) -> list[Block]:
    """The same without the space at the edges of looks: inside or outside of a mark, it is the same to see."""
    return [(kind, level, said if kind in {"t", "code"} else trimmed(said)) for kind, level, said in blocks]


def trimmed(said: list[Run]) -> list[Run]:
    """Words without the space at the edges of their looks."""
    return [(text.strip(" "), bold, italic) for text, bold, italic in said]


def read(text: str) -> list[Block]:
    """What our Markdown says to markdown-it."""
    return plain(flat(MarkdownIt("commonmark").enable("table").parse(text)))


def marked(run: Run) -> str:
    """Words with their tags."""
    text, bold, italic = run
    return f"{'<b>' * bold}{'<em>' * italic}{html.escape(text)}{'</em>' * italic}{'</b>' * bold}"


def page(blocks: list[Block]) -> str:
    """The document as a web page."""
    out, depth = list[str](), list[str]()
    for kind, level, said in blocks:
        wanted = level + 1 if kind in {"-", "1."} else 0
        while len(depth) > wanted or (depth and len(depth) == wanted and depth[-1] != ("ul" if kind == "-" else "ol")):
            out.append(f"</{depth.pop()}>")
        while len(depth) < wanted:
            depth.append("ul" if kind == "-" else "ol")
            out.append(f"<{depth[-1]}>")
        if kind == "t":
            rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in said)
            out.append(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
        elif kind == "code":
            out.append(f"<pre><code>{html.escape(said)}</code></pre>")
        elif kind == "rule":
            out.append("<hr>")
        else:
            tag = {"h": f"h{level}", "p": "p", "q": "blockquote"}.get(kind, "li")
            inner = "".join(map(marked, said)).replace("\n", "<br>")
            out.append(f"<{tag}>{inner}" + f"</{tag}>" * (tag != "li"))
    return "<!doctype html><meta charset=utf-8><title>t</title>" + "\n".join(out)


def file(blocks: list[Block]) -> bytes:
    """The document as python-docx writes it."""
    made = docx.Document()
    for kind, level, said in blocks:
        if kind == "t":
            table = made.add_table(len(said), len(said[0]))
            for row, cells in enumerate(said):
                for column, cell in enumerate(cells):
                    table.cell(row, column).text = cell
            continue
        deeper = " 2" if level else ""
        style = {
            "h": f"Heading {level}",
            "-": f"List Bullet{deeper}",
            "1.": f"List Number{deeper}",
            "q": "Quote",
            "code": "macro",
        }
        lines = said.split("\n") if kind == "code" else [said]
        for line in lines:
            paragraph = made.add_paragraph(style=style.get(kind))
            for text, bold, italic in [(line, False, False)] if kind == "code" else line:
                run = paragraph.add_run(text)
                run.bold, run.italic = bold or None, italic or None
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def sent(text: str) -> Document:
    """A text in Markdown on its way out."""
    about: dict[str, Any] = {"recipe": {"stemma": 1}, "words": {"recipe": "Recipe", "contents": "Contents"}}
    moment = datetime(2026, 11, 30, tzinfo=UTC)
    return Document(UUID(int=1), "A book", "An artist", "en", moment, text, markdown=True, **about)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_web_page_comes_in_whole(seed: int) -> None:
    blocks = document(seed)
    found = read_html(page(blocks).encode(), 100_000)[0]
    assert read(found.text) == plain(blocks)
    assert found.simplified == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_docx_comes_in_whole(seed: int) -> None:
    blocks = [block for block in document(seed) if block[0] != "rule"]
    found = read_docx(file(blocks), 100_000)[0]
    assert read(found.text) == plain(blocks)
    assert found.simplified == []


@pytest.mark.parametrize("seed", SEEDS)
def test_markdown_goes_out_and_comes_back_as_a_file_and_as_a_docx(seed: int) -> None:
    blocks = document(seed)
    text = read_html(page(blocks).encode(), 100_000)[0].text
    back = read_markdown(markdown(sent(text)).decode())
    assert (back.text, back.markup) == (text, True)
    made = docx_of(sent(text))
    assert read_docx(made, 100_000)[0].text == text
    again = read_docx(edited(made), 100_000)[0]
    assert read(again.text) == plain(blocks)
    opened = docx.Document(io.BytesIO(made))
    headings = [one.text for one in opened.paragraphs if one.style and one.style.name.startswith("Heading")]
    assert headings == [said[0][0] for kind, _level, said in blocks if kind == "h"]
    assert len(opened.tables) == sum(kind == "t" for kind, _level, _said in blocks)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_book_holds_all_of_it(seed: int) -> None:
    blocks = document(seed)
    text = read_html(page(blocks).encode(), 100_000)[0].text
    elements: list[ET.Element] = []
    with zipfile.ZipFile(io.BytesIO(epub_of(sent(text)))) as archive:
        for name in sorted((one for one in archive.namelist() if "text-" in one), key=lambda one: int(one[10:-6])):
            elements += ET.fromstring(archive.read(name)).iter()  # noqa: S314 (made here)
    elements = [one for one in elements if one.get("class") != "title"]
    said = [(one.tag.removeprefix(XHTML), " ".join("".join(one.itertext()).split())) for one in elements]
    headings = [(f"h{level}", " ".join(said[0][0].split())) for kind, level, said in blocks if kind == "h"]
    assert [one for one in said if one[0] in {"h1", "h2", "h3", "h4"}] == headings
    cells = [cell for kind, _level, rows in blocks if kind == "t" for row in rows for cell in row]
    assert [text for tag, text in said if tag in {"td", "th"}] == cells
    count = Counter(tag for tag, _text in said)
    kinds = Counter(kind for kind, _level, _said in blocks)
    assert (count["li"], count["blockquote"]) == (kinds["-"] + kinds["1."], kinds["q"])
    assert (count["pre"], count["hr"], count["table"]) == (kinds["code"], kinds["rule"], kinds["t"])
    written = " ".join(text for tag, text in said if tag == "body")
    for run in (run for kind, _level, runs_of in blocks if kind not in {"t", "code"} for run in runs_of):
        assert " ".join(run[0].replace("\n", "").split()) in written


def test_what_a_docx_cannot_keep_is_told() -> None:
    made = docx.Document()
    made.add_paragraph("a").add_run("b").underline = True
    made.add_paragraph("x").add_run("2").font.superscript = True
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    made.add_picture(picture)
    out = io.BytesIO()
    made.save(out)
    found = read_docx(out.getvalue(), 1000)[0]
    assert (found.text.split(), set(found.simplified)) == (["ab", "x2"], {NO_LOOKS, NO_PICTURES})
