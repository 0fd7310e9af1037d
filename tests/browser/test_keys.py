"""Keys: pressed while looking, silent while writing, listed, and switched off for who does not want them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Example, Visit
from tests.browser.window import button, field, runs, variants

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
