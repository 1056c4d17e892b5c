"""What messages and tools may be: those of OpenAI's interface, checked once, and copied with marks on all
text (_said.py)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zcwasm.llm._said import ROLE, SAID, whole

_DEEPEST = 64  # of a message's lists and mappings

Messages = Sequence[Mapping[str, Any]]
Tools = Sequence[Mapping[str, Any]]


def check(
    messages: Messages, find_controls: Callable[[str], list[Any]] | None
) -> tuple[list[dict[str, Any]], bool]:
    """A copy of the messages in which all text is marked as what they say; and whether any content came in
    parts."""
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(messages, Sequence):
        raise TypeError(f"messages is {type(messages).__name__}, must be a sequence of messages")
    if not messages:
        raise ValueError("messages is empty")
    checked, parted = [], False
    controls: dict[str, bool] = {}  # roles that spell one
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if not isinstance(message, Mapping):
            raise TypeError(f"{where} is {type(message).__name__}, must be a mapping")
        given = dict(message)
        if not given.get("tool_calls"):  # OpenAI's package has them as None where there are none
            given.pop("tool_calls", None)
        elif given.get("content") is None:
            given["content"] = None
        for key in ("role", "content"):
            if key not in given:
                raise ValueError(f"{where} has no {key!r}")
        if not isinstance(given["role"], str):
            raise TypeError(f"{where}['role'] is {type(given['role']).__name__}, must be str")
        if isinstance(given["content"], (list, tuple)):
            given["content"] = _joined(given["content"], f"{where}['content']")
            parted = True
        elif not isinstance(given["content"], str) and not (
            given["content"] is None and "tool_calls" in given
        ):
            raise TypeError(f"{where}['content'] is {type(given['content']).__name__}, must be str")
        if "tool_calls" in given:
            given["tool_calls"] = _calls(given["tool_calls"], f"{where}['tool_calls']")
        marked = _marked(given, where, 1)
        role = str(given["role"])
        if role not in controls:
            controls[role] = bool(find_controls and find_controls(role))
        if not controls[role]:
            marked["role"] = whole(role, ROLE)
        checked.append(marked)
    return checked, parted


def _joined(parts: Sequence[Any], where: str) -> str:
    """The text of content that is given in parts, each on a line of its own: as other programs that fill the
    templates of models for text do."""
    if not parts:
        raise ValueError(f"{where} is empty")
    texts = []
    for at, part in enumerate(parts):
        if not isinstance(part, Mapping):
            raise TypeError(f"{where}[{at}] is {type(part).__name__}, must be a mapping")
        kind = part.get("type")
        if kind != "text":
            raise ValueError(f"{where}[{at}] is of type {kind!r:.100}, the model takes only 'text'")
        if not isinstance(part.get("text"), str):
            raise TypeError(f"{where}[{at}]['text'] is {type(part.get('text')).__name__}, must be str")
        texts.append(part["text"])
    return "\n".join(texts)


def _calls(calls: Any, where: str) -> list[dict[str, Any]]:
    """A copy in which arguments that are the JSON text of a mapping are that mapping."""
    if not isinstance(calls, (list, tuple)):
        raise TypeError(f"{where} is {type(calls).__name__}, must be a list of calls")
    copies = []
    for at, call in enumerate(calls):
        copy = dict(call) if isinstance(call, Mapping) else {}
        called = copy.get("function", copy)
        if not isinstance(called, Mapping) or not isinstance(called.get("name"), str):
            raise ValueError(f"{where}[{at}] names no function")
        called = dict(called)
        arguments = called.get("arguments")
        if isinstance(arguments, str):
            try:
                found = json.loads(arguments)
            except (ValueError, RecursionError):
                found = None
            arguments = found if isinstance(found, dict) else arguments
        elif arguments is None:
            arguments = {}
        elif not isinstance(arguments, Mapping):
            raise TypeError(
                f"{where}[{at}]: arguments are {type(arguments).__name__}, must be a mapping or its JSON text"
            )
        called["arguments"] = arguments
        copies.append({**copy, "function": called} if "function" in copy else called)
    return copies


def check_tools(tools: Tools) -> list[Any] | None:
    """A copy in which all text is marked as said; None if there are none."""
    if isinstance(tools, (str, bytes, Mapping)) or not isinstance(tools, Sequence):
        raise TypeError(f"tools is {type(tools).__name__}, must be a sequence of tools")
    for at, tool in enumerate(tools):
        where = f"tools[{at}]"
        if not isinstance(tool, Mapping):
            raise TypeError(f"{where} is {type(tool).__name__}, must be a mapping")
        if tool.get("type") != "function":
            raise ValueError(f"{where} is of type {tool.get('type')!r:.100}, the model takes only 'function'")
        function = tool.get("function")
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise ValueError(f"{where} has no function with a name")
    marked: list[Any] = _marked(tools, "tools", 1)
    return marked or None


def _marked(value: Any, where: str, depth: int) -> Any:
    if isinstance(value, str):
        return whole(value, SAID)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}, must be finite")
        return value
    if depth > _DEEPEST:
        raise ValueError(f"{where[:100]} is nested more than {_DEEPEST} deep")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a key of {where} is {type(key).__name__}, must be str")
        return {
            whole(key, SAID): _marked(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_marked(item, f"{where}[{at}]", depth + 1) for at, item in enumerate(value)]
    raise TypeError(f"{where} is {type(value).__name__}, must be text, a number, a list or a mapping")
