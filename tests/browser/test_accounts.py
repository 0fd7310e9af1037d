"""Coming in by a link, signing out and in again, and a second person who sees nothing of the first's; in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, open_windows
from tests.browser.window import Windows, button, follow
from tests.running import Running

WORDS = {
    "en-GB": (
        "Your name",
        "Password",
        "Come in",
        "Sign in",
        "Sign out",
        "People",
        "Add a person",
        "Link",
        "do not fit together",
    ),
    "zh-CN": ("你的名字", "密码", "进入", "登录", "退出登录", "成员", "添加成员", "链接", "名字与密码不符"),
}
GOOD = "four made up words"


@pytest.fixture(params=WORDS)
def locale(request: pytest.FixtureRequest) -> str:
    """The browser's language."""
    return str(request.param)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """A studio with accounts, in which nobody has one yet."""
    running = Running(tmp_path, {"STEMMA_ACCOUNTS": "1"})
    running.start("serve")
    yield running
    running.stop()


@pytest.fixture
def windows(chromium: Browser, house: Running) -> Iterator[tuple[Windows, Visit]]:
    """Its windows."""
    yield from open_windows(chromium, house)


def come_in(page: Page, name: str, words: tuple[str, ...]) -> None:
    """Fill the form that a link leads to; its code is in its field already."""
    expect(page.locator("#code")).not_to_have_value("")
    assert "#" not in page.url
    page.get_by_label(words[0], exact=True).fill(name)
    page.get_by_label(words[1], exact=True).fill(GOOD)
    follow(page, button(page, words[2]))


def sign_in(page: Page, password: str, words: tuple[str, ...]) -> None:
    """Fill the form and send it."""
    page.get_by_label(words[0], exact=True).fill("mei lin")
    page.get_by_label(words[1], exact=True).fill(password)
    follow(page, button(page, words[3]))


def test_two_people_come_in_and_one_signs_out_and_in(windows: tuple[Windows, Visit], house: Running, locale: str) -> None:
    words = WORDS[locale]
    windows[0].allow("40[14]")  # the wrong password; what is not a member's to see
    first = windows[1]("/projects", locale=locale)
    assert "/sign-in" in first.url
    first.goto(house.run("keeper").stdout.strip().replace("localhost", "127.0.0.1"))
    come_in(first, "Mei Lin", words)
    follow(first, first.get_by_role("link", name="Mei Lin"))
    follow(first, first.get_by_role("link", name=words[5], exact=True))
    follow(first, button(first, words[6]))
    second = windows[1](first.get_by_label(words[7], exact=True).input_value(), locale=locale)
    come_in(second, "Ada", words)
    second.goto("/artists")
    expect(second.locator("h1")).not_to_have_text(words[5])  # a member is no keeper: there is nothing
    follow(first, first.get_by_role("link", name="Mei Lin"))
    follow(first, button(first, words[4]))
    first.goto("/projects")
    assert first.url.endswith("/sign-in?next=/projects")
    sign_in(first, "not these words at all", words)
    expect(first.get_by_role("alert").filter(has_text=words[8])).to_be_visible()
    sign_in(first, GOOD, words)
    assert first.url.endswith("/projects")
    expect(first.get_by_role("link", name="Mei Lin")).to_be_visible()
