"""The addresses of static files, and the script elements of pages with hints for what each script imports."""

from __future__ import annotations

import hashlib
import posixpath
import re
from functools import cache

from markupsafe import Markup

from app.settings import ROOT

STATIC = ROOT / "static"
_IMPORT = re.compile(r'^(?:import|export|\}) .*?"(\.[^"]+)";$|^import "(\.[^"]+)";$', re.MULTILINE)


@cache
def static_version() -> str:
    """A digest of every static file: it stands in their addresses, so they can be cached for ever."""
    digest = hashlib.sha256()
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(STATIC)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def static(path: str, root: str = "") -> str:
    """The address of a file in static/, below the path `root`; relative imports of modules keep the version."""
    return f"{root}/static/{static_version()}/{path}"


def imports(path: str) -> list[str]:
    """What the module `path` (below static/) imports by a relative path, as paths below static/."""
    source = (STATIC / path).read_text("utf-8")
    names = [one or other for one, other in _IMPORT.findall(source)]
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names]


@cache
def modules(path: str) -> tuple[str, ...]:
    """The modules that `path` imports, and those that they import in turn, each once."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        for name in imports(waiting.pop()):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)


@cache
def script(path: str, root: str = "", *, draws: bool = False) -> Markup:
    """The element that runs the module `path`, after hints that let the browser fetch all that it imports at once.

    Before one that `draws` nothing is painted, so that what it draws pushes nothing aside that was seen (HTML, 2.6.8:
    render-blocking; a browser that does not know it paints earlier).
    """
    hint, run = Markup('<link rel="modulepreload" href="{}">'), Markup('<script src="{}" type="module"></script>')
    if draws:
        run = Markup('<script src="{}" type="module" blocking="render"></script>')
    return Markup("\n  ").join([*(hint.format(static(name, root)) for name in modules(path)), run.format(static(path, root))])
