"""What can be set of every engine with a language model of its own."""

from __future__ import annotations

from pydantic import Field

from app.engines.engine import EngineParams
from app.engines.shared.sampling import Sampling
from app.errors import _


class WriterParams(EngineParams):
    """How the next token is found."""

    tokens: int = Field(200, ge=1, le=4000, title=_("Length"), description=_("How many tokens a text has at most."))
    temperature: float = Field(
        1.0, ge=0, le=2, title=_("Temperature"), description=_("Higher is more daring; 0 always takes the likeliest token.")
    )
    top_k: int = Field(0, ge=0, le=1000, title=_("Top-k"), description=_("Chooses among this many likeliest tokens; 0: all."))
    top_p: float = Field(
        1.0,
        gt=0,
        le=1,
        title=_("Top-p"),
        description=_("Chooses among the likeliest tokens that sum to this probability."),
    )
    min_p: float = Field(
        0.1,
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
    repetition_penalty: float = Field(
        1.15, ge=1, le=2, title=_("Repetition penalty"), description=_("Makes words that were already written less likely.")
    )
    no_repeat_ngram: int = Field(
        0,
        ge=0,
        le=20,
        title=_("No repeated n-grams"),
        description=_("Runs of this many tokens never repeat; 0: they may."),
    )
    beams: int = Field(
        0,
        ge=0,
        le=16,
        title=_("Beams"),
        description=_("Beams that search for the likeliest text; 0: draws by chance."),
    )
    length_penalty: float = Field(
        1.0, ge=-2, le=4, title=_("Length penalty"), description=_("For beam search: higher values favour longer texts.")
    )
    groups: int = Field(
        1,
        ge=1,
        le=16,
        title=_("Groups"),
        description=_("For beam search: groups of beams that must differ."),
    )
    diversity: float = Field(0.5, ge=0, le=10, title=_("Diversity"), description=_("How much the groups of beams must differ."))

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
