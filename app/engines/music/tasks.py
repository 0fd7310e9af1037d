"""What each verb does with a tune: a prompt and a grammar for the model, and where the new bars go in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from app.engines.engine import Step, TextDelta, Token
from app.engines.music.composing import Composer
from app.engines.music.conditions import Conditions
from app.engines.music.decoder import Draft, EmittedToken, grown
from app.engines.music.score import Score
from app.engines.music.scoring import FOLLOWING, Hearing
from app.errors import EngineError, _
from app.media.music.abc.writing import header, in_place, selected
from app.media.music.grammar.gaps import Gap
from app.media.music.grammar.grammar import WholeTune
from app.media.music.grammar.tokens import EIGHTH, LASTING, NOTES, REST, join_bars, notes_of
from app.media.music.notation.tune import Metre, metre_of

LAST_LINE = re.compile(r"\s*[:|\[\]]+")
TITLES = 60  # code points
SHAPED = 0.35  # what each degree away from a shape costs: it is only leant towards
# The shapes that a line may have, in degrees evenly in time.
SHAPES = {
    "rising": (0, 1, 2, 3, 2, 4, 5, 6, 7),
    "falling": (7, 6, 7, 5, 4, 5, 3, 2, 0),
    "arch": (0, 2, 4, 5, 7, 8, 7, 5, 4, 2, 0),
    "waves": (0, 4, 1, 5, 2, 6, 2, 5, 0),
    "rocking": (2, 4, 2, 4, 2, 5, 2, 4, 2),
    "low": (-2, 0, 1, 0, -1, 1, 2, 0, -2),
    "steps": (0, 2, 1, 3, 2, 4, 3, 5, 4),
}


@dataclass(slots=True)
class Variant:
    """A variant: its text, what it was asked to be, the ranges that were written, and facts."""

    text: str
    conditions: Conditions
    written: tuple[tuple[int, int], ...] = ()
    records: tuple[Token, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


Run = Iterator["Step | Variant"]


def metre(conditions: Conditions) -> Metre:
    """The metre asked for."""
    found = metre_of(conditions.metre)
    if found is None:
        raise EngineError(_("The metre %(name)s is unknown."), name=conditions.metre)
    return found


def heading(conditions: Conditions, title: str) -> str:
    """The fields before a tune."""
    name = " ".join(title.split())[:TITLES] or f"{conditions.rhythm} in {conditions.key.tonic}".capitalize()
    rhythm = "" if conditions.rhythm == "other" else conditions.rhythm
    return header(name, rhythm, conditions.metre, conditions.key, conditions.speed)


def create(
    composer: Composer, wanted: Sequence[Conditions], seeds: Sequence[int], title: str, *, home: bool, line: Sequence[int] = ()
) -> Run:
    """Tunes from the conditions alone, each from its own, or after a `line` of degrees."""
    beats = [metre(conditions) for conditions in wanted]
    wholes = [beat.length / EIGHTH for beat in beats]
    each = list(zip(wanted, beats, wholes, strict=True))
    drafts = [Draft(conditions.key, beat, heading(conditions, title)) for conditions, beat, _whole in each]
    grammars = [WholeTune(whole, conditions.bars, home=home) for conditions, _beat, whole in each]
    hearings = [
        Hearing(conditions.key, whole, line=line or SHAPES.get(conditions.line, ()), pull=FOLLOWING if line else SHAPED)
        for conditions, _beat, whole in each
    ]
    steps = composer.write([conditions.tokens for conditions in wanted], seeds, grammars, hearings)
    yield from grown(steps, drafts, sum(conditions.bars for conditions in wanted))
    yield from (drafted(draft, conditions) for draft, conditions in zip(drafts, wanted, strict=True))


def go_on(composer: Composer, score: Score, conditions: Conditions, seeds: Sequence[int], more: int, *, home: bool) -> Run:
    """A tune with `more` bars after its end; its own last bar line becomes a double one where it repeats nothing."""
    tune, last = score.tune, score.tune.bars[-1]
    whole = score.metre.length
    first = tune.bars[0].length
    pickup = first if last.length < whole and first + last.length == whole else Fraction(0)
    end = last.source[1]
    line = LAST_LINE.match(tune.source, end)
    rest = tune.source[line.end() if line else end :].lstrip("\n")
    before = tune.source[:end] + (" :|\n" if ":|" in score.closing.opening else " ||\n")
    prompt = [*conditions.tokens, *join_bars(score.bars[-64:]), *score.closing.opening]
    grammars = [WholeTune(whole / EIGHTH, more, home=home, pickup=pickup / EIGHTH) for _seed in seeds]
    drafts = [Draft(last.key, score.metre, before) for _seed in seeds]
    hearing = Hearing(score.key, whole / EIGHTH, [*join_bars(score.bars), *score.closing.opening])
    steps = composer.write([prompt] * len(seeds), seeds, grammars, [hearing] * len(seeds))
    yield from grown(steps, drafts, more * len(seeds))
    for draft in drafts:
        made = drafted(draft, conditions)
        made.text += rest
        yield made


def drafted(draft: Draft, conditions: Conditions) -> Variant:
    facts = {"ended": draft.ended, "tokens": draft.tokens, "likelihood": round(draft.logprob / max(1, draft.tokens), 4)}
    start = draft.records[0].start if draft.records else 0
    return Variant(draft.text, conditions, ((start, len(draft.text)),), tuple(draft.records), facts)


def replace(
    composer: Composer, score: Score, conditions: Conditions, seeds: Sequence[int], bars: tuple[int, int], *, home: bool
) -> Run:
    """Other bars in the place of some, under the chords that stand there; everything outside stays to the byte."""
    places = selected(score.tune, *bars)
    if not places:
        raise EngineError(_("The tune has no bars %(first)d to %(last)d."), first=bars[0], last=bars[1])
    drafts = [_Filling(score, places) for _seed in seeds]
    grammars = [Gap(score.slots(places, score.held(places), home=home)) for _seed in seeds]
    for index, draft in enumerate(drafts):
        yield Step(0, len(places), pieces=(TextDelta(index, (draft.take(score.tune.bars[places[0]].spans[0][0]),)),))
    before, after = join_bars(score.bars[: places[0]]), [*join_bars(score.bars[places[-1] + 1 :]), *score.closing.opening]
    hearing = Hearing(score.key, score.metre.length / EIGHTH, [*before, *score.bars[places[0]].opening], after)
    prompts = [score.gap(conditions, places)] * len(seeds)
    for step in composer.write(prompts, seeds, grammars, [hearing] * len(seeds)):
        fresh: dict[int, list[Token]] = {}
        for word in step:
            if bar := drafts[word.index].feed(word):
                fresh.setdefault(word.index, []).append(bar)
        if fresh:
            pieces = tuple(TextDelta(index, tuple(bars)) for index, bars in fresh.items())
            yield Step(min(draft.done for draft in drafts), len(places), pieces=pieces)
    for draft in drafts:
        yield draft.made(conditions)


class _Filling:
    """A tune whose bars at some places are being written anew, as text that only gets longer."""

    def __init__(self, score: Score, places: Sequence[int]) -> None:
        self.score, self.places = score, places
        self.text, self.at, self.done = "", 0, 0
        self.records: list[Token] = []
        self.written: list[tuple[int, int]] = []
        self.ended = "end"
        self._body: list[str] = []
        self._sum, self._all, self._tokens = 0.0, 0.0, 0

    def take(self, until: int) -> Token:
        """The source as it is, up to there."""
        text = self.score.tune.source[self.at : until]
        self.at = until
        start = len(self.text)
        self.text += text
        return Token(start, len(self.text), text, None)

    def feed(self, word: EmittedToken) -> Token | None:
        """One more token; the bar that it finishes with what stands before it."""
        if word.end:
            self.ended = word.end
        whole = word.end == "end" or (
            word.token and word.token not in NOTES and word.token not in LASTING and word.token != REST
        )
        if word.token and not whole:
            self._body.append(word.token)
            self._tokens += 1
        self._sum += word.logprob
        self._all += word.logprob
        return self._bar() if whole and self._body else None

    def _bar(self) -> Token:
        tune, begun = self.score.tune, len(self.text)
        bar = tune.bars[self.places[self.done]]
        for start, end, new in in_place(tune, bar, notes_of(self._body, bar.key)):
            self.take(start)
            self.written.append((len(self.text), len(self.text) + len(new)))
            self.text, self.at = self.text + new, end
        self.records.append(Token(*self.written[-1], new, self._sum))
        self._body, self._sum = [], 0.0
        self.done += 1
        return Token(begun, len(self.text), self.text[begun:], self.records[-1].logprob)

    def made(self, conditions: Conditions) -> Variant:
        """The variant; bars that were not reached stay as they were."""
        self.take(len(self.score.tune.source))
        facts = {"ended": self.ended, "tokens": self._tokens, "likelihood": round(self._all / max(1, self._tokens), 4)}
        return Variant(self.text, conditions, tuple(self.written), tuple(self.records), facts)
