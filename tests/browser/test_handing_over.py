"""A brief that the scene composer cannot read still becomes a picture; an engine chosen by hand is not exchanged unasked."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.window import Windows, button, field, finished, runs, saved
from tests.running import Running


def test_nobody_chose_an_engine_so_the_next_one_draws_and_it_is_said(visit: Visit, studio: Running) -> None:
    work = studio.work()
    page = visit(f"/works/{work}")
    field(page, "Intent").fill("loneliness")
    expect(page.locator("#prompt")).to_contain_text("the next engine that can draws it")
    page.get_by_role("button", name=re.compile("^Generate")).click()
    run = finished(page)
    expect(run).to_contain_text("Drawn by “House pictures”. The scene composer reads English and everyday Chinese")
    made = studio.http.get(f"/works/{work}/generations").json()["items"][0]
    assert (made["engine"], made["handed"]["instead"]) == ("house", "composer")

    field(page, "Intent").fill("a red fox")  # the composer is still the first
    page.get_by_role("button", name=re.compile("^Generate")).click()
    expect(runs(page)).to_have_count(2)
    assert "Drawn by" not in finished(page).inner_text()
    assert studio.http.get(f"/works/{work}/generations").json()["items"][0]["engine"] == "composer"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_engine_chosen_by_hand_offers_another_and_what_it_has_nearest(
    windows: tuple[Windows, Visit], studio: Running, language: str
) -> None:
    say = {
        "en": ("Draw it with “House pictures”", "knows no word of this brief", "Drawn by “House pictures”"),
        "zh": ("用“自带图像引擎”来画", "一个也不认识", "由“自带图像引擎”绘制"),
    }[language]
    work = studio.work()
    windows[0].allow("422")
    page = windows[1](f"/works/{work}", locale={"en": "en-GB", "zh": "zh-CN"}[language])
    page.locator("#engine > summary").click()
    page.locator("#engine-name").select_option("composer")
    page.locator("#brief-intent").fill("xqzzy vlorp")
    saved(page)
    page.locator("#brief button[type=submit]").click()
    card = page.locator("#runs > .refused")
    expect(card).to_contain_text(say[1])
    card.locator("[data-take]").click()  # the nearest
    expect(page.locator("#brief-intent")).to_have_value("zzz vlorp")
    button(card, say[0]).click()
    expect(card).to_have_count(0)
    run = page.locator("#runs > .run").first
    expect(run).to_have_attribute("data-status", "done")
    made = studio.http.get(f"/works/{work}/generations").json()["items"][0]
    assert (made["engine"], made["brief"]["intent"], made["handed"]) == ("house", "xqzzy vlorp", None)
