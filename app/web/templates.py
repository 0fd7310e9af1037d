"""Templates in the reader's language: its catalogue, and what every template may use."""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.brief import FIELDS, LISTS
from app.engines.music.tune_params import KINDS, MOOD_NAMES
from app.engines.shared.chinese_glossary import chinese
from app.errors import _, filled, told
from app.media.music.notation.heading import MODES, heading, span_of
from app.models.edge import DAMAGED
from app.models.waiting import wait_of
from app.settings import ROOT
from app.storage.db import now
from app.verbs.verb import Verb, keys, rule_of, toolbar
from app.web.agents import browser_named
from app.web.media import pages_of
from app.web.root import Rooted
from app.web.scripts import script, static
from app.web.views.passages import by_rank, lead, passage, tongue

LANGUAGES = {"en": "English", "zh": "中文"}
_LOCALES = {"en": Locale("en"), "zh": Locale("zh", script="Hans")}


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
        "wait_of": wait_of,
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
        "in_words": lambda reason: told(reason, say),
        "told": lambda error: filled(say(error["title"]), error["details"]),
        "seed": _seed,
        "by_kind": _by_kind,
        "browser_named": browser_named,
        "named_here": chinese if language == "zh" else str,  # what an engine that thinks in English heard
    }


def render(template: str, language: str, root: str, /, **context: Any) -> str:
    """A template's text in a language, with addresses below the path `root`."""
    return environment(language, root).get_template(template).render(**context)
