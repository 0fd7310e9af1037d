"""A picture's graph in ComfyUI's API format, and which of its inputs hold the words, the seed, the size and so on.

A graph is {id: {"class_type": …, "inputs": {name: value or wire}, "_meta": {"title": …}}}; a wire is [id, output]. One walk
finds what an engine fills in and what a file tells of itself. Every walk visits a node once, so that no cycle holds it up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

TEXTS = ("text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "string", "value")  # inputs that hold words
ONWARD = ("conditioning", "conditioning_1", "conditioning_to", "cond1", "text", "text_g", "t5xxl", "prompt", "string", "value")
NUMBERS = ("value", "seed", "noise_seed", "int", "float", "number")  # inputs of nodes that only hold a number
SEEDS = ("seed", "noise_seed")
NO_PICTURE = frozenset({"model", "clip", "vae", "positive", "negative", "conditioning", "guider", "sampler", "sigmas", "noise"})
LOOKS_AT_A_PICTURE = re.compile("ReferenceLatent|ImageEdit|Kontext")  # nodes that tell a model of a picture to edit
MODELS = ("ckpt_name", "unet_name", "model_name", "lora_name")


class Role(StrEnum):
    """What an input is for."""

    PROMPT = "prompt"
    AVOID = "avoid"
    SEED = "seed"
    STEPS = "steps"
    GUIDANCE = "guidance"
    WIDTH = "width"
    HEIGHT = "height"
    BATCH = "batch"
    PICTURE = "picture"
    CHANGE = "change"
    MASK = "mask"


class Input(NamedTuple):
    """An input of a node."""

    node: str
    name: str


class Wire(NamedTuple):
    """What an input comes from: a node, and which of its outputs."""

    node: str
    output: int


Places = dict[Role, tuple[Input, ...]]


class Graph:
    """The nodes by their ids; whatever is no node is left out."""

    def __init__(self, found: object) -> None:
        nodes = found.items() if isinstance(found, dict) else ()
        self.nodes: dict[str, Mapping[str, Any]] = {
            str(name): node for name, node in nodes if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
        }

    def kind(self, node: str) -> str:
        """The class of a node."""
        return str(self.nodes[node].get("class_type") or "") if node in self.nodes else ""

    def title(self, node: str) -> str:
        """What a node is called: by its author, or else its class."""
        meta = self.nodes[node].get("_meta") if node in self.nodes else None
        named = meta.get("title") if isinstance(meta, dict) else None
        return named if isinstance(named, str) and named.strip() else self.kind(node)

    def inputs(self, node: str) -> Mapping[str, Any]:
        """The inputs of a node: values and wires."""
        found: Mapping[str, Any] = self.nodes[node]["inputs"] if node in self.nodes else {}
        return found

    def value(self, place: Input) -> Any:
        """What stands in an input; None where it is a wire, or not there."""
        found = self.inputs(place.node).get(place.name)
        return None if isinstance(found, (list, dict)) else found

    def wire(self, node: str, name: str) -> Wire | None:
        """Where an input comes from; None where it is a value, or comes from nowhere."""
        found = self.inputs(node).get(name)
        if not (isinstance(found, list) and found and str(found[0]) in self.nodes):
            return None
        return Wire(str(found[0]), found[1] if len(found) > 1 and isinstance(found[1], int) else 0)

    def wires(self, start: str, shut: Collection[str] = ()) -> Iterator[tuple[str, str, Wire]]:
        """Every wire from `start` upwards, the nearest first, as node, input and what that comes from; none into an input
        that is called one of `shut`.
        """
        waiting, seen = [start], {start}
        for node in waiting:  # which grows
            for name in self.inputs(node):
                if name not in shut and (wire := self.wire(node, name)):
                    yield node, name, wire
                    if wire.node not in seen:
                        seen.add(wire.node)
                        waiting.append(wire.node)

    def above(self, start: str) -> list[str]:
        """`start`, and every node that it comes from, the nearest first."""
        return list(dict.fromkeys([start, *(wire.node for _node, _name, wire in self.wires(start))]))

    def ends(self) -> list[str]:
        """The nodes that no other takes anything from."""
        taken = {wire.node for node in self.nodes for name in self.inputs(node) if (wire := self.wire(node, name))}
        return [node for node in self.nodes if node not in taken]

    @property
    def circular(self) -> bool:
        """Whether a node comes from itself."""
        within = {node: [wire.node for name in self.inputs(node) if (wire := self.wire(node, name))] for node in self.nodes}
        try:
            TopologicalSorter(within).prepare()
        except CycleError:
            return True
        return False

    def models(self) -> list[str]:
        """The names of the files that its loaders name."""
        named = [self.value(Input(node, name)) for node in self.nodes for name in MODELS]
        return list(dict.fromkeys(name for name in named if isinstance(name, str) and name))


def samplers(graph: Graph, output: str | None = None) -> list[str]:
    """The nodes that make a picture out of noise: those that `output` comes from, the nearest first, or else all."""
    nodes = graph.above(output) if output is not None else list(graph.nodes)
    chance = {*SEEDS, "noise"}
    return [
        node for node in nodes if {"latent_image", "positive"} & set(graph.inputs(node)) and chance & set(graph.inputs(node))
    ]


def traced(graph: Graph, output: str | None = None) -> Places:
    """What the inputs of a graph are for, as far as that can be told; of several samplers, the words of the nearest and
    the numbers of the first one count, and all have the seed.
    """
    found = samplers(graph, output)
    if not found:
        return {}
    last, first = found[0], found[-1]
    guide = _guide(graph, last)
    prompt, path = _words(
        graph, guide, next((n for n in ("positive", "conditioning", "cond1") if n in graph.inputs(guide)), "")
    )
    avoid, _path = _words(graph, guide, "negative")
    places: Places = {
        Role.PROMPT: prompt,
        Role.AVOID: tuple(place for place in avoid if place not in prompt),
        Role.SEED: tuple(place for node in found for place in _seed(graph, node)),
        Role.STEPS: _number(graph, (first, _from(graph, first, "sigmas")), ("steps",)),
        Role.CHANGE: _number(graph, (first, _from(graph, first, "sigmas")), ("denoise",)),
        Role.GUIDANCE: _number(graph, path, ("guidance",)) or _number(graph, (_guide(graph, first), first), ("cfg",)),
    }
    places |= _latents(graph, first, path)
    return {role: inputs for role, inputs in places.items() if inputs}


def _from(graph: Graph, node: str, name: str) -> str:
    """The node that an input comes from, or the node itself."""
    wire = graph.wire(node, name)
    return wire.node if wire else node


def _guide(graph: Graph, sampler: str) -> str:
    """The node that has a sampler's conditions: itself, or its guider."""
    return sampler if "positive" in graph.inputs(sampler) else _from(graph, sampler, "guider")


