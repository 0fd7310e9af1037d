"""A medium is registered once: what it is in app/media/medium.py, its pages in app/web/media.py; nobody compares names."""

from __future__ import annotations

import re

import pytest

from app.brief import FIELDS, Medium
from app.media.medium import TRAITS
from app.settings import ROOT
from app.web.media import PAGES

TOOLS = {"training", "benchmarks"}  # which are no part of the studio
NAMES = "|".join(Medium)
COMPARED = {
    "app": re.compile(r"medium (==|!=|is|is not|in|not in) .?(Medium\.[A-Z]|[\"'](" + NAMES + r"))"),
    "templates": re.compile(r"medium (==|!=|in|not in) .?[\"'](" + NAMES + r")"),
}


@pytest.mark.parametrize("folder", COMPARED)
def test_nobody_asks_which_medium_it_is(folder: str) -> None:
    found = []
    for path in sorted((ROOT / folder).rglob("*.*")):
        if path.suffix in {".py", ".html"} and not set(path.parts) & TOOLS:
            lines = enumerate(path.read_text("utf-8").splitlines(), 1)
            found += [
                f"{path.relative_to(ROOT)}:{number} {line.strip()}" for number, line in lines if COMPARED[folder].search(line)
            ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("medium", Medium)
def test_every_medium_has_traits_pages_and_templates(medium: Medium) -> None:
    pages = PAGES[medium]
    assert pages.traits is TRAITS[medium]
    for name in ("works/{}/bench.html", "works/{}/_keys.html", "revisions/{}/_variant.html", "generations/{}/_variants.html"):
        assert (ROOT / "templates" / name.format(pages.folder)).is_file(), name
    assert {name for name, field in FIELDS.items() if not field.description} <= set(pages.placeholders)
    assert bool(pages.files) == bool(pages.traits.written)
