"""A Chinese form as a mask over an engine's tokens, for engines whose tokens are characters."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from app.engines.text.known_lines import KnownLines
from app.errors import EngineError, _
from app.media.text.prosody.constraint import ChineseConstraint
from app.media.text.scripts import is_han

if TYPE_CHECKING:
    import torch

_PUSH = (1.5, 4.0)  # what is added to the logits of a keyword's character after the first line and at the poem's end
_FIRST = 0.5  # of it where a line begins: there too many keywords would stand
_NEXT = 6.0  # and of its second character once the first stands there
_SEASONS = "春夏秋冬"
_OTHER = -2.5  # and of another season's than the one the keywords name
_KNOWN = -30.0  # and of a character that would complete a line of the training: taken only where nothing else may stand


class Within:
    """Holds one variant within its form, and leans it towards the keywords that it has not written yet.

    The masks keep the form by construction; the leaning changes only how a character is drawn, never its probability in
    the records. It also leads away from known lines. A poem's first line is left to the model, which has read the keywords:
    leaning towards them from its beginning on would make all poems of a brief begin with the same word.
    """

    def __init__(
        self,
        form: ChineseConstraint,
        usable: torch.Tensor,
        end: int,
        *,
        words: Sequence[str],
        before: str = "",
        keywords: Sequence[str] = (),
        lines: int | None = None,
        known: KnownLines | None = None,
    ) -> None:
        """`words` are the tokens by id, `before` is the text so far, `lines` how many more are written at most, `known`
        those not to be repeated.
        """
        self.form, self.usable, self.end, self.words, self.before, self.lines = form, usable, end, words, before, lines
        self.keywords = [word for word in keywords if word]
        self.size, self.known = sum(form.span(line)[1] for line in range(form.planned)), known
        self.points = known.points(words) if known else None

    def text(self, written: Sequence[int]) -> str:
        """The whole text with these tokens, without white space."""
        return self.before + "".join(self.words[id] for id in written)

    def after(self, written: Sequence[int]) -> Within:
        """The same when these tokens belong to the text already."""
        later = copy.copy(self)
        later.before = self.text(written)
        return later

    def _lines(self, written: Sequence[int]) -> int:
        """How many lines end in what is written; a mark that only closes what stood before ends none."""
        characters = [is_han(self.words[id]) for id in written]
        return sum(before and not now for before, now in pairwise(characters))

    def allowed(self, written: Sequence[int]) -> torch.Tensor:
        """What may come next: [vocab] of bool. Raises EngineError when there is nothing, which no known form leads to."""
        import torch

        if self.lines is not None and self._lines(written) >= self.lines:
            return self._only_end()
        found = self.form.allowed(self.text(written))
        mask = torch.frombuffer(self.form.vocabulary.mask(found), dtype=torch.uint8).bool().to(self.usable.device) & self.usable
        mask[self.end] = found.end
        if not bool(mask.any()):
            raise EngineError(_("The form leaves nothing that could come next. Loosen it."))
        return mask

    def leaning(self, written: Sequence[int]) -> dict[int, float]:
        """What is added to the logits of tokens, by id."""
        text = self.text(written)
        line, begun = self.form.place(text)
        named = {char for word in self.keywords for char in word if char in _SEASONS}
        others = [char for char in _SEASONS if named and char not in named]
        found = {self.form.vocabulary.index[char]: _OTHER for char in others if char in self.form.vocabulary.index}
        if line or self.form.planned == 1:
            done = sum(map(is_han, text)) / max(1, self.size)
            found |= self._towards(text, (_PUSH[0] + (_PUSH[1] - _PUSH[0]) * min(1.0, done)) * (1 if begun else _FIRST))
        return found | dict.fromkeys(self._repeating(line, begun), _KNOWN)

    def _towards(self, text: str, push: float) -> dict[int, float]:
        """The next characters of the keywords that are not named yet."""
        found: dict[int, float] = {}
        for word in self.keywords:
            if word in text:
                continue
            at = next((n for n in range(len(word) - 1, 0, -1) if text.endswith(word[:n])), 0)
            id = self.form.vocabulary.index.get(word[at])
            if id is not None:
                found[id] = max(found.get(id, 0.0), _NEXT if at else push)
        return found

    def _repeating(self, line: int, begun: str) -> Sequence[int]:
        """The characters, by id, that would complete a known line."""
        least, most = self.form.span(line)
        if self.known is None or self.points is None or not least == most == len(begun) + 1:
            return ()
        found: list[int] = self.known.completed(begun, self.points).nonzero()[0].tolist()
        return found

    def _only_end(self) -> torch.Tensor:
        import torch

        mask = torch.zeros_like(self.usable)
        mask[self.end] = True
        return mask
