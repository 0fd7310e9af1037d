"""What all engines with a language model of their own have in common: parameters, the run, rescoring."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Container, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.brief import Brief
from app.engines.engine import Content, EngineParams, Fit, Medium, Request, Step, TextDelta, Token, Verb
from app.engines.shared.language_model import ROOM
from app.engines.shared.local_engine import LocalEngine
from app.engines.shared.sampling import Sampling
from app.engines.text.ranking import order, rankings
from app.engines.text.spans import clipped, words_around
from app.engines.text.tasks import LONGER, Task, inspiring, parents_of, task_of
from app.engines.text.token_budget import budget, fitting, left_out, lightened
from app.engines.text.transcript import RawToken, Transcript
from app.errors import EngineError, _
from app.media.medium import TEXT
from app.media.text.prosody.form import Form

if TYPE_CHECKING:
    from app.engines.shared.language_model import LanguageModel
    from app.engines.text.decoding import Constraint, Pick
    from app.engines.text.ending import Ending

SPARE = 6  # tokens by which a rewritten passage may be longer than it was, or a third of it


class WriterParams(EngineParams):
    """How the next token is found."""

    tokens: int = Field(200, ge=1, le=4000, title=_("Length"), description=_("At most so many tokens."))
    temperature: float = Field(
        1.0, ge=0, le=2, title=_("Temperature"), description=_("Higher: more daring. 0 takes the likeliest token always.")
    )
    top_k: int = Field(0, ge=0, le=1000, title=_("Top-k"), description=_("Only so many of the likeliest tokens; 0: all."))
    top_p: float = Field(
        1.0, gt=0, le=1, title=_("Top-p"), description=_("Only the likeliest tokens that together reach this probability.")
    )
    min_p: float = Field(
        0.1, ge=0, lt=1, title=_("Min-p"), description=_("Only tokens with this share of the likeliest one's probability.")
    )
    typical_p: float = Field(
        1.0, gt=0, le=1, title=_("Typical"), description=_("Only tokens that surprise about as much as one would expect.")
    )
    repetition_penalty: float = Field(
        1.15, ge=1, le=2, title=_("Repetition penalty"), description=_("Makes what was written already less likely.")
    )
    no_repeat_ngram: int = Field(
        0, ge=0, le=20, title=_("No repeated n-grams"), description=_("So many tokens in a row never stand twice; 0: they may.")
    )
    beams: int = Field(
        0, ge=0, le=16, title=_("Beams"), description=_("Search for the likeliest texts instead of drawing; 0: draw.")
    )
    length_penalty: float = Field(
        1.0, ge=-2, le=4, title=_("Length penalty"), description=_("Of beams: higher favours longer texts.")
    )
    groups: int = Field(1, ge=1, le=16, title=_("Groups"), description=_("Of beams: groups that keep apart from one another."))
    diversity: float = Field(0.5, ge=0, le=10, title=_("Diversity"), description=_("How far the groups of beams keep apart."))

    @property
    def sampling(self) -> Sampling:
        """What of it decides a draw."""
        return Sampling(
            self.temperature,
            self.top_k,
            self.top_p,
            self.min_p,
            self.typical_p,
            self.repetition_penalty,
            self.no_repeat_ngram,
        )


@dataclass(frozen=True, slots=True)
class _Ended(Container[int]):
    """The variants that need no more tokens: those the artist stopped and those that wrote a stop."""

    asked: Container[int]
    done: set[int]

    def __contains__(self, index: object) -> bool:
        return index in self.done or index in self.asked


class Writer(LocalEngine):
    """An engine with a language model of its own. Subclasses set `_pieces` in `loaded`."""

    medium = Medium.TEXT
    Params: type[WriterParams] = WriterParams

    def __init__(self) -> None:
        super().__init__()
        self._pieces: Sequence[bytes] = ()

    @abstractmethod
    def encoded(self, text: str) -> list[int]:
        """`text` as tokens, as it stands in a text."""

    @abstractmethod
    def context(self, task: Task) -> str:
        """What the model reads before it writes: the message in its template, and the answer's beginning (but `given`)."""

    def task(self, request: Request) -> Task:
        """What is asked of the model. Raises EngineError for what it cannot do."""

        def make(unread: int) -> Task:
            return task_of(request, prefills=True, inspiration=self.inspiration(request), unread=unread)

        return fitting(request, make, self.size, self._most(request))

    def reads(self) -> int | None:
        """How many tokens the model sees, known without loading it; None where nobody can tell."""
        return None

    def size(self, task: Task) -> int:
        """How many tokens of `task` the model reads."""
        return len(self.encoded(self.context(task)))

    def fit(self, request: Request) -> Fit | None:
        if self.unready() or (most := self._most(request)) is None:
            return None

        def size(asked: Request, unread: int) -> int:
            return self.size(task_of(asked, prefills=True, inspiration=self.inspiration(asked), unread=unread))

        try:
            return budget(request, size, most)
        except EngineError:
            return None  # the run says in better words what is wrong

    def _most(self, request: Request) -> int | None:
        """How many tokens may be read, so that there is room for what is to be written."""
        wanted = max(self.Params.model_validate(request.params.model_dump()).tokens, ROOM)
        return reads - min(wanted, reads // 4) if (reads := self.reads()) else None

    def inspiration(self, request: Request) -> list[str]:
        """What it reads of the revisions that only inspire: those words that its language has."""
        return [words for words in inspiring(request) if self.refusal(request.verb, Brief(intent=words[:400])) is None]

    def constraints(self, request: Request, task: Task) -> Sequence[Constraint]:  # noqa: ARG002 (subclasses read both)
        """What the form allows, one for each variant, or none."""
        return ()

    @property
    def model(self) -> LanguageModel:
        """The loaded model. Raises EngineError before that."""
        if self._model is None:
            raise EngineError(_("The engine is not loaded."))
        model: LanguageModel = self._model
        return model

    def warm(self) -> None:
        request = Request(Verb.CREATE, Brief(intent="a quiet harbour"), self.Params(tokens=2), (0, 1, 2, 3))
        for _part in self.run(request):
            pass

    @property
    def rescores(self) -> bool:
        return True

    def rescore(self, brief: Brief, text: str, selection: tuple[int, int] | None = None) -> tuple[Token, ...]:
        from app.engines.text.rescoring import rescore

        start, end = selection or (0, len(text))
        first, last = words_around(text, start, end)
        request = Request(Verb.CREATE, brief, self.Params(), ())
        task = replace(self.task(request), before="", answer=text[:first], given="", stops=())
        picks = rescore(self.model, self.encoded(self.context(task)), self.encoded(text[first:last]))
        transcript = Transcript(first)
        for pick in picks:
            transcript.add(self._heard(pick))
        transcript.finish()
        return tuple(clipped(transcript.tokens, start, end))

    def run(self, request: Request) -> Iterator[Step | Content]:
        model, params = self.model, self.Params.model_validate(request.params.model_dump())
        request = lightened(request)
        task = self.task(request)
        params = self.bounded(params, request)
        read = self.context(task)
        prompt = self.encoded(read)
        given = self._given(prompt, task)
        sheets = [self._sheet(task, given) for _seed in request.seeds]
        ends: dict[int, str] = {}
        scores: dict[int, float] = {}
        if params.beams and request.verb is not Verb.LINE:
            scores = yield from self._searched(
                model, request, params, task, [*prompt, *(pick.id for pick in given)], sheets, ends
            )
        else:
            yield from self._sampled(model, request, params, task, [*prompt, *(pick.id for pick in given)], sheets, ends)
        likelihood = [_mean(sheet.tokens) for sheet in sheets]
        marks = self._ranked(request, task, sheets, likelihood) if request.verb is Verb.LINE else []
        for index, (seed, sheet) in enumerate(zip(request.seeds, sheets, strict=True)):
            facts = self._facts | {"prompt": read, "prompt_tokens": len(prompt), "ended": ends.get(index, "end")}
            facts |= {"likelihood": round(likelihood[index], 4)} if sheet.tokens else {}
            facts |= {"rank": order(marks).index(index) + 1, "ranking": marks[index]} if marks else {}
            facts |= {"score": round(scores[index], 4)} if index in scores else {}
            facts |= {"kept": len(task.before)} if request.verb is Verb.VARY else {}
            facts |= {"inspiration": found} if (found := self.inspiration(request)) else {}
            facts |= {"left_out": left_out(request, task.unread)} if request.leave_out else {}
            yield written(index, None if scores else seed, task, sheet.tokens, facts)

    def bounded(self, params: WriterParams, request: Request) -> WriterParams:
        """`params` with fewer tokens for a passage that is rewritten: about as many as it has, unless it shall be longer."""
        if request.verb is not Verb.REWRITE or LONGER.search(request.instruction):
            return params
        start, end = request.selection or (0, None)
        size = len(self.encoded(parents_of(request)[0][start:end].strip()))
        return params.model_copy(update={"tokens": min(params.tokens, size + max(SPARE, size // 3))})

    def ending(self, request: Request, params: WriterParams) -> Ending | None:  # noqa: ARG002 (subclasses read both)
        """How a text that runs out of tokens ends; None: with its last one."""
        return None

    def form(self, request: Request) -> Form | None:
        """The form that is kept: the one asked for, or what the engine takes for it."""
        return request.form

    def _ranked(
        self, request: Request, task: Task, sheets: Sequence[Transcript], likelihood: Sequence[float]
    ) -> list[dict[str, float]]:
        """How the lines that are offered compare; a line that was stopped before its first word comes last."""
        known = [value if value > float("-inf") else min(filter(isfinite, likelihood), default=0.0) for value in likelihood]
        return rankings(self.form(request), task.before, [sheet.text for sheet in sheets], known)

    def _given(self, prompt: Sequence[int], task: Task) -> Sequence[Pick]:
        """The choice of a branch as tokens, with what the model expected in its place."""
        if not task.given:
            return ()
        from app.engines.text.rescoring import rescore

        return rescore(self.model, prompt, self.encoded(task.given))

    def _sheet(self, task: Task, given: Sequence[Pick]) -> Transcript:
        spaced = not task.before or task.before[-1].isspace()
        sheet = Transcript(len(task.before), task.stops, lstrip=spaced and not given)
        for pick in given:
            sheet.add(self._heard(pick))
        return sheet

    def _sampled(
        self,
        model: LanguageModel,
        request: Request,
        params: WriterParams,
        task: Task,
        prompt: Sequence[int],
        sheets: Sequence[Transcript],
        ends: dict[int, str],
    ) -> Iterator[Step]:
        """Write by chance, telling every token."""
        from app.engines.text.decoding import End, decode

        done: set[int] = set()
        earlier = self.encoded(task.before)
        steps = decode(
            model,
            prompt,
            request.seeds,
            params.sampling,
            params.tokens,
            constraints=self.constraints(request, task),
            before=earlier,
            stopped=_Ended(request.stopped, done),
            least=1,
            apart=request.verb is Verb.LINE,  # lines are offered to choose from
        )
        ending = self.ending(request, params)
        told = [len(sheet.tokens) for sheet in sheets]
        first = [TextDelta(index, tuple(sheet.tokens)) for index, sheet in enumerate(sheets) if sheet.tokens]
        if first:
            yield Step(0, params.tokens, pieces=tuple(first))
        for number, step in enumerate(steps, 1):
            pieces, ended = [], []
            for word in step:
                sheet = sheets[word.index]
                if word.pick and not sheet.ended:
                    sheet.add(self._heard(word.pick))
                    if ending and ending.over(number, sheet):
                        sheet.finish(rstrip=True)
                if ending and word.end in {End.LENGTH, End.CONTEXT} and not sheet.ended:
                    sheet.finish()
                    sheet.cut(max(told[word.index], ending.sure(number, sheet)) or len(sheet.tokens))
                sure = len(sheet.tokens) if ending is None or sheet.ended else ending.sure(number, sheet)
                if sheet.ended and word.index not in done:
                    done.add(word.index)
                    ended.append(word.index)
                    ends.setdefault(word.index, str(word.end or "end"))
                elif word.end and word.index not in done:
                    ended.append(word.index)
                    ends[word.index] = str(word.end)
                    sheet.finish(rstrip=True)
                    sure = len(sheet.tokens)
                fresh = tuple(sheet.tokens[told[word.index] : sure])
                told[word.index] = max(told[word.index], sure)
                if fresh:
                    pieces.append(TextDelta(word.index, fresh))
            yield Step(number, params.tokens, pieces=tuple(pieces), ended=tuple(ended))

    def _searched(
        self,
        model: LanguageModel,
        request: Request,
        params: WriterParams,
        task: Task,
        prompt: Sequence[int],
        sheets: Sequence[Transcript],
        ends: dict[int, str],
    ) -> Generator[Step, None, dict[int, float]]:
        """The likeliest texts by beam search, the best first; their scores by index."""
        from app.engines.text.beams import Beams, search

        groups = min(params.groups, params.beams)
        width = max(params.beams, len(sheets)) // groups * groups
        forms = self.constraints(request, task)
        beams = Beams(max(width, len(sheets)) if groups == 1 else width, params.length_penalty, groups, params.diversity)
        found = search(
            model,
            prompt,
            beams,
            params.tokens,
            sampling=params.sampling,
            constraint=forms[0] if forms else None,
            before=self.encoded(task.before),
        )
        scores: dict[int, float] = {}
        for step in found:
            if isinstance(step, int):
                if all(index in request.stopped for index in range(len(sheets))):
                    ends |= dict.fromkeys(range(len(sheets)), "stopped")  # no beam is a text before all are compared
                    return scores
                yield Step(step, params.tokens)
                continue
            for index, (beam, sheet) in enumerate(zip(step, sheets, strict=False)):
                for pick in beam.picks:
                    sheet.add(self._heard(pick))
                sheet.finish(rstrip=True)
                scores[index], ends[index] = beam.score, "end" if beam.ended else "length"
        return scores

    def _heard(self, pick: Pick) -> RawToken:
        others = tuple((self._pieces[id], logprob) for id, logprob in pick.alternatives)
        return RawToken(self._pieces[pick.id], pick.logprob, pick.forced, others)


def written(index: int, seed: int | None, task: Task, tokens: Sequence[Token], facts: dict[str, Any]) -> Content:
    """The finished variant: what was written between what stays."""
    answer = "".join(token.text for token in tokens)
    span = (len(task.before), len(task.before) + len(answer))
    return Content(
        index=index,
        seed=seed,
        data=(task.before + answer + task.after).encode(),
        media_type=TEXT,
        facts=facts,
        tokens=tuple(token for token in tokens if token.logprob is not None),
        written=(span,) if answer else (),
    )


def configured(folder: Path) -> int | None:
    """How many tokens the model of transformers in `folder` sees, as its configuration tells; None where it does not."""
    try:
        told = json.loads((folder / "config.json").read_text("utf-8")).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return int(told) if told else None


def _mean(tokens: Sequence[Token]) -> float:
    known = [token.logprob for token in tokens if token.logprob is not None and not token.forced]
    return fmean(known) if known else float("-inf")
