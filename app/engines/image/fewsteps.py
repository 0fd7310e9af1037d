"""The few-step version of a UNet, as low-rank changes (LoRA, Hu et al. 2022) in the layout of diffusers' `load_lora_weights`.

A layer `unet.<name>` has two tensors: `lora_A.weight` [rank, in, …] and `lora_B.weight` [out, rank, …]; its weight changes
by their product. Merged, the network is as quick as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

FOLDER, NAME = "few-steps", "pytorch_lora_weights.safetensors"
PREFIX, DOWN, UP = "unet.", ".lora_A.weight", ".lora_B.weight"


def change(down: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """The change of a layer's weight [out, in, …] in float32, from `down` [rank, in, …] and `up` [out, rank, …]."""
    product: torch.Tensor = up.float().flatten(1) @ down.float().flatten(1)
    return product.reshape(up.shape[0], *down.shape[1:])


class FewSteps:
    """The changes of one file, put into a network and taken out again.

    With them it makes a picture in `steps` DDIM steps, without guidance: a `guidance` of its teacher's is inside.
    """

    def __init__(self, unet: torch.nn.Module, path: Path) -> None:
        """Read `path`, for `unet`. Raises EngineError when it is damaged, or made for another network."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as file:
                facts = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
            self.steps, self.guidance = int(facts["steps"]), float(facts["guidance"])
            self.unet = facts.get("unet", "")  # the SHA-256 of the weights it was trained for, as its recipe computes it
            self.layers = layers_of(unet, tensors)
        except (OSError, KeyError, AttributeError, ValueError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:300]
            raise EngineError(_("The weights %(file)s cannot be used: %(reason)s"), file=str(path), reason=reason) from error
        self._plain: list[torch.Tensor] = []

    def put(self, merged: bool) -> None:
        """Put the changes into the network, or take them out: the plain weights come back to the bit.

        They are merged anew each time (from float32, then rounded once), so that only one network stays in memory
        beside the plain weights of the layers in use.
        """
        import torch

        if merged == bool(self._plain):
            return
        with torch.no_grad():
            if merged:
                self._plain = [layer.weight.data for layer, _down, _up in self.layers]
                for layer, down, up in self.layers:
                    plain = layer.weight.data
                    layer.weight.data = (plain.float() + change(down, up)).to(plain.dtype)
            else:
                for (layer, _down, _up), plain in zip(self.layers, self._plain, strict=True):
                    layer.weight.data = plain
                self._plain = []


def layers_of(unet: torch.nn.Module, tensors: Mapping[str, torch.Tensor]) -> list[tuple[Any, torch.Tensor, torch.Tensor]]:
    """Each layer with its two tensors on its device. Raises KeyError, AttributeError, ValueError when they do not fit."""
    found = []
    for key, down in tensors.items():
        if not key.endswith(DOWN):
            continue
        name = key.removeprefix(PREFIX).removesuffix(DOWN)
        layer: Any = unet.get_submodule(name)
        up = tensors[f"{PREFIX}{name}{UP}"]
        if change(down, up).shape != layer.weight.shape:
            raise ValueError(f"{name} has another shape")
        found.append((layer, down.to(layer.weight.device), up.to(layer.weight.device)))
    if not found or 2 * len(found) != len(tensors):
        raise ValueError("it holds other tensors than low-rank changes of a UNet")
    return found
