"""The loops that write a run: by drawing, or by beam search. Engines have others: `infill`, `english_verse`, `verse_drafts`."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from app.engines.engine import Step, TextDelta, Verb
from app.engines.text.beams import Beams, search
from app.engines.text.decoding import Constraint, End, Rules, Written, decode
from app.engines.text.ending import Ending
from app.engines.text.text_run import TextRun


@dataclass(frozen=True, slots=True)
class _Either(Container[int]):
    """The variants that need no more tokens: those the artist stopped and those whose text is whole."""

    stopped: Container[int]
    whole: set[int]

    def __contains__(self, index: object) -> bool:
        return index in self.whole or index in self.stopped


def sampled(run: TextRun, constraints: Sequence[Constraint], ending: Ending | None = None) -> Iterator[Step]:
    """Write by chance, telling every token; `ending` says how a text that runs out of tokens ends (None: with its last)."""
    whole: set[int] = set()
    steps = decode(
        run.model,
        run.prompt,
        run.request.seeds,
        run.params.sampling,
        run.params.tokens,
        Rules(
            constraints=constraints,
            before=run.before,
            stopped=_Either(run.request.stopped, whole),
            least=1,
            apart=run.request.verb is Verb.LINE,  # lines are offered to choose from
        ),
    )
    if given := tuple(piece for variant in run.variants for piece in variant.fresh()):
        yield Step(0, run.params.tokens, pieces=given)
    for number, step in enumerate(steps, 1):
        pieces: list[TextDelta] = []
        ended = []
        for word in step:
            variant = run.variants[word.index]
            pieces += variant.fresh(_take(run, word, number, ending))
            if variant.transcript.ended and word.index not in whole:
                whole.add(word.index)
                ended.append(word.index)
                variant.end = str(word.end or End.END)
        yield Step(number, run.params.tokens, pieces=tuple(pieces), ended=tuple(ended))


def _take(run: TextRun, word: Written, number: int, ending: Ending | None) -> int:
    """Take what the `number`-th step wrote into its variant; how many of the variant's records are sure to stay."""
    variant = run.variants[word.index]
    transcript = variant.transcript
    if word.pick and not transcript.ended:
        run.add(word.index, [word.pick])
        if ending and ending.over(number, transcript):
            transcript.finish(rstrip=True)
    if word.end and not transcript.ended:
        if ending and word.end in {End.LENGTH, End.CONTEXT}:
            transcript.finish()
            transcript.cut(max(variant.told, ending.sure(number, transcript)) or len(transcript.tokens))
        else:
            transcript.finish(rstrip=True)
    return len(transcript.tokens) if ending is None or transcript.ended else ending.sure(number, transcript)


def searched(run: TextRun, constraint: Constraint | None) -> Iterator[Step]:
    """The likeliest texts by beam search, the best first. No beam is a text before all are compared: nothing is told."""
    params, variants = run.params, run.variants
    groups = min(params.groups, params.beams)
    width = max(params.beams, len(variants)) // groups * groups
    beams = Beams(max(width, len(variants)) if groups == 1 else width, params.length_penalty, groups, params.diversity)
    found = search(
        run.model,
        run.prompt,
        beams,
        params.tokens,
        sampling=params.sampling,
        constraint=constraint,
        before=run.before,
    )
    for part in found:
        if not isinstance(part, int):
            for variant, beam in zip(variants, part, strict=False):
                run.complete(variant.index, beam.picks, str(End.END if beam.ended else End.LENGTH))
                variant.score = beam.score
        elif all(variant.index in run.request.stopped for variant in variants):
            for variant in variants:
                variant.end = str(End.STOPPED)
            return
        else:
            yield Step(part, params.tokens)
