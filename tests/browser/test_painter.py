"""The painter on the bench: its slider is set by the keyboard, it paints a scene, and the recipe tells both."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import field, finished
from tests.running import Running


def test_a_scene_is_painted_as_far_from_it_as_the_slider_says(visit: Visit, studio: Running) -> None:
    work = studio.work()
    page = visit(f"/works/{work}")
    field(page, "Intent").fill("a red fox in the snow")
    page.get_by_text("Engine and parameters").click()
    page.get_by_label("Engine", exact=True).select_option("painter")
    slider = page.locator("fieldset[data-engine=painter] input[type=range]").first
    slider.focus()
    for _step in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("fieldset[data-engine=painter] input[type=number]").first).to_have_value("0.4")
    page.keyboard.press("Control+Enter")
    expect(finished(page)).to_be_visible(timeout=60_000)
    made = studio.wait(studio.http.get(f"/works/{work}/generations").json()["items"][0]["id"])
    assert (made["engine"], made["params"]["innovation"], made["status"]) == ("painter", 0.4, "done")
    page = visit(f"/revisions/{made['variants'][0]['id']}")
    recipe = page.get_by_role("region", name="Recipe")
    expect(recipe.get_by_text("From imitation to innovation", exact=True)).to_be_visible()
    expect(recipe.get_by_text("Painted from", exact=True)).to_be_visible()
