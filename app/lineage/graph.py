"""Lineages: the graph of all revisions of a work, told whole to programs and laid out for the page.

Ten thousand revisions must be read, laid out and told in a quarter of a second, so this reads columns in bulk and
makes no objects of the ORM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.lineage.excerpt import new_words, words_of
from app.lineage.loom_view import View, loom_pane
from app.lineage.minimap import Pane, tree_pane
from app.lineage.tree_layout import contour, descendants
from app.media.medium import traits
from app.models.artist import Artist
from app.models.asset import Asset
from app.models.edge import ROLES, Parent
from app.models.pick import Pick
from app.models.revision import Revision
from app.models.scope import WHOLE
from app.models.work import Work

__all__ = ["columns", "counts", "folded", "graph", "layout", "pane", "version"]

CODE = {role: code for code, role in enumerate(ROLES)}
SLOT = 100  # a slot of the layout is told in hundredths


@dataclass(slots=True)
class Columns:
    """A lineage as columns: what is known of node i stands at i, parents before children."""

    ids: list[str]  # 32 hex digits
    numbers: list[int]
    generations: list[str | None]
    colours: list[str]
    picked: set[int]
    first: list[int]  # the first parent, or -1
    role: list[int]  # as what it came from it: an index into ROLES, or -1
    more: list[tuple[int, int, int]]  # the other parents: child, parent, role
    foreign: int  # so many nodes at the start are of other works, known here because something came from them
    words: dict[int, str]  # of texts: the first new ones

    def take(self, kept: list[int]) -> Columns:
        """Only the nodes `kept`; they hold the parents of each other."""
        place = {at: new for new, at in enumerate(kept)} | {-1: -1}
        return Columns(
            [self.ids[at] for at in kept],
            [self.numbers[at] for at in kept],
            [self.generations[at] for at in kept],
            [self.colours[at] for at in kept],
            {place[at] for at in self.picked if at in place},
            [place[self.first[at]] for at in kept],
            [self.role[at] for at in kept],
            [(place[child], place[parent], role) for child, parent, role in self.more if child in place],
            sum(at < self.foreign for at in kept),
            {place[at]: said for at, said in self.words.items() if at in place},
        )


def pane(session: Session, work: Work, base: Revision | None) -> Pane | View:
    """The bench's small lineage around `base`: of a text its loom, else a drawing."""
    return loom_pane(session, work, base) if traits(work.medium).worded else tree_pane(session, work, base)


def version(session: Session, work: Work, artist: Artist) -> str:
    """A mark that changes whenever the lineage does: revisions never change, so new ones and picks are all. Another for each
    artist: of what stands in other works not everyone sees the same.
    """
    picks = sa.select(sa.func.count(), sa.func.max(Pick.created_at)).join(Revision, Revision.id == Pick.revision_id)
    count, latest = session.execute(picks.where(Revision.work_id == work.id)).one()
    return f"{artist.id.hex[-12:]}-{work.id.hex[-12:]}-{work.last_number}-{count}-{latest.timestamp() if latest else 0}"


def counts(session: Session, work: Work) -> tuple[int, int]:
    """How many revisions the work has, and how many of them are picked."""
    mine = sa.select(sa.func.count(sa.distinct(Revision.id)))
    picked = mine.join(Pick, Pick.revision_id == Revision.id).where(Revision.work_id == work.id)
    return session.scalar(mine.where(Revision.work_id == work.id)) or 0, session.scalar(picked) or 0


