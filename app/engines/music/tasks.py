"""What each verb does with a tune: a prompt and a grammar for the model, and where the new bars go in the text."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from app.engines.engine import Parent, Piece, Step, Strength, Token
from app.engines.music.composing import Composer
from app.engines.music.conditions import Asked, Conditions
from app.engines.music.pen import Draft, Pen, Wrote, further, grown
from app.engines.music.score import Score
from app.errors import EngineError, _
from app.music.abc import read
from app.music.gaps import Gap, Pattern
from app.music.grammar import WholeTune
from app.music.measure import TONICS
from app.music.ornaments import ornamented
from app.music.tokens import DURATIONS, EIGHTH, EOS, LASTING, NOTES, REST, joined, notes_of, sounds, split, tokens_of
from app.music.tune import Metre, metre_of
from app.music.writing import Sheet, edited, header, in_place, selected

SHARES = {Strength.SUBTLE: 0.25, Strength.STRONG: 0.5}  # of the different bars that a variation writes anew
RUN = {Strength.SUBTLE: 1, Strength.STRONG: 4}  # bars that are written in one go
ORNAMENTS = 0.15  # of the notes that could have one, in a subtle variation
TRIES = 3
REACH = 1  # letters that a blend may be away from the other tune's line
LAST_LINE = re.compile(r"\s*[:|\[\]]+")
TITLES = 60  # code points


@dataclass(slots=True)
class Made:
    """A variant: its text, what it was asked to be, the ranges that were written, and facts."""

    text: str
    conditions: Conditions
    written: tuple[tuple[int, int], ...] = ()
    records: tuple[Token, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


Run = Iterator["Step | Made"]


def metre(conditions: Conditions) -> Metre:
    """The metre asked for."""
    found = metre_of(conditions.metre)
    if found is None:
        raise EngineError(_("The metre %(name)s is unknown."), name=conditions.metre)
    return found


def tempo(conditions: Conditions) -> str:
    """The field Q: a usual pace for the kind, slower where the mood is calm."""
    pace = {"reel": 190, "hornpipe": 160, "strathspey": 120, "march": 110, "air": 80, "waltz": 140, "jig": 180, "slip jig": 180}
    quarters = pace.get(conditions.rhythm, 120) * (0.85 if conditions.mood in {"gentle", "wistful"} else 1)
    if metre(conditions).compound:
        return f"3/8={max(50, round(quarters / 1.5 / 2) * 2)}"
    return f"1/4={round(quarters / 2) * 2}"


def heading(conditions: Conditions, title: str) -> str:
    """The fields before a tune."""
    name = " ".join(title.split())[:TITLES] or f"{conditions.rhythm} in {conditions.key.tonic}".capitalize()
    rhythm = "" if conditions.rhythm == "other" else conditions.rhythm
    return header(name, rhythm, conditions.metre, conditions.key, tempo(conditions))


def create(composer: Composer, conditions: Conditions, seeds: Sequence[int], title: str, *, home: bool) -> Run:
    """Tunes from the conditions alone."""
    beats = metre(conditions)
    drafts = [Draft(conditions.key, beats, heading(conditions, title)) for _seed in seeds]
    grammars = [WholeTune(beats.length / EIGHTH, conditions.bars, home=home) for _seed in seeds]
    yield from grown(composer.write(conditions.tokens, seeds, grammars, conditions.key), drafts, conditions.bars * len(seeds))
    yield from (_drafted(draft, conditions) for draft in drafts)


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
    prompt = [*conditions.tokens, *joined(score.bars[-64:]), *score.closing.opening]
    grammars = [WholeTune(whole / EIGHTH, more, home=home, pickup=pickup / EIGHTH) for _seed in seeds]
    drafts = [Draft(last.key, score.metre, before) for _seed in seeds]
    heard = [*joined(score.bars), *score.closing.opening]
    yield from grown(composer.write(prompt, seeds, grammars, score.key, heard), drafts, more * len(seeds))
    for draft in drafts:
        made = _drafted(draft, conditions)
        made.text += rest
        yield made


def _drafted(draft: Draft, conditions: Conditions) -> Made:
    facts = {"ended": draft.ended, "tokens": draft.tokens, "likelihood": round(draft.logprob / max(1, draft.tokens), 4)}
    start = draft.records[0].start if draft.records else 0
    return Made(draft.text, conditions, ((start, len(draft.text)),), tuple(draft.records), facts)


def replace(pen: Pen, score: Score, conditions: Conditions, seeds: Sequence[int], bars: tuple[int, int], *, home: bool) -> Run:
    """Other bars in the place of some; bar lines and everything outside stay to the byte."""
    places = selected(score.tune, *bars)
    if not places:
        raise EngineError(_("The tune has no bars %(first)d to %(last)d."), first=bars[0], last=bars[1])
    drafts = [_Filling(score, places) for _seed in seeds]
    grammars = [Gap(score.slots(places, {}, home=home)) for _seed in seeds]
    for index, draft in enumerate(drafts):
        yield Step(0, len(places), pieces=(Piece(index, (draft.take(score.tune.bars[places[0]].source[0]),)),))
    for step in pen.write(score.gap(conditions, places), seeds, grammars):
        pieces = [Piece(word.index, (bar,)) for word in step if (bar := drafts[word.index].feed(word))]
        if pieces:
            yield Step(min(draft.done for draft in drafts), len(places), pieces=tuple(pieces))
    for draft in drafts:
        yield draft.made(conditions)


class _Filling:
    """A tune whose bars at some places are being written anew, as text that only gets longer."""

    def __init__(self, score: Score, places: Sequence[int]) -> None:
        self.score, self.places = score, places
        self.text, self.at, self.done = "", 0, 0
        self.records: list[Token] = []
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

    def feed(self, word: Wrote) -> Token | None:
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
        bar = self.score.tune.bars[self.places[self.done]]
        before = self.take(bar.source[0])
        new = in_place(bar, notes_of(self._body, bar.key))
        start = len(self.text)
        self.text, self.at = self.text + new, bar.source[1]
        self.records.append(Token(start, len(self.text), new, self._sum))
        self._body, self._sum = [], 0.0
        self.done += 1
        return Token(before.start, len(self.text), before.text + new, self.records[-1].logprob)

    def made(self, conditions: Conditions) -> Made:
        """The variant; bars that were not reached stay as they were."""
        self.take(len(self.score.tune.source))
        ranges = tuple((record.start, record.end) for record in self.records)
        facts = {"ended": self.ended, "tokens": self._tokens, "likelihood": round(self._all / max(1, self._tokens), 4)}
        return Made(self.text, conditions, ranges, tuple(self.records), facts)


def vary(pen: Pen, score: Score, conditions: Conditions, seeds: Sequence[int], strength: Strength) -> Run:
    """Bars written anew that keep the notes on the beats (subtle) or the harmony (strong); equal bars stay equal."""
    for number, seed in enumerate(seeds):
        if number in pen.stopped:
            yield Made(score.tune.source, conditions, (), (), {"ended": "stopped"})
            continue
        made = _varied(pen, score, conditions, seed, strength)
        yield Step(number + 1, len(seeds), pieces=(Piece(number, (Token(0, len(made.text), made.text, None),)),))
        yield made


def _varied(pen: Pen, score: Score, conditions: Conditions, seed: int, strength: Strength) -> Made:
    chance = random.Random(seed)
    harmony = score.in_harmony() if strength is Strength.STRONG else {}
    alike: dict[tuple[str, ...], list[int]] = {}
    for at, bar in enumerate(score.bars):
        alike.setdefault(bar.body, []).append(at)
    inner = [places for places in alike.values() if len(score.bars) - 1 not in places and score.tune.bars[places[0]].number > 0]
    inner = inner or list(alike.values())
    new: dict[int, Sequence[str]] = {}
    for attempt in range(TRIES):
        count = max(1, round(SHARES[strength] * len(inner)))
        chosen = {places[0]: places for places in _neighbouring(inner, count, RUN[strength], chance)}
        for run in _runs(sorted(chosen), RUN[strength]):
            anchors: Mapping[int, Mapping[Fraction, Collection[str]]] = harmony or {at: score.on_beats(at) for at in run}
            grammar = Gap(score.slots(run, anchors, home=False))
            tokens, _logprob = pen.fill(score.gap(conditions, run), further(seed, 100 * attempt + run[0] + 1), grammar)
            for at, bar in zip(run, split(tokens), strict=False):
                new |= {place: bar.body for place in chosen[at] if bar.body and bar.body != score.bars[at].body}
        if new:
            break
    edits = [
        (*score.tune.bars[at].source, in_place(score.tune.bars[at], notes_of(body, score.tune.bars[at].key)))
        for at, body in new.items()
    ]
    text = edited(score.tune.source, edits)
    if strength is Strength.SUBTLE:
        text = ornamented(read(text), seed, ORNAMENTS, bars=[at for at in range(len(score.bars)) if at not in new])
    bars = read(text).bars
    ranges = tuple(bars[at].source for at in sorted(new)) if len(bars) == len(score.tune.bars) else ((0, len(text)),)
    return Made(text, conditions, ranges, (), {"ended": "end", "bars_changed": len(new), "bars": len(score.bars)})


def _neighbouring(groups: Sequence[list[int]], count: int, run: int, chance: random.Random) -> list[list[int]]:
    """`count` of the groups of equal bars, by chance, in runs of neighbours."""
    order = list(range(0, len(groups), run))
    chance.shuffle(order)
    picked = [group for start in order for group in groups[start : start + run]]
    return picked[:count]


def _runs(places: Sequence[int], most: int) -> list[list[int]]:
    """Places in a row together, `most` at once."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] + 1 == place and len(runs[-1]) < most:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def blend(pen: Pen, rhythm: Score, contour: Score, conditions: Conditions, seeds: Sequence[int], title: str) -> Run:
    """The bars and lengths of one tune with the line of another, in the first one's key."""
    places = _along(rhythm, contour)
    head = heading(conditions, title)
    drafts = [Draft(conditions.key, rhythm.metre, head) for _seed in seeds]
    grammars = [Pattern(places) for _seed in seeds]
    yield from grown(pen.write(conditions.tokens, seeds, grammars), drafts, len(rhythm.bars) * len(seeds))
    for draft in drafts:
        yield _drafted(draft, conditions)


