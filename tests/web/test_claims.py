"""Sentences that claim something of a row, each against rows made to contradict it; and the list of all such sentences.

The list (claims.tsv) has each id that looks like a claim on the pages, and where it is contradicted; "-" says that it claims
nothing of a row (a heading, a control, a hint). A new id fails here until it was judged and, if it claims something,
contradicted.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

from app.brief import Medium
from app.engines.text.ranking import rankings
from app.media.text.prosody.asked import form_of
from app.models import Revision, Worker
from app.settings import ROOT
from app.storage.db import Database, now
from tests.growing import Garden

LIST = Path(__file__).with_name("claims.tsv")
CLAIMING = re.compile(
    r"\b(holds?|same|new|saved|ready|reads well|asked|full|shares?|close|chance|rhymes?|waits?|found|fits?|wrote|more|fewer"
    r"|further|unchanged|not a|nothing|changed|moved|gone|picked|alone|stays?|before it|next in|is there|not there|not read"
    r"|looked|judged|tonic|no longer|alike|as many|left out|differ|like it|longest|stopped|cut|on average)\b|✓|✗",
    re.IGNORECASE,
)
SHOWN = re.compile(
    r"templates/(revisions|lineage|generations|search|engine_room|works|projects|_how|_done)|app/web/done|prosody/(check|verse_)"
)
JIG = "X:1\nM:6/8\nL:1/8\nK:D\n|: d2f afd | Bcd e2f | gfe fed | d3 d3 :|\n"


def claiming() -> set[str]:
    """The ids of the pages' sentences that look like claims."""
    with (ROOT / "locale/zh_Hans/LC_MESSAGES/stemma.po").open("rb") as file:
        messages = [one for one in read_po(file, locale="zh_Hans") if one.id]
    ids = [(one.id if isinstance(one.id, str) else one.id[0], one.locations) for one in messages]
    return {id for id, places in ids if CLAIMING.search(id) and any(SHOWN.search(path) for path, _line in places)}


