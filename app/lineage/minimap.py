"""The bench's small lineage: the way from the root to the base and its nearest kin, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.lineage.relatives import NodeSummary, children_of, path_to
from app.lineage.tree_layout import contour
from app.models.edge import Parent
from app.models.generation import OPEN, Generation, GenerationParent
from app.models.pick import Pick
from app.models.revision import Revision
from app.models.scope import WHOLE
from app.models.work import Work

LAST = 5  # revisions of the way that are drawn besides its root
BESIDE = 2  # kin drawn beside each revision of the way
ABOVE = 4  # children drawn of the last
WIDTH, TOP, BOTTOM, LEVEL, SLOT = 264.0, 48.0, 32.0, 104.0, 62.0  # units of the drawing, pixels at full width
SKIPPED = UUID(int=0)  # stands for all revisions that the way passes over
ON_WAY, OFF_WAY = 44.0, 34.0  # sides of a thumbnail


@dataclass(frozen=True, slots=True)
class Hidden:
    """Revisions that are not drawn: how many, and the number of the newest, by which the lineage opens on them."""

    count: int = 0
    newest: int = 0


@dataclass(frozen=True, slots=True)
class PaneNode:
    """A revision in the drawing: `x`, `y` is its middle, `size` the side of its thumbnail."""

    kin: NodeSummary
    x: float
    y: float
    size: float
    on_way: bool
    here: bool
    folded: Hidden  # what grew from it and is not drawn


@dataclass(frozen=True, slots=True)
class Stem:
    """A stem from parent to child, as the path of an SVG; `skips` is what it passes over, and what grew from that."""

    path: str
    on_way: bool
    skips: Hidden
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sprout:
    """What an engine is making out of a node: so many variants that wait or run."""

    x: float
    y: float
    count: int


@dataclass(frozen=True, slots=True)
class Pane:
    """The drawing. `centre` is the revision it is about: the base, else the latest pick, else the latest."""

    nodes: list[PaneNode]
    stems: list[Stem]
    width: float
    height: float
    centre: UUID | None
    sprouts: list[Sprout]
    elsewhere: Hidden  # what grew from nothing that is drawn: other roots


def tree_pane(session: Session, work: Work, base: Revision | None) -> Pane:
    """The small lineage around `base` (of at most 26 nodes); empty when the work has no revision."""
    centre = base or latest(session, work)
    if centre is None:
        return Pane([], [], WIDTH, 0.0, None, [], Hidden())
    path, skipped = path_to(session, centre, LAST)
    below = children_of(session, [kin.id for kin in path])
    nodes, first = [path[0]], [-1]
    at = 0
    for kin, onward in zip(path, [*path[1:], None], strict=True):
        jump = skipped and kin is path[0]
        beside = [] if jump else _choose(below[kin.id], onward)
        for child in sorted([*beside, *([onward] if onward else [])], key=lambda child: child.number):
            nodes.append(child)
            first.append(at)
        at = next((i for i, node in enumerate(nodes) if node is onward), at)
    hidden, sprouting = _hidden(session, work, nodes, path), coming(session, work)
    picture = _draw(nodes, first, hidden, path)
    sprouts = [Sprout(n.x, n.y - n.size / 2, sprouting[n.kin.id]) for n in picture.nodes if n.kin.id in sprouting]
    return replace(picture, sprouts=sprouts)


def _hidden(session: Session, work: Work, nodes: list[NodeSummary], path: list[NodeSummary]) -> dict[UUID | None, Hidden]:
    """Each revision of the work that is not drawn, counted once: at the nearest drawn one that it grew from, at SKIPPED
    where the way passes over that, at None where there is none.
    """
    edge = sa.and_(Parent.child_id == Revision.id, Parent.position == 0)
    query = sa.select(Revision.id, Revision.number, Parent.parent_id).outerjoin(Parent, edge)
    rows = session.execute(query.where(Revision.work_id == work.id).order_by(Revision.number).execution_options(**WHOLE)).all()
    parents = {row.id: row.parent_id for row in rows}
    keeper: dict[UUID | None, UUID | None] = {node.id: node.id for node in nodes}
    above = parents.get(path[1].id) if len(path) > 1 else None
    while above is not None and above not in keeper:
        keeper[above] = SKIPPED
        above = parents.get(above)
    found: dict[UUID | None, Hidden] = {}
    for row in rows:  # parents before their children
        at = keeper.setdefault(row.id, keeper.get(row.parent_id))
        if at != row.id:
            found[at] = Hidden(found.get(at, Hidden()).count + 1, row.number)
    return found


def _choose(children: list[NodeSummary], onward: NodeSummary | None) -> list[NodeSummary]:
    """The children worth a place beside the way: picked ones first, then those that have children, then the nearest."""
    others = [child for child in children if onward is None or child.id != onward.id]
    middle = onward.number if onward else 0
    others.sort(key=lambda child: (not child.picked, not child.fertile, abs(child.number - middle)))
    return others[: BESIDE if onward else ABOVE]


def _draw(nodes: list[NodeSummary], first: list[int], hidden: dict[UUID | None, Hidden], path: list[NodeSummary]) -> Pane:
    x, depth = contour(first)
    slot = min(SLOT, (WIDTH - ON_WAY - 56) / max(x)) if max(x) else SLOT
    margin, height = (WIDTH - max(x) * slot) / 2, max(depth) * LEVEL + ON_WAY + TOP + BOTTOM
    places = [
        (round(margin + a * slot, 1), round(height - BOTTOM - ON_WAY / 2 - d * LEVEL, 1)) for a, d in zip(x, depth, strict=True)
    ]
    drawn, stems, on_path = [], [], {kin.id for kin in path}
    for kin, origin, (cx, cy) in zip(nodes, first, places, strict=True):
        on_way = kin.id in on_path
        drawn.append(
            PaneNode(kin, cx, cy, ON_WAY if on_way else OFF_WAY, on_way, kin.id == path[-1].id, hidden.get(kin.id, Hidden()))
        )
        if origin >= 0:
            px, py = places[origin]
            bend = round((cy + py) / 2, 1)
            skips = hidden.get(SKIPPED, Hidden()) if len(path) > 1 and kin is path[1] else Hidden()
            stems.append(Stem(f"M{px} {py}C{px} {bend} {cx} {bend} {cx} {cy}", on_way, skips, (cx + px) / 2, bend))
    return Pane(drawn, sorted(stems, key=lambda stem: stem.on_way), WIDTH, height, path[-1].id, [], hidden.get(None, Hidden()))


def coming(session: Session, work: Work) -> dict[UUID, int]:
    """How many variants wait or run, by the revision they start from."""
    query = sa.select(GenerationParent.revision_id, sa.func.sum(Generation.count)).join(Generation)
    query = query.where(Generation.work_id == work.id, Generation.status.in_(OPEN), GenerationParent.position == 0)
    return {row[0]: row[1] for row in session.execute(query.group_by(GenerationParent.revision_id))}


def latest(session: Session, work: Work) -> Revision | None:
    """The latest pick, else the latest revision."""
    mine = sa.select(Revision).where(Revision.work_id == work.id)
    picked = mine.join(Pick, Pick.revision_id == Revision.id).order_by(Pick.created_at.desc(), Revision.number.desc())
    return session.scalar(picked.limit(1)) or session.scalar(mine.order_by(Revision.number.desc()).limit(1))
