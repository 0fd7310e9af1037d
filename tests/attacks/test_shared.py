"""A project that is shared: every route by everybody who may come to it, from the application's own list.

TABLE says for each route what it takes; one that is not in it fails here. What the owner has in the project is made over
HTTP (tests/attacks/atelier.py), so that each route has something to be about.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.errors import NotFoundError
from app.models import Account, Act, Artist, Draft, Membership, Project, ProjectInvitation, ProjectRole
from app.models.account import Standing, handle_of, invite, sign_in
from app.models.artist import local_artist
from app.models.membership import Right
from app.models.sharing import redeem
from app.settings import Settings
from app.storage.db import Database, now
from app.web.deps import SIGNED_IN, Asker, Transactions
from app.web.live.word import Word
from app.web.main import create_app
from app.web.routes.events import GONE, _while_seen
from tests.attacks.asking import BROWSER, PROGRAM, READERS, ask, kind, name, routes
from tests.attacks.atelier import BRIEF, FAKE, Atelier, full
from tests.attacks.test_answers_agree import filled
from tests.attacks.test_changes_agree import UNSAFE, WISHES, Wish, send
from tests.hands import hands

pytestmark = pytest.mark.timeout(1200)  # a thousand requests and more

OWNER, EDITOR, COMMENTER, VIEWER, STRANGER, NOBODY = "owner", "editor", "commenter", "viewer", "stranger", "nobody"
MEMBERS = {EDITOR: ProjectRole.EDITOR, COMMENTER: ProjectRole.COMMENTER, VIEWER: ProjectRole.VIEWER}
SEE, EDIT, OWN = Right.SEE, Right.EDIT, Right.OWN
COMMENT = Right.COMMENT
AUTHOR = "author"  # who wrote it, here the owner; to who else sees it, it is refused
MINE = "mine"  # the artist's own: to all others it is not there
FREE = "free"  # it is about no project; whoever is signed in may ask
OPEN = "open"  # whoever comes may ask
TICKET = "ticket"  # who has the ticket of a share link may ask, whoever they are (test_visits.py)
TABLE: dict[str, Right | str] = {
    **dict.fromkeys(("preferences_choose", "health_healthz", "health_readyz"), OPEN),
    **dict.fromkeys(("sessions_look", "sessions_begin", "sessions_end", "sessions_arrive", "sessions_join"), OPEN),
    **dict.fromkeys(("projects_home", "projects_index", "projects_create", "generations_index", "search_index"), FREE),
    **dict.fromkeys(
        ("trash_index", "engine_room_room", "engine_room_engines", "engine_room_workers", "engine_room_judge"), FREE
    ),
    **dict.fromkeys(
        (
            "about_about",
            "about_docs",
            "drawings_index",
            "prosody_index",
            "prosody_hold",
            "tunes_check",
            "probes_bring",
            "archives_bring",
            "health_metrics",
        ),
        FREE,
    ),
    **dict.fromkeys(("me_show", "me_take_along", "people_index", "people_add"), FREE),
    **dict.fromkeys(("probes_content", "texts_reading", "drafts_look", "me_end", "people_reset"), MINE),
    **dict.fromkeys(("projects_show", "projects_wall", "projects_works_of", "menus_of_project", "acts_of_project"), SEE),
    **dict.fromkeys(("works_show", "menus_of_work", "acts_of_work", "acts_record_of", "drafts_show", "drafts_saves"), SEE),
    **dict.fromkeys(("revisions_index", "revisions_show", "revisions_content", "downloads_download"), SEE),
    **dict.fromkeys(("diffs_show", "diffs_choose", "texts_tokens", "music_files_waveform", "masks_content"), SEE),
    **dict.fromkeys(("generations_of_work", "generations_show", "events_of_work", "events_of_generation"), SEE),
    **dict.fromkeys(("lineage_show", "lineage_thumbnails", "loom_show", "search_nearest"), SEE),
    **dict.fromkeys(("projects_begin", "works_change", "works_copy", "works_trash", "works_restore"), EDIT),
    **dict.fromkeys(("drafts_save", "drafts_go_on_from", "drafts_restore", "generations_ask", "generations_cancel"), EDIT),
    **dict.fromkeys(("revisions_pick", "revisions_unpick", "texts_by_hand", "texts_read", "texts_stop"), EDIT),
    **dict.fromkeys(("imports_create", "imports_read_again", "trims_create", "masks_paint"), EDIT),
    **dict.fromkeys(("lists_add", "lists_change", "lists_trash", "lists_restore"), EDIT),
    **dict.fromkeys(("comments_index", "comments_in_work", "comments_show"), SEE),
    **dict.fromkeys(("comments_add", "comments_reply", "comments_resolve", "comments_reopen"), COMMENT),
    **dict.fromkeys(("comments_change", "comments_withdraw"), AUTHOR),
    **dict.fromkeys(("presets_add", "presets_rename", "presets_trash", "presets_restore", "presets_apply"), EDIT),
    "preset_files_take_in": EDIT,
    **dict.fromkeys(("styles_teach", "styles_rename", "styles_choose", "styles_go_on", "styles_stop"), EDIT),
    **dict.fromkeys(("styles_forget", "styles_trash", "styles_restore"), EDIT),
    **dict.fromkeys(("styles_index", "styles_show", "styles_samples"), SEE),
    **dict.fromkeys(("lists_index", "presets_index", "preset_files_show", "archives_show"), SEE),
    **dict.fromkeys(("projects_rename", "projects_trash", "projects_restore"), OWN),
    **dict.fromkeys(("visits_arrive", "visits_begin"), OPEN),
    **dict.fromkeys(("visits_show", "visits_show_work", "visits_show_revision", "visits_content"), TICKET),
    **dict.fromkeys(("share_links_of_project", "share_links_of_work", "share_links_of_revision"), OWN),
    **dict.fromkeys(("share_links_share_project", "share_links_share_work", "share_links_share_revision"), OWN),
    "share_links_revoke": OWN,
    **dict.fromkeys(("members_arrive", "members_join"), FREE),
    "members_index": SEE,
    **dict.fromkeys(("members_change", "members_remove", "members_hand_over", "members_invite", "members_revoke"), OWN),
}


def member(shared: Atelier, role: str = "viewer") -> tuple[str, str]:
    """A project of the owner's, and the id of a further member."""
    project = shared.project()
    with shared.database.writing() as session:
        artist = Artist(name=f"Guest {uuid4()}")
        session.add(artist)
        session.flush()
        session.add(Membership(artist_id=artist.id, project_id=UUID(project), role=ProjectRole(role)))
        return project, str(artist.id)


