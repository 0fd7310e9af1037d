"""Which mask a wish for a picture works in."""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import InvalidError, NotFoundError, _
from app.models.artist import Artist
from app.models.mask import Mask
from app.models.membership import Right
from app.models.revision import Revision
from app.requests.request import GenerationRequest
from app.verbs.verb import Verb


def mask_wanted(asked: GenerationRequest, verb: Verb, artist: Artist, starts: Sequence[Revision]) -> Mask | None:
    """The mask that `verb` works in; None for a verb that takes none.

    Raises InvalidError where one is missing, is not the artist's, is of another size than the picture, or is not this verb's.
    """
    if "mask" not in verb.rule.takes:
        if asked.mask is not None:
            takers = sorted(one for one in Verb if "mask" in one.rule.takes)
            raise InvalidError("mask", _("only for %(verbs)s"), verbs=", ".join(takers))
        return None
    if asked.mask is None:
        raise InvalidError("mask", _("say what is to change: paint a mask first"))
    try:
        mask = artist.masks.get(asked.mask, to=Right.SEE)
    except NotFoundError as error:
        raise InvalidError("mask", _("there is no such mask")) from error
    picture = starts[0].asset
    if picture is None or (mask.asset.width, mask.asset.height) != (picture.width, picture.height):
        raise InvalidError("mask", _("this mask was painted for a picture of another size"))
    return mask