def graph(session: Session, work: Work, artist: Artist) -> dict[str, list[dict[str, Any]]]:
    """`{nodes, edges}`, whole and never folded; parents in other works that `artist` may see are nodes marked `foreign`.

    `words` of a text's node are the first that are new beside its first parent, null for what is no text.
    """
    picked, edges = _picked(session, work), _edges(session, work)
    columns = (
        Revision.origin, Revision.verb, Revision.strength, Revision.engine, Revision.seed, Revision.created_at,
        Asset.sha256, Asset.media_type, Asset.width, Asset.height,
    )  # fmt: skip
    nodes, words = [], _first_new_words(session, work, edges)
    for foreign, query in _queries(artist, work, edges, *columns):
        for key, number, in_work, generation, colour, *rest in session.execute(query):
            origin, verb, strength, engine, seed, at, sha256, media_type, width, height = rest
            asset = {"sha256": sha256, "media_type": media_type, "width": width, "height": height} if sha256 else None
            own = _hex(key)
            nodes.append({
                "id": _dashed(own), "number": number, "work": _dashed(_hex(in_work)), "origin": origin, "verb": verb,
                "strength": strength, "picked": own in picked, "engine": engine, "seed": seed, "asset": asset,
                "colour": colour or "#808080", "generation": _dashed(_hex(generation)) if generation else None,
                "created_at": _stamp(at), "foreign": foreign, "words": words.get(own),
            })  # fmt: skip
    known = {node["id"] for node in nodes}
    told = [{"child": _dashed(c), "parent": _dashed(p), "role": role} for c, p, role in edges]
    return {"nodes": nodes, "edges": [edge for edge in told if edge["parent"] in known]}


def columns(session: Session, work: Work, artist: Artist) -> Columns:
    """The nodes in the order of the layout: foreign ones, then the work's own by number, so parents come first."""
    edges, picked = _edges(session, work), _picked(session, work)
    told = [(foreign, session.execute(query).all()) for foreign, query in _queries(artist, work, edges)]
    rows = [row for _, part in told for row in part]
    ids = [_hex(row[0]) for row in rows]
    place = {key: at for at, key in enumerate(ids)}
    first, role, more = [-1] * len(ids), [-1] * len(ids), []
    for child, parent, name in edges:
        at, origin = place[child], place.get(parent, len(ids))
        if origin >= at:
            continue  # not to be seen from here
        if first[at] < 0:
            first[at], role[at] = origin, CODE[name]
        else:
            more.append((at, origin, CODE[name]))
    return Columns(
        ids,
        [row[1] for row in rows],
        [row[3] for row in rows],
        [row[4] or "#808080" for row in rows],
        {place[key] for key in picked},
        first,
        role,
        more,
        sum(len(part) for foreign, part in told if foreign),
        {place[key]: said for key, said in _first_new_words(session, work, edges).items() if key in place},
    )


def folded(whole: Columns, unfolded: Collection[int] = ()) -> tuple[list[int], dict[int, int]]:
    """The nodes without the variants nobody picked and nothing came from, and how many each node stands for.

    Such variants fold into a sibling of their generation: the first picked one, else the first that has children. A
    generation without such a sibling stays, and so do those that hold a revision numbered in `unfolded`.
    """
    held = whole.picked | set(whole.first) | {parent for _, parent, _ in whole.more}
    families: dict[str | None, list[int]] = defaultdict(list)
    for at in range(whole.foreign, len(whole.ids)):
        families[whole.generations[at]].append(at)
    families.pop(None, None)  # what no generation made folds into nothing
    hidden, stands_for = set[int](), dict[int, int]()
    for family in families.values():
        kept = [at for at in family if at in held]
        if kept and len(kept) < len(family) and not any(whole.numbers[at] in unfolded for at in family):
            hidden.update(at for at in family if at not in held)
            stands_for[next((at for at in kept if at in whole.picked), kept[0])] = len(family) - len(kept)
    origins = {whole.first[at] for at in range(len(whole.ids)) if at not in hidden}
    origins |= {parent for child, parent, _ in whole.more if child not in hidden}
    hidden.update(at for at in range(whole.foreign) if at not in origins)
    return [at for at in range(len(whole.ids)) if at not in hidden], stands_for


