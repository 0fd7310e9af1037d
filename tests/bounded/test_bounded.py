"""Bounded tasks: a child that takes too much is ended, work is shared, takes turns, and ends with whoever wanted it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.bounded import MB, Source, Task, asking, wire
from app.bounded.child import HELPER
from app.errors import BusyError, InvalidError, LeftError, TooLargeError
from app.settings import ROOT
from tests.attacks import costly

pytestmark = pytest.mark.timeout(300)


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ticks(told: Path) -> int:
    return sum(map(int, told.read_text().rpartition(")")[2].split()[11:13]))


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The threads whose client has left."""
    gone: set[int] = set()
    monkeypatch.setattr(asking, "has_left", lambda: threading.get_ident() in gone)
    return gone


def test_a_task_runs_in_another_process_and_gives_what_it_gives() -> None:
    assert costly.where("much to do")[0] not in {os.getpid(), HELPER.process and HELPER.process.pid}
    assert costly.where("12") == (os.getpid(), 12)  # small: done at once
    assert costly.where.here("much to do") == (os.getpid(), 10)


def test_what_a_task_refuses_is_refused_with_its_words() -> None:
    with pytest.raises(InvalidError) as refused:
        costly.spend("refusal")
    assert refused.value.errors() == [{"field": "file", "message": "there are no notes in this file"}]


def test_a_fault_in_a_task_is_a_fault_that_tells_where() -> None:
    with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
        costly.spend("fault")


@pytest.mark.parametrize("what", ["time", "memory", "disk", "crash"])
def test_whoever_takes_too_much_is_ended_with_words(what: str, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with pytest.raises(TooLargeError, match=costly.TOO_MUCH):
        costly.spend(what, path)
    until(lambda: not alive(pids(path)[0]) if what != "disk" else True)


def test_too_late_is_busy_and_nothing_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(costly.spend.bounds), "deadline", 0.5)
    with pytest.raises(BusyError) as late:
        costly.spend("sleep", tmp_path / "pid")
    assert late.value.status == 503
    assert late.value.headers["Retry-After"]
    until(lambda: not any(map(alive, pids(tmp_path / "pid"))))


def test_bytes_are_read_where_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 3 * MB)
    with path.open("rb") as file:
        file.seek(1000)
        assert costly.length(Source(file), path, b"y" * 5 * MB) == [3 * MB, 3 * MB, 5 * MB]


def test_the_same_at_the_same_time_is_done_once() -> None:
    with ThreadPoolExecutor(4) as threads:
        several = [*threads.map(lambda _at: costly.rest(1.0, "same"), range(3))]
        others = [*threads.map(lambda at: costly.rest(0.1, str(at)), range(2))]
    assert len(set(several)) == 1
    assert len(set(others)) == 2


def test_turns_are_few_and_not_many_wait() -> None:
    lane = costly.LANE
    with ThreadPoolExecutor(10) as threads:
        asked = [threads.submit(costly.rest, 1.5, f"turn {at}") for at in range(lane.children + lane.waiting + 3)]
        refused = [type(one.exception()) for one in asked if one.exception()]
    assert refused == [BusyError] * 3
    assert costly.rest(0.0)  # afterwards there is room again


def test_who_leaves_ends_what_nobody_else_waits_for(leaving: set[int], tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(costly.spend, "sleep", path)
        until(lambda: pids(path))
        leaving.update(one.ident or 0 for one in threads._threads)
        assert isinstance(asked.exception(60), LeftError)
    until(lambda: not alive(pids(path)[0]))


def test_who_leaves_does_not_end_what_somebody_else_waits_for(leaving: set[int]) -> None:
    found: dict[str, Any] = {}

    def ask(name: str) -> None:
        try:
            found[name] = costly.rest(4.0, "shared")
        except LeftError as error:
            found[name] = error

    first, second = (threading.Thread(target=ask, args=(name,)) for name in ("first", "second"))
    first.start()
    until(lambda: asking._works)
    second.start()
    until(lambda: any(work.waiting == 2 for work in list(asking._works.values())))
    leaving.add(first.ident or 0)
    second.join()
    assert isinstance(found["second"], int)


def test_closing_what_is_watched_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    steps = costly.spend.watched("sleep", path)
    until(lambda: next(steps) is None and pids(path))
    steps.close()
    until(lambda: not alive(pids(path)[0]))
    assert [one for one in costly.length.watched(b"1234567") if one is not None] == [[7]]


def test_a_helper_that_died_is_replaced() -> None:
    costly.where("much to do")
    assert HELPER.process is not None
    before = HELPER.process.pid
    os.kill(before, signal.SIGKILL)
    HELPER.process.wait()
    assert costly.where("much to do")[0]
    assert HELPER.process.pid != before


PARENT = """
import sys, threading
from pathlib import Path
from tests.attacks import costly
from app.bounded.child import HELPER
path = Path(sys.argv[1])
threading.Thread(target=costly.spend, args=("sleep", path), daemon=True).start()
HELPER.start()
print(HELPER.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_all_of_it_ends_with_the_process_that_asked(how: signal.Signals | None, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    line = [sys.executable, "-c", PARENT, str(path)]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        until(lambda: pids(path))
        if how is None:
            parent.stdin.close()
        else:
            parent.send_signal(how)
        parent.wait(60)
    until(lambda: not alive(helper) and not alive(pids(path)[0]))


def test_an_idle_helper_takes_no_time() -> None:
    costly.where("much to do")
    assert HELPER.process is not None
    told = Path(f"/proc/{HELPER.process.pid}/stat")
    if told.exists():  # on Linux
        before = ticks(told)
        time.sleep(3)
        assert ticks(told) - before <= 1  # hundredths of a second


def test_an_answer_holds_nothing_but_values() -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return subprocess.check_output, (["true"],)

    with pytest.raises(pickle.UnpicklingError):
        wire.answer(pickle.dumps(("result", Evil())))
    assert wire.answer(wire.result([1, b"x", {"a": (2.5, None)}])) == ("result", [1, b"x", {"a": (2.5, None)}])
    kind, error = wire.answer(wire.failure(TooLargeError("At most %(most)d.", most=3)))
    assert (kind, error.status, error.message()) == ("error", 413, "At most 3.")


def test_a_task_within_a_task_runs_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Task, "inside", True)
    assert costly.where("much to do")[0] == os.getpid()
