"""A project goes out by its menu, and comes in again by the projects' page."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button
from tests.running import Running


def seen(page: Page, name: str) -> None:
    """Keep a picture of the page, where somebody wants to look at it."""
    if folder := os.environ.get("STEMMA_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def opened(page: Page) -> None:
    """Press the button that opens the dialog."""
    button(page, "Import a project").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_project_goes_out_and_comes_in_again(visit: Visit, studio: Running, tmp_path: Path) -> None:
    project = studio.http.post("/projects", json={"name": "Travelling", "work": "Luggage"}).json()["id"]
    page = visit("/projects")
    page.get_by_role("button", name="More for Travelling").click()
    link = page.get_by_role("dialog").get_by_role("link", name="Download the project")
    expect(link).to_be_visible()
    seen(page, "menu")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Travelling.stemma.zip"
    download.value.save_as(tmp_path / "it.zip")
    page = visit("/projects")
    opened(page)
    seen(page, "import")
    page.get_by_label("File").set_input_files(tmp_path / "it.zip")
    page.get_by_label("I downloaded it myself").check()
    button(page.get_by_role("dialog"), "Import").click()
    expect(page.get_by_role("heading", name="Travelling")).to_be_visible()
    expect(page.get_by_role("group", name="Works")).to_contain_text("Luggage")
    assert project not in page.url


def test_what_is_no_archive_is_said_where_one_looks(windows: tuple[Windows, Visit], tmp_path: Path) -> None:
    about, visit = windows
    about.allow("422")
    (tmp_path / "it.zip").write_bytes(b"this is no archive")
    page = visit("/projects", viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    page.get_by_role("button", name="导入项目").click()
    page.get_by_label("文件").set_input_files(tmp_path / "it.zip")
    page.get_by_role("dialog").get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("不是项目归档")
    seen(page, "refused")
