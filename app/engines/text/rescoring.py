"""Reading what stands there: where did the model expect this, and where was it surprised?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from app.engines.engine import Token
from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import IMPOSSIBLE
from app.engines.text.decoding import ALTERNATIVES, Pick, ranked
from app.errors import EngineError, _

BLOCK = 256  # places whose log-probabilities are held at once: a vocabulary of 50,000 takes 50 MB


def rescore(
    model: LanguageModel, context: Sequence[int], passage: Sequence[int], *, alternatives: int = ALTERNATIVES
) -> list[Pick]:
    """The tokens of `passage` after `context` as if the model had written them, in one pass; none counts as forced.

    Raises EngineError when there is no context to expect anything from, or it does not fit.
    """
    if not context:
        raise ValueError("nothing can be expected before the first token")
    if len(context) + len(passage) > model.context:
        raise EngineError(
            _("This passage is too long for this model: %(tokens)d tokens, and it sees %(context)d. Select less."),
            tokens=len(context) + len(passage),
            context=model.context,
        )
    if not passage:
        return []
    scores = model.score([*context, *passage], len(passage))
    picks = []
    for at in range(0, len(passage), BLOCK):
        block = scores[at : at + BLOCK].masked_fill(~model.usable, IMPOSSIBLE).log_softmax(-1)
        for id, logs in zip(passage[at : at + BLOCK], block, strict=True):
            picks.append(Pick(id, float(logs[id]), forced=False, alternatives=ranked(logs, alternatives)))
    return picks


def perplexity(tokens: Iterable[Token]) -> float | None:
    """exp of the mean surprise over the records that have one (forced ones tell nothing); None without any."""
    known = [token.logprob for token in tokens if token.logprob is not None and not token.forced]
    return math.exp(-sum(known) / len(known)) if known else None
