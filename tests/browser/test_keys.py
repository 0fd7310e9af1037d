"""Keys: pressed while looking, silent while writing, listed, and switched off for who does not want them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Example, Visit
from tests.browser.window import Windows, button, field, runs, until, variants
from tests.running import Running

BENCHES = {"image": "fake-slow", "text": "fake-words", "music": "fake-notes"}
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
NUMBERS = {"en": ("Variant {}", "Revision {}"), "zh": ("变体 {}", "版本 {}")}
# The fields that words or figures are typed into, and whether the focus is still in `one` of them.
FIELDS = (
    "main :is(textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=file], [type=hidden]))"
)
HOLDS = "(one) => one.contains(document.activeElement)"
# The chords that press something on this page now, one for each control.
CHORDS = """() => [...document.querySelectorAll("[aria-keyshortcuts]")].filter((one) => one.checkVisibility())
  .flatMap((one) => one.getAttribute("aria-keyshortcuts").split(" "))"""

# What has the focus is called what, and whether it, or what stands for it, has a ring.
FOCUSED = """() => {
  const at = document.activeElement;
  const rings = [at, at.closest("label"), at.querySelector(".ring"), at.querySelector(".frame, img"), at.parentElement];
  const shown = rings.filter(Boolean).some((one) => {
    const style = getComputedStyle(one);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outline || style.boxShadow !== "none" || style.stroke !== "none";
  });
  const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent || at.id;
  return [at === document.body ? "" : name.trim(), shown];
}"""


def test_keys_are_silent_while_one_writes(visit: Visit, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    before, address = runs(page).count(), page.url
    pressed = page.locator("article .look[aria-pressed=true]")
    field(page, "Criteria").press_sequentially("2 p v f r l c z ? /")
    expect(field(page, "Criteria")).to_have_value("2 p v f r l c z ? /")
    assert (pressed.count(), runs(page).count(), page.url) == (0, before, address)
    expect(page.get_by_role("dialog")).to_have_count(0)
    field(page, "Criteria").fill("")


def test_keys_are_listed_and_switched_off(visit: Visit, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Vary subtly")
    button(keys, "Switch the keys off").click()
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
    page.keyboard.press("1")
    page.keyboard.press("l")
    expect(page.locator("article .look[aria-pressed=true]")).to_have_count(0)
    expect(page).to_have_url(f"{page.url}")
    page.keyboard.press("?")  # always, or nobody could switch them on again
    button(page.get_by_role("dialog", name="Keys"), "Switch the keys on").click()
    expect(page.locator("html")).to_have_attribute("data-keys", "on")
    page.keyboard.press("1")
    expect(page.locator("article .look[aria-pressed=true]")).to_have_count(1)


@pytest.mark.parametrize("path", ["bench", "wall"])
def test_the_tab_key_reaches_and_shows_everything(visit: Visit, example: Example, path: str) -> None:
    page = visit(f"/works/{example.work}" if path == "bench" else f"/projects/{example.project}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the work")).to_be_focused()
    seen = set()
    for _step in range(60):
        page.keyboard.press("Tab")
        name, outlined = page.evaluate(FOCUSED)
        if not name:
            break
        assert outlined, f"nothing shows that “{name}” has the focus"
        seen.add(name)
    assert {"Keys", "Engine room"} <= seen
    assert ("Intent" in seen) if path == "bench" else ("New work" in seen)


def test_arrows_walk_the_variants(visit: Visit, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    oldest = runs(page).last
    variants(oldest).first.get_by_role("button", name="Select variant 1").click()
    page.keyboard.press("ArrowRight")
    expect(button(oldest, "Select variant 2")).to_be_focused()
    expect(button(oldest, "Select variant 2")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(button(oldest, "Select variant 4")).to_have_attribute("aria-pressed", "true")


def new_work(studio: Running, visit: Visit, medium: str, language: str = "en") -> Page:
    """The bench of a work in which nothing was made or written yet, with a quick engine that makes two at once."""
    work = studio.work("Work", medium=medium)
    draft = {"version": 1, "engine": BENCHES[medium], "params": {"steps": 3, "seconds": 0.05}, "count": 2}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    return visit(
        f"/works/{work}", locale=LANGUAGES[language], viewport={"width": 1920, "height": 1080}
    )  # cards with room for numbers


def intent(page: Page) -> Locator:
    """The brief's first field, in either language."""
    return page.locator("#brief-intent")


def ended(page: Page, count: int) -> Locator:
    """The newest of `count` runs, when it has ended."""
    expect(page.locator("#runs > .run[data-status=done]")).to_have_count(count)
    return page.locator("#runs > .run").first


def look(run: Locator, number: int) -> Locator:
    """What selects a variant."""
    return run.locator(f".look[data-key='{number}']")


