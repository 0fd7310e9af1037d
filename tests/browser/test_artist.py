"""The artist's whole way, by what is written on things: from an empty studio to a lineage and a file with its recipe."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Example, Visit
from tests.browser.window import (
    PATIENCE,
    Windows,
    button,
    field,
    finished,
    revision_of,
    runs,
    saved,
    shifts,
    until,
    variants,
    verbs,
)
from tests.running import Running

# How often each place for a picture changed what it shows, from now on.
COUNT_PREVIEWS = """() => {
  window.previews = {};
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const place = target.closest("article")?.dataset.index;
      if (place && target.src.startsWith("data:")) (window.previews[place] ??= new Set()).add(target.src);
    }
  }).observe(document.getElementById("runs"), { subtree: true, attributeFilter: ["src"] });
}"""


def begin(page: Page, project: str, title: str) -> None:
    """A new project and a work in it."""
    button(page, "New project").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill(project)
    page.keyboard.press("Enter")
    button(page, "New work").click()
    page.get_by_role("radio", name="Picture").check()  # the dialog offers what was made last, here or in another file's tests
    page.get_by_role("textbox", name="Title", exact=True).fill(title)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def steps(page: Page, number: int) -> None:
    """Let the house's model make the pictures, in so many steps."""
    page.get_by_text("Engine and parameters").click()
    page.get_by_label("Engine", exact=True).select_option("house")
    page.get_by_role("spinbutton", name="Steps", exact=True).fill(str(number))
    page.get_by_text("Engine and parameters").click()


def test_an_empty_studio_says_how_to_begin(tmp_path: Path, chromium: Browser) -> None:
    running = Running(tmp_path)
    running.start("serve")
    try:
        windows, context = Windows(running.url), chromium.new_context(base_url=running.url, locale="en-GB")
        windows.watch(context)
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("heading", name="Your works will be shown here")).to_be_visible()
        begin(page, "Along the shore", "Harbour")
        expect(page.get_by_role("heading", name="An empty stage")).to_be_visible()
        expect(page.get_by_text("No worker is running")).to_be_visible()
        idea = page.get_by_role("list", name="Ideas to begin with").get_by_role("button").nth(2)
        words = idea.inner_text()
        idea.click()
        expect(field(page, "Intent")).to_have_value(words)
        expect(page.get_by_role("region", name="Lineage")).to_contain_text("grows here")
        context.close()
        assert windows.unexpected() == []
    finally:
        running.stop()


def test_from_a_brief_to_four_variants_without_a_shift(visit: Visit) -> None:
    page = visit("/")
    begin(page, "Along the shore", "Low tide")
    steps(page, 10)
    saved(page)
    with page.expect_response(lambda answer: answer.url.endswith("/draft") and answer.request.method == "PUT") as put:
        field(page, "Intent").press_sequentially("A lighthouse on a rock")
        typed = page.evaluate("performance.now()")
    assert put.value.ok
    until(page, lambda: "lighthouse on a rock" in page.request.get(page.url + "/draft").json()["brief"]["intent"], "the draft")
    assert page.evaluate("performance.now()") - typed < 3000  # a second, and what a loaded machine adds
    saved(page)
    page.reload()
    expect(field(page, "Intent")).to_have_value("A lighthouse on a rock")

    page.evaluate(COUNT_PREVIEWS)
    field(page, "Intent").press("Control+Enter")
    run = runs(page).first
    expect(variants(run)).to_have_count(4)
    shown = page.evaluate("performance.now()")
    expect(run.get_by_role("progressbar")).to_be_visible()
    finished(page)
    until(
        page,
        lambda: page.evaluate("[...document.querySelectorAll('#runs img')].every((i) => i.complete && i.naturalWidth)"),
        "pictures",
    )
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    moved = shifts(page, shown)
    assert sum(much for much, _ in moved) < 0.01, moved
    changed = page.evaluate("Object.fromEntries(Object.entries(window.previews).map(([place, seen]) => [place, seen.size]))")
    assert sorted(changed) == ["0", "1", "2", "3"]
    assert min(changed.values()) >= 2, changed  # previews took each other's place


