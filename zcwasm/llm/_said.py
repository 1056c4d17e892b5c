"""Text that remembers which of its characters somebody said.

A chat template mixes its own words with those of messages, and only its own may spell control tokens. So what
messages say is a `Said`: a str with a mark for every character, which the operations of templates keep:
cutting, joining, replacing, changing case. Whatever else makes text of it marks all of the result.

A Said is a str in every other way: it equals one, is a key like one, and json takes it for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, SupportsIndex

#: Of a character: the template's own, said by a message, the name of a message's role.
OWN, SAID, ROLE = 0, 1, 2


def marks_of(text: str) -> bytes:
    """A mark for each character."""
    return text._marks if isinstance(text, Said) else bytes(len(text))


def marked(text: str, marks: bytes) -> str:
    """The text with these marks; a plain str where all of it is the template's own."""
    return Said(text, marks) if marks.strip(b"\0") else plain(text)


def is_said(text: object) -> bool:
    """Whether messages said any of it."""
    return isinstance(text, Said) and bool(text._marks.strip(b"\0"))


def whole(text: str, mark: int = SAID) -> str:
    """The text, all of it with one mark."""
    return Said(text, bytes([mark]) * len(text))


def plain(text: str) -> str:
    """The text without marks."""
    return "".join((text,))


def joined(parts: Iterable[str]) -> str:
    """The parts, one behind the other."""
    found = list(parts)
    text = "".join(found)
    return marked(text, b"".join(map(marks_of, found))) if any(type(part) is Said for part in found) else text


class Said(str):
    __slots__ = ("_marks",)
    _marks: bytes

    def __new__(cls, text: str, marks: bytes) -> Said:
        self = super().__new__(cls, plain(text))
        self._marks = marks
        return self

    # str(text) and so "{{ text }}" keep the marks.
    def __str__(self) -> str:
        return self

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        marks = self._marks[key] if isinstance(key, slice) else bytes((self._marks[key],))
        return marked(super().__getitem__(key), marks)

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))

    def __add__(self, other: str) -> str:
        return joined((self, other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> str:
        return joined((other, self)) if isinstance(other, str) else NotImplemented

    def __mul__(self, count: SupportsIndex) -> str:
        return marked(super().__mul__(count), self._marks * count.__index__())

    __rmul__ = __mul__

    # --- cutting ---

    def _parts(self, texts: Iterable[str], gap: int | None = None) -> list[str]:
        """These texts, which lie in it in this order: `gap` characters apart, or where each is next found."""
        found, at = [], 0
        for text in texts:
            if gap is None:
                at = super().index(text, at)
            found.append(self[at : at + len(text)])
            at += len(text) + (gap or 0)
        return found

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return self._parts(super().split(sep, maxsplit), None if sep is None else len(sep))

    def rsplit(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        return self._parts(super().rsplit(sep, maxsplit), None if sep is None else len(sep))

    def splitlines(self, keepends: bool = False) -> list[str]:
        lines = self._parts(super().splitlines(True), 0)
        texts = super().splitlines(keepends)
        return [line[: len(text)] for line, text in zip(lines, texts, strict=True)]

    def partition(self, sep: str) -> tuple[str, str, str]:
        head, middle, tail = self._parts(super().partition(sep), 0)
        return head, middle, tail

    def rpartition(self, sep: str) -> tuple[str, str, str]:
        head, middle, tail = self._parts(super().rpartition(sep), 0)
        return head, middle, tail

    def lstrip(self, chars: str | None = None) -> str:
        return self[len(self) - len(super().lstrip(chars)) :]

    def rstrip(self, chars: str | None = None) -> str:
        return self[: len(super().rstrip(chars))]

    def strip(self, chars: str | None = None) -> str:
        return self[: len(super().rstrip(chars))].lstrip(chars)

    def removeprefix(self, prefix: str) -> str:
        return self[len(prefix) :] if self.startswith(prefix) else self[:]

    def removesuffix(self, suffix: str) -> str:
        return self[: len(self) - len(suffix)] if suffix and self.endswith(suffix) else self[:]

    # --- putting together ---

    def replace(self, old: str, new: str, count: SupportsIndex = -1) -> str:
        left = count.__index__()
        if not old:
            text = super().replace(old, new, left)
            return whole(text) if is_said(self) or is_said(new) else text
        parts: list[str] = []
        at = 0
        while left and (found := self.find(old, at)) >= 0:
            parts += self[at:found], new
            at, left = found + len(old), left - 1
        return joined((*parts, self[at:]))

    def join(self, parts: Iterable[str]) -> str:
        found = list(parts)
        separated: list[str] = [self] * (2 * len(found) - 1) if found else []
        separated[::2] = found
        return joined(separated)

    # --- the same letters, or as many ---

    def _like(self, text: str) -> str:
        """Of letters that become several, nobody knows which: all of the text is said then."""
        if not is_said(self):
            return text
        return Said(text, self._marks) if len(text) == len(self) else whole(text)

    def lower(self) -> str:
        return self._like(super().lower())

    def upper(self) -> str:
        return self._like(super().upper())

    def title(self) -> str:
        return self._like(super().title())

    def capitalize(self) -> str:
        return self._like(super().capitalize())

    def swapcase(self) -> str:
        return self._like(super().swapcase())


def _all_said(name: str) -> Callable[..., str]:
    method = getattr(str, name)

    def call(self: Said, *args: Any) -> str:
        text = method(self, *args)
        return whole(text) if any(map(is_said, (self, *args))) else plain(text)

    call.__name__ = name
    return call


for _name in ("casefold", "center", "expandtabs", "ljust", "rjust", "zfill"):
    setattr(Said, _name, _all_said(_name))

# What Python and templates say of one, in errors that whoever wrote the messages reads.
Said.__name__ = Said.__qualname__ = "str"
Said.__module__ = "builtins"
