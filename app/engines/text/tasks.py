"""What a model is told for each verb, in the artist's language, and where its words go in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.brief import Brief
from app.engines.engine import Parent, Part, Request, Strength, Verb
from app.errors import EngineError, _
from app.media.text.scripts import HAN, tongue

IN_CHINESE = re.compile(  # an English brief that wants Chinese verse
    r"\bin (classical )?chinese\b|\b(wujue|qijue|jueju|wul[uüv]|qil[uüv]|l[uü]shi|huan ?xi ?sha|zhe ?gu ?tian)\b"
    r"|\bchinese (classical |regulated |tang )?(poems?|poetry|verses?|quatrains?|couplets?|haiku|lyrics?)\b",
    re.IGNORECASE,
)
TOLD = re.compile(r"(please )?(write|compose|create|tell)\b|请?[写作]一?[篇首段个]", re.IGNORECASE)  # an order already
KEPT = {Strength.SUBTLE: 0.67, Strength.STRONG: 0.2}  # of the lines, where a variation writes the rest anew
LONGER = re.compile(  # what asks for another length than a passage has
    r"\b(long|short|expand|extend|lengthen|detail|elaborate|add|more|less|few|brief|cut|trim|condens|summar|paragraph|sentences)"
    r"|[长短扩缩增删添减]|详|简",
    re.IGNORECASE,
)
WHOLE = 0.75  # of the length of the other lines: one as long is not in the middle of being written
VERSES = 60  # code points of a line, most of them in a text of several, that is one of verse
INSPIRES = 1500  # code points of a text that inspires: its beginning says enough
UNITS = (  # lines, sentences, clauses, words
    re.compile(r"[^\n]*\n+|[^\n]+$"),
    re.compile(r"[^.!?。！？]*[.!?。！？]+\s*|[^.!?。！？]+$"),
    re.compile(r"[^,;:.!?，；：。！？]*[,;:.!?，；：。！？]+\s*|[^,;:.!?，；：。！？]+$"),
    re.compile(r"\S+\s*"),
)
FEW = 2  # of which a subtle variation and a strong one would keep the same

# One sentence for each thing that can be asked. {brief} and the others are filled in.
ENGLISH = {
    "create": "Write the following: {brief}.",
    "told": "{brief}.",
    "free": "Write a text.",
    "avoid": " Avoid: {avoid}.",
    "inspired": " Let this inspire you: {words}.",
    "only": " Answer with the text itself, without a title or a remark.",
    "continue": "Continue this text exactly where it stops; answer with the continuation only.\n\n{text}",
    "line": "Write the next line of this text, one line only; answer with that line.\n\n{text}",
    "purpose": "\n\nThe text is to be: {brief}.",
    "following": "\n\nThis follows after it:\n\n{after}",
    "rewrite": "Here is a text:\n\n{text}\n\nRewrite only this passage of it:\n\n{selection}\n\n{instruction}",
    "passage": " Answer with the new passage only.",
    "length": " Keep it about as long as it is.",
    "anew": "Say it differently.",
    "vary subtle": "Here is a text:\n\n{text}\n\nWrite it again and change only a few words.",
    "vary strong": "Here is a text:\n\n{text}\n\nWrite another one on the same idea in clearly different words.",
    "refine": "Here is a text:\n\n{text}\n\nRevise it so that it is: {brief}.",
    "join": "Here are two texts.\n\nFirst:\n\n{text}\n\nSecond:\n\n{other}\n\nWrite one text that joins them.",
    "translate": "Translate this text into {language}; keep its lines.\n\n{text}",
}
CHINESE = {
    "create": "请写：{brief}。",
    "told": "{brief}。",
    "free": "请写一篇文字。",
    "avoid": "避免：{avoid}。",
    "inspired": "灵感来自：{words}。",
    "only": "只写正文，不要标题，不要说明。",
    "continue": "请从下文停下的地方接着写，只写续文。\n\n{text}",
    "line": "请写下文的下一行，只写这一行。\n\n{text}",
    "purpose": "\n\n全文的要求：{brief}。",
    "following": "\n\n续文之后是：\n\n{after}",
    "rewrite": "下面是一篇文字：\n\n{text}\n\n只改写其中这一段：\n\n{selection}\n\n{instruction}",
    "passage": "只回答改好的这一段。",
    "length": "长短与原来相近。",
    "anew": "换一种说法。",
    "vary subtle": "下面是一篇文字：\n\n{text}\n\n请重写一遍，只改动少数字词。",
    "vary strong": "下面是一篇文字：\n\n{text}\n\n请用明显不同的词句，按同样的立意另写一篇。",
    "refine": "下面是一篇文字：\n\n{text}\n\n请按以下要求修改：{brief}。",
    "join": "下面是两篇文字。\n\n其一：\n\n{text}\n\n其二：\n\n{other}\n\n请把它们合成一篇。",
    "translate": "请把下文译成{language}，保留分行。\n\n{text}",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A message to the model and the place of its answer: the whole text is `before` + answer + `after`.

    `answer` is how the answer begins already: a model that can go on from it does. `given` are its last characters where
    they are new (the choice of a branch): they belong to what is written. Its first `unread` code points are not read: all
    of it would be too long.
    """

    message: str
    before: str = ""
    after: str = ""
    answer: str = ""
    given: str = ""
    stops: tuple[str, ...] = ()
    unread: int = 0
    raw: bool = False

    @property
    def begun(self) -> str:
        """What is read of the answer's beginning before the model writes, without `given`."""
        return self.answer[self.unread : len(self.answer) - len(self.given)]


