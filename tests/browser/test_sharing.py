"""A project shared by two browsers at once: invited by a link before signing in, looking on a phone, changing, leaving."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import NARROWEST
from tests.browser.test_accounts import GOOD, WORDS, come_in, house, locale, windows
from tests.browser.window import Windows, button, follow
from tests.running import Running

__all__ = ["house", "locale", "windows"]  # fixtures
SHARING = {
    "en-GB": (
        "People of this project",
        "Make a link",
        "Change role",
        "Leave the project",
        "You may look at this project",
        "New work",
    ),
    "zh-CN": ("项目成员", "生成链接", "更改角色", "离开项目", "你可以查看这个项目", "新建作品"),
}


def fits(page: Page) -> bool:
    """Whether the page is no wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_somebody_is_invited_looks_edits_and_leaves(windows: tuple[Windows, Visit], house: Running, locale: str) -> None:
    words, (people, link, change, leave, looking, new) = WORDS[locale], SHARING[locale]
    windows[0].allow("404")  # what is not theirs any more
    owner = windows[1]("/projects", locale=locale)
    owner.goto(house.run("keeper").stdout.strip().replace("localhost", "127.0.0.1"))
    come_in(owner, "Mei Lin", words)
    owner.goto("/artists")
    follow(owner, button(owner, words[6]))
    guest = windows[1](owner.get_by_label(words[7], exact=True).input_value(), locale=locale, viewport=NARROWEST)
    come_in(guest, "Ada", words)
    follow(guest, guest.get_by_role("link", name="Ada"))
    follow(guest, button(guest, words[4]))  # signed out: the link must lead through the sign-in
    json, origin = {"Accept": "application/json"}, windows[0].origin
    made = owner.request.post(f"{origin}/projects", data={"name": "Coast"}, headers=json)
    project = f"/projects/{made.json()['id']}"
    work = owner.request.post(f"{origin}{project}/works", data={"title": "Gulls", "medium": "text"}, headers=json).json()["id"]
    gulls = {"file": {"name": "gulls.txt", "mimeType": "text/plain", "buffer": b"The gulls go up and over the sea.\n"}}
    assert owner.request.post(f"{origin}/works/{work}/imports", multipart=gulls, headers=json).status == 201
    owner.goto(project)
    follow(owner, owner.get_by_role("link", name=people))
    follow(owner, button(owner, link))
    guest.goto(owner.get_by_label(words[7], exact=True).input_value())
    guest.get_by_label(words[0], exact=True).fill("ada")
    guest.get_by_label(words[1], exact=True).fill(GOOD)
    follow(guest, button(guest, words[3]))
    expect(guest.locator("#code")).not_to_have_value("")  # it came along
    assert "#" not in guest.url
    follow(guest, button(guest, words[2]))
    assert guest.url.endswith(project)
    assert guest.locator("h1").evaluate("(title) => title.clientWidth > 0 && title.scrollWidth <= title.clientWidth")
    expect(guest.get_by_text(looking)).to_be_visible()
    expect(button(guest, new)).to_have_count(0)
    guest.locator("a.tile").first.click()
    expect(guest.get_by_text(looking)).to_be_visible()
    expect(guest.locator(".tile img, .tile .leaf").first).to_be_visible()
    assert fits(guest)
    owner.goto(f"{project}/members")
    owner.locator("select").first.select_option("editor")
    follow(owner, button(owner, f"{change} Ada"))
    guest.goto(project)
    expect(button(guest, new).first).to_be_visible()
    guest.goto(f"{project}/members")
    assert fits(guest)
    follow(guest, button(guest, leave))
    assert guest.url.endswith("/projects")
    guest.goto(project)
    expect(guest.get_by_text(looking)).to_have_count(0)
    expect(guest.locator("h1")).not_to_have_text(owner.locator("h1").inner_text())
