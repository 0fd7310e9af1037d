"""A request's variants one after another, each as a request of its own: each is told and read by itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace

from app.engines.engine import Content, Request, Step


@dataclass(frozen=True, slots=True)
class _One(Container[int]):
    """Whether the only variant is stopped, which is the `index`-th of the whole request."""

    stopped: Container[int]
    index: int

    def __contains__(self, index: object) -> bool:
        return index == 0 and self.index in self.stopped


def one_by_one(request: Request, run: Callable[[Request], Iterator[Step | Content]], steps: int) -> Iterator[Step | Content]:
    """What `run` yields for each seed alone, numbered as for all together; `steps` is about how many each takes."""
    contents = []
    for index, seed in enumerate(request.seeds):
        for part in run(replace(request, seeds=(seed,), stopped=_One(request.stopped, index))):
            if isinstance(part, Content):
                contents.append(replace(part, index=index))
                continue
            number = index * steps + min(part.number, steps)
            pieces = tuple(replace(piece, index=index) for piece in part.pieces)
            ended = tuple(index for _only in part.ended)
            yield replace(part, number=number, total=steps * len(request.seeds), pieces=pieces, ended=ended)
    yield from contents
