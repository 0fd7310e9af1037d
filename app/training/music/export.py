"""The finished model as a folder: weights, vocabulary, the tunes to compare with, figures, samples and a card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.engines.music.tunes import KNOWN
from app.training.checkpoint import write
from app.training.image.card import measurement_rows, value_of, words_of
from app.training.image.export import swap
from app.training.music import model, samples
from app.training.music.dataset import Tokens
from app.training.music.known import save_known
from app.training.music.measure import measure

CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
tags: [music, abc-notation]
---
# Stemma's house model of tunes

A `LlamaForCausalLM` of {parameters:.1f} million parameters that writes dance tunes and airs as key-free tokens (degree,
alteration, length, bar lines); the studio renders them as ABC in any key. It can fill bars in the middle of a tune.

## Use
The studio's engine `tunes` loads this folder. Its grammar keeps bars whole, parts closed and the end on the tonic; of several
drafts of each phrase it keeps the one that sounds best by a written score, and none that copies a known tune for eight bars.
`abc_vocab.json` lists the tokens, `known.safetensors` holds the training's tunes as numbers to compare with.

## Data
{tunes:,} tunes of public-domain books, from the corpus of the package music21; those that repeat another's beginning, and
those whose bars do not come out even, are left out.

| source | tunes | licence |
|---|---|---|
{rows}

## Training
{training}
The recipe is `app/training/music`: `stemma train music --help`.

## Measurements
{measurements}

## Samples, not chosen
```
{samples}
```

## Limits
- It knows one line of melody in the manner of Irish, Scottish and American dance music around 1800-1900, nothing else.
- {metres}
- Form comes from the engine's drafts more than from the model: without them parts often go on without an end.
- A tune may resemble one it was trained on: each says how far.

## Licence
The weights are Apache-2.0, like the studio. The tunes are in the public domain.
"""


def export(
    target: Path,
    source: Path,
    learnt: Sequence[Tokens],
    held_out: Sequence[Tokens],
    *,
    sources: Sequence[Mapping[str, Any]],
    before: str = "",
    count: int = 300,
) -> dict[str, dict[str, Any]]:
    """Write the model folder `target` whole, replacing what was there, from the model in `source`; the figures.

    Raises OSError and TrainingError, leaving the former folder.
    """
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    network = model.load(source)
    facts_file = source / "training.json"
    facts = json.loads(facts_file.read_text("utf-8")) if facts_file.exists() else {}
    facts |= {"before": before} if before else {}
    model.save_model(network, part / "weights", facts)
    for file in (part / "weights").iterdir():
        file.rename(part / file.name)
    (part / "weights").rmdir()
    save_known(part / KNOWN, learnt)
    figures = measure(part, learnt, held_out, count)
    write(part / "sources.json", json.dumps(list(sources), indent=1, ensure_ascii=False).encode())
    write(part / "measurements.json", json.dumps(figures, indent=1).encode())
    text = "\n".join(samples.tunes(part))
    write(part / "samples.abc", text.encode())
    parameters = sum(parameter.numel() for parameter in network.parameters())
    write(part / "README.md", card(parameters, sources, facts, figures, text).encode())
    swap(part, target)
    return figures


def card(
    parameters: int,
    sources: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
    tunes: str,
) -> str:
    """The card as Markdown."""
    told = [f"- {words_of(name)}: {value_of(value)}" for name, value in facts.items()]
    return CARD.format(
        parameters=parameters / 1e6,
        tunes=sum(source["tunes"] for source in sources),
        rows="\n".join(f"| {source['title']} | {source['tunes']:,} | {source['licence']} |" for source in sources),
        training="\n".join(told) or "Nothing is recorded of it.",
        measurements="\n".join(measurement_rows(figures)),
        samples=tunes.strip(),
        metres="Metres from 2/4 to 12/8 and four modes; no changes of key or metre on the way, one voice.",
    )
