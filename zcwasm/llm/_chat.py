"""Chat templates: a conversation to the text that the model was trained to continue.

A template is a Jinja program from the model file; _sandbox.py says what it may do, and when it has done too
much. What a message says must not end its turn: wherever it spells a control token, such as <|im_end|>, in
whatever field or key, `encode` keeps that as text, also when the template cuts or puts together what it said.
The one word of a message that may be part of a control token is its role, which some templates write as
<|role|>. The same holds for tools and what they are called with. `render` gives the plain text.

Messages are as OpenAI's interface has them, and templates differ in what they expect of that. What this one
does is asked of itself, with a small conversation, where it matters (`_Habits`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import zcwasm
from zcwasm._core import ModelError
from zcwasm.llm._messages import Messages, Tools, check, check_tools
from zcwasm.llm._said import OWN, SAID, marks_of, plain, whole

if TYPE_CHECKING:
    import jinja2

    from zcwasm.llm._tokenizer import Tokenizer

_KEY = "tokenizer.chat_template"
_TOOLS_KEY = f"{_KEY}.tool_use"  # for conversations with tools, where a file has two
_NO_CALLS = "the model's chat template knows no tool calls: it leaves them out"
_LONGEST = 1 << 16  # characters: three times the longest of any model; compiling takes seconds at most


def render(
    metadata: Mapping[str, Any],
    messages: Messages,
    *,
    tools: Tools | None = None,
    add_generation_prompt: bool = True,
) -> str:
    """The text of these messages by the template of a GGUF file's metadata.

    messages: of each its "role" and its "content": text, or parts of it as [{"type": "text", "text": ...}],
    or None where there are "tool_calls". tools: what the model may call, as {"type": "function", "function":
    {"name": ..., "description": ..., "parameters": ...}}.

    Raises TypeError and ValueError for messages and tools that are none, zcwasm.Error where the template says
    that it refuses them or knows no tools (or the package Jinja is too old), and ModelError where the file
    has no template, or one that does not compile, fails on these messages, or does too much.
    """
    return plain(_render(metadata, messages, tools, add_generation_prompt))


def encode(
    metadata: Mapping[str, Any], tokenizer: Tokenizer, messages: Messages, tools: Tools | None = None
) -> list[int]:
    """The ids of the rendered messages. Control tokens in it are the template's, never a message's."""
    text = _render(metadata, messages, tools, True, tokenizer.find_controls)
    marks, words = marks_of(text), plain(text)
    ids: list[int] = []
    done = 0

    def add_text(end: int) -> None:
        if end > done:
            ids.extend(tokenizer.encode(words[done:end], special=False, add_special=False))

    # Only where the template speaks, so that nothing that is said hides a control token of its own.
    for run in re.finditer(rb"[^\x01]+", marks):
        for first, end, index in tokenizer.find_controls(words[run.start() : run.end()]):
            begin, behind = run.start() + first, run.start() + end
            if marks[begin] == OWN == marks[behind - 1]:
                add_text(begin)
                ids.append(index)
                done = behind
    add_text(len(words))
    return ids


def _render(
    metadata: Mapping[str, Any],
    messages: Messages,
    tools: Tools | None,
    add_generation_prompt: bool,
    find_controls: Callable[[str], list[Any]] | None = None,
) -> str:
    checked, parted = check(messages, find_controls)
    given = None if tools is None else check_tools(tools)
    calls = any("tool_calls" in message for message in checked)
    source = _template(metadata, bool(given or calls))
    special = _special_tokens(metadata)
    if parted and not _habits(source, special).text:
        for message in checked:
            if isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
    if calls:
        _adapt_calls(checked, _habits(source, special))
    try:
        text = _run(source, special, checked, given, add_generation_prompt)
    except ModelError:
        if calls and "tool_calls" not in source:  # such as at the content, which a call may lack
            raise zcwasm.Error(_NO_CALLS) from None
        raise
    if given and text == _run(source, special, checked, None, add_generation_prompt):
        raise zcwasm.Error("the model's chat template knows no tools: it leaves them out")
    if calls:
        silent = [{key: message[key] for key in message if key != "tool_calls"} for message in checked]
        try:
            left_out = text == _run(source, special, silent, given, add_generation_prompt)
        except zcwasm.Error:  # it cannot do without them
            left_out = False
        if left_out:
            raise zcwasm.Error(_NO_CALLS)
    return text


def _run(
    source: str,
    special: Mapping[str, str],
    messages: list[dict[str, Any]],
    tools: list[Any] | None,
    add_generation_prompt: bool,
) -> str:
    import jinja2

    from zcwasm.llm import _sandbox
    from zcwasm.llm._template_functions import Refused

    template = _compile(source)
    variables = {
        **special,
        "messages": messages,
        "tools": tools,
        "documents": None,
        "add_generation_prompt": add_generation_prompt,
    }
    try:
        return _sandbox.run_template(template, variables)
    except Refused as error:
        raise zcwasm.Error(f"the model's chat template refuses these messages: {error}") from None
    except jinja2.TemplateError as error:
        raise ModelError(f"the sandbox refuses what the model's chat template does: {error!s:.400}") from None
    except Exception as error:  # a template is a program: it may fail in any way
        raise ModelError(
            f"the model's chat template fails on these messages: {type(error).__name__}: {error!s:.400}"
        ) from None


# --- what a template expects ---


class _Habits(NamedTuple):
    """What a template does with the parts of messages that others do otherwise."""

    text: bool  # content is text; else it has to be a list of parts
    objects: bool  # arguments of calls are mappings; else they have to be JSON text
    null: bool  # where a message calls and says nothing, content may be None
    blank: bool  # it may be empty text


def _habits(source: str, special: Mapping[str, str]) -> _Habits:
    return _habits_of(source, tuple(sorted(special.items())))


@lru_cache(8)
def _habits_of(source: str, special: tuple[tuple[str, str], ...]) -> _Habits:
    user, key, value = "zccontent", "zckey", "zcvalue"

    def told(content: Any, *more: dict[str, Any]) -> str:
        messages = [{"role": "user", "content": content}, *more]
        try:
            return plain(_run(source, dict(special), messages, None, True))
        except zcwasm.Error:
            return ""

    parts = [{"type": "text", "text": user}]
    text = user in told(user) or user not in told(parts)

    def understood(arguments: Any, content: str | None) -> bool:
        function = {"name": "zcname", "arguments": arguments}
        calls = [{"id": "zccall123", "type": "function", "function": function}]
        message = {"role": "assistant", "content": content, "tool_calls": calls}
        words = told(user if text else parts, message)
        # Not as Python writes a mapping, or None.
        return value in words and f"'{key}'" not in words and "None" not in words

    for objects in (True, False):
        arguments = {key: value} if objects else json.dumps({key: value})
        null, blank = understood(arguments, None), understood(arguments, "")
        if null or blank:
            return _Habits(text, objects, null, blank)
    return _Habits(text, True, True, True)


def _adapt_calls(messages: list[dict[str, Any]], habits: _Habits) -> None:
    for message in messages:
        if "tool_calls" not in message:
            continue
        if message["content"] is None and not habits.null:
            message["content"] = ""
        elif message["content"] == "" and not habits.blank:
            message["content"] = None
        for call in message["tool_calls"]:
            called = call.get("function", call)
            if not habits.objects and not isinstance(called["arguments"], str):
                called["arguments"] = whole(json.dumps(called["arguments"], ensure_ascii=False), SAID)


def _special_tokens(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Kept with a file's, whose list of tokens is long, and made anew for whoever asks: that took a hundred
    times as long as a rendering."""
    made = getattr(metadata, "made", None)  # of a file's, or a folder's, which has them from the beginning
    if made is None:
        return _find_special_tokens(metadata)
    if "special tokens" not in made:
        made["special tokens"] = _find_special_tokens(metadata)
    return dict(made["special tokens"])


