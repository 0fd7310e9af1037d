"""The tables' present form: brings a database to it, and says whether one is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.errors import StemmaError, _
from app.settings import ROOT


class NewerError(StemmaError):
    """A later version than this one made the tables."""

    status, code = 503, "newer"
    title = _(
        "A newer version of Stemma wrote this: its tables have the form %(form)s, which this version does not know."
        " Nothing was changed. Use that version, or a later one."
    )


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file; `connection` is migrated when given."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the present form; one process at a time (others wait, then find it done).

    Raises NewerError, before anything is changed.
    """
    insist_on_a_known_form(form_of(engine))
    with engine.execution_options(writes=True).connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7766, 1)")
        command.upgrade(alembic_config(connection), "head")
        connection.commit()


def migrated(engine: sa.Engine) -> bool:
    """True when the tables are of the form this code knows."""
    return form_of(engine) == ScriptDirectory.from_config(alembic_config()).get_current_head()


def form_of(engine: sa.Engine) -> str | None:
    """The form of the tables, by the last migration that they went through; None when there are none."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def insist_on_a_known_form(form: str | None) -> None:
    """Raises NewerError when no migration of this version makes this form."""
    known = {one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if form is not None and form not in known:
        raise NewerError(form=form)
