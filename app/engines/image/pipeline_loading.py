"""Loading a pipeline of diffusers by the class that its checkpoint names, and its siblings for other tasks.

Weights come as safetensors or not at all, and no code from a model's folder is run.
"""

from __future__ import annotations

import inspect
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from app.engines.image.families import FAMILIES, UNKNOWN, Family, Mask, Start
from app.engines.image.latent_space import LatentSpace, space_of
from app.engines.image.pipeline_preview import preview_of
from app.engines.image.preview import Preview
from app.engines.shared.checkpoint import index_of
from app.engines.shared.loading import dtype_of, line, quieten
from app.errors import EngineError, _
from app.settings import EngineSetting


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a checkpoint became: a pipeline a task ("create", "change", "inpaint") that share their weights."""

    pipes: dict[str, Any]
    family: Family
    space: LatentSpace | None
    preview: Preview | None


def loaded(setting: EngineSetting, device: str) -> Loaded:
    """The checkpoint of `setting` on `device`. Raises EngineError."""
    import diffusers
    from safetensors import SafetensorError

    quieten()
    base: Any = diffusers.DiffusionPipeline
    _check_class(setting.model)
    try:
        pipe = base.from_pretrained(setting.model, use_safetensors=True, dtype=dtype_of(setting.dtype, device)).to(device)
        pipes = siblings(pipe)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError, SafetensorError) as error:
        said = _("%(model)s cannot be loaded: %(reason)s")
        raise EngineError(said, model=setting.model, reason=line(error)) from error
    return assembled(pipes)


def assembled(pipes: dict[str, Any]) -> Loaded:
    """What pipelines that share their weights make together; "create" is the checkpoint's own."""
    for one in pipes.values():
        one.set_progress_bar_config(disable=True)
    space = space_of(pipes["create"])
    family = FAMILIES.get(type(pipes["create"]).__name__) or measured(pipes)
    return Loaded(pipes, family, space, preview_of(space))


def heard(pipe: Any) -> dict[str, Any]:
    """What the call of a pipeline takes, by name, with its defaults."""
    return {name: one.default for name, one in inspect.signature(pipe.__call__).parameters.items()}


def measured(pipes: dict[str, Any]) -> Family:
    """A family that the table does not have, from what its pipelines take."""
    create, change = heard(pipes["create"]), pipes.get("change")
    scale = create.get("true_cfg_scale")
    starts = Start.MIXED if change is None else Start.STRENGTH if "strength" in heard(change) else Start.REFERENCE
    return replace(
        UNKNOWN,
        guidance="true_cfg_scale" if isinstance(scale, (int, float)) and scale > 1 else "guidance_scale",
        avoid="negative_prompt" in create,
        start=starts,
        mask=Mask.OWN if "inpaint" in pipes else Mask.MIXED,
        creates="image" not in create or _from_words(pipes["create"]),
    )


def _from_words(pipe: Any) -> bool:
    """Whether AutoPipeline takes it for one that can do without a picture."""
    import diffusers

    try:
        diffusers.AutoPipelineForText2Image.from_pipe(pipe)
    except ValueError:
        return False
    return True


def siblings(pipe: Any) -> dict[str, Any]:
    """`pipe` and what its family has for other tasks."""
    import diffusers

    pipes = {"create": pipe}
    with suppress(ValueError):  # it may be saved as a pipeline for another task
        found = diffusers.AutoPipelineForText2Image.from_pipe(pipe)
        pipes["create"] = pipe if type(found) is type(pipe) else found
    others: dict[str, Any] = {
        "change": diffusers.AutoPipelineForImage2Image,
        "inpaint": diffusers.AutoPipelineForInpainting,
    }
    for task, kind in others.items():
        with suppress(ValueError):  # this family makes pictures from words alone
            pipes[task] = kind.from_pipe(pipe)
    named = FAMILIES.get(type(pipe).__name__, UNKNOWN).inpaint
    if named and hasattr(diffusers, named):
        pipes["inpaint"] = getattr(diffusers, named).from_pipe(pipe)
    if "change" not in pipes and "image" in heard(pipe):
        pipes["change"] = pipe
    return pipes


def _check_class(model: str) -> None:
    """Raises EngineError where `model` is of a class that this diffusers does not have, or that makes no pictures."""
    import diffusers

    index = index_of(model)
    if "_class_name" not in index:
        return  # not downloaded yet; else the loader says it
    name = index["_class_name"]
    if not isinstance(name, str):
        raise EngineError(_("%(model)s brings code of its own, which is not run."), model=model)
    kind = getattr(diffusers, name, None)
    if kind is None:
        raise EngineError(_("%(model)s is a %(kind)s, which the diffusers here does not know."), model=model, kind=name)
    taken = inspect.signature(kind.__call__).parameters
    if "prompt" not in taken or "num_frames" in taken or "audio_length_in_s" in taken:
        raise EngineError(_("%(model)s is a %(kind)s, which makes no pictures from words."), model=model, kind=name)
