"""What the engine of verse knows besides its model: words of the poems, English words near its lexicon's, known lines.

The lexicon itself (app/engines/text/words/verse.txt) is written by hand; these files follow from it and from packages.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.engines.text.hearing import FOLDER, rows
from app.engines.text.known_lines import OTHERS, KnownLines, known_lines
from app.media.text.prosody.chinese import simplified
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.nearest import write_nearest
from app.training.run import Report
from app.training.verse.examples import COMMON, pairs
from app.training.verse.poems import Poem

_HAN = re.compile("[\u4e00-\u9fff]+")
_TEXT = ("paragraphs", "content", "para")  # where the package's files have a poem's lines
LENGTHS = range(3, 8)  # characters of the lines that any form here has
# Parts of speech by jieba's dictionary of words that name something: nouns, places, times, verbs, adjectives, states, idioms.
NAMING = frozenset({"n", "nr", "nrt", "ns", "nz", "s", "t", "z", "a", "an", "v", "vn", "i", "b", "f"})
# Characters of words that only bind, count, deny or point.
BINDING = frozenset(
    "不无有何自如此相可未已莫是为所以其若岂皆且但便却又更犹尚虽须欲将应能得使教来去从与于者也乎之我君吾尔汝谁子公诸众"
    "一二三四五六七八九十百千万半两几数多每各初第只虚即非似然曾再最甚太"
)
# Words that name something all the same.
SPARED = """相思 相逢 相见 相忆 归来 归去 子规 无情 多情 无心 有情 来客 一笑 千里 万里 自在 太平 千秋 百花 百草 多病 三更
五更 九日 公主 君子 天子 王子 儿子 游子 孔子 老子 童子 燕子 妻子 女子 舟子 弟子 孙子 才子 天公 为客 相送 相伴 相依 相约
相识 多愁 初月 初春 自由 有恨"""


def poems_words(poems: Sequence[Poem], dictionary: Path) -> int:
    """Write poems.txt: the pairs of characters that are common in the poems, words by the `dictionary` (jieba's dict.txt),
    and name something; how many.
    """
    kinds = {}
    for line in dictionary.read_text("utf-8").splitlines():
        word, _count, kind = line.split()
        kinds[word] = kind
    counts = Counter(pair for poem in poems for line in poem.lines for pair in pairs(line))
    found = [
        word
        for word, count in counts.most_common()
        if count >= COMMON and kinds.get(word) in NAMING and (word in SPARED.split() or not BINDING & set(word))
    ]
    head = ["# Words of two characters that the poems have, the commonest first. Made by app/training/verse/words.py."]
    write(
        FOLDER / "poems.txt", "\n".join([*head, *(" ".join(found[at : at + 40]) for at in range(0, len(found), 40))]).encode()
    )
    return len(found)


def english_words(tokenizer: Path) -> int:
    """Write english.txt: words near those of the lexicon; how many. `tokenizer` is the English engine's tokenizer.json."""
    listed = [word for row in rows() for word in row.english]
    return write_nearest(FOLDER / "english.txt", listed, (), tokenizer, "verse.txt")


def other_lines(package: Path, model: Path) -> int:
    """Write lines.xz: the lines of all poems of `package` that the training of `model` did not see; how many."""
    import numpy as np

    lines, report = set[str](), Report()
    for file in sorted((package / "dist").rglob("*.json")):
        if "rank" in file.parts or "strains" in file.parts:
            continue  # about the poems, without their words
        lines.update(_lines_of(json.loads(file.read_text("utf-8"))))
        report(f"{file.parent.name}: {len(lines)} lines")
    if not lines:
        raise TrainingError("%(folder)s holds no poems.", folder=package)
    known = known_lines(model, others=False).hashes
    new = KnownLines(np.setdiff1d(KnownLines.of(lines).hashes, known))
    write(OTHERS, new.packed())
    return len(new.hashes)


def _lines_of(found: Any) -> Iterator[str]:
    """The lines of a file of the package, in simplified characters without marks, of the lengths that forms have."""
    if isinstance(found, dict):
        found = [found[name] for name in _TEXT if name in found]
    if isinstance(found, list):
        for part in found:
            yield from _lines_of(part)
    elif isinstance(found, str):
        yield from (line for line in _HAN.findall(simplified(found)) if len(line) in LENGTHS)
