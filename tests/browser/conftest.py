"""Debian's Chromium on a running studio. Every window fails its test when anything goes wrong in it, however quietly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.window import PATIENCE, Windows
from tests.running import Running

ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGS += ["--disable-component-update", "--disable-sync"]
Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all; each test has contexts of its own."""
    path = shutil.which("chromium")
    if not path:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


def open_windows(chromium: Browser, running: Running) -> Iterator[tuple[Windows, Visit]]:
    """What watches the windows on a studio, and what opens one; nothing may have gone wrong in any of them."""
    windows, contexts = Windows(running.url), []

    def visit(path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(**{"base_url": running.url, "locale": "en-GB", "reduced_motion": "reduce"} | options)
        contexts.append(context)
        windows.watch(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield windows, visit
    for context in contexts:
        context.close()
    assert windows.unexpected() == []


@pytest.fixture
def windows(chromium: Browser, studio: Running) -> Iterator[tuple[Windows, Visit]]:
    """What watches the windows on the studio with the house model, and what opens one."""
    yield from open_windows(chromium, studio)


@pytest.fixture
def visit(windows: tuple[Windows, Visit]) -> Visit:
    """Open an address of the studio in a window of its own; options are Playwright's for a context."""
    return windows[1]


@pytest.fixture(scope="package")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A studio whose processes tests kill; it makes nothing but fakes, so it is soon back."""
    running = Running(
        tmp_path_factory.mktemp("faulty"), {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0", "STEMMA_ATTEMPTS": "9"}
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def faulty_windows(chromium: Browser, faulty: Running) -> Iterator[tuple[Windows, Visit]]:
    """The same on the studio that tests kill."""
    yield from open_windows(chromium, faulty)


class Example:
    """A small finished work: four variants, one picked, varied and then refined with an edited brief."""

    words = (
        "a red fox in the snow",
        "a red fox asleep in the snow",
        "Winter animals",
        "Sleeping fox",
        "Empty stage work",
        "Bare project",
    )

    def __init__(self, studio: Running) -> None:
        self.project, self.bare = studio.project("Winter animals"), studio.project("Bare project")
        self.empty = studio.work("Empty stage work", self.project)
        self.work = studio.work("Sleeping fox", self.project)
        first = studio.make(self.work, "a red fox in the snow", seed=7, params={"steps": 8})
        self.roots = [variant["id"] for variant in first["variants"]]
        studio.http.post(f"/revisions/{self.roots[1]}/pick").raise_for_status()
        parent = [{"revision": self.roots[1], "role": "vary"}]
        varied = studio.make(self.work, verb="vary", strength="subtle", parents=parent, count=2, params={"steps": 8})
        self.varied = [variant["id"] for variant in varied["variants"]]
        parent = [{"revision": self.varied[0], "role": "refine"}]
        refined = studio.make(
            self.work, "a red fox asleep in the snow", verb="refine", parents=parent, count=2, params={"steps": 8}
        )
        self.refined = [variant["id"] for variant in refined["variants"]]
        studio.http.post(f"/works/{self.work}/draft/base", json={"revision": self.refined[0]}).raise_for_status()


@pytest.fixture(scope="package")
def example(studio: Running) -> Example:
    """A work with a lineage, to be looked at."""
    return Example(studio)
