"""Looking closer: the selected picture fills the window; by hand, by keys, by touch."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Example, Visit
from tests.browser.test_phone import PHONE
from tests.browser.window import button, revision_of, runs, shifts, variants
from tests.running import Running


def looking(page: Page) -> Locator:
    """The open lightbox."""
    return page.locator("#lightbox[open]")


def shown(page: Page, revision: str) -> None:
    """It shows this revision's picture, whole."""
    expect(looking(page).locator("img")).to_have_attribute("src", re.compile(f"/revisions/{revision}/content$"))
    expect(looking(page).locator("output")).to_have_text("100 %")


def test_by_keys(visit: Visit, example: Example, studio: Running) -> None:
    page = visit(f"/works/{example.work}")
    run = runs(page).first
    first, second = (str(revision_of(variants(run).nth(at))["id"]) for at in (0, 1))
    page.keyboard.press("1")
    expect(looking(page)).to_have_count(0)  # the first press selects
    opened = page.evaluate("performance.now()")
    page.keyboard.press("Enter")
    shown(page, first)
    page.keyboard.press("ArrowRight")
    shown(page, second)
    for _press in range(2):
        page.keyboard.press("+")
    expect(looking(page).locator("output")).to_have_text("200 %")
    page.keyboard.press("0")
    shown(page, second)
    assert shifts(page, opened) == []
    page.keyboard.press("p")
    expect(button(looking(page), "Picked")).to_be_visible()
    page.keyboard.press("p")
    expect(button(looking(page), "Pick")).to_be_visible()
    page.keyboard.press("Escape")
    expect(looking(page)).to_have_count(0)
    expect(variants(run).nth(1).locator(".look")).to_be_focused()  # what was looked at last is selected
    expect(variants(run).nth(1).locator(".look")).to_have_attribute("aria-pressed", "true")
    assert not studio.http.get(f"/revisions/{second}").json()["picked"]


def test_what_is_on_the_stage_is_looked_at_by_hand(visit: Visit, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    page.locator("#base .look").click()  # it is selected from the first
    shown(page, example.refined[0])
    expect(button(looking(page), "Go on from here")).to_be_hidden()  # it is there already
    button(looking(page), "Larger").click()
    expect(looking(page).locator("output")).to_have_text("150 %")
    looking(page).get_by_role("button", name="Close").click()
    expect(looking(page)).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_on_a_phone(visit: Visit, example: Example, locale: str) -> None:
    page = visit(f"/works/{example.work}", locale=locale, **PHONE)
    look = page.locator("#runs .look").first
    look.tap()
    expect(looking(page)).to_have_count(0)
    look.tap()
    expect(looking(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = "(one) => { const box = one.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth; }"
    assert all(one.evaluate(inside) for one in looking(page).get_by_role("button").all())
    looking(page).locator("[data-do=after]").tap()
    expect(page.locator("#runs .look[aria-pressed=true]")).to_have_count(1)


@pytest.mark.parametrize("medium", ["image", "text"])
def test_a_phone_with_many_runs_is_short(visit: Visit, studio: Running, medium: str) -> None:
    work = studio.work(medium=medium)
    engine = {"image": "fake-slow", "text": "fake-words"}[medium]
    for _run in range(12):
        studio.make(work, "a red apple", engine=engine, count=4)
    page = visit(f"/works/{work}", **PHONE)
    page.wait_for_load_state("load")
    expect(page.locator("#runs > .run")).to_have_count(12)
    assert page.evaluate("document.documentElement.scrollHeight") < 6000
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
