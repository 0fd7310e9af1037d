"""A process of its own in which engines are measured, set up like a worker: one module of this room ending in `_alone`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from app.benchmarks.figures import UnmeasuredError
from app.settings import ROOT, Settings

QUIET = {"TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore"}


def answer_of(module: str, *arguments: int, who: str, patience: int) -> dict[str, Any]:
    """What app.benchmarks.`module` says at its end, as JSON on a line of its own. `who` runs in it, for `patience` seconds at
    most. Raises UnmeasuredError.
    """
    environment = os.environ | QUIET | {"OMP_NUM_THREADS": str(Settings().worker_threads), "OMP_WAIT_POLICY": "PASSIVE"}
    line = [sys.executable, "-m", f"app.benchmarks.{module}", *map(str, arguments)]
    try:
        done = subprocess.run(line, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired as error:
        raise UnmeasuredError("%(who)s took longer than %(seconds)d s", who=who, seconds=patience) from error
    found = [json.loads(said) for said in done.stdout.splitlines() if said.startswith("{")]
    if not found:
        raise UnmeasuredError("%(who)s did not run alone: %(error)s", who=who, error=done.stderr[-300:])
    answer: dict[str, Any] = found[-1]
    if "error" in answer:
        raise UnmeasuredError(answer["error"])
    return answer
