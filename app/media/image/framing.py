"""A picture with a frame of new pixels around it, before an engine has painted them, and the mask that says where they are."""

from __future__ import annotations

from PIL import Image

from app.media.image.picture import kept, png

Frame = tuple[int, int, int, int]  # pixels added left, top, right, bottom


def framed(data: bytes, frame: Frame) -> tuple[bytes, bytes]:
    """The picture `data`, mirrored at its edges into the frame, and the mask (white in the frame): PNGs of one size."""
    import numpy as np

    left, top, right, bottom = frame
    inner = kept(data)
    pixels = np.pad(np.asarray(inner), ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    mask = Image.new("L", (left + inner.width + right, top + inner.height + bottom), 255)
    mask.paste(0, (left, top, left + inner.width, top + inner.height))
    return png(Image.fromarray(pixels)), png(mask)
