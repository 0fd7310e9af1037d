"""The short way on a phone: begin, generate, pick, vary, all by touch."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button, field, finished, runs, variants, verbs
from tests.running import Running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def test_create_generate_pick_vary(visit: Visit, studio: Running) -> None:
    project = studio.project("On the way")
    page = visit(f"/projects/{project}", **PHONE)
    button(page, "New work").tap()
    page.get_by_role("textbox", name="Title", exact=True).fill("From a train")
    button(page, "Create").tap()
    expect(page.get_by_role("heading", name="From a train", level=1)).to_have_count(1)
    field(page, "Intent").fill("a yellow tram")
    button(page, "Generate").tap()
    run = finished(page)
    expect(run).to_be_in_viewport()
    third = variants(run).nth(2)
    third.get_by_role("button", name="Select variant 3").tap()
    button(third, "Pick").tap()
    expect(button(third, "Picked")).to_be_visible()
    button(verbs(page), "Vary subtly").tap()
    expect(runs(page)).to_have_count(2)
    finished(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
