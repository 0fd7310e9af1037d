"""Something answers at once: while the studio's answer is held back, every action is seen and heard, and is sent once."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button, field, finished, runs, shifts, until, variants, verbs
from tests.running import Running

ENGINES = {"image": "fake-slow", "text": "fake-words", "music": "fake-notes"}
# Says on the console when something is seen and heard to be at work that was not before, and then presses once more. (While
# a page waits for the next one, Playwright cannot ask it anything.)
WATCH = """() => {
  const signs = "[aria-busy=true], #bringing progress";
  const seen = () => [...document.querySelectorAll(signs)].filter((one) => one.checkVisibility());
  const heard = () => [...document.querySelectorAll("[role=status], [role=alert]")].map((one) => one.textContent).join("|");
  const [still, silent] = [seen().length, heard()];
  let control;
  addEventListener("click", ({ target }) => (control ??= target.closest("button")), true);
  const looking = setInterval(() => {
    if (seen().length <= still || heard() === silent) return;
    clearInterval(looking);
    control?.click();
    setTimeout(() => console.info("acknowledged"), 100);
  }, 20);
}"""
BUSY = "[aria-busy=true]:visible, #bringing:visible"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 50)))"
CLICK = "(one) => void setTimeout(() => one.click())"  # a click of Playwright's own waits for the page that comes


class Held:
    """The answers to all that changes something, held back until they are let go."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.sent: list[str] = []
        self.open = False
        page.route("**/*", self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.method == "GET" or self.open:
            route.continue_()
        else:
            self.sent.append(f"{route.request.method} {route.request.url}")
            self.routes.append(route)

    def let_go(self) -> None:
        """Let them go, and all that come after them."""
        self.open = True
        for route in self.routes:
            route.continue_()


class Action(NamedTuple):
    """How something is done on a page, again while it is on its way, and what tells that it was done."""

    path: str
    do: Callable[[Page], Any]
    done: Callable[[Page], Any]
    ready: Callable[[Page], Any] = Page.title  # nothing is needed before


def renaming(page: Page) -> None:
    """Open what the title opens."""
    button(page, "Work").click()


def menu(page: Page) -> None:
    """Open the menu of the only tile."""
    button(page, "More for Work").click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Title")).to_be_visible()


def choose(page: Page) -> None:
    """Choose a file to import."""
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(content, "PNG")
    page.locator("#file").set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": content.getvalue()})


def select(page: Page) -> None:
    """Select the second variant."""
    page.locator("#runs .look[data-key='2']").first.click()
    expect(verbs(page)).to_be_visible()


def new_run(page: Page) -> None:
    """There are two runs, and the newer one is no card any more."""
    expect(page.locator("#runs > .run[data-generation]")).to_have_count(2)


def told(words: str) -> Callable[[Page], Any]:
    """Wait for the page to tell what was done."""
    return lambda page: expect(page.locator("#done")).to_contain_text(words)


def shows(selector: str) -> Callable[[Page], Any]:
    """Wait for an element."""
    return lambda page: expect(page.locator(selector).first).to_be_visible()


def press(name: str, dialog: bool = False) -> Callable[[Page], Any]:
    """Press the first button of this name."""
    return lambda page: (page.get_by_role("dialog") if dialog else page).get_by_role("button", name=name).first.evaluate(CLICK)


def opened(name: str) -> Callable[[Page], Any]:
    """Open the dialog behind a button, and fill it in."""

    def fill(page: Page) -> None:
        button(page, name).click()
        page.get_by_role("dialog").get_by_role("textbox").first.fill("Something new")

    return fill


def typed(page: Page) -> None:
    """Another title in the menu."""
    menu(page)
    page.get_by_role("textbox", name="Title").fill("Otherwise")


BENCH, WALL = "/works/{work}", "/projects/{project}"
ACTIONS = {
    "generate": Action(BENCH, press("Generate"), new_run),
    "vary subtly": Action(BENCH, press("Vary subtly"), new_run, select),
    "vary strongly": Action(BENCH, press("Vary strongly"), new_run, select),
    "reroll": Action(BENCH, press("Reroll"), new_run, select),
    "refine": Action(BENCH, lambda page: button(verbs(page), "Refine").evaluate(CLICK), new_run, select),
    "pick": Action(BENCH, press("Pick"), told("is picked"), select),
    "go on from here": Action(BENCH, press("Go on from here"), shows("#base figcaption"), select),
    "import": Action(BENCH, choose, shows("#base figcaption")),
    "rename here": Action(BENCH, press("Rename", dialog=True), told("The new title"), renaming),
    "trash here": Action(BENCH, press("Move to the trash", dialog=True), told("is in the trash"), renaming),
    "rename": Action(WALL, press("Rename", dialog=True), told("The new title"), typed),
    "trash": Action(WALL, press("Move to the trash", dialog=True), told("is in the trash"), menu),
    "restore": Action("/trash", press("Restore Trashed"), told("back from the trash")),
    "new work": Action(WALL, press("Create", dialog=True), shows("#brief"), opened("New work")),
    "new project": Action("/projects", press("Create", dialog=True), shows("h1"), opened("New project")),
    "pick a revision": Action("/revisions/{revision}", press("Pick"), told("is picked")),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_done_is_seen_and_heard_before_the_studio_answers(visit: Visit, studio: Running, name: str) -> None:
    action = ACTIONS[name]
    project = studio.project(f"At once: {name}")
    work = studio.work("Work", project)
    made = studio.make(work, "a red apple", engine="fake-slow", params={"steps": 2, "seconds": 0.05}, count=2)
    quick = {"version": 1, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.05}, "brief": {"intent": "a red apple"}}
    studio.http.put(f"/works/{work}/draft", json=quick).raise_for_status()
    if name == "restore":
        studio.http.post(f"/works/{studio.work('Trashed', project)}/trash").raise_for_status()
    page = visit(action.path.format(work=work, project=project, revision=made["variants"][0]["id"]))
    page.wait_for_load_state("load")
    action.ready(page)
    held, acknowledged = Held(page), list[str]()
    page.on("console", lambda message: acknowledged.append(message.text))
    page.evaluate(WATCH)
    action.do(page)
    until(page, lambda: held.sent and acknowledged, "a sign that it is at work, and words of it")
    assert len(held.sent) == 1  # also after the impatient press
    held.let_go()
    action.done(page)
    expect(page.locator(BUSY)).to_have_count(0)


@pytest.mark.parametrize("medium", ENGINES)
def test_generate_shows_the_run_in_its_size_at_once(visit: Visit, studio: Running, medium: str) -> None:
    work = studio.work(medium=medium)
    studio.make(work, "a red apple", engine=ENGINES[medium], count=2)
    draft = {"version": 1, "engine": ENGINES[medium], "brief": {"intent": "a red apple"}, "count": 3}
    if medium == "image":
        draft["params"] = {"steps": 40, "seconds": 0.1}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    page = visit(f"/works/{work}")
    page.wait_for_load_state("load")
    held = Held(page)
    field(page, "Intent").press("Control+Enter")
    card = page.locator("#runs > .run").first
    expect(card).to_have_attribute("data-status", "asked")
    expect(card).to_contain_text("3 variants")
    expect(card.locator("article")).to_have_count(3)
    expect(card).to_be_focused()
    shown = page.evaluate(PAINTED)  # the press itself makes room; from here on nothing moves
    before = card.bounding_box()
    held.let_go()
    expect(page.locator("#runs > .run[data-generation]")).to_have_count(2)
    run = page.locator("#runs > .run").first
    expect(run).to_be_focused()
    assert page.evaluate("document.querySelectorAll('#runs > .run').length") == 2
    if medium == "image":  # it is still in the making
        assert run.bounding_box() == before
    finished(page, 3)
    assert shifts(page, shown) == []


def test_what_is_refused_stands_in_the_card_and_is_asked_again(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("503|ERR_FAILED")
    work = studio.work()
    studio.make(work, "a red apple", engine="fake-slow", params={"steps": 2, "seconds": 0.05}, count=4)
    draft = {"version": 1, "engine": "fake-slow", "params": {"steps": 2, "seconds": 0.05}, "brief": {"intent": "a blue pear"}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    page = windows[1](f"/works/{work}")
    page.wait_for_load_state("load")
    page.route("**/generations", lambda route: route.abort())
    button(page, "Generate").click()
    shown = page.evaluate(PAINTED)
    refused = page.locator("#runs > .run.refused")
    expect(refused.get_by_role("alert")).to_contain_text("The studio does not answer")
    expect(refused).to_contain_text("a blue pear")
    assert shifts(page, shown) == []
    field(page, "Intent").fill("something else")  # what is asked again is what was asked
    page.unroute_all()
    button(refused, "Try again").click()
    expect(refused).to_have_count(0)
    finished(page)
    expect(runs(page)).to_have_count(2)
    newest = studio.http.get(f"/works/{work}/generations").json()["items"][0]
    assert newest["brief"]["intent"] == "a blue pear"
    expect(field(page, "Intent")).to_have_value("something else")
    expect(variants(runs(page).first)).to_have_count(4)
