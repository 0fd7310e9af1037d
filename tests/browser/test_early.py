"""What is pressed and entered before a page's scripts run, as on a slow line or a busy machine, counts when they do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.window import button, field, saved, until
from tests.running import Running


def unscripted(page: Page, path: str) -> Callable[[], None]:
    """Open `path` with all but its first script on their way; what is given back lets them come."""
    held: list[Route] = []
    free: list[bool] = []

    def hold(route: Route) -> None:
        if free or route.request.url.endswith("/early.js"):
            route.continue_()
        else:
            held.append(route)

    def let() -> None:
        free.append(True)
        assert held
        for route in held:
            route.continue_()

    page.route("**/static/**/*.js", hold)
    page.goto(path, wait_until="commit")
    return let


@pytest.mark.parametrize("medium", ["image", "text"])  # a bench of tunes is painted when its scripts have drawn the score
def test_what_is_entered_early_is_saved(visit: Visit, studio: Running, medium: str) -> None:
    page = visit("/")
    let = unscripted(page, f"/works/{studio.work(medium=medium)}")
    field(page, "Intent").fill("typed early")
    page.get_by_text("Engine and parameters").click()
    engines = page.get_by_label("Engine", exact=True)
    other = engines.locator("option").nth(1).get_attribute("value")
    engines.select_option(other)
    page.get_by_label("Lock the seed").check()
    let()
    until(page, lambda: page.request.get(f"{page.url}/draft").json()["brief"]["intent"] == "typed early", "the save of it")
    saved(page)
    draft = page.request.get(f"{page.url}/draft").json()
    assert draft["engine"] == other
    assert draft["seed"] is not None
    expect(page.locator(f'fieldset[data-engine="{other}"]')).to_be_enabled()


@pytest.mark.parametrize("medium", ["image", "text"])  # a bench of tunes is painted when its scripts have drawn the score
def test_an_idea_that_is_pressed_early_is_taken(visit: Visit, studio: Running, medium: str) -> None:
    page = visit("/")
    let = unscripted(page, f"/works/{studio.work(medium=medium)}")
    idea = page.get_by_role("list", name="Ideas to begin with").get_by_role("button").nth(2)
    words = idea.inner_text()
    idea.click()
    idea.click()
    let()
    expect(field(page, "Intent")).to_have_value(words)


def test_a_dialog_that_is_opened_early_opens(visit: Visit, studio: Running) -> None:
    page = visit("/")
    let = unscripted(page, f"/projects/{studio.project()}")
    button(page, "New work").first.click()
    let()
    expect(page.get_by_role("dialog", name="New work")).to_be_visible()


def test_a_picture_that_is_brought_early_is_looked_for(visit: Visit, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "teal").save(tmp_path / "teal.png")
    page = visit("/")
    let = unscripted(page, "/search")
    page.locator(".probe input[type=file]").set_input_files(tmp_path / "teal.png")
    let()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