def _along(rhythm: Score, contour: Score) -> list[Collection[str]]:
    """Token by token what a blend may write: lengths and bar lines are given, notes lie about the other tune's line."""
    line = _line(contour)
    last = sum(1 for bar in rhythm.bars for token, _length in sounds(bar.body) if token in NOTES)
    count, found = 0, []
    for number, bar in enumerate(rhythm.bars):
        found += [{sign} for sign in bar.opening]
        place, whole = Fraction(0), bar.length
        for token, length in sounds(bar.body):
            if token == REST:
                found.append({REST})
            else:
                count += 1
                there = line[min(len(line) - 1, int((number + place / whole) / len(rhythm.bars) * len(line)))]
                near = {f"n{degree}" for degree in range(there - REACH, there + REACH + 1) if f"n{degree}" in NOTES}
                found.append(_homeward(there) if count == last else near)
            if length != 1 and length in DURATIONS:
                found.append({f"d{length}"})
            place += length
    return [*found, *({sign} for sign in rhythm.closing.opening), {EOS}]


def _homeward(degree: int) -> set[str]:
    """The tonic nearest to a degree."""
    return {min(TONICS, key=lambda token: abs(NOTES[token][0] - degree))}


def _line(score: Score, grain: int = 16) -> list[int]:
    """The degrees of a tune evenly in time, `grain` of them a bar."""
    found: list[int] = []
    for bar in score.bars:
        onsets, place = [], Fraction(0)
        for token, length in sounds(bar.body):
            if token in NOTES:
                onsets.append((place, NOTES[token][0]))
            place += length
        for at in range(grain):
            before = [degree for start, degree in onsets if start <= place * at / grain]
            found.append(before[-1] if before else onsets[0][1] if onsets else found[-1] if found else 0)
    return found


