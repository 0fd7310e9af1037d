"""Recordings on the bench: brought in, a section chosen by keys and by a drag, cut out, and made anew by an engine."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit, open_windows
from tests.browser.test_accessibility import AXE, PHONE, WIDE, open_everything, violations
from tests.browser.window import Windows
from tests.engines.music import tiny_players
from tests.running import Running, until

RATE = 8_000


def wav(seconds: float = 3) -> bytes:
    """A tone that swells."""
    time = np.arange(round(seconds * RATE)) / RATE
    out = io.BytesIO()
    soundfile.write(out, 0.3 * time / seconds * np.sin(2 * np.pi * 330 * time), RATE, format="WAV")
    return out.getvalue()


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio with a tiny engine of recordings."""
    folder = tmp_path_factory.mktemp("player")
    ace = {"name": "ace", "title": "Tiny ACE", "model": str(tiny_players.ace_step(folder / "ace")), "steps": 2}
    running = Running(folder, {"STEMMA_PRELOAD": "0", "STEMMA_JUDGE": "", "STEMMA_MUSIC": json.dumps([ace])})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def visit(chromium: Browser, player: Running) -> Iterator[Visit]:
    """Open an address of this studio."""
    windows: Iterator[tuple[Windows, Visit]] = open_windows(chromium, player)
    yield next(windows)[1]
    for _rest in windows:
        pass


@pytest.fixture
def song(player: Running) -> str:
    """The id of a work of music with a recording that lies on the bench."""
    project = player.project("Coast")
    id = str(player.http.post(f"/projects/{project}/works", json={"title": "Waves", "medium": "music"}).json()["id"])
    made = player.http.post(f"/works/{id}/imports", files={"file": ("waves.wav", wav(), "audio/wav")})
    assert made.status_code == 201, made.text
    player.http.post(f"/works/{id}/draft/base", json={"revision": made.json()["id"]}).raise_for_status()
    return id


@pytest.fixture
def bench(visit: Visit, song: str) -> Callable[..., Page]:
    """Opens the bench of that work."""

    def opened(**options: object) -> Page:
        page = visit(f"/works/{song}", **options)
        expect(page.get_by_label("Recording", exact=True)).to_have_js_property("readyState", 4)
        return page

    return opened


def samples(player: Running, revision: str) -> np.ndarray:
    data = player.http.get(f"/revisions/{revision}/content").content
    return np.asarray(soundfile.read(io.BytesIO(data), dtype="int32")[0])


