"""What the commands of `stemma train image` have in common: the options that several take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.settings import ROOT

HOUSE = ROOT / "app/weights/house-image"
Folder = Annotated[Path, typer.Option(help="Where everything of this training lies.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Threads = Annotated[int, typer.Option(min=1, help="torch threads on the CPU; leave a core to others.")]
Minutes = Annotated[float, typer.Option(min=0.01, help="Budget in minutes of training, counted over interruptions.")]
Batch = Annotated[int, typer.Option(min=1, help="Examples a step.")]
Start = Annotated[Path | None, typer.Option(help="A model folder to go on from, app/weights/house-image say.")]
HERE = Path.home() / ".cache/stemma/image"
