"""Words: what is told of a generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.models.generation import OPEN, Status
from app.models.waiting import Wait
from app.storage.db import now

LATE = timedelta(minutes=5)  # after a generation's end nothing more is waited for


@dataclass(frozen=True, slots=True)
class Word:
    """Something that happened. `name` is state, step, done, failed or cancelled."""

    name: str
    generation: UUID
    work: UUID
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> bool:
        """True when nothing more will come of this generation."""
        return self.name not in {"state", "step"}

    @property
    def ended(self) -> datetime | None:
        """When the generation ended; None while it is open."""
        finished = self.data.get("finished")
        return datetime.fromisoformat(finished) if finished else None

    @property
    def awaited(self) -> bool:
        """True when more may come of it after its end: a judge's verdict, a cancelled one's texts."""
        more = self.name == Status.CANCELLED or (self.name == Status.DONE and "judged" not in self.data)
        return more and self.ended is not None and now() - self.ended < LATE


def word_of(row: Any, wait: Wait) -> Word:
    """What a row of a generation says, and what it waits for while it does."""
    data = {"status": str(row.status), "verb": row.verb, "count": row.count, "attempt": row.attempt}
    if row.status == Status.QUEUED:
        data |= {"position": wait.position, **wait.told}
    if row.finished_at:
        data["finished"] = row.finished_at.isoformat()
    if row.judged_at:  # said once more, when a judge has looked
        data["judged"] = row.judged_at.isoformat()
    return Word("state" if row.status in OPEN else str(row.status), row.id, row.work_id, data)


def merged(entries: Sequence[dict[str, Any]], attempt: int) -> list[dict[str, Any]]:
    """The entries of `attempt` as at most two: its first word, where it is among them, and all the others as one.

    Those of an attempt that died are left out: its text is written anew.
    """
    mine = [entry for entry in entries if entry.get("attempt", 0) == attempt]
    first = [entry for entry in mine if not entry.get("step")][-1:]
    rest = [entry for entry in mine if entry.get("step")]
    if not rest:
        return first
    whole = dict(rest[-1])
    if made := [entry["made"] for entry in rest if "made" in entry]:
        whole["made"] = min(made)  # a word is as old as the oldest of it
    if previews := next((entry["previews"] for entry in reversed(rest) if "previews" in entry), None):
        whole["previews"] = previews
    texts: dict[int, dict[str, Any]] = {}
    for piece in (piece for entry in rest for piece in entry.get("pieces", ())):
        known = texts.setdefault(piece["index"], {**piece, "text": ""})
        known["text"] += piece["text"]
    if texts:
        whole["pieces"] = [texts[index] for index in sorted(texts)]
    if ended := [index for entry in rest for index in entry.get("ended", ())]:
        whole["ended"] = ended
    return [*first, whole]
