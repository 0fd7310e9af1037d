"""An English form as a mask over a model's tokens: it writes words that are one token each, so that a line's syllables,
rhyme and metre are known before the word stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import EngineError, _
from app.forms.constraint import EnglishConstraint, Next, Words
from app.forms.english import sound, stresses
from app.forms.form import Form
from app.forms.impossible import ImpossibleError
from app.forms.verse_english import offbeat

if TYPE_CHECKING:
    import torch

# Tokens that begin longer words and are none themselves, though the dictionary lists them as names ("crim", "relig"):
# those of SmolLM2's vocabulary that begin another of its tokens and are no word of BERT's.
_FRAGMENTS = Path(__file__).with_name("fragments.txt")
# The words of up to three letters that verse may use; most other tokens so short are parts of words.
_SHORT = Path(__file__).with_name("short_words.txt")
_WORD = re.compile(r"[A-Za-z]+")
_LETTERS = 3
_PAUSES = (",", ";")
_COMMA, _STOP, _BREAK = ",", ".", "\n"


class Lexicon:
    """The words that a model writes in one token, after a space and at a line's beginning (there with a capital)."""

    def __init__(self, pieces: Sequence[bytes], banned: Iterable[int] = ()) -> None:
        """`pieces` are the bytes of each token."""
        self.within: dict[str, int] = {}
        self.first: dict[str, int] = {}
        self.marks: dict[str, int] = {}
        without = set(banned)
        for id, piece in enumerate(pieces):
            text = piece.decode("utf-8", "replace")
            if id in without:
                continue
            if text in {_COMMA, _STOP, ";", _BREAK}:
                self.marks[text] = id
            elif text.startswith(" ") and _WORD.fullmatch(text[1:]) and (text[1:].islower() or text == " I"):
                self.within[text[1:].lower()] = id
            elif _WORD.fullmatch(text) and text[0].isupper() and (text[1:].islower() or len(text) == 1):
                self.first[text.lower()] = id
        parts, short = set(_FRAGMENTS.read_text("utf-8").split()), set(_SHORT.read_text("utf-8").split())
        self.within = {w: id for w, id in self.within.items() if (w in short if len(w) <= _LETTERS else w not in parts)}
        self.first = {w: id for w, id in self.first.items() if w in self.within}
        self.words = Words(word for word in self.within if sound(word).counts[0])


class WithinEnglish:
    """Holds one variant within its form."""

    def __init__(
        self,
        form: Form,
        lexicon: Lexicon,
        usable: torch.Tensor,
        ends: Sequence[int],
        decoded: Callable[[Sequence[int]], str],
        *,
        encoded: Callable[[str], Sequence[int]],
        before: str = "",
        seed: int = 0,
    ) -> None:
        """`before` is the text so far. Raises ImpossibleError."""
        must = tuple(phrase.lower() for phrase in form.must)
        spelled = {
            word: word
            for phrase in must
            for word in phrase.split()
            if word not in lexicon.words.counts or word not in lexicon.first
        }
        for letter in filter(str.isalpha, form.acrostic.lower()):
            if not lexicon.words.by_letter[letter] & lexicon.first.keys():
                raise ImpossibleError(_("This engine cannot write %(characters)s."), characters=letter)
        book = Words([*lexicon.within, *spelled]) if spelled else lexicon.words
        self.form, self.usable, self.ends, self.before = form, usable, list(ends), before
        self.lexicon, self.decoded = lexicon, decoded
        self.asked = EnglishConstraint(form.model_copy(update={"must": must}), book, seed)
        self.spelled = {word: (list(encoded(f" {word}")), list(encoded(word.capitalize()))) for word in spelled}
        done, self.last_of_stanza = 0, set[int]()
        for size in form.stanzas:
            done += size
            self.last_of_stanza.add(done)

    @property
    def over(self) -> bool:
        """Whether the text has all of its lines before anything is written."""
        lines = [line for line in self.before.split(_BREAK) if line.strip()]
        return self.form.total is not None and len(lines) >= self.form.total and self.before.endswith(_BREAK)

    def allowed(self, written: Sequence[int]) -> torch.Tensor:
        """What may come next: [vocab] of bool. Raises EngineError when there is nothing."""
        import torch

        if (id := self._spelling(written)) is not None:
            ids = [id]
        else:
            text = self.before + self.decoded(written)
            ids = self._ids(text, self.asked.allowed(text.lower()))
        mask = torch.zeros_like(self.usable)
        mask[ids] = True
        if not ids:
            raise EngineError(_("The form leaves nothing that could come next. Loosen it."))
        return mask

    def _spelling(self, written: Sequence[int]) -> int | None:
        """The next token of a word that takes several, if one is being written."""
        for within, first in self.spelled.values():
            for tokens in (within, first):
                for count in range(min(len(tokens) - 1, len(written)), 0, -1):
                    if list(written[-count:]) != tokens[:count]:
                        continue
                    text = self.before + self.decoded(written[:-count])
                    words = self.asked.allowed(text.lower()).words
                    if len(words) == 1 and next(iter(words)) in self.spelled:
                        return tokens[count]
        return None

    def _ids(self, text: str, found: Next) -> list[int]:
        """The tokens for what may come after `text`."""
        marks, first = self.lexicon.marks, not text or text.endswith(_BREAK)
        line = text.rsplit(_BREAK, 1)[-1]
        over = line.rstrip().endswith((_STOP, *_PAUSES)) and not found.words
        if first and text and self._parted(text):
            return [marks[_BREAK]]
        if over or (found.end and line.rstrip().endswith(_STOP)):
            return self.ends if found.end else [marks[_BREAK]]
        ids = [self._id(word, first=first) for word in self._scanned(line, found.words)]
        ids = [id for id in ids if id is not None]
        paused = line.rstrip().endswith((_STOP, *_PAUSES))
        if found.line_break:
            ids += [marks[_BREAK]] + ([] if paused else [marks[mark] for mark in (*_PAUSES, _STOP) if mark in marks])
        elif found.words and not first and not paused and _COMMA in marks and not self._opening(line, found):
            ids.append(marks[_COMMA])
        if found.end:
            ids += [*self.ends] + ([] if paused or first else [marks[_STOP]])
        return ids

    def _opening(self, line: str, found: Next) -> bool:
        """Whether a phrase that must appear is being written: no comma parts it."""
        return bool(line) and len(found.words) == 1

    def _parted(self, text: str) -> bool:
        """Whether the line just ended was a stanza's last, and the empty line is not there yet."""
        lines = [line for line in text.split(_BREAK) if line.strip()]
        return len(lines) in self.last_of_stanza and len(lines) != self.form.total and not text.endswith(2 * _BREAK)

    def _id(self, word: str, *, first: bool) -> int | None:
        if word in self.spelled:
            return self.spelled[word][first][0]
        return self.lexicon.first.get(word) if first else self.lexicon.within[word]

    def _scanned(self, line: str, words: Iterable[str]) -> Iterable[str]:
        """Those of the words whose stresses fall where the form's metre has its own."""
        if not self.form.metre:
            return words
        said = re.findall(r"[A-Za-z']+", line)
        at = sum(sound(word).counts[0] for word in said)
        pause = not said or line.rstrip()[-1:] in {*_PAUSES, _STOP}
        return [word for word in words if not self._misses(word, at, pause=pause)]

    def _misses(self, word: str, at: int, *, pause: bool) -> bool:
        phones = self.asked.vocabulary.sounds.get(word)
        return phones is not None and offbeat(self.form.metre, at, stresses(phones), pause=pause) > 0
