"""`stemma train music …`: the recipe of the model of tunes as commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.settings import ROOT
from app.training.faults import readable_faults

app = typer.Typer(help="The model of tunes: data, model, samples, export, in this order.", no_args_is_help=True)
HERE = Path.home() / ".cache/stemma/music"
HOUSE = ROOT / "app/weights/house-music"
Folder = Annotated[Path, typer.Option(help="Where everything of this training lies.")]
Start = Annotated[Path | None, typer.Option(help="A model folder to go on from.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Threads = Annotated[int, typer.Option(min=1, help="torch threads on the CPU; leave a core to others.")]
Count = Annotated[int, typer.Option(min=1, help="Tunes that are written and measured.")]


@app.command()
def data(
    folder: Folder = HERE,
    held_out: Annotated[
        Path | None, typer.Option(help="A list (JSON) of the tunes that the model to go on from has not seen.")
    ] = None,
    take: Annotated[int | None, typer.Option(min=100, help="Only about so many tunes, to try it out.")] = None,
) -> None:
    """Read the tune books that come with music21."""
    from app.training.music import corpus, dataset

    with readable_faults():
        names = json.loads(held_out.read_text("utf-8")) if held_out else ()
        learnt, held = dataset.build(corpus.folder(), folder / "data", names, take)
    print(f"{learnt} tunes to learn from, {held} held out, in {folder / 'data'}")


@app.command()
def words(tokenizer: Annotated[Path, typer.Option(help="tokenizer.json of the English engine.")]) -> None:
    """The English words that a brief may have besides those of the lexicon of scenes."""
    from app.engines.music import lexicon, scenes
    from app.training.nearest import write_nearest

    listed = [word for _scene, _chinese, english in scenes.rows() for word in english]
    with readable_faults():
        taken, target = lexicon.explicit(), scenes.FOLDER / "english.txt"
        print(write_nearest(target, listed, taken, tokenizer, "scenes.txt", far=0.5), "English words")


@app.command()
def vectors() -> None:
    """The vectors of the lexicon's English words, after it was changed."""
    from app.engines.music import nearest_scene

    with readable_faults():
        nearest_scene.write()
    print(f"vectors of {len(nearest_scene.words())} words in {nearest_scene.VECTORS}")


@app.command()
def model(
    folder: Folder = HERE,
    start: Start = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="Budget of training, counted over interruptions.")] = 60,
    batch: Annotated[int, typer.Option(min=1, help="Rows a step.")] = 8,
    context: Annotated[int, typer.Option(min=32, help="Tokens of a row.")] = 512,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 6e-4,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train the model; stop it at any moment, run it again to go on."""
    from app.training.music import dataset
    from app.training.music import model as recipe
    from app.training.run import Machine

    settings = recipe.Settings(minutes=minutes, batch=batch, context=context, rate=rate)
    with readable_faults():
        learnt, held = dataset.load(folder / "data")
        recipe.train(recipe.Training(learnt, held, folder / "training", settings, Machine.of(device, threads), start))


@app.command()
def samples(
    weights: Annotated[Path, typer.Option("--model", help="A model folder.")] = HOUSE,
    to: Annotated[Path, typer.Option(help="A file of tunes in ABC.")] = Path("samples.abc"),
    seed: Annotated[int, typer.Option(min=0)] = 3,
    threads: Threads = 1,
) -> None:
    """Tunes of every kind, not chosen."""
    from app.training.checkpoint import write
    from app.training.music import samples as recipe
    from app.training.run import Machine

    with readable_faults():
        Machine.of("cpu", threads)
        write(to, "\n".join(recipe.tunes(weights, seed)).encode())
    print(to)


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="The model folder to write.")] = HOUSE,
    folder: Folder = HERE,
    weights: Annotated[Path | None, typer.Option("--model", help="A model folder instead of the training's best.")] = None,
    before: Annotated[str, typer.Option(help="What the weights had learned before this training, for the card.")] = "",
    count: Count = 300,
    threads: Threads = 1,
) -> None:
    """Write the model's folder with its card: measured on tunes that it writes, read back by music21."""
    from app.training.music import dataset
    from app.training.music import export as recipe
    from app.training.run import Machine

    with readable_faults():
        Machine.of("cpu", threads)
        learnt, held = dataset.load(folder / "data")
        sources = json.loads((folder / "data" / dataset.SOURCES).read_text("utf-8"))
        source = weights or folder / "training/model"
        figures = recipe.export(to, source, learnt, held, sources=sources, before=before, count=count)
    print(json.dumps(figures, indent=1))
    print(to)


@app.command()
def measure(
    folder: Folder = HERE,
    weights: Annotated[Path, typer.Option("--model", help="A model folder.")] = HOUSE,
    count: Count = 300,
    threads: Threads = 1,
) -> None:
    """The figures alone, of a model folder."""
    from app.training.music import dataset
    from app.training.music import measure as recipe
    from app.training.run import Machine

    with readable_faults():
        Machine.of("cpu", threads)
        learnt, held = dataset.load(folder / "data")
        print(json.dumps(recipe.measure(weights, learnt, held, count), indent=1))


@app.command()
def sounds(
    font: Annotated[Path, typer.Option(help="FluidR3Mono_GM.sf3, of Debian's fluidr3mono-gm-soundfont.")] = Path(
        "/usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3"
    ),
    to: Annotated[Path, typer.Option(help="Where the instruments' folders are written.")] = ROOT / "static/sounds",
) -> None:
    """Render the notes that the page plays and that recordings are mixed from (no training)."""
    from app.training.music import sounds as recipe

    with readable_faults():
        count = sum(1 for _path in recipe.make(font, to))
    print(f"{count} notes in {to}")
