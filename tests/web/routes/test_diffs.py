"""Two revisions side by side: words, parameters, pictures."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.brief import Medium
from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed
from app.storage.db import Database
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


# Texts

OLD = "微风拂面过东楼，\n" + "".join(f"line {n} stays\n" for n in range(20)) + "<script>the last</script>\n"
NEW = "".join(f"line {n} stays\n" for n in range(20)) + "<script>the first</script>\n微风拂面过东楼，\n"


@pytest.fixture
def texts(web: TestClient, project: str) -> tuple[str, str]:
    """Two imported texts: a line moved, a word changed."""
    work = web.post(f"/projects/{project}/works", json={"title": "秋思", "medium": "text"}).json()["id"]

    def bring(text: str) -> str:
        return str(web.post(f"/works/{work}/imports", files={"file": ("a.txt", text.encode())}).json()["id"])

    return bring(OLD), bring(NEW)


def test_a_text_is_told_in_passages_with_their_places(web: TestClient, texts: tuple[str, str]) -> None:
    told = web.get(f"/revisions/{texts[0]}/diff/{texts[1]}").json()["text"]
    assert "".join(p["text"] for p in told if p["a"] and p["end"] != "to") == OLD
    assert "".join(p["text"] for p in told if p["b"] and p["end"] != "from") == NEW
    moves = [(p["end"], p["move"], p["a"], OLD[slice(*p["a"])] == NEW[slice(*p["b"])]) for p in told if p["op"] == "move"]
    assert moves == [("from", 1, [0, 9], True), ("to", 1, [0, 9], True)]
    assert [p["text"] for p in told if p["op"] in {"delete", "insert"}] == ["last", "first"]


@pytest.mark.parametrize("view", ["inline", "side", "changes"])
@pytest.mark.parametrize("ink", ["", "&ink=1"])
def test_each_view_shows_what_changed_in_marks_and_words(web: TestClient, texts: tuple[str, str], view: str, ink: str) -> None:
    page = web.get(f"/revisions/{texts[0]}/diff/{texts[1]}?view={view}{ink}", headers=BROWSER)
    assert page.status_code == 200
    assert ('class="by-import" title="imported">last<' in page.text) == bool(ink)
    assert '<del><span class="unseen">removed: </span>' in page.text
    assert '<ins><span class="unseen">added: </span>' in page.text
    assert page.text.count('data-end="from"') == page.text.count('data-end="to"') == 1
    assert "1 passage moved" in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>the" not in page.text
    assert ("unchanged lines</summary>" in page.text) == (view != "changes")
    assert ("line 9 stays" in page.text) == (view != "changes")
    assert f'data-view="{view}"' in page.text


def test_a_view_that_is_none_is_told(web: TestClient, texts: tuple[str, str]) -> None:
    assert web.get(f"/revisions/{texts[0]}/diff/{texts[1]}?view=upside-down").status_code == 422


def test_a_texts_page_shows_who_wrote_it_and_its_files(web: TestClient, texts: tuple[str, str]) -> None:
    page = web.get(f"/revisions/{texts[0]}", headers=BROWSER).text
    assert '<span class="by-import" title="imported">微风拂面过东楼，' in page
    assert "imported 100 %" in page
    assert "imported as a text" in page
    for kind in ("md", "docx", "epub", "txt", "json"):
        assert f"/revisions/{texts[0]}/download?as={kind}" in page
    assert "<script>the" not in page


JIG = "X:1\nT:Harbour\nM:6/8\nL:1/8\nK:D\n|: d2f afd | Bcd e2f | gfe fed | d3 d2 z :|\n"


def tunes(database: Database, *texts: str) -> list[str]:
    """Revisions of one work of music, each from the one before it."""
    with database.writing() as session:
        garden = Garden(session)
        garden.work.medium = Medium.MUSIC
        grown = garden.grow(text=texts[0], engine="tunes")
        for text in texts[1:]:
            grown += garden.grow((grown[-1], "edit"), text=text, engine="tunes")
        return [str(one.id) for one in grown]


def test_a_tune_is_told_bar_by_bar(web: TestClient, database: Database) -> None:
    a, b = tunes(
        database, JIG, JIG.replace("gfe fed", "gfe f3").replace("d3 d2 z", "A3 A3 | d3 d2 z").replace("Harbour", "Bay")
    )
    told = web.get(f"/revisions/{a}/diff/{b}").json()["tune"]
    assert told["transposed"] is None
    assert told["heading"] == {"title": ["Harbour", "Bay"]}
    assert [(bar["a"], bar["b"], bar["op"]) for bar in told["bars"]] == [
        (1, 1, "equal"),
        (2, 2, "equal"),
        (3, 3, "change"),
        (None, 4, "insert"),
        (4, 5, "equal"),
    ]
    assert told["bars"][2]["what"] == ["pitch", "rhythm"]


def test_another_key_is_one_change(web: TestClient, database: Database) -> None:
    a, b = tunes(database, JIG, transposed(read_tune(JIG), 3))
    told = web.get(f"/revisions/{a}/diff/{b}").json()["tune"]
    assert (told["transposed"], told["heading"]) == (3, {"key": ["D", "F"]})
    assert {bar["op"] for bar in told["bars"]} == {"equal"}
    page = web.get(f"/revisions/{a}/diff/{b}", headers=BROWSER).text
    assert "The same in another key: 3 semitones higher." in page
    assert "3 semitones lower" in web.get(f"/revisions/{b}/diff/{a}", headers=BROWSER).text


def test_the_page_says_which_bars_changed(web: TestClient, database: Database) -> None:
    hostile = JIG.replace("T:Harbour", "T:</script><script>alert(1)</script>").replace("d2f afd", '"D<b>"d2f afe')
    a, b = tunes(database, JIG, hostile.replace("gfe fed |", ""))
    page = web.get(f"/revisions/{a}/diff/{b}", headers=BROWSER).text
    assert "bar 1 changed: pitches, chord symbols" in page
    assert "bar 3 gone" in page
    assert "<script>alert" not in page
    assert "What changed in the ABC" in page
    same = web.get(f"/revisions/{a}/diff/{a}", headers=BROWSER).text
    assert "Nothing in the ABC changed." in same


@pytest.mark.parametrize("text", ["", "no tune at all", "X:1\nK:D\n", "X:1\nK:D\n[", "%%begin\n" * 9])
def test_what_is_no_tune_is_compared_as_far_as_it_goes(web: TestClient, database: Database, text: str) -> None:
    a, b = tunes(database, JIG, text)
    assert web.get(f"/revisions/{a}/diff/{b}").json()["tune"]["bars"]
    assert web.get(f"/revisions/{b}/diff/{a}", headers=BROWSER).status_code == 200


def test_a_tune_and_a_text_have_no_bars_in_common(web: TestClient, database: Database, texts: tuple[str, str]) -> None:
    [a] = tunes(database, JIG)
    told = web.get(f"/revisions/{a}/diff/{texts[0]}").json()
    assert told["tune"] is None
    assert told["text"]
    assert web.get(f"/revisions/{a}/diff/{texts[0]}", headers=BROWSER).status_code == 200
