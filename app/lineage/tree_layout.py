"""A tidy drawing of a forest: Reingold and Tilford, "Tidier drawings of trees" (1981), for any number of children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

SIBLING = 1.0  # distance of two siblings, in slots
COUSIN = 1.3  # distance of two that are not: families stand a little apart
ROOT = 2.0  # distance of two trees


@dataclass(slots=True)
class Edge:
    """One side of a subtree's outline: a position for each level, the deepest first, all moved by `shift`."""

    levels: list[float] = field(default_factory=list)
    shift: float = 0.0

    def at(self, level: int) -> float:
        """The position at `level`; 1 is the subtree's top."""
        return self.levels[-level] + self.shift

    def cover(self, other: Edge) -> Edge:
        """The outline where `self` lies in front of `other`; costs the height of the lower one."""
        if len(self.levels) >= len(other.levels):
            return self
        for level in range(1, len(self.levels) + 1):
            other.levels[-level] = self.at(level) - other.shift
        return other


def contour(first: Sequence[int]) -> tuple[list[float], list[int]]:
    """Position (in slots, the leftmost 0) and depth (roots 0) of every node, in O(n).

    `first[i]` is the parent of node i, smaller than i, or -1 for a root. Children keep their order; a parent stands
    over the middle of its children; no two nodes of a level come nearer than SIBLING.
    """
    x, depth = [0.0] * len(first), [0] * len(first)
    children: list[list[int]] = [[] for _ in first]
    for node, parent in enumerate(first):
        if parent >= 0:
            children[parent].append(node)
            depth[node] = depth[parent] + 1
    outlines: dict[int, tuple[Edge, Edge]] = {}
    for node in range(len(first) - 1, -1, -1):
        left, right = _beside(children[node], outlines, x, SIBLING)
        if children[node]:
            middle = (x[children[node][0]] + x[children[node][-1]]) / 2
            for child in children[node]:
                x[child] -= middle
            left.shift -= middle
            right.shift -= middle
        left.levels.append(-left.shift)
        right.levels.append(-right.shift)
        outlines[node] = left, right
    _beside([node for node, parent in enumerate(first) if parent < 0], outlines, x, ROOT)
    for node, parent in enumerate(first):
        if parent >= 0:
            x[node] += x[parent]
    leftmost = min(x, default=0.0)
    return [value - leftmost for value in x], depth


def _beside(nodes: list[int], outlines: dict[int, tuple[Edge, Edge]], x: list[float], gap: float) -> tuple[Edge, Edge]:
    """Put the subtrees of `nodes` side by side, each as far left as it can; set their `x` and give the outline."""
    left, right = Edge(), Edge()
    for node in nodes:
        near, far = outlines.pop(node)
        shared = min(len(right.levels), len(near.levels))
        if shared:
            overlap = (right.at(level) - near.at(level) for level in range(2, shared + 1))
            top = right.at(1) - near.at(1) + gap
            x[node] = max(top, max(overlap, default=top - ROOT) + max(COUSIN, gap))
        near.shift += x[node]
        far.shift += x[node]
        left, right = left.cover(near), far.cover(right)
    return left, right


def descendants(first: Sequence[int]) -> list[int]:
    """How many nodes grew from each, itself not counted."""
    grown = [0] * len(first)
    for node in range(len(first) - 1, -1, -1):
        if first[node] >= 0:
            grown[first[node]] += grown[node] + 1
    return grown
