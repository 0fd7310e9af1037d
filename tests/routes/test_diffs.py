"""Two revisions side by side: words, parameters, pictures."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.db import Database
from tests.growing import Garden

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def pair(database: Database) -> tuple[str, str]:
    """A revision and one refined from it: a word of the intent, a parameter and the seed differ."""
    with database.writing() as session:
        garden = Garden(session)
        brief = {"intent": "a red fox in the snow", "avoid": "text", "materials": ["dusk"]}
        [a] = garden.grow(brief_data=brief, params={"steps": 25, "guidance": 4.0})
        [b] = garden.grow(
            (a, "refine"),
            brief_data=brief | {"intent": "a grey fox in the snow"},
            params={"steps": 30, "guidance": 4.0},
            seed=7,
        )
        return str(a.id), str(b.id)


def test_a_program_gets_words_and_parameters_that_changed(web: TestClient, pair: tuple[str, str]) -> None:
    a, b = pair
    told = web.get(f"/revisions/{a}/diff/{b}").json()
    assert told["brief"] == {
        "intent": [
            {"op": "equal", "text": "a "},
            {"op": "delete", "text": "red"},
            {"op": "insert", "text": "grey"},
            {"op": "equal", "text": " fox in the snow"},
        ]
    }
    assert told["params"] == {"steps": [25, 30]}
    assert told["seed"] == [100, 7]
    assert told["picture"] == {"a": None, "b": None, "difference": None}
    back = web.get(f"/revisions/{b}/diff/{a}").json()
    assert back["params"] == {"steps": [30, 25]}


def test_pictures_of_one_size_are_measured(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    def bring(*how: object) -> str:
        return str(web.post(f"/works/{work}/imports", files={"file": ("x.png", picture(*how))}).json()["id"])

    black, white, again, wide = bring("black"), bring("white"), bring("black"), bring("black", (99, 48))
    difference = {
        other: web.get(f"/revisions/{black}/diff/{other}").json()["picture"]["difference"] for other in (white, again, wide)
    }
    assert difference == {white: 1.0, again: 0.0, wide: None}
    told = web.get(f"/revisions/{black}/diff/{white}").json()
    assert web.get(told["picture"]["b"]).headers["content-type"] == "image/png"


def test_the_page_shows_the_words_and_says_them(web: TestClient, pair: tuple[str, str]) -> None:
    a, b = pair
    page = web.get(f"/revisions/{a}/diff/{b}", headers=BROWSER).text
    assert '<del><span class="unseen">removed: </span>red' in page
    assert '<ins><span class="unseen">added: </span>grey' in page
    assert 'action="/revisions/' + b + '/diff"' in page


def test_the_revisions_own_page_tells_its_recipe_and_what_changed(web: TestClient, pair: tuple[str, str]) -> None:
    page = web.get(f"/revisions/{pair[1]}", headers=BROWSER).text
    assert "Changed since Revision 1" in page
    assert "a grey fox in the snow" in page
    assert "refined" in page


def test_the_slider_is_there_for_two_pictures(web: TestClient, work: str, picture: Callable[..., bytes]) -> None:
    ids = [
        web.post(f"/works/{work}/imports", files={"file": ("x.png", picture(colour))}).json()["id"]
        for colour in ("red", "teal")
    ]
    page = web.get(f"/revisions/{ids[0]}/diff/{ids[1]}", headers=BROWSER).text
    assert 'type="range"' in page
    assert "The pictures differ by" in page


def test_one_chooses_by_number(web: TestClient, pair: tuple[str, str]) -> None:
    a, b = pair
    there = web.get(f"/revisions/{b}/diff?number=1", follow_redirects=False)
    assert (there.status_code, there.headers["location"]) == (303, f"/revisions/{a}/diff/{b}")
    assert web.get(f"/revisions/{b}/diff", follow_redirects=False).headers["location"] == f"/revisions/{a}/diff/{b}"
    assert web.get(f"/revisions/{a}/diff").json()["fields"][0]["field"] == "number"
    assert web.get(f"/revisions/{b}/diff?number=9").status_code == 422


def test_what_is_not_yours_is_not_there(web: TestClient, pair: tuple[str, str], stranger: dict[str, str]) -> None:
    secret = stranger["revision"]
    for a, b in ((pair[0], secret), (secret, pair[0]), (secret, secret), (pair[0], str(uuid4()))):
        assert web.get(f"/revisions/{a}/diff/{b}").status_code == 404
    assert web.get(f"/revisions/{secret}/diff?number=1").status_code == 404
