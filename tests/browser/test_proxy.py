"""The studio behind nginx as docs/hosting.md sets it up: https ends there, below a path, and Host comes without its port."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARGS
from tests.browser.window import Windows, button, field, finished, revision_of, saved, variants
from tests.proxy import NGINX, Proxy, settings_advised
from tests.running import Running


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Proxy]]:
    """A studio with the settings that the page advises, and nginx before it."""
    if NGINX is None or shutil.which("openssl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx or openssl is not installed")
        pytest.skip("nginx or openssl is not installed (apt-get install nginx-light openssl)")
    folder = tmp_path_factory.mktemp("proxy")
    running = Running(folder, {**settings_advised(), "STEMMA_PRELOAD": "0", "STEMMA_FAKE_ENGINES": "1"})
    proxy = Proxy(folder, running.port)
    running.environment["STEMMA_ORIGINS"] = f"http://example.org:{proxy.plain}"
    try:
        running.start()
        proxy.start()
        yield running, proxy
    finally:
        proxy.stop()
        running.stop()


@pytest.fixture(scope="module")
def outside(chromium: Browser) -> Iterator[Browser]:
    """A browser for which example.org is this machine."""
    rules = "--host-resolver-rules=MAP example.org 127.0.0.1"
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=[*ARGS, rules])
    yield browser
    browser.close()


def window(browser: Browser, origin: str) -> tuple[Windows, Page]:
    """A window on `origin`, which ends with the path: whatever is asked for outside it is a problem."""
    windows = Windows(origin)
    context = browser.new_context(ignore_https_errors=True, locale="en-GB", reduced_motion="reduce")
    windows.watch(context)
    return windows, context.new_page()


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_picture_is_made_and_goes_its_ways_below_the_path(
    outside: Browser, behind: tuple[Running, Proxy], scheme: str
) -> None:
    _running, proxy = behind
    origin = f"{scheme}://example.org:{proxy.secure if scheme == 'https' else proxy.plain}/stemma"
    windows, page = window(outside, origin)
    if scheme == "http":
        windows.allow("Cross-Origin-Opener-Policy header has been ignored")  # Chromium tells it of every http but loopback's
    page.goto(f"{origin}/")
    expect(page).to_have_url(f"{origin}/projects")
    begin(page, origin)
    field(page, "Intent").fill("a red fox under a tree")
    saved(page)
    button(page, "Generate").click()
    first = variants(finished(page)).first  # came through the stream
    button(first, "Pick").click()
    expect(button(first, "Picked")).to_be_visible()
    revision = revision_of(first)["id"]
    page.goto(f"{origin}/revisions/{revision}")
    assert page.locator("main img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    with page.expect_download() as download:
        page.locator("a[href$='/download']").first.click()
    assert Path(download.value.path()).read_bytes().startswith((b"\x89PNG", b"<svg", b"<?xml"))
    page.get_by_role("link", name="Lineage").first.click()
    expect(page).to_have_url(re.compile(f"^{re.escape(origin)}/works/[^/]+/lineage"))
    expect(page.locator("#card")).to_contain_text("Revision")
    begin(page, origin, "text")
    page.locator(".cm-content").click()
    page.keyboard.type("Rain on the roof.")
    saved(page)
    assert windows.unexpected() == []
    assert {one["path"] for one in page.context.cookies()} <= {"/stemma"}
    page.context.close()


def begin(page: Page, origin: str, medium: str = "image") -> None:
    """A new work's bench, by the page's own forms."""
    project = page.evaluate(FORM, [f"{origin}/projects", "name=Coast"])
    assert project.startswith(f"{origin}/"), project
    page.goto(project)
    work = page.evaluate(FORM, [f"{project}/works", f"title=Fox&medium={medium}"])
    assert work.startswith(f"{origin}/works/"), work
    page.goto(work)


FORM = """async ([to, body]) => {
  const kind = "application/x-www-form-urlencoded";
  const answer = await fetch(to, { method: "POST", body, headers: { Accept: "text/html", "Content-Type": kind } });
  return answer.url;
}"""


def test_https_is_known_and_streams_are_not_held_back(behind: tuple[Running, Proxy]) -> None:
    running, proxy = behind
    url = f"https://127.0.0.1:{proxy.secure}/stemma"
    headers = {"Host": "example.org", "Accept": "application/json"}
    with httpx2.Client(base_url=url, verify=False, headers=headers, timeout=60) as web:
        cookie = web.post("/preferences", json={"theme": "dark"}).headers["set-cookie"]
        assert "; Path=/stemma;" in cookie.replace("path=", "Path=")
        assert cookie.endswith("; Secure")
        work = running.work()
        generation = running.ask(work, engine="fake-slow", params={"steps": 8, "seconds": 0.5})["id"]
        steps = 0
        with web.stream("GET", f"/generations/{generation}/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: ") and running.generation(generation)["status"] == "running":
                    steps += "step" in json.loads(line[6:])  # heard while it still runs: nginx kept nothing back
                if steps > 1:
                    break
        assert steps > 1
        assert web.get("/openapi.json").json()["servers"] == [{"url": "/stemma"}]
        big = b"\x89PNG" + bytes(2 * 1024 * 1024)  # more than nginx lets through by itself
        refused = web.post(f"/works/{work}/imports", files={"file": ("big.png", big)})
        assert refused.status_code == 422 or refused.json()["code"] != "too-large", refused.text
