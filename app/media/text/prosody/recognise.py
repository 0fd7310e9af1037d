"""The form that a brief names in passing: 七言绝句, 平水韵, "a sonnet", 藏头"…"; as data for `form_of`."""

from __future__ import annotations

import re
from typing import Any

# The first of them that a text names; longer names stand before what they contain.
_NAMED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        ("浣溪[沙纱]", "huanxisha"),
        ("鹧鸪天", "zhegutian"),
        ("[五5]言?(长律|排律|排)|排律", "wupai"),
        ("[五5]言?绝", "wujue"),
        ("[六6]言", "liujue"),
        ("六绝", "liujue"),
        ("[七7]言?绝", "qijue"),
        ("[五5]言?律|[五5]律", "wulv"),
        ("[七7]言?律|[七7]律", "qilv"),
        ("汉俳|俳句", "hanpai"),
        ("绝句", "qijue"),
        ("律诗", "qilv"),
        (r"\bwujue\b", "wujue"),
        (r"\bqijue\b", "qijue"),
        (r"\bwul[uüv]\b", "wulv"),
        (r"\bqil[uüv]\b", "qilv"),
        (r"\bhaiku\b", "haiku"),
        (r"\blimericks?\b", "limerick"),
        (r"\bsonnets?\b|十四行", "sonnet"),
        (r"\bcouplets?\b", "couplet"),
    )
)
_ACROSTIC = re.compile(r"藏头(?:诗)?[^，。；“「『\"《]{0,4}[“「『\"《]([^”」』\"》]{2,14})[”」』\"》]")
_ACROSTIC_ENGLISH = re.compile(r"\bacrostic\b[^.;\"“']{0,20}[\"“']([A-Za-z]{2,30})[\"”']", re.IGNORECASE)
_REGULATED = {"wujue", "qijue", "wulv", "qilv", "wupai"}


def recognised(text: str) -> dict[str, Any]:
    """What `text` asks of a form, as `app.media.text.prosody.asked.form_of` reads it; empty when it asks nothing."""
    found: dict[str, Any] = {}
    name = next((name for pattern, name in _NAMED if pattern.search(text)), None)
    if name is not None:
        found["preset"] = name
    if "平水韵" in text or "平水韻" in text:
        found["book"] = "old"
    elif re.search("中华新韵|新韵", text):
        found["book"] = "new"
    if match := _ACROSTIC.search(text) or _ACROSTIC_ENGLISH.search(text):
        found["acrostic"] = "".join(match[1].split())
    if name in _REGULATED:
        if start := re.search("([平仄])起", text):
            found["start"] = start[1]
        if "首句不入韵" in text:
            found["first_rhymed"] = False
        elif "首句入韵" in text:
            found["first_rhymed"] = True
    return found
