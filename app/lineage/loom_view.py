"""Boughs: as much of a loom as one reads at once, around one revision; the rest is folded and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from app.diff.words import Piece
from app.lineage.loom import Loom, Node
from app.lineage.loom_texts import Strand, strands
from app.lineage.minimap import coming, latest
from app.models.revision import Revision
from app.models.work import Work

SHOWN = 7  # pieces of an edit that are told
READ = 20_000  # code points of the path that are read at once


@dataclass(frozen=True, slots=True)
class Frame:
    """How much is drawn: nodes of the way, besides its first; kin beside each; levels and children below; letters;
    revisions that say the same.
    """

    last: int
    beside: int
    levels: int
    below: int
    letters: int
    alike: int


PANE, PAGE = Frame(4, 2, 1, 4, 60, 3), Frame(14, 6, 4, 8, 200, 2_000)


@dataclass(slots=True)
class Bough:
    """A node as it is drawn. `told` is what is new, as (kind, text) with kind new, kept (an ellipsis) or gone."""

    told: list[tuple[str, str]]
    strands: list[Strand]
    way: bool
    here: bool
    boughs: list[Bough] = field(default_factory=list)
    skipped: int = 0  # revisions that are left out before it: those on the way, and what grew from them
    skipped_at: int = 0  # the number of one of these
    folded: int = 0  # revisions beside it, or below, that are not drawn
    onward: int = 0  # the number of the first of these
    coming: int = 0  # variants that an engine is making out of it


@dataclass(frozen=True, slots=True)
class View:
    """A loom around `here`. `reading` is its path as one text, as (text, is new here); `unread` letters follow it."""

    boughs: list[Bough]
    here: Strand | None
    reading: list[tuple[str, bool]]
    unread: int
    count: int  # revisions
    left_out: int  # of them, not read: there are too many, or they are too long


def loom_pane(session: Session, work: Work, base: Revision | None) -> View:
    """The small loom around `base` for the bench of a text: else around the latest pick, else the latest revision."""
    return loom_view(session, work, base, PANE, most=400, letters=1_000_000)


def loom_view(session: Session, work: Work, base: Revision | None, frame: Frame = PAGE, **bounds: int) -> View:
    """The loom of `work` around `base`; empty when there is no text yet."""
    centre = base if base is not None and base.work_id == work.id else latest(session, work)
    found, left_out = strands(session, work, centre.number if centre else None, **bounds)
    here = next((at for at, strand in enumerate(found) if centre and strand.id == centre.id), len(found) - 1)
    if here < 0:
        return View([], None, [], 0, left_out, left_out)
    loom = Loom(found)
    boughs = Drawing(loom, here, frame, coming(session, work)).boughs()
    unread = max(0, len(found[here].text) - READ)
    return View(boughs, found[here], _reading(loom, here), unread, len(found) + left_out, left_out)


class Drawing:
    """One loom drawn around one of its strands."""

    def __init__(self, loom: Loom, here: int, frame: Frame, coming: Mapping[UUID, int]) -> None:
        self.loom, self.frame, self.coming = loom, frame, coming
        self.path = loom.path(loom.at[here])
        self.here, self.way = loom.at[here], set(self.path)
        self.weight = [len(node.strands) for node in loom.nodes]
        for at in range(len(loom.nodes) - 1, 0, -1):
            self.weight[loom.nodes[at].parent] += self.weight[at]

    def boughs(self) -> list[Bough]:
        """Those that stand on the ground; a long way jumps from its first node to its last ones."""
        skipped = self.path[1 : -self.frame.last] if len(self.path) > self.frame.last + 1 else []
        if not skipped:
            return self._children(0, self.frame.levels)
        [root, onward] = self._bough(self.path[0]), self.path[len(skipped) + 1]
        root.boughs = [self._grown(onward)]
        root.boughs[0].skipped = self.weight[skipped[0]] - self.weight[onward]
        root.boughs[0].skipped_at = self._first(skipped[0])
        beside = [at for at in self.loom.nodes[self.path[0]].children if at != skipped[0]]
        self._fold(root, [*beside, *(at for at in self.loom.nodes[0].children if at != self.path[0])])
        if not any(self.loom.nodes[at].strands for at in skipped):  # only forks: their words are the way's
            words = "".join(self.loom.nodes[at].words for at in [*skipped, onward])
            root.boughs[0].told = [("new", _cut(words, self.frame.letters))]
        return [root]

    def _grown(self, node: int, levels: int = 0) -> Bough:
        """A node with what is drawn below it."""
        bough = self._bough(node)
        levels = self.frame.levels if node == self.here else levels
        if node in self.way or levels:
            bough.boughs = self._children(node, levels)
        else:
            self._fold(bough, self.loom.nodes[node].children)
        return bough

    def _children(self, node: int, levels: int) -> list[Bough]:
        """Those worth a place: the way, then picked ones, then those that most came from; in the loom's order."""
        children = self.loom.nodes[node].children
        onward = [child for child in children if child in self.way]
        room = self.frame.below if node == self.here or (levels and not onward) else self.frame.beside
        others = sorted((child for child in children if child not in self.way), key=self._rank)
        drawn = {*onward, *others[:room]}
        levels = levels - 1 if levels and (node not in self.way or node == self.here) else 0
        boughs = [self._grown(child, levels) for child in children if child in drawn]
        if boughs:
            self._fold(boughs[-1], others[room:])
        return boughs

    def _rank(self, node: int) -> tuple[bool, int]:
        picked = any(self.loom.strands[at].picked for at in self.loom.nodes[node].strands)
        return not picked, -self.weight[node]

    def _fold(self, bough: Bough, nodes: list[int]) -> None:
        bough.folded += sum(self.weight[node] for node in nodes)
        if nodes and not bough.onward:
            bough.onward = self._first(nodes[0])

    def _first(self, node: int) -> int:
        """The number of the first revision at a node or above it."""
        while not self.loom.nodes[node].strands:
            node = self.loom.nodes[node].children[0]
        return self.loom.strands[self.loom.nodes[node].strands[0]].number

    def _bough(self, node: int) -> Bough:
        here = self.loom.nodes[node]
        found = [self.loom.strands[at] for at in here.strands]
        making = sum(self.coming.get(strand.id, 0) for strand in found)
        told, most = self._told(here), self.frame.alike
        bough = Bough(told, found[:most], node in self.way, node == self.here, coming=making)
        if found[most:]:
            bough.folded, bough.onward = len(found) - most, found[most].number
        return bough

    def _told(self, node: Node) -> list[tuple[str, str]]:
        if node.run:
            return [("new", _cut(node.words, self.frame.letters))]
        strand = self.loom.strands[node.strands[0]]
        old = self.loom.strands[strand.parent].text
        told, at = list[tuple[str, str]](), 0
        for place, piece in enumerate([*node.pieces, (len(old), len(old))]):
            if isinstance(piece, str):
                told.append(("new", _cut(piece, self.frame.letters)))
                continue
            if piece[0] > at and (place == 0 or not isinstance(node.pieces[place - 1], str)):
                told.append(("gone", _cut(old[at : piece[0]], self.frame.letters)))
            if piece[1] > piece[0]:
                told.append(("kept", "…"))
            at = piece[1]
        return told[:SHOWN] if len(told) <= SHOWN else [*told[: SHOWN - 1], ("kept", "…")]


def _cut(text: str, most: int) -> str:
    """`text` without the line ends around it; of a long one its beginning and its end."""
    text = text.strip() or "↵"
    return text if len(text) <= most else f"{text[: most * 2 // 3].rstrip()} … {text[-most // 3 :].lstrip()}"


def _reading(loom: Loom, here: int) -> list[tuple[str, bool]]:
    """The text of a strand, told apart by what is new at its node."""
    node, text = loom.nodes[loom.at[here]], loom.strands[here].text
    parts: list[Piece] = node.pieces
    if node.run:
        parts = [(0, node.end - len(node.words)), node.words]
    found, at = list[tuple[str, bool]](), 0
    for part in parts:
        length = len(part) if isinstance(part, str) else part[1] - part[0]
        said = text[at : min(at + length, READ)]
        if said:
            found.append((said, isinstance(part, str)))
        at += length
    return found
