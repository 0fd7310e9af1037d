"""ACE-Step 1.5 through diffusers: music and songs from words, a section made anew, a recording covered or gone on with.

A diffusion transformer over 25 latents a second (arXiv:2602.00744; diffusers.AceStepPipeline). What the studio calls
replace and continue is its task `repaint`, vary and refine are its task `cover`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue, create_model, field_validator

from app.engines.engine import EngineParams, Request, Step, Strength, Verb
from app.engines.music.player import SOUND, Call, Emit, Player, base_of, section_of, within
from app.engines.shared.checkpoint import folder_of, index_of, missing
from app.engines.shared.loading import dtype_of, quieten
from app.errors import EngineError, _
from app.media.medium import ABC
from app.media.music.sound.recording import FADE, Recording, from_samples
from app.settings import MusicSetting

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

PIPELINE = "AceStepPipeline"
LONGEST = 600.0  # seconds: as much silence as the published condition encoder holds
CONTEXT = 60.0  # seconds that the model hears on each side of a section
LYRIC_TOKENS = 2048  # what the pipeline reads of the lyrics
INSTRUMENTAL = "[Instrumental]"  # what the model was told of music without words
COVER = {Strength.SUBTLE: 1.0, Strength.STRONG: 0.5}  # how far a variation follows its parent's melody
TONGUES: dict[str, JsonValue] = {  # each by its own name
    "en": "English", "zh": "中文", "ja": "日本語", "ko": "한국어", "es": "Español", "fr": "Français", "de": "Deutsch",
    "it": "Italiano", "pt": "Português", "ru": "Русский",
}  # fmt: skip
QUIET = 1e-4  # root mean square under which a recording tells nothing of its level


class AceStepParams(EngineParams):
    """What can be set; the settings change the defaults and limits of some."""

    duration: float = Field(60, ge=5, le=LONGEST, title=_("Length"), description=_("Seconds of a new recording."))
    more: float = Field(30, ge=1, le=240, title=_("Seconds to add"), description=_("When a recording goes on."))
    lyrics: str = Field(
        "",
        max_length=4000,
        title=_("Lyrics"),
        description=_(
            "Lines to sing, with [verse] and [chorus] over their parts. Empty: a text that inspires, or nobody sings."
        ),
        json_schema_extra={"lines": 5},
    )
    language: Literal["en", "zh", "ja", "ko", "es", "fr", "de", "it", "pt", "ru"] = Field(
        "en", title=_("Language of the lyrics"), description=_("What they are sung in."), json_schema_extra={"names": TONGUES}
    )
    bpm: int = Field(0, ge=0, le=300, title=_("Tempo"), description=_("Beats a minute; 0: the engine decides."))
    key: str = Field(
        "",
        pattern=r"^([A-G][#b♯♭]? (major|minor))?$",
        title=_("Key"),
        description=_("For example C major or F# minor; empty: the engine decides."),
    )
    metre: Literal["", "2", "3", "4", "6"] = Field(
        "",
        title=_("Metre"),
        description=_("Beats in a bar."),
        json_schema_extra={"names": {"": _("the engine decides")}},
    )
    steps: int = Field(8, ge=1, le=200, title=_("Steps"), description=_("More steps take longer; turbo weights want 8."))
    guidance: float = Field(
        7.0,
        ge=0,
        le=30,
        title=_("Guidance"),
        description=_("How strictly the music follows the brief; turbo weights ignore it."),
    )
    change: float = Field(0.5, ge=0, le=1, title=_("Change"), description=_("How far a refinement may go from its base."))

    @field_validator("lyrics")
    @classmethod
    def _lines(cls, text: str) -> str:
        return text.replace("\r\n", "\n").strip()


class AceStep(Player):
    """One AceStepPipeline of the settings."""

    verbs = frozenset({Verb.CREATE, Verb.REROLL, Verb.VARY, Verb.REFINE, Verb.REPLACE, Verb.CONTINUE})
    libraries = ("torch", "diffusers", "transformers", "safetensors", "soundfile")
    hears = {  # noqa: RUF012 (fixed)
        Verb.REPLACE: SOUND,
        Verb.CONTINUE: SOUND,
        Verb.VARY: SOUND | {ABC},
        Verb.REFINE: SOUND | {ABC},
    }

    def __init__(self, setting: MusicSetting) -> None:
        super().__init__(setting)
        self.licence = setting.licence or "MIT"
        fields, longest = AceStepParams.model_fields, setting.longest or LONGEST
        guidance = fields["guidance"].default if setting.guidance is None else setting.guidance
        self.Params = create_model(
            "Params",
            __base__=AceStepParams,
            duration=within(fields["duration"], 60, 5, longest),
            steps=(int, fields["steps"].merge_field_infos(fields["steps"], default=setting.steps)),
            guidance=(float, fields["guidance"].merge_field_infos(fields["guidance"], default=guidance)),
        )
        self._pipe: Any = None

    def lacking(self) -> str | None:
        if (reason := missing(self.setting.model)) or (folder := folder_of(self.setting.model)) is None:
            return reason
        kind = index_of(self.setting.model)["_class_name"]
        said = _("%(folder)s holds no %(wanted)s but %(kind)s.")
        return None if kind == PIPELINE else said % {"folder": folder, "wanted": PIPELINE, "kind": kind}

    def open(self, device: str) -> None:
        """Raises what diffusers raises."""
        import diffusers

        quieten()
        kind: Any = diffusers.AceStepPipeline
        dtype = dtype_of(self.setting.dtype, device)
        pipe = kind.from_pretrained(self.setting.model, use_safetensors=True, dtype=dtype).to(device)
        pipe.set_progress_bar_config(disable=True)
        pipe.vae.enable_slicing()  # one variant at a time, long ones in overlapping tiles: minutes of sound need gigabytes
        pipe.vae.enable_tiling()
        self._pipe = pipe

    def call(self, request: Request) -> Call:
        params = AceStepParams.model_validate(request.params.model_dump())
        count = len(request.seeds)
        lyrics = self._lyrics(params, request)
        options = {
            "prompt": [self.wanted(request)] * count,
            "lyrics": [lyrics] * count,
            "vocal_language": params.language,
            "bpm": params.bpm or None,
            "keyscale": params.key.replace("♯", "#").replace("♭", "b") or None,
            "timesignature": params.metre or None,
            "num_inference_steps": params.steps,
            "guidance_scale": params.guidance,
        }
        if request.verb in {Verb.CREATE, Verb.REROLL}:
            task = self._create(params)
        elif request.verb in {Verb.VARY, Verb.REFINE}:
            task = self._cover(params, request)
        else:
            task = self._repaint(params, request)
        facts = {"pipeline": PIPELINE, "lyrics": lyrics, **task.facts}
        return Call({**options, **task.options}, task.finish, facts)

    def _lyrics(self, params: AceStepParams, request: Request) -> str:
        """What is sung: what is set, a text that inspires, or nothing. Raises EngineError when it is too long."""
        poems = [one.data for one in request.parents if one.role == "inspire" and one.media_type == "text/plain" and one.data]
        lyrics = params.lyrics or (poems[0].decode("utf-8").strip() if poems else "") or INSTRUMENTAL
        count = len(self._pipe.tokenizer(lyrics).input_ids)
        if count > LYRIC_TOKENS:
            said = _("The lyrics are too long: %(count)d tokens, and this engine reads %(most)d.")
            raise EngineError(said, count=count, most=LYRIC_TOKENS)
        return lyrics

    def _create(self, params: AceStepParams) -> Call:
        frames = round(params.duration * self._pipe.sample_rate)
        return Call(
            {"task_type": "text2music", "audio_duration": params.duration},
            lambda sound: from_samples(sound[:frames], self._pipe.sample_rate),
            {"task": "text2music"},
        )

    def _cover(self, params: AceStepParams, request: Request) -> Call:
        """The parent's melody, played otherwise. A subtle variation keeps its timbre too."""
        if self._pipe.audio_tokenizer is None or self._pipe.audio_token_detokenizer is None:
            raise EngineError(_("These weights have no audio tokenizer, so they cannot vary or refine a recording."))
        base, rate = base_of(request), self._pipe.sample_rate
        if base.duration > (longest := self.setting.longest or LONGEST):
            said = _("The recording lasts %(seconds)s seconds; this engine hears at most %(longest)s.")
            raise EngineError(said, seconds=f"{base.duration:.0f}", longest=f"{longest:.0f}")
        strength = COVER[request.strength or Strength.SUBTLE] if request.verb is Verb.VARY else 1 - params.change
        source = self._source(base.floats(rate, 2))
        options: dict[str, Any] = {"task_type": "cover", "src_audio": source, "audio_cover_strength": strength}
        if request.verb is Verb.VARY and request.strength is not Strength.STRONG:
            options["reference_audio"] = source
        frames = round(base.duration * rate)
        return Call(options, lambda sound: from_samples(sound[:frames], rate), {"task": "cover", "cover_strength": strength})

    def _repaint(self, params: AceStepParams, request: Request) -> Call:
        """A section made anew within CONTEXT on each side; for continue, what comes after the end."""
        base, rate = base_of(request), self._pipe.sample_rate
        if request.verb is Verb.CONTINUE:
            first, end = base.at(base.duration - FADE), base.frames + round(params.more * base.rate)
        else:
            first, end = section_of(request, base)
        longest = self.setting.longest or LONGEST
        context = min(CONTEXT, max(0.0, (longest - (end - first) / base.rate) / 2))
        if (end - first) / base.rate > longest:
            raise EngineError(_("This engine makes at most %(longest)s seconds at once."), longest=f"{longest:.0f}")
        begin = max(0, first - round(context * base.rate))
        window = base.cut(begin, min(base.frames, end + round(context * base.rate)))
        heard = window.floats(rate, 2)
        inside = tuple(round((place - begin) * rate / base.rate) for place in (first, end))
        source = self._source(heard, inside[1])
        a_second = self._pipe.latents_per_second
        # The pipeline rounds down to whole latents: from the middle of one, nothing that is asked for is left out.
        start, stop = math.floor(inside[0] / rate * a_second), math.ceil(inside[1] / rate * a_second)
        options = {"task_type": "repaint", "src_audio": source}
        options |= {"repainting_start": (start + 0.5) / a_second, "repainting_end": (stop + 0.5) / a_second}
        facts = {"task": "repaint", "section": [first / base.rate, end / base.rate], "crossfade": FADE}

        def finish(sound: NDArray[np.float32]) -> Recording:
            level = level_of(heard, sound, inside)
            return base.set_in(sound[inside[0] : inside[1]] * level, rate, first, end)

        return Call(options, finish, facts)

    def _source(self, heard: NDArray[np.float32], end: int = 0) -> torch.Tensor:
        """[2, samples] for the autoencoder, with silence up to `end` and to whole pairs of latents."""
        import numpy as np
        import torch

        whole = 2 * round(self._pipe.sample_rate / self._pipe.latents_per_second)
        length = math.ceil(max(len(heard), end) / whole) * whole
        return torch.from_numpy(np.ascontiguousarray(np.pad(heard, ((0, length - len(heard)), (0, 0))).T))

    def play(self, call: Call, request: Request, emit: Emit) -> list[NDArray[np.float32]]:
        import torch

        def tell(pipe: Any, index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
            total = max(int(pipe.num_timesteps), index + 1)
            emit(Step(index + 1, total))
            return {}

        generators = [torch.Generator().manual_seed(seed) for seed in request.seeds]
        with steady(self._device):
            audios = self._pipe(callback_on_step_end=tell, generator=generators, **call.options).audios
        return [audio.T.float().cpu().numpy() for audio in audios]


@contextmanager
def steady(device: str) -> Iterator[None]:
    """The pipeline samples what it hears from torch's own generator: the same each time, and put back afterwards."""
    import torch

    with torch.random.fork_rng(devices=[torch.device(device)] if device.startswith("cuda") else []):
        torch.manual_seed(0)
        yield


def level_of(heard: NDArray[np.float32], sound: NDArray[np.float32], inside: tuple[int, ...]) -> float:
    """The pipeline turns all it made up to -1 dB: how much the section is turned back to stand in its surroundings."""
    import numpy as np

    length = min(len(heard), len(sound))
    outside = np.ones(length, bool)
    outside[inside[0] : inside[1]] = False
    was, is_now = (float(np.sqrt(np.mean(one[:length][outside] ** 2))) if outside.any() else 0.0 for one in (heard, sound))
    loudest = float(np.abs(sound[inside[0] : inside[1]]).max(initial=0.0))
    level = was / is_now if was > QUIET and is_now > QUIET else 1.0
    return min(level, 1 / loudest) if loudest > 0 else level
