"""Tokens become records: whole characters, right places, stops, and nothing lost."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from app.engines.engine import Token
from app.engines.shared.language_model import LanguageModel
from app.engines.text.rescoring import perplexity, rescore
from app.engines.text.transcript import RawToken, Transcript
from app.engines.text.vocabulary import byte_letters, token_bytes, unwritable


def written(pieces: list[bytes], transcript: Transcript | None = None) -> list[Token]:
    transcript = transcript or Transcript()
    for piece in pieces:
        transcript.add(RawToken(piece, -0.5))
    transcript.finish()
    return transcript.tokens


@given(st.text(), st.data())
def test_however_a_text_is_cut_it_comes_out_whole_and_without_gaps(text: str, data: st.DataObject) -> None:
    text = "".join(char for char in text if char.isprintable() or char in "\n\t")
    raw = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=12)) | {0, len(raw)})
    pieces = [raw[a:b] for a, b in pairwise(cuts)]
    start = data.draw(st.integers(0, 1000))
    tokens = written(pieces, Transcript(start))
    assert "".join(token.text for token in tokens) == text
    at = start
    for token in tokens:
        assert (token.start, token.end) == (at, at + len(token.text))
        assert token.text
        at = token.end
    assert sum(token.logprob or 0 for token in tokens) == pytest.approx(-0.5 * len(pieces) if tokens else 0, abs=1)


def test_a_character_of_three_tokens_is_one_record() -> None:
    first, second, third = (bytes([code]) for code in "秋".encode())
    transcript = Transcript(10)
    assert transcript.add(RawToken(first, -1.0, alternatives=((b"a", -0.4), (first, -1.0), (b"\xe5", -2.0)))) == ()
    assert transcript.add(RawToken(second, -0.25)) == ()
    (record,) = transcript.add(RawToken(third, -0.5))
    assert (record.start, record.end, record.text, record.logprob) == (10, 11, "秋", -1.75)
    assert [(a.text, a.logprob) for a in record.alternatives] == [("a", -0.4), ("秋", -1.75)]


def test_a_family_of_emoji_counts_its_code_points() -> None:
    family = "👩‍👩‍👧"
    tokens = written([family.encode()[:5], family.encode()[5:], b"!"])
    assert [token.text for token in tokens] == [family, "!"]
    assert (tokens[1].start, tokens[1].end) == (5, 6)


def test_half_a_character_at_the_end_is_said_not_hidden() -> None:
    assert [token.text for token in written([b"a", b"\xe7\xa7"])] == ["a", "\ufffd"]


def test_control_characters_are_never_text() -> None:
    assert [token.text for token in written([b"a\x00b", b"\xc2\x85", b"\n\t"])] == ["a\ufffdb", "\ufffd", "\n\t"]


def test_a_stop_ends_the_text_and_what_could_become_one_waits() -> None:
    transcript = Transcript(0, ["\n\n", "END"])
    assert [t.text for t in transcript.add(RawToken(b"One", None))] == ["One"]
    assert transcript.add(RawToken(b"\n", None)) == ()
    assert [t.text for t in transcript.add(RawToken(b"Two E", None))] == ["\n"]
    assert transcript.add(RawToken(b"N", None)) == ()
    assert [t.text for t in transcript.add(RawToken(b"D of it", None))] == ["Two "]
    assert transcript.ended
    assert transcript.add(RawToken(b"more", None)) == ()
    assert transcript.text == "One\nTwo "


def test_what_only_looked_like_a_stop_is_kept() -> None:
    transcript = Transcript(0, ["\n\n"])
    transcript.add(RawToken(b"One\n", None))
    assert [t.text for t in transcript.finish()] == ["One\n"]


def test_white_space_around_is_dropped_when_asked() -> None:
    transcript = Transcript(5, lstrip=True)
    for piece in (b"\n", b" The", b" end", b".", b" \n", b"\n"):
        transcript.add(RawToken(piece, -1.0))
    transcript.finish(rstrip=True)
    assert [(t.start, t.end, t.text) for t in transcript.tokens] == [(5, 8, "The"), (8, 12, " end"), (12, 13, ".")]


def byte_level() -> Tokenizer:
    """A byte for a token, and four merges."""
    vocabulary = {letter: id for id, letter in enumerate(byte_letters())}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<end>"])
    return tokenizer


@given(st.text(max_size=40))
def test_the_bytes_of_tokens_are_the_texts(text: str) -> None:
    tokenizer = byte_level()
    pieces = token_bytes(tokenizer)
    assert b"".join(pieces[id] for id in tokenizer.encode(text.encode("utf-8", "replace").decode()).ids) == text.encode(
        "utf-8", "replace"
    )


def test_sentencepiece_spells_bytes_and_spaces_its_own_way() -> None:
    tokenizer = Tokenizer(models.BPE({"<0xE7>": 0, "\u2581the": 1, "x": 2}, [], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    assert token_bytes(tokenizer) == [b"\xe7", b" the", b"x"]


def test_special_and_control_tokens_are_never_written() -> None:
    tokenizer = byte_level()
    pieces = token_bytes(tokenizer)
    never = unwritable(tokenizer, pieces)
    assert {pieces[id] for id in never} >= {b"<end>", b"\x00", b"\x1b", b"\r"}
    assert not {pieces[id] for id in never} & {b"\n", b"\t", b" ", b"a", b"\xe7"}


def test_a_passage_is_read_in_one_pass_as_the_bare_model_would(model: LanguageModel) -> None:
    context, passage = [3, 14, 15], [9, 26, 5, 35, 8, 9, 7, 9]
    picks = rescore(model, context, passage)
    with torch.no_grad():
        logs = model.model(torch.tensor([context + passage])).logits[0].log_softmax(-1)
    expected = [float(logs[len(context) - 1 + at, id]) for at, id in enumerate(passage)]
    assert [pick.logprob for pick in picks] == pytest.approx(expected, abs=1e-4)
    assert picks[3].alternatives[0][0] == int(logs[len(context) + 2].argmax())
    assert rescore(model, context, []) == []


def test_perplexity_is_of_what_was_free() -> None:
    tokens = [Token(0, 1, "a", -1.0), Token(1, 2, ",", 0.0, forced=True), Token(2, 3, "b", -3.0), Token(3, 4, "c", None)]
    assert perplexity(tokens) == pytest.approx(math.exp(2))
    assert perplexity(tokens[1:2]) is None
