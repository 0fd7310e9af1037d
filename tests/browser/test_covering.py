"""Nothing stands on what can be acted on: on every page, at every width, what comes into view can be pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import EXAMPLE
from tests.browser.conftest import Visit, open_windows
from tests.browser.window import moved
from tests.running import Running

WIDTHS = {360: 740, 390: 844, 820: 1180, 1440: 900}  # and the height of such a window
# What can be acted on and is seen, each with a name for a person.
SHOWN = """
const KINDS = `button, a[href], input:not([type=hidden]), select, textarea, summary, [contenteditable=true],
  [tabindex]:not([tabindex="-1"])`;
const shown = [...document.querySelectorAll(KINDS)].filter((one) => {
  const { width, height } = one.getBoundingClientRect();
  return one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.closest("[inert], [aria-hidden=true]")
    && width > 4 && height > 4 && getComputedStyle(one).pointerEvents !== "none";
});
const nested = (one, other) => one.contains(other) || other.contains(one);
const labels = (one) => [one, ...(one.labels ?? [])];
const related = (one, other) => labels(one).some((mine) => labels(other).some((its) => nested(mine, its)));
const called = (one) => one.getAttribute("aria-label") ?? one.textContent.trim().replaceAll(/\\s+/g, " ").slice(0, 40);
const named = (one) => `<${one.tagName} ${called(one)}>`;
"""
# Those that something else stands on when they are scrolled into view (of a link in lines of text: its largest piece).
COVERED = f"""() => {{ {SHOWN}
  return shown.flatMap((one) => {{
    one.scrollIntoView({{ block: "nearest", inline: "nearest", behavior: "instant" }});
    const area = (box) => box.width * box.height;
    const box = [...one.getClientRects()].reduce((most, each) => (area(each) > area(most) ? each : most));
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return hit && related(one, hit) ? [] : [`${{named(one)}} under ${{hit ? named(hit) : "the window's edge"}}`];
  }});
}}"""
# Pairs whose boxes share ground where both are to be seen. What stands still while a page scrolls is a plane of its own, a
# drawing is ground for what lies on it, and a control may lie on the very thing it belongs to.
OVERLAPPING = f"""() => {{ {SHOWN}
  const clip = (box, by) => ({{
    left: Math.max(box.left, by.left), right: Math.min(box.right, by.right),
    top: Math.max(box.top, by.top), bottom: Math.min(box.bottom, by.bottom),
  }});
  const owner = (one) => one.closest("li, article, figure, g, .hung");
  const apart = (a, b) => !related(a, b) && !(owner(a) && owner(a) === owner(b));
  const placed = shown.filter((one) => !one.matches("canvas")).map((one) => {{
    let plane = null;
    let boxes = [...(one.querySelector(":scope > .tile") ?? one).getClientRects()];
    for (let around = one; around && around !== document.body && !plane; around = around.parentElement) {{
      const style = getComputedStyle(around);
      if (["fixed", "sticky"].includes(style.position)) plane = around;
      if (around !== one && style.overflow !== "visible") boxes = boxes.map((box) => clip(box, around.getBoundingClientRect()));
    }}
    return {{ one, plane, boxes }};
  }});
  const shared = (a, b) => {{
    const both = clip(a, b);
    return both.right - both.left > 1 && both.bottom - both.top > 1;
  }};
  return placed.flatMap((a, at) => placed.slice(at + 1)
    .filter((b) => a.plane === b.plane && apart(a.one, b.one))
    .filter((b) => a.boxes.some((box) => b.boxes.some((its) => shared(box, its))))
    .map((b) => `${{named(a.one)}} and ${{named(b.one)}}`));
}}"""


@pytest.fixture(scope="module")
def exhibition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio with the finished example, which nobody works in; something lies in its trash."""
    running = Running(tmp_path_factory.mktemp("exhibition"), {"STEMMA_PRELOAD": "0"})
    restored = running.run("restore", str(EXAMPLE))
    assert restored.returncode == 0, restored.stderr
    running.start("serve")
    running.http.post(f"/works/{running.work('Left')}/trash").raise_for_status()
    yield running
    running.stop()


@pytest.fixture
def look(chromium: Browser, exhibition: Running) -> Iterator[Visit]:
    """Open a window on it."""
    for _, visit in open_windows(chromium, exhibition):
        yield visit


def works(studio: Running) -> list[dict[str, Any]]:
    """All of them."""
    projects = studio.http.get("/projects").json()["items"]
    return [work for project in projects for work in studio.http.get(f"/projects/{project['id']}/works").json()["items"]]


def longest(studio: Running) -> dict[str, dict[str, Any]]:
    """Of each medium the work with the most revisions."""
    return {work["medium"]: work for work in sorted(works(studio), key=lambda work: int(work["revisions"]))}


