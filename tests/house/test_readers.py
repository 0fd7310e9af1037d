"""Who reads an answer is decided in one place: app.web.pages.reader."""

from __future__ import annotations

import ast

from app.settings import ROOT

TELLING = {"accept", "hx-request", "hx-history-restore-request", "hx-boosted"}


def test_no_other_module_looks_at_the_headers_that_tell_who_asks() -> None:
    looking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        if path.relative_to(ROOT).parts[1]
        not in {"benchmarks", "engines", "example", "training"}  # those ask, and answer nobody
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in TELLING
    ]
    assert looking
    assert {place.split(":")[0] for place in looking} == {"app/web/pages.py"}, looking
