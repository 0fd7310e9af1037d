"""Web pages come in as what a reader of theirs sees, in Markdown; what is left out is told; nothing costs without bounds."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from app.errors import TooLargeError, UnsupportedError
from app.media.text.documents import html_words, reading
from app.media.text.documents.docx_tags import (
    NO_FORMULAS,
    NO_LINES,
    NO_LOOKS,
    NO_NUMBERS,
    NO_PICTURES,
    NO_PLACES,
    NO_SPANS,
    TOLD,
)
from app.media.text.documents.reading_html import read_html

read = reading.read.here


def markdown(page: str) -> str:
    """What is read of a page."""
    return read_html(page.encode(), 100_000)[0].text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<h1>A <i>Book</i></h1><p>Words", "# A Book\n\nWords"),
        ("<h3><a><div>Deep</div></a></h3>", "### Deep"),
        ("<p>It was <em>very</em> <b>dark</b>, a * star &amp; [so] on.", "It was *very* **dark**, a \\* star & \\[so\\] on."),
        ("<p><span style='font-weight:700'>a</span> <b style='font-weight:normal'>b</b>", "**a** b"),
        ("<p>a <span style='color: red; font-style: italic'>c</span>", "a *c*"),
        ("<p>say <b>“no”</b>thing", "say **“no**”thing"),
        ("<p>one\n  line<br>\nnext", "one line\nnext"),
        ("<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>&amp;copy; is &copy; <b>x</b>", "\\&copy; is © **x**"),
        ("<ul><li>a<li><p>b<p>more<ol><li>c</ol></ul>", "- a\n- b\n\n   more\n\n   1. c"),
        ("<ol start=9><li>a<li>b<ul><li>c</ul><li value=20>d</ol><ol><li>e</ol>", "9. a\n10. b\n    - c\n20) d\n1. e"),
        ("<ol><li>a<ol start=3><li>b</ol></ol>", "1. a\n\n   3. b"),
        ("<blockquote><p>a<p>b</blockquote>", "> a\n> \n> b"),
        ("<table><tr><th>A<th>B<tr><td>1|2<td><b>*</b></table>", "| A | B |\n| --- | --- |\n| 1\\|2 | **\\*** |"),
        ("<table><tr><td><p>only<p>a frame</table>", "only\n\na frame"),
        ("<table><tr><td colspan=2>a<td>b<tr><td>c</table>", "| a |  | b |\n| --- | --- | --- |\n| c |  |  |"),
        ("<pre>  two\n    steps</pre>", "  two\n    steps"),
        ("<pre><code>a `b`\n```</code></pre>", "````\na `b`\n```\n````"),
        ("<p>a</p><hr><p>b", "a\n\n---\n\nb"),
        ("<p><q>Yes</q>, said <a href='https://e.org/a'>he</a>.", "“Yes”, said [he](https://e.org/a)."),
        ("<p>1. no list, <i>x</i>", "1\\. no list, *x*"),
        ("<title>t</title><style>p{}</style><p>a<script>b</script><!-- c --><template>d</template>", "a"),
    ],
)  # fmt: skip
def test_what_a_page_is_made_of_becomes_markdown(page: str, text: str) -> None:
    assert markdown(page) == text


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", TOLD["rt"]),
        ("<img src=a.png>漢字", NO_PICTURES),
        ("<svg><text>x</text></svg>漢字", NO_PICTURES),
        ("<math><mi>x</mi></math>漢字", NO_FORMULAS),
        ("<b hidden>x</b><i style='display: none'>y</i>漢字", html_words.NO_HIDDEN),
        ("<u>漢</u>字", NO_LOOKS),
        ("<video>x</video>漢字", html_words.NO_FILMS),
        ("<a href='#there'>漢</a>字", html_words.NO_LINKS),
        ("<a href='javascript:alert(1)'>漢</a>字", html_words.NO_LINKS),
        ("<span style='text-align: Center'>漢字</span>", NO_PLACES),
        ("<p align=right>漢字", NO_PLACES),
        ("<center>漢字</center>", NO_PLACES),
    ],
)
def test_what_is_left_out_is_told(inside: str, told: str) -> None:
    found = read_html(f"<p>{inside}</p>".encode(), 1000)[0]
    assert (found.text, found.simplified) == ("漢字", [told])


@pytest.mark.parametrize(
    ("page", "text", "told"),
    [
        ("<ol type=a><li>x</ol>", "1. x", NO_NUMBERS),
        ("<ol reversed><li>x</ol>", "1. x", NO_NUMBERS),
        ("<table><tr><td colspan=2>a<tr><td>b<td>c</table>", "| a |  |\n| --- | --- |\n| b | c |", NO_SPANS),
        ("<table><tr><td rowspan=2>a<td>b<tr><td>c</table>", "| a | b |\n| --- | --- |\n| c |  |", NO_SPANS),
        ("<table><tr><td><p>a<p>b<td>c</table>", "| a b | c |\n| --- | --- |", NO_LINES),
    ],
)
def test_what_becomes_simpler_is_told(page: str, text: str, told: str) -> None:
    found = read_html(page.encode(), 1000)[0]
    assert (found.text, found.simplified) == (text, [told])


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("<meta charset=gb2312><p>月满空庭".encode("gbk"), "月满空庭", "gb18030"),
        ("<meta charset=gb2312><p>月满空庭".encode(), "月满空庭", "utf-8"),  # it says so, and is not
        ('<?xml version="1.0" encoding="Big5"?><p>月滿空庭'.encode("big5"), "月滿空庭", "big5hkscs"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'><p>“é”".encode("cp1252"), "“é”", "cp1252"),
        ("<meta charset=iso-2022-jp><p>雪国".encode("iso2022_jp"), "雪国", "iso2022_jp"),
        ("<meta charset=unicode_escape><p>\\u0041", None, "utf-8"),
        (
            "<meta charset=nonsense><p>Мороз и солнце; день чудесный!".encode("cp1251"),
            "Мороз и солнце; день чудесный!",
            "cp1251",
        ),
        ("<p>月".encode("utf-16"), "月", "utf-16"),
    ],
)
def test_the_encoding_that_a_page_claims_is_tested(data: bytes | str, text: str | None, encoding: str) -> None:
    found = read("a.html", data if isinstance(data, bytes) else data.encode(), 1000)
    assert (found.encoding, found.kind, found.text) == (encoding, "html", text or "\\u0041")


def test_emphasis_is_read_as_emphasis_wherever_it_stands() -> None:
    """The words as another reader of Markdown shows them: nothing of a mark is left."""
    for before in ("", "a", "中", " ", "。", "("):
        for words in ("b", "“b”", "(b)", "b!", "！", "b c"):
            for tags in ("b", "i", "b><i", "i><b"):
                for after in ("", "c", "中", " c", "，", "<i>d</i>", "<b>d</b>"):
                    closing = "></".join(reversed(tags.split("><")))
                    text = markdown(f"<p>{before}<{tags}>{words}</{closing}>{after}</p><h2>x</h2>").split("\n")[0]
                    shown = "".join(token.content for token in MarkdownIt().parseInline(text)[0].children or ())
                    assert shown == re.sub("<.*?>", "", f"{before}{words}{after}").strip(), text


@pytest.mark.parametrize(
    "page",
    ["<b>" * 200_000 + "x", "<p a=1>" * 2_100_000, "<table><tr>" + "<td colspan=200>" * 100_000, "x" * 2_000, "<p>a" * 600],
)
def test_what_is_more_than_a_text_is_refused(page: str) -> None:
    with pytest.raises(TooLargeError):
        read_html(page.encode(), 1000)


@pytest.mark.parametrize("data", [b"", b"   ", b"<!-- -->", b"<p></p>"])
def test_what_has_no_words_is_refused_or_empty(data: bytes) -> None:
    try:
        text = read_html(data, 1000)[0].text
    except UnsupportedError:
        text = ""
    assert not text.strip()


def test_a_page_is_read_in_a_child_however_small() -> None:
    small = reading.read.small
    assert small is not None
    assert [small(name, b"<p>", 1000) for name in ("a.html", "a.docx", "a.txt", "a.md")] == [False, False, True, True]
