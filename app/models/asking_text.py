"""What a wish for a text must say: where in it, by which form, from which texts."""

from __future__ import annotations

from app.errors import InvalidError, _

Selection = tuple[int, int]


def selection_in(text: str, selection: Selection | None) -> Selection | None:
    """`selection` if it lies in `text` and holds something. Raises InvalidError saying what is allowed."""
    if selection is None:
        return None
    start, end = selection
    if not 0 <= start < end <= len(text):
        said = _("two places in the text, the first before the second: 0 to %(length)d (Unicode code points)")
        raise InvalidError("selection", said, length=len(text))
    if not text[start:end].strip():
        raise InvalidError("selection", _("there is nothing but space there"))
    return start, end