def _seed(graph: Graph, sampler: str) -> tuple[Input, ...]:
    return _number(graph, (sampler, _from(graph, sampler, "noise")), SEEDS)


def _number(graph: Graph, nodes: Sequence[str], names: Sequence[str]) -> tuple[Input, ...]:
    """The first input called one of `names` that holds a number, or comes from a node that holds one."""
    for node in nodes:
        for place in (Input(node, name) for name in names):
            if is_number(graph.value(place)):
                return (place,)
            if wire := graph.wire(*place):
                there = next((n for n in (*names, *NUMBERS) if is_number(graph.value(Input(wire.node, n)))), None)
                if there:
                    return (Input(wire.node, there),)
    return ()


def is_number(value: object) -> bool:
    """Whether it is a number, and not True or False."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _words(graph: Graph, node: str, side: str) -> tuple[tuple[Input, ...], list[str]]:
    """The inputs with the text that `side` (positive, negative) of a node comes from, and the nodes on the way."""
    path: list[str] = []
    wire = graph.wire(node, side)
    while wire and wire.node not in path and graph.kind(wire.node) != "ConditioningZeroOut":
        node = wire.node
        path.append(node)
        names = (side,) if isinstance(graph.inputs(node).get(side), str) else TEXTS
        if said := tuple(Input(node, name) for name in names if isinstance(graph.inputs(node).get(name), str)):
            return said, path
        wire = next((found for name in (side, *ONWARD) if (found := graph.wire(node, name))), None)
    return (), path


def _latents(graph: Graph, sampler: str, path: Sequence[str]) -> Places:
    """The size, the picture to start from and its mask, from what a sampler begins with; or the picture that is to be edited,
    which the model is told of on the `path` of the words.
    """
    places: Places = {}
    starts = [wire.node] if (wire := graph.wire(sampler, "latent_image")) else []
    starts += [node for node in path if LOOKS_AT_A_PICTURE.search(graph.kind(node))]
    for start in starts:
        for node in dict.fromkeys([start, *(wire.node for _node, _name, wire in graph.wires(start, NO_PICTURE))]):
            across, down = _number(graph, (node,), ("width",)), _number(graph, (node,), ("height",))
            if across and down and Role.WIDTH not in places:
                places |= {Role.WIDTH: across, Role.HEIGHT: down, Role.BATCH: _number(graph, (node,), ("batch_size",))}
        for _node, name, wire in graph.wires(start, NO_PICTURE):
            place = Input(wire.node, "image")
            if graph.kind(wire.node).startswith("LoadImage") and isinstance(graph.value(place), str):
                masks = wire.output == 1 or name == "mask" or graph.kind(wire.node) == "LoadImageMask"
                places.setdefault(Role.MASK if masks else Role.PICTURE, (place,))
    return places
