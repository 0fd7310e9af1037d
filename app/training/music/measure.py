"""What the model's tunes are worth, measured on tunes it writes through the engine: read back by music21, not by us."""

from __future__ import annotations

import random
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from app.brief import Brief
from app.engines.engine import Content, Parent, Request, Verb
from app.engines.music.conditions import MODES_OF_MOOD
from app.engines.music.tunes import KNOWN, Tunes
from app.media.medium import ABC
from app.media.music.abc.abc import read_tune
from app.media.music.grammar.tokens import MODES
from app.media.music.notation.pitch import Key, Mode, key_of
from app.media.music.notation.tune import metre_of
from app.media.music.theory.books import known
from app.media.music.theory.novelty import Known
from app.training.music import model
from app.training.music.dataset import Tokens
from app.training.music.known import known_of, tune_of
from app.training.run import Machine

TOGETHER = 4  # tunes of one condition, in one batch: as the studio asks for them
TAKES = (11, 12, 13, 14)  # seeds of bars in the place of others: as many takes of one tune in TOGETHER
KINDS = (
    *(("reel", "4/4"), ("jig", "6/8"), ("hornpipe", "4/4"), ("slip jig", "9/8"), ("strathspey", "4/4"), ("march", "4/4")),
    *(("march", "6/8"), ("air", "3/4"), ("air", "6/8"), ("waltz", "3/4"), ("reel", "2/4"), ("air", "4/4")),
)
TONICS = {
    Mode.MAJOR: ("G", "D", "C", "F", "Bb", "A"),
    Mode.MINOR: ("A", "E", "D", "G"),
    Mode.DORIAN: ("E", "A", "D"),
    Mode.MIXOLYDIAN: ("D", "A", "G"),
}
MANY = 8  # bars in a row that a new tune should not share
BAR_LINE = re.compile(r":*\|[|\]:]*(?:\[?[12])?|::|\[[12]")  # the colons of a tuplet are none


@dataclass(frozen=True, slots=True)
class Ordered:
    """A tune that was asked for."""

    rhythm: str
    metre: str
    key: Key
    mood: str
    bars: int

    @property
    def params(self) -> dict[str, Any]:
        """As the engine takes it."""
        tonic, mode = self.key.tonic, self.key.mode.value
        return {"rhythm": self.rhythm, "metre": self.metre, "tonic": tonic, "mode": mode, "mood": self.mood, "bars": self.bars}


