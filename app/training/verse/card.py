"""The model card: what the model is, what it was made from and how well it does, for whoever opens its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.training.image.card import measurement_rows, value_of, words_of

CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: zh
---
# Stemma's house verse model

Classical Chinese verse from a few keywords: a Llama of {parameters:.1f} million parameters on characters, which writes a
quatrain in about a second on one core of a laptop. Forty poems that nobody chose are in `samples.md`.

## Use
The studio loads this folder by itself, and keeps lines, punctuation, rhyme and tones by masks over the next character.
With transformers:
```python
model = LlamaForCausalLM.from_pretrained("house-verse")
words = json.loads(Path("house-verse/poem_vocab.json").read_text("utf-8"))  # a token is a character or a mark, id by place
```
What it reads: `<form>`, up to four times `<词>` and a keyword of one or two characters, perhaps `<题>` and a title, then
`<诗>`; what it writes: the poem with ，and 。 after its lines, then `<eos>`. Forms: {forms}.

## Data
{poems:,} poems of these forms from one package, each but once (a poem that repeats half of its lines from earlier ones is
left out), in simplified characters; one per cent is held out by the poem. The package is not part of this folder.

| source | package | poems | licence |
|---|---|---|---|
{rows}

Attribution (also in `sources.json`):
{attributions}

The poems themselves are of the Tang and Song dynasties (618 to 1279) and in the public domain.

## Training
{training}
The recipe is `app/training/verse`: `stemma train verse --help`.

## Measurements
{measurements}

## Limits
- It sounds like Tang and Song verse, and its lines hold together; a whole poem seldom has one thought.
- Tones and rhymes are the masks' work, not the model's: by itself it breaks them now and then.
- Keywords are named because the studio leans towards them; what the model does alone is measured above.
- It knows neither modern words nor prose, and characters that are rare in the corpus not at all.
- The studio leads it away from lines that it was trained on (`known.safetensors` holds 32 bits of each); by itself it repeats
  some: see the two shares of lines that stand in the corpus.

## Licence
The weights are Apache-2.0, like the studio. The package of poems is under the MIT licence, see above.
"""


def card(
    parameters: int,
    forms: Sequence[str],
    sources: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any],
    measurements: Mapping[str, Mapping[str, Any]],
) -> str:
    """The card as Markdown."""
    return CARD.format(
        parameters=parameters / 1e6,
        forms="、".join(forms),
        poems=sum(source.get("poems", 0) for source in sources),
        rows="\n".join(f"| {s['title']} | `{s['name']}` {s['version']} | {s['poems']:,} | {s['licence']} |" for s in sources),
        attributions="\n".join(f"- {source['attribution']}" for source in sources),
        training="\n".join(f"- {words_of(name)}: {value_of(value)}" for name, value in training.items()),
        measurements="\n".join(measurement_rows(measurements)),
    )
