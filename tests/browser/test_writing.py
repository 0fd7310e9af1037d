"""The writing room: an artist and an engine write into one another, by keys, with the house's own engines."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import AXE, PHONE, WIDE, violations
from tests.browser.window import Windows, button, field, finished, runs, saved, until, variants, verbs
from tests.running import Running

ESSAY = "写一首抒情诗,描述秋日的景色,诗风优雅典雅。"
VERSE: dict[str, Any] = {"brief": {"intent": ESSAY}, "engine": "verse", "form": {"preset": "qijue"}}
HALF = "秋风吹月上东楼，一树寒声满客舟。\n"
ENGLISH: dict[str, Any] = {"brief": {"intent": "a line about the sea"}, "engine": "smollm", "params": {"tokens": 16}}
WATCHED = """() => {
  window.seen = [];
  const look = () => window.seen.push([...document.querySelectorAll(".coming .written")].map((sheet) => sheet.textContent));
  new MutationObserver(look).observe(document.getElementById("runs"), { childList: true, subtree: true, characterData: true });
}"""
PREPARED = 300  # seconds: the English model is converted once


def work(studio: Running) -> str:
    """A new text's id."""
    made = studio.http.post(f"/projects/{studio.project()}/works", json={"title": "秋思", "medium": "text"})
    return str(made.raise_for_status().json()["id"])


def room(studio: Running, visit: Visit, text: str = "", draft: dict[str, Any] | None = None, **options: Any) -> Page:
    """A new text's room, with words on the sheet and a brief."""
    id = work(studio)
    studio.http.put(f"/works/{id}/draft", json={"version": 1, "text": text} | (draft or {})).raise_for_status()
    return visit(f"/works/{id}", **options)


