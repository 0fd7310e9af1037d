"""A request that is longer than what a model reads: how long it is, what of it can be left unread, and where a text is cut."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from app.engines.engine import Fit, Part, Request, Verb
from app.engines.text.tasks import UNITS, Task, text_of
from app.media.text.scripts import HAN

_LONGEST = 16  # code points of a token, hardly ever more: what lies further back cannot be read in any case
_ENOUGH = 0.5  # of what could be read: where whole lines leave less, it is cut between sentences, then words, then letters
_BEFORE = {Verb.CONTINUE, Verb.LINE, Verb.BRANCH, Verb.REWRITE, Verb.VARY}  # verbs that stand at a place of the text


def lightened(request: Request) -> Request:
    """`request` without the materials and the inspirations that it leaves out; what of a text is unread is the task's."""
    brief, parents = request.brief, request.parents
    if Part.MATERIALS in request.leave_out:
        brief = brief.model_copy(update={"materials": []})
    if Part.INSPIRATION in request.leave_out:
        parents = tuple(parent for parent in parents if parent.role != "inspire")
    return replace(request, brief=brief, parents=parents)


def budget(request: Request, size: Callable[[Request, int], int], most: int) -> Fit:
    """How long `request` is. `size` tells it in tokens for a request whose text is unread up to a code point."""

    def light(left: Collection[Part]) -> int:
        """Its size when as much as possible of these parts is unread."""
        asked = lightened(replace(request, leave_out=left))
        return size(asked, place_of(asked) if Part.BEGINNING in left else 0)

    tokens = size(lightened(request), 0)
    if Part.BEGINNING in request.leave_out:
        tokens = min(tokens, max(light(request.leave_out), most))  # it is cut as far as it must be
    if tokens <= most:
        return Fit(tokens, most, {})
    others = [part for part in Part if part not in request.leave_out and (part is not Part.BEGINNING or place_of(request))]
    saved = {part: tokens - light({*request.leave_out, part}) for part in others}
    return Fit(tokens, most, {part: count for part, count in saved.items() if count > 0})


def left_out(request: Request, unread: int) -> dict[str, int | bool]:
    """What a run tells of the parts it left out: of the text's beginning how many code points."""
    return {str(part): unread if part is Part.BEGINNING else True for part in Part if part in request.leave_out}


def place_of(request: Request) -> int:
    """Up to where, in code points, the text before the place of writing can be left unread: 0 for none."""
    starts = [parent for parent in request.parents if parent.role != "inspire"]
    if request.verb not in _BEFORE or not starts:
        return 0
    if request.verb is Verb.REWRITE:
        return request.selection[0] if request.selection else 0
    length = len(text_of(starts[0]))
    return length if request.at is None or request.verb in {Verb.LINE, Verb.VARY} else min(request.at, length)


def fitting(request: Request, make: Callable[[int], Task], size: Callable[[Task], int], most: int | None) -> Task:
    """The task that `make` makes for so many code points unread: as few as fit into `most` tokens where the request leaves
    the beginning out, else none.
    """
    at = place_of(request) if Part.BEGINNING in request.leave_out and most is not None else 0
    if not at or most is None:
        return make(0)
    return make(unread_length(text_of(request.parents[0])[:at], make, size, most))


def unread_length(text: str, make: Callable[[int], Task], size: Callable[[Task], int], most: int) -> int:
    """How many code points at the beginning of `text` are left unread so that the task fits into `most` tokens.

    As few as can be, up to the end of a line, or of a sentence, a word, a letter where lines are too long. All of them
    when even that is too much: then something else is too long.
    """
    if size(make(0)) <= most:
        return 0
    start = max(0, len(text) - most * _LONGEST)
    best = len(text)
    for unit in (*UNITS, None):
        ends = [match.end() for match in unit.finditer(text, start)] if unit else list(range(start + 1, len(text) + 1))
        at = bisect_left(ends, 1, key=lambda end: int(size(make(end)) <= most))
        if at < len(ends):
            best = ends[at]
            if most - size(make(best)) <= most * (1 - _ENOUGH):
                break
    return best


def estimated(task: Task) -> int:
    """About how many tokens a service makes of `task`: one of a Chinese character, one of three bytes of anything else."""
    said = task.message + task.begun
    return len(HAN.findall(said)) + len(HAN.sub("", said).encode()) // 3 + 1


def configured(folder: Path) -> int | None:
    """How many tokens the model of transformers in `folder` sees, as its configuration tells; None where it does not."""
    try:
        told = json.loads((folder / "config.json").read_text("utf-8")).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return int(told) if told else None
