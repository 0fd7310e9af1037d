"""Texts as files: Markdown that reads as the text, DOCX and EPUB that hold together, each with its recipe."""

from __future__ import annotations

import io
import json
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import docx
import pytest

from app.media.text.documents.document import Document
from app.media.text.documents.docx import RECIPE, docx_of
from app.media.text.documents.epub import epub_of
from app.media.text.documents.epub_cover import cover
from app.media.text.documents.markdown import escaped, markdown, read_markdown
from app.media.text.documents.reading_docx import read_docx

TEXT = (
    "微风拂面过东楼，\n月满空庭夜未收。\n\n"
    "<script>alert('x')</script> & *stars* _lines_\n\tعلى البحر 👩‍👩‍👧\u202eabc\n  two spaces \ufffe"
)
CHECKER = Path("/usr/share/java/epubcheck.jar")  # of Debian's package epubcheck
parsed = ET.fromstring  # what these tests made themselves
OPF, DC, XHTML = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/xhtml}"
EPUB = "{http://www.idpf.org/2007/ops}"


@pytest.fixture
def document() -> Document:
    return Document(
        id=UUID("019301c0-0000-7000-8000-000000000001"),
        title="秋思 & <b>Autumn</b>",
        author="An artist",
        language="zh-Hans",
        created=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
        text=TEXT,
        recipe={"stemma": 1, "brief": {"intent": "秋 </recipe> & ]]>"}, "shares": {"hand": 0.64, "engine": 0.36}},
        words={"recipe": "配方", "contents": "目录"},
    )