def sheet(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text", exact=True)


def write(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Write", exact=True)


def prose(variant: Locator) -> Locator:
    return variant.get_by_role("document", name=re.compile("^Tokens of variant"))


def text_of(studio: Running, variant: Locator) -> str:
    """The whole text of a finished variant, as the studio keeps it."""
    return str(studio.http.get(f"/revisions/{variant.get_attribute('data-revision')}").raise_for_status().json()["text"])


def test_the_essays_example_is_four_poems_and_one_is_gone_on_from(studio: Running, visit: Visit) -> None:
    page = visit(f"/works/{work(studio)}")
    button(page, ESSAY).click()
    expect(field(page, "Intent")).to_have_value(ESSAY)
    field(page, "Intent").press("Control+Enter")
    run = finished(page)
    for at in range(4):
        lines = re.findall("[^，。？！\n]+", text_of(studio, variants(run).nth(at)))
        assert [len(line) for line in lines] == [7, 7, 7, 7]
    poem = text_of(studio, variants(run).nth(1))
    variants(run).nth(1).get_by_role("button", name="Select variant 2").click()
    page.keyboard.press("p")
    expect(button(variants(run).nth(1), "Picked")).to_be_visible()
    page.keyboard.press("o")
    expect(sheet(page)).to_contain_text(poem.splitlines()[0])
    expect(page.get_by_role("list", name="Who wrote it")).to_contain_text("Model")
    expect(page.get_by_role("region", name="Form")).to_contain_text("The form holds")
    expect(sheet(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type("而我未眠")
    expect(page.get_by_role("list", name="Who wrote it")).to_contain_text("Changed")
    expect(page.get_by_role("region", name="Form")).to_contain_text("does not hold")
    saved(page)
    page.reload()
    expect(sheet(page)).to_contain_text("而我未眠")


def test_words_come_one_after_the_other_and_only_add(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, draft=VERSE)
    page.evaluate(WATCHED)
    button(page, "Generate").click()
    run = finished(page)
    seen: list[list[str]] = [one for one in page.evaluate("seen") if len(one) == 4]
    whole = [text_of(studio, variants(run).nth(at)) for at in range(4)]
    assert len({tuple(one) for one in seen}) > 4, "the variants came as a whole"
    for at in range(4):
        states = [one[at] for one in seen]
        assert all(later.startswith(earlier) for earlier, later in pairwise(states))
        assert whole[at].startswith(states[-1].rstrip())


def test_a_branch_grows_from_a_token_by_keys(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, draft=VERSE | {"count": 1})
    button(page, "Generate").click()
    parent = variants(finished(page, count=1)).first
    poem = text_of(studio, parent)
    region = page.get_by_role("region", name="Distribution")
    prose(parent).focus()
    for token in poem[:3]:
        page.keyboard.press("ArrowRight")
        expect(region.get_by_role("status")).to_contain_text(f"{token}: ")
    others = region.get_by_role("group", name="Alternatives").get_by_role("button")
    chosen = next(at for at in range(others.count()) if others.nth(at).get_attribute("aria-current") is None)
    text = str(others.nth(chosen).locator("q").inner_text())
    page.keyboard.press("Enter")
    expect(region.get_by_role("group", name="Alternatives").locator("button:focus")).to_have_count(1)
    page.keyboard.press(str(chosen + 1))
    expect(runs(page)).to_have_count(2)
    branch = text_of(studio, variants(finished(page, count=1)).first)
    assert branch.startswith(poem[:2] + text)
    assert len(branch.splitlines()) == 2


SEEN = """() => ["#distribution", ".dock", ".bar", ".variant:has(.look[aria-pressed=true])"].map((one) => {
  const { left, right, top, bottom } = document.querySelector(one).getBoundingClientRect();
  return { left, right, top, bottom };
})"""
LOW = """(one) => {  // its first line is the last that is seen above the dock
  const dock = document.querySelector(".dock").getBoundingClientRect();
  scrollBy({ top: one.getBoundingClientRect().top + 60 - dock.top, behavior: "instant" });
}"""


@pytest.mark.parametrize("window", [(390, 844), (820, 1180), (1440, 900)], ids=str)
def test_the_distribution_does_not_cover_what_it_explains(studio: Running, visit: Visit, window: tuple[int, int]) -> None:
    id = work(studio)
    for _run in range(2):
        studio.make(id, ESSAY, engine="verse", form={"preset": "qijue"}, params={}, count=4)
    page = visit(f"/works/{id}", viewport={"width": window[0], "height": window[1]})
    page.keyboard.press("1")  # the toolbar is there already
    for at in (0, 3, 5):
        variant = page.locator("article.variant.text").nth(at)
        variant.evaluate(LOW)
        prose(variant).click(position={"x": 28, "y": 32})
        expect(page.get_by_role("region", name="Distribution")).to_be_visible()
        expect(variant.locator(".look")).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(100)
        region, dock, bar, explained = page.evaluate(SEEN)
        assert explained["bottom"] <= dock["top"] <= region["top"], (at, explained, dock)
        assert explained["top"] >= bar["bottom"], (at, explained, bar)
        page.keyboard.press("Escape")
        expect(page.locator("#distribution")).to_be_hidden()


def test_the_next_line_is_chosen_among_eight(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, HALF, VERSE)
    write(page).get_by_role("button", name="Next line").click()
    run = finished(page, count=8)
    candidates = page.get_by_role("region", name="Candidates").get_by_role("article")
    expect(candidates).to_have_count(8)
    line = candidates.nth(2).locator(".written").inner_text().strip()
    page.keyboard.press("3")
    expect(candidates.nth(2).get_by_role("button", name="Select variant 3")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")
    expect(sheet(page)).to_contain_text(line)
    expect(page.get_by_role("list", name="Who wrote it")).to_contain_text("Model")
    saved(page)
    draft = studio.http.get(page.url.replace(studio.url, "") + "/draft").json()
    assert draft["text"].startswith(HALF)
    assert {span["by"] for span in draft["origins"]} == {"hand", "engine"}
    assert len(variants(run).all()) == 8  # those that were not chosen stay


def test_a_variant_is_stopped_alone_and_kept(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, draft=ENGLISH | {"params": {"tokens": 1500}})
    button(page, "Generate").click()
    coming = page.locator(".coming")
    until(page, lambda: coming.count() == 4 and all(coming.locator(".written").all_inner_texts()), "words", PREPARED)
    coming.nth(1).get_by_role("button", name="Stop").click()
    expect(coming.nth(1)).to_contain_text("stopped")
    begun = coming.nth(0).locator(".written").inner_text()
    until(page, lambda: len(coming.nth(0).locator(".written").inner_text()) > len(begun), "the others to go on")
    kept = coming.nth(1).locator(".written").inner_text().strip()
    button(page, "Cancel").click()
    run = finished(page)
    assert text_of(studio, variants(run).nth(1)).strip().startswith(kept)
    expect(variants(run).nth(1)).to_contain_text("stopped")


def test_a_selection_is_rewritten_and_the_rest_stays_to_the_byte(studio: Running, visit: Visit) -> None:
    text = "The tide went out 👩‍🚀 at noon.\nNobody came.\nThe lamp was lit.\n"
    page = room(studio, visit, text, ENGLISH | {"count": 2})
    rewrite = write(page).get_by_role("button", name="Rewrite…")
    expect(rewrite).to_have_attribute("aria-disabled", "true")
    sheet(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+End")
    expect(rewrite).not_to_have_attribute("aria-disabled", "true")
    rewrite.click()
    dialog = page.get_by_role("dialog", name="Rewrite")
    expect(dialog).to_contain_text("Nobody came.")
    dialog.get_by_role("textbox", name="Instruction").fill("Say who came.")
    button(dialog, "Rewrite").click()
    run = finished(page, count=2)
    for at in range(2):
        whole = text_of(studio, variants(run).nth(at))
        assert whole.startswith("The tide went out 👩‍🚀 at noon.\n")
        assert whole.endswith("\nThe lamp was lit.\n")
    variants(run).first.get_by_role("button", name="Select variant 1").click()
    button(verbs(page), "Go on from here").click()
    expect(page.get_by_role("list", name="Who wrote it")).to_contain_text("Model")
    draft = studio.http.get(page.url.replace(studio.url, "") + "/draft").json()
    assert draft["text"] == text_of(studio, variants(run).first)


def test_a_text_is_continued_at_the_caret(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, "The tide went out at noon.\n\nThe lamp was lit.", ENGLISH | {"count": 2})
    sheet(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Shift+Enter")
    run = finished(page, count=2)
    for at in range(2):
        whole = text_of(studio, variants(run).nth(at))
        assert whole.startswith("The tide went out at noon.\n")
        assert whole.endswith("\nThe lamp was lit.")


def test_what_the_model_expected_is_shown(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, HALF, VERSE)
    button(write(page), "What did the model expect?").click()
    found = page.get_by_role("region", name="What the model expected")
    expect(found).to_contain_text(re.compile(r"Perplexity [\d.,]+"))
    expect(found).to_contain_text("秋")
    page.keyboard.press("Escape")


def test_what_an_engine_cannot_do_is_said(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, HALF, VERSE | {"form": None})
    sheet(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    rewrite = write(page).get_by_role("button", name="Rewrite…")
    expect(rewrite).to_have_attribute("title", re.compile("House texts, English"))
    rewrite.click(force=True)
    expect(page.get_by_role("alert").filter(has_text="cannot do that")).to_be_visible()
    expect(page.get_by_role("region", name="Form")).to_have_count(0)


@pytest.mark.parametrize(("viewport", "language"), [(WIDE, "en"), (PHONE, "zh")], ids=["wide", "phone"])
def test_the_room_is_accessible_wide_and_narrow(
    studio: Running, windows: tuple[Windows, Visit], viewport: Any, language: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not here (bin/test fetches it)")
    page = room(studio, windows[1], HALF, VERSE, viewport=viewport, locale=language)
    page.locator("[data-write=line]").click()
    expect(page.locator(".variant.line .pick")).to_have_count(8)
    page.locator(".variant.line .prose").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#distribution")).to_be_visible()
    page.locator(".variant.line .look").first.click()
    expect(page.locator("#formcheck")).to_be_visible()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")  # what lies at hand below covers nothing there
    page.evaluate(AXE.read_text())
    wrong = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wrong += [f"{scheme} {line}" for line in violations(page)]
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize(
    ("locale", "whole", "part", "outline"),
    [
        ("en-GB", "8 words · 32 characters", "Selected: 1 word · 3 characters", "Outline"),
        ("zh-CN", "8 个单词 · 32 个字符", "已选：1 个单词 · 3 个字符", "大纲"),
    ],
)
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_text_says_its_length_and_has_an_outline(
    studio: Running, visit: Visit, locale: str, whole: str, part: str, outline: str, size: Any
) -> None:
    text = "# The long way\n\nSea and sand.\n\n## Back home\n"
    page = room(studio, visit, text, locale=locale, viewport=size)
    expect(page.locator("#counts")).to_have_text(whole)
    page.locator("#editor").evaluate("(host) => host.editor.select(16, 19)")
    expect(page.locator("#counts")).to_have_text(part)
    page.locator("#outline summary").get_by_text(outline).click()
    page.locator("#outline").get_by_role("button", name="Back home").click()
    assert page.locator("#editor").evaluate("(host) => host.editor.cursor") == text.index("## Back")
    expect(page.locator("#outline ol")).not_to_be_visible()
