"""Chinese regulated verse: a small Llama on characters (made by a recipe of its own), its form kept by construction.

What the model reads: `<form>`, then a `<词>` before each keyword, a `<题>` before a title, `<诗>`, and then the poem.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from app.brief import Brief, Prompt
from app.engines.engine import Content, Request, Step, Verb
from app.engines.image.weights import digest, fault
from app.engines.text.known_lines import known_lines
from app.engines.text.tasks import HAN, Task, kept, parents_of
from app.engines.text.verse_form import VerseForm, mark_of, said_in, wanted_form
from app.engines.text.within import Within
from app.engines.text.writer import Writer, WriterParams
from app.errors import EngineError, _
from app.forms.chinese import Book
from app.forms.constraint import ChineseConstraint, Vocabulary
from app.forms.form import Breaks, Form
from app.forms.recognise import recognised

if TYPE_CHECKING:
    from app.engines.text.decoding import Constraint

WEIGHTS, VOCABULARY = "model.safetensors", "poem_vocab.json"
LIBRARIES = ("torch", "transformers", "safetensors")
KEYWORD, TITLE, POEM, END = "<词>", "<题>", "<诗>", "<eos>"
COMMA, STOP = "，", "。"
# What classical verse speaks of, one character each: those of them that a brief names become its keywords.
THEMES = frozenset(
    "春夏秋冬月山水花雪雨风云江夜柳酒梅竹松菊雁舟别思愁梦客归乡剑琴茶僧寺仙泉湖海草荷霜叶灯渔樵星烟桃"
    "莲燕莺蝉鹤马楼桥钟笛露溪林园村田路塞柴书老闲醉睡寒暖晚暮晨"
)
MANNER = re.compile("[诗词文画]风|风[格雅味]")  # where 风 is no wind
MOST = 4  # keywords: the model saw no more
MARKS = frozenset(f"<{mark}>" for mark in VerseForm)
_AFTER_MARK = re.compile(r"([，。！？；：])\s+")
OTHER = re.compile("散文|小说|故事|剧本|对白|现代诗|新诗|自由诗|白话|歌词|日记|书信|文章|作文")  # what it never saw
CLASSICAL = re.compile("[绝律][句诗]|古诗|[五六七][言绝律]")
CHINESE_ONLY = _("The house's verse engine reads Chinese only: name what the poem is about in Chinese.")
VERSE_ONLY = _("The house's verse engine writes classical regulated verse only, neither prose nor modern verse.")


class Verse(Writer):
    """Classical Chinese poems; lines, punctuation, rhyme and tones always hold."""

    name = "verse"
    title = _("House verse, Chinese")
    verbs = frozenset({Verb.CREATE, Verb.CONTINUE, Verb.VARY, Verb.REROLL, Verb.BRANCH, Verb.LINE})
    licence = "Apache-2.0"
    repeats = False  # lines that it was trained on

    class Params(WriterParams):
        """The form, and how the next character is found."""

        form: VerseForm = Field(
            VerseForm.QIJUE,
            title=_("Form"),
            description=_("Taken when neither the wish nor the brief names one."),
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
            0.6, ge=0, le=2, title=_("Temperature"), description=_("Higher: more daring. 0 takes the likeliest token always.")
        )

    def __init__(self, folder: Path) -> None:
        """Weights, configuration and vocabulary in `folder`; beside them, if there, the lines not to be repeated."""
        super().__init__()
        self.folder = folder

    def unready(self) -> str | None:
        for package in LIBRARIES:
            if importlib.util.find_spec(package) is None:
                return _("The package %(package)s is not installed.") % {"package": package}
        wrong = fault(self.folder / WEIGHTS)
        if wrong is None and not (self.folder / VOCABULARY).is_file():
            wrong = _("it is missing")
        return _("The weights %(file)s cannot be used: %(reason)s") % {"file": self.folder, "reason": wrong} if wrong else None

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (the seam's)
        brief: Brief,
        texts: Sequence[str] = (),  # noqa: ARG002 (the seam's)
        kinds: Sequence[str] = (),  # noqa: ARG002 (the seam's)
    ) -> str | None:
        asked = brief.prompt().positive
        if asked and not HAN.search(asked):
            return CHINESE_ONLY
        return VERSE_ONLY if OTHER.search(asked) and not CLASSICAL.search(asked) else None

    def prompt(self, brief: Brief) -> Prompt:
        asked = brief.prompt()
        words = self._keywords(brief)
        heard = set("".join(words))
        unheard = [word for word in asked.positive.replace(",", " ").split() if not heard & set(word) and not recognised(word)]
        found = recognised(said_in(brief)).get("preset")
        named = [f"<{mark}>" for mark in VerseForm if mark.preset == found]
        return Prompt(" ".join([*named, *words]), "", tuple(unheard))

    def _keywords(self, brief: Brief) -> list[str]:
        """The materials that the model can read, then what the brief names of the things that verse speaks of."""
        known = _vocabulary(self.folder) if (self.folder / VOCABULARY).is_file() else {}
        words = [word for word in brief.keywords if len(word) <= 2 and all(char in known for char in word)]  # noqa: PLR2004
        return list(dict.fromkeys([*words, *self._themes(f"{brief.intent}{brief.style}")]))[:MOST]

    def _themes(self, text: str) -> list[str]:
        """What `text` names of the things that verse speaks of."""
        known = _vocabulary(self.folder) if (self.folder / VOCABULARY).is_file() else {}
        return [char for char in MANNER.sub("", text) if char in THEMES and char in known]

    def _words_for(self, request: Request) -> list[str]:
        """The keywords of a request: the brief's, then what its inspirations name."""
        return list(dict.fromkeys(self._keywords(request.brief) + self._themes("".join(self.inspiration(request)))))[:MOST]

    def _words_leant_towards(self, request: Request) -> list[str]:
        """The keywords that a poem is nudged to name."""
        return self._words_for(request)

    def inspiration(self, request: Request) -> list[str]:
        return [words for words in super().inspiration(request) if self._themes(words)]

    def load(self, device: str) -> None:
        if self._model and self._facts["device"] == device:
            return
        if reason := self.unready():
            raise EngineError(reason)
        import torch
        from transformers import LlamaForCausalLM

        from app.engines.text.language_model import LanguageModel

        kind: Any = LlamaForCausalLM
        try:
            inner = kind.from_pretrained(self.folder, dtype=torch.float32, use_safetensors=True).to(device)
        except (OSError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise EngineError(
                _("The weights %(file)s cannot be used: %(reason)s"), file=str(self.folder), reason=reason
            ) from error
        known = _vocabulary(self.folder)
        # A sentence is a line of the page.
        self._pieces = [f"{STOP}\n".encode() if word == STOP else word.encode() for word in known]
        marks = [id for word, id in known.items() if len(word) > 1]
        self._model = LanguageModel(inner, [known[END]], marks)
        self._facts = {
            "model": self.folder.name,
            "weights": digest(self.folder / WEIGHTS),
            "device": device,
            "dtype": "float32",
            "libraries": {name: version(name) for name in LIBRARIES},
        }

    def warm(self) -> None:
        request = Request(Verb.CREATE, Brief(intent="秋"), self.Params(), (0, 1, 2, 3))
        for _part in zip(range(3), self.run(request), strict=False):
            pass

    def task(self, request: Request) -> Task:
        known, mark = _vocabulary(self.folder), mark_of(self.form(request))
        marked = f"<{mark}>" if f"<{mark}>" in known else next(word for word in known if word in MARKS)
        message = marked + "".join(KEYWORD + word for word in self._words_for(request)) + POEM
        if request.verb in {Verb.CREATE, Verb.REROLL}:
            if request.seeds and (reason := self.refusal(request.verb, request.brief)):
                raise EngineError(reason)
            return Task(message)
        text = parents_of(request)[0]
        at = len(text) if request.at is None or request.verb is Verb.LINE else request.at
        if request.verb is Verb.VARY and request.strength:
            at = kept(text, request.strength)
        before = text[: max(0, at)]
        given = request.choice if request.verb is Verb.BRANCH else ""
        unknown = [char for char in before + given if not char.isspace() and char not in _vocabulary(self.folder)]
        if unknown:
            raise EngineError(
                _("This engine writes classical verse and knows no %(characters)s."),
                characters=" ".join(dict.fromkeys(unknown)),
            )
        return Task(message, before, "", before + given, given)

    def form(self, request: Request) -> Form:
        """The form of this poem. Raises EngineError for one that this engine cannot keep."""
        fallback: VerseForm = self.Params.model_validate(request.params.model_dump()).form
        return wanted_form(request.form, request.brief, fallback)

    def constraints(self, request: Request, task: Task) -> Sequence[Constraint]:
        form = self.form(request)
        known = _vocabulary(self.folder)
        before = _AFTER_MARK.sub(r"\1", task.answer.replace(" ", ""))
        written = _words(self.folder, form.book)
        holds = [ChineseConstraint(form.model_copy(update={"breaks": Breaks.CLAUSE}), written, seed) for seed in request.seeds]
        if holds and (found := holds[0].allowed(before)).end and not found.characters:
            raise EngineError(_("The poem is whole already: its form has no further line."))
        keywords = self._words_leant_towards(request)
        lines = 1 if request.verb is Verb.LINE else None
        asked: dict[str, Any] = {"words": list(known), "before": before, "keywords": keywords, "lines": lines}
        asked["known"] = None if self.repeats else known_lines(self.folder)
        return [Within(hold, self.model.usable, known[END], **asked) for hold in holds]

    def run(self, request: Request) -> Iterator[Step | Content]:
        form = self.form(request)
        params = self.Params.model_validate(request.params.model_dump())
        least = sum(most + 1 for line in range(form.total or 4) for _least, most in [form.span(line) or (1, 7)])
        request = replace(request, params=params.model_copy(update={"tokens": max(params.tokens, least)}))
        # A sentence is a line of the page; where the form counts lines by their ends, every clause is.
        ends = (COMMA, STOP) if form.breaks is Breaks.LINE else (STOP,)
        self._pieces = [f"{word}\n".encode() if word in ends else word.encode() for word in _vocabulary(self.folder)]
        facts = {"form": {"name": form.name, "book": str(form.book), "lines": form.total}}
        for part in super().run(request):
            yield replace(part, facts={**part.facts, **facts}) if isinstance(part, Content) else part

    def encoded(self, text: str) -> list[int]:
        known = _vocabulary(self.folder)
        marks = [word for word in known if len(word) > 1]
        ids: list[int] = []
        while text:
            word = next((mark for mark in marks if text.startswith(mark)), text[0])
            text = text[len(word) :]
            if not word.isspace():
                ids.append(known[word])
        return ids

    def context(self, task: Task) -> str:
        return task.message + task.begun


@lru_cache(maxsize=4)
def _vocabulary(folder: Path) -> dict[str, int]:
    """Character or mark to id."""
    words: list[str] = json.loads((folder / VOCABULARY).read_text("utf-8"))
    return {word: id for id, word in enumerate(words)}


@lru_cache(maxsize=8)
def _words(folder: Path, book: Book) -> Vocabulary:
    """The model's characters by tone and rhyme."""
    return Vocabulary(list(_vocabulary(folder)), book)
