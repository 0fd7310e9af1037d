"""What lies in an archive: a file of rows for each table that goes along, and which rows of it belong to some projects.

Both follow from the tables themselves: a row belongs to the projects where everything that it must refer to does; what it may
refer to, and does not go along, is left empty. So a new column goes along, and so does a new table with its line in TABLES.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.models.generation import OPEN
from app.storage.db import Base

FORMAT, VERSION = "stemma-project-archive", 1
MANIFEST, SUMS, FILES = "stemma.json", "SHA256SUMS", "files/"
ARTISTS, PROJECTS, ASSETS, DRAFTS, GENERATIONS = "artists", "projects", "assets", "drafts", "generations"
# In the order in which rows can be written: what is referred to lies before what refers to it.
TABLES = (
    *(ARTISTS, PROJECTS, "works", ASSETS, GENERATIONS, "revisions", "parents", "generation_parents", "masks", "picks"),
    *("comments", "resolutions", "transcripts", "word_lists", "presets", DRAFTS, "draft_saves", "acts"),
)
# The tables that stay, and why.
STAYS = {
    "accounts": "of the studio, not of a project",
    "attempts": "of the studio, not of a project",
    "embeddings": "found anew by the judge of the other studio",
    "identity": "of the studio, not of a project",
    "invitations": "of the studio, not of a project",
    "judge_versions": "of the studio, not of a project",
    "memberships": "who sees a project is said in each studio",
    "mended": "of the studio, not of a project",
    "probes": "brought along to search by, not to keep",
    "share_links": "who sees a project is said in each studio",
    "project_invitations": "who sees a project is said in each studio",
    "readings": "read anew where somebody asks",
    "sessions": "of the studio, not of a project",
    "style_checkpoints": "weights change this studio's model, by the consent that was given here",
    "style_pictures": "weights change this studio's model, by the consent that was given here",
    "styles": "weights change this studio's model, by the consent that was given here",
    "verdicts": "found anew by the judge of the other studio",
    "workers": "of the studio, not of a project",
}
# Columns that stay: of people only their names; how a run was queued; what follows from ids, which are new in every studio.
LEFT = {
    ARTISTS: {"created_at"},
    GENERATIONS: {"priority", "attempt", "worker_id", "idempotency_key", "idempotency_digest", "judged_at"},
    DRAFTS: {"artist_id"},
    "acts": {"chain_id", "position", "digest"},
}
# Columns that hold an id and are no foreign keys.
ALSO = {"cover_id": "revisions", "mask_id": "masks", "thread_id": "comments"}


@dataclass(frozen=True)
class Part:
    """The rows of one table in an archive."""

    name: str

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"{self.name}.jsonl"

    @property
    def table(self) -> sa.Table:
        return Base.metadata.tables[self.name]

    @cached_property
    def columns(self) -> list[sa.Column[object]]:
        """What of a row goes along."""
        left = LEFT.get(self.name, set())
        return [column for column in self.table.columns if column.name not in left]

    @cached_property
    def refers(self) -> dict[str, str]:
        """For each column that refers to a row: to which table's."""
        found = {column.name: to for column in self.table.columns if (to := _refers_to(column))}
        return {name: to for name, to in found.items() if to in TABLES}


def _refers_to(column: sa.Column[object]) -> str | None:
    key = next(iter(column.foreign_keys), None)
    return key.column.table.name if key is not None else ALSO.get(column.name)


PARTS = {name: Part(name) for name in TABLES}


Projects = Sequence[UUID] | sa.Select[Any]  # their ids, or a question for them


@dataclass(frozen=True)
class Extent:
    """Some projects, as their archive holds them for one artist: of drafts that artist's own."""

    projects: Projects
    artist: UUID

    def rows(self, part: Part) -> sa.Select[Any]:
        """Select the rows of `part`, in the order of their keys."""
        columns: list[Any] = [self._told(part, column) for column in part.columns]
        return sa.select(*columns).where(*self._belongs(part)).order_by(*part.table.primary_key.columns)

    def works(self, column: sa.SQLColumnExpression[UUID]) -> sa.ColumnElement[bool]:
        """The condition that `column` holds the id of one of their works."""
        return column.in_(self._keys(PARTS["works"]))

    def _told(self, part: Part, column: sa.Column[object]) -> sa.ColumnElement[object]:
        """A column; an id in it that may be missing is left out where its row does not go along."""
        to = part.refers.get(column.name)
        if to in {None, ARTISTS, ASSETS} or not column.nullable:
            return column
        return sa.case((column.in_(self._keys(PARTS[str(to)])), column)).label(column.name)

    def _keys(self, part: Part) -> sa.Select[tuple[object]]:
        """Select the keys of the rows of `part`, which have one column."""
        return sa.select(next(iter(part.table.primary_key.columns))).where(*self._belongs(part)).correlate(None)

    def _belongs(self, part: Part) -> Iterator[sa.ColumnElement[bool]]:
        """The conditions that a row of `part` fulfils."""
        table = part.table
        if part.name == PROJECTS:
            yield table.c.id.in_(self.projects)
        elif part.name == ARTISTS:
            yield table.c.id.in_(self._makers())
        elif part.name == ASSETS:
            yield table.c.sha256.in_(self._files())
        else:
            for name, to in part.refers.items():
                if to not in {ARTISTS, ASSETS, part.name} and not table.c[name].nullable:
                    yield table.c[name].in_(self._keys(PARTS[to]))
        if part.name == DRAFTS:
            yield table.c.artist_id == self.artist
        if part.name == GENERATIONS:
            yield table.c.status.not_in(OPEN)

    def _makers(self) -> sa.CompoundSelect[tuple[object]]:
        """Select the artists who are referred to, and the one for whom the archive is."""
        told = [sa.select(sa.literal(self.artist, sa.Uuid()))]
        for part in PARTS.values():
            for name, to in part.refers.items():
                if to == ARTISTS and name not in LEFT.get(part.name, set()):
                    told.append(sa.select(part.table.c[name]).where(*self._belongs(part)))
        return sa.union(*told)

    def _files(self) -> sa.CompoundSelect[tuple[object]]:
        """Select the digests of the bytes: of what revisions and masks hold, and what shows a drawing in pixels."""
        held = sa.union(
            *(
                sa.select(part.table.c[name]).where(*self._belongs(part))
                for part in PARTS.values()
                for name, to in part.refers.items()
                if to == ASSETS
            )
        ).subquery()
        assets = PARTS[ASSETS].table
        rasters = sa.select(assets.c.raster).where(assets.c.sha256.in_(sa.select(held.c[0])), assets.c.raster.is_not(None))
        return sa.union(sa.select(held.c[0]), rasters)
