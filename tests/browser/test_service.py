"""A writing room whose engine is a service: translated, joined, compared; too long for a model; a worker killed meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit, open_windows
from tests.browser.test_writing import room, sheet, text_of, write
from tests.browser.window import Windows, button, finished, runs, saved, until, variants
from tests.engines.text.service import Service, Serving, event
from tests.engines.text.tiny_hub import tiny_hub
from tests.running import Running

RIVER, MOON = "The river sleeps.\nA heron wakes.", "The moon is up.\nNobody sees it."
IN_CHINESE = {"The river sleeps.": "河水睡去。", "A heron wakes.": "白鹭醒来。"}
SHOWN = """() => {
  window.seen = [];
  const look = () => window.seen.push([...document.querySelectorAll(".coming .written")].map((sheet) => sheet.textContent));
  new MutationObserver(look).observe(document.getElementById("runs"), { childList: true, subtree: true, characterData: true });
}"""
LONG = "".join(f"The {at}th morning by the river.\n" for at in range(90))


class Poet(Service):
    """A service that does what it is told, as far as this file tells it."""

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        said = str(body["messages"][0]["content"])
        if said.startswith("Translate this text into Chinese"):
            answer = "\n".join(chinese for english, chinese in IN_CHINESE.items() if english in said)
        else:
            _before, first, second = re.split(r"First:\n\n|Second:\n\n", said)
            answer = f"{first.splitlines()[0]}\n{second.splitlines()[1]}"
        for piece in re.findall(r"\S+\s*", answer):
            yield event({"model": "poet-1", "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield event({"choices": [], "usage": {"prompt_tokens": 44, "completion_tokens": 9}})
        yield event("[DONE]")


@pytest.fixture(scope="module")
def poet() -> Iterator[tuple[Poet, str]]:
    service = Poet()
    with Serving(service) as url:
        yield service, url


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, poet: tuple[Poet, str]) -> Iterator[Running]:
    """A studio with that service and a model that reads 512 tokens."""
    narrow = {"name": "narrow", "kind": "transformers", "model": str(tiny_hub(tmp_path_factory.mktemp("narrow"), context=512))}
    endless = tiny_hub(tmp_path_factory.mktemp("endless"), endless=True)
    texts = [
        {"name": "poet", "title": "Poet", "url": poet[1], "model": "poet", "logprobs": False},
        narrow,
        {"name": "endless", "kind": "transformers", "model": str(endless)},
    ]
    running = Running(tmp_path_factory.mktemp("service"), {"STEMMA_TEXTS": json.dumps(texts), "STEMMA_PRELOAD": "0"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def windows(chromium: Browser, studio: Running) -> Iterator[tuple[Windows, Visit]]:
    yield from open_windows(chromium, studio)


@pytest.fixture
def visit(windows: tuple[Windows, Visit]) -> Visit:
    return windows[1]


def test_a_text_is_translated_and_compared_with_where_it_came_from(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, RIVER, {"engine": "poet", "count": 1})
    button(write(page), "Translate").click()
    translated = variants(finished(page, count=1)).first
    assert text_of(studio, translated) == "河水睡去。\n白鹭醒来。"
    cost = studio.http.get(f"/revisions/{translated.get_attribute('data-revision')}").json()["facts"]["usage"]
    assert cost == {"prompt_tokens": 44, "completion_tokens": 9}
    button(translated, "Select variant 1").click()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("c")
    assert re.search("/revisions/.+/diff/", page.url)
    expect(page.locator("ins", has_text="河水睡去")).to_have_count(1)
    expect(page.locator("del", has_text="The river sleeps.")).to_have_count(1)
    page.keyboard.press("s")
    row = page.get_by_role("table", name="Text").get_by_role("row").nth(1)
    expect(row.get_by_role("cell").first).to_contain_text("The river sleeps.")
    expect(row.get_by_role("cell").last).to_contain_text("河水睡去。")


def test_two_texts_are_joined_and_both_are_parents(studio: Running, visit: Visit) -> None:
    page = room(studio, visit, MOON, {"engine": "poet", "count": 1})
    work = page.url.rsplit("/", 1)[1]
    moon = studio.http.post(f"/works/{work}/revisions", json={}).raise_for_status().json()["id"]
    page.reload()
    sheet(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(RIVER)
    saved(page)
    button(write(page), "Join…").click()
    dialog = page.get_by_role("dialog", name="Join with")
    dialog.get_by_role("radio", name=re.compile("The moon is up")).check()
    button(dialog, "Join").click()
    joined = variants(finished(page, count=1)).first
    assert text_of(studio, joined) == "The river sleeps.\nNobody sees it."
    parents = studio.http.get(f"/revisions/{joined.get_attribute('data-revision')}").json()["parents"]
    assert [parent["role"] for parent in parents] == ["join", "join"]
    assert parents[1]["revision"] == moon


def test_what_is_too_long_is_said_before_it_runs_and_the_artist_chooses_what_is_left_unread(
    windows: tuple[Windows, Visit], studio: Running
) -> None:
    watch, visit = windows
    watch.allow("422")
    draft = {"engine": "narrow", "count": 1, "params": {"tokens": 24}, "brief": {"intent": "rain", "materials": ["reeds"]}}
    page = room(studio, visit, LONG, draft)
    page.keyboard.press("g")
    dialog = page.get_by_role("dialog", name="Too long for this engine")
    expect(dialog).to_contain_text("this engine reads 488")
    beginning = dialog.get_by_role("checkbox", name=re.compile("beginning of the text"))
    expect(beginning).to_be_focused()
    expect(beginning).to_be_checked()
    page.keyboard.press("Space")
    dialog.get_by_role("checkbox", name=re.compile("materials")).check()
    on = button(dialog, "Leave it out and go on")
    expect(on).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(runs(page)).to_have_count(0)
    page.keyboard.press("g")
    on.click()
    expect(runs(page)).to_have_count(1)
    until(page, lambda: runs(page).get_by_role("button", name="Pick").count() == 1, "the model, which is loaded first", 200)
    made = variants(finished(page, count=1)).first
    revision = studio.http.get(f"/revisions/{made.get_attribute('data-revision')}").json()
    assert revision["text"].startswith(LONG)
    assert 0 < revision["facts"]["left_out"]["beginning"] < len(LONG)
    assert revision["place"]["leave_out"] == ["beginning"]


def test_killed_in_the_middle_of_a_stream_the_page_begins_again_and_mixes_nothing(
    windows: tuple[Windows, Visit], studio: Running
) -> None:
    """What is shown on the page after a worker died is one attempt's, from its first word to its last."""
    _watch, visit = windows
    params = {"tokens": 300, "min_p": 0, "repetition_penalty": 1, "temperature": 1.5}
    page = room(studio, visit, draft={"engine": "endless", "count": 2, "params": params, "brief": {"intent": "rain"}})
    page.evaluate(SHOWN)
    button(page, "Generate").click()
    written = page.locator(".coming .written")
    until(page, lambda: written.count() == 2 and all(len(text) > 40 for text in written.all_inner_texts()), "words", 200)
    studio.kill("worker")
    studio.start("worker")
    picks = runs(page).get_by_role("button", name="Pick")
    until(page, lambda: picks.count() == 2, "the second attempt's end", 250)
    run = finished(page, count=2)
    for at in range(2):
        whole = text_of(studio, variants(run).nth(at))
        shown: list[str] = [one[at] for one in page.evaluate("seen") if len(one) == 2]
        begun = [index for index in range(1, len(shown)) if not shown[index].startswith(shown[index - 1])]
        assert len(begun) <= 1, "it began again more than once"
        last = shown[begun[0] :] if begun else shown
        assert all(whole.startswith(text.rstrip()) for text in last)
    assert any(len(one[0]) > 40 for one in page.evaluate("seen") if len(one) == 2)
