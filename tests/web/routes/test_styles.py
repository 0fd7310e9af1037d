"""Styles through the studio: taught with consent, chosen, used by a bench, forgotten; and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from app.models import Revision
from app.storage.db import Database
from tests.attacks.atelier import Atelier, picture
from tests.taught import a_style

HTML = {"Accept": "text/html"}


def brought(atelier: Atelier, many: int = 10, work: str = "") -> list[str]:
    """So many pictures of one work."""
    work = work or atelier.work()
    return [atelier.bring(work, "dot.png", picture(f"#{at:02x}8080")) for at in range(many)]


def teach(atelier: Atelier, pictures: list[str], **given: Any) -> Any:
    project = atelier.ids["projects"][0]
    body = {"name": "Dots", "pictures": pictures, "consent": True, **given}
    return atelier.web.post(f"/projects/{project}/styles", json=body)


def test_taught_with_consent_it_waits_for_a_worker(atelier: Atelier, web: TestClient) -> None:
    shown = brought(atelier)
    made = teach(atelier, shown).json()
    assert (made["state"], made["pictures"], made["progress"]) == ("waiting", shown, 0.0)
    assert "my own" in made["consent"]
    assert made["consented_at"]
    page = web.get(f"/styles/{made['id']}", headers=HTML).text
    assert "waits to be learned" in page
    assert web.get(f"/projects/{made['project']}/styles", headers=HTML).status_code == 200
    stopped = web.delete(f"/styles/{made['id']}/learning").json()
    assert stopped["state"] == "stopped"
    assert web.post(f"/styles/{made['id']}/learning").json()["state"] == "waiting"
    second = teach(atelier, shown, name="More").json()
    assert second["state"] == "waiting"  # one is learned after the other


def test_a_form_without_script_teaches_too(atelier: Atelier, web: TestClient) -> None:
    shown = brought(atelier)
    project = atelier.ids["projects"][0]
    form = {"name": "Dots", "pictures": shown, "consent": "on"}
    answer = web.post(f"/projects/{project}/styles", data=form, headers=HTML)
    assert answer.status_code == 200
    assert "What taught it" in answer.text


@pytest.mark.parametrize("many", [0, 1, 9, 41, 5_001])
def test_too_few_or_too_many_pictures_are_refused_in_words(atelier: Atelier, many: int) -> None:
    shown = brought(atelier, 2)
    answer = teach(atelier, [*shown, *(str(uuid4()) for _more in range(many))][:many])
    assert answer.status_code == 422
    assert "pictures" in answer.text


def test_what_may_not_teach_is_refused(atelier: Atelier, web: TestClient, database: Database) -> None:
    atelier.project()
    work = atelier.work()
    shown = brought(atelier, 10, work)
    assert teach(atelier, shown, consent=False).status_code == 422
    assert teach(atelier, [*shown[:9], str(uuid4())]).status_code == 404
    _poem, root = atelier.poem()
    assert "no picture" in teach(atelier, [*shown, root]).text
    away = atelier.project("Elsewhere")
    other = web.post(f"/projects/{away}/works", json={"title": "Away"}).json()["id"]
    assert "another project" in teach(atelier, [*shown, atelier.bring(other, "a.png", picture("red"))]).text
    web.post(f"/works/{work}/trash")
    assert "in the trash" in teach(atelier, shown).text
    web.delete(f"/works/{work}/trash")
    assert teach(atelier, shown).status_code == 201
    assert "that name already" in teach(atelier, shown, name="dots").text


def test_a_bench_offers_it_and_a_request_names_it(atelier: Atelier, web: TestClient, database: Database) -> None:
    work = atelier.work()
    project = atelier.ids["projects"][0]
    assert "params.own_style" not in web.get(f"/works/{work}", headers=HTML).text
    style = atelier.style_of(project)
    first, chosen = atelier.ids["checkpoints"][-2:]
    bench = web.get(f"/works/{work}", headers=HTML).text
    assert f'<option value="{chosen}"' in bench
    ask = {"brief": {"intent": "a fox"}, "engine": "house", "params": {"own_style": first, "own_style_weight": 0.5}}
    made = web.post(f"/works/{work}/generations", json=ask)
    assert made.status_code == 202, made.text
    for wrong in ("x", str(uuid4()), style):
        answer = web.post(f"/works/{work}/generations", json={**ask, "params": {"own_style": wrong}})
        assert (answer.status_code, "forgotten" in answer.text) == (422, True)
    away = web.post(f"/projects/{atelier.project('Elsewhere')}/works", json={"title": "Away"}).json()["id"]
    assert web.post(f"/works/{away}/generations", json=ask).status_code == 422
    web.post(f"/styles/{style}/trash")
    assert "in the trash" in web.post(f"/works/{work}/generations", json=ask).text
    assert chosen not in web.get(f"/works/{work}", headers=HTML).text


def test_forgotten_it_says_what_used_it_and_its_name_is_free(atelier: Atelier, web: TestClient, database: Database) -> None:
    work = atelier.work()
    root = atelier.bring(work, "fox.png", picture())
    project = atelier.ids["projects"][0]
    with database.writing() as session:
        style = a_style(session, project, name="Dots")
        id, sample = str(style.id), str(style.checkpoints[0].id)
        made = session.get_one(Revision, UUID(root))
        made.facts_data = {
            **made.facts_data,
            "own_style": "Dots",
            "own_style_id": id,
            "own_style_step": 200,
            "own_style_by": "Me",
            "own_style_pictures": ["a"],
        }
    assert "Dots" in web.get(f"/revisions/{root}", headers=HTML).text
    assert web.get(f"/checkpoints/{sample}/samples").headers["content-type"] == "image/webp"
    assert "repeats picture 3" in web.get(f"/styles/{id}", headers=HTML).text
    assert web.post(f"/styles/{id}/oblivion", json={}).status_code == 422
    gone = web.post(f"/styles/{id}/oblivion", json={"sure": True}).json()
    assert (gone["state"], gone["checkpoints"]) == ("forgotten", [])
    assert web.get(f"/checkpoints/{sample}/samples").status_code == 404
    page = web.get(f"/styles/{id}", headers=HTML).text
    assert f'href="/works/{work}"' in page
    assert teach(atelier, brought(atelier)).status_code == 201  # its name is free
