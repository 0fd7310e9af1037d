"""The areas of a picture of few values: pixels of one value that lie beside one another."""

from __future__ import annotations

from typing import Any


def areas(values: Any) -> tuple[Any, int]:
    """Which area each pixel of `values` [h, w] belongs to, [h, w] in 0…n-1, and n. What only touches at a corner is apart.

    Runs of one value in a row are joined to those above that they touch (union-find; Rosenfeld & Pfaltz 1966).
    """
    import numpy as np

    height, width = values.shape
    begins = np.ones((height, width), bool)
    begins[:, 1:] = values[:, 1:] != values[:, :-1]
    runs = (np.cumsum(begins.ravel()) - 1).reshape(height, width)
    above = list(range(int(runs[-1, -1]) + 1))  # the run that stands for each, by steps
    touching = values[1:] == values[:-1]
    pairs = np.unique(runs[:-1][touching] * len(above) + runs[1:][touching])  # as one number: sorted much faster
    for upper, lower in zip(*(part.tolist() for part in divmod(pairs, len(above))), strict=True):
        one, other = _root(above, upper), _root(above, lower)
        above[max(one, other)] = min(one, other)
    roots = np.array([_root(above, run) for run in range(len(above))])
    _unique, names = np.unique(roots, return_inverse=True)
    return names[runs], int(names.max()) + 1


def _root(above: list[int], run: int) -> int:
    while above[run] != run:
        above[run] = above[above[run]]
        run = above[run]
    return run


def border(values: Any) -> Any:
    """The values [2 w + 2 h] along the four edges."""
    import numpy as np

    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
