"""A run whose variants have briefs of their own: those of one brief go through the engine together, one brief after another."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from app.engines.engine import Content, Engine, Request, Step
from app.models.generation import Generation


@dataclass(frozen=True, slots=True)
class _Among(Container[int]):
    """Which of `variants` are in `stopped`, by their places among these."""

    stopped: Container[int]
    variants: tuple[int, ...]

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and 0 <= index < len(self.variants) and self.variants[index] in self.stopped


def run_each(engine: Engine, request: Request, generation: Generation) -> Iterator[Step | Content]:
    """What `engine` yields for `request`; where something was chosen for each variant of `generation`, for what was chosen.

    Steps and contents are counted over all of it, as those of one run.
    """
    if not generation.chosen:
        yield from engine.run(request)
        return
    groups: dict[str, list[int]] = {}
    for index in range(len(request.seeds)):
        groups.setdefault(generation.brief_of(index).model_dump_json(), []).append(index)
    contents: list[Content] = []
    for done, variants in enumerate(map(tuple, groups.values())):
        part = replace(
            request,
            brief=generation.brief_of(variants[0]),
            seeds=tuple(request.seeds[index] for index in variants),
            stopped=_Among(request.stopped, variants),
        )
        for made in engine.run(part):
            if isinstance(made, Step):
                yield _step(made, variants, done, len(groups), len(request.seeds))
            else:
                contents.append(replace(made, index=variants[made.index]))
    yield from sorted(contents, key=lambda content: content.index)


def _step(step: Step, variants: tuple[int, ...], done: int, groups: int, count: int) -> Step:
    """A step of the group that has these `variants`, after `done` groups, as one of the whole run."""
    shown: list[bytes | None] = [None] * count
    for index, preview in zip(variants, step.previews, strict=False):
        shown[index] = preview
    return Step(
        done * step.total + step.number,
        groups * step.total,
        tuple(shown) if step.previews else (),
        tuple(replace(piece, index=variants[piece.index]) for piece in step.pieces),
        tuple(variants[index] for index in step.ended),
    )
