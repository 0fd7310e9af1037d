"""Which word may come next in an English text that keeps a form's syllables, rhymes, acrostic and words."""

from __future__ import annotations

import random
import string
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.errors import _
from app.media.text.prosody.english import WORD, Phones, pronounce, rhyming_part
from app.media.text.prosody.form import Breaks, Form, rhyme_letter
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.prosody.lines import split

_OPEN = 16  # the longest line in syllables where the form sets no length
_TRIES = 2_000


class WordTable:
    """The words that an engine can write. Only those with one length are used, and only those with one rhyme where a line
    has to rhyme: what they do is certain.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.counts: dict[str, int] = {}
        self.parts: dict[str, Phones] = {}
        self.sounds: dict[str, Phones] = {}
        self.by_part: dict[Phones, set[str]] = defaultdict(set)
        self.by_count: dict[int, set[str]] = defaultdict(set)
        self.by_letter: dict[str, set[str]] = defaultdict(set)
        for word in words:
            known, parts = pronounce(word), {rhyming_part(phones) for phones in pronounce(word).readings}
            if known.listed and len(known.counts) == 1 and WORD.fullmatch(word) and word.isalpha():
                self.counts[word] = known.counts[0]
                self.sounds[word] = known.readings[0]
                if len(parts) == 1:
                    self.parts[word] = next(iter(parts))
                    self.by_part[self.parts[word]].add(word)
                self.by_count[known.counts[0]].add(word)
                self.by_letter[word[0].lower()].add(word)


@dataclass(frozen=True, slots=True)
class Next:
    """What may come next: `words` (each leaves a way to finish the line), those of them that may be its `last`, whether
    the line may `break` here, and whether the text is at its `end`.
    """

    words: frozenset[str]
    last: frozenset[str] = frozenset()
    line_break: bool = False
    end: bool = False


class EnglishConstraint:
    """A form over a vocabulary of words. Metre is left to the check: a word's stress decides less than its place.

    Raises ImpossibleError when nothing can keep the form.
    """

    def __init__(self, form: Form, vocabulary: WordTable, seed: int = 0) -> None:
        self.form = form
        self.vocabulary = vocabulary
        self.avoid = [phrase.lower().split() for phrase in form.avoid]
        banned = {phrase[0] for phrase in self.avoid if len(phrase) == 1}
        self.usable = frozenset(word for word in vocabulary.counts if word.lower() not in banned)
        self.acrostic = [c.lower() for c in form.acrostic if not c.isspace()]
        self.planned = form.total or max(len(self.acrostic), len(form.must), 1)
        if form.total is not None and len(self.acrostic) > form.total:
            message = _("The acrostic has %(letters)d letters; the text has %(lines)d lines.")
            raise ImpossibleError(message, letters=len(self.acrostic), lines=form.total)
        counts = {vocabulary.counts[word] for word in self.usable}
        self._reach = _reachable(counts, max((most for _least, most in form.measure), default=_OPEN))
        self._letters = self._rhymes()
        self._rhyming: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
        self._after: dict[tuple[object, ...], frozenset[str]] = {}  # words by where a line stands
        self._opening = self._placed(random.Random(seed))
        for line in range(self.planned):
            if not self._next_words(line, [], {}):
                raise ImpossibleError(_("The vocabulary has no words for line %(line)d."), line=line + 1)

    def span(self, line: int) -> tuple[int, int]:
        """Least and most syllables of a line."""
        return self.form.span(line) or (1, _OPEN)

    def _rhymes(self) -> dict[str, frozenset[Phones]]:
        """For each letter, the rhymes with words enough for all of its lines. Raises ImpossibleError."""
        lines: dict[str, list[int]] = defaultdict(list)
        for line in range(self.planned):
            if letter := rhyme_letter(self.form.rhyme, line):
                lines[letter].append(line)
        spare = len(self.avoid)
        found = {}
        for letter, members in lines.items():
            fitting = set()
            for part, words in self.vocabulary.by_part.items():
                usable = {self.vocabulary.sounds[w] for w in words & self.usable if self.vocabulary.counts[w] == 1}
                if len(usable) >= len(members) + spare:  # words of one syllable end any line
                    fitting.add(part)
            if not fitting:
                raise ImpossibleError(_("The vocabulary has no %(lines)d words that rhyme."), lines=len(members))
            found[letter] = frozenset(fitting)
        return found

    def _placed(self, chance: random.Random) -> dict[int, list[str]]:
        """The line that each phrase that must appear opens. Raises ImpossibleError."""
        opening: dict[int, list[str]] = {}
        phrases = sorted(((p.split(), p) for p in set(self.form.must)), key=lambda pair: (-len(pair[1]), pair[1]))
        for words, phrase in phrases:
            lacking = [w for w in words if w not in self.usable]
            if lacking:
                raise ImpossibleError(_("This engine cannot write %(characters)s."), characters=", ".join(lacking))
            size = sum(self.vocabulary.counts[w] for w in words)
            longest = max(self.span(line)[1] for line in range(self.planned))
            if size > longest:
                raise ImpossibleError(_("%(phrase)s is longer than a line, which has %(most)d."), phrase=phrase, most=longest)
            against = next((" ".join(a) for a in self.avoid if _holds(words, a)), None)
            if against:
                raise ImpossibleError(
                    _("%(phrase)s is asked for, and %(avoid)s is to be avoided."), phrase=phrase, avoid=against
                )
            free = [
                line
                for line in range(self.planned)
                if line not in opening and self._letter(line) in {"", words[0][0].lower()} and size < self.span(line)[1]
            ]
            if not free:
                raise ImpossibleError(_("There is no place for all of the words that must appear: %(words)s."), words=phrase)
            opening[chance.choice(free)] = words
        return opening

    def _letter(self, line: int) -> str:
        return self.acrostic[line] if line < len(self.acrostic) else ""

    def allowed(self, prefix: str) -> Next:
        """What may come after `prefix`, the text so far from its beginning, in whole words."""
        lines = list(split(prefix, Breaks.LINE))
        broken = prefix.rstrip(" ").endswith("\n")
        current = [] if broken or not lines else [piece.text for piece in lines[-1].words()]
        line = len(lines) if broken or not lines else len(lines) - 1
        if self.form.total is not None and line >= self.form.total:
            return Next(frozenset(), end=True)
        ends: dict[str, list[str]] = defaultdict(list)
        for i, before in enumerate(lines[:line]):
            letter = rhyme_letter(self.form.rhyme, i)
            if letter and (said := before.words()):
                ends[letter].append(said[-1].text)
        least, _most = self.span(line)
        size = self._size(current)
        may_break = (
            bool(current)
            and size >= least
            and len(current) >= len(self._opening.get(line, ()))
            and (not rhyme_letter(self.form.rhyme, line) or current[-1] in self._last(line, ends))
        )
        words = self._next_words(line, current, ends)
        key = (size, words, self._last(line, ends))
        if key not in self._after:
            fitting = words & self._last(line, ends)
            self._after[key] = frozenset(w for w in fitting if size + self.vocabulary.counts.get(w, 0) >= least)
        last = self._after[key]
        final = may_break and line + 1 == self.form.total
        end = final or (self.form.total is None and not current and line >= self.planned)
        return Next(words, last, line_break=may_break and not final, end=end)

    def _size(self, words: Sequence[str]) -> int:
        return sum(pronounce(word).counts[0] for word in words)

    def _last(self, line: int, ends: dict[str, list[str]]) -> frozenset[str]:
        """The words that may end a line: any, or those that rhyme with the lines of its letter before it."""
        letter = rhyme_letter(self.form.rhyme, line)
        if not letter:
            return self.usable
        before = tuple(word for word in ends.get(letter, ()) if word in self.vocabulary.parts)
        if (letter, before) not in self._rhyming:
            self._rhyming[letter, before] = self._rhyming_with(letter, before)
        return self._rhyming[letter, before]

    def _rhyming_with(self, letter: str, before: Sequence[str]) -> frozenset[str]:
        """The words that rhyme with those of their letter `before`, and repeat none."""
        book = self.vocabulary
        parts = {book.parts[before[0]]} if before else self._letters.get(letter, frozenset(book.by_part))
        taken = {book.sounds[word] for word in before}
        return frozenset(
            w for part in parts for w in book.by_part.get(part, ()) if w in self.usable and book.sounds[w] not in taken
        )

    def _next_words(self, line: int, current: Sequence[str], ends: dict[str, list[str]]) -> frozenset[str]:
        """The words after which the line can still be finished; the same object for the same place."""
        opening = self._opening.get(line, [])
        if len(current) < len(opening):
            return frozenset({opening[len(current)]})
        last = self._last(line, ends)
        longest = max((len(phrase) for phrase in self.avoid), default=1) - 1  # words that a phrase to avoid may have begun with
        key = (line, self._size(current), bool(current), last, tuple(current[len(current) - longest :] if longest else ()))
        if key not in self._after:
            self._after[key] = self._fitting(line, current, last)
        return self._after[key]

    def _fitting(self, line: int, current: Sequence[str], last: frozenset[str]) -> frozenset[str]:
        least, most = self.span(line)
        size, book = self._size(current), self.vocabulary
        rhymed = rhyme_letter(self.form.rhyme, line) is not None
        words: set[str] = set()
        for count, members in book.by_count.items():
            left = (least - size - count, most - size - count)
            if left[1] < 0:
                continue
            if rhymed and left[1] > 0 and any(self._reach[n] for n in range(max(left[0] - 1, 0), left[1])):
                words |= members  # one syllable that rhymes can still end it
            elif not rhymed and any(self._reach[n] for n in range(max(left[0], 0), left[1] + 1)):
                words |= members
            elif left[0] <= 0:
                words |= members & last
        if not current and self._letter(line):
            words &= book.by_letter.get(self._letter(line), set())
        lowered = [word.lower() for word in current]
        for phrase in self.avoid:
            if len(phrase) > 1 and lowered[len(lowered) - len(phrase) + 1 :] == phrase[:-1]:
                words -= set(_spellings(book, phrase[-1]))
        return frozenset(words) & self.usable


def _spellings(book: WordTable, word: str) -> Iterable[str]:
    """The vocabulary's spellings of a word, large and small."""
    return (spelling for spelling in (word, word.capitalize(), word.upper()) if spelling in book.counts)


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether `phrase` stands in `words`."""
    low = [word.lower().strip(string.punctuation) for word in words]
    return any(low[i : i + len(phrase)] == list(phrase) for i in range(len(low)))


def _reachable(counts: set[int], most: int) -> list[bool]:
    """Which numbers of syllables up to `most` words can fill, one after another."""
    reach = [True] + [False] * most
    for n in range(1, most + 1):
        reach[n] = any(count <= n and reach[n - count] for count in counts)
    return reach
