"""What can go wrong in a recipe, said so that a person knows what to do."""

from __future__ import annotations

from app.errors import StemmaError


class TrainingError(StemmaError):
    """A step of a recipe cannot go on; the message says what to do. The command prints it and ends with status 1."""

    status, code = 500, "training"
