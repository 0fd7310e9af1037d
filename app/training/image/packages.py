"""The sources of the drawings: npm packages at fixed versions, with licences and whom to thank."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.training.faults import TrainingError


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the npm registry. `style` is the look of its drawings (None: words only)."""

    name: str
    version: str
    style: str | None
    title: str
    author: str
    licence: str  # SPDX
    url: str
    noise: str = ""  # a regular expression for what its names carry besides the thing

    @property
    def attribution(self) -> str:
        """The line that an About page shows."""
        return f"{self.title}, © {self.author}, {self.licence} ({self.url})"


_MICROSOFT = ("Microsoft Corporation", "MIT", "https://github.com/microsoft/fluentui-emoji")
_GOOGLE = ("Google LLC", "Apache-2.0", "https://github.com/googlefonts/noto-emoji")
_TWITTER = ("Twitter, Inc and other contributors", "CC-BY-4.0", "https://github.com/jdecked/twemoji")
_MOZILLA = ("Mozilla Foundation", "Apache-2.0", "https://github.com/mozilla/fxemoji")
_ICONS8 = ("Icons8", "MIT", "https://github.com/icons8/flat-Color-icons")
PACKAGES = (
    Package("@iconify-json/fluent-emoji", "1.2.7", "3d", "Fluent Emoji", *_MICROSOFT),
    Package("@iconify-json/fluent-emoji-flat", "1.2.6", "flat", "Fluent Emoji Flat", *_MICROSOFT),
    Package("@iconify-json/noto", "1.2.9", "noto", "Noto Emoji", *_GOOGLE),
    Package("@iconify-json/noto-v1", "1.2.5", "blob", "Noto Emoji (v1)", *_GOOGLE),
    Package("@iconify-json/twemoji", "1.2.5", "sticker", "Twemoji", *_TWITTER),
    Package("@iconify-json/fxemoji", "1.2.2", "retro", "Firefox OS Emoji", *_MOZILLA),
    Package("@iconify-json/flat-color-icons", "1.2.3", "icon", "Flat Color Icons", *_ICONS8),
)
_EMOJITWO = ("Emoji One", "CC-BY-4.0", "https://github.com/EmojiTwo/emojitwo")
_STREAMLINE = ("Streamline", "CC-BY-4.0", "https://github.com/webalys-hq/streamline-vectors")
_EMOJIONE = ("Emoji One", "CC-BY-SA-4.0", "https://github.com/joypixels/emojione-legacy")
_OPENMOJI = ("OpenMoji", "CC-BY-SA-4.0", "https://github.com/hfg-gmuend/openmoji")
_FLAT_UI = ("Designmodo, Inc.", "MIT", "https://github.com/designmodo/Flat-UI")
# Drawings of the same things that the generator never sees, for judges alone.
OTHERS = (
    Package("@iconify-json/emojione", "1.2.3", "emojione", "EmojiTwo", *_EMOJITWO),
    Package("@iconify-json/streamline-emojis", "1.2.4", "streamline", "Streamline Emojis", *_STREAMLINE, r"-\d+$"),
    Package("@iconify-json/streamline-kameleon-color", "1.2.2", "kameleon", "Kameleon", *_STREAMLINE, r"(-\d+)?(-duo)?$"),
)
# Share-alike: good for measuring on one's own machine, not for weights that are given away under another licence.
SHARED_ALIKE = (
    Package("@iconify-json/emojione-v1", "1.2.3", "emojione-v1", "EmojiOne (v1)", *_EMOJIONE),
    Package("@iconify-json/openmoji", "1.2.29", "openmoji", "OpenMoji", *_OPENMOJI),
    Package("@iconify-json/flat-ui", "1.2.3", "flat-ui", "Flat UI", *_FLAT_UI),
)
WORDS = Package("emojibase-data", "17.0.0", None, "Emojibase", "Miles Johnson", "MIT", "https://github.com/milesj/emojibase")


def install(folder: Path, chosen: Sequence[Package] = PACKAGES) -> None:
    """Fetch what is missing with npm, running no package's scripts. Raises TrainingError saying what to do."""
    wanted = [p for p in (*chosen, WORDS) if installed_version(folder, p) != p.version]
    if not wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise TrainingError("The drawings come from npm packages, and npm is not installed. Install Node.js with npm.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder)]
    names = [f"{p.name}@{p.version}" for p in (*chosen, WORDS)]  # npm removes what is not named
    done = subprocess.run([*command, *names], capture_output=True, text=True, check=False)  # noqa: S603 (fixed names)
    if done.returncode:
        raise TrainingError("npm could not fetch the packages: %(reason)s", reason=done.stderr.strip()[-500:])


def installed_version(folder: Path, package: Package) -> str | None:
    """The version that lies in `folder`, or None."""
    try:
        return str(json.loads((path(folder, package) / "package.json").read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def path(folder: Path, package: Package) -> Path:
    """Where npm puts the package."""
    return folder / "node_modules" / package.name


def record(folder: Path, package: Package) -> dict[str, Any]:
    """What is written down of a source: its package, licence, attribution and size on disk in bytes."""
    size = sum(file.stat().st_size for file in path(folder, package).rglob("*") if file.is_file())
    said = {name: value for name, value in asdict(package).items() if name != "noise"}
    return {**said, "attribution": package.attribution, "bytes": size}


def wheel(package: str, folder: Path) -> Path:
    """The wheel of a Python package at a fixed version, without what it needs. Raises TrainingError where it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    line = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    # Package names are our own.
    done = subprocess.run([*line, package], capture_output=True, text=True, check=False)  # noqa: S603
    name = package.partition("==")[0].replace("-", "_")
    found = sorted(folder.glob(f"{name}-*.whl"))
    if not found:
        raise TrainingError(f"{package} cannot be had: {done.stderr.strip()[-300:]}")
    return found[-1]
