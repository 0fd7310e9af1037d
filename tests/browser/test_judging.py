"""What a judge does for an artist: the mark on a variant that comes by itself, best fit first, search, more like this."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, open_windows
from tests.browser.test_accessibility import PHONE, WIDE, axe, violations
from tests.browser.window import Windows, button, finished, runs, shifts, variants
from tests.running import Running, until

__all__ = ["axe"]  # a fixture
WISH = {
    "engine": "fake-slow",
    "params": {"steps": 2, "seconds": 0.0},
    "brief": {"intent": "salmon", "criteria": ["much teal", "warmth"]},
}
FIT = re.compile(r"^fit \d+ of 100$")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio with engines and a judge that know nothing but colours."""
    fakes = {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "fake"}
    running = Running(tmp_path_factory.mktemp("judged"), fakes)
    running.start()
    running.wait_for_worker()
    yield running
    running.stop()


@pytest.fixture
def judged_windows(chromium: Browser, judged: Running) -> Iterator[tuple[Windows, Visit]]:
    yield from open_windows(chromium, judged)


@pytest.fixture
def visit(judged_windows: tuple[Windows, Visit]) -> Visit:
    return judged_windows[1]


@pytest.fixture(scope="module")
def work(judged: Running) -> str:
    """A work with a run that was judged."""
    id = judged.work("Dots")
    made = judged.make(id, **WISH)
    until(lambda: all(one["verdict"] for one in judged.generation(made["id"])["variants"]), 60, "verdicts")
    return id


def test_the_mark_comes_by_itself_and_moves_nothing(visit: Visit, judged: Running) -> None:
    page = visit(f"/works/{judged.work('Marks')}")
    judged.ask(page.url.rsplit("/", 1)[1], **(WISH | {"params": {"steps": 6, "seconds": 0.5}}))
    expect(variants(runs(page).first)).to_have_count(4)
    page.wait_for_timeout(300)  # the run took its place, and pushed away what was there
    placed = page.evaluate("performance.now()")
    run = finished(page)
    expect(run.get_by_role("button", name=FIT)).to_have_count(4)
    expect(button(run, "Best fit first")).to_be_visible()
    for age in ("1 second ago", "59 minutes ago"):  # the words grow as time goes by, and push nothing
        page.evaluate("(age) => { document.querySelector('.run time.state').textContent = age; }", age)
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert shifts(page, placed) == []


def test_best_fit_first_and_back(visit: Visit, work: str) -> None:
    page = visit(f"/works/{work}")
    run = runs(page).first

    def fits() -> list[int]:
        return [int(one.inner_text().split()[1]) for one in run.get_by_role("button", name=FIT).all()]

    made = fits()
    button(run, "Best fit first").click()
    expect(button(run, "Best fit first")).to_have_attribute("aria-pressed", "true")
    assert fits() == sorted(made, reverse=True)
    page.keyboard.press("1")
    expect(variants(run).filter(has=page.locator(".look[aria-pressed=true]"))).to_have_attribute("aria-label", "Variant 1")
    button(run, "Best fit first").click()
    expect(button(run, "Best fit first")).to_have_attribute("aria-pressed", "false")
    assert fits() == made


def test_what_it_measures_is_told(visit: Visit, work: str) -> None:
    page = visit(f"/works/{work}")
    runs(page).first.get_by_role("button", name=FIT).first.click()
    told = page.get_by_role("dialog", name="Fits the brief")
    expect(told).to_contain_text("Fake judge compared the picture with the words of the brief")
    button(told, "Close").click()
    expect(told).to_be_hidden()


def test_a_revision_tells_each_criterion_and_how_new_it_is(visit: Visit, work: str) -> None:
    page = visit(f"/works/{work}")
    variants(runs(page).first).last.get_by_role("link", name="Revision 4").click()
    seen = page.get_by_role("region", name="Seen by the judge")
    expect(seen.get_by_role("term")).to_have_text(["Fits the brief", "much teal", "warmth"])
    expect(seen.get_by_role("definition").last).to_have_text("cannot be told")
    expect(seen).to_contain_text(re.compile("New|[Cc]lose to|The same picture as"))
    page.get_by_role("link", name="More like this").click()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()
    expect(page.get_by_role("region", name="Found").get_by_role("link", name=re.compile("Dots Revision"))).not_to_have_count(0)


def test_searched_by_words_and_by_a_picture(visit: Visit, work: str, judged: Running, picture: Callable[..., bytes]) -> None:
    title = "Paper"
    sheet = judged.work(title)
    answer = judged.http.post(f"/works/{sheet}/imports", files={"file": ("a.png", picture("orchid"))}).raise_for_status()
    until(lambda: judged.http.get(f"/revisions/{answer.json()['id']}").json()["verdict"], 60, "a verdict on an import")
    page = visit("/projects")
    search = page.get_by_role("searchbox", name="Search pictures")
    search.fill("something orchid")
    page.keyboard.press("Enter")
    found = page.get_by_role("region", name="Found")
    expect(found.get_by_role("link", name=re.compile(f"^{title} Revision 1"))).to_be_visible()
    page.wait_for_load_state()  # the script that sends a picture is a module: it listens when the page is whole
    page.get_by_label("Search by a picture").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": picture("orchid")}
    )
    expect(page.get_by_text("It is forgotten after a day")).to_be_visible()
    expect(found.get_by_role("link", name=re.compile(r" Revision \d")).first).to_contain_text(title)
    found.get_by_role("link", name=f"More like {title}, Revision 1").click()
    expect(page.get_by_role("heading", name="More like this")).to_be_visible()


def test_marks_and_what_was_found_are_accessible(visit: Visit, work: str, judged: Running, axe: str) -> None:
    revision = judged.http.get(f"/works/{work}/revisions").json()["items"][0]["id"]
    wrong = []
    for path in (
        f"/works/{work}",
        f"/revisions/{revision}",
        "/search?q=salmon",
        f"/search?like={revision}",
        "/search?q=nowhere",
    ):
        page = visit(path, viewport=WIDE)
        page.evaluate(axe)
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                wrong += [f"{path} {viewport['width']} {scheme} {line}" for line in violations(page)]
        page.close()
    assert wrong == []
