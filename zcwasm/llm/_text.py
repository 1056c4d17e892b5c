"""What comes out of a session as text: whole characters, and nothing of a stop string.

Threads: Stops, any; a Text, one at a time.
"""

from __future__ import annotations

import codecs
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

#: Of all stop strings of a request together.
MOST_STOP_CHARACTERS = 1 << 16


class Stops:
    """Stop strings, which are looked for in one pass, however many there are (Aho and Corasick's automaton).

    A state is a number: 0 where nothing has begun, else that of the longest beginning of a stop string that
    the text ends with. States lie in arrays, a dictionary has only those that go on in several ways, so that
    the strings of many requests do not fill the memory.
    """

    __slots__ = ("_branches", "_chars", "_depths", "_fails", "_longest", "_strings")

    def __init__(self, strings: Sequence[str] = ()) -> None:
        """Raises ValueError."""
        total = sum(map(len, strings))
        if total > MOST_STOP_CHARACTERS:
            raise ValueError(f"stop has {total} characters in all, more than {MOST_STOP_CHARACTERS}")
        if "" in strings:
            raise ValueError("a stop string is empty")
        self._strings = tuple(strings)
        self._depths = array("I", [0])  # characters of the beginning
        #: By which the state behind this one is reached from it, and 1 more; 0: by none.
        self._chars = array("I", [0])
        self._branches: dict[int, dict[int, int]] = {}  # the other states that a state goes on to
        self._longest = array("I", [0])  # of the strings that end here, also behind some of the beginning
        for each in self._strings:
            self._add(each)
        self._fails = array("I", bytes(4 * len(self._depths)))  # the longest beginning that is an end of it
        self._link()

    def _add(self, string: str) -> None:
        state = 0
        for char in map(ord, string):
            found = self._child(state, char)
            if found is None:
                found = len(self._depths)
                self._depths.append(self._depths[state] + 1)
                self._chars.append(0)
                self._longest.append(0)
                if found == state + 1:
                    self._chars[state] = char + 1
                else:
                    self._branches.setdefault(state, {})[char] = found
            state = found
        self._longest[state] = len(string)

    def _child(self, state: int, char: int) -> int | None:
        if self._chars[state] == char + 1:
            return state + 1
        branches = self._branches.get(state)
        return None if branches is None else branches.get(char)

    def _children(self, state: int) -> Iterator[tuple[int, int]]:
        if self._chars[state]:
            yield self._chars[state] - 1, state + 1
        yield from self._branches.get(state, {}).items()

    def _link(self) -> None:
        level = [state for _, state in self._children(0)]
        while level:
            below = []
            for state in level:
                for char, child in self._children(state):
                    fail = self._fails[child] = self._step(self._fails[state], char)
                    self._longest[child] = self._longest[child] or self._longest[fail]
                    below.append(child)
            level = below

    def _step(self, state: int, char: int) -> int:
        while True:
            found = self._child(state, char)
            if found is not None:
                return found
            if not state:
                return 0
            state = self._fails[state]

    def scan(self, state: int, text: str) -> tuple[int, int | None]:
        """The state behind the text, and where in it the first stop string begins, by its beginning: below 0
        where that was before the text; None if none ends in it."""
        first = None
        for end, char in enumerate(map(ord, text), 1):
            state = self._step(state, char)
            longest = self._longest[state]
            if longest and (first is None or end - longest < first):
                first = end - longest
        return state, first

    def begun(self, state: int) -> int:
        """How many characters at the end of the text may be the beginning of a stop string."""
        return self._depths[state]

    def __bool__(self) -> bool:
        return bool(self._strings)

    def __iter__(self) -> Iterator[str]:
        return iter(self._strings)

    def __repr__(self) -> str:
        return f"Stops({self._strings!r:.200})"


@lru_cache(8)
def stops_of(strings: tuple[str, ...]) -> Stops:
    """One for all answers to a request: many strings take a while. Raises ValueError."""
    return Stops(strings)


class Text:
    """Tokens become text: whole characters, and nothing of a stop string."""

    def __init__(self, token_bytes: Callable[[int], bytes], stops: Stops, hidden: frozenset[int]) -> None:
        self.stops = stops
        self.hidden = hidden  # tokens without a text of their own; stop strings are found in it
        self.token_bytes = token_bytes
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""  # not handed out yet
        self.state = 0  # of stops, behind what is pending
        self.stopped = False

    def go_on_from(self, tokens: Iterable[int]) -> None:
        """These came before, and their text is out; but for bytes of a character that is not complete."""
        for token in tokens:
            if token not in self.hidden:
                self.decoder.decode(self.token_bytes(token))

    def add(self, token: int) -> None:
        hidden = token in self.hidden
        data = self.token_bytes(token)
        text = data.decode("utf-8", "replace") if hidden else self.decoder.decode(data)
        found = None
        if self.stops:
            state, found = self.stops.scan(self.state, text)
            if not hidden:
                self.state = state
        before = len(self.pending)
        if not hidden:
            self.pending += text
        self.stopped = found is not None
        if found is not None:
            self.pending = self.pending[: before + found]
            self.state = self.stops.scan(0, self.pending)[0]

    def take(self) -> str:
        """All but an end that a stop string may begin with."""
        end = len(self.pending) - (self.stops.begun(self.state) if self.stops else 0)
        out, self.pending = self.pending[:end], self.pending[end:]
        return out

    def rest(self) -> str:
        """The end: what was held back, and U+FFFD for a character that was cut."""
        out = self.pending if self.stopped else self.pending + self.decoder.decode(b"", final=True)
        self.pending, self.state = "", 0
        return out
