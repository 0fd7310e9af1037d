"""Comments in three browsers: a commenter says something to a place in a picture, the owner answers, a viewer reads."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.attacks.atelier import picture
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import NARROWEST
from tests.browser.test_accounts import WORDS, come_in, house, locale, windows
from tests.browser.window import Windows, button, follow
from tests.running import Running

__all__ = ["house", "locale", "windows"]  # fixtures
JSON = {"Accept": "application/json"}
SAID = {
    "en-GB": ("Your comment", "Comment", "Point at a place", "Reply", "Your reply", "Resolve", "resolved by you", "Comments"),
    "zh-CN": ("你的评论", "评论", "指出一个位置", "回复", "你的回复", "标为已解决", "由你标为已解决", "评论"),
}


def brought(page: Page, origin: str, project: str, medium: str, name: str, data: bytes) -> str:
    """The id of the revision that a file is brought in as, in a work of its own."""

    def made(path: str, **given: Any) -> str:
        answer = page.request.post(f"{origin}{path}", headers=JSON, **given)
        assert answer.ok, answer.text()
        return str(answer.json()["id"])

    work = made(f"/projects/{project}/works", data={"title": name, "medium": medium})
    return made(f"/works/{work}/imports", multipart={"file": {"name": name, "mimeType": "text/plain", "buffer": data}})


def join(windows: tuple[Windows, Visit], owner: Page, project: str, role: str, name: str, locale: str, **options: Any) -> Page:
    """Somebody who came into the studio and the project by links."""
    words, origin = WORDS[locale], windows[0].origin
    owner.goto("/artists")
    follow(owner, button(owner, words[6]))
    guest = windows[1](owner.get_by_label(words[7], exact=True).input_value(), locale=locale, **options)
    come_in(guest, name, words)
    code = owner.request.post(f"{origin}/projects/{project}/invitations", data={"role": role}, headers=JSON).json()["code"]
    assert guest.request.post(f"{origin}/memberships", data={"code": code}, headers=JSON).ok
    return guest


def test_a_commenter_an_owner_and_a_viewer(windows: tuple[Windows, Visit], house: Running, locale: str) -> None:
    said, comment, aim, reply, replied, resolve, resolved, _title = SAID[locale]
    windows[0].allow("403")  # what the viewer may not
    owner = windows[1]("/projects", locale=locale)
    owner.goto(house.run("keeper").stdout.strip().replace("localhost", "127.0.0.1"))
    come_in(owner, "Mei Lin", WORDS[locale])
    origin = windows[0].origin
    project = str(owner.request.post(f"{origin}/projects", data={"name": "Coast"}, headers=JSON).json()["id"])
    revision = brought(owner, origin, project, "image", "fox.png", picture())
    guest = join(windows, owner, project, "commenter", "Ada", locale, viewport=NARROWEST)
    viewer = join(windows, owner, project, "viewer", "Bo", locale)
    guest.goto(f"/revisions/{revision}")
    owner.goto(f"/revisions/{revision}")
    guest.get_by_label(said, exact=True).fill("The <b>ears</b> are too long")
    button(guest, aim).click()
    box = guest.locator("#picture .aim").bounding_box()
    assert box is not None
    guest.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    guest.mouse.down()
    guest.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    guest.mouse.up()
    button(guest, comment).click()
    expect(guest.locator("#picture > .pin")).to_have_text("1")
    expect(guest.locator("#picture > .pinned")).to_have_count(1)
    assert guest.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(owner.locator(".prose", has_text="The <b>ears</b> are too long")).to_be_visible()  # by itself
    expect(owner.locator("#picture > .pin")).to_have_text("1")
    owner.locator(".replying > summary").click()
    owner.get_by_label(replied, exact=True).fill("They are a hare's")
    owner.locator(".replying form").get_by_role("button", name=reply).click()
    expect(owner.locator(".prose", has_text="They are a hare's")).to_be_visible()
    button(owner, resolve).click()
    expect(owner.get_by_text(resolved)).to_be_visible()
    expect(guest.locator("#picture > .pin")).to_have_attribute("data-resolved", "")  # by itself, too
    viewer.goto(f"/revisions/{revision}")
    expect(viewer.locator("#picture > .pin")).to_have_attribute("data-resolved", "")
    viewer.locator(".thread summary").first.click()
    expect(viewer.locator(".prose", has_text="They are a hare's")).to_be_visible()
    expect(viewer.locator("#comments form")).to_have_count(0)
    refused = viewer.request.post(f"{origin}/revisions/{revision}/comments", data={"body": "Me too"}, headers=JSON)
    assert (refused.status, refused.json()["code"]) == (403, "role")