def edited(file: bytes) -> bytes:
    """A DOCX as another program would save it: the same words in other bytes, the parts of others under new names."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        for at, name in enumerate(archive.namelist()):
            data = archive.read(name)
            new = f"customXml/item{at}.xml" if name.startswith("customXml/") else name
            changed.writestr(
                new, data.replace(b"</w:body>", b"<!-- saved --></w:body>") if name.endswith("document.xml") else data
            )
    return out.getvalue()


TEXTS = [
    "微风拂面过东楼，\n月满空庭夜未收。",
    "# not a heading\n\nLine one *stars* & <tags>\n  indented\n\n1. list-like\n\tTabbed\nEmoji 👩‍👩‍👧 and 𝔘𝔫𝔦",
    "one\n\n\ntwo\n",
    "\n\nbegins late",
    "back\\slash\\\nand \\* one\\",
    "&nbsp; &#9; &amp; \\&nbsp;",
    "A long line, of the kind that novels have. " * 4 + "\nAnd another, *with stars*, and a \\ at its end: \\",
    "---\ntitle: no front matter\n---\n",
    "- a\n+ b\n> c\n===\n12) d\n",
    "   \n \t \nspaces",
    "a\u2028b",
]
SOURCES = ["# Title\n\n*yes* and **no**\n\n- a\n- b\n", "line\\\nbreak", "---\n\nrule", "x\n\n\n\ny"]


@pytest.mark.parametrize(("text", "source"), [(text, False) for text in TEXTS] + [(text, True) for text in SOURCES])
def test_what_leaves_comes_back_as_itself(document: Document, text: str, source: bool) -> None:
    """The text and nothing else, what it is, and its recipe beside it; again after another round."""
    for _round in range(2):
        sent = replace(document, text=text, markdown=source)
        back = read_markdown(markdown(sent).decode())
        assert (back.text, back.markup, back.recipe, back.front) == (text, source, document.recipe, "")
        found, recipe = read_docx(docx_of(sent), 10_000)
        assert (found.text, found.markup, recipe, found.simplified) == (text, source, document.recipe, [])


@pytest.mark.parametrize("text", TEXTS[:4])
def test_a_document_that_another_program_saved_is_read_without_its_title(document: Document, text: str) -> None:
    found, recipe = read_docx(edited(docx_of(replace(document, text=text))), 10_000)
    assert (found.text, found.markup, recipe) == (text, False, document.recipe)


def test_exports_of_the_studio_before_come_back_too() -> None:
    case = Path(__file__).parents[3] / "cases/30-own-export-back"
    was = (case / "what-it-was.txt").read_text("utf-8")
    found = read_markdown((case / "export.md").read_text("utf-8"))
    assert (found.text, found.markup) == (was, False)
    assert isinstance(found.recipe, dict)
    text, recipe = read_docx((case / "export.docx").read_bytes(), 10_000)
    assert (text.text, text.markup) == (was.replace("\ufffe", "\ufffd"), False)
    assert isinstance(recipe, dict)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("---\ntitle: A\ntags: [a, b]\n---\n\n# Head\n\nwords\n", "# Head\n\nwords\n"),
        ("---\ntitle: A\n...\nwords", "words"),
        ("---\nno keys here\n---\nwords", "---\nno keys here\n---\nwords"),
        ("---\ntitle: never closed\n", "---\ntitle: never closed\n"),
        ("words\n---\na: b\n---\n", "words\n---\na: b\n---\n"),
        ('---\nstemma: {"no": "recipe"}\n---\nwords', "words"),
        ("---\nstemma: [1]\n---\nwords", "words"),
    ],
)
def test_front_matter_of_others_stands_aside(source: str, text: str) -> None:
    found = read_markdown(source)
    assert (found.text, found.markup, found.recipe) == (text, True, None)
    assert bool(found.front) == (text != source)


def test_markdown_carries_the_recipe_in_front_and_escapes_every_mark(document: Document) -> None:
    head, _, body = markdown(document).decode().removeprefix("---\n").partition("---\n\n")
    told = dict(line.split(": ", 1) for line in head.splitlines())
    assert json.loads(told["stemma"]) == document.recipe
    assert json.loads(told["title"]) == document.title
    assert body.startswith("微风拂面过东楼，\\\n月满空庭夜未收。\n\n\\<script\\>")
    assert "\\*stars\\* \\_lines\\_" in body


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("# no title", "\\# no title"),
        ("- no item", "\\- no item"),
        ("12. no item", "12\\. no item"),
        ("    no code", "&nbsp;" * 4 + "no code"),
        ("===", "\\==="),
        ("1969", "1969"),
        ("a `b` [c](d) ![e]", "a \\`b\\` \\[c\\](d) \\!\\[e\\]"),
        ("> said", "\\> said"),
    ],
)
def test_a_line_of_markdown_is_shown_not_obeyed(line: str, said: str) -> None:
    assert escaped(line) == said


def test_markdown_source_stays_source(document: Document) -> None:
    assert markdown(replace(document, text="# Title\n*yes*", markdown=True)).decode().endswith("---\n\n# Title\n*yes*\n")


def test_a_docx_opens_and_reads_back_as_the_same_text(document: Document) -> None:
    data = docx_of(document)
    opened = docx.Document(io.BytesIO(data))
    assert opened.core_properties.title == document.title
    assert [p.text for p in opened.paragraphs] == [document.title, *TEXT.replace("\ufffe", "\ufffd").split("\n")]
    found, recipe = read_docx(data, 10_000)
    assert (found.text, found.markup, recipe) == (TEXT.replace("\ufffe", "\ufffd"), False, document.recipe)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = parsed(archive.read(RECIPE.lstrip("/")))
        assert json.loads(held.text or "") == document.recipe
        assert b"w:bidi" in archive.read("word/document.xml")
        assert b"<script>" not in archive.read("word/document.xml")


def test_a_book_is_a_valid_epub(document: Document) -> None:
    with zipfile.ZipFile(io.BytesIO(epub_of(document))) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, archive.read(first)) == ("mimetype", 0, b"application/epub+zip")
        assert not first.extra
        container = parsed(archive.read("META-INF/container.xml"))
        path = next(container.iter("{urn:oasis:names:tc:opendocument:xmlns:container}rootfile")).attrib["full-path"]
        package = parsed(archive.read(path))
        assert package.attrib["version"] == "3.0"
        assert package.findtext(f".//{DC}title") == document.title
        assert package.findtext(f".//{DC}language") == "zh-Hans"
        assert package.find(f".//{DC}identifier[@id='{package.attrib['unique-identifier']}']") is not None
        assert package.find(f".//{OPF}meta[@property='dcterms:modified']") is not None
        items = {item.attrib["id"]: item.attrib for item in package.iter(f"{OPF}item")}
        listed = {f"book/{item['href']}" for item in items.values()}
        record = package.find(f".//{OPF}link[@rel='record']")
        assert record is not None
        assert listed | {"mimetype", "META-INF/container.xml", path, f"book/{record.attrib['href']}"} == set(archive.namelist())
        spine = [items[ref.attrib["idref"]]["href"] for ref in package.iter(f"{OPF}itemref")]
        assert spine == ["text-1.xhtml"]  # the recipe is no chapter
        pages = {name: parsed(archive.read(name)) for name in archive.namelist() if name.endswith(".xhtml")}
        [nav] = [i["href"] for i in items.values() if i.get("properties") == "nav"]
        toc = pages[f"book/{nav}"].find(f".//{XHTML}nav[@{EPUB}type='toc']")
        assert toc is not None
        assert [a.attrib["href"] for a in toc.iter(f"{XHTML}a")] == spine
        said = "".join(pages["book/text-1.xhtml"].itertext())
        assert "<script>alert('x')</script>" in said
        assert not list(pages["book/text-1.xhtml"].iter(f"{XHTML}script"))
        assert json.loads(archive.read("book/recipe.json")) == document.recipe
        assert [item["media-type"] for item in items.values() if item.get("properties") == "cover-image"] == ["image/svg+xml"]
        drawn = "".join("".join(parsed(archive.read("book/cover.svg")).itertext()).split())
        assert "".join((document.title + document.author).split()) == drawn


FOLDED = "This paragraph was folded by its editor at about sixty signs\na line, and so it is one paragraph of prose, no verse."
CASE_37 = "# Chapter One\n\nIt was *very* dark."


def test_markdown_becomes_a_book_with_chapters_and_emphasis(document: Document) -> None:
    book = epub_of(replace(document, text=CASE_37 + "\n\n## Part\n\nx\n\n# Chapter Two\n\ny", markdown=True))
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        first = parsed(archive.read("book/text-1.xhtml"))
        assert [heading.text for heading in first.iter(f"{XHTML}h1")] == [document.title, "Chapter One"]
        assert [one.text for one in first.iter(f"{XHTML}em")] == ["very"]
        assert "*" not in "".join(first.itertext())
        contents = parsed(archive.read("book/contents.xhtml"))
        links = [(a.text, a.attrib["href"]) for a in contents.iter(f"{XHTML}a")]
        assert [text for text, _to in links] == ["Chapter One", "Part", "Chapter Two"]
        for text, to in links:
            name, _, id = to.partition("#")
            page = parsed(archive.read(f"book/{name}"))
            assert [one.text for one in page.iter() if one.get("id") == id] == [text]
        nested = contents.find(f".//{XHTML}li/{XHTML}ol/{XHTML}li/{XHTML}a")
        assert nested is not None
        assert nested.text == "Part"


def test_markdown_becomes_a_docx_with_headings_and_emphasis(document: Document) -> None:
    opened = docx.Document(io.BytesIO(docx_of(replace(document, text=CASE_37, markdown=True))))
    assert opened.paragraphs[0].style is not None
    said = [(one.style.name if one.style else "", one.text) for one in opened.paragraphs]
    assert said == [("Title", document.title), ("Heading 1", "Chapter One"), ("Normal", "It was very dark.")]
    assert [run.text for run in opened.paragraphs[2].runs if run.italic] == ["very"]


@pytest.mark.parametrize(
    ("source", "paragraphs"),
    [
        ("short line\nnext line", ["short line\nnext line"]),
        ("hard\\\nbreak", ["hard\nbreak"]),
        (FOLDED, [FOLDED.replace("\n", " ")]),
        ("> " * 200 + "deep", ["> " * 200 + "deep"]),
        ("[^1]: alone", ["[^1]: alone"]),
        ("[x]: gone\n\n![a *picture*](x.png)", ["a picture"]),
        ("", [""]),
    ],
)  # fmt: skip
def test_lines_of_markdown_are_what_who_wrote_them_meant(document: Document, source: str, paragraphs: list[str]) -> None:
    opened = docx.Document(io.BytesIO(docx_of(replace(document, text=source, markdown=True))))
    assert [one.text for one in opened.paragraphs][1:] == (paragraphs if source else [])


@pytest.mark.parametrize("title", ["", "x" * 200, "很长的题目" * 30, "قصيدة", "A & B < C", "word " * 39])
def test_a_cover_holds_any_title(document: Document, title: str) -> None:
    drawn = parsed(cover(replace(document, title=title)))
    lines = [text.text or "" for text in drawn.iter("{http://www.w3.org/2000/svg}text")][:-1]
    assert len(lines) <= 7
    assert "".join(lines).replace(" ", "") in title.replace(" ", "") or lines[-1] == "…"


@pytest.mark.skipif(not CHECKER.exists(), reason="no epubcheck here")
@pytest.mark.slow
def test_epubcheck_finds_nothing(document: Document, tmp_path: Path) -> None:
    everything = "\n\n".join(
        [CASE_37, *SOURCES, "> q\n> - l", "1. a\n2. b\n   - c", "|a|b|\n|-|-|\n|1|2|", "x[^1] [l](y)\n\n[^1]: n", "# "]
    )
    (tmp_path / "a.epub").write_bytes(epub_of(replace(document, text=everything, markdown=True)))
    asked = subprocess.run(["java", "-jar", CHECKER, tmp_path / "a.epub"], capture_output=True, text=True, check=False)
    assert "0 fatals / 0 errors / 0 warnings" in asked.stdout, asked.stderr


def test_the_same_document_is_the_same_bytes(document: Document) -> None:
    for write in (docx_of, epub_of, markdown):
        assert write(document) == write(document)


def test_a_long_text_is_a_book_of_several_files(document: Document) -> None:
    long = replace(document, text="\n\n".join(["月满空庭夜未收。" * 100] * 200))
    with zipfile.ZipFile(io.BytesIO(epub_of(long))) as archive:
        assert sum(name.startswith("book/text-") for name in archive.namelist()) == 3


@pytest.mark.slow  # an attack: the longest texts there may be
@pytest.mark.timeout(300)  # a writer whose time grew with the square of the lines would need hours
@pytest.mark.parametrize("text", ["\n" * 1_000_000, "x\n" * 500_000, "\t" * 1_000_000, "&\u0301" * 500_000])
def test_a_text_as_long_as_can_be_becomes_a_docx(document: Document, text: str) -> None:
    file = docx_of(replace(document, text=text))
    assert read_docx(file, len(text))[0].text == text
    assert read_docx(edited(file), len(document.title) + len(text) + 1)[0].text == text
