"""An earlier save of a text is looked at before it comes back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button
from tests.running import Running


def test_looked_at_before_it_comes_back(visit: Visit, studio: Running) -> None:
    made = studio.http.post(f"/projects/{studio.project('Gulls')}/works", json={"title": "Gulls", "medium": "text"})
    work = made.json()["id"]
    for version, text in ((1, "The gulls argue all day."), (2, "The gulls sleep.")):
        given = {"version": version, "text": text, "keep": True}
        studio.http.put(f"/works/{work}/draft", json=given).raise_for_status()
    page = visit(f"/works/{work}")
    button(page, "Earlier saves").click()
    saves = page.get_by_role("dialog", name="Earlier saves")
    expect(saves.get_by_text("The gulls argue all day.")).to_be_visible()
    expect(saves.get_by_text("24 characters · 8 more than now")).to_be_visible()
    saves.get_by_text("What differs from now").first.click()
    expect(saves.locator("ins").first).to_contain_text("argue all day")
