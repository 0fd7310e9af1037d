"""The command `stemma`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.benchmarks.goals import GOALS
from app.errors import StemmaError

app = typer.Typer(help="Stemma, a web studio for human-AI co-creation.", no_args_is_help=True, pretty_exceptions_enable=False)

Data = Annotated[Path | None, typer.Option(help="Folder of the database, the store and the queue [STEMMA_DATA].")]
Host = Annotated[str | None, typer.Option(help="Address to listen on [STEMMA_HOST].")]
Port = Annotated[int | None, typer.Option(help="Port to listen on [STEMMA_PORT].")]


def _set(**options: Any) -> None:
    """Options win over the environment, and child processes inherit them."""
    for name, value in options.items():
        if value is not None:
            os.environ[f"STEMMA_{name.upper()}"] = str(value.absolute() if isinstance(value, Path) else value)


@app.command()
def studio(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Run the whole studio: web and a worker, started again when one dies."""
    _set(host=host, port=port, data=data)
    from app.commands.studio import run

    raise typer.Exit(run())


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Run the web process alone."""
    _set(host=host, port=port, data=data)
    from app.commands.serve import serve as run

    run()


@app.command()
def worker(data: Data = None) -> None:
    """Run a worker: one device; texts, tunes and sketches pass a long run at its next step."""
    _set(data=data)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting torch threads must not spin: the web needs the core
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # its reports on loading are not for an artist's log
    os.environ.setdefault("TQDM_DISABLE", "1")
    from app.settings import settings

    os.environ.setdefault("OMP_NUM_THREADS", str(settings().worker_threads))  # read by torch when it is imported
    from app.integrity.startup import patiently, ready
    from app.web.observe import set_up_logging
    from app.worker.main import WorkerProcess

    set_up_logging(settings())
    patiently(lambda: ready(settings()))
    WorkerProcess(settings()).run()


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the tables of the studio and of the queue to the present form; a new studio gets the example."""
    _set(data=data)
    from app.commands.prepare import prepare
    from app.settings import settings

    prepare(settings())
    print("The tables are up to date.")


@app.command()
def keeper(
    name: Annotated[str, typer.Argument(help="Somebody who needs a new password; without, a new keeper.")] = "",
    data: Data = None,
) -> None:
    """Print a link by which a keeper comes in, or somebody sets a new password (studios with STEMMA_ACCOUNTS=1)."""
    _set(data=data)
    from app.commands.keeper import link
    from app.integrity.startup import ready
    from app.settings import settings

    ready(settings())
    print(link(settings(), name))


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="The file to write, a .tar.")], data: Data = None) -> None:
    """Write the whole studio into one file, as it is at this moment; the studio may go on running."""
    _set(data=data)
    from app.commands.backup import backup as run
    from app.settings import settings

    print(f"{target}: {run(settings(), target)} files and all rows.")


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="A file that `stemma backup` wrote.")], data: Data = None) -> None:
    """Bring a backup back, into an empty data folder and an empty database."""
    _set(data=data)
    from app.commands.restore import restore as run
    from app.settings import settings
    from app.storage.queue import migrate_queue

    count = run(settings(), source)
    migrate_queue(settings())
    print(f"{count} files and all rows are back in {settings().data}.")


@app.command()
def adopt(data: Data = None) -> None:
    """Join a database and a store that do not say that they belong together: only if you are sure that they do."""
    _set(data=data)
    from app.integrity.identity import adopt as run
    from app.settings import settings

    found = run(settings())
    print(f"The database and the store in {found.place} belong together from now on.")
    print(f"{found.missing} of {found.rows} files that the database knows are missing (of the first that were looked at);")
    print(
        f"{found.unknown} of {found.files} files in the store are unknown to it. `stemma orphans` tells what becomes of these."
    )


@app.command()
def orphans(
    data: Data = None,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="Move them into the quarantine, however many.")] = False,
) -> None:
    """Tell which files of the store no row of the database knows; on demand set them aside for 30 days."""
    _set(data=data)
    from app.settings import settings
    from app.worker.orphans import command

    print(command(settings(), set_aside=set_aside))


@app.command()
def example(
    target: Annotated[Path | None, typer.Argument(help="The file to write; the studio's own by default.")] = None,
) -> None:
    """Make the example of a new studio again, through the public interface of a studio of its own."""
    from app.example.making import remake

    print(f"{remake(target)}: the example is made.")


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Any of {', '.join(GOALS)}; without a name, all but kills and soak.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="File to write the figures to.")] = None,
    quick: Annotated[bool, typer.Option(help="A few repeats: whether it runs, not figures to quote.")] = False,
    minutes: Annotated[float, typer.Option(min=1, help="How long a soak lasts.")] = 20.0,
) -> None:
    """Measure what is promised, in a studio of its own on this machine."""
    os.environ["STEMMA_LOG_LEVEL"] = "WARNING"
    from app.benchmarks.main import run

    run(names or (), json, quick=quick, minutes=minutes)


def _training() -> None:
    """Mount `stemma train`, which needs packages that a studio does without."""
    from app.training.cli import app as train

    app.add_typer(train, name="train", help="Train the house models from recipes that anyone can run again.")


def _said(error: StemmaError) -> str:
    """The error in the language of the terminal (POSIX, 8.2: LC_ALL before LC_MESSAGES before LANG)."""
    language = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if not language.startswith("zh"):
        return str(error)
    from app.web.templates import translations

    return error.message(translations("zh").gettext)


def main() -> None:
    """Entry point: errors meant for a person are said without a traceback."""
    if "train" in sys.argv[1:2]:
        _training()
    try:
        app()
    except StemmaError as error:
        typer.echo(f"stemma: {_said(error)}", err=True)
        raise SystemExit(error.exit_status) from error


if __name__ == "__main__":
    main()
