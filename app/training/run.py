"""What every training has in common: device and precision, the budget of minutes, checkpoints on the way, progress."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

import torch

from app.training.faults import TrainingError

PAUSE = 20.0  # a step that takes this many times the usual was a paused process, not work
CHECKPOINT_EVERY = 180.0  # seconds
SHEET_EVERY = 300.0  # seconds at least between two sheets of samples
TOLD_EVERY = 30.0  # seconds between lines in a log


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a step runs. On a GPU and on a CPU with bfloat16 the networks compute in bfloat16, the rest in float32."""

    device: torch.device

    @classmethod
    def of(cls, device: str, threads: int) -> Machine:
        """`device` is "auto", "cpu", "cuda", …; `threads` are torch's on the CPU (they spin while they wait)."""
        torch.set_num_threads(threads)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(torch.device(device))

    def autocast(self) -> AbstractContextManager[object]:
        """Mixed precision, where this machine is quicker with it."""
        able = self.device.type == "cuda" or torch.backends.cpu.get_cpu_capability() == "AVX512"
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if able else nullcontext()


class Clock:
    """The budget of a run: minutes of training, counted over interruptions, without the time a process was paused."""

    def __init__(self, minutes: float, spent: float = 0.0) -> None:
        self.budget, self.spent = minutes * 60, spent
        self._last = time.monotonic()
        self._usual: deque[float] = deque(maxlen=20)

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the budget is spent."""
        return min(1.0, self.spent / self.budget) if self.budget > 0 else 1.0

    def tick(self) -> None:
        """A step is done."""
        now = time.monotonic()
        took, self._last = now - self._last, now
        usual = sorted(self._usual)[len(self._usual) // 2] if self._usual else took
        self.spent += took if took < PAUSE * usual else usual
        self._usual.append(took)

    def skip(self) -> None:
        """What was done since the last step (saving, samples) is not training."""
        self._last = time.monotonic()


def learning_rate(peak: float, step: int, progress: float, warmup: int = 300, decay: float = 0.3) -> float:
    """Linear warm-up over `warmup` steps, then `peak`, then linearly to 3 % over the last `decay` of the budget."""
    return peak * min(1.0, (step + 1) / warmup) * min(1.0, max(0.03, (1 - progress) / decay))


class Every:
    """Says when something is due that is done every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.restart()

    def due(self) -> bool:
        """True when the time since the last `restart` has passed."""
        return time.monotonic() - self._last >= self.seconds

    def restart(self) -> None:
        """It was done."""
        self._last = time.monotonic()


class Keeper(Every):
    """Calls `save` every few minutes and at the end; a full disk is told and does not stop the training."""

    def __init__(self, save: Callable[[], object], seconds: float = CHECKPOINT_EVERY) -> None:
        super().__init__(seconds)
        self.save = save

    def keep(self) -> bool:
        """Save now; False when it failed (the last sound checkpoint stays)."""
        self.restart()
        try:
            self.save()
        except OSError as error:
            print(
                f"Not saved: {error.strerror or error}. Training goes on; the last sound checkpoint stays. Make room.",
                file=sys.stderr,
                flush=True,
            )
            return False
        return True

    def finish(self) -> None:
        """Save at the end. Raises TrainingError when that fails, for then the last minutes are lost."""
        if not self.keep():
            raise TrainingError("The last minutes could not be saved. Make room and run the step again to go on.")


class Report:
    """Tells how it goes: a line that is rewritten on a terminal, a line every half minute in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._last = float("-inf")

    def __call__(self, text: str, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._last < (0.5 if self._terminal else TOLD_EVERY):
            return
        self._last = now
        stamp = time.strftime("%H:%M:%S")
        print(f"\r\x1b[K{stamp} {text}" if self._terminal else f"{stamp} {text}", end="", flush=True)
        if last or not self._terminal:
            print(flush=True)


class Trains(Protocol):
    """What a training has for `until_spent` to drive it."""

    clock: Clock
    step: int

    def train_step(self) -> torch.Tensor:
        """One step of the optimizer; what it minimises."""

    def save(self) -> object:
        """A checkpoint. Raises OSError."""


def until_spent(
    training: Trains,
    said: Callable[[float], str],
    seldom: Callable[[], bool] = lambda: False,
) -> float:
    """Train until the budget is spent or it is asked to stop, saving on the way and at the end; the error, smoothed.

    `said` puts that error into the words of the progress line. `seldom` is asked after every step whether it has done
    something that is not training. Raises TrainingError when an error is no number or the last save fails.
    """
    keeper, report, recent = Keeper(training.save), Report(), 0.0
    training.clock.skip()
    with stoppable() as stopped:
        while training.clock.progress < 1 and not stopped():
            error = finite(training.train_step().item(), training.step)
            recent = error if recent == 0 else 0.98 * recent + 0.02 * error
            training.clock.tick()
            report(f"{bar(training.clock.progress)} {said(recent)}")
            if keeper.due():
                keeper.keep()
                training.clock.skip()
            if seldom():
                training.clock.skip()
    keeper.finish()
    return recent


def finite(error: float, step: int) -> float:
    """`error`. Raises TrainingError when it is no number: such weights must not replace a sound checkpoint."""
    if not math.isfinite(error):
        raise TrainingError("The error of step %(step)d is no number: run it again with a lower --rate.", step=step)
    return error


def bar(progress: float, width: int = 20) -> str:
    """A progress bar in text."""
    full = int(progress * width)
    return f"[{'#' * full}{'.' * (width - full)}] {progress:4.0%}"


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl+C and SIGTERM ask for an end after the step under way; the given function says whether."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        if asked:  # the second time they mean it
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
