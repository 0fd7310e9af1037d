"""Files on their way in: encodings that people have, words of a DOCX, and nothing that would hurt."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import docx
import pytest

from app.errors import TooLargeError, UnsupportedError
from app.media.text.documents import reading, reading_docx
from app.media.text.documents.reading import encoding_of

read = reading.read.here  # not in a child: it is what is read that is looked at
POEM = "微风拂面过东楼，\n月满空庭夜未收。"
RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Target="{0}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def packed(body: str, *, head: str = "", target: str = "word/document.xml", encoding: str = "utf-8") -> bytes:
    """A DOCX with just this in its body."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", RELATIONSHIPS.format(target))
        xml = f'{head}<w:document xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>'
        archive.writestr("word/document.xml", xml.encode(encoding))
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_chinese_comes_in_any_of_its_encodings(encoding: str) -> None:
    assert read("秋思.TXT", POEM.encode(encoding), 1000)[:2] == (POEM, "txt")


def test_utf_16_of_the_other_end() -> None:
    assert read("a.md", b"\xfe\xff" + POEM.encode("utf-16-be"), 1000) == (POEM, "md", "utf-16")


@pytest.mark.parametrize(
    "data",
    [
        "Grüße aus Köln, schöne Straße".encode("latin-1"),
        POEM.encode("utf-16-le"),
        b"\x89PNG\r\n\x1a\n\0\0\0",
        "微風拂面過東樓，月滿空庭夜未收。".encode("big5"),
        bytes(range(128, 256)),
        b"\xff\xfeA",
    ],
)
def test_an_encoding_that_is_not_sure_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        encoding_of(data)


@pytest.mark.parametrize("name", ["a.pdf", "a.exe", "a", "", "txt", "a.docx.zip"])
def test_another_kind_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedError):
        read(name, b"text", 1000)


def test_the_words_of_a_document_as_its_reader_sees_them() -> None:
    said = docx.Document()
    said.add_paragraph("微风拂面过东楼，").add_run("\n月满空庭")
    said.add_paragraph("")
    said.add_paragraph("a\tb").add_run(" bold").bold = True
    file = io.BytesIO()
    said.save(file)
    assert read("poem.docx", file.getvalue(), 1000) == ("微风拂面过东楼，\n月满空庭\n\na\tb bold", "docx", None)


def test_deleted_words_codes_and_fallbacks_are_left_out_and_inserted_ones_are_read() -> None:
    run = "<w:r><w:t>{}</w:t></w:r>".format
    body = f"<w:p>{run('kept')}<w:del>{run('deleted')}</w:del><w:ins>{run(' new')}</w:ins>"
    body += "<w:r><w:instrText>PAGE</w:instrText></w:r><mc:AlternateContent>"
    body += f"<mc:Choice>{run(' once')}</mc:Choice><mc:Fallback>{run(' twice')}</mc:Fallback></mc:AlternateContent></w:p>"
    assert read("a.docx", packed(body), 1000).text == "kept new once"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_whatever_they_are(encoding: str) -> None:
    for inside in ('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/passwd">'):
        head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [{inside}]>'
        with pytest.raises(UnsupportedError, match="entities"):
            read("a.docx", packed("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", head=head, encoding=encoding), 1000)


def test_a_bomb_does_not_go_off(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.process_time()
    with pytest.raises(TooLargeError):  # 70 MB of spaces outside any text
        read("a.docx", packed(" " * 70_000_000), 1000)
    with pytest.raises(TooLargeError):
        read("a.docx", packed("<w:p>" * 5000), 1000)
    with pytest.raises(TooLargeError):
        read("a.docx", packed("<w:p><w:r><w:t>" + "a" * 5000 + "</w:t></w:r></w:p>"), 1000)
    monkeypatch.setattr(reading_docx, "MOST_FILES", 1)
    with pytest.raises(TooLargeError):
        read("a.docx", packed(""), 1000)
    assert time.process_time() - began < 10


def damaged() -> list[Any]:
    whole = packed("<w:p/>")
    return [
        b"",
        b"PK",
        b"no archive",
        whole[:-30],
        whole[: len(whole) // 2],
        packed("<w:p>")[:],
        packed("", target="../../etc/passwd"),
        packed("", target=""),
    ]


@pytest.mark.parametrize("data", damaged())
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        read("a.docx", data, 1000)


def test_every_byte_may_be_wrong() -> None:
    whole = bytearray(packed("<w:p><w:r><w:t>text</w:t></w:r></w:p>"))
    for at in range(0, len(whole), 3):
        broken = bytes(whole[:at]) + bytes([whole[at] ^ 0x55]) + bytes(whole[at + 1 :])
        try:
            read("a.docx", broken, 1000)
        except (UnsupportedError, TooLargeError):
            continue
