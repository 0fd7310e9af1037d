"""Presets as files: out of one project, into another; styles of another program; files that are neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attacks.atelier import Atelier

OTHERS = """name,prompt,negative_prompt
Oil,"oil on canvas, thick paint","blurry, text"
Wrapped,"a photo of {prompt}, film grain",
Behind,"{prompt}, woodcut",
-----,,
"""


def bring(atelier: Atelier, data: bytes | str, project: str | None = None, **more: Any) -> Any:
    files = {"file": ("styles.csv", data if isinstance(data, bytes) else data.encode())}
    return atelier.web.post(f"/projects/{project or atelier.ids['projects'][0]}/presets/imports", files=files, **more)


def kept(atelier: Atelier, project: str | None = None) -> dict[str, dict[str, Any]]:
    found = atelier.web.get(f"/projects/{project or atelier.ids['projects'][0]}/presets").json()["items"]
    return {one["name"]: one for one in found}


def test_presets_of_one_project_come_into_another_as_they_are(atelier: Atelier) -> None:
    first, other = atelier.ids["projects"][0], atelier.project()
    given = [
        {"name": "Ink", "brief": {"style": "水墨", "materials": ["snow", "pine"]}},
        {"name": "Quick", "engine": "fake-slow", "params": {"steps": 2}},
        {"name": "Verse", "medium": "text", "brief": {"intent": "{prompt}, at dusk"}},
    ]
    for one in given:
        atelier.web.post(f"/projects/{first}/presets", json=one).raise_for_status()
    file = atelier.web.get(f"/projects/{first}/presets/file")
    assert 'filename="presets.presets.json"' in file.headers["content-disposition"]
    assert bring(atelier, file.content, other).status_code == 201
    names = ("medium", "brief", "engine", "params")
    before, after = ({n: {k: one[k] for k in names} for n, one in kept(atelier, p).items()} for p in (first, other))
    assert before == after
    assert bring(atelier, file.content, other).json()["items"] == []  # they are here already
    changed = file.content.replace("水墨".encode(), b"pencil")
    assert [one["name"] for one in bring(atelier, changed, other).json()["items"]] == ["Ink (2)"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_styles_of_another_program(atelier: Atelier, mark: bytes) -> None:
    assert bring(atelier, mark + OTHERS.replace("\n", "\r\n").encode()).status_code == 201
    found = {name: one["brief"] for name, one in kept(atelier).items()}
    assert found == {
        "Oil": {"style": "oil on canvas, thick paint", "avoid": "blurry, text"},
        "Wrapped": {"intent": "a photo of {prompt}, film grain"},
        "Behind": {"style": "woodcut"},
    }
    work = atelier.work()
    atelier.draft(work, brief={"intent": "a fox"})
    put = atelier.web.post(f"/works/{work}/draft/preset", json={"preset": kept(atelier)["Wrapped"]["id"]}).json()
    assert put["brief"]["intent"] == "a photo of a fox, film grain"


def own(*presets: Any, version: Any = 1) -> str:
    return json.dumps({"format": "stemma-presets", "version": version, "presets": presets})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("name,prompt\n水墨风格,水墨画，留白".encode("gbk"), "save it again as UTF-8"),
        (b"", "neither a file of presets nor a styles.csv"),
        ("title,words\na,b", "neither a file of presets nor a styles.csv"),
        ("{not json", "is not JSON"),
        ('{"presets": []}', "neither a file of presets nor a styles.csv"),
        (own(version=2), "a later version"),
        (own({"name": "a", "brief": {"style": "x" * 8_001}}), "8000"),
        (own({"name": 3}), "string"),
        (own("words"), "dictionary"),
        (own({"name": "a", "medium": "film", "brief": {"style": "x"}}), "image"),
        (own({"name": "a", "params": {"deep": [[[[[[[[[[1]]]]]]]]]]}}), "nested"),
        (own(*({"name": str(n), "brief": {"style": "x"}} for n in range(501))), "at most 500 presets"),
        ("name,prompt\n" + "a" * 200_000 + ",b", "line 2 cannot be read"),
        ("[" * 100_000, "neither"),
        ('{"a":' * 10_000, "nested too deep"),
        (own({"name": "ok", "brief": {"style": "x"}}, {"name": "bad", "brief": {"style": 4}}), "string"),
        (own({"name": "\ud800", "brief": {"style": "x"}}), ""),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_kept(atelier: Atelier, data: bytes | str, said: str) -> None:
    before = kept(atelier)
    answer = bring(atelier, data)
    assert answer.status_code in {413, 422}, answer.text
    assert said in answer.text
    assert kept(atelier) == before


def test_long_names_are_cut_and_stay_apart(atelier: Atelier) -> None:
    rows = [{"name": "x" * 70 + str(number), "brief": {"style": str(number)}} for number in range(3)]
    made = bring(atelier, own(*rows)).json()["items"]
    assert len({one["name"] for one in made}) == 3
    assert max(len(one["name"]) for one in made) == 60


def test_the_page_takes_a_file_without_scripts(atelier: Atelier) -> None:
    project = atelier.ids["projects"][0]
    answer = bring(atelier, OTHERS, headers={"Accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "woodcut" in answer.text
    assert f'href="/projects/{project}/presets/file"' in answer.text
    wrong = bring(atelier, b"\xff", headers={"Accept": "text/html"})
    assert wrong.status_code == 422
    assert "save it again as UTF-8" in wrong.text