def judged() -> dict[str, str]:
    """Each id of the list, and the test that contradicts it."""
    lines = [line for line in LIST.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {id: where for id, _tab, where in (line.rpartition("\t") for line in lines)}


def test_each_sentence_that_claims_something_was_judged() -> None:
    found, listed = claiming(), set(judged())
    assert found - listed == set(), "new sentences: put them into claims.tsv"
    assert listed - found == set(), "sentences that are gone: take them out of claims.tsv"


def test_what_contradicts_a_claim_is_there() -> None:
    for id, where in judged().items():
        if where != "-":
            path, _colons, name = where.partition("::")
            assert f"def {name}(" in (ROOT / "tests" / path).read_text("utf-8"), id


def test_no_claim_is_left_open() -> None:
    assert [id for id, where in judged().items() if where == "?"] == []


def page(web: TestClient, path: str) -> str:
    """A page's words, as read."""
    answer = web.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def grown(database: Database, medium: Medium, verb: str = "create", **columns: Any) -> tuple[str, str]:
    """The bench of a work with one variant, and the variant's own page."""
    with database.writing() as session:
        garden = Garden(session)
        garden.work.medium = medium
        [one] = garden.grow(verb=verb, **columns)
        if one.generation:
            one.generation.verb = verb
        return f"/works/{garden.work.id}", f"/revisions/{one.id}"


def tune_facts(**more: Any) -> dict[str, Any]:
    """Facts of a tune that is as it was asked for."""
    return {"checks": {"parses": True, "bars_complete": True, "key": True, "metre": True}} | more


@pytest.mark.parametrize(
    ("prompt", "right"),
    [
        ("jig, 6/8, D major, bright, 4 bars", True),
        ("jig, 6/8, D major, bright, 4 bars, 72 beats a minute", True),
        ("jig, 6/8, D major, bright, 4 bars, 72 beats a minute, flute", True),
        ("jig, 6/8, D major, bright, 16 bars, 4 beats a minute", False),
    ],
)
def test_as_many_bars_as_asked_for(web: TestClient, database: Database, prompt: str, right: bool) -> None:
    bench, _own = grown(database, Medium.MUSIC, text=JIG, engine="tunes", facts_data=tune_facts(prompt=prompt))
    said = page(web, bench)
    assert ("every bar is full, as many as asked for" in said) is right
    assert ("not as many bars as asked for" in said) is not right


@pytest.mark.parametrize("bar", ["d2f afd d", "d2f"])
def test_a_bar_too_long_or_too_short_is_not_full(web: TestClient, database: Database, bar: str) -> None:
    text = JIG.replace("Bcd e2f", bar)
    facts = tune_facts() | {"checks": {"parses": True, "bars_complete": False, "key": True, "metre": True}}
    bench, own = grown(database, Medium.MUSIC, text=text, engine="tunes", facts_data=facts)
    assert "✗ bar 2 does not fit the metre" in page(web, own)
    assert "not every bar fits the metre" in page(web, bench)
    for said in (page(web, own), page(web, bench)):
        assert "every bar is full" not in said


def test_without_a_metre_no_bar_is_full(web: TestClient, database: Database) -> None:
    text = JIG.replace("M:6/8", "M:none")
    bench, own = grown(database, Medium.MUSIC, text=text, engine="tunes", facts_data=tune_facts())
    assert "every bar is full" not in page(web, own) + page(web, bench)


@pytest.mark.parametrize(
    ("bars", "own", "bench"),
    [
        (0.0, "New: shares no bar with a known tune.", "new"),
        (0.2, "New: shares at most 1 bar with “The Kesh”.", "new"),
        (1.4, "New: shares at most 2 bars with “The Kesh”.", "new"),
        (2.9, "New: shares at most 3 bars with “The Kesh”.", "new"),
        (3.0, "Shares 3 bars in a row with “The Kesh”.", "shares 3 bars with The Kesh"),
        (3.9, "Shares 3 bars in a row with “The Kesh”.", "shares 3 bars with The Kesh"),
    ],
)
def test_what_a_tune_shares(web: TestClient, database: Database, bars: float, own: str, bench: str) -> None:
    novelty = {"notes": 9, "bars": bars, "title": "The Kesh", "start": 0}
    pages = grown(database, Medium.MUSIC, text=JIG, engine="tunes", facts_data=tune_facts(novelty=novelty))
    assert own in page(web, pages[1])
    assert bench in page(web, pages[0])


@pytest.mark.parametrize(
    ("ranking", "said"),
    [
        ({"rhyme": 1.0}, {"✓ rhyme"}),
        ({"rhyme": 0.0}, {"✗ rhyme"}),
        ({"rhyme": 0.5}, set()),  # nobody can tell
        ({"tones": 0.75, "metre": 0.25}, {"✗ metre"}),
        ({"echo": 0.0, "even": 1.0}, set()),  # nothing was asked
        ({}, set()),
    ],
)
def test_a_line_is_marked_only_by_what_was_asked(
    web: TestClient, database: Database, ranking: dict[str, float], said: set[str]
) -> None:
    facts = {"ended": "end", "likelihood": -1.5, "rank": 1, "ranking": ranking}
    bench, _own = grown(database, Medium.TEXT, "line", text="The sea\nis grey", engine="smollm", facts_data=facts)
    words = page(web, bench)
    assert {mark for mark in ("✓ rhyme", "✗ rhyme", "✓ tones", "✗ tones", "✓ metre", "✗ metre") if mark in words} == said


def test_what_no_form_asks_for_is_not_marked() -> None:
    [free] = rankings(None, "The sea is grey\n", ["and far away\n"], [-1.0])
    assert set(free) == {"likelihood", "echo", "even", "freshness"}
    unrhymed = form_of({"preset": "haiku"})
    [haiku] = rankings(unrhymed, "An old silent pond\n", ["a frog jumps into the pond\n"], [-1.0])
    assert "rhyme" not in haiku
    rhymed = form_of({"language": "en", "lines": 2, "measure": [[3, 6]], "rhyme": "AA"})
    good, bad = rankings(rhymed, "The sea is grey\n", ["and far away\n", "and full of fish\n"], [-1.0, -1.0])
    assert good["rhyme"] == 1
    assert bad["rhyme"] < 0.5


def test_chance_alone(web: TestClient, database: Database) -> None:
    said = "The same parents, brief, engine and parameters: chance alone tells them apart."
    with database.writing() as session:
        garden = Garden(session)
        one, other = garden.grow(count=2, text="a")
        [here] = garden.grow((one, "vary"), text="b")
        [there] = garden.grow((other, "vary"), text="c")
        [same] = garden.grow((one, "vary"), text="d", seed=here.seed)
        ids = {name: str(found.id) for name, found in locals().items() if name in {"one", "other", "here", "there", "same"}}
    assert said in page(web, f"/revisions/{ids['one']}/diff/{ids['other']}")
    assert said not in page(web, f"/revisions/{ids['here']}/diff/{ids['there']}"), "of other parents"
    assert said not in page(web, f"/revisions/{ids['here']}/diff/{ids['same']}"), "with the same seed"
    assert said not in page(web, f"/revisions/{ids['one']}/diff/{ids['here']}"), "a parent and its child"


@pytest.mark.parametrize(
    ("ended", "said", "told"),
    [
        ("end", "", "its own end"),
        ("length", "longest asked for", "the length asked for"),
        ("stopped", "stopped", "a stop"),
    ],
)
def test_how_a_text_ended(web: TestClient, database: Database, ended: str, said: str, told: str) -> None:
    facts = {"ended": ended, "likelihood": -1.0}
    bench, own = grown(database, Medium.TEXT, text="Snow on the roof", engine="writer", facts_data=facts)
    with database.reading() as session:
        assert session.get_one(Revision, UUID(own.rpartition("/")[2])).facts.ended == ended
    shown = page(web, bench)
    for words in ("stopped", "longest asked for"):
        assert (f"{words} ·" in shown) is (words == said)
    recipe = page(web, own)
    for words in ("its own end", "the length asked for", "a stop"):
        assert (words in recipe) is (words == told)


def test_a_work_in_the_trash_says_so_and_no_other(web: TestClient, work: str) -> None:
    sentence = "This work is in the trash: it can be looked at, not changed."
    assert sentence not in page(web, f"/works/{work}")
    web.post(f"/works/{work}/trash")
    assert sentence in page(web, f"/works/{work}")
    assert web.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "a fox"}}).status_code == 409
    web.delete(f"/works/{work}/trash")
    assert sentence not in page(web, f"/works/{work}")


@pytest.mark.parametrize(
    ("state", "running"), [(None, False), ("gone", False), ("late", False), ("starting", True), ("idle", True), ("busy", True)]
)
def test_no_worker_is_running_only_where_none_is(
    web: TestClient, database: Database, work: str, state: str | None, running: bool
) -> None:
    if state:
        seen = now() - timedelta(minutes=5) if state == "late" else now()
        with database.writing() as session:
            row = Worker(id="w", name="w", device="cpu", state="idle" if state == "late" else state, seen_at=seen)
            session.add(row)
    bench, room = page(web, f"/works/{work}"), page(web, "/engine-room")
    assert ("No worker is running: what you ask for is kept and waits for one." in bench) is not running
    if state in {None, "gone"}:
        assert "No worker is running. What is asked for is kept" in room
    elif running:
        assert "No worker is running" not in room


def test_nothing_yet_until_something_has_ended(web: TestClient, database: Database, work: str) -> None:
    assert "Nothing yet." in page(web, "/engine-room")
    with database.writing() as session:
        garden = Garden(session)
        garden.grow()
    assert "Nothing yet." not in page(web, "/engine-room")
