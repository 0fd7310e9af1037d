"""The seam between the studio and a model: one class an engine, one iterator a run.

The web imports engines for their names, parameters and verbs, so nothing here or in an engine's module may import
torch, transformers or diffusers at the top: `load` and `run` do, in the worker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.brief import Brief, Medium, Prompt
from app.errors import EngineError, _
from app.lanes import Lane
from app.media.medium import traits
from app.media.text.prosody.form import Form
from app.verbs.place import Part
from app.verbs.rule import Strength
from app.verbs.verb import Verb

__all__ = [
    "Alternative",
    "Content",
    "Engine",
    "EngineParams",
    "Fit",
    "Medium",
    "Parent",
    "Part",
    "Request",
    "Step",
    "Strength",
    "Style",
    "TextDelta",
    "Token",
    "Verb",
]


NEVER = -2  # an engine's standing


class EngineParams(BaseModel):
    """What an artist can set. Each field has a title, a description and limits: the form is drawn from the schema.

    Titles and descriptions are gettext message ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Parent:
    """A revision to start from: its bytes (a text's in UTF-8) and, where an engine made it, how.

    `words` say what it is, for an engine that cannot look at it: what was asked for, or else its work's title. `brief` and
    `facts` are what was asked for, and what its engine kept about how it was made.
    """

    role: str
    data: bytes | None
    media_type: str | None
    seed: int | None
    engine: str | None
    params: Mapping[str, Any]
    words: str = ""
    brief: Brief = field(default_factory=Brief)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Style:
    """A style that an artist taught: its weights (safetensors), how much of it is wanted, and what recipes tell of it.

    `base` is the digest of the weights that it changes.
    """

    name: str
    data: bytes
    base: str
    weight: float = 1.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an engine: one variant for each seed.

    Places in a text are code points of the first parent's. `stopped` holds the variants (by index) that the artist has
    stopped; it may grow while the engine runs, which looks at it between tokens and keeps what was written. Where there is a
    `mask`, the results show the whole parent; whatever they show where it is black, the parent is put back there
    (app.worker.pasting). `id` is the generation's: the same when it is asked again after a worker died.
    """

    verb: Verb
    brief: Brief
    params: EngineParams
    seeds: tuple[int, ...]
    parents: tuple[Parent, ...] = ()
    strength: Strength | None = None
    selection: tuple[int, int] | None = None  # of `rewrite`: start and end
    at: int | None = None  # of `continue` and `branch`
    choice: str = ""  # of `branch`: the alternative that was chosen
    instruction: str = ""  # of `rewrite`: what to do with the selection
    form: Form | None = None  # of a text: what its lines must keep
    leave_out: Collection[Part] = ()  # of a text: what is left unread where all of it is too long
    bars: tuple[int, int] | None = None  # of `replace`: the first and the last one; a pickup is bar 0
    semitones: int | None = None  # of `transpose`: up, or down below zero
    section: tuple[float, float] | None = None  # of `replace` in a recording: start and end in seconds
    # Of `inpaint`: a PNG in 8-bit grey of the first parent's size, white where it is to change. Of `outpaint` the first parent
    # has its frame around it already, mirrored into it, and the mask is white there.
    mask: bytes | None = None
    frame: tuple[int, int, int, int] | None = None  # of `outpaint`: pixels added left, top, right, bottom
    stopped: Container[int] = ()
    id: UUID | None = None
    style: Style | None = None  # of an engine whose parameters name one (`own_style`)

    def parent(self, role: str | None = None) -> Parent:
        """The first parent, or the first in `role`. Raises EngineError where there is none."""
        for parent in self.parents:
            if role in {None, parent.role}:
                return parent
        raise EngineError(_("There is no picture to start from."))

    @property
    def base(self) -> bytes | None:
        """The bytes of the first parent, where there is one and it has some."""
        return self.parents[0].data if self.parents else None


@dataclass(frozen=True, slots=True)
class Alternative:
    """What could have stood in a token's place."""

    text: str
    logprob: float  # natural logarithm


