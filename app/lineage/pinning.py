"""Pins on revisions: whether a place lies in what a revision holds, and how it is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from app.errors import InvalidError, _
from app.media.medium import traits
from app.media.music.theory.telling import SMALL, describe_abc
from app.media.pin import Pin
from app.models.revision import Revision

QUOTED = 160  # characters of a text that are told of a place in it
ROUNDED = 0.05  # seconds by which a player may be beside a recording's end


def pinned(revision: Revision, pin: Pin | None) -> Pin | None:
    """`pin` as it is kept; None for one that names no place.

    Raises InvalidError where it does not lie in the revision, or names several places.
    """
    if pin is None or not pin.places:
        return None
    if len(pin.places) > 1:
        raise InvalidError("place", _("say one place, not several"))
    ((name, value),) = pin.places.items()
    return Pin(**{name: CHECKS[name](revision, value)})


def quote_of(revision: Revision, pin: Pin | None) -> str:
    """The words of a text that `pin` lies on; nothing for other places."""
    if pin is None or pin.range is None or revision.text is None:
        return ""
    words = revision.text[slice(*pin.range)]
    return words if len(words) <= QUOTED else f"{words[:QUOTED]}…"


def bar_starts(revision: Revision) -> dict[int, int]:
    """Of a tune that is read at once: where in its text each bar begins, by number."""
    if revision.text is None or not traits(revision.work.medium).notes or len(revision.text) > SMALL:
        return {}
    return {number: start for number, start, _end in reversed(describe_abc(revision.text).bars)}


def _sides(revision: Revision, name: str) -> tuple[int, int]:
    asset = revision.asset
    if asset is None or not asset.width or not asset.height:
        raise InvalidError(f"place.{name}", _("only a picture has this"))
    return asset.width, asset.height


def _point(revision: Revision, point: tuple[int, int]) -> tuple[int, int]:
    width, height = _sides(revision, "point")
    if not (0 <= point[0] < width and 0 <= point[1] < height):
        raise InvalidError(
            "place.point", _("lies outside the picture, which is %(width)d × %(height)d"), width=width, height=height
        )
    return point


def _box(revision: Revision, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    (width, height), (left, top, across, down) = _sides(revision, "box"), box
    inside = min(left, top) >= 0 and min(across, down) > 0 and left + across <= width and top + down <= height
    if not inside:
        raise InvalidError(
            "place.box", _("lies outside the picture, which is %(width)d × %(height)d"), width=width, height=height
        )
    return box


def _range(revision: Revision, places: tuple[int, int]) -> tuple[int, int]:
    if revision.text is None or traits(revision.work.medium).notes:
        raise InvalidError("place.range", _("only a text has this"))
    start, end = places
    if not 0 <= start < end <= len(revision.text):
        said = _("two places in the text, the first before the second: 0 to %(length)d (Unicode code points)")
        raise InvalidError("place.range", said, length=len(revision.text))
    return places


def _bars(revision: Revision, bars: tuple[int, int]) -> tuple[int, int]:
    if revision.text is None or not traits(revision.work.medium).notes:
        raise InvalidError("place.bars", _("only a tune has this"))
    numbers = {number for number, _start, _end in describe_abc(revision.text).bars} or {0}
    low, high = min(numbers), max(numbers)
    if not low <= bars[0] <= bars[1] <= high:
        said = _("this tune has bars %(low)d to %(high)d; the first comes before the last")
        raise InvalidError("place.bars", said, low=low, high=high)
    return bars


def _seconds(revision: Revision, seconds: tuple[float, float]) -> tuple[float, float]:
    asset = revision.asset
    if asset is None or not asset.media_type.startswith("audio/"):
        raise InvalidError("place.seconds", _("only a recording has this"))
    start, end, length = *seconds, math.inf if asset.duration is None else asset.duration
    if not 0 <= start <= end <= length + ROUNDED:
        said = _("two places in seconds, the first before the second: 0 to %(end).1f")
        raise InvalidError("place.seconds", said, end=asset.duration or 0.0)
    return min(start, length), min(end, length)


CHECKS: Mapping[str, Callable[[Revision, Any], Any]] = {
    "point": _point, "box": _box, "range": _range, "bars": _bars, "seconds": _seconds,
}  # fmt: skip
