"""The bytes that each token of a tokenizer stands for, and which tokens no text may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_CONTROL = bytes(code for code in range(32) if code not in b"\n\t") + b"\x7f"


def byte_letters() -> dict[str, int]:
    """The letters that byte-level BPE writes bytes with (Radford et al. 2019, GPT-2): printable ones are themselves."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [code for code in range(256) if code not in plain]
    return {chr(code): code for code in plain} | {chr(256 + at): code for at, code in enumerate(others)}


def token_bytes(tokenizer: Tokenizer) -> list[bytes]:
    """What each id adds to a text: of byte-level BPE, or of SentencePiece with bytes for what it does not know."""
    told = json.loads(tokenizer.to_str())
    byte_level = "ByteLevel" in json.dumps(told["decoder"])
    added = {entry["id"]: entry["content"] for entry in told["added_tokens"]}
    letters = byte_letters()
    found = []
    for id in range(tokenizer.get_vocab_size(with_added_tokens=True)):
        token = tokenizer.id_to_token(id) or ""
        if id in added:
            found.append(added[id].encode())
        elif byte_level:
            found.append(bytes(letters[letter] for letter in token if letter in letters))
        elif one := _BYTE.fullmatch(token):
            found.append(bytes([int(one[1], 16)]))
        else:
            found.append(token.replace("\u2581", " ").encode())
    return found


def unwritable(tokenizer: Tokenizer, pieces: Sequence[bytes]) -> list[int]:
    """Special tokens, empty ones, and those with control characters: never part of a text."""
    special = {entry["id"] for entry in json.loads(tokenizer.to_str())["added_tokens"] if entry["special"]}
    return [id for id, piece in enumerate(pieces) if id in special or not piece or any(code in _CONTROL for code in piece)]
