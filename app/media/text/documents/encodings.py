"""In which encoding the bytes of a plain text are: a guess is a claim, which is tested by what it makes of them."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

from app.errors import UnsupportedError, _

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))  # fmt: skip
# What texts were written in before UTF-8. Python's name of each, by the name that chardet has for it.
KNOWN = {"gb18030": "gb18030", "big5": "big5hkscs", "cp932": "cp932", "shift_jis": "cp932", "euc-jp": "euc_jp",
         "cp949": "cp949", "euc-kr": "cp949", "iso-8859-2": "iso8859-2", "koi8-r": "koi8-r", "koi8-u": "koi8-u",
         "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be",
         **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)}}  # fmt: skip
EASTERN = ("euc_jp", "cp932", "gb18030", "big5hkscs", "cp949")
WIDE = {"utf-16-le", "utf-16-be"}
WESTERN = "cp1252"
NEAR = 0.8  # of the best guess: Western European is the likelier of two that are as near as that
LIKELY = 0.2  # of the best guess: readings that are worth a second look
LOOKED = 100_000  # bytes that a guess is made from
TESTED = 20_000  # code points of a reading that it is tested by
FEW = 4  # letters that are not ASCII, and fewer: there a guess is hardly more than one
MANY, DOUBT = 24, 0.02  # so many letters, and a guess of less: they are no text
LETTERS = 0.7  # of what is not ASCII: so much must be letters and punctuation in a text
FOREIGN = 0.15  # of its ideographs: a reading with fewer common ones than this may be another script's bytes
OFFERED = 8  # encodings that one may choose from
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_EAST = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
# Ideographs that texts in Chinese and Japanese are full of, ancient verse among them, in all their forms.
COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把十民第"
    "公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等新己身果加西斯月话合回特代"
    "内信表化老给世位次度门任常先海通教儿原东声提立及比员水名真走入几口认平气题活更打女变四神总何安少受目太量再感建做接"
    "必件计期市直命山金指克许区保至形社便空决治展马五眼书非听白却光放强即像难且思王象南品住告求北边死交取望共确师观清今"
    "切让识带争运风花雨雪云春夏秋冬夜星江河湖草木树叶鸟鱼石路行思乡歌梦酒愁故归客寒落红青黄黑色香静远近深飞流千万百六七八九"
    "這個們來為國說時會對於過發後裡種經學現當沒動還進樣開從實軍無與長關點業將兩間問應戰頭體見話內給門東聲員題變總"
    "讓識帶爭運風雲樹葉鳥魚鄉夢歸紅黃遠飛萬書聽強難邊觀氣気実対発会図雪駅道"
)


def text_of(data: bytes) -> tuple[str, str]:
    """What the bytes say, and in which encoding: by their mark, as UTF-8, or by what is likeliest among the encodings that
    people had.

    Raises UnsupportedError where nothing makes a text of them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if (text := decoded_as(data, encoding)) is None:
                raise _unknown()
            return text, encoding
    if b"\0" not in data and (text := decoded_as(data, "utf-8")) is not None:
        return text, "utf-8"
    found = list(_guesses(data)) or _by_letters(data)
    if not found:
        raise _no_text() if b"\0" in data else _unknown()
    encoding = _preferred(found)
    return data.decode(encoding), encoding


def others(data: bytes, taken: str) -> list[str]:
    """Encodings that may have been meant as well, the likeliest first, where `taken` was a guess.

    Only such as can be had back from what `taken` made of the bytes: nothing else is kept of them.
    """
    if taken.startswith("utf-"):
        return []
    likely = [encoding for encoding, _likelihood, _text in _guesses(data)]
    found = []
    for encoding in dict.fromkeys([*likely, *KNOWN.values()]):
        if encoding == taken or encoding in WIDE:
            continue
        meant = decoded_as(data, encoding)
        if meant is not None and _reads(meant[:TESTED]) and again(data.decode(taken), taken, encoding) == meant:
            found.append(encoding)
    return found[:OFFERED]


def again(text: str, taken: str, meant: str) -> str | None:
    """What was read as `taken`, as `meant` reads it; None where that cannot be."""
    try:
        return text.encode(taken).decode(meant)
    except UnicodeError:
        return None


def _guesses(data: bytes) -> Iterator[tuple[str, float, str]]:
    """Encodings with their likelihood and what they make of the beginning, the likeliest first; only what gives a text."""
    from chardet import detect_all

    seen = set()
    for guess in detect_all(data[:LOOKED], include_encodings=[*KNOWN, "utf-8"], max_bytes=LOOKED):
        encoding = KNOWN.get((guess["encoding"] or "").lower())
        if encoding is None or encoding in seen or (b"\0" in data and encoding not in WIDE):
            continue
        seen.add(encoding)
        text = decoded_as(data, encoding)
        if text is None:
            continue
        tested = text[:TESTED]
        doubtful = guess["confidence"] < DOUBT and len(_beyond_ascii(tested)) >= MANY
        if not doubtful and _reads(tested):
            yield encoding, guess["confidence"], tested


def _by_letters(data: bytes) -> list[tuple[str, float, str]]:
    """The East Asian encodings in which most letters are common ones, those with most first: kana alone are no statistics."""
    found = []
    for encoding in EASTERN:
        text = decoded_as(data, encoding)
        if text is not None and _reads(text[:TESTED]) and len(_EAST.findall(text[:TESTED])) >= FEW:
            found.append((encoding, common(text[:TESTED]), text[:TESTED]))
    return sorted((one for one in found if one[1] >= LETTERS), key=lambda one: -one[1])


def _preferred(found: list[tuple[str, float, str]]) -> str:
    """The likeliest, unless what it makes of the bytes speaks against it."""
    first, best, text = found[0]
    enough = LIKELY if len(_beyond_ascii(text)) < FEW else NEAR
    near = {encoding for encoding, likely, _read in found if likely >= enough * best}
    if first.startswith("cp125") and WESTERN in near:
        return WESTERN
    if _EAST.search(text) and common(text) < FOREIGN:
        others = [
            (common(read), encoding) for encoding, likely, read in found if likely >= LIKELY * best and _EAST.search(read)
        ]
        most, other = max(others)
        return other if most > 2 * common(text) else first
    return first


def common(text: str) -> float:
    """Of the East Asian letters, the part that is common: kana, Korean syllables and COMMON."""
    letters = _EAST.findall(text)
    return sum(one in COMMON or bool(_KANA_HANGUL.match(one)) for one in letters) / len(letters) if letters else 0.0


def _beyond_ascii(text: str) -> str:
    return "".join(_NOT_ASCII.findall(text))


def _reads(text: str) -> bool:
    """Whether it may be a text: no control characters that no text has, and of what is not ASCII mostly letters."""
    if any(sign in text for sign in "\0\ufffd"):
        return False
    kinds = [unicodedata.category(sign) for sign in _beyond_ascii(text)]
    if any(kind in {"Cc", "Cn", "Co", "Cs"} for kind in kinds):
        return False
    return sum(kind[0] in "LMPZN" for kind in kinds) >= LETTERS * len(kinds)


def decoded_as(data: bytes, encoding: str) -> str | None:
    """What the bytes say in an encoding; None where they say nothing in it."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _no_text() -> UnsupportedError:
    return UnsupportedError(_("That file is not plain text: save it as UTF-8 and import it again."))


def _unknown() -> UnsupportedError:
    return UnsupportedError(_("The encoding of that file is not known: save it as UTF-8 and import it again."))
