"""Every page of the studio, for what must hold on all of them."""

from __future__ import annotations

from tests.browser.conftest import Example

ROOMS = {
    "bench": "/works/{0.work}",
    "lineage": "/works/{0.work}/lineage",
    "revision": "/revisions/{0.refined[0]}",
    "compare": "/revisions/{0.varied[0]}/diff/{0.refined[0]}",
    "projects": "/projects",
    "wall": "/projects/{0.project}",
    "word lists": "/projects/{0.project}/lists",
    "presets": "/projects/{0.project}/presets",
    "styles": "/projects/{0.project}/styles",
    "trash": "/trash",
    "engine room": "/engine-room",
    "about": "/about",
    "docs": "/docs",
    "error": "/works/00000000-0000-7000-8000-000000000000",
    "empty bench": "/works/{0.empty}",
    "empty lineage": "/works/{0.empty}/lineage",
    "empty wall": "/projects/{0.bare}",
    "search": "/search?q=fox",
    "drawings": "/drawings?q=fox",
    "nothing like it": "/search?like={0.refined[0]}",
    "nothing found": "/projects/{0.project}?q=nowhere",
}


def address(room: str, example: Example) -> str:
    """Where a room is."""
    return ROOMS[room].format(example)
