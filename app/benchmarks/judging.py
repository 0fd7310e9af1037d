"""A judge: what it costs to look at a variant, and how soon something is found among 200,000 pictures."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from PIL import Image

from app.benchmarks.bench import Bench
from app.benchmarks.figures import Figure, UnmeasuredError, clocked, percentile, spread
from app.benchmarks.growth import gallery
from app.benchmarks.studio import Studio
from app.benchmarks.web import resident
from app.judging.house import House
from app.judging.judge import unit
from app.judging.vectors import pack_vector
from app.models import Asset, Embedding, JudgeVersion, Revision, Work
from app.models.artist import local_artist
from app.storage.db import now, uuid7

PICTURES = 200_000
KINDS = 500  # things that the pictures show; each is near the others of its kind
PAGE = {"Accept": "text/html"}
QUERIES = ("a red fox", "灯塔", "flat colours", "an orchard in snow", "moth", "a tin robot at night", "窗边的猫", "boat")


def measure(bench: Bench) -> Iterator[tuple[str, Figure]]:
    """Look at variants by itself, then fill a studio and search in it."""
    judge = House()
    reason = judge.unready()
    studio, count = bench.studio, bench.times(PICTURES, PICTURES // 20)
    vectors = fill(studio, count, judge.dimensions if reason is None else 256, "" if reason else judge.version)
    studio.need_web()
    process = Path(f"/proc/{studio.processes['serve'].pid}")
    before = resident(process) if process.exists() else 0.0
    kinds = ("first", "like", "new") if reason else ("first", "like", "new", "words")
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    with clocked(taken["first"]):  # reads every vector
        studio.http.get("/search", params={"like": str(vectors[0])}, headers=PAGE).raise_for_status()
    for turn in range(bench.times(40, 4)):
        one = vectors[(turn + 1) * 997 % len(vectors)]
        with clocked(taken["like"]):
            studio.http.get("/search", params={"like": str(one)}, headers=PAGE).raise_for_status()
        with clocked(taken["new"]):
            studio.http.get(f"/revisions/{one}/nearest").raise_for_status()
        if reason is None:
            q = f"{QUERIES[turn % len(QUERIES)]} {turn}"  # never the same: a text is kept once it was read
            with clocked(taken["words"]):
                studio.http.get("/search", params={"q": q}, headers=PAGE).raise_for_status()
    every = [ms for kind, values in taken.items() if kind != "first" for ms in values]
    memory = {"memory_before": before, "memory_after": resident(process)} if process.exists() else {}
    by_kind = {kind: percentile(values, 95) for kind, values in taken.items()}
    yield "search", Figure(percentile(every, 95), spread(every) | by_kind | memory | {"pictures": count})
    if reason is not None:
        raise UnmeasuredError("%(reason)s", reason=reason)
    looks = glances(judge, bench.times(30, 3))
    yield "verdict", Figure(percentile(looks, 50), spread(looks))


def glances(judge: House, times: int) -> list[float]:
    """Milliseconds of processor time for each of four variants of 256 pixels: decoded, seen, held against a new brief."""
    judge.load("cpu")
    files = []
    for number in range(4):
        file = io.BytesIO()
        Image.radial_gradient("L").rotate(number * 20).convert("RGB").save(file, "PNG")
        files.append(file)
    taken = []
    for turn in range(times + 1):
        began = time.process_time()
        seen = judge.embed_pictures([Image.open(file) for file in files])
        judge.adherence(seen, judge.embed_texts([f"a red apple number {turn}"])[0])
        taken.append((time.process_time() - began) * 1000 / len(files))
    return taken[1:]  # the first reads the text encoder


def fill(studio: Studio, count: int, dimensions: int, version: str) -> list[UUID]:
    """A project of `count` works with a picture each, judged; the revisions."""
    import numpy as np

    work = UUID(studio.work("Covers"))
    ((_id, shown),) = studio.pictures(str(work), 1)
    dice = np.random.default_rng(11)
    kinds = unit(dice.standard_normal((KINDS, dimensions)))
    ids = [uuid7() for _number in range(count)]
    with studio.database.writing() as session:
        artist = local_artist(session).id
        session.execute(sa.delete(Embedding))  # a worker may have begun by itself
        project = gallery(session, count, [work])
        works = session.scalars(sa.select(Work.id).where(Work.project_id == project)).all()
        judge = session.scalar(sa.select(JudgeVersion).where(JudgeVersion.name == House.name, JudgeVersion.version == version))
        judge = judge or JudgeVersion(name=House.name, version=version, title=House.title, dimensions=dimensions)
        session.add(judge)
        session.flush()
        for begin in range(0, count, 5000):
            some = range(begin, min(count, begin + 5000))
            names = [f"{number:064x}" for number in some]
            insert_pictures(session, names, [(ids[n], works[n]) for n in some], shown, artist)
            near = unit(kinds[dice.integers(KINDS, size=len(some))] * 2 + unit(dice.standard_normal((len(some), dimensions))))
            kept = zip(some, names, near, strict=True)
            shared = {"judge_id": judge.id}
            rows = [shared | {"id": long_ago(n), "asset_id": name, "vector": pack_vector(row)} for n, name, row in kept]
            session.execute(sa.insert(Embedding), rows)
        cover = sa.select(Revision.id).where(Revision.work_id == Work.id).scalar_subquery()
        session.execute(sa.update(Work).where(Work.project_id == project).values(cover_id=cover))
    return ids


def insert_pictures(
    session: sa.orm.Session, names: list[str], places: list[tuple[UUID, UUID]], shown: str, artist: UUID
) -> None:
    """Assets called `names`, which all look like `shown`, and for each a revision: its id and its work are in `places`."""
    asset = {"media_type": "image/png", "bytes": 1, "width": 256, "height": 256, "raster": shown, "colour": "#808080"}
    session.execute(sa.insert(Asset), [asset | {"sha256": name} for name in names])
    made = {"number": 1, "origin": "engine", "verb": "create", "brief_data": {}, "params": {}, "facts": {}, "engine": "house"}
    made |= {"created_by_id": artist, "created_at": now()}
    rows = [made | {"id": id, "work_id": work, "asset_id": name} for name, (id, work) in zip(names, places, strict=True)]
    session.execute(sa.insert(Revision), rows)


def long_ago(number: int) -> UUID:
    """An id (UUIDv7) of a picture that was judged since 2017, one a second."""
    return UUID(int=(1_500_000_000_000 + 1000 * number) << 80)
