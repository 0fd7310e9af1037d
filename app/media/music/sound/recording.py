"""A recording: its samples as they stand in its file, so that whoever cuts it or sets something in keeps all the others."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from app.errors import UnsupportedError, _

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WAV, FLAC = "audio/wav", "audio/flac"
Kind = Literal["WAV", "FLAC"]
MEDIA_TYPES: dict[str, Kind] = {WAV: "WAV", FLAC: "FLAC"}
FADE = 0.02  # seconds over which one recording goes over into another
ZEROS = 24  # zero crossings of the resampler's kernel on each side
FULL = 2.0**31  # what 1.0 is in the samples
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
WHOLE = {"FLOAT": "PCM_24", "DOUBLE": "PCM_24"}  # other kinds of samples become these


@dataclass(frozen=True, slots=True)
class Recording:
    """`samples`: int32 of [frames, channels], the highest bits used; `rate` frames a second; `subtype` as in libsndfile."""

    samples: NDArray[np.int32]
    rate: int
    subtype: str = "PCM_16"
    kind: Kind = "FLAC"

    @property
    def frames(self) -> int:
        """How long it is, in samples of one channel."""
        return len(self.samples)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.rate

    @property
    def media_type(self) -> str:
        """Of its file."""
        return WAV if self.kind == "WAV" else FLAC

    def at(self, seconds: float) -> int:
        """The frame at a moment, within the recording."""
        return min(max(round(seconds * self.rate), 0), self.frames)

    def encoded(self, kind: Kind | None = None) -> bytes:
        """The file; the same samples are the same bytes, and decode to the same samples."""
        import soundfile

        out = io.BytesIO()
        soundfile.write(out, self.samples, self.rate, format=kind or self.kind, subtype=self.subtype)
        return out.getvalue()

    def cut(self, first: int, end: int) -> Recording:
        """Frames `first` to `end` (exclusive), as they are."""
        return replace(self, samples=self.samples[first:end])

    def floats(self, rate: int, channels: int) -> NDArray[np.float32]:
        """[frames, channels] of -1…1 at `rate`: mixed down to one channel, or the first ones repeated, as a model wants it."""
        import numpy as np

        heard = (self.samples / FULL).astype(np.float32)
        if channels < heard.shape[1]:
            heard = np.repeat(heard.mean(axis=1, keepdims=True), channels, axis=1) if channels == 1 else heard[:, :channels]
        elif channels > heard.shape[1]:
            heard = heard[:, np.arange(channels) % heard.shape[1]]
        return resampled(heard, self.rate, rate)

    def set_in(self, sound: NDArray[np.float32], rate: int, first: int, end: int) -> Recording:
        """`sound` ([frames, channels] at `rate`) from frame `first` to `end`, which may lie past the recording's own.

        Every frame before `first` and from `end` on stays as it is. Within, FADE seconds at each border go over from what
        was there to what is new. Where the recording ends at `first`, nothing was there: its own last FADE seconds fade out.
        """
        import numpy as np

        new = resampled(sound, rate, self.rate)[: end - first]
        new = np.pad(new, ((0, end - first - len(new)), (0, 0)))
        new = new[:, np.arange(self.samples.shape[1]) % new.shape[1]]
        old = self.samples[first:end] / FULL
        old = np.pad(old, ((0, end - first - len(old)), (0, 0)))
        share = np.ones((end - first, 1))  # of what is new
        fade = max(1, min(round(FADE * self.rate), (end - first) // 2))
        ramp = (np.arange(fade) + 0.5)[:, None] / fade
        if first > 0:
            share[:fade] = ramp
        if end < self.frames:
            share[-fade:] = ramp[::-1]
        mixed = old * (1 - share) + new * share
        before, after = self.samples[:first], self.samples[end:]
        return replace(self, samples=np.concatenate([before, stored(mixed, self.subtype), after]))


def read_recording(data: bytes) -> Recording:
    """A WAV or FLAC file of ours. Samples in floating point become 24 bits; a compressed kind of WAV 16.

    Raises UnsupportedError when it is neither, or holds nothing.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            kind, subtype, rate = file.format, file.subtype, file.samplerate
            samples = file.read(dtype="int32" if subtype in BITS else "float64", always_2d=True)
    except (soundfile.SoundFileError, ValueError, RuntimeError) as error:
        raise UnsupportedError(_("This is no recording that Stemma can read (WAV or FLAC).")) from error
    if kind not in {"WAV", "WAVEX", "FLAC"} or not len(samples):
        raise UnsupportedError(_("This is no recording that Stemma can read (WAV or FLAC)."))
    if subtype not in BITS:
        subtype = WHOLE.get(subtype, "PCM_16")
        samples = stored(quiet_enough(samples), subtype)
    return Recording(samples, rate, subtype, "FLAC" if kind == "FLAC" else "WAV")


def from_samples(sound: Any, rate: int) -> Recording:
    """A recording of what a model made: [frames, channels] of -1…1, in 16 bits; louder than that is turned down as a whole."""
    return Recording(stored(quiet_enough(sound), "PCM_16"), rate)


def quiet_enough(sound: Any) -> NDArray[np.float64]:
    """`sound` within -1…1: as it is, or turned down as a whole; what is no number is silence."""
    import numpy as np

    sound = np.nan_to_num(np.asarray(sound, dtype=np.float64), posinf=0.0, neginf=0.0)
    quiet: NDArray[np.float64] = sound / max(1.0, float(np.abs(sound).max(initial=0.0)))
    return quiet


def stored(sound: NDArray[Any], subtype: str) -> NDArray[np.int32]:
    """Samples of -1…1 as a file of `subtype` holds them, in the highest bits of int32."""
    import numpy as np

    bits = BITS[subtype]
    most = 2 ** (bits - 1)
    levels = np.clip(np.round(sound * most), -most, most - 1).astype(np.int64)
    whole: NDArray[np.int32] = (levels << (32 - bits)).astype(np.int32)
    return whole


def resampled(sound: NDArray[np.float32], old: int, new: int) -> NDArray[np.float32]:
    """[frames, channels] at `new` frames a second instead of `old`: a windowed sinc in polyphase form.

    J. O. Smith, "Digital Audio Resampling" (https://ccrma.stanford.edu/~jos/resample/), with a Hann window.
    """
    import numpy as np

    if old == new:
        return sound
    up, down = new // math.gcd(old, new), old // math.gcd(old, new)
    cutoff = min(1.0, up / down)
    half = math.ceil(ZEROS / cutoff)
    count = math.ceil(len(sound) * up / down)
    padded = np.pad(sound, ((half, half + down + 1), (0, 0)))
    out = np.zeros((count, sound.shape[1]), np.float32)
    for phase in range(min(up, count)):
        base, fraction = divmod(phase * down / up, 1)
        places = np.arange(1 - half, half + 1) - fraction
        kernel = cutoff * np.sinc(cutoff * places) * (0.5 + 0.5 * np.cos(np.pi * np.clip(places / half, -1, 1)))
        rows = len(out[phase::up])
        for tap, weight in enumerate(kernel.astype(np.float32), int(base) + 1):
            out[phase::up] += weight * padded[tap : tap + (rows - 1) * down + 1 : down]
    return out
