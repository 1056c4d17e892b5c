"""Chat templates: a conversation to the text that the model was trained to continue.

A template is a Jinja program from the model file, so it runs in Jinja's immutable sandbox, with what
transformers offers to templates and nothing else. The sandbox keeps it from Python's objects and from files;
it does not limit its time.

What a message says must not end its turn: where it spells a control token, such as <|im_end|>, `encode` keeps
that as text. `render` gives the plain text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import zcwasm
from zcwasm._core import ModelError

if TYPE_CHECKING:
    import jinja2

    from zcwasm.llm._tokenizer import Tokenizer

_KEY = "tokenizer.chat_template"
_LONGEST = 1 << 20
# Never a character of any text (a Unicode noncharacter): marks where a control token's name is cut.
_CUT = "\ufdd0"

Messages = Sequence[Mapping[str, Any]]


def render(metadata: Mapping[str, Any], messages: Messages, *, add_generation_prompt: bool = True) -> str:
    """The text of these messages by the template of a GGUF file's metadata.

    Raises ModelError where the file has no template or one that does not compile, TypeError and ValueError
    for messages that are none, and zcwasm.Error where the template refuses them or fails.
    """
    import jinja2

    checked = _check(messages)
    template = _compile(_template(metadata))
    tokens = metadata.get("tokenizer.ggml.tokens", ())
    special = {}
    for name, key in {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}.items():
        index = metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(index, int) and 0 <= index < len(tokens):
            special[f"{name}_token"] = tokens[index]
    try:
        return template.render(
            messages=checked,
            tools=None,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            **special,
        )
    except jinja2.TemplateError as error:
        raise zcwasm.Error(f"the model's chat template refuses these messages: {error}") from None
    except Exception as error:  # a template is a program: it may fail in any way
        raise zcwasm.Error(
            f"the model's chat template fails on these messages: {type(error).__name__}: {error}"
        ) from None


def encode(metadata: Mapping[str, Any], tokenizer: Tokenizer, messages: Messages) -> list[int]:
    """The ids of the rendered messages. Control tokens in it are the template's, never a message's."""
    names = [name for name in tokenizer.control_names() if len(name) > 1]
    shielded = []
    for message in _check(messages):
        for key in ("role", "content"):
            if _CUT in message[key]:
                raise ValueError("a message contains U+FDD0, which is no character")
            for name in names:
                message[key] = message[key].replace(name, name[0] + _CUT + name[1:])
        shielded.append(message)
    text = render(metadata, shielded)
    return [
        index
        for part in text.split(_CUT)
        for index in tokenizer.encode(part, special=True, add_special=False)
    ]


def _check(messages: Messages) -> list[dict[str, Any]]:
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
        checked.append(dict(message))
    return checked


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
    import jinja2
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def strftime_now(form: str) -> str:
        return datetime.now().strftime(form)

    def tojson(
        value: object,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    try:
        return environment.from_string(source)
    except jinja2.TemplateError as error:
        raise ModelError(f"{_KEY} does not compile: {error}") from None
    except RecursionError:
        raise ModelError(f"{_KEY} does not compile: it is nested too deep") from None
