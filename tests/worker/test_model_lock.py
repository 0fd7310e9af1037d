"""Models of one worker: used side by side, loaded alone; runs take turns at the device, the quick first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.engines.shared.callback_iterator import Closed, emitted
from app.lanes import Lane
from app.worker import model_lock as module
from app.worker.model_lock import Turns

SOON = 5.0  # seconds in which what may happen happens
NOT_YET = 0.05


def test_two_use_models_at_once() -> None:
    turns = Turns()
    with turns.using():
        other = threading.Thread(target=lambda: turns.using().__enter__())
        other.start()
        other.join(SOON)
        assert not other.is_alive()


def test_who_loads_waits_for_those_that_use_and_goes_before_those_that_come() -> None:
    turns, happened = Turns(), list[str]()

    def load() -> None:
        with turns.loading():
            happened.append("loaded")

    def use() -> None:
        with turns.using():
            happened.append("used")

    loads, uses = threading.Thread(target=load), threading.Thread(target=use)
    with turns.using():
        loads.start()
        loads.join(NOT_YET)
        uses.start()
        uses.join(NOT_YET)
        assert happened == []
    loads.join(SOON)
    uses.join(SOON)
    assert happened == ["loaded", "used"]


def test_a_load_that_fails_lets_the_others_go_on() -> None:
    turns = Turns()
    try:
        with turns.loading():
            raise OSError("no room")  # noqa: TRY301 (the test is about raising)
    except OSError:
        pass
    with turns.using():
        pass


class Device:
    """Runs whose steps take a time, told in the order in which they were computed."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.told: list[str] = []
        self.busy = threading.Lock()

    def run(self, name: str, steps: int, seconds: float, before: Callable[[int], None] = lambda _number: None) -> Iterator[int]:
        for number in range(1, steps + 1):
            assert self.busy.acquire(blocking=False), "two runs compute at once"
            before(number)
            time.sleep(seconds)
            self.told.append(name)
            self.busy.release()
            yield number

    def start(self, lane: Lane, run: Iterator[int], between: float = 0.0) -> threading.Thread:
        """Go through `run` in a thread of its own, which is away from the device for a moment after each step."""

        def go() -> None:
            with self.turns.open(lane):
                for _number in self.turns.steps(run, lane):
                    time.sleep(between)

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        return thread


def test_a_quick_run_passes_a_long_one_at_its_next_step_and_keeps_its_turn_between_its_own() -> None:
    device = Device()
    reached = threading.Event()
    long = device.start(Lane.LONG, device.run("long", 12, 0.05, lambda number: (number == 2 and reached.set()) or None))
    assert reached.wait(SOON)
    quick = device.start(Lane.QUICK, device.run("quick", 8, 0.005), between=0.01)
    quick.join(SOON)
    long.join(SOON)
    first, last = device.told.index("quick"), len(device.told) - 1 - device.told[::-1].index("quick")
    assert first <= 3  # the step that ran when it came, and at most one that had begun by then
    assert device.told[first : last + 1].count("long") <= 1
    assert (device.told.count("long"), device.told.count("quick")) == (12, 8)


def test_a_long_run_gets_its_share_however_many_quick_ones_come() -> None:
    device = Device()
    reached = threading.Event()
    long = device.start(Lane.LONG, device.run("long", 6, 0.02, lambda _number: reached.set()))
    assert reached.wait(SOON)
    for _one in range(12):
        device.start(Lane.QUICK, device.run("quick", 10, 0.01)).join(SOON)
    long.join(SOON)
    assert device.told[-1] == "quick"  # it was through before they were
    assert device.told.count("long") == 6


def test_a_quick_run_that_is_away_for_long_does_not_hold_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GAP", 0.02)
    device = Device()
    with device.turns.open(Lane.QUICK):  # it prepares for ever
        device.start(Lane.LONG, device.run("long", 3, 0.001)).join(SOON)
    assert device.told == ["long"] * 3


def test_what_a_service_computes_takes_no_turn() -> None:
    device = Device()
    with device.turns._step(Lane.LONG):
        assert list(device.turns.steps(iter(range(3)), Lane.REMOTE)) == [0, 1, 2]


def test_a_model_is_loaded_between_two_steps_of_a_run() -> None:
    device, loaded = Device(), list[int]()
    run = device.turns.steps(device.run("long", 3, 0.001), Lane.LONG)
    assert next(run) == 1

    def load() -> None:
        with device.turns.loading():
            loaded.append(1)

    loads = threading.Thread(target=load)
    loads.start()
    loads.join(SOON)
    assert loaded == [1]
    assert list(run) == [2, 3]


def test_a_step_that_fails_gives_the_device_back() -> None:
    device = Device()

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(device.turns.steps(broken(), Lane.LONG))
    assert list(device.turns.steps(device.run("long", 2, 0.0), Lane.LONG)) == [1, 2]


def test_a_library_that_calls_back_works_only_while_its_next_step_is_asked_for() -> None:
    reached = list[int]()

    def work(emit: Callable[[int], None]) -> None:
        for number in range(5):
            reached.append(number)
            emit(number)

    run = emitted(work)
    assert next(run) == 0
    time.sleep(NOT_YET)  # nothing is to happen
    assert reached == [0]
    assert list(run) == [1, 2, 3, 4]


def test_closing_ends_a_library_that_calls_back_where_it_is() -> None:
    ended = list[str]()

    def work(emit: Callable[[int], None]) -> None:
        try:
            for number in range(5):
                emit(number)
        except Closed:
            ended.append("closed")
            emit(9)  # what still calls back on its way out is told the same

    run = emitted(work)
    assert next(run) == 0
    run.close()  # type: ignore[attr-defined]  # a generator
    assert ended == ["closed"]
