"""What is known of the families of diffusers' pipelines without loading one, by the class that a checkpoint names.

What is not in the table is measured from the pipeline itself (pipeline_loading.measured). Steps and guidance are those that
the models' cards ask for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.engines.shared.checkpoint import index_of
from app.errors import _

USUAL = _("How strictly the picture follows the brief. At 1 or below it is off: quicker, and what to avoid is not read.")
INSIDE = _("How strictly the picture follows the brief. These weights have it inside, so it costs no time.")
ADDED = _("How much is added for the brief. 0 is off; 3.5 here is what other models call 4.5.")
TURBO = _("These are quick weights with the guidance inside: leave it as it is.")
PLAIN = _("How strictly the picture follows the brief.")  # where nothing is known

_FEW = re.compile(r"turbo|schnell|lightning|hyper|\blcm|flash|distill|dmd|\b[1248]-?steps?\b", re.IGNORECASE)
_ENGLISH, _BOTH = frozenset({"en"}), frozenset({"en", "zh"})


class Start(StrEnum):
    """How a family goes on from a picture."""

    STRENGTH = "strength"  # it takes the picture back to a level of noise, by a pipeline of its own
    REFERENCE = "reference"  # it looks at the picture while it makes another: we take the picture back to a level of noise
    MIXED = "mixed"  # it makes pictures from words alone: we take the picture back


class Mask(StrEnum):
    """How a family changes a part of a picture."""

    OWN = "own"  # by a pipeline of its own
    MIXED = "mixed"  # we put back what stays after each step


@dataclass(frozen=True, slots=True)
class Defaults:
    """What weights of a kind want."""

    steps: int
    guidance: float


@dataclass(frozen=True, slots=True)
class Family:
    """What a class of pipelines hears, and how."""

    base: Defaults = Defaults(28, 5.0)
    turbo: Defaults = Defaults(4, 1.0)  # weights distilled to few steps
    guidance: str = "guidance_scale"  # what its call names the guidance that one can set
    meaning: str = USUAL
    avoid: bool = True  # it reads what to avoid
    start: Start = Start.STRENGTH
    mask: Mask = Mask.OWN
    inpaint: str = ""  # the class that knows masks, where AutoPipeline does not name it
    creates: bool = True  # it can do without a picture
    side: int = 1024  # pixels of a square, where neither the pipeline nor its network tells
    reads: frozenset[str] | None = _ENGLISH  # languages; None: not known
    needs: tuple[str, ...] = ()  # packages besides those of every family


_FLUX2 = Family(
    Defaults(28, 4.0), Defaults(8, 2.5), meaning=INSIDE, avoid=False, start=Start.REFERENCE, mask=Mask.MIXED, reads=_BOTH
)
_QWEN = Family(Defaults(40, 4.0), Defaults(8, 1.0), guidance="true_cfg_scale", reads=_BOTH)
_QWEN_EDIT = Family(
    Defaults(40, 4.0), Defaults(8, 1.0), guidance="true_cfg_scale", start=Start.REFERENCE, creates=False, reads=_BOTH
)
_WORDS = Family(Defaults(20, 4.5), start=Start.MIXED, mask=Mask.MIXED)
FAMILIES = {
    "StableDiffusionPipeline": Family(Defaults(28, 7.0), side=512),
    "StableDiffusionXLPipeline": Family(Defaults(28, 6.0)),
    "StableDiffusion3Pipeline": Family(Defaults(28, 4.5), Defaults(4, 0.0)),
    "FluxPipeline": Family(Defaults(28, 3.5), Defaults(4, 0.0), meaning=INSIDE, avoid=False),
    "FluxKontextPipeline": Family(
        Defaults(28, 2.5),
        Defaults(8, 2.5),
        meaning=INSIDE,
        avoid=False,
        start=Start.REFERENCE,
        inpaint="FluxKontextInpaintPipeline",
    ),
    "Flux2Pipeline": _FLUX2,
    "Flux2KleinPipeline": Family(
        Defaults(50, 4.0), avoid=False, start=Start.REFERENCE, inpaint="Flux2KleinInpaintPipeline", reads=_BOTH
    ),
    "ZImagePipeline": Family(Defaults(30, 4.0), Defaults(9, 0.0), reads=_BOTH),
    "QwenImagePipeline": _QWEN,
    "QwenImageEditPipeline": _QWEN_EDIT,
    "QwenImageEditPlusPipeline": _QWEN_EDIT,
    "Krea2Pipeline": Family(
        Defaults(28, 4.5),
        Defaults(8, 0.0),
        meaning=ADDED,
        start=Start.MIXED,
        mask=Mask.MIXED,
        reads=_BOTH,
        needs=("accelerate",),  # diffusers loads its transformer only with it
    ),
    "PixArtAlphaPipeline": _WORDS,
    "PixArtSigmaPipeline": _WORDS,
    "Lumina2Pipeline": Family(Defaults(30, 4.0), start=Start.MIXED, mask=Mask.MIXED, reads=_BOTH),
}
UNKNOWN = Family(meaning=PLAIN, reads=None)

# A hub id that is not here yet is known by its name alone: the first that fits.
_NAMES = (
    ("kontext", "FluxKontextPipeline"),
    ("flux.?2.*klein", "Flux2KleinPipeline"),
    ("flux.?2", "Flux2Pipeline"),
    ("flux", "FluxPipeline"),
    ("z-?image", "ZImagePipeline"),
    ("qwen-?image-?edit", "QwenImageEditPlusPipeline"),
    ("qwen-?image", "QwenImagePipeline"),
    ("krea-?2", "Krea2Pipeline"),
    ("lumina.*2", "Lumina2Pipeline"),
    ("pixart.*sigma", "PixArtSigmaPipeline"),
    ("pixart", "PixArtAlphaPipeline"),
    ("stable-diffusion-3", "StableDiffusion3Pipeline"),
    ("sdxl|stable-diffusion-xl", "StableDiffusionXLPipeline"),
    ("stable-diffusion", "StableDiffusionPipeline"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one checkpoint."""

    name: str  # of its class; empty when nobody knows
    family: Family
    turbo: bool

    @property
    def defaults(self) -> Defaults:
        """What its weights want."""
        return self.family.turbo if self.turbo else self.family.base

    @property
    def meaning(self) -> str:
        """What its guidance is, as a message id."""
        return TURBO if self.turbo else self.family.meaning

    @property
    def avoids(self) -> bool:
        """Whether it reads what to avoid: not where its guidance is off."""
        return self.family.avoid and not self.turbo


def known(model: str) -> Known:
    """What its files tell of `model`, a folder or a hub id; its name, where it is not here yet. Without torch."""
    index = index_of(model)
    name = index.get("_class_name")
    called = model.rstrip("/").rpartition("/")[2]
    if not isinstance(name, str):
        name = next((kind for pattern, kind in _NAMES if re.search(pattern, called, re.IGNORECASE)), "")
    return Known(name, FAMILIES.get(name, UNKNOWN), _is_turbo(called, name, index))


def _is_turbo(called: str, name: str, index: dict[str, object]) -> bool:
    """Whether weights are distilled to few steps: they say so, their scheduler does, or their name."""
    if isinstance(said := index.get("is_distilled"), bool):
        return said
    scheduler = index.get("scheduler")
    if isinstance(scheduler, list) and "LCMScheduler" in scheduler:
        return True
    if name == "Flux2KleinPipeline":  # the plain ones are, those called "base" are not
        return "base" not in called.lower()
    return bool(_FEW.search(called))
