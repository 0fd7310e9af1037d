"""From a generation to what its engine is asked: the worker runs that request, the web measures how long it is."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace

from app.engines.engine import Engine, Parent, Request, Strength, Style
from app.media.image.framing import framed
from app.media.medium import PAINTED, SCENE, TEXT, traits
from app.media.text.prosody.asked import form_of
from app.models.generation import Generation, GenerationParent
from app.models.revision import Revision
from app.verbs.place import Place
from app.verbs.verb import Verb

PNG = "image/png"
Read = Callable[[str], bytes]


def request_for(
    generation: Generation,
    engine: Engine,
    read: Read | None = None,
    stopped: Container[int] = (),
    style: Style | None = None,
) -> Request:
    """What the engine is asked: the row's wishes, and the parents' bytes.

    `read` gives the bytes of a SHA-256; without it, pictures and recordings are left unread and only texts come along.
    `style` is what the parameters name (app.requests.own_style).
    """
    place = generation.place
    parents = tuple(_parent(parent, read) for parent in generation.parents)
    mask = read(generation.mask.asset_id) if read and generation.mask else None
    if place.frame and parents and parents[0].data and parents[0].media_type == PNG:
        data, mask = framed(parents[0].data, place.frame)
        parents = (replace(parents[0], data=data, media_type=PNG), *parents[1:])
    return Request(
        Verb(generation.verb),
        generation.brief,
        engine.Params.model_validate(generation.params),
        generation.seeds,
        parents,
        Strength(generation.strength) if generation.strength else None,
        form=form_of(generation.form) if generation.form else None,
        stopped=stopped,
        mask=mask,
        id=generation.id,
        style=style,
        **{name: getattr(place, name) for name in Place.model_fields},
    )


def kind_of(revision: Revision) -> str | None:
    """The media type of what a revision holds; None when it holds nothing."""
    if revision.text is not None:
        return traits(revision.work.medium).written or TEXT
    return revision.asset.media_type if revision.asset else None


def kinds_of(revision: Revision) -> list[str]:
    """The media types of all that a revision holds: its content's, and that of the scene which its picture shows, or was
    painted from.
    """
    kind, facts = kind_of(revision), revision.facts_data
    held = [kind, SCENE if facts.get("scene") else None, PAINTED if facts.get("painted_from") else None]
    return [one for one in held if one]


def _parent(parent: GenerationParent, read: Read | None) -> Parent:
    revision, data, kind = parent.revision, None, kind_of(parent.revision)
    if revision.text is not None:
        data = revision.text.encode()
    elif revision.asset:
        data = read(revision.asset.pixels) if read else None
        kind = PNG if revision.asset.raster else kind
    words = revision.brief.prompt().positive
    if not words and parent.role == Verb.INSPIRE:
        words = revision.work.title
    made = (revision.seed, revision.engine, revision.params)
    return Parent(parent.role, data, kind, *made, words, revision.brief, revision.facts_data)
