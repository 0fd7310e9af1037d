"""Share links: a visitor sees what hangs below the link's one object, and nothing else of the studio."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.models import Act, ShareLink
from app.storage.db import now
from tests.attacks.asking import BROWSER, READERS, name, routes
from tests.attacks.atelier import BRIEF, POEM, Atelier
from tests.attacks.test_shared import OPEN, OWNER, TABLE, TICKET, Everybody, everybody, shared

__all__ = ["everybody", "shared"]  # fixtures
pytestmark = pytest.mark.timeout(1200)
GOOD, GONE = 200, 404


class Studio:
    """The owner, and visitors of links that they make."""

    def __init__(self, everybody: Everybody, atelier: Atelier) -> None:
        self.everybody, self.atelier, self.owner = everybody, atelier, everybody.clients[OWNER]

    def link(self, to: str, **terms: object) -> tuple[str, str]:
        """A link to `to` ("works/…"): its id and its code."""
        made = self.owner.post(f"/{to}/share-links", json=terms)
        assert made.status_code == 201, made.text
        return made.json()["id"], made.json()["code"]

    def visitor(self, code: str = "", **given: str) -> TestClient:
        """Somebody without an account who comes by that link."""
        client = TestClient(self.everybody.app, base_url="http://localhost", headers={"Accept": "application/json"})
        if code:
            came = client.post("/visits", json={"code": code, **given})
            assert came.status_code == 201, came.text
        return client

    def pictures(self) -> tuple[str, list[str]]:
        """A work with two variants, the first of them picked."""
        work = self.atelier.work()
        before = len(self.atelier.ids["revisions"])
        self.atelier.make(work)
        made = self.atelier.ids["revisions"][before:]
        self.owner.post(f"/revisions/{made[0]}/pick")
        return work, made


@pytest.fixture
def studio(everybody: Everybody, shared: Atelier) -> Studio:
    return Studio(everybody, shared)


def seen(visitor: TestClient, at: str) -> list[str]:
    """The revisions of a work that a visitor is shown."""
    answer = visitor.get(at)
    assert answer.status_code == GOOD, answer.text
    return [one["id"] for one in answer.json()["revisions"]]


def test_a_link_shows_its_object_and_nothing_else(studio: Studio) -> None:
    work, (picked, other) = studio.pictures()
    poem, verse = studio.atelier.poem()
    elsewhere = studio.atelier.ids["works"][0]
    id, code = studio.link(f"works/{work}")
    visitor = studio.visitor(code)
    assert seen(visitor, f"/visits/{id}") == [picked]  # what was not picked is not shown
    at = f"/visits/{id}"
    assert visitor.get(f"{at}/revisions/{picked}").json()["recipe"] is None
    assert visitor.get(f"{at}/revisions/{picked}/content?w=256").headers["cache-control"].startswith("private, max-age=60")
    for path in (
        f"{at}/revisions/{other}",
        f"{at}/revisions/{other}/content?w=256",
        f"{at}/revisions/{verse}",
        f"{at}/works/{poem}",
        f"{at}/works/{elsewhere}",
        f"{at}/revisions/{picked}/content",  # the file itself is for links with downloads
    ):
        assert visitor.get(path).status_code == GONE, path
    id, code = studio.link(f"works/{work}", whole=True, downloads=True)
    whole = studio.visitor(code)
    assert seen(whole, f"/visits/{id}") == [other, picked]
    assert whole.get(f"/visits/{id}/revisions/{other}/content").headers["content-type"].startswith("image/")
    single, code = studio.link(f"revisions/{other}")
    assert seen(studio.visitor(code), f"/visits/{single}") == [other]


def test_a_visitor_is_nobody_to_every_other_route(studio: Studio) -> None:
    """Of all routes those of visits alone answer, and none of them without the ticket, or with another link's."""
    work, (picked, _other) = studio.pictures()
    id, code = studio.link(f"works/{work}", whole=True, recipes=True, downloads=True)
    visitor, stranger = studio.visitor(code), studio.visitor()
    other, its = studio.link(f"works/{studio.atelier.work()}")
    another = studio.visitor(its)
    another.cookies.set(f"stemma_visit_{id.replace('-', '')}", another.cookies[f"stemma_visit_{other.replace('-', '')}"])
    for route in routes(visitor, "GET"):
        needed, path = TABLE[name(route)], str(route.path_format)
        if needed == TICKET:
            path = path.replace("{id}", id).replace("{work}", work).replace("{revision}", picked)
            query = "?w=256" if path.endswith("content") else ""
            assert visitor.get(path + query).status_code == GOOD, path
            for who in (stranger, another):
                assert who.get(path + query).status_code == GONE, path
        elif needed != OPEN:
            told = [noun for noun in ("projects", "works", "revisions") if path.startswith(f"/{noun}/")]
            path = path.replace("{id}", {"works": work, "revisions": picked}.get(told[0], str(uuid4())) if told else "x")
            assert visitor.get(path.replace("{", "").replace("}", "")).status_code == 401, path


