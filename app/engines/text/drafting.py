"""Several drafts of one text side by side, of which the one worth most is kept; and openings that differ."""

from __future__ import annotations

from collections.abc import Container, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.engines.shared.sampling import IMPOSSIBLE, Sampling
from app.engines.text.decoding import ALTERNATIVES, Constraint, End, Pick, Rules, decode, permitted, ranked

if TYPE_CHECKING:
    import torch

    from app.engines.shared.language_model import LanguageModel

SPREAD = 1_000_003  # seeds of a variant's drafts are this far apart
OPENINGS = 48  # of the likeliest first tokens one is drawn
WARM = 2.0  # the temperature at which it is drawn
MOST = 0.1  # the chance that any one of them has at most
# Steps by the golden ratio spread over a circle: of four seeds in a row no two lie within MOST, of twelve no three.
GOLDEN = 0x9E3779B97F4A7C15


@dataclass(slots=True)
class Draft:
    """A text in the making: its tokens, and why it ended."""

    picks: list[Pick] = field(default_factory=list)
    end: End = End.END

    @property
    def ids(self) -> list[int]:
        """Its tokens."""
        return [pick.id for pick in self.picks]

    @property
    def likelihood(self) -> float:
        """The mean log-probability of the tokens that the form left a choice in."""
        known = [pick.logprob for pick in self.picks if not pick.forced]
        return sum(known) / max(1, len(known))


@dataclass(frozen=True, slots=True)
class AllOrNone(Container[int]):
    """Drafts that are stopped: all of them once the variant is that they belong to."""

    stopped: Container[int]
    index: int = 0

    def __contains__(self, _draft: object) -> bool:
        return self.index in self.stopped


def drafts(
    model: LanguageModel,
    prompt: Sequence[int],
    seed: int,
    sampling: Sampling,
    tokens: int,
    *,
    constraint: Constraint | None,
    count: int,
    before: Sequence[int] = (),
    stopped: Container[int] = (),
) -> Generator[int, None, list[Draft]]:
    """Continue `prompt` `count` times; yields how many tokens there are, and returns all drafts (stopped, as far as they
    are). Raises EngineError as `decode` does.
    """
    found = [Draft() for _draft in range(count)]
    steps = decode(
        model,
        prompt,
        [(seed + number * SPREAD) % (1 << 62) for number in range(count)],
        sampling,
        tokens,
        Rules(constraints=[constraint] * count if constraint else (), before=before, stopped=AllOrNone(stopped), least=1),
    )
    for number, step in enumerate(steps, 1):
        for word in step:
            if word.pick:
                found[word.index].picks.append(word.pick)
            if word.end:
                found[word.index].end = word.end
        yield number
    return found


def opening(model: LanguageModel, prompt: Sequence[int], constraint: Constraint, seed: int) -> Pick:
    """A text's first token, drawn from many: what the model thinks of it is told, but none is nearly certain to come, and the
    seeds of a run, which follow one another, draw different ones.
    """
    logits, _cache = model.prefill(prompt, 1)
    allowed = permitted(model, constraint, ())
    logs = logits.masked_fill(~allowed, IMPOSSIBLE).log_softmax(-1)
    if int(allowed.sum()) == 1:
        return Pick(int(allowed.nonzero()[0]), 0.0, forced=True, alternatives=())
    ids = logs.topk(min(OPENINGS, int(allowed.sum()))).indices.sort().values  # in an order that other words do not change
    reached = capped((logs[ids] / WARM).softmax(-1), MOST).double().cumsum(-1)
    point = (seed * GOLDEN & 0xFFFFFFFFFFFFFFFF) / 2**64
    id = int(ids[min(int((reached <= point * reached[-1]).sum()), len(ids) - 1)])
    return Pick(id, float(logs[id]), forced=False, alternatives=ranked(logs, ALTERNATIVES))


def capped(chances: torch.Tensor, most: float) -> torch.Tensor:
    """`chances` ([n], together 1) with none above `most` (or all equal), what is taken away given to the others."""
    most = max(most, 1 / len(chances))
    for _round in range(len(chances)):
        over = chances > most + 1e-6
        if not bool(over.any()):
            break
        rest = 1 - most * int((chances >= most).sum())
        free = chances < most
        chances = chances.where(free, chances.new_tensor(most))
        if bool(free.any()):
            chances = chances.where(~free, chances * rest / chances[free].sum())
    return chances
