"""Any language model of transformers, by folder or hub id: a chat model in its own template, or a bare one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.brief import Brief, Prompt
from app.engines.engine import Medium, Request, Verb
from app.engines.shared.local_engine import unloadable, unusable
from app.engines.text.tasks import Task
from app.engines.text.token_budget import configured
from app.engines.text.vocabulary import token_bytes, unwritable
from app.engines.text.writer import Writer
from app.errors import EngineError, _
from app.settings import TextSetting
from app.verbs.verb import verbs_in

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from app.engines.shared.language_model import LanguageModel

TEMPLATE = 64  # tokens of a chat template, about


class Hub(Writer):
    """A model that the worker loads. What it can depends on the model: a small one follows few orders."""

    verbs = verbs_in(Medium.TEXT)
    libraries = ("torch", "transformers", "tokenizers", "safetensors")
    standing = 2  # whoever names a larger model wants it

    def __init__(self, setting: TextSetting) -> None:
        super().__init__()
        self.setting = setting
        self.name, self.title = setting.name, setting.title or setting.name
        self.licence = setting.licence or "see the model's card"
        self._tokenizer: Any = None

    def damage(self) -> str | None:
        folder = self._folder
        if not folder.is_absolute():
            return None  # a hub's: the first use finds out
        wrong = None if (folder / "config.json").is_file() else _("it is missing")
        if wrong is None and not any(folder.glob("*.safetensors")):
            wrong = _("it has no weights as safetensors")
        return unusable(folder, wrong)

    def prompt(self, brief: Brief) -> Prompt:
        return brief.prompt()

    def loaded(self, device: str) -> tuple[LanguageModel, dict[str, Any]]:
        """See LocalEngine.loaded. Code that comes with a model is never run."""
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from app.engines.shared.language_model import LanguageModel

        source = self.setting.model
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            kind: Any = AutoModelForCausalLM
            inner = kind.from_pretrained(
                source, dtype=_dtype(self.setting.dtype, device), use_safetensors=True, trust_remote_code=False
            ).to(device)
            fast = tokenizer.backend_tokenizer
        except (OSError, ValueError, RuntimeError, AttributeError, KeyError, ImportError, SafetensorError) as error:
            raise unloadable(source, error) from error
        size = int(inner.config.vocab_size)
        pieces = token_bytes(fast)[:size]
        banned = [*unwritable(fast, pieces), *range(len(pieces), size)]  # a vocabulary may be padded with ids of nothing
        self._pieces = pieces + [b""] * (size - len(pieces))
        self._tokenizer = tokenizer
        facts = {"model": source, "dtype": str(inner.dtype).removeprefix("torch.")}
        return LanguageModel(inner, _stop_tokens(inner, tokenizer), banned), facts

    def task(self, request: Request) -> Task:
        # A bare model has no ear for orders: it can only go on.
        if not self._chats and request.verb in {Verb.REWRITE, Verb.REFINE, Verb.JOIN, Verb.TRANSLATE}:
            raise EngineError(_("This model only continues a text; it cannot follow an instruction."))
        return super().task(request)

    @property
    def _chats(self) -> bool:
        return bool(getattr(self._tokenizer, "chat_template", None))

    def encoded(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def reads(self) -> int | None:
        if self._model:
            return self.model.context
        known = self._folder.is_absolute() and (self._folder / "tokenizer.json").is_file()
        return configured(self._folder) if known else None

    def size(self, task: Task) -> int:
        if self._tokenizer is not None:
            return super().size(task)
        # Not loaded, as in the web, which has no templates: what they say beside the message is counted as TEMPLATE.
        words = _counting(self._folder).encode(f"{task.message}\n\n{task.begun}", add_special_tokens=False)
        return len(words.ids) + TEMPLATE

    @property
    def _folder(self) -> Path:
        return Path(self.setting.model)

    def context(self, task: Task) -> str:
        begun = task.begun if task.given else task.begun.rstrip(" ")
        if not self._chats:
            return (self._tokenizer.bos_token or "") + (begun or f"{task.message}\n\n")
        said: str = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": self._plain(task.message)}], tokenize=False, add_generation_prompt=True
        )
        return said + self._plain(begun)

    def _plain(self, text: str) -> str:
        """`text` without the marks of the template: an artist's words never speak in another role."""
        added = self._tokenizer.added_tokens_decoder.values()
        for mark in {str(token.content) for token in added if token.special and token.content.strip()}:
            text = text.replace(mark, f"{mark[:1]} {mark[1:]}")
        return text


@lru_cache(maxsize=2)
def _counting(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def _stop_tokens(model: Any, tokenizer: Any) -> list[int]:
    """What ends a text: what the model's own configuration says, and the tokenizer."""
    told = getattr(model.generation_config, "eos_token_id", None)
    found = [*(told if isinstance(told, list) else [told]), tokenizer.eos_token_id]
    return sorted({int(id) for id in found if id is not None})


def _dtype(wanted: str, device: str) -> Any:
    """What is asked for; by default bfloat16, which every model of today was made in, and on a CPU as it was saved."""
    import torch

    return "auto" if wanted == "auto" and device == "cpu" else getattr(torch, "bfloat16" if wanted == "auto" else wanted)
