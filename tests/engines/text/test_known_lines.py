"""Lines that a verse model was trained on are not written again, and nothing else changes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from app.engines.catalog import VERSE
from app.engines.engine import Content
from app.engines.text.known_lines import OTHERS, KnownLines, known_lines
from app.engines.text.verse import Verse
from app.engines.text.verse_form import VerseForm
from app.media.text.prosody.check import check_form
from tests.engines.text.test_verse import run, verse

__all__ = ["verse"]  # the tiny engine


def lines(contents: list[Content]) -> list[str]:
    return [line for content in contents for line in re.split("[，。\n]+", content.data.decode()) if line]


def test_what_would_complete_a_known_line_is_found() -> None:
    known = KnownLines.of(["床前明月光", "疑是地上霜", "床前明月夜"])
    characters = np.array([ord(char) for char in "光夜霜人"], np.uint64)
    assert known.completed("床前明月", characters).tolist() == [True, True, False, False]
    assert not known.completed("床前", characters).any()


@pytest.mark.parametrize(
    "line",
    [
        "关关雎鸠",  # the Book of Songs
        "长太息以掩涕兮",  # Chu Ci
        "对酒当歌",  # Cao Cao
        "秋风吹不尽",  # Li Bai, a poem of six lines
        "天生我材必有用",  # and a song of his
        "但愿人长久",  # Su Shi, a song
        "枯藤老树昏鸦",  # an aria
        "山一程",  # Nalan Xingde
        "离离原上草",  # eight lines, which the model has learned
    ],
)
def test_famous_lines_of_every_kind_of_verse_are_known(line: str) -> None:
    assert known_lines(VERSE).has(line)
    assert not known_lines(VERSE).has(line[:-1] + "龘")


def test_others_are_packed_and_unpacked() -> None:
    known = KnownLines(np.arange(1, 4_000_000, 997, dtype=np.uint32))
    assert np.array_equal(KnownLines.unpacked(known.packed()).hashes, known.hashes)
    assert len(KnownLines.unpacked(OTHERS.read_bytes()).hashes) > 1_500_000
    with pytest.raises(ValueError, match="too few"):
        KnownLines.of(["床前明月光", "疑是地上霜"]).packed()


def test_no_line_of_the_training_is_written_again(verse: Verse, tmp_path: Path) -> None:
    first = run(verse, seeds=(1, 2, 3), params={"drafts": 1})
    folder = tmp_path / "model"
    shutil.copytree(verse.folder, folder)
    assert not len(known_lines(folder, others=False).hashes)
    known_lines.cache_clear()
    KnownLines.of(lines(first)).save(folder)
    wary = Verse(folder)
    wary.load("cpu")
    again = run(wary, seeds=(1, 2, 3), params={"drafts": 1})
    assert not set(lines(first)) & set(lines(again))
    # Until a line is whole nothing was changed.
    assert [one[:4] for one in lines(first)[:1]] == [one[:4] for one in lines(again)[:1]]
    assert all(check_form(VerseForm.WUJUE.form, content.data.decode()).holds for content in again)
    # How likely a character was is told as before: leading away is no part of the model's opinion.
    assert first[0].tokens[0].logprob == again[0].tokens[0].logprob
