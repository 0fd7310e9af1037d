"""What a document is made of comes in with its words: headings, emphasis, lists, quotations, tables, notes, links, boxes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from markdown_it import MarkdownIt

from app.media.text.documents.blocks import Found
from app.media.text.documents.docx_tags import LOOKS, NO_HEADING_NUMBERS, NO_LOOKS, NO_NUMBERS, NO_PLACES, TOLD
from app.media.text.documents.reading_docx import read_docx
from tests.media.text.documents.test_reading import packed

CASES = Path(__file__).parents[3] / "cases"
RUN = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>"
BOLD, ITALIC, NOT_BOLD = "<w:rPr><w:b/></w:rPr>", "<w:rPr><w:i/></w:rPr>", "<w:rPr><w:b w:val='0'/></w:rPr>"

TABLE = f"<w:tbl><w:tr><w:tc>{{}}<w:p>{RUN.format('', 'x')}</w:p>{{}}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
# What ECMA-376-1 has within w:pPr (17.3.1.26) and w:rPr (17.3.2.28) that says nothing to a text.
OF_PARAGRAPHS = """keepNext keepLines widowControl suppressLineNumbers shd suppressAutoHyphens kinsoku wordWrap overflowPunct
topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing contextualSpacing mirrorIndents suppressOverlap
textDirection textAlignment textboxTightWrap divId cnfStyle sectPr tabs numPr pBdr"""
OF_RUNS = "rFonts bCs iCs noProof snapToGrid webHidden w kern sz szCs fitText rtl cs lang specVanish oMath spacing shd"


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
        "2. second",
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
        ("<w:p><w:pPr><w:jc w:val='center'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>", "centred"),
        ("<w:p><w:pPr><w:jc w:val='end'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>", "centred"),
        ("<w:p><w:pPr><w:ind w:firstLineChars='200'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>", "indented"),
        ("<w:p><w:r><w:br w:type='page'/></w:r></w:p>", "new page"),
        ("<w:p><w:r><w:rPr><w:em w:val='dot'/></w:rPr><w:t>x</w:t></w:r></w:p>", "Looks"),
        ("<w:p><w:r><w:rPr><w:color w:val='FF0000'/></w:rPr><w:t>x</w:t></w:r></w:p>", "Looks"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:p>", "Hidden"),
        ("<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FC'/></w:r></w:p>", "special font"),
        ("<w:p><w:r><w:object/></w:r></w:p>", "Objects"),
        ("<w:p><w:r><w:pict><v:imagedata xmlns:v='urn:schemas-microsoft-com:vml'/></w:pict></w:r></w:p>", "Pictures"),
        ("<w:sectPr><w:headerReference/></w:sectPr>", "Headers"),
        ("<w:altChunk/>", "cannot read"),
        ("<w:p><w:subDoc/></w:p>", "cannot read"),
        ("<w:p><w:r><w:t>x</w:t><w:madeUpTomorrow/></w:r></w:p>", "cannot read"),
        (TABLE.format("<w:tcPr><w:gridSpan w:val='2'/></w:tcPr>", ""), "columns or rows"),
        (TABLE.format("<w:tcPr><w:vMerge/></w:tcPr>", ""), "columns or rows"),
        (TABLE.format("", f"<w:p>{RUN.format('', 'another')}</w:p>"), "one line"),
        (TABLE.format("", f"<w:tbl><w:tr><w:tc><w:p>{RUN.format('', 'x')}</w:p></w:tc></w:tr></w:tbl>"), "one line"),
    ],
)
def test_what_is_left_out_is_said(body: str, said: str) -> None:
    assert [one for one in read_docx(packed(body), 1000)[0].simplified if said in one]


@pytest.mark.parametrize(
    "body",
    [
        "<w:p><w:pPr><w:jc w:val='both'/><w:ind w:left='0' w:firstLineChars='0'/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>",
        "<w:p><w:pPr><w:jc w:val='center'/></w:pPr></w:p>",
        "<w:p><w:r><w:rPr><w:color w:val='auto'/><w:u w:val='none'/><w:vanish w:val='0'/></w:rPr><w:t>x</w:t></w:r></w:p>",
        "<w:tbl><w:tblPr><w:jc w:val='center'/></w:tblPr><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>",
        *(f"<w:p><w:pPr><w:{tag}/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>" for tag in OF_PARAGRAPHS.split()),
        *(f"<w:p><w:r><w:rPr><w:{tag}/></w:rPr><w:t>x</w:t></w:r></w:p>" for tag in OF_RUNS.split()),
    ],
)
def test_what_loses_nothing_is_not_told(body: str) -> None:
    assert read_docx(packed(body), 1000)[0].simplified == []


def test_every_look_of_words_is_kept_or_told() -> None:
    for look in LOOKS:
        body = f"<w:p><w:r><w:rPr><w:{look} w:val='x'/></w:rPr><w:t>x</w:t></w:r></w:p>"
        assert read_docx(packed(body), 1000)[0].simplified == [NO_LOOKS], look


def test_looks_and_places_of_a_style_are_kept_or_told() -> None:
    said = docx.Document()
    verse = said.styles.add_style("Verse", WD_STYLE_TYPE.PARAGRAPH)
    verse.font.italic, verse.paragraph_format.alignment = True, WD_ALIGN_PARAGRAPH.CENTER
    own = said.styles.add_style("Mine", WD_STYLE_TYPE.CHARACTER)
    own.font.strike = True
    said.add_paragraph("in italics ", "Verse").add_run("and struck out", own)
    found = saved(said)
    assert (found.text, set(found.simplified)) == ("*in italics and struck out*", {NO_PLACES, NO_LOOKS})


def test_a_note_tells_what_it_loses() -> None:
    space = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    note = f"<w:footnote w:id='2'><w:p>{RUN.format('<w:rPr><w:u/></w:rPr>', 'so')}</w:p></w:footnote>"
    out = io.BytesIO(packed("<w:p><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/footnotes.xml", f"<w:footnotes {space}>{note}</w:footnotes>")
    assert read_docx(out.getvalue(), 1000)[0].simplified == [NO_LOOKS]


def numbered(kinds: str, items: str) -> Found:
    """What is read of items such as "7/0 a": of list 7, at level 0."""
    space = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    said = ""
    for item in items.split(", "):
        place, _gap, text = item.partition(" ")
        number, _slash, level = place.partition("/")
        about = f"<w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr></w:pPr>" if level else ""
        said += f"<w:p>{about}<w:r><w:t>{text}</w:t></w:r></w:p>"
    out = io.BytesIO(packed(said))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/numbering.xml", f"<w:numbering {space}>{kinds}</w:numbering>")
    return read_docx(out.getvalue(), 1000)[0]


LEVEL = "<w:lvl w:ilvl='{}'><w:start w:val='{}'/><w:numFmt w:val='{}'/><w:lvlText w:val='{}'/></w:lvl>"
DECIMAL = LEVEL.format(0, 5, "decimal", "%1.") + LEVEL.format(1, 1, "decimal", "%2)")
KINDS = f"<w:abstractNum w:abstractNumId='3'>{DECIMAL}</w:abstractNum>"
LIST = "<w:num w:numId='7'><w:abstractNumId w:val='3'/></w:num>"
OVERRIDE = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='9'/></w:lvlOverride>"
AGAIN = f"<w:num w:numId='8'><w:abstractNumId w:val='3'/>{OVERRIDE}</w:num>"


@pytest.mark.parametrize(
    ("lists", "items", "text"),
    [
        (LIST, "7/0 a, 7/0 b", "5. a\n6. b"),
        (LIST, "7/0 a, - interval, 7/0 b", "5. a\n\ninterval\n\n6. b"),
        (LIST, "7/0 a, 7/1 x, 7/1 y, 7/0 b, 7/1 z", "5. a\n   1. x\n   2. y\n6. b\n   1. z"),
        (LIST + AGAIN, "8/0 a, 8/0 b, 8/1 x", "9. a\n10. b\n    1. x"),
        (LIST + AGAIN, "7/0 a, 8/0 b, 8/0 c", "5. a\n9) b\n10) c"),
        (LIST.replace("7", "6") + LIST, "6/0 a, 7/0 b", "5. a\n6. b"),
    ],
)
def test_lists_keep_their_numbers(lists: str, items: str, text: str) -> None:
    found = numbered(KINDS + lists, items)
    assert (found.text, found.simplified) == (text, [])
    plain = [one.partition(" ")[2] for one in items.split(", ") if "/" in one]
    assert [child.content for child in MarkdownIt().parse(found.text) if child.type == "inline" and child.level > 1] == plain


@pytest.mark.parametrize(
    ("kind", "sign"), [("lowerRoman", "%1."), ("chineseCounting", "%1、"), ("decimal", "第%1条"), ("decimal", "%1.%2")]
)
def test_lists_that_count_in_another_way_are_told(kind: str, sign: str) -> None:
    found = numbered(f"<w:abstractNum w:abstractNumId='3'>{LEVEL.format(0, 1, kind, sign)}</w:abstractNum>{LIST}", "7/0 a")
    assert (found.text, found.simplified) == ("1. a", [NO_NUMBERS])


def test_numbers_before_headings_are_told() -> None:
    body = "<w:p><w:pPr><w:outlineLvl w:val='1'/><w:numPr><w:numId w:val='7'/></w:numPr></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"
    space = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    out = io.BytesIO(packed(body))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/numbering.xml", f"<w:numbering {space}>{KINDS}{LIST}</w:numbering>")
    found = read_docx(out.getvalue(), 1000)[0]
    assert (found.text, found.simplified) == ("## x", [NO_HEADING_NUMBERS])
