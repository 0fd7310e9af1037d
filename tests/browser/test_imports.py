"""A picture brought in becomes a root; what is not a picture is refused in words, where one looks."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button, field, finished, runs
from tests.running import Running

DROP = """([name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  const stage = document.querySelector(".stage");
  for (const kind of ["dragover", "drop"]) {
    stage.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


def choose(page: Page, name: str, kind: str, content: bytes) -> None:
    """Through the file chooser, as a press on the button opens it."""
    with page.expect_file_chooser() as chooser:
        page.get_by_title("Import a picture").click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def test_a_chosen_picture_lies_on_the_stage_and_can_be_refined(
    visit: Visit, studio: Running, picture: Callable[..., bytes]
) -> None:
    work = studio.work()
    draft = {"version": 1, "brief": {"intent": "a green apple"}}
    studio.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    page = visit(f"/works/{work}")
    choose(page, "mine.png", "image/png", picture("teal", (256, 192)))
    expect(page.get_by_role("figure")).to_contain_text("imported as a picture")
    expect(field(page, "Intent")).to_have_value("a green apple")
    button(page.get_by_role("form", name="Brief"), "Refine").click()
    expect(runs(page).first).to_contain_text(re.compile("refined from Revision 1"))
    finished(page)
    (made,) = studio.http.get(f"/works/{work}/generations").json()["items"]
    assert made["engine"] == "house"  # the composer goes on from scenes only, and hands over


def test_a_picture_is_dropped(visit: Visit, studio: Running, picture: Callable[..., bytes]) -> None:
    page = visit(f"/works/{studio.work()}")
    page.evaluate(DROP, ["mine.png", "image/png", base64.b64encode(picture()).decode()])
    expect(page.get_by_role("figure")).to_contain_text("imported as a picture")


def test_a_bad_file_is_refused_in_words(windows: tuple[Windows, Visit], studio: Running) -> None:
    windows[0].allow("415|422")
    page = windows[1](f"/works/{studio.work()}")
    choose(page, "mine.png", "image/png", b"this is not a picture")
    expect(page.get_by_role("region", name="Stage").get_by_role("alert")).to_contain_text(re.compile(r"\w+ \w+"))
    expect(page.get_by_role("figure")).to_have_count(0)
    choose(page, "mine.svg", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    expect(page.get_by_role("region", name="Stage").get_by_role("alert")).to_contain_text(re.compile(r"\w+ \w+"))


SEVERAL = """(files) => {
  const data = new DataTransfer();
  for (const [name, content] of files) {
    data.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type: "image/png" }));
  }
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector(".stage").dispatchEvent(event);
}"""


def test_of_several_pictures_each_becomes_a_root_and_what_is_refused_is_named(
    windows: tuple[Windows, Visit], studio: Running, picture: Callable[..., bytes]
) -> None:
    windows[0].allow("415|422")
    work = studio.work()
    page = windows[1](f"/works/{work}")
    files = [("a.png", picture("teal")), ("b.png", picture("red")), ("c.png", b"no picture"), ("d.png", picture("navy"))]
    page.evaluate(SEVERAL, [[name, base64.b64encode(data).decode()] for name, data in files])
    expect(page.get_by_role("figure")).to_contain_text("Revision 1")
    expect(page.get_by_role("region", name="Stage").get_by_role("alert")).to_contain_text("c.png: ")
    made = studio.http.get(f"/works/{work}/revisions").json()["items"]
    assert sorted(one["facts"]["file"] for one in made) == ["a.png", "b.png", "d.png"]
    assert all(one["origin"] == "import" for one in made)


def test_what_was_made_simpler_is_told_on_the_bench(visit: Visit, studio: Running) -> None:
    page = visit(f"/works/{studio.work()}")
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    choose(page, "moving.gif", "image/gif", out.getvalue())
    expect(page.get_by_role("complementary", name="About this file")).to_contain_text("several pictures; the first was taken")
