"""What can go wrong in a recipe, said so that a person knows what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app.errors import StemmaError


class TrainingError(StemmaError):
    """A step of a recipe cannot go on; the message says what to do. The command prints it and ends with status 1."""

    status, code = 500, "training"


@contextmanager
def readable_faults() -> Iterator[None]:
    """A fault ends the command with its message; a full disk says that what was sound is still there."""
    try:
        yield
    except StemmaError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    except OSError as error:
        print(f"{error}\nWhat was finished is still there: make room or mend it, and run the step again.", file=sys.stderr)
        raise typer.Exit(1) from error