def follows_what_is_shown(page: Page, run: Locator, language: str) -> None:
    """The number 2 is shown once, in `run`; the key selects it, and the toolbar calls it so."""
    shown = page.locator("#runs .variant kbd", has_text=re.compile("^2$")).locator("visible=true")
    expect(shown).to_have_count(1)
    page.keyboard.press("2")
    expect(look(run, 2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".look[aria-pressed=true]")).to_have_count(1)
    expect(run.locator(".variant", has=page.locator(".look[aria-pressed=true]")).locator("kbd").first).to_be_visible()
    expect(page.locator("#verbs .whose")).to_have_text(NUMBERS[language][0].format(2))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("medium", BENCHES)
@pytest.mark.parametrize("by", ["key", "button"])
def test_after_generate_the_keys_are_for_the_run(visit: Visit, studio: Running, medium: str, language: str, by: str) -> None:
    page = new_work(studio, visit, medium, language)
    expect(intent(page)).to_be_focused()  # a new work begins there
    page.keyboard.type("rain")
    held: list[Route] = []
    page.route(re.compile("/generations$"), lambda route: held.append(route))  # noqa: PLW0108 (Playwright marks the function)
    if by == "key":
        page.keyboard.press("Control+Enter")
    else:
        page.locator("#brief [type=submit]").click()
    until(page, lambda: held, "the request")
    page.keyboard.press("1")  # before the studio answered
    held[0].continue_()
    expect(page.locator("#runs > .run")).to_be_focused()
    run = ended(page, 1)
    expect(run).to_be_focused()  # also when its final form took its place
    page.keyboard.press("1")
    expect(look(run, 1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    expect(run.locator(".pick[aria-pressed=true]")).to_have_count(1)
    expect(intent(page)).to_have_value("rain")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("medium", BENCHES)
def test_a_number_means_what_carries_it_on_the_screen(visit: Visit, studio: Running, medium: str, language: str) -> None:
    page = new_work(studio, visit, medium, language)
    page.keyboard.type("rain")
    page.keyboard.press("Control+Enter")
    older = page.locator(f"[id='{ended(page, 1).get_attribute('id')}']")
    follows_what_is_shown(page, older, language)
    intent(page).press("Control+Enter")
    newer = ended(page, 2)
    expect(newer).to_be_focused()
    chosen = older.locator(".variant", has=page.locator(".look[aria-pressed=true]"))
    number = chosen.get_attribute("data-number")
    expect(page.locator("#verbs .whose")).to_have_text(NUMBERS[language][1].format(number))  # as its card says
    follows_what_is_shown(page, newer, language)
    look(older, 1).click()
    follows_what_is_shown(page, older, language)
    page.keyboard.press("p")  # its card is drawn anew
    expect(older.locator(".pick[aria-pressed=true]")).to_have_count(1)
    follows_what_is_shown(page, older, language)
    chords = Counter(page.evaluate(CHORDS))
    assert {"1", "2", "P", "V"} <= set(chords)
    assert [chord for chord, times in chords.items() if times > 1] == []


def test_a_run_that_is_refused_leaves_the_caret_where_it_was(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("503")
    page = new_work(studio, windows[1], "image")
    page.keyboard.type("rain")
    page.route(re.compile("/generations$"), lambda route: route.fulfill(status=503, body="<p>Later</p>"))
    criteria = field(page, "Criteria")
    criteria.press_sequentially("grey")
    with page.expect_response(re.compile("/generations$")):
        page.keyboard.press("Control+Enter")
    expect(criteria).to_be_focused()
    page.keyboard.type("!")
    expect(criteria).to_have_value("grey!")


@pytest.mark.parametrize("place", [*BENCHES, "wall", "search"])
def test_escape_leaves_any_field(visit: Visit, studio: Running, example: Example, place: str) -> None:
    others = {"wall": f"/projects/{example.project}", "search": "/search?q=fox"}
    page = new_work(studio, visit, place) if place in BENCHES else visit(others[place])
    page.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
    fields = [one for one in page.locator(FIELDS).all() if one.is_visible() and one.is_enabled()]
    assert len(fields) >= (6 if place in BENCHES else 1)
    for one in fields:
        one.focus()
        assert one.evaluate(HOLDS)
        page.keyboard.press("Escape")
        assert not one.evaluate(HOLDS), one.evaluate("(one) => one.outerHTML.slice(0, 200)")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_only_a_new_work_begins_in_the_intent(visit: Visit, studio: Running, example: Example) -> None:
    page = visit(f"/works/{example.work}")
    expect(intent(page)).not_to_be_focused()
    work = studio.work("Poem", medium="text")
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "text": "The tide went out."}).raise_for_status()
    page = visit(f"/works/{work}")
    expect(page.locator("#editor")).to_contain_text("The tide")
    expect(intent(page)).not_to_be_focused()
