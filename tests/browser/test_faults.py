"""What a person sees when things go wrong: a run cancelled or failed, a worker or the web killed, the network gone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button, field, finished, runs, saved, until, variants
from tests.running import Running
from tests.running import until as eventually

LOST = (
    "ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_SOCKET"
)


def bench(running: Running, visit: Visit, engine: str, **params: Any) -> Page:
    """A bench whose draft is to be made by `engine`."""
    work = running.work()
    brief = {"intent": "a red apple"}
    draft = {"version": 1, "brief": brief, "engine": engine, "params": params}
    running.http.put(f"/works/{work}/draft", json=draft).raise_for_status()
    return visit(f"/works/{work}")


def test_a_run_is_cancelled(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    page = bench(faulty, faulty_windows[1], "fake-slow", steps=200, seconds=0.2)
    button(page, "Generate").click()
    run = runs(page).first
    expect(run).to_contain_text("step ")
    button(run, "Cancel").click()
    expect(run).to_contain_text("Cancelled.")
    expect(variants(run)).to_have_count(0)
    expect(button(run, "Try again")).to_be_visible()


def test_a_failure_is_told_in_words_and_tried_again(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    page = bench(faulty, faulty_windows[1], "fake-broken")
    button(page, "Generate").click()
    failed = runs(page).first
    expect(failed).to_contain_text("this engine fails on purpose")
    expect(page.get_by_role("status").filter(has_text="That did not work out")).to_have_count(1)
    button(failed, "Try again").click()
    expect(runs(page)).to_have_count(2)
    expect(button(runs(page), "Try again")).to_have_count(2)
    expect(runs(page).first).to_contain_text("this engine fails on purpose")


def test_an_empty_brief_is_refused_where_it_is_written(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    faulty_windows[0].allow("422")
    page = bench(faulty, faulty_windows[1], "fake-slow", steps=2, seconds=0.05)
    field(page, "Intent").fill("")
    button(page, "Generate").click()
    expect(field(page, "Intent")).to_have_attribute("aria-invalid", "true")
    expect(field(page, "Intent")).to_be_focused()
    expect(page.locator("#runs > .run.refused")).to_have_count(1)  # its place says so, until the next one takes it
    field(page, "Intent").fill("a red apple")
    button(page, "Generate").click()
    expect(page.locator("#runs > .run.refused")).to_have_count(0)
    finished(page)


def test_a_worker_killed_in_the_middle_is_told_and_the_variants_come(
    faulty: Running, faulty_windows: tuple[Windows, Visit]
) -> None:
    page = bench(faulty, faulty_windows[1], "fake-slow", steps=30, seconds=0.1)
    button(page, "Generate").click()
    run = runs(page).first
    expect(run).to_contain_text("step ")
    faulty.kill("worker")
    faulty.start("worker")
    expect(run).to_contain_text("started again after a crash (attempt 2)")
    finished(page)


def test_a_reload_in_the_middle_shows_the_present(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    page = bench(faulty, faulty_windows[1], "fake-slow", steps=60, seconds=0.1)
    button(page, "Generate").click()
    expect(runs(page).first).to_contain_text("step ")
    page.reload()
    expect(variants(runs(page).first)).to_have_count(4)
    expect(runs(page).first).to_contain_text("step ")
    expect(variants(runs(page).first).locator("img").first).to_be_visible()  # the last preview comes at once
    finished(page)


def test_a_web_killed_while_one_writes_and_a_run_goes_on(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    windows, visit = faulty_windows
    windows.allow(LOST)
    page = bench(faulty, visit, "fake-slow", steps=40, seconds=0.1)
    button(page, "Generate").click()
    expect(runs(page).first).to_contain_text("step ")
    faulty.kill("serve")
    field(page, "Intent").fill("a red apple on a blue plate")
    expect(page.get_by_text("Not saved: offline, kept in this browser")).to_be_visible()
    faulty.start("serve")
    saved(page)
    assert page.request.get(f"{page.url}/draft").json()["brief"]["intent"] == "a red apple on a blue plate"
    finished(page)  # the stream came back by itself


def test_what_was_written_offline_survives_the_window(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    windows, visit = faulty_windows
    windows.allow(LOST)
    page = bench(faulty, visit, "fake-slow")
    page.context.set_offline(True)
    field(page, "Intent").fill("written on a train")
    expect(page.get_by_text("Not saved: offline, kept in this browser")).to_be_visible()
    address, context = page.url, page.context
    page.close()  # the lid is closed before the network is back
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    expect(field(again, "Intent")).to_have_value("written on a train")
    until(again, lambda: again.request.get(f"{address}/draft").json()["brief"]["intent"] == "written on a train", "the save")
    saved(again)


def test_the_network_comes_back_while_one_waits(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    windows, visit = faulty_windows
    windows.allow(LOST)
    page = bench(faulty, visit, "fake-slow")
    page.context.set_offline(True)
    field(page, "Style").fill("woodcut")
    expect(page.get_by_text("Not saved: offline, kept in this browser")).to_be_visible()
    page.context.set_offline(False)
    saved(page)
    assert page.request.get(f"{page.url}/draft").json()["brief"]["style"] == "woodcut"


def test_without_a_worker_a_run_waits_and_says_so(faulty: Running, faulty_windows: tuple[Windows, Visit]) -> None:
    faulty.kill("worker")
    eventually(
        lambda: all(one["state"] == "lost" for one in faulty.http.get("/workers").json()["items"]), 60, "the loss to be seen"
    )
    try:
        page = bench(faulty, faulty_windows[1], "fake-slow", steps=2, seconds=0.1)
        expect(page.get_by_text("No worker is running")).to_be_visible()
        button(page, "Generate").click()
        expect(runs(page).first).to_contain_text("waits for a worker")
    finally:
        faulty.start("worker")
    finished(page)
