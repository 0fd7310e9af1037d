"""One style while it is learned: its checkpoints, with samples and whether these repeat what taught it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from app.errors import EngineError, _
from app.models.style import Checkpoint

if TYPE_CHECKING:
    from app.engines.image.house import House

SAMPLES = (
    "a house by the sea",
    "a cat",
    "a tree on a hill",
    "a boat",
)  # whatever the pictures show, these are not theirs alone
SEED, SIDE, QUALITY = 11, 192, 85  # of a sheet


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a style is learned, and how often it is kept."""

    steps: int = 600
    minutes: float = 8.0  # of a core
    checkpoints: int = 6
    made: int = 24  # pictures of the model's own, that it learns beside the artist's


@dataclass(frozen=True, slots=True)
class Lesson:
    """Pictures with what they show, facts for the file, and where to go on: weights, step, seconds, and whose changes."""

    shown: list[tuple[Image.Image, str]]
    facts: Mapping[str, str]
    start: tuple[bytes, int, float] | None = None
    base: str | None = None


class Taught:
    """Learning on a model of its own, which this loads. Raises EngineError."""

    def __init__(self, house: House, lesson: Lesson, settings: Settings) -> None:
        import torch

        from app.engines.image.diffusion import LatentDiffusion
        from app.teaching.learning import Learning
        from app.teaching.learning import Settings as Rates
        from app.teaching.lessons import Lessons, Shown
        from app.teaching.nearness import Nearness

        if lesson.base and lesson.base != house.base():
            raise EngineError(_("The model is another one than the one that this style began with. Teach it anew."))
        self.lesson, self.settings = lesson, settings
        model = LatentDiffusion(house.folder, "cpu", "float32")
        self.lessons = Lessons(model, [Shown(picture, words) for picture, words in lesson.shown])
        # Where most pictures say nothing, the style's word alone would call it: then all words are let to call it.
        said = 2 * sum(bool(words.strip()) for _picture, words in lesson.shown) >= len(lesson.shown)
        self.made = settings.made if said else 0
        rates = Rates(steps=settings.steps, minutes=settings.minutes, made=self.made)
        self.learning = Learning(model, self.lessons, rates, house.base())
        self.nearness = Nearness([picture for picture, _words in lesson.shown])
        self.dice = torch.Generator().manual_seed(rates.seed)
        if lesson.start:
            self.learning.go_on(*lesson.start)

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return self.learning.progress

    def steps(self) -> Iterator[Checkpoint | None]:
        """Learn to the end; yields after each step, a checkpoint where one was made. It can be left between any two."""
        yield from self.lessons.prepare(self.made, self.dice)
        due = self._part() + 1
        while self.progress < 1:
            self.learning.train_step()
            yield None
            if self._part() >= due or self.progress >= 1:
                due = self._part() + 1
                made: list[Image.Image] = []
                yield from self.learning.samples(SAMPLES, SEED, made)
                yield self._checkpoint(made)

    def _part(self) -> int:
        """How many of the checkpoints' parts of the way are behind."""
        return int(self.progress * self.settings.checkpoints + 1e-6)

    def _checkpoint(self, made: list[Image.Image]) -> Checkpoint:
        weights = self.learning.file(self.lesson.facts)
        repeats = sorted({at for one in made if (at := self.nearness.repeats(one)) is not None})
        digest = hashlib.sha256(weights).hexdigest()
        step, spent = self.learning.step, self.learning.spent
        return Checkpoint(step=step, spent=spent, sha256=digest, weights=weights, sheet=_sheet(made), repeats=repeats)


def _sheet(pictures: list[Image.Image]) -> bytes:
    """The samples side by side, as WebP."""
    sheet = Image.new("RGB", (SIDE * len(pictures), SIDE))
    for at, picture in enumerate(pictures):
        sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (SIDE * at, 0))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
