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

    def settle(self, width: int, norm: float) -> None:
        """It is over when no live beam can come before the worst of its `width` finished ones; scores are sums over `norm`."""
        worst = min((beam.score for beam in self.done), default=IMPOSSIBLE)
        hope = max((beam.score for beam in self.live), default=IMPOSSIBLE) / norm
        self.over = not self.live or (len(self.done) == width and hope <= worst)


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
    groups, the best of each first. Of `sampling` only the penalties for repetition count. Raises EngineError as `decode`
    does.
    """
    room = min(tokens, model.room(prompt))
    step = _Step(model, beams, sampling or Sampling(), constraint, before, alternatives)
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
            at += len(mine)
            live, chosen = step.advance(group, mine, taken, length, last=length == room)
            taken += [candidate.id for candidate in chosen if candidate.id not in model.ends]
            if not group.over:
                kept += [replace(candidate, row=candidate.row + at - len(mine)) for candidate in live]
        if not kept:
            break
        cache.keep([candidate.row for candidate in kept])
        rows = model.step([candidate.id for candidate in kept], cache)
    lists = [sorted(group.done, key=lambda beam: -beam.score) for group in groups]
    yield [beam for beam in chain.from_iterable(zip_longest(*lists)) if beam]


@dataclass(frozen=True, slots=True)
class _Step:
    """How every group of a search takes its next token."""

    model: LanguageModel
    beams: Beams
    how: Sampling
    constraint: Constraint | None
    before: Sequence[int]
    alternatives: int

    def advance(
        self, group: _Group, rows: torch.Tensor, taken: Sequence[int], length: int, *, last: bool
    ) -> tuple[list[_Candidate], list[_Candidate]]:
        """Take the `length`-th token of a group's beams from `rows` [beams, vocab], all of them its last ones where `last`;
        the candidates that live, and those that were chosen (whose tokens count as taken for later groups).
        """
        width = max(1, self.beams.width // self.beams.groups)
        read = [self._read(row, beam) for row, beam in zip(rows, group.live, strict=True)]
        best = _best(read, group.live, taken, self.beams.diversity, 2 * width)
        norm = length**self.beams.length_penalty
        live = self._part(group, best, read, width, norm, last=last)
        group.settle(width, norm)
        return live, best[:width] if last else live

    def _read(self, logits: torch.Tensor, beam: Beam) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities within the form, and the same with repetition made unlikelier and what is leant towards
        likelier; [vocab] each.
        """
        logs = logits.masked_fill(~permitted(self.model, self.constraint, beam.ids), IMPOSSIBLE).log_softmax(-1)
        return logs, leant(penalised(logs, [*self.before, *beam.ids], self.how), self.constraint, beam.ids)

    def _part(
        self,
        group: _Group,
        best: Sequence[_Candidate],
        read: Sequence[tuple[torch.Tensor, torch.Tensor]],
        width: int,
        norm: float,
        *,
        last: bool,
    ) -> list[_Candidate]:
        """Finish what ends among the first `width` candidates, let the others live; the candidates that live."""
        told = [(ranked(logs, self.alternatives), int(logs.gt(IMPOSSIBLE).sum()) == 1) for logs, _scores in read]
        live: list[_Candidate] = []
        group.live = []
        for rank, candidate in enumerate(best):
            ends = candidate.id in self.model.ends
            if ends or last:
                if rank < width:
                    picks = candidate.beam.picks if ends else (*candidate.beam.picks, _pick(candidate, read, told))
                    group.done.append(Beam(picks, candidate.sum / norm, ended=ends))
            elif len(live) < width:
                live.append(candidate)
                group.live.append(Beam((*candidate.beam.picks, _pick(candidate, read, told)), candidate.sum))
        group.done = sorted(group.done, key=lambda beam: -beam.score)[:width]
        return live


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


def _pick(
    candidate: _Candidate,
    read: Sequence[tuple[torch.Tensor, torch.Tensor]],
    told: Sequence[tuple[tuple[tuple[int, float], ...], bool]],
) -> Pick:
    best, forced = told[candidate.row]
    return Pick(candidate.id, float(read[candidate.row][0][candidate.id]), forced, () if forced else best)
