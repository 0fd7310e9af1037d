"""Server-sent events of a running studio: the present first, then steps, then the end; of this work and no other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.running import Running, until


def slow(studio: Running, work: str, steps: int = 8, seconds: float = 0.15) -> str:
    """A generation whose steps take a known time; its id."""
    return str(studio.ask(work, engine="fake-slow", params={"steps": steps, "seconds": seconds}, count=2)["id"])


def listen(studio: Running, path: str, last: str) -> list[tuple[str, dict[str, Any]]]:
    """Every event until generation `last` has ended."""
    heard = []
    for name, data in studio.events(path):
        heard.append((name, data))
        if name in {"done", "failed", "cancelled"} and data["generation"] == last:
            break
    return heard


def test_a_page_hears_the_present_then_the_steps_then_the_variants(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work)
    heard = listen(studio, f"/works/{work}/events", id)
    names = [name for name, _data in heard]
    assert (names[0], names[-1]) == ("state", "done")
    assert names.count("step") >= 3
    assert "html" in heard[0][1]
    steps = [data["step"] for name, data in heard if name == "step"]
    assert steps == sorted(steps)
    assert any(data.get("previews") for name, data in heard if name == "step")
    assert heard[-1][1]["html"].count("/content") >= 2  # the finished variants, ready to be put in place


def test_who_comes_in_the_middle_hears_how_far_it_is(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work, steps=12)
    until(lambda: (studio.generation(id)["step"] or 0) >= 3, 60, "some steps")
    heard = listen(studio, f"/works/{work}/events", id)
    assert (heard[0][0], heard[0][1]["status"]) == ("state", "running")
    assert heard[-1][0] == "done"


def test_who_comes_back_hears_what_ended_meanwhile_and_others_do_not(studio: Running) -> None:
    work = studio.work()
    left = time.time()
    id = slow(studio, work, steps=1, seconds=0.0)
    studio.wait(id)
    name, data = next(studio.events(f"/works/{work}/events?since={left}"))
    assert (name, data["generation"]) == ("done", id)
    other = slow(studio, work, steps=2)
    heard = listen(studio, f"/works/{work}/events", other)  # without `since` the past stays the past
    assert {data["generation"] for _name, data in heard} == {other}


def test_another_works_events_are_not_heard(studio: Running) -> None:
    here, there = studio.work(), studio.work()
    first = slow(studio, there, steps=3)
    second = slow(studio, here, steps=3)
    heard = listen(studio, f"/works/{here}/events", second)
    assert {data["generation"] for _name, data in heard} == {second}
    assert studio.wait(first)["status"] == "done"


def test_a_programs_stream_ends_with_the_last_word(studio: Running) -> None:
    work = studio.work()
    id = slow(studio, work, steps=4)
    heard = list(studio.events(f"/generations/{id}/events"))  # ends by itself
    assert heard[-1][0] == "done"
    assert all("html" not in data and "previews" not in data for _name, data in heard)
    late = list(studio.events(f"/generations/{id}/events"))
    assert [name for name, _data in late] == ["done"]
    broken = studio.ask(work, engine="fake-broken", params={"steps": 2, "seconds": 0.0})["id"]
    assert list(studio.events(f"/generations/{broken}/events"))[-1][0] == "failed"
    cancelled = slow(studio, work, steps=50)
    assert studio.http.post(f"/generations/{cancelled}/cancellation").status_code == 202
    assert list(studio.events(f"/generations/{cancelled}/events"))[-1][0] == "cancelled"


def test_a_cancelled_run_leaves_no_traceback(studio: Running) -> None:
    work = studio.work()
    before = studio.log.read_text().count("DBOSAwaitedWorkflowCancelledError")
    id = slow(studio, work, steps=60)
    until(lambda: (studio.generation(id)["step"] or 0) >= 1, 60, "a step")
    studio.http.post(f"/generations/{id}/cancellation")
    behind = slow(studio, work, steps=1)
    studio.wait(behind)
    assert studio.log.read_text().count("DBOSAwaitedWorkflowCancelledError") == before


@pytest.mark.kill
def test_a_new_attempt_is_told_and_the_steps_begin_again(tmp_path: Path) -> None:
    running = Running(tmp_path, {"STEMMA_FAKE_ENGINES": "1", "STEMMA_PRELOAD": "0"})
    running.start()
    try:
        work = running.work()
        id = slow(running, work, steps=12, seconds=0.1)
        heard: list[tuple[str, dict[str, Any]]] = []
        for name, data in running.events(f"/works/{work}/events"):
            heard.append((name, data))
            if name == "step" and data["step"] >= 4 and data["attempt"] == 1 and running.processes["worker"].poll() is None:
                running.kill("worker")
                running.start("worker")
            if name == "done":
                break
        attempts = [data["attempt"] for name, data in heard if name == "step"]
        assert set(attempts) == {1, 2}
        assert attempts == sorted(attempts)
        second = [data["step"] for name, data in heard if name == "step" and data["attempt"] == 2]
        assert (second[0], second == sorted(second)) == (0, True)
        assert any(name == "state" and data["attempt"] == 2 for name, data in heard)
        assert running.generation(id)["attempt"] == 2
    finally:
        running.stop()
