"""Chinese for an engine that was taught in English: the words that it knows drawings for, and colours and looks.

No translation, a glossary: the longest known word first, particles left out. What it does not know stays as it is, so
that the artist sees it was not read. The words' sources are named in chinese_glossary.json.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import regex

# What a scene is described by besides its things, and some of these, in the plainest Chinese words.
_PLAIN = """
red=红色 crimson=深红色 orange=橙色 yellow=黄色 gold=金色 green=绿色 lime=黄绿色 teal=青色 turquoise=碧蓝色
blue=蓝色 sky_blue=天蓝色 navy=深蓝色 purple=紫色 violet=蓝紫色 pink=粉色 magenta=品红色 brown=棕色 beige=米色
cream=奶白色 white=白色 black=黑色 grey=灰色 silver=银色 big=大 small=小 night=夜晚 dusk=黄昏 day=白天 sea=大海
beach=沙滩 hill=山丘 meadow=草地 field=田野 snow=雪 street=街道 city=城市 desert=沙漠 mountains=群山 forest=森林
pond=池塘 lake=湖 sky=天空 space=太空 underwater=水下 table=桌面 room=房间 rain=雨 storm=暴风雨 sun=太阳
moon=月亮 stars=星星 clouds=云 rainbow=彩虹 fog=雾 aurora=极光 leaves=落叶 fireflies=萤火虫 bright=明亮
soft=柔和 warm=温暖 cold=清冷 deep=幽深 romantic=浪漫 faded=褪色 vivid=鲜艳 flat=扁平 paper=剪纸 line=线描
duotone=双色调 wood=木刻 glass=彩绘玻璃 chalk=粉笔画 felt=毛毡 print=版画 fox=狐狸 tree=树 deciduous_tree=树
house=房子 cat=猫 dog=狗 bird=鸟 boat=船 sailboat=帆船 cloud_with_rain=雨云
"""
PLAIN = dict(pair.split("=") for pair in _PLAIN.split())
_RUN = regex.compile(r"\p{Han}+")
_BETWEEN = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_PUNCTUATION = str.maketrans({"，": ", ", "、": ", ", "。": ", ", "；": ", ", "：": ": ", "！": "! ", "？": "? "})


@lru_cache(maxsize=1)
def _listed() -> tuple[dict[str, str], dict[str, str]]:
    """The names of drawings and the other words, Chinese to English."""
    read = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return read["labels"], read["words"]


@lru_cache(maxsize=1)
def _glossary() -> tuple[dict[str, str], int]:
    """Chinese to English, and the length of the longest Chinese word."""
    labels, others = _listed()
    words = labels | others
    return words, max(map(len, words))


def named(word: str) -> str | None:
    """What the glossary calls a whole Chinese word; None for one that it does not list."""
    return _glossary()[0].get(word)


@lru_cache(maxsize=1)
def _reversed() -> dict[str, str]:
    """English to Chinese: PLAIN words, else of several for one thing a drawing's name, else the shortest of two characters."""
    labels, others = _listed()
    found: dict[str, str] = {}
    for words in (others, labels):
        best: dict[str, str] = {}
        for word, meant in words.items():
            if meant and (meant not in best or 1 < len(word) < len(best[meant]) or len(best[meant]) == 1):
                best[meant] = word
        found |= best
    return found | {meant.replace("_", " "): word for meant, word in PLAIN.items()}


@lru_cache(maxsize=1024)
def chinese(text: str) -> str:
    """`text`, a few English words of the glossary ("3 red fox"), in Chinese; what it does not list stays as it is."""
    known, words, said, at = _reversed(), text.split(), list[str](), 0
    while at < len(words):
        sizes = range(len(words) - at, 0, -1)
        size = next((size for size in sizes if " ".join(words[at : at + size]) in known), 1)
        part = " ".join(words[at : at + size])
        said.append(known.get(part, part))
        at += size
    return _BETWEEN.sub("", " ".join(said))


def english(text: str) -> str:
    """`text` with the Chinese words of the glossary in English."""
    return _RUN.sub(lambda run: f" {_spoken(run[0])} ", text.translate(_PUNCTUATION)) if _RUN.search(text) else text


def _spoken(run: str) -> str:
    words, longest = _glossary()
    said: list[str] = []
    unknown = start = 0
    while start < len(run):
        lengths = range(min(longest, len(run) - start), 0, -1)
        length = next((length for length in lengths if run[start : start + length] in words), 0)
        if length:
            said += [run[unknown:start], words[run[start : start + length]]]
            unknown = start + length
        start += length or 1
    return " ".join(part for part in (*said, run[unknown:]) if part)
