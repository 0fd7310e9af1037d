"""Engines that write elsewhere: a service that speaks OpenAI's or Anthropic's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field, SecretStr

from app.engines.engine import Content, EngineParams, Fit, Medium, Request, Step, Verb
from app.engines.shared.beats import beats
from app.engines.shared.service_engine import ServiceEngine
from app.engines.shared.wire import Patience, Refused, Wire
from app.engines.text import protocols
from app.engines.text.answer import Answer
from app.engines.text.protocols import Kind
from app.engines.text.tasks import Task, inspiring, task_of
from app.engines.text.token_budget import budget, estimated, fitting, left_out, lightened
from app.engines.text.transcript import RawToken
from app.engines.text.variant_text import VariantText, begun, written
from app.errors import EngineError, _
from app.settings import TextSetting
from app.verbs.verb import verbs_in

INSTRUCTED = verbs_in(Medium.TEXT)
PLAIN = frozenset({Verb.CREATE, Verb.REROLL, Verb.CONTINUE, Verb.BRANCH, Verb.LINE})  # a bare model only goes on


@dataclass(slots=True)
class _Variant:
    """One answer in the making."""

    text: VariantText
    given: bool = False  # the choice of a branch stands there already
    error: EngineError | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)

    def take(self, answer: Answer, heard: RawToken, task: Task) -> None:
        """What the service sent, as far as it is the answer's."""
        tokens = answer.take(heard)
        if answer.mistaken and not self.given:  # the page has shown the thought as it came; what is kept begins here
            self.text = begun(self.text.index, task, ())
        for token in tokens:
            self.text.transcript.add(token)