def orders(count: int, seed: int = 7) -> list[Ordered]:
    """Conditions over all kinds, modes, moods and lengths, evenly."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        rhythm, metre = KINDS[number % len(KINDS)]
        mode = MODES[number % len(MODES)] if number % 3 else Mode.MAJOR
        mood = chance.choice(
            [mood for mood, suits in MODES_OF_MOOD.items() if (suits[0] is Mode.MAJOR) == (mode in MODES[::3])]
        )
        key = key_of(chance.choice(TONICS[mode]) + mode.value) or Key()
        found.append(Ordered(rhythm, metre, key, mood, (16, 16, 8, 24, 16, 32)[number % 6]))
    return found


def measure(folder: Path, learnt: Sequence[Tokens], held_out: Sequence[Tokens], count: int) -> dict[str, dict[str, Any]]:
    """The figures of the model in `folder`, each with a note how it was taken. Ctrl-C ends the writing before `count`."""
    engine = Tunes(folder)
    engine.load("cpu")
    book = known(folder / KNOWN) if (folder / KNOWN).is_file() else known_of(learnt)
    seen: Counter[str] = Counter()
    try:
        for order, content in sample_tunes(engine, count):
            text = content.data.decode()
            holding = [name for name, holds in judged(text, order, book).items() if holds]
            takes = replaced(engine, text) if content.index == 0 else []
            seen.update([*holding, "tunes", *["tried"] * len(takes), *["kept"] * sum(takes)])  # a tune counts whole or not
    except KeyboardInterrupt:
        print(f"Stopped: the figures are those of {seen['tunes']} tunes.", flush=True)
    real = sum(book.longest(tune_of(tune)).bars > MANY for tune in held_out)
    loss = model.validation(model.load(folder).eval(), held_out, Machine.of("cpu", 1))
    return figures(seen, {"real": real / max(1, len(held_out)), "loss": loss})


def figures(seen: Counter[str], rest: dict[str, float]) -> dict[str, dict[str, Any]]:
    """Counts as shares with their notes."""
    total = seen["tunes"]

    def share(name: str, note: str) -> dict[str, Any]:
        return {"value": round(seen[name] / max(1, total), 4), "note": f"{seen[name]} of {total}: {note}"}

    return {
        "readable_and_complete": share("complete", "music21 reads the tune, and every bar comes out even"),
        "key_and_metre": share("asked", "signature, metre and last note (the tonic) are those asked for, by music21"),
        "copied": share("copied", f"share more than {MANY} bars in a row with a tune of the training"),
        "copied_by_real_tunes": {
            "value": round(rest["real"], 4),
            "note": f"held-out tunes of the books that share more than {MANY} bars in a row with the training's",
        },
        "replacement": {
            "value": round(seen["kept"] / max(1, seen["tried"]), 4),
            "note": f"{seen['kept']} of {seen['tried']}: bars 5 to 8 replaced, all else the same to the byte",
        },
        "validation_loss": {"value": round(rest["loss"], 4), "note": "a token, natural logarithm, on held-out tunes"},
    }


def sample_tunes(engine: Tunes, count: int) -> Iterator[tuple[Ordered, Content]]:
    """`count` tunes, not chosen."""
    made = 0
    for number, order in enumerate(orders(-(-count // TOGETHER))):
        seeds = tuple(range(1000 * number, 1000 * number + min(TOGETHER, count - made)))
        request = Request(Verb.CREATE, Brief(), engine.Params.model_validate(order.params), seeds)
        for part in engine.run(request):
            if isinstance(part, Content):
                made += 1
                yield order, part
        print(f"{made} of {count} tunes", flush=True)


def judged(text: str, order: Ordered, book: Known) -> dict[str, bool]:
    """What holds of one tune, by music21 and by the index of known tunes."""
    score = parsed(text)
    complete = score is not None and even(score, order.metre)
    asked = score is not None and as_asked(score, order)
    return {"complete": complete, "asked": asked, "copied": book.longest(read_tune(text)).bars > MANY}


def parsed(text: str) -> Any:
    """The score that music21 reads, or None."""
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score = music21.converter.parse(text, format="abc")
        except (music21.exceptions21.Music21Exception, ValueError, IndexError, AttributeError):
            return None
    return score if len(score.flatten().notes) else None


def even(score: Any, metre: str) -> bool:
    """Whether the bars of a score of music21 come out even: whole, or in two parts that a repeat or a pickup explains."""
    found = metre_of(metre)
    whole = found.length * 4 if found else Fraction(4)
    lengths = [
        Fraction(bar.duration.quarterLength) for bar in score.parts[0].getElementsByClass("Measure") if bar.notesAndRests
    ]
    pickup = lengths[0] if lengths and lengths[0] < whole else Fraction(0)
    at = 1 if pickup else 0
    while at < len(lengths):
        own, after = lengths[at], lengths[at + 1] if at + 1 < len(lengths) else None
        if own == whole:
            at += 1
        elif after is not None and own + after == whole:
            at += 2
        elif own + pickup == whole and (after is None or after == whole):
            at += 1
        else:
            return False
    return bool(lengths)


def as_asked(score: Any, order: Ordered) -> bool:
    """Whether music21 finds the signature, the metre and, last, the tonic that were asked for."""
    flat = score.flatten()
    signatures = {key.sharps for key in flat.getElementsByClass("KeySignature")}
    metres = {time.ratioString for time in flat.getElementsByClass("TimeSignature")}
    last = [note for note in flat.notes if hasattr(note, "pitch")][-1]
    return signatures == {order.key.fifths} and metres == {order.metre} and last.pitch.pitchClass == order.key.pitch_class


def replaced(engine: Tunes, text: str) -> list[bool]:
    """For each take whether bars 5 to 8 were replaced with everything else the same; bars are told apart by their lines."""
    parent = Parent("replace", text.encode(), ABC, None, None, {})
    request = Request(Verb.REPLACE, Brief(), engine.Params(), TAKES, (parent,), bars=(5, 8))
    takes = [part.data.decode() for part in engine.run(request) if isinstance(part, Content)]
    selected = {at for at, bar in enumerate(read_tune(text).bars) if 5 <= bar.number <= 8}  # noqa: PLR2004 (the bars replaced)
    return [outside(text, selected) == outside(take, selected) for take in takes]


def outside(text: str, places: set[int]) -> list[str]:
    """A tune's text without the bars at `places`, cut at its bar lines: everything but the notes in question."""
    head, _line, body = text.partition("\nK:")
    field, _line, music = body.partition("\n")
    parts, at, found = [head, field], 0, -1
    for line in [*BAR_LINE.finditer(music), None]:
        piece = music[at : line.start() if line else len(music)]
        found += bool(piece.strip())
        inside = piece.strip() and found in places
        parts.append(piece[: len(piece) - len(piece.lstrip())] + "…" + piece[len(piece.rstrip()) :] if inside else piece)
        parts.append(line[0] if line else "")
        at = line.end() if line else len(music)
    return parts
