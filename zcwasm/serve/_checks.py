"""What a value of a request must be: functions of its path and the value that give what it becomes, or raise
RequestError with that path. _requests.py makes its tables of them.

Nothing is converted silently: true is no number, "12" is none either. null stands for a field that was left
out. Pure functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from zcwasm.serve._errors import invalid
from zcwasm.serve._json import name_of

Check = Callable[[str, Any], Any]


class Field(NamedTuple):
    """A row of a table."""

    check: Check
    #: The keyword argument of Batcher.submit and chat that it becomes; else the server's own business.
    option: str | None = None
    required: bool = False


Table = Mapping[str, Field]


def take(table: Table, value: Any, path: str = "") -> dict[str, Any]:
    """The checked fields of an object, those that were left out or null left out."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    below = f"{path}." if path else ""
    for name in value:
        if name not in table:
            raise invalid(
                f"{below}{name[:100]}", "this server does not know or support this field", "unknown_parameter"
            )
    found = {
        name: table[name].check(f"{below}{name}", each) for name, each in value.items() if each is not None
    }
    for name, field in table.items():
        if field.required and value.get(name) is None:
            raise invalid(f"{below}{name}", "is missing", "missing_required_parameter")
    return found


def wrong(path: str, what: str, value: Any) -> Exception:
    return invalid(path, f"must be {what}, not {name_of(value)}", "invalid_type")


def text(most: int, pattern: str = "") -> Check:
    """At most so many characters, which are all of the pattern."""
    compiled = re.compile(pattern) if pattern else None

    def check(path: str, value: Any) -> str:
        if not isinstance(value, str):
            raise wrong(path, "a string", value)
        if len(value) > most:
            raise invalid(path, f"has {len(value)} characters, more than {most}", "string_above_max_length")
        if compiled and not compiled.fullmatch(value):
            raise invalid(path, f"is {value!r:.100}, must match {pattern}", "invalid_value")
        return value

    return check


def flag(path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong(path, "a boolean", value)
    return value


def number(least: float, most: float) -> Check:
    def check(path: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong(path, "a number", value)
        return float(_within(path, value, least, most))

    return check


def whole(least: int, most: int) -> Check:
    def check(path: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(path, "a whole number", value)
        return int(_within(path, value, least, most))

    return check


def _within(path: str, value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise invalid(path, f"is {value}, must be {least} to {most}", "invalid_value")
    return value


def one_of(*words: str) -> Check:
    def check(path: str, value: Any) -> str:
        if not isinstance(value, str):
            raise wrong(path, "a string", value)
        if value not in words:
            shown = " or ".join(repr(word) for word in words)
            raise invalid(path, f"is {value!r:.100}, must be {shown}", "invalid_value")
        return value

    return check


def only(*values: Any) -> Check:
    """A field that is known, of which only what asks for nothing special is supported."""

    def check(path: str, value: Any) -> Any:
        if not any(type(value) is type(each) and value == each for each in values):
            shown = " or ".join(json.dumps(each) for each in values)
            raise invalid(path, f"this server supports only {shown or 'null'} here", "unsupported_value")
        return value

    return check


def items(each: Check, least: int, most: int) -> Check:
    def check(path: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(path, "an array", value)
        if not least <= len(value) <= most:
            raise invalid(path, f"has {len(value)} items, must have {least} to {most}", "invalid_value")
        return [each(f"{path}[{at}]", item) for at, item in enumerate(value)]

    return check


def record(table: Table) -> Check:
    return lambda path, value: take(table, value, path)


def anything(path: str, value: Any) -> dict[str, Any]:
    """An object whose inside is somebody else's to check, such as a JSON schema."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    return value


def library(call: Callable[[Any], Any]) -> Check:
    """What a function of this package says of it, by TypeError and ValueError."""

    def check(path: str, value: Any) -> Any:
        try:
            return call(value)
        except TypeError as error:
            raise invalid(path, str(error).removeprefix(f"{path} "), "invalid_type") from None
        except ValueError as error:
            raise invalid(path, str(error).removeprefix(f"{path} "), "invalid_value") from None

    return check
