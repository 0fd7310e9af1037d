"""What is told of every tune, whoever wrote it: whether it reads, what is new about it, how its line runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from app.bounded import MB, bounded
from app.errors import _
from app.media.music.abc.abc import read_tune
from app.media.music.notation.checks import checks, contour, ends_at_home, incomplete
from app.media.music.notation.pitch import Key
from app.media.music.notation.tune import Fault, Metre, Tune
from app.media.music.theory import books
from app.media.music.theory.novelty import Known, Shared, numbers_of, sounds_of

MOST_NOTES = 4_000  # of a tune that are compared with others: about twenty minutes
SMALL = 4_000  # code points that are read at once: at most some hundredths of a second
FEW = 20_000  # … of many tunes together
TOO_MUCH = _("This tune needs too much time or memory to be read. Make it shorter, or divide it into several.")
Sounds = Sequence[tuple[int, Fraction]]


@dataclass(frozen=True, slots=True)
class Description:
    """What is told of a tune. `facts` as a revision keeps them (JSON): `checks` {parses, bars_complete, key, metre},
    `ends_at_home`, `contour` (48 heights, 0 to 1) and `novelty` {notes, bars, title, start} against the house model's tunes.

    `bars`: number, and the code points of its notes, of each; `uneven`: numbers of those that are not full; `notes`: how many
    sound; `sounds`: the first of them (MIDI number, length), and `whole`, the length of a bar, to compare it with others.
    """

    facts: dict[str, Any]
    faults: tuple[Fault, ...]
    bars: tuple[tuple[int, int, int], ...]
    uneven: tuple[int, ...]
    notes: int
    title: str
    key: str
    metre: str
    tempo: str
    sounds: Sounds
    whole: Fraction


@bounded(20, 400 * MB, TOO_MUCH, small=lambda text: len(text) <= SMALL, needs=("numpy", "safetensors"))
def describe_abc(text: str) -> Description:
    """Of a tune in ABC. Raises InvalidError for more than a million code points, TooLargeError."""
    tune = read_tune(text)
    return Description(
        facts=describe_tune(tune),
        faults=tune.faults,
        bars=tuple((bar.number, *bar.source) for bar in tune.bars),
        uneven=tuple(dict.fromkeys(tune.bars[at].number for at in incomplete(tune))),
        notes=len(tune.sounding),
        title=tune.title,
        key=tune.key.name,
        metre=str(tune.metre or ""),
        tempo=tune.fields.get("Q", ""),
        sounds=_beginning(tune),
        whole=_total_length(tune),
    )


def describe_tune(tune: Tune, *, key: Key | None = None, metre: Metre | None = None) -> dict[str, Any]:
    """The facts of a tune that was read already. `key` and `metre` are what was asked for, if anything was."""
    book = books.house()
    facts: dict[str, Any] = {"checks": asdict(checks(tune, key, metre)), "ends_at_home": ends_at_home(tune)}
    facts |= {"contour": [round(height, 3) for height in contour(tune)]}
    return facts | {"novelty": asdict(shared(tune, book) if book else Shared())}


def shared(tune: Tune, known: Known) -> Shared:
    """The longest run of notes that the beginning of `tune` (MOST_NOTES, in whole bars) shares with `known` ones."""
    return known.shared(_beginning(tune), _total_length(tune))


def _beginning(tune: Tune) -> Sounds:
    count, found = 0, list[tuple[int, Fraction]]()
    for bar in tune.bars:
        count += len(bar.notes)
        if count > MOST_NOTES:
            break
        found += [(note.top.midi, note.duration) for note in bar.notes if not note.rest]
    return found


def _total_length(tune: Tune) -> Fraction:
    return tune.metre.length if tune.metre else Fraction(1)


@bounded(20, 300 * MB, TOO_MUCH, small=lambda texts: sum(map(len, texts)) <= FEW)
def sung(texts: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The title and the numbers (`novelty.numbers_of`) of each tune, to compare another with them."""
    tunes = [read_tune(text) for text in texts]
    return [(tune.title, numbers_of(sounds_of(tune))) for tune in tunes]