def invited(shared: Atelier, role: str = "viewer") -> tuple[str, str, str]:
    """A project of the owner's, and a link into it: its id and its code."""
    project = shared.project()
    code = shared.web.post(f"/projects/{project}/invitations", json={"role": role}).json()["code"]
    return project, shared.web.get(f"/projects/{project}/members").json()["invitations"][0]["id"], code


def share_link(shared: Atelier) -> str:
    """A share link into a project of the owner's: its id."""
    return str(shared.web.post(f"/projects/{shared.project()}/share-links", json={}).json()["id"])


def handing_over(shared: Atelier) -> Wish:
    """A project of the owner's, for a member."""
    project, person = member(shared)
    return Wish(f"/projects/{project}/owner", {"artist": person})


# A good request of the owner's for what only studios with accounts have.
SHARING: dict[str, Callable[[Atelier], Wish]] = {
    "share_links_share_project": lambda a: Wish(f"/projects/{a.project()}/share-links", {"whole": True}),
    "share_links_share_work": lambda a: Wish(f"/works/{a.work()}/share-links", {}),
    "share_links_share_revision": lambda a: Wish(f"/revisions/{a.poem()[1]}/share-links", {"days": 0}),
    "share_links_revoke": lambda a: Wish(f"/share-links/{share_link(a)}"),
    "members_change": lambda a: Wish("/projects/{}/members/{}".format(*member(a)), {"role": "editor"}),
    "members_remove": lambda a: Wish("/projects/{}/members/{}".format(*member(a))),
    "members_hand_over": handing_over,
    "members_invite": lambda a: Wish(f"/projects/{a.project()}/invitations", {"role": "viewer"}),
    "members_revoke": lambda a: Wish("/projects/{}/invitations/{}".format(*invited(a))),
}
# Bodies that name what is the asker's own, so that an editor hears of the owner's that it is not there.
NAMES_MINE = {"drafts_restore"}


