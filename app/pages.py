"""Pages: templates, languages, and `answer()`: HTML for a browser, JSON for a program, a partial for htmx."""

from __future__ import annotations

import gettext
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from app.db import now
from app.errors import filled
from app.music.heading import heading, span_of
from app.passages import by_rank, lead, passage, tongue
from app.scripts import script, static
from app.settings import ROOT

LANGUAGES = {"en": "English", "zh": "中文"}
_LOCALES = {"en": Locale("en"), "zh": Locale("zh", script="Hans")}
VARY = {"Vary": "Accept, HX-Request, Accept-Language, Cookie"}


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language, compiled in memory from its .po file (English is the message ids themselves)."""
    source = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "stemma.po"
    if language != "zh" or not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(request: Request) -> str:
    """The reader's language: what they chose, else the first of their browser's that we speak."""
    chosen = request.cookies.get("stemma_language", "")
    if chosen in LANGUAGES:
        return chosen
    for entry in request.headers.get("accept-language", "").split(","):
        wanted = entry.split(";")[0].strip().lower().split("-")[0]
        if wanted in LANGUAGES:
            return wanted
    return "en"


def _seed(value: int | None) -> str:
    return "" if value is None else str(value)


def _iso(value: datetime) -> str:
    return value.isoformat()


@cache
def environment(language: str) -> Environment:
    """The templates in one language. `_()` and `{% trans %}` translate; dates and numbers follow the language."""
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    locale = _LOCALES[language]
    env.globals |= {"static": static, "script": script, "language": language, "languages": LANGUAGES}
    env.globals |= {
        "heading": heading,
        "span_of": span_of,
        "by_rank": by_rank,
        "lead": lead,
        "passage": passage,
        "tongue": tongue,
    }
    env.filters |= {
        "moment": lambda value: format_datetime(value, "medium", locale=locale),
        "ago": lambda value: format_timedelta(value - now(), add_direction=True, locale=locale),
        "iso": _iso,
        "told": lambda error: filled(translations(language).gettext(error["title"]), error["details"]),
        "seed": _seed,
    }
    return env


def render(template: str, language: str, **context: Any) -> str:
    """A template's text in a language."""
    return environment(language).get_template(template).render(**context)


def wants_html(request: Request) -> bool:
    """True for a browser or htmx; a program gets JSON."""
    return is_htmx(request) or "text/html" in request.headers.get("accept", "")


def is_htmx(request: Request) -> bool:
    """True when htmx asks for a partial."""
    return request.headers.get("hx-request") == "true"


def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> HTMLResponse:
    """A page or partial in the reader's language, with what every page knows."""
    theme = request.cookies.get("stemma_theme", "auto")
    shared = {
        "request": request,
        "theme": theme if theme in {"light", "dark"} else "auto",
        "keys": request.cookies.get("stemma_keys", "on"),
    }
    text = render(template, language_of(request), **shared, **context)
    return HTMLResponse(text, status, {**VARY, "Cache-Control": "no-store", **(headers or {})})


def answer(
    request: Request,
    data: BaseModel | Callable[[], BaseModel],
    template: str | None = None,
    *,
    partial: str | None = None,
    status: int = 200,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """One answer for three kinds of reader.

    A program gets `data` as JSON with `status`. htmx gets `partial`, or is sent to `location` when there is no partial.
    A browser gets the page `template`, or without one is sent to `location` (303, RFC 9110 15.4.4).
    `data` may be a function, so that a page does not pay for what only a program reads.
    """
    extra = {**VARY, **(headers or {})}
    if not wants_html(request):
        model = data() if callable(data) else data
        return JSONResponse(json.loads(model.model_dump_json()), status, extra)
    if is_htmx(request) and partial:
        return page(request, partial, status, extra, **context)
    if location:
        if is_htmx(request):
            return Response(status_code=200, headers={**extra, "HX-Redirect": location})
        return RedirectResponse(location, 303, extra)
    if template is None:
        raise RuntimeError(f"no page for {request.url.path}")
    return page(request, template, status, extra, **context)
