"""Diffs: two revisions side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.bounded import LIMITS
from app.diff.authorship import spans_of
from app.diff.text import Op
from app.diff.text_rows import compared
from app.diff.tune_columns import Tunes, stretches
from app.errors import InvalidError, NotFoundError, _, raises
from app.gate import Number
from app.lineage.compare import Diff, compare, picture_difference
from app.lineage.relatives import near, numbered
from app.media.music.notation.bars import Facet
from app.models import Revision
from app.web.deps import CurrentArtist, OneTurn, Parts, Session
from app.web.pages import answer
from app.web.root import root_of

router = APIRouter(route_class=OneTurn, prefix="/revisions", tags=["diffs"])
TOLD = 1_000  # changes of a tune that a page tells
View = Literal["inline", "side", "changes"]


class PieceOut(BaseModel):
    """A run of text that stayed, went or came."""

    op: Op
    text: str


class PassageOut(PieceOut):
    """A run of a text. `a` and `b` are its place in the old and the new text: [begin, end], in Unicode code points.

    What moved stands at both its places, each telling both; `move` counts them, `end` says which this is. The passages
    with a place in `a` that are not a move's `to` spell the old text, those in `b` that are not a `from` the new one.
    """

    a: tuple[int, int] | None
    b: tuple[int, int] | None
    move: int | None
    end: Literal["from", "to"] | None


class BarOut(BaseModel):
    """A bar of the old tune and the one in its place, by their numbers (1 is the first full bar, a pickup is 0).

    `what` says in what a changed bar differs. What moved stands at both its places, each telling both; `move` counts the
    moves, `end` says which place this is.
    """

    a: int | None
    b: int | None
    op: Literal["equal", "change", "insert", "delete", "move"]
    what: list[Facet]
    move: int | None
    end: Literal["from", "to"] | None


class TuneOut(BaseModel):
    """What changed in a tune: semitones that it lies higher as a whole, what is said above the notes, bar by bar."""

    transposed: int | None
    heading: dict[str, tuple[str, str]]
    bars: list[BarOut]

    @classmethod
    def of(cls, diff: Tunes) -> TuneOut:
        """From the model's value."""
        bars = [BarOut.model_validate(pair, from_attributes=True) for pair in diff.bars]
        return cls(transposed=diff.transposed, heading=diff.heading, bars=bars)


class PictureOut(BaseModel):
    """Where the two pictures lie, and their mean absolute difference from 0 to 1 if they are of equal size."""

    a: str | None
    b: str | None
    difference: float | None


class DiffOut(BaseModel):
    """What changed from `a` to `b`; fields and parameters that did not change are absent."""

    a: UUID
    b: UUID
    brief: dict[str, list[PieceOut]]
    params: dict[str, tuple[Any, Any]]
    engine: tuple[str | None, str | None]
    seed: tuple[int | None, int | None]
    text: list[PassageOut] | None
    tune: TuneOut | None
    picture: PictureOut

    @classmethod
    def of(cls, diff: Diff, difference: float | None, root: str) -> DiffOut:
        """From the model's value; `root` comes before addresses."""
        return cls(
            a=diff.a.id,
            b=diff.b.id,
            brief={field: [PieceOut(**asdict(piece)) for piece in pieces] for field, pieces in diff.brief.items()},
            params=diff.params,
            engine=diff.engine,
            seed=diff.seed,
            text=[PassageOut(**asdict(one)) for one in diff.text] if diff.text is not None else None,
            tune=TuneOut.of(diff.tune) if diff.tune else None,
            picture=PictureOut(a=_content(diff.a, root), b=_content(diff.b, root), difference=difference),
        )


@router.get("/{a}/diff/{b}", response_model=DiffOut)
@raises(*LIMITS)
def show(
    a: UUID,
    b: UUID,
    *,
    request: Request,
    artist: CurrentArtist,
    session: Session,
    parts: Parts,
    view: View = "inline",
    ink: bool = False,
) -> Response:
    """What changed from revision `a` to `b`: words of the brief by field, of the text, parameters, seed, pictures.

    `brief` maps a field to pieces `{op: equal | delete | insert, text}`; `params` a name to `[old, new]`; `text` is
    passages with their places, `tune` pairs of bars. A page shows a text in one of three views, with who wrote it if `ink`.
    """
    diff = compare(artist.revisions.get(a), artist.revisions.get(b))
    difference = picture_difference(parts.store, diff.a, diff.b)

    def shown() -> dict[str, Any]:
        told: dict[str, Any] = {"diff": diff, "difference": difference, "work": diff.b.work, "near": near(session, diff.b)}
        if diff.written:
            told |= _text_context(diff, view, ink)
        if diff.tune is not None:
            changes = stretches(diff.tune.bars)
            told |= {"stretches": changes[:TOLD], "untold": len(changes[TOLD:]), "columns": diff.tune.columns}
        return told

    return answer(request, lambda: DiffOut.of(diff, difference, root_of(request)), "revisions/diff.html", shown=shown)


def _text_context(diff: Diff, view: View, ink: bool) -> dict[str, Any]:
    """What the page needs for a text: its rows in the view that was asked for."""
    here, there = (spans_of(one.text or "", one.origins) for one in (diff.a, diff.b))
    found = compared(diff.a.text or "", diff.b.text or "", view == "side", (here, there) if ink else None)
    return {"rows": found.rows, "left_out": found.left_out, "view": view, "ink": ink, "amount": found.amount}


@router.get("/{id}/diff", status_code=303, response_class=RedirectResponse)
def choose(id: UUID, artist: CurrentArtist, session: Session, number: Number | None = None) -> Response:
    """To the comparison with another revision of the same work, by `number`; without one, with the first parent."""
    revision = artist.revisions.get(id)
    if number is None:
        if not revision.parents:
            raise InvalidError("number", _("say with which revision of this work"))
        return RedirectResponse(f"/revisions/{revision.parents[0].parent_id}/diff/{id}", 303)
    try:
        other = numbered(session, revision.work, number)
    except NotFoundError as error:
        raise InvalidError("number", _("this work has no such revision")) from error
    return RedirectResponse(f"/revisions/{other.id}/diff/{id}", 303)


def _content(revision: Revision, root: str) -> str | None:
    return f"{root}/revisions/{revision.id}/content" if revision.asset_id else None
