"""The house engine, and diffusers' own pipeline with the same weights, in one process; runs one when told its name.

Both compute in the same dtype, make the same number of pictures with the same seeds, and read the same words.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.brief import Brief, Prompt
from app.engines.engine import Content, Request, Verb
from app.engines.image.house import FOLDER, House, Speed
from app.errors import StemmaError

INTENT = "a quiet harbour at dawn"
Run = Callable[[], dict[str, Any]]


def engine(steps: int, count: int) -> tuple[Run, Run, str, Prompt]:
    """What runs the house engine at full pace and what sketches (both give dtype and sampler), its device, its prompt."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    house = House()
    house.load(device)
    house.warm()
    brief = Brief(intent=INTENT)
    seeds = tuple(range(7, 7 + count))

    def run(params: House.Params) -> dict[str, Any]:
        request = Request(Verb.CREATE, brief, params, seeds)
        made = [part for part in house.run(request) if isinstance(part, Content)]
        return {name: made[0].facts[name] for name in ("dtype", "sampler", "steps_taken")}

    full, sketch = House.Params(steps=steps), House.Params(pace=Speed.SKETCH)
    return partial(run, full), partial(run, sketch), device, house.prompt(brief)


def pipeline(steps: int, count: int, device: str, dtype: str, prompt: Prompt) -> Callable[[], Any]:
    """What runs diffusers' pipeline on the house folder."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    from app.engines.shared.minilm import TextEncoder

    encoder = TextEncoder(device)
    kinds: tuple[Any, ...] = (AutoencoderKL, UNet2DConditionModel, DDIMScheduler)
    vae, unet, scheduler = (
        one.from_pretrained(FOLDER, subfolder=part) for one, part in zip(kinds, ("vae", "unet", "scheduler"), strict=True)
    )
    parts = {"text_encoder": None, "tokenizer": None, "safety_checker": None, "feature_extractor": None}
    kind: Any = StableDiffusionPipeline
    pipe = kind(vae=vae, unet=unet, scheduler=scheduler, requires_safety_checker=False, **parts).to(device)
    pipe.set_progress_bar_config(disable=True)
    half = torch.autocast(device, getattr(torch, dtype)) if dtype != "float32" else contextlib.nullcontext()

    def run() -> Any:
        with half:
            return pipe(
                prompt_embeds=encoder.encode(prompt.positive),
                negative_prompt_embeds=encoder.encode(prompt.negative),
                num_inference_steps=steps,
                num_images_per_prompt=count,
                guidance_scale=House.Params().guidance,
                generator=[torch.Generator("cpu").manual_seed(7 + index) for index in range(count)],
            ).images

    return run


def main(steps: int, count: int) -> None:
    """Answer each line of the standard input with the seconds that run took, as JSON."""
    try:
        house, sketch, device, prompt = engine(steps, count)
        dtype, drawn = house()["dtype"], sketch()
        runs: dict[str, Callable[[], Any]] = {"engine": house, "sketch": sketch}
        runs["diffusers"] = pipeline(steps, count, device, dtype, prompt)
        runs["diffusers"]()
    except (StemmaError, ImportError) as error:
        tell({"error": str(error)})
        return
    tell({"dtype": dtype, "sketch": drawn})
    for line in sys.stdin:
        began = time.perf_counter()
        runs[line.strip()]()
        tell({"seconds": time.perf_counter() - began})


def tell(answer: dict[str, Any]) -> None:
    """A line on the standard output."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
