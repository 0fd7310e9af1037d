"""Nothing that was typed is lost: two windows, earlier saves, Chinese that is still being composed."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button, field, saved, until
from tests.running import Running


def intent(page: Page) -> str:
    """The intent that the server has."""
    return str(page.request.get(f"{page.url}/draft").json()["brief"]["intent"])


def saves(page: Page) -> list[str]:
    """Intents of the earlier saves."""
    return [save["brief"]["intent"] for save in page.request.get(f"{page.url}/draft/saves").json()["items"]]


def two(studio: Running, visit: Visit) -> tuple[Page, Page]:
    """One bench in two windows, saved in the first and then in the second."""
    work = studio.work()
    first, second = visit(f"/works/{work}"), visit(f"/works/{work}")
    field(first, "Intent").fill("written in the first")
    saved(first)
    until(first, lambda: intent(first) == "written in the first", "the first save")
    field(second, "Intent").fill("written in the second")
    expect(second.get_by_role("dialog")).to_contain_text("This draft was changed in another window")
    expect(second.get_by_role("dialog")).to_contain_text("written in the first")
    return first, second


def test_of_two_windows_the_second_keeps_its_own(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("409")
    _first, second = two(studio, windows[1])
    button(second, "Keep mine").click()
    until(second, lambda: intent(second) == "written in the second", "the second save")
    saved(second)
    assert "written in the first" in saves(second)


def test_of_two_windows_the_second_takes_theirs(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("409")
    first, second = two(studio, windows[1])
    button(second, "Take theirs").click()
    expect(field(second, "Intent")).to_have_value("written in the first")
    until(second, lambda: "written in the second" in saves(second), "the save of what was given up")
    saved(second)
    assert intent(second) == "written in the first"
    expect(field(first, "Intent")).to_have_value("written in the first")


def test_a_window_that_one_comes_back_to_has_the_words_of_the_other(visit: Visit, studio: Running) -> None:
    work = studio.work()
    first, second = visit(f"/works/{work}"), visit(f"/works/{work}")
    field(first, "Intent").fill("written in the first")
    saved(first)
    until(first, lambda: intent(first) == "written in the first", "the save")
    second.evaluate("dispatchEvent(new Event('focus'))")  # a browser without a screen never takes the focus away
    expect(field(second, "Intent")).to_have_value("written in the first")
    saved(second)
    field(second, "Intent").fill("and in the second")
    until(second, lambda: intent(second) == "and in the second", "the save after it, without a question")
    expect(second.get_by_role("dialog")).to_have_count(0)


def test_what_is_not_saved_yet_stays_when_one_comes_back(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("ERR_FAILED|409")
    work = studio.work()
    page = windows[1](f"/works/{work}")
    page.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    field(page, "Intent").fill("not sent yet")
    studio.http.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "from elsewhere"}}).raise_for_status()
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(500)  # nothing is to happen
    expect(field(page, "Intent")).to_have_value("not sent yet")


def test_an_earlier_save_is_brought_back(windows: tuple[Windows, Visit], studio: Running) -> None:
    work = studio.work()
    for version, words in enumerate(("first thought", "second thought"), 1):
        body = {"version": version, "keep": True, "brief": {"intent": words}}
        studio.http.put(f"/works/{work}/draft", json=body).raise_for_status()
    page = windows[1](f"/works/{work}")
    button(page, "Earlier saves").click()
    item = page.get_by_role("dialog", name="Earlier saves").get_by_role("listitem").filter(has_text="first thought")
    button(item, "Bring back").click()
    expect(field(page, "Intent")).to_have_value("first thought")
    assert "second thought" in saves(page)


def test_composed_chinese_is_saved_and_not_disturbed(windows: tuple[Windows, Visit], studio: Running) -> None:
    page = windows[1](f"/works/{studio.work()}")
    field(page, "Intent").focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "hongse de hu li", "selectionStart": 15, "selectionEnd": 15})
    until(page, lambda: intent(page) == "hongse de hu li", "the autosave in the middle of a composition")
    expect(field(page, "Intent")).to_have_value("hongse de hu li")  # the save left the composition alone
    keyboard.send("Input.insertText", {"text": "红色的狐狸"})
    expect(field(page, "Intent")).to_have_value("红色的狐狸")
    until(page, lambda: intent(page) == "红色的狐狸", "the save")
    page.reload()
    expect(field(page, "Intent")).to_have_value("红色的狐狸")
