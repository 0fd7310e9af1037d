"""Sight: who reads for an artist follows the edges of a lineage only to what that artist may see.

A revision and a generation may have parents in other works, and children too; these works may be another's. Relationships,
joins and walks over edges do not go through a scope, so a session that reads for an artist narrows the edges themselves:
one that leads to what is not theirs to see is not there. (Workers read for nobody, and see all of them.)

What they may do with what they see is asked in `Scope.get`: who changes something needs to be an editor of its project, or
its owner where the handler says so (app.models.membership). A handler that says nothing is one that changes its project.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, aliased, with_loader_criteria

from app.models.artist import Artist
from app.models.edge import Parent
from app.models.generation import GenerationParent
from app.models.membership import Right
from app.models.revision import Revision
from app.models.scope import NEEDS, READER
from app.models.work import Work, Works

KEY = "seen by"
EDGES = {Parent, GenerationParent}
KNOWN = 1_000  # artists whose narrowing is kept: to build one takes milliseconds
_narrowings: dict[UUID, tuple[LoaderCriteriaOption, ...]] = {}


def see_as(session: Session, artist: Artist, *, changes: bool = False) -> None:
    """From here on `session` reads for `artist`, whose request `changes` what it finds, or looks at it."""
    session.info[READER] = artist.id
    session.info[NEEDS] = Right.EDIT if changes else Right.SEE
    if artist.id not in _narrowings:
        if len(_narrowings) >= KNOWN:
            _narrowings.clear()
        _narrowings[artist.id] = _narrowing(session, artist)
    session.info[KEY] = _narrowings[artist.id]


def _narrowing(session: Session, artist: Artist) -> tuple[LoaderCriteriaOption, ...]:
    """What a statement is told, so that edges in it have ends that `artist` may see."""

    def visible(id: Any) -> sa.ColumnElement[bool]:
        one = aliased(Revision)
        its = Works(session, artist).query().where(Work.id == one.work_id).correlate_except(Work).exists()
        return sa.select(one.id).where(one.id == id, its).correlate_except(one).exists()

    return (
        with_loader_criteria(Parent, sa.and_(visible(Parent.parent_id), visible(Parent.child_id)), include_aliases=True),
        with_loader_criteria(GenerationParent, visible(GenerationParent.revision_id), include_aliases=True),
    )


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Narrow what reads edges first of all, such as a relationship that is loaded, and what says that it follows them. (Not
    every statement: to look for edges in each costs a millisecond.)
    """
    narrowing, asked = state.session.info.get(KEY), state.execution_options
    if not narrowing or not state.is_select or state.is_column_load or "whole_lineage" in asked:
        return
    read = state.bind_mapper
    if "follows_edges" in asked or (read is not None and read.class_ in EDGES):
        state.statement = state.statement.options(*narrowing)
