"""What one rendering of a chat template may do: units of time and room, paid before something is done or as
it goes on.

A unit is some 0.1 to 1 microseconds, or 32 characters. The budget grows with what the template is given. It
is found in a context variable, so that threads and renderings inside one another have their own.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from contextvars import ContextVar
from itertools import chain
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.utils import Namespace

from zcwasm.llm._said import is_said

_UNITS = 1_000_000
_UNITS_PER_INPUT = 200  # for each unit of what is given
CALL, OPERATOR = 10, 3
CHARACTERS = 32  # of a unit
NODES = 16  # of a template's code, that run for a unit
COMPARISONS = 1 << 10  # of characters, for a unit
_DEEPEST = 500  # lists in lists: Python's hash of tuples goes as deep as they do, on the thread's stack
_END = object()
MOST_BITS = 1 << 14  # of an integer: dividing takes their square


class Budget:
    """What one rendering may still do."""

    def __init__(self, *given: object) -> None:
        self.left = 1 << 62
        self.depth = 0
        self.walk(given)
        self.left = _UNITS + _UNITS_PER_INPUT * ((1 << 62) - self.left)

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise SecurityError("it does too much: time and memory of a template are limited")

    def walk(self, *values: object) -> bool:
        """Pay for going through all that these values hold. Whether a message said anything of it."""
        stack, units, said = [iter(values)], 0, False
        while stack and units <= self.left:
            value = next(stack[-1], _END)
            if value is _END:
                stack.pop()
                continue
            if len(stack) > _DEEPEST:
                raise SecurityError(f"it nests values more than {_DEEPEST} deep")
            units += 1
            if isinstance(value, str):
                units += len(value) // CHARACTERS
                said = said or is_said(value)
            elif isinstance(value, (list, tuple, set, frozenset, KeysView, ValuesView, ItemsView)):
                units += len(value)
                stack.append(iter(value))
            elif isinstance(value, dict):
                units += 2 * len(value)
                stack.append(chain(value.keys(), value.values()))
            elif isinstance(value, int):
                units += _bits(value) // 64
            elif isinstance(value, range):
                units += len(value)
            elif isinstance(value, Namespace):
                stack.append(iter((value._Namespace__attrs,)))
        self.spend(units)
        return said

    def made(self, value: Any) -> Any:
        """Pay for a value that is new."""
        if isinstance(value, str):
            self.spend(1 + len(value) // CHARACTERS)
        elif isinstance(value, Iterator):
            return self.each(value)
        elif isinstance(value, (list, tuple, dict)):
            self.spend(1 + len(value))
        elif isinstance(value, int):
            self.spend(1 + _bits(value) // 64)
        return value

    def each(self, values: Iterable[Any], units: int = 1) -> Iterator[Any]:
        for value in values:
            self.spend(units)
            yield value


def _bits(number: int) -> int:
    bits = number.bit_length()
    if bits > MOST_BITS:
        raise SecurityError(f"it computes a number of {bits:.3g} bits")
    return bits


running: ContextVar[Budget] = ContextVar("budget of the template that is being rendered")
