"""A graft by hand: each part shows its picture, another is chosen for it by keys or by pointer, and three parents are kept."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.attacks.atelier import picture
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import NARROWEST, axe, violations
from tests.browser.window import button, finished, revision_of, runs, variants
from tests.running import Running

__all__ = ["axe"]  # a fixture
LANGUAGES = {"en-GB": ("Graft", "Generate"), "zh-CN": ("嫁接", "生成")}


@pytest.fixture
def work(studio: Running) -> str:
    """A work with two pictures in it, the later one on the stage."""
    work = studio.work()
    for words in ("a fox", "a boat"):
        made = studio.make(work, words, engine="fake-slow", params={"steps": 1, "seconds": 0}, count=1)
    base = made["variants"][0]["id"]
    studio.http.post(f"/works/{work}/draft/base", json={"revision": base}).raise_for_status()
    return work


def opened(page: Page, name: str = "Graft") -> Locator:
    """The dialog, opened by its key."""
    page.keyboard.press("j")
    dialog = page.get_by_role("dialog", name=name, exact=True)
    expect(dialog).to_be_visible()
    return dialog


def test_three_are_chosen_by_keys_and_by_pointer(visit: Visit, studio: Running, work: str) -> None:
    page = visit(f"/works/{work}")
    dialog = opened(page)
    shelf = dialog.get_by_role("group", name="From which picture")
    expect(shelf.get_by_role("radio")).to_have_count(2)
    expect(dialog).to_contain_text("Its words: a boat")
    expect(dialog.get_by_role("radio", name="Words")).to_be_focused()
    page.keyboard.press("ArrowRight")  # the composition
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # the other picture
    expect(dialog.get_by_role("radio", name="Composition where things stand Revision 1")).to_be_checked()
    dialog.locator(".part", has_text="Palette").click()
    shelf.locator("label", has_text="Revision 1").click()
    button(dialog, "Generate").click()
    expect(dialog).to_have_count(0)
    expect(runs(page)).to_have_count(3)
    run = finished(page, 4)
    expect(run).to_contain_text("grafted with the words of Revision 2")
    revision: dict[str, Any] = studio.http.get(f"/revisions/{revision_of(variants(run).first)['id']}").json()
    numbers = {one["id"]: one["number"] for one in studio.http.get(f"/works/{work}/revisions").json()["items"]}
    told = {parent["role"]: numbers[parent["revision"]] for parent in revision["parents"]}
    assert told == {"prompt": 2, "composition": 1, "palette": 1}


def test_a_picture_without_words_gives_none(visit: Visit, studio: Running, work: str) -> None:
    file = {"file": ("sea.png", picture(), "image/png")}
    studio.http.post(f"/works/{work}/imports", files=file).raise_for_status()
    dialog = opened(visit(f"/works/{work}"))
    shelf = dialog.get_by_role("group", name="From which picture")
    shelf.locator("label", has_text="Revision 3").click()
    expect(dialog).to_contain_text("This picture has no words")
    expect(button(dialog, "Generate")).to_be_disabled()
    shelf.locator("label", has_text="Revision 1").click()
    expect(button(dialog, "Generate")).to_be_enabled()


@pytest.mark.parametrize("locale", LANGUAGES)
def test_it_is_whole_on_a_phone_in_both_languages(visit: Visit, work: str, axe: str, locale: str) -> None:
    name, generate = LANGUAGES[locale]
    page = visit(f"/works/{work}", locale=locale, viewport=NARROWEST)
    dialog = opened(page, name)
    expect(button(dialog, generate)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(axe)
    assert violations(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
