"""The server with a real batcher, on a tiny random model: what it answers is what the model says alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

for name in ("starlette", "uvicorn", "prometheus_client", "llguidance"):
    pytest.importorskip(name, reason="zcwasm[serve] is not installed")
pytest.importorskip("tokenizers", reason="zcwasm[llm] is not installed")
pytest.importorskip("gguf", reason="the gguf package, which writes the model, is not installed")
openai = pytest.importorskip("openai", reason="the package openai is not installed")
jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")

from serve_support import serving  # noqa: E402
from tiny_model import write  # noqa: E402

import zcwasm  # noqa: E402
from zcwasm._models import gguf  # noqa: E402
from zcwasm._serve_command import prepare  # noqa: E402
from zcwasm.llm import Batcher, Constraint, Model  # noqa: E402
from zcwasm.serve import application  # noqa: E402

TOOLS_TEMPLATE = (
    "{%- for tool in tools or [] %}{{ tool | tojson }}\n{%- endfor %}"
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{%- for call in message.tool_calls or [] %}{{ call.function | tojson }}{%- endfor %}<|im_end|>\n"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{%- endif %}"
)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
        "kind": {"enum": ["a", "b"]},
    },
    "required": ["name", "count", "kind"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write(path, context=1024, chat_template=TOOLS_TEMPLATE)
    return Model.open(path, zcwasm.Device("cpu", threads=1))


@pytest.fixture(scope="module")
def client(model: Model) -> Iterator[Any]:
    with model.batcher(sequences=8, waiting=100) as batcher, serving(application({"tiny": batcher})) as url:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def messages(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_greedy_answers_are_a_sessions(client: Any, model: Model) -> None:
    """32 clients, streamed and not."""
    texts = [f"{'Hello world and ' * (number % 7)}{number}" for number in range(32)]
    with model.session(context=1024) as session:
        alone = []
        for text in texts:
            answer = "".join(token.text for token in session.chat(messages(text), max_new_tokens=12))
            alone.append((answer, session.usage.prompt_tokens, session.usage.generated_tokens))

    def ask(number: int) -> tuple[str, int, int]:
        asked = {"model": "tiny", "messages": messages(texts[number]), "temperature": 0, "max_tokens": 12}
        if number % 2:
            answer = client.chat.completions.create(**asked)
            said, usage = answer.choices[0].message.content, answer.usage
        else:
            *events, last = client.chat.completions.create(
                **asked, stream=True, stream_options={"include_usage": True}
            )
            said, usage = "".join(event.choices[0].delta.content or "" for event in events), last.usage
        return said, usage.prompt_tokens, usage.completion_tokens

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(ask, range(32))) == alone


def test_seeds_repeat_and_choices_differ(client: Any) -> None:
    asked = {"model": "tiny", "prompt": "Hello", "max_tokens": 10, "seed": 3, "n": 4}
    first, again = (client.completions.create(**asked) for _ in range(2))
    texts = [choice.text for choice in first.choices]
    assert texts == [choice.text for choice in again.choices]
    assert len(set(texts)) > 1


def test_json_of_a_schema(client: Any) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "thing", "schema": SCHEMA}}
    answer = client.chat.completions.create(
        model="tiny", messages=messages("a thing"), response_format=wanted, n=8, max_tokens=200, seed=1
    )
    for choice in answer.choices:
        assert choice.finish_reason == "stop"
        jsonschema.validate(json.loads(choice.message.content), SCHEMA)
    for schema, words in (({"type": "nothing"}, "schema"), ({"$ref": "http://example.org/x"}, "schema")):
        wanted = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}
        with pytest.raises(openai.BadRequestError, match=words) as raised:
            client.chat.completions.create(model="tiny", messages=messages("a"), response_format=wanted)
        assert raised.value.param == "response_format"


def test_a_call_that_is_demanded(client: Any) -> None:
    inner = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"]}
    parameters = {
        "type": "object",
        "properties": {"inner": {"$ref": "#/$defs/inner"}},
        "required": ["inner"],
        "additionalProperties": False,
        "$defs": {"inner": {**inner, "additionalProperties": False}},
    }
    tools = [
        {"type": "function", "function": {"name": name, "parameters": parameters}} for name in ("one", "two")
    ]
    for choice in ("required", {"type": "function", "function": {"name": "two"}}):
        asked = {
            "model": "tiny",
            "messages": messages("call"),
            "tools": tools,
            "tool_choice": choice,
            "parallel_tool_calls": False,
        }
        answer = client.chat.completions.create(**asked, seed=1, max_tokens=200).choices[0]
        (call,) = answer.message.tool_calls
        assert answer.finish_reason == "tool_calls"
        assert answer.message.content is None
        assert call.function.name in ("one", "two") if choice == "required" else call.function.name == "two"
        jsonschema.validate(json.loads(call.function.arguments), parameters)
        events = list(client.chat.completions.create(**asked, seed=1, max_tokens=200, stream=True))
        (streamed,) = [each for event in events for each in event.choices[0].delta.tool_calls or []]
        assert (streamed.function.name, streamed.function.arguments) == (
            call.function.name,
            call.function.arguments,
        )
        assert "".join(event.choices[0].delta.content or "" for event in events) == ""
        assert events[-1].choices[0].finish_reason == "tool_calls"
        # And the conversation goes on.
        said = [
            *messages("call"),
            answer.message,
            {"role": "tool", "tool_call_id": call.id, "content": "42"},
        ]
        assert client.chat.completions.create(model="tiny", messages=said, tools=tools, max_tokens=5).choices


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_that_are_demanded(client: Any, stream: bool) -> None:
    parameters = {
        "type": "object",
        "properties": {"n": {"enum": [1, 2]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    tools = [
        {"type": "function", "function": {"name": name, "parameters": parameters}} for name in ("one", "two")
    ]
    asked = {"model": "tiny", "messages": messages("call"), "tools": tools, "temperature": 2, "seed": 3}
    counts = set()
    for choice in ("required", {"type": "function", "function": {"name": "two"}}):
        answer = client.chat.completions.create(
            **asked, tool_choice=choice, n=8, max_tokens=670, stream=stream
        )
        calls: dict[int, list[Any]] = {}
        if stream:
            for event in answer:
                for each in event.choices:
                    calls.setdefault(each.index, []).extend(each.delta.tool_calls or [])
                    assert not each.delta.content
                    assert each.finish_reason in (None, "tool_calls")
        else:
            calls = {each.index: each.message.tool_calls for each in answer.choices}
            assert {each.finish_reason for each in answer.choices} == {"tool_calls"}
        for one in calls.values():
            counts.add(len(one))
            for each in one:
                assert each.function.name in (("one", "two") if choice == "required" else ("two",))
                jsonschema.validate(json.loads(each.function.arguments), parameters)
    assert max(counts) > 1
    assert max(counts) <= 16


def test_calls_that_were_cut(client: Any, model: Model) -> None:
    """Those before it are there."""
    tools = [{"type": "function", "function": {"name": "one"}}]
    asked = {"model": "tiny", "messages": messages("call"), "tools": tools, "tool_choice": "required"}
    # Never the end: the bias is all but a ban.
    more = {
        "temperature": 0,
        "max_tokens": 60,
        "logit_bias": dict.fromkeys(map(str, model.tokenizer.stop_ids), -100),
    }
    (choice,) = client.chat.completions.create(**asked, **more).choices
    assert choice.finish_reason == "length"
    assert [each.function.name for each in choice.message.tool_calls] == ["one"] * len(
        choice.message.tool_calls
    )


def test_a_schema_that_is_too_much_to_follow(client: Any) -> None:
    """It is known before the answer begins, and why."""
    for count, inside in ((300, False), (500, False), (500, True)):
        names = [f"m{at}" for at in range(count)]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: {"type": "string"} for name in names},
        }
        if count == 300:
            schema = {"anyOf": [schema, {**schema, "properties": {f"n{at}": {} for at in range(300)}}]}
        if inside:
            schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": schema}}
        wanted = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}
        with pytest.raises(openai.BadRequestError, match="may be left out") as raised:
            client.chat.completions.create(
                model="tiny", messages=messages("a"), response_format=wanted, stream=True
            )
        assert raised.value.param == "response_format"
        tools = [{"type": "function", "function": {"name": "one", "parameters": schema}}]
        if inside:
            with pytest.raises(openai.BadRequestError, match="may be left out") as raised:
                client.chat.completions.create(
                    model="tiny", messages=messages("a"), tools=tools, tool_choice="required", stream=True
                )
            assert raised.value.param == "tools"


def test_log_probabilities_and_biases(client: Any, model: Model) -> None:
    asked = {"model": "tiny", "messages": messages("Hello"), "temperature": 0, "max_tokens": 4}
    answer = client.chat.completions.create(**asked, logprobs=True, top_logprobs=3)
    for token in answer.choices[0].logprobs.content:
        assert token.logprob == token.top_logprobs[0].logprob <= 0
        assert token.token == token.top_logprobs[0].token
    first = model.tokenizer.encode(
        answer.choices[0].logprobs.content[0].token, special=True, add_special=False
    )[0]
    biased = client.chat.completions.create(**asked, logit_bias={first: -100}, logprobs=True)
    assert biased.choices[0].logprobs.content[0].token != answer.choices[0].logprobs.content[0].token
    with pytest.raises(openai.BadRequestError, match="token id 4000000000 is not in the voc") as raised:
        client.chat.completions.create(**asked, logit_bias={"4000000000": 1})
    assert raised.value.param == "logit_bias"


def test_what_does_not_fit(client: Any) -> None:
    for more in ({"messages": messages("a" * 3000)}, {"messages": messages("a"), "max_tokens": 5000}):
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(model="tiny", **more)
        assert raised.value.code == "context_length_exceeded"
    assert client.completions.create(model="tiny", prompt=[5, 6, 7]).usage.prompt_tokens == 3
    with pytest.raises(openai.BadRequestError, match="not in the vocabulary"):
        client.completions.create(model="tiny", prompt=[5, 10**6])


def test_prompts_that_were_there_are_cached(client: Any) -> None:
    asked = {"model": "tiny", "messages": messages("z " * 200), "max_tokens": 1}
    client.chat.completions.create(**asked)
    usage = client.chat.completions.create(**asked).usage
    assert usage.prompt_tokens_details.cached_tokens >= usage.prompt_tokens - 64


def test_embeddings_of_a_language_model(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(application({}, {"tiny": model})) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        with pytest.raises(openai.BadRequestError, match="the file does not say how it pools"):
            client.embeddings.create(model="tiny", input="Hello")
        monkeypatch.setattr("zcwasm.llm._embedding.pooling_of", lambda *_: "mean")
        ids = model.tokenize("Hello", special=False)
        answer = client.embeddings.create(model="tiny", input=["Hello", "a"])
        assert answer.usage.prompt_tokens == len(ids) + len(model.tokenize("a", special=False))
        assert [each.embedding for each in answer.data] == model.embed(["Hello", "a"]).tolist()
        assert client.embeddings.create(model="tiny", input=ids).data == answer.data[:1]
        with pytest.raises(openai.BadRequestError) as raised:
            client.embeddings.create(model="tiny", input="b" * 3000)
        assert raised.value.code == "context_length_exceeded"


def test_a_closed_batcher(model: Model) -> None:
    batcher: Batcher = model.batcher(sequences=1, context=64)
    with serving(application({"tiny": batcher})) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        batcher.close()
        with pytest.raises(openai.InternalServerError) as raised:
            client.completions.create(model="tiny", prompt="a")
        assert raised.value.status_code == 503


def test_command(tmp_path: Path) -> None:
    """Started as users do, asked, and ended by SIGTERM."""
    import signal
    import subprocess
    import sys

    path = tmp_path / "tiny.gguf"
    write(path)
    words = ["serve", "--model", str(path), "--port", "0", "--device", "cpu", "--sequences", "2"]
    words += ["--model", f"open/gpt 4={path}"]
    key = tmp_path / "key"
    key.write_text("secret\n")
    with subprocess.Popen(
        [sys.executable, "-m", "zcwasm", *words, "--api-key-file", str(key)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("tiny, open/gpt 4 on cpu: http://127.0.0.1:")
            url = line.split()[-1]
            client = openai.OpenAI(base_url=url, api_key="secret", max_retries=0)
            assert client.completions.create(model="tiny", prompt="Hello", max_tokens=3).choices[0].text
            assert [each.id for each in client.models.list()] == ["tiny", "open/gpt 4"]
            asked = client.completions.create(model="open/gpt 4", prompt="Hello", max_tokens=3)
            assert (asked.model, len(asked.choices)) == ("open/gpt 4", 1)
            with pytest.raises(openai.AuthenticationError):
                client.with_options(api_key="other").models.list()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_what_the_command_refuses(capsys: pytest.CaptureFixture[str], tmp_path: Path, model: Model) -> None:
    from zcwasm import _cli

    path = tmp_path / "tiny.gguf"
    write(path)
    key = tmp_path / "key"
    key.write_text("two words\n")
    for words, message in (
        (["--model", "a/x.gguf", "--embed", "./b/x"], "two of the models have the name x"),
        (["--model", "x=a/y.gguf", "--embed", "x=b"], "two of the models have the name x; NAME=PATH gives"),
        (["--model", "=a.gguf"], "in front of = stands what requests call the model"),
        (["--model", "a\n=a.gguf"], "in front of = stands"),
        (["--model", "a="], "behind it a path or a name"),
        (["--model", f"a={tmp_path}/b=c.gguf", "--port", "0"], "b=c.gguf"),
        (["--model", "all-minilm-l6-v2", "--port", "0"], "an embedding model: --embed takes it"),
        (["--embed", "smollm2-135m", "--port", "0"], "gives no embeddings: --model takes it"),
        (["--embed", str(path), "--port", "0"], "the file does not say how it pools"),
        (["--model", str(path), "--api-key-file", str(key)], "holds no key"),
        (["--model", str(path), "--api-key-file", str(tmp_path / "none")], "No such file"),
        (["--model", str(path), "--host", "203.0.113.7", "--port", "0"], "203.0.113.7, port 0"),
    ):
        assert _cli.main(["serve", "--device", "cpu", *words]) == 1
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        _cli.main(["serve"])
    assert "--model or --embed is missing" in capsys.readouterr().err


def test_no_request_reads_the_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is long, and without the GIL: what needs it is made before the server is ready."""
    reads: list[str] = []
    strings = gguf._Bytes._strings

    def counted(data: Any, at: int, count: int, what: str) -> Any:
        reads.append(what)
        return strings(data, at, count, what)

    monkeypatch.setattr(gguf._Bytes, "_strings", counted)
    write(tmp_path / "tiny.gguf", context=1024)
    with ExitStack() as opened:
        model = opened.enter_context(Model.open(tmp_path / "tiny.gguf", zcwasm.Device("cpu", threads=1)))
        batcher = opened.enter_context(model.batcher(sequences=1))
        prepare(batcher)
        assert any("tokens" in what for what in reads)
        reads.clear()
        options: dict[str, Any] = {"constraint": Constraint.json_object(), "max_new_tokens": 2}
        for _ in range(2):
            batcher.chat(messages("Hello"), **options).result(60)
        assert reads == []


