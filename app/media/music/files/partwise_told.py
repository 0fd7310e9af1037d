"""What a score says that a tune does not keep: each is told. An element that is not listed here is told as well."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator

from app.errors import _

NO_OTHERS = _("Parts of the score that Stemma does not know were left out.")
NO_SIGNS = _("Words and signs above the staff were left out (dynamics, jumps, rehearsal marks).")
NO_CHORDS = _("Chord symbols were made simpler (added notes, rare kinds).")
NO_METRE = _("A metre of several parts became one of their sum.")
NO_KEY = _("A key signature that no key has was left out.")
NO_TABLATURE = _("Tablature and staffs without pitches became notes on a usual staff.")
NO_HEADS = _("Note heads of other shapes became usual ones.")
NO_CUES = _("Cue notes were left out.")
NO_CREDITS = _("Of the words around the score only title and composer were kept.")
NO_TIMES = _("A passage played more than twice is repeated once.")
NO_GRACES = _("Of many grace notes before one note only some were kept.")
NO_VERSES = _("Of many verses only some were kept.")

# By the element that holds them: what is kept, or says nothing that could be lost (looks, layout, how to play it back).
_KNOWN = {
    "measure": """attributes note barline harmony direction sound backup forward print bookmark link grouping listening""",
    "note": """grace chord pitch rest unpitched duration tie cue instrument footnote level voice type dot accidental
        time-modification stem notehead notehead-text staff beam notations lyric play listen""",
    "attributes": """footnote level divisions key time staves part-symbol instruments clef staff-details transpose for-part
        directive measure-style""",
    "barline": """bar-style footnote level wavy-line segno coda fermata ending repeat""",
    "harmony": """root numeral function kind inversion bass degree frame offset footnote level staff""",
    "lyric": """syllabic text elision extend laughing humming end-line end-paragraph footnote level""",
}
KNOWN = {name: frozenset(children.split()) for name, children in _KNOWN.items()}
JUMPS = ("dacapo", "dalsegno", "segno", "coda", "tocoda", "fine")
PLAIN_HEADS = {"normal", "none", "default"}


def told(element: ET.Element) -> Iterator[str]:
    """Sentences about what of this element is not kept."""
    if element.tag in KNOWN and any(child.tag not in KNOWN[element.tag] for child in element):
        yield NO_OTHERS
    if element.tag in CASES:
        for said, is_there in CASES[element.tag]:
            if is_there(element):
                yield said


def credits_lost(root: ET.Element, kept: set[str]) -> bool:
    """Whether the head of a score, or the words beside it, say more than the title and the composer that are `kept`."""
    known = {_plain(one) for one in kept}
    heads = ("work/work-title", "work/work-number", "work/opus", "movement-title", "movement-number", "identification/creator",
             "identification/rights", "credit/credit-words")  # fmt: skip
    return any(_plain(one.text or "") not in known for path in heads for one in root.findall(path) if (one.text or "").strip())


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _has(*paths: str) -> Callable[[ET.Element], bool]:
    return lambda element: any(element.find(path) is not None for path in paths)


def _says(path: str, *words: str) -> Callable[[ET.Element], bool]:
    return lambda element: any((one.text or "").strip() in words for one in element.findall(path))


def _jumps(element: ET.Element) -> bool:
    return any(element.get(name) for name in JUMPS)


def _played_often(element: ET.Element) -> bool:
    repeat = element.find("repeat")
    return repeat is not None and repeat.get("times", "2") not in {"1", "2"}


CASES: dict[str, tuple[tuple[str, Callable[[ET.Element], bool]], ...]] = {
    "note": (
        (NO_CUES, _has("cue")),
        (NO_HEADS, lambda note: (note.findtext("notehead") or "normal").strip() not in PLAIN_HEADS),
    ),
    "attributes": (
        (NO_KEY, _has("key/key-step")),
        (NO_METRE, lambda element: len(element.findall("time/beats")) > 1 or "+" in (element.findtext("time/beats") or "")),
        (NO_TABLATURE, _has("staff-details/staff-tuning")),
        (NO_TABLATURE, _says("clef/sign", "TAB", "percussion", "none", "jianpu")),
        (NO_SIGNS, _has("directive")),
    ),
    "barline": ((NO_SIGNS, _has("segno", "coda", "fermata", "wavy-line")), (NO_TIMES, _played_often)),
    "harmony": ((NO_CHORDS, _has("degree", "numeral", "function", "inversion", "frame")),),
    "lyric": ((NO_OTHERS, _has("laughing", "humming")),),
    "sound": ((NO_SIGNS, _jumps),),
}
