"""Outside a mask the parent stays to the byte, whichever engine changed it: what the engine made there is not kept."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

from PIL import Image

from app.engines.engine import Content, Request
from app.errors import EngineError, _
from app.media.image.pasting import pasted
from app.media.image.picture import png

NONE = _("The engine made something that is not a picture.")


def pasted_back(request: Request, contents: Iterable[Content]) -> list[Content]:
    """The contents with the first parent's picture wherever the request's mask is black; as they are where it has none.

    Raises EngineError when a content is no picture.
    """
    mask, parent = request.mask, next(iter(request.parents), None)
    if mask is None or parent is None or not parent.data:
        return list(contents)
    return [_one(content, parent.data, mask) for content in contents]


def _one(content: Content, parent: bytes, mask: bytes) -> Content:
    try:
        with Image.open(io.BytesIO(content.data)) as made:
            made.load()
            whole = pasted(parent, made, mask)
    except (OSError, ValueError, SyntaxError) as error:
        raise EngineError(NONE) from error
    return replace(content, data=png(whole), media_type="image/png", width=whole.width, height=whole.height, raster=None)
