"""Drawings of the library are found from the bench, by keys as well, and put into the brief and taken out again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button, field, finished
from tests.running import Running


def test_a_drawing_is_found_and_put_into_the_brief(visit: Visit, studio: Running) -> None:
    page = visit(f"/works/{studio.work()}")
    button(page, "Find a drawing").press("Enter")
    dialog = page.get_by_role("dialog", name="Drawings")
    dialog.get_by_role("searchbox", name="Search drawings").press_sequentially("lighthouse")
    put = button(dialog, "Put lighthouse into the brief")
    expect(put).to_have_attribute("aria-pressed", "false")
    expect(dialog).to_contain_text(re.compile(r"Drawn by .*Apache-2\.0"))
    put.press("Enter")
    expect(put).to_have_attribute("aria-pressed", "true")
    expect(field(page, "Materials")).to_have_value("lighthouse")
    put.press("Enter")
    expect(field(page, "Materials")).to_have_value("")
    put.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Generate").click()
    finished(page)


def test_the_picture_on_the_stage_tells_whose_drawings_it_shows(visit: Visit, studio: Running) -> None:
    work = studio.work()
    made = studio.make(work, "a red fox in the snow", engine="composer", params={}, count=1, seed=5)["variants"][0]["id"]
    studio.http.post(f"/works/{work}/draft/base", json={"revision": made}).raise_for_status()
    page = visit(f"/works/{work}")
    button(page, "Find a drawing").click()
    dialog = page.get_by_role("dialog", name="Drawings")
    button(dialog, "Those on the stage").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    expect(dialog.get_by_role("listitem")).to_contain_text("fox")
