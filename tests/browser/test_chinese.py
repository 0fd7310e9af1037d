"""The studio in Chinese: no English is left that has a translation, and no sentence that has none."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import expect

from app.settings import ROOT
from tests.browser.conftest import Example, Visit
from tests.browser.rooms import ROOMS, address
from tests.browser.window import Windows

# Everything a person reads or hears, except what is said to be in another language, code, and the artist's own words.
SAID = """() => {
  const own = "[lang=en], code, pre, .mono, script, style, textarea, svg.icon, .prose dd, .read";
  const words = new Set([document.title]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(own)) words.add(walker.currentNode.textContent.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      if (!one.closest("[lang=en]")) words.add(one.getAttribute(name).trim());
    }
  }
  return [...words].filter(Boolean);
}"""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SENTENCE = re.compile(r"([A-Za-z]{2,}[ ,]+){3}[A-Za-z]{2,}")


def untranslated() -> set[str]:
    """English that stands for a Chinese text."""
    with (ROOT / "locale/zh_Hans/LC_MESSAGES/stemma.po").open("rb") as file:
        catalogue = read_po(file)
    found = set()
    for one in catalogue:
        id = one.id if isinstance(one.id, str) else one.id[0]
        said = one.string if isinstance(one.string, str) else "".join(one.string or ())
        if re.search("[a-z]{2}", id) and CHINESE.search(said):
            found.add(id)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_english_is_left(windows: tuple[Windows, Visit], example: Example, room: str) -> None:
    windows[0].allow("404")
    page = windows[1](address(room, example), locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    said = page.evaluate(SAID)
    assert any(CHINESE.search(text) for text in said)
    assert [text for text in said if text in untranslated()] == []
    own = [*page.locator(".tile .name, .project .name").all_inner_texts(), *example.words, "this engine fails on purpose"]
    sentences = [text for text in said if SENTENCE.search(text) and not any(text in one or one in text for one in own)]
    assert sentences == []


def test_the_language_is_chosen_on_any_page(visit: Visit) -> None:
    page = visit("/about")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page).to_have_url(re.compile("/about$"))
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
