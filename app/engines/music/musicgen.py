"""MusicGen through transformers: music from words, and a recording gone on with.

A language model over the tokens of EnCodec, 50 a second in several codebooks (arXiv:2306.05284). The weights that its
authors published are for non-commercial use (CC-BY-NC 4.0).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from app.engines.engine import EngineParams, Request, Step, Verb
from app.engines.music.player import SOUND, Call, Emit, Player, base_of, within
from app.engines.shared.checkpoint import absent, folder_of, unusable
from app.engines.shared.loading import dtype_of
from app.errors import Sentence, _
from app.media.music.sound.recording import FADE, from_samples
from app.settings import MusicSetting

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

LONGEST = 30.0  # seconds: what it was trained on; further out it loses its way
MOST = 600.0  # seconds that a setting may allow all the same
LICENCE = "CC-BY-NC-4.0 (the published weights: no commercial use)"
CONFIG = "config.json"


class MusicGenParams(EngineParams):
    """What can be set; the settings change the defaults and limits of some."""

    duration: float = Field(10, ge=1, le=MOST, title=_("Length"), description=_("Seconds of a new recording."))
    more: float = Field(10, ge=1, le=MOST, title=_("Seconds to add"), description=_("When a recording goes on."))
    guidance: float = Field(3.0, ge=1, le=30, title=_("Guidance"), description=_("How strictly the music follows the brief."))
    temperature: float = Field(
        1.0, ge=0, le=2, title=_("Temperature"), description=_("Higher is more daring; 0 always takes the likeliest token.")
    )
    top_k: int = Field(250, ge=0, le=2048, title=_("Top-k"), description=_("Chooses among this many likeliest tokens; 0: all."))


class MusicGen(Player):
    """One MusicgenForConditionalGeneration of the settings."""

    verbs = frozenset({Verb.CREATE, Verb.REROLL, Verb.CONTINUE})
    libraries = ("torch", "transformers", "tokenizers", "safetensors", "soundfile")
    where = "*.safetensors"
    hears = {Verb.CONTINUE: SOUND}  # noqa: RUF012 (fixed)

    def __init__(self, setting: MusicSetting) -> None:
        super().__init__(setting)
        self.licence = setting.licence or LICENCE
        self.longest = setting.longest or LONGEST
        fields = MusicGenParams.model_fields
        guidance = fields["guidance"].default if setting.guidance is None else max(1.0, setting.guidance)
        self.Params = create_model(
            "Params",
            __base__=MusicGenParams,
            duration=within(fields["duration"], 10, 1, self.longest),
            more=within(fields["more"], 10, 1, self.longest - 1),
            guidance=(float, fields["guidance"].merge_field_infos(fields["guidance"], default=guidance)),
        )
        self._model: Any = None
        self._tokenizer: Any = None

    def lacking(self) -> str | None:
        folder = folder_of(self.setting.model)
        if folder is None:
            return absent(self.setting.model)
        try:
            kind = json.loads((folder / CONFIG).read_text("utf-8")).get("model_type")
        except (OSError, ValueError, AttributeError):
            return Sentence(_("%(file)s is missing or damaged."), file=folder / CONFIG)
        if kind != "musicgen":
            return Sentence(_("%(folder)s holds no %(wanted)s but %(kind)s."), folder=folder, wanted="MusicGen", kind=kind)
        return unusable(folder, self.where)

    def open(self, device: str) -> None:
        """Raises what transformers raises."""
        from transformers import AutoTokenizer, MusicgenForConditionalGeneration

        source, kind, words = self.setting.model, MusicgenForConditionalGeneration, AutoTokenizer
        self._tokenizer = words.from_pretrained(source, trust_remote_code=False)
        model: Any = kind.from_pretrained(source, dtype=dtype_of(self.setting.dtype, device), use_safetensors=True)
        self._model = model.to(device).eval()

    def call(self, request: Request) -> Call:
        params = MusicGenParams.model_validate(request.params.model_dump())
        codec = self._model.config.audio_encoder
        rate, channels = codec.sampling_rate, self._model.config.decoder.audio_channels
        facts: dict[str, Any] = {"pipeline": type(self._model).__name__}
        if request.verb is not Verb.CONTINUE:
            frames = round(params.duration * rate)
            return Call({"seconds": params.duration}, lambda sound: from_samples(sound[:frames], rate), facts)
        base = base_of(request)
        tail = base.cut(max(0, base.frames - math.ceil((self.longest - params.more) * base.rate)), base.frames)
        heard = tail.floats(rate, channels)[-round((self.longest - params.more) * rate) :]
        heard = heard[len(heard) % self._hop :]  # whole tokens up to the end
        if not len(heard):
            heard = base.floats(rate, channels)  # shorter than a token: the codec pads it
        fade = min(round(FADE * rate), len(heard))
        first, end = base.at(base.duration - fade / rate), base.frames + round(params.more * base.rate)
        known = len(heard)
        facts |= {"prompt_seconds": known / rate, "crossfade": FADE}
        options = {"seconds": params.more, "heard": heard}
        return Call(options, lambda sound: base.set_in(sound[known - fade :], rate, first, end), facts)

    @property
    def _hop(self) -> int:
        """Samples in one token."""
        hop: int = math.prod(self._model.config.audio_encoder.upsampling_ratios)
        return hop

    def play(self, call: Call, request: Request, emit: Emit) -> list[NDArray[np.float32]]:
        import torch
        from transformers import LogitsProcessorList

        params = MusicGenParams.model_validate(request.params.model_dump())
        count, rate = len(request.seeds), self._model.config.audio_encoder.sampling_rate
        inputs = self._tokenizer([self.wanted(request)] * count, padding=True, return_tensors="pt")
        inputs = dict(inputs.to(self._device))
        if (heard := call.options.get("heard")) is not None:
            sound = torch.from_numpy(heard.T.copy()).to(self._device, self._model.dtype)
            inputs["input_values"] = sound[None].repeat(count, 1, 1)
        books = self._model.decoder.num_codebooks
        total = math.ceil(call.options["seconds"] * rate / self._hop) + books  # each codebook starts a token later
        draw = Draw(request.seeds, books, params.temperature, params.top_k, params.guidance, lambda at: emit(Step(at, total)))
        with torch.inference_mode():
            made_of = self._model.generate(
                **inputs,
                do_sample=False,  # what `draw` says is the likeliest
                guidance_scale=params.guidance,
                max_new_tokens=total,
                logits_processor=LogitsProcessorList([draw]),
            )
        return [audio.T.float().cpu().numpy() for audio in made_of]


class Draw:
    """Draws each variant's tokens by its own seed, so that its neighbours do not matter; called once a token.

    Adding Gumbel noise and taking the largest is drawing from the softmax (Gumbel-max; arXiv:2110.01515, 2.1), with a
    generator a variant, which sampling inside of `generate` does not have.
    """

    def __init__(
        self,
        seeds: tuple[int, ...],
        books: int,
        temperature: float,
        top_k: int,
        guidance: float,
        tell: Callable[[int], None],
    ) -> None:
        import torch

        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.books, self.temperature, self.top_k, self.guidance = books, temperature, top_k, guidance
        self.tell, self.number = tell, 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` [variants × codebooks, tokens], with guidance twice as many: with the words, then without."""
        import torch

        self.number += 1
        self.tell(self.number)
        guided = len(scores) > len(input_ids)
        scores = scores.float()
        if guided:
            with_words, without = scores.chunk(2)
            scores = without + (with_words - without) * self.guidance
        if 0 < self.top_k < scores.shape[-1]:
            least = scores.topk(self.top_k).values[:, -1:]
            scores = scores.masked_fill(scores < least, torch.finfo(scores.dtype).min / 4)
        if self.temperature > 0:
            shape = (self.books, scores.shape[-1])
            chance = torch.cat([torch.rand(shape, generator=generator) for generator in self.generators])
            noise = -torch.log(-torch.log(chance.clamp(1e-20, 1 - 1e-7)))
            scores = scores / max(self.temperature, 0.01) + noise.to(scores.device)
        return torch.cat([scores, scores]) if guided else scores  # the library's own guidance of two equals changes nothing
