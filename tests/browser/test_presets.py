"""A preset is kept on one bench and put into the brief on another, by keys and on a phone, in both languages."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import axe, violations  # noqa: F401 (a fixture)
from tests.browser.window import button, field, saved
from tests.running import Running

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def work_in(studio: Running, project: str, title: str) -> str:
    """A new work: its id."""
    made = studio.http.post(f"/projects/{project}/works", json={"title": title}).raise_for_status()
    return str(made.json()["id"])


def keep(page: Page, name: str) -> None:
    """Keep what the brief says, by keys alone."""
    button(page, "Presets").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Presets")
    dialog.get_by_label("Name").focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"The preset “{name}” is kept.").first).to_be_visible()


def test_kept_and_put_into_another_brief_with_a_way_back(visit: Visit, studio: Running, axe: str) -> None:  # noqa: F811
    project = studio.project("Press")
    page = visit(f"/works/{work_in(studio, project, 'First')}")
    field(page, "Intent").fill("a fox")
    field(page, "Style").fill("woodcut, two colours")
    saved(page)
    keep(page, "Woodcut")
    page = visit(f"/works/{work_in(studio, project, 'Second')}", **PHONE)
    field(page, "Intent").fill("an owl")
    field(page, "Style").fill("my own")
    button(page, "Presets").tap()
    page.evaluate(axe)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("dialog", name="Presets").get_by_role("button", name="Put into the brief Woodcut").tap()
    expect(field(page, "Style")).to_have_value("woodcut, two colours")
    expect(field(page, "Intent")).to_have_value("an owl")
    expect(page.get_by_text("took the place of words of yours").first).to_be_visible()
    button(page, "Undo").tap()
    expect(field(page, "Style")).to_have_value("my own")


def test_in_chinese_too(visit: Visit, studio: Running) -> None:
    project = studio.project("版画")
    work = work_in(studio, project, "狐狸")
    given = {"name": "木刻", "brief": {"style": "木刻"}}
    studio.http.post(f"/projects/{project}/presets", json=given).raise_for_status()
    page = visit(f"/works/{work}", locale="zh-CN")
    page.get_by_role("button", name="预设", exact=True).click()
    page.get_by_role("dialog", name="预设").get_by_role("button", name="放进创作说明 木刻").click()
    expect(page.get_by_text("预设“木刻”已放进创作说明。").first).to_be_visible()
