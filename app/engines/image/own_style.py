"""A style that an artist taught (app/teaching): low-rank changes in the layout of `fewsteps`, and a word that calls it.

Merged, the network is as quick as before. With the few-step version in the network as well, both changes are added.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.brief import Prompt
from app.engines.engine import Style
from app.engines.image.fewsteps import change, layers_of
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

    from app.engines.image.fewsteps import FewSteps

TRIGGER = "stemmatic"  # nobody writes it, so the model's other words stay as they were; the artist's own name may change
UNKNOWN = "a picture"  # what a picture shows of which nothing is said
BASE = "base"  # in a file's metadata: the digest of the weights that it changes


def called(words: str) -> str:
    """`words` with the style's word before them, as they are learned and asked for."""
    return f"{TRIGGER} {words.strip() or UNKNOWN}"


def styled(prompt: Prompt, style: Style | None) -> Prompt:
    """What the model reads with `style`."""
    return replace(prompt, positive=called(prompt.positive)) if style else prompt


@dataclass(frozen=True, slots=True)
class Changes:
    """The layers that one file changes, and how."""

    layers: list[tuple[Any, torch.Tensor, torch.Tensor]]
    weight: float

    @classmethod
    def of(cls, unet: torch.nn.Module, style: Style, base: str) -> Changes:
        """Read `style` for `unet`, whose weights have the digest `base`. Raises EngineError when it is of another model."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        if style.base != base:
            raise EngineError(_("“%(name)s” was taught to another model than this one. Teach it anew."), name=style.name)
        try:
            return cls(layers_of(unet, load(style.data)), style.weight)
        except (KeyError, AttributeError, ValueError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:300]
            raise EngineError(
                _("The weights of “%(name)s” cannot be used: %(reason)s"), name=style.name, reason=reason
            ) from error


class Merging:
    """What is put into one network: nothing, the few-step version, a style, or both. The plain weights come back to the bit."""

    def __init__(self, few: FewSteps | None) -> None:
        self.few = few
        self._now: tuple[bool, Changes | None] = (False, None)
        self._plain: list[torch.Tensor] = []

    def put(self, *, few: bool, style: Changes | None) -> None:
        """Let these be in the network, and nothing else. Runs take turns, so each says it at each step."""
        import torch

        style = style if style is not None and style.weight else None
        if self._now[0] == few and self._now[1] is style:
            return
        with torch.no_grad():
            if self._now[1] is not None:
                for (layer, _down, _up), plain in zip(self._now[1].layers, self._plain, strict=True):
                    layer.weight.data = plain
                self._plain = []
            if self.few is not None:
                self.few.put(merged=few)
            if style is not None:
                self._plain = [layer.weight.data for layer, _down, _up in style.layers]
                for layer, down, up in style.layers:
                    plain = layer.weight.data
                    layer.weight.data = (plain.float() + style.weight * change(down, up)).to(plain.dtype)
        self._now = (few, style)
