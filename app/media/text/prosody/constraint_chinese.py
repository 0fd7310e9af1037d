"""Which character may come next in a Chinese text that keeps a form."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from app.errors import _
from app.media.text.prosody.chinese import BOTH, groups, simplified, tones
from app.media.text.prosody.form import Breaks, Form, Pattern, line_tones, rhyme_letter
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.prosody.lines import CLAUSE, NEW_LINES
from app.media.text.prosody.vocabulary import Allowed, Class, Vocabulary
from app.media.text.scripts import is_han

_OPEN = 60  # the longest line where the form sets no length
_TRIES = 5_000  # placements of the words that must appear which are looked at
_KEPT = 512  # prefixes remembered: as many as beams and candidates walk at once
Fixed = Mapping[tuple[int, int], str]  # characters that have their place: (line, position)


@dataclass(frozen=True, slots=True)
class _State:
    """Where a text stands: the line and position it will write next, and what its past asks of its future."""

    line: int = 0
    at: int = 0
    said: tuple[frozenset[str], ...] = ()  # the tones of this line so far
    breaks: str = ""  # what was written since the last line's last character
    tail: str = ""  # the characters since the last break
    ways: tuple[int, ...] = ()  # patterns that are still kept
    rhymes: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of each letter, the rhymes it may still have
    used: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of each letter, the characters that rhymed


class ChineseConstraint:
    """A form over a vocabulary. `seed` decides where the words that must appear will stand.

    Raises ImpossibleError when nothing can keep the form.
    """

    def __init__(self, form: Form, vocabulary: Vocabulary, seed: int = 0) -> None:
        self.form = form
        self.vocabulary = vocabulary
        self.avoid = [simplified("".join(filter(is_han, p))) for p in form.avoid if all(map(is_han, p.strip()))]
        self.banned = frozenset(c for phrase in self.avoid if len(phrase) == 1 for c in vocabulary.alike(phrase))
        self.phrases = [phrase for phrase in self.avoid if len(phrase) > 1]
        acrostic = [c for c in form.acrostic if not c.isspace()]
        self._possible_at_all(acrostic)
        self.total = form.total
        self.planned = form.total or max(len(acrostic), len(form.must), 1)
        self.viable = {i: v for i, way in enumerate(form.ways) if (v := self._viable(way)) is not None}
        if not self.viable:
            raise ImpossibleError(_("The vocabulary has too few characters that rhyme and have the tones asked for."))
        self.fixed: Fixed = self._placed({(i, 0): c for i, c in enumerate(acrostic)}, seed)
        ways = tuple(w for w in self.viable if self._kept(w, self.fixed))
        self._lines = {(w, i): self._sequences(w, i, self.fixed) for w in ways for i in range(len(form.ways[w].tones))}
        self._own = {w: self._kept_rhymes(w, self.fixed) for w in ways}
        rhymes = self._rhymes_of_all(ways)
        self._start = _State(ways=ways, rhymes=rhymes)
        self._states: OrderedDict[str, _State] = OrderedDict()

    # What is asked, before a word is written

    def span(self, line: int) -> tuple[int, int]:
        """Least and most characters of a line."""
        return self.form.span(line) or (1, _OPEN)

    def _possible_at_all(self, acrostic: Sequence[str]) -> None:
        """Raises ImpossibleError for the wishes that contradict each other whatever is written."""
        form, chars = self.form, self.vocabulary.characters
        if not chars - self.banned or (form.breaks is Breaks.LINE and form.total != 1 and "\n" not in self.vocabulary.index):
            raise ImpossibleError(_("This engine's vocabulary cannot write that."))
        if form.total is not None and len(acrostic) > form.total:
            message = _("The acrostic has %(letters)d letters; the text has %(lines)d lines.")
            raise ImpossibleError(message, letters=len(acrostic), lines=form.total)
        longest = max((most for _least, most in form.measure), default=_OPEN)
        for word in (*form.must, *acrostic):
            lacking = "".join(c for c in word if c not in chars)
            if lacking:
                raise ImpossibleError(_("This engine cannot write %(characters)s."), characters=lacking)
            if len(word) > longest:
                raise ImpossibleError(_("%(phrase)s is longer than a line, which has %(most)d."), phrase=word, most=longest)
            against = next((a for a in self.avoid if a in simplified(word)), None)
            if against:
                raise ImpossibleError(_("%(phrase)s is asked for, and %(avoid)s is to be avoided."), phrase=word, avoid=against)

    def _viable(self, way: Pattern) -> dict[str, frozenset[str]] | None:
        """For each letter of a pattern, the rhymes with characters enough; None when a letter or a tone has none."""
        need: dict[str, int] = defaultdict(int)
        ends: dict[str, set[str | None]] = defaultdict(set)
        for line in range(self.planned):
            tone = way.tones[line][-1] if line < len(way.tones) and way.tones[line][-1] in BOTH else None
            if letter := rhyme_letter(way.rhyme, line):
                need[letter] += 1
                ends[letter].add(tone)
        spare = sum(len(self.vocabulary.alike(char)) for phrase in self.phrases for char in phrase)  # more than it can cost
        spare += len(self.form.ways) > 1  # a line's end may be a rhyme by a pattern that the poem turns out not to keep
        found = {}
        for letter, lines in need.items():
            fitting = frozenset(
                name
                for name in self.vocabulary.rhymes
                if all(self._choices(tone, name) >= lines + spare for tone in ends[letter])
            )
            if not fitting:
                return None
            found[letter] = fitting
        wanted: set[str | None] = {tone for template in way.tones for tone in template if tone in BOTH}
        if any(self._choices(tone, None) <= spare for tone in wanted or {None}):
            return None
        return found

    def _choices(self, tone: str | None, rhyme: str | None) -> int:
        """How many characters of a class may be written, traditional and simplified forms counted once."""
        return len({simplified(char) for char in self.vocabulary.of((tone, rhyme)) - self.banned})

    def _rhymes_of_all(self, ways: Sequence[int]) -> dict[str, frozenset[str]]:
        """For each letter, the rhymes it may have by any pattern, given the characters that have their place."""
        letters: dict[str, frozenset[str]] = {}
        for way in ways:
            for letter, names in self._kept_rhymes(way, self.fixed).items():
                letters[letter] = letters.get(letter, frozenset()) | names
        return letters

    def _kept_rhymes(self, way: int, fixed: Fixed) -> dict[str, frozenset[str]]:
        """The rhymes of each letter after those characters that stand at a line's end have theirs."""
        pattern, found = self.form.ways[way], dict(self.viable[way])
        for (line, at), char in fixed.items():
            letter = rhyme_letter(pattern.rhyme, line)
            if letter in found and at == self.span(line)[1] - 1:
                tone = pattern.tones[line][-1] if line < len(pattern.tones) and pattern.tones[line][-1] in BOTH else None
                found[letter] &= groups(char, self.form.book, tone)
        return found

    def _kept(self, way: int, fixed: Fixed) -> bool:
        """Whether the characters that have their place leave this pattern possible."""
        pattern = self.form.ways[way]
        if not all(self._sequences(way, line, fixed) for line in range(len(pattern.tones))):
            return False
        if not all(self._kept_rhymes(way, fixed).values()):
            return False
        ends = [
            (rhyme_letter(pattern.rhyme, line), simplified(char))
            for (line, at), char in fixed.items()
            if at == self.span(line)[1] - 1 and rhyme_letter(pattern.rhyme, line)
        ]
        return self.form.repeat or len(set(ends)) == len(ends)

    def _sequences(self, way: int, line: int, fixed: Fixed) -> frozenset[str]:
        """The tones that a line may have by a pattern, given the characters that have their place in it."""
        every = line_tones(self.form.ways[way].tones[line], self.form.freedom)
        here = [(at, tones(char, self.form.book)) for (row, at), char in fixed.items() if row == line]
        return frozenset(t for t in every if all(t[at] in said for at, said in here)) if here else every

    def _clean(self, fixed: Fixed) -> bool:
        """Whether no avoided phrase stands in the characters that have their place."""
        rows: dict[int, dict[int, str]] = defaultdict(dict)
        for (line, at), char in fixed.items():
            rows[line][at] = char
        texts = ("".join(row.get(i, "\0") for i in range(max(row) + 1)) for row in rows.values())
        return not any(phrase in simplified(text) for text in texts for phrase in self.avoid)

    def _placed(self, fixed: dict[tuple[int, int], str], seed: int) -> Fixed:
        """A place for every word that must appear, by search with a bounded number of tries."""
        if not self._fits(fixed):
            raise ImpossibleError(_("The acrostic's characters do not go with the tones and rhymes asked for."))
        words = sorted(set(self.form.must), key=lambda word: (-len(word), word))
        chance, tries = random.Random(seed), [_TRIES]
        found = self._place(words, fixed, chance, tries)
        if found is None:
            raise ImpossibleError(
                _("There is no place for all of the words that must appear: %(words)s."), words="、".join(words)
            )
        return found

    def _fits(self, fixed: Fixed) -> bool:
        return self._clean(fixed) and any(self._kept(way, fixed) for way in self.viable)

    def _place(
        self, words: Sequence[str], fixed: dict[tuple[int, int], str], chance: random.Random, tries: list[int]
    ) -> dict[tuple[int, int], str] | None:
        if not words:
            return fixed
        word, rest = words[0], words[1:]
        slots = [(line, at) for line in range(self.planned) for at in range(self.span(line)[1] - len(word) + 1)]
        chance.shuffle(slots)
        for line, at in slots:
            new = {(line, at + i): char for i, char in enumerate(word)}
            if any(fixed.get(slot, char) != char for slot, char in new.items()):
                continue
            tries[0] -= 1
            if tries[0] < 0:
                return None
            both = fixed | new
            if self._fits(both) and (found := self._place(rest, both, chance, tries)) is not None:
                return found
        return None

    # While it is written

    def allowed(self, prefix: str) -> Allowed:
        """What may come after `prefix`, the text so far from its beginning (what stands there is taken as it is)."""
        return self._next(self._state(prefix))

    def place(self, prefix: str) -> tuple[int, str]:
        """Where a text that begins with `prefix` goes on: the line (from 0), and the characters that it has already."""
        state = self._state(prefix)
        here = list(filter(is_han, prefix))
        return state.line, "".join(here[len(here) - state.at :])

    def _state(self, prefix: str) -> _State:
        """The state after `prefix`, from the longest one remembered among the last few."""
        known = next((n for n in range(len(prefix), max(len(prefix) - 8, 0), -1) if prefix[:n] in self._states), 0)
        state = self._states[prefix[:known]] if known else self._start
        for char in prefix[known:]:
            state = self._after(state, char)
        self._states[prefix] = state
        self._states.move_to_end(prefix)
        if len(self._states) > _KEPT:
            self._states.popitem(last=False)
        return state

    def _after(self, state: _State, char: str) -> _State:
        """The state one character later."""
        if not is_han(char):
            if char == "\n" and state.breaks.endswith("\r"):
                return state  # both together are one line break
            ends = char in NEW_LINES or (self.form.breaks is Breaks.CLAUSE and char in CLAUSE)
            if state.at and ends:
                state = self._ended(state)
            return replace(state, breaks=state.breaks + char, tail="") if ends else replace(state, tail="")
        known = tones(char, self.form.book)
        kept = tuple(w for w in state.ways if self._tones(w, state.line, (*state.said, known)) is not None)
        if not kept:  # a hand wrote what the form does not allow: go on as if it did
            kept, known = state.ways, BOTH
        tail = (state.tail + char)[-max((len(p) for p in self.phrases), default=1) :]
        return replace(state, at=state.at + 1, said=(*state.said, known), breaks="", tail=tail, ways=kept)

    def _ended(self, state: _State) -> _State:
        """The state after a line's end: what its last character rhymed with binds the lines of its letter."""
        last = state.tail[-1:]
        kept = [w for w in state.ways if not last or self._rhymes_so(w, state, last)] or list(state.ways)
        rhymes, used = dict(state.rhymes), dict(state.used)
        for way in kept:  # which rhymes any of them leaves
            letter = rhyme_letter(self.form.ways[way].rhyme, state.line)
            if letter and last:
                both = rhymes.get(letter, frozenset()) & groups(last, self.form.book, self._tone(way, state.line))
                rhymes[letter] = both or rhymes.get(letter, frozenset())
                used[letter] = used.get(letter, frozenset()) | {simplified(last)}
        kept = [w for w in kept if all(rhymes.get(letter, own) & own for letter, own in self._own[w].items())] or kept
        return _State(line=state.line + 1, ways=tuple(kept), rhymes=rhymes, used=used)

    def _tone(self, way: int, line: int) -> str | None:
        templates = self.form.ways[way].tones
        return templates[line][-1] if line < len(templates) and templates[line][-1] in BOTH else None

    def _tones(self, way: int, line: int, said: tuple[frozenset[str], ...]) -> frozenset[str] | None:
        """The tones that may follow `said` in a line by one pattern (none: the line is full); None when it is broken."""
        return _following(self._lines[way, line], said) if (way, line) in self._lines else BOTH

    def _rhymes_so(self, way: int, state: _State, char: str) -> bool:
        letter = rhyme_letter(self.form.ways[way].rhyme, state.line)
        if not letter:
            return True
        if not self.form.repeat and simplified(char) in state.used.get(letter, frozenset()):
            return False
        return bool(self._rhymes_left(way, state, letter) & groups(char, self.form.book, self._tone(way, state.line)))

    def _rhymes_left(self, way: int, state: _State, letter: str) -> frozenset[str]:
        """The rhymes that a letter may still have by one pattern, which may need more of them than another."""
        left = state.rhymes.get(letter, frozenset())
        return left & self._own[way].get(letter, left) or left

    def _separator(self, line: int) -> str:
        """What stands after `line`, in full."""
        last = line + 1 == self.total
        marks = self.form.marks or "，。"
        mark = ("。" if last else marks[line % len(marks)]) if self.form.breaks is Breaks.CLAUSE else ""
        stanza_ends, done = False, 0
        for size in self.form.stanzas:
            done += size
            stanza_ends |= done == line + 1
        if last:
            return mark
        return mark + ("\n\n" if stanza_ends else "\n" if self.form.breaks is Breaks.LINE else "")

    def _next(self, state: _State) -> Allowed:
        wanted = self._separator(state.line - 1) if state.line else ""
        if state.at == 0 and len(state.breaks) < len(wanted):
            return Allowed(frozenset(wanted[len(state.breaks)]))
        if self.total is not None and state.line >= self.total:
            return Allowed(frozenset(), end=True)
        least, most = self.span(state.line)
        least = max([least, *(at + 1 for row, at in self.fixed if row == state.line)])
        done = state.at >= least and any(self._rhymes_so(w, state, state.tail[-1:] or " ") for w in state.ways)
        after = self._separator(state.line)
        closing = after[:1] if done or state.at >= most else ""
        may_end = self.total is None and state.at == 0 and state.line >= self.planned
        if state.at >= most:
            return Allowed(frozenset(closing), end=not closing)
        if (fixed := self.fixed.get((state.line, state.at))) is not None:
            return Allowed(frozenset(fixed))
        characters, without = self._characters(state, most)
        return Allowed(characters | frozenset(closing) if closing else characters, without, end=may_end or (done and not after))

    def _characters(self, state: _State, most: int) -> tuple[frozenset[str], frozenset[str]]:
        """The characters for the next place of a line, and those of them that may not stand there."""
        ending = state.at == most - 1
        classes: set[Class] = set()
        without = set(self.banned)
        for way in state.ways:
            letter = rhyme_letter(self.form.ways[way].rhyme, state.line) if ending else None
            names: frozenset[str | None] = frozenset(self._rhymes_left(way, state, letter) if letter else {None})
            following = self._tones(way, state.line, state.said)
            templated = state.line < len(self.form.ways[way].tones)
            classes |= (
                {(tone, name) for tone in (following or BOTH) for name in names} if templated else {(None, n) for n in names}
            )
            if letter and not self.form.repeat:
                reserved = {c for (row, at), c in self.fixed.items() if at == self.span(row)[1] - 1 and row != state.line}
                for char in state.used.get(letter, frozenset()) | reserved:
                    without |= self.vocabulary.alike(char)
        before, after = simplified(state.tail), self._fixed_after(state.line, state.at)
        for phrase in self.phrases:
            for i, char in enumerate(phrase):
                if before.endswith(phrase[:i]) and after.startswith(phrase[i + 1 :]):
                    without |= self.vocabulary.alike(char)
        return self.vocabulary.of(*classes), frozenset(without)

    def _fixed_after(self, line: int, at: int) -> str:
        """The run of characters with a place of their own that follows this place."""
        found = ""
        while (line, at + 1) in self.fixed:
            at += 1
            found += self.fixed[line, at]
        return simplified(found)


@cache
def _following(allowed: frozenset[str], said: tuple[frozenset[str], ...]) -> frozenset[str] | None:
    """The tones after `said` in those of the `allowed` sequences that begin with it; None when none does."""
    kept = [t for t in allowed if all(tone in known for tone, known in zip(t, said, strict=False))]
    return frozenset(t[len(said)] for t in kept if len(t) > len(said)) if kept else None
