"""Looking closer: the selected picture fills the window; by hand, by keys, by touch."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Example, Visit
from tests.browser.test_accessibility import AXE, violations
from tests.browser.test_phone import PHONE
from tests.browser.test_writing import HALF, VERSE, room
from tests.browser.window import button, finished, moved, revision_of, runs, shifts, until, variants
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


# Of each medium: the engine, and what of a revision's text is to be read in the lightbox.
READ = {"text": "fake-words", "music": "fake-notes"}


def made(studio: Running, medium: str, count: int = 3) -> tuple[str, list[str]]:
    """A work with one run, and the run's revisions."""
    work = studio.work(medium=medium)
    run = studio.make(work, "a quiet evening", engine=READ[medium], count=count)
    return work, [variant["id"] for variant in run["variants"]]


def read(page: Page, studio: Running, medium: str, revision: str) -> None:
    """The lightbox shows this revision, all of it."""
    if medium == "text":
        text = studio.http.get(f"/revisions/{revision}").json()["text"]
        until(page, lambda: looking(page).locator(".page-of-text").text_content() == text, "the text")
    else:
        expect(looking(page).locator(".score .abcjs-note").first).to_be_visible()
    expect(looking(page).locator("output")).to_have_text("100 %")


@pytest.mark.parametrize("medium", READ)
def test_texts_and_tunes_are_looked_at_by_the_same_keys(visit: Visit, studio: Running, medium: str) -> None:
    work, (first, second, _third) = made(studio, medium)
    page = visit(f"/works/{work}")
    card = page.locator(f"#variant-{first}"), page.locator(f"#variant-{second}")
    page.keyboard.press("1")
    expect(card[0].locator(".look")).to_be_focused()
    expect(looking(page)).to_have_count(0)  # the first press selects
    page.keyboard.press("Enter")
    read(page, studio, medium, first)
    expect(looking(page).get_by_role("heading")).to_have_text("Variant 1")
    page.keyboard.press("ArrowRight")
    read(page, studio, medium, second)
    expect(looking(page).get_by_role("heading")).to_have_text("Variant 2")
    for _press in range(2):
        page.keyboard.press("+")
    expect(looking(page).locator("output")).to_have_text("150 %")
    page.keyboard.press("0")
    read(page, studio, medium, second)
    zoomed = page.evaluate("performance.now()")
    page.keyboard.press("p")
    expect(button(looking(page), "Picked")).to_be_visible()
    assert studio.http.get(f"/revisions/{second}").json()["picked"]
    page.keyboard.press("p")
    expect(button(looking(page), "Pick")).to_be_visible()
    assert not [what for _much, what in moved(page, zoomed) if any("data-do" in one for one in what)]  # the stage may have
    page.keyboard.press("Escape")
    expect(looking(page)).to_have_count(0)
    expect(card[1].locator(".look")).to_be_focused()  # what was looked at last is selected
    expect(card[1].locator(".look")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("medium", READ)
def test_going_on_from_what_is_looked_at_leads_back_to_the_sheet(visit: Visit, studio: Running, medium: str) -> None:
    work, (_first, second, _third) = made(studio, medium)
    page = visit(f"/works/{work}")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    read(page, studio, medium, second)
    page.keyboard.press("o")
    expect(looking(page)).to_have_count(0)
    expect(page.locator("#base-named a")).to_have_attribute("href", f"/revisions/{second}")
    expect(page.locator("#sheet .cm-content" if medium == "text" else "#score")).to_be_focused()


def test_the_whole_text_around_a_line_is_read(visit: Visit, studio: Running) -> None:
    page = room(studio, visit, HALF, VERSE)
    page.locator("[data-write=line]").click()
    run = finished(page, count=8)
    third = run.get_by_role("article", name="Variant 3")
    revision = str(third.get_attribute("data-revision"))
    assert HALF.strip() not in (third.locator(".prose").text_content() or "")
    look = third.get_by_role("button", name="Select variant 3")
    look.click()
    look.click()
    read(page, studio, "text", revision)
    expect(looking(page).locator(".around").first).to_have_text(HALF.strip())


def test_a_text_says_in_words_that_it_can_be_read_large(visit: Visit, studio: Running) -> None:
    work, (_first, second, _third) = made(studio, "text")
    page = visit(f"/works/{work}")
    button(page, "Read variant 2 large").click()  # it is not selected yet
    read(page, studio, "text", second)
    expect(page.locator(f"#variant-{second} .look")).to_have_attribute("aria-pressed", "true")


def test_a_tune_that_is_looked_at_is_played(visit: Visit, studio: Running) -> None:
    work, (first, second, _third) = made(studio, "music")
    page = visit(f"/works/{work}")
    staves = page.locator(f"#variant-{first} .score")
    staves.click()
    expect(looking(page)).to_have_count(0)
    staves.click()
    read(page, studio, "music", first)
    page.keyboard.press("Space")
    play = button(looking(page), "Play")
    expect(play).to_have_attribute("aria-pressed", "true")
    expect(looking(page).locator(".score .sounding").first).to_be_attached()
    page.keyboard.press("ArrowRight")
    expect(play).to_have_attribute("aria-pressed", "false")  # another one is seen: what is heard is what is seen
    read(page, studio, "music", second)
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator(f"#variant-{second} .hear")).to_have_attribute("aria-pressed", "true")  # it sounds on
    expect(page.locator(f"#variant-{second} .score .sounding").first).to_be_attached()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("medium", READ)
def test_texts_and_tunes_on_a_phone(visit: Visit, studio: Running, medium: str, locale: str) -> None:
    work, (first, *_rest) = made(studio, medium)
    page = visit(f"/works/{work}", locale=locale, **PHONE)
    look = page.locator(f"#variant-{first} .look")
    look.tap()
    look.tap()
    read(page, studio, medium, first)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = "(one) => { const box = one.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth; }"
    assert all(one.evaluate(inside) for one in looking(page).get_by_role("button").all())
    assert looking(page).locator(".ground").evaluate("(one) => one.scrollWidth <= one.clientWidth")
    looking(page).locator("[data-do=after]").tap()
    expect(page.locator("#runs .look[aria-pressed=true]")).to_have_count(1)
    if not AXE.exists():
        pytest.skip("axe-core is not here (bin/test fetches it)")
    page.evaluate(AXE.read_text("utf-8"))
    assert violations(page) == []
