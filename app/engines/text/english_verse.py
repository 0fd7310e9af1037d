"""English verse a line at a time: which of the candidates (see `line_by_line`) is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.engines.engine import Step
from app.engines.text.decoding import Constraint
from app.engines.text.english_forms import ends_stanza, rhymes
from app.engines.text.english_only import remarks
from app.engines.text.line_by_line import CANDIDATES, Choice, lines
from app.engines.text.ranking import order, rankings
from app.engines.text.text_run import TextRun
from app.media.text.prosody.form import Form

RHYMING = 16  # candidates for a line that must rhyme: few of the words that would do come by themselves


def verse(run: TextRun, form: Form, constraints: Sequence[Constraint], start: str) -> Iterator[Step]:
    """Verse that goes on from `start`: of several candidates for each line the best."""
    choice = _LineChoice(run, form, start)
    found = lines(
        run.model,
        run.prompt,
        run.request.seeds,
        run.params.sampling,
        constraints,
        Choice(
            breaks={id for id, piece in enumerate(run.pieces) if piece.endswith(b"\n")},
            closers=[id for id, piece in enumerate(run.pieces) if piece.lstrip()[:1] in {b".", b"!", b"?"} and len(piece) <= 3],  # noqa: PLR2004 (with a quotation mark or a break)
            judge=choice.best,
            candidates=choice.count,
        ),
        stopped=run.request.stopped,
        most=max(run.params.tokens, 24 * (form.total or 1)),
    )
    for number, line in enumerate(found, 1):
        index, end = line[0].index, line[-1].end
        run.add(index, [word.pick for word in line if word.pick])
        pieces = run.complete(index, [], str(end)) if end else run.variants[index].fresh()
        total = (form.total or number) * len(run.variants)
        yield Step(min(number, total), total, pieces=pieces, ended=(index,) if end else ())


@dataclass(frozen=True, slots=True)
class _LineChoice:
    """Which of the candidates for a poem's next line is taken; the poem goes on from `start`."""

    run: TextRun
    form: Form
    start: str

    def count(self, written: Sequence[int]) -> int:
        """How many candidates there are for the line after `written`."""
        return RHYMING if rhymes(self.form, self.start + self._text(written)) else CANDIDATES

    def best(
        self,
        written: Sequence[int],
        candidates: Sequence[Sequence[int]],
        likelihoods: Sequence[float],
        closed: Sequence[float],
    ) -> int:
        """The index of the best: no line that stands there already, and at the beginning no remark about the text."""
        above, found = self.start + self._text(written), [self._text(line) for line in candidates]
        said = {line.strip().lower() for line in above.splitlines()}
        last = ends_stanza(self.form, above)
        best = order(rankings(self.form, above, found, likelihoods, closed if last else ()))
        good = (at for at in best if found[at].strip().lower() not in said and (said or not remarks(found[at].strip())))
        return next(good, best[0])

    def _text(self, ids: Sequence[int]) -> str:
        pieces, ends = self.run.pieces, self.run.model.ends
        return b"".join(pieces[id] for id in ids if id not in ends).decode("utf-8", "replace")
