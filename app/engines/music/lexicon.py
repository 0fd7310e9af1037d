"""Words that briefs of tunes are written in, English and Chinese, by what they mean to the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.media.music.notation.pitch import Mode

# Latin words stand alone in a text, Chinese ones anywhere. Longer ones are looked for first.
KINDS: Mapping[str, Sequence[str]] = {
    "reel": ("reel", "里尔", "里尔舞曲"),
    "slip jig": ("slip jig", "hop jig", "滑步吉格", "滑步快步舞曲"),
    "jig": ("jig", "double jig", "gigue", "吉格", "吉格舞曲", "快步舞曲"),
    "hornpipe": ("hornpipe", "clog", "角笛舞曲", "号管舞曲", "水手舞曲"),
    "strathspey": ("strathspey", "highland fling", "斯特拉斯佩", "高地舞曲"),
    "march": ("march", "marching", "quickstep", "进行曲", "行进"),
    "air": ("air", "slow air", "ballad", "minuet", "serenade", "小步舞曲", "小夜曲", "民歌"),
    "waltz": ("waltz", "圆舞曲", "华尔兹"),
    "other": ("polka", "mazurka", "波尔卡", "玛祖卡"),
}
METRE_OF_WORD = {"polka": "2/4", "波尔卡": "2/4", "mazurka": "3/4", "玛祖卡": "3/4"}
MOOD_WORDS: Mapping[str, Sequence[str]] = {
    "bright": (
        *("bright", "happy", "merry", "lively", "joyful", "joyous", "cheerful", "gay", "energetic", "playful", "sunny"),
        *("festive", "欢快", "快乐", "明亮", "活泼", "喜悦", "热闹", "轻快", "欢乐", "喜庆"),
    ),
    "gentle": (
        *("gentle", "calm", "soft", "peaceful", "tender", "quiet", "serene", "warm", "sweet", "pastoral"),
        *(
            "温柔",
            "平静",
            "安静",
            "柔和",
            "舒缓",
            "宁静",
            "温暖",
            "恬静",
            "轻柔",
        ),
    ),
    "dark": (
        *("dark", "stormy", "fierce", "angry", "dramatic", "tense", "ominous", "wild", "driving"),
        *("阴暗", "黑暗", "激烈", "紧张", "风暴", "愤怒", "阴沉", "急促"),
    ),
    "wistful": (
        *("wistful", "sad", "melancholy", "nostalgic", "longing", "lonely", "mournful", "sorrow", "sorrowful"),
        *(
            "bittersweet",
            "忧伤",
            "悲伤",
            "惆怅",
            "怀旧",
            "孤独",
            "哀伤",
            "忧郁",
            "伤感",
        ),
    ),
}
MODE_WORDS: Mapping[Mode, Sequence[str]] = {
    Mode.MAJOR: ("major", "ionian", "大调"),
    Mode.MINOR: ("minor", "aeolian", "小调"),
    Mode.DORIAN: ("dorian", "多利亚", "多里亚"),
    Mode.MIXOLYDIAN: ("mixolydian", "混合利底亚"),
}
# The players' instruments (folders of static/sounds).
INSTRUMENTS: Mapping[str, Sequence[str]] = {
    "acoustic_grand_piano": ("piano", "pianoforte", "keyboard", "钢琴"),
    "violin": ("violin", "fiddle", "strings", "小提琴", "提琴"),
    "flute": ("flute", "whistle", "tin whistle", "recorder", "fife", "piccolo", "长笛", "竖笛", "锡笛", "哨笛", "笛子", "笛"),
    "acoustic_guitar_nylon": ("guitar", "lute", "ukulele", "吉他", "鲁特琴"),
    "accordion": ("accordion", "concertina", "squeezebox", "手风琴"),
    "orchestral_harp": ("harp", "竖琴"),
}
PACES: Mapping[float, Sequence[str]] = {
    0.75: ("slow", "slowly", "adagio", "lento", "largo", "慢", "缓慢", "慢板"),
    0.9: ("andante", "moderate", "行板", "中速"),
    1.15: ("fast", "quick", "quickly", "allegro", "presto", "driving", "快一点", "快些", "快速", "很快", "快板", "急促"),
}
LENGTH_WORDS: Mapping[int, Sequence[str]] = {8: ("short", "brief", "短", "简短"), 32: ("long", "长", "长一点")}
NUMBERS: Mapping[str, int] = {
    "四": 4,
    "八": 8,
    "十二": 12,
    "十六": 16,
    "二十四": 24,
    "三十二": 32,
    "四十八": 48,
    "六十四": 64,
    "four": 4,
    "eight": 8,
    "twelve": 12,
    "sixteen": 16,
    "twenty-four": 24,
    "thirty-two": 32,
    "forty-eight": 48,
}
DIGITS = {"二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十二": 12, "十六": 16}
METRE_WORD = re.compile(r"(?<![\d/])(\d{1,2})\s*/\s*(\d{1,2})(?![\d/])|([二三四六八]|十六)分之([二三四五六七九]|十二)")
BEATS_WORD = re.compile(r"([四八])([二三四六九])拍|([二三四])拍子?")  # 四三拍 is three quarters
BARS_WORD = re.compile(
    r"(\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r")\s*-?\s*(?:bars?|measures?|个?小节)", re.IGNORECASE
)
TEMPO_WORD = re.compile(
    r"(?:♩|♪|[Qq]:\s*1/4)\s*=\s*(\d{2,3})|(\d{2,3})\s*(?:bpm|beats (?:a|per) minute|拍每分钟|拍/分)|每分钟\s*(\d{2,3})\s*拍"
)
KEY_WORD = re.compile(
    r"(?<![A-Za-z])([升降]?)([A-Ga-g])\s?(#|b|♯|♭|-?\s?sharp|-?\s?flat)?\s*"
    r"(major|minor|dorian|mixolydian|大调|小调|多利亚|混合利底亚)"
    r"|\b(?:in|key of)\s+([A-G])(#|b|♯|♭|-sharp|-flat)?(?![A-Za-z])",
    re.IGNORECASE,
)
LATIN = re.compile(r"[a-z]")
SILENT = re.compile(
    r"(?:an?|the|in|of|and|or|but|with|for|to|on|at|i|you|we|me|my|our|his|her|their|it|is|are|as|like|some|something|one"
    r"|tunes?|songs?|music|melody|melodies|piece|please|write|compose|make|give|want|would|let|keys?|bars?|measures?"
    r"|major|minor|that|this|by|from|about|feel|feeling|mood|time|metre|meter|very|quite|little|bit|rather|played|play"
    r"|irish|scottish|scotch|american|celtic|traditional|folk|style|sound(?:s|ing)?)",
    re.IGNORECASE,
)
# Chinese words that say nothing of a tune, and those of the tradition that it is always in.
SMALL = re.compile(
    r"我?想要|我要|给我|请|创作|写|作|谱|一点|一[首支段]|[首的拍得]|适合|用来?|像|那样|似的|风格|感觉|气氛|爱尔兰|苏格兰|传统"
    r"|舞曲|小曲|曲子|乐曲|音乐|旋律|演奏|里"
)
PLAIN = str.maketrans(
    "調圓進節輕歡樂號溫靜憂傷悶懷鄉鋼鐵風豎長麗緩暗緊張憤夢戰離別鳴雙個聽寫創請給適氣愛爾蘭蘇格傳統",
    "调圆进节轻欢乐号温静忧伤闷怀乡钢铁风竖长丽缓暗紧张愤梦战离别鸣双个听写创请给适气爱尔兰苏格传统",
)

_MOODS = [word for words in MOOD_WORDS.values() for word in sorted(words, key=len, reverse=True)]
# A mood that a brief says it does not want.
DENIED = re.compile(
    r"\b(?:not|isn't|nothing|without being|don't make it)\s+(?:(?:too|so|very|really|at all|a|that)\s+)*(?:"
    + "|".join(word for word in _MOODS if LATIN.match(word))
    + r")\b|(?:不要|不用|不想|别|不是|不)(?:太|那么|很|这么)*(?:"
    + "|".join(word for word in _MOODS if not LATIN.match(word))
    + ")",
    re.IGNORECASE,
)

# English words that suggest nothing, whatever the sentence model finds near them.
NEUTRAL = frozenset(
    {"people", "person", "somebody", "thing", "things", "place", "life", "green", "alive", "next", "last", "answer", "true"}
)


def explicit() -> set[str]:
    """The words that say outright what a tune shall be, or nothing."""
    lists: tuple[Mapping[object, Sequence[str]], ...] = (KINDS, MOOD_WORDS, MODE_WORDS, INSTRUMENTS, PACES, LENGTH_WORDS)  # type: ignore[assignment]  # keys of several kinds
    return {word for each in lists for words in each.values() for word in words} | NEUTRAL
