"""What an engine made becomes revisions: pictures in the store, texts in their rows, all of a run in one transaction."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from PIL import Image

from app.diff.authorship import By, made, spans_of, stored, whole
from app.engines.engine import Content
from app.errors import EngineError, _
from app.gate import BAD, UNREADABLE
from app.lineage.tune_facts import facts_of
from app.media.image import svg
from app.media.medium import ABC
from app.media.music.abc.abc import read_tune
from app.media.music.notation.checks import checks
from app.models import Artist, Asset, Generation, Revision, Role, Status, Transcript, Work
from app.models.act import ActKind
from app.models.asset import keep_asset
from app.models.revision import Origin, choose_cover, edges
from app.models.transcript import pack_tokens
from app.requests.wildcards import as_written
from app.storage.db import Database
from app.storage.store import Store
from app.worker.describe_audio import RECORDINGS, describe_audio

PNG, TEXT = "image/png", "text/plain"
WRITTEN = {TEXT, ABC}
LONGEST = 1_000_000  # code points of a text


class Lost(Exception):  # noqa: N818 (not an error: another worker has it, or the artist cancelled)
    """The generation is no longer this worker's."""


def describe(content: Content) -> Asset:
    """What is to be known of a made picture. Raises EngineError when it is none."""
    try:
        with Image.open(io.BytesIO(content.data)) as picture:
            picture.load()
            red, green, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]  # an RGB pixel is three ints
            return Asset(
                media_type=content.media_type,
                bytes=len(content.data),
                width=picture.width,
                height=picture.height,
                colour=f"#{red:02x}{green:02x}{blue:02x}",
            )
    except (OSError, ValueError, SyntaxError) as error:
        raise EngineError(_("The engine made something that is not a picture.")) from error


def keep(store: Store, content: Content) -> list[Asset]:
    """Put what was made into the store; what is to be known of it: of a drawing (SVG) first its raster, last itself. A
    text or a tune has no asset: its row holds it.

    Raises EngineError when it is neither a picture nor a drawing of ours nor a recording nor a text; DiskFullError.
    """
    if content.media_type in WRITTEN:
        text_of(content)
        return []
    if content.raster is None:
        asset = describe_audio(content) if content.media_type in RECORDINGS else describe(content)
        asset.sha256 = store.put(content.data)
        return [asset]
    if content.media_type != svg.MEDIA_TYPE or not svg.ours(content.data):
        raise EngineError(_("The engine made something that is not a picture."))
    (shown,) = keep(store, replace(content, data=content.raster, media_type=PNG, raster=None))
    drawing = Asset(
        sha256=store.put(content.data),
        media_type=content.media_type,
        bytes=len(content.data),
        width=content.width,
        height=content.height,
        colour=shown.colour,
        raster=shown.sha256,
    )
    return [shown, drawing]


def text_of(content: Content) -> str:
    """The text of a content, with U+FFFD for what no text may hold. Raises EngineError when it is none."""
    try:
        text = content.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EngineError(_("The engine wrote something that is not text.")) from error
    if len(text) > LONGEST or "\0" in text:
        raise EngineError(_("The engine wrote something that is not text."))
    return UNREADABLE.sub(BAD, text)  # one for one: tokens and ranges count its code points


def finish(database: Database, store: Store, generation: Generation, contents: Iterable[Content]) -> None:
    """Keep the contents, then record the revisions in one transaction, keyed by generation and index.

    What was written of a text until it was cancelled is recorded as well. Raises Lost when the generation was cancelled
    or taken over meanwhile; DiskFullError; EngineError, also when a text has not one new word.
    """
    given = list(contents)
    contents = [content for content in given if _worth_keeping(content, generation)]
    kept = [(content, keep(store, content)) for content in contents]
    facts = _facts(database, generation, contents)
    shown = {content.index: _text_of(content, generation) for content in contents}
    with database.writing() as session:
        row = session.get(Generation, generation.id, with_for_update=True)
        late = row is not None and row.status == Status.CANCELLED and all(c.media_type in WRITTEN for c in given)
        if row is None or row.attempt != generation.attempt or not (row.status == Status.RUNNING or late):
            raise Lost
        if given and not contents and not late and not _all_stopped(given):
            raise EngineError(_("The engine wrote nothing. Try again, or change the brief or the parameters."))
        work = session.get_one(Work, row.work_id, with_for_update={"of": Work})  # not the project joined to it
        revisions = []
        for (content, assets), number in zip(kept, work.numbers(len(kept)), strict=True):
            asset = [keep_asset(session, asset) for asset in assets][-1] if assets else None
            written = shown[content.index]
            revision = _revision(row, content, asset, number, facts.get(content.index, {}))
            revision.text, revision.origins = written.text, written.origins
            session.add(revision)
            revisions.append(revision)
            if written.tokens is not None:
                session.flush()
                session.add(Transcript(revision_id=revision.id, tokens=written.tokens))
        session.flush()
        if kept and (work.cover is None or not work.cover.picked):
            choose_cover(session, work)
        if kept:
            work.index(revisions[-1].brief_data, revisions[-1].text)
            made = sorted(revision.number for revision in revisions)
            row.record(ActKind.MADE, row.artist, verb=str(row.verb), engine=row.engine, numbers=made)
        # A cancelled one ends once more: whoever watches hears that there is something to see.
        row.end(Status.CANCELLED if late or (given and not kept) else Status.DONE)


