"""Key-free tokens, and ABC into them and back: what the house model of tunes reads and writes.

A note is its degree above the tonic with its alteration against the signature (`n0`, `n^3`, `n_-2`), then its length in
eighths unless that is one (`d3/2`); `r` is a rest. Bar lines, repeats and endings are tokens of their own, always before
the bar they open. A tune begins with its conditions: `<bos> R:jig M:6/8 K:maj mood:bright len16`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.media.music.notation.numbering import repeats
from app.media.music.notation.pitch import Key, Mode
from app.media.music.notation.tune import Bar, Note, Tune

BARLINES = ("|", "|:", ":|", "::", "||", "[1", "[2")
RHYTHMS = ("reel", "jig", "hornpipe", "slip jig", "strathspey", "march", "air", "waltz", "other")
METRES = ("2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/8", "3/2", "6/4", "2/2")
MODES = (Mode.MAJOR, Mode.MINOR, Mode.DORIAN, Mode.MIXOLYDIAN)
MOODS = ("bright", "gentle", "dark", "wistful")
LENGTHS = (8, 16, 24, 32, 48)  # bars as written
GAPS = range(1, 17)  # bars of a gap to fill
STEPS = range(-12, 15)  # letters above the tonic in the octave of middle C
ALTERATIONS = {0: "", 1: "^", -1: "_"}
EIGHTH = Fraction(1, 8)
_LENGTHS = "1/4 1/3 1/2 2/3 3/4 1 4/3 3/2 2 5/2 3 7/2 4 5 6 7 8 9 10 12 16"
DURATIONS = tuple(Fraction(length) for length in _LENGTHS.split())  # in eighths
PAD, EOS, BOS, GAP, MIDDLE, END, REST = "<pad>", "<eos>", "<bos>", "<gap>", "<mid>", "<end>", "r"
ENDS = frozenset({EOS, END})  # of a tune, of a gap


def note_token(degree: int, alteration: int = 0) -> str:
    """The token of a note."""
    return f"n{ALTERATIONS[alteration]}{degree}"


def duration_token(eighths: Fraction) -> str:
    """The token of a length other than one eighth."""
    return f"d{eighths}"


VOCABULARY = (
    *(PAD, EOS, BOS, GAP, MIDDLE, "<var>", END, *BARLINES, REST),
    *(f"R:{name}" for name in RHYTHMS),
    *(f"M:{name}" for name in METRES),
    *(f"K:{mode.value}" for mode in MODES),
    *(f"mood:{name}" for name in MOODS),
    *(f"len{count}" for count in LENGTHS),
    *(f"g{count}" for count in GAPS),
    *(note_token(step, alteration) for step in STEPS for alteration in ALTERATIONS),
    *(duration_token(length) for length in DURATIONS if length != 1),
)
IDS = {token: id for id, token in enumerate(VOCABULARY)}
NOTES = {note_token(step, alteration): (step, alteration) for step in STEPS for alteration in ALTERATIONS}
LASTING = {duration_token(length): length for length in DURATIONS if length != 1}


class UnfitError(ValueError):
    """A tune has something that no token stands for; the message is one word."""


@dataclass(frozen=True, slots=True)
class TokenBar:
    """The bar lines before a bar, and its notes. A tune's last one has its closing line and no notes."""

    opening: tuple[str, ...]
    body: tuple[str, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.opening, *self.body)

    @property
    def length(self) -> Fraction:
        """In eighths."""
        return sum((lasting for _token, lasting in sounds(self.body)), Fraction(0))


def split(tokens: Sequence[str]) -> list[TokenBar]:
    """Tokens as bars; those of the prefix must be gone already."""
    bars: list[tuple[list[str], list[str]]] = [([], [])]
    for token in tokens:
        if token not in BARLINES:
            bars[-1][1].append(token)
        elif bars[-1][1]:
            bars.append(([token], []))
        else:
            bars[-1][0].append(token)
    return [TokenBar(tuple(opening), tuple(body)) for opening, body in bars]


def join_bars(bars: Sequence[TokenBar]) -> list[str]:
    """What `split` took apart."""
    return [token for bar in bars for token in bar.tokens]


def sounds(body: Sequence[str]) -> Iterator[tuple[str, Fraction]]:
    """Each note or rest of a bar with its length in eighths."""
    for at, token in enumerate(body):
        if token == REST or token in NOTES:
            after = body[at + 1] if at + 1 < len(body) else ""
            yield token, LASTING.get(after, Fraction(1))


def notes_of(body: Sequence[str], key: Key) -> tuple[Note, ...]:
    """A bar's tokens as notes in `key`."""
    place, found = Fraction(0), []
    for token, eighths in sounds(body):
        pitches = () if token == REST else (key.pitch(*NOTES[token]),)
        found.append(Note(pitches, place, eighths * EIGHTH))
        place += eighths * EIGHTH
    return tuple(found)


def tokens_of(tune: Tune, *, tolerant: bool = False) -> list[TokenBar]:
    """A tune as bars of tokens, the last one closing it.

    Raises UnfitError for what no token stands for; `tolerant` takes the nearest that there is instead.
    """
    bars = [
        TokenBar(_opening(bar, at == 0, tolerant), tuple(_body(bar.notes, bar.key, tolerant)))
        for at, bar in enumerate(tune.bars)
    ]
    return [*bars, TokenBar((":|" if tune.bars and repeats(tune.bars[-1]) else "||",), ())]


def _opening(bar: Bar, first: bool, tolerant: bool) -> tuple[str, ...]:
    text = bar.opening.replace("[|", "|").replace("|]", "||")
    line: str | None = "|"
    if text.startswith(":") and text.endswith(":"):
        line = "::" if len(text) > 1 else "|"
    elif text.startswith(":"):
        line = ":|"
    elif text.endswith(":"):
        line = "|:"
    elif "||" in text:
        line = "||"
    elif first:
        line = None
    if not bar.endings:
        return (line,) if line else ()
    if bar.endings[0] > 2 and not tolerant:  # noqa: PLR2004 (the tokens know two endings)
        raise UnfitError("ending")
    return (*((line,) if line else ()), f"[{min(bar.endings[0], 2)}")


def _body(notes: Sequence[Note], key: Key, tolerant: bool) -> Iterator[str]:
    for note, eighths in _merged(notes):
        if eighths not in DURATIONS:
            if not tolerant:
                raise UnfitError("duration")
            eighths = min(DURATIONS, key=lambda known: abs(known - eighths))  # noqa: PLW2901 (the nearest)
        if note.rest:
            yield REST
        else:
            degree, alteration = key.degree(note.top)
            if not tolerant and (degree not in STEPS or alteration not in ALTERATIONS):
                raise UnfitError("range")
            while degree not in STEPS:
                degree += 7 if degree < 0 else -7
            yield note_token(degree, max(-1, min(1, alteration)))
        if eighths != 1:
            yield duration_token(eighths)


def _merged(notes: Sequence[Note]) -> Iterator[tuple[Note, Fraction]]:
    """Notes with their lengths in eighths, tied ones of a bar as one."""
    held: tuple[Note, Fraction] | None = None
    for note in notes:
        eighths = note.duration / EIGHTH
        if held and held[0].tied and not note.rest and not held[0].rest and held[0].top == note.top:
            held = (note, held[1] + eighths)
            continue
        if held:
            yield held
        held = (note, eighths)
    if held:
        yield held
