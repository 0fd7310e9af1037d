"""The loom by keys: arrows walk a poem's branches, the way there reads as one text, Enter goes on from it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import PHONE, WIDE, axe, violations
from tests.browser.window import until
from tests.running import Running

__all__ = ["axe"]  # the rules, a fixture

ROOT = "微风拂面过东楼，"
LINES = ["\n月满空庭夜未收。", "\n落叶无声水自流。", "\n几树秋声到客舟。"]
LAST = "\n一树寒声听不得，"


@pytest.fixture(scope="module")
def poem(studio: Running) -> str:
    """The id of a text written by hand: a first line, three second lines, and a third after the first of these."""
    http, project = studio.http, studio.project("Four seasons")
    work = http.post(f"/projects/{project}/works", json={"title": "秋思", "medium": "text"}).raise_for_status().json()["id"]

    def write(text: str, base: str | None = None) -> str:
        if base:
            http.post(f"/works/{work}/draft/base", json={"revision": base}).raise_for_status()
        version = http.get(f"/works/{work}/draft").json()["version"]
        http.put(f"/works/{work}/draft", json={"version": version, "text": text}).raise_for_status()
        return str(http.post(f"/works/{work}/revisions", json={}).raise_for_status().json()["id"])

    root = write(ROOT)
    first, *_others = [write(ROOT + line, root) for line in LINES]
    last = write(ROOT + LINES[0] + LAST, first)
    http.post(f"/works/{work}/draft/base", json={"revision": last}).raise_for_status()
    return str(work)


def focused(page: Page, number: int) -> None:
    """The link of this revision has the focus, and stays there."""
    expect(page.get_by_role("link", name=f"Revision {number}", exact=True)).to_be_focused()


def reads(page: Page, number: int, text: str) -> None:
    """The way to this revision is read as one text."""
    reading = page.get_by_role("region", name=f"Revision {number}")
    expect(reading).to_be_visible()
    assert reading.get_by_role("group", name="Text").text_content() == text


def test_arrows_walk_and_the_way_reads_as_one_text(visit: Visit, poem: str) -> None:
    page = visit(f"/works/{poem}/loom")
    reads(page, 5, ROOT + LINES[0] + LAST)
    page.keyboard.press("ArrowLeft")
    reads(page, 2, ROOT + LINES[0])
    focused(page, 2)
    page.keyboard.press("ArrowDown")
    reads(page, 3, ROOT + LINES[1])
    focused(page, 3)
    page.keyboard.press("ArrowLeft")
    reads(page, 1, ROOT)
    page.keyboard.press("ArrowRight")
    reads(page, 2, ROOT + LINES[0])
    page.get_by_role("link", name="Revision 4", exact=True).click()
    reads(page, 4, ROOT + LINES[2])
    assert page.url.endswith("?at=4")
    page.keyboard.press("o")
    page.wait_for_url(re.compile("/revisions/"))


def test_enter_goes_on_from_there(studio: Running, visit: Visit, poem: str) -> None:
    before = studio.http.get(f"/works/{poem}/draft").json()["base"]
    page = visit(f"/works/{poem}/loom?at=3")
    page.get_by_role("link", name="Revision 3", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/works/{poem}$"))
    draft = until(page, lambda: studio.http.get(f"/works/{poem}/draft").json(), "the draft")
    assert draft["text"] == ROOT + LINES[1]
    pane = page.get_by_role("region", name="Lineage")
    expect(pane.get_by_role("link", name="Revision 3", exact=True)).to_have_attribute("aria-current", "true")
    pane.get_by_role("link", name="Revision 3", exact=True).focus()
    page.keyboard.press("ArrowUp")
    focused(page, 2)
    studio.http.post(f"/works/{poem}/draft/base", json={"revision": before}).raise_for_status()


def test_the_tree_and_the_loom_lead_to_each_other(visit: Visit, poem: str) -> None:
    page = visit(f"/works/{poem}/lineage?at=2")
    page.get_by_role("navigation", name="How the lineage is shown").get_by_role("link", name="Loom").click()
    reads(page, 2, ROOT + LINES[0])
    page.get_by_role("link", name="Tree").click()
    expect(page.get_by_role("complementary", name="The revision you look at")).to_contain_text("Revision 2")


def test_the_loom_is_accessible_and_as_wide_as_its_window(visit: Visit, poem: str, axe: str) -> None:
    page, wrong = visit(f"/works/{poem}/loom", viewport=WIDE), []
    page.evaluate(axe)
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{viewport['width']} {scheme} {line}" for line in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []
