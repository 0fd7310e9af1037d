"""A style is taught by picking tiles, watched, stopped, trashed, taken back and forgotten; on a phone, in Chinese."""

from __future__ import annotations

import io

from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import axe, violations  # noqa: F401 (a fixture)
from tests.browser.window import button
from tests.running import Running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def project_of_dots(studio: Running) -> str:
    """A project with ten pictures."""
    project = studio.project("Pond")
    work = studio.http.post(f"/projects/{project}/works", json={"title": "Dots"}).raise_for_status().json()["id"]
    for at in range(10):
        out = io.BytesIO()
        Image.new("RGB", (64, 64), (at * 20, 90, 120)).save(out, "PNG")
        studio.http.post(f"/works/{work}/imports", files={"file": ("dot.png", out.getvalue())}).raise_for_status()
    return project


def test_taught_stopped_trashed_and_taken_back(visit: Visit, studio: Running, axe: str) -> None:  # noqa: F811
    page = visit(f"/projects/{project_of_dots(studio)}/styles")
    page.get_by_label("What it is called").fill("Dots")
    page.evaluate(axe)
    assert violations(page) == []
    tiles = page.locator(".picking label")
    expect(tiles).to_have_count(10)
    for tile in tiles.all():
        tile.click()
    page.get_by_label("These pictures are my own").check()
    button(page, "Begin teaching").click()
    expect(page.get_by_text("agreed on")).to_be_visible()
    button(page, "Stop learning").click()
    expect(button(page, "Go on learning")).to_be_visible()
    page.evaluate(axe)
    assert violations(page) == []
    button(page, "Move to the trash").click()
    expect(page.get_by_text("“Dots” is in the trash.").first).to_be_visible()
    button(page, "Undo").click()
    expect(page.get_by_text("“Dots” is back from the trash.").first).to_be_visible()
    if "/projects/" in page.url:
        page.get_by_role("link", name="Dots").click()
    page.get_by_text("Forget", exact=True).click()
    page.get_by_label("Delete what was learned").check()
    button(page, "Forget this style").click()
    expect(page.get_by_role("status").filter(has_text="forgotten")).to_be_visible()


def test_on_a_phone_in_chinese(visit: Visit, studio: Running) -> None:
    page = visit(f"/projects/{project_of_dots(studio)}/styles", locale="zh-CN", **PHONE)
    expect(page.get_by_role("heading", name="教一种画风")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
