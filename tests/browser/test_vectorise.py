"""Vectorising by hand: T, a look at the settings, and a drawing that is shown, told and saved."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import button, finished, revision_of, runs, variants, verbs
from tests.running import Running


def test_a_picture_is_drawn_as_paths_and_saved(visit: Visit, studio: Running) -> None:
    work = studio.work()
    studio.make(work, engine="fake-slow", params={"steps": 1, "seconds": 0}, count=2)
    page = visit(f"/works/{work}")
    button(page, "Select variant 2").click()
    page.keyboard.press("t")
    settings = page.get_by_role("dialog", name="Vectorise")
    settings.get_by_role("spinbutton", name="Colours").fill("4")
    expect(settings.get_by_role("slider", name="Colours")).to_have_value("4")
    page.keyboard.press("Escape")
    expect(settings).to_be_hidden()
    expect(runs(page)).to_have_count(1)  # put off is not asked for
    page.keyboard.press("t")
    button(settings, "Vectorise").click()
    expect(runs(page)).to_have_count(2)
    run = finished(page, 1)
    expect(run).to_contain_text("vectorised from")
    made = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    assert (made["params"]["colours"], made["asset"]["media_type"]) == (4, "image/svg+xml")
    variants(run).first.get_by_role("button", name="Select variant 1").click()
    button(verbs(page), "More").click()
    expect(button(verbs(page), "Vectorise")).to_have_attribute("aria-disabled", "true")
    expect(button(verbs(page), "Vectorise")).to_have_attribute("title", "This is a drawing already")
    page.keyboard.press("Escape")
    expect(button(verbs(page), "Vary subtly")).not_to_have_attribute("aria-disabled", "true")
    page.keyboard.press("d")
    with page.expect_download() as waited:
        page.get_by_role("link", name="SVG Paths for any size").click()
    assert "<metadata>" in Path(waited.value.path()).read_text("utf-8")
    page.goto(f"/revisions/{made['id']}")
    shown = page.get_by_role("img", name=re.compile(r"^Revision \d+$")).first
    assert shown.evaluate("(img) => img.complete && img.naturalWidth") == 64
    expect(page.get_by_role("main")).to_contain_text("vectorised from")
    for name, suffix in (("Download", ".svg"), ("Download as PNG", ".png")):
        with page.expect_download() as waited:
            page.get_by_role("link", name=name, exact=True).click()
        assert waited.value.suggested_filename.endswith(suffix)
