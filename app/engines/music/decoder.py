"""The model's hand: token by token within a grammar, and the ABC that grows from it bar by bar."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from app.engines.engine import Step, TextDelta, Token
from app.engines.shared.sampling import Sampling
from app.media.music.abc.writing import Sheet
from app.media.music.grammar.grammar import Grammar
from app.media.music.grammar.tokens import BARLINES, ENDS, IDS, NOTES, VOCABULARY, notes_of
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Metre

if TYPE_CHECKING:
    import torch

    from app.engines.shared.language_model import LanguageModel

MOST_TOKENS = 1400  # of an answer: 64 bars have about 700
SPREAD = 1_000_003  # seeds of a variant's further parts are this far apart


class Bound:
    """A grammar as decoding asks it: what may follow, as a mask. `key` is where the notes will stand."""

    def __init__(self, grammar: Grammar, key: Key) -> None:
        self.grammar, self.key = grammar, key
        self._fed = 0

    def allowed(self, written: Sequence[int]) -> torch.Tensor:
        """[vocabulary] of bool. `written` only ever grows."""
        for id in written[self._fed :]:
            self.grammar.feed(VOCABULARY[id])
        self._fed = len(written)
        return self.mask()

    def mask(self) -> torch.Tensor:
        """The same after all that was fed."""
        return mask_of(frozenset(self.grammar.allowed()), self.key)

    def feed(self, id: int) -> None:
        """One more token."""
        if VOCABULARY[id] not in ENDS:
            self.grammar.feed(VOCABULARY[id])


@lru_cache(maxsize=4096)
def mask_of(tokens: frozenset[str], key: Key) -> torch.Tensor:
    """[vocabulary] of bool: these tokens, where others are left without those that `key` writes with a double accidental."""
    import torch

    mask = torch.zeros(len(VOCABULARY), dtype=torch.bool)
    plain = {token for token in tokens if token not in NOTES or abs(key.pitch(*NOTES[token]).alter) <= 1}
    mask[[IDS[token] for token in plain or tokens]] = True
    return mask


@dataclass(frozen=True, slots=True)
class EmittedToken:
    """A variant got a token (with its log-probability), or ended (`token` is "")."""

    index: int
    token: str
    logprob: float = 0.0
    end: str = ""


@dataclass(frozen=True, slots=True)
class Decoder:
    """A model with the way tokens are drawn from it."""

    model: LanguageModel
    sampling: Sampling
    stopped: Container[int] = ()

    def write(
        self, prompt: Sequence[str], seeds: Sequence[int], grammars: Sequence[Grammar], key: Key
    ) -> Iterator[list[EmittedToken]]:
        """Go on from `prompt` once for each seed, each within its grammar, to stand in `key`; every step of all of them."""
        from app.engines.text.decoding import Rules, decode

        steps = decode(
            self.model,
            [IDS[token] for token in prompt],
            seeds,
            self.sampling,
            MOST_TOKENS,
            Rules([Bound(grammar, key) for grammar in grammars], stopped=self.stopped, alternatives=1),
        )
        for step in steps:
            found = []
            for word in step:
                if word.pick:
                    found.append(EmittedToken(word.index, VOCABULARY[word.pick.id], word.pick.logprob))
                if word.end:
                    found.append(EmittedToken(word.index, "", end=str(word.end)))
            yield found

    @property
    def alone(self) -> Decoder:
        """The same for one variant's own parts, which have other indices."""
        return Decoder(self.model, self.sampling)

    def fill(self, prompt: Sequence[str], seed: int, grammar: Grammar, key: Key) -> tuple[list[str], float]:
        """What one variant writes after `prompt` as a whole, and its log-probability."""
        words = [word for step in self.alone.write(prompt, (seed,), (grammar,), key) for word in step if word.token]
        return [word.token for word in words], sum(word.logprob for word in words)


def further(seed: int, number: int) -> int:
    """The seed of a variant's `number`-th part: decided by its own seed alone."""
    return (seed + number * SPREAD) % (1 << 62)


Told = Callable[[str, float], Token]


@dataclass(slots=True)
class Draft:
    """A variant as it grows: tokens come in, bars of ABC come out, and the text only ever gets longer."""

    key: Key
    metre: Metre
    text: str  # what stands before
    records: list[Token] = field(default_factory=list)
    ended: str = "end"
    bars: int = 0
    tokens: int = 0
    logprob: float = 0.0
    _sheet: Sheet = field(init=False)
    _opening: list[str] = field(default_factory=list)
    _body: list[str] = field(default_factory=list)
    _sum: float = 0.0

    def __post_init__(self) -> None:
        self._sheet = Sheet(self.key, self.metre, self.text)

    def feed(self, word: EmittedToken) -> Token | None:
        """One more token; the bar that it finishes, if it does."""
        self.tokens += 1
        self.logprob += word.logprob
        bar = None
        if word.token in BARLINES:
            bar = self._finished() if self._body else None
            self._opening.append(word.token)
        else:
            self._body.append(word.token)
        self._sum += word.logprob
        return bar

    def finish(self) -> Token:
        """The end: a bar that was stopped in the middle is left out, and repeats close."""
        repeated = any(sign in {":|", "::"} for sign in self._opening) or (bool(self._body) and self._open)
        self._body = []
        return self._record(self._sheet.finish((":|",) if repeated else ("||",)))

    _open: bool = False

    def _finished(self) -> Token:
        for sign in self._opening:
            self._open = sign in {"|:", "::"} or (self._open and sign in {"|", "[1"})
        added = self._sheet.bar(self._opening, notes_of(self._body, self.key))
        self._opening, self._body = [], []
        self.bars += 1
        return self._record(added)

    def _record(self, added: str) -> Token:
        start = len(self.text)
        self.text = self._sheet.text
        token = Token(start, len(self.text), added, self._sum)
        self.records.append(token)
        self._sum = 0.0
        return token


def grown(steps: Iterator[list[EmittedToken]], drafts: Sequence[Draft], total: int) -> Iterator[Step]:
    """Feed what is written to the drafts; a Step whenever one of them got a bar."""
    for index, draft in enumerate(drafts):
        if draft.text:
            yield Step(0, total, pieces=(TextDelta(index, (Token(0, len(draft.text), draft.text, None),)),))
    for step in steps:
        fresh: dict[int, list[Token]] = {}
        for word in step:
            draft = drafts[word.index]
            if not word.token:
                draft.ended = word.end
                bar: Token | None = draft.finish()
            else:
                bar = draft.feed(word)
            if bar:
                fresh.setdefault(word.index, []).append(bar)
        if fresh:
            done = min(total, sum(draft.bars for draft in drafts))
            yield Step(done, total, pieces=tuple(TextDelta(index, tuple(tokens)) for index, tokens in fresh.items()))
