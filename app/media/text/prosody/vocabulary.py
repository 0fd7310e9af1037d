"""The characters that an engine can write, by tone and rhyme, and the masks over its tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.media.text.prosody.chinese import Book, readings, simplified
from app.media.text.scripts import is_han

Class = tuple[str | None, str | None]  # a tone and a rhyme, None for any


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may come next: `characters` but not those `without`; `end` when the text may end here."""

    characters: frozenset[str]
    without: frozenset[str] = frozenset()
    end: bool = False

    def __contains__(self, char: str) -> bool:
        return char in self.characters and char not in self.without

    def __iter__(self) -> Iterator[str]:
        return iter(self.characters - self.without)

    @property
    def forced(self) -> bool:
        """Whether the form leaves no choice (a line's end, an acrostic's character)."""
        return len(self.characters) + self.end == 1


class Vocabulary:
    """The characters that an engine can write, by tone and rhyme. Tokens that are no single character stay as they are.

    A character counts by its commonest modern reading, or by all it has in the old book: narrower than the check, so
    that a reader need not hunt for the reading that fits.
    """

    def __init__(self, tokens: Sequence[str], book: Book = Book.NEW) -> None:
        self.book = book
        self.index = {token: i for i, token in enumerate(tokens)}
        self.size = len(tokens)
        self.characters = frozenset(token for token in tokens if len(token) == 1 and is_han(token))
        by: dict[Class, set[str]] = defaultdict(set)
        for char in self.characters:
            ways = readings(char, book)
            for way in ways[:1] if book is Book.NEW else ways:
                for tone in way.tones if len(way.tones) == 1 else ():
                    for key in ((tone, None), (tone, way.group), (None, way.group)):
                        by[key].add(char)
        by[None, None] = set(self.characters)
        self._by = {key: frozenset(chars) for key, chars in by.items()}
        self.rhymes = frozenset(rhyme for _tone, rhyme in by if rhyme)
        self._unions: dict[frozenset[Class], frozenset[str]] = {}
        self._masks: dict[frozenset[str], bytes] = {}
        self._alike: dict[str, set[str]] = defaultdict(set)
        for char in self.characters:
            self._alike[simplified(char)].add(char)

    def of(self, *classes: Class) -> frozenset[str]:
        """The characters of any of these classes; the same object for the same classes."""
        key = frozenset(classes)
        if key not in self._unions:
            self._unions[key] = frozenset().union(*(self._by.get(c, frozenset()) for c in key))
        return self._unions[key]

    def alike(self, char: str) -> set[str]:
        """The characters that count as `char`: simplified and traditional."""
        return self._alike.get(simplified(char), set())

    def mask(self, allowed: Allowed) -> bytearray:
        """A byte a token: 1 where it may come next. A set is laid out once, then copied (microseconds)."""
        if allowed.characters not in self._masks:
            laid = bytearray(self.size)
            for char in allowed.characters:
                if char in self.index:
                    laid[self.index[char]] = 1
            self._masks[allowed.characters] = bytes(laid)
        mask = bytearray(self._masks[allowed.characters])
        for char in allowed.without:
            if char in self.index:
                mask[self.index[char]] = 0
        return mask
