"""Passwords: argon2id (RFC 9106), at least 12 characters, and not one that everybody tries first."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import InvalidError, _

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 12, 1_000  # characters
COMMON = Path(__file__).with_name("common_passwords.txt")
AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")  # what people put before and behind a word to make it long enough
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
ALIKE = str.maketrans("013457@$", "oleastas")  # letters as people disguise them


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # noqa: PLC0415 (a studio of one artist does without)

    return PasswordHasher()


def hashed(password: str) -> str:
    """The password as it is kept. Takes a tenth of a second and 64 MiB: before a write, not in it."""
    return _hasher().hash(_bytes(password))


def fits(kept: str, password: str) -> bool:
    """Whether `kept` was made of this password."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 (as above)

    try:
        return _hasher().verify(kept, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


@cache
def nobodys() -> str:
    """The hash of a password that nobody has: who names nobody waits as long as who names somebody."""
    return hashed("nobody's password")


def check(password: str, name: str = "") -> None:
    """Raises InvalidError for a password that is too short, that is guessed first, or that is little but `name`."""
    if len(password) < LEAST:
        raise InvalidError(
            "password", _("at least %(least)d characters; four words that you make up are easy to keep"), least=LEAST
        )
    if common(password, name):
        raise InvalidError("password", _("this is among the passwords that are tried first: choose another"))


def common(password: str, name: str = "") -> bool:
    """Whether it is guessed early: on the list, one of the list between digits and signs, a run of keys, one thing repeated."""
    plain = password.casefold()
    inner = AROUND.sub("", plain)
    words = {plain, inner, inner.translate(ALIKE), AROUND.sub("", plain.translate(ALIKE))}
    known = _known() | {"stemma", "studio", *filter(None, [name.casefold(), name.casefold().replace(" ", "")])}
    if words & known or not inner:
        return True
    repeated = re.fullmatch(r"(.{1,12}?)\1+", plain)
    return repeated is not None or any(plain in run or plain in run[::-1] for run in RUNS)


@cache
def _known() -> frozenset[str]:
    return frozenset(COMMON.read_text("utf-8").split())


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
