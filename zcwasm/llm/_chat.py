"""Chat templates: a conversation to the text that the model was trained to continue.

A template is a Jinja program from the model file; _sandbox.py says what it may do, and when it has done too
much. What a message says must not end its turn: wherever it spells a control token, such as <|im_end|>, in
whatever field or key, `encode` keeps that as text, also when the template cuts or puts together what it said.
The one word of a message that may be part of a control token is its role, which some templates write as
<|role|>. `render` gives the plain text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import zcwasm
from zcwasm._core import ModelError
from zcwasm.llm._said import OWN, ROLE, SAID, marks_of, plain, whole

if TYPE_CHECKING:
    import jinja2

    from zcwasm.llm._tokenizer import Tokenizer

_KEY = "tokenizer.chat_template"
_LONGEST = 1 << 16  # characters: three times the longest of any model; compiling takes seconds at most
_DEEPEST = 64  # of a message's lists and mappings

Messages = Sequence[Mapping[str, Any]]


def render(metadata: Mapping[str, Any], messages: Messages, *, add_generation_prompt: bool = True) -> str:
    """The text of these messages by the template of a GGUF file's metadata.

    Raises TypeError and ValueError for messages that are none, zcwasm.Error where the template says that it
    refuses them (or the package Jinja is too old), and ModelError where the file has no template, or one that
    does not compile, fails on these messages, or does too much.
    """
    return plain(_render(metadata, _check(messages), add_generation_prompt))


def encode(metadata: Mapping[str, Any], tokenizer: Tokenizer, messages: Messages) -> list[int]:
    """The ids of the rendered messages. Control tokens in it are the template's, never a message's."""
    text = _render(metadata, _check(messages, tokenizer.find_controls), True)
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


def _render(metadata: Mapping[str, Any], messages: list[Any], add_generation_prompt: bool) -> str:
    import jinja2

    from zcwasm.llm import _sandbox
    from zcwasm.llm._template_functions import Refused

    template = _compile(_template(metadata))
    variables = {
        **_special_tokens(metadata),
        "messages": messages,
        "tools": None,
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


def _special_tokens(metadata: Mapping[str, Any]) -> dict[str, str]:
    tokens = metadata.get("tokenizer.ggml.tokens")
    special = {}
    for name, key in {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}.items():
        index = metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(index, int) and isinstance(tokens, list) and 0 <= index < len(tokens):
            if not isinstance(tokens[index], str):
                raise ModelError(f"tokenizer.ggml.tokens[{index}] is no string")
            special[f"{name}_token"] = tokens[index]
    return special


def _check(
    messages: Messages, find_controls: Callable[[str], list[Any]] | None = None
) -> list[dict[str, Any]]:
    """A copy of the messages in which all text is marked as what they say."""
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(messages, Sequence):
        raise TypeError(f"messages is {type(messages).__name__}, must be a sequence of messages")
    if not messages:
        raise ValueError("messages is empty")
    checked = []
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise TypeError(f"messages[{index}] is {type(message).__name__}, must be a mapping")
        for key in ("role", "content"):
            if key not in message:
                raise ValueError(f"messages[{index}] has no {key!r}")
            if not isinstance(message[key], str):
                raise TypeError(f"messages[{index}][{key!r}] is {type(message[key]).__name__}, must be str")
        marked = _marked(message, f"messages[{index}]", 1)
        if not (find_controls and find_controls(message["role"])):
            marked["role"] = whole(message["role"], ROLE)
        checked.append(marked)
    return checked


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


def _template(metadata: Mapping[str, Any]) -> str:
    source = metadata.get(_KEY)
    if source is None:
        raise ModelError(f"the file has no {_KEY}: put the prompt together yourself and use generate()")
    if not isinstance(source, str):
        raise ModelError(f"{_KEY} is {type(source).__name__}, not a string")
    if len(source) > _LONGEST:
        raise ModelError(f"{_KEY} has {len(source)} characters, more than {_LONGEST}")
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