class Everybody:
    """A browser of each person."""

    def __init__(self, app: FastAPI, database: Database) -> None:
        self.app, self.database = app, database
        self.clients = {NOBODY: self._browser(None)}
        self.ids: dict[str, Any] = {}
        with database.writing() as session:
            for who in (OWNER, EDITOR, COMMENTER, VIEWER, STRANGER):
                artist = local_artist(session) if who == OWNER else Artist(name=who)
                session.add(artist)
                session.flush()
                account = Account(artist=artist, handle=handle_of(who), password="-", standing=Standing.MEMBER)  # noqa: S106
                session.add(account)
                session.flush()
                self.clients[who] = self._browser(sign_in(session, artist.id, "192.0.2.7", who))
                self.ids[who] = artist.id

    def _browser(self, token: str | None) -> TestClient:
        client = TestClient(self.app, base_url="http://localhost", headers={"Accept": "application/json"})
        if token:
            client.cookies.set(SIGNED_IN, token)
        return client

    def share(self) -> None:
        """Let the members be members of everything that is the owner's."""
        with self.database.writing() as session:
            for project in session.scalars(sa.select(Project.id).where(Project.owner_id == self.ids[OWNER])):
                for who, role in MEMBERS.items():
                    session.merge(Membership(artist_id=self.ids[who], project_id=project, role=role))

    def withdraw(self) -> None:
        """Let nobody be a member of anything."""
        with self.database.writing() as session:
            session.execute(sa.delete(Membership))

    def acts(self) -> int:
        """How many things were done so far, and drafts begun."""
        with self.database.reading() as session:
            return sum(session.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in (Act, Draft))


@pytest.fixture
def everybody(config: Settings, database: Database) -> Iterator[Everybody]:
    config.accounts = True
    app = create_app(config)
    people = Everybody(app, database)
    with people.clients[OWNER]:
        yield people


@pytest.fixture
def shared(everybody: Everybody, database: Database, config: Settings, monkeypatch: pytest.MonkeyPatch) -> Atelier:
    """What the owner has, with members of each role."""
    worker, _told = hands(config, monkeypatch)
    atelier = full(everybody.clients[OWNER], database, worker)
    everybody.share()
    return atelier


def expected(who: str, needed: Right | str, status: int) -> int:
    """What `who` is answered, where the owner is answered `status`."""
    if who == NOBODY:
        return 401
    if who == OWNER:
        return status
    if who == STRANGER or needed == MINE:
        return 404
    if needed == AUTHOR:
        return 403
    may = {VIEWER: SEE, COMMENTER: COMMENT, EDITOR: EDIT}[who]
    assert isinstance(needed, Right)
    return status if may >= needed else 403


