"""Two tunes in one, and a tune brought towards other words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from app.engines.engine import Step, Strength, TextDelta, Token
from app.engines.music.composing import Composer
from app.engines.music.conditions import Conditions, TuneConditions
from app.engines.music.decoder import Decoder, Draft, grown
from app.engines.music.score import Score
from app.engines.music.tasks import Run, create, drafted, heading, metre
from app.engines.music.varying import varied
from app.media.music.abc.abc import read_tune
from app.media.music.abc.writing import Sheet
from app.media.music.grammar.gaps import Pattern
from app.media.music.grammar.measure import TONICS
from app.media.music.grammar.tokens import DURATIONS, EOS, NOTES, REST, note_token, notes_of, sounds, tokens_of
from app.media.music.notation.pitch import Key

REACH = 1  # letters that a blend may be away from the other tune's line


def blend(pen: Decoder, rhythm: Score, contour: Score, conditions: Conditions, seeds: Sequence[int], title: str) -> Run:
    """The bars and lengths of one tune with the line of another, in the first one's key; `title` where that has none."""
    places = _along(rhythm, contour)
    head = heading(conditions, rhythm.tune.title or title)
    drafts = [Draft(conditions.key, rhythm.metre, head) for _seed in seeds]
    grammars = [Pattern(places) for _seed in seeds]
    yield from grown(pen.write(conditions.tokens, seeds, grammars, conditions.key), drafts, len(rhythm.bars) * len(seeds))
    for draft in drafts:
        yield drafted(draft, conditions)


def _along(rhythm: Score, contour: Score) -> list[Collection[str]]:
    """Token by token what a blend may write: lengths and bar lines are given, notes lie about the other tune's line."""
    line = _degrees(contour)
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


def _degrees(score: Score, grain: int = 16) -> list[int]:
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


def refine(composer: Composer, score: Score, said: TuneConditions, seeds: Sequence[int], title: str, *, home: bool) -> Run:
    """The tune brought towards what is said now.

    In the same metre its bars are varied strongly under the new conditions, in the key asked for; in another metre a new
    tune is written that follows its line. It keeps its title; `title` is for one that has none.
    """
    conditions = score.conditions(said)
    name = score.tune.title or title
    if metre(conditions) != score.metre:
        yield from create(composer, [conditions] * len(seeds), seeds, name, home=home, line=_degrees(score))
        return
    for number, seed in enumerate(seeds):
        made = varied(composer.pen, score, conditions, seed, Strength.STRONG)
        made.text = _anew(made.text, conditions, name)
        made.written = ((0, len(made.text)),)
        yield Step(number + 1, len(seeds), pieces=(TextDelta(number, (Token(0, len(made.text), made.text, None),)),))
        yield made


def _anew(text: str, conditions: Conditions, title: str) -> str:
    """The same degrees in the key asked for, with the fields that belong to it."""
    *bars, closing = tokens_of(read_tune(text), tolerant=True)
    sheet = Sheet(conditions.key, metre(conditions), heading(conditions, title))
    for bar in bars:
        sheet.bar(bar.opening, notes_of(_spell_simply(bar.body, conditions.key), conditions.key))
    sheet.finish(closing.opening)
    return sheet.text


def _spell_simply(body: Sequence[str], key: Key) -> list[str]:
    """A bar's tokens without alterations that `key` writes with a double accidental."""
    doubled = {token for token in body if token in NOTES and abs(key.pitch(*NOTES[token]).alter) > 1}
    return [note_token(NOTES[token][0]) if token in doubled else token for token in body]
