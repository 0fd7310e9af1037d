"""A studio with accounts: nobody comes in unknown, each sees their own, and what is handed out is good for one thing only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.commands.keeper import first_link, link
from app.errors import NotFoundError
from app.models import Account, Artist, Attempt, Invitation, SignIn, attempt
from app.models.attempt import key_of
from app.models.passwords import common
from app.settings import Settings
from app.storage.db import Database, now
from app.web.deps import SIGNED_IN, Asker, Transactions
from app.web.live.word import Word
from app.web.main import create_app
from app.web.routes.events import GONE, _while_seen
from tests.attacks.asking import BROWSER, HTMX, READERS, routes

GOOD = "four made up words"
OPEN = {"/sign-in", "/session", "/join", "/joins", "/visit", "/visits", "/preferences", "/healthz", "/readyz"}


@pytest.fixture
def closed(config: Settings) -> FastAPI:
    """The application of a studio with accounts."""
    config.accounts = True
    return create_app(config)


def browser(app: FastAPI, address: str = "192.0.2.7") -> TestClient:
    """A browser at an address, not signed in."""
    headers = {"Accept": "application/json", "User-Agent": f"Browser at {address}"}
    return TestClient(app, base_url="http://localhost", headers=headers, client=(address, 50_000))


@pytest.fixture
def keeper(closed: FastAPI, config: Settings, project_before: str) -> Iterator[TestClient]:
    """The first keeper's browser, signed in."""
    with browser(closed) as client:
        code = (first_link(config) or "").partition("#")[2]
        joined = client.post("/joins", json={"code": code, "name": "Mei Lin", "password": GOOD})
        assert joined.status_code == 201, joined.text
        yield client


@pytest.fixture
def project_before(database: Database) -> str:
    """A project of the time before there were accounts."""
    from app.models.artist import local_artist

    with database.writing() as session:
        return str(local_artist(session).projects.create("Before").id)


def added(keeper: TestClient, name: str, standing: str = "member") -> TestClient:
    """Somebody whom the keeper adds, signed in."""
    code = keeper.post("/artists", json={"standing": standing}).json()["code"]
    client = browser(keeper.app, "198.51.100.4")  # type: ignore[arg-type]  # the application behind the client
    assert client.post("/joins", json={"code": code, "name": name, "password": GOOD}).status_code == 201
    return client


def signing_in(client: TestClient, name: str = "Mei Lin", password: str = GOOD, **more: Any) -> int:
    return client.post("/session", json={"name": name, "password": password, **more}).status_code


def test_who_is_not_signed_in_gets_nothing(closed: FastAPI) -> None:
    client = browser(closed)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for route in routes(client, method):
            path = re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", str(route.path_format))
            if path not in OPEN:
                answer = client.request(method, path, follow_redirects=False)
                refused = 404 if path.startswith("/visits/") else 401  # who has no ticket hears of no visit
                assert answer.status_code == refused, (method, path, answer.status_code)
    page = client.get("/works/1?at=2", headers=READERS[BROWSER], follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/works/1%3Fat%3D2")
    assert client.get("/projects", headers=READERS[HTMX]).headers["hx-redirect"] == "/sign-in"


def test_the_first_keeper_takes_over_what_was_there(
    keeper: TestClient, config: Settings, project_before: str, database: Database
) -> None:
    assert keeper.get(f"/projects/{project_before}").json()["name"] == "Before"
    assert keeper.get("/me").json()["standing"] == "keeper"
    with database.reading() as session:
        assert session.scalars(sa.select(Artist.name)).all() == ["Mei Lin"]  # no second artist was made
    assert first_link(config) is None
    config.accounts = False
    with browser(create_app(config)) as alone:  # and without accounts it is the studio of one artist again
        assert alone.get(f"/projects/{project_before}").status_code == 200


def test_each_sees_their_own(keeper: TestClient, project_before: str) -> None:
    other = added(keeper, "Ada")
    assert other.get(f"/projects/{project_before}").status_code == 404
    theirs = other.post("/projects", json={"name": "Ada's"}).json()["id"]
    assert keeper.get(f"/projects/{theirs}").status_code == 404  # a keeper sees no further than a member
    assert [one["name"] for one in other.get("/projects").json()["items"]] == ["Ada's"]
    assert other.get("/artists").status_code == other.post("/artists", json={}).status_code == 404
    people = keeper.get("/artists").json()["items"]
    assert [(one["name"], one["standing"]) for one in people] == [("Ada", "member"), ("Mei Lin", "keeper")]


def test_a_link_is_good_once_however_many_come(keeper: TestClient, database: Database) -> None:
    code = keeper.post("/artists", json={}).json()["code"]

    def come(number: int) -> int:
        client = browser(keeper.app, f"203.0.{number}.1")  # type: ignore[arg-type]  # as above
        return client.post("/joins", json={"code": code, "name": f"Guest {number}", "password": GOOD}).status_code

    with ThreadPoolExecutor(12) as pool:
        said = sorted(pool.map(come, range(12)))
    assert said == [201] + [404] * 11
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == 2
        assert code.replace("-", "") not in str(session.execute(sa.select(Invitation.__table__)).all())  # its digest alone


def test_a_link_that_is_no_good_brings_nobody_in(keeper: TestClient, database: Database) -> None:
    client = browser(keeper.app)  # type: ignore[arg-type]  # as above
    code = keeper.post("/artists", json={}).json()["code"]
    for name in ("mei  LIN", "Ｍｅｉ Lin", "  "):
        taken = client.post("/joins", json={"code": code, "name": name, "password": GOOD})
        assert (taken.status_code, taken.json()["fields"][0]["field"]) == (422, "name"), name
    for password in (
        "short",
        "password1234",
        "Password2026!",
        "aaaaaaaaaaaaaa",
        "123456789012",
        "qwertyuiopas",
        "ada lovelace",
    ):
        refused = client.post("/joins", json={"code": code, "name": "Ada Lovelace", "password": password})
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "password"), password
        with database.writing() as session:
            session.execute(sa.delete(Attempt))
    with database.writing() as session:
        session.execute(sa.update(Invitation).values(expires_at=now() - timedelta(seconds=1)))
    assert client.post("/joins", json={"code": code, "name": "Ada", "password": GOOD}).status_code == 404
    assert client.post("/joins", json={"code": "nothing", "name": "Ada", "password": GOOD}).status_code == 404


