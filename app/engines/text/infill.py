"""Other words for a passage in the middle of a text: of several continuations the one that what follows follows best.

A small model goes on from a text better than it follows an order to rewrite a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.engines.engine import Request, Step
from app.engines.shared.language_model import LanguageModel
from app.engines.text.decoding import Constraint, End
from app.engines.text.drafting import AllOrNone, Draft, drafts
from app.engines.text.tasks import LONGER, passage_of
from app.engines.text.text_run import TextRun

COUNT = 6  # continuations of which one is taken
FOLLOWING = 12  # tokens of the text after the passage that are read
SLACK = 2  # tokens by which the passage may be shorter or longer
CUTS = 2  # places where a continuation may be cut that are looked at
_SENTENCE_END = re.compile("[.!?…]")
_SENTENCE = re.compile(rb"[.!?\n]")
_WORD = re.compile(rb"[A-Za-z0-9'\x80-\xff]")


def fills_in(request: Request) -> bool:
    """Whether a rewriting fills in: a part of a sentence, or where nobody says what it shall be."""
    longer = LONGER.search(request.instruction)
    return not longer and (not request.instruction.strip() or not _SENTENCE_END.search(passage_of(request)))


def infilled(run: TextRun, constraint: Constraint, size: int, after: Sequence[int]) -> Iterator[Step]:
    """The loop that writes a passage of about `size` tokens anew; `after` follows it."""
    total = size * len(run.variants)
    for index in range(len(run.variants)):
        for part in _filled(run, index, constraint, size, after):
            if isinstance(part, int):
                yield Step(index * size + min(part, size), total)
                continue
            end = part.end if part.end is End.STOPPED else End.END
            yield Step((index + 1) * size, total, pieces=run.complete(index, part.picks, str(end)), ended=(index,))


def _filled(run: TextRun, index: int, constraint: Constraint, size: int, after: Sequence[int]) -> Iterator[int | Draft]:
    """How many tokens a variant has, and at last the best draft of its passage."""
    within = not _SENTENCE_END.search(passage_of(run.request))  # the passage is a part of a sentence and stays one
    found = yield from drafts(
        run.model,
        run.prompt,
        run.request.seeds[index],
        run.params.sampling,
        size + SLACK + 1,
        constraint=constraint,
        count=COUNT,
        stopped=AllOrNone(run.request.stopped, index),
    )
    best, most = found[0], float("-inf")
    for draft in found:
        for length in _cuts(draft.ids, size, run.pieces, within=within):
            cut = Draft(draft.picks[:length], draft.end)
            value = _followed(run.model, [*run.prompt, *cut.ids], after[:FOLLOWING]) + cut.likelihood / 2
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
