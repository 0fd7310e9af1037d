"""Runs the measurements one after another, writes them as JSON and prints a table."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, figure_json
from app.benchmarks.goals import GOALS
from app.benchmarks.studio import Studio
from app.benchmarks.window import Windows
from app.errors import StemmaError

LONG = {"kills", "soak", "hearing"}  # measured only when named


def run(names: Sequence[str], target: Path | None, *, quick: bool, minutes: float = 20.0) -> dict[str, Any]:
    """Measure what is named (by default everything but what takes long), in the order of the goals."""
    unknown = sorted(set(names) - set(GOALS))
    if unknown:
        raise StemmaError(
            "There is no measurement %(names)s; there are %(known)s.", names=", ".join(unknown), known=", ".join(GOALS)
        )
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    report: dict[str, Any] = {"machine": machine(), "quick": quick, "figures": {}}
    chosen = [name for name in GOALS if name in names or (not names and name not in LONG)]
    if busy := note(report["machine"]):
        typer.echo(busy)
    bench = Bench(Studio(), Windows(), quick, minutes)
    began = time.monotonic()
    try:
        for name in chosen:
            for figure, entry in figures_of(name, bench):
                report["figures"][f"{name}.{figure}"] = entry
                typer.echo(line(entry))
    finally:
        bench.windows.close()
        bench.studio.close()
    report["seconds"] = round(time.monotonic() - began, 1)
    if target:
        target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return report


def note(machine: dict[str, Any]) -> str | None:
    """What is said of a machine that has other things to do."""
    load, cores = machine["load_at_start"], machine["cores"]
    if load < cores / 2:
        return None
    return f"  The machine is busy (load {load:g} on {cores} cores): of times by the clock only ratios mean anything."


def figures_of(name: str, bench: Bench) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every figure of a measurement, those that could not be measured included."""
    found: dict[str, Figure] = {}
    why = "it gave no such figure"
    try:
        for figure, value in importlib.import_module(f"app.benchmarks.{name}").measure(bench):
            found[figure] = value  # noqa: PERF403 (those before one that cannot be measured are kept)
    except UnmeasuredError as error:
        why = str(error)
    for figure, goal in GOALS[name].items():
        yield figure, figure_json(goal, found.get(figure), None if figure in found else why)


def machine() -> dict[str, Any]:
    """What was measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "load_at_start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": version("torch"),
        "diffusers": version("diffusers"),
        "system": f"{platform.system()} {platform.machine()}",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def line(entry: dict[str, Any]) -> str:
    """A figure as a line of the table."""
    if entry["value"] is None:
        return f"  –    {entry['about']}: {entry['why']}"
    sign = {True: "ok  ", False: "MISS"}[entry["met"]] if entry["met"] is not None else "    "
    bound = f"{'≤' if entry['better'] == 'less' else '≥'} {entry['goal']:g}"
    aim = f", aim {entry['aim']:g}" if entry["aim"] is not None else ""
    return f"  {sign} {entry['about']:<62} {entry['value']:>9g} {entry['unit']:<9} ({bound}{aim}; load {entry['load']})"
