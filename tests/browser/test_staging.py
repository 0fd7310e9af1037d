"""Picking puts what is picked on the stage, and taking the pick back takes that back; nobody's words are replaced by it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_inpaint import canvas, covered, drag
from tests.browser.window import button, field, moved, saved, until
from tests.running import Running

ENGINES = {"image": "fake-slow", "text": "fake-words", "music": "fake-notes"}
OWN = {"text": "My own words.", "music": "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|]"}


def made(studio: Running, medium: str) -> tuple[str, list[str]]:
    """A work with one run and nothing on its stage, and the run's revisions."""
    work = studio.work(medium=medium)
    run = studio.make(work, "a quiet evening", engine=ENGINES[medium], count=3)
    return work, [variant["id"] for variant in run["variants"]]


def draft(studio: Running, work: str) -> dict[str, Any]:
    """As the studio has it."""
    found: dict[str, Any] = studio.http.get(f"/works/{work}/draft").raise_for_status().json()
    return found


def stands(page: Page, studio: Running, work: str, base: str | None, text: str | None) -> None:
    """This revision lies on the stage, with this text, and the studio has it so."""
    until(page, lambda: draft(studio, work)["base"] == base, f"the base {base}")
    until(page, lambda: (draft(studio, work)["text"] or "") == (text or ""), f"the text {text!r}")
    expect(page.locator("#brief")).to_have_attribute("data-base", base or "")


def text_of(studio: Running, revision: str) -> str | None:
    """What it says; nothing of a picture."""
    text: str | None = studio.http.get(f"/revisions/{revision}").raise_for_status().json()["text"]
    return text


def told(page: Page, words: str) -> None:
    """The message says it."""
    expect(page.locator("#done")).to_contain_text(words)


@pytest.mark.parametrize("medium", ENGINES)
def test_a_pick_lies_on_the_stage_and_is_undone_with_it(visit: Visit, studio: Running, medium: str) -> None:
    work, (first, second, _third) = made(studio, medium)
    page = visit(f"/works/{work}")
    field(page, "Intent").fill("quite another evening")
    saved(page)
    page.evaluate("window.same = true")
    for revision in (first, second):
        button(page.locator(f"#variant-{revision}"), "Pick").click()
        stands(page, studio, work, revision, text_of(studio, revision))
        told(page, "is picked and on the s")
        expect(button(page.locator(f"#variant-{revision}"), "Picked")).to_be_visible()
    if medium == "image":
        expect(page.locator("#base")).to_have_attribute("data-revision", second)
        expect(page.locator("#base .seal")).to_be_visible()
    button(page.locator("#done"), "Undo").click()
    expect(button(page.locator(f"#variant-{second}"), "Pick")).to_be_visible()
    stands(page, studio, work, first, text_of(studio, first))  # what lay there before
    expect(button(page.locator(f"#variant-{first}"), "Picked")).to_be_visible()
    expect(field(page, "Intent")).to_have_value("quite another evening")
    assert page.evaluate("window.same"), "the page was loaded anew"
    saved(page)
    page.keyboard.press("3")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("z")  # the way back knows of picks


@pytest.mark.parametrize("medium", ENGINES)
def test_a_first_pick_taken_back_leaves_the_stage_as_it_was(visit: Visit, studio: Running, medium: str) -> None:
    work, (first, *_rest) = made(studio, medium)
    page = visit(f"/works/{work}")
    card = page.locator(f"#variant-{first}")
    page.keyboard.press("1")
    page.keyboard.press("p")
    stands(page, studio, work, first, text_of(studio, first))
    if medium == "image":
        expect(page.locator("#base")).to_have_attribute("data-revision", first)
        expect(card).to_be_in_viewport()
        expect(page.locator("#brief [data-verb=refine]")).not_to_have_attribute("aria-disabled", "true")
    expect(button(card, "Picked")).to_be_visible()  # pressed again before, the key sends nothing (shared/busy.js)
    page.keyboard.press("p")
    expect(button(card, "Pick")).to_be_visible()
    stands(page, studio, work, None, None)
    expect(page.locator("#base-named a" if medium != "image" else "#base")).to_have_count(0)


@pytest.mark.parametrize("medium", OWN)
def test_a_pick_never_replaces_what_the_artist_wrote(visit: Visit, studio: Running, medium: str) -> None:
    work, (first, *_rest) = made(studio, medium)
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "text": OWN[medium]}).raise_for_status()
    page = visit(f"/works/{work}")
    card = page.locator(f"#variant-{first}")
    button(card, "Pick").click()
    expect(button(card, "Picked")).to_be_visible()
    told(page, "is picked.")
    stands(page, studio, work, None, OWN[medium])
    offered = page.evaluate("performance.now()")
    button(page.locator("#done"), "Put it on the sheet").click()
    stands(page, studio, work, first, text_of(studio, first))
    told(page, "is picked and on the sheet")
    expect(button(page.locator("#done"), "Undo")).to_be_focused()
    assert not [what for _, what in moved(page, offered) if any('id="done"' in one for one in what)]
    page.keyboard.press("Enter")
    expect(button(card, "Pick")).to_be_visible()
    stands(page, studio, work, None, OWN[medium])


def test_a_pick_never_replaces_what_is_painted_over_the_stage(visit: Visit, studio: Running) -> None:
    work, (first, second, _third) = made(studio, "image")
    studio.http.post(f"/works/{work}/draft/base", json={"revision": first}).raise_for_status()
    page = visit(f"/works/{work}")
    page.keyboard.press("m")
    drag(page, (0.3, 0.3), (0.6, 0.6))
    expect(canvas(page).locator(".said")).to_contain_text("% of the picture is selected.")
    button(canvas(page), "Close").click()
    until(page, lambda: covered(studio, work), "the draft names what is painted")
    painted, card = draft(studio, work)["mask"], page.locator(f"#variant-{second}")
    button(card, "Pick").click()
    expect(button(card, "Picked")).to_be_visible()
    told(page, "is picked.")
    stands(page, studio, work, first, None)
    assert draft(studio, work)["mask"] == painted
    button(page.locator("#done"), "Put it on the stage").click()
    stands(page, studio, work, second, None)
    assert draft(studio, work)["mask"] is None
    button(page.locator("#done"), "Undo").click()
    expect(button(card, "Pick")).to_be_visible()
    stands(page, studio, work, first, None)
    until(page, lambda: draft(studio, work)["mask"] == painted, "what was painted is back")
