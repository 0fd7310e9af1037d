"""The eight forms the model learns: how many lines, how long, which marks between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """A form as the model sees it: its mark is `<name>`; `marks` has a punctuation mark a line."""

    name: str
    lengths: tuple[int, ...]  # characters of each line
    marks: str
    rhymed: tuple[int, ...]  # the lines that rhyme whatever the pattern, from 0
    tune: str = ""  # the tune a song is written to; a poem that is no song has none
    weight: float = 1.0  # how much oftener than the others it is shown: the rare forms would hardly be seen

    @property
    def mark(self) -> str:
        """The token a poem of this form begins with."""
        return f"<{self.name}>"

    def lines(self, text: str) -> list[str]:
        """The lines of a poem written on without its marks."""
        found, at = [], 0
        for length in self.lengths:
            found.append(text[at : at + length])
            at += length
        return found

    def written(self, lines: Sequence[str]) -> str:
        """The lines with their marks."""
        return "".join(line + mark for line, mark in zip(lines, self.marks, strict=True))


def _even(name: str, lines: int, length: int, weight: float = 1.0) -> Shape:
    return Shape(name, (length,) * lines, "，。" * (lines // 2), tuple(range(1, lines, 2)), weight=weight)


SHAPES = {
    shape.name: shape
    for shape in (
        _even("五绝", 4, 5, 1.5),
        _even("七绝", 4, 7),
        _even("五律", 8, 5),
        _even("七律", 8, 7),
        _even("六绝", 4, 6, 4.0),
        _even("五排", 12, 5, 2.0),
        Shape("浣溪沙", (7,) * 6, "，。。，。。", (0, 1, 2, 4, 5), "浣溪沙", 6.0),
        Shape("鹧鸪天", (7, 7, 7, 7, 3, 3, 7, 7, 7), "，。，。，，。，。", (0, 1, 3, 5, 6, 8), "鹧鸪天", 6.0),
    )
}
