"""Sentences that claim something of a row, each against rows made to contradict it; and the list of all such sentences.

The list (claims.tsv) has each id that looks like a claim on the pages, and where it is contradicted; "-" says that it claims
nothing of a row (a heading, a control, a hint), "?" that nothing contradicts it yet. A new id fails here until it was judged.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

from app.brief import Medium
from app.engines.text.ranking import rankings
from app.media.text.prosody.asked import form_of
from app.settings import ROOT
from app.storage.db import Database
from tests.growing import Garden

OPEN = 31  # claims that nothing contradicts yet: this number only falls
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
        if where not in {"-", "?"}:
            path, _colons, name = where.partition("::")
            assert f"def {name}(" in (ROOT / "tests" / path).read_text("utf-8"), id


def test_no_more_claims_are_left_open() -> None:
    assert sum(where == "?" for where in judged().values()) <= OPEN


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