def about(shared: Atelier, web: TestClient) -> Iterator[tuple[str, Right | str, str, str]]:
    """Each GET of a thing: operation, what it takes, method and path."""
    for route in routes(web, "GET"):
        operation, path = name(route), str(route.path_format)
        if "{" not in path or TABLE[operation] == TICKET:
            continue
        method = "HEAD" if operation.startswith("events_") else "GET"  # a stream goes on and on
        paths = filled(route, shared.ids)
        for one in dict.fromkeys((paths[0], paths[len(paths) // 2], paths[-1])):
            yield operation, TABLE[operation], method, one


def test_every_route_is_in_the_table(everybody: Everybody) -> None:
    found = {name(route) for method in ("GET", *UNSAFE) for route in routes(everybody.clients[NOBODY], method)}
    assert (found - set(TABLE), set(TABLE) - found) == (set(), set()), "teach TABLE who may ask it"


def test_what_is_not_open_is_closed_to_nobody(everybody: Everybody) -> None:
    nobody = everybody.clients[NOBODY]
    for method in ("GET", *UNSAFE):
        for route in routes(nobody, method):
            if TABLE[name(route)] not in {OPEN, TICKET}:
                path = str(route.path_format).replace("{", "").replace("}", "")
                assert ask(nobody, path, PROGRAM, method).status_code == 401, path


def test_who_sees_what(everybody: Everybody, shared: Atelier) -> None:
    wrong, asked = list[str](), 0
    owner, good = everybody.clients[OWNER], dict[str, bool]()
    for operation, needed, method, path in about(shared, owner):
        status = ask(owner, path, PROGRAM, method).status_code
        good[operation] = good.get(operation, False) or status < 400
        for who in (EDITOR, COMMENTER, VIEWER, STRANGER, NOBODY):
            got, asked = ask(everybody.clients[who], path, PROGRAM, method).status_code, asked + 1
            if got != expected(who, needed, status):
                wrong.append(f"{who} {method} {path}: {got}, not {expected(who, needed, status)}")
    print(f"{asked} answers")
    assert {operation for operation, once in good.items() if not once} <= {"diffs_choose", "music_files_waveform"}
    assert not wrong, "\n".join(wrong)


def test_who_changes_what(everybody: Everybody, shared: Atelier) -> None:
    """Who may not is refused by everyone's clear words, and nothing is changed; then who may does it."""
    wrong = list[str]()
    for method in UNSAFE:
        for route in routes(everybody.clients[OWNER], method):
            operation, needed = name(route), TABLE[name(route)]
            if "{" not in str(route.path_format) or needed == MINE:
                continue
            wish = (WISHES | SHARING)[operation](shared)
            everybody.share()
            before = everybody.acts()
            for who in (NOBODY, STRANGER, VIEWER, COMMENTER, EDITOR, OWNER):
                answer = send(everybody.clients[who], method, wish, PROGRAM)
                want = expected(who, needed, 0)
                got = answer.status_code if want else 0 if answer.status_code not in {401, 403, 404} else answer.status_code
                if who == EDITOR and operation in NAMES_MINE:
                    want = 404
                if got != want:
                    wrong.append(f"{who} {method} {wish.path}: {answer.status_code} {answer.text[:200]}")
                if got == 403 and answer.json()["code"] != "role":
                    wrong.append(f"{who} {method} {wish.path}: {answer.text[:200]}")
                if want and everybody.acts() != before and operation not in NAMES_MINE:
                    wrong.append(f"{who} {method} {wish.path}: refused, and done")
    assert not wrong, "\n".join(wrong)


def test_every_refusal_is_a_sentence_for_everyone(everybody: Everybody, shared: Atelier) -> None:
    work, project = shared.work(), shared.ids["projects"][0]
    everybody.share()
    for path, words in ((f"/works/{work}/trash", "one of its editors"), (f"/projects/{project}/trash", "Only the owner")):
        for who in READERS:
            refused = ask(everybody.clients[VIEWER], path, who, "POST")
            assert (refused.status_code, words in refused.text) == (403, True), (path, who)
        chinese = ask(everybody.clients[VIEWER], path, PROGRAM, "POST", language="zh").json()["title"]
        assert words not in chinese
        assert "项目" in chinese


def test_a_right_withdrawn_is_gone_everywhere(everybody: Everybody, shared: Atelier) -> None:
    owner, editor = everybody.clients[OWNER], everybody.clients[EDITOR]
    revision, work = shared.ids["revisions"][0], shared.ids["works"][0]
    mine = editor.post("/projects", json={"name": "Mine"}).json()["id"]
    own = editor.post(f"/projects/{mine}/works", json={"title": "Mine", "medium": "image"}).json()["id"]
    asked = editor.post(f"/works/{own}/generations", json={"verb": "vary", "parents": [{"revision": revision}], **FAKE})
    if asked.status_code == 422:  # its engine is no painter of variants: inspired by it, then
        start = {"revision": revision, "role": "inspire"}
        asked = editor.post(f"/works/{own}/generations", json={"brief": BRIEF, "parents": [start], **FAKE})
    assert asked.status_code == 202, asked.text
    read = editor.post(f"/revisions/{shared.poem()[1]}/readings", json={"engine": ""})
    everybody.withdraw()
    known = {id for ids in shared.ids.values() for one in ids for id in one.split()}
    for operation, _needed, method, path in about(shared, owner):
        assert ask(editor, path, PROGRAM, method).status_code == 404, (operation, path)
    for route in routes(owner, "GET"):
        if "{" not in str(route.path_format) and TABLE[name(route)] == FREE and not name(route).startswith("people_"):
            for who in READERS:
                said = ask(editor, str(route.path_format), who).text
                assert not [id for id in known if id in said], (route.path_format, who)
    said = editor.get(f"/generations/{asked.json()['id']}").text  # theirs; what it began from is hidden
    assert not [id for id in known if id in said]
    if read.status_code == 202:
        assert editor.get(read.headers["location"]).status_code == 404
    assert editor.post(f"/works/{work}/trash").status_code == 404


def test_a_stream_ends_with_the_membership(everybody: Everybody, shared: Atelier) -> None:
    work = shared.ids["works"][0]
    asker = Asker(True, everybody.clients[VIEWER].cookies[SIGNED_IN])
    transactions = Transactions(everybody.database, "a stream", writes=False, asker=asker)

    async def heard(most: int) -> list[Word | str | None]:
        async def silence() -> AsyncGenerator[Word | None]:
            for _beat in range(most):
                yield None

        return [word async for word in _while_seen(silence(), transactions, lambda artist: artist.works.get(UUID(work)))]

    assert asyncio.run(heard(2)) == [None, None]
    everybody.withdraw()
    assert asyncio.run(heard(2)) == [GONE]


def test_works_leave_a_project_by_its_owner_alone(everybody: Everybody, shared: Atelier) -> None:
    """Who edits in both would otherwise carry works away from everybody else."""
    editor, owner = everybody.clients[EDITOR], everybody.clients[OWNER]
    mine = editor.post("/projects", json={"name": "Mine"}).json()["id"]
    work, other = shared.work(), shared.project()
    everybody.share()
    for place in (mine, other):
        refused = send(editor, "PATCH", Wish(f"/works/{work}", {"project": place}), PROGRAM)
        assert (refused.status_code, refused.json()["code"]) == (403, "role")
    assert owner.patch(f"/works/{work}", json={"project": mine}).status_code == 404  # not even there for the owner
    assert owner.patch(f"/works/{work}", json={"project": other}).status_code == 200
    theirs = editor.post(f"/projects/{mine}/works", json={"title": "Mine", "medium": "image"}).json()["id"]
    assert editor.patch(f"/works/{theirs}", json={"project": other}).status_code == 200  # what is one's own may be given
    assert editor.patch(f"/works/{theirs}", json={"project": mine}).status_code == 403


def test_two_editors_of_one_work_overwrite_nothing(everybody: Everybody, shared: Atelier) -> None:
    """Each has a draft of their own; revisions, picks and runs are everybody's."""
    work = shared.work()
    everybody.share()
    editor, owner = everybody.clients[EDITOR], everybody.clients[OWNER]
    for client, words in ((owner, "a fox"), (editor, "an owl")):
        saved = client.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": words}})
        assert saved.status_code == 200, saved.text
    for client, words in ((owner, "a fox"), (editor, "an owl")):
        assert client.get(f"/works/{work}/draft").json()["brief"]["intent"] == words
        assert client.put(f"/works/{work}/draft", json={"version": 1, "brief": {"intent": "late"}}).status_code == 409
    everybody.withdraw()
    assert editor.get(f"/works/{work}/draft").status_code == 404
    everybody.share()
    assert editor.get(f"/works/{work}/draft").json()["brief"]["intent"] == "an owl"  # nothing is lost by leaving


def test_a_link_into_a_project_is_good_once_however_many_come(everybody: Everybody, shared: Atelier) -> None:
    """A thousand tries at once, of four people: one comes in."""
    project, _link, code = invited(shared, "editor")
    artists = [everybody.ids[who] for who in (EDITOR, COMMENTER, VIEWER, STRANGER)]

    def come(turn: int) -> bool:
        with everybody.database.writing() as session:
            artist = session.get_one(Artist, artists[turn % len(artists)])
            try:
                redeem(session, code, artist)
            except NotFoundError:
                return False
            return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(come, range(1_000))) == 1
    with everybody.database.reading() as session:
        rows = session.scalars(sa.select(Membership).where(Membership.project_id == UUID(project))).all()
        assert [row.role for row in rows] == [ProjectRole.EDITOR]
        assert code.replace("-", "") not in str(session.execute(sa.select(ProjectInvitation.__table__)).all())
    assert code not in shared.web.get(f"/projects/{project}/members").text


def test_who_comes_in_changes_and_leaves(everybody: Everybody, shared: Atelier) -> None:
    owner, guest = everybody.clients[OWNER], everybody.clients[STRANGER]
    project, _link, code = invited(shared)
    assert guest.post("/memberships", json={"code": "nothing"}).status_code == 404
    came = guest.post("/memberships", json={"code": code.lower().replace("-", " ")})
    assert (came.status_code, came.json()["role"], came.json()["project"]) == (201, "viewer", project)
    assert guest.post("/memberships", json={"code": code}).status_code == 404  # used up
    listed = guest.get(f"/projects/{project}/members").json()
    assert ([one["role"] for one in listed["items"]], listed["invitations"]) == (["owner", "viewer"], [])
    me, home = str(everybody.ids[STRANGER]), str(everybody.ids[OWNER])
    assert guest.patch(f"/projects/{project}/members/{me}", json={"role": "editor"}).status_code == 403
    assert owner.patch(f"/projects/{project}/members/{me}", json={"role": "owner"}).status_code == 422
    assert owner.patch(f"/projects/{project}/members/{me}", json={"role": "editor"}).status_code == 200
    assert guest.post(f"/projects/{project}/works", json={"title": "Fox", "medium": "image"}).status_code == 201
    lower = owner.post(f"/projects/{project}/invitations", json={"role": "viewer"}).json()["code"]
    assert guest.post("/memberships", json={"code": lower}).json()["role"] == "editor"  # a link only raises a role
    stays = owner.delete(f"/projects/{project}/members/{home}")
    assert (stays.status_code, "hand the project over" in stays.json()["title"]) == (409, True)
    outsider = {"artist": str(everybody.ids[VIEWER])}
    assert owner.patch(f"/projects/{project}/owner", json=outsider).status_code == 422
    assert owner.patch(f"/projects/{project}/owner", json={"artist": me}).status_code == 200
    assert owner.patch(f"/projects/{project}", json={"name": "Mine?"}).status_code == 403
    assert guest.patch(f"/projects/{project}", json={"name": "Mine"}).status_code == 200
    assert owner.delete(f"/projects/{project}/members/{home}").status_code == 200  # an editor by now, who may go
    assert owner.get(f"/projects/{project}").status_code == 404
    kinds = [one["kind"] for one in guest.get(f"/projects/{project}/acts").json()["items"]]
    said = ["member-left", "project-renamed", "handed-over", "invited", "work-created", "member-changed", "member-joined"]
    assert kinds == [*said, "invited", "project-created"]
    for language in ("en", "zh"):
        page = guest.get(f"/projects/{project}/acts", headers=READERS[BROWSER] | {"Accept-Language": language})
        assert (page.status_code, "%(" in page.text) == (200, False)


def test_links_that_are_no_good_bring_nobody_in(everybody: Everybody, shared: Atelier) -> None:
    owner, guest = everybody.clients[OWNER], everybody.clients[STRANGER]
    project, link, code = invited(shared)
    assert owner.delete(f"/projects/{project}/invitations/{link}").status_code == 200
    assert owner.delete(f"/projects/{project}/invitations/{link}").status_code == 404
    assert guest.post("/memberships", json={"code": code}).status_code == 404  # revoked
    project, link, code = invited(shared)
    assert owner.delete(f"/projects/{shared.project()}/invitations/{link}").status_code == 404  # of another project
    owner.post(f"/projects/{project}/trash")
    assert guest.post("/memberships", json={"code": code}).status_code == 404  # its project is in the trash
    owner.delete(f"/projects/{project}/trash")
    with everybody.database.writing() as session:
        session.execute(sa.update(ProjectInvitation).values(expires_at=now() - timedelta(seconds=1)))
        into_the_studio = invite(session, session.get_one(Artist, everybody.ids[OWNER]), Standing.MEMBER)
    assert guest.post("/memberships", json={"code": code}).status_code == 404  # too old
    assert guest.post("/memberships", json={"code": into_the_studio}).status_code == 404  # each link for its own thing
    assert guest.post("/joins", json={"code": code, "name": "Ada", "password": "four made up words"}).status_code == 404


def test_the_page_of_the_people_needs_no_script(everybody: Everybody, shared: Atelier) -> None:
    """Each reader is drawn the forms that are theirs; each works as a form, in both languages."""
    project, person = member(shared)
    everybody.share()
    path, owner = f"/projects/{project}/members", everybody.clients[OWNER]
    owner.post(f"/projects/{project}/invitations", json={"role": "viewer"})
    for language in ("en", "zh"):
        browser = READERS[BROWSER] | {"Accept-Language": language}
        for who, forms in ((OWNER, 4 * 2 + 3), (EDITOR, 1), (COMMENTER, 1), (VIEWER, 1)):
            page = everybody.clients[who].get(path, headers=browser)
            assert (page.status_code, page.text.count(f'action="/projects/{project}/')) == (200, forms), (who, page.text)
    made = owner.post(f"/projects/{project}/invitations", data={"role": "viewer"}, headers=browser)
    assert "http://localhost/invitation#" in made.text
    assert made.headers["cache-control"] == "no-store"
    for method, way, fields in (
        ("PATCH", f"members/{person}", {"role": "editor"}),
        ("PATCH", "owner", {"artist": person}),
        ("DELETE", f"members/{everybody.ids[OWNER]}", {}),
    ):
        form = browser | {"Content-Type": "application/x-www-form-urlencoded"}
        asked = {"params": {"method": method}, "data": fields, "headers": form, "follow_redirects": False}
        answer = owner.post(f"/projects/{project}/{way}", **asked)
        assert (answer.status_code, answer.headers["location"]) == (303, "/projects" if method == "DELETE" else path)
    assert owner.get("/invitation", headers=browser).status_code == 200


def test_no_control_is_drawn_that_would_be_refused(everybody: Everybody, shared: Atelier) -> None:
    """Every form of every page that a member may see is one that they may send."""
    wrong, seen = set[str](), 0
    meant = {method: [(name(one), one.path_regex) for one in routes(shared.web, method)] for method in UNSAFE}
    for who, may in ((VIEWER, SEE), (COMMENTER, COMMENT), (EDITOR, EDIT), (OWNER, OWN)):
        client = everybody.clients[who]
        pages = [path for _operation, _needed, method, path in about(shared, shared.web) if method == "GET"]
        for page in (*pages, "/projects", "/trash", "/engine-room", "/search?q=fox"):
            answer = ask(client, page, BROWSER)
            if answer.status_code != 200 or kind(answer) != "text/html":
                continue
            for form in re.findall(r"<form\b[^>]*>", answer.text):
                action = re.search(r'action="([^"?]*)(?:\?method=(\w+))?"', form)
                if action is None or 'method="post"' not in form or action[1].endswith(f"/members/{everybody.ids[who]}"):
                    continue
                seen += 1
                [operation] = [one for one, path in meant[action[2] or "POST"] if path.match(action[1])]
                needed = TABLE[operation]
                if isinstance(needed, Right) and needed > may:
                    wrong.add(f"{who} {page}: {operation}")
            if who in {VIEWER, COMMENTER} and re.fullmatch(r"/(works|projects)/[^/]+", page):
                assert "data-looking" in answer.text, page  # it says why
    assert seen > 100
    assert not wrong, "\n".join(sorted(wrong))
