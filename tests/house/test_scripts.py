"""The scripts' rooms: a bench imports what all benches share, never another bench; and pages preload what scripts import."""

from __future__ import annotations

import re

from app.settings import ROOT
from app.web.scripts import STATIC, imports, modules, script, static

# Which folder of static/js may import from which others; vendor/ is open to all.
TABLE = {
    "shared": set(),
    "bench": {"shared"},
    "picture": {"bench", "shared"},
    "writing": {"bench", "shared"},
    "music": {"bench", "shared"},
    "lineage": {"shared"},
    "pages": {"shared"},
}
SCRIPTS = sorted(str(path.relative_to(STATIC)) for path in (STATIC / "js").rglob("*.js"))


def test_every_script_lies_in_a_room() -> None:
    assert {path.split("/")[1] for path in SCRIPTS} == set(TABLE)


def test_no_room_imports_from_another_but_what_all_share() -> None:
    arrows = [(path, target) for path in SCRIPTS for target in imports(path) if target.startswith("js/")]
    room = {path: path.split("/")[1] for path in SCRIPTS}
    assert [(path, target) for path, target in arrows if room[target] not in {room[path]} | TABLE[room[path]]] == []


def test_what_is_imported_is_there() -> None:
    assert [(path, target) for path in SCRIPTS for target in imports(path) if not (STATIC / target).is_file()] == []


def test_every_script_that_a_page_names_is_there() -> None:
    """Templates name scripts whole, so that a moved one is found."""
    pages = "\n".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    named = re.findall(r"['\"](js/[^'\"]*)['\"]", pages)
    assert [path for path in named if not (STATIC / path).is_file()] == []
    assert len(set(named)) > 10


def test_every_relative_import_is_seen() -> None:
    missed = []
    for path in SCRIPTS:
        lines = (STATIC / path).read_text("utf-8").splitlines()
        written = [line for line in lines if ('from "./' in line or 'from "../' in line or line.startswith('import "./'))]
        if len(written) != len(imports(path)):
            missed.append(path)
    assert missed == []


def test_a_page_preloads_all_that_its_script_imports() -> None:
    element = script("js/picture/index.js")
    for path in ("js/bench/draft.js", "js/bench/form.js", "js/shared/http.js"):
        assert (f'<link rel="modulepreload" href="{static(path)}">' in element) == (path in modules("js/picture/index.js"))
    assert element.endswith(f'<script src="{static("js/picture/index.js")}" type="module"></script>')
    assert element.count("modulepreload") == len(modules("js/picture/index.js")) > 10


def test_no_script_wants_what_plain_http_in_a_lan_does_not_have() -> None:
    """Only secure contexts have these; where they are asked for with `?.` or after a look, a script goes on without."""
    wanted = re.compile(r"crypto\.(randomUUID|subtle)|navigator\.(locks|clipboard|serviceWorker|mediaDevices)\.|audioWorklet\.")
    for path in SCRIPTS:
        source = (STATIC / path).read_text("utf-8")
        if "if (!navigator.clipboard) continue" not in source:
            found = [line for line in source.splitlines() if not line.startswith("//") and wanted.search(line)]
            assert found == [], path
