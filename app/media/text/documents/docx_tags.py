"""The elements of WordprocessingML (ECMA-376-1, 17): their names, and which say nothing that a text could keep or lose."""

from __future__ import annotations

from app.errors import _

WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"  # the same in ISO/IEC 29500 Strict
SPACES = {WORDS, STRICT}
OFF = {"0", "false", "off", "none"}
PLAIN_LOOKS = {*OFF, "baseline", "auto", "000000", "clear", "nil"}

NO_PICTURES = _("Pictures in the document were left out.")
NO_FORMULAS = _("Formulas in the document were left out.")
NO_LOOKS = _("Looks that Markdown has no marks for were left out (underlined, struck out, raised, coloured).")
NO_PLACES = _("Where paragraphs stand on the page was left out (centred, at the right, indented, on a new page).")
NO_NUMBERS = _("Lists that count in another way (letters, Roman, 1.1, backwards) count 1, 2, 3 here.")
NO_HEADING_NUMBERS = _("The numbers before headings were left out.")
NO_SPANS = _("Cells across several columns or rows became one cell and empty ones.")
NO_LINES = _("Paragraphs within a cell of a table became one line.")
NO_HIDDEN = _("Hidden words were left out.")
NO_MARGINS = _("Headers and footers of the pages were left out.")
NO_OBJECTS = _("Objects of other programs in the document were left out.")
NO_SIGNS = _("Signs that only a special font can show were left out.")
NO_OTHERS = _("Parts of the document that Stemma cannot read were left out.")

# Looks of words, told where they are on.
LOOKS = {"u", "strike", "dstrike", "vertAlign", "highlight", "emboss", "imprint", "outline", "shadow", "smallCaps", "caps",
         "color", "effect", "em", "position", "eastAsianLayout", "bdr"}  # fmt: skip
TOLD = {
    "rt": _("Readings above letters (ruby) were left out."),
    "commentReference": _("Comments were left out."),
    "del": _("Words that were deleted with tracked changes were left out."),
    "headerReference": NO_MARGINS,
    "footerReference": NO_MARGINS,
    "object": NO_OBJECTS,
    "sym": NO_SIGNS,
    "lvlPicBulletId": NO_PICTURES,
}
# What a text does not have, and what says nothing by itself: space, fonts, pages, borders, languages, bookmarks, fields whose
# result stands beside them, and elements that only hold others.
_SILENT = """
    document body background docPartObj docPartGallery docPartCategory docPartUnique docPartList docPart
    sdt sdtPr sdtEndPr sdtContent alias tag id lock placeholder temporary showingPlcHdr dataBinding comboBox dropDownList date
    dateFormat lid storeMappedDataAs calendar equation group picture richText text citation bibliography label tabIndex listItem
    customXml customXmlPr attr smartTag smartTagPr ins moveTo dir bdo proofErr permStart permEnd bookmarkStart bookmarkEnd
    commentRangeStart commentRangeEnd moveFromRangeStart moveFromRangeEnd moveToRangeStart moveToRangeEnd
    customXmlInsRangeStart customXmlInsRangeEnd customXmlDelRangeStart customXmlDelRangeEnd customXmlMoveFromRangeStart
    customXmlMoveFromRangeEnd customXmlMoveToRangeStart customXmlMoveToRangeEnd
    fldSimple fldChar fldData ffData name enabled calcOnExit entryMacro exitMacro helpText statusText checkBox size sizeAuto
    default checked ddList result listEntry textInput type maxLength format
    lastRenderedPageBreak annotationRef footnoteRef endnoteRef separator continuationSeparator pict drawing control movie
    ruby rubyPr rubyAlign hps hpsRaise hpsBaseText dirty rubyBase
    keepNext keepLines widowControl numPr suppressLineNumbers shd suppressAutoHyphens kinsoku wordWrap overflowPunct
    topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing contextualSpacing mirrorIndents suppressOverlap
    textDirection textAlignment textboxTightWrap divId cnfStyle numberingChange
    rFonts bCs iCs noProof webHidden w kern sz szCs fitText rtl cs lang specVanish oMath
    tblPr tblPrEx tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW tblCellSpacing tblInd
    tblBorders top left start bottom right end insideH insideV tl2br tr2bl between bar tblLayout tblCellMar tblLook tblCaption
    tblDescription tblGrid gridCol trPr gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader
    hidden tcPr tcW tcBorders noWrap tcMar tcFitText vAlign hideMark cellIns cellDel cellMerge
    sectPr pgSz pgMar paperSrc pgBorders lnNumType pgNumType cols col formProt noEndnote titlePg rtlGutter docGrid
    printerSettings footnotes endnotes
    tblPrChange tblPrExChange tblGridChange trPrChange tcPrChange sectPrChange
"""
SILENT = frozenset(_SILENT.split())


def tag_of(name: str) -> str:
    """The name of an element of WordprocessingML; of any other nothing."""
    space, _gap, tag = name.rpartition(" ")
    return tag if space in SPACES else ""


def value(about: dict[str, str], name: str = "val") -> str:
    """An attribute of WordprocessingML."""
    return about.get(f"{WORDS} {name}", about.get(f"{STRICT} {name}", ""))


def is_on(about: dict[str, str]) -> bool:
    """A toggle property: there is on, unless it says otherwise (17.3.2)."""
    return value(about).lower() not in OFF


def is_look(tag: str, about: dict[str, str]) -> bool:
    """Whether an element gives words a look that Markdown has no mark for."""
    return tag in LOOKS and value(about).lower() not in PLAIN_LOOKS


def is_placed(tag: str, about: dict[str, str]) -> bool:
    """Whether an element puts a paragraph elsewhere on the page than at its beginning; justified is not elsewhere."""
    if tag == "jc":
        return value(about) in {"center", "right", "end"}
    if tag == "ind":
        sides = ("left", "start", "firstLine", "leftChars", "startChars", "firstLineChars")
        return any(value(about, side).lstrip("+").strip("0") not in {"", "-"} for side in sides)
    return tag == "pageBreakBefore" and is_on(about)
