"""Answers that are waited for together, in an event loop that runs only while somebody asks for the next step."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Coroutine, Iterator, Sequence
from typing import Any

BEAT = 0.05  # seconds between steps, also while nothing comes: whoever listens may want to stop


def beats(runs: Sequence[Coroutine[Any, Any, None]], stopped: Container[int] = ()) -> Iterator[list[int]]:
    """Let `runs` go on together; at every beat, which of them (by index) have ended since the last one.

    One in `stopped`, which may grow meanwhile, is cancelled. Closing the iterator cancels all. Raises what one raised, at the
    end of all.
    """
    with asyncio.Runner() as runner:
        tasks: list[asyncio.Task[None]] = []
        told: set[int] = set()

        async def begin() -> None:
            tasks.extend(asyncio.create_task(run) for run in runs)

        runner.run(begin())
        over = False
        while not over:
            _done, waiting = runner.run(_beat(tasks))
            over = not waiting
            for index, task in enumerate(tasks):
                if index in stopped and not task.done():
                    task.cancel()
            fresh = [index for index, task in enumerate(tasks) if task.done() and index not in told]
            told.update(fresh)
            yield fresh
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error


async def _beat(tasks: list[asyncio.Task[None]]) -> tuple[set[asyncio.Task[None]], set[asyncio.Task[None]]]:
    """Let the answers come in for a moment; those that are whole and those that are not."""
    return await asyncio.wait(tasks, timeout=BEAT)
