"""Beam search: the likeliest texts instead of drawn ones, in groups that keep apart from one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from app.engines.shared.sampling import IMPOSSIBLE, Sampling, penalised
from app.engines.text.decoding import ALTERNATIVES, Constraint, Pick, leant, permitted, ranked

if TYPE_CHECKING:
    import torch

    from app.engines.shared.language_model import LanguageModel


@dataclass(frozen=True, slots=True)
class Beams:
    """How a search goes. `width` is that of all `groups` together and a multiple of their number."""

    width: int = 4
    length_penalty: float = 1.0  # above 0 favours longer texts: the score is the sum over the length to this power
    groups: int = 1  # Vijayakumar et al. 2018, https://arxiv.org/abs/1610.02424
    diversity: float = 0.5  # what a token costs for each time that an earlier group has it in the same place


@dataclass(frozen=True, slots=True)
class Beam:
    """A text of the search. `score` is what was maximised: the sum of log-probabilities (after penalties for repetition and
    leanings, without those for diversity) over the length to the power of the length penalty. `ended`: by the model itself.
    """

    picks: tuple[Pick, ...]
    score: float
    ended: bool = False

    @property
    def ids(self) -> list[int]:
        """Its tokens."""
        return [pick.id for pick in self.picks]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A live beam (its `row` of the cache) and the token that may follow."""

    row: int
    beam: Beam
    id: int
    sum: float


@dataclass(slots=True)
class _Group:
    """The live beams of one group with their sums of log-probabilities, and its finished ones."""

    live: list[Beam]
    done: list[Beam] = field(default_factory=list)
    over: bool = False


def search(
    model: LanguageModel,
    prompt: Sequence[int],
    beams: Beams,
    tokens: int,
    *,
    sampling: Sampling | None = None,
    constraint: Constraint | None = None,
    before: Sequence[int] = (),
    alternatives: int = ALTERNATIVES,
) -> Iterator[int | list[Beam]]:
    """Continue `prompt`: yields the number of tokens after every step and at last the `width` beams, the best first; with
    groups, the best of each first. Of `sampling` only the penalties for repetition count.

    Raises EngineError as `decode` does.
    """
    how, room = sampling or Sampling(), min(tokens, model.room(prompt))
    width = max(1, beams.width // beams.groups)
    logits, cache = model.prefill(prompt, beams.groups)
    rows = logits.expand(beams.groups, -1)
    groups = [_Group([Beam((), 0.0)]) for _group in range(beams.groups)]
    for length in range(1, room + 1):
        yield length
        kept: list[_Candidate] = []
        taken: list[int] = []
        at = 0
        for group in groups:
            if group.over:
                continue
            mine = rows[at : at + len(group.live)]
            read = [_read(row, beam, model, how, constraint, before) for row, beam in zip(mine, group.live, strict=True)]
            best = _best(read, group.live, taken, beams.diversity, 2 * width)
            live = _advance(group, best, read, model, width, length == room, length**beams.length_penalty, alternatives)
            kept += [replace(candidate, row=candidate.row + at) for candidate in live]
            chosen = best[:width] if length == room else live
            taken += [candidate.id for candidate in chosen if candidate.id not in model.ends]
            at += len(mine)
            worst = min((beam.score for beam in group.done), default=IMPOSSIBLE)
            hope = max((beam.score for beam in group.live), default=IMPOSSIBLE) / length**beams.length_penalty
            group.over = not group.live or (len(group.done) == width and hope <= worst)
            if group.over:
                del kept[len(kept) - len(live) :]
        if not kept:
            break
        cache.keep([candidate.row for candidate in kept])
        rows = model.step([candidate.id for candidate in kept], cache)
    lists = [sorted(group.done, key=lambda beam: -beam.score) for group in groups]
    yield [beam for beam in chain.from_iterable(zip_longest(*lists)) if beam]


def _read(
    logits: torch.Tensor, beam: Beam, model: LanguageModel, how: Sampling, constraint: Constraint | None, before: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities within the form, and the same with repetition made unlikelier and what is leant towards likelier;
    [vocab] each.
    """
    logs = logits.masked_fill(~permitted(model, constraint, beam.ids), IMPOSSIBLE).log_softmax(-1)
    return logs, leant(penalised(logs, [*before, *beam.ids], how), constraint, beam.ids)


def _best(
    read: Sequence[tuple[torch.Tensor, torch.Tensor]], live: Sequence[Beam], taken: Sequence[int], diversity: float, count: int
) -> list[_Candidate]:
    """The `count` best tokens after the group's beams, the best first: what earlier groups took counts less."""
    import torch

    sums = torch.stack([scores + beam.score for (_logs, scores), beam in zip(read, live, strict=True)])
    wanted = sums.clone()
    for id in taken:
        wanted[:, id] -= diversity
    best = wanted.flatten().topk(min(count, wanted.numel())).indices.tolist()
    places = [divmod(place, sums.shape[1]) for place in best]
    found = [_Candidate(row, live[row], id, float(sums[row, id])) for row, id in places]
    return [candidate for candidate in found if candidate.sum > IMPOSSIBLE]


def _advance(
    group: _Group,
    best: Sequence[_Candidate],
    read: Sequence[tuple[torch.Tensor, torch.Tensor]],
    model: LanguageModel,
    width: int,
    last: bool,
    norm: float,
    alternatives: int,
) -> list[_Candidate]:
    """Finish what ends among the first `width` candidates, let the others live; the candidates that live."""
    told = [(ranked(logs, alternatives), int(logs.gt(IMPOSSIBLE).sum()) == 1) for logs, _scores in read]
    live: list[_Candidate] = []
    group.live = []
    for rank, candidate in enumerate(best):
        ends = candidate.id in model.ends
        if ends or last:
            if rank < width:
                picks = candidate.beam.picks if ends else (*candidate.beam.picks, _pick(candidate, read, told))
                group.done.append(Beam(picks, candidate.sum / norm, ended=ends))
        elif len(live) < width:
            live.append(candidate)
            group.live.append(Beam((*candidate.beam.picks, _pick(candidate, read, told)), candidate.sum))
    group.done = sorted(group.done, key=lambda beam: -beam.score)[:width]
    return live


def _pick(
    candidate: _Candidate,
    read: Sequence[tuple[torch.Tensor, torch.Tensor]],
    told: Sequence[tuple[tuple[tuple[int, float], ...], bool]],
) -> Pick:
    best, forced = told[candidate.row]
    return Pick(candidate.id, float(read[candidate.row][0][candidate.id]), forced, () if forced else best)
