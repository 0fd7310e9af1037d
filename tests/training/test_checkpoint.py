"""A training survives what machines do to it: a kill in the middle of a write, a damaged file, a full disk."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from app.settings import ROOT
from app.training import checkpoint
from app.training.faults import TrainingError
from app.training.run import Clock, Keeper, finite, learning_rate

SIZE = 100_000  # numbers in the tensor: 400 kB


def saved(folder: Path, step: int) -> Path:
    """A checkpoint whose tensor is full of its step's number."""
    return checkpoint.save(folder, step, {"net": {"weight": torch.full((SIZE,), float(step))}}, {"spent": step * 2.0})


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    """The kernel refuses to let any file grow past `left` bytes, as it does when the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path) is None
    saved(tmp_path, 7)
    last = checkpoint.load(tmp_path)
    assert last is not None
    assert (last.step, last.facts) == (7, {"spent": 14.0})
    assert torch.equal(last.part("net")["weight"], torch.full((SIZE,), 7.0))


def test_the_last_two_stay(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        saved(tmp_path, step)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"checkpoint-00000000{n}.safetensors" for n in (3, 4)]


@pytest.mark.parametrize("left", [0, 5, 300, 200_000])
def test_a_half_written_checkpoint_is_left_out_for_the_one_before(
    tmp_path: Path, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path, 1)
    newest = saved(tmp_path, 2)
    with newest.open("r+b") as file:
        file.truncate(left)
    last = checkpoint.load(tmp_path)
    assert last is not None
    assert last.step == 1
    assert "checkpoint-000000002.safetensors is damaged" in capsys.readouterr().out


def test_a_full_disk_is_told_and_costs_no_sound_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved(tmp_path, 1)
    keeper = Keeper(lambda: saved(tmp_path, 2))
    with full_disk(left=100_000):
        assert keeper.keep() is False
        with pytest.raises(TrainingError, match="Make room"):
            keeper.finish()
    assert "the last sound checkpoint stays. Make room." in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-000000001.safetensors"]
    assert keeper.keep() is True
    last = checkpoint.load(tmp_path)
    assert last is not None
    assert last.step == 2


@pytest.mark.kill
def test_killed_while_it_saves_there_is_always_a_sound_checkpoint(tmp_path: Path) -> None:
    code = (
        "import itertools, pathlib, torch; from app.training import checkpoint\n"
        f"for step in itertools.count(1): checkpoint.save(pathlib.Path({str(tmp_path)!r}), step, "
        f"{{'net': {{'weight': torch.full(({SIZE},), float(step))}}}}, {{}})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("checkpoint-00000000[5-9]*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    last = checkpoint.load(tmp_path)
    assert last is not None
    assert torch.equal(last.part("net")["weight"], torch.full((SIZE,), float(last.step)))


def test_the_optimizer_comes_back_to_the_same_step(tmp_path: Path) -> None:
    def stepped(optimizer: torch.optim.Optimizer, weight: torch.Tensor) -> None:
        weight.grad = weight.detach().clone()
        optimizer.step()

    one = torch.nn.Parameter(torch.ones(4))
    first = torch.optim.AdamW([one])
    stepped(first, one)
    checkpoint.save(tmp_path, 1, {"net": {"w": one}, "optimizer": checkpoint.optimizer_tensors(first)}, {})
    last = checkpoint.load(tmp_path)
    assert last is not None
    other = torch.nn.Parameter(last.part("net")["w"].clone())
    second = torch.optim.AdamW([other])
    checkpoint.restore_optimizer(second, last.part("optimizer"))
    stepped(first, one)
    stepped(second, other)
    assert torch.equal(one, other)


def test_a_paused_process_does_not_spend_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = Clock(minutes=1)
    for took in (1, 1, 1, 3600, 1):
        now[0] += took
        clock.tick()
    assert clock.spent == 5
    now[0] += 100  # saving, say
    clock.skip()
    assert clock.progress == pytest.approx(5 / 60)


def test_the_learning_rate_warms_up_holds_and_decays() -> None:
    rates = [learning_rate(1.0, step, progress, warmup=10) for step, progress in ((0, 0), (9, 0), (99, 0.5), (99, 0.85))]
    assert rates == pytest.approx([0.1, 1, 1, 0.5])
    assert learning_rate(1.0, 99, 1.0) > 0


def test_an_error_that_is_no_number_stops_before_it_is_saved() -> None:
    assert finite(0.4, 1) == 0.4
    with pytest.raises(TrainingError, match="step 12 is no number"):
        finite(float("nan"), 12)
