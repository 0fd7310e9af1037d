"""Files that no row knows: they go into the quarantine, are counted, and come back as soon as a row knows them.

A worker died between writing them and its commit, and was given up; or, much worse, the database is not the one that
knows them. So only a small share of the store may go in a day: beyond that nothing moves until a person has looked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from app.integrity.identity import explained, together
from app.integrity.startup import ready
from app.models import Asset, Identity
from app.settings import Settings
from app.storage.db import Database, now
from app.storage.faults import readable_faults
from app.storage.store import ORPHAN_AGE, Store
from app.storage.store.quarantine import ORPHAN, today

log = logging.getLogger(__name__)
SHARE = 0.02  # of the store's files, how many may be set aside in a day
FEW, PART = 4, 4  # of a small store so many, but no more than one file in PART: a run that died may leave four variants
CHUNK = 500  # addresses in a question to the database


@dataclass
class Report:
    """What a pass found and did; kept in the identity's row, for /readyz and /metrics."""

    at: str
    files: int = 0  # in the store
    orphans: int = 0  # of them unknown to the database, and old
    set_aside: int = 0
    brought_back: int = 0
    expired: int = 0  # thrown away after their time in the quarantine
    stopped: str = ""  # why nothing was moved; empty when all is well


class Orphans:
    """Looks for them in one store, for one database."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database, self.store = database, store

    def tidy(self, age: float = ORPHAN_AGE, *, all_of_them: bool = False) -> Report:
        """A whole pass; `all_of_them` when a person has looked and says so. Raises SQLAlchemyError, OSError."""
        report = Report(now().isoformat(timespec="seconds"))
        with self.database.reading() as session:
            if not together(session, self.store):
                report.stopped = explained(self.store)
        if not report.stopped:
            self._tidy(report, age, all_of_them)
        if report.stopped:
            log.error("no orphan is set aside: %s", report.stopped)
        with self.database.writing() as session:
            session.execute(sa.update(Identity).values(sweep=asdict(report)))
        return report

    def _tidy(self, report: Report, age: float, all_of_them: bool) -> None:
        report.brought_back = self._bring_back()
        old = []
        for sha256, since in self.store.addresses():
            report.files += 1
            if since > age:
                old.append(sha256)
        orphans = self._unknown(old)
        report.orphans = len(orphans)
        gone = sum(1 for _path in self.store.quarantine.files(ORPHAN, today()))
        total = report.files + gone
        most = max(int(SHARE * total), min(FEW, total // PART))
        if len(orphans) + gone > most and not all_of_them:
            report.stopped = (
                f"{len(orphans)} of {report.files} files in the store are unknown to the database, {gone} were set aside"
                f" today, and more than {most} are never moved in a day. Is it the right database? `stemma orphans` tells more."
            )
            return
        report.set_aside = sum(self.store.set_aside(sha256, age) for sha256 in orphans)
        if report.set_aside:
            log.warning("%d files that no row knows went into the quarantine", report.set_aside)
        report.expired = self.store.quarantine.expire()

    def _unknown(self, addresses: list[str]) -> list[str]:
        """Those of them that no row knows."""
        return [sha256 for some in _chunks(addresses) for sha256 in sorted(set(some) - self._known(some))]

    def _known(self, addresses: Iterable[str]) -> set[str]:
        with self.database.reading() as session:
            return set(session.scalars(sa.select(Asset.sha256).where(Asset.sha256.in_(addresses))))

    def _bring_back(self) -> int:
        """Take out of the quarantine what a row knows and the store has not."""
        aside = sorted({path.name.partition(".")[0] for path in self.store.quarantine.files(ORPHAN)})
        known = [sha256 for some in _chunks(aside) for sha256 in sorted(self._known(some))]
        missing = [sha256 for sha256 in known if not self.store.path(sha256).exists()]
        return sum(self.store.quarantine.give_back(sha256, self.store.path(sha256)) for sha256 in missing)


def _chunks(addresses: list[str]) -> Iterable[list[str]]:
    return (addresses[start : start + CHUNK] for start in range(0, len(addresses), CHUNK))


@readable_faults()
def command(config: Settings, *, set_aside: bool) -> str:
    """What `stemma orphans` does, and says. Raises IdentityError when database and store do not belong together."""
    ready(config)
    database, store = Database(config), Store(config.data, "orphans")
    try:
        if set_aside:
            report = Orphans(database, store).tidy(all_of_them=True)
            return f"{report.set_aside} files lie in {store.quarantine.folder} for 30 days. {report.stopped}".strip()
        with database.reading() as session:
            kept = set(session.scalars(sa.select(Asset.sha256)))
        unknown = [str(store.path(sha256)) for sha256, _age in store.addresses() if sha256 not in kept]
        aside_now = [str(path) for path in store.quarantine.files(ORPHAN)]
        return "\n".join([f"unknown  {path}" for path in unknown] + [f"aside    {path}" for path in aside_now]) or "None."
    finally:
        store.incoming.close()
        database.close()