def test_a_section_is_chosen_and_cut_out_by_keys(bench: Callable[..., Page], player: Running, song: str) -> None:
    page = bench()
    whole = player.http.get(f"/works/{song}/draft").json()["base"]
    place = page.get_by_role("slider", name="Place in the recording")
    place.focus()
    for _time in range(5):
        page.keyboard.press("ArrowRight")
    for _time in range(15):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#announce")).to_have_text("Section from 0.50 to 2.00 seconds")
    section = page.get_by_role("form", name="Section")
    expect(section.get_by_label("From")).to_have_value("0.50")
    expect(page.get_by_role("button", name="Replace 0.50–2.00 s")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("#announce")).to_have_text("No section chosen")
    expect(page.get_by_role("button", name="Replace section")).to_have_attribute("aria-disabled", "true")
    section.get_by_label("From").fill("0.5")
    section.get_by_label("To").fill("2")
    section.get_by_label("To").press("Enter")  # as a form is sent
    expect(page.locator("#base figcaption")).to_contain_text("cut by hand from Revision 1")
    cut = player.http.get(f"/works/{song}/draft").json()["base"]
    assert (samples(player, cut) == samples(player, whole)[RATE // 2 : 2 * RATE]).all()
    page.get_by_role("button", name="Trim to section").click()
    expect(page.locator("#problem")).to_contain_text("Choose a section of the recording first")


def test_a_section_is_dragged_over_the_waveform_and_played_alone(bench: Callable[..., Page]) -> None:
    page = bench()
    box = page.get_by_role("slider", name="Place in the recording").bounding_box() or {}
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    page.mouse.up()
    start = page.get_by_role("form", name="Section").get_by_label("From")
    assert float(start.input_value()) == pytest.approx(1.5, abs=0.03)
    audio = page.get_by_label("Recording", exact=True)
    page.locator("#recording canvas").press(" ")
    page.wait_for_function("audio => audio.paused && audio.currentTime >= 1.78", arg=audio.element_handle())
    assert audio.evaluate("audio => audio.currentTime") < 2.3  # it stops at the section's end
    page.mouse.click(box["x"] + 5, y)  # outside: nothing is chosen any more
    expect(start).to_have_value("")


def test_a_section_is_made_anew_and_its_takes_are_played_by_keys(
    bench: Callable[..., Page], player: Running, song: str
) -> None:
    page = bench()
    whole = player.http.get(f"/works/{song}/draft").json()["base"]
    expect(page.get_by_label("Engine", exact=True)).to_have_value("ace")  # the one that can hear it
    expect(page.get_by_role("button", name="Transpose…")).to_be_hidden()
    section = page.get_by_role("form", name="Section")
    section.get_by_label("From").fill("1")
    section.get_by_label("To").fill("2")
    page.get_by_label("How many at once").evaluate("field => (field.value = 1)")
    page.get_by_role("textbox", name="Intent").fill("a bell")
    page.get_by_role("button", name="Replace 1.00–2.00 s").click()
    takes = page.get_by_role("region", name="Variants").get_by_role("article")
    expect(takes).to_have_count(2)  # two takes at least
    for take in takes.all():
        expect(take.get_by_role("img", name="Waveform")).to_be_visible(timeout=60_000)
        made = samples(player, take.get_attribute("data-revision") or "")
        before = samples(player, whole)
        assert (made[:RATE] == before[:RATE]).all()
        assert (made[2 * RATE :] == before[2 * RATE :]).all()
        assert (made != before).any()
    page.locator("#recording canvas").focus()
    page.keyboard.press("2")
    page.keyboard.press(" ")
    sound = takes.nth(1).locator("audio")
    expect(sound).to_have_js_property("paused", value=False)
    expect(takes.nth(1).get_by_role("button", name="Play variant 2")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("1")
    page.keyboard.press(" ")
    expect(sound).to_have_js_property("paused", value=True)  # one at a time
    page.keyboard.press("o")
    expect(page.locator("#base figcaption")).to_contain_text("seconds 1.0–2.0 replaced in Revision 1")


def takes(player: Running, song: str) -> list[str]:
    """Two takes of a section of what lies on the bench."""
    base = player.http.get(f"/works/{song}/draft").json()["base"]
    wish = {"verb": "replace", "parents": [{"revision": base}], "section": [1, 2], "count": 2}
    made = player.http.post(f"/works/{song}/generations", json=wish).json()["id"]
    until(lambda: player.http.get(f"/generations/{made}").json()["status"] == "done", 60, "two takes")
    return [one["id"] for one in player.http.get(f"/generations/{made}").json()["variants"]]


def lies(page: Page, player: Running, song: str, revision: str | None) -> None:
    """This recording lies on the stage, or none and the sheet is there."""
    expect(page.locator("#brief")).to_have_attribute("data-base", revision or "")
    assert player.http.get(f"/works/{song}/draft").json()["base"] == revision
    if revision:
        expect(page.locator("#recording")).to_have_attribute("data-revision", revision)
        expect(page.locator("#recording audio")).to_have_attribute("src", f"/revisions/{revision}/content")
    else:
        expect(page.locator("#recording")).to_have_count(0)
    expect(page.locator("#score")).to_be_visible(visible=not revision)


@pytest.mark.parametrize("before", ["recording", "nothing"])
def test_a_picked_recording_lies_on_the_stage_and_is_undone_with_it(
    visit: Visit, player: Running, song: str, before: str
) -> None:
    first, second = takes(player, song)
    if before == "nothing":
        player.http.post(f"/works/{song}/draft/base", json={"revision": None, "brief": False}).raise_for_status()
    page = visit(f"/works/{song}")
    page.evaluate("window.same = true")
    for revision in (first, second):
        page.locator(f"#variant-{revision} .pick").click()
        expect(page.locator("#done")).to_contain_text("is picked and on the s")
        lies(page, player, song, revision)
    section = page.get_by_role("form", name="Section")
    section.get_by_label("From").fill("1")
    section.get_by_label("To").fill("2")
    section.get_by_label("To").press("Tab")
    page.locator("#base .look").click()
    expect(page.get_by_role("button", name="Replace 1.00–2.00 s")).to_be_visible()  # the new stage listens
    page.locator(f"#variant-{second} .pick").click()  # taken back
    expect(page.locator(f"#variant-{second} .pick")).to_have_attribute("aria-pressed", "false")
    lies(page, player, song, first)
    assert page.evaluate("window.same"), "the page was loaded anew"


def test_a_first_picked_recording_taken_back_leaves_the_empty_sheet(visit: Visit, player: Running, song: str) -> None:
    first, _second = takes(player, song)
    player.http.post(f"/works/{song}/draft/base", json={"revision": None, "brief": False}).raise_for_status()
    page = visit(f"/works/{song}")
    pick = page.locator(f"#variant-{first} .pick")
    pick.click()
    expect(page.locator("#done")).to_contain_text("is picked and on the s")
    lies(page, player, song, first)
    page.locator("#done").get_by_role("button", name="Undo").click()
    expect(pick).to_have_attribute("aria-pressed", "false")
    lies(page, player, song, None)


def test_recordings_are_looked_at_by_the_same_keys(bench: Callable[..., Page], player: Running, song: str) -> None:
    first, second = takes(player, song)
    page = bench()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog#lightbox")
    expect(dialog.locator(".sound audio")).to_have_attribute("src", f"/revisions/{first}/content")
    expect(dialog.locator(".sound img")).to_be_visible()
    expect(dialog.locator(".score")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".sound audio")).to_have_attribute("src", f"/revisions/{second}/content")
    narrow = (dialog.locator(".sound img").bounding_box() or {})["width"]
    page.keyboard.press("+")
    expect(dialog.locator("output")).to_have_text("125 %")
    assert (dialog.locator(".sound img").bounding_box() or {})["width"] > narrow * 1.2
    page.keyboard.press(" ")
    expect(dialog.locator("[data-do=play]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(dialog.locator("audio")).to_have_js_property("paused", value=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_waveform_is_on_the_ground_of_its_theme(bench: Callable[..., Page], player: Running, song: str, scheme: str) -> None:
    """Its picture is ink on paper; where the page is dark it is turned into light on dark, on the wall and looked at."""
    takes(player, song)
    page = bench(color_scheme=scheme)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    for picture in ("dialog#lightbox .sound img", ".variant .waveform"):
        if picture.startswith("."):
            page.keyboard.press("Escape")
        seen = Image.open(io.BytesIO(page.locator(picture).first.screenshot())).convert("RGB")
        corner = seen.getpixel((12, 12))
        assert max(abs(a - b) for a, b in zip(corner, ground, strict=True)) < 40, picture  # type: ignore[arg-type]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not here (bin/test fetches it)")
def test_a_recording_on_the_bench_is_open_to_everybody(bench: Callable[..., Page], player: Running, song: str) -> None:
    base = player.http.get(f"/works/{song}/draft").json()["base"]
    wish = {"verb": "replace", "parents": [{"revision": base}], "section": [1, 2], "count": 2}
    made = player.http.post(f"/works/{song}/generations", json=wish).json()["id"]
    until(lambda: player.http.get(f"/generations/{made}").json()["status"] == "done", 60, "two takes")
    page = bench(viewport=WIDE)
    section = page.get_by_role("form", name="Section")
    section.get_by_label("From").fill("1")
    section.get_by_label("To").fill("2")
    section.get_by_label("To").press("Tab")
    page.evaluate(AXE.read_text())
    open_everything(page)
    wrong = []
    for viewport in (WIDE, PHONE):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
            wrong += [f"{viewport['width']} {scheme} {line}" for line in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wrong == []
