"""Lanes: what a generation waits for. Each has a queue of its own, so that a slow run holds up only those like it."""

from __future__ import annotations

from enum import IntEnum

CLASS = 1_000_000  # priorities of one lane; within it an artist's outstanding requests decide, so artists take turns


class Lane(IntEnum):
    """The class of a generation's priority: `priority // CLASS`."""

    QUICK = 0  # texts, tunes, sketches, drawings: an artist waits for the first words, or for a second
    LONG = 1  # pictures and recordings at full pace
    REMOTE = 2  # a service computes, and this machine only waits for it

    @classmethod
    def of(cls, priority: int) -> Lane:
        """The lane of a generation with this priority."""
        return cls(min(max(priority // CLASS, cls.QUICK), cls.REMOTE))

    @property
    def queue(self) -> str:
        """Its queue's name."""
        return ("quick", "local", "remote")[self]

    @property
    def at_once(self) -> int:
        """How many of it one worker runs at the same time: of those that fill the device's memory, one."""
        return (1, 1, 8)[self]