def layout(
    session: Session, work: Work, artist: Artist, *, fold: bool = False, unfolded: Collection[int] = ()
) -> dict[str, Any]:
    """The lineage as the canvas reads it: one compact array a property, nodes named by their index.

    `id` joins 32 hex digits a node and `colour` 6; `x` is in hundredths of a slot, `y` in levels from the root;
    `first` is the first parent's index or -1 and `role` an index into `roles`; `more` lists the other parents as
    child, parent, role in turn; `picked` lists indices; `weight` counts what grew from a node, folded or not; `folded`
    lists an index and how many variants it stands for in turn; the first `foreign` nodes are of other works; `words`
    is empty where no node is a text, else it holds the first new words of each that is, and null.
    """
    whole = columns(session, work, artist)
    kept, stands_for = folded(whole, unfolded) if fold else (list(range(len(whole.ids))), {})
    grown, place = descendants(whole.first), {at: new for new, at in enumerate(kept)}
    shown = whole.take(kept)
    x, y = contour(shown.first)
    return {
        "id": "".join(shown.ids),
        "number": shown.numbers,
        "x": [round(value * SLOT) for value in x],
        "y": y,
        "first": shown.first,
        "role": shown.role,
        "more": [value for edge in shown.more for value in edge],
        "picked": sorted(shown.picked),
        "colour": "".join(colour[1:] for colour in shown.colours),
        "weight": [grown[at] for at in kept],
        "folded": [value for at, count in stands_for.items() for value in (place[at], count)],
        "foreign": shown.foreign,
        "words": [shown.words.get(at) for at in range(len(kept))] if shown.words else [],
        "roles": ROLES,
    }


def _picked(session: Session, work: Work) -> set[str]:
    mine = sa.select(_raw(Pick.revision_id)).join(Revision, Revision.id == Pick.revision_id)
    return {_hex(key) for key in session.scalars(mine.where(Revision.work_id == work.id))}


def _edges(session: Session, work: Work) -> list[tuple[str, str, str]]:
    """(child, parent, role) of the work's revisions, each child's first parent first."""
    query = sa.select(_raw(Parent.child_id), _raw(Parent.parent_id), Parent.role)
    query = query.join(Revision, Revision.id == Parent.child_id).where(Revision.work_id == work.id)
    rows = session.execute(query.order_by(Parent.position).execution_options(**WHOLE))  # `_queries` says which are told
    return [(_hex(c), _hex(p), role) for c, p, role in rows]


def _first_new_words(session: Session, work: Work, edges: list[tuple[str, str, str]]) -> dict[str, str]:
    """The first new words of texts among the work's revisions and the parents that they have elsewhere."""
    children = {child for child, _, _ in edges}
    elsewhere = words_of(session, (UUID(parent) for _, parent, _ in edges if parent not in children))
    found = {key.hex: said for key, said in elsewhere.items()}
    if traits(work.medium).worded:
        own = new_words(session, Revision.work_id == work.id, _raw(Revision.id))
        found |= {_hex(key): said for key, said in own.items()}
    return found


def _queries(artist: Artist, work: Work, edges: list[tuple[str, str, str]], *columns: Any) -> list[tuple[bool, sa.Select[Any]]]:
    """The foreign parents that the artist may see, then the work's own revisions by number."""
    basic = (_raw(Revision.id), Revision.number, _raw(Revision.work_id), _raw(Revision.generation_id), Asset.colour)
    query = sa.select(*basic, *columns).outerjoin(Asset, Asset.sha256 == Revision.asset_id)
    own = query.where(Revision.work_id == work.id).order_by(Revision.number)
    children = {child for child, _, _ in edges}
    elsewhere = [UUID(parent) for parent in {parent for _, parent, _ in edges} - children]
    visible = artist.works.query().where(Work.id == Revision.work_id).correlate(Revision).exists()
    others = query.where(Revision.work_id != work.id, visible)
    batches = [elsewhere[at : at + 500] for at in range(0, len(elsewhere), 500)]
    return [*((True, others.where(Revision.id.in_(batch))) for batch in batches), (False, own)]


def _raw(column: Any) -> Any:
    """The column as the driver gives it: making a UUID of each of ten thousand rows costs more than reading them."""
    return sa.type_coerce(column, sa.String)


def _hex(key: Any) -> str:
    return key if isinstance(key, str) else str(key.hex)


def _dashed(key: str) -> str:
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
