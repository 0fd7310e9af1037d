"""A poem as the best of several drafts: likely to the model, naming what was asked, without repeating itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterator, Sequence
from dataclasses import dataclass

from app.engines.shared.language_model import LanguageModel
from app.engines.shared.sampling import Sampling
from app.engines.text.drafting import Draft, drafts
from app.engines.text.within import Within
from app.media.text.prosody.impossible import ImpossibleError
from app.media.text.scripts import is_han

NAMED, AGAIN = 0.6, 1.5  # what a draft gains by naming all of its keywords, and loses by nothing but repeated characters


@dataclass(frozen=True, slots=True)
class Poem:
    """How one poem is written: after `prompt`, within what `hold` makes of the words that it must have."""

    model: LanguageModel
    prompt: Sequence[int]
    seed: int
    sampling: Sampling
    tokens: int
    count: int
    hold: Callable[[tuple[str, ...]], Within]
    before: Sequence[int] = ()
    stopped: Container[int] = ()

    def written(self) -> Iterator[int | Draft]:
        """The number of tokens after each step, and at last the best draft.

        Where no draft names any of the keywords (rare ones), they are written again, and the first has its place by form.
        """
        hold = self.hold(())
        best = yield from self._drafts(hold)
        named = not hold.keywords or any(word in hold.text(best.ids) for word in hold.keywords)
        if not named and 0 not in self.stopped:
            try:
                again = yield from self._drafts(self.hold((hold.keywords[0],)))
            except ImpossibleError:  # it goes with neither tones nor rhymes
                again = best
            best = again
        yield best

    def _drafts(self, hold: Within) -> Generator[int, None, Draft]:
        found = drafts(
            self.model,
            self.prompt,
            self.seed,
            self.sampling,
            self.tokens,
            constraint=hold,
            count=self.count,
            before=self.before,
            stopped=self.stopped,
        )
        made: list[Draft] = []
        for part in found:
            if isinstance(part, int):
                yield part
            else:
                made = part
        return max(made, key=lambda draft: worth(draft, hold))


def worth(draft: Draft, hold: Within) -> float:
    """The more the better."""
    text = hold.text(draft.ids)
    characters = list(filter(is_han, text))
    again = 1 - len(set(characters)) / max(1, len(characters))
    named = sum(word in text for word in hold.keywords) / max(1, len(hold.keywords))
    return draft.likelihood + NAMED * named - AGAIN * again
