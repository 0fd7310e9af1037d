"""Comments: what people say to a revision, in threads that begin at a place in it, or at none.

Whoever may see a project reads them; its commenters and who is more write. A change is answered with all comments of the
revision that the page is about, which the address says (`at`) where it is another one than the thread's own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.bounded import LIMITS
from app.errors import ConflictError, InvalidError, UnfitError, _, raises
from app.gate import prose
from app.lineage.carried import Standing, Told, told
from app.lineage.pinning import bar_starts, pinned, quote_of
from app.media.pin import Pin
from app.models.artist import Artist
from app.models.comment import LONGEST, Comment, Thread
from app.models.membership import Right
from app.models.revision import Revision
from app.storage.store import Store
from app.web.deps import CurrentArtist, OneTurn, Parts, Studio, TransactionsOf, body
from app.web.pages import answer
from app.web.schemas import Damage, Listed

router = APIRouter(route_class=OneTurn, tags=["comments"])


def _said(value: Any) -> Any:
    """Words without space around them. Raises UnfitError for none."""
    if not isinstance(value, str):
        return value
    words = prose(value).strip()
    if not words:
        raise UnfitError(_("say at least one letter"))
    return words


class CommentIn(BaseModel):
    """Something to say. Markup in it is shown as it was typed."""

    model_config = ConfigDict(extra="ignore")
    body: Annotated[str, Field(max_length=LONGEST), BeforeValidator(_said)]


class CommentAt(CommentIn):
    """Something to say to a revision, and to which place in it; without one to all of it."""

    place: Pin | None = None


class CommentOut(BaseModel):
    """Something that was said. What was taken back has no words any more."""

    id: UUID
    author: UUID
    by: str
    body: str
    created_at: datetime
    edited_at: datetime | None
    withdrawn: bool
    damaged: Damage

    @classmethod
    def of(cls, one: Comment) -> CommentOut:
        """From its row."""
        plain = {name: getattr(one, name) for name in ("id", "body", "created_at", "edited_at", "damaged")}
        return cls(author=one.author_id, by=one.author.name, withdrawn=one.withdrawn_at is not None, **plain)


class ResolvedOut(BaseModel):
    """Who said that a thread is done with, and when."""

    by: str
    at: datetime


class ThreadOut(BaseModel):
    """What was said to a revision, and the replies; `id` is that of its first comment."""

    id: UUID
    revision: UUID = Field(description="The one that it was said to.")
    standing: Standing = Field(
        description="Said to the revision that was asked for, carried to it from an earlier one, or earlier."
    )
    place: Pin | None = Field(description="In the revision that was asked for.")
    quote: str = Field(description="Of a place in a text: the words there.")
    resolved: ResolvedOut | None
    comments: list[CommentOut]

    @classmethod
    def of(cls, one: Told) -> ThreadOut:
        """From its rows."""
        first, done = one.thread.first, one.thread.resolution
        return cls(
            id=first.id,
            revision=first.revision_id,
            standing=one.standing,
            place=one.pin,
            quote=quote_of(first.revision, first.pin),
            resolved=ResolvedOut(by=done.artist.name, at=done.created_at) if done else None,
            comments=[CommentOut.of(comment) for comment in one.thread.comments],
        )


Said = Annotated[CommentIn, Depends(body(CommentIn))]


def commented(artist: Artist, revision: Revision, store: Store) -> dict[str, Any]:
    """What the comments of a page about `revision` show."""
    work, found = revision.work, told(artist.comments, revision, store)
    threads = [one for one in found if one.standing != Standing.EARLIER]
    barred = any(one.pin and one.pin.bars for one in threads)
    return {
        "revision": revision,
        "work": work,
        "threads": threads,
        "earlier": found[len(threads) :],
        "bar_starts": bar_starts(revision) if barred else {},
        "here": artist.id,
        "quote_of": quote_of,
        "open_here": work.project.commentable and not work.trashed,
    }


def _own(thread: Thread) -> Told:
    return Told(thread, Standing.OWN, thread.first.pin)


At = Annotated[UUID | None, "the revision that the page is about, where it is not the comment's own"]


def _told(request: Request, artist: Artist, parts: Studio, comment: Comment, at: UUID | None, status: int = 200) -> Response:
    """The thread for a program; for a page all comments of the revision that it is about."""
    about = artist.revisions.get(at, to=Right.SEE) if at else comment.revision
    return answer(
        request,
        lambda: ThreadOut.of(_own(artist.comments.thread(comment))),
        partial="comments/_comments.html",
        status=status,
        location=f"/revisions/{about.id}#comment-{comment.thread_id}",
        shown=lambda: commented(artist, about, parts.store),
    )


@router.get("/revisions/{id}/comments", response_model=Listed[ThreadOut])
def index(id: UUID, request: Request, artist: CurrentArtist, parts: Parts) -> Response:
    """What was said to a revision, and to those it came from in its work."""
    revision = artist.revisions.get(id)
    return answer(
        request,
        lambda: Listed[ThreadOut](items=[ThreadOut.of(one) for one in told(artist.comments, revision, parts.store)]),
        partial="comments/_comments.html",
        location=f"/revisions/{id}#comments",
        shown=lambda: commented(artist, revision, parts.store),
    )


@router.get("/works/{id}/comments", response_model=Listed[ThreadOut])
def in_work(id: UUID, request: Request, artist: CurrentArtist) -> Response:
    """What was said last to the revisions of a work, the newest first."""
    work = artist.works.get(id)
    found = artist.comments.in_work(work)
    return answer(
        request,
        lambda: Listed[ThreadOut](items=[ThreadOut.of(_own(one)) for one in found]),
        "comments/index.html",
        work=work,
        threads=found,
        here=artist.id,
        quote_of=quote_of,
    )


@router.post("/revisions/{id}/comments", status_code=201, response_model=ThreadOut)
@raises(ConflictError, InvalidError, *LIMITS)
def add(
    id: UUID,
    request: Request,
    transactions: TransactionsOf,
    parts: Parts,
    given: Annotated[CommentAt, Depends(body(CommentAt))],
) -> Response:
    """Say something to a revision."""
    with transactions.reading() as (_session, artist):
        pin = pinned(artist.revisions.get(id, to=Right.COMMENT), given.place)  # a long tune is read for it
    with transactions.writing() as (_session, artist):
        made = artist.comments.add(artist.revisions.get(id, to=Right.COMMENT), given.body, pin)
        return _told(request, artist, parts, made, None, 201)


@router.get("/comments/{id}", response_model=ThreadOut)
def show(id: UUID, request: Request, artist: CurrentArtist, parts: Parts) -> Response:
    """The thread that a comment belongs to; in a browser the page of its revision."""
    return _told(request, artist, parts, artist.comments.get(id), None)


@router.post("/comments/{id}/replies", status_code=201, response_model=ThreadOut)
@raises(ConflictError, InvalidError)
def reply(id: UUID, request: Request, artist: CurrentArtist, parts: Parts, given: Said, at: At = None) -> Response:
    """Go on with a thread."""
    made = artist.comments.reply(artist.comments.get(id, to=Right.COMMENT), given.body)
    return _told(request, artist, parts, made, at, 201)


@router.patch("/comments/{id}", response_model=ThreadOut)
@raises(ConflictError)
def change(id: UUID, request: Request, artist: CurrentArtist, parts: Parts, given: Said, at: At = None) -> Response:
    """Say it in other words: one's own alone."""
    found = artist.comments.get(id, to=Right.COMMENT)
    artist.comments.edit(found, given.body)
    return _told(request, artist, parts, found, at)


@router.delete("/comments/{id}", response_model=ThreadOut)
@raises(ConflictError)
def withdraw(id: UUID, request: Request, artist: CurrentArtist, parts: Parts, at: At = None) -> Response:
    """Take a comment back: one's own, or anybody's in one's own project. Its replies stay."""
    found = artist.comments.get(id, to=Right.COMMENT)
    artist.comments.withdraw(found)
    return _told(request, artist, parts, found, at)


@router.post("/comments/{id}/resolution", status_code=201, response_model=ThreadOut)
@raises(ConflictError)
def resolve(id: UUID, request: Request, artist: CurrentArtist, parts: Parts, at: At = None) -> Response:
    """Say that a thread is done with."""
    found = artist.comments.get(id, to=Right.COMMENT)
    artist.comments.resolve(found)
    return _told(request, artist, parts, found, at, 201)


@router.delete("/comments/{id}/resolution", response_model=ThreadOut)
@raises(ConflictError)
def reopen(id: UUID, request: Request, artist: CurrentArtist, parts: Parts, at: At = None) -> Response:
    """Say that a thread is not done with."""
    found = artist.comments.get(id, to=Right.COMMENT)
    artist.comments.reopen(found)
    return _told(request, artist, parts, found, at)
