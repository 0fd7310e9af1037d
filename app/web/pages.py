"""Pages: templates, languages, and `answer()`: HTML for a browser, JSON for a program, a partial for htmx."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from app.brief import FIELDS, LISTS
from app.engines.music.tune_params import KINDS, MOOD_NAMES
from app.errors import _, filled
from app.media.music.notation.heading import MODES, heading, span_of
from app.models.edge import DAMAGED
from app.settings import ROOT
from app.storage.db import now
from app.verbs.verb import Verb, keys, rule_of, toolbar
from app.web.done import COOKIE, Done, remembered
from app.web.media import pages_of
from app.web.root import Rooted, root_of
from app.web.scripts import script, static
from app.web.views.passages import by_rank, lead, passage, tongue

LANGUAGES = {"en": "English", "zh": "中文"}
_LOCALES = {"en": Locale("en"), "zh": Locale("zh", script="Hans")}
VARY = {"Vary": "Accept, HX-Request, HX-History-Restore-Request, Accept-Language, Cookie"}
_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")  # RFC 9110, 12.4.2


class Reader(StrEnum):
    """Who reads the answer: a program gets JSON, htmx a partial, a browser a page."""

    PROGRAM = "program"
    HTMX = "htmx"
    BROWSER = "browser"


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
    """The reader's language: what they chose, else of those that we speak the one that their browser puts first."""
    chosen = request.cookies.get("stemma_language", "")
    if chosen in LANGUAGES:
        return chosen
    wished = [(name.split("-")[0], weight) for name, weight in _weighed(request, "accept-language")]
    spoken = [(name, weight) for name, weight in wished if name in LANGUAGES and weight > 0]
    return max(spoken, key=lambda one: one[1])[0] if spoken else "en"  # of equals the one named first


def _weighed(request: Request, header: str) -> Iterator[tuple[str, float]]:
    """The entries of an Accept header in lower case, each with its weight from 0 to 1; one that cannot be read is 1."""
    for entry in ",".join(request.headers.getlist(header)).lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        told = next((found for one in parameters if (found := _WEIGHT.fullmatch(one))), None)
        yield name, float(told[1]) if told else 1.0


def _seed(value: int | None) -> str:
    return "" if value is None else str(value)


