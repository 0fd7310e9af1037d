"""Looms: the lineage of a text read as text. Words that branches share stand once, then where they part.

A radix tree (Morrison, "PATRICIA", 1968) over words, grown along the lineage's edges: what continues its parent, or parts
from it, is a run behind the words they share. What changes its parent in the middle, or says everything anew, hangs from
the parent's end as an edit, told by what it keeps and what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.diff.words import Piece, common, first, joined, kept, pieces, read, shared
from app.lineage.loom_texts import Strand

ALIKE = 0.25  # of what follows where two texts part, kept from there on: above it one is an edit of the other


@dataclass(slots=True)
class Node:
    """Words that some revisions share: a run adds them to its parent's text, an edit is made of pieces of it."""

    parent: int  # -1: the ground, which holds no text
    pieces: list[Piece]  # of a run: its words alone
    end: int  # code points of the whole text here
    run: bool = True
    strands: list[int] = field(default_factory=list)  # whose text ends here
    children: list[int] = field(default_factory=list)  # in the order in which their first revisions were made

    @property
    def words(self) -> str:
        """What is new here."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


class Loom:
    """The tree of all strands: `nodes`, the ground first and parents before children; strand i ends at `at[i]`."""

    def __init__(self, strands: Sequence[Strand]) -> None:
        self.strands = strands
        self.nodes = [Node(-1, [], 0)]
        self.at: list[int] = []
        self._runs: list[dict[str, int]] = [{}]  # of each node: its runs by their first word
        for strand in strands:
            self._weave(strand)
        self._order()

    def path(self, node: int) -> list[int]:
        """The way from the ground, which is left out, to `node`."""
        way = []
        while node > 0:
            way.append(node)
            node = self.nodes[node].parent
        return way[::-1]

    def text(self, node: int) -> str:
        """The whole text at `node`: its path, read as one."""
        text = ""
        for step in self.path(node):
            here = self.nodes[step]
            text = text + here.words if here.run else read(text, here.pieces)
        return text

    def _weave(self, strand: Strand) -> None:
        text = strand.text
        if strand.parent < 0:
            return self._grow(0, text)
        origin, old = self.at[strand.parent], self.strands[strand.parent].text
        at = common(old, text)
        if at == len(old):
            return self._grow(origin, text[at:])
        if at < len(text) or joined(old[at - 1], old[at]) or not at:
            at = shared(old, text)
            found = pieces(old, text)
            whole = [part for part in found if not isinstance(part, str)]
            later = kept(found) - (whole[0][1] if whole and whole[0][0] == 0 else 0)
            if (not at and strand.role != "branch") or (later and later >= ALIKE * (len(text) - at)):
                return self._hang(origin, found, len(text))
        place = self._place(origin, at)
        if place is None:
            parts: list[Piece] = [(0, at), text[at:]] if at else [text]
            return self._hang(origin, [part for part in parts if part], len(text))
        return self._grow(place, text[at:])

    def _grow(self, node: int, rest: str) -> None:
        """End a strand `rest` behind `node`, along the words that are there already."""
        while rest:
            word = first(rest)
            child = self._runs[node].get(word)
            if child is None:
                child = self._add(Node(node, [rest], self.nodes[node].end + len(rest)))
                self._runs[node][word] = child
                node, rest = child, ""
                break
            run = self.nodes[child].words
            length = shared(run, rest)
            node, rest = self._split(child, length) if length < len(run) else child, rest[length:]
        self._end(node)

    def _hang(self, origin: int, found: list[Piece], end: int) -> None:
        """End a strand in an edit of `origin`; the same edit twice is one."""
        for child in self.nodes[origin].children:
            if self.nodes[child].pieces == found and not self.nodes[child].run:
                return self._end(child)
        return self._end(self._add(Node(origin, found, end, run=False)))

    def _place(self, node: int, at: int) -> int | None:
        """The node where the text of `node` has `at` code points, made if need be; None inside what an edit changed."""
        while at != self.nodes[node].end:
            here = self.nodes[node]
            if here.run:
                length = at - (here.end - len(here.words))
                if length > 0:
                    return self._split(node, length)
            else:
                part = here.pieces[0] if here.pieces else ""
                if isinstance(part, str) or part[0] or at > part[1]:
                    return None
            node = here.parent
        return node

    def _split(self, node: int, length: int) -> int:
        """Part a run after `length` code points; the new node, which holds the first of them."""
        lower = self.nodes[node]
        run, parent = lower.words, lower.parent
        upper = self._add(Node(parent, [run[:length]], lower.end - len(run) + length))
        siblings = self.nodes[parent].children
        siblings.remove(upper)
        siblings[siblings.index(node)] = upper
        self._runs[parent][first(run)] = upper
        lower.parent, lower.pieces = upper, [run[length:]]
        self.nodes[upper].children.append(node)
        self._runs[upper][first(run[length:])] = node
        return upper

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        self._runs.append({})
        self.nodes[node.parent].children.append(len(self.nodes) - 1)
        return len(self.nodes) - 1

    def _end(self, node: int) -> None:
        self.nodes[node].strands.append(len(self.at))
        self.at.append(node)

    def _order(self) -> None:
        """Number the nodes anew, parents before children and these by their first revisions; join what never parts."""
        earliest = [len(self.strands)] * len(self.nodes)
        for strand, end in enumerate(self.at):
            node = end
            while node >= 0 and earliest[node] > strand:
                earliest[node] = strand
                node = self.nodes[node].parent
        ordered = list[Node]()
        waiting = [(0, -1)]
        while waiting:
            old, parent = waiting.pop()
            here = self.nodes[old]
            while old and not here.strands and len(here.children) == 1 and self.nodes[here.children[0]].run:
                below = self.nodes[here.children[0]]
                here = Node(parent, [here.words + below.words], below.end, True, below.strands, below.children)
            waiting += [(child, len(ordered)) for child in sorted(here.children, key=lambda one: -earliest[one])]
            ordered.append(Node(parent, here.pieces, here.end, here.run, here.strands))
        for place, here in enumerate(ordered[1:], 1):
            ordered[here.parent].children.append(place)
            for strand in here.strands:
                self.at[strand] = place
        for strand in ordered[0].strands:  # an empty text
            self.at[strand] = 0
        self.nodes = ordered
