"""Files that go out: their headers, their recipe, and texts as documents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from app.errors import MalformedError, NotFoundError, RangeError, _
from app.media.facts import Facts
from app.media.text.documents.document import Document
from app.media.text.documents.writing import WRITERS, is_small, write
from app.models import Revision
from app.web.deps import Studio
from app.web.schemas import RevisionOut
from app.web.templates import translations
from app.web.views.passages import tongue

# The bytes under an address never change; `nosniff` and the sandbox keep them from being anything but what they are.
FOR_EVER = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
Kind = Literal["md", "txt", "docx", "epub"]
PLAIN = "text/plain; charset=utf-8"
WRITTEN = (PLAIN, *(kind for _write, kind in WRITERS.values()))  # the media types of a text as a file
MADE = 4  # goes up when the same revision makes other bytes
_AS_MARKS = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')  # what some system has no file names with


class File(FileResponse):
    """A file, or the ranges of it that are asked for (RFC 9110, 14). A Range that is none is left unread; one behind the
    end is our RangeError.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def looking(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == RangeError.status:
                raise RangeError(MutableHeaders(raw=message["headers"])["content-range"])
            if message["type"] == "http.response.start" and message["status"] >= MalformedError.status:
                raise MalformedError
            await send(message)

        try:
            await super().__call__(scope, receive, looking)
        except MalformedError:
            whole = [(name, value) for name, value in scope["headers"] if name != b"range"]
            await super().__call__({**scope, "headers": whole}, receive, send)


def recipe(revision: Revision) -> dict[str, Any]:
    """Everything that says how a revision came about, for the page and for the file."""
    out = RevisionOut.of(revision).model_dump(mode="json")
    wanted = (
        "id",
        "work",
        "number",
        "origin",
        "verb",
        "strength",
        "parents",
        "brief",
        "engine",
        "params",
        "seed",
        "mask",
        "facts",
        "created_at",
    )
    text = ("origins", "shares", "place", "form") if revision.text is not None else ("place",) if out["place"] else ()
    return {"stemma": 1, **{name: out[name] for name in (*wanted, *text)}}


def unchanged(request: Request, etag: str) -> bool:
    """True when the reader has these bytes. Weak comparison: a proxy that compresses weakens tags (RFC 9110, 13.1.2)."""
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return etag in known or known == ["*"]


def name_for(said: str) -> str:
    """A file name for what is made of this."""
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def rendered(parts: Studio, name: str, media_type: str, headers: dict[str, str], make: Callable[[Path], Any]) -> Response:
    """A file from the cache, or made now: from a file, since it may be large, and a player seeks in it (Range)."""
    path = parts.store.rendered(name)
    if not path.exists():
        make(path)
        parts.store.tidy_rendered(path)
    return File(path, media_type=media_type, headers=headers)


def text_response(request: Request, parts: Studio, revision: Revision, kind: Kind) -> Response:
    """A text as a file: `txt` is the text and nothing else, to be read at once; the others carry its recipe.

    Raises NotFoundError for a revision that is no text.
    """
    if revision.text is None:
        raise NotFoundError(_("This revision has no text."))
    title = "" if kind == "txt" else revision.work.title
    name = name_for(f"{MADE} {revision.id} {kind} {title}")
    etag = f'"{name[:40]}"'
    headers = {**FOR_EVER, "ETag": etag}
    if kind != "txt":  # the work may get another title
        headers["Cache-Control"] = "private, no-cache"
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attached(revision, kind, "inline" if kind == "txt" else "attachment")
    if kind == "txt":
        return Response(revision.text.encode(), media_type=PLAIN, headers=headers)
    make, media_type = WRITERS[kind]
    told = document(revision)
    if is_small(told):
        return Response(make(told), media_type=media_type, headers=headers)
    name = name_for(f"{name} {json.dumps(told.recipe)} {told.author}")
    return rendered(parts, f"{name}.{kind}", media_type, headers, lambda to: write(told, kind, to))


def recipe_file(revision: Revision) -> Response:
    """The recipe by itself, for what cannot carry it."""
    data = json.dumps(recipe(revision), ensure_ascii=False, indent=2).encode()
    headers = {**FOR_EVER, "Cache-Control": "no-store", "Content-Disposition": attached(revision, "json")}
    return Response(data, media_type="application/json", headers=headers)


def attached(revision: Revision, kind: str, how: str = "attachment") -> str:
    """A Content-Disposition for a file of `revision`, called like its work."""
    plain = f"stemma-{str(revision.work_id)[-6:]}-{revision.number}"
    return called(plain, revision.work.title, kind, how, f" {revision.number}")


def called(plain: str, title: str, kind: str, how: str = "attachment", after: str = "") -> str:
    """A Content-Disposition (RFC 6266): a `plain` name for old readers, the title and what comes `after` it for the others."""
    name = " ".join(_AS_MARKS.sub(" ", title).split()).strip(" .")[:80] or "stemma"
    return f"{how}; filename=\"{plain}.{kind}\"; filename*=UTF-8''{quote(f'{name}{after}.{kind}', safe='')}"


def document(revision: Revision) -> Document:
    """The revision as what every kind of file is made from."""
    text = revision.text or ""
    language = tongue(text)
    say = translations(language.partition("-")[0]).gettext
    return Document(
        id=revision.id,
        title=revision.work.title,
        author=revision.created_by.name,
        language=language,
        created=revision.created_at,
        text=text,
        recipe=recipe(revision),
        words={"recipe": say(_("Recipe")), "contents": say(_("Contents"))},
        markdown=_markdown(revision.path()[0].facts),
    )


def _markdown(facts: Facts) -> bool:
    """Whether the text of a lineage is Markdown: its root came as such."""
    return (facts.format if facts.markup is None else facts.markup) == "md"