def wall(studio: Running) -> str:
    """The address of the project that most hangs in."""
    projects = [project["id"] for project in studio.http.get("/projects").json()["items"]]
    return f"/projects/{max(projects, key=lambda one: len(studio.http.get(f'/projects/{one}/works').json()['items']))}"


def bench(medium: str) -> Callable[[Running], str]:
    """Its address."""
    return lambda studio: f"/works/{longest(studio)[medium]['id']}"


def revision(medium: str) -> Callable[[Running], str]:
    """The address of what lies on its stage."""
    return lambda studio: f"/revisions/{studio.http.get(bench(medium)(studio) + '/draft').json()['base']}"


MEDIA = ("image", "text", "music")
PAGES: dict[str, Callable[[Running], str]] = {
    **{f"bench of {medium}": bench(medium) for medium in MEDIA},
    **{f"revision of {medium}": revision(medium) for medium in MEDIA},
    "lineage": lambda studio: bench("image")(studio) + "/lineage",
    "loom": lambda studio: bench("text")(studio) + "/lineage",
    "library": lambda _: "/projects",
    "wall": wall,
    "search": lambda _: "/search?q=heart",
    "trash": lambda _: "/trash",
    "about": lambda _: "/about",
    "engine room": lambda _: "/engine-room",
}


def select(page: Page) -> None:
    """Select the second variant of the newest run that has one, and see the toolbar come."""
    page.locator("#runs .look[data-key='2']").first.click()
    expect(page.locator("#verbs")).to_be_visible()


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_stands_on_what_can_be_acted_on(look: Visit, exhibition: Running, name: str, touch: bool) -> None:
    page = look(PAGES[name](exhibition), has_touch=touch, is_mobile=touch)
    page.wait_for_load_state("load")
    if name.startswith("bench"):
        select(page)
    wrong = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        wrong += [f"{width}: {said}" for said in page.evaluate(OVERLAPPING) + page.evaluate(COVERED)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("medium", MEDIA)
def test_a_reload_keeps_the_selection(look: Visit, exhibition: Running, medium: str) -> None:
    page = look(bench(medium)(exhibition))
    select(page)
    chosen = page.locator("article.variant", has=page.locator(".look[aria-pressed=true]"))
    before = chosen.get_attribute("id")
    page.reload()
    expect(chosen).to_have_attribute("id", str(before))
    expect(page.locator("#verbs")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_text_is_where_its_editor_will_be(look: Visit, exhibition: Running, width: int) -> None:
    window = {"viewport": {"width": width, "height": WIDTHS[width]}}
    tall = []
    for scripts in (False, True):
        page = look(bench("text")(exhibition), java_script_enabled=scripts, **window)
        page.wait_for_load_state("load")
        expect(page.locator("#editor .cm-content" if scripts else "#editor .before")).to_be_visible()
        tall.append(page.locator("#editor").bounding_box()["height"])  # type: ignore[index]
    assert tall[0] == pytest.approx(tall[1], abs=2)


PLACES = """() => [".bar", ".bar nav", ".bar .tools", "main", "#runs", ".dock"].map((one) => {
  const { x, y, height } = document.querySelector(one).getBoundingClientRect();
  return [one, Math.round(x), Math.round(y), Math.round(height)];
})"""


@pytest.mark.parametrize("medium", MEDIA)
def test_what_is_said_with_undo_moves_nothing_and_covers_nothing(look: Visit, exhibition: Running, medium: str) -> None:
    address = bench(medium)(exhibition)
    page = look(address)
    select(page)
    chosen = page.locator("article.variant:has(.look[aria-pressed=true])")
    on = {"revision": chosen.get_attribute("data-revision")}
    exhibition.http.post(f"{address}/draft/base", json=on).raise_for_status()  # it lies on the stage already
    page.reload()
    pick = chosen.locator(".pick")
    for width in (390, 820, 1000, 1440):
        page.set_viewport_size({"width": width, "height": WIDTHS.get(width, 900)})
        page.wait_for_load_state("networkidle")  # tunes are drawn anew at another width
        pick.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        before, begun = page.evaluate(PLACES), page.evaluate("performance.now()")
        pick.click()
        close = page.locator("#done").get_by_role("button", name="Close")
        expect(close).to_be_visible()
        assert (page.evaluate(PLACES), moved(page, begun)) == (before, []), width
        wrong = page.evaluate(COVERED)
        assert not wrong, f"{width}: " + "\n".join(wrong)
        begun = page.evaluate("performance.now()")
        close.click()
        expect(page.locator("#done > *")).to_have_count(0)
        assert moved(page, begun) == [], width
