"""What is asked of a text and cannot be."""

from __future__ import annotations

from app.errors import StemmaError, _


class ImpossibleError(StemmaError):
    """No text can keep this form; the message says which wish is in the way."""

    status, code, title = 422, "impossible-form", _("No text can keep this form.")
