"""What engines of diffusers and transformers share when they load: the type of numbers, and what an error says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def quieten() -> None:
    """Let diffusers and transformers load without a word: progress bars have no place in a log."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()


def dtype_of(name: str, device: str) -> torch.dtype:
    """`name`, or for "auto" half precision where the device computes in it."""
    import torch

    if name != "auto":
        dtype: torch.dtype = getattr(torch, name)
        return dtype
    if not device.startswith("cuda"):
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def line(error: Exception) -> str:
    """The first line of what a library says; the rest is for programmers."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
