"""Presets of a project: named parts of a brief, kept with a picture, put into a brief in one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app import gate
from app.brief import LISTS, MAX_ITEMS, Brief, Medium
from app.errors import InvalidError, _
from app.models.act import ActKind
from app.models.kept import LONGEST_NAME, Kept, KeptScope
from app.models.project import Project
from app.models.revision import Revision
from app.models.shapes import BRIEF, PARAMS
from app.storage.columns import Word, Words

THERE = "{prompt}"  # in a field of a preset: what the brief says there already, as in AUTOMATIC1111's styles


class Preset(Kept):
    """The fields of a brief that it names, and for its medium an engine with parameters where it has some."""

    __tablename__ = "presets"
    __table_args__ = (sa.UniqueConstraint("project_id", "key"),)

    medium: Mapped[Medium] = mapped_column(Word(Medium, Medium.IMAGE, 10))
    brief_data: Mapped[dict[str, Any]] = mapped_column("brief", BRIEF, default=dict)  # those fields alone
    engine: Mapped[str | None] = mapped_column(Words(40))
    params: Mapped[dict[str, Any]] = mapped_column(PARAMS, default=dict)
    revision_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("revisions.id"))

    revision: Mapped[Revision | None] = relationship()

    @property
    def picture(self) -> Revision | None:
        """The revision whose picture stands for it, as long as that is in the same project."""
        found = self.revision
        return found if found is not None and found.work.project_id == self.project_id and found.asset else None

    def put_into(self, brief: Brief) -> dict[str, Any]:
        """The columns of `brief` with what this names: a list gets its entries besides, a text takes the place of what is there
        unless it says where that goes (THERE). Raises InvalidError where it becomes too long.
        """
        said = brief.model_dump()
        named = {name: _put(one, said[name], name) for name, one in self.brief_data.items()}
        try:
            return Brief.model_validate({**said, **named}).model_dump()
        except ValidationError as error:
            raise gate.invalid(error, "brief") from error

    def replaces(self, brief: Brief) -> bool:
        """Whether putting it into `brief` takes words away."""
        own = brief.model_dump()
        texts = {name: one for name, one in self.brief_data.items() if name not in LISTS and THERE not in one}
        return any(own[name].strip() not in {"", one.strip()} for name, one in texts.items())

    def says_as(self, other: Preset) -> bool:
        """Whether `other` names the same."""
        names = ("medium", "brief_data", "engine", "params")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def stands_in(self, brief: Brief) -> bool:
        """Whether `brief` says all that this names; one that names parameters alone is not told by a brief."""
        own = brief.model_dump()
        return bool(self.brief_data) and all(_says(own[name], one) for name, one in self.brief_data.items())


def _names(name: str) -> Iterator[str]:
    """The name, then the same with a number behind it."""
    yield name
    for number in count(2):
        behind = f" ({number})"
        yield name[: LONGEST_NAME - len(behind)] + behind


def _put(one: Any, own: Any, name: str) -> Any:
    if name in LISTS:
        together = list(dict.fromkeys([*own, *one]))
        if len(together) > MAX_ITEMS:
            raise InvalidError(f"brief.{name}", _("has at most %(most)d entries"), most=MAX_ITEMS)
        return together
    return one.replace(THERE, own).strip() if THERE in one else one


def _says(own: Any, one: Any) -> bool:
    if isinstance(one, list):
        return set(one) <= set(own)
    before, there, after = one.partition(THERE)
    if not there:
        return bool(own.strip() == one.strip())
    own, before, after = own.strip(), before.lstrip(), after.rstrip()
    return bool(len(own) >= len(before) + len(after) and own.startswith(before) and own.endswith(after))


def fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a brief in `given`, as a brief reads them: those that say something. Raises ValidationError."""
    read = Brief.model_validate(dict(given)).model_dump()
    said = {name: read[name] for name in given}
    return {name: value for name, value in said.items() if (value.strip() if isinstance(value, str) else value)}


class Presets(KeptScope[Preset]):
    """The presets in projects that an artist may see."""

    model = Preset
    most = 500
    too_many = _("a project has at most %(most)d presets")
    taken = _("this project has a preset of that name already")
    kept, trashed, restored = ActKind.PRESET_KEPT, ActKind.PRESET_TRASHED, ActKind.PRESET_RESTORED

    def add(self, project: Project, name: str, medium: Medium, given: Mapping[str, Any]) -> Preset:
        """A new one with the columns `given`. Raises InvalidError (the name is taken, it names nothing), ConflictError."""
        self._check(project, name, None)
        if not given.get("brief_data") and not given.get("params"):
            raise InvalidError("brief", _("there is nothing in it to keep"))
        return self._keep(Preset(project=project, medium=medium, **given), None, name)

    def take_in(self, project: Project, given: Sequence[Mapping[str, Any]]) -> list[Preset]:
        """New ones of the columns `given`, those that are not here already. A name that another has gets a number.

        Raises InvalidError (too many), ConflictError (the project is in the trash).
        """
        self._check(project, "", None)
        here = {one.key: one for one in self.of(project.id)}
        made = list[Preset]()
        for columns in given:
            one = Preset(project=project, **columns)
            same = here.get(one.name.casefold())
            if same is not None and same.says_as(one):
                continue
            name = next(name for name in _names(one.name) if name.casefold() not in here)
            here[name.casefold()] = self._keep(one, None, name)
            made.append(one)
            if len(here) > self.most:
                raise InvalidError("file", self.too_many, most=self.most)
        return made

    def rename(self, found: Preset, version: int, name: str) -> Preset:
        """Give it another name, if `version` is its present one. Raises InvalidError, ConflictError."""
        self._check(found.project, name, found)
        self.session.refresh(found)
        return self._keep(found, version, name)

    def standing_in(self, project_id: UUID, brief: Brief) -> list[str]:
        """The names of those whose words `brief` says."""
        return [one.name for one in self.of(project_id) if one.stands_in(brief)]

    def _keep(self, kept: Preset, version: int | None, name: str) -> Preset:
        self._write(kept, version, name)
        self._record(kept, self.kept)
        return kept
