"""Alarms of size: what has grown past its alarm holds two things, or hides one."""

from __future__ import annotations

import ast

from app.settings import ROOT

FUNCTION = 40  # lines, with signature and docstring: a screen
LINE = 200  # characters of a template


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= FUNCTION
    ]
    assert long == []


def test_no_line_of_a_template_is_wider_than_a_window() -> None:
    """White space between attributes, in expressions, and beside `{%-`, `-%}`, `{{-` and `-}}` is never seen: break there."""
    wide = [
        f"{path.relative_to(ROOT)}:{number} {len(line)}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LINE
    ]
    assert wide == []
