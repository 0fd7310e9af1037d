"""What changes the studio is written down: every route that does is walked, and either leaves an act or is listed as one
that is nobody's act, and why.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.models import Act, ActKind
from app.storage.db import Database
from tests.attacks.asking import PROGRAM, name
from tests.attacks.atelier import POEM, Atelier, picture
from tests.attacks.test_changes_agree import WISHES, changing, send

NO_ACT = {
    "preferences_choose": "how pages look, in a cookie",
    "drafts_save": "an artist's own draft, which nobody else sees",
    "drafts_go_on_from": "the same",
    "drafts_restore": "the same",
    "presets_apply": "the same",
    "masks_paint": "a part of an artist's draft; what is made with it is an act",
    "probes_bring": "a picture to search by, kept for a day",
    "tunes_check": "it changes nothing",
    "prosody_hold": "it changes nothing",
    "texts_read": "a question to a model about a text; the text stays as it is",
}
# What must be done before, where a good request alone changes nothing.
BEFORE = {
    "projects_restore": "POST",
    "works_restore": "POST",
    "revisions_unpick": "POST",
    "lists_restore": "POST",
    "presets_restore": "POST",
    "styles_restore": "POST",
}


def kinds(database: Database) -> list[str]:
    """The kinds of all acts, in the order in which they were written."""
    with database.reading() as session:
        return [str(kind) for kind in session.scalars(sa.select(Act.kind).order_by(Act.id))]


def test_every_change_is_written_down(atelier: Atelier, web: TestClient, database: Database) -> None:
    for method, route in changing(web):
        wish = WISHES[name(route)](atelier)
        if name(route) in BEFORE:
            send(web, BEFORE[name(route)], wish, PROGRAM)
        before = kinds(database)
        answer = send(web, method, wish, PROGRAM)
        assert answer.status_code < 300, f"{name(route)}: {answer.text}"
        told = kinds(database)[len(before) :]
        assert bool(told) != (name(route) in NO_ACT), f"{name(route)} {told}: an act, or an entry of NO_ACT that says why not"


def test_the_page_tells_what_was_done(atelier: Atelier, web: TestClient, database: Database) -> None:
    work = atelier.work()
    root = atelier.bring(work, "fox.png", picture())
    web.post(f"/revisions/{root}/pick").raise_for_status()
    web.patch(f"/works/{work}", json={"title": "<b>100 % fox</b>"}).raise_for_status()
    listed = web.get(f"/works/{work}/acts").json()
    assert [one["kind"] for one in listed["items"]] == ["work-renamed", "picked", "imported", "work-created"]
    assert [one["position"] for one in listed["items"]] == [3, 2, 1, 0]
    assert web.get(f"/works/{work}/record").json() == {"whole": True, "broken_at": None}
    for language, words in (("en", "You picked revision 1"), ("zh", "你选中了版本 1")):
        page = web.get(f"/works/{work}/acts", headers={"Accept": "text/html", "Accept-Language": language}).text
        assert words in page
        assert "&lt;b&gt;100 % fox&lt;/b&gt;" in page
    with database.writing() as session:
        session.execute(sa.update(Act).where(Act.kind == ActKind.PICKED).values(details={"number": 2}))
    assert web.get(f"/works/{work}/record").json() == {"whole": False, "broken_at": 2}


def test_a_project_tells_of_its_works_and_pages_through(atelier: Atelier, web: TestClient) -> None:
    work, _root = atelier.poem()
    project = web.get(f"/works/{work}").json()["project"]
    found, cursor = [], ""
    while cursor is not None:
        page = web.get(f"/projects/{project}/acts?limit=2{cursor and f'&cursor={cursor}'}").json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(found) == len(set(found)) > 2
    assert found == sorted(found, reverse=True)
    assert POEM[:5] not in web.get(f"/projects/{project}/acts").text  # what was written is the work's, not the record's


def test_what_a_run_made_is_one_act(atelier: Atelier, database: Database) -> None:
    run = UUID(atelier.make(atelier.work()))
    with database.reading() as session:
        told = session.scalars(sa.select(Act).where(Act.subject_id == run).order_by(Act.position)).all()
    assert [str(one.kind) for one in told] == ["asked", "made"]
    assert told[1].details["numbers"] == [1, 2]
