"""Column types that can always be read. What does not fit its column is `Damaged`: it stands in, and keeps what lies there.

An older version, another program or a failing disk may have left anything in a row. One such value must not take its row
with it, nor one row a list: so a value becomes what its column is to hold where the row is read, not in each page. The
stand-in is of the right kind (an empty object, a known word, a number within bounds), whatever can be kept of the value is
in it, and `raw` is what lies there. A row that is written again writes that back, so nothing is lost by looking at it.

What is written is made fit to be read again, by the rules of app.gate: the last look, behind those at the edge.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app import gate

DEEPEST = gate.DEEPEST + 8  # of a row's JSON: what came from outside lies within what is said of it
Fits = Callable[[Any], Any]
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


class Damaged:
    """Mixed into what stands for a value that does not fit its column; `raw` is what lies there."""

    raw: Any


class DamagedObject(dict[str, Any], Damaged):
    """In place of a JSON object."""


class DamagedList(list[Any], Damaged):
    """In place of a JSON array."""


class DamagedText(str, Damaged):  # noqa: SLOT000 (it carries `raw`)
    """In place of a text or a word."""


class DamagedNumber(int, Damaged):
    """In place of a whole number."""


class DamagedFigure(float, Damaged):
    """In place of a number."""


class DamagedMoment(datetime, Damaged):
    """In place of a moment."""


KINDS: dict[type, type] = {dict: DamagedObject, list: DamagedList, str: DamagedText, int: DamagedNumber, float: DamagedFigure}


def damaged(stand_in: Any, raw: Any) -> Any:
    """`stand_in` as a value that tells that it is one."""
    if isinstance(stand_in, datetime):
        made: Any = DamagedMoment.fromtimestamp(stand_in.timestamp(), UTC)
    else:
        made = KINDS[type(stand_in)](stand_in)
    made.raw = raw
    return made


def stand_in_text(value: Any) -> Any:
    """What a stand-in says, without telling that it is one."""
    if isinstance(value, datetime):
        return datetime.fromtimestamp(value.timestamp(), UTC)
    return next(kind(value) for kind, marked in KINDS.items() if isinstance(value, marked))


def loads(data: str | bytes) -> Any:
    """JSON as a row holds it; what cannot be read comes as its text, which is no object and no array."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")


