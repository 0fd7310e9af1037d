"""The gate: what may come in from outside (bodies, forms, addresses, headers, files, engines, services) and be kept.

Text is normalised, then looked at, then measured, by one rule a kind:

=========  =====  ===================  =============================================  =================================
kind       NFC    line ends and tabs   other controls, half characters, U+FFFE/FFFF   for
=========  =====  ===================  =============================================  =================================
`line`     yes    one space; trimmed   refused                                        names, titles, words to search by
`prose`    yes    kept, as `\\n`        refused                                        briefs, parameters, forms
`writing`  no     kept, as `\\n`        refused                                        works' texts: offsets count in them
`told`     yes    kept, as `\\n`        replaced by U+FFFD, too long is cut            what nobody can be asked about again
=========  =====  ===================  =============================================  =================================

NFC comes before measuring, because some characters grow under it (Unicode Standard Annex 15). Half characters (lone
surrogates) have no UTF-8; PostgreSQL has no U+0000 in text; XML 1.0 (2.2) has none of the others.

JSON is bounded in depth and in the number of its values; its numbers are finite, and whole ones fit into 64 bits, so that
SQLite, PostgreSQL's JSONB and every reader of ours can hold them.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NoReturn, cast
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, ValidationError

from app.errors import InvalidError, UnfitError, _

INT4, INT8 = 2**31 - 1, 2**63 - 1  # the largest numbers in PostgreSQL's integer, and in its bigint and SQLite's integer
LAST_SECOND = 253_402_300_799  # of the year 9999, in seconds since 1970: later ones are no dates
DEEPEST = 24  # arrays and objects within one another
MOST_VALUES = 250_000  # in one JSON document, keys aside
MOST_RECIPE = 100_000  # code points of a recipe in a file
MOST_LETTERS = 1_000_000  # code points of all its strings, where an object is kept as it comes
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_C1 = re.compile("[\x80-\x9f]")
LOST = re.compile(r"[\x00\ud800-\udfff]")  # what cannot even be said again
SPACES = re.compile(r"[\t\n\u2028\u2029]+")
BAD = "\ufffd"


class NoJsonError(UnfitError):
    """It is not even JSON."""


def unix(text: str) -> str:
    """`text` with its line ends as `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def windows(text: str) -> str:
    """`text` with C1 control characters as the letters of Windows-1252 that were taken for them (HTML, 13.2.5.80 as well)."""
    return _C1.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "ignore"), text)


def look(text: str) -> None:
    """Raises UnfitError for a character that no text may hold, saying which and where."""
    if found := UNREADABLE.search(text):
        said = _("contains a control character or half a character (U+%(code)s) at %(at)d")
        raise UnfitError(said, code=f"{ord(found.group()):04X}", at=found.start())


def prose(text: str) -> str:
    """`text` of several lines, in NFC. Raises UnfitError."""
    text = unix(text)
    look(text)
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """`text` as one line, in NFC, without space around it. Raises UnfitError."""
    return SPACES.sub(" ", prose(text)).strip()


def printable(text: str, most: int) -> str:
    """`text` in NFC, at most `most` code points of it, with U+FFFD for what no text may hold."""
    text = UNREADABLE.sub(BAD, unix(text[: 4 * most]))
    return unicodedata.normalize("NFC", text)[:most]


def whole(text: str) -> int | None:
    """The number that the digits 0 to 9 of `text` write, INT8 where it is larger; None where it is anything else (²)."""
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if len(text) <= 18 else INT8  # noqa: PLR2004 (fits 64 bits)


def address(url: str) -> SplitResult | None:
    """The parts of an address that a header tells; None where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def parsed(data: bytes | str, *, numbers: bool = True) -> Any:
    """What JSON from outside says. Raises UnfitError for what is no JSON, or more than `check` lets through; without
    `numbers` these are left to whoever reads the fields, and can say which it is.
    """
    try:
        value = json.loads(data, parse_constant=_no_number if numbers else None)
    except RecursionError as error:
        raise UnfitError(_("is nested too deep: at most %(most)d levels"), most=DEEPEST) from error
    except ValueError as error:  # UnfitError and UnicodeDecodeError are such, too
        raise error if isinstance(error, UnfitError) else NoJsonError(_("is not JSON")) from error
    check_json(value, numbers=numbers)
    return value


def _no_number(name: str) -> NoReturn:
    raise UnfitError(_("%(name)s is not a number that can be saved"), name=name)


def check_json(value: Any, deepest: int = DEEPEST, most: int = MOST_VALUES, *, numbers: bool = True) -> None:
    """Raises UnfitError where `value` (as JSON is read) is nested deeper than `deepest`, has more than `most` values, or a
    number that cannot be kept. What its strings hold is looked at where they are taken.
    """
    count, level = 0, [value]
    for _depth in range(deepest + 1):
        count += len(level)
        if count > most:
            raise UnfitError(_("has too many values: at most %(most)d"), most=most)
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif numbers and isinstance(one, (int, float)) and not isinstance(one, bool):
                _number(one)
            if len(below) > most:
                raise UnfitError(_("has too many values: at most %(most)d"), most=most)
        if not below:
            return
        level = below
    raise UnfitError(_("is nested too deep: at most %(most)d levels"), most=deepest)


def _number(value: float) -> None:
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and not -INT8 <= value <= INT8):
        _no_number(f"{value:.0e}" if isinstance(value, float) else "…")


def clean(value: Any) -> Any:
    """A copy of what JSON said, all its strings as `prose`. Raises UnfitError. `value` was checked."""
    if isinstance(value, str):
        return prose(value)
    if isinstance(value, dict):
        return {prose(str(name)): clean(one) for name, one in value.items()}
    return [clean(one) for one in value] if isinstance(value, list) else value


def fit(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether `value` can be kept as JSON just as it is."""
    level = [value]
    for _depth in range(deepest + 1):
        below: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is dict:
                below += one
                below += one.values()
            elif kind is list:
                below += one
            elif not _fits(one, kind):
                return False
        if not below:
            return True
        level = below
    return False


def _fits(value: Any, kind: type) -> bool:
    if kind is str:
        return not UNREADABLE.search(value)
    if kind is int:
        return bool(-INT8 <= value <= INT8)
    return math.isfinite(value) if kind is float else value is None or kind is bool


def mended(value: Any, deepest: int = DEEPEST) -> Any:
    """A copy of `value` that can be kept as JSON, whatever an engine, a service or a file put together.

    Strings are `told`; what is nested too deep, and whole numbers of more than 64 bits, become their text; a number that
    is not finite is null, and what JSON does not know becomes its text.
    """
    if isinstance(value, str):
        return printable(value, len(value) * 3)
    if deepest > 0 and isinstance(value, Mapping):
        return {printable(str(name), 400): mended(one, deepest - 1) for name, one in value.items()}
    if deepest > 0 and isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [mended(one, deepest - 1) for one in value]
    if value is None or (isinstance(value, int) and -INT8 <= value <= INT8):  # a bool is an int
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return _as_text(value)


def recipe(text: str) -> dict[str, Any] | str | None:
    """The recipe that a file carries, told and never trusted: its object, made fit to be kept.

    Where it is too deep, or has numbers that nobody can keep: its text. None for what is no JSON object, or longer than
    MOST_RECIPE.
    """
    if len(text) > MOST_RECIPE or not text.lstrip().startswith("{"):
        return None
    try:
        found = parsed(text)
    except NoJsonError:
        return None
    except UnfitError:
        return printable(text, MOST_RECIPE)
    return cast("dict[str, Any]", mended(found))


def _as_text(value: Any) -> str:
    try:
        said = json.dumps(value, ensure_ascii=True, default=str)
    except (ValueError, RecursionError):
        said = "…"
    return printable(said, len(said))


def invalid(error: ValidationError, *place: str) -> InvalidError:
    """The first thing that pydantic found, as an error of the field that lies at `place`."""
    first = error.errors()[0]
    found = first.get("ctx", {}).get("error")
    field = ".".join(str(part) for part in (*place, *first["loc"]))
    if isinstance(found, UnfitError):
        return InvalidError(field, found.title, **found.details)
    return InvalidError(field, str(first["msg"]).removeprefix("Value error, "))


def _one_line(value: Any) -> Any:
    return line(value) if isinstance(value, str) else value


def _prose(value: Any) -> Any:
    return prose(value) if isinstance(value, str) else value


def _printable(value: Any) -> Any:
    return LOST.sub(BAD, value) if isinstance(value, str) else value


def _numeric(value: Any) -> Any:
    """Python takes true for 1, and pydantic with it; what is meant by it nobody knows."""
    if isinstance(value, bool):
        raise UnfitError(_("a number is expected"))
    return value


def _title(value: Any) -> Any:
    value = _one_line(value)
    if value == "":
        raise UnfitError(_("say at least one letter"))
    return value


def _bounded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    check_json(value, deepest=8, most=4_000)
    if letters(value) > MOST_LETTERS:
        raise UnfitError(_("is too long: at most %(most)d characters"), most=MOST_LETTERS)
    return value


def _object(value: Any) -> Any:
    return _bounded(clean(value)) if isinstance(_bounded(value), dict) else value


def letters(value: Any) -> int:
    """The code points of all strings in `value`, keys among them."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(letters(name) + letters(one) for name, one in value.items())
    return sum(map(letters, value)) if isinstance(value, list) else 0


# Types for whatever declares what it reads: pydantic models, query and path parameters, headers. The measure stands before
# the rule, so that it is taken after it. A text of another length: Annotated[str, Field(max_length=…), PROSE].
LINE, PROSE, TOLD = BeforeValidator(_one_line), BeforeValidator(_prose), BeforeValidator(_printable)
NUMERIC = BeforeValidator(_numeric)  # of every number in a body
Title = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_title)]
Words = Annotated[str, Field(max_length=200), LINE]  # to search by, or a key
Name = Annotated[str, Field(max_length=40), LINE]  # of an engine, a verb, a part
Object = Annotated[dict[str, Any], Field(max_length=400), BeforeValidator(_object)]  # kept as it comes
Fields = Annotated[dict[str, Any], Field(max_length=40), BeforeValidator(_bounded)]  # whose strings a model of their own reads
Offset = Annotated[int, Field(ge=0, le=INT4), NUMERIC]  # in a text: code points
Number = Annotated[int, Field(ge=1, le=INT4), NUMERIC]  # of a revision, a version
Signed = Annotated[int, Field(ge=-INT4, le=INT4), NUMERIC]  # whose own limits are told where it is looked at
Second = Annotated[float, Field(ge=-INT4, le=INT4, allow_inf_nan=False), NUMERIC]  # of a recording; as above
