"""What the model can do, measured on poems that the studio's own engine writes: forms, keywords, seasons, novelty."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.brief import Brief
from app.engines.engine import Content, Request, Verb
from app.engines.text.verse import Verse
from app.engines.text.verse_form import VerseForm
from app.media.text.prosody.asked import form_of
from app.media.text.prosody.check import check_form
from app.media.text.prosody.form import Form
from app.media.text.prosody.report import Kind
from app.training.verse import network
from app.training.verse.examples import Examples
from app.training.verse.poems import Poem
from app.training.verse.shapes import SHAPES

# The keywords that the poems are asked for, in turn.
ASKED = ("秋", "明月", "山", "春风", "酒", "江", "白云", "梅", "雪", "夜雨", "故人", "雁", "柳", "梦", "松", "孤舟")
SEASONS = ("秋", "春")
_GROUP = 10  # poems of one brief, written together
_LINE = re.compile("[，。\n]+")


@dataclass(frozen=True, slots=True)
class SampledPoem:
    """A poem as the engine wrote it, and what was asked."""

    form: VerseForm
    keyword: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines, without marks."""
        return [line for line in _LINE.split(self.text) if line]


def sample_poems(engine: Verse, count: int, *, seed: int = 0, keywords: Sequence[str] = ASKED) -> Iterator[SampledPoem]:
    """`count` poems, as many of each of the eight forms, in groups that ask for one keyword each."""
    forms, at = list(VerseForm), 0
    each = -(-count // len(forms))
    for form in forms:
        for first in range(0, each, _GROUP):
            keyword = keywords[at % len(keywords)]
            at += 1
            seeds = tuple(seed + 1000 * at + i for i in range(min(_GROUP, each - first)))
            for text in poems(engine, form.form, keyword, seeds):
                yield SampledPoem(form, keyword, text)


def poems(engine: Verse, form: Form, keyword: str, seeds: tuple[int, ...]) -> list[str]:
    """The poems of these seeds; the first draft of each where the model is measured by itself."""
    params = engine.Params(drafts=1) if engine.repeats else engine.Params()
    request = Request(Verb.CREATE, Brief(intent="诗", materials=[keyword]), params, seeds, form=form)
    return [part.data.decode() for part in engine.run(request) if isinstance(part, Content)]


def measure(engine: Verse, corpus: Sequence[Poem], count: int) -> tuple[dict[str, dict[str, Any]], list[SampledPoem]]:
    """The measurements, each a `value` and a `note`, and the poems they were taken of."""
    found = list(sample_poems(engine, count))
    figures = forms_held(found)
    figures["keyword_named"] = _share(
        [poem.keyword in poem.text for poem in found], "poems that name the keyword asked for, leaning towards it"
    )
    figures |= seasons(engine) | novelty(found, corpus)
    return figures, found


def held_out_error(engine: Verse, corpus: Sequence[Poem], most: int = 400) -> tuple[float, int]:
    """The mean cross-entropy of at most so many poems that training never saw, in nats a token, and their number."""
    import torch

    words = json.loads((engine.folder / network.VOCABULARY).read_text("utf-8"))
    examples = Examples([poem for poem in corpus if poem.held_out], words)
    total = count = 0.0
    with torch.inference_mode():
        for batch in examples.measuring(2048, most):
            own = float((batch.ids.shape[1] - batch.begins).sum())
            total += own * float(network.error(engine.model.model, batch.ids, batch.begins, torch.float32))
            count += own
    return total / max(1.0, count), min(most, len(examples.held_out))


def forms_held(found: Sequence[SampledPoem]) -> dict[str, dict[str, Any]]:
    """How often each part of a form holds, by the check that an artist sees."""
    reports = {poem: check_form(form_of({"preset": poem.form.preset}), poem.text) for poem in found}
    figures = {}
    for name, kinds in {"lines": {Kind.LINES, Kind.LENGTH}, "rhyme": {Kind.RHYME}, "tones": {Kind.TONES}}.items():
        judged = [r for poem, r in reports.items() if name != "tones" or poem.form is not VerseForm.LIUJUE]
        faultless = [not any(fault.kind in kinds for fault in report.faults) for report in judged]
        figures[f"{name}_held"] = _share(faultless, f"{len(judged)} poems by the studio's own check")
    marks = [_marks(poem) for poem in found]
    return figures | {"punctuation_held": _share(marks, "every mark where the form has it")}


def _marks(poem: SampledPoem) -> bool:
    shape = SHAPES[str(poem.form)]
    return "".join(poem.text.split()) == shape.written(poem.lines) if len(poem.lines) == len(shape.lengths) else False


def seasons(engine: Verse, each: int = 40) -> dict[str, dict[str, Any]]:
    """Of poems on autumn and on spring: how often each season is named, by the engine and by the model alone."""
    plain = Unleaning(engine.folder)
    plain.load("cpu")
    note = f"share of {each} quatrains for each season asked for that name it and the other one"
    return {
        "seasons": {"value": _seasons(engine, each), "note": f"{note}, as the studio writes them"},
        "seasons_by_the_model_alone": {"value": _seasons(plain, each), "note": f"{note}, nothing leant towards"},
    }


def _seasons(engine: Verse, each: int) -> dict[str, dict[str, float]]:
    groups = [tuple(range(first, first + _GROUP)) for first in range(0, each, _GROUP)]
    found = {}
    for season in SEASONS:
        texts = [text for seeds in groups for text in poems(engine, VerseForm.QIJUE.form, season, seeds)]
        found[f"asked {season}"] = {other: sum(other in text for text in texts) / len(texts) for other in SEASONS}
    return found


class Unleaning(Verse):
    """The engine without its leanings, towards keywords and away from known lines: what the model does by itself."""

    repeats = True

    def _words_leant_towards(self, request: Request) -> list[str]:  # noqa: ARG002 (the engine's)
        return []


def unguided_shares(folder: Path, corpus: Sequence[Poem], count: int) -> dict[str, dict[str, Any]]:
    """How often the model by itself names a keyword, and repeats a line of the corpus."""
    plain = Unleaning(folder)
    plain.load("cpu")
    found = list(sample_poems(plain, count))
    held = [poem.keyword in poem.text for poem in found]
    figures = {"keyword_named_by_the_model_alone": _share(held, f"{len(held)} poems, nothing leant towards")}
    return figures | {"lines_in_the_corpus_by_the_model_alone": novelty(found, corpus)["lines_in_the_corpus"]}


def novelty(found: Sequence[SampledPoem], corpus: Sequence[Poem]) -> dict[str, dict[str, Any]]:
    """How many of the lines stand in the corpus."""
    known = {line for poem in corpus for line in poem.lines}
    lines = [line for poem in found for line in poem.lines]
    copied = [line in known for line in lines]
    distinct = len(set(lines)) / max(1, len(lines))
    return {
        "lines_in_the_corpus": _share(copied, f"of {len(lines)} lines, word for word"),
        "different_lines": {"value": round(distinct, 4), "note": "share of the lines that no other poem here has"},
    }


def forty(folder: Path, seed: int = 0) -> str:
    """Forty poems, five of each form, not chosen, as Markdown."""
    engine = Verse(folder)
    engine.load("cpu")
    return poems_markdown(list(sample_poems(engine, 40, seed=seed)))


def poems_markdown(found: Sequence[SampledPoem]) -> str:
    """Poems as Markdown, by form."""
    parts = ["# Poems, not chosen\n"]
    for form in VerseForm:
        mine = [poem for poem in found if poem.form is form]
        parts += [f"\n## {form}\n"] if mine else []
        parts += ["\n" + f"{poem.keyword}：" + "  \n".join(poem.text.strip().splitlines()) + "\n" for poem in mine]
    return "".join(parts)


def _share(held: Sequence[bool], note: str) -> dict[str, Any]:
    return {"value": round(sum(held) / max(1, len(held)), 4), "note": note}