class Lasting(sa.TypeDecorator[Any]):
    """A column of some `kind`. `fits` gives back a value as the column holds it: the value itself where nothing is wrong."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: sa.types.TypeEngine[Any], fits: Fits) -> None:
        super().__init__()
        self.kind, self.fits = kind, fits
        self.impl = kind  # type: ignore[assignment]  # SQLAlchemy declares the class, and takes an instance

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], Any]:
        spell, fits = self.impl_instance.result_processor(dialect, coltype), self.fits

        def read(value: Any) -> Any:
            if value is None:
                return None
            try:
                said = spell(value) if spell else value
            except (ValueError, TypeError, OverflowError, RecursionError):
                said = value
            good = fits(said)
            return said if good is said else damaged(good, said)

        return read

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return self.again(value.raw, stand_in_text(value), dialect.name) if isinstance(value, Damaged) else self.keep(value)

    def keep(self, value: Any) -> Any:
        """`value` so that it can be read again."""
        return value

    def again(self, raw: Any, stand_in: Any, database: str) -> Any:
        """What is written where `stand_in` was read: what lay there, if the `database` holds it in such a column."""
        return raw if database == "sqlite" else self.keep(stand_in)


class Json(Lasting):
    """JSON: bounded in depth, without half characters or numbers that are none. None is NULL, and JSON's null is no other.

    `fits` gets what was read, already made fit, and gives back what of it has the column's shape. `null`: there may be none.
    """

    cache_ok = True

    def __init__(self, fits: Fits, *, null: bool = False, binary: bool = True) -> None:
        kind: sa.types.TypeEngine[Any] = sa.JSON(none_as_null=True)
        super().__init__(kind.with_variant(JSONB(none_as_null=True), "postgresql") if binary else kind, fitting(fits))
        self.null, self.binary = null, binary

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], Any]:
        read, fits, null = super().result_processor(dialect, coltype), self.fits, self.null

        def present(value: Any) -> Any:
            found = read(value)
            nothing = found is None or (isinstance(found, Damaged) and found.raw is None)
            return found if not nothing else None if null else damaged(fits(None), None)

        return present

    def keep(self, value: Any) -> Any:
        return value if value is None or gate.fit(value, DEEPEST) else gate.mended(value, DEEPEST)

    def again(self, raw: Any, stand_in: Any, database: str) -> Any:  # noqa: ARG002 (JSON holds all that JSON said)
        return self.keep(stand_in if raw is None else raw)


def fitting(fits: Fits) -> Fits:
    """`fits` behind the gate."""

    def read(value: Any) -> Any:
        if gate.fit(value, DEEPEST):
            return fits(value)
        good = gate.mended(value, DEEPEST)
        again = fits(good)
        return again if again is not value else good

    return read


class Words(Lasting):
    """Text, of at most `most` code points where that is said, without half characters and U+0000."""

    cache_ok = True

    def __init__(self, most: int | None = None) -> None:
        super().__init__(sa.String(most) if most else sa.Text(), self._fits)
        self.most = most

    def _fits(self, value: Any) -> Any:
        said = value if isinstance(value, str) else _spelled(value)
        if gate.UNREADABLE.search(said):
            said = gate.UNREADABLE.sub(gate.BAD, said)
        return said if self.most is None or len(said) <= self.most else said[: self.most]

    def keep(self, value: Any) -> Any:
        return gate.LOST.sub(gate.BAD, str(value)) if isinstance(value, str) else value


class Word(Lasting):
    """One word of those `known`; any other is read as `instead`."""

    cache_ok = True

    def __init__(self, known: Iterable[str], instead: str, most: int) -> None:
        self.known, self.instead, self.most = frozenset(map(str, known)), str(instead), most
        super().__init__(sa.String(most), self._fits)

    def _fits(self, value: Any) -> Any:
        return value if isinstance(value, str) and value in self.known else self.instead

    def keep(self, value: Any) -> Any:
        return str(value) if isinstance(value, str) else value


class Whole(Lasting):
    """A whole number from `least` to `most`; one beyond is read as the nearest, what is none as `least` or 0."""

    cache_ok = True

    def __init__(self, least: int = -gate.INT4, most: int = gate.INT4) -> None:
        self.least, self.most = least, most
        super().__init__(sa.BigInteger() if most > gate.INT4 else sa.Integer(), self._fits)

    def _fits(self, value: Any) -> Any:
        if type(value) is int and self.least <= value <= self.most:
            return value
        known = int(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0
        return min(self.most, max(self.least, known))


class Figure(Lasting):
    """A finite number from `least` to `most`; one beyond is read as the nearest, what is none as `least`."""

    cache_ok = True

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = least, most
        super().__init__(sa.Double(), self._fits)

    def _fits(self, value: Any) -> Any:
        if type(value) is float and self.least <= value <= self.most:
            return value
        known = float(value) if isinstance(value, (int, float)) and not math.isnan(value) else self.least
        return min(self.most, max(self.least, known))


class Moment(Lasting):
    """A point in time, always UTC and aware; SQLite forgets the zone, so it is put back."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(sa.DateTime(timezone=True), _moment)

    def result_processor(self, dialect: sa.Dialect, coltype: Any) -> Callable[[Any], Any]:
        read = super().result_processor(dialect, coltype)

        def aware(value: Any) -> Any:
            at = read(value)
            return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at

        return aware

    def keep(self, value: datetime | None) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def again(self, raw: Any, stand_in: Any, database: str) -> Any:  # noqa: ARG002 (what is no moment fits in no such column)
        return stand_in


def _moment(value: Any) -> Any:
    return value if isinstance(value, datetime) else UNKNOWN


def _spelled(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
