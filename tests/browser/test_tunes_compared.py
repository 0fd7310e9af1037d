"""A tune's page, and two tunes compared on two staves: seen, heard and walked by keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import AXE, PHONE, WIDE, violations
from tests.browser.window import Windows
from tests.running import Running, until

TUNE = """X:1
T:The Mill Race
M:6/8
L:1/8
Q:3/8=140
K:D
|: A | d2f afd | Bcd e2f | gfe fed | B2A F2A | d2f afd | Bcd efg | fed cde | d3 d2 :|
"""
CHANGED = TUNE.replace("gfe fed", "g3 f3").replace("fed cde | ", "fed cde | a3 a3 | ")
SOUNDING = "() => performance.getEntriesByName('stemma:sounding').length"


def written(studio: Running, *texts: str) -> list[str]:
    """Revisions by hand, each from the one before it, in a new work."""
    work = studio.work("The Mill Race", studio.project("Tunes"), medium="music")
    made = []
    for text in texts:
        version = studio.http.get(f"/works/{work}/draft").json()["version"]
        studio.http.put(f"/works/{work}/draft", json={"version": version, "text": text}).raise_for_status()
        made.append(str(studio.http.post(f"/works/{work}/revisions").raise_for_status().json()["id"]))
    return made


def heard(page: Page, times: int) -> None:
    """So many tunes began to sound."""
    until(lambda: page.evaluate(SOUNDING) >= times, 30, f"{times} tunes to sound", pause=0.2)


def test_two_tunes_stand_one_above_the_other_and_are_played_in_turn(visit: Visit, studio: Running) -> None:
    a, b = written(studio, TUNE, CHANGED)
    page = visit(f"/revisions/{a}/diff/{b}", viewport=WIDE)
    staves = page.locator(".staves")
    expect(staves.locator("svg").first).to_be_visible()
    expect(staves.locator(".abcjs-staff.abcjs-l0")).to_have_count(2 * staves.locator("svg").count())
    expect(staves.locator(".band.change")).to_have_count(1)
    expect(staves.locator(".band.insert")).to_have_count(1)
    expect(staves.locator("text.sign")).to_have_text(["≠", "+"])
    changes = page.get_by_role("list", name="Changes")
    expect(changes.get_by_role("listitem")).to_have_count(2)
    changes.get_by_role("button", name="Listen to bar 3 changed: pitches, rhythm, one after the other").click()
    expect(staves.locator(".sounding").first).to_be_attached()
    heard(page, 2)  # the old bar, then the new one
    page.keyboard.press("n")
    expect(page.get_by_role("toolbar", name="Listen").locator("output")).to_have_text("from bar 3")
    page.keyboard.press("n")
    expect(page.locator("output")).to_have_text("from bar 8")
    page.get_by_role("button", name="Revision 2", exact=True).click()
    heard(page, 3)
    expect(page.get_by_role("button", name="Revision 2", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Revision 2", exact=True).click()
    expect(page.get_by_role("button", name="Revision 2", exact=True)).to_have_attribute("aria-pressed", "false")
    staves.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator("output")).to_have_text("from bar 1")
    page.keyboard.press("Escape")
    expect(page.locator("output")).to_have_text("")


def test_a_long_tune_is_drawn_as_it_comes_into_sight(visit: Visit, studio: Running) -> None:
    body = TUNE.splitlines()[-1].removeprefix("|: A |").removesuffix("d3 d2 :|")
    long = "\n".join(TUNE.splitlines()[:-1]) + "\n" + "\n".join([body.strip(" |") + " |"] * 60) + "\n"
    a, b = written(studio, long, transposed(read_tune(long), 2).replace("|\n", "|\nB3 B3 |\n", 1))
    page = visit(f"/revisions/{a}/diff/{b}", viewport=WIDE)
    expect(page.get_by_text("In another key: 2 semitones higher.")).to_be_visible()
    lines = page.locator(".staves .line")
    expect(page.locator(".staves svg").first).to_be_visible()
    assert page.locator(".staves svg").count() < lines.count()
    page.get_by_role("button", name=re.compile("Only changes")).click()
    expect(page.locator(".staves .line:visible")).to_have_count(1)


def test_a_tunes_page_is_read_and_heard(visit: Visit, studio: Running) -> None:
    [a] = written(studio, TUNE)
    page = visit(f"/revisions/{a}", viewport=WIDE)
    expect(page.get_by_role("img", name="Score", exact=True).locator("svg .abcjs-note").first).to_be_visible()
    expect(page.get_by_text("✓ every bar is full")).to_be_visible()
    page.keyboard.press("Space")
    heard(page, 1)
    expect(page.locator(".score .sounding").first).to_be_attached()
    page.get_by_text("ABC source", exact=True).click()
    expect(page.locator("pre.abc")).to_contain_text("T:The Mill Race")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here (bin/test fetches it)")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_pages_are_for_everybody(windows: tuple[Windows, Visit], studio: Running, theme: str) -> None:
    a, b = written(studio, TUNE, CHANGED)
    for path in (f"/revisions/{b}", f"/revisions/{a}/diff/{b}"):
        page = windows[1](path, viewport=WIDE, color_scheme=theme)
        expect(page.locator("main svg .abcjs-note").first).to_be_visible()
        page.evaluate(AXE.read_text())
        assert violations(page) == []
        small = windows[1](path, viewport=PHONE, locale="zh-CN")
        expect(small.locator("main svg .abcjs-note").first).to_be_visible()
        assert small.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
