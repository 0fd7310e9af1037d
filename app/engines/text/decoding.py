"""The loop that writes: several variants of one prompt at once, on one KV cache, each with a seed of its own."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.engines.shared.sampling import IMPOSSIBLE, Sampling, drawn, penalised, probabilities
from app.errors import EngineError, _

if TYPE_CHECKING:
    import torch

    from app.engines.shared.language_model import LanguageModel

ALTERNATIVES = 8


class Constraint(Protocol):
    """What a form allows to come next: asked before every token of every variant."""

    def allowed(self, written: Sequence[int]) -> torch.Tensor | None:
        """The tokens that may follow `written` (what this variant has so far): [vocab] of bool, or None for any."""


class Leaning(Constraint, Protocol):
    """A constraint that would also rather have some tokens than others."""

    def leaning(self, written: Sequence[int]) -> dict[int, float]:
        """What is added to the scores of tokens, by id, when the next one is drawn; records stay without it."""


class End(StrEnum):
    """Why a variant ended."""

    END = "end"  # the model ended it, or a stop was written
    LENGTH = "length"  # as many tokens as were asked for
    CONTEXT = "context"  # as many as the model can see
    STOPPED = "stopped"  # by the artist


@dataclass(frozen=True, slots=True)
class Pick:
    """A token that was chosen, with what could have been: ids and natural log-probabilities, the likeliest first.

    All log-probabilities are the model's own, before temperature, penalties and truncation, within the form.
    """

    id: int
    logprob: float
    forced: bool
    alternatives: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What a variant got in one step: a token, or its end."""

    index: int
    pick: Pick | None
    end: End | None = None


@dataclass(slots=True)
class Variant:
    """A continuation in the making."""

    index: int
    generator: torch.Generator
    constraint: Constraint | None
    ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a decoding keeps to besides the sampling."""

    constraints: Sequence[Constraint] = ()  # one a seed, or none
    before: Sequence[int] = ()  # earlier tokens that count as repeated
    stopped: Container[int] = ()  # the variants that end before their next token; it may grow
    least: int = 0  # tokens: no text ends by itself before it has so many
    apart: bool = False  # no two variants begin with the same token, where there are others
    alternatives: int = ALTERNATIVES  # what is told of every token

    def begin(self, seeds: Sequence[int]) -> list[Variant]:
        """A variant for each seed."""
        given: Sequence[Constraint | None] = self.constraints or [None for _seed in seeds]
        pairs = enumerate(zip(seeds, given, strict=True))
        return [Variant(index, generator(seed), constraint) for index, (seed, constraint) in pairs]


FREE = Rules()


def decode(
    model: LanguageModel, prompt: Sequence[int], seeds: Sequence[int], sampling: Sampling, tokens: int, rules: Rules = FREE
) -> Iterator[list[Written]]:
    """Continue `prompt` once for each seed, at most `tokens` tokens each; yields what every step wrote.

    A variant depends on its seed alone (`apart`, on those before it as well): its noise comes from its own generator, one
    number a token. Batched matrix products may differ from single ones in a logit's last bits, which `drawn` survives but
    for a rare tie. Closing the iterator stops all. Raises EngineError for a prompt that is too long and a form that allows
    nothing.
    """
    room = min(tokens, model.room(prompt))
    full = End.LENGTH if room == tokens else End.CONTEXT
    logits, cache = model.prefill(prompt, len(seeds))
    rows, live = logits.expand(len(seeds), -1), rules.begin(seeds)
    taken: list[int] = []  # first tokens that no other variant may have
    while live:
        written = []
        for row, variant in enumerate(live):
            if variant.index in rules.stopped:
                written.append(Written(variant.index, None, End.STOPPED))
                continue
            logits = rows[row].index_fill(0, model.end_ids, IMPOSSIBLE) if len(variant.ids) < rules.least else rows[row]
            pick = choose(logits, variant, model, sampling, rules.before, rules.alternatives, () if variant.ids else taken)
            taken += [pick.id] if rules.apart and not variant.ids else []
            if pick.id in model.ends:
                written.append(Written(variant.index, None, End.END))
                continue
            variant.ids.append(pick.id)
            written.append(Written(variant.index, pick, None if len(variant.ids) < room else full))
        yield written
        still = [row for row, word in enumerate(written) if word.end is None]
        if len(still) < len(live) and still:
            cache.keep(still)
        live = [live[row] for row in still]
        if live:
            rows = model.step([variant.ids[-1] for variant in live], cache)


def generator(seed: int) -> torch.Generator:
    """Chance that a seed decides."""
    import torch

    return torch.Generator().manual_seed(seed)


def choose(
    logits: torch.Tensor,
    variant: Variant,
    model: LanguageModel,
    sampling: Sampling,
    before: Sequence[int],
    count: int,
    taken: Sequence[int] = (),
) -> Pick:
    """The next token of `variant` from `logits` ([vocab]); one of those `taken` only where there is no other."""
    import torch

    allowed = permitted(model, variant.constraint, variant.ids)
    possible = logits.masked_fill(~allowed, IMPOSSIBLE)
    logs = possible.log_softmax(-1)
    if int(allowed.sum()) == 1:
        return Pick(int(allowed.nonzero()[0]), 0.0, forced=True, alternatives=())
    scores = leant(penalised(possible, [*before, *variant.ids], sampling), variant.constraint, variant.ids)
    if taken:
        others = scores.index_fill(0, torch.tensor(taken, device=scores.device), IMPOSSIBLE)
        scores = scores if bool(others.isneginf().all()) else others
    if bool(scores.isneginf().all()):  # what is left would all repeat: better a repetition than nothing
        scores = possible
    id = drawn(probabilities(scores, sampling), variant.generator)
    return Pick(id, float(logs[id]), forced=False, alternatives=ranked(logs, count))


def leant(scores: torch.Tensor, constraint: Constraint | None, written: Sequence[int]) -> torch.Tensor:
    """`scores` with what the constraint would rather have after `written`."""
    leaning = getattr(constraint, "leaning", None)
    if leaning and (wanted := leaning(written)):
        scores = scores.clone()
        for id, more in wanted.items():
            scores[id] += more
    return scores


def permitted(model: LanguageModel, constraint: Constraint | None, written: Sequence[int]) -> torch.Tensor:
    """The tokens that may come next, [vocab] of bool. Raises EngineError when there is none."""
    asked = constraint.allowed(written) if constraint else None
    allowed = model.usable if asked is None else asked.to(model.device)
    if not bool(allowed.any()):
        raise EngineError(_("The form leaves nothing that could come next. Loosen it."))
    return allowed


def ranked(logs: torch.Tensor, count: int) -> tuple[tuple[int, float], ...]:
    """The `count` likeliest tokens of `logs` ([vocab]) that are possible at all."""
    best = logs.topk(min(count, len(logs)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple((id, value) for id, value in pairs if value > IMPOSSIBLE)
