"""Cutting out by hand: X, and a picture on nothing that can be gone on from."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import PHONE, axe, violations
from tests.browser.window import button, finished, revision_of, runs, variants, verbs
from tests.media.image.test_cutting import scene
from tests.running import Running

__all__ = ["axe"]  # a fixture


@pytest.fixture
def work(studio: Running) -> str:
    """A work with a picture on the stage that has a ground."""
    work, out = studio.work(), io.BytesIO()
    scene().resize((64, 64)).save(out, "PNG")
    made = studio.http.post(f"/works/{work}/imports", files={"file": ("ring.png", out.getvalue(), "image/png")}).json()
    studio.http.post(f"/works/{work}/draft/base", json={"revision": made["id"]}).raise_for_status()
    return work


def test_what_stands_clear_is_cut_out(visit: Visit, studio: Running, work: str, axe: str) -> None:
    page = visit(f"/works/{work}")
    page.keyboard.press("x")
    settings = page.get_by_role("dialog", name="Cut out")
    page.evaluate(axe)
    assert violations(page) == []
    button(settings, "Cut out").click()
    expect(runs(page)).to_have_count(1)
    run = finished(page, 1)
    expect(run).to_contain_text("cut out of")
    made = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    assert (made["verb"], made["asset"]["width"], made["seed"]) == ("cutout", 64, None)
    variants(run).first.get_by_role("button", name="Select variant 1").click()
    button(verbs(page), "More").click()
    expect(button(verbs(page), "Cut out")).not_to_have_attribute("aria-disabled", "true")


def test_it_is_asked_in_chinese_on_a_phone(visit: Visit, work: str) -> None:
    page = visit(f"/works/{work}", locale="zh-CN", viewport=PHONE)
    page.keyboard.press("x")
    settings = page.get_by_role("dialog", name="抠图")
    expect(settings).to_contain_text("底色变为透明")
    expect(button(settings, "抠图")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