def test_keys_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zcwasm import _serve_command

    monkeypatch.setenv("ZCWASM_API_KEY", " from-environment ")
    assert _serve_command.read_key(None) == "from-environment"
    path = tmp_path / "key"
    path.write_text("from-file\n")
    assert _serve_command.read_key(path) == "from-file"
    path.write_text("ключ\n", "utf-8")
    with pytest.raises(ValueError, match="one word of ASCII characters"):
        _serve_command.read_key(path)
    monkeypatch.setenv("ZCWASM_API_KEY", "two words")
    with pytest.raises(ValueError, match="ZCWASM_API_KEY holds no key"):
        _serve_command.read_key(None)
    monkeypatch.delenv("ZCWASM_API_KEY")
    assert _serve_command.read_key(None) is None


def test_loopback() -> None:
    from zcwasm._serve_command import is_loopback

    assert all(map(is_loopback, ("127.0.0.1", "127.5.0.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.0.2.1", "example.org")))


def test_a_path_with_an_equals_sign(tmp_path: Path) -> None:
    from zcwasm import _serve_command

    path = tmp_path / "a=b.gguf"
    assert _serve_command.named(str(path))[0] == f"{tmp_path}/a"
    path.touch()
    assert _serve_command.named(str(path)) == ("a=b", str(path))
    assert _serve_command.named(f"c={path}") == ("c", str(path))
