"""The card of a run that is not there yet: what a page shows from the press on Generate to the studio's answer."""

from __future__ import annotations

from types import SimpleNamespace

from app.brief import Brief
from app.requests.request import MAX_COUNT
from app.verbs.verb import Verb


def promised(verb: Verb) -> SimpleNamespace:
    """What `generations/_generation.html` reads of a generation: one by `verb` that waits, with as many variants as can be
    asked for at once (the page takes away those that were not).
    """
    return SimpleNamespace(
        id="asked",
        status="queued",
        verb=verb,
        count=MAX_COUNT,
        sketch=False,
        brief=Brief(),
        handed=None,
        params={},
        parents=[],
        variants=[],
        place=SimpleNamespace(at=None, selection=None, bars=None, section=None, semitones=None),
        damaged=[],
        strength=None,
    )
