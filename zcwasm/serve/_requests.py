"""What requests may ask: one table of fields for each endpoint, and what becomes of them.

A field stands once. What is in no table is answered with 400 and its name, so that nobody believes that it
was obeyed. Pure functions of the body's object: no model is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from zcwasm.llm._sampling import OPTIONS
from zcwasm.serve._checks import (
    Check,
    Field,
    anything,
    flag,
    items,
    library,
    number,
    one_of,
    only,
    record,
    take,
    text,
    whole,
    wrong,
)
from zcwasm.serve._errors import invalid
from zcwasm.serve._messages import LONG, TOOL, message, response_format, tool_choice

MOST_CHOICES = 128  # answers of one request: prompts times n
MOST_LOGGED = 16  # of them with log probabilities, which take kilobytes for each token until all is there
MOST_INPUTS = 2048  # texts of one request for embeddings
_TOKEN = whole(0, 2**32 - 1)

ToolChoice = Literal["none", "auto", "required"]


@dataclass(frozen=True)
class Generation:
    """A request for text: of /v1/chat/completions, which has messages, or /v1/completions, with prompts."""

    model: str
    #: Keyword arguments of Batcher.submit and chat.
    options: dict[str, Any]
    choices: int  # for each prompt
    stream: bool
    include_usage: bool
    messages: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[str | list[int]] = field(default_factory=list)
    #: Of JSON that the answer has to be; None: it is text.
    schema: dict[str, Any] | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)
    #: "none", "auto" or "required"; with `tool`, "required" is that one.
    tool_choice: ToolChoice = "none"
    tool: str | None = None
    parallel_tool_calls: bool = True


@dataclass(frozen=True)
class Embedding:
    """A request to /v1/embeddings."""

    model: str
    texts: list[str | list[int]]
    base64: bool
    dimensions: int | None


def _sampled(name: str) -> Field:
    """A field of zcwasm.llm.Sampling, with its own check."""
    return Field(library(lambda value: OPTIONS[name].check(name, value)), name)


def _stop(path: str, value: Any) -> list[str]:
    one = text(1000, "(?s).+")
    if isinstance(value, str):
        return [one(path, value)]
    found: list[str] = items(one, 0, 16)(path, value)
    return found


def _bias(path: str, value: Any) -> dict[int, float]:
    bias = number(-100, 100)
    found = {}
    for name, each in anything(path, value).items():
        if not (name.isascii() and name.isdecimal() and len(name) <= 10):
            raise invalid(f"{path}.{name[:100]}", "must be a token's number", "invalid_value")
        found[int(name)] = bias(f"{path}.{name}", each)
    return found


_STREAM = {"include_usage": Field(flag), "include_obfuscation": Field(only(False))}
_GENERATION = {
    "model": Field(text(1000), required=True),
    "stream": Field(flag),
    "stream_options": Field(
        record({"include_usage": Field(flag), "include_obfuscation": Field(only(False))})
    ),
    "n": Field(whole(1, MOST_CHOICES)),
    "max_tokens": Field(whole(1, 2**31 - 1), "max_new_tokens"),
    "stop": Field(_stop, "stop"),
    "seed": Field(whole(-(2**63), 2**64 - 1)),
    "temperature": _sampled("temperature"),
    "top_p": _sampled("top_p"),
    "min_p": _sampled("min_p"),
    "top_k": _sampled("top_k"),
    "repetition_penalty": _sampled("repetition_penalty"),
    "presence_penalty": Field(number(-2, 2), "presence_penalty"),
    "frequency_penalty": Field(number(-2, 2), "frequency_penalty"),
    "logit_bias": Field(_bias, "logit_bias"),
    "user": Field(text(1000)),  # for statistics that this server does not make
}

CHAT = {
    **_GENERATION,
    "messages": Field(items(message, 1, 10_000), required=True),
    "max_completion_tokens": Field(whole(1, 2**31 - 1), "max_new_tokens"),
    "logprobs": Field(flag),
    "top_logprobs": Field(whole(0, 20)),
    "response_format": Field(response_format),
    "tools": Field(items(TOOL, 0, 128)),
    "tool_choice": Field(tool_choice),
    "parallel_tool_calls": Field(flag),
    # What some clients always send.
    "store": Field(only(False)),
    "modalities": Field(only(["text"])),
    "service_tier": Field(only("auto", "default")),
}


def chat(body: dict[str, Any]) -> Generation:
    """Of /v1/chat/completions. Raises RequestError."""
    found = take(CHAT, body)
    if len({found[name] for name in ("max_tokens", "max_completion_tokens") if name in found}) > 1:
        raise invalid("max_tokens", "max_completion_tokens says something else", "invalid_value")
    options = _options(CHAT, found)
    if found.get("logprobs"):
        options["logprobs"] = found.get("top_logprobs", 0)
    elif "top_logprobs" in found:
        raise invalid("top_logprobs", "needs logprobs to be true", "invalid_value")
    tools = found.get("tools", [])
    names = [tool["function"]["name"] for tool in tools]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise invalid(f"tools[{at}].function.name", f"there are two functions {name}", "invalid_value")
    choice, tool = found.get("tool_choice", ("auto", None))
    if tool is not None and tool not in names:
        raise invalid("tool_choice", f"there is no function {tool} in tools", "invalid_value")
    if choice == "required" and not tools:
        raise invalid("tool_choice", "needs tools", "invalid_value")
    if not tools:
        choice = "none"
    schema = found.get("response_format")
    if schema is not None and choice != "none":
        raise invalid(
            "response_format",
            "either a format or tools: say tool_choice none",
            "invalid_value",
        )
    common = _common(found)
    _check_logged("n", common["choices"], options)
    return Generation(
        **common,
        options=options,
        messages=found["messages"],
        schema=schema,
        tools=tools,
        tool_choice=choice,
        tool=tool,
        parallel_tool_calls=found.get("parallel_tool_calls", True),
    )


def _texts(most: int, words: str) -> Check:
    """One or several, each of text (that matches) or of tokens."""
    word, ids = text(LONG, words), items(_TOKEN, 1, LONG)

    def one(path: str, value: Any) -> Any:
        if isinstance(value, str):
            return word(path, value)
        if isinstance(value, list):
            return ids(path, value)
        raise wrong(path, "a string or an array of tokens", value)

    several = items(one, 1, most)

    def check(path: str, value: Any) -> list[str | list[int]]:
        if isinstance(value, str) or (isinstance(value, list) and value and isinstance(value[0], int)):
            return [one(path, value)]
        found: list[str | list[int]] = several(path, value)
        return found

    return check


COMPLETION = {
    **_GENERATION,
    "prompt": Field(_texts(MOST_CHOICES, "(?s).*"), required=True),
    "logprobs": Field(whole(0, 20), "logprobs"),
    "best_of": Field(whole(1, MOST_CHOICES)),
    "echo": Field(only(False)),
    "suffix": Field(only("")),
}


def completion(body: dict[str, Any]) -> Generation:
    """Of /v1/completions. Raises RequestError."""
    found = take(COMPLETION, body)
    common = _common(found)
    if found.get("best_of", common["choices"]) != common["choices"]:
        raise invalid("best_of", "this server gives all that it makes: must be n", "unsupported_value")
    if len(found["prompt"]) * common["choices"] > MOST_CHOICES:
        raise invalid("prompt", f"prompts times n are more than {MOST_CHOICES}", "invalid_value")
    options = _options(COMPLETION, found)
    options.setdefault("max_new_tokens", 16)  # as OpenAI's interface says
    _check_logged("prompt", len(found["prompt"]) * common["choices"], options)
    return Generation(**common, options=options, prompts=found["prompt"])


def _check_logged(path: str, answers: int, options: dict[str, Any]) -> None:
    if "logprobs" in options and answers > MOST_LOGGED:
        raise invalid(
            path, f"{answers} answers, with log probabilities at most {MOST_LOGGED}", "invalid_value"
        )


def _common(found: dict[str, Any]) -> dict[str, Any]:
    if "stream_options" in found and not found.get("stream"):
        raise invalid("stream_options", "needs stream to be true", "invalid_value")
    return {
        "model": found["model"],
        "choices": found.get("n", 1),
        "stream": found.get("stream", False),
        "include_usage": found.get("stream_options", {}).get("include_usage", False),
    }


def _options(table: dict[str, Field], found: dict[str, Any]) -> dict[str, Any]:
    """What of the fields goes to the batcher as it is."""
    options = {}
    for name, value in found.items():
        option = table[name].option
        if option:
            options[option] = value
    options.setdefault("temperature", 1.0)  # as OpenAI's interface says; generate's own default is 0
    if "seed" in found:
        options["seed"] = found["seed"] % 2**64
    return options


EMBEDDING = {
    "model": Field(text(1000), required=True),
    "input": Field(_texts(MOST_INPUTS, "(?s).+"), required=True),
    "encoding_format": Field(one_of("float", "base64")),
    "dimensions": Field(whole(1, 1 << 20)),
    "user": Field(text(1000)),
}


def embedding(body: dict[str, Any]) -> Embedding:
    """Of /v1/embeddings. Raises RequestError."""
    found = take(EMBEDDING, body)
    return Embedding(
        model=found["model"],
        texts=found["input"],
        base64=found.get("encoding_format") == "base64",
        dimensions=found.get("dimensions"),
    )
