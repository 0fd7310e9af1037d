"""The table of verbs: what makes a revision out of others. Validation, forms, toolbars and keys are drawn from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from app.brief import Medium
from app.errors import _
from app.verbs.rule import EVERY, NOTHING, SHEET, Button, Rule, Strength

IMAGE, TEXT, MUSIC = (Medium.IMAGE,), (Medium.TEXT,), (Medium.MUSIC,)


class Verb(StrEnum):
    """What an engine can be asked to do and, at the end, what else an edge of the lineage can be: the table, row by row."""

    rule: Rule

    def __new__(cls, value: str, rule: Rule = NOTHING) -> Self:
        member = str.__new__(cls, value)
        member._value_, member.rule = value, rule
        return member

    # From the brief alone.
    CREATE = "create", Rule(media=EVERY, sources=0, draft=True, bench=True, form="draft", word=_("create"))
    # Some bars of the parent's tune, or a section of its recording; the rest stays.
    REPLACE = "replace", Rule(
        media=MUSIC, holds=MUSIC, wordless=True, takes=("bars", "section"), bench=True, least=2,
        word=_("replace"), role=_("replaced"), how=_("bars replaced in %(parent)s"),
        buttons=(Button(bars=MUSIC, label=_("Replace bars"), keys=("W",), legend=_("Replace the chosen bars")),),
    )  # fmt: skip
    # The parent's text or tune, gone on with: a text at a place.
    CONTINUE = "continue", Rule(
        media=TEXT + MUSIC, holds=TEXT + MUSIC, wordless=True, takes=("at",), draft=True, bench=True, form="draft", around=True,
        word=_("continue"), role=_("continued"), how=_("continued from %(parent)s"),
        buttons=(
            Button(
                bars=(SHEET,), label=_("Continue"), legend=_("Continue at the caret"),
                keys=("G", "Control+Shift+Enter", "Shift+Meta+Enter"),
            ),
            Button(bars=MUSIC, label=_("Continue"), keys=("G",)),
        ),
    )  # fmt: skip
    # A selection of the parent's text; the rest stays to the byte.
    REWRITE = "rewrite", Rule(
        media=TEXT, holds=TEXT, wordless=True, takes=("selection", "instruction"), draft=True, bench=True, around=True,
        word=_("rewrite"), role=_("rewritten"), how=_("rewritten in %(parent)s"),
        buttons=(Button(bars=(SHEET,), label=_("Rewrite…"), keys=("W",), legend=_("Rewrite the selection"), dialog=True),),
    )  # fmt: skip
    # The parent's text and one more line: candidates, ranked.
    LINE = "line", Rule(
        media=TEXT, holds=TEXT, wordless=True, draft=True, bench=True, form="draft", count=8, around=True,
        word=_("next line"), role=_("by a line"), how=_("to follow %(parent)s"),
        buttons=(Button(bars=(SHEET,), label=_("Next line"), keys=("N", "Alt+Enter")),),
    )  # fmt: skip
    # The parent's text up to a place, then a chosen token, then whatever follows.
    BRANCH = "branch", Rule(
        media=TEXT, holds=TEXT, wordless=True, takes=("at", "choice"), around=True,
        word=_("branch"), role=_("branched"), how=_("branched from %(parent)s"),
    )  # fmt: skip
    # The parent's tune with chords.
    HARMONISE = "harmonise", Rule(
        media=MUSIC, holds=MUSIC, notes=True, wordless=True, bench=True,
        word=_("harmonise"), role=_("harmonised"), how=_("harmonised from %(parent)s"),
        buttons=(Button(bars=MUSIC, label=_("Harmonise"), keys=("H",)),),
    )  # fmt: skip
    # The parent's tune in another key.
    TRANSPOSE = "transpose", Rule(
        media=MUSIC, holds=MUSIC, notes=True, wordless=True, takes=("semitones",), bench=True, count=1, single=True,
        word=_("transpose"), role=_("transposed"), how=_("transposed from %(parent)s"),
        buttons=(Button(bars=MUSIC, label=_("Transpose…"), keys=("T",), legend=_("Transpose"), dialog=True),),
    )  # fmt: skip
    # The rhythm of one tune, the contour of another.
    BLEND = "blend", Rule(
        media=MUSIC, sources=2, holds=MUSIC, notes=True, wordless=True, bench=True,
        word=_("blend"), role=_("blended"), how=_("blended from %(parent)s"),
        buttons=(Button(bars=MUSIC, label=_("Blend…"), keys=("J",), legend=_("Blend with another tune"), dialog=True),),
    )  # fmt: skip
    # Near a parent: `Strength` says how near.
    VARY = "vary", Rule(
        media=EVERY, holds=MUSIC, wordless=True, takes=("strength",),
        word=_("vary"), role=_("varied"), how=_("varied strongly from %(parent)s"),
        buttons=(
            Button(bars=EVERY, label=_("Vary subtly"), keys=("V",), strength=Strength.SUBTLE),
            Button(bars=EVERY, label=_("Vary strongly"), keys=("Shift+V",), strength=Strength.STRONG),
        ),
    )  # fmt: skip
    # A parent, brought towards an edited brief.
    REFINE = "refine", Rule(
        media=EVERY, holds=MUSIC, draft=True, bench=True, form="draft",
        word=_("refine"), role=_("refined"), how=_("refined from %(parent)s"),
        buttons=(Button(bars=EVERY, label=_("Refine"), keys=("F",)),),
    )  # fmt: skip
    # The parent's brief again, with other seeds.
    REROLL = "reroll", Rule(
        media=EVERY, word=_("reroll"), role=_("rerolled"), how=_("rerolled from %(parent)s"),
        buttons=(Button(bars=EVERY, label=_("Reroll"), keys=("R",)),),
    )  # fmt: skip
    # Two parents in one.
    JOIN = "join", Rule(
        media=TEXT, sources=2, holds=TEXT, wordless=True, draft=True, bench=True,
        word=_("join"), role=_("joined"), how=_("joined from %(parent)s"),
        buttons=(
            Button(bars=TEXT, label=_("Join…"), keys=("J",), legend=_("Join with another text"), dialog=True),
            Button(bars=(SHEET,), label=_("Join…"), dialog=True, order=1),
        ),
    )  # fmt: skip
    # The parent's text from English into Chinese or back.
    TRANSLATE = "translate", Rule(
        media=TEXT, holds=TEXT, wordless=True, draft=True, bench=True, form="none",
        word=_("translate"), role=_("translated"), how=_("translated from %(parent)s"),
        buttons=(
            Button(bars=TEXT, label=_("Translate"), keys=("T",)),
            Button(bars=(SHEET,), label=_("Translate")),
        ),
    )  # fmt: skip
    # The parent's picture as paths.
    VECTORISE = "vectorise", Rule(
        media=IMAGE, holds=IMAGE, wordless=True, own_engine=True, count=1, single=True,
        word=_("vectorise"), role=_("vectorised"), how=_("vectorised from %(parent)s"),
        buttons=(Button(bars=IMAGE, label=_("Vectorise"), keys=("T",), dialog=True),),
    )  # fmt: skip
    # The parent's picture with more pixels.
    UPSCALE = "upscale", Rule(
        media=IMAGE, holds=IMAGE, wordless=True, own_engine=True, count=1, single=True,
        word=_("upscale"), role=_("upscaled"), how=_("upscaled from %(parent)s"),
        buttons=(Button(bars=IMAGE, label=_("Upscale"), keys=("U",), dialog=True),),
    )  # fmt: skip
    # What stands before the ground of the parent's picture, on nothing.
    CUTOUT = "cutout", Rule(
        media=IMAGE, holds=IMAGE, wordless=True, own_engine=True, count=1, single=True,
        word=_("cut out"), role=_("cut out"), how=_("cut out of %(parent)s"),
        buttons=(
            Button(bars=IMAGE, label=_("Cut out"), keys=("X",), legend=_("Cut out what stands before the ground"), dialog=True),
        ),
    )  # fmt: skip
    # A part of the parent's picture, which a mask covers; the rest stays to the byte.
    INPAINT = "inpaint", Rule(
        media=IMAGE, holds=IMAGE, wordless=True, takes=("mask",), draft=True, bench=True, any_engine=True, form="draft",
        word=_("inpaint"), role=_("inpainted"), how=_("inpainted in %(parent)s"),
        buttons=(Button(bars=IMAGE, label=_("Inpaint…"), keys=("M",), legend=_("Paint what is to change"), dialog=True),),
    )  # fmt: skip
    # More of the parent's picture beyond its edges; the picture itself stays to the byte.
    OUTPAINT = "outpaint", Rule(
        media=IMAGE, holds=IMAGE, wordless=True, takes=("frame",), draft=True, bench=True, any_engine=True, form="draft",
        word=_("outpaint"), role=_("outpainted"), how=_("gone on with around %(parent)s"),
        buttons=(
            Button(bars=IMAGE, label=_("Outpaint…"), keys=("O",), legend=_("Go on with it beyond its edges"), dialog=True),
        ),
    )  # fmt: skip
    # The words of one picture, where things stand in a second, the colours of a third.
    GRAFT = "graft", Rule(
        media=IMAGE, sources=3, parts=("prompt", "composition", "palette"), holds=IMAGE, any_engine=True,
        word=_("graft"), role=_("grafted"), how=_("grafted with the words of %(parent)s"),
        buttons=(
            Button(bars=IMAGE, label=_("Graft…"), keys=("J",), legend=_("Put a picture together from three"), dialog=True),
        ),
    )  # fmt: skip
    # A sketch at full pace: its brief and seed again.
    FINISH = "finish", Rule(
        media=IMAGE, sketch=True, count=1, word=_("finish"), role=_("finished"), how=_("finished from %(parent)s"),
        buttons=(Button(bars=IMAGE, label=_("Finish"), keys=("Shift+F",), legend=_("Finish a sketch")),),
    )  # fmt: skip
    # As what a picture is grafted from another.
    PROMPT = "prompt", Rule(role=_("prompt"), how=_("with the words of %(parent)s"))
    COMPOSITION = "composition", Rule(role=_("composition"), how=_("and the composition of %(parent)s"))
    PALETTE = "palette", Rule(role=_("palette"), how=_("and the palette of %(parent)s"))
    # What no engine is asked for.
    EDIT = "edit", Rule(role=_("edited"), how=_("written on by hand from %(parent)s"))
    INSPIRE = "inspire", Rule(role=_("inspired"))  # crosses from another medium


def verbs_in(medium: Medium) -> frozenset[Verb]:
    """What can be asked for in a work of `medium`."""
    return frozenset(verb for verb in Verb if medium in verb.rule.media)


def rule_of(word: str | None) -> Rule:
    """The rule of what a row calls its verb; NOTHING where that is no verb."""
    return Verb(word).rule if word in list(Verb) else NOTHING


def toolbar(bar: str) -> list[tuple[Verb, Button]]:
    """The buttons of a toolbar (SHEET, or a medium's) in their order."""
    found = [(verb, button) for verb in Verb for button in verb.rule.buttons if bar in button.bars]
    return sorted(found, key=lambda pair: pair[1].order)


def keys(bar: str = "") -> list[tuple[list[str], str]]:
    """The keys of a toolbar's buttons with what each does (a message id); without a `bar`, of those that every bench has."""
    found = [
        button for _verb, button in toolbar(bar or EVERY[0]) if button.keys and (set(EVERY) <= set(button.bars)) == (not bar)
    ]
    return [(button.chords, button.legend or button.label) for button in found]
