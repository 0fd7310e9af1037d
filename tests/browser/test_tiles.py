"""Tiles have a menu by mouse, keys and touch; what was done is told, covers nothing, and is undone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Example, Visit
from tests.browser.test_phone import PHONE
from tests.browser.window import button, follow
from tests.running import Running

# What can be acted on and lies under the message. In a narrow window it stands over the foot of the page, which ends above it.
COVERED = """() => {
  const over = innerWidth <= 1100;
  if (over) scrollTo(0, document.body.scrollHeight);
  const done = document.getElementById("done");
  const box = done.getBoundingClientRect();
  return [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .filter((one) => !done.contains(one) && one.checkVisibility() && !one.matches(".unseen, .skip"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, a]) => a.width && a.bottom > 0 && a.top < innerHeight)
    .filter(([, a]) => a.left < box.right && box.left < a.right && a.top < box.bottom && box.top < a.bottom)
    .filter(([one]) => over || one.closest(".bar") || scrollY === 0) // the rest scrolls under the bar, as under any bar
    .map(([one]) => one.outerHTML.slice(0, 120));
}"""


def done(page: Page) -> Locator:
    """Where it says what was done."""
    return page.locator("#done")


def told(page: Page, words: str) -> None:
    """It says so where it is seen and where it is heard, and covers nothing."""
    expect(done(page)).to_contain_text(words)
    expect(page.get_by_role("status").filter(has_text=words).first).to_be_attached()
    assert page.evaluate(COVERED) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def menu(page: Page) -> Locator:
    """The open menu."""
    return page.get_by_role("dialog")


def test_by_mouse(visit: Visit, studio: Running) -> None:
    project, other = studio.project("Tiles"), studio.project("Elsewhere")
    studio.work("Kestrel", project)
    page = visit(f"/projects/{project}")
    button(page, "More for Kestrel").click()
    expect(menu(page)).to_have_accessible_name("Kestrel")
    menu(page).get_by_role("textbox", name="Title").fill("Merlin")
    follow(page, button(menu(page), "Rename"))
    told(page, "The new title is “Merlin”.")
    follow(page, button(done(page), "Undo"))
    told(page, "The new title is “Kestrel”.")
    button(page, "More for Kestrel").click()
    menu(page).get_by_role("combobox", name="Project").select_option(other)
    follow(page, button(menu(page), "Move"))
    told(page, "The work is now in “Elsewhere”.")
    expect(page.get_by_role("link", name=re.compile("Kestrel"))).to_have_count(0)
    follow(page, button(done(page), "Undo"))
    expect(page.get_by_role("link", name=re.compile("Kestrel"))).to_be_visible()
    button(page, "More for Kestrel").click()
    follow(page, button(menu(page), "Duplicate"))
    told(page, "The copy is called “Kestrel (2)”.")
    expect(page.get_by_role("link", name=re.compile("Kestrel"))).to_have_count(2)
    follow(page, button(done(page), "Undo"))
    expect(page.get_by_role("link", name=re.compile("Kestrel"))).to_have_count(1)
    page.reload()
    expect(done(page)).to_be_hidden()  # said once


def test_by_keys(visit: Visit, studio: Running) -> None:
    project = studio.project("Tiles by keys")
    studio.work("Plover", project)
    page = visit(f"/projects/{project}")
    page.get_by_role("link", name=re.compile("Plover")).focus()
    page.keyboard.press("Tab")
    expect(button(page, "More for Plover")).to_be_focused()
    page.keyboard.press("Space")
    expect(menu(page).get_by_role("link", name="Open")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "More for Plover")).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu(page).get_by_role("link", name="Open")).to_be_focused()
    trash = button(menu(page), "Move to the trash")
    for _press in range(8):
        if trash.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    told(page, "“Plover” is in the trash.")
    expect(button(done(page), "Undo")).to_be_focused()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    told(page, "“Plover” is back from the trash.")
    expect(page.get_by_role("link", name=re.compile("Plover"))).to_be_visible()


def test_on_a_phone(visit: Visit, studio: Running) -> None:
    project = studio.project("Tiles on a phone")
    studio.work("Dunlin", project)
    page = visit("/projects", **PHONE)
    button(page, "More for Tiles on a phone").tap()
    menu(page).get_by_role("textbox", name="Name").fill("Waders")
    follow(page, button(menu(page), "Rename"))
    told(page, "The new name is “Waders”.")
    page.goto(f"/projects/{project}")
    button(page, "More for Dunlin").tap()
    follow(page, button(menu(page), "Move to the trash"))
    told(page, "“Dunlin” is in the trash.")
    page.goto("/trash")
    follow(page, page.get_by_role("listitem").filter(has_text="Dunlin").get_by_role("button", name=re.compile("Restore")))
    told(page, "“Dunlin” is back from the trash.")
    follow(page, button(done(page), "Undo"))
    expect(page.get_by_role("listitem").filter(has_text="Dunlin")).to_be_visible()


def test_a_pick_on_the_bench_is_undone_in_place(visit: Visit, studio: Running, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    variant = page.locator(f"#variant-{example.refined[1]}")
    page.evaluate("window.same = true")
    button(variant, "Pick").click()
    expect(button(variant, "Picked")).to_be_visible()
    told(page, "is picked and on the stage.")
    button(done(page), "Undo").click()
    expect(button(variant, "Pick")).to_be_visible()
    told(page, "is no longer picked.")
    assert page.evaluate("window.same"), "the page was loaded anew"
    assert not studio.http.get(f"/revisions/{example.refined[1]}").json()["picked"]


def test_without_script(visit: Visit, studio: Running) -> None:
    project = studio.project("Tiles without script")
    studio.work("Ruff", project)
    page = visit(f"/projects/{project}", java_script_enabled=False)
    button(page, "More for Ruff").click()
    page.get_by_role("textbox", name="Title").fill("Reeve")
    button(page, "Rename").click()
    expect(done(page)).to_contain_text("The new title is “Reeve”.")
    button(done(page), "Undo").click()
    expect(done(page)).to_contain_text("The new title is “Ruff”.")
