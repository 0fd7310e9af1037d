"""Which judge this studio has."""

from __future__ import annotations

from app.judging.fake import Fake
from app.judging.house import House
from app.judging.hub import Hub
from app.judging.judge import Judge
from app.settings import Settings


def make_judge(settings: Settings) -> Judge | None:
    """The judge of the settings: the house's, one of a folder or the hub, or None where it is switched off."""
    if not settings.judge:
        return None
    if settings.fake_engines and settings.judge == Fake.name:
        return Fake()
    return House() if settings.judge == House.name else Hub(settings.judge)