class Remote(ServiceEngine):
    """A service. Variants are asked for at the same time, one connection each; closing the run closes them."""

    medium = Medium.TEXT

    class Params(EngineParams):
        """What services have in common."""

        tokens: int = Field(400, ge=1, le=8000, title=_("Length"), description=_("How many tokens a text has at most."))
        temperature: float = Field(
            1.0, ge=0, le=1, title=_("Temperature"), description=_("Higher is more daring; 0 always takes the likeliest token.")
        )
        top_p: float = Field(
            1.0,
            gt=0,
            le=1,
            title=_("Top-p"),
            description=_("Chooses among the likeliest tokens that sum to this probability."),
        )

    def __init__(self, setting: TextSetting, keys: Mapping[str, SecretStr], patience: Patience | None = None) -> None:
        super().__init__(setting, keys)
        self.setting, self.kind, self.patience = setting, Kind(setting.kind), patience or Patience()
        self.verbs = PLAIN if self.kind is Kind.COMPLETIONS else INSTRUCTED

    def run(self, request: Request) -> Iterator[Step | Content]:
        params = self.Params.model_validate(request.params.model_dump())
        request = lightened(request)
        task = fitting(request, lambda unread: self._task(request, unread), estimated, self._most(request))
        given = [RawToken(task.given.encode(), None)] if task.given else []
        variants = [_Variant(begun(index, task, given), given=bool(given)) for index in range(len(request.seeds))]
        yield from self._written(request, params, task, variants)
        errors = [variant.error for variant in variants if variant.error]
        if errors and not any(variant.text.tokens for variant in variants):
            raise errors[0]
        for index, (seed, variant) in enumerate(zip(request.seeds, variants, strict=True)):
            if variant.error and not variant.text.tokens:
                continue  # the others are worth keeping
            facts = {"model": self.setting.model, "protocol": str(self.kind), "prompt": task.message} | variant.facts
            ended = "broken" if variant.error else variant.text.end
            facts |= {"ended": ended or "broken", "usage": variant.usage}
            facts |= {"notice": variant.error.message()} if variant.error else {}
            facts |= {"inspiration": list(found)} if (found := inspiring(request)) else {}
            facts |= {"left_out": left_out(request, task.unread)} if request.leave_out else {}
            chance = None if self.kind is Kind.ANTHROPIC or "seed" in variant.facts.get("unheard", ()) else seed
            yield written(index, chance, task, variant.text.tokens, facts)

    def fit(self, request: Request) -> Fit | None:
        if (most := self._most(request)) is None:
            return None
        try:
            return budget(request, lambda asked, unread: estimated(self._task(asked, unread)), most)
        except EngineError:
            return None  # the run says in better words what is wrong

    def _task(self, request: Request, unread: int) -> Task:
        return task_of(request, prefills=self.kind is Kind.COMPLETIONS, inspiration=inspiring(request), unread=unread)

    def _most(self, request: Request) -> int | None:
        """How many tokens may be read, where the setting tells how many the model sees."""
        reads, wanted = self.setting.context, self.Params.model_validate(request.params.model_dump()).tokens
        return reads - min(wanted, reads // 4) if reads else None

    def _written(self, request: Request, params: Params, task: Task, variants: list[_Variant]) -> Iterator[Step]:
        """Let all variants be written, telling what came at every beat."""
        runs = [self._variant(params, task, seed, variants[index]) for index, seed in enumerate(request.seeds)]
        for fresh in beats(runs, request.stopped):
            for index in fresh:
                if index in request.stopped and not variants[index].error:
                    variants[index].text.end = variants[index].text.end or "stopped"
            number = max((len(variant.text.tokens) for variant in variants), default=0)
            pieces = tuple(piece for variant in variants for piece in variant.text.fresh())
            yield Step(min(number, params.tokens), params.tokens, pieces=pieces, ended=tuple(fresh))

    async def _variant(self, params: Params, task: Task, seed: int, variant: _Variant) -> None:
        """One answer, from the request to its end; what goes wrong is kept with it."""
        kind, key = self.kind, self._key
        shown = protocols.headers(kind, key.get_secret_value() if key else "")
        asked = protocols.body(kind, self.setting.model, task, params.model_dump(), seed, logprobs=self.setting.logprobs)
        try:
            async with Wire(str(self.setting.url), shown, key, self.patience) as wire:
                await self._ask(wire, asked, task, variant)
        except EngineError as error:
            variant.error = error
        finally:
            variant.text.transcript.finish(rstrip=True)

    async def _ask(self, wire: Wire, asked: Mapping[str, Any], task: Task, variant: _Variant) -> None:
        """Ask, and again without what the service says that it does not take."""
        first = asked
        while True:
            try:
                await self._listen(wire, asked, task, variant)
            except Refused as refused:
                fewer = protocols.without(asked, str(refused)) if refused.status_code in {400, 422} else None
                if fewer is None:
                    raise
                asked = fewer
            else:
                break
        if missing := protocols.unheard(first, asked):
            variant.facts["unheard"] = missing

    async def _listen(self, wire: Wire, asked: Mapping[str, Any], task: Task, variant: _Variant) -> None:
        kind, answer, thought = self.kind, Answer(), False
        async for event in wire.events(protocols.PATHS[kind], asked):
            told = protocols.delta_of(kind, event)
            thought |= told.thought
            for heard in told.heard:
                variant.take(answer, heard, task)
            variant.usage |= told.usage
            variant.facts |= {"answered_by": told.model} if told.model else {}
            variant.text.end = variant.text.end or told.ended or ""
            if variant.text.transcript.ended:  # a stop that the service was not told of: the rest is not waited for
                variant.text.end = "end"
                return
        for token in answer.rest():
            variant.text.transcript.add(token)
        variant.text.end = variant.text.end or ("end" if wire.done else "")
        if not variant.text.end:
            raise EngineError(_("The service broke off in the middle of its answer."))
        if variant.text.end == "error":
            raise EngineError(_("The service stopped with an error and did not say which."))
        if not answer.begun and (thought or answer.thought):
            raise EngineError(_("The service only thought, and wrote nothing. A greater length leaves room for the text."))
        if not answer.begun and not variant.given:
            raise EngineError(_("The service wrote nothing."))
