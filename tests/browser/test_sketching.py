"""Live drafting: the stage follows what is written; the sketch that is liked is finished."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import field, finished, runs, variants, verbs
from tests.running import Running


def test_the_stage_follows_the_words_and_a_sketch_is_finished(visit: Visit, studio: Running) -> None:
    work = studio.work()
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "engine": "house"}).raise_for_status()
    page = visit(f"/works/{work}")
    switch = page.get_by_role("switch", name="Sketch while I write")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(runs(page)).to_have_count(0)  # nothing is written yet

    field(page, "Intent").press_sequentially("a red heart", delay=20)
    expect(runs(page)).to_have_count(1)
    finished(page)
    field(page, "Intent").fill("a blue heart")
    expect(runs(page)).to_have_count(2)
    newest = finished(page)
    expect(newest.get_by_text("sketch", exact=True)).to_be_visible()
    expect(runs(page).nth(1).get_by_role("article")).to_have_count(4)  # the earlier ones are kept, small

    variants(newest).nth(1).get_by_role("button", name="Select variant 2").click()
    finish = verbs(page).get_by_role("button", name=re.compile("^Finish"))
    expect(finish).to_be_visible()
    page.keyboard.press("Shift+F")
    expect(runs(page)).to_have_count(3)
    finished(page, count=1)

    whole, blue, red = studio.http.get(f"/works/{work}/generations").json()["items"]
    assert [one["params"]["pace"] for one in (whole, blue, red)] == ["full", "sketch", "sketch"]
    assert blue["seed"] == red["seed"], "the words changed the picture, not chance"
    assert (whole["verb"], int(whole["seed"])) == ("finish", int(blue["seed"]) + 1)


def test_the_composer_draws_what_is_written_without_a_pace_for_it(visit: Visit, studio: Running) -> None:
    page = visit(f"/works/{studio.work()}")
    page.get_by_role("switch", name="Sketch while I write").click()
    for number, words in enumerate(("a red fox", "a red fox in the snow"), 1):
        field(page, "Intent").fill(words)
        expect(runs(page)).to_have_count(number)
        finished(page)


def test_the_key_switches_it_off_and_nothing_more_is_asked(visit: Visit, studio: Running) -> None:
    work = studio.work()
    page = visit(f"/works/{work}")
    page.keyboard.press("Escape")  # the caret of a new work is in its intent
    page.keyboard.press("s")
    switch = page.get_by_role("switch", name="Sketch while I write")
    expect(switch).to_have_attribute("aria-checked", "true")
    page.keyboard.press("s")
    expect(switch).to_have_attribute("aria-checked", "false")
    field(page, "Intent").fill("a red heart")
    page.wait_for_timeout(1500)  # nothing is to be asked
    expect(runs(page)).to_have_count(0)