def wanted(brief: Brief) -> str:
    """The brief in one line; criteria are for the judge."""
    return brief.prompt().positive


def text_of(parent: Parent) -> str:
    """A parent's text. Raises EngineError when it has none."""
    if parent.data is None or not (parent.media_type or "").startswith("text/"):
        raise EngineError(_("There is no text to start from."))
    return parent.data.decode("utf-8")


def texts_of(request: Request) -> list[str]:
    """The texts to start from, those that only inspire left out. Raises EngineError for a parent that is no text."""
    return [text_of(parent) for parent in request.parents if parent.role != "inspire"]


def parents_of(request: Request) -> list[str]:
    """The texts to start from, as `texts_of`. Raises EngineError when there is none."""
    if not (found := texts_of(request)):
        raise EngineError(_("There is no text to start from."))
    return found


def passage_of(request: Request) -> str:
    """The passage that is to be rewritten. Raises EngineError when there is no text."""
    start, end = request.selection or (0, None)
    return parents_of(request)[0][start:end].strip()


def inspiring(request: Request) -> tuple[str, ...]:
    """What is to be read of the revisions that only inspire: a text itself, of anything else what it is in words."""
    found = []
    for parent in request.parents:
        if parent.role == "inspire":
            texts = (parent.media_type or "").startswith("text/")
            words = text_of(parent)[:INSPIRES] if texts else parent.words
            found.append(" ".join(words.split()).rstrip(".。"))
    return tuple(dict.fromkeys(words for words in found if words))


def task_of(request: Request, *, prefills: bool, inspiration: Sequence[str] = (), unread: int = 0) -> Task:
    """What to say for `request`. `prefills`: the model can go on from the beginning of an answer; a chat service cannot.
    `inspiration` is told as well; the first `unread` code points of the text before the place of writing are not.

    Raises EngineError when a parent is missing or a place lies outside its text.
    """
    brief, verb = wanted(request.brief), request.verb
    if verb in {Verb.CREATE, Verb.REROLL}:
        return _create(request.brief, inspiration)
    text = parents_of(request)[0]
    if verb is Verb.VARY and prefills:
        cut = kept_length(text, request.strength or Strength.SUBTLE)
        return _on(request, text, cut, prefills=True, rest=False, unread=unread)
    if verb in {Verb.CONTINUE, Verb.BRANCH, Verb.LINE}:
        at = len(text) if request.at is None or verb is Verb.LINE else request.at
        return _on(request, text, at, prefills=prefills, rest=verb is Verb.CONTINUE, unread=unread)
    words = CHINESE if tongue(brief + text) == "zh" else ENGLISH
    return _rewrite(request, text, words, unread) if verb is Verb.REWRITE else _anew(request, text, words)


def _anew(request: Request, text: str, words: dict[str, str]) -> Task:
    """A whole text from one or two: varied, refined, joined, translated."""
    filled = {"text": text, "brief": wanted(request.brief)}
    name: str = request.verb
    if request.verb is Verb.VARY:
        name = f"vary {request.strength or Strength.SUBTLE}"
    elif request.verb is Verb.JOIN:
        texts = parents_of(request)
        if len(texts) < 2:  # noqa: PLR2004 (two texts)
            raise EngineError(_("Joining takes two texts."))
        filled["other"] = texts[1]
    elif request.verb is Verb.TRANSLATE:
        names = ("中文", "英文") if words is CHINESE else ("Chinese", "English")
        filled["language"] = names[0] if tongue(text) == "en" else names[1]
    return Task(words[name].format(**filled) + _avoiding(request.brief, words) + words["only"])


