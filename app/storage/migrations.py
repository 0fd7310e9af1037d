"""The tables' present form: brings a database to it, and says whether one is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.settings import ROOT


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file; `connection` is migrated when given."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the present form; one process at a time (others wait, then find it done)."""
    with engine.execution_options(writes=True).connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7766, 1)")
        command.upgrade(alembic_config(connection), "head")
        connection.commit()


def migrated(engine: sa.Engine) -> bool:
    """True when the tables are of the form this code knows."""
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(alembic_config()).get_current_head()
