"""More of the bench: runs of other windows, older runs, picks taken back, the way back to an earlier base, a locked seed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.web.routes.works import SHOWN
from tests.browser.conftest import Visit
from tests.browser.window import button, field, finished, follow, revision_of, runs, saved, shifts, until, variants, verbs
from tests.running import Running

QUICK: dict[str, Any] = {"engine": "fake-slow", "params": {"steps": 2, "seconds": 0.05}}  # what is made does not matter here


def bench(studio: Running, visit: Visit) -> Page:
    """A new work's bench with a quick engine."""
    work = studio.work()
    draft = {"version": 1, "brief": {"intent": "a red apple"}} | QUICK
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    return visit(f"/works/{work}")


def test_a_run_of_another_window_appears(visit: Visit, studio: Running) -> None:
    first = bench(studio, visit)
    second = visit(first.url)
    button(first, "Generate").click()
    finished(second)
    expect(finished(first)).to_be_visible()
    expect(runs(second)).to_have_count(1)


def test_older_runs_are_fetched(visit: Visit, studio: Running) -> None:
    work = studio.work()
    for _run in range(SHOWN + 2):
        studio.make(work, count=1, **QUICK)
    page = visit(f"/works/{work}")
    expect(runs(page)).to_have_count(SHOWN)
    page.get_by_role("link", name="Older variants").click()
    expect(runs(page)).to_have_count(SHOWN + 2)
    expect(page.get_by_role("link", name="Older variants")).to_have_count(0)


def test_a_pick_is_taken_back(visit: Visit, studio: Running) -> None:
    page = bench(studio, visit)
    button(page, "Generate").click()
    run = finished(page)
    variants(run).first.get_by_role("button", name="Select variant 1").click()
    page.keyboard.press("p")
    expect(button(run, "Picked")).to_have_count(1)
    page.keyboard.press("p")
    expect(button(run, "Picked")).to_have_count(0)
    page.reload()
    expect(button(finished(page), "Picked")).to_have_count(0)


def test_z_goes_back_to_the_previous_base(visit: Visit, studio: Running) -> None:
    page = bench(studio, visit)
    button(page, "Generate").click()
    run = finished(page)
    numbers = [revision_of(variants(run).nth(at))["number"] for at in (0, 1)]
    for at in (0, 1):
        variants(runs(page).first).nth(at).get_by_role("button", name=f"Select variant {at + 1}").click()
        follow(page, button(verbs(page), "Go on from here"))
        expect(page.get_by_role("figure")).to_contain_text(f"Revision {numbers[at]}")
    page.keyboard.press("z")
    expect(page.get_by_role("figure")).to_contain_text(f"Revision {numbers[0]}")


def test_a_locked_seed_makes_the_same_again(visit: Visit, studio: Running) -> None:
    page = bench(studio, visit)
    page.get_by_text("Engine and parameters").click()
    page.get_by_role("checkbox", name="Lock the seed").check()
    seed = page.get_by_role("spinbutton", name="Seed").input_value()
    assert re.fullmatch(r"\d+", seed)
    saved(page)
    for run in (1, 2):
        field(page, "Intent").press("Control+Enter")
        expect(runs(page)).to_have_count(run)
        finished(page)
    made = [studio.http.get(f"/revisions/{revision_of(variants(runs(page).nth(run)).nth(2))['id']}").json() for run in (0, 1)]
    assert [str(one["seed"]) for one in made] == [str(int(seed) + 2)] * 2
    assert made[0]["asset"]["sha256"] == made[1]["asset"]["sha256"]


# A tab in the background, or back in front: headless Chromium has no other way.
TURNED = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize(
    ("engine", "locale", "said"), [("fake-slow", "en-GB", "4 variants are there"), ("fake-broken", "zh-CN", "没有成功")]
)
def test_a_run_that_ends_in_a_background_tab_is_told_in_its_title(
    visit: Visit, studio: Running, engine: str, locale: str, said: str
) -> None:
    work = studio.work()
    page = visit(f"/works/{work}", locale=locale)
    title = page.title()
    studio.ask(work, "a red apple", engine=engine, params={"steps": 4, "seconds": 1}, count=4)
    expect(page.locator(".run")).to_have_count(1)
    page.evaluate(TURNED, True)
    expect(page).to_have_title(re.compile(f"{said}.* · {re.escape(title)}"))
    page.evaluate(TURNED, False)
    expect(page).to_have_title(title)
    expect(page.locator(".run[data-status=done], .run[data-status=failed]")).to_have_count(1)


def test_how_long_ago_a_run_ended_goes_on_and_moves_nothing(visit: Visit, studio: Running) -> None:
    page = bench(studio, visit)
    button(page, "Generate").click()
    time = finished(page).locator("time.state")
    placed = page.evaluate("performance.now()")
    expect(time).to_have_text(re.compile(r"^([3-9]|\d\d) seconds ago$"))
    assert shifts(page, placed + 500) == []


def test_each_choice_of_an_engine_keeps_its_own_answer(visit: Visit, studio: Running) -> None:
    """Radio buttons of one name are one choice to a browser: those of the engines that are not shown have other names."""
    page = visit(f"/works/{studio.work()}")
    page.get_by_text("Engine and parameters").click()
    engines = page.get_by_label("Engine", exact=True)
    sets = page.locator("fieldset[data-engine]:not([hidden])")
    for name in engines.locator("option").evaluate_all("all => all.map((one) => one.value)"):
        engines.select_option(name)
        for choice in sets.locator("fieldset:has([type=radio])").all():
            expect(choice.get_by_role("radio", checked=True)).to_have_count(1)
    engines.select_option("house")
    sets.get_by_text("3:4", exact=True).click()
    for name in ("composer", "house"):
        engines.select_option(name)
    expect(sets.get_by_role("radio", name="3:4")).to_be_checked()
    until(page, lambda: page.request.get(f"{page.url}/draft").json()["params"].get("aspect") == "3:4", "the draft")
