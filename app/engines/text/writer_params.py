"""What can be set of every engine with a language model of its own."""

from __future__ import annotations

from pydantic import Field

from app.engines.engine import EngineParams
from app.engines.shared.sampling import Sampling
from app.errors import _


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
