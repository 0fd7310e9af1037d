"""What the repository carries and installs may be used by everybody, and the notices say whose it is."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from app.settings import ROOT

# Permissive, or copyleft for the file or library alone (psycopg is LGPL, certifi and tqdm are MPL), which asks nothing
# of a studio that only uses them.
FREE = re.compile(
    r"apache|\bbsd|\bmit\b|permission is hereby granted, free of charge|\bisc|psf-2|python software|0bsd|zlib|cc0"
    r"|bsl-1|boost|cnri|mpl-2|mozilla|lgpl-3",
    re.IGNORECASE,
)
STRICT = re.compile(r"\bA?GPL|non.?commercial|\bNC\b|SSPL|BUSL", re.IGNORECASE)


def kept_files() -> list[Path]:
    """Third parties' files in static/, without the licences and tables beside them."""
    return sorted(
        p
        for folder in ("vendor", "fonts")
        for p in (ROOT / "static" / folder).iterdir()
        if p.suffix in {".js", ".css", ".woff2"}
    )


@pytest.mark.parametrize("path", kept_files(), ids=lambda path: path.name)
def test_a_kept_file_is_unchanged_and_its_licence_lies_beside_it(path: Path) -> None:
    row = next(
        line for line in (path.parent / "README.md").read_text("utf-8").splitlines() if line.startswith(f"| {path.name} ")
    )
    assert hashlib.sha256(path.read_bytes()).hexdigest() in row
    licence = re.search(r"\((\S+\.(?:LICENSE|OFL\.txt))\)", row)
    assert licence, f"{row} names no licence file"
    assert (path.parent / licence[1]).stat().st_size > 300
    assert str(path.relative_to(ROOT)) in (ROOT / "NOTICE").read_text("utf-8")


def test_the_notices_name_no_file_that_is_gone() -> None:
    named = re.findall(r"^((?:static|app)/\S+)$", (ROOT / "NOTICE").read_text("utf-8"), re.MULTILINE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_model_that_is_carried_has_its_notice() -> None:
    folders = [p for p in (ROOT / "app/weights").iterdir() if p.is_dir()]
    assert folders
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert [p.name for p in folders if f"app/weights/{p.name}\n" not in notice] == []


def test_weights_are_safetensors_only() -> None:
    pickled = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy", ".npz"}
    assert [p for p in (ROOT / "app/weights").rglob("*") if p.suffix in pickled] == []


def test_the_licence_is_the_one_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def installed() -> Iterator[Distribution]:
    """Everything that a studio installs (not what its tests need), followed through the packages' own requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    todo = [Requirement(r) for r in project["dependencies"] + extras["engines"] + extras["train"]]
    seen = set()
    while todo:
        wanted = todo.pop()
        key = (wanted.name.lower(), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found = distribution(wanted.name)
        yield found
        asked = wanted.extras | {""}
        requirements = (Requirement(r) for r in found.requires or [])
        todo += [r for r in requirements if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in asked)]


def licence(found: Distribution) -> str:
    """What a package says of its licence: the expression, else the classifiers, else its licence's first words."""
    classifiers = " ".join(c for c in found.metadata.get_all("Classifier") or [] if c.startswith("License"))
    files = (Path(str(file.locate())).read_text("utf-8") for file in found.files or [] if "LICENSE" in file.name.upper())
    said = found.metadata.get("License-Expression") or classifiers or found.metadata.get("License")
    return (said or next(files, ""))[:200]


def test_nothing_installed_binds_the_studio() -> None:
    said = {found.name: licence(found) for found in installed()}
    assert len(said) > 20
    assert {n: s for n, s in said.items() if not FREE.search(s) or STRICT.search(s)} == {}
