"""`stemma train image …`: the recipe of the image model as commands; what is beside it stands in cli_more.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.training.faults import readable_faults
from app.training.image.cli_more import beside
from app.training.image.cli_options import HERE, HOUSE, Batch, Device, Folder, Minutes, Start, Threads

image = typer.Typer(
    help="The image model: data, autoencoder, decoder, examples, diffusion, few-steps, export, in this order.",
    no_args_is_help=True,
)
image.add_typer(beside)  # without a name its commands are this group's


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
    onward: Annotated[bool, typer.Option(help="Go on from START's network, of whichever kind, instead of a new one.")] = False,
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
        made = samples.sample_pictures(network, vae, prompts, machine)
        samples.contact_sheet(made, prompts).save(here / f"samples-{seen:09d}.png")

    with readable_faults():
        vae = networks.load_autoencoder(_trained(folder, start))
        known = library.Library(folder / "examples", vae.config.scaling_factor, settings.scenes)
        new = networks.new_hourglass(fine, width, depth, known.shape[1], known.shape[0])
        network = networks.plain_attention(networks.load_unet(start or HOUSE)) if onward else new
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
