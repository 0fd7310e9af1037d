"""The studio's identity: a random id that the database and its store both carry, so that neither is used with another's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.db import NULLABLE_JSON, Base, now


class Identity(Base):
    """The one row of its table; app.integrity.identity compares it with the file in the store."""

    __tablename__ = "identity"
    __table_args__ = (sa.CheckConstraint("one = 1", name="single"),)

    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    id: Mapped[UUID] = mapped_column(default=uuid4)
    made_at: Mapped[datetime] = mapped_column(default=now)
    sweep: Mapped[dict[str, Any] | None] = mapped_column(NULLABLE_JSON)  # what the sweep last found (app.worker.orphans)
