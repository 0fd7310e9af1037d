"""Other words for a passage in the middle of a text: of several continuations the one that what follows follows best.

A small model goes on from a text better than it follows an order to rewrite a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import Sampling
from app.engines.text.decoding import Constraint
from app.engines.text.drafting import Draft, drafts

COUNT = 6  # continuations of which one is taken
FOLLOWING = 12  # tokens of the text after the passage that are read
SLACK = 2  # tokens by which the passage may be shorter or longer
CUTS = 2  # places where a continuation may be cut that are looked at
_SENTENCE = re.compile(rb"[.!?\n]")
_WORD = re.compile(rb"[A-Za-z0-9'\x80-\xff]")


def filled(
    model: LanguageModel,
    prompt: Sequence[int],
    size: int,
    after: Sequence[int],
    seed: int,
    sampling: Sampling,
    pieces: Sequence[bytes],
    *,
    constraint: Constraint | None,
    within: bool,
    stopped: Container[int] = (),
) -> Iterator[int | Draft]:
    """A passage of about `size` tokens between `prompt` and `after`; yields how many tokens there are, and at last the draft.

    `within`: the passage is a part of a sentence and stays one.
    """
    found: list[Draft] = []
    tokens = size + SLACK + 1
    for part in drafts(model, prompt, seed, sampling, tokens, constraint=constraint, count=COUNT, stopped=stopped):
        if isinstance(part, int):
            yield part
        else:
            found = part
    best, most = found[0], float("-inf")
    for draft in found:
        for length in _cuts(draft.ids, size, pieces, within=within):
            cut = Draft(draft.picks[:length], draft.end)
            value = _followed(model, [*prompt, *cut.ids], after[:FOLLOWING]) + cut.likelihood / 2
            if value > most:
                best, most = cut, value
    yield best


def _cuts(ids: Sequence[int], size: int, pieces: Sequence[bytes], *, within: bool) -> list[int]:
    """Lengths near `size` after which no word goes on, the nearest first."""
    ends = len(ids)
    if within:
        ends = next((at for at, id in enumerate(ids) if _SENTENCE.search(pieces[id])), ends)
    lengths = sorted(range(max(1, size - SLACK), min(ends, size + SLACK) + 1), key=lambda length: abs(length - size))
    return [length for length in lengths if length == len(ids) or not _WORD.match(pieces[ids[length]])][:CUTS]


def _followed(model: LanguageModel, before: Sequence[int], after: Sequence[int]) -> float:
    """The mean log-probability of `after`; 0 where nothing follows."""
    if not after:
        return 0.0
    import torch

    logs = model.score([*before, *after], len(after)).log_softmax(-1)
    return float(logs.gather(1, torch.tensor(after, device=logs.device)[:, None]).mean())
