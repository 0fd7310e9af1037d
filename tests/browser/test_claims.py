"""What the benches' scripts claim, each against a state that contradicts it (tests/web/claims.tsv lists them all)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.test_drafts import intent
from tests.browser.test_music import bench, score
from tests.browser.test_script_units import Compute, compute
from tests.browser.window import Windows, field, saved, until, verbs
from tests.running import Running

__all__ = ["compute"]
TUNE = "X:1\nM:4/4\nL:1/4\nK:G\nGABc|dedc|]\n"
RESTS = "X:1\nM:4/4\nL:1/4\nK:G\nz4|\n"


def writes(page: Page, answered: Callable[[Route], None]) -> None:
    """What saves the draft is answered so."""
    page.route("**/draft", lambda route: answered(route) if route.request.method == "PUT" else route.fallback())


def status(page: Page) -> str:
    return page.locator("#saved").inner_text()


def test_saved_is_said_only_of_what_the_studio_has(visit: Visit, studio: Running) -> None:
    page, held = visit(f"/works/{studio.work()}"), list[Route]()
    saved(page)
    writes(page, held.append)
    field(page, "Intent").fill("a grey sea")
    until(page, lambda: held, "the save")
    assert (status(page), intent(page)) == ("Saving…", "")
    held[0].continue_()
    saved(page)
    assert intent(page) == "a grey sea"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"status": 500, "json": {"title": "Went wrong."}},
            "Not saved: the studio has trouble; kept in this browser",
        ),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "Not saved: the studio has trouble; kept in this browser"),
        ({"status": 409, "json": {"title": "It is in the trash."}}, "Not saved, kept in this browser: It is in the trash."),
        ({"status": 403, "json": {"title": "Not yours."}}, "Not saved, kept in this browser: Not yours."),
        (None, "Not saved: offline, kept in this browser"),
    ],
)
def test_why_it_is_not_saved(windows: tuple[Windows, Visit], studio: Running, answer: dict[str, Any] | None, said: str) -> None:
    windows[0].allow("Failed to load resource|ERR_FAILED")
    page = windows[1](f"/works/{studio.work()}")
    writes(page, lambda route: route.fulfill(**answer) if answer else route.abort())
    field(page, "Intent").fill("a grey sea")
    expect(page.locator("#saved")).to_have_text(said)
    page.unroute_all()
    page.reload()
    expect(field(page, "Intent")).to_have_value("a grey sea")  # kept in this browser
    saved(page)
    assert intent(page) == "a grey sea"


def test_see_the_marked_field_is_said_only_where_it_is_seen(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("422")
    page = windows[1](f"/works/{studio.work()}")
    expect(page.locator("#count")).to_be_hidden()  # folded away
    page.evaluate("""() => {
      document.getElementById("count").value = 99;
      document.getElementById("brief").dispatchEvent(new Event("input"));
    }""")
    expect(page.locator("#saved")).to_have_text("Not saved: see the marked field")
    expect(page.locator("#count[aria-invalid]")).to_be_visible()
    page.locator("#count").fill("2")
    saved(page)
    expect(page.locator("#brief [aria-invalid]")).to_have_count(0)
    problem = {"title": "Please check it.", "fields": [{"field": "nowhere", "message": "That cannot be."}]}
    writes(page, lambda route: route.fulfill(status=422, json=problem))
    field(page, "Intent").fill("a grey sea")
    expect(page.locator("#saved")).to_have_text("Not saved, kept in this browser: That cannot be.")


@pytest.mark.parametrize("medium", ["image", "text"])
def test_another_window_is_blamed_only_where_there_was_one(
    windows: tuple[Windows, Visit], studio: Running, medium: str
) -> None:
    """The studio saved, and its answer was lost: the next save is of an older version, and no other window's."""
    windows[0].allow("ERR_FAILED|409")
    page, sent = windows[1](f"/works/{studio.work(medium=medium)}"), list[Any]()

    def loses(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fetch()
        if len(sent) == 1:
            route.abort()
        else:
            route.fallback()

    writes(page, loses)
    field(page, "Intent").fill("a grey sea")
    if medium == "text":
        page.locator("#editor .cm-content").press_sequentially("The tide")
    expect(page.locator("#saved")).to_contain_text("offline")
    page.unroute_all()
    field(page, "Intent").fill("a grey sea at noon")
    saved(page)
    assert intent(page) == "a grey sea at noon"
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_nothing_to_compare_with_is_said_only_where_nothing_is(visit: Visit, studio: Running) -> None:
    work = studio.work(medium="text")
    run = studio.make(work, "rain", engine="fake-words", count=2)
    page = visit(f"/works/{work}")
    page.keyboard.press("1")
    page.keyboard.press("c")
    expect(page.locator("#problem")).to_have_text("There is nothing to compare it with")
    first, second = (one["id"] for one in run["variants"])
    studio.http.post(f"/works/{work}/draft/base", json={"revision": first}).raise_for_status()
    page.reload()
    page.keyboard.press("2")
    with page.expect_navigation(url=f"**/revisions/{first}/diff/{second}"):
        page.keyboard.press("c")


@pytest.mark.parametrize(("text", "silent"), [("", True), (RESTS, True), (TUNE, False)])
def test_nothing_to_play_is_said_only_where_nothing_sounds(studio: Running, visit: Visit, text: str, silent: bool) -> None:
    page = bench(studio, visit, text)
    score(page).focus()
    page.keyboard.press(" ")
    if silent:
        expect(page.locator("#player .missing")).to_have_text("There is nothing to play yet")
    else:
        expect(page.locator("#player [data-play]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#player .missing")).to_have_text("")


def test_the_key_stays_only_by_octaves(studio: Running, visit: Visit) -> None:
    page = bench(studio, visit, TUNE, {"engine": "tunes"})
    verbs(page).locator("[data-verb=transpose]").click()
    dialog = page.get_by_role("dialog", name="Transpose")
    for by, said in ((0, "The key stays G major"), (2, "From G major to A major"), (12, "The key stays G major")):
        dialog.locator("#semitones").fill(str(by))
        expect(dialog.locator("output")).to_have_text(said)


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (1.0, "100%"),
        (0.9997, "> 99%"),
        (0.994, "99%"),
        (0.5, "50%"),
        (0.023, "2.3%"),
        (0.0004, "0.04%"),
        (0.000001, "< 0.01%"),
    ],
)
def test_a_tokens_share_is_neither_nothing_nor_all_where_it_is_not(compute: Compute, chance: float, said: str) -> None:
    assert compute("writing/tokens.js", "return of.share(Math.log(given[0]), 'en')", chance) == said


def test_a_token_is_told_as_it_is_whatever_it_holds(compute: Compute) -> None:
    body = "return of.fill('{token}: {share} at this place', { token: given[0], share: '5%' })"
    for token in ("tide", "{share}", "$&", "{token}"):
        assert compute("shared/words.js", body, token) == f"{token}: 5% at this place"


def test_best_fit_first_is_by_what_their_facts_tell(compute: Compute) -> None:
    """The facts as numbers: tests/web/test_claims.py."""
    body = """
      document.body.innerHTML = `<div id="variants"><div class="run"><select data-sort><option value="fit">fit</option>
        <option value="made">made</option></select><div class="grid"></div></div></div>`;
      const grid = document.querySelector(".grid");
      grid.innerHTML = given[0].map((fit, at) => `<article data-index="${at}" data-fit="${fit}"></article>`).join("");
      of.showing(document.body);
      const order = (value) => {
        const select = document.querySelector("select");
        select.value = value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
        return [...grid.children].map((one) => Number(one.dataset.index));
      };
      return [order("fit"), order("made")];
    """
    assert compute("music/variants.js", body, [3, 5, 4, 5]) == [[1, 3, 2, 0], [0, 1, 2, 3]]
