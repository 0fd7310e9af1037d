"""Grafts over HTTP: three parents in three roles, refused in words, told with what was made."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.attacks.atelier import FAKE, Atelier, picture

ROLES = ["prompt", "composition", "palette"]


def three(*ids: str) -> list[dict[str, str]]:
    """Parents in the order of the verb's roles."""
    return [{"revision": id, "role": role} for id, role in zip(ids, ROLES, strict=True)]


def refused(web: TestClient, work: str, parents: list[dict[str, Any]], **fields: Any) -> str:
    answer = web.post(f"/works/{work}/generations", json={"verb": "graft", "parents": parents, **FAKE, **fields})
    assert answer.status_code in {404, 422}, answer.text
    assert web.get(f"/generations?work={work}&status=queued").json()["items"] == []
    return answer.text


@pytest.fixture
def made(atelier: Atelier, web: TestClient) -> tuple[str, str, str]:
    """A work, a revision with words in it, and an upload without."""
    work = atelier.work()
    run = web.get(f"/generations/{atelier.make(work, brief={'intent': 'a red fox'}, **FAKE)}").json()
    return work, run["variants"][0]["id"], atelier.bring(work, "sea.png", picture())


def test_three_parents_are_three_edges_in_one_order(atelier: Atelier, web: TestClient, made: tuple[str, str, str]) -> None:
    work, fox, sea = made
    elsewhere = atelier.bring(atelier.work(), "sand.png", picture("tan"))
    for parents in (three(fox, sea, elsewhere), three(fox, sea, elsewhere)[::-1]):
        run = web.get(f"/generations/{atelier.make(work, verb='graft', parents=parents, brief=None, **FAKE)}").json()
        assert run["brief"] == web.get(f"/revisions/{fox}").json()["brief"]
        for one in run["variants"]:
            assert one["parents"] == three(fox, sea, elsewhere)
    last = run["variants"][-1]["id"]
    assert [edge["role"] for edge in web.get(f"/revisions/{last}/download?as=json").json()["parents"]] == ROLES
    for language, words in (("en", "grafted with the words of"), ("zh", "的构图")):
        page = web.get(f"/revisions/{last}", headers={"Accept": "text/html", "Accept-Language": language})
        assert (page.status_code, words in page.text) == (200, True)
    assert web.get(f"/works/{work}/lineage").status_code == 200


def test_one_revision_may_be_several_parts(atelier: Atelier, web: TestClient, made: tuple[str, str, str]) -> None:
    work, fox, _sea = made
    plain = [{"revision": fox}] * 3  # roles are taken in their order
    run = web.get(f"/generations/{atelier.make(work, verb='graft', parents=plain, **FAKE)}").json()
    assert run["variants"][0]["parents"] == three(fox, fox, fox)
    lineage = web.get(f"/works/{work}/lineage").json()
    assert [edge["role"] for edge in lineage["edges"] if edge["parent"] == fox].count("palette") == 2
    for address in (f"/works/{work}/lineage", f"/revisions/{fox}", f"/works/{work}"):
        assert web.get(address, headers={"Accept": "text/html"}).status_code == 200


def test_what_is_missing_or_unfit_is_said(atelier: Atelier, web: TestClient, made: tuple[str, str, str]) -> None:
    work, fox, sea = made
    one_each = "one revision each as prompt, composition, palette"
    assert one_each in refused(web, work, [])
    assert one_each in refused(web, work, three(fox, sea, sea)[:2])
    assert one_each in refused(
        web, work, [{"revision": one, "role": "palette"} for one in (fox, sea)] + three(fox, sea, sea)[:1]
    )
    assert "allowed here: prompt" in refused(web, work, [*three(fox, sea, sea), {"revision": fox, "role": "vary"}])
    assert "has no words" in refused(web, work, three(sea, fox, fox))
    _text, poem = atelier.poem()
    assert "another medium can only inspire" in refused(web, work, three(fox, poem, fox))
    assert "404" in refused(web, work, three(fox, "01890000-0000-7000-8000-000000000000", fox))
    other = atelier.work()
    lost = atelier.bring(other, "sand.png", picture("tan"))
    web.post(f"/works/{other}/trash").raise_for_status()
    assert "in the trash" in refused(web, work, three(fox, lost, fox))


def test_an_upload_gives_the_words_where_a_brief_is_given(
    atelier: Atelier, web: TestClient, made: tuple[str, str, str]
) -> None:
    work, fox, sea = made
    parents = three(sea, fox, fox)
    run = web.get(f"/generations/{atelier.make(work, verb='graft', parents=parents, brief={'intent': 'x'}, **FAKE)}").json()
    assert run["variants"][0]["parents"] == parents
