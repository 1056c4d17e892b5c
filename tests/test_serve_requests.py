"""What requests may say, what becomes of it, and how all else is refused by its name; without a server."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zcwasm.llm._sampling import OPTIONS

pytest.importorskip("starlette", reason="zcwasm[serve] is not installed")
pytest.importorskip("prometheus_client", reason="zcwasm[serve] is not installed")

from zcwasm.serve import _answers, _json, _requests
from zcwasm.serve._errors import RequestError

SAID = [{"role": "user", "content": "hello"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def chat(**more: Any) -> _requests.Generation:
    return _requests.chat({"model": "m", "messages": SAID, **more})


def completion(**more: Any) -> _requests.Generation:
    return _requests.completion({"model": "m", "prompt": "hello", **more})


def refused(call: Any, *arguments: Any, **more: Any) -> RequestError:
    with pytest.raises(RequestError) as raised:
        call(*arguments, **more)
    assert raised.value.status == 400
    return raised.value


# --- JSON ---


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "must be a JSON object, not an array"),
        (b"null", "must be a JSON object, not null"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' stands twice"),
        (b'{"a": {"b": 1, "b": 1}}', "'b' stands twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e999}', "float64"),
        (b'{"a": ' + b"1" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "digits"),
        (b'{"a": "\xff"}', "not UTF-8, at byte 7"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": ["\\ud800"]}', "half a character"),
        (b'{"\\udc00": 1}', "half a character"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "nested more than 64 deep"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than 64 deep"),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "nested more than 64 deep"),
        (b'{"a": [' + b"[]," * 250_000 + b"[]]}", "more than 250000 lists and objects"),
    ],
)
def test_json_that_is_refused(body: bytes, message: str) -> None:
    error = refused(_json.read, body)
    assert message in error.message
    assert error.code == "invalid_json"
    assert len(error.message) < 400


def test_json_that_is_read() -> None:
    value = {"a": [1, -2.5e-3, True, None, "é\u2028😀"], "b": {"c": {}}, "n": 2**64 - 1}
    assert _json.read(json.dumps(value).encode()) == value
    assert _json.read(json.dumps(value, ensure_ascii=False).encode()) == value
    deep = b'{"a": ' + b"[" * 63 + b'"x"' + b"]" * 63 + b"}"
    assert _json.read(deep)["a"]


# --- what is taken ---


def test_defaults_are_those_of_the_interface() -> None:
    asked = chat()
    assert asked.options == {"temperature": 1.0}
    assert (asked.choices, asked.stream, asked.include_usage) == (1, False, False)
    assert (asked.schema, asked.tools, asked.tool_choice) == (None, [], "none")
    assert asked.messages == SAID
    assert completion().options == {"temperature": 1.0, "max_new_tokens": 16}
    assert completion().prompts == ["hello"]


def test_options_reach_the_batcher() -> None:
    given = {
        "temperature": 0.5, "top_p": 0.9, "min_p": 0.1, "top_k": 40, "repetition_penalty": 1.1,
        "presence_penalty": -2, "frequency_penalty": 2, "seed": 7, "stop": ["a", "b"],
    }  # fmt: skip
    for asked in (chat(max_tokens=5, **given), completion(max_tokens=5, **given)):
        assert asked.options == {**given, "max_new_tokens": 5}
    asked = chat(logit_bias={"5": -100, "17": 0.5}, logprobs=True, top_logprobs=3, max_completion_tokens=9)
    assert asked.options["logit_bias"] == {5: -100.0, 17: 0.5}
    assert asked.options["logprobs"] == 3
    assert asked.options["max_new_tokens"] == 9
    assert chat(logprobs=True).options["logprobs"] == 0
    assert "logprobs" not in chat(logprobs=False).options
    assert completion(logprobs=2).options["logprobs"] == 2
    assert chat(seed=-1).options["seed"] == 2**64 - 1
    assert chat(stop="x").options["stop"] == ["x"]
    assert chat(max_tokens=5, max_completion_tokens=5).options["max_new_tokens"] == 5


def test_every_sampling_option_is_a_field() -> None:
    """Or is left out on purpose: who adds one decides here."""
    named = {field.option for field in _requests.CHAT.values()}
    assert set(OPTIONS) - named == {"repetition_window", "seed"}  # a seed is taken apart from the table
    assert "seed" in _requests.CHAT


def test_null_is_a_field_left_out() -> None:
    fields = [name for name in _requests.CHAT if name not in ("model", "messages")]
    assert chat(**dict.fromkeys(fields)) == chat()
    fields = [name for name in _requests.COMPLETION if name not in ("model", "prompt")]
    assert completion(**dict.fromkeys(fields)) == completion()


def test_what_asks_for_nothing_special_is_accepted() -> None:
    plain = chat(
        user="somebody", store=False, modalities=["text"], service_tier="auto",
        response_format={"type": "text"}, tools=[], tool_choice="auto", parallel_tool_calls=False, n=1,
    )  # fmt: skip
    assert plain.tool_choice == "none"
    assert completion(echo=False, best_of=2, n=2, suffix="").choices == 2


def test_prompts() -> None:
    assert completion(prompt=["a", "b"]).prompts == ["a", "b"]
    assert completion(prompt=[1, 2]).prompts == [[1, 2]]
    assert completion(prompt=[[1], "b", [2, 3]]).prompts == [[1], "b", [2, 3]]


def test_messages() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    asked = chat(
        messages=[
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": parts, "name": "Ann"},
            # What a client sends back of an answer.
            {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None, "audio": None},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
            {"role": "assistant", "content": "It rains.", "tool_calls": None, "annotations": []},
        ]
    )
    assert asked.messages[0] == {"role": "system", "content": "be brief"}
    assert asked.messages[1] == {"role": "user", "content": parts, "name": "Ann"}
    called = {**CALL, "function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    assert asked.messages[2] == {"role": "assistant", "content": None, "tool_calls": [called]}
    assert asked.messages[3] == {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
    assert asked.messages[4] == {"role": "assistant", "content": "It rains."}


def test_formats_and_tools() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    assert chat(response_format=wanted).schema == schema
    assert chat(response_format={"type": "json_object"}).schema == {"type": "object"}
    asked = chat(tools=[TOOL])
    assert (asked.tools, asked.tool_choice, asked.tool) == ([TOOL], "auto", None)
    assert asked.parallel_tool_calls
    named = {"type": "function", "function": {"name": "weather"}}
    asked = chat(tools=[TOOL], tool_choice=named, parallel_tool_calls=False)
    assert (asked.tool_choice, asked.tool, asked.parallel_tool_calls) == ("required", "weather", False)
    assert chat(tools=[TOOL], tool_choice="none", response_format=wanted).schema == schema


def test_embedding() -> None:
    asked = _requests.embedding({"model": "m", "input": "a", "encoding_format": "base64", "dimensions": 3})
    assert (asked.texts, asked.base64, asked.dimensions) == (["a"], True, 3)
    assert not _requests.embedding({"model": "m", "input": ["a", "b"]}).base64
    assert _requests.embedding({"model": "m", "input": [1, 2]}).texts == [[1, 2]]
    assert _requests.embedding({"model": "m", "input": [[1], "b"]}).texts == [[1], "b"]


# --- what is refused, with its path ---


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        ({"model": None}, "model", "is missing"),
        ({"model": 5}, "model", "a string, not a number"),
        ({"messages": None}, "messages", "is missing"),
        ({"messages": []}, "messages", "has 0 items"),
        ({"messages": "hello"}, "messages", "an array, not a string"),
        ({"messages": ["hello"]}, "messages[0]", "an object, not a string"),
        ({"messages": [{"content": "a"}]}, "messages[0].role", "is missing"),
        ({"messages": [{"role": "king", "content": "a"}]}, "messages[0].role", "is 'king', must be"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "is missing"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content", "is missing"),
        ({"messages": [*SAID, {"role": "user", "content": 5}]}, "messages[1].content", "not a number"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "has 0 items"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].type",
            "must be 'text'",
        ),
        ({"messages": [{"role": "user", "content": "a", "x": 1}]}, "messages[0].x", "does not know"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].tool_call_id", "is missing"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f"}}]}]},
            "messages[0].tool_calls[0].function.arguments",
            "is missing",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "["}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
            "the text of a JSON object",
        ),
        ({"temperature": "1"}, "temperature", "must be a number"),
        ({"temperature": True}, "temperature", "must be a number"),
        ({"temperature": -0.5}, "temperature", "is -0.5"),
        ({"top_p": 0}, "top_p", "must be above 0"),
        ({"top_k": 1.5}, "top_k", "must be an int"),
        ({"presence_penalty": 2.5}, "presence_penalty", "must be -2 to 2"),
        ({"n": 0}, "n", "is 0, must be 1 to"),
        ({"n": 1.0}, "n", "a whole number"),
        ({"seed": 2**64}, "seed", "must be"),
        ({"stream": "yes"}, "stream", "a boolean, not a string"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "needs stream"),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "does not know"),
        ({"stop": [""]}, "stop[0]", "must match"),
        ({"stop": ["a"] * 17}, "stop", "has 17 items"),
        ({"stop": 5}, "stop", "an array, not a number"),
        ({"logit_bias": {"a": 1}}, "logit_bias.a", "a token's number"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "is 101"),
        ({"logit_bias": {"\u0665": 1}}, "logit_bias.\u0665", "a token's number"),
        ({"logit_bias": []}, "logit_bias", "an object, not an array"),
        ({"top_logprobs": 5}, "top_logprobs", "needs logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "is 21"),
        ({"logprobs": 5}, "logprobs", "a boolean, not a number"),
        ({"max_tokens": 0}, "max_tokens", "is 0"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens", "something else"),
        ({"response_format": "json"}, "response_format", "an object, not a string"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "is 'xml'"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "is missing"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
            "response_format.json_schema.name",
            "must match",
        ),
        ({"response_format": {"type": "json_object"}, "tools": [TOOL]}, "response_format", "either"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "must be 'function'"),
        ({"tools": [TOOL, TOOL]}, "tools[1].function.name", "two functions"),
        ({"tools": [{"type": "function", "function": {"name": "f", "x": 1}}]}, "tools[0].function.x", "know"),
        ({"tool_choice": "required"}, "tool_choice", "needs tools"),
        ({"tools": [TOOL], "tool_choice": "maybe"}, "tool_choice", "is 'maybe'"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "other"}}},
            "tool_choice",
            "no function other",
        ),
        ({"store": True}, "store", "supports only false"),
        ({"modalities": ["audio"]}, "modalities", 'supports only ["text"]'),
        ({"functions": []}, "functions", "does not know"),
        ({"reasoning_effort": None}, "reasoning_effort", "does not know"),
        ({"x" * 5000: 1}, "x" * 100, "does not know"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_chat_refuses(change: dict[str, Any], param: str, words: str) -> None:
    error = refused(chat, **change)
    assert error.param == param
    assert words in error.message
    assert param in error.message
    assert error.code
    assert error.body()["error"] == {
        "message": error.message,
        "type": "invalid_request_error",
        "param": param,
        "code": error.code,
    }


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        ({"prompt": None}, "prompt", "is missing"),
        ({"prompt": []}, "prompt", "has 0 items"),
        ({"prompt": [[]]}, "prompt[0]", "has 0 items"),
        ({"prompt": [1, "a"]}, "prompt[1]", "a whole number, not a string"),
        ({"prompt": [1, -1]}, "prompt[1]", "is -1"),
        ({"prompt": ["a", None]}, "prompt[1]", "not null"),
        ({"prompt": ["a"] * 100, "n": 2}, "prompt", "more than 128"),
        ({"best_of": 3}, "best_of", "must be n"),
        ({"logprobs": 1, "n": 17}, "prompt", "17 answers, with log probabilities at most 16"),
        ({"logprobs": 1, "n": 2, "prompt": ["a"] * 9}, "prompt", "18 answers"),
        ({"echo": True}, "echo", "supports only false"),
        ({"suffix": "a"}, "suffix", "supports only"),
        ({"messages": SAID}, "messages", "does not know"),
        ({"logprobs": True}, "logprobs", "a whole number"),
    ],
)
def test_completion_refuses(change: dict[str, Any], param: str, words: str) -> None:
    error = refused(completion, **change)
    assert error.param == param
    assert words in error.message


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": [1, -2]}, "input[1]"),
        ({"input": [[]]}, "input[0]"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"normalize": True}, "normalize"),
    ],
)
def test_embedding_refuses(change: dict[str, Any], param: str) -> None:
    assert refused(_requests.embedding, {"model": "m", "input": "a", **change}).param == param


def test_wrong_types_everywhere() -> None:
    """No field takes an object of strange things, and none raises anything else."""
    strange: list[Any] = [{"\0": []}, [[[]]], 1e300, -(10**30), True, "\0", "", [{}], {"a": {"b": 1}}]
    for table, call in (
        (_requests.CHAT, chat),
        (_requests.COMPLETION, completion),
    ):
        for name in table:
            for value in strange:
                with suppress(RequestError):
                    call(**{name: value})
                    continue
                assert refused(call, **{name: value}).param.partition(".")[0].partition("[")[0] == name


@pytest.mark.parametrize(
    "arguments",
    ["x", "[1]", '{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": ' + "9" * 4000 + "}"],
)
def test_arguments_of_calls_are_read_like_the_body(arguments: str) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": arguments}}
    error = refused(chat, messages=[{"role": "assistant", "tool_calls": [call]}])
    assert error.param == "messages[0].tool_calls[0].function.arguments"
    assert "the text of a JSON object" in error.message
    assert "the body" not in error.message


# --- answers ---


def test_events_are_one_line() -> None:
    text = 'a\n\r\u2028\u2029\x85\x0b"\\é😀'
    event = _answers.event({"text": text}).decode()
    assert event.endswith("\n\n")
    assert len(event.strip().splitlines()) == 1
    assert json.loads(event.removeprefix("data: ")) == {"text": text}


def test_usage_counts_a_prompt_once() -> None:
    class Usage:
        prompt_tokens, generated_tokens, reused_tokens = 10, 5, 4

    assert _answers.usage_of([Usage] * 6, 3) == {
        "prompt_tokens": 20,
        "completion_tokens": 30,
        "total_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 8},
    }


def test_infinite_log_probabilities_are_numbers() -> None:
    assert _answers._logprob(-math.inf) == -9999.0
    assert _answers._logprob(math.nan) == -9999.0  # which is no JSON
    assert _answers._logprob(-0.5) == -0.5


def test_log_probabilities_of_an_event_are_the_same_text() -> None:
    words = [b"a", b'"\\', b"\xc3", "\u2028é".encode(), b"\0\n", b""]
    tokenizer: Any = SimpleNamespace(token_bytes=lambda token: words[token])
    values = [0.0, -0.1, -1e-9, -123456.789, float("-inf"), np.float64(-0.5)]
    top = tuple(enumerate(values))
    for chosen, some in ((0, top), (4, ()), (1, top[2:3])):
        logged: Any = [(chosen, SimpleNamespace(chosen=values[chosen], top=some))] * 2
        expected = _answers.dump(_answers.chat_logprobs(tokenizer, logged))
        assert _answers.chat_logprobs_text(tokenizer, logged) == expected
    assert _answers.chat_logprobs_text(tokenizer, []) == '{"content":[],"refusal":null}'
