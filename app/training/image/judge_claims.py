"""What a judge learns from drawings: how a claim's drawing is shown, and which claims are true of which pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from numpy.typing import NDArray

from app.training.image.colours import BACKGROUNDS, HUES
from app.training.image.pairs import Claim, Pairs
from app.training.image.sights import Sight

GROUNDS = tuple(BACKGROUNDS)
_WHITE, _NAMED = 0.35, 0.7  # shares of white, and of named grounds with it, where a caption leaves the ground open
_SYNONYM = 0.78  # cosine of two labels by MiniLM from which on one may be called the other
_DIRECTED = ("arrow", "left", "right", "clock", "button", "sign", "letter", "number")


def sight(pairs: Pairs, claim: Claim, how: float, which: float, side: float) -> Sight:
    """A picture that the claim is true of; the chances (0 to 1) decide what it leaves open."""
    drawing, own = pairs.drawings[claim.drawing], pairs.colours[claim.drawing]
    ground = claim.ground
    if ground is None and how < _NAMED:
        ground = "white" if how < _WHITE else GROUNDS[int(which * len(GROUNDS))]
    reads = drawing.style == "icon" or any(word in drawing.label for word in _DIRECTED)
    turn = HUES[claim.colour] - HUES[own] if claim.turned and claim.colour and own in HUES else 0.0
    colour = claim.colour if claim.turned else None if claim.beside is not None else own
    return Sight(claim.drawing, claim.beside, ground, turn, colour, side < 1 / 2 and not reads)


def truth(pairs: Pairs, claims: Sequence[Claim], sights: Sequence[Sight]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the claims (rows) are true of which sights (columns), and where one can tell: [claims, sights] each."""

    def numbers(values: Sequence[Any], table: dict[Any, int]) -> NDArray[np.int64]:
        return np.array([table.get(value, -1) for value in values])

    def same(of_claims: Sequence[Any], of_sights: Sequence[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Where an attribute is as claimed, and where it certainly is not."""
        table = {value: n for n, value in enumerate({v for v in (*of_claims, *of_sights) if v is not None})}
        claimed, seen = numbers(of_claims, table)[:, None], numbers(of_sights, table)[None]
        return (claimed < 0) | (claimed == seen), (claimed >= 0) & (seen >= 0) & (claimed != seen)

    shown = [pairs.drawings[s.drawing] for s in sights]
    beside = [pairs.drawings[s.beside] if s.beside is not None else d for s, d in zip(sights, shown, strict=True)]
    labels = [(one.label, other.label) for one, other in zip(shown, beside, strict=True)]
    there = np.array([[pairs.label_of[label] for label in both] for both in labels])  # [sights, 2]
    right = np.ones((len(claims), len(sights)), bool)
    for at in range(2):
        asked = numbers([c.things[at] if len(c.things) > at else None for c in claims], pairs.label_of)[:, None]
        right &= (asked < 0) | (asked == there[:, 0]) | (asked == there[:, 1])
    for at in range(max((len(c.tags) for c in claims), default=0)):
        asked = numbers([c.tags[at] if len(c.tags) > at else None for c in claims], pairs.tag_of)
        has = pairs.has[there[:, 0]][:, asked].T | pairs.has[there[:, 1]][:, asked].T
        right &= (asked < 0)[:, None] | has
    core = F.normalize(pairs.sentence([c.things[0] if len(c.things) == 1 else c.text for c in claims]), dim=-1)
    near = [F.normalize(pairs.sentence([both[at] for both in labels]), dim=-1) for at in range(2)]
    single = np.array([len(claim.things) < 2 for claim in claims])[:, None]  # noqa: PLR2004 (of two things one is not enough)
    doubtful = ~right & single & (torch.maximum(*(core @ side.T for side in near)).numpy() > _SYNONYM)
    wrong = ~right & ~doubtful
    for claimed, seen in (
        ([c.style for c in claims], [d.style for d in shown]),
        ([c.ground for c in claims], [s.ground for s in sights]),
        ([c.colour for c in claims], [s.colour for s in sights]),
    ):
        yes, no = same(claimed, seen)
        right &= yes
        wrong |= no
    return right & ~wrong, right | wrong
