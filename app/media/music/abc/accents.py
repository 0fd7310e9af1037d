"""Accented letters as old ABC files write them, and letters themselves (standard 2.1, 8.2)."""

from __future__ import annotations

import html
import re
import unicodedata

WORDED = re.compile(r"^([TCOANSHBDFGRWw]|r):(.*)$", re.MULTILINE)  # fields whose values are words
COMBINING = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "o": "\u030a", "=": "\u0304",
             "u": "\u0306", "v": "\u030c", "H": "\u030b", ";": "\u0328", ".": "\u0307", "c": "\u0327",
             ",": "\u0327"}  # fmt: skip
LETTERS = {"AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "ss": "ß", "TH": "Þ", "th": "þ", "DH": "Ð",
           "dh": "ð", "/O": "Ø", "/o": "ø", "/L": "Ł", "/l": "ł", "/D": "Đ", "/d": "đ"}  # fmt: skip
SIGN = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|("
    + "|".join(map(re.escape, LETTERS))
    + r")|([`'^~\"o=uvH;.c,])([A-Za-z])|([\\%&]))|(&[A-Za-z]{2,8};|&\#\d{2,6};)"
)


def spelt_out(text: str) -> str:
    """A field's value with its accents as letters."""
    return SIGN.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    code, letter, accent, under, itself, entity = found.groups()
    if code:
        said = chr(int(code, 16))
        return said if said.isprintable() else ""
    if letter:
        return LETTERS[letter]
    if accent:
        said = unicodedata.normalize("NFC", under + COMBINING[accent])
        return said if len(said) == 1 else found[0]
    if itself:
        return found[0]  # kept: a percent sign alone would begin a comment
    said = html.unescape(entity)
    return said if said.isprintable() and said != "%" else entity


def lettered(tune: str) -> str:
    """A tune whose fields of words have their accents as letters; its notes stay as they are."""
    return WORDED.sub(lambda found: f"{found[1]}:{spelt_out(found[2])}", tune)
