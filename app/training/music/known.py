"""The training's tunes as the engine keeps them, to say of a new tune whether it is one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.media.music.abc.abc import read_tune
from app.media.music.abc.writing import Sheet, header
from app.media.music.grammar.tokens import notes_of
from app.media.music.notation.pitch import Key, Mode
from app.media.music.notation.tune import Tune, metre_of
from app.media.music.theory.novelty import Known, numbers_of, sounds_of
from app.training.checkpoint import write
from app.training.faults import TrainingError
from app.training.music.dataset import Tokens


def tune_of(tokens: Tokens) -> Tune:
    """A tune of the data set, written out in its own key and read again."""
    key, metre = Key(tokens.key, Mode(tokens.mode)), metre_of(tokens.metre)
    if metre is None:
        raise TrainingError("A tune of the data set has no metre: run `stemma train music data` again.")
    *bars, closing = tokens.bars
    sheet = Sheet(key, metre, header(tokens.title, "", tokens.metre, key))
    for bar in bars:
        sheet.bar(bar.opening, notes_of(bar.body, key))
    sheet.finish(closing.opening)
    return read_tune(sheet.text)


def known_of(tunes: Sequence[Tokens]) -> Known:
    """An index of these tunes."""
    return Known.of(tune_of(tokens) for tokens in tunes)


def save_known(path: Path, tunes: Sequence[Tokens]) -> None:
    """Write the tunes' numbers in one sequence, a 0 after each, with their titles; about 1 MB. Raises OSError."""
    from safetensors.numpy import save

    parts = [np.asarray([*numbers_of(sounds_of(tune_of(tokens))), 0], np.uint16) for tokens in tunes]
    titles = json.dumps([tokens.title for tokens in tunes])
    write(path, save({"numbers": np.concatenate(parts)}, {"titles": titles}))
