"""Diffs: two revisions side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.errors import InvalidError, NotFoundError, _
from app.models import Revision
from app.models.diff import Diff, Op, compare, picture_difference
from app.models.kin import near, numbered
from app.pages import answer
from app.routes.deps import CurrentArtist, Parts, Session

router = APIRouter(prefix="/revisions", tags=["diffs"])


class PieceOut(BaseModel):
    """A run of text that stayed, went or came."""

    op: Op
    text: str


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
    text: list[PieceOut] | None
    picture: PictureOut

    @classmethod
    def of(cls, diff: Diff, difference: float | None) -> DiffOut:
        """From the model's value."""
        return cls(
            a=diff.a.id,
            b=diff.b.id,
            brief={field: [PieceOut(**asdict(piece)) for piece in pieces] for field, pieces in diff.brief.items()},
            params=diff.params,
            engine=diff.engine,
            seed=diff.seed,
            text=[PieceOut(**asdict(piece)) for piece in diff.text] if diff.text is not None else None,
            picture=PictureOut(a=_content(diff.a), b=_content(diff.b), difference=difference),
        )


@router.get("/{a}/diff/{b}")
def show(a: UUID, b: UUID, *, request: Request, artist: CurrentArtist, session: Session, parts: Parts) -> Response:
    """What changed from revision `a` to `b`: words of the brief by field, parameters, seed, pictures.

    `brief` maps a field to pieces `{op: equal | delete | insert, text}`; `params` a name to `[old, new]`.
    """
    diff = compare(artist.revisions.get(a), artist.revisions.get(b))
    difference = picture_difference(parts.store, diff.a, diff.b)
    if "text/html" not in request.headers.get("accept", ""):
        return answer(request, DiffOut.of(diff, difference))
    kin = near(session, diff.b)
    shown: dict[str, Any] = {"diff": diff, "difference": difference, "work": diff.b.work, "near": kin}
    return answer(request, lambda: DiffOut.of(diff, difference), "revisions/diff.html", **shown)


@router.get("/{id}/diff")
def choose(
    id: UUID, artist: CurrentArtist, session: Session, number: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> Response:
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


def _content(revision: Revision) -> str | None:
    return f"/revisions/{revision.id}/content" if revision.asset_id else None
