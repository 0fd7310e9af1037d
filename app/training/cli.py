"""`stemma train …`: the recipes as commands. Nothing heavy is imported before a step runs."""

from __future__ import annotations

import typer

from app.training.image.cli import image
from app.training.music.cli import app as music
from app.training.verse.cli import verse

app = typer.Typer(help="Make the house's models again, or better.", no_args_is_help=True)
app.add_typer(image, name="image")
app.add_typer(music, name="music")
app.add_typer(verse, name="verse")
