"""Regular expressions of a tokenizer.json: only those that cannot take forever.

The library's matcher goes back where it was wrong, so that (a+)+b takes as many steps as there are ways to
cut the text. How models' tokenizers cut text needs little: alternatives of a few repeated sets of characters.
What is repeated is of one length; an alternative repeats two sets without an end at most, and nothing that
could fail comes behind two of them. So each character begins as many steps as there are behind it, at most,
which is what some models' own expressions take. Those that are known need no check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zcwasm._core import ModelError
from zcwasm.llm._cuts import KNOWN

_LONGEST = 4096  # characters
_MOST_WAYS = 256  # to match bounded parts, such as what may be left out
_FEW = 16  # more repetitions than that count as no bound
_DEEPEST = 16  # groups in groups

_ESCAPE = re.compile(
    r"\\(?:[pP]\{\^?\w+\}|x\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^1-9kgGKXRNOyYpPxu])"
)
_GROUP = re.compile(r"\((?:\?(?::|=|!|>|<=|<!|[imx]{1,3}:))?(?!\?)")
_REPEAT = re.compile(r"(?:[*+?]|\{(\d{0,5})(,?)(\d{0,5})\})[?+]?")


@dataclass
class _Cost:
    endless: int = 0  # repetitions without an end, one behind the other
    ways: int = 1  # to match the rest
    fixed: bool = True  # all that it matches is of one length, in one way
    fails: bool = True  # on some texts


def check(where: str, expression: str) -> str:
    """The expression; ModelError for one that may take too long, or that cannot be told."""
    if expression not in KNOWN:
        if len(expression) > _LONGEST:
            raise ModelError(f"{where}: an expression has {len(expression)} characters, more than {_LONGEST}")
        _, end = _Reader(where, expression).alternatives(0, 0)
        if end != len(expression):
            raise ModelError(f"{where}: the expression {expression!r:.100} has an unmatched )")
    return expression


class _Reader:
    def __init__(self, where: str, text: str) -> None:
        self._where = where
        self._text = text

    def _refuse(self, why: str) -> ModelError:
        return ModelError(f"{self._where}: the expression {self._text!r:.200} is not supported: {why}")

    def alternatives(self, at: int, depth: int) -> tuple[_Cost, int]:
        if depth > _DEEPEST:
            raise self._refuse("groups are nested too deep")
        cost, at = self._sequence(at, depth)
        one = True
        while self._text[at : at + 1] == "|":
            other, at = self._sequence(at + 1, depth)
            cost = _Cost(
                max(cost.endless, other.endless),
                cost.ways + other.ways,
                False,
                cost.fails and other.fails,
            )
            one = False
        if depth and not one and cost.ways > _MOST_WAYS:
            raise self._refuse("too many alternatives")
        return cost, at

    def _sequence(self, at: int, depth: int) -> tuple[_Cost, int]:
        whole = _Cost(fails=False)
        while at < len(self._text) and self._text[at] not in "|)":
            item, at = self._item(at, depth)
            found = _REPEAT.match(self._text, at)
            if found:
                item = self._repeated(item, found)
                at = found.end()
                if _REPEAT.match(self._text, at):
                    raise self._refuse("what is repeated is repeated")
            if whole.endless >= 2 and (item.fails or item.endless):
                raise self._refuse("something must come behind two repetitions without an end")
            whole = _Cost(
                whole.endless + item.endless,
                whole.ways * item.ways,
                whole.fixed and item.fixed,
                whole.fails or item.fails,
            )
            if whole.endless > 2:
                raise self._refuse("it has more than two repetitions without an end, one behind the other")
            if whole.ways > _MOST_WAYS:
                raise self._refuse("it may match in too many ways")
        return whole, at

    def _repeated(self, item: _Cost, found: re.Match[str]) -> _Cost:
        sign = found[0][0]
        if sign == "{":
            least = int(found[1] or 0)
            most = None if found[2] and not found[3] else int(found[3] or found[1] or 0)
        else:
            least, most = (1 if sign == "+" else 0), (1 if sign == "?" else None)
        if most is not None and most < least:
            raise self._refuse("a repetition ends before it begins")
        if (most is None or most > 1) and not item.fixed:
            raise self._refuse("what is repeated may be of several lengths")
        fails = item.fails and least > 0
        if most is None or most - least > _FEW:
            return _Cost(item.endless + 1, item.ways, False, fails)
        return _Cost(item.endless, item.ways + most - least, item.fixed and most == least, fails)

    def _item(self, at: int, depth: int) -> tuple[_Cost, int]:
        char = self._text[at]
        if char == "\\":
            return _Cost(), self._escape(at)
        if char == "[":
            return _Cost(), self._class(at, 0)
        if char == "(":
            found = _GROUP.match(self._text, at)
            if not found:
                raise self._refuse(f"a group that begins with {self._text[at : at + 4]!r}")
            cost, end = self.alternatives(found.end(), depth + 1)
            if self._text[end : end + 1] != ")":
                raise self._refuse("a ( is not closed")
            if found[0][:3] in ("(?=", "(?!", "(?<"):  # what is not there may be asked for, too
                cost.fails = True
            return cost, end + 1
        if char in "*+?{":
            raise self._refuse("a repetition of nothing")
        return _Cost(), at + 1

    def _escape(self, at: int) -> int:
        found = _ESCAPE.match(self._text, at)
        if not found:
            raise self._refuse(f"{self._text[at : at + 4]!r}")
        return found.end()

    def _class(self, at: int, depth: int) -> int:
        if depth > _DEEPEST:
            raise self._refuse("sets are nested too deep")
        at += 2 if self._text[at + 1 : at + 2] == "^" else 1
        first = True
        while at < len(self._text):
            char = self._text[at]
            if char == "]" and not first:
                return at + 1
            if char == "\\":
                at = self._escape(at)
            elif char == "[":
                at = self._class(at, depth + 1)
            else:
                at += 1
            first = False
        raise self._refuse("a [ is not closed")
