"""What engines of recordings have in common: they are named in the settings, and start from sound."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Engine, Medium, Parent, Request, Step, Verb
from app.engines.shared.callback_iterator import emitted
from app.engines.shared.checkpoint import PARTS, revision
from app.engines.shared.loading import line
from app.engines.shared.local_engine import missing_package
from app.errors import EngineError, _
from app.media.medium import ABC
from app.media.music.abc.abc import read_tune as tune_of
from app.media.music.sound import audio
from app.media.music.sound.recording import MEDIA_TYPES, Recording, from_samples, read_recording
from app.settings import MusicSetting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic.fields import FieldInfo

SOUND = frozenset(MEDIA_TYPES)
Emit = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model: `options` for it, what becomes of each variant's sound ([frames, channels]), and what to tell."""

    options: Mapping[str, Any]
    finish: Callable[[NDArray[np.float32]], Recording]
    facts: Mapping[str, Any]


class Player(Engine):
    """A model that makes recordings. `hears`: the media types that each verb can start from."""

    medium = Medium.MUSIC
    standing = -1  # unasked, this house writes notes; recordings come when somebody names the engine, or brings one
    libraries: tuple[str, ...]
    where = PARTS  # its weights lie in the model's folder
    hears: Mapping[Verb, frozenset[str]]

    def __init__(self, setting: MusicSetting) -> None:
        self.setting = setting
        self.name = setting.name
        self.title = setting.title or setting.model.rstrip("/").rpartition("/")[2]
        self._device = ""

    def unready(self) -> str | None:
        return missing_package(self.libraries) or self.lacking()

    @abstractmethod
    def lacking(self) -> str | None:
        """What is wrong with the model's files, as far as they tell without torch and the network, or None."""

    def refusal(
        self,
        verb: Verb,
        brief: Brief,  # noqa: ARG002 (the seam's)
        texts: Sequence[str] = (),  # noqa: ARG002 (as above)
        kinds: Sequence[str] = (),
    ) -> str | None:
        heard = self.hears.get(verb)
        if heard is None or all(kind in heard for kind in kinds):
            return None
        return _("This engine starts from recordings here, not from notes.")

    def prompt(self, brief: Brief) -> Prompt:
        """What is to be avoided reaches no model of this kind, so it is told as dropped."""
        asked = brief.prompt()
        return Prompt(asked.positive, "", tuple(asked.negative.split()))

    def wanted(self, request: Request) -> str:
        """The brief in words; where it says nothing, what the recording to start from was asked for."""
        return self.prompt(request.brief).positive or next((one.words for one in request.parents if one.words), "")

    def load(self, device: str) -> None:
        if self._device == device:
            return
        if reason := self.unready():
            raise EngineError(reason)
        from safetensors import SafetensorError

        try:
            self.open(device)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError, SafetensorError) as error:
            said = _("%(model)s cannot be loaded: %(reason)s")
            raise EngineError(said, model=self.setting.model, reason=line(error)) from error
        self._device = device

    @abstractmethod
    def open(self, device: str) -> None:
        """Bring the model onto `device`, from safetensors and without running any code of its folder."""

    def run(self, request: Request) -> Iterator[Step | Content]:
        if not self._device:
            raise EngineError(_("The engine is not loaded."))
        call = self.call(request)
        sounds: list[NDArray[np.float32]] = []

        def work(emit: Emit) -> None:
            sounds.extend(self.play(call, request, emit))

        try:
            yield from emitted(work)
        except (RuntimeError, ValueError, TypeError) as error:
            raise EngineError(reason=line(error)) from error
        facts = {
            "model": self.setting.model,
            "weights": revision(self.setting.model, self.where),
            "prompt": self.wanted(request),
            "device": self._device,
            "libraries": {name: version(name) for name in self.libraries},
            **call.facts,
        }
        for index, (seed, sound) in enumerate(zip(request.seeds, sounds, strict=True)):
            recording = call.finish(sound)
            told = {"duration": recording.duration, "rate": recording.rate, "channels": recording.samples.shape[1]}
            yield Content(index, seed, recording.encoded(), recording.media_type, facts=facts | told)

    @abstractmethod
    def call(self, request: Request) -> Call:
        """What the model is asked. Raises EngineError."""

    @abstractmethod
    def play(self, call: Call, request: Request, emit: Emit) -> list[NDArray[np.float32]]:
        """Each variant's sound, [frames, channels]; `emit` may raise, which ends the run."""


def base_of(request: Request) -> Recording:
    """The recording to start from; of a tune, the way it sounds. Raises EngineError when there is none."""
    parent: Parent | None = next((one for one in request.parents if one.role != "inspire"), None)
    if parent is None or not parent.data:
        raise EngineError(_("There is no recording to start from."))
    if parent.media_type == ABC:
        return from_samples(audio.recording(tune_of(parent.data.decode("utf-8")))[:, None], audio.RATE)
    return read_recording(parent.data)


def section_of(request: Request, base: Recording) -> tuple[int, int]:
    """The frames to make anew: the section asked for. Raises EngineError when it is none, or lies outside."""
    first, end = (base.at(moment) for moment in request.section or (0.0, 0.0))
    if request.section is None or first >= end or request.section[1] > base.duration + 0.01:
        raise EngineError(_("Say which section, within 0 to %(seconds)s seconds."), seconds=f"{base.duration:.2f}")
    return first, end


def within(field: FieldInfo, default: float, least: float, most: float) -> tuple[type, Any]:
    """A parameter like `field` with another default and other limits, as `create_model` takes it."""
    return float, Field(min(default, most), ge=min(least, most), le=most, title=field.title, description=field.description)
