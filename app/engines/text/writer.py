"""What all engines with a language model of their own have in common: the task, the run, rescoring."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from app.brief import Brief
from app.engines.engine import Content, Fit, Medium, Request, RescoringEngine, Step, Token, Verb
from app.engines.shared.language_model import ROOM, LanguageModel
from app.engines.shared.local_engine import LocalEngine
from app.engines.text.decoding import Constraint
from app.engines.text.ending import Ending
from app.engines.text.loops import sampled, searched
from app.engines.text.ranking import order, rankings
from app.engines.text.rescoring import rescore
from app.engines.text.spans import clipped, words_around
from app.engines.text.tasks import LONGER, Task, inspiring, passage_of, task_of
from app.engines.text.text_run import TextRun, raw_token
from app.engines.text.token_budget import budget, fitting, left_out, lightened
from app.engines.text.transcript import Transcript
from app.engines.text.variant_text import begun, written
from app.engines.text.writer_params import WriterParams
from app.errors import EngineError, _
from app.media.text.prosody.form import Form

SPARE = 6  # tokens by which a rewritten passage may be longer than it was, or a third of it


class Writer(LocalEngine, RescoringEngine):
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

    def rescore(self, brief: Brief, text: str, selection: tuple[int, int] | None = None) -> tuple[Token, ...]:
        start, end = selection or (0, len(text))
        first, last = words_around(text, start, end)
        request = Request(Verb.CREATE, brief, self.Params(), ())
        task = replace(self.task(request), before="", answer=text[:first], given="", stops=())
        picks = rescore(self.model, self.encoded(self.context(task)), self.encoded(text[first:last]))
        transcript = Transcript(first)
        for pick in picks:
            transcript.add(raw_token(pick, self._pieces))
        transcript.finish()
        return tuple(clipped(transcript.tokens, start, end))

    def run(self, request: Request) -> Iterator[Step | Content]:
        model, params = self.model, self.Params.model_validate(request.params.model_dump())
        request = lightened(request)
        task = self.task(request)
        read = self.context(task)
        tokens, pieces = self.encoded(read), self.pieces(request)
        given = rescore(model, tokens, self.encoded(task.given)) if task.given else []
        run = TextRun(
            model,
            pieces,
            request,
            self.bounded(params, request),
            task,
            prompt=[*tokens, *(pick.id for pick in given)],
            before=self.encoded(task.before),
            variants=[begun(index, task, [raw_token(pick, pieces) for pick in given]) for index in range(len(request.seeds))],
        )
        yield from self.loop(run)
        yield from self._contents(run, self._facts | {"prompt": read, "prompt_tokens": len(tokens)})

    def loop(self, run: TextRun) -> Iterator[Step]:
        """The loop that writes the variants of `run`."""
        constraints = self.constraints(run.request, run.task)
        if run.searches:
            return searched(run, constraints[0] if constraints else None)
        return sampled(run, constraints, self.ending(run.request, run.params))

    def pieces(self, request: Request) -> Sequence[bytes]:  # noqa: ARG002 (subclasses read it)
        """What each token adds to the text that is asked for."""
        return self._pieces

    def facts(self, request: Request) -> dict[str, Any]:  # noqa: ARG002 (subclasses read it)
        """What else facts tell of every variant."""
        return {}

    def _contents(self, run: TextRun, facts: dict[str, Any]) -> Iterator[Content]:
        """The finished variants; `facts` tell what they have in common."""
        request, variants = run.request, run.variants
        common: dict[str, Any] = {"kept": len(run.task.before)} if request.verb is Verb.VARY else {}
        common |= {"inspiration": found} if (found := self.inspiration(request)) else {}
        common |= {"left_out": left_out(request, run.task.unread)} if request.leave_out else {}
        common |= self.facts(request)
        marks = self._ranked(run) if request.verb is Verb.LINE else []
        drawn = all(variant.score is None for variant in variants)
        for index, (seed, variant) in enumerate(zip(request.seeds, variants, strict=True)):
            own: dict[str, Any] = {"ended": variant.end or "end"}
            own |= {"likelihood": round(variant.likelihood, 4)} if variant.tokens else {}
            own |= {"rank": order(marks).index(index) + 1, "ranking": marks[index]} if marks else {}
            own |= {} if variant.score is None else {"score": round(variant.score, 4)}
            yield written(index, seed if drawn else None, run.task, variant.tokens, facts | own | common)

    def bounded(self, params: WriterParams, request: Request) -> WriterParams:
        """`params` with fewer tokens for a passage that is rewritten: about as many as it has, unless it shall be longer."""
        if request.verb is not Verb.REWRITE or LONGER.search(request.instruction):
            return params
        size = len(self.encoded(passage_of(request)))
        return params.model_copy(update={"tokens": min(params.tokens, size + max(SPARE, size // 3))})

    def ending(self, request: Request, params: WriterParams) -> Ending | None:  # noqa: ARG002 (subclasses read both)
        """How a text that runs out of tokens ends; None: with its last one."""
        return None

    def form(self, request: Request) -> Form | None:
        """The form that is kept: the one asked for, or what the engine takes for it."""
        return request.form

    def _ranked(self, run: TextRun) -> list[dict[str, float]]:
        """How the lines that are offered compare; a line that was stopped before its first word comes last."""
        likelihoods = [variant.likelihood for variant in run.variants]
        least = min(filter(isfinite, likelihoods), default=0.0)
        lines = [variant.transcript.text for variant in run.variants]
        known = [value if isfinite(value) else least for value in likelihoods]
        return rankings(self.form(run.request), run.task.before, lines, known)
