"""The SVG that Stemma writes: flat paths and nothing else, so that it can be told from any other by one look.

SVG 2 may hold scripts, styles, links and other documents. Ours holds `<path d fill transform>` in one `<svg>`; whatever is
not exactly that is refused before it reaches the store.
"""

from __future__ import annotations

import re

MEDIA_TYPE = "image/svg+xml"
MOST = 4 * 1024 * 1024  # bytes: more is no drawing, and no printer's program opens it gladly
_PATH = r'<path d="[MLCZ0-9 .,-]+" fill="#[0-9A-F]{6}"(?: transform="translate\(-?[0-9.]+,-?[0-9.]+\)")?/>\n'
_OURS = re.compile(
    rf'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="[0-9]+ [0-9]+ [0-9]+ [0-9]+" width="[0-9]+" height="[0-9]+">\n'
    rf"(?:{_PATH})*</svg>\n"
)
_TRACED = re.compile(_PATH)


def compose(traced: str, box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[bytes, int]:
    """The paths of a tracer's SVG as a drawing of ours, and how many they are.

    `box` is what is to be seen (x, y, width, height in the units of the paths), `size` its natural size in pixels.
    """
    paths = [match[0] for match in _TRACED.finditer(traced)]
    view = " ".join(map(str, box))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{size[0]}" height="{size[1]}">\n'
    return f"{head}{''.join(paths)}</svg>\n".encode(), len(paths)


def ours(data: bytes) -> bool:
    """True for a drawing that `compose` could have written, of a size that can be handed on."""
    return len(data) <= MOST and data.isascii() and _OURS.fullmatch(data.decode("ascii")) is not None