def _find_special_tokens(metadata: Mapping[str, Any]) -> dict[str, str]:
    tokens = metadata.get("tokenizer.ggml.tokens")
    special = {}
    for name, key in {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}.items():
        index = metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(index, int) and isinstance(tokens, list) and 0 <= index < len(tokens):
            if not isinstance(tokens[index], str):
                raise ModelError(f"tokenizer.ggml.tokens[{index}] is no string")
            special[f"{name}_token"] = tokens[index]
    return special


def _template(metadata: Mapping[str, Any], tools: bool) -> str:
    key = _TOOLS_KEY if tools and metadata.get(_TOOLS_KEY) is not None else _KEY
    source = metadata.get(key)
    if source is None:
        raise ModelError(f"the file has no {key}: put the prompt together yourself and use generate()")
    if not isinstance(source, str):
        raise ModelError(f"{key} is {type(source).__name__}, not a string")
    if len(source) > _LONGEST:
        raise ModelError(f"{key} has {len(source)} characters, more than {_LONGEST}")
    return source


@lru_cache(8)
def _compile(source: str) -> jinja2.Template:
    from zcwasm.llm import _sandbox

    try:
        return _sandbox.compile_template(source)
    except zcwasm.Error:
        raise
    except RecursionError:
        raise ModelError(f"{_KEY} does not compile: it is nested too deep") from None
    except MemoryError:
        raise ModelError(f"{_KEY} does not compile: it is too much for Python's compiler") from None
    except Exception as error:  # Jinja's, and those of Python, which compiles what Jinja makes of it
        raise ModelError(f"{_KEY} does not compile: {error!s:.400}") from None
