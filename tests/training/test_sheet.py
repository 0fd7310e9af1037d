"""Contact sheets of the composer: numbered pictures, what each was asked to be, and figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PIL import Image

from app.engines.image.composer.library import library
from app.training.image import sheet


def test_the_list_has_240_briefs_of_four_kinds() -> None:
    rows = sheet.briefs()
    assert Counter(kind for kind, _text in rows) == {"plain": 120, "two": 60, "several": 40, "chinese": 20}
    assert len({text for _kind, text in rows}) == 240


def test_a_sheet_shows_every_brief_and_tells_what_was_read(tmp_path: Path) -> None:
    few = tmp_path / "few.tsv"
    rows = [
        "plain\ta fox",
        "two\ta red kite in the sky",
        "several\ta cat and a dog",
        "plain\txqzzy",
        "chinese\t三只猫",
        "plain\tan owl",
    ]
    few.write_text("kind\tbrief\n" + "\n".join(rows) + "\n", "utf-8")
    figures = sheet.make(tmp_path / "out", library(), path=few)
    assert (figures["briefs"], figures["read whole"], figures["nothing heard"]) == (6, 5, 1)
    assert figures["ratio"] > 0
    told = (tmp_path / "out/briefs.tsv").read_text("utf-8").splitlines()
    assert told[3] == "3\tseveral\ta cat and a dog\tcat, dog\t"
    assert told[4].endswith("xqzzy")
    assert Image.open(tmp_path / "out/sheet-1.png").size == (sheet.ACROSS * (sheet.SIDE + 4), sheet.SIDE + sheet.MARGIN)
