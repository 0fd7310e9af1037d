"""Each key of the legend does what it says or says why not, on every bench: empty, with nothing selected, with something."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_keys import BENCHES, new_work
from tests.browser.window import button, until
from tests.running import Running

# Keys that belong to a place with the focus, and those that are walked elsewhere (tests/browser/test_keys.py).
PLACED = re.compile("Esc|…|.*[←→↵]")
NAMES = {"Space": " "}
# What a key presses is noted, and not done: the page stays as it is for the next one.
NOTED = """() => addEventListener("click", (event) => {
  window.pressed = event.target.outerHTML;
  event.stopImmediatePropagation();
  event.preventDefault();
}, true)"""
# Whether the page answered to a key, or says why not.
ANSWERED = """() => Boolean(window.pressed || document.querySelector("dialog[open]") || document.activeElement.matches("input")
  || document.querySelector("#player .missing:not(:empty), #player [aria-pressed=true]"))"""
SAID = "() => document.getElementById('problem').textContent"
CLEAR = """() => {
  window.pressed = "";
  document.getElementById("problem").replaceChildren();
  document.querySelector("dialog[open]")?.close();
  for (const told of document.querySelectorAll("#player .missing")) told.textContent = "";
  document.activeElement.blur();
}"""


def legend(page: Page) -> list[str]:
    """The keys that it lists, as they are pressed."""
    printed = dict.fromkeys(page.locator("#keys dt kbd").all_text_contents())
    return [NAMES.get(key, key).replace("⇧ ", "Shift+") for key in printed if not PLACED.fullmatch(key)]


@pytest.mark.parametrize("state", ["empty", "unselected", "selected"])
@pytest.mark.parametrize("medium", BENCHES)
def test_each_key_does_what_it_says_or_says_why_not(visit: Visit, studio: Running, medium: str, state: str) -> None:
    page = new_work(studio, visit, medium)
    if state != "empty":
        work = page.url.rsplit("/", 1)[1]
        studio.make(work, "rain", engine=BENCHES[medium], params={"steps": 3, "seconds": 0.05}, count=2)
        page.goto(page.url)
        expect(page.locator("#runs .variant")).to_have_count(2)
    page.evaluate(CLEAR)
    if state == "selected":
        page.keyboard.press("1")
        expect(page.locator(".look[aria-pressed=true]")).to_have_count(1)
    page.evaluate(NOTED)
    keys = legend(page)
    assert {"1", "8", "Enter", "P", "V", "Shift+V", "Z", "C", "L"} <= set(keys)
    for key in keys:
        page.evaluate(CLEAR)
        page.keyboard.press(key)
        done, said = page.evaluate(ANSWERED), page.evaluate(SAID)
        assert done or said, f"{key} does nothing and says nothing"
        if key == "8":
            assert said == "No variant on this page has that number."
        if key == "P":
            assert done is (state == "selected")
        if key == "Z":
            assert "data-back" in page.evaluate("window.pressed")


@pytest.mark.parametrize("medium", BENCHES)
def test_z_says_that_there_is_nothing_before(visit: Visit, studio: Running, medium: str) -> None:
    page = new_work(studio, visit, medium)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.locator("#problem")).to_have_text("There is no earlier base to go back to.")


@pytest.mark.parametrize("medium", BENCHES)
def test_z_takes_a_pick_off_the_stage_with_nothing_selected(visit: Visit, studio: Running, medium: str) -> None:
    work = studio.work(medium=medium)
    run = studio.make(work, "rain", engine=BENCHES[medium], params={"steps": 3, "seconds": 0.05}, count=2)
    page = visit(f"/works/{work}")
    for one in run["variants"]:
        button(page.locator(f"#variant-{one['id']}"), "Pick").click()
        until(page, lambda one=one: base(studio, work) == one["id"], "the pick on the stage")  # type: ignore[misc]  # a default
    page.goto(page.url)
    expect(page.locator("article .look[aria-pressed=true]")).to_have_count(0)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    until(page, lambda: base(studio, work) == run["variants"][0]["id"], "what lay there before")


def base(studio: Running, work: str) -> str | None:
    """What lies on the stage."""
    found: str | None = studio.http.get(f"/works/{work}/draft").raise_for_status().json()["base"]
    return found