def _create(brief: Brief, inspiration: Sequence[str] = ()) -> Task:
    words = CHINESE if tongue(wanted(brief) or " ".join(inspiration)) == "zh" else ENGLISH
    how = "told" if TOLD.match(wanted(brief)) else "create"
    message = words[how].format(brief=wanted(brief)) if wanted(brief) or not inspiration else words["free"]
    message += "".join(words["inspired"].format(words=each) for each in inspiration)
    return Task(message + _avoiding(brief, words) + words["only"])


def _avoiding(brief: Brief, words: dict[str, str]) -> str:
    avoid = brief.prompt().negative
    return words["avoid"].format(avoid=avoid) if avoid else ""


def _rewrite(request: Request, text: str, words: dict[str, str], unread: int) -> Task:
    """The selection's own white space at both ends stays outside."""
    start, end = request.selection or (0, len(text))
    if not 0 <= start < end <= len(text) or not (core := text[start:end].strip()):
        raise EngineError(_("Select the words that are to be rewritten."))
    start += len(text[start:end]) - len(text[start:end].lstrip())
    shown = text[min(unread, start) : start + len(core) if Part.AFTER in request.leave_out else None]
    message = words["rewrite"].format(text=shown, selection=core, instruction=request.instruction or words["anew"])
    message += "" if LONGER.search(request.instruction) else words["length"]
    stops = () if "\n" in core else ("\n",)
    return Task(message + words["passage"], before=text[:start], after=text[start + len(core) :], stops=stops)


def lined(text: str) -> bool:
    """Whether `text` is written in lines, as verse is, and not in paragraphs."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and sum(len(line) <= VERSES for line in lines) > len(lines) / 2


def _line_over(text: str) -> bool:
    """Whether the last line of a text in lines is whole: it ends with a mark, or is about as long as the others."""
    *others, last = [line.strip() for line in text.splitlines() if line.strip()]
    return not last[-1].isalnum() or len(last) >= WHOLE * median(map(len, others))


def _joined(before: str, after: str) -> tuple[str, str]:
    """What stands before and after a continuation, with the line breaks and spaces that keep them apart from it."""
    if before[-1:].strip() and after[:1] in {"", "\n"} and lined(before) and _line_over(before):
        before += "\n"
    if after and not after[0].isspace() and before[-1:] in {"", "\n"}:
        after = f"\n{after}"
    elif after and after[0].isalnum() and not HAN.match(after):
        after = f" {after}"
    return before, after


def _on(request: Request, text: str, at: int, *, prefills: bool, rest: bool, unread: int) -> Task:
    """Go on from code point `at`: a line, or until the end. `rest`: what follows there stays."""
    if not 0 <= at <= len(text):
        raise EngineError(_("That place lies outside the text."))
    line = request.verb is Verb.LINE
    before, after = text[:at], text[at:] if rest else ""
    if line and before and not before.endswith("\n"):
        before += "\n"
    if request.verb is Verb.CONTINUE:
        before, after = _joined(before, after)
    stops = ("\n",) if line else ()
    given = request.choice if request.verb is Verb.BRANCH else ""
    if prefills:
        return Task(_create(request.brief).message, before, after, before + given, given, stops, min(unread, len(before)))
    words = CHINESE if tongue(wanted(request.brief) + text) == "zh" else ENGLISH
    message = words["line" if line else "continue"].format(text=before[unread:] + given)
    message += words["purpose"].format(brief=wanted(request.brief)) if wanted(request.brief) else ""
    message += words["following"].format(after=after) if after.strip() and Part.AFTER not in request.leave_out else ""
    return Task(message, before, after, "", given, stops)


def kept_length(text: str, strength: Strength) -> int:
    """How many code points of `text` a variation keeps: whole lines, or sentences, clauses, words, where there are several.

    A finer unit is taken where there are only FEW of one.
    """
    found = [[match.end() for match in unit.finditer(text)] for unit in UNITS]
    several = [parts for parts in found if len(parts) > 1]
    parts = next((parts for parts in several if len(parts) > FEW), several[0] if several else [])
    return parts[min(len(parts) - 1, max(1, round(len(parts) * KEPT[strength]))) - 1] if parts else 0
