"""A workflow's file: its graph, what an artist's wishes are filled into, and the node whose picture is kept.

What an input is for is told by the setting, by the titles of nodes, by ComfyUI's App mode, or else traced.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import gate
from app.errors import EngineError, UnfitError, _
from app.media.image.beside import SIGNATURE, apart
from app.media.image.comfy_graph import TEXTS, Graph, Input, Places, Role, is_number, traced

LARGEST = 64 * 2**20  # bytes of a file
TITLE = re.compile(r"\s*stemma\s*[:：](.*)", re.IGNORECASE | re.DOTALL)  # a node's title, and what it is for
RESULTS = frozenset({"result", "output"})  # what the title of the node says whose picture is kept
CALLED = {role.value: (role,) for role in Role} | {
    "positive": (Role.PROMPT,),
    "negative": (Role.AVOID,),
    "cfg": (Role.GUIDANCE,),
    "size": (Role.WIDTH, Role.HEIGHT),
    "image": (Role.PICTURE,),
    "strength": (Role.CHANGE,),
    "denoise": (Role.CHANGE,),
}
NAMES: dict[Role, tuple[str, ...]] = {  # what inputs are called, the likeliest first
    Role.PROMPT: TEXTS,
    Role.AVOID: TEXTS,
    Role.SEED: ("seed", "noise_seed", "value"),
    Role.STEPS: ("steps", "value"),
    Role.GUIDANCE: ("cfg", "guidance", "value"),
    Role.WIDTH: ("width", "value"),
    Role.HEIGHT: ("height", "value"),
    Role.BATCH: ("batch_size", "value"),
    Role.PICTURE: ("image",),
    Role.CHANGE: ("denoise", "strength", "value"),
    Role.MASK: ("image",),
}
WORDED = frozenset({Role.PROMPT, Role.AVOID, Role.PICTURE, Role.MASK})  # they hold text; the others a number
ALWAYS = frozenset({Role.SEED, Role.BATCH})  # filled in whether or not App mode shows them

NO_FILE = _("The workflow %(file)s cannot be read: %(reason)s")
NO_GRAPH = _("The file %(file)s holds no workflow of ComfyUI.")
FOR_ITS_PAGE = _(
    "The workflow %(file)s is saved for ComfyUI's own page. Open it there, choose Workflow, Export (API), and name that file."
)
CIRCULAR = _("In the workflow %(file)s a node comes from itself.")
NO_OUTPUT = _("The workflow %(file)s keeps no picture: it has no node like Save Image at its end.")
NO_INPUT = _("The workflow %(file)s has no input %(input)s for what is called %(name)s in the settings.")
NO_WORDS = _("In the workflow %(file)s no place for words or a picture was found. Give the node's title as “Stemma: prompt”.")


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a file holds; `sha256` is that of its graph."""

    name: str
    sha256: str
    graph: Graph
    places: Places
    output: str

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
    places = traced(graph, output)
    if chosen := _inputs_of(app):
        places = _shown(graph, places, chosen)
    places |= _titled(graph) | _set(graph, inputs, path.name)
    if not (Role.PROMPT in places or Role.PICTURE in places):
        raise EngineError(NO_WORDS, file=path.name)
    try:
        sent = json.dumps({name: _sent(node) for name, node in graph.nodes.items()}, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise EngineError(NO_FILE, file=path.name, reason=_("it holds a number that is none")) from error
    return Workflow(path.stem, hashlib.sha256(sent.encode()).hexdigest(), graph, places, output)


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


def _inputs_of(app: Mapping[str, Any]) -> list[Input]:
    listed = app.get("inputs")
    pairs = [one for one in listed if isinstance(one, list) and len(one) >= 2] if isinstance(listed, list) else []  # noqa: PLR2004
    return [Input(str(node), str(name)) for node, name, *_rest in pairs]


def _output(graph: Graph, app: Mapping[str, Any]) -> str | None:
    """The node whose picture is kept: the one that its author chose, or of those that save pictures the last in the graph."""
    listed = app.get("outputs")
    chosen = [str(node) for node in listed if str(node) in graph.nodes] if isinstance(listed, list) else []
    chosen = [node for node in graph.nodes if _purpose(graph, node) in RESULTS] or chosen
    ends = [node for node in graph.nodes if "images" in graph.inputs(node) and node in graph.ends()]
    saved = [node for node in ends if "Preview" not in graph.kind(node)]
    return max(chosen or saved or ends, key=lambda node: len(graph.above(node)), default=None)


def _purpose(graph: Graph, node: str) -> str:
    """What a node is for, as its title says."""
    found = TITLE.fullmatch(graph.title(node))
    return found[1].strip().lower() if found else ""


def _shown(graph: Graph, places: Places, chosen: Sequence[Input]) -> Places:
    """Of what was traced that which App mode shows, and what it shows besides that can be understood."""
    kept = {role: inputs for role, inputs in places.items() if role in ALWAYS or set(inputs) & set(chosen)}
    for role in (Role.PROMPT, Role.PICTURE):
        taken = {place for inputs in kept.values() for place in inputs}
        free = [one for one in chosen if one not in taken and one.name in NAMES[role] and _fits(graph, role, one)]
        if role not in kept and free:
            kept[role] = (free[0],)
    return kept


def _fits(graph: Graph, role: Role, place: Input) -> bool:
    """Whether an input holds what the role wants."""
    value = graph.value(place)
    return isinstance(value, str) if role in WORDED else is_number(value)


def _titled(graph: Graph) -> Places:
    """What the titles of nodes say."""
    places: Places = {}
    for node in graph.nodes:
        for word in re.split(r"[,，、]", _purpose(graph, node)):
            for role in CALLED.get(word.strip(), ()):
                if place := _of_node(graph, role, node):
                    places[role] = (*places.get(role, ()), place)
    return places


def _of_node(graph: Graph, role: Role, node: str) -> Input | None:
    """The input of a node that holds what the role wants: by its name, or the only one that can."""
    can = [place for name in graph.inputs(node) if _fits(graph, role, place := Input(node, name))]
    named = [place for name in NAMES[role] if (place := Input(node, name)) in can]
    return named[0] if named else can[0] if len(can) == 1 else None


def _set(graph: Graph, inputs: Mapping[str, str | Sequence[str]], file: str) -> Places:
    """What the setting says: "node.input", or several. Raises EngineError."""
    places: Places = {}
    for name, given in inputs.items():
        for where in [given] if isinstance(given, str) else given:
            node, _dot, inner = where.rpartition(".")
            roles = CALLED.get(name, ())
            if not roles or inner not in graph.inputs(node):
                raise EngineError(NO_INPUT, file=file, input=where, name=name)
            for role in roles:
                places[role] = (*places.get(role, ()), Input(node, inner))
    return places
