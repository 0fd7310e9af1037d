"""Chinese regulated verse: a small Llama on characters (made by a recipe of its own), its form kept by construction.

What the model reads: `<form>`, then a `<词>` before each keyword, a `<题>` before a title, `<诗>`, and then the poem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Request, Step, Verb
from app.engines.shared.local_engine import llama, unusable
from app.engines.shared.weights import fault, weights_digest
from app.engines.text import verse_brief, verse_page
from app.engines.text.hearing import heard_words, keywords
from app.engines.text.known_lines import known_lines
from app.engines.text.one_by_one import one_by_one
from app.engines.text.tasks import IN_CHINESE, Task, kept_length, parents_of
from app.engines.text.text_run import TextRun
from app.engines.text.verse_drafts import best_of_drafts
from app.engines.text.verse_form import VerseForm, mark_of, wanted_form
from app.engines.text.within import Within
from app.engines.text.writer import Writer
from app.engines.text.writer_params import WriterParams
from app.errors import EngineError, _
from app.media.text.prosody.chinese import Book
from app.media.text.prosody.constraint import ChineseConstraint, Vocabulary
from app.media.text.prosody.form import Breaks, Form
from app.media.text.prosody.lines import unified
from app.media.text.scripts import HAN

if TYPE_CHECKING:
    from app.engines.shared.language_model import LanguageModel

WEIGHTS, VOCABULARY = "model.safetensors", "poem_vocab.json"
KEYWORD, TITLE, POEM, END = "<词>", "<题>", "<诗>", "<eos>"
PLACES = 12  # ways to place a word that are tried
TITLES = 10  # characters of a title: the model saw no more
MARKS = frozenset(f"<{mark}>" for mark in VerseForm)
OTHER = re.compile("散文|小说|故事|剧本|对白|现代诗|新诗|自由诗|白话|歌词|日记|书信|文章|作文")  # what it never saw
CLASSICAL = re.compile("[绝律][句诗]|古诗|[五六七][言绝律]")
UNHEARD = _("The house's verse engine writes Chinese verse, and none of these words means anything to it.")
VERSE_ONLY = _("The house's verse engine writes classical regulated verse only, neither prose nor modern verse.")


class Verse(Writer):
    """Classical Chinese poems; lines, punctuation, rhyme and tones always hold."""

    name = "verse"
    title = _("House verse, Chinese")
    verbs = frozenset({Verb.CREATE, Verb.CONTINUE, Verb.VARY, Verb.REROLL, Verb.BRANCH, Verb.LINE})
    licence = "Apache-2.0"
    libraries = ("torch", "transformers", "safetensors")
    repeats = False  # lines that it was trained on

    class Params(WriterParams):
        """The form, and how the next character is found."""

        form: VerseForm = Field(
            VerseForm.QIJUE,
            title=_("Form"),
            description=_("Used when you choose no form and the brief names none."),
            json_schema_extra={
                "names": {
                    VerseForm.WUJUE: _("4 × 5 (wujue)"),
                    VerseForm.QIJUE: _("4 × 7 (qijue)"),
                    VerseForm.WULV: _("8 × 5 (wulü)"),
                    VerseForm.QILV: _("8 × 7 (qilü)"),
                    VerseForm.LIUJUE: _("4 × 6 (liujue)"),
                    VerseForm.WUPAI: _("12 × 5 (wupai)"),
                    VerseForm.HUANXISHA: _("Song, Huan Xi Sha"),
                    VerseForm.ZHEGUTIAN: _("Song, Zhe Gu Tian"),
                }
            },
        )
        temperature: float = Field(
            0.6, ge=0, le=2, title=_("Temperature"), description=_("Higher is more daring; 0 always takes the likeliest token.")
        )
        drafts: int = Field(
            8, ge=1, le=16, title=_("Drafts"), description=_("How many drafts of each poem are written; the best one is kept.")
        )

    def __init__(self, folder: Path) -> None:
        """Weights, configuration and vocabulary in `folder`; beside them, if there, the lines not to be repeated."""
        super().__init__()
        self.folder = folder

    def damage(self) -> str | None:
        missing = None if (self.folder / VOCABULARY).is_file() else _("it is missing")
        return unusable(self.folder, fault(self.folder / WEIGHTS) or missing)

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (the seam's)
        brief: Brief,
        texts: Sequence[str] = (),  # noqa: ARG002 (the seam's)
        kinds: Sequence[str] = (),  # noqa: ARG002 (the seam's)
    ) -> str | None:
        asked = brief.prompt().positive
        if asked and not HAN.search(asked) and not any(word.words for word in verse_brief.subject_words(brief, self._known)):
            return UNHEARD
        return VERSE_ONLY if OTHER.search(asked) and not CLASSICAL.search(asked) else None

    def unasked(self, brief: Brief) -> bool:
        asked = brief.prompt().positive
        return not asked or bool(HAN.search(asked) or IN_CHINESE.search(asked))

    def prompt(self, brief: Brief) -> Prompt:
        return verse_brief.prompt(brief, self._known)

    @property
    def _known(self) -> dict[str, int]:
        """Character or mark to id; empty where the vocabulary is missing."""
        return _vocabulary(self.folder) if (self.folder / VOCABULARY).is_file() else {}

    def _words_for(self, request: Request) -> list[str]:
        """The keywords of a request: the brief's, then what its inspirations name. A lone variant takes its seed's."""
        found = verse_brief.subject_words(request.brief, self._known, self.inspiration(request))
        return keywords(found, verse_brief.MOST, request.seeds[0] if len(request.seeds) == 1 else None)

    def _words_leant_towards(self, request: Request) -> list[str]:
        """The keywords that a poem is nudged to name."""
        return self._words_for(request)

    def inspiration(self, request: Request) -> list[str]:
        return [words for words in super().inspiration(request) if any(word.words for word in heard_words(words))]

    def loaded(self, device: str) -> tuple[LanguageModel, dict[str, Any]]:
        from app.engines.shared.language_model import LanguageModel

        known = _vocabulary(self.folder)
        self._pieces = verse_page.pieces(known, "", every=False)
        marks = [id for word, id in known.items() if len(word) > 1]
        facts = {"model": self.folder.name, "weights": weights_digest(self.folder / WEIGHTS), "dtype": "float32"}
        return LanguageModel(llama(self.folder, device), [known[END]], marks), facts

    def warm(self) -> None:
        request = Request(Verb.CREATE, Brief(intent="秋"), self.Params(), (0, 1, 2, 3))
        for _part in zip(range(3), self.run(request), strict=False):
            pass

    def task(self, request: Request) -> Task:
        known, mark = self._known, mark_of(self.form(request))
        marked = f"<{mark}>" if f"<{mark}>" in known else next(word for word in known if word in MARKS)
        words = self._words_for(request)
        title = TITLE + "".join(words)[:TITLES] if words else ""  # poems with one hold together better
        message = marked + "".join(KEYWORD + word for word in words) + title + POEM
        if request.verb in {Verb.CREATE, Verb.REROLL}:
            if request.seeds and (reason := self.refusal(request.verb, request.brief)):
                raise EngineError(reason)
            return Task(message)
        text = parents_of(request)[0]
        at = len(text) if request.at is None or request.verb is Verb.LINE else request.at
        if request.verb is Verb.VARY and request.strength:
            at = kept_length(text, request.strength)
        before = text[: max(0, at)]
        if request.verb in {Verb.CONTINUE, Verb.LINE} and before.endswith(tuple(self._ends(request, before))):
            before += "\n"
        given = request.choice if request.verb is Verb.BRANCH else ""
        return Task(message, before, "", before + given, given)

    def _ends(self, request: Request, text: str) -> list[str]:
        """The marks after which a line of the page ends: where the form counts lines by their ends, every clause's."""
        return verse_page.ends(text, every=self.form(request).breaks is Breaks.LINE)

    def form(self, request: Request) -> Form:
        """The form of this poem. Raises EngineError for one that this engine cannot keep."""
        fallback: VerseForm = self.Params.model_validate(request.params.model_dump()).form
        return wanted_form(request.form, request.brief, fallback)

    def constraints(self, request: Request, task: Task) -> Sequence[Within]:
        return self._holds(request, task)

    def _holds(self, request: Request, task: Task, must: tuple[str, ...] = ()) -> list[Within]:
        """What the form allows, one for each variant, with more words that it `must` have. Raises ImpossibleError."""
        form, known = self.form(request), self._known
        before = unified(task.answer).replace(" ", "")
        written = _words(self.folder, form.book)
        form = form.model_copy(update={"breaks": Breaks.CLAUSE, "must": (*form.must, *must)})
        holds = [placed(form, written, seed, before if must else None) for seed in request.seeds]
        if holds and (found := holds[0].allowed(before)).end and not found.characters:
            raise EngineError(_("The poem is whole already: its form has no further line."))
        leant = self._words_leant_towards(request)
        lines = 1 if request.verb is Verb.LINE else None
        asked: dict[str, Any] = {"words": list(known), "before": before, "keywords": leant, "lines": lines}
        asked["known"] = None if self.repeats else known_lines(self.folder)
        return [Within(hold, self.model.usable, known[END], **asked) for hold in holds]

    def pieces(self, request: Request) -> Sequence[bytes]:
        every = self.form(request).breaks is Breaks.LINE
        return verse_page.pieces(self._known, _begun(request), every=every)

    def facts(self, request: Request) -> dict[str, Any]:
        form, unread = self.form(request), verse_page.unread(_begun(request), self._known)
        told = {"form": {"name": form.name, "book": str(form.book), "lines": form.total}}
        return told | ({"unread": unread} if unread else {})

    def bounded(self, params: WriterParams, request: Request) -> WriterParams:
        """`params` with as many tokens as a whole poem has, at least."""
        return params.model_copy(update={"tokens": max(params.tokens, _length(self.form(request)))})

    def _together(self, request: Request) -> bool:
        """Whether the variants are compared with one another, and so written at once: beams and lines are."""
        return bool(self.Params.model_validate(request.params.model_dump()).beams) or request.verb is Verb.LINE

    def run(self, request: Request) -> Iterator[Step | Content]:
        run = super().run
        yield from run(request) if self._together(request) else one_by_one(request, run, _length(self.form(request)))

    def loop(self, run: TextRun) -> Iterator[Step]:
        """A poem is the best of several drafts."""
        if self._together(run.request):
            return super().loop(run)
        count = self.Params.model_validate(run.params.model_dump()).drafts
        return best_of_drafts(run, count, lambda must: self._holds(run.request, run.task, must)[0])

    def encoded(self, text: str) -> list[int]:
        return verse_page.encoded(text, self._known)

    def context(self, task: Task) -> str:
        return task.message + task.begun


