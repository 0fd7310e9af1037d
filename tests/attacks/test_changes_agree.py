"""What changes the studio is answered alike to a program, to htmx and to a browser: what is done, and what is refused.

The routes are walked as the application has them. One that nobody here knows a good request for fails, and one that says
that it may answer 409, 415, 416 or 429 when nobody here knows why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2
import pytest
from fastapi.routing import RouteContext
from fastapi.testclient import TestClient

from tests import interface
from tests.attacks.asking import BROWSER, HTMX, PROGRAM, READERS, ask, kind, name, routes, same_error
from tests.attacks.atelier import BRIEF, FAKE, JIG, POEM, Atelier, a_mask, picture, recording

pytestmark = pytest.mark.timeout(1200)  # a thousand requests and more
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
NOBODY = str(uuid4())
STYLES = b"name,prompt\nOil,oil on canvas\n"
HTTP_JSON = {"tunes_check", "prosody_hold"}  # JSON for everyone: what an editor asks as one types
TRASHED = {  # what cannot be done to a work in the trash
    *("drafts_save", "drafts_go_on_from", "drafts_restore", "presets_apply", "generations_ask"),
    *("texts_by_hand", "imports_create", "imports_read_again", "trims_create", "masks_paint", "works_copy"),
}


class Wish(NamedTuple):
    """A request: `body` goes as JSON or as a form, `files` as they are, with the `fields` beside them."""

    path: str
    body: dict[str, Any] | None = None
    files: dict[str, tuple[str, bytes]] | None = None
    headers: dict[str, str] | None = None
    fields: dict[str, str] | None = None


def brought(atelier: Atelier) -> tuple[str, str]:
    """A work of pictures and its root."""
    work = atelier.work()
    return work, atelier.bring(work, "fox.png", picture())


def commented(atelier: Atelier, *, resolved: bool = False) -> str:
    """A comment on a picture."""
    comment = atelier.comment(brought(atelier)[1])
    if resolved:
        atelier.web.post(f"/comments/{comment}/resolution").raise_for_status()
    return comment


def masking(atelier: Atelier, data: bytes | None = None) -> Wish:
    """A mask over a picture."""
    work, root = brought(atelier)
    return Wish(f"/works/{work}/masks", files={"file": ("mask.png", data or a_mask())}, fields={"revision": root})


def going_on(atelier: Atelier) -> Wish:
    """Go on from a picture."""
    work, root = brought(atelier)
    return Wish(f"/works/{work}/draft/base", {"revision": root})


def going_back(atelier: Atelier) -> Wish:
    """Bring an earlier save back."""
    work = atelier.work()
    atelier.draft(work, brief=BRIEF)
    atelier.draft(work, brief={"intent": "a fox"})
    save = atelier.web.get(f"/works/{work}/draft/saves").json()["items"][0]["id"]
    return Wish(f"/works/{work}/draft/restoration", {"save": save})


def writing(atelier: Atelier) -> Wish:
    """A revision by hand of what the draft holds."""
    work, root = atelier.poem()
    atelier.draft(work, base=root, text=f"{POEM}{uuid4()}\n")
    version = int(atelier.web.get(f"/works/{work}/draft").json()["version"])
    return Wish(f"/works/{work}/revisions", {"version": version})


def cutting(atelier: Atelier) -> Wish:
    """A part of a recording."""
    work = atelier.work("music")
    sound = atelier.bring(work, "waves.wav", recording())
    return Wish(f"/works/{work}/trims", {"revision": sound, "start": 0.1, "end": 0.5})


def rereading(atelier: Atelier) -> Wish:
    """A text in another encoding than was guessed."""
    work = atelier.work("text")
    root = atelier.bring(work, "a.txt", "나 보기가 역겨워".encode("euc-kr"))
    may_be = atelier.web.get(f"/revisions/{root}").json()["facts"]["encodings"]
    return Wish(f"/works/{work}/encodings", {"revision": root, "encoding": may_be[0]})


def written_now(atelier: Atelier) -> str:
    """A generation of a text that waits."""
    work = atelier.work("text")
    body = {"brief": {"intent": "autumn rain"}, "count": 2}
    return atelier.made("generations", atelier.web.post(f"/works/{work}/generations", json=body))


def stale(atelier: Atelier) -> Wish:
    work, _id = brought(atelier)
    atelier.draft(work, brief=BRIEF)
    return Wish(f"/works/{work}/draft", {"version": 1, "brief": {"intent": "an older one"}})


def ended(atelier: Atelier) -> str:
    """A generation that is over."""
    id = atelier.ask(atelier.work())
    atelier.web.post(f"/generations/{id}/cancellation")
    return id


def ended_text(atelier: Atelier) -> str:
    id = written_now(atelier)
    atelier.web.post(f"/generations/{id}/cancellation")
    return id


def reused(atelier: Atelier) -> Wish:
    """Another request under a key that was used."""
    work = atelier.work()
    key = {"Idempotency-Key": str(uuid4())}
    atelier.web.post(f"/works/{work}/generations", json={"brief": BRIEF, **FAKE}, headers=key)
    return Wish(f"/works/{work}/generations", {"brief": {"intent": "another"}, **FAKE}, headers=key)


def archived(atelier: Atelier) -> bytes:
    """The archive of a project."""
    return atelier.web.get(f"/projects/{atelier.project()}/archive").content


def crowded(atelier: Atelier) -> Wish:
    """One request more than the queue takes."""
    atelier.web.app.state.studio.settings.queue_limit = 0  # type: ignore[attr-defined]  # the application behind the client
    return Wish(f"/works/{atelier.work()}/generations", {"brief": BRIEF, **FAKE})


def applying(atelier: Atelier) -> Wish:
    """A preset, into the draft of a work beside it."""
    work = atelier.work()
    return Wish(f"/works/{work}/draft/preset", {"preset": atelier.preset_of(atelier.ids["projects"][0])})


def teaching(atelier: Atelier) -> Wish:
    """A style, from ten pictures of a work in a project of its own."""
    project = atelier.project()
    work = atelier.made("works", atelier.web.post(f"/projects/{project}/works", json={"title": "Dots"}))
    brought = [atelier.bring(work, "dots.png", picture(f"#{at:02x}8080")) for at in range(10)]
    return Wish(f"/projects/{project}/styles", {"name": "Dots", "pictures": brought, "consent": True})


def choosing(atelier: Atelier) -> Wish:
    """Another checkpoint of a style."""
    style = atelier.style_of(atelier.project())
    return Wish(f"/styles/{style}/choice", {"checkpoint": atelier.ids["checkpoints"][-2]})


def style_in_trash(atelier: Atelier, path: str, body: dict[str, Any] | None = None) -> Wish:
    """Something with a style that lies in the trash."""
    style = atelier.style_of(atelier.project(), "stopped")
    atelier.web.post(f"/styles/{style}/trash").raise_for_status()
    return Wish(path.format(style), body)


def style_in_a_project_in_trash(atelier: Atelier) -> Wish:
    wish = teaching(atelier)
    atelier.web.post(wish.path.replace("/styles", "/trash")).raise_for_status()
    return wish


def style_that_was_forgotten(atelier: Atelier) -> Wish:
    style = atelier.style_of(atelier.project())
    atelier.web.post(f"/styles/{style}/trash").raise_for_status()
    atelier.web.post(f"/styles/{style}/oblivion", json={"sure": True}).raise_for_status()
    return Wish(f"/styles/{style}/trash")


# A good request for every route that changes something.
WISHES: dict[str, Callable[[Atelier], Wish]] = {
    "archives_bring": lambda a: Wish("/archives", files={"file": ("coast.zip", archived(a))}),
    "projects_create": lambda _: Wish("/projects", {"name": "Coast", "work": "Fox"}),
    "projects_rename": lambda a: Wish(f"/projects/{a.project()}", {"name": "North"}),
    "projects_begin": lambda a: Wish(f"/projects/{a.project()}/works", {"title": "Fox", "medium": "text"}),
    "projects_trash": lambda a: Wish(f"/projects/{a.project()}/trash"),
    "projects_restore": lambda a: Wish(f"/projects/{a.project()}/trash"),
    "lists_add": lambda a: Wish(f"/projects/{a.project()}/lists", {"name": "birds", "entries": "gull\nowl"}),
    "lists_change": lambda a: Wish(
        f"/lists/{a.list_of(a.project())}", {"version": 1, "name": "birds", "entries": "gull\ntern"}
    ),
    "lists_trash": lambda a: Wish(f"/lists/{a.list_of(a.project())}/trash"),
    "lists_restore": lambda a: Wish(f"/lists/{a.list_of(a.project())}/trash"),
    "comments_add": lambda a: Wish(f"/revisions/{brought(a)[1]}/comments", {"body": "Longer", "place": {"box": [1, 2, 3, 4]}}),
    "comments_reply": lambda a: Wish(f"/comments/{commented(a)}/replies", {"body": "Longer"}),
    "comments_change": lambda a: Wish(f"/comments/{commented(a)}", {"body": "Longer"}),
    "comments_withdraw": lambda a: Wish(f"/comments/{commented(a)}"),
    "comments_resolve": lambda a: Wish(f"/comments/{commented(a)}/resolution"),
    "comments_reopen": lambda a: Wish(f"/comments/{commented(a, resolved=True)}/resolution"),
    "presets_add": lambda a: Wish(f"/projects/{a.project()}/presets", {"name": "Ink", "brief": {"style": "ink"}}),
    "preset_files_take_in": lambda a: Wish(f"/projects/{a.project()}/presets/imports", files={"file": ("styles.csv", STYLES)}),
    "presets_rename": lambda a: Wish(f"/presets/{a.preset_of(a.project())}", {"version": 1, "name": "Pencil"}),
    "presets_trash": lambda a: Wish(f"/presets/{a.preset_of(a.project())}/trash"),
    "presets_restore": lambda a: Wish(f"/presets/{a.preset_of(a.project())}/trash"),
    "presets_apply": applying,
    "styles_teach": teaching,
    "styles_rename": lambda a: Wish(f"/styles/{a.style_of(a.project())}", {"version": 1, "name": "Dots"}),
    "styles_choose": choosing,
    "styles_go_on": lambda a: Wish(f"/styles/{a.style_of(a.project(), 'stopped')}/learning"),
    "styles_stop": lambda a: Wish(f"/styles/{a.style_of(a.project(), 'learning')}/learning"),
    "styles_forget": lambda a: Wish(f"/styles/{a.style_of(a.project())}/oblivion", {"sure": True}),
    "styles_trash": lambda a: Wish(f"/styles/{a.style_of(a.project())}/trash"),
    "styles_restore": lambda a: Wish(f"/styles/{a.style_of(a.project())}/trash"),
    "works_change": lambda a: Wish(f"/works/{a.work()}", {"title": "Vixen"}),
    "works_copy": lambda a: Wish(f"/works/{a.work()}/copies"),
    "works_trash": lambda a: Wish(f"/works/{a.work()}/trash"),
    "works_restore": lambda a: Wish(f"/works/{a.work()}/trash"),
    "drafts_save": lambda a: Wish(f"/works/{a.work()}/draft", {"version": 1, "brief": BRIEF, "params": {"steps": 3}}),
    "drafts_go_on_from": going_on,
    "drafts_restore": going_back,
    "generations_ask": lambda a: Wish(f"/works/{a.work()}/generations", {"brief": BRIEF, **FAKE}),
    "generations_cancel": lambda a: Wish(f"/generations/{a.ask(a.work())}/cancellation"),
    "revisions_pick": lambda a: Wish(f"/revisions/{brought(a)[1]}/pick"),
    "revisions_unpick": lambda a: Wish(f"/revisions/{brought(a)[1]}/pick"),
    "texts_by_hand": writing,
    "texts_read": lambda a: Wish(f"/revisions/{a.poem()[1]}/readings", {"engine": ""}),
    "texts_stop": lambda a: Wish(f"/generations/{written_now(a)}/stops", {"index": 0}),
    "tunes_check": lambda _: Wish("/tunes/checks", {"text": JIG}),
    "prosody_hold": lambda _: Wish("/forms/checks", {"text": POEM, "form": {"preset": "haiku"}}),
    "imports_create": lambda a: Wish(f"/works/{a.work()}/imports", files={"file": ("fox.png", picture())}),
    "imports_read_again": rereading,
    "trims_create": cutting,
    "masks_paint": masking,
    "probes_bring": lambda _: Wish("/probes", files={"file": ("fox.png", picture())}),
    "preferences_choose": lambda _: Wish("/preferences", {"theme": "dark"}),
}


def trashed(operation: str) -> Callable[[Atelier], Wish]:
    """The same for a work that lies in the trash."""

    def wish(atelier: Atelier) -> Wish:
        good = WISHES[operation](atelier)
        atelier.web.post(f"/works/{good.path.split('/')[2]}/trash")
        return good

    return wish


def moved_in_trash(atelier: Atelier) -> Wish:
    work = atelier.work()
    atelier.web.post(f"/works/{work}/trash")
    return Wish(f"/works/{work}", {"project": atelier.project()})


def begun_in_trash(atelier: Atelier) -> Wish:
    project = atelier.project()
    atelier.web.post(f"/projects/{project}/trash")
    return Wish(f"/projects/{project}/works", {"title": "Fox"})


def listed_in_trash(atelier: Atelier, path: str = "/projects/{project}/lists") -> Wish:
    project = atelier.project()
    given = {"project": project, "list": atelier.list_of(project)}
    atelier.web.post(f"/projects/{project}/trash")
    return Wish(path.format(**given), {"version": 1, "name": "trees", "entries": "oak"})


def stale_list(atelier: Atelier) -> Wish:
    return Wish(f"/lists/{atelier.list_of(atelier.project())}", {"version": 7, "name": "birds", "entries": "oak"})


def list_whose_name_is_taken(atelier: Atelier) -> Wish:
    """One in the trash, and another of its name."""
    project = atelier.project()
    path = f"/lists/{atelier.list_of(project)}/trash"
    atelier.web.post(path)
    atelier.list_of(project)
    return Wish(path)


def preset_in_trash(atelier: Atelier, path: str = "/projects/{project}/presets") -> Wish:
    """In a project that is in the trash."""
    project = atelier.project()
    given = {"project": project, "preset": atelier.preset_of(project)}
    atelier.web.post(f"/projects/{project}/trash")
    return Wish(path.format(**given), {"version": 1, "name": "Pencil", "brief": {"style": "ink"}})


def presets_into_the_trash(atelier: Atelier) -> Wish:
    """A file of them, for a project that is in the trash."""
    project = atelier.project()
    atelier.web.post(f"/projects/{project}/trash")
    return Wish(f"/projects/{project}/presets/imports", files={"file": ("styles.csv", STYLES)})


def preset_whose_name_is_taken(atelier: Atelier) -> Wish:
    """One in the trash, and another of its name."""
    project = atelier.project()
    path = f"/presets/{atelier.preset_of(project, 'Ink')}/trash"
    atelier.web.post(path)
    atelier.preset_of(project, "Ink")
    return Wish(path)


def commented_in_trash(operation: str) -> Callable[[Atelier], Wish]:
    """The same in a work that lies in the trash."""

    def wish(atelier: Atelier) -> Wish:
        good = WISHES[operation](atelier)
        atelier.web.post(f"/works/{atelier.ids['works'][-1]}/trash").raise_for_status()
        return good

    return wish


COMMENTS = tuple(one for one in WISHES if one.startswith("comments_"))
NO_PICTURE = {"file": ("fox.png", b"this is no picture")}
# Why a route answers with a status that depends on what is there.
CAUSES: dict[tuple[str, int], list[Callable[[Atelier], Wish]]] = {
    **{(operation, 409): [trashed(operation)] for operation in TRASHED},
    **{(operation, 409): [commented_in_trash(operation)] for operation in COMMENTS},
    ("projects_begin", 409): [begun_in_trash],
    ("lists_add", 409): [listed_in_trash],
    ("lists_change", 409): [lambda a: listed_in_trash(a, "/lists/{list}"), stale_list],
    ("lists_restore", 409): [list_whose_name_is_taken],
    ("presets_add", 409): [preset_in_trash],
    ("preset_files_take_in", 409): [presets_into_the_trash],
    ("presets_rename", 409): [lambda a: preset_in_trash(a, "/presets/{preset}")],
    ("presets_restore", 409): [preset_whose_name_is_taken],
    ("styles_teach", 409): [style_in_a_project_in_trash],
    ("styles_rename", 409): [lambda a: style_in_trash(a, "/styles/{}", {"version": 1, "name": "Dots"})],
    ("styles_choose", 409): [lambda a: style_in_trash(a, "/styles/{}/choice", {"checkpoint": NOBODY})],
    ("styles_go_on", 409): [lambda a: style_in_trash(a, "/styles/{}/learning")],
    ("styles_restore", 409): [style_that_was_forgotten],
    ("works_change", 409): [moved_in_trash],
    ("generations_cancel", 409): [lambda a: Wish(f"/generations/{ended(a)}/cancellation")],
    ("texts_stop", 409): [lambda a: Wish(f"/generations/{ended_text(a)}/stops", {})],
    ("imports_create", 415): [lambda a: Wish(f"/works/{a.work()}/imports", files=NO_PICTURE)],
    ("masks_paint", 415): [lambda a: masking(a, b"this is no picture")],
    ("probes_bring", 415): [lambda _: Wish("/probes", files=NO_PICTURE)],
    ("revisions_content", 416): [lambda a: Wish(f"/revisions/{brought(a)[1]}/content", headers={"Range": "bytes=999999-"})],
    ("generations_ask", 429): [crowded],
}
CAUSES["drafts_save", 409].append(stale)
CAUSES["generations_ask", 409].append(reused)
CAUSES["texts_by_hand", 409].append(lambda a: writing(a)._replace(body={"version": 1}))


def changing(web: TestClient) -> Iterator[tuple[str, RouteContext]]:
    """Every route that is not safe, by its method."""
    for method in UNSAFE:
        yield from ((method, route) for route in routes(web, method))


def formed(body: dict[str, Any], before: str = "") -> dict[str, Any]:
    """A body as a form says it: dotted names, a list as one name again and again."""
    fields: dict[str, Any] = {}
    for key, value in body.items():
        fields |= formed(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return fields


def send(web: TestClient, method: str, wish: Wish, who: str, *, form: bool = False, language: str = "en") -> httpx2.Response:
    """The answer to a wish."""
    more: dict[str, Any] = {"files": wish.files, "data": wish.fields or {}} if wish.files else {}
    if wish.body is not None:
        more = {"data": formed(wish.body)} if form else {"json": wish.body}
    return ask(web, wish.path, who, method, language, headers=wish.headers or {}, **more)


def test_what_is_done_is_told_to_everyone(web: TestClient, atelier: Atelier) -> None:
    for method, route in changing(web):
        assert name(route) in WISHES, f"nobody here knows a good request for {name(route)}: teach WISHES"
        for form in (False, True):
            program, htmx, browser = (send(web, method, WISHES[name(route)](atelier), who, form=form) for who in READERS)
            said = f"{name(route)} {'form' if form else 'JSON'}: {program.status_code} {htmx.status_code} {browser.status_code}"
            assert program.status_code == (route.status_code or 200), said + program.text
            if name(route) in HTTP_JSON:
                assert kind(program) == kind(htmx) == kind(browser) == "application/json", said
                continue
            assert browser.status_code == 303, said
            assert ask(web, browser.headers["location"], BROWSER).status_code in {200, 303}, said
            shown = htmx.headers.get("hx-redirect")
            if shown:
                assert ask(web, shown, BROWSER).status_code == 200, said
            elif htmx.status_code != 204:
                assert (kind(htmx), htmx.status_code) == ("text/html", program.status_code), said
                assert "<html" not in htmx.text, said


def everyone(web: TestClient, method: str, wish: Callable[[Atelier], Wish], atelier: Atelier, status: int, said: str) -> None:
    """A refusal has the same status and words for all, in both languages."""
    titles = set()
    for language in ("en", "zh"):
        answers = {who: send(web, method, wish(atelier), who, language=language) for who in READERS}
        assert {answer.status_code for answer in answers.values()} == {status}, (said, answers[PROGRAM].text)
        same_error(answers)
        titles.add(answers[PROGRAM].json()["title"])
    assert len(titles) == 2, f"{said} is not translated: {titles}"


def test_what_the_present_state_forbids(web: TestClient, atelier: Atelier) -> None:
    promised = {
        (operation["operationId"], int(status), method.upper())
        for operations in interface.WHOLE["paths"].values()
        for method, operation in operations.items()
        for status in operation["responses"]
        if status in {"409", "415", "416", "429"}
    }
    assert {(operation, status) for operation, status, _method in promised} == set(CAUSES)
    for operation, status, method in sorted(promised, key=lambda one: one[1]):  # the full queue last: it stays full
        for cause in CAUSES[operation, status]:
            everyone(web, method, cause, atelier, status, f"{operation} {status}")


def test_what_is_not_there_is_not_found_for_anyone(web: TestClient, atelier: Atelier) -> None:
    for method in ("GET", *UNSAFE):
        for route in routes(web, method):
            path = str(route.path_format)
            if "{" not in path:
                continue
            good = WISHES[name(route)](atelier) if method != "GET" else Wish("")
            for id in (NOBODY, "not-an-id", "%00", "%ED%A0%80", "9" * 300):
                wish = good._replace(path=re.sub(r"{\w+}", id, path))
                everyone(web, method, lambda _, wish=wish: wish, atelier, 404, f"{method} {wish.path[:80]}")


def test_what_nobody_may_send(web: TestClient, atelier: Atelier) -> None:
    multipart = {"Content-Type": "multipart/form-data"}
    for method, route in changing(web):
        good = WISHES[name(route)](atelier)
        refused: list[tuple[int, dict[str, Any]]] = [
            (403, {"headers": {"Origin": "https://evil.example"}}),
            (403, {"headers": {"Origin": "http://["}}),
            (421, {"headers": {"Host": "evil.example"}}),
            (413, {"headers": {"Content-Length": str(10**9)}, "content": b"x"}),
        ]
        if good.body is not None:
            refused += [(422, {"content": body}) for body in (b"{", b"[1]", b'"words"', b"\xff\xfe", b"[" * 100_000)]
        if good.body is not None or good.files:
            refused.append((400, {"headers": multipart, "content": b"--x"}))
        if good.files:
            refused += [(422, {"json": {}}), (422, {"data": {"file": "words"}})]
        for status, how in refused:
            answers = {
                who: ask(web, good.path, who, method, **{**how, "headers": dict(how.get("headers", {}))}) for who in READERS
            }
            said = f"{name(route)} {str(how)[:120]}: {[answer.status_code for answer in answers.values()]}"
            assert {answer.status_code for answer in answers.values()} == {status}, said
            same_error(answers)


def test_what_no_address_can_mean(web: TestClient, atelier: Atelier) -> None:
    """Every parameter of every address with what it cannot be: the field is named to everyone."""
    work, revision = brought(atelier)
    ids = {"projects": atelier.ids["projects"][0], "works": work, "revisions": revision, "generations": atelier.ask(work)}
    found = []
    for path, operations in interface.WHOLE["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] != "query":
                continue
            where = re.sub(r"{\w+}", ids.get(path.split("/")[1], ""), path)
            for value in wrong(parameter["schema"]):
                try:
                    named(web, where, parameter["name"], value)
                except AssertionError as error:
                    found.append(f"{where}?{parameter['name']}={value[:20]}: {str(error)[:200]}")
    assert not found, "\n".join(found)


def named(web: TestClient, where: str, parameter: str, value: str) -> None:
    """A parameter that cannot be so is named to everyone."""
    answers = {who: ask(web, where, who, params={parameter: value}) for who in READERS}
    assert [answer.status_code for answer in answers.values()] == [422] * 3
    same_error(answers)
    assert parameter in [field["field"].split(".")[0] for field in answers[PROGRAM].json()["fields"]]
    for who in (HTMX, BROWSER):
        assert parameter in answers[who].text


def wrong(schema: dict[str, Any]) -> list[str]:
    """Values that a parameter of this schema cannot have."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    if any(kind.get("type") == "string" and not {"enum", "pattern", "format", "const"} & kind.keys() for kind in kinds):
        return ["x" * (kinds[0]["maxLength"] + 1)] if "maxLength" in kinds[0] else []
    return ["x", "²", "nan", "1e999", "9" * 400, "\ud7ff", "-1,"]
