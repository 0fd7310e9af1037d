"""The house's table of imports (DESIGN: "Imports go down only"), read from the code; and a web without torch."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from app.settings import ROOT

MAP = (ROOT / "docs/house.md").read_text("utf-8")
ANYONE = {"settings", "errors", "gate"}
# Who may import whom, as the map of the house says it: a row of its table is a room, what it holds, and what it may import.
TABLE = {
    room: set(filter(None, (name.strip() for name in others.split(","))))
    for room, others in re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", MAP, re.MULTILINE)
}
HEAVY = ("torch", "transformers", "diffusers")
# A network is made of torch's classes, so its module is as heavy as torch: it is loaded like a library.
NETWORKS = ("app.engines.image.hourglass",)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product with its part of the house: app/models/work.py belongs to `models`."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        part = path.relative_to(ROOT / "app").parts[0].removesuffix(".py")
        if part != "__init__":
            yield part, path


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of every import, also those inside functions; a relative one fails, since it hides its part."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            names = [a.name for a in node.names] if node.module == "app" else [""]
            yield from ((node.lineno, f"{node.module}.{name}".rstrip(".")) for name in names)


def test_imports_go_down_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {part} imports {name}"
        for part, path in modules()
        for line, name in imports(path)
        if name.startswith("app.") and name.split(".")[1] not in {part} | ANYONE | TABLE.get(part, set())
    ]
    assert wrong == []


def test_down_means_that_there_is_no_way_back_up() -> None:
    assert list(TopologicalSorter(TABLE).static_order())  # raises CycleError with the circle


def test_the_table_speaks_of_parts_that_exist() -> None:
    present = {part for part, _ in modules()}
    assert set(TABLE) | set().union(*TABLE.values()) | ANYONE <= present


def at_import(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when the module is imported: not those inside functions or under TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from at_import(child)


def test_engines_load_their_libraries_only_when_they_run() -> None:
    wrong = []
    for part, path in modules():
        if part in {"teaching", "training"} or ".".join(path.relative_to(ROOT).with_suffix("").parts) in NETWORKS:
            continue
        for node in at_import(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            wrong += [f"{path.relative_to(ROOT)}:{node.lineno} {n}" for n in names if n.split(".")[0] in HEAVY or n in NETWORKS]
    assert wrong == []


def loaded_with(modules: str, names: tuple[str, ...]) -> list[str]:
    """Which of `names` a new Python has loaded once it has imported `modules` ("a, b")."""
    code = f"import sys, json, {modules}; print(json.dumps(sorted(m for m in {names!r} if m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["app.web.main", "app.cli"])
def test_the_web_process_has_no_torch(module: str) -> None:
    assert loaded_with(module, HEAVY) == []


@pytest.mark.parametrize("room", ["diff.align", "media.text.prosody.check", "media.music.abc.abc", "storage.db", "models"])
def test_a_test_of_one_room_loads_no_web_queue_or_migrations(room: str) -> None:
    assert loaded_with(f"tests.conftest, app.{room}", (*HEAVY, "dbos", "alembic", "fastapi")) == []
