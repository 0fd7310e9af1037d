"""What an artist's wishes are filled into in a workflow: told by the setting, by the titles of nodes, by ComfyUI's App mode, or
else traced. What is told of and has none of the known roles is a control of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import EngineError, _
from app.media.image.comfy_graph import TEXTS, Graph, Input, Places, Role, is_number, traced

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

NO_INPUT = _("The workflow %(file)s has no input %(input)s for what is called %(name)s in the settings.")


@dataclass(frozen=True, slots=True)
class Control:
    """An input that the workflow's author wants set, as a parameter called `name`."""

    name: str
    title: str
    place: Input
    value: bool | float | str


def told(
    graph: Graph, output: str, app: Mapping[str, Any], inputs: Mapping[str, str | Sequence[str]], file: str
) -> tuple[Places, tuple[Control, ...]]:
    """Where the known wishes go, and what else can be set. Raises EngineError where the setting names what is not there."""
    chosen, places = _inputs_of(app), traced(graph, output)
    if chosen:
        places = _shown(graph, places, chosen)
    titled, named = _titled(graph), _set(graph, inputs, file)
    others = [(name, place) for name, place in (*named, *titled) if name.lower() not in CALLED]
    theirs = {place for _name, place in others}  # whatever it would have been traced to be
    places = {role: left for role, found in places.items() if (left := tuple(one for one in found if one not in theirs))}
    places |= _of_roles(titled) | _of_roles(named)
    if Role.PICTURE not in places:  # these speak of one
        places = {role: kept for role, kept in places.items() if role not in {Role.CHANGE, Role.MASK}}
    others += [(_heading(graph, place), place) for place in chosen]
    taken = {place for kept in places.values() for place in kept}
    return places, tuple(_controls(graph, [(name, place) for name, place in others if place not in taken]))


def purpose(graph: Graph, node: str) -> str:
    """What a node is for, as its title says."""
    found = TITLE.fullmatch(graph.title(node))
    return found[1].strip() if found else ""


def _controls(graph: Graph, named: Iterable[tuple[str, Input]]) -> list[Control]:
    found: dict[Input, Control] = {}
    taken = {role.value for role in Role} | {"aspect"}
    for title, place in named:
        value = graph.value(place)
        name = re.sub(r"\W+", "_", title.lower()).strip("_")
        if place in found or not isinstance(value, (bool, int, float, str)):
            continue
        if name in taken or not name.isidentifier():
            name = re.sub(r"\W+", "_", f"input_{place.node}_{place.name}")
        taken.add(name)
        found[place] = Control(name, title, place, float(value) if is_number(value) else value)
    return list(found.values())


def _heading(graph: Graph, place: Input) -> str:
    """What App mode's control is called."""
    title = graph.title(place.node)
    return title if place.name == "value" else f"{title}: {place.name}"


def _inputs_of(app: Mapping[str, Any]) -> list[Input]:
    """What App mode shows."""
    listed = app.get("inputs")
    pairs = [one for one in listed if isinstance(one, list) and len(one) >= 2] if isinstance(listed, list) else []  # noqa: PLR2004
    return [Input(str(node), str(name)) for node, name, *_rest in pairs]


def _shown(graph: Graph, places: Places, chosen: Sequence[Input]) -> Places:
    """Of what was traced that which App mode shows, and the words and the picture that it shows besides."""
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


def _titled(graph: Graph) -> list[tuple[str, Input]]:
    """What the titles of nodes say their inputs are."""
    found = []
    for node in graph.nodes:
        for word in (word.strip() for word in re.split(r"[,，、]", purpose(graph, node)) if word.strip()):
            roles = CALLED.get(word.lower(), ())
            places = [place for role in roles if (place := _of_node(graph, role, node))] if roles else _only(graph, node)
            found += [(word, place) for place in places if word.lower() not in RESULTS]
    return found


def _of_node(graph: Graph, role: Role, node: str) -> Input | None:
    """The input of a node that holds what the role wants: by its name, or the only one that can."""
    can = [place for name in graph.inputs(node) if _fits(graph, role, place := Input(node, name))]
    named = [place for name in NAMES[role] if (place := Input(node, name)) in can]
    return named[0] if named else can[0] if len(can) == 1 else None


def _only(graph: Graph, node: str) -> list[Input]:
    """The only input of a node that holds a value, or of several the one that is called so."""
    places = [place for name in graph.inputs(node) if graph.value(place := Input(node, name)) is not None]
    return places if len(places) == 1 else [place for place in places if place.name == "value"]


def _set(graph: Graph, inputs: Mapping[str, str | Sequence[str]], file: str) -> list[tuple[str, Input]]:
    """What the setting says: "node.input", or several. Raises EngineError."""
    found = []
    for name, given in inputs.items():
        for where in [given] if isinstance(given, str) else given:
            node, _dot, inner = where.rpartition(".")
            if inner not in graph.inputs(node):
                raise EngineError(NO_INPUT, file=file, input=where, name=name)
            found.append((name, Input(node, inner)))
    return found


def _of_roles(named: Sequence[tuple[str, Input]]) -> Places:
    """Those of the inputs that have a known role."""
    places: Places = {}
    for name, place in named:
        roles = CALLED.get(name.lower(), ())
        for role in roles if len(roles) == 1 else [role for role in roles if place.name in NAMES[role]]:
            places[role] = (*places.get(role, ()), place)
    return places
