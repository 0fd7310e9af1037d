"""A lineage is told whole, laid out without overlaps, folded by its rules, and never slow."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.errors import NotFoundError
from app.lineage.graph import counts, graph, layout, pane, version
from app.lineage.relatives import near, numbered, path_to
from app.lineage.tree_layout import SIBLING, contour, descendants
from app.models import Artist, Generation, GenerationParent
from app.settings import Settings
from app.storage.db import Database
from app.storage.migrations import migrate
from tests.growing import Garden


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def garden(session: Session) -> Garden:
    return Garden(session)


def shapes() -> Iterator[list[int]]:
    """First parents of many forests: chains, fans, and whatever the dice say."""
    yield from ([], [-1], [-1, -1], [-1, 0, 1, 2], [-1, 0, 0, 0], [-1, 0, 0, 1, 1, 2, 2, -1, 7])
    dice = random.Random(11)
    for _ in range(120):
        yield [dice.randrange(-1, at) if dice.random() < 0.97 or not at else -1 for at in range(dice.randrange(1, 60))]


@pytest.mark.parametrize("first", list(shapes()))
def test_a_drawing_is_tidy(first: list[int]) -> None:
    x, depth = contour(first)
    levels, children = defaultdict(list), defaultdict(list)
    for node, parent in enumerate(first):
        levels[depth[node]].append(x[node])
        children[parent].append(node)
        assert depth[node] == (depth[parent] + 1 if parent >= 0 else 0)
    for level in levels.values():
        level.sort()
        assert all(b - a >= SIBLING - 1e-9 for a, b in pairwise(level)), "two nodes overlap"
    for parent, below in children.items():
        assert [x[node] for node in below] == sorted(x[node] for node in below), "children change their order"
        if parent >= 0:
            assert x[parent] == pytest.approx((x[below[0]] + x[below[-1]]) / 2), "a parent stands aside"
    assert min(x, default=0) == pytest.approx(0)


def test_the_layout_takes_linear_time_even_for_a_chain() -> None:
    began = time.process_time()
    contour([-1, *range(19_999)])
    assert time.process_time() - began < 2  # copying the outline at each of 20,000 levels took 15 s


def test_descendants_are_counted() -> None:
    assert descendants([-1, 0, 0, 1, 3]) == [4, 2, 0, 1, 0]


def test_the_graph_is_whole_and_names_roles(garden: Garden) -> None:
    [root] = garden.grow(picked=True)
    variants = garden.grow((root, "vary"), count=3, strength="subtle")
    [blend] = garden.grow((variants[0], "blend"), (variants[2], "blend"))
    told = graph(garden.session, garden.work, garden.artist)
    assert [node["number"] for node in told["nodes"]] == [1, 2, 3, 4, 5]
    assert told["nodes"][0]["picked"]
    assert not told["nodes"][1]["picked"]
    assert told["nodes"][1] | {"verb": "vary", "strength": "subtle", "seed": 100, "engine": "house"} == told["nodes"][1]
    edges = {(edge["child"], edge["parent"], edge["role"]) for edge in told["edges"]}
    assert edges == {(str(v.id), str(root.id), "vary") for v in variants} | {
        (str(blend.id), str(variants[0].id), "blend"),
        (str(blend.id), str(variants[2].id), "blend"),
    }


def test_a_parent_in_another_work_is_told_as_foreign(garden: Garden) -> None:
    poem = Garden(garden.session, "Poem")
    [verse] = poem.grow()
    [picture] = garden.grow((verse, "inspire"))
    told = graph(garden.session, garden.work, garden.artist)
    assert [(node["id"], node["foreign"], node["work"]) for node in told["nodes"]] == [
        (str(verse.id), True, str(poem.work.id)),
        (str(picture.id), False, str(garden.work.id)),
    ]
    drawn = layout(garden.session, garden.work, garden.artist)
    assert (drawn["foreign"], drawn["first"], drawn["y"]) == (1, [-1, 0], [0, 1])


def test_another_artists_revision_is_not_told(garden: Garden) -> None:
    stranger = Artist(name="stranger")
    garden.session.add(stranger)
    garden.session.flush()
    [secret] = Garden(garden.session, "Secret", stranger).grow()
    [mine] = garden.grow((secret, "inspire"))
    told = graph(garden.session, garden.work, garden.artist)
    assert [node["id"] for node in told["nodes"]] == [str(mine.id)]
    assert told["edges"] == []
    assert layout(garden.session, garden.work, garden.artist)["first"] == [-1]


def test_the_layout_says_the_same_as_the_graph(garden: Garden) -> None:
    garden.forest(200)
    told, drawn = graph(garden.session, garden.work, garden.artist), layout(garden.session, garden.work, garden.artist)
    ids = [drawn["id"][at : at + 32] for at in range(0, len(drawn["id"]), 32)]
    assert ids == [node["id"].replace("-", "") for node in told["nodes"]]
    edges = {(ids[child], ids[parent]) for child, parent in enumerate(drawn["first"]) if parent >= 0}
    assert edges == {(e["child"].replace("-", ""), e["parent"].replace("-", "")) for e in told["edges"]}
    assert drawn["picked"] == [at for at, node in enumerate(told["nodes"]) if node["picked"]]
    assert {drawn["roles"][role] for role in drawn["role"] if role >= 0} == {"vary"}
    assert len(drawn["colour"]) == 6 * len(ids)


def test_unpicked_variants_without_children_fold_into_their_sibling(garden: Garden) -> None:
    [root] = garden.grow(picked=True)
    first = garden.grow((root, "vary"), count=4, picked=True)
    second = garden.grow((first[0], "refine"), count=4)
    garden.grow((second[2], "refine"), count=3)  # nobody picked any of these, so all stay
    drawn = layout(garden.session, garden.work, garden.artist, fold=True)
    assert drawn["number"] == [1, 2, 8, 10, 11, 12]
    assert dict(zip(drawn["folded"][::2], drawn["folded"][1::2], strict=True)) == {1: 3, 2: 3}
    assert drawn["weight"][0] == 11  # a stem stays as thick as all that grew
    opened = layout(garden.session, garden.work, garden.artist, fold=True, unfolded={3})
    assert opened["number"] == [1, 2, 3, 4, 5, 8, 10, 11, 12]
    whole = layout(garden.session, garden.work, garden.artist)
    assert whole["number"] == list(range(1, 13))
    assert whole["folded"] == []


def test_a_second_parent_is_held_and_hidden_foreigners_go(garden: Garden) -> None:
    [elsewhere] = Garden(garden.session, "Poem").grow()
    variants = garden.grow(count=4, picked=True)
    garden.grow((variants[0], "blend"), (variants[3], "blend"))
    inspired = garden.grow((variants[0], "inspire"), (elsewhere, "inspire"), count=2, picked=True)
    drawn = layout(garden.session, garden.work, garden.artist, fold=True)
    assert drawn["number"] == [1, 1, 4, 5, 6]  # a foreign one first; 2, 3 and 7 are folded
    child, parent, role = drawn["more"][:3]
    assert (drawn["number"][child], drawn["number"][parent], drawn["roles"][role]) == (5, 4, "blend")
    inspired[0].unpick(by=garden.artist)
    garden.grow((inspired[1], "vary"))
    numbers = layout(garden.session, garden.work, garden.artist, fold=True)
    assert numbers["foreign"] == 1


def test_the_mark_changes_with_every_revision_and_pick(garden: Garden) -> None:
    marks = [version(garden.session, garden.work, garden.artist)]
    [one, two] = garden.grow(count=2)
    marks.append(version(garden.session, garden.work, garden.artist))
    one.pick(by=garden.artist)
    garden.session.flush()
    marks.append(version(garden.session, garden.work, garden.artist))
    one.unpick(by=garden.artist)
    two.pick(by=garden.artist)
    garden.session.flush()
    marks.append(version(garden.session, garden.work, garden.artist))
    assert len(set(marks)) == len(marks)
    assert version(garden.session, garden.work, garden.artist) == marks[-1]
    assert counts(garden.session, garden.work) == (2, 1)


def test_the_way_and_the_kin(garden: Garden) -> None:
    [at] = garden.grow()
    for _ in range(20):
        at, *_ = garden.grow((at, "refine"), count=2)
    path, left_out = path_to(garden.session, at, last=5)
    assert ([kin.number for kin in path], left_out) == ([1, 32, 34, 36, 38, 40], 15)
    around = near(garden.session, at)
    assert [kin.number for kin in around.siblings] == [41]
    assert around.children == []
    assert numbered(garden.session, garden.work, 40) is at
    with pytest.raises(NotFoundError):
        numbered(garden.session, garden.work, 99)


def test_the_pane_shows_the_way_to_the_base_and_stays_small(garden: Garden) -> None:
    assert pane(garden.session, garden.work, None).nodes == []
    garden.forest(400)
    base = numbered(garden.session, garden.work, 390)
    drawn = pane(garden.session, garden.work, base)
    path, left_out = path_to(garden.session, base, last=5)
    assert [node.kin.number for node in drawn.nodes if node.on_way] == [kin.number for kin in path]
    assert [node.kin.number for node in drawn.nodes if node.here] == [390]
    assert sum(stem.skips.count for stem in drawn.stems) >= left_out > 0
    assert len(drawn.nodes) <= 26
    assert all(node.size / 2 <= node.x <= drawn.width - node.size / 2 for node in drawn.nodes)
    root = drawn.nodes[0]
    assert root.y == max(node.y for node in drawn.nodes)  # it grows upwards


@pytest.mark.parametrize("seed", range(12))
def test_the_pane_shows_or_counts_every_revision_once(garden: Garden, seed: int) -> None:
    dice, [root] = random.Random(seed), garden.grow()
    grown, elsewhere = [root], Garden(garden.session, "Poem").grow()
    for _run in range(dice.randrange(1, 14)):
        parents = [] if dice.random() < 0.15 else [(dice.choice(elsewhere if dice.random() < 0.1 else grown[-9:]), "vary")]
        grown += garden.grow(*parents, count=dice.randrange(1, 5), picked=dice.random() < 0.5)
    own = {one.id for one in grown}
    for base in [None, *dice.sample(grown, min(8, len(grown)))]:
        drawn = pane(garden.session, garden.work, base)
        shown = [node.kin.id for node in drawn.nodes if node.kin.id in own]
        assert len(shown) == len(set(shown))
        counted = [*(node.folded for node in drawn.nodes), *(stem.skips for stem in drawn.stems), drawn.elsewhere]
        assert len(shown) + sum(one.count for one in counted) == len(grown)
        by_id = {one.number: one.id for one in grown}
        assert all(by_id[one.newest] not in shown for one in counted if one.count), "a count leads to what is shown"


def test_what_grew_from_an_unpicked_variant_is_counted_where_it_hangs(garden: Garden) -> None:
    [root] = garden.grow(picked=True)
    varied = garden.grow((root, "vary"), count=4)
    garden.grow((varied[3], "reroll"), count=4)
    drawn = pane(garden.session, garden.work, root)
    assert {node.kin.number: node.folded.count for node in drawn.nodes} == {1: 0, 2: 0, 3: 0, 4: 0, 5: 4}
    garden.grow(count=2)
    assert pane(garden.session, garden.work, root).elsewhere.count == 2


def test_ten_thousand_revisions_are_no_burden(garden: Garden) -> None:
    garden.forest(10_000)
    began = time.process_time()
    drawn = layout(garden.session, garden.work, garden.artist, fold=True)
    assert time.process_time() - began < 1.5  # about 0.12 s when nothing else runs; `stemma bench` measures
    assert 0 < len(drawn["number"]) < 10_000
    began = time.process_time()
    assert len(graph(garden.session, garden.work, garden.artist)["nodes"]) == 10_000
    assert time.process_time() - began < 1.5


@pytest.mark.postgres
def test_postgresql_tells_the_same(postgres: Callable[[], str], tmp_path: Path) -> None:
    database = Database(Settings(data=tmp_path, database=postgres()))
    migrate(database.engine)
    with database.writing() as session:
        garden = Garden(session)
        [root] = garden.grow(picked=True)
        garden.grow((root, "vary"), count=4, picked=True)
        told, drawn = graph(session, garden.work, garden.artist), layout(session, garden.work, garden.artist, fold=True)
        assert [node["number"] for node in told["nodes"]] == [1, 2, 3, 4, 5]
        assert told["nodes"][0]["id"] == str(root.id)
        assert told["nodes"][0]["created_at"].endswith("Z")
        assert {edge["parent"] for edge in told["edges"]} == {str(root.id)}
        assert drawn["number"] == [1, 2]
        assert drawn["id"].startswith(root.id.hex)
        assert len(pane(session, garden.work, root).nodes) == 5
        before = version(session, garden.work, garden.artist)
        garden.grow((root, "vary"))
        assert version(session, garden.work, garden.artist) != before
    database.close()


def test_the_pane_shows_what_is_coming(garden: Garden) -> None:
    [root] = garden.grow(picked=True)
    waiting = Generation(work=garden.work, artist_id=garden.artist.id, verb="vary", engine="house", seed=1, count=3)
    waiting.parents.append(GenerationParent(revision_id=root.id, role="vary", position=0))
    garden.session.add(waiting)
    garden.session.flush()
    [sprout] = pane(garden.session, garden.work, root).sprouts
    assert (sprout.count, sprout.x) == (3, pane(garden.session, garden.work, root).nodes[0].x)
    waiting.cancel(garden.artist)
    garden.session.flush()
    assert pane(garden.session, garden.work, root).sprouts == []
