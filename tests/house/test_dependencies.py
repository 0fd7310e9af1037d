"""What the code imports is declared in pyproject.toml, and what is declared is locked in requirements/ with hashes."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# A distribution whose import has another name.
IMPORTED_AS = {
    "argon2": "argon2-cffi",
    "docx": "python-docx",
    "markdown_it": "markdown-it-py",
    "PIL": "pillow",
}
# What a folder of app/ may import besides the base list: an engine's libraries are in a worker only, a recipe's in training.
MORE = {
    "engines": ("engines",),
    "judging": ("engines",),
    "bounded": ("engines",),
    "worker": ("engines",),
    "teaching": ("engines",),
    "training": ("engines", "train", "sounds"),
    "benchmarks": ("engines", "dev"),
    "example": ("engines", "dev"),
}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def third_party(path: Path) -> Iterator[str]:
    """The distributions that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else modules
        for top in (module.split(".")[0] for module in modules):
            if top not in sys.stdlib_module_names and top != "app":
                yield canonicalize_name(IMPORTED_AS.get(top, top))


def test_every_import_is_declared() -> None:
    wrong = []
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]:
        room = path.relative_to(ROOT).parts[1].removesuffix(".py")
        declared = names(PROJECT["dependencies"]) | {n for extra in MORE.get(room, ()) for n in names(EXTRAS[extra])}
        wrong += [f"{path.relative_to(ROOT)}: {one}" for one in set(third_party(path)) - declared]
    assert sorted(wrong) == []


def locked(file: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of every package in a lock."""
    text = (ROOT / "requirements" / file).read_text("utf-8")
    blocks = re.findall(r"^([a-z0-9.-]+)==(\S+)(.*(?:\n +--hash.*)*)", text, re.MULTILINE)
    return {canonicalize_name(name): (version, rest.count("--hash=sha256:")) for name, version, rest in blocks}


@pytest.mark.parametrize(("file", "extras"), [("studio.txt", ["engines"]), ("test.txt", ["engines", "train", "dev"])])
def test_every_declared_package_is_locked_within_its_range(file: str, extras: list[str]) -> None:
    lock = locked(file)
    for text in [*PROJECT["dependencies"], *(one for extra in extras for one in EXTRAS[extra])]:
        wanted = Requirement(text)
        if wanted.name != "torch":  # its builds differ from machine to machine
            assert wanted.specifier.contains(lock[canonicalize_name(wanted.name)][0]), f"{text}: run bin/lock"
    assert all(hashes for _version, hashes in lock.values())
    assert not [name for name in lock if name.startswith(("torch", "triton", "nvidia-", "cuda-"))]


def test_the_tests_run_with_the_versions_of_the_studio() -> None:
    studio, tested = locked("studio.txt"), locked("test.txt")
    assert {name: tested[name] for name in studio} == studio
