"""Chromium, through Playwright: both are for developers, so their absence is told and no error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from app.benchmarks.figures import UnmeasuredError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ARGS += ["--disable-component-update", "--disable-sync"]
# Before any script of the page: shifts are kept, and when Generate was pressed (the moment of the hand, not of the handler).
WATCH = """
window.bench = { shifts: [], pressed: [] };
new PerformanceObserver((list) => bench.shifts.push(...list.getEntries().map((e) => [e.startTime, e.value, e.hadRecentInput])))
  .observe({ type: "layout-shift", buffered: true });
addEventListener("click", (e) => e.target.closest("[type=submit]") && bench.pressed.push(e.timeStamp), true);
"""


class Windows:
    """One browser, started when it is first wanted."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self.foreign: list[str] = []  # addresses outside the studio that any page asked for
        self.asked = 0  # requests

    def missing(self) -> str | None:
        """What a browser wants that is not here, or None."""
        try:
            import playwright.sync_api  # noqa: F401 (whether it is there)
        except ImportError:
            return "Playwright is not installed: pip install -e '.[dev]'"
        return None if self._path() else "Chromium is not installed: apt-get install chromium"

    @staticmethod
    def _path() -> str | None:
        return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

    def need(self) -> None:
        """Raise UnmeasuredError when there is no browser."""
        if reason := self.missing():
            raise UnmeasuredError(reason)

    @property
    def browser(self) -> Browser:
        """The browser. Raises UnmeasuredError when there is none."""
        self.need()
        if self._browser is None:
            from playwright.sync_api import sync_playwright

            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(executable_path=self._path(), args=ARGS)
        return self._browser

    @contextmanager
    def page(self, url: str) -> Iterator[Page]:
        """A page of its own on the studio at `url`."""
        context = self.browser.new_context(base_url=url, locale="en-GB", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        context.add_init_script(WATCH)
        context.on("request", lambda request: self._seen(request, url))
        try:
            yield context.new_page()
        finally:
            context.close()

    def _seen(self, request: Any, url: str) -> None:
        self.asked += 1
        if not request.url.startswith((f"{url}/", "data:", f"blob:{url}")):
            self.foreign.append(request.url)

    def close(self) -> None:
        """End the browser."""
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
