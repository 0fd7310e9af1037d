"""An English form as a mask over a model's tokens: it writes words that are one token each, so that a line's syllables,
rhyme and metre are known before the word stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.engines.text.english_only import AWAY
from app.errors import EngineError, _
from app.media.text.prosody.constraint import EnglishConstraint, Next, WordTable
from app.media.text.prosody.english import pronounce, stresses
from app.media.text.prosody.form import Form
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.prosody.verse_english import offbeat

if TYPE_CHECKING:
    import torch

_WORDS = Path(__file__).with_name("english_words.txt")
_WORD = re.compile(r"[A-Za-z]+")
_LETTERS = 3
_AFTER_PAUSE = 3  # syllables that follow a comma within a line, at least
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
        kinds = word_kinds()
        short, parts = kinds["short"], kinds["fragments"] | kinds["about"]
        self.within = {w: id for w, id in self.within.items() if (w in short if len(w) <= _LETTERS else w not in parts)}
        self.first = {w: id for w, id in self.first.items() if w in self.within}
        self.words = WordTable(word for word in self.within if pronounce(word).counts[0])


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
        worn: Iterable[str] = (),
    ) -> None:
        """`before` is the text so far, `worn` the words that are led away from. Raises ImpossibleError."""
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
        book = WordTable([*lexicon.within, *spelled]) if spelled else lexicon.words
        self.form, self.usable, self.ends, self.before = form, usable, list(ends), before
        self.weak = word_kinds()["weak"]
        self.worn = {
            book[word]: AWAY for word in worn for book in (lexicon.within, lexicon.first) if word in book and word not in must
        }
        self._laid: dict[tuple[object, ...], list[int]] = {}  # the tokens for words that were asked for before
        self.lexicon, self.decoded, self._line = lexicon, decoded, 0
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

    def leaning(self, _written: Sequence[int]) -> dict[int, float]:
        """What is added to the logits of tokens, by id."""
        return self.worn

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
        line = text.rsplit(_BREAK, 1)[-1].rstrip()
        self._line = sum(bool(part.strip()) for part in text.split(_BREAK)[:-1])
        paused = line.endswith((_STOP, *_PAUSES))
        if first and text and self._parted(text):
            return [marks[_BREAK]]
        if paused and (found.end or found.line_break or not found.words) and not self._inside(line, found):
            return self.ends if found.end else [marks[_BREAK]]
        said = re.findall(r"[a-z']+", line.lower())
        ids = list(self._word_ids(line, said, found.words, first=first))
        weak = bool(said) and said[-1] in self.weak and bool(ids)  # the line goes on where it can
        if found.line_break and not weak:
            ids += [marks[_BREAK]] + [marks[mark] for mark in (*_PAUSES, _STOP) if mark in marks and not paused]
        elif ids and not first and not paused and not weak and self._room(said) and len(found.words) > 1:
            ids += [marks[_COMMA]] if _COMMA in marks else []
        if found.end and not weak:  # what has all of its lines ends with a full stop
            ids += self.ends if paused or first or _STOP not in marks else [marks[_STOP]]
        return ids

    def _word_ids(self, line: str, said: Sequence[str], words: frozenset[str], *, first: bool) -> Sequence[int]:
        """The tokens of these words, without those that would end the line badly or off the beat, where others are left."""
        size = sum(pronounce(word).counts[0] for word in said)
        key = (words, self._line, size, first, self.form.metre and line[-1:])
        if key not in self._laid:
            span = self.form.span(self._line)
            over = {w for w in self.weak if span and size + self.lexicon.words.counts.get(w, 0) >= span[1]}
            scanned = list(self._scanned(line, words))
            fitting = [word for word in scanned if word not in over] or scanned
            self._laid[key] = [id for word in fitting if (id := self._id(word, first=first)) is not None]
        return self._laid[key]

    def _inside(self, line: str, found: Next) -> bool:
        """Whether the pause that ends `line` stands within it: words must follow, for the line may not break yet."""
        return line.endswith(_COMMA) and bool(found.words) and not found.line_break and not found.end

    def _room(self, said: Sequence[str]) -> bool:
        """Whether a pause leaves words enough after it."""
        span = self.form.span(self._line)
        return span is None or sum(pronounce(word).counts[0] for word in said) <= span[1] - _AFTER_PAUSE

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
        at = sum(pronounce(word).counts[0] for word in said)
        pause = not said or line.rstrip()[-1:] in {*_PAUSES, _STOP}
        return [word for word in words if not self._misses(word, at, pause=pause)]

    def _misses(self, word: str, at: int, *, pause: bool) -> bool:
        phones = self.asked.vocabulary.sounds.get(word)
        return phones is not None and offbeat(self.form.metre, at, stresses(phones), pause=pause) > 0


@cache
def word_kinds() -> dict[str, frozenset[str]]:
    """Kinds of English words by name, as english_words.txt tells them."""
    found: dict[str, frozenset[str]] = {}
    for part in _WORDS.read_text("utf-8").split("# ")[1:]:
        head, _line, words = part.partition("\n")
        found[head.partition(":")[0]] = frozenset(words.split())
    return found
