"""What a document is made of comes in with its words: headings, emphasis, lists, quotations, tables, notes, links, boxes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from app.media.text.documents.blocks import Found
from app.media.text.documents.docx_words import TOLD
from app.media.text.documents.reading_docx import read_docx
from tests.media.text.documents.test_reading import packed

CASES = Path(__file__).parents[3] / "cases"
RUN = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>"
BOLD, ITALIC, NOT_BOLD = "<w:rPr><w:b/></w:rPr>", "<w:rPr><w:i/></w:rPr>", "<w:rPr><w:b w:val='0'/></w:rPr>"


def saved(said: docx.document.Document) -> Found:
    """What is read of it."""
    file = io.BytesIO()
    said.save(file)
    return read_docx(file.getvalue(), 100_000)[0]


def test_headings_emphasis_lists_and_quotations_become_markdown() -> None:
    said = docx.Document()
    said.add_heading("A Book", 0)
    said.add_heading("Chapter One", 1)
    words = said.add_paragraph("It was ")
    words.add_run("very").italic = True
    words.add_run(" dark").bold = True
    words.add_run(", a * star, and [so] on.")
    said.add_heading("Section", 2)
    for style, text in (
        ("List Bullet", "apple"),
        ("List Bullet 2", "green"),
        ("List Number", "first"),
        ("List Number", "second"),
    ):
        said.add_paragraph(text, style)
    said.add_paragraph("Said somebody", "Quote")
    found = saved(said)
    assert found.markup
    assert found.text.split("\n") == [
        "# A Book",
        "",
        "# Chapter One",
        "",
        "It was *very* **dark**, a \\* star, and \\[so\\] on.",
        "",
        "## Section",
        "",
        "- apple",
        "   - green",
        "1. first",
        "1. second",
        "",
        "> Said somebody",
    ]


def test_a_table_and_a_link_are_kept() -> None:
    said = docx.Document()
    table = said.add_table(2, 2)
    for at, text in enumerate(("Name", "Age", "Mei | Lin", "7")):
        table.cell(at // 2, at % 2).text = text
    words = said.add_paragraph("See ")
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), said.part.relate_to("https://example.org/a", RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "here"
    run.append(text)
    link.append(run)
    words._p.append(link)
    assert saved(said).text == "| Name | Age |\n| --- | --- |\n| Mei \\| Lin | 7 |\n\nSee [here](https://example.org/a)"


def test_notes_stand_at_the_end_and_are_pointed_to() -> None:
    note = "<w:footnote w:id='{}'><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:footnote>".format
    space = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    plain = packed(f"<w:p>{RUN.format('', 'word')}<w:r><w:footnoteReference w:id='2'/></w:r>{RUN.format('', ' on')}</w:p>")
    out = io.BytesIO(plain)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(
            "word/footnotes.xml", f"<w:footnotes {space}>{note(1, 'other')}{note(2, 'what it means')}</w:footnotes>"
        )
    found = read_docx(out.getvalue(), 1000)[0]
    assert (found.text, found.markup) == ("word[^1] on\n\n[^1]: what it means", True)


def test_readings_above_letters_stay_out_and_it_is_said() -> None:
    found = read_docx((CASES / "31-docx-ruby/ruby.docx").read_bytes(), 1000)[0]
    assert "故郷の山に" in found.text
    assert "ふるさと" not in found.text
    assert TOLD["rt"] in found.simplified


def test_a_text_box_is_a_paragraph_after_the_one_that_holds_it() -> None:
    found = read_docx((CASES / "34-docx-text-box/textbox.docx").read_bytes(), 1000)[0]
    assert (found.text, found.markup) == ("Before the box. After the box.\nWords in the box.", False)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<w:p>{RUN.format(NOT_BOLD, 'not bold')}</w:p>", "not bold"),
        (f"<w:p><w:pPr><w:rPr><w:b/></w:rPr></w:pPr>{RUN.format('', 'its mark alone')}</w:p>", "its mark alone"),
        (
            f"<w:p>{RUN.format(BOLD, 'bo')}{RUN.format(BOLD, 'ld ')}{RUN.format('', 'on')}</w:p>",
            "**bold** on",
        ),
        ("<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", ""),
        (f"<w:p>{RUN.format('', '# no heading')}</w:p>", "# no heading"),
        (
            f"<w:p>{RUN.format('', '# no heading')}</w:p><w:p>{RUN.format(ITALIC, 'x')}</w:p>",
            "\\# no heading\n*x*",
        ),
        ("<w:__class__/><w:end_p/><w:add/>", ""),
        (f"<w:footnote w:id='1'/><w:p>{RUN.format('', 'kept')}</w:p>", "kept"),
    ],
)
def test_only_what_is_meant_becomes_a_mark(body: str, text: str) -> None:
    assert read_docx(packed(body), 1000)[0].text == text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>", "tracked"),
        ("<w:p><w:r><w:commentReference w:id='1'/></w:r></w:p>", "Comments"),
        ("<w:p><w:r><p:pic xmlns:p='http://schemas.openxmlformats.org/drawingml/2006/picture'/></w:r></w:p>", "Pictures"),
        ("<w:p><m:oMath xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'/></w:p>", "Formulas"),
    ],
)
def test_what_is_left_out_is_said(body: str, said: str) -> None:
    assert [one for one in read_docx(packed(body), 1000)[0].simplified if said in one]
