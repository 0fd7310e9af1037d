"""bin/setup with a Python whose pip is played: what is installed when, what an interruption leaves, what is said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import ROOT

# Stands in for python3: makes a folder for `-m venv`, notes every `-m pip` and does what the test asks of it.
PYTHON = """#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd -P)
case "$1 $2" in
  "-m venv")
    mkdir -p "$4/bin"; find "$4" -mindepth 1 -delete; mkdir -p "$4/bin"
    cp "$0" "$4/bin/python"; printf '#!%s/bin/python\\n' "$4" >"$4/bin/pip"; echo "version = 3.11.7" >"$4/pyvenv.cfg"
    echo venv >>"$CALLS" ;;
  "-m pip")
    log=$6
    printf '%s\\n' "$SAYS" >>"$log"
    echo "pip ${*: -2}" >>"$CALLS"
    eval "$DOES" ;;
  *) exec "$REAL" "$@" ;;
esac
"""
PYPROJECT = '[project]\nname = "stemma"\n[project.optional-dependencies]\nengines = [\n  "torch==2.13.0",\n]\n'


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Machine:
    """A folder with the script and a pyproject of its own, and a PATH whose first Python is the played one."""

    def __init__(self, root: Path) -> None:
        self.root = root / "stemma folder"  # a path with a space, as people have
        (self.root / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "bin/setup", self.root / "bin/setup")
        (self.root / "pyproject.toml").write_text(PYPROJECT)
        (self.root / "requirements").mkdir()
        for name in ("studio.txt", "test.txt"):
            (self.root / "requirements" / name).write_text("fastapi==0.165.0\n")
        self.path = root / "path"
        self.path.mkdir()
        (self.path / "python3").write_text(PYTHON)
        (self.path / "python3").chmod(0o755)
        self.log = root / "calls"
        self.log.touch()

    def start(self, *extras: str, says: str = "", does: str = "exit 0", **environment: str) -> subprocess.Popen[str]:
        env = {
            **os.environ,
            "PATH": f"{self.path}:{os.environ['PATH']}",
            "CALLS": str(self.log),
            "REAL": sys.executable,
            "SAYS": says,
            "DOES": does,
            **environment,
        }
        env = {name: value for name, value in env.items() if name != "PYTHON" or "PYTHON" in environment}
        command = ["bash", str(self.root / "bin/setup"), *extras]
        return subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def setup(self, *extras: str, says: str = "", does: str = "exit 0", **environment: str) -> tuple[int, str]:
        process = self.start(*extras, says=says, does=does, **environment)
        _, said = process.communicate(timeout=60)
        return process.returncode, said

    @property
    def calls(self) -> list[str]:
        """What was asked of the played Python since the last look."""
        lines = self.log.read_text().splitlines()
        self.log.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def all_of(machine: Machine, locked: str = "studio.txt") -> list[str]:
    """pip's calls for a whole set-up, by their last two words."""
    return [
        f"pip -r {machine.root}/requirements/{locked}",
        f"pip {machine.root}/.venv/setup.log torch==2.13.0",
        f"pip -e {machine.root}",
    ]


def test_what_is_locked_comes_first_and_a_second_start_does_nothing(machine: Machine) -> None:
    assert machine.setup("engines")[0] == 0
    assert machine.calls == ["venv", *all_of(machine)]
    began = time.perf_counter()
    code, said = machine.setup("engines")
    assert (code, said, machine.calls) == (0, "", [])
    assert time.perf_counter() - began < 2  # the aim is 0.2 s; a busy machine is not a failure


def test_a_changed_requirement_is_installed_into_the_same_environment(machine: Machine) -> None:
    machine.setup("engines")
    assert machine.calls
    (machine.root / "pyproject.toml").write_text(PYPROJECT.replace("2.13.0", "2.14.1"))
    machine.setup("engines")
    assert machine.calls == [call.replace("2.13.0", "2.14.1") for call in all_of(machine)]


def test_a_changed_lock_is_installed_into_the_same_environment(machine: Machine) -> None:
    machine.setup("engines")
    assert machine.calls
    (machine.root / "requirements/studio.txt").write_text("fastapi==0.166.0\n")
    machine.setup("engines")
    assert machine.calls == all_of(machine)


def test_the_tests_extra_serves_the_studio_as_well(machine: Machine) -> None:
    machine.setup("engines", "dev")
    assert machine.calls == ["venv", *all_of(machine, "test.txt")]
    machine.setup("engines")
    assert machine.calls == []


def test_a_folder_that_was_moved_gets_a_new_environment(machine: Machine) -> None:
    machine.setup("engines")
    machine.root = machine.root.rename(machine.root.parent / "moved")
    assert machine.setup("engines")[0] == 0
    assert machine.calls.count("venv") == 2


def test_killed_while_packages_are_laid_down_it_begins_anew(machine: Machine) -> None:
    process = machine.start("engines", says="Installing collected packages: alembic", does="exec sleep 60")
    wait_for(lambda: any("studio.txt" in line for line in machine.log.read_text().splitlines()))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert machine.calls[0] == "venv"
    assert machine.setup("engines")[0] == 0
    assert machine.calls == ["venv", *all_of(machine)]


def test_stopped_while_it_downloads_it_goes_on_in_the_same_environment(machine: Machine) -> None:
    process = machine.start("engines", says="Downloading alembic", does="exec sleep 60")
    wait_for(lambda: any("studio.txt" in line for line in machine.log.read_text().splitlines()))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "the next start goes on from here" in said
    assert machine.calls[0] == "venv"
    assert machine.setup("engines")[0] == 0
    assert machine.calls == all_of(machine)


def test_two_starts_at_once_set_up_once(machine: Machine) -> None:
    both = [machine.start("engines", does="sleep 0.3") for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert machine.calls == ["venv", *all_of(machine)]
    assert sum("waiting for it" in text for text in said) == 1


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (
            "2026-11-23T20:00:00,000 ERROR: Could not install packages: [Errno 28] No space left on device",
            "the disk is full",
        ),
        (
            "WARNING: Retrying: NewConnectionError: [Errno -3] Temporary failure in name resolution",
            "could not be reached",
        ),
        ("2026-11-23T20:00:00,000 ERROR: No matching distribution found for torch==2.13.0", "No matching distribution"),
    ],
    ids=["disk", "network", "other"],
)
def test_a_failure_is_told_in_words_and_the_next_start_goes_on(machine: Machine, says: str, told: str) -> None:
    code, said = machine.setup("engines", says=says, does="exit 1")
    assert code == 1
    assert told in said
    assert "Traceback" not in said
    assert machine.setup("engines")[0] == 0


def test_without_a_python_it_says_what_to_install(machine: Machine) -> None:
    code, said = machine.setup("engines", PYTHON="/nowhere/python3")
    assert code == 1
    assert "Python 3.11 or newer is needed" in said
    assert "/nowhere/python3" in said
    assert not (machine.root / ".venv").exists()
