"""The finished model as a folder: weights, configuration, vocabulary, sources, measurements, poems to read, a card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.engines.text.known_lines import KnownLines
from app.engines.text.verse import Verse
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.image.export import swap
from app.training.verse import measure, poems
from app.training.verse.card import card
from app.training.verse.shapes import SHAPES

FILES = ("config.json", "generation_config.json", "model.safetensors", "poem_vocab.json")


def export(
    target: Path, folder: Path, *, before: str = "", count: int = 400, said: Callable[[str], None] = print
) -> dict[str, dict[str, Any]]:
    """Measure the model trained in `folder` by `count` poems and write the model folder `target` whole; the measurements.

    `before` is what the weights had learned before this training. Raises TrainingError without a model, and OSError,
    leaving the former folder.
    """
    model = folder / "model/model"
    if not (model / FILES[-2]).exists():
        raise TrainingError("There is no model in %(folder)s: run the step `model` first.", folder=model)
    corpus = poems.load(folder / "data")
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(model / name, part / name)
    _cleaned(part / "config.json")
    KnownLines.of({line for poem in corpus for line in poem.lines}).save(part)
    engine = Verse(part)
    engine.load("cpu")
    training = ({"before": before} if before else {}) | _training(model / "training.json")
    held, number = measure.held_out_error(engine, corpus)
    said("writing and measuring poems")
    figures, _found = measure.measure(engine, corpus, count)
    figures |= measure.unguided_shares(part, corpus, count // 4)
    note = f"nats a token over {number} poems never seen, in float32"
    figures = {"held_out_error": {"value": round(held, 4), "note": note}} | figures
    sources = json.loads((folder / "data/sources.json").read_text("utf-8"))
    write(part / "sources.json", json.dumps(sources, indent=1, ensure_ascii=False).encode())
    write(part / "training.json", json.dumps(training, indent=1, ensure_ascii=False).encode())
    write(part / "measurements.json", json.dumps(figures, indent=1, ensure_ascii=False).encode())
    write(part / "samples.md", measure.poems_markdown(list(measure.sample_poems(engine, 40, seed=7))).encode())
    parameters = sum(parameter.numel() for parameter in engine.model.model.parameters())
    write(part / "README.md", card(parameters, list(SHAPES), sources, training, figures).encode())
    swap(part, target)
    return figures


def _training(path: Path) -> dict[str, Any]:
    """How the model was trained, for its folder and its card."""
    trained = json.loads(path.read_text("utf-8"))
    return {
        "tokens": trained["tokens"],
        "steps": trained["steps"],
        "minutes": round(trained["spent"] / 60, 1),
        "tokens_a_batch": trained["settings"]["tokens"],
        **{name: value for name, value in trained["settings"].items() if name not in {"tokens", "minutes", "measured"}},
    }


def _cleaned(path: Path) -> None:
    """The configuration without where on this machine it came from."""
    config = json.loads(path.read_text("utf-8"))
    config.pop("_name_or_path", None)
    write(path, (json.dumps(config, indent=2, sort_keys=True) + "\n").encode())
