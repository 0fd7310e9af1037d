"""Scripts, words and characters as Unicode has them, by the library `regex`: where a text may be cut, and its language.

Sources: Unicode Standard Annex #24 (scripts) and #29 (what a reader sees as one character, \\X).
"""

from __future__ import annotations

import regex

HAN = regex.compile(r"\p{Han}")  # a Chinese character: the ideographs of every plane, 〇, 々, radicals
LATIN_WORD = regex.compile(r"[A-Za-z]+")
# Of scripts that put no space between words; for use inside a set.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
NO_SPACES = regex.compile(f"[{UNSPACED}]")
# Letters with their marks, joined by ' ’ - to one word; white space of one line; else one character as a reader sees it: a
# flag, or what marks and joiners follow. \X says the same, but takes quadratic time on long runs of joiners and of flags.
_LETTERS = rf"[\w--[{UNSPACED}]]+"
_EXTENDED = r"(?s:.)(?:[\p{GCB=Extend}\p{GCB=SpacingMark}\u200d]|(?<=\u200d)\p{Extended_Pictographic})*"
WORD = regex.compile(rf"(?V1){_LETTERS}(?:['’-]{_LETTERS})*|[^\S\n]+|\p{{Regional_Indicator}}{{2}}|{_EXTENDED}")
_CHARACTER = regex.compile(r"\X")
_HALF_FLAGS_BEFORE = regex.compile(r"(?r)\p{Regional_Indicator}*")
_LOOKED_BACK = 64  # code points before a place from which characters are told apart


def is_han(char: str) -> bool:
    """Whether this is a Chinese character."""
    return HAN.match(char) is not None


def tongue(text: str) -> str:
    """`zh` where `text` has more Chinese characters than words in Latin letters, else `en`."""
    return "zh" if len(HAN.findall(text)) > len(LATIN_WORD.findall(text)) else "en"


def parts_character(text: str, at: int) -> bool:
    """True when a cut at `at` would part what a reader sees as one character: a letter and its accent, an emoji, a flag."""
    if not 0 < at < len(text) or text[at - 1 : at + 1].isascii():
        return False
    if regex.match(r"\p{Regional_Indicator}", text[at]):
        return len(_HALF_FLAGS_BEFORE.match(text, 0, at)[0]) % 2 == 1
    near = text[max(0, at - _LOOKED_BACK) : at + 1]
    return all(match.end() != len(near) - 1 for match in _CHARACTER.finditer(near))
