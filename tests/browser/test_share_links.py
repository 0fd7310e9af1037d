"""A share link made, followed on a phone by somebody without an account, and revoked; in both languages, with axe."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import NARROWEST, axe, violations
from tests.browser.test_accounts import WORDS, come_in, house, locale, windows
from tests.browser.test_sharing import fits
from tests.browser.window import Windows, button, follow
from tests.running import Running

__all__ = ["axe", "house", "locale", "windows"]  # fixtures
LINKS = {
    "en-GB": ("Share links", "Make a share link", "Password, if you want one", "Password of the link", "Look at it", "Revoke"),
    "zh-CN": ("分享链接", "建立分享链接", "密码（可不填）", "链接的密码", "查看", "撤销"),
}
SECRET = "the gulls know"  # noqa: S105 (of a link of this test)


def test_a_visitor_looks_on_a_phone_until_the_link_is_revoked(
    windows: tuple[Windows, Visit], house: Running, locale: str, axe: str
) -> None:
    words, (links, make, wanted, asked, look, revoke) = WORDS[locale], LINKS[locale]
    windows[0].allow("404|422")  # a revoked link, a wrong password
    owner = windows[1]("/projects", locale=locale)
    owner.goto(house.run("keeper").stdout.strip().replace("localhost", "127.0.0.1"))
    come_in(owner, "Mei Lin", words)
    json, origin = {"Accept": "application/json"}, windows[0].origin
    project = owner.request.post(f"{origin}/projects", data={"name": "Coast"}, headers=json).json()["id"]
    made = owner.request.post(f"{origin}/projects/{project}/works", data={"title": "Gulls", "medium": "text"}, headers=json)
    work = made.json()["id"]
    gulls = {"file": {"name": "gulls.txt", "mimeType": "text/plain", "buffer": b"The gulls go up and over the sea.\n"}}
    assert owner.request.post(f"{origin}/works/{work}/imports", multipart=gulls, headers=json).status == 201

    owner.goto(f"/projects/{project}/menu")
    follow(owner, owner.get_by_role("link", name=links))
    owner.evaluate(axe)
    assert violations(owner) == []
    owner.get_by_label(wanted, exact=True).fill(SECRET)
    follow(owner, button(owner, make))
    owner.evaluate(axe)
    assert violations(owner) == []
    expect(owner.locator("svg.qr")).to_be_visible()
    link = owner.get_by_label(words[7], exact=True).input_value()

    guest = windows[1]("/visit", locale=locale, viewport=NARROWEST)
    with guest.expect_navigation(url="**/visits"):  # the code is sent at once, and a password asked for
        guest.goto(link)
    assert "#" not in guest.url
    guest.get_by_label(asked, exact=True).fill("the gulls do not know")
    follow(guest, button(guest, look))
    expect(guest.get_by_role("alert").filter(has_text="密码" if locale == "zh-CN" else "password")).to_be_visible()
    guest.get_by_label(asked, exact=True).fill(SECRET)
    follow(guest, button(guest, look))
    for _level in ("the project", "its work with one revision"):
        guest.evaluate(axe)
        assert violations(guest) == []
        assert fits(guest)
        if guest.locator("a.tile").count():
            follow(guest, guest.locator("a.tile").first)
    expect(guest.get_by_text("The gulls go up and over the sea.")).to_be_visible()
    assert guest.get_by_role("button", name=make).count() == 0

    owner.goto(f"/projects/{project}/share-links")
    follow(owner, owner.get_by_role("button", name=revoke))
    guest.reload()
    expect(guest.get_by_text("The gulls go up and over the sea.")).to_have_count(0)
