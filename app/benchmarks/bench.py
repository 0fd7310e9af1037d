"""What a measurement works with."""

from __future__ import annotations

from dataclasses import dataclass

from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows


@dataclass(frozen=True, slots=True)
class Bench:
    """A studio and a browser. `quick` asks for a few repeats: a check that it runs, not a figure to quote."""

    studio: Studio
    windows: Windows
    quick: bool
    minutes: float = 20.0  # that a soak lasts

    def times(self, full: int, quick: int) -> int:
        """How often to repeat."""
        return quick if self.quick else full
