"""Files on their way in: encodings that people have, words of a DOCX, and nothing that would hurt."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest

from app.errors import TooLargeError, UnsupportedError
from app.gate import UNREADABLE
from app.media.text.documents import reading, reading_docx
from app.media.text.documents.encodings import text_of

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
    assert read("a.md", b"\xfe\xff" + POEM.encode("utf-16-be"), 1000)[:3] == (POEM, "md", "utf-16")


CASES = Path(__file__).parents[3] / "cases"
OLD = [
    ("cp1252", "Grüße aus Köln, schöne Straße"),
    ("cp1252", "Café crème — it’s late.\nDie Straße über die Brücke."),
    ("cp1252", "“Yes,” she said — it’s over."),
    ("cp1252", "naïve"),
    ("cp1251", "Мороз и солнце; день чудесный!"),
    ("koi8-r", "Мороз и солнце; день чудесный!"),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
    ("cp1253", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"),
    ("cp1254", "Pijamalı hasta yağız şoföre çabucak güvendi."),
    ("cp1255", "דג סקרן שט בים מאוכזב"),
    ("big5hkscs", "微風拂面過東樓，月滿空庭夜未收。"),
    ("big5hkscs", "人生若只如初見"),
    ("cp932", "国境の長いトンネルを抜けると雪国であった。"),
    ("euc_jp", "古池や 蛙飛びこむ 水の音"),
    ("euc_jp", "国境長隧道 雪国 夜底白 信号所汽車止\n春夏秋冬 花鳥風月"),
    ("cp949", "나 보기가 역겨워\n가실 때에는\n말없이 고이 보내 드리우리다"),
    ("gb18030", POEM),
    ("gb18030", "饕餮魑魅魍魉"),
    ("gb18030", "蒹葭苍苍，白露为霜。所谓伊人，在水一方。"),
    ("utf-16-le", POEM),
    ("utf-16-be", "Hello there, this is old"),
]


@pytest.mark.parametrize(("encoding", "said"), OLD)
def test_texts_come_in_the_encodings_that_people_had(encoding: str, said: str) -> None:
    assert read("a.txt", said.encode(encoding), 1000)[:3] == (said, "txt", encoding)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("29-euc-kr-mojibake/korean-euc.txt", "나 보기가 역겨워\n"),
        ("29-euc-kr-mojibake/japanese-euc.txt", "国境長隧道 雪国"),
        ("32-windows-1252/big5.txt", "床前明月光,疑是地上霜。\n舉頭"),
        ("32-windows-1252/cp1252.txt", "Café crème — it’s late.\nDie Straße über die Brücke."),
        ("32-windows-1252/japanese-sjis.txt", "国境の長いトンネルを抜けると雪国であった。"),
        ("32-windows-1252/russian-1251.txt", "Мороз и солнце; день чудесный!"),
        ("33-text-form-feed/formfeed.txt", "CHAPTER I\n\nIt was a bright cold day.\n\n\nCHAPTER II\n\nThe clocks struck.\n"),
        ("33-text-form-feed/vtab.txt", "First line\nsecond line of the same paragraph"),
        ("33-text-form-feed/nel.txt", "one line\nnext line"),
        ("33-text-form-feed/dos-eof.txt", "Saved by an old editor.\n"),
    ],
)
def test_texts_from_reports_come_in(name: str, said: str) -> None:
    found = read(name, (CASES / name).read_bytes(), 1000).text
    assert found.startswith(said)
    assert not UNREADABLE.search(found)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0", bytes(range(128, 256)), b"\xff\xfeA", b"MThd\0\0\0\6"])
def test_what_is_no_text_in_any_encoding_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        text_of(data)


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
    assert read("poem.docx", file.getvalue(), 1000)[:4] == ("微风拂面过东楼，\n月满空庭\n\na\tb **bold**", "docx", None, True)


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


@pytest.mark.parametrize("encoding", ["UTF-111111", "big5", "ebcdic-cp-us", "x" * 300])
def test_an_encoding_that_no_parser_knows_is_told(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    with pytest.raises(UnsupportedError, match="damaged"):
        read("a.docx", packed("<w:p><w:r><w:t>a</w:t></w:r></w:p>", head=head), 1000)


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
