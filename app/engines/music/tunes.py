"""The house engine of tunes: a small Llama on key-free tokens (made by app/training/music), its grammar by construction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.brief import Brief, Prompt
from app.engines.engine import Content, EngineParams, Medium, Request, Step, Strength, Verb
from app.engines.music import asking, blending, tasks, varying
from app.engines.music.composing import Composer
from app.engines.music.conditions import TuneConditions
from app.engines.music.decoder import Decoder
from app.engines.music.inspiring import inspired
from app.engines.music.possible import check_possible
from app.engines.music.score import scores_of
from app.engines.music.tasks import Run, Variant
from app.engines.music.tune_params import Harmonies, TuneParams
from app.engines.shared.local_engine import UNUSABLE, LocalEngine, llama, unusable
from app.engines.shared.weights import fault, weights_digest
from app.errors import EngineError, _
from app.lanes import Lane
from app.media.medium import ABC
from app.media.music.abc.abc import read_tune
from app.media.music.abc.transpose import transposed
from app.media.music.abc.writing import with_chords
from app.media.music.grammar.tokens import END, EOS, IDS, VOCABULARY
from app.media.music.notation.checks import checks, contour, ends_at_home
from app.media.music.notation.tune import metre_of
from app.media.music.theory.books import known
from app.media.music.theory.harmony import harmonised
from app.media.music.theory.second_voice import with_second_voice

if TYPE_CHECKING:
    from app.engines.shared.language_model import LanguageModel
    from app.media.music.notation.tune import Tune

WEIGHTS, CONFIG, KNOWN = "model.safetensors", "config.json", "known.safetensors"


class Tunes(LocalEngine):
    """Tunes in ABC notation, from a model that learned them from public-domain books."""

    name = "tunes"
    title = _("House tunes")
    medium = Medium.MUSIC
    verbs = frozenset(
        {Verb.CREATE, Verb.CONTINUE, Verb.REPLACE, Verb.VARY, Verb.REROLL, Verb.REFINE}
        | {Verb.TRANSPOSE, Verb.HARMONISE, Verb.BLEND}
    )
    licence = "Apache-2.0"
    libraries = ("torch", "transformers", "safetensors")
    Params = TuneParams

    def __init__(self, folder: Path) -> None:
        """Weights and configuration in `folder`; beside them, if there, the tunes to compare with."""
        super().__init__()
        self.folder = folder

    @property
    def writes(self) -> bool:
        return True

    def lane(self, params: Mapping[str, Any]) -> Lane:  # noqa: ARG002 (a tune takes seconds)
        return Lane.QUICK

    def damage(self) -> str | None:
        missing = None if (self.folder / CONFIG).is_file() else _("it is missing")
        return unusable(self.folder, fault(self.folder / WEIGHTS) or missing)

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (the seam's)
        brief: Brief,  # noqa: ARG002 (as above)
        texts: Sequence[str] = (),  # noqa: ARG002 (as above)
        kinds: Sequence[str] = (),
    ) -> str | None:
        heard = all(kind.startswith("text/") for kind in kinds)
        return None if heard else _("This engine reads notes only: it cannot start from a recording.")

    def prompt(self, brief: Brief) -> Prompt:
        return asking.prompt(brief)

    def check(self, verb: Verb, brief: Brief, params: EngineParams) -> None:
        if verb in {Verb.CREATE, Verb.REROLL, Verb.REFINE}:
            check_possible(brief, self.Params.model_validate(params.model_dump()).said)

    def loaded(self, device: str) -> tuple[LanguageModel, dict[str, Any]]:
        from app.engines.shared.language_model import LanguageModel

        inner = llama(self.folder, device)
        if inner.config.vocab_size != len(VOCABULARY):
            raise EngineError(UNUSABLE, file=str(self.folder), reason=_("it knows other tokens"))
        facts = {"model": self.folder.name, "weights": weights_digest(self.folder / WEIGHTS), "dtype": "float32"}
        return LanguageModel(inner, [IDS[EOS], IDS[END]]), facts

    @property
    def model(self) -> Any:
        """The network itself, when it is loaded (bench)."""
        if self._model is None:
            raise EngineError(_("The engine is not loaded."))
        return self._model.model

    def warm(self) -> None:
        request = Request(Verb.CREATE, Brief(), self.Params(bars=4), (0, 1, 2, 3))
        for _part in self.run(request):
            pass

    def run(self, request: Request) -> Iterator[Step | Content]:
        if self._model is None:
            raise EngineError(_("The engine is not loaded."))
        params = self.Params.model_validate(request.params.model_dump())
        pen = Decoder(self._model, params.sampling, request.stopped)
        index_of = self.folder / KNOWN
        composer = Composer(pen, params.drafts, known(index_of) if index_of.is_file() else None)
        said = params.said.over(asking.conditions_of(request.brief)[0]).over(inspired(request.parents))
        index = 0
        for part in self._task(request, params, composer, said):
            if isinstance(part, Step):
                yield part
            else:
                yield self._content(index, request, params, part)
                index += 1

    def _task(self, request: Request, params: TuneParams, composer: Composer, said: TuneConditions) -> Run:  # noqa: PLR0911 (one for each verb)
        """What the verb asks for: Steps, and a `Made` for each seed in order."""
        title, seeds, pen = request.brief.intent, request.seeds, composer.pen
        if request.verb in {Verb.CREATE, Verb.REROLL}:
            return tasks.create(composer, [said.whole(seed) for seed in seeds], seeds, title, home=params.home)
        scores = scores_of(request)
        score = scores[0]
        own = score.conditions()
        match request.verb:
            case Verb.CONTINUE:
                return tasks.go_on(composer, score, own, seeds, params.more, home=params.home)
            case Verb.REPLACE if request.bars:
                return tasks.replace(composer, score, own, seeds, request.bars, home=params.home)
            case Verb.VARY:
                return varying.vary(pen, score, own, seeds, request.strength or Strength.SUBTLE)
            case Verb.REFINE:
                return blending.refine(composer, score, said, seeds, title, home=params.home)
            case Verb.BLEND if len(scores) > 1:
                return blending.blend(pen, score, scores[1], own, seeds, title)
            case Verb.TRANSPOSE if request.semitones is not None:
                text = transposed(score.tune, max(-24, min(24, request.semitones)))
                return iter([Variant(text, own) for _seed in seeds])
            case Verb.HARMONISE:
                return iter([Variant(_with_harmony(score.tune, seed, params.harmony), own) for seed in seeds])
            case Verb.BLEND:
                raise EngineError(_("A blend takes two tunes."))
            case _:
                raise EngineError(_("Say which bars, or how many semitones."))

    def _content(self, index: int, request: Request, params: TuneParams, made: Variant) -> Content:
        chance = request.verb is not Verb.TRANSPOSE
        text, records, ranges = made.text, made.records, made.written
        tune, asked = read_tune(text), made.conditions
        if params.chords and request.verb in {Verb.CREATE, Verb.REROLL, Verb.CONTINUE, Verb.REFINE, Verb.BLEND}:
            text = with_chords(tune, harmonised(tune))
            tune, records, ranges = read_tune(text), (), ((0, len(text)),)
        key = None if request.verb is Verb.TRANSPOSE else asked.key
        facts = self._facts | {"prompt": str(asked), "conditions": asked.tokens[1:]} | made.facts
        facts |= {"checks": asdict(checks(tune, key, metre_of(asked.metre))), "ends_at_home": ends_at_home(tune)}
        facts |= {"instrument": asked.instrument} if asked.instrument else {}
        facts |= {"contour": [round(height, 3) for height in contour(tune)]}
        if (self.folder / KNOWN).is_file():
            facts["novelty"] = asdict(known(self.folder / KNOWN).longest(tune))
        return Content(
            index=index,
            seed=request.seeds[index] if chance else None,
            data=text.encode(),
            media_type=ABC,
            facts=facts,
            tokens=tuple(token for token in records if token.logprob is not None),
            written=ranges,
        )


def _with_harmony(tune: Tune, seed: int, harmony: Harmonies) -> str:
    """The tune with chords above it, a voice below it that keeps to them, or both."""
    chords = harmonised(tune, seed)
    text = with_second_voice(tune, chords) if harmony is not Harmonies.CHORDS else tune.source
    return with_chords(read_tune(text), chords) if harmony is not Harmonies.VOICE else text
