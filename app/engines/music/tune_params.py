"""What an artist can set of the house engine of tunes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from app.engines.engine import EngineParams
from app.engines.music.conditions import TuneConditions
from app.engines.shared.sampling import Sampling
from app.errors import _
from app.media.music.grammar.tokens import METRES, MODES, MOODS, RHYTHMS
from app.media.music.notation.pitch import Mode

OPEN = ""  # of a choice: as the brief says

# What can be chosen is what the corpus knows; mypy wants the members written out.
Rhythm = StrEnum("Rhythm", {"OPEN": OPEN} | {name.upper().replace(" ", "_"): name for name in RHYTHMS})  # type: ignore[misc]  # as above
Metres = StrEnum("Metres", {"OPEN": OPEN} | {f"M{name.replace('/', '_')}": name for name in METRES})  # type: ignore[misc]  # as above
Tonic = StrEnum("Tonic", {"OPEN": OPEN} | {name: name for name in ("C", "G", "D", "A", "E", "B", "F", "Bb", "Eb", "Ab")})  # type: ignore[misc]  # as above
Modes = StrEnum("Modes", {"OPEN": OPEN} | {mode.name: mode.value for mode in MODES})  # type: ignore[misc]  # as above
Moods = StrEnum("Moods", {"OPEN": OPEN} | {name.upper(): name for name in MOODS})  # type: ignore[misc]  # as above

# What a choice is called; nothing chosen is called "from the brief" by the page.
KINDS: dict[str, Any] = {
    "reel": _("reel"),
    "jig": _("jig"),
    "hornpipe": _("hornpipe"),
    "slip jig": _("slip jig"),
    "strathspey": _("strathspey"),
    "march": _("march"),
    "air": _("air"),
    "waltz": _("waltz"),
    "other": _("another kind"),
}
MODE_NAMES: dict[str, Any] = {"maj": _("major"), "min": _("minor"), "dor": _("dorian"), "mix": _("mixolydian")}
MOOD_NAMES: dict[str, Any] = {"bright": _("bright"), "gentle": _("gentle"), "dark": _("dark"), "wistful": _("wistful")}

HARMONY_NAMES: dict[str, Any] = {"chords": _("Chord symbols"), "voice": _("A second voice"), "both": _("Both")}


class Harmonies(StrEnum):
    """What a harmonised tune gets."""

    CHORDS = "chords"
    VOICE = "voice"
    BOTH = "both"


class TuneParams(EngineParams):
    """What of the tune the brief's words need not decide, and how its notes are drawn."""

    rhythm: Rhythm = Field(
        Rhythm(OPEN),
        title=_("Kind of tune"),
        description=_("Brings its own metre and pace."),
        json_schema_extra={"names": KINDS},
    )
    metre: Metres = Field(Metres(OPEN), title=_("Metre"), description=_("How the beats of a bar are counted."))
    tonic: Tonic = Field(Tonic(OPEN), title=_("Key"), description=_("The note that the tune comes home to."))
    mode: Modes = Field(
        Modes(OPEN), title=_("Mode"), description=_("The scale around that note."), json_schema_extra={"names": MODE_NAMES}
    )
    mood: Moods = Field(
        Moods(OPEN),
        title=_("Mood"),
        description=_("Suggests kind and mode where nothing else does."),
        json_schema_extra={"names": MOOD_NAMES},
    )
    bars: int = Field(0, ge=0, le=64, title=_("Bars"), description=_("As written, without repeats; 0: as the brief says."))
    more: int = Field(8, ge=1, le=32, title=_("Bars to add"), description=_("When a tune goes on."))
    home: bool = Field(True, title=_("End on the tonic"), description=_("The last note is the key's own."))
    chords: bool = Field(False, title=_("Chord symbols"), description=_("Put chords above the finished tune."))
    harmony: Harmonies = Field(
        Harmonies.CHORDS,
        title=_("Harmony"),
        description=_("What Harmonise adds to a tune."),
        json_schema_extra={"names": HARMONY_NAMES},
    )
    drafts: int = Field(
        4,
        ge=1,
        le=12,
        title=_("Drafts"),
        description=_("Drafts written of each phrase; the one that sounds best is kept."),
    )
    temperature: float = Field(
        0.9, ge=0, le=2, title=_("Temperature"), description=_("Higher is more daring; 0 always takes the likeliest token.")
    )
    top_k: int = Field(0, ge=0, le=1000, title=_("Top-k"), description=_("Chooses among this many likeliest tokens; 0: all."))
    top_p: float = Field(
        0.95,
        gt=0,
        le=1,
        title=_("Top-p"),
        description=_("Chooses among the likeliest tokens that sum to this probability."),
    )
    min_p: float = Field(
        0.0,
        ge=0,
        lt=1,
        title=_("Min-p"),
        description=_("Leaves out tokens less probable than this share of the likeliest."),
    )
    typical_p: float = Field(
        1.0,
        gt=0,
        le=1,
        title=_("Typical"),
        description=_("Chooses among tokens about as surprising as the model expects."),
    )

    @property
    def sampling(self) -> Sampling:
        """What of it decides a draw."""
        return Sampling(self.temperature, self.top_k, self.top_p, self.min_p, self.typical_p)

    @property
    def said(self) -> TuneConditions:
        """What of it is set."""
        mode = Mode(self.mode.value) if self.mode.value else None
        return TuneConditions(
            self.rhythm.value or None,
            self.metre.value or None,
            self.tonic.value or None,
            mode,
            self.mood.value or None,
            self.bars or None,
        )
