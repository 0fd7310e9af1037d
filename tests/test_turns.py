"""Models of one worker: used side by side, loaded alone."""

from __future__ import annotations

import threading

from app.worker.turns import Turns

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
