"""The judge's card: what it is, what its numbers mean, what it was made from and how well it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.training.image.card import measurement_rows, row, value_of, words_of

CARD = """\
---
license: apache-2.0
pipeline_tag: zero-shot-image-classification
---
# Stemma's house judge

How well a picture keeps to a brief, and which pictures and words lie near each other: an image encoder of a few million
parameters ({parameters:.1f} million with its heads), trained against sentences of all-MiniLM-L6-v2, which stays as it is.

## Use
The studio loads this folder by itself (`app/judging/house.py`):
```python
from app.judging.house import House

judge = House()
pictures = judge.embed_pictures([picture])  # PIL or uint8 [height, width, 3]: unit vectors [1, 256]
text = judge.embed_texts(["a red fox on a teal background"])[0]
judge.adherence(pictures, text)  # [1] in 0…1
```
`vision/` is a `ResNetModel` that transformers loads, `heads.safetensors` takes both sides into one space of 256
dimensions, `config.json` has the side of the square that a picture is shrunk to, and the calibration.

**Adherence** is the probability that the picture belongs to this text rather than to another one taken by chance, at even
odds: a logistic function of the cosine, fitted on drawings that training never saw (half with each other's captions) and
checked on others of them. 0.5 says nothing. It speaks of things, colours, grounds and styles; it is no measure of beauty.

## Data
{drawings:,} drawings; flags and skin tones of one drawing are left out. Training never saw {held_out}.
The packages are not part of this folder.{scenes}

| source | package | drawings | licence |
|---|---|---|---|
{rows}

Attribution, which some of the licences ask for (also in `sources.json`):
{attributions}

## Training
Sigmoid loss (Zhai et al. 2023) over every caption and every picture of a batch: a caption is true of each picture that it
describes, and is not asked where nobody can tell. Pictures are moved, resized, tilted, recoloured, blurred or sharpened,
made noisy and coarse, and pass through JPEG.
{training}
The recipe is `app/training/image/judge.py`: `stemma train image judge`.

## Measurements
{measurements}

## Limits
- It knows what emoji and icons show. Photographs, paintings and faces of persons are foreign to it.
- It was trained on the drawings that the house's image model was trained on: to measure that model, use
  `stemma train image judge --measuring`, which learns from other drawings alone.
- Styles are what it tells apart worst, and of concepts that training never saw it has only a rough idea (see above):
  adherence ranks variants of one brief, it is no verdict.
- Words are read through a sentence's vector of 24 word pieces: who does what to whom, and counts, are lost.

## Licence
The weights are Apache-2.0, like the studio. The drawings keep their own licences, see above.
"""


SCENES = """

Besides, {composed:,} scenes that the studio's composer drew for briefs as people write them; it knows what it drew, so what
is true of each is certain. Four briefs at a time differ in one respect (the thing, its colour or number, where, when, the
look). Some pictures were torn into squares: nothing is true of those. One group in forty was kept for measuring. They show
any concept and any drawing of the composer's sets, so only drawings of other sets count as unseen below."""


def card(
    parameters: int,
    sources: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    measurements: Mapping[str, Mapping[str, Any]],
) -> str:
    """The card as Markdown."""
    return CARD.format(
        parameters=parameters / 1e6,
        drawings=sum(source.get("drawings", 0) for source in sources),
        scenes=SCENES.format(composed=facts["scenes"]) if facts.get("scenes") else "",
        held_out="3 % of the concepts, and 4 % of the drawings of the others" if facts["hold_out"] else "4 % of the drawings",
        rows="\n".join(row(source) for source in sources),
        attributions="\n".join(f"- {source['attribution']}" for source in sources),
        training="\n".join(f"- {words_of(name)}: {value_of(value)}" for name, value in facts.items()),
        measurements="\n".join(measurement_rows(measurements)),
    )
