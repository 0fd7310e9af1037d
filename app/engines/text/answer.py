"""What a service sends, on its way into the transcript: halves of characters are joined, and thoughts are kept apart."""

from __future__ import annotations

import re

from app.engines.text.transcript import REPLACEMENT, RawToken

OPENINGS = tuple(f"<{name}>".encode() for name in ("think", "thinking", "thought", "reasoning"))
_CLOSING = re.compile(rb"</(think|thinking|thought|reasoning)>")
_LONGEST_CLOSING = len(b"</reasoning>")
# UTF-16's surrogates as UTF-8 would write them (Unicode 3.9, D92: ill-formed): JSON's \\ud83c and \\udf0a in two events
_HALF = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\Z")
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_LONE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class Answer:
    """One answer. A thought is what stands between `<think>` and `</think>` (and their like) before the answer begins.

    Some templates open the thought in the request, so that only its end is ever sent: what was taken for the answer until
    then was the thought, and `mistaken` says so once.
    """

    def __init__(self) -> None:
        self.thought = False  # something was thought, here or beside the text
        self._half: RawToken | None = None
        self._held: list[RawToken] = []  # what may become an opening, or the thought that is being thought
        self._closing: bytes | None = None  # what ends the thought
        self.begun = False  # its first character that is no white space was there
        self._end = b""  # what could be the beginning of a closing, of an answer that has begun
        self._opened = False  # a thought was opened, before the answer or in it
        self._mistaken = False

    def take(self, heard: RawToken) -> list[RawToken]:
        """The tokens that are the answer's now."""
        joined = self._joined(heard)
        if joined is None:
            return []
        return self._heard(joined) if self.begun else self._sorted(joined)

    @property
    def mistaken(self) -> bool:
        """Whether all that was given so far, but for what `take` gave last, was a thought; asked once."""
        mistaken, self._mistaken = self._mistaken, False
        return mistaken

    def _heard(self, heard: RawToken) -> list[RawToken]:
        """A token of the answer, unless it ends a thought that nothing had opened."""
        read = self._end + heard.data
        self._opened = self._opened or self.thought or any(one in read for one in OPENINGS)
        self._end = read[-_LONGEST_CLOSING:]
        closing = None if self._opened else _CLOSING.search(read)
        if closing is None:
            return [heard]
        self.thought = self._opened = self._mistaken = True
        self.begun, self._end, self._held = False, b"", []
        after = read[closing.end() :].lstrip(b"\r\n")
        return self._sorted(RawToken(after, None)) if after else []

    def rest(self) -> list[RawToken]:
        """What was held back, now that no more comes; a thought that has no end stays one."""
        half = [RawToken(_LONE.sub(REPLACEMENT.encode(), self._half.data), self._half.logprob)] if self._half else []
        found = [] if self._closing else self._held + half
        self._half, self._held = None, []
        self.begun |= any(token.data.strip() for token in found)
        return found

    def _joined(self, heard: RawToken) -> RawToken | None:
        """The token with the half before it; None while it ends with a half."""
        if self._half is not None:
            scores = (self._half.logprob, heard.logprob)
            logprob = None if None in scores else sum(score for score in scores if score is not None)
            heard, self._half = RawToken(self._half.data + heard.data, logprob), None
        if _HALF.search(heard.data):
            self._half = heard
            return None
        if _LONE.search(heard.data) is None:
            return heard
        whole = _PAIR.sub(_character, heard.data)
        return RawToken(_LONE.sub(REPLACEMENT.encode(), whole), heard.logprob, alternatives=heard.alternatives)

    def _sorted(self, heard: RawToken) -> list[RawToken]:
        """Before the answer has begun: is this it, or a thought?"""
        self._held.append(heard)
        text = b"".join(token.data for token in self._held)
        if self._closing is None:
            bare = text.lstrip()
            opening = next((one for one in OPENINGS if bare.startswith(one)), None)
            if opening is None:
                if any(one.startswith(bare) for one in OPENINGS):
                    return []
                self.begun = True
                return [found for token in self.rest() for found in self._heard(token)]
            self._closing, self.thought = b"</" + opening[1:], True
        before, closed, after = text.partition(self._closing)
        if not closed:
            self._held = [RawToken(before[-len(self._closing) :], None)]
            return []
        after = after.lstrip(b"\r\n")
        if not after:
            self._held = [RawToken(closed, None)]
            return []
        self.begun, self._closing, self._held = True, None, []
        return [heard if heard.data == after else RawToken(after, None)]


def _character(pair: re.Match[bytes]) -> bytes:
    halves = pair.group().decode("utf-8", "surrogatepass")
    return halves.encode("utf-16", "surrogatepass").decode("utf-16").encode()