def _worth_keeping(content: Content, generation: Generation) -> bool:
    """Whether the engine wrote anything that can be seen, or heard.

    A tune that was cut short (one variant stopped, or all cancelled) is kept if it reads as a tune and is not its parent:
    the engine closes the bar and the repeat, so that an artist can go on from it. What does not read would only be noise.
    """
    if content.media_type == ABC:
        text = text_of(content)
        if content.facts.get("ended") != "stopped":
            return True
        parents = {parent.revision.text for parent in generation.parents}
        return text not in parents and checks(read_tune(text)).parses
    text = content.data.decode("utf-8", "replace")
    return content.media_type != TEXT or any(text[start:end].strip() for start, end in content.written)


def _facts(database: Database, generation: Generation, contents: Iterable[Content]) -> dict[int, dict[str, Any]]:
    """What is told of each tune, by its index: before anything is written, for it may take a second, and nobody should wait."""
    tunes = [content for content in contents if content.media_type == ABC]
    if not tunes:
        return {}
    parents = [parent.revision_id for parent in generation.parents]
    with database.reading() as session:
        artist, work = session.get_one(Artist, generation.artist_id), session.get_one(Work, generation.work_id)
        return {tune.index: facts_of(session, artist, work, text_of(tune), parents) for tune in tunes}


def _all_stopped(contents: Iterable[Content]) -> bool:
    return all(content.facts.get("ended") == "stopped" for content in contents)


def _of_the_brief(generation: Generation) -> dict[str, Any]:
    """What is told of the brief: how it was written where something was chosen in it, the presets that stood in it."""
    written = {"wildcards": as_written(generation.brief)} if generation.chosen else {}
    return {**written, **({"presets": generation.presets} if generation.presets else {})}


def _revision(generation: Generation, content: Content, asset: Asset | None, number: int, facts: Mapping[str, Any]) -> Revision:
    return Revision(
        work_id=generation.work_id,
        number=number,
        origin=Origin.ENGINE,
        verb=generation.verb,
        strength=generation.strength,
        brief_data=generation.brief_of(content.index).model_dump() if generation.chosen else generation.brief_data,
        engine=generation.engine,
        params=generation.params,
        seed=content.seed,
        facts_data={**facts, **content.facts, **_of_the_brief(generation)},
        asset=asset,
        mask_id=generation.mask_id,
        generation_id=generation.id,
        index=content.index,
        created_by_id=generation.artist_id,
        parents=edges([(parent.revision_id, parent.role) for parent in generation.parents]),
    )


class SavedText(NamedTuple):
    """What a revision keeps of a text or a tune: itself, who wrote it, its tokens. It may take a second to find."""

    text: str | None
    origins: list[list[Any]] | None
    tokens: bytes | None


def _text_of(content: Content, generation: Generation) -> SavedText:
    text = text_of(content) if content.media_type in WRITTEN else None
    origins = _origins(text, content.written, generation) if text is not None and content.media_type == TEXT else None
    return SavedText(text, origins, pack_tokens(content.tokens) if content.tokens else None)


def _origins(text: str, written: Iterable[tuple[int, int]], generation: Generation) -> list[list[Any]]:
    """Who wrote what: the engine its ranges, and whoever wrote the parent the rest."""
    first = next((parent.revision for parent in generation.parents if parent.role != Role.INSPIRE), None)
    old = (first.text if first is not None else None) or ""
    if first is None or first.origins is None:
        spans = whole(old, By.HAND if first is None else By(first.origin))
    else:
        spans = spans_of(old, first.origins)
    return stored(made(text, written, old, spans))