def test_what_a_link_does_not_tell_stands_nowhere(studio: Studio) -> None:
    """Neither brief nor engine nor parents stand on a page of a link without recipes; with them, parents do not."""
    work, (parent, _other) = studio.pictures()
    before = len(studio.atelier.ids["revisions"])
    studio.atelier.make(work, verb="refine", parents=[{"revision": parent}])
    made = studio.atelier.ids["revisions"][before]
    id, code = studio.link(f"revisions/{made}")
    for language in ("en", "zh"):
        browser = READERS[BROWSER] | {"Accept-Language": language}
        page = studio.visitor(code).get(f"/visits/{id}/revisions/{made}", headers=browser).text
        assert "hounds" not in page, "the brief is not told"
        assert parent not in page
    told, code = studio.link(f"revisions/{made}", recipes=True)
    visitor = studio.visitor(code)
    page = visitor.get(f"/visits/{told}/revisions/{made}", headers=READERS[BROWSER]).text
    assert "hounds" in page
    assert parent not in page
    recipe = visitor.get(f"/visits/{told}/revisions/{made}").json()["recipe"]
    assert recipe["brief"]["intent"] == BRIEF["intent"]
    assert parent not in str(recipe)


def test_every_medium_is_shown(studio: Studio) -> None:
    project = studio.atelier.ids["projects"][0]
    id, code = studio.link(f"projects/{project}", whole=True, recipes=True, downloads=True)
    visitor = studio.visitor(code)
    works = visitor.get(f"/visits/{id}").json()["works"]
    assert {one["medium"] for one in works} == {"image", "text", "music"}
    mine = {one["id"] for one in studio.owner.get(f"/projects/{project}/works?limit=200").json()["items"]}
    assert {one["id"] for one in works} == mine
    shown = 0
    for work in works:
        for revision in seen(visitor, f"/visits/{id}/works/{work['id']}"):
            at = f"/visits/{id}/revisions/{revision}"
            page = visitor.get(at, headers=READERS[BROWSER])
            assert (page.status_code, f"{at}/content" in page.text or POEM[:12] in page.text) == (GOOD, True), page.text
            shown += 1
    assert shown > 10


def test_a_link_that_is_gone_shows_nothing(studio: Studio) -> None:
    """Revoked, too old, its object in the trash or moved: what a visitor asks next is refused."""
    work, (picked, _other) = studio.pictures()
    project = studio.atelier.ids["projects"][0]
    id, code = studio.link(f"works/{work}")
    visitor, path = studio.visitor(code), f"/visits/{id}/revisions/{picked}/content?w=256"

    def refused() -> bool:
        came = studio.visitor().post("/visits", json={"code": code}).status_code
        assert (visitor.get(path).status_code, came) in {(GOOD, 201), (GONE, GONE)}
        return came == GONE

    assert not refused()
    studio.owner.post(f"/works/{work}/trash")
    assert refused()
    studio.owner.delete(f"/works/{work}/trash")
    assert not refused()
    studio.owner.post(f"/projects/{project}/trash")
    assert refused()
    studio.owner.delete(f"/projects/{project}/trash")
    away = studio.atelier.project("Away")
    assert studio.owner.patch(f"/works/{work}", json={"project": away}).status_code == GOOD
    assert refused()  # whoever owns it there did not share it
    assert studio.owner.patch(f"/works/{work}", json={"project": project}).status_code == GOOD
    with studio.everybody.database.writing() as session:
        session.execute(sa.update(ShareLink).values(expires_at=now() - timedelta(seconds=1)))
    assert refused()
    with studio.everybody.database.writing() as session:
        session.execute(sa.update(ShareLink).values(expires_at=None))
    assert not refused()
    assert studio.owner.delete(f"/share-links/{id}").status_code == GOOD
    assert refused()
    assert studio.owner.delete(f"/share-links/{id}").status_code == GONE


def test_a_password_guards_a_link(studio: Studio) -> None:
    work, (picked, _other) = studio.pictures()
    assert studio.owner.post(f"/works/{work}/share-links", json={"password": "short"}).status_code == 422
    id, code = studio.link(f"works/{work}", password="open sesame")  # noqa: S106
    stranger = studio.visitor()
    assert stranger.post("/visits", json={"code": code}).status_code == 422
    asked = stranger.post("/visits", data={"code": code}, headers=READERS[BROWSER])
    assert (asked.status_code, 'type="password"' in asked.text, 'role="alert"><strong' in asked.text) == (GOOD, True, False)
    assert not stranger.cookies
    open_link, open_code = studio.link(f"works/{work}")
    forged = studio.visitor(open_code)  # a ticket of another link, with this one's code in it
    proof = forged.cookies[f"stemma_visit_{open_link.replace('-', '')}"].partition(".")[2]
    forged.cookies.set(f"stemma_visit_{id.replace('-', '')}", f"{code.replace('-', '')}.{proof}")
    assert forged.get(f"/visits/{id}/revisions/{picked}").status_code == GONE
    assert studio.visitor(code, password="open sesame").get(f"/visits/{id}").status_code == GOOD  # noqa: S106
    statuses = [stranger.post("/visits", json={"code": code, "password": f"guess {n}"}).status_code for n in range(8)]
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429
    assert studio.visitor(open_code).get(f"/visits/{open_link}").status_code == GOOD  # another link is not held up


def test_nothing_of_a_link_is_kept_that_opens_it(studio: Studio) -> None:
    work, _made = studio.pictures()
    _id, code = studio.link(f"works/{work}", password="open sesame")  # noqa: S106
    plain = code.replace("-", "")
    with studio.everybody.database.reading() as session:
        kept = [str(session.execute(sa.select(table)).all()) for table in (ShareLink.__table__, Act.__table__)]
    assert not [one for one in kept if plain in one or code in one or "open sesame" in one]
    listed = studio.owner.get(f"/works/{work}/share-links").text
    assert code not in listed
    assert "sesame" not in listed
    kinds = [one["kind"] for one in studio.owner.get(f"/projects/{studio.atelier.ids['projects'][0]}/acts").json()["items"]]
    assert "shared" in kinds
