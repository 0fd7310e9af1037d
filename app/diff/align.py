"""Alignment of two sequences: which of their elements stayed, found in bounded time whatever they are."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from math import isqrt
from typing import Protocol

Match = tuple[int, int, int]  # where a run that both have begins in the old and in the new one, and its length
Gap = tuple[int, int, int, int]  # begin and end in the old one, begin and end in the new one


class Unit(Protocol):
    """What a text is cut into to be compared: a compiled pattern whose matches, one after another, are the whole text."""

    def findall(self, string: str, pos: int, endpos: int, /) -> list[str]:
        """The parts of string[pos:endpos]."""
        ...


NEAR = 24  # edits looked for at once: most changes are small, and few edits read better than many anchors
FAR = 600  # edits looked for where nothing is unique
SEED = 8  # elements that together are unique where none is by itself
LONG = 400  # elements from which on seeds are looked for
SPARSE = 64  # … where fewer than one element in so many is unique
WORK = 400_000  # steps of the inner loop for one diff: about a third of a second


class Budget:
    """Steps that one diff may take. What is not aligned when they are spent counts as rewritten."""

    def __init__(self, steps: int = WORK) -> None:
        self.left = steps

    def spend(self, steps: int) -> bool:
        """Take `steps`; False when there were none left."""
        self.left -= steps
        return self.left > 0

    def reach(self) -> int:
        """How many edits a fourth of what is left pays for, FAR at most: who looks far leaves some to others."""
        return min(FAR, isqrt(max(0, self.left) // 2))


def coded(old: Sequence[str], new: Sequence[str]) -> tuple[str, str]:
    """The two sequences as strings, one character for each distinct element: comparing them runs at the speed of memory.

    There are 1,114,112 characters. Elements beyond that many share the last one, so whoever codes more looks again.
    """
    whole = "".join(old), "".join(new)
    if (len(whole[0]), len(whole[1])) == (len(old), len(new)):  # characters already
        return whole
    codes = {element: chr(min(code, 0x10FFFF)) for code, element in enumerate({**dict.fromkeys(old), **dict.fromkeys(new)})}
    return "".join([codes[element] for element in old]), "".join([codes[element] for element in new])


def aligned(old: str, new: str, budget: Budget) -> list[Match]:
    """Runs that both have, in order.

    Where few edits lead from one to the other, the fewest; else around what occurs once in both ("patience diff",
    Bram Cohen), else around seeds of SEED elements that do, else by Myers again with more edits, else nothing.
    """
    found, todo = list[Match](), [(0, len(old), 0, len(new))]
    while todo:
        a, a_end, b, b_end = todo.pop()
        head = common_head(old, a, a_end, new, b, b_end)
        tail = common_tail(old, a + head, a_end, new, b + head, b_end)
        found += [(a, b, head), (a_end - tail, b_end - tail, tail)]
        gap = (a + head, a_end - tail, b + head, b_end - tail)
        if gap[0] == gap[1] or gap[2] == gap[3]:
            continue
        inner = _few_edits(old, new, gap, NEAR, budget)
        if inner is not None:
            found += inner
            continue
        if anchors := _anchors(old, new, gap, budget):
            todo += _between(gap, anchors)
            found += anchors
        else:
            found += _few_edits(old, new, gap, budget.reach(), budget) or []
    return joined(found)


def common(a: str, b: str, units: Sequence[Unit], budget: Budget) -> list[Match]:
    """Where two texts say the same, in characters: by the first of the units, in what is left by the next, and so on."""
    found, left = list[Match](), gaps([], len(a), len(b))
    for unit in units:
        for x, x2, y, y2 in left:
            if x < x2 and y < y2:
                old, new = unit.findall(a, x, x2), unit.findall(b, y, y2)
                at, to = list(accumulate(map(len, old), initial=x)), list(accumulate(map(len, new), initial=y))
                runs = [(at[i], to[j], at[i + n] - at[i]) for i, j, n in aligned(*coded(old, new), budget)]
                found += [(i, j, n) for i, j, n in runs if a[i : i + n] == b[j : j + n]]
        found = joined(found)
        left = gaps(found, len(a), len(b))
    return found


def joined(matches: list[Match], order: Callable[[Match], int] | None = None) -> list[Match]:
    """The same in the order of the old one, or in that which `order` tells, neighbours made one."""
    runs: list[Match] = []
    for a, b, size in sorted((match for match in matches if match[2]), key=order):
        if runs and runs[-1][0] + runs[-1][2] == a and runs[-1][1] + runs[-1][2] == b:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + size)
        else:
            runs.append((a, b, size))
    return runs


def gaps(matches: list[Match], old_size: int, new_size: int) -> list[Gap]:
    """What lies between the matches."""
    ends = [(0, 0, 0), *matches, (old_size, new_size, 0)]
    found = [(a + n, a2, b + n, b2) for (a, b, n), (a2, b2, _) in pairwise(ends)]
    return [gap for gap in found if gap[0] < gap[1] or gap[2] < gap[3]]


def longest(most: int, same: Callable[[int, int], bool]) -> int:
    """How far two stretches read the same, `most` at most: by ever longer slices, then by halves.

    `same(at, end)` says whether their elements `at` to `end` are.
    """
    at, step = 0, 8
    while at < most and step:
        take = min(step, most - at)
        if same(at, at + take):
            at, step = at + take, step * 2
        else:
            step = take // 2
    return at


def common_head(old: str, a: int, a_end: int, new: str, b: int, b_end: int) -> int:
    """How many elements the two stretches begin with in common."""
    return longest(min(a_end - a, b_end - b), lambda at, end: old[a + at : a + end] == new[b + at : b + end])


def common_tail(old: str, a: int, a_end: int, new: str, b: int, b_end: int) -> int:
    """How many elements the two stretches end with in common."""
    most = min(a_end - a, b_end - b)
    return longest(most, lambda at, end: old[a_end - end : a_end - at] == new[b_end - end : b_end - at])


def ends(old: str, new: str) -> tuple[int, int]:
    """How many elements both begin with, and how many of the others both end with."""
    head = common_head(old, 0, len(old), new, 0, len(new))
    return head, common_tail(old, head, len(old), new, head, len(new))


def _few_edits(old: str, new: str, gap: Gap, limit: int, budget: Budget) -> list[Match] | None:
    a, a_end, b, b_end = gap
    pairs = matches(old[a:a_end], new[b:b_end], limit, budget)
    return None if pairs is None else [(a + x, b + y, n) for x, y, n in pairs]


def matches(old: str, new: str, limit: int = FAR, budget: Budget | None = None) -> list[Match] | None:
    """A longest common subsequence as runs; None when the two are more than `limit` edits or the budget apart.

    Myers, "An O(ND) difference algorithm and its variations" (1986), the greedy algorithm.
    """
    budget = budget or Budget()
    reach, trace = {1: 0}, list[dict[int, int]]()  # by diagonal k = x - y, the furthest x reached
    width, height = len(old), len(new)
    for d in range(min(width + height, limit) + 1):
        trace.append(reach.copy())
        if not budget.spend(d + 2):
            return None
        for k in range(-d, d + 1, 2):
            x = reach[k + 1] if _down(reach, k, d) else reach[k - 1] + 1
            if x < width and x - k < height and old[x] == new[x - k]:
                x += common_head(old, x, width, new, x - k, height)
            reach[k] = x
            if x >= width and x - k >= height:
                return _walk_back(trace, width, height)
    return None


def _down(reach: dict[int, int], k: int, d: int) -> bool:
    return k == -d or (k != d and reach[k - 1] < reach[k + 1])


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[Match]:
    runs = []
    for d in range(len(trace) - 1, -1, -1):
        reach, k = trace[d], x - y
        before = k + 1 if _down(reach, k, d) else k - 1
        from_x = reach[before]
        from_y = from_x - before
        size = min(x - max(from_x, 0), y - max(from_y, 0))
        runs.append((x - size, y - size, size))
        x, y = from_x, from_y
    return [run for run in runs[::-1] if run[2] > 0]


def _anchors(old: str, new: str, gap: Gap, budget: Budget) -> list[Match]:
    """What occurs once in both stretches, as far as it keeps its order; of long stretches without, seeds that do."""
    a, a_end, b, b_end = gap
    if not budget.spend((a_end - a + b_end - b) // 4):
        return []
    runs = _once(old, new, gap, 1)
    if min(a_end - a, b_end - b) >= LONG and sum(n for _, _, n in runs) * SPARSE < a_end - a:
        seeds = _once(old, new, gap, SEED)
        if len(seeds) > len(runs):
            return _in_order(seeds)
    return _in_order(runs)


def _once(old: str, new: str, gap: Gap, seed: int) -> list[Match]:
    """Runs of what occurs once in both, in the order of the old one."""
    a, a_end, b, b_end = gap
    here = [old[i : i + seed] for i in range(a, a_end - seed + 1)]
    there = [new[j : j + seed] for j in range(b, b_end - seed + 1)]
    counts, other = Counter(here), Counter(there)
    places = {element: j for j, element in enumerate(there, b) if other[element] == 1}
    runs: list[Match] = []
    last, to = -2, -2  # where the last one stood in both
    for i, element in enumerate(here, a):
        if counts[element] == 1 and (j := places.get(element, -1)) >= 0:
            if i - last == 1 and j - to == 1:
                runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
            else:
                runs.append((i, j, seed))
            last, to = i, j
    return runs


def rising(numbers: Sequence[int]) -> list[int]:
    """The indices of a longest increasing subsequence, by patience sorting."""
    tops, last = list[int](), list[int]()  # the smallest last number of a run of each length, and its index
    before = list[int]()
    for at, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        before.append(last[pile - 1] if pile else -1)
        tops[pile : pile + 1], last[pile : pile + 1] = [number], [at]
    found, at = list[int](), last[-1] if last else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def _in_order(runs: list[Match]) -> list[Match]:
    """As many runs as stand in the same order in both; overlapping ones cut."""
    way = list[Match]()
    free_a = free_b = 1 << 62
    for at in reversed(rising([b for _a, b, _size in runs])):
        a, b, size = runs[at]
        size = min(size, free_a - a, free_b - b)
        if size > 0:
            way.append((a, b, size))
            free_a, free_b = a, b
    return way[::-1]


def _between(gap: Gap, anchors: list[Match]) -> list[Gap]:
    a, a_end, b, b_end = gap
    return [
        (a + x, a + x2, b + y, b + y2)
        for x, x2, y, y2 in gaps([(i - a, j - b, n) for i, j, n in anchors], a_end - a, b_end - b)
    ]
