"""Where a page leaves out what is too much for it, the number that it tells is the number that is missing."""

from __future__ import annotations

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.models import Revision
from app.storage.db import Database
from app.web.routes import diffs
from tests.growing import Garden

JIG = "X:1\nM:6/8\nL:1/8\nK:D\n"


def shown(web: TestClient, path: str, start: str, end: str) -> str:
    """The part of a page from `start` to the next `end`; nothing where it is not there."""
    answer = web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    found = re.search(rf"{start}.*?{end}", answer.text, re.DOTALL)
    return unescape(found[0]) if found else ""


def told(part: str, sentence: str) -> int:
    """The number in the sentence; 0 where it is not said."""
    found = re.search(sentence, part)
    return int(found[1]) if found else 0


def line_of(garden: Garden, length: int) -> Revision:
    """The last of a line of `length` revisions, each made from the one before."""
    [last] = garden.grow()
    for _more in range(length - 1):
        [last] = garden.grow((last, "vary"))
    return last


@pytest.mark.parametrize("length", [2, 12, 13, 14, 15, 30])
def test_the_way_to_a_revision(web: TestClient, database: Database, length: int) -> None:
    with database.writing() as session:
        garden = Garden(session)
        last = line_of(garden, length)
        own, card = f"/revisions/{last.id}", f"/works/{garden.work.id}/lineage?at={last.number}"
    way = shown(web, own, '<nav class="way"', "</nav>")
    assert way.count('href="/revisions/') + told(way, r">\s*(\d+) more<") == length
    kin = shown(web, card, r"<h3>The way here", "</section>")
    assert kin.count("<a href=") + told(kin, r"The way here, (\d+) left out") == length


@pytest.mark.parametrize("count", [1, 23, 24, 25, 40])
def test_the_children_and_siblings_of_a_revision(web: TestClient, database: Database, count: int) -> None:
    with database.writing() as session:
        garden = Garden(session)
        [root] = garden.grow()
        children = garden.grow((root, "vary"), count=count)
        parent, child = (f"/works/{garden.work.id}/lineage?at={one.number}" for one in (root, children[0]))
    for path, name, there in ((parent, "Children", count), (child, "Siblings", count - 1)):
        kin = shown(web, path, f"<h3>{name}</h3>", "</section>")
        assert kin.count("<a href=") + told(kin, r"\+(\d+) more") == there, name


@pytest.mark.parametrize("changes", [0, 1, 3, 4, 7])
def test_the_changes_of_a_tune(web: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch, changes: int) -> None:
    monkeypatch.setattr(diffs, "TOLD", 3)
    bars = ["d2f afd", "Bcd e2f"] * 8
    changed = ["gfg dBG" if at % 2 and at < 2 * changes else bar for at, bar in enumerate(bars)]
    with database.writing() as session:
        garden = Garden(session)
        garden.work.medium = "music"
        [old] = garden.grow(text=JIG + "|".join(bars) + "|]")
        [new] = garden.grow((old, "vary"), text=JIG + "|".join(changed) + "|]")
        path = f"/revisions/{old.id}/diff/{new.id}"
    listed = shown(web, path, '<ol class="changes-of-tune"', "</ol>").count("<li ")
    page = shown(web, path, "<main", "</main>")
    assert listed + told(page, r"(\d+) more changes? (?:is|are) not told here") == changes
