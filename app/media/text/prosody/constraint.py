"""Writing within a form: which characters (Chinese) or words (English) may come next, so that what is written keeps it.

An engine's logits processor asks `allowed(prefix)` at each step and turns the answer into a mask (`Vocabulary.mask`). What
cannot be kept is said by `impossible()` before anything runs; after that no step is without a way on.
"""

from __future__ import annotations

from app.media.text.prosody.constraint_chinese import ChineseConstraint
from app.media.text.prosody.constraint_english import EnglishConstraint, Next, WordTable
from app.media.text.prosody.form import Form, Language
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.prosody.vocabulary import Allowed, Vocabulary

__all__ = [
    "Allowed",
    "ChineseConstraint",
    "EnglishConstraint",
    "ImpossibleError",
    "Next",
    "Vocabulary",
    "WordTable",
    "impossible",
]


def impossible(form: Form, vocabulary: Vocabulary | WordTable) -> ImpossibleError | None:
    """Why nothing written in `vocabulary` can keep `form`; None when something can. Bounded, whatever is asked."""
    try:
        if isinstance(vocabulary, WordTable):
            EnglishConstraint(form, vocabulary)
        else:
            ChineseConstraint(form, vocabulary)
    except ImpossibleError as error:
        return error
    return None


def constraint(form: Form, vocabulary: Vocabulary | WordTable, seed: int = 0) -> ChineseConstraint | EnglishConstraint:
    """The constraint for the vocabulary's language. Raises ImpossibleError."""
    if form.language is Language.ENGLISH or isinstance(vocabulary, WordTable):
        if not isinstance(vocabulary, WordTable):
            raise TypeError("English is written in words")
        return EnglishConstraint(form, vocabulary, seed)
    return ChineseConstraint(form, vocabulary, seed)
