"""Upscaling by hand: U, how many times, and a larger picture that can be gone on from."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button, finished, revision_of, runs, variants, verbs
from tests.running import Running


def test_a_picture_is_made_larger(visit: Visit, studio: Running) -> None:
    work = studio.work()
    studio.make(work, engine="fake-slow", params={"steps": 1, "seconds": 0}, count=2)
    page = visit(f"/works/{work}")
    button(page, "Select variant 2").click()
    page.keyboard.press("u")
    settings = page.get_by_role("dialog", name="Upscale")
    expect(settings.get_by_role("radio", name="Four times")).to_be_checked()
    settings.get_by_text("Twice").click()
    button(settings, "Upscale").click()
    expect(runs(page)).to_have_count(2)
    run = finished(page, 1)
    expect(run).to_contain_text("upscaled from")
    made = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    assert (made["params"], made["asset"]["width"], made["seed"]) == ({"factor": 2}, 128, None)
    variants(run).first.get_by_role("button", name="Select variant 1").click()
    button(verbs(page), "More").click()
    expect(button(verbs(page), "Upscale")).not_to_have_attribute("aria-disabled", "true")  # larger still
    expect(button(verbs(page), "Vary subtly")).not_to_have_attribute("aria-disabled", "true")  # by the parent's engine
    page.goto(f"/revisions/{made['id']}")
    expect(page.get_by_role("main")).to_contain_text("prints 1.1 × 1.1 cm at 300 dpi")
