"""QR codes of links, to be taken over by a phone's camera."""

from __future__ import annotations

import io

from markupsafe import Markup

QUIET = 2  # modules of white around it: four are wanted (ISO/IEC 18004), two more are the frame that the page draws


def qr(link: str) -> Markup:
    """The QR code of `link` as an SVG for a page: black on white in every theme, since cameras read nothing else."""
    import segno  # noqa: PLC0415 (a studio of one artist does without)

    looks = {"border": QUIET, "dark": "#000", "light": "#fff", "svgclass": "qr", "lineclass": None}
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, **looks)
    return Markup(drawn.getvalue().decode("ascii"))  # noqa: S704 (drawn by the library, which puts no text in it)
