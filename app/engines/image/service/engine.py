"""Engines that draw elsewhere: a service that speaks OpenAI's images API, in the dialect of its server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, SecretStr, create_model

from app.engines.engine import Content, EngineParams, Medium, Request, Step, Verb
from app.engines.image.pipeline import Aspect
from app.engines.image.service import dialects
from app.engines.image.service.answers import Admitted, Answer, PictureWire, admitted, blocked
from app.engines.image.service.dialects import DIALECTS, Dialect
from app.engines.shared.beats import beats
from app.engines.shared.service_engine import ServiceEngine
from app.engines.shared.wire import Patience, Refused, Wire
from app.errors import EngineError, _
from app.settings import PictureSetting

QUICK = 10.0  # seconds in which a service says which models it has
MOST = 96_000_000  # bytes of an answer: a picture of 70 MB
LOST = _("%(count)d of the pictures did not come: %(reason)s")
OTHER = _("The service made %(width)d × %(height)d pixels, where %(size)s was asked for.")


class ServiceParams(EngineParams):
    """What services have in common. Steps, guidance and quality are there where they are heard."""

    aspect: Aspect = Field("1:1", title=_("Aspect ratio"), description=_("Width to height, as near as the service has it."))


STEPS = Field(title=_("Steps"), ge=1, le=200, description=_("More steps take longer and give cleaner pictures."))
GUIDANCE = Field(title=_("Guidance"), ge=0, le=30, description=_("How strictly the picture follows the brief."))
QUALITY = Field("auto", title=_("Quality"), description=_("Higher takes longer and costs more."))


@dataclass(slots=True)
class Variant:
    """One picture in the making."""

    asked: dict[str, Any]
    answer: Answer = field(default_factory=Answer)
    picture: Admitted | None = None
    error: EngineError | None = None


class PictureService(ServiceEngine):
    """A service. Each variant is a request of its own, with its own seed where seeds are heard; closing the run closes them.

    Pictures from words alone: what starts from a picture (`/images/edits`) has its place in the table of dialects.
    """

    medium = Medium.IMAGE
    verbs = frozenset({Verb.CREATE, Verb.REROLL})
    standing = 2  # somebody chose it for this studio

    def __init__(
        self,
        setting: PictureSetting,
        keys: Mapping[str, SecretStr],
        max_pixels: int = 50_000_000,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(setting, keys)
        self.setting, self.max_pixels = setting, max_pixels
        self.patience = patience or Patience(read=setting.wait, late=False, most=MOST)
        self.url = str(setting.url).rstrip("/")
        named = None if setting.dialect == "auto" else setting.dialect
        self._dialect = named or dialects.by_address(self.url)  # or None: the service is asked when it is first needed
        self.Params = _params(setting, self._dialect)

    def run(self, request: Request) -> Iterator[Step | Content]:
        """A step counts what has come: the request's being asked, and every picture, those on the way included."""
        for _ended in beats([self._guess()]):
            yield Step(0, 1 + len(request.seeds))
        variants = [Variant(asked) for asked in self._asked(request)]
        turn = asyncio.Semaphore(self._speaks.at_once)
        for _ended in beats([self._variant(turn, variant) for variant in variants]):
            yield self._step(variants)
        yield from self._kept(request, variants)

    def _kept(self, request: Request, variants: list[Variant]) -> Iterator[Content]:
        """What came. Raises the first error where nothing did; else what came tells of it."""
        errors = [variant.error for variant in variants if variant.error]
        if len(errors) == len(variants):
            raise errors[0]
        lost = {"notice": LOST % {"count": len(errors), "reason": errors[0].message()}} if errors else {}
        for index, (seed, variant) in enumerate(zip(request.seeds, variants, strict=True)):
            if picture := variant.picture:
                facts = self._facts(request, variant, picture) | lost
                heard = "seed" in self._speaks.fields and "seed" not in facts.get("unheard", ())
                chance = seed if heard else None
                yield Content(index, chance, picture.data, "image/png", picture.width, picture.height, facts)

    def _step(self, variants: list[Variant]) -> Step:
        each = self._each
        number = sum(each if variant.picture or variant.error else variant.answer.arrived for variant in variants)
        previews = tuple(variant.answer.preview for variant in variants)
        return Step(1 + number, 1 + each * len(variants), previews if any(previews) else ())

    def _asked(self, request: Request) -> Iterator[dict[str, Any]]:
        """One request for each seed."""
        dialect, prompt, wishes = self._speaks, self.prompt(request.brief), request.params.model_dump()
        across, down = (int(part) for part in wishes.pop("aspect").split(":"))
        size = dialects.sized(dialect, self.setting.model, across / down, self.setting.side)
        for seed in request.seeds:
            wishes |= {"avoid": prompt.negative, "seed": seed % (1 << 31)}
            yield dialects.body(dialect, self.setting.model, prompt.positive, size, wishes, self.setting.extra)

    def _facts(self, request: Request, variant: Variant, picture: Admitted) -> dict[str, Any]:
        prompt, size = self.prompt(request.brief), str(variant.asked.get("size", ""))
        facts: dict[str, Any] = {"model": self.setting.model, "protocol": self._protocol}
        facts |= {"prompt": prompt.positive} | ({"negative_prompt": prompt.negative} if prompt.negative else {})
        facts |= variant.answer.facts | ({"usage": variant.answer.usage} if variant.answer.usage else {})
        if size and size != f"{picture.width}x{picture.height}":
            facts["notice"] = OTHER % {"width": picture.width, "height": picture.height, "size": size.replace("x", " × ")}
        return facts

    @property
    def _protocol(self) -> str:
        return f"openai-images ({self._dialect or 'plain'})"

    @property
    def _each(self) -> int:
        """How many steps a picture has, itself included."""
        return self._speaks.partials + 1

    @property
    def _speaks(self) -> Dialect:
        return DIALECTS[self._dialect or "plain"]

    def _wire(self, patience: Patience) -> PictureWire:
        key = self._key.get_secret_value() if self._key else ""
        shown = {"authorization": self._shown(key)} if key else {}
        return PictureWire(self.url, shown | {"accept-encoding": "identity"}, self._key, patience)

    def _shown(self, key: str) -> str:
        """The header that shows the key."""
        return f"Bearer {key}"

    async def _guess(self) -> None:
        """Ask the service which server it is, once; one that does not say speaks plainly."""
        if self._dialect is not None:
            return
        patience = Patience(connect=min(QUICK, self.patience.connect), read=QUICK)
        try:
            async with self._wire(patience) as wire, asyncio.timeout(QUICK):
                self._dialect = dialects.by_models(await wire.got("/models"))
        except Refused:
            self._dialect = "plain"
        except (EngineError, TimeoutError):
            return  # whoever is asked for a picture next says in better words what is wrong

    async def _variant(self, turn: asyncio.Semaphore, variant: Variant) -> None:
        """One picture, from the request to its end; what goes wrong is kept with it."""
        try:
            async with turn, asyncio.timeout(self.setting.wait), self._wire(self.patience) as wire:
                await self._ask(wire, variant)
            variant.picture = await asyncio.to_thread(admitted, variant.answer.data, self.max_pixels)
        except TimeoutError:
            variant.error = EngineError(
                _("The service did not send the picture within %(seconds)d seconds."), seconds=round(self.setting.wait)
            )
        except EngineError as error:
            variant.error = error

    async def _ask(self, wire: Wire, variant: Variant) -> None:
        """Ask, and again without what the service says that it does not take."""
        first = variant.asked
        while True:
            try:
                async for event in wire.events(dialects.PATH, variant.asked):
                    await variant.answer.take(event, wire, self.url, self.max_pixels)
            except Refused as refused:
                if refused.code in dialects.BLOCKED:
                    raise blocked(refused.said, refused.code) from refused
                fewer = dialects.without(variant.asked, self._speaks, refused)
                if fewer is None:
                    raise
                variant.asked = fewer
            else:
                break
        if not variant.answer.data:
            broken = _("The service broke off before the picture was finished.")
            raise EngineError(broken if variant.answer.arrived else _("The service made no picture."))
        if missing := sorted(set(first) - set(variant.asked) - {"stream", "partial_images", "response_format"}):
            variant.answer.facts["unheard"] = missing


def _params(setting: PictureSetting, dialect: str | None) -> type[EngineParams]:
    """What an artist can set: steps and guidance where the setting has defaults for them, quality where it is known."""
    found: dict[str, Any] = {}
    if setting.steps is not None:
        found["steps"] = (int, STEPS.merge_field_infos(STEPS, default=setting.steps))
    if setting.guidance is not None:
        found["guidance"] = (float, GUIDANCE.merge_field_infos(GUIDANCE, default=setting.guidance))
    if dialect is not None and DIALECTS[dialect].quality:
        found["quality"] = (Literal["auto", "low", "medium", "high"], QUALITY)
    return create_model("Params", __base__=ServiceParams, **found)
