"""Errors that carry their HTTP status and a message for the person.

Messages are gettext message ids with named placeholders, so that a page can say them in the reader's language.
One handler (`app.web.main`) turns them into problem+json (RFC 9457), a page or a partial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def _(message: str) -> str:
    """Mark `message` for translation; it is translated where it is shown."""
    return message


def filled(text: str, details: Mapping[str, Any] | None) -> str:
    """`text` with its named placeholders filled. One that does not fit (a translation's slip, a `%` in what a library
    said) is shown as it stands: a message about a fault must not become another fault.
    """
    try:
        return text % details if details else text
    except (KeyError, TypeError, ValueError):
        return text


class Sentence(str):  # noqa: SLOT000 (it carries what it is made of)
    """A sentence for a person: in English as it stands, in another language as `told` says it."""

    id: str
    details: Mapping[str, Any]

    def __new__(cls, id: str, /, **details: Any) -> Self:
        """Of a message id whose placeholders `details` fill."""
        made = super().__new__(cls, filled(id, details))
        made.id = id
        made.details = {name: one if isinstance(one, (str, int, float)) else str(one) for name, one in details.items()}
        return made


def told(reason: str, say: Callable[[str], str]) -> str:
    """A sentence, or a message id without placeholders, through `say` (gettext); what is told within it as well."""
    if not isinstance(reason, Sentence):
        return say(reason)
    within = {name: told(one, say) if isinstance(one, str) and one else one for name, one in reason.details.items()}
    return filled(say(reason.id), within)


class StemmaError(Exception):
    """Something a person should read about. `title` is a message id, `details` fills its placeholders."""

    status = 500
    code = "error"
    exit_status = 1  # of a command that ends with it
    title = _("Something went wrong.")

    def __init__(self, title: str | None = None, /, *, extra: Mapping[str, Any] | None = None, **details: Any) -> None:
        self.title = title.id if isinstance(title, Sentence) else title or type(self).title
        self.details = dict(title.details) | details if isinstance(title, Sentence) else details
        self.extra = dict(extra or {})
        super().__init__(self.message())

    def message(self, translate: Any = None) -> str:
        """The message with its placeholders filled, through `translate` (gettext) when given."""
        text = translate(self.title) if translate else self.title
        return filled(str(text), self.details)

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}


def raises(*errors: type[StemmaError]) -> Callable[[Function], Function]:
    """Say which errors a handler or a dependency of handlers may raise; the description of the HTTP interface is made of it."""

    def said(function: Function) -> Function:
        function.raised = errors  # type: ignore[attr-defined]  # read by app.web.routes.interface
        return function

    return said


class MalformedError(StemmaError):
    """The body cannot be taken apart: a form without its boundary, say."""

    status, code, title = 400, "malformed", _("The body of this request cannot be read.")


class NotFoundError(StemmaError):
    """It does not exist, or it is not yours: nobody can tell which (access is scoping)."""

    status, code, title = 404, "not-found", _("There is nothing here.")


class SignInError(StemmaError):
    """Nobody is signed in, or what they signed in with does not fit."""

    status, code, title = 401, "sign-in", _("Sign in first.")


class ThrottledError(StemmaError):
    """Too many tries: the next is looked at after `seconds`."""

    status, code, title = 429, "throttled", _("Too many tries. The next one is looked at in %(seconds)d seconds.")

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds=max(1, round(seconds)))

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.details["seconds"])}


class MethodError(StemmaError):
    """The address exists and does not take this method; the Allow header names those it takes."""

    status, code, title = 405, "method", _("That cannot be done with this address. It takes %(methods)s.")

    def __init__(self, methods: list[str]) -> None:
        super().__init__(methods=", ".join(methods))

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": str(self.details["methods"])}


class ConflictError(StemmaError):
    """The present state does not allow this."""

    status, code, title = 409, "conflict", _("That does not go together with what is there now.")


class StaleDraftError(ConflictError):
    """The draft was saved elsewhere since; `extra["draft"]` holds the present one."""

    code, title = "stale-draft", _("This draft was changed in another window.")


class StaleError(ConflictError):
    """It was changed elsewhere since; `extra` holds what it says now, and what was sent."""

    code, title = "stale", _("This was changed in another window. Nothing was overwritten.")


class InvalidError(StemmaError):
    """Bad input. `fields` maps a field's dotted name to what is allowed there."""

    status, code, title = 422, "invalid", _("Please check what you entered.")

    def __init__(self, field: str, message: str, **details: Any) -> None:
        super().__init__(**details)
        self.fields = [(field, message)]
        self.args = (f"{field}: {filled(message, details)}",)

    def errors(self, translate: Any = None) -> list[dict[str, str]]:
        """One entry a field: its dotted name and what is wrong with it."""
        say = translate or (lambda text: text)
        return [{"field": f, "message": filled(say(m), self.details)} for f, m in self.fields]


