"""Engines that fail on purpose, for tests of faults; offered only with STEMMA_FAKE_ENGINES."""

from __future__ import annotations

import colorsys
import io
import os
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image, ImageDraw
from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import NEVER, Content, Engine, EngineParams, Medium, Request, Step, TextDelta, Token, Verb
from app.errors import EngineError, _
from app.lanes import Lane

SIZE = 64  # pixels


class Fake(Engine):
    """Dots in colours that come from the seed, at any pace: a real run without a model."""

    name, title, medium, licence = "fake", "Fake", Medium.IMAGE, "none"
    verbs = frozenset({Verb.CREATE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.FINISH, Verb.INPAINT, Verb.OUTPAINT, Verb.GRAFT})
    standing = -1  # never taken unasked while a real engine is ready

    class Params(EngineParams):
        """How long it takes."""

        steps: int = Field(6, ge=1, le=1000, title=_("Steps"), description=_("How many steps a run takes."))
        seconds: float = Field(0.02, ge=0, le=60, title=_("Seconds"), description=_("How long a step takes."))

    def unready(self) -> str | None:
        return None

    def prompt(self, brief: Brief) -> Prompt:
        return brief.prompt()

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = self.Params.model_validate(request.params.model_dump())
        for number in range(1, params.steps + 1):
            time.sleep(params.seconds)
            self.interrupt(number, params.steps)
            yield Step(number, params.steps, tuple(dots(seed, "WEBP") for seed in request.seeds))
        for index, seed in enumerate(request.seeds):
            facts = {"model": self.name, "prompt": self.prompt(request.brief).positive}
            yield Content(index, seed, self.bytes(seed), "image/png", SIZE, SIZE, facts)

    def interrupt(self, number: int, total: int) -> None:
        """Where a fault may happen, before step `number` is told."""

    def bytes(self, seed: int) -> bytes:
        """What the variant holds."""
        return dots(seed, "PNG")


class Slow(Fake):
    """Works, slowly."""

    name, title = "fake-slow", "Fake: slow"

    class Params(Fake.Params):
        """Half a second a step unless asked otherwise."""

        seconds: float = Field(0.5, ge=0, le=60, title=_("Seconds"), description=_("How long a step takes."))


class Crash(Fake):
    """Takes its process down in the middle of a run, as a driver or the kernel might."""

    name, title = "fake-crash", "Fake: crashes its worker"

    def interrupt(self, number: int, total: int) -> None:
        if number > total // 2:
            os._exit(70)


class Broken(Fake):
    """Raises in the middle of a run."""

    name, title = "fake-broken", "Fake: fails"

    def interrupt(self, number: int, total: int) -> None:
        if number > total // 2:
            raise EngineError(reason="this engine fails on purpose")


class Garbage(Fake):
    """Says it made a picture and hands over something else."""

    name, title = "fake-garbage", "Fake: garbage"

    def bytes(self, seed: int) -> bytes:
        return b"\x89PNG\r\n\x1a\nthis is not a picture " + str(seed).encode()


class Words(Fake):
    """Writes words that come from the seed, one a step, at any pace."""

    name, title, medium = "fake-words", "Fake: words", Medium.TEXT
    verbs = frozenset({Verb.CREATE, Verb.REROLL})
    standing = NEVER
    media_type, head = "text/plain", ""

    @property
    def writes(self) -> bool:
        return True

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (the seam's)
        return Lane.QUICK

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = self.Params.model_validate(request.params.model_dump())
        texts: list[list[Token]] = [[] for _seed in request.seeds]
        for number in range(1, params.steps + 1):
            time.sleep(params.seconds)
            pieces = []
            for index, seed in enumerate(request.seeds):
                if index not in request.stopped:
                    text = (self.head if number == 1 else "") + self.word(seed, number)
                    start = texts[index][-1].end if texts[index] else 0
                    texts[index].append(Token(start, start + len(text), text, None))
                    pieces.append(TextDelta(index, (texts[index][-1],)))
            yield Step(number, params.steps, pieces=tuple(pieces))
        for index, seed in enumerate(request.seeds):
            text = "".join(token.text for token in texts[index])
            written = ((0, len(text)),)
            yield Content(index, seed, text.encode(), self.media_type, tokens=tuple(texts[index]), written=written)

    def word(self, seed: int, number: int) -> str:
        """What is written in step `number`."""
        return random.Random(f"{seed} {number}").choice(["rain ", "on ", "the ", "harbour ", "roof "])


class Notes(Words):
    """Writes a tune, a bar a step."""

    name, title, medium = "fake-notes", "Fake: notes", Medium.MUSIC
    media_type, head = "text/vnd.abc", "X:1\nM:4/4\nL:1/4\nK:C\n"

    def word(self, seed: int, number: int) -> str:
        return "".join(random.Random(f"{seed} {number}").choices("CDEFGAB", k=4)) + "|"


def fakes() -> list[Engine]:
    """One of each."""
    return [Slow(), Crash(), Broken(), Garbage(), Words(), Notes()]


def dots(seed: int, format: str) -> bytes:
    """A few dots on a ground, the same for the same seed."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (SIZE, SIZE), colour(chance))
    draw = ImageDraw.Draw(picture)
    for _dot in range(5):
        x, y, r = (chance.randrange(SIZE) for _axis in range(3))
        draw.circle((x, y), 4 + r / 6, fill=colour(chance))
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


def colour(chance: random.Random) -> tuple[int, int, int]:
    """A clear colour, 0 to 255 each."""
    red, green, blue = colorsys.hsv_to_rgb(chance.random(), 0.55, 0.9)
    return int(red * 255), int(green * 255), int(blue * 255)
