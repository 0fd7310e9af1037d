"""What the engine does not know is told, and what it has nearest is taken at a click and taken back at another."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button, field
from tests.running import Running


def test_the_nearest_is_taken_at_a_click_and_taken_back(visit: Visit, studio: Running) -> None:
    page = visit(f"/works/{studio.work()}")
    field(page, "Intent").fill("a philosopher in the snow")
    offer = button(page, "scientist")
    offer.click()
    expect(field(page, "Intent")).to_have_value("a scientist in the snow")
    expect(page.locator("#prompt")).to_contain_text("scientist")
    expect(offer).to_have_count(0)
    button(page, "Take back: philosopher → scientist").press("Enter")
    expect(field(page, "Intent")).to_have_value("a philosopher in the snow")
    expect(offer).to_be_visible()