class UnfitError(ValueError):
    """What a validator finds wrong with a field's value: `title` is a message id, `details` fills its placeholders."""

    def __init__(self, title: str, **details: Any) -> None:
        self.title, self.details = title, details
        super().__init__(filled(title, details))


class TooLargeError(StemmaError):
    """The body is over the limit."""

    status, code, title = 413, "too-large", _("That file is too large: at most %(limit)s.")


class TooSlowError(StemmaError):
    """The rest of the body did not come."""

    status, code, title = (
        408,
        "too-slow",
        _("The rest of what you sent did not arrive in time. Nothing was changed: send it again."),
    )


class UnsupportedError(StemmaError):
    """The body is of a kind that cannot be taken."""

    status, code, title = (
        415,
        "unsupported",
        _("That is not a picture Stemma can read (PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP)."),
    )


class RangeError(StemmaError):
    """The part of a file that was asked for lies behind its end."""

    status, code, title = 416, "range", _("This file has no such part.")

    def __init__(self, length: str) -> None:
        super().__init__()
        self.length = length

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Range": self.length}


class QueueFullError(StemmaError):
    """Too many generations wait already."""

    status, code, title = (
        429,
        "queue-full",
        _("The queue is full: %(waiting)d generations wait already. Try again soon."),
    )

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "10"}


class ForbiddenError(StemmaError):
    """The request comes from a page that is not ours."""

    status, code, title = (
        403,
        "foreign-origin",
        _(
            "This request comes from another site, so it was refused. If it came from the studio's own page, behind a proxy:"
            " whoever runs the studio allows the page's address in STEMMA_ORIGINS."
        ),
    )


class OutOfRoleError(StemmaError):
    """You see it, and what you are in its project does not allow this."""

    status, code, title = 403, "role", _("What you are in this project does not allow this.")


class ForeignHostError(StemmaError):
    """The Host header names an address that this studio does not answer to."""

    status, code, title = (
        421,
        "foreign-host",
        _("This studio does not answer to that address. Allow it in STEMMA_HOSTS."),
    )


class SubPathError(StemmaError):
    """A proxy shows the studio below a path, where the addresses in its pages lead nowhere."""

    status, code, title = (
        421,
        "sub-path",
        _("A proxy shows the studio below a path that it does not know. Whoever runs it sets STEMMA_ROOT to that path."),
    )


class UnavailableError(StemmaError):
    """The database, the disk or another part cannot do its work right now; nothing was changed."""

    status, code, title = 503, "unavailable", _("The studio cannot do this right now. Nothing was changed.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}


class BusyError(UnavailableError):
    """Too much is being worked on at the same time."""

    code, title = (
        "busy",
        _("Much else is being worked on right now, so this had to wait too long. Please try again in a moment."),
    )

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "10"}


class LeftError(StemmaError):
    """The client has left, so its work was ended; nobody reads this."""

    status, code, title = 499, "left", _("This was stopped, because nobody was waiting for it any more.")


class DiskFullError(UnavailableError):
    """No room is left on the device."""

    status, code, title = 507, "disk-full", _("The disk is full. Nothing was lost: make room and try again.")


class EngineError(StemmaError):
    """An engine cannot do what was asked; the message says why."""

    status, code, title = 422, "engine", _("The engine could not do this: %(reason)s")
