"""Inpainting by hand: a mask is painted by pointer and by keys, kept, generated in, and nothing changes outside it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import button, field, finished, revision_of, runs, until, variants
from tests.running import Running


def canvas(page: Page) -> Locator:
    """The open canvas."""
    return page.get_by_role("dialog", name="Inpaint")


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Draw over the picture from place to place, 0 to 1 each way."""
    sheet = page.locator("#mask .sheet")
    sheet.wait_for()
    box = sheet.bounding_box() or {}
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def content(studio: Running, path: str) -> np.ndarray:
    """A picture's pixels."""
    return np.asarray(Image.open(io.BytesIO(studio.http.get(path).raise_for_status().content)))


def covered(studio: Running, work: str) -> str:
    """How many hundredths of the picture the mask covers that the draft names; empty where it names none."""
    mask = studio.http.get(f"/works/{work}/draft").json()["mask"]
    return f"{(content(studio, f'/masks/{mask}/content') / 2.55).mean():.0f}" if mask else ""


def test_a_part_is_painted_made_anew_and_taken_back(visit: Visit, studio: Running) -> None:
    work = studio.work()
    made = studio.make(work, "a fox", engine="fake-slow", params={"steps": 1, "seconds": 0}, count=1)
    root = made["variants"][0]["id"]
    studio.http.post(f"/works/{work}/draft/base", json={"revision": root}).raise_for_status()
    page = visit(f"/works/{work}")
    page.keyboard.press("m")
    said = canvas(page).locator(".said")
    expect(said).to_have_text("Nothing is selected.")
    expect(button(canvas(page), "Generate")).to_be_disabled()
    drag(page, (0.2, 0.2), (0.3, 0.2))
    expect(said).to_contain_text("% of the picture is selected.")
    by_pointer = said.inner_text()
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Brush at 30 %, 22 %")
    for key in ("Shift+ArrowDown", "Shift+ArrowDown", "]", "]", "]", "]", "Enter"):
        page.keyboard.press(key)
    until(page, lambda: "selected" in said.inner_text() and said.inner_text() != by_pointer, "a dab by a key")
    page.keyboard.press("Control+z")
    expect(said).to_have_text(by_pointer)
    page.keyboard.press("Control+Shift+z")
    expect(said).not_to_have_text(by_pointer)
    page.keyboard.press("r")
    for key in ("Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(said).to_contain_text("% of the picture is selected.")
    full = said.inner_text()
    button(canvas(page), "Close").click()
    until(page, lambda: covered(studio, work) == full.split(" %")[0], "the draft names what is painted")
    page.reload()
    page.keyboard.press("m")
    expect(said).to_have_text(full)  # it is there again
    field(page, "What should be there").fill("an owl")
    button(canvas(page), "Generate").click()
    expect(canvas(page)).to_have_count(0)
    expect(runs(page)).to_have_count(2)
    run = finished(page, 4)
    expect(run).to_contain_text("inpainted in")
    revision = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    assert (revision["verb"], revision["brief"]["intent"]) == ("inpaint", "an owl")
    mask = content(studio, f"/masks/{revision['mask']}/content")
    before, after = (content(studio, f"/revisions/{id}/content") for id in (root, revision["id"]))
    assert (before[mask == 0] == after[mask == 0]).all()
    assert (before != after).any()
    assert 0 < (mask > 0).mean() < 0.5