def test_signing_out_ends_it_and_clears_the_browser(keeper: TestClient) -> None:
    token = keeper.cookies[SIGNED_IN]
    gone = keeper.request("DELETE", "/session", follow_redirects=False)
    assert gone.headers["clear-site-data"] == '"cache", "storage"'
    assert SIGNED_IN not in keeper.cookies
    assert keeper.get("/me").status_code == 401
    stolen = browser(keeper.app)  # type: ignore[arg-type]  # as above
    stolen.cookies.set(SIGNED_IN, token)
    assert stolen.get("/me").status_code == 401
    assert signing_in(keeper) == 201
    assert keeper.cookies[SIGNED_IN] != token  # never the one that somebody may have planted
    cookie = keeper.post("/session", json={"name": "mei lin", "password": GOOD}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_stream_ends_with_its_sign_in(keeper: TestClient) -> None:
    """What asks again for whom it speaks (tests/web/routes/test_events.py follows a whole one)."""
    database = keeper.app.state.studio.database  # type: ignore[attr-defined]  # the application behind the client
    transactions = Transactions(database, "a stream", writes=False, asker=Asker(True, keeper.cookies[SIGNED_IN]))

    async def heard(most: int) -> list[Word | str | None]:
        async def silence() -> AsyncGenerator[Word | None]:
            for _beat in range(most):
                yield None

        return [word async for word in _while_seen(silence(), transactions, lambda artist: artist.id)]

    assert asyncio.run(heard(2)) == [None, None]
    keeper.delete("/session")
    assert asyncio.run(heard(2)) == [GONE]


def test_browsers_are_listed_and_ended_by_their_own_person_alone(keeper: TestClient, database: Database) -> None:
    phone = browser(keeper.app, "192.0.2.8")  # type: ignore[arg-type]  # as above
    assert signing_in(phone) == 201
    listed = keeper.get("/me").json()["browsers"]
    assert [(one["agent"], one["here"]) for one in listed] == [("Browser at 192.0.2.8", False), ("Browser at 192.0.2.7", True)]
    other = added(keeper, "Ada")
    assert other.delete(f"/me/sessions/{listed[0]['id']}").status_code == 404
    assert keeper.delete(f"/me/sessions/{listed[0]['id']}").status_code == 204
    assert phone.get("/me").status_code == 401
    with database.writing() as session:
        session.execute(sa.update(SignIn).values(expires_at=now()))
        kept = session.scalars(sa.select(SignIn.digest)).all()
    assert keeper.get("/me").status_code == 401  # too old
    assert keeper.cookies[SIGNED_IN] not in kept


def test_guessing_is_slowed_down_and_locks_nobody_out(
    keeper: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = now()
    monkeypatch.setattr(attempt, "now", lambda: began)  # as fast as a guesser is, however slow this machine
    guesser = browser(keeper.app, "203.0.113.9")  # type: ignore[arg-type]  # as above
    said = [signing_in(guesser, password=f"guess number {number}") for number in range(12)]
    assert said == [401] * 6 + [429] * 6
    answer = guesser.post("/session", json={"name": "MEI LIN", "password": GOOD})
    assert (answer.status_code, int(answer.headers["retry-after"]) >= 1) == (429, True)  # not even the right one is looked at
    assert signing_in(browser(keeper.app, "203.0.113.77")) == 429  # type: ignore[arg-type]  # the same network
    assert keeper.get("/me").status_code == 200
    assert signing_in(browser(keeper.app, "192.0.2.99")) == 201  # type: ignore[arg-type]  # from elsewhere
    monkeypatch.setattr(attempt, "now", lambda: began + timedelta(seconds=3))
    assert signing_in(guesser) == 201
    with database.reading() as session:
        assert session.get(Attempt, key_of("mei lin", "203.0.113.9")) is None
    assert signing_in(guesser, name="nobody") == 401


def test_a_new_password_by_a_link_signs_out_everywhere(keeper: TestClient, config: Settings) -> None:
    other = added(keeper, "Ada")
    ada = next(one["id"] for one in keeper.get("/artists").json()["items"] if one["name"] == "Ada")
    code = keeper.post(f"/artists/{ada}/resets").json()["code"]
    fresh = browser(keeper.app, "198.51.100.9")  # type: ignore[arg-type]  # as above
    wrong = fresh.post("/joins", json={"code": code, "name": "Mei Lin", "password": "another set of words"})
    assert wrong.status_code == 422
    assert fresh.post("/joins", json={"code": code, "name": "ada", "password": "another set of words"}).status_code == 201
    assert other.get("/me").status_code == 401
    assert signing_in(other, "Ada") == 401
    assert signing_in(other, "Ada", "another set of words") == 201
    code = link(config, "Mei Lin").partition("#")[2]  # whoever has the terminal can help a keeper
    assert fresh.post("/joins", json={"code": code, "name": "Mei Lin", "password": "words for a keeper"}).status_code == 201
    with pytest.raises(NotFoundError):
        link(config, "Nobody")


@pytest.mark.parametrize(
    ("next", "where"),
    [("/works/1?at=2", "/works/1?at=2"), ("//evil.example", "/projects"), ("/\\evil", "/projects"), ("https://e", "/projects")],
)
def test_signing_in_leads_to_no_other_site(keeper: TestClient, next: str, where: str) -> None:
    form = {"name": "Mei Lin", "password": GOOD, "next": next}
    answer = keeper.post("/session", data=form, headers=READERS[BROWSER], follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, where)


def test_other_sites_cannot_sign_anybody_in_or_out(keeper: TestClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert keeper.delete("/session", headers=foreign).status_code == 403
    assert keeper.post("/session", json={"name": "Mei Lin", "password": GOOD}, headers=foreign).status_code == 403
    assert keeper.get("/me").status_code == 200


def test_what_a_browser_keeps_it_uses_for_nobody_else(keeper: TestClient, project_before: str, picture: Any) -> None:
    work = keeper.post(f"/projects/{project_before}/works", json={"title": "Fox", "medium": "image"}).json()["id"]
    made = keeper.post(f"/works/{work}/imports", files={"file": ("fox.png", picture())}).json()["id"]
    kept = keeper.get(f"/revisions/{made}/content")
    assert "private" in kept.headers["cache-control"]
    assert "Cookie" in kept.headers["vary"]
    mark = keeper.get(f"/works/{work}/lineage").headers["etag"]
    other = added(keeper, "Ada")
    assert other.get(f"/revisions/{made}/content", headers={"If-None-Match": kept.headers["etag"]}).status_code == 404
    assert other.get(f"/works/{work}/lineage", headers={"If-None-Match": mark}).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_are_pages_in_both_languages(keeper: TestClient, language: str) -> None:
    headers = READERS[BROWSER] | {"Accept-Language": language}
    for path in ("/me", "/artists", "/sign-in", "/join", "/projects"):
        page = keeper.get(path, headers=headers)
        assert (page.status_code, "<html" in page.text) == (200, True), path
    assert "Mei Lin" in page.text  # every page tells who is signed in
    made = keeper.post("/artists", data={"standing": "member"}, headers=headers)
    assert re.search(r"http://localhost/join#(\w{4}-){4}\w{4}", made.text)
    assert made.headers["cache-control"] == "no-store"


def test_without_the_setting_none_of_it_is_there(web: TestClient) -> None:
    plain = TestClient(web.app, base_url="http://localhost")  # what is not there is not described either
    for path in ("/me", "/artists", "/sign-in", "/join"):
        assert plain.get(path).status_code == 404
    assert plain.post("/session", json={"name": "x", "password": GOOD}).status_code == 404
    assert 'href="/me"' not in web.get("/projects", headers=READERS[BROWSER]).text


def test_common_passwords_are_known_in_their_disguises() -> None:
    disguised = ("P@ssw0rd1234", "iloveyou2026!", "!!qwertyuiop", "abcabcabcabc", "zyxwvutsrqponm", "2026-11-30 12")
    for one in (*disguised, "stemmastudio" * 2):
        assert common(one), one
    for one in (GOOD, "床前明月光疑是地上霜", "xk7!pQ9z#mR2", "kettle orbit falcon mint"):
        assert not common(one), one


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_goes_by_https_alone_where_it_came_by_https(keeper: TestClient, scheme: str) -> None:
    client = TestClient(keeper.app, base_url=f"{scheme}://localhost", headers={"Accept": "application/json"})
    signed = client.post("/session", json={"name": "Mei Lin", "password": GOOD})
    assert signed.status_code == 201, signed.text
    cookie = signed.headers["set-cookie"].lower()
    assert ("secure" in cookie) is (scheme == "https")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