def test_pick_vary_refine_reroll_and_back(visit: Visit, studio: Running) -> None:
    work = studio.work("Apples")
    brief = {"intent": "a red apple", "style": "", "technique": "", "materials": [], "criteria": [], "avoid": ""}
    draft = {"version": 1, "brief": brief, "engine": "house", "params": {"steps": 6}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    page = visit(f"/works/{work}")
    field(page, "Intent").press("Control+Enter")
    chosen = variants(finished(page)).nth(1)
    field(page, "Intent").blur()

    page.keyboard.press("2")
    expect(chosen.get_by_role("button", name="Select variant 2")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    expect(button(chosen, "Picked")).to_have_attribute("aria-pressed", "true")
    root = revision_of(chosen)
    page.keyboard.press("v")
    expect(runs(page)).to_have_count(2)
    expect(runs(page).first).to_contain_text(f"varied subtly from Revision {root['number']}")
    child = revision_of(variants(finished(page)).first)
    parents = studio.http.get(f"/revisions/{child['id']}").json()["parents"]
    assert [(one["revision"], one["role"]) for one in parents] == [(root["id"], "vary")]

    variants(runs(page).first).first.get_by_role("button", name="Select variant 1").click()
    field(page, "Intent").fill("a green apple")
    button(verbs(page), "Refine").click()
    expect(runs(page).first).to_contain_text(f"refined from Revision {child['number']}")
    refined = revision_of(variants(finished(page)).nth(2))
    variants(runs(page).first).nth(2).get_by_role("button", name="Select variant 3").click()
    button(verbs(page), "Reroll").click()
    expect(runs(page).first).to_contain_text(f"rerolled from Revision {refined['number']}")
    finished(page)
    assert studio.http.get(f"/revisions/{refined['id']}").json()["brief"]["intent"] == "a green apple"

    saved(page)
    page.get_by_role("region", name="Lineage").get_by_role("link", name=f"Revision {root['number']}", exact=True).click()
    button(page, "Go on from here").click()
    expect(page).to_have_url(re.compile(f"/works/{work}$"))
    expect(field(page, "Intent")).to_have_value("a red apple")
    expect(page.get_by_role("figure")).to_contain_text(f"Revision {root['number']}")


def test_lineage_is_walked_by_keys(visit: Visit, example: Example, studio: Running) -> None:
    page = visit(f"/works/{example.work}")
    page.keyboard.press("l")
    drawing = page.get_by_role("application", name="Drawing of the lineage")
    expect(drawing).to_be_visible()
    until(page, lambda: page.evaluate("performance.getEntriesByName('stemma:lineage').length"), "the drawing")
    card = page.get_by_role("complementary", name="The revision you look at")
    numbers = {
        id: studio.http.get(f"/revisions/{id}").json()["number"] for id in (*example.roots, *example.varied, *example.refined)
    }

    def at(id: str) -> None:
        expect(card.get_by_role("heading", name=f"Revision {numbers[id]}", exact=True)).to_be_visible()

    at(example.refined[0])  # what lies on the bench
    drawing.focus()
    page.keyboard.press("ArrowDown")
    at(example.varied[0])
    page.keyboard.press("ArrowDown")
    at(example.roots[1])
    page.keyboard.press("ArrowUp")
    at(example.varied[0])
    page.locator("summary").filter(has_text="All revisions as a list").click()
    listed = page.get_by_role("region", name="Lineage").get_by_role("link", name=re.compile(r"^Revision \d+$"))
    until(page, lambda: {f"Revision {n}" for n in numbers.values()} <= set(listed.all_inner_texts()), "all revisions")
    drawing.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Revision {numbers[example.varied[0]]}", level=1)).to_be_visible()


def test_a_revision_tells_its_recipe_and_carries_it_in_the_file(visit: Visit, example: Example, studio: Running) -> None:
    page = visit(f"/revisions/{example.refined[0]}")
    recipe = page.get_by_role("region", name="Recipe")
    seed = str(studio.http.get(f"/revisions/{example.refined[0]}").json()["seed"])
    expect(recipe).to_contain_text("a red fox asleep in the snow")
    expect(recipe).to_contain_text(seed)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    picture.load()
    carried = json.loads(picture.text["stemma"])  # type: ignore[attr-defined]  # a PNG's words
    assert carried["brief"]["intent"] == "a red fox asleep in the snow"
    assert str(carried["seed"]) == seed
    assert carried["parents"]


def test_two_pictures_are_compared_by_keys(visit: Visit, example: Example) -> None:
    page = visit(f"/revisions/{example.varied[0]}/diff/{example.refined[0]}")
    slider = page.get_by_role("slider")
    slider.focus()
    for _press in range(5):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("55")
    expect(page.locator("#slider .b")).to_have_css("clip-path", "inset(0px 0px 0px 55%)")
    expect(page.locator("ins")).to_contain_text(["asleep"])
    button(page, "Side by side").click()
    expect(slider).to_be_hidden()

    page.goto(f"/works/{example.work}")
    variants(runs(page).first).nth(1).get_by_role("button", name="Select variant 2").click()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Compare")
    expect(dialog.get_by_role("slider")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
