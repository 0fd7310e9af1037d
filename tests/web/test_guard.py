"""Who may change something: the studio's own pages, also behind a proxy, and nobody's else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from app.settings import Settings, origin_of
from app.web.guard import foreign
from app.web.main import create_app

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN = "http://studio.lan:8143"  # as the browser sees it; the proxy leaves the port out of Host
FORM = {"name": "Coast"}


@pytest.fixture
def behind(config: Settings) -> Iterator[Callable[..., TestClient]]:
    """Makes a studio as a proxy asks it: with settings, and Host without its port."""
    opened: list[TestClient] = []

    def make(**settings: str) -> TestClient:
        app = create_app(config.model_copy(update=settings))
        client = TestClient(app, base_url="http://studio.lan", headers=PAGE, follow_redirects=False)
        opened.append(client.__enter__())
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.mark.parametrize(("language", "said"), [("en", "comes from another site"), ("zh", "来自其他网站")])
def test_a_refused_form_is_a_page_that_names_the_setting(behind: Callable[..., TestClient], language: str, said: str) -> None:
    refused = behind(hosts="studio.lan").post("/projects", data=FORM, headers={"Origin": OWN, "Accept-Language": language})
    assert refused.status_code == 403
    assert refused.headers["content-type"].startswith("text/html")
    assert said in refused.text
    assert "STEMMA_ORIGINS" in refused.text
    assert "studio.lan:8143" not in refused.text  # it advises nothing that the sender wrote


def test_one_setting_lets_the_buttons_work(behind: Callable[..., TestClient]) -> None:
    web = behind(origins=f" {OWN.upper()}/ ,https://studio.example:443")
    assert web.get("/projects").status_code == 200  # the host is allowed with it
    assert web.post("/projects", data=FORM, headers={"Origin": OWN}).status_code == 303
    for other in ("http://studio.lan:8144", "https://studio.lan:8143", "http://evil.example", "null", "", "http://["):
        assert web.post("/projects", data=FORM, headers={"Origin": other}).status_code == 403, other


def test_a_trusted_origin_never_outweighs_what_the_browser_says(behind: Callable[..., TestClient]) -> None:
    web = behind(origins=OWN)
    for site in ("cross-site", "same-site", ""):
        assert web.post("/projects", data=FORM, headers={"Origin": OWN, "Sec-Fetch-Site": site}).status_code == 403, site
    assert web.post("/projects", data=FORM, headers={"Origin": OWN, "Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_https_may_end_before_the_studio(behind: Callable[..., TestClient]) -> None:
    web = behind(hosts="studio.lan")
    for headers in ({"Origin": "https://studio.lan"}, {"Origin": "https://studio.lan", "Sec-Fetch-Site": "same-origin"}):
        assert web.post("/projects", data=FORM, headers={"X-Forwarded-Proto": "https", **headers}).status_code == 303


def test_a_foreign_host_is_a_page_that_names_the_setting(behind: Callable[..., TestClient]) -> None:
    refused = behind().get("/projects")
    assert refused.status_code == 421
    assert refused.headers["content-type"].startswith("text/html")
    assert "STEMMA_HOSTS" in refused.text


@pytest.mark.parametrize(("language", "said"), [("en", "below a path"), ("zh", "路径")])
def test_a_sub_path_is_a_sentence(behind: Callable[..., TestClient], language: str, said: str) -> None:
    web = behind(hosts="studio.lan")
    for path in ("/", "/projects"):
        refused = web.get(path, headers={"X-Forwarded-Prefix": "/stemma", "Accept-Language": language})
        assert refused.status_code == 421
        assert said in refused.text
    assert web.get("/projects", headers={"X-Forwarded-Prefix": "/"}).status_code == 200
    assert web.get("/healthz", headers={"X-Forwarded-Prefix": "/stemma", "Accept": "*/*"}).status_code == 200


def test_by_default_an_origin_is_the_host_and_no_other() -> None:
    assert Settings().trusted_origins == frozenset()
    for origin in ("http://studio.lan:8143", "null", "http://localhost", "http://localhost:8000.evil.example", "x"):
        assert foreign("POST", Headers({"host": "localhost:8000", "origin": origin}), Settings().trusted_origins)
    assert not foreign("POST", Headers({"host": "localhost:8000", "origin": "http://localhost:8000"}), frozenset())


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Studio.Example:443/", "https://studio.example"),
        ("http://studio.lan:8143", "http://studio.lan:8143"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://studio.example:80", "https://studio.example:80"),
        *(
            (none, None)
            for none in ("studio.lan", "null", "*", "http://", "ftp://a", "http://a/b", "http://u@a", "http://a:x", "")
        ),
    ],
)
def test_an_origin_is_read_as_a_browser_writes_it(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


def test_dates_say_their_zone(web: TestClient, revision: str) -> None:
    page = web.get(f"/revisions/{revision}", headers=PAGE)
    assert page.status_code == 200
    assert " UTC</time>" in page.text
