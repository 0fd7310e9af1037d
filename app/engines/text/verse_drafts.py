"""A poem as the best of several drafts: likely to the model, naming what was asked, without repeating itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress

from app.engines.engine import Step
from app.engines.text.drafting import Draft, drafts, opening
from app.engines.text.text_run import TextRun
from app.engines.text.within import Within
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.scripts import is_han

NAMED, AGAIN = 0.6, 1.5  # what a draft gains by naming all of its keywords, and loses by nothing but repeated characters


def best_of_drafts(run: TextRun, count: int, hold: Callable[[tuple[str, ...]], Within]) -> Iterator[Step]:
    """Write the only variant of `run` as the best of `count` drafts, within what `hold` makes of the words that it must have.

    A new poem begins with a character of its own.
    """
    (seed,), tokens, first = run.request.seeds, run.params.tokens, []
    if not run.task.answer.strip():
        pick = opening(run.model, run.prompt, hold(()), seed)
        run.add(0, [pick])
        first = [pick.id]
    for number, part in enumerate(_written(run, first, count, lambda must: hold(must).after(first)), 1):
        if isinstance(part, int):
            yield Step(number, tokens)
        else:
            yield Step(number, tokens, pieces=run.complete(0, part.picks, str(part.end)), ended=(0,))


def _written(
    run: TextRun, first: Sequence[int], count: int, hold: Callable[[tuple[str, ...]], Within]
) -> Iterator[int | Draft]:
    """The number of tokens after each step, and at last the best draft of what follows `first`.

    Where no draft names any of the keywords (rare ones), they are written again, and the first has its place by form.
    """
    within = hold(())
    best = yield from _best(run, first, count, within)
    named = not within.keywords or any(word in within.text(best.ids) for word in within.keywords)
    if not named and 0 not in run.request.stopped:
        with suppress(ImpossibleError):  # it goes with neither tones nor rhymes
            best = yield from _best(run, first, count, hold((within.keywords[0],)))
    yield best


def _best(run: TextRun, first: Sequence[int], count: int, within: Within) -> Generator[int, None, Draft]:
    """The best of `count` drafts."""
    found = yield from drafts(
        run.model,
        [*run.prompt, *first],
        run.request.seeds[0],
        run.params.sampling,
        run.params.tokens,
        constraint=within,
        count=count,
        before=run.before,
        stopped=run.request.stopped,
    )
    return max(found, key=lambda draft: worth(draft, within))


def worth(draft: Draft, hold: Within) -> float:
    """The more the better."""
    text = hold.text(draft.ids)
    characters = list(filter(is_han, text))
    again = 1 - len(set(characters)) / max(1, len(characters))
    named = sum(word in text for word in hold.keywords) / max(1, len(hold.keywords))
    return draft.likelihood + NAMED * named - AGAIN * again