def _begun(request: Request) -> str:
    """The poem that is gone on with."""
    return "" if request.verb in {Verb.CREATE, Verb.REROLL} else parents_of(request)[0]


def _length(form: Form) -> int:
    """How many tokens a poem of `form` has at most: its characters and a mark for each line."""
    return sum(most + 1 for line in range(form.total or 4) for _least, most in [form.span(line) or (1, 7)])


@lru_cache(maxsize=4)
def _vocabulary(folder: Path) -> dict[str, int]:
    """Character or mark to id."""
    words: list[str] = json.loads((folder / VOCABULARY).read_text("utf-8"))
    return {word: id for id, word in enumerate(words)}


def placed(form: Form, written: Vocabulary, seed: int, after: str | None) -> ChineseConstraint:
    """The form, its words that must appear in places by `seed`: all in lines that come `after` a text, where one is given.

    Raises ImpossibleError.
    """
    found = ChineseConstraint(form, written, seed)
    for other in range(1, PLACES):
        if after is None or all(line > found.place(after)[0] for line, _at in found.fixed):
            break
        found = ChineseConstraint(form, written, seed + other * PLACES)
    return found


@lru_cache(maxsize=8)
def _words(folder: Path, book: Book) -> Vocabulary:
    """The model's characters by tone and rhyme."""
    return Vocabulary(list(_vocabulary(folder)), book)
