"""Comments on later revisions: over random chains of edits each is carried to the same words, bars or pixels, or listed."""

from __future__ import annotations

import io
import random
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from app.lineage.carried import Standing, carried_bars, carried_range, told
from app.lineage.pinning import quote_of
from app.media.pin import Pin
from app.settings import Settings
from app.storage.db import Database
from app.storage.store import Store
from tests.attacks.atelier import Atelier, picture
from tests.growing import Garden

WORDS = ["gull", "harbour", "lantern", "rain", "海", "鸥", "灯", "amber", "north", "window", "salt", "bell"]
CHAINS = 1_000


def sentence(dice: random.Random, words: int) -> str:
    return " ".join(f"{dice.choice(WORDS)}{dice.randrange(10_000)}" for _ in range(words)) + ". "


class Chain:
    """A text that is edited again and again; where the words of a comment lie is followed beside it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.text = "".join(sentence(self.dice, self.dice.randint(3, 9)) for _ in range(self.dice.randint(3, 12)))
        start = self.dice.randrange(len(self.text) - 12)
        self.first, self.place = self.text, (start, start + self.dice.randint(4, 12))
        self.now: tuple[int, int] | None = self.place

    def edit(self) -> None:
        """Put in, take out or write anew a piece somewhere."""
        at = self.dice.randrange(len(self.text))
        gone = self.dice.choice((0, self.dice.randint(1, 40)))
        come = sentence(self.dice, self.dice.randint(1, 4)) if self.dice.random() < 0.7 or not gone else ""
        end = min(len(self.text), at + gone)
        self.text = self.text[:at] + come + self.text[end:]
        if self.now is not None and at < self.now[1] and end > self.now[0]:
            self.now = None
        elif self.now is not None and end <= self.now[0]:
            by = len(come) - (end - at)
            self.now = (self.now[0] + by, self.now[1] + by)


def test_a_range_is_carried_to_its_own_words_or_not_at_all() -> None:
    carried = untouched = 0
    for seed in range(CHAINS):
        chain = Chain(seed)
        for _edit in range(chain.dice.randint(0, 5)):
            chain.edit()
        found = carried_range(chain.first, chain.text, chain.place)
        untouched += chain.now is not None
        if found is not None:
            assert chain.text[slice(*found)] == chain.first[slice(*chain.place)], seed
        if chain.now is not None and found is not None:
            assert found == chain.now, seed
            carried += 1
    assert untouched > CHAINS / 3
    assert carried / untouched > 0.95


def tune(bars: list[str]) -> str:
    return "X:1\nT:Test\nM:4/4\nL:1/4\nK:C\n" + "|".join(bars) + "|\n"


def test_bars_are_carried_to_bars_that_sound_the_same() -> None:
    carried = 0
    for seed in range(100):
        dice = random.Random(seed)
        bar = lambda dice=dice: "".join(dice.choice("CDEFGABcdefg") for _ in range(4))  # noqa: E731 (four notes)
        bars = [bar() for _ in range(8)]
        first = dice.randint(1, 7)
        place = (first, dice.randint(first, 8))
        changed = list(bars)
        for _edit in range(dice.randint(0, 2)):
            at = dice.randrange(len(changed))
            changed[at : at + dice.randint(0, 1)] = [bar()]
        found = carried_bars(tune(bars), tune(changed), place)
        if found is not None:
            carried += 1
            assert changed[found[0] - 1 : found[1]] == bars[place[0] - 1 : place[1]], seed
        elif changed == bars:
            raise AssertionError(seed)
    assert carried > 50


def test_no_thread_is_lost_over_a_chain(database: Database, config: Settings) -> None:
    """Each revision tells all that is open above it, its own in their places."""
    with database.writing() as session:
        garden = Garden(session, "Chain")
        garden.work.medium = "text"  # type: ignore[assignment]  # a word of it
        chain, [revision] = Chain(7), garden.grow(text=Chain(7).text)
        for step in range(25):
            quote = random.Random(step).randrange(len(chain.text) - 8)
            garden.artist.comments.add(revision, f"Comment {step}", Pin(range=(quote, quote + 8)) if step % 3 else None)
            chain.edit()
            [revision] = garden.grow((revision, "edit"), text=chain.text)
            found = told(garden.artist.comments, revision, Store(config.data))
            assert len({one.thread.first.id for one in found}) == len(found) == step + 1
            for one in found:
                if one.standing == Standing.CARRIED:
                    assert one.pin is not None
                    before = quote_of(one.thread.first.revision, one.thread.first.pin)
                    assert quote_of(revision, one.pin) == before
        assert any(one.standing == Standing.CARRIED for one in found)
        assert any(one.standing == Standing.EARLIER for one in found)


def said(web: TestClient, revision: str, **place: Any) -> None:
    web.post(f"/revisions/{revision}/comments", json={"body": "This", "place": place or None}).raise_for_status()


def standings(web: TestClient, revision: str) -> list[str]:
    return [one["standing"] for one in web.get(f"/revisions/{revision}/comments").json()["items"]]


def test_a_place_in_a_picture_is_carried_where_nothing_was_painted_over(atelier: Atelier, web: TestClient) -> None:
    root = atelier.bring(atelier.work(), "fox.png", picture())
    said(web, root, point=[2, 2])
    said(web, root, box=[10, 10, 20, 20])
    said(web, root)
    grey = Image.new("L", (64, 48))
    grey.paste(255, (16, 12, 48, 36))
    out = io.BytesIO()
    grey.save(out, "PNG")
    work = web.get(f"/revisions/{root}").json()["work"]
    given = {"data": {"revision": root}, "files": {"file": ("mask.png", out.getvalue())}}
    mask = web.post(f"/works/{work}/masks", **given).json()["id"]
    made = atelier.make(work, verb="inpaint", parents=[{"revision": root}], mask=mask)
    child = web.get(f"/generations/{made}").json()["variants"][0]["id"]
    assert standings(web, child) == ["carried", "earlier", "earlier"]
    page = web.get(f"/revisions/{child}", headers={"Accept": "text/html"}).text
    assert "on revision 1" in page
    assert f"?method=DELETE&amp;at={child}" in page
    first = web.get(f"/revisions/{child}/comments").json()["items"][0]
    form = {"HX-Request": "true", "Accept": "text/html"}
    answered = web.post(f"/comments/{first['id']}/replies?at={child}", data={"body": "Still so"}, headers=form).text
    assert f'data-revision="{child}"' in answered
    assert "Still so" in answered
    web.post(f"/comments/{first['id']}/resolution").raise_for_status()
    assert standings(web, child) == ["earlier", "earlier"]  # what is done with stays where it was
    assert standings(web, root) == ["own", "own", "own"]
