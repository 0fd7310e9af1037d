"""What the tokens of an English text are held to: its form, the letters of English, and no worn words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from app.engines.engine import Request
from app.engines.shared.language_model import LanguageModel
from app.engines.text.english_only import EnglishOnly, spelled
from app.engines.text.prose import first_sentence
from app.engines.text.tasks import texts_of
from app.engines.text.within_english import Lexicon, WithinEnglish, word_kinds
from app.errors import EngineError, _
from app.media.text.prosody.form import Form
from app.media.text.scripts import LATIN_WORD


class EnglishConstraints:
    """Makes the constraints of runs for a loaded model."""

    def __init__(self, model: LanguageModel, pieces: Sequence[bytes], encoded: Callable[[str], list[int]]) -> None:
        """`pieces` are the bytes of each token, `encoded` makes tokens of a text."""
        self._usable, self._ends = model.usable, sorted(model.ends)
        self._pieces, self._encoded = pieces, encoded

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words that are one token each, made when a form first asks for them."""
        return Lexicon(self._pieces, [id for id, good in enumerate(self._usable.tolist()) if not good])

    @cached_property
    def _letters(self) -> EnglishOnly:
        """Any English, made when free verse or prose is first asked for."""
        return EnglishOnly(self._usable, self._pieces)

    def free(self, request: Request, *, prose: bool, small: bool) -> EnglishOnly:
        """No form. It leads away from worn words, and in `prose` also from those that talk about a text; `small`: it begins
        without a capital.
        """
        own = (first_sentence(request.brief), *texts_of(request))
        words = [*_worn(request), *_kind_without("meta" if prose else "about", *own)]
        return self._letters.away_from(spelled(words, self._encoded), small=small)

    def within(self, form: Form, request: Request, before: str) -> list[WithinEnglish]:
        """A form, for each variant, where `before` stands already. Raises EngineError where that is the whole poem."""
        pieces, worn = self._pieces, _worn(request)
        holds = [
            WithinEnglish(
                form,
                self.lexicon,
                self._usable,
                self._ends,
                lambda ids: b"".join(pieces[id] for id in ids).decode("utf-8", "replace"),
                encoded=self._encoded,
                before=before,
                seed=seed,
                worn=worn,
            )
            for seed in request.seeds
        ]
        if holds and holds[0].over:
            raise EngineError(_("The poem is whole already: its form has no further line."))
        return holds


def _worn(request: Request) -> list[str]:
    """The worn words that neither the brief nor the text has."""
    return _kind_without("worn", request.brief.prompt().positive, *texts_of(request))


def _kind_without(kind: str, *texts: str) -> list[str]:
    """The words of a kind that none of `texts` has."""
    said = {word.lower() for text in texts for word in LATIN_WORD.findall(text)}
    return sorted(word_kinds()[kind] - said)
