"""JSON from strangers: what the standard library reads, without what it lets pass.

Refused are bytes that are no UTF-8, names that stand twice in an object, NaN and infinities, numbers of
more digits than any use has, lone surrogates, nesting deeper than `DEEPEST`, and more lists and objects than
`MOST`. The size is the caller's to limit, before it reads so many bytes.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from zcwasm.serve._errors import RequestError

DEEPEST = 64  # of lists and objects; schemas of real programs have 10 or 20
MOST = 250_000  # lists and objects: each few hundred Python looks through all, and no thread runs meanwhile
_DIGITS = 32  # of a number, sign and exponent included; a float64 needs 24


def read(body: bytes) -> dict[str, Any]:
    """The object that the body is. Raises RequestError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(f"the body is not UTF-8, at byte {error.start}") from None
    return parse(text)


def parse(text: str) -> dict[str, Any]:
    """The object that a text is. Raises RequestError, which calls it the body."""
    if text.count("[") + text.count("{") > MOST:  # those in strings, too
        raise _refused(f"the body has more than {MOST} lists and objects")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise _refused(f"the body is nested more than {DEEPEST} deep") from None
    except ValueError as error:
        raise _refused(f"the body is no JSON: {error!s:.200}") from None
    if not isinstance(value, dict):
        raise _refused(f"the body must be a JSON object, not {name_of(value)}")
    _check(value)
    return value


def name_of(value: Any) -> str:
    """The JSON type of a value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _refused(message: str) -> RequestError:
    return RequestError(400, message, code="invalid_json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {twice[:100]!r} stands twice in an object")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    if len(text) > _DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is more than a float64 holds")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_float, parse_constant=_constant
)


def _check(value: Any) -> None:
    """Depth and text of all that was read, level by level."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                for name in each:
                    _check_text(name)
                below.extend(each.values())
            elif isinstance(each, list):
                below.extend(each)
            elif isinstance(each, str):
                _check_text(each)
        if not below:
            return
        level = below
    if any(isinstance(each, (dict, list)) for each in level):
        raise _refused(f"the body is nested more than {DEEPEST} deep")
    for each in level:
        if isinstance(each, str):
            _check_text(each)


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise _refused(f"the body has half a character in {text[:50]!a}") from None
