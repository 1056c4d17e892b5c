"""What a conversation in a request may hold: messages, tools, and the format of the answer. Tables, like
those of _requests.py, and what becomes of them. Pure functions.
"""

from __future__ import annotations

from typing import Any

from zcwasm.serve import _json
from zcwasm.serve._checks import Field, anything, flag, items, one_of, only, record, take, text, whole, wrong
from zcwasm.serve._errors import RequestError, invalid

LONG = 1 << 24  # characters; the body's size is limited before

# --- messages ---

_PART = record({"type": Field(one_of("text"), required=True), "text": Field(text(LONG), required=True)})


def _content(path: str, value: Any) -> str | list[dict[str, Any]]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise wrong(path, "a string or an array of parts", value)
    parts: list[dict[str, Any]] = items(_PART, 1, 1000)(path, value)
    return parts


_NAME = text(64, "[a-zA-Z0-9_-]+")
_CALLED = record({"name": Field(_NAME, required=True), "arguments": Field(text(LONG), required=True)})
_CALL = record(
    {
        "id": Field(text(1000), required=True),
        "type": Field(one_of("function"), required=True),
        "function": Field(_CALLED, required=True),
        "index": Field(whole(0, 1000)),  # in answers that were streamed
    }
)
_SAID = {
    "role": Field(text(20), required=True),
    "content": Field(_content, required=True),
    "name": Field(text(1000)),
}
_ROLES = {
    "system": _SAID,
    "developer": _SAID,
    "user": _SAID,
    "assistant": {
        **_SAID,
        "content": Field(_content),
        "tool_calls": Field(items(_CALL, 0, 128)),
        # What clients send back of an answer.
        "refusal": Field(only()),
        "audio": Field(only()),
        "function_call": Field(only()),
        "annotations": Field(only([])),
    },
    "tool": {**_SAID, "tool_call_id": Field(text(1000), required=True)},
}
_ROLE = one_of(*_ROLES)


def message(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    if value.get("role") is None:
        raise invalid(f"{path}.role", "is missing", "missing_required_parameter")
    role = _ROLE(f"{path}.role", value["role"])
    found = take(_ROLES[role], value, path)
    calls = found.pop("tool_calls", [])
    if calls:
        found["tool_calls"] = [_called(f"{path}.tool_calls[{at}]", call) for at, call in enumerate(calls)]
    if "content" not in found:
        if not calls:
            raise invalid(f"{path}.content", "is missing", "missing_required_parameter")
        found["content"] = None
    found["role"] = "system" if role == "developer" else role
    for name in ("refusal", "audio", "function_call", "annotations"):
        found.pop(name, None)
    return found


def _called(path: str, call: dict[str, Any]) -> dict[str, Any]:
    """A call as templates want it: its arguments are an object, not the text of one."""
    function = call["function"]
    try:
        arguments = _json.parse(function["arguments"])
    except RequestError as error:
        why = error.message.removeprefix("the body ")
        raise invalid(
            f"{path}.function.arguments", f"must be the text of a JSON object: {why}", "invalid_value"
        ) from None
    return {
        "id": call["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }


# --- tools and formats ---

_FUNCTION = record(
    {
        "name": Field(_NAME, required=True),
        "description": Field(text(LONG)),
        "parameters": Field(anything),
        "strict": Field(flag),  # arguments follow the schema where tool_choice demands a call
    }
)
TOOL = record({"type": Field(one_of("function"), required=True), "function": Field(_FUNCTION, required=True)})
_NAMED = record(
    {
        "type": Field(one_of("function"), required=True),
        "function": Field(record({"name": Field(_NAME, required=True)}), required=True),
    }
)


def tool_choice(path: str, value: Any) -> tuple[str, str | None]:
    if isinstance(value, dict):
        return "required", _NAMED(path, value)["function"]["name"]
    return one_of("none", "auto", "required")(path, value), None


_SCHEMA = {
    "name": Field(_NAME, required=True),
    "description": Field(text(LONG)),
    "schema": Field(anything),
    "strict": Field(flag),  # answers always follow the schema
}
_FORMATS = {
    "text": {"type": Field(text(20))},
    "json_object": {"type": Field(text(20))},
    "json_schema": {"type": Field(text(20)), "json_schema": Field(record(_SCHEMA), required=True)},
}
_FORMAT = one_of(*_FORMATS)


def response_format(path: str, value: Any) -> dict[str, Any] | None:
    """A schema; None for text."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    kind = _FORMAT(f"{path}.type", value.get("type", ""))
    found = take(_FORMATS[kind], value, path)
    if kind == "text":
        return None
    schema: dict[str, Any] = {"type": "object"}
    if kind == "json_schema":
        schema = found["json_schema"].get("schema", schema)
    return schema
