"""The house model, loaded once for all tests of engines; one torch thread, as beside other tests."""

from __future__ import annotations

import pytest
import torch

from app.engines.image.house import House


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def house() -> House:
    engine = House()
    engine.load("cpu")
    return engine
