"""Which functions an answer calls: the common forms in which models write that down.

<tool_call>{"name": ..., "arguments": {...}}</tool_call>, as Hermes and Qwen do; {"name": ..., "parameters":
{...}}, as Llama 3 does, several with ";" between them; a list of them, also behind [TOOL_CALLS], as Mistral
does; any of them in a fence of code. What an answer says is checked, for it comes from a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, NamedTuple, NoReturn

_OPEN = "<tool_call>"
_CLOSED = re.compile(r"\s*(?:</tool_call>)?\s*")
_BEFORE = re.compile(r"\s*(?:<\|python_tag\|>|\[TOOL_CALLS\])?\s*")
_FENCE = "```"
_FENCED = ("", "json", "tool_call")
_BETWEEN = re.compile(r"[\s;,]*")


class ToolCall(NamedTuple):
    """A function that the model calls."""

    name: str
    arguments: dict[str, object]


class _NoCall(ValueError):
    pass


_WRONG = (ValueError, RecursionError)  # json's, also of numbers of too many digits, and _NoCall


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def split_tool_calls(text: str, names: Collection[str] | None = None) -> tuple[str, list[ToolCall]] | None:
    """What the answer says before it calls, and its calls in their order; None where it is no call, or one
    that is cut or damaged. names: of the tools there are; a call of any other is none."""
    before, marked, rest = text.partition(_OPEN)
    try:
        return "", _plain(_unfenced(text), names)  # also where an argument has the mark in it
    except _WRONG:
        if not marked:
            return None
    try:
        return before.strip(), _marked(rest, names)
    except _WRONG:
        return None


def parse_tool_calls(text: str, names: Collection[str] | None = None) -> list[ToolCall] | None:
    """The calls of an answer, in their order; None where it is none."""
    found = split_tool_calls(text, names)
    return found[1] if found else None


def _marked(text: str, names: Collection[str] | None) -> list[ToolCall]:
    """Behind the first <tool_call>. The last one may lack its end, which some models leave out; what a model
    says behind its calls is not for anyone."""
    calls: list[ToolCall] = []
    at = 0
    while True:
        value, at = _DECODER.raw_decode(text, _end(_BETWEEN, text, at))
        calls += _calls(value, names)
        at = _end(_CLOSED, text, at)
        if not text.startswith(_OPEN, at):
            return calls
        at += len(_OPEN)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _unfenced(text: str) -> str:
    """What is in the fence, where all of the text is one. By no expression: what tries all ends for all
    beginnings takes seconds for an answer of empty lines."""
    fenced = text.strip()
    if len(fenced) < 2 * len(_FENCE) or not (fenced.startswith(_FENCE) and fenced.endswith(_FENCE)):
        return text
    word, line_end, inside = fenced[len(_FENCE) : -len(_FENCE)].partition("\n")
    return inside if line_end and word.rstrip() in _FENCED else text


def _plain(text: str, names: Collection[str] | None) -> list[ToolCall]:
    """All of the text is JSON."""
    at = _end(_BEFORE, text, 0)
    calls: list[ToolCall] = []
    while at < len(text):
        value, at = _DECODER.raw_decode(text, at)
        calls += _calls(value, names)
        at = _end(_BETWEEN, text, at)
    if not calls:
        raise _NoCall
    return calls


def _calls(value: Any, names: Collection[str] | None) -> list[ToolCall]:
    return [_call(each, names) for each in (value if isinstance(value, list) else [value])]


def _call(value: Any, names: Collection[str] | None) -> ToolCall:
    if not isinstance(value, dict):
        raise _NoCall
    if isinstance(value.get("function"), dict):  # as OpenAI has it
        value = value["function"]
    name = value.get("name")
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        arguments = _DECODER.decode(arguments)
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise _NoCall
    if names is not None and name not in names:
        raise _NoCall
    return ToolCall(name, arguments)
