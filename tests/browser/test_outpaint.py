"""Outpainting by hand: an edge is dragged, pixels are entered by keys, and the picture inside stays to the byte."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_inpaint import content
from tests.browser.window import button, finished, revision_of, runs, variants
from tests.running import Running


def test_a_picture_is_gone_on_with_by_pointer_and_by_keys(visit: Visit, studio: Running) -> None:
    work = studio.work()
    made = studio.make(work, "a fox", engine="fake-slow", params={"steps": 1, "seconds": 0}, count=1)
    root = made["variants"][0]["id"]  # 64 by 64 pixels
    studio.http.post(f"/works/{work}/draft/base", json={"revision": root}).raise_for_status()
    page = visit(f"/works/{work}")
    page.keyboard.press("o")
    dialog = page.get_by_role("dialog", name="Outpaint")
    expect(button(dialog, "Generate")).to_be_disabled()
    button(dialog, "16:9").click()
    expect(dialog.locator("output")).to_have_text("114 × 64")
    button(dialog, "1:1").click()
    edge = dialog.locator("[data-edge=right]").bounding_box() or {}
    x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 2000, y, steps=3)  # as far as may be
    page.mouse.up()
    expect(dialog.get_by_label("Right")).to_have_value("64")
    dialog.get_by_label("Above").fill("999")
    dialog.get_by_label("Right").fill("10")
    expect(dialog.locator("output")).to_have_text("74 × 1063")
    dialog.get_by_label("Above").fill("7")
    button(dialog, "Generate").click()
    expect(dialog).to_have_count(0)
    expect(runs(page)).to_have_count(2)
    run = finished(page, 4)
    expect(run).to_contain_text("gone on with around")
    revision = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    assert (revision["verb"], revision["place"]) == ("outpaint", {"frame": [0, 7, 10, 0]})
    before, after = (content(studio, f"/revisions/{id}/content") for id in (root, revision["id"]))
    assert after.shape == (71, 74, 3)
    assert (after[7:, :64] == before).all()
