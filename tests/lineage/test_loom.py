"""A loom keeps every text whole, says shared words once, follows the lineage, and is never slow."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.diff.words import first, joined, pieces, read, shared, words
from app.lineage.loom import Loom
from app.lineage.loom_texts import Strand, strands
from app.lineage.loom_view import PAGE, Bough, Frame, loom_pane, loom_view
from app.models import Revision
from app.storage.db import Database
from tests.growing import Garden

CHINESE = ["风", "月，", "落叶", "。\n", "秋", "谁", "楼，", "\n"]
ENGLISH = [" the", " wind,", " falls", ".\n", " a", " then", "\n", " it's"]
HOSTILE = ["e", "\u0301", "👩\u200d👧", "👍🏽", " ", "“", "”", "ไทย", "b ", "\U00020000"]


def strand(at: int, parent: int, text: str, role: str | None = None) -> Strand:
    return Strand(UUID(int=at), at + 1, parent, role, False, text)


def grown(seed: int, alphabet: list[str], count: int) -> list[Strand]:
    """Texts as an artist and a model make them: gone on with, branched, changed inside, cut, begun anew, said twice."""
    dice, made = random.Random(seed), list[Strand]()
    for at in range(count):
        new = "".join(dice.choice(alphabet) for _ in range(dice.randrange(1, 14)))
        parent = dice.randrange(-1, at) if at else -1
        if parent < 0:
            made.append(strand(at, -1, new))
            continue
        old, kind = made[parent].text, dice.random()
        start = dice.randrange(len(old) + 1)
        end = dice.randrange(start, len(old) + 1)
        text, role = next(
            (text, role)
            for bound, text, role in (
                (0.4, old + new, "continue"),
                (0.6, old[:start] + new, "branch"),
                (0.8, old[:start] + new + old[end:], "rewrite"),
                (0.85, old[:start] + old[end:], "edit"),
                (0.9, old[:start], "edit"),
                (0.95, old, "edit"),
                (1.0, new, "translate"),
            )
            if kind < bound
        )
        made.append(strand(at, parent, text, role))
    return made


@pytest.mark.parametrize("alphabet", [CHINESE, ENGLISH, HOSTILE], ids=["chinese", "english", "hostile"])
def test_every_text_is_read_back_from_its_path_and_shared_words_stand_once(alphabet: list[str]) -> None:
    for seed in range(250):
        made = grown(seed, alphabet, random.Random(seed).randrange(1, 40))
        loom = Loom(made)
        assert [loom.text(node) for node in loom.at] == [one.text for one in made]
        for at, node in enumerate(loom.nodes):
            assert len(loom.text(at)) == node.end
            runs = [loom.nodes[child].words for child in node.children if loom.nodes[child].run]
            assert len({first(run) for run in runs}) == len(runs), "two runs begin with the same word"
            assert all(loom.nodes[child].parent == at < child for child in node.children)
            assert not at or node.strands or len(node.children) > 1, "a run was parted for nothing"


def test_words_are_said_once_where_branches_share_them() -> None:
    lines = ["微风拂面过东楼，", "\n月满空庭夜未收。", "\n落叶无声水自流。", "\n一树寒声听不得，", "\n几处疏钟催客梦，"]
    made = [strand(0, -1, lines[0]), strand(1, 0, lines[0] + lines[1], "line"), strand(2, 0, lines[0] + lines[2], "line")]
    made += [strand(3, 1, made[1].text + lines[3], "line"), strand(4, 1, made[1].text + lines[4], "continue")]
    loom = Loom(made)
    assert sorted(node.words for node in loom.nodes[1:]) == sorted(lines)
    assert [loom.nodes[at].words for at in loom.path(loom.at[3])] == [lines[0], lines[1], lines[3]]


def test_a_branch_parts_where_its_token_was_chosen() -> None:
    made = [strand(0, -1, "The wind falls on the hill."), strand(1, 0, "The wind rises again.", "branch")]
    loom = Loom(made)
    assert [(node.words, node.strands) for node in loom.nodes[1:]] == [
        ("The wind", []),
        (" falls on the hill.", [0]),
        (" rises again.", [1]),
    ]


def test_roots_that_begin_alike_part_where_they_differ() -> None:
    loom = Loom([strand(0, -1, "秋风起"), strand(1, -1, "秋风落"), strand(2, -1, "月")])
    assert [node.words for node in loom.nodes[1:]] == ["秋风", "起", "落", "月"]


def test_a_rewrite_inside_keeps_what_stayed_and_hangs_from_its_parent() -> None:
    made = [
        strand(0, -1, "The quick brown fox jumps over the dog."),
        strand(1, 0, "The quick red fox jumps over the dog.", "rewrite"),
    ]
    loom = Loom(made)
    edit = loom.nodes[loom.at[1]]
    assert (edit.parent, edit.run, edit.words) == (loom.at[0], False, " red")
    onward = Loom([*made, strand(2, 1, made[1].text + " Then it rests.", "continue")])
    assert [onward.nodes[at].words for at in onward.path(onward.at[2])] == [made[0].text, " red", " Then it rests."]


def test_the_same_text_twice_is_one_node() -> None:
    loom = Loom([strand(0, -1, "月"), strand(1, 0, "月", "edit"), strand(2, -1, "月"), strand(3, 0, "", "edit")])
    assert loom.nodes[1].strands == [0, 1, 2]
    assert loom.text(loom.at[3]) == ""


def test_texts_part_neither_inside_words_nor_inside_characters() -> None:
    assert shared("walking", "walked") == 0
    assert shared("a walking", "a walked") == len("a")
    assert shared("cafe\u0301", "cafe") == 0
    assert shared("风👩\u200d👧", "风👩\u200d👦") == 1
    assert words("It's the wind, (again).\n月满") == ["It's", " the", " wind,", " (again).", "\n月", "满"]
    assert joined("“", "风")
    assert not joined("风", "“")


def test_pieces_tell_any_text_by_any_other() -> None:
    dice = random.Random(5)
    for _ in range(3000):
        old, new = ("".join(dice.choice(ENGLISH + HOSTILE) for _ in range(dice.randrange(14))) for _ in range(2))
        assert read(old, pieces(old, new)) == new
        assert (shared(old, new) > 0) == (bool(old) and bool(new) and first(old) == first(new))


def test_a_thousand_revisions_are_woven_within_a_second() -> None:
    made = grown(3, CHINESE + ENGLISH, 1000)
    fan = [strand(0, -1, "word " * 40), *(strand(at, 0, "word " * 40 + f"line {at} " * 9, "line") for at in range(1, 1000))]
    chain = [strand(at, at - 1, "word " * (at + 1), "line") for at in range(1000)]
    for one in (made, fan, chain):
        began = time.process_time()
        Loom(one)
        assert time.process_time() - began < 1


def test_long_texts_are_woven_in_linear_time() -> None:
    dice = random.Random(3)
    text = "".join(dice.choice("风花雪月山水夜雨春秋") for _ in range(200_000))
    made = [strand(at, at - 1, text[: 5000 * at] + "新字。" * at + text[5000 * at :], "edit") for at in range(20)]
    began = time.process_time()
    loom = Loom(made)
    assert time.process_time() - began < 2
    assert [loom.text(node) for node in loom.at] == [one.text for one in made]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def poem(session: Session) -> Garden:
    garden = Garden(session, "Autumn")
    garden.work.medium = "text"  # type: ignore[assignment]  # as the row has it
    return garden


def told(boughs: list[Bough]) -> list[object]:
    """Boughs as nested lists of their words."""
    return [["".join(text for _, text in bough.told), *told(bough.boughs)] for bough in boughs]


def test_a_view_shows_the_way_and_counts_what_it_folds(poem: Garden) -> None:
    [root] = poem.grow(text="秋")
    lines = poem.grow((root, "line"), count=8, picked=True)
    for at, line in enumerate(lines):
        line.text = f"秋\n{'一二三四五六七八'[at]}行"
    [last] = poem.grow((lines[4], "line"), text=f"{lines[4].text}\n完")
    view = loom_view(poem.session, poem.work, last, Frame(4, 2, 1, 4, 60, 3))
    assert told(view.boughs) == [["秋", ["一行"], ["二行"], ["五行", ["完"]]]]
    [top] = view.boughs
    assert top.boughs[-1].folded == 5
    assert top.boughs[-1].onward == lines[2].number
    assert [bough.way for bough in top.boughs] == [False, False, True]
    assert top.boughs[-1].boughs[0].here
    assert "".join(text for text, _ in view.reading) == last.text
    assert [text for text, new in view.reading if new] == ["\n完"]
    assert view.count == 10


def counted(boughs: list[Bough]) -> int:
    """How many revisions these boughs show or count."""
    return sum(len(one.strands) + one.folded + one.skipped + counted(one.boughs) for one in boughs)


@pytest.mark.parametrize("seed", range(10))
def test_a_view_shows_or_counts_every_revision_once(poem: Garden, seed: int) -> None:
    dice, revisions = random.Random(seed), list[Revision]()
    for one in grown(seed, CHINESE, dice.randrange(1, 60)):
        parents = [(revisions[one.parent], str(one.role))] if one.parent >= 0 else []
        revisions += poem.grow(*parents, text=one.text)
    for base in [None, *dice.sample(revisions, min(8, len(revisions)))]:
        for view in (loom_pane(poem.session, poem.work, base), loom_view(poem.session, poem.work, base)):
            assert counted(view.boughs) + view.left_out == view.count == len(revisions)


def test_a_long_way_is_folded_in_its_middle(poem: Garden) -> None:
    line = None
    for at in range(30):
        text = (line.text or "" if line else "") + f" word{at}"
        [line] = poem.grow(*([(line, "continue")] if line else []), text=text)
    view = loom_pane(poem.session, poem.work, line)
    [root] = view.boughs
    [jump] = root.boughs
    assert (root.told[0][1], jump.told[0][1], jump.skipped) == ("word0", "word26", 25)
    assert view.reading[0][0] + view.reading[1][0] == line.text  # type: ignore[union-attr]  # thirty were made


def test_forks_that_are_folded_leave_their_words_on_the_way(poem: Garden) -> None:
    [first] = poem.grow(text="秋风吹雨落梧桐，万里秋声到枕中。")
    for text in ("秋来", "秋风吹叶", "秋风吹雨落花", "秋风吹雨落梧桐，千里", "秋风吹雨落梧桐，万里秋声一夜"):
        poem.grow((first, "vary"), text=text)
    [root] = loom_pane(poem.session, poem.work, first).boughs
    way, read = root, ""
    while True:
        read += "".join(text for _kind, text in way.told)
        onward = [bough for bough in way.boughs if bough.way]
        if not onward:
            break
        [way] = onward
    assert way.here
    assert read == first.text


def test_without_a_base_the_latest_pick_is_in_the_middle(poem: Garden) -> None:
    assert loom_pane(poem.session, poem.work, None).here is None
    [root] = poem.grow(text="秋")
    poem.grow((root, "continue"), text="秋风", picked=True)
    poem.grow((root, "continue"), text="秋雨")
    here = loom_pane(poem.session, poem.work, None).here
    assert here
    assert here.text == "秋风"


def test_bounds_hold_and_what_is_left_out_is_counted(poem: Garden) -> None:
    [line] = poem.grow(text="秋")
    for at in range(20):
        [line] = poem.grow((line, "continue"), text=f"{line.text}，{at}")
    found, left_out = strands(poem.session, poem.work, 5, most=7)
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6, 7]
    assert left_out == 14
    found, left_out = strands(poem.session, poem.work, 21, letters=60)
    assert found[-1].number == 21
    assert sum(len(one.text) for one in found) <= 60
    assert len(found) + left_out == 21
    view = loom_view(poem.session, poem.work, line, PAGE, most=3)
    assert (view.left_out, view.count) == (18, 21)
