"""Alarms of size: what has grown past its alarm holds two things, or hides one."""

from __future__ import annotations

import ast

from app.settings import ROOT

FUNCTION = 40  # lines, with signature and docstring: a screen


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= FUNCTION
    ]
    assert long == []
