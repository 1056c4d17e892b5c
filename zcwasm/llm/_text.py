"""What comes out of a session as text: whole characters, and nothing of a stop string.

Threads: one at a time.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable


class Text:
    """Tokens become text: whole characters, and nothing of a stop string."""

    def __init__(
        self, token_bytes: Callable[[int], bytes], stops: tuple[str, ...], hidden: frozenset[int]
    ) -> None:
        self.stops = stops
        self.hidden = hidden  # tokens without a text of their own; stop strings are found in it
        self.token_bytes = token_bytes
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""  # not handed out yet
        self.stopped = False

    def go_on_from(self, tokens: Iterable[int]) -> None:
        """These came before, and their text is out; but for bytes of a character that is not complete."""
        for token in tokens:
            if token not in self.hidden:
                self.decoder.decode(self.token_bytes(token))

    def add(self, token: int) -> None:
        if token in self.hidden:
            shown, whole = self.pending, self.pending + self.token_bytes(token).decode("utf-8", "replace")
        else:
            shown = whole = self.pending + self.decoder.decode(self.token_bytes(token))
        found = [at for at in (whole.find(stop) for stop in self.stops) if at >= 0]
        self.stopped = bool(found)
        self.pending = shown[: min(found)] if found else shown

    def take(self) -> str:
        """All but an end that a stop string may begin with."""
        keep = 0
        for stop in self.stops:
            longest = min(len(stop) - 1, len(self.pending))
            keep = max(keep, next((n for n in range(longest, 0, -1) if self.pending.endswith(stop[:n])), 0))
        out = self.pending[: len(self.pending) - keep]
        self.pending = self.pending[len(self.pending) - keep :]
        return out

    def rest(self) -> str:
        """The end: what was held back, and U+FFFD for a character that was cut."""
        out = self.pending if self.stopped else self.pending + self.decoder.decode(b"", final=True)
        self.pending = ""
        return out
