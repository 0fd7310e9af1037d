"""A visit: what is seen by a share link (app.models.share_link), which is what hangs below its one object."""

from __future__ import annotations

import hmac
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFoundError, _
from app.models.account import bare, digest_of
from app.models.pick import Pick
from app.models.revision import Revision
from app.models.share_link import ShareLink, good
from app.models.work import Work

MOST = 200  # works of a project, or revisions of a work, on one page of a visitor
NO_GOOD = _("This link is revoked, too old, or mistyped. Ask for a new one.")


def known(session: Session, code: str) -> ShareLink:
    """The link of this code. Raises NotFoundError where it is not good, or where what it shows is gone."""
    found = session.scalar(sa.select(ShareLink).where(ShareLink.digest == digest_of(bare(code)), *good()))
    if found is None or not found.there:
        raise NotFoundError(NO_GOOD)
    return found


def ticket(link: ShareLink, code: str) -> str:
    """What a visitor's browser shows from now on: the code and, of a link with a password, the proof that it was told. Another
    password, or another link, has another proof.
    """
    return f"{bare(code)}.{digest_of(f'{bare(code)} {link.password}')}"


class Visit:
    """What is seen by a link that is good: the things below its one object, and nothing else."""

    def __init__(self, session: Session, id: UUID, shown: str) -> None:
        """`shown` is the visitor's ticket. Raises NotFoundError for one that does not fit the link, or fits no more."""
        code = shown.partition(".")[0]
        self.session, self.link = session, known(session, code)
        if self.link.id != id or not hmac.compare_digest(ticket(self.link, code), shown):
            raise NotFoundError(NO_GOOD)

    def works(self) -> list[Work]:
        """The works, the newest first, MOST at most; of a link to a work or a revision that one."""
        if self.link.work is not None:
            return [self.link.work]
        mine = sa.select(Work).where(Work.project_id == self.link.project_id, Work.trashed_at.is_(None))
        return list(self.session.scalars(mine.order_by(Work.id.desc()).limit(MOST)))

    def work(self, id: UUID) -> Work:
        """One of the works. Raises NotFoundError."""
        found = self.link.work if self.link.work_id == id else self.session.get(Work, id) if not self.link.work_id else None
        if found is None or found.project_id != self.link.project_id or found.trashed_at is not None:
            raise NotFoundError
        return found

    def revisions(self, work: Work, most: int = MOST) -> list[Revision]:
        """What is seen of a work, the latest first, `most` at most: the one revision of the link, or all, or the picked ones. A
        work in which nothing is picked shows its cover.
        """
        mine = self._of(work)
        found = list(self.session.scalars(mine.order_by(Revision.number.desc()).limit(most)).unique())
        return found or ([work.cover] if work.cover and not self.link.revision_id else [])

    def _of(self, work: Work) -> sa.Select[Revision]:
        mine = sa.select(Revision).where(Revision.work_id == work.id)
        if self.link.revision_id:
            return mine.where(Revision.id == self.link.revision_id)
        return mine if self.link.whole else mine.where(sa.exists().where(Pick.revision_id == Revision.id))

    def revision(self, id: UUID) -> Revision:
        """One of the revisions that are seen. Raises NotFoundError."""
        found = self.session.get(Revision, id)
        if found is None:
            raise NotFoundError
        work = self.work(found.work_id)
        seen = self.session.scalar(self._of(work).where(Revision.id == id).with_only_columns(Revision.id))
        if seen is None and (work.cover_id != id or self.revisions(work, 1) != [found]):
            raise NotFoundError
        return found
