"""WCAG 2.2 AA by axe on every page, light and dark, wide and narrow; and no page is wider than its window."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from app.settings import ROOT
from tests.browser.conftest import Example, Visit
from tests.browser.rooms import ROOMS, address
from tests.browser.window import Windows, button, runs, variants

AXE = ROOT / ".venv/share/axe-core/axe.min.js"  # bin/test brings it
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, PHONE, NARROWEST = (
    ViewportSize(width=1440, height=900),
    ViewportSize(width=390, height=844),
    ViewportSize(width=360, height=740),
)


@pytest.fixture(scope="module")
def axe() -> str:
    """The rules."""
    if not AXE.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("axe-core is not here")
        pytest.skip("axe-core is not here (bin/test fetches it)")
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """What axe finds, a line each."""
    found: list[dict[str, Any]] = page.evaluate("(tags) => axe.run({ runOnly: tags }).then((found) => found.violations)", TAGS)
    said = [(rule["id"], node, node["any"] + node["all"] + node["none"]) for rule in found for node in rule["nodes"]]
    return [f"{id}: {node['target']} {node['html'][:120]} {[check['message'] for check in why]}" for id, node, why in said]


def open_everything(page: Page) -> None:
    """What is folded away must be as good, and what a bar at the window's foot covers until one scrolls."""
    page.evaluate("for (const folded of document.querySelectorAll('details:not(.operation)')) folded.open = true")
    page.evaluate("for (const bar of document.querySelectorAll('.verbs, .dock')) bar.style.position = 'static'")


@pytest.mark.parametrize("room", ROOMS)
def test_every_page_in_light_and_dark_wide_and_narrow(
    windows: tuple[Windows, Visit], example: Example, axe: str, room: str
) -> None:
    windows[0].allow("404")
    wrong = []
    page = windows[1](address(room, example), viewport=WIDE)
    page.evaluate(axe)
    open_everything(page)
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{viewport['width']} {scheme} {line}" for line in violations(page)]
    assert wrong == []


def test_dialogs_and_the_selected_variant(visit: Visit, example: Example, axe: str) -> None:
    page = visit(f"/works/{example.work}", viewport=WIDE)
    page.evaluate(axe)
    wrong = []
    variants(runs(page).first).first.get_by_role("button", name="Select variant 1").click()
    for opener, dialog in (("Keys", "Keys"), ("Earlier saves", "Earlier saves"), ("Compare", "Compare")):
        button(page, opener).click()
        expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{dialog} {scheme} {line}" for line in violations(page)]
        page.keyboard.press("Escape")
    wrong += violations(page)
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_is_wider_than_a_narrow_window(windows: tuple[Windows, Visit], example: Example, language: str) -> None:
    windows[0].allow("404")
    page = windows[1]("/projects", viewport=NARROWEST, has_touch=True, is_mobile=True, locale=language)
    wider = []
    for room in ROOMS:
        page.goto(address(room, example))
        open_everything(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROWEST["width"]:
            wider.append(f"{room}: {width}")
    assert wider == []


def test_the_theme_is_chosen_without_a_reload_and_kept(visit: Visit) -> None:
    page = visit("/projects")
    page.emulate_media(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for chosen in ("Theme: as the system", "Theme: light"):
        with page.expect_response("**/preferences"):  # one after the other, or a reload outruns the second
            button(page, chosen).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(ground) != light
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