def _by_kind(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """What was heard (app.brief.Prompt) with the values of one kind together."""
    return [(kind, [value for _kind, value in each]) for kind, each in groupby(pairs, itemgetter(0))]


def _iso(value: datetime) -> str:
    return value.isoformat()


@cache
def environment(language: str, root: str) -> Environment:
    """The templates in one language, for a studio below the path `root`.

    `_()` and `{% trans %}` translate; dates and numbers follow the language.
    """
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", Rooted],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    env.globals |= {"root": root, "static": partial(static, root=root), "script": partial(script, root=root)}
    env.globals |= {"language": language, "languages": LANGUAGES}
    env.globals |= _globals(translations(language).gettext)
    env.filters |= _filters(language)
    return env


def _globals(say: Callable[[str], str]) -> dict[str, Any]:
    """What every template may use of the house, its labels worded by `say`."""
    return {
        "brief_fields": FIELDS,
        "brief_lists": LISTS,
        "heading": heading,
        "modes": MODES,
        "pages_of": pages_of,
        "span_of": span_of,
        "tune_kinds": {kind: say(said) for kind, said in KINDS.items() if kind != "other"},
        "tune_moods": {mood: say(said) for mood, said in MOOD_NAMES.items()},
        "by_rank": by_rank,
        "lead": lead,
        "passage": passage,
        "tongue": tongue,
        "Verb": Verb,
        "toolbar": toolbar,
        "rule_of": rule_of,
        "keys_of": lambda bar="": tuple((chords, say(label)) for chords, label in keys(bar)),
        "role_names": {str(verb): say(verb.rule.role) for verb in Verb if verb.rule.role} | {DAMAGED: say(_("cannot be read"))},
    }


def _filters(language: str) -> dict[str, Callable[..., Any]]:
    """How templates write moments, ages, faults and seeds."""
    locale, say = _LOCALES[language], translations(language).gettext
    return {
        "moment": lambda value: f"{format_datetime(value, 'medium', tzinfo=UTC, locale=locale)} UTC",
        "ago": lambda value: format_timedelta(value - now(), add_direction=True, locale=locale),
        "age": lambda value: max(0, round((now() - value).total_seconds())),
        "iso": _iso,
        "told": lambda error: filled(say(error["title"]), error["details"]),
        "seed": _seed,
        "by_kind": _by_kind,
    }


def render(template: str, language: str, root: str, /, **context: Any) -> str:
    """A template's text in a language, with addresses below the path `root`."""
    return environment(language, root).get_template(template).render(**context)


def reader(request: Request) -> Reader:
    """Who asks. The only place that looks at the headers which tell it; `VARY` names them.

    htmx says so itself; when it restores a page that its history has lost, it needs the whole page. A browser likes HTML
    better than JSON, and names it; who takes anything is a program.
    """
    if request.headers.get("hx-request") == "true":
        return Reader.BROWSER if request.headers.get("hx-history-restore-request") == "true" else Reader.HTMX
    accepted = list(_weighed(request, "accept"))
    html = _liking(accepted, "text/html")
    json_ = max(_liking(accepted, "application/json"), _liking(accepted, "application/problem+json"))
    return Reader.BROWSER if html[0] > 0 and html > json_ else Reader.PROGRAM


def _liking(accepted: list[tuple[str, float]], kind: str) -> tuple[float, int, int]:
    """How well a media type is liked, to be compared: its weight, how exactly it is named, how early (RFC 9110, 12.5.1)."""
    ranges = ["*/*", f"{kind.split('/', maxsplit=1)[0]}/*", kind]
    named = [(ranges.index(name), -place, weight) for place, (name, weight) in enumerate(accepted) if name in ranges]
    exactness, place, weight = max(named, default=(-1, 0, 0.0))
    return weight, exactness, place


def wants_html(request: Request) -> bool:
    """True for a browser or htmx; a program gets JSON."""
    return reader(request) is not Reader.PROGRAM


def is_htmx(request: Request) -> bool:
    """True when htmx asks for a partial."""
    return reader(request) is Reader.HTMX


def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> HTMLResponse:
    """A page or partial in the reader's language, with what every page knows."""
    theme = request.cookies.get("stemma_theme", "auto")
    done = None if is_htmx(request) else remembered(request)  # a partial leaves it to the page
    shared = {
        "request": request,
        "done": done,
        "theme": theme if theme in {"light", "dark"} else "auto",
        "keys": "off" if request.cookies.get("stemma_keys") == "off" else "on",
    }
    text = render(template, language_of(request), root_of(request), **shared, **context)
    answered = HTMLResponse(text, status, {**VARY, "Cache-Control": "no-store", **(headers or {})})
    if done is not None:
        answered.delete_cookie(COOKIE, path="/")  # once is enough
    return answered


def answer(
    request: Request,
    data: BaseModel | Callable[[], BaseModel],
    template: str | None = None,
    *,
    partial: str | None = None,
    status: int = 200,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
    shown: Callable[[], Mapping[str, Any]] = dict,
    done: Done | None = None,
    **context: Any,
) -> Response:
    """One answer for three kinds of reader.

    A program gets `data` as JSON with `status`. A browser gets the page `template`, or is sent to `location` (303, RFC 9110
    15.4.4): each answer has one of the two. htmx gets `partial`; without one, the page, or it is sent to `location`.
    Page and partial are given the same: `context`, and what `shown` gives. `data` and `shown` are functions where they
    cost something: each is called only for who reads it, so no handler needs to know who asks. `done` is told to people with
    the request that undoes it: beside the partial, else on the page that follows.
    """
    if (template is None) == (location is None):
        raise RuntimeError(f"{request.url.path}: an answer has a page or a place to go")
    extra, who = {**VARY, **(headers or {})}, reader(request)
    if who is Reader.PROGRAM:
        model = data() if callable(data) else data
        return Response(model.model_dump_json(), status, extra, media_type="application/json")
    written = partial if who is Reader.HTMX and partial else template
    if written is not None:
        answered = page(request, written, status, extra, **context, **shown())
        if done is None:
            return answered
        beside = page(request, "_done_beside.html", told=done)
        return HTMLResponse(bytes(answered.body) + bytes(beside.body), status, {**VARY, "Cache-Control": "no-store", **extra})
    sent = _sent(who, str(location), extra)
    if done is not None:
        done.remember(sent)
    return sent


def _sent(who: Reader, location: str, headers: Mapping[str, str]) -> Response:
    """An answer that sends the reader to `location`: htmx goes there by a header of its own."""
    if who is Reader.HTMX:
        return Response(status_code=200, headers={**headers, "HX-Redirect": location})
    return RedirectResponse(location, 303, headers)
