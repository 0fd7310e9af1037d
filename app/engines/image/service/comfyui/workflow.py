"""A workflow's file: its graph, what an artist's wishes are filled into, and the node whose picture is kept."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import gate
from app.engines.image.service.comfyui.places import RESULTS, Control, purpose, told
from app.errors import EngineError, UnfitError, _
from app.media.image.beside import SIGNATURE, apart
from app.media.image.comfy_graph import Graph, Input, Places, Role

LARGEST = 64 * 2**20  # bytes of a file
NO_FILE = _("The workflow %(file)s cannot be read: %(reason)s")
NO_GRAPH = _("The file %(file)s holds no workflow of ComfyUI.")
FOR_ITS_PAGE = _(
    "The workflow %(file)s is saved for ComfyUI's own page. Open it there, choose Workflow, Export (API), and name that file."
)
CIRCULAR = _("In the workflow %(file)s a node comes from itself.")
NO_OUTPUT = _("The workflow %(file)s keeps no picture: it has no node like Save Image at its end.")
NO_WORDS = _("In the workflow %(file)s no place for words or a picture was found. Give the node's title as “Stemma: prompt”.")


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a file holds; `sha256` is that of its graph."""

    name: str
    sha256: str
    graph: Graph
    places: Places
    output: str
    controls: tuple[Control, ...] = ()

    @property
    def fills(self) -> dict[str, str]:
        """What is filled in where, as people read it: the title of each node, its id and its input."""
        places = {role.value: inputs for role, inputs in self.places.items()}
        places |= {control.title: (control.place,) for control in self.controls}
        return {
            name: ", ".join(f"{self.graph.title(place.node)} ({place.node}.{place.name})" for place in inputs)
            for name, inputs in places.items()
        }

    def has(self, *roles: Role) -> bool:
        """Whether something can be filled in for each of them."""
        return all(role in self.places for role in roles)

    def value(self, role: Role) -> Any:
        """What stands in the file itself."""
        return self.graph.value(self.places[role][0]) if role in self.places else None

    def filled(self, values: Mapping[Input, Any]) -> dict[str, Any]:
        """The graph with these values in it, as the server takes it."""
        nodes = {name: _sent(node) for name, node in self.graph.nodes.items()}
        for place, value in values.items():
            nodes[place.node]["inputs"][place.name] = value
        if self.graph.kind(self.output) == "SaveImageWebsocket":  # nobody could fetch it later
            nodes[self.output]["class_type"] = "PreviewImage"
        return nodes


def _sent(node: Mapping[str, Any]) -> dict[str, Any]:
    return copy.deepcopy({name: node[name] for name in ("class_type", "inputs", "_meta") if name in node})


def read(path: Path, inputs: Mapping[str, str | Sequence[str]]) -> Workflow:
    """The workflow in a file; `inputs` says of some what they are for. Raises EngineError."""
    found, page = _parts(path)
    graph = Graph(found)
    if not graph.nodes:
        raise EngineError(NO_GRAPH, file=path.name)
    if graph.circular:
        raise EngineError(CIRCULAR, file=path.name)
    app = _app_mode(page)
    output = _output(graph, app)
    if output is None:
        raise EngineError(NO_OUTPUT, file=path.name)
    places, controls = told(graph, output, app, inputs, path.name)
    if not (Role.PROMPT in places or Role.PICTURE in places):
        raise EngineError(NO_WORDS, file=path.name)
    try:
        sent = json.dumps({name: _sent(node) for name, node in graph.nodes.items()}, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise EngineError(NO_FILE, file=path.name, reason=_("it holds a number that is none")) from error
    return Workflow(path.stem, hashlib.sha256(sent.encode()).hexdigest(), graph, places, output, controls)


def _parts(path: Path) -> tuple[object, object]:
    """The graph in a file, and what ComfyUI's page keeps beside it. Raises EngineError."""
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise EngineError(NO_FILE, file=path.name, reason=error.strerror or type(error).__name__) from error
    if len(data) > LARGEST:
        raise EngineError(NO_FILE, file=path.name, reason=_("it is too large"))
    try:
        if data.startswith(SIGNATURE):
            texts = apart(data).texts
            return tuple(gate.parsed(texts.get(name, "null"), numbers=False) for name in ("prompt", "workflow"))
        found = gate.parsed(data, numbers=False)
    except UnfitError as error:
        raise EngineError(NO_FILE, file=path.name, reason=str(error)) from error
    if isinstance(found, dict) and isinstance(found.get("nodes"), list):
        raise EngineError(FOR_ITS_PAGE, file=path.name)
    if isinstance(found, dict) and isinstance(found.get("prompt"), dict):  # what the page sends, or both beside one another
        beside = found.get("extra_data")
        for name in ("extra_pnginfo", "workflow"):
            beside = beside.get(name) if isinstance(beside, dict) else None
        return found["prompt"], found.get("workflow") or beside
    return found, None


def _app_mode(page: object) -> Mapping[str, Any]:
    """What the author chose to show in App mode."""
    extra = page.get("extra") if isinstance(page, dict) else None
    found = extra.get("linearData") if isinstance(extra, dict) else None
    return found if isinstance(found, dict) else {}


def _output(graph: Graph, app: Mapping[str, Any]) -> str | None:
    """The node whose picture is kept: the one that its author chose, or of those that save pictures the last in the graph."""
    listed = app.get("outputs")
    chosen = [str(node) for node in listed if str(node) in graph.nodes] if isinstance(listed, list) else []
    chosen = [node for node in graph.nodes if purpose(graph, node).lower() in RESULTS] or chosen
    ends = [node for node in graph.nodes if "images" in graph.inputs(node) and node in graph.ends()]
    saved = [node for node in ends if "Preview" not in graph.kind(node)]
    return max(chosen or saved or ends, key=lambda node: len(graph.above(node)), default=None)
