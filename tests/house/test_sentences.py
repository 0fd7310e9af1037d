"""The mechanical part of an editor's pass over every sentence of the pages, in English and in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po

from app.settings import ROOT

HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
NUMBER = re.compile(r"%\(\w+\)(?:d|\.\d+f)")
# What code fills in. Where that is a number it is spaced as one; names and words may be either language.
FILLED = re.compile(r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|\{\w+\}|%%|\$")
# Latin words that a reader of Chinese meets in Chinese sentences too: names, formats, what is typed as it stands.
KNOWN = """
API AUTOMATIC1111 CSV ComfyUI SHA-256 csv prompt styles
ABC AVIF BMP BPM C CLIP DOCX Esc FLAC Flickr GIF HEIC HTTP Idempotency-Key JPEG JSON K Markdown MIDI MP3
MusicXML Min-p Ogg PDF PNG Shift SHA SVG SigLIP Stemma TIFF Top-k Top-p U UTF-8 Unicode WAV WebP Accept
application application/json chorus problem+json data front libsndfile major matter md minor adopt migrate n
px restore ruby safetensors score-partwise stemma strong subtle timewise turbo txt docx html v verse worker x xAxA
ABAB D F F# G A mxl log p MB
"""
PROGRAM_TEXT = re.compile(r"STEMMA_\w+|`[^`]*`|“stemma[^”]*”|--\w+|/\w+")
MARKS = ".!?…:。！？：”)）"


def sentences() -> Iterator[tuple[str, str]]:
    """Each English sentence with its Chinese; of a plural the form for many."""
    with (ROOT / "locale/zh_Hans/LC_MESSAGES/stemma.po").open("rb") as file:
        for message in read_po(file, locale="zh_Hans"):
            if message.id:
                english = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
                chinese = message.string[0] if isinstance(message.string, (tuple, list)) else message.string
                yield english, chinese or ""


def test_no_sentence_is_filled_before_it_is_translated() -> None:
    """What is filled in English stays English: a Sentence (app/errors.py) keeps its parts. A terminal speaks English alone."""
    filled = re.compile(r'\b_\(\s*"(?:[^"\\]|\\.)*"\s*\)\s*(?:%|\.format)')
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "app").rglob("*.py"))
        if path.relative_to(ROOT).parts[1] not in {"commands", "training", "benchmarks"}
        and filled.search(path.read_text("utf-8"))
    ]
    assert found == []


def plain(chinese: str) -> str:
    """A sentence with its numbers as a digit, and nothing in place of what else is filled in."""
    return FILLED.sub("\x00", NUMBER.sub("0", chinese))


def faults_of_english(english: str) -> list[str]:
    """What an editor would strike out."""
    found = []
    if "  " in english or (english != english.strip() and english != ", "):
        found.append("two spaces, or one at an end")
    if "..." in english or re.search(r" \.(?!\w)", english):
        found.append("three dots for …, or a space before a full stop")
    if re.search(r"[a-z]\. [A-Z]", english) and english[-1] not in MARKS and not english.endswith(("}", "s", " is in")):
        found.append("several sentences of which the last has no end")
    if re.search(r"\b(\w+) \1\b", english, re.IGNORECASE):
        found.append("a word twice")
    if re.search("[“”]", english) and english.count("“") != english.count("”"):
        found.append("a quotation mark without the other")
    return found


def faults_of_chinese(english: str, chinese: str) -> list[str]:
    """What an editor would strike out; `english` decides whether it is a whole sentence."""
    found, text = [], plain(chinese)
    if re.search(rf"{HAN}[,;:!?()]|[,;:!?()]{HAN}", text):
        found.append("a half-width mark beside a Chinese character")
    if re.search(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9]{HAN}", text):
        found.append("no space between a Chinese character and a Latin one or a number")
    if re.search(rf"{HAN}  +{HAN}|[，。；：！？（） ] | [，。；：！？）]", text.replace("…… ", "")):
        found.append("a space too many")
    if "您" in text:
        found.append("您: the studio says 你")
    if "..." in text or re.search(rf"{HAN}\.", text):
        found.append("dots for … or 。")
    if chinese.endswith("。") != english.endswith("."):
        found.append("a full stop in one language only")
    spoken = PROGRAM_TEXT.sub("", text)
    foreign = set(re.findall(r"[A-Za-z][A-Za-z0-9]*(?:[+#/-][A-Za-z0-9]+)*", spoken))
    found += [f"left in English: {word}" for word in sorted(foreign - set(KNOWN.split()))]
    return found


def test_english_sentences_are_tidy() -> None:
    assert {english: found for english, _chinese in sentences() if (found := faults_of_english(english))} == {}


def test_chinese_sentences_are_tidy() -> None:
    assert {chinese: found for english, chinese in sentences() if (found := faults_of_chinese(english, chinese))} == {}


@pytest.mark.parametrize(
    "chinese",
    ["保存,然后继续", "有3个", "有 3 个 ，都好", "您好", "还有...", "没有 full 的", "完成。", "最多%(most)d个", "好  坏"],
)
def test_a_fault_in_chinese_is_found(chinese: str) -> None:
    assert faults_of_chinese("No full stop here", chinese)


@pytest.mark.parametrize("english", ["Two  spaces", "Go on...", "Not the the same", "One. Two", "“Open", "At the end "])
def test_a_fault_in_english_is_found(english: str) -> None:
    assert faults_of_english(english)
