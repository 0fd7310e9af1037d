"""From a brief's free words (English or Chinese) to what the model of tunes can be told, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.brief import Brief, Prompt
from app.music.pitch import Key, Mode, key_of
from app.music.tokens import BOS, LENGTHS, METRES

Name = TypeVar("Name")
BARS = 16  # where nobody says how many
MOST_BARS = 64
# Words by what they mean; Latin words stand alone in a text, Chinese ones anywhere. Longer ones are looked for first.
KINDS: Mapping[str, Sequence[str]] = {
    "reel": ("reel", "里尔", "里尔舞曲"),
    "slip jig": ("slip jig", "hop jig", "滑步吉格", "滑步快步舞曲"),
    "jig": ("jig", "double jig", "吉格", "吉格舞曲", "快步舞曲"),
    "hornpipe": ("hornpipe", "clog", "角笛舞曲", "号管舞曲", "水手舞曲"),
    "strathspey": ("strathspey", "highland fling", "斯特拉斯佩", "高地舞曲"),
    "march": ("march", "marching", "quickstep", "进行曲", "行进"),
    "air": (
        "air",
        "song",
        "slow air",
        "lament",
        "lullaby",
        "ballad",
        "minuet",
        "歌",
        "歌曲",
        "曲调",
        "摇篮曲",
        "挽歌",
        "小步舞曲",
    ),
    "waltz": ("waltz", "圆舞曲", "华尔兹"),
}
MOOD_WORDS: Mapping[str, Sequence[str]] = {
    "bright": (
        *("bright", "happy", "merry", "lively", "joyful", "joyous", "cheerful", "gay", "fast", "energetic", "playful", "sunny"),
        *("festive", "dance", "dancing", "欢快", "快乐", "明亮", "活泼", "喜悦", "热闹", "轻快", "欢乐", "喜庆"),
    ),
    "gentle": (
        *("gentle", "calm", "soft", "peaceful", "tender", "slow", "quiet", "serene", "warm", "sweet", "lullaby", "pastoral"),
        *("温柔", "平静", "安静", "柔和", "舒缓", "宁静", "温暖", "恬静", "轻柔", "摇篮曲"),
    ),
    "dark": (
        *("dark", "stormy", "fierce", "angry", "dramatic", "tense", "ominous", "wild", "driving"),
        *("阴暗", "黑暗", "激烈", "紧张", "风暴", "愤怒", "阴沉", "急促"),
    ),
    "wistful": (
        *(
            "wistful",
            "sad",
            "melancholy",
            "nostalgic",
            "longing",
            "lonely",
            "mournful",
            "lament",
            "sorrow",
            "sorrowful",
            "bittersweet",
        ),
        *("忧伤", "悲伤", "惆怅", "思乡", "怀旧", "孤独", "哀伤", "忧郁", "乡愁", "伤感", "思念", "挽歌"),
    ),
}
MODE_WORDS: Mapping[Mode, Sequence[str]] = {
    Mode.MAJOR: ("major", "ionian", "大调"),
    Mode.MINOR: ("minor", "aeolian", "小调"),
    Mode.DORIAN: ("dorian", "多利亚", "多里亚"),
    Mode.MIXOLYDIAN: ("mixolydian", "混合利底亚"),
}
SHORT, LONG = ("short", "brief", "短", "简短"), ("long", "长", "长一点")
LENGTH_WORDS = {8: SHORT, 32: LONG}
# The metre each kind is written in, and the one that its mood suggests where no kind is asked for.
METRE_OF = {
    "reel": "4/4",
    "jig": "6/8",
    "hornpipe": "4/4",
    "slip jig": "9/8",
    "strathspey": "4/4",
    "march": "4/4",
    "air": "3/4",
    "waltz": "3/4",
    "other": "4/4",
}
KIND_OF_MOOD = {"bright": "jig", "gentle": "air", "dark": "reel", "wistful": "air"}
KIND_OF_METRE = {"6/8": "jig", "9/8": "slip jig", "3/4": "waltz", "4/4": "reel", "12/8": "jig", "2/4": "march"}
MODE_OF_MOOD = {"bright": Mode.MAJOR, "gentle": Mode.MAJOR, "dark": Mode.DORIAN, "wistful": Mode.MINOR}
TONIC_OF_MODE = {Mode.MAJOR: "G", Mode.MINOR: "A", Mode.DORIAN: "E", Mode.MIXOLYDIAN: "D"}
CHINESE_NUMBERS = {"四": 4, "八": 8, "十二": 12, "十六": 16, "二十四": 24, "三十二": 32, "四十八": 48, "六十四": 64}
METRE_WORD = re.compile(r"(?<![\d/])(\d{1,2})\s*/\s*(\d{1,2})(?![\d/])|([二三四六八]|十六)分之([二三四五六七九]|十二)")
CHINESE_DIGITS = {"二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十二": 12, "十六": 16}
BARS_WORD = re.compile(r"(\d{1,3})\s*-?\s*(?:bars?|measures?|小节)|([四八十二三六]{1,3})小节", re.IGNORECASE)
KEY_WORD = re.compile(
    r"(?<![A-Za-z])([A-Ga-g])\s?(#|b|♯|♭|-?\s?sharp|-?\s?flat)?\s*(major|minor|dorian|mixolydian|大调|小调|多利亚|混合利底亚)"
    r"|\b(?:in|key of)\s+([A-G])(#|b|♯|♭|-sharp|-flat)?(?![A-Za-z])",
    re.IGNORECASE,
)
LATIN = re.compile(r"[a-z]")
SILENT = re.compile(
    r"(?:an?|the|in|of|and|with|for|to|on|at|me|my|it|is|as|like|some|tunes?|songs?|music|melody|please|write|compose|keys?"
    r"|bars?|measures?|major|minor|that|this|by|from|about|feel|mood|time|metre|meter|very|quite|little)",
    re.IGNORECASE,
)
SMALL = re.compile("请|写|作|谱|一[首支段]|[首的拍]|曲子|乐曲|音乐|旋律")  # Chinese words that say nothing of a tune


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a tune is asked to be."""

    rhythm: str
    metre: str
    key: Key
    mood: str
    bars: int

    @property
    def tokens(self) -> list[str]:
        """As the model reads it."""
        mode = self.key.mode.value
        return [BOS, f"R:{self.rhythm}", f"M:{self.metre}", f"K:{mode}", f"mood:{self.mood}", length_token(self.bars)]

    def __str__(self) -> str:
        names = {Mode.MAJOR: "major", Mode.MINOR: "minor", Mode.DORIAN: "dorian", Mode.MIXOLYDIAN: "mixolydian"}
        kind = "tune" if self.rhythm == "other" else self.rhythm
        return f"{kind}, {self.metre}, {self.key.tonic} {names[self.key.mode]}, {self.mood}, {self.bars} bars"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody said of a tune; None where they said nothing."""

    rhythm: str | None = None
    metre: str | None = None
    tonic: str | None = None
    mode: Mode | None = None
    mood: str | None = None
    bars: int | None = None

    def over(self, other: Asked) -> Asked:
        """This, and what `other` says besides."""
        return Asked(
            self.rhythm or other.rhythm,
            self.metre or other.metre,
            self.tonic or other.tonic,
            self.mode or other.mode,
            self.mood or other.mood,
            self.bars or other.bars,
        )

    def whole(self) -> Conditions:
        """With everything that was left open."""
        mood = self.mood or ("wistful" if self.mode is Mode.MINOR else "dark" if self.mode is Mode.DORIAN else "bright")
        named = KIND_OF_METRE.get(self.metre or "", "other") if self.metre else KIND_OF_MOOD[mood]
        rhythm = self.rhythm or named
        mode = self.mode or MODE_OF_MOOD[mood]
        key = key_of((self.tonic or TONIC_OF_MODE[mode]) + mode.value) or Key(TONIC_OF_MODE[mode], mode)
        return Conditions(rhythm, self.metre or METRE_OF[rhythm], key, mood, self.bars or BARS)


def length_token(bars: int) -> str:
    """The nearest length that the model knows."""
    return f"len{min(LENGTHS, key=lambda known: abs(known - bars))}"


def asked(brief: Brief) -> tuple[Asked, tuple[str, ...]]:
    """What a brief says of a tune, and the words of it that say nothing to the model."""
    text = brief.prompt().positive
    heard: set[str] = set()
    rhythm, mood = _named(text, KINDS, heard), _named(text, MOOD_WORDS, heard)
    mode = _named(text, MODE_WORDS, heard)
    tonic, mode = _key(text, mode, heard)
    metre, bars = _metre(text, heard), _bars(text, heard)
    return Asked(rhythm, metre, tonic, mode, mood, bars), _unheard(text, heard)


def prompt(brief: Brief) -> Prompt:
    """What the model will read, in words; what the brief leaves open is filled in."""
    said, unheard = asked(brief)
    return Prompt(str(said.whole()), "", unheard)


def _named(text: str, words: Mapping[Name, Sequence[str]], heard: set[str]) -> Name | None:
    """What the text names first; of two at one place the longer word."""
    found = []
    for name, each in words.items():
        for word in each:
            latin = LATIN.search(word)
            pattern = rf"(?<![A-Za-z]){re.escape(word)}s?(?![A-Za-z])" if latin else re.escape(word)
            if at := re.search(pattern, text, re.IGNORECASE):
                found.append((at.start(), -len(word), name))
                heard.add(word)
    return min(found, key=lambda one: one[:2])[2] if found else None


def _key(text: str, mode: Mode | None, heard: set[str]) -> tuple[str | None, Mode | None]:
    found = KEY_WORD.search(text)
    if not found:
        return None, mode
    heard.add(found[0])
    letter, accidental, word = (found[1] or found[4]).upper(), (found[2] or found[5] or "").lower(), found[3]
    tonic = letter + ("#" if "sharp" in accidental or accidental in {"#", "♯"} else "b" if accidental else "")
    named = next((one for one, words in MODE_WORDS.items() if word and word.lower() in words), mode)
    key = key_of(tonic + (named or Mode.MAJOR).value)
    return (key.tonic if key else None), named


def _metre(text: str, heard: set[str]) -> str | None:
    for found in METRE_WORD.finditer(text):
        beats, unit = (found[1], found[2]) if found[1] else (CHINESE_DIGITS[found[4]], CHINESE_DIGITS[found[3]])
        metre = f"{int(beats)}/{int(unit)}"
        if metre in METRES:
            heard.add(found[0])
            return metre
    return None


def _bars(text: str, heard: set[str]) -> int | None:
    found = BARS_WORD.search(text)
    count = (int(found[1]) if found[1] else CHINESE_NUMBERS.get(found[2])) if found else None
    if found and count:
        heard.add(found[0])
        return max(4, min(MOST_BARS, count))
    return next((bars for bars, words in LENGTH_WORDS.items() if _named(text, {bars: words}, heard)), None)


def _unheard(text: str, heard: set[str]) -> tuple[str, ...]:
    """The words that nothing was made of, in their order; small words are not worth a remark."""
    for word in sorted(heard, key=len, reverse=True):
        text = re.sub(rf"{re.escape(word)}s?" if LATIN.search(word) else re.escape(word), " ", text, flags=re.IGNORECASE)
    words = re.findall(r"[^\s,，、。.;；!！?？:：]+", SMALL.sub(" ", text))
    return tuple(dict.fromkeys(word for word in words if not SILENT.fullmatch(word)))
