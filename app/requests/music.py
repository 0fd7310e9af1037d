"""What a wish for music must say: from which tunes or recordings, which bars of one, how far up or down."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.errors import InvalidError, _
from app.media.music.theory.telling import Told, told
from app.models.edge import Role
from app.models.revision import Revision
from app.requests.request import Asked
from app.verbs.place import Place

ONE_WORK = {"continue", "replace", "transpose", "harmonise"}  # verbs that start from exactly one tune or recording
FROM_MUSIC = {*ONE_WORK, "vary", "blend"}  # a tune is enough, without a word in the brief
ONE_RESULT = {"transpose"}  # chance has no part, so there is one result
NOTES_ONLY = {"transpose", "harmonise", "blend"}  # verbs that a recording cannot be asked for
PLACES = {"bars": {"replace"}, "semitones": {"transpose"}, "section": {"replace"}}
OF_TEXTS = ("selection", "at", "choice", "instruction")
FURTHEST = 24  # semitones


def check_music(verb: str, starts: Sequence[Revision]) -> None:
    """Raises InvalidError when `verb` starts from another number of revisions, or from one without music."""
    if verb in ONE_WORK and len(starts) != 1:
        raise InvalidError("parents", _("%(verb)s starts from exactly one revision"), verb=verb)
    if verb == Role.BLEND and len(starts) != 2:  # noqa: PLR2004 (that is what blending is)
        raise InvalidError("parents", _("blending takes exactly two tunes"))
    if verb not in FROM_MUSIC | {"refine"}:
        return
    for one in starts:
        if one.text is None and one.asset is None:
            raise InvalidError("parents", _("There is no music in this revision."))
        if one.text is None and verb in NOTES_ONLY:
            raise InvalidError("parents", _("%(verb)s needs notes, and this is a recording"), verb=verb)
        if one.text is not None and not told(one.text).notes:
            raise InvalidError("parents", _("There are no notes in this tune."))


def not_music(asked: Asked) -> None:
    """Raises InvalidError for a place in music where the work is none."""
    for name in PLACES:
        if getattr(asked, name) is not None:
            raise InvalidError(name, _("only music has this"))


def place_in_music(asked: Asked, starts: Sequence[Revision]) -> Place:
    """Where the verb works: `bars`, `semitones` or `section`, the one that it has.

    Raises InvalidError for a place that is missing, that the tune does not have, or that is none of this verb's.
    """
    for name, verbs in PLACES.items():
        if getattr(asked, name) is not None and asked.verb not in verbs:
            raise InvalidError(name, _("only for %(verbs)s"), verbs=", ".join(sorted(verbs)))
    for name in OF_TEXTS:
        if getattr(asked, name) is not None:
            raise InvalidError(name, _("only a text has this"))
    if asked.verb == Role.TRANSPOSE:
        return Place(semitones=_semitones(asked.semitones))
    if asked.verb != Role.REPLACE:
        return Place()
    text = starts[0].text
    if text is None:
        if asked.bars is not None:
            raise InvalidError("bars", _("a recording has no bars: give its section in seconds"))
        return Place(section=_section(asked.section, starts[0].asset.duration if starts[0].asset else None))
    if asked.section is not None:
        raise InvalidError("section", _("a tune has bars: give the first and the last one"))
    return Place(bars=_bars(asked.bars, told(text)))


def check_one(asked: Asked) -> None:
    """Raises InvalidError when several are wanted of what there is one of."""
    if asked.verb in ONE_RESULT and asked.count not in {None, 1}:
        raise InvalidError("count", _("a tune is in another key once: 1"))


def _bars(bars: tuple[int, int] | None, tune: Told) -> tuple[int, int]:
    numbers = sorted({number for number, _start, _end in tune.bars})
    low, high = numbers[0], numbers[-1]
    if bars is None:
        raise InvalidError("bars", _("say which bars: the first and the last, %(low)d to %(high)d"), low=low, high=high)
    if not low <= bars[0] <= bars[1] <= high:
        said = _("this tune has bars %(low)d to %(high)d; the first comes before the last")
        raise InvalidError("bars", said, low=low, high=high)
    return bars


def _semitones(semitones: int | None) -> int:
    if semitones is None or not 0 < abs(semitones) <= FURTHEST:
        said = _("how many semitones up, or down with a minus: 1 to %(most)d")
        raise InvalidError("semitones", said, most=FURTHEST)
    return semitones


def _section(section: tuple[float, float] | None, duration: float | None) -> tuple[float, float]:
    """Of a recording that lasts `duration` seconds (None: nobody knows)."""
    end = duration or 0.0
    if section is None or not all(map(math.isfinite, section)) or not 0 <= section[0] < section[1]:
        raise InvalidError("section", _("two places in seconds, the first before the second: 0 to %(end).1f"), end=end)
    if duration is not None and section[1] > duration + 0.05:  # a player rounds
        raise InvalidError("section", _("two places in seconds, the first before the second: 0 to %(end).1f"), end=end)
    return section[0], min(section[1], duration) if duration is not None else section[1]
