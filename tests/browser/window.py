"""A window of the studio in a test: it keeps what went wrong in it, and names things the way a person hears them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

PATIENCE = 30_000  # ms: a loaded machine is slow, not wrong
T = TypeVar("T")
# Before any script of the page: every refusal of the content security policy is an error, every shift is counted.
WATCH = """
addEventListener("securitypolicyviolation", (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
window.shifts = [];
const named = (node) => node && (node.outerHTML || node.textContent || "").slice(0, 120);
const box = (r) => [r.x, r.y, r.width, r.height].map(Math.round).join(" ");
const moved = (e) => e.sources.map((s) => `${named(s.node)}: ${box(s.previousRect)} -> ${box(s.currentRect)}`);
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((e) => [e.startTime, e.value, moved(e)])))
  .observe({ type: "layout-shift", buffered: true });
"""


class Windows:
    """Browser contexts on one studio; `problems` collects every error in any of their pages."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self.allowed: list[str] = []

    def allow(self, pattern: str) -> None:
        """Expect console messages that match, since the test provokes them (Chromium reports each failed request)."""
        self.allowed.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        """Keep what goes wrong in the context's pages."""
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))

    def unexpected(self) -> list[str]:
        """What went wrong and was not allowed for."""
        return [problem for problem in self.problems if not any(re.search(one, problem) for one in self.allowed)]

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", f"blob:{self.origin}")):
            self.problems.append(f"left the studio: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location['url']})")


def until(page: Page, true: Callable[[], T], what: str, seconds: float = PATIENCE / 1000) -> T:
    """Wait for `true()` to be truthy while the page lives on; the last value is said when it never is."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}: {value!r}"
        page.wait_for_timeout(50)
    return value


def shifts(page: Page, since: float) -> list[tuple[float, list[str]]]:
    """What moved by itself since then (ms of the page's clock): how much, and which element from where to where."""
    return [(much, moved) for at, much, moved in page.evaluate("window.shifts") if at > since]


def moved(page: Page, since: float) -> list[tuple[float, list[str]]]:
    """The same without the word on a button for picks, which changes its face when it is pressed (a pixel up or down)."""
    return [(much, what) for much, what in shifts(page, since) if not all(re.match("Pick(ed)?: ", one) for one in what)]


def field(page: Page, name: str) -> Locator:
    """A field of the brief."""
    return page.get_by_role("textbox", name=name, exact=True)


def button(page: Page | Locator, name: str) -> Locator:
    """A button that can be pressed."""
    return page.get_by_role("button", name=name, exact=True)


def follow(page: Page, control: Locator) -> None:
    """Press a control that leads to another page, until that page listens: a key pressed before its scripts run is lost."""
    with page.expect_navigation(wait_until="load"):
        control.click()


def saved(page: Page) -> None:
    """The bench says that everything is saved."""
    expect(page.get_by_role("status").filter(has_text=re.compile("^(Saved|已保存)$"))).to_be_visible(timeout=PATIENCE)


def runs(page: Page) -> Locator:
    """The runs on the stage, the newest first."""
    return page.get_by_role("region", name="Variants").get_by_role("group")


def variants(run: Locator) -> Locator:
    """The variants of a run."""
    return run.get_by_role("article", name=re.compile(r"^Variant \d$"))


def finished(page: Page, count: int = 4, run: int = 0) -> Locator:
    """The `run`-th run from above when all its variants can be picked."""
    found = runs(page).nth(run)
    expect(variants(found).get_by_role("button", name=re.compile("^Pick(ed)?$"))).to_have_count(count, timeout=2 * PATIENCE)
    return found


def verbs(page: Page) -> Locator:
    """The toolbar of what is selected."""
    return page.get_by_role("toolbar", name="Selected variant")


def revision_of(variant: Locator) -> dict[str, Any]:
    """Id and number of a finished variant, as its link tells them."""
    link = variant.get_by_role("link", name=re.compile(r"^Revision \d+$"))
    return {"id": str(link.get_attribute("href")).rsplit("/", 1)[1], "number": int(link.inner_text().split()[1])}
