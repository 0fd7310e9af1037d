"""Tasks: functions that are called as any other, and run in a child process within bounds unless their work is small."""

from __future__ import annotations

import functools
import inspect
import os
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

from app.bounded.asking import Call, done, watched
from app.bounded.bounds import QUICK, Bounds, Lane
from app.bounded.child import HELPER, Limits
from app.bounded.wire import call_digest, pack_call

P = ParamSpec("P")
R = TypeVar("R")
OUTPUT = "to"  # the argument that names a file to be written
TASKS: dict[str, Task[Any, Any]] = {}  # every task that was declared, by name


class Task(Generic[P, R]):
    """A function with bounds. A call raises what it raises, and besides:

    TooLargeError when it took more than its bounds allow, BusyError when too many others want to be worked on or the
    machine is too busy, LeftError when the client for whom it was done has left.
    """

    inside = False  # whether this process is a child already

    def __init__(
        self, work: Callable[P, R], bounds: Bounds, small: Callable[P, bool] | None = None, needs: tuple[str, ...] = ()
    ) -> None:
        functools.update_wrapper(self, work)
        self.here, self.bounds, self.small, self.needs = work, bounds, small, needs
        self.signature = inspect.signature(work)
        self.module, self.name = work.__module__, f"{work.__module__}:{work.__qualname__}"
        TASKS[self.name] = self
        HELPER.modules.add(self.module)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if Task.inside or (self.small is not None and self.small(*args, **kwargs)):
            return self.here(*args, **kwargs)
        found: R = done(self.called(*args, **kwargs))
        return found

    def run(self, given: Mapping[str, Any]) -> R:
        """Do it here, with arguments by name."""
        bound = self.signature.bind_partial()
        bound.arguments.update(given)
        return self.here(*bound.args, **bound.kwargs)

    def watched(self, *args: P.args, **kwargs: P.kwargs) -> Generator[R | None]:
        """The same, step by step: None several times a second while it works, then the result. Closing it ends the work."""
        return watched(self.called(*args, **kwargs))

    def called(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """A call, ready to be sent to a child. Calls that ask for the same have the same key, wherever they write meanwhile."""
        memory = self.bounds.memory
        given = self.signature.bind(*args, **kwargs).arguments
        to, partial = given.get(OUTPUT), None
        key = call_digest((self.name, given))
        if to is not None:
            to.parent.mkdir(parents=True, exist_ok=True)
            partial = given[OUTPUT] = to.with_name(f"{to.name}.{os.getpid()}.{time.monotonic_ns():09}")
        request, files = pack_call((self.name, dict(given)))
        limits = Limits(self.bounds.seconds, memory if isinstance(memory, int) else memory(*args, **kwargs), self.bounds.output)
        return Call(self.name, self.bounds, limits, request, files, key, to, partial)


def bounded(
    seconds: float,
    memory: int | Callable[..., int],
    too_much: str,
    *,
    lane: Lane = QUICK,
    output: int = 0,
    small: Callable[..., bool] | None = None,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a task (see `Bounds`). What is `small` by its arguments is done at once, without a child.

    Arguments and result are pickled; a result is small. What is large is written to the path that is the argument OUTPUT:
    the file is there when the call returns, whole, or not at all.
    `needs` are the libraries that the function imports when it is called: the helper holds them ready.
    """
    return lambda work: Task(work, Bounds(seconds, memory, too_much, lane, output), small, needs)
