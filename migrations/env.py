"""Alembic's entry: one set of migrations for SQLite and PostgreSQL."""

from alembic import context

import app.models  # noqa: F401 (knows every table)
from app.settings import settings
from app.storage.db import Base, make_engine


def run() -> None:
    """Migrate through the connection handed over, or one from the settings."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    engine = make_engine(settings())
    with engine.connect() as connection:
        _run(connection)
        connection.commit()


def _run(connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        context.run_migrations()


run()