def refine(composer: Composer, score: Score, said: Asked, seeds: Sequence[int], title: str, *, home: bool) -> Run:
    """The tune brought towards what is said now.

    In the same metre its bars are varied strongly under the new conditions, in the key asked for; in another metre a new
    rhythm is written and takes over the tune's line.
    """
    conditions = score.conditions(said)
    name = title or score.tune.title
    if metre(conditions) != score.metre:
        for number, seed in enumerate(seeds):
            parts = [
                part
                for part in create(composer.alone, conditions, (further(seed, 1),), name, home=home)
                if isinstance(part, Made)
            ]
            other = Score.of(Parent("refine", parts[0].text.encode(), "text/vnd.abc", None, None, {}))
            blended = blend(composer.alone.pen, other, score, conditions, (seed,), name)
            made = next(part for part in blended if isinstance(part, Made))
            yield Step(number + 1, len(seeds), pieces=(Piece(number, (Token(0, len(made.text), made.text, None),)),))
            yield made
        return
    for number, seed in enumerate(seeds):
        made = _varied(composer.pen, score, conditions, seed, Strength.STRONG)
        made.text = _anew(made.text, conditions, name)
        made.written = ((0, len(made.text)),)
        yield Step(number + 1, len(seeds), pieces=(Piece(number, (Token(0, len(made.text), made.text, None),)),))
        yield made


def _anew(text: str, conditions: Conditions, title: str) -> str:
    """The same degrees in the key asked for, with the fields that belong to it."""
    *bars, closing = tokens_of(read(text), tolerant=True)
    sheet = Sheet(conditions.key, metre(conditions), heading(conditions, title))
    for bar in bars:
        sheet.bar(bar.opening, notes_of(bar.body, conditions.key))
    sheet.finish(closing.opening)
    return sheet.text
