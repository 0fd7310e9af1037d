"""Where a wish's verb works: each field of the request that the verb takes is read, the others are refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from app.brief import Medium
from app.errors import InvalidError, _
from app.lineage.by_hand import tokens_of
from app.media.medium import traits
from app.media.music.theory.telling import describe_abc
from app.models.revision import Revision
from app.requests.request import AskedMusic, AskedPicture, AskedText, GenerationRequest, Selection
from app.verbs.place import Part, Place
from app.verbs.verb import Verb

FURTHEST = 24  # semitones
LARGEST = 4_096  # pixels of a side of a picture that was gone on with
ELSEWHERE = {
    Medium.IMAGE: _("only a picture has this"),
    Medium.TEXT: _("only a text has this"),
    Medium.MUSIC: _("only music has this"),
}
FIELDS: Mapping[str, Medium] = {
    **dict.fromkeys(AskedText.model_fields.keys() & Place.model_fields.keys() - {"leave_out"}, Medium.TEXT),
    **dict.fromkeys(AskedPicture.model_fields.keys() & Place.model_fields.keys(), Medium.IMAGE),
    **dict.fromkeys(AskedMusic.model_fields.keys() & Place.model_fields.keys(), Medium.MUSIC),
}


def place_of(asked: GenerationRequest, verb: Verb, medium: Medium, start: Revision | None) -> Place:
    """Where `verb` works in `start`, the first of what it starts from.

    Raises InvalidError for a field that is missing, that lies outside the text or tune, or that is none of this verb's.
    """
    for name, of in FIELDS.items():
        if getattr(asked, name) is None or (of == medium and name in verb.rule.takes):
            continue
        if of != medium:
            raise InvalidError(name, ELSEWHERE[of])
        takers = sorted(one for one in Verb if name in one.rule.takes)
        raise InvalidError(name, _("only for %(verbs)s"), verbs=", ".join(takers))
    if start and start.text is None and asked.bars is not None:
        raise InvalidError("bars", _("a recording has no bars: give its section in seconds"))
    if start and start.text is not None and asked.section is not None:
        raise InvalidError("section", _("a tune has bars: give the first and the last one"))
    found = {name: READERS[name](asked, verb, start) for name in verb.rule.takes if start and FIELDS.get(name) == medium}
    if parts := _left_out(asked, medium):
        found["leave_out"] = parts
    return Place(**{name: value for name, value in found.items() if value is not None})


def selection_in(text: str, selection: Selection | None) -> Selection | None:
    """`selection` if it lies in `text` and holds something. Raises InvalidError saying what is allowed."""
    if selection is None:
        return None
    start, end = selection
    if not 0 <= start < end <= len(text):
        said = _("two places in the text, the first before the second: 0 to %(length)d (Unicode code points)")
        raise InvalidError("selection", said, length=len(text))
    if not text[start:end].strip():
        raise InvalidError("selection", _("there is nothing but space there"))
    return start, end


def _selection(asked: GenerationRequest, _verb: Verb, start: Revision) -> Selection:
    selection = selection_in(start.text or "", asked.selection)
    if selection is None:
        raise InvalidError("selection", _("say what is to be rewritten: two places in the text"))
    return selection


def _instruction(asked: GenerationRequest, _verb: Verb, _start: Revision) -> str:
    return (asked.instruction or "").strip()


def _at(asked: GenerationRequest, verb: Verb, start: Revision) -> int:
    """Where the text is gone on with; a token's start where another is chosen in its place."""
    if "choice" in verb.rule.takes:
        starts = {record["start"] for record in tokens_of(start)}
        if not starts:
            raise InvalidError("parents", _("nothing is known of this text's tokens, so it cannot branch at one"))
        if asked.at is None or asked.at not in starts:
            raise InvalidError("at", _("where a token starts: see the revision's tokens"))
        return asked.at
    length = len(start.text or "")
    at = length if asked.at is None else asked.at
    if at > length:
        raise InvalidError("at", _("a place in the text: 0 to %(length)d (Unicode code points)"), length=length)
    return at


def _choice(asked: GenerationRequest, _verb: Verb, _start: Revision) -> str:
    if not asked.choice:
        raise InvalidError("choice", _("say what is to stand there instead"))
    return asked.choice


def _bars(asked: GenerationRequest, _verb: Verb, start: Revision) -> tuple[int, int] | None:
    if start.text is None:
        return None
    numbers = sorted({number for number, _start, _end in describe_abc(start.text).bars})
    low, high = numbers[0], numbers[-1]
    if asked.bars is None:
        raise InvalidError("bars", _("say which bars: the first and the last, %(low)d to %(high)d"), low=low, high=high)
    if not low <= asked.bars[0] <= asked.bars[1] <= high:
        said = _("this tune has bars %(low)d to %(high)d; the first comes before the last")
        raise InvalidError("bars", said, low=low, high=high)
    return asked.bars


def _section(asked: GenerationRequest, _verb: Verb, start: Revision) -> tuple[float, float] | None:
    if start.text is not None:
        return None
    section, duration = asked.section, start.asset.duration if start.asset else None  # None: nobody knows
    end = duration or 0.0
    if section is None or not all(map(math.isfinite, section)) or not 0 <= section[0] < section[1]:
        raise InvalidError("section", _("two places in seconds, the first before the second: 0 to %(end).1f"), end=end)
    if duration is not None and section[1] > duration + 0.05:  # a player rounds
        raise InvalidError("section", _("two places in seconds, the first before the second: 0 to %(end).1f"), end=end)
    return section[0], min(section[1], duration) if duration is not None else section[1]


def _semitones(asked: GenerationRequest, _verb: Verb, _start: Revision) -> int:
    if asked.semitones is None or not 0 < abs(asked.semitones) <= FURTHEST:
        said = _("how many semitones up, or down with a minus: 1 to %(most)d")
        raise InvalidError("semitones", said, most=FURTHEST)
    return asked.semitones


def _frame(asked: GenerationRequest, _verb: Verb, start: Revision) -> tuple[int, int, int, int]:
    """At most as much on each side as the picture has there, so that there is something to go on from."""
    width, height = (start.asset.width or 0, start.asset.height or 0) if start.asset else (0, 0)
    if asked.frame is None or not any(asked.frame):
        raise InvalidError("frame", _("say how many pixels to add: left, top, right and bottom, at least one of them"))
    left, top, right, bottom = asked.frame
    if min(asked.frame) < 0 or max(left, right) > width or max(top, bottom) > height:
        said = _("pixels to add: 0 to %(across)d left and right, 0 to %(down)d above and below, as many as the picture has")
        raise InvalidError("frame", said, across=width, down=height)
    if max(left + width + right, top + height + bottom) > LARGEST:
        raise InvalidError("frame", _("with its frame a picture has at most %(most)d pixels on a side"), most=LARGEST)
    return asked.frame


def _left_out(asked: GenerationRequest, medium: Medium) -> tuple[Part, ...]:
    parts = list(dict.fromkeys(asked.leave_out or ()))
    if parts and not traits(medium).worded:
        raise InvalidError("leave_out", _("only for texts"))
    if any(part not in list(Part) for part in parts):
        raise InvalidError("leave_out", _("allowed here: %(names)s"), names=", ".join(Part))
    return tuple(map(Part, parts))


READERS: Mapping[str, Callable[[GenerationRequest, Verb, Revision], Any]] = {
    "selection": _selection, "instruction": _instruction, "at": _at, "choice": _choice,
    "bars": _bars, "section": _section, "semitones": _semitones, "frame": _frame,
}  # fmt: skip
