"""A wall of three hundred works: scrolled, jumped over, walked by keys, searched in two Chinese letters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import until
from tests.running import Running

WORKS = 300


@pytest.fixture(scope="module")
def wall(studio: Running) -> str:
    """The address of a project with many works; the newest is number 299."""
    project = studio.project("A long wall")
    for number in range(WORKS):
        title = "雪夜的红狐" if number == 40 else f"Study {number}"
        studio.work(title, project)
    return f"/projects/{project}"


def shown(page: Page) -> int:
    """How many tiles are in the page at all."""
    return page.get_by_role("main").get_by_role("link").filter(has=page.locator(".name")).count()


def test_scrolled_to_the_end(visit: Visit, wall: str) -> None:
    page = visit(wall)
    expect(page.get_by_text("300 works")).to_be_visible()
    expect(page.get_by_role("link", name="Study 299")).to_be_in_viewport()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="Study 0", exact=False).last).to_be_in_viewport()
    assert shown(page) < WORKS  # a window, not the whole wall
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="Study 299")).to_be_in_viewport()


def test_jumped_into_the_middle_and_walked(visit: Visit, wall: str) -> None:
    page = visit(wall)
    rail = page.get_by_role("slider", name="Jump to")
    rail.fill("150")
    middle = page.get_by_role("link", name="Study 149 ")
    expect(middle).to_be_in_viewport()
    middle.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="Study 148 ")).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = until(page, lambda: page.evaluate("Number(document.activeElement.dataset.at)") > 151, "the row below")
    assert below
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Study")


def test_searched_in_chinese(visit: Visit, wall: str) -> None:
    page = visit(wall)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search works")
    expect(search).to_be_focused()
    search.fill("红狐")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 work", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="雪夜的红狐")).to_be_visible()
    page.get_by_role("searchbox", name="Search works").fill("没有的")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