@dataclass(frozen=True, slots=True)
class Token:
    """What a model wrote in one go: a token, or several that only together make whole characters.

    `start` and `end` are code points in the content's whole text. `logprob` is the natural logarithm of its probability
    before any truncation, within the form asked for; None where the service told none. `alternatives` are ranked, and
    hold the token itself where it is among the likeliest. `forced`: the form left no choice.
    """

    start: int
    end: int
    text: str
    logprob: float | None
    forced: bool = False
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """What one variant of a text got since the last step. Pieces only ever add to one another."""

    index: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Progress: `number` of `total` steps are done.

    `previews` is empty, or holds for each variant a WebP (longer side 64 to 128 pixels) or None. `pieces` is what the
    variants of a text got; a text may also end before `total`. `ended` are the variants that will get no more.
    """

    number: int
    total: int
    previews: tuple[bytes | None, ...] = ()
    pieces: tuple[TextDelta, ...] = ()
    ended: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """A finished variant: the `index`-th of the request. `facts` (JSON-able) tell how it was made.

    `seed` is None where chance had no part. `raster` is a PNG that shows `data` where that is no picture of pixels (SVG).
    A text is UTF-8 ("text/plain") without width and height (pixels); `tokens` are the records of what the engine wrote in
    it, `written` the ranges (code points) it wrote: the rest came from parents.
    """

    index: int
    seed: int | None
    data: bytes
    media_type: str
    width: int = 0
    height: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    raster: bytes | None = None
    tokens: tuple[Token, ...] = ()
    written: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """How long a request is for an engine, in tokens: `most` is what it reads at once beside what it is to write.

    `parts` can be left out, each with how many tokens fewer are read then (of the beginning at most, for it is cut only as
    far as it must be).
    """

    tokens: int
    most: int
    parts: Mapping[Part, int]

    @property
    def over(self) -> bool:
        """Whether it is too long."""
        return self.tokens > self.most


class Engine(ABC):
    """A model behind the seam. Constructing one is cheap."""

    name: str
    title: str
    medium: Medium
    verbs: frozenset[Verb]
    licence: str
    Params: type[EngineParams]
    # The higher is taken unasked (catalog.able tells how); below 0: when no other can; NEVER: only by name.
    standing: int = 1

    @property
    def writes(self) -> bool:
        """Whether it writes a text or notes bit by bit, told as Pieces, and ends a variant early when it is `stopped`."""
        return traits(self.medium).worded

    @abstractmethod
    def unready(self) -> str | None:
        """Why it cannot run here, or None; checked cheaply, without importing torch."""

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (most engines refuse nothing)
        brief: Brief,  # noqa: ARG002 (as above)
        texts: Sequence[str] = (),  # noqa: ARG002 (as above)
        kinds: Sequence[str] = (),  # noqa: ARG002 (as above)
    ) -> str | None:
        """Why it cannot do this, ready or not (a language that it does not read, say), or None; cheap.

        `texts` are what it would start from, or is told to do with it; `kinds` the media types of what it would start from.
        """
        return None

    def unasked(self, brief: Brief) -> bool:  # noqa: ARG002 (most engines are)
        """Whether it may be taken for `brief` where nobody named an engine and others could do it."""
        return True

    def check(self, verb: Verb, brief: Brief, params: EngineParams) -> None:  # noqa: B027 (most engines take whatever fits)
        """Look whether `brief` and `params` (an instance of Params) go together; cheap. Raises InvalidError where not."""

    def fit(self, request: Request) -> Fit | None:  # noqa: ARG002 (most engines cannot read too much)
        """How long `request` is for this engine, without what it leaves out; None where nobody can tell before it runs.

        Cheap, without importing torch or transformers; the request needs no seeds.
        """
        return None

    def lane(self, params: Mapping[str, Any]) -> Lane:
        """What a run with `params` waits for: texts and sketches are quick, everything else is long unless it says more."""
        quick = traits(self.medium).worded or params.get("pace") == "sketch"
        return Lane.QUICK if quick else Lane.LONG

    @property
    def fills(self) -> Mapping[str, str]:
        """Of one that fills wishes into somebody's workflow: what goes where."""
        return {}

    @property
    def preparing(self) -> bool:
        """True while it is not ready for no other reason than that `prepare` was not done yet."""
        return False

    def prepare(self) -> None:  # noqa: B027 (most engines need nothing)
        """Whatever must be done once on this machine before it can load; a worker does it in the background.

        It may take minutes, is safe in several processes at once and to interrupt, and does nothing the second time.
        Raises EngineError, DiskFullError.
        """

    @abstractmethod
    def prompt(self, brief: Brief) -> Prompt:
        """The brief as this engine will read it; cheap, without importing torch or transformers."""

    @abstractmethod
    def load(self, device: str) -> None:
        """Bring the model onto `device` ("cpu", "cuda", "cuda:1"); kept warm, so a second call does nothing.

        Raises EngineError naming what is missing or damaged.
        """

    @abstractmethod
    def run(self, request: Request) -> Iterator[Step | Content]:
        """Yield Steps while it runs and at last one Content for each seed, in order.

        The engine is loaded already. Between two of them it computes nothing: the device may be another run's meanwhile, for
        any time. Chance comes from generators of its own, never from the process's. Closing the iterator stops the run.
        Raises EngineError.
        """

    def warm(self) -> None:  # noqa: B027 (most engines need nothing)
        """After `load`: whatever makes the first request as quick as the later ones."""


class RescoringEngine(Engine):
    """An engine that can tell where it expected a text."""

    @abstractmethod
    def rescore(self, brief: Brief, text: str, selection: tuple[int, int] | None = None) -> tuple[Token, ...]:
        """Where the model expected `text` (or its `selection`, code points) and where not, as if written to `brief`.

        Only asked when loaded. Raises EngineError when the text is too long.
        """
