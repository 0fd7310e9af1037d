"""Differences between two revisions: words of their briefs, their texts, tunes, parameters, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.brief import FIELDS, Brief
from app.diff.text import Op, Passage, passages, text_diff
from app.diff.tune_columns import Tunes, compared
from app.media.image.admit import difference
from app.media.medium import traits
from app.models.revision import Origin, Revision
from app.storage.store import Store


@dataclass(frozen=True, slots=True)
class DiffRun:
    """A run of text. Those not inserted spell the old text, those not deleted the new one."""

    op: Op
    text: str


@dataclass(frozen=True)
class Diff:
    """What changed from revision `a` to `b`; fields and parameters that did not change are absent."""

    a: Revision
    b: Revision
    brief: dict[str, list[DiffRun]]
    params: dict[str, tuple[Any, Any]]

    @property
    def written(self) -> bool:
        """True when both are texts, or tunes."""
        return self.a.text is not None and self.b.text is not None

    @cached_property
    def text(self) -> list[Passage] | None:
        """What changed in what was written, when both are texts; worked out when somebody asks."""
        return None if self.a.text is None or self.b.text is None else text_diff(self.a.text, self.b.text)

    @cached_property
    def tune(self) -> Tunes | None:
        """What changed bar by bar, when both are tunes. Raises InvalidError for one of more than a million code points."""
        if self.a.text is None or self.b.text is None or not all(traits(one.work.medium).notes for one in (self.a, self.b)):
            return None
        return compared(self.a.text, self.b.text)

    @property
    def engine(self) -> tuple[str | None, str | None]:
        """The engine of each."""
        return self.a.engine, self.b.engine

    @property
    def seed(self) -> tuple[int | None, int | None]:
        """The seed of each."""
        return self.a.seed, self.b.seed

    @property
    def same_recipe(self) -> bool:
        """True when brief, parameters and engine are the same; more may differ (see `chance_alone`)."""
        return not self.brief and not self.params and self.a.engine == self.b.engine

    @property
    def chance_alone(self) -> bool:
        """True when nothing but chance tells them apart: an engine drew both, from the same parents, and was asked the same."""
        drawn = all(_drawn(one) for one in (self.a, self.b))
        seeds = self.a.seed != self.b.seed or self.a.seed is None  # a service draws without telling a seed
        return drawn and seeds and self.same_recipe and _asked(self.a) == _asked(self.b)


def compare(a: Revision, b: Revision) -> Diff:
    """The differences between two revisions, without their pictures (see `picture_difference`)."""
    names = sorted({*a.params, *b.params})
    return Diff(
        a=a,
        b=b,
        brief=brief_diff(a.brief, b.brief),
        params={n: (a.params.get(n), b.params.get(n)) for n in names if a.params.get(n) != b.params.get(n)},
    )


def _drawn(one: Revision) -> bool:
    """True when an engine made it by chance and ended it by itself: no beam search, no temperature of 0, no stop."""
    likeliest = one.params.get("temperature") == 0 or (one.params.get("beams") or 1) > 1
    return one.origin == Origin.ENGINE and not likeliest and one.facts_data.get("ended") not in {"stopped", "broken"}


def _asked(one: Revision) -> tuple[Any, ...]:
    """What the engine was asked, beside brief and parameters: verb, parents, place (a branch's token, say) and form."""
    made = one.generation
    parents = [(parent.role, parent.parent_id) for parent in one.parents]
    return one.verb, one.strength, parents, one.mask_id, made and made.place_data, made and made.form


def brief_diff(a: Brief, b: Brief) -> dict[str, list[DiffRun]]:
    """The fields that differ, word by word; a list's entries are lines."""
    pairs = ((field, _plain_text(getattr(a, field)), _plain_text(getattr(b, field))) for field in FIELDS)
    return {field: word_diff(old, new) for field, old, new in pairs if old != new}


def word_diff(a: str, b: str) -> list[DiffRun]:
    """The pieces that turn `a` into `b`: English by words, Chinese by characters (see `text_diff`)."""
    return [DiffRun(one.op, one.text) for one in passages(a, b)]


def _plain_text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def picture_difference(store: Store, a: Revision, b: Revision) -> float | None:
    """Mean absolute difference of two pictures, 0 (same) to 1 (black against white), over their RGB values.

    None unless both are pictures of equal size. Large ones are compared at LOOK pixels of their longer side.
    Raises NotFoundError when a file is gone.
    """
    if a.asset is None or b.asset is None or not a.asset.width:
        return None
    if (a.asset.width, a.asset.height) != (b.asset.width, b.asset.height):
        return None
    if a.asset_id == b.asset_id:
        return 0.0
    one, other = (store.find(asset.pixels) for asset in (a.asset, b.asset))
    return difference(one, a.asset.width * (a.asset.height or 0), other)
