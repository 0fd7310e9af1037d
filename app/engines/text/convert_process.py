"""The conversion of a language model in a process of its own, so that neither web nor pictures wait for it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from app.engines.text.gguf import converted, finished
from app.errors import DiskFullError, EngineError, StemmaError, _
from app.settings import ROOT

log = logging.getLogger(__name__)


def convert_aside(source: Path, folder: Path) -> None:
    """`converted` in a process of its own, with the lowest priority: it takes a core for a minute and 1 GB for a moment.

    What went wrong is kept beside the folder, for `failure` to say, until it goes well. Raises as `converted` does.
    """
    if finished(source, folder):
        return
    line = [sys.executable, "-m", "app.engines.text.convert_process", str(source), str(folder), str(os.getpid())]
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(  # noqa: S603 (our own interpreter and module)
        line, env=os.environ | quiet, cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = _failed(folder)
    if done.returncode == 0:
        told.unlink(missing_ok=True)
        return
    try:
        said = json.loads(done.stdout.splitlines()[-1])
        kind = DiskFullError if said["code"] == DiskFullError.code else EngineError
        error: StemmaError = kind(said["title"], **said["details"])
    except (ValueError, KeyError, IndexError, TypeError):
        log.warning("%s: %s", source.name, done.stderr[-2000:])
        error = EngineError(_("The model could not be prepared (its process ended with %(code)d)."), code=done.returncode)
    with contextlib.suppress(OSError):  # a full disk may not hold even this
        told.write_text(error.message(), "utf-8")
    raise error


def failure(folder: Path) -> str | None:
    """Why the last conversion into `folder` failed; None when it did not, or goes on."""
    try:
        return _failed(folder).read_text("utf-8")
    except OSError:
        return None


def _failed(folder: Path) -> Path:
    return folder.with_suffix(".failed")


def _aside() -> None:
    """What the process of `convert_aside` does; it ends with the worker that started it (argument 3 is that one's id)."""
    source, folder, parent = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.nice(19)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(3)  # what is half written is swept away by the next

    threading.Thread(target=watch, daemon=True).start()
    try:
        converted(source, folder)
    except StemmaError as error:
        sys.stdout.write(json.dumps({"code": error.code, "title": error.title, "details": error.details}) + "\n")
        sys.exit(1)


if __name__ == "__main__":
    _aside()
