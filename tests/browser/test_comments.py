"""Comments in the browser: a place in a text, a tune and a picture is pointed at, and drawn."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.attacks.atelier import JIG, picture
from tests.browser.conftest import Visit
from tests.browser.test_comments_shared import JSON, brought
from tests.browser.window import button
from tests.running import Running

POEM = "The gulls 海鸥 🐦 go up and over the sea.\n"


def test_places_are_drawn_on_every_medium(visit: Visit, studio: Running) -> None:
    page = visit("/projects")
    project, origin = studio.project("Coast"), studio.url
    poem = brought(page, origin, project, "text", "gulls.txt", POEM.encode())
    page.goto(f"/revisions/{poem}")
    page.locator("#comments > summary").click()
    page.evaluate(
        """(words) => {
          const text = document.querySelector(".sheet-of .body").querySelector("span").firstChild;
          const at = text.data.indexOf(words);
          getSelection().setBaseAndExtent(text, at, text, at + words.length);
        }""",
        "go up",
    )
    expect(page.locator("[data-about=text] q")).to_have_text("go up")
    page.get_by_label("Your comment", exact=True).fill("Which way?")
    button(page, "Comment").click()
    expect(page.locator(".sheet-of .body .pin")).to_have_text("1")
    (thread,) = page.request.get(f"{origin}/revisions/{poem}/comments", headers=JSON).json()["items"]
    assert (thread["quote"], thread["place"]["range"]) == ("go up", [POEM.index("go up"), POEM.index("go up") + 5])
    expect(page.locator(".prose", has_text="Which way?")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Your comment", exact=True)).to_be_focused()
    tune = brought(page, origin, project, "music", "harbour.abc", JIG.encode())
    page.goto(f"/revisions/{tune}")
    page.locator("#comments > summary").click()
    page.get_by_label("First bar").fill("3")
    page.get_by_label("Your comment", exact=True).fill("Slower here")
    button(page, "Comment").click()
    expect(page.locator(".sheet-music > .pin")).to_have_text("1")
    expect(page.get_by_text("bar 3")).to_be_visible()
    fox = brought(page, origin, project, "image", "fox.png", picture())
    page.goto(f"/revisions/{fox}")
    page.locator("#comments > summary").click()
    page.get_by_label("Your comment", exact=True).fill("Here")
    button(page, "Point at a place").click()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your comment", exact=True)).to_be_focused()
    button(page, "Comment").click()
    expect(page.locator("#picture > .pin")).to_have_text("1")
