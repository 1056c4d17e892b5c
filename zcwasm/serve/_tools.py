"""Tools: what an answer that has to call one must look like, and calls that are found in what the model says.

Models write calls in forms of their own, which zcwasm.llm knows (_tool_calls.py). Where a call is demanded,
the answer is held to the JSON of one, or of several, each on a line of its own, where the request allows
several; which is among those forms, with arguments that the tools' schemas allow. Where the model may choose,
it says what it says: what reads as calls of the tools there are is calls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zcwasm.llm import Constraint
from zcwasm.llm._tool_calls import ToolCall, split_tool_calls
from zcwasm.serve import _answers
from zcwasm.serve._errors import invalid
from zcwasm.serve._requests import Generation

if TYPE_CHECKING:
    from zcwasm.llm import Model

_OPEN = "<tool_call>"
# How an answer begins that may be nothing but calls.
_BEGINNINGS = ("{", "[", "```", "<|python_tag|>")
_MOST_DEMANDED = 16  # calls of an answer that has to call
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


class Reader:
    """Of one request's answers."""

    def __init__(self, model: Model, asked: Generation) -> None:
        """Raises RequestError for a schema that cannot be followed."""
        tools = [tool["function"] for tool in asked.tools]
        if asked.tool is not None:
            tools = [tool for tool in tools if tool["name"] == asked.tool]
        self._names = [tool["name"] for tool in tools]
        self._most = None if asked.parallel_tool_calls else 1
        #: What the batcher's chat has to know.
        self.options: dict[str, Any] = {"tools": asked.tools}
        tokenizer = model.tokenizer
        # Some models have marks of calls that are control tokens, which a text does not show.
        self._ends: tuple[str, ...] = ()
        if tokenizer.find_controls(_OPEN):
            self.options["special"] = True
            self._ends = tuple(
                tokenizer.token_bytes(each).decode("utf-8", "replace") for each in tokenizer.stop_ids
            )
        self._demanded = asked.tool_choice == "required"
        if self._demanded:
            template = model.weights.metadata.get("tokenizer.chat_template", "")
            self.options["constraint"] = _constraint(tools, _word(template), self._most or _MOST_DEMANDED)

    def begin(self) -> Speech:
        return Speech(self)

    def read(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        """What an answer says, and its calls."""
        text = self.without_end(text)
        found = split_tool_calls(text, self._names)
        if found is None and self._demanded:  # one that was cut behind others
            found = split_tool_calls(text.rpartition("\n")[0], self._names)
        if found is None:
            return text, []
        said, calls = found
        return said, [_call(call) for call in calls[: self._most]]

    def without_end(self, text: str) -> str:
        for end in self._ends:
            text = text.removesuffix(end)
        return text


class Speech:
    """A streamed answer: what may turn out to be a call is held back until the end."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._text = ""
        self._shown = 0  # characters
        self._held = False  # all that comes

    def add(self, text: str) -> str:
        """What may be shown now."""
        self._text += text
        if self._held:
            return ""
        said = self._text.lstrip()
        if any(said.startswith(each) or each.startswith(said) for each in _BEGINNINGS):
            return ""
        found = self._text.find(_OPEN, max(0, self._shown - len(_OPEN)))
        if found >= 0:
            self._held = True
            return self._show(found)
        end = len(self._text)
        for mark in (_OPEN, *self._reader._ends):
            longest = min(len(mark), len(self._text))
            part = next((n for n in range(longest, 0, -1) if self._text.endswith(mark[:n])), 0)
            end = min(end, len(self._text) - part)
        return self._show(end)

    def _show(self, end: int) -> str:
        shown, self._shown = self._text[self._shown : end], max(self._shown, end)
        return shown

    def end(self) -> tuple[str, list[dict[str, Any]]]:
        """What is left to be shown, and the calls."""
        _, calls = self._reader.read(self._text)
        return "" if calls else self._reader.without_end(self._text)[self._shown :], calls


def _call(call: ToolCall) -> dict[str, Any]:
    return _answers.tool_call(call.name, json.dumps(call.arguments, ensure_ascii=False))


def _word(template: object) -> str:
    """What a model calls the arguments, as far as its template says."""
    text = template if isinstance(template, str) else ""
    return "parameters" if _OPEN not in text and '"parameters"' in text else "arguments"


def _constraint(tools: list[dict[str, Any]], word: str, most: int) -> Constraint:
    """One call of one of the tools, or up to so many."""
    definitions, forms = {}, []
    for tool in tools:
        name = tool["name"]
        definitions[name] = _moved(tool.get("parameters") or _NOTHING, f"#/$defs/{name}")
        forms.append(
            {
                "type": "object",
                "properties": {"name": {"const": name}, word: {"$ref": f"#/$defs/{name}"}},
                "required": ["name", word],
                "additionalProperties": False,
            }
        )
    schema = {"anyOf": forms, "$defs": definitions}
    try:
        return Constraint.json_schema(schema) if most == 1 else Constraint._json_lines(schema, most)
    except (TypeError, ValueError) as error:
        raise invalid("tools", str(error), "invalid_schema") from None


def _moved(schema: Any, place: str) -> Any:
    """A schema that lies in another one: what it says of itself is found there."""
    if isinstance(schema, Mapping):
        moved = {name: _moved(each, place) for name, each in schema.items()}
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            moved["$ref"] = place + reference[1:]
        return moved
    if isinstance(schema, list):
        return [_moved(each, place) for each in schema]
    return schema
