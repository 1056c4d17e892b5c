"""The server over HTTP, with the public client `openai`, and a batcher that is none.
With a real one: tests/test_serve_model.py."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="zcwasm[serve] is not installed")
pytest.importorskip("uvicorn", reason="zcwasm[serve] is not installed")
pytest.importorskip("prometheus_client", reason="zcwasm[serve] is not installed")
httpx = pytest.importorskip("httpx", reason="the package httpx is not installed")
openai = pytest.importorskip("openai", reason="the package openai is not installed")

from serve_support import FakeBatcher, FakeEmbedder, serving  # noqa: E402

import zcwasm  # noqa: E402
from zcwasm.llm._constraint import ConstraintError  # noqa: E402
from zcwasm.serve import ServerLimits, _answers, _generation, application  # noqa: E402

HELLO = [{"role": "user", "content": "hello"}]
LONG = 5000


class Served:
    """A server with the models "fake", at full speed, and "slow", a step a millisecond."""

    def __init__(self, url: str, app: Any, fake: FakeBatcher, slow: FakeBatcher) -> None:
        self.url = url
        self.service = app.state.service
        self.fake = fake
        self.slow = slow
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **headers}
        return httpx.post(f"{self.url}{path}", content=data, headers=headers)

    def chat(self, model: str = "fake", **more: Any) -> Any:
        return self.client.chat.completions.create(**{"model": model, "messages": HELLO, **more})


def ramble(prompt: str) -> str:
    """What "slow" says: as much as it is asked for."""
    return ("word " * (int(prompt) // 5 + 1))[: int(prompt)] if prompt.isdecimal() else f"You said: {prompt}"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    fake, slow = FakeBatcher(), FakeBatcher(ramble, pace=0.001)
    limits = ServerLimits(body=100_000, requests=200, stall=5)
    app = application({"fake": fake, "slow": slow}, {"embedder": FakeEmbedder()}, limits)
    with serving(app) as url:
        yield Served(url, app, fake, slow)
    fake.close()
    slow.close()


def words(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": str(number)}]


# --- answers ---


def test_chat(served: Served) -> None:
    answer = served.chat()
    (choice,) = answer.choices
    assert choice.message.content == "You said: hello"
    assert (choice.message.role, choice.finish_reason, choice.index) == ("assistant", "stop", 0)
    assert choice.logprobs is None
    assert (answer.object, answer.model) == ("chat.completion", "fake")
    assert abs(answer.created - time.time()) < 60
    assert answer.usage.prompt_tokens == 5
    assert answer.usage.completion_tokens == len("You said: hello") + 1
    assert answer.usage.total_tokens == 5 + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens_details.cached_tokens == 2
    assert answer._request_id.startswith("req_")
    assert served.chat().id != answer.id


def test_chat_in_a_stream(served: Served) -> None:
    events = list(served.chat(stream=True))
    assert [each.object for each in events] == ["chat.completion.chunk"] * len(events)
    assert len({each.id for each in events}) == 1
    assert events[0].choices[0].delta.role == "assistant"
    assert "".join(each.choices[0].delta.content or "" for each in events) == "You said: hello"
    assert len(events) == 1 + len("You said: hello") + 1  # an event for each token
    assert [each.choices[0].finish_reason for each in events] == [None] * (len(events) - 1) + ["stop"]
    assert all(each.usage is None for each in events)


def test_usage_of_a_stream(served: Served) -> None:
    *events, last = served.chat(stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == served.chat().usage
    assert all(each.choices for each in events)


def test_bytes_of_a_stream(served: Served) -> None:
    body = {"model": "fake", "messages": [{"role": "user", "content": "é\u2028"}], "stream": True}
    answer = served.post("/v1/chat/completions", body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.content.split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    assert all(each.startswith(b"data: {") and b"\n" not in each for each in events[:-2])
    assert len(answer.content.decode().splitlines()) == 2 * (len(events) - 1)


def test_choices(served: Served) -> None:
    answer = served.chat(n=3, seed=5, max_tokens=3)
    assert [each.index for each in answer.choices] == [0, 1, 2]
    assert {each.message.content for each in answer.choices} == {"You"}
    assert {each.finish_reason for each in answer.choices} == {"length"}
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 9)
    assert [each["seed"] for each in served.fake.asked[-3:]] == [5, 6, 7]
    said = ["", "", ""]
    for event in served.chat(n=3, stream=True):
        said[event.choices[0].index] += event.choices[0].delta.content or ""
    assert said == ["You said: hello"] * 3


def test_options_reach_the_batcher(served: Served) -> None:
    served.chat(temperature=0, stop=["x"], extra_body={"top_k": 5}, logit_bias={"7": -100})
    asked = served.fake.asked[-1]
    deadline = asked.pop("deadline")
    assert deadline == 600
    assert asked == {
        "temperature": 0.0, "stop": ["x"], "top_k": 5, "logit_bias": {7: -100.0}, "block": False
    }  # fmt: skip


def test_log_probabilities(served: Served) -> None:
    whole = served.chat(logprobs=True, top_logprobs=2).choices[0].logprobs.content
    assert "".join(each.token for each in whole) == "You said: hello"  # the end is none
    assert (whole[0].logprob, whole[0].bytes) == (-0.5, [ord("Y")])
    assert [(each.token, each.logprob, each.bytes) for each in whole[0].top_logprobs] == [
        ("Y", -0.5, [89]),
        ("é", -9999.0, [0xC3, 0xA9]),
    ]
    streamed = [
        each
        for event in served.chat(logprobs=True, top_logprobs=2, stream=True)
        if event.choices[0].logprobs
        for each in event.choices[0].logprobs.content
    ]
    assert streamed == whole
    assert served.chat(logprobs=True).choices[0].logprobs.content[0].top_logprobs == []


def test_completions(served: Served) -> None:
    create = served.client.completions.create
    answer = create(model="fake", prompt=["abc", [100, 101]], n=2, max_tokens=100)
    assert [each.text for each in answer.choices] == ["You said: abc"] * 2 + ["You said: de"] * 2
    assert [each.index for each in answer.choices] == [0, 1, 2, 3]
    assert answer.usage.prompt_tokens == 5
    assert answer.object == "text_completion"
    assert create(model="fake", prompt="x" * 50).usage.completion_tokens == 16
    events = list(create(model="fake", prompt="abc", max_tokens=100, stream=True, logprobs=1))
    assert "".join(each.choices[0].text for each in events) == "You said: abc"
    assert events[-1].choices[0].finish_reason == "stop"
    offsets = [
        offset
        for each in events
        if each.choices[0].logprobs
        for offset in each.choices[0].logprobs.text_offset
    ]
    assert offsets == list(range(13))
    whole = create(model="fake", prompt="abc", max_tokens=100, logprobs=1).choices[0].logprobs
    assert whole.text_offset == offsets
    assert whole.tokens == list("You said: abc")
    assert whole.token_logprobs == [-0.5] * 13
    assert whole.top_logprobs[0] == {"Y": -0.5}


def test_embeddings(served: Served) -> None:
    create = served.client.embeddings.create
    answer = create(model="embedder", input=["abc", "de"])  # by base64, as this client asks
    assert [each.embedding for each in answer.data] == [[3, 0.5, -1], [2, 0.5, -1]]
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 9
    assert create(model="embedder", input="abc", encoding_format="float").data == answer.data[:1]
    packed = served.post("/v1/embeddings", {"model": "embedder", "input": "a", "encoding_format": "base64"})
    assert len(base64.b64decode(packed.json()["data"][0]["embedding"])) == 12
    assert create(model="embedder", input="abc", dimensions=3).data
    with pytest.raises(openai.BadRequestError, match="dimensions: this model has 3"):
        create(model="embedder", input="abc", dimensions=2)
    with pytest.raises(openai.BadRequestError, match="input: this model takes texts, not tokens"):
        create(model="embedder", input=[1, 2])
    with pytest.raises(openai.NotFoundError):
        create(model="fake", input="abc")


@contextmanager
def embedding(**limits: Any) -> Iterator[tuple[FakeEmbedder, Any, ThreadPoolExecutor]]:
    """One whose batches wait, a way to ask it, and threads for that."""
    embedder = FakeEmbedder()
    embedder.gate = threading.Semaphore(0)
    app = application({}, {"embedder": embedder}, ServerLimits(**limits))
    with serving(app) as url, ThreadPoolExecutor(20) as pool:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)

        def ask(lengths: list[int], **more: Any) -> list[int]:
            asked = {"model": "embedder", "input": ["a" * each for each in lengths], **more}
            found = client.embeddings.create(**asked).data
            assert [each.index for each in found] == list(range(len(lengths)))
            return [int(each.embedding[0]) for each in found]

        try:
            yield embedder, ask, pool
        finally:
            embedder.gate.release(1000)


def until(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_embeddings_of_many_are_computed_together() -> None:
    with embedding() as (embedder, ask, pool):
        first = pool.submit(ask, [7])
        until(lambda: embedder.batches)
        others = [pool.submit(ask, [each, 100 + each]) for each in range(1, 13)]
        time.sleep(0.3)  # they are there
        embedder.gate.release(100)
        assert first.result(20) == [7]
        assert [each.result(20) for each in others] == [[each, 100 + each] for each in range(1, 13)]
        assert embedder.batches[0] == [7]
        assert len(embedder.batches) <= 4  # 2,048 tokens in each
        assert max(map(len, embedder.batches)) >= 12


def test_a_large_request_for_embeddings_delays_a_small_one_by_a_batch() -> None:
    with embedding() as (embedder, ask, pool):
        large = pool.submit(ask, [98] * 400)
        until(lambda: embedder.batches)
        small = pool.submit(ask, [5])
        time.sleep(0.3)
        embedder.gate.release(2)
        assert small.result(20) == [5]
        assert not large.done()
        assert len(embedder.batches) <= 3
        assert all(sum(each) + 2 * len(each) <= 2048 for each in embedder.batches)
        embedder.gate.release(100)
        assert large.result(20) == [98] * 400


def test_embeddings_that_nobody_waits_for_are_not_computed() -> None:
    with embedding() as (embedder, ask, pool):
        large = pool.submit(ask, [98] * 400, timeout=1)
        until(lambda: embedder.batches)
        with pytest.raises(openai.APITimeoutError):
            large.result(20)
        time.sleep(0.3)
        embedder.gate.release(100)
        assert pool.submit(ask, [5]).result(20) == [5]
        assert sum(map(len, embedder.batches)) < 50


def test_embeddings_that_fail_and_that_are_too_many() -> None:
    with embedding(embeddings=2) as (embedder, ask, pool):
        assert embedder.gate
        some = [pool.submit(ask, [1]) for _ in range(2)]
        until(lambda: embedder.batches)
        time.sleep(0.3)
        with pytest.raises(openai.RateLimitError):
            ask([1])
        embedder.fails = RuntimeError("the device is gone")
        embedder.gate.release(2)
        for each in some:
            with pytest.raises(openai.InternalServerError):
                each.result(20)
        embedder.fails = None
        embedder.gate.release(10)
        assert ask([3, 4]) == [3, 4]


def test_models(served: Served) -> None:
    assert {each.id for each in served.client.models.list()} == {"fake", "slow", "embedder"}
    assert served.client.models.retrieve("slow").id == "slow"
    with pytest.raises(openai.NotFoundError) as raised:
        served.client.models.retrieve("a/b")
    assert raised.value.code == "model_not_found"


def test_health_and_metrics(served: Served) -> None:
    assert httpx.get(f"{served.url}/health").json() == {"status": "ok"}
    list(served.chat(stream=True))
    text = httpx.get(f"{served.url}/metrics").text
    numbers = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(numbers['zcwasm_requests_total{path="/v1/chat/completions",status="200"}']) >= 1
    assert float(numbers['zcwasm_batch_generated_tokens_total{model="fake"}']) > 10
    assert float(numbers['zcwasm_first_token_seconds_count{model="fake"}']) >= 1
    assert float(numbers["zcwasm_requests_running"]) == 1  # the one that asks


WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'


@pytest.mark.parametrize(
    ("said", "content", "calls"),
    [
        (f"<tool_call>{CALL}</tool_call>", "", 1),
        (f"\n<tool_call>\n{CALL}\n</tool_call>\n<tool_call>{CALL}</tool_call>", "", 2),
        (f"Let me see. <tool_call>{CALL}</tool_call>", "Let me see.", 1),
        (CALL, "", 1),
        (f"[{CALL}, {CALL}]", "", 2),
        (f"```json\n{CALL}\n```", "", 1),
        (f"<|python_tag|>{CALL}", "", 1),
        # None of these is one.
        ("It rains.", "It rains.", 0),
        ("  a < b", "  a < b", 0),
        ("ends with <tool_ca", "ends with <tool_ca", 0),
        ("[1, 2] is a list", "[1, 2] is a list", 0),
        ('{"name": "other", "arguments": {}}', '{"name": "other", "arguments": {}}', 0),
        (f"<tool_call>{CALL[:-3]}", f"<tool_call>{CALL[:-3]}", 0),
        ("", "", 0),
    ],
)
def test_calls_in_answers(
    served: Served, monkeypatch: pytest.MonkeyPatch, said: str, content: str, calls: int
) -> None:
    """The same whether they are streamed, or their marks are control tokens."""
    batcher, create = served.fake, served.client.chat.completions.create
    monkeypatch.setattr(batcher, "says", lambda _: said)
    asked = {"model": "fake", "messages": HELLO, "tools": [WEATHER]}
    for controls in (frozenset[str](), frozenset({"<tool_call>"})):
        monkeypatch.setattr(batcher.model.tokenizer, "controls", controls)
        (choice,) = create(**asked).choices
        assert batcher.asked[-1].get("special", False) == bool(controls)
        assert (choice.message.content or "") == content
        assert len(choice.message.tool_calls or []) == calls
        assert choice.finish_reason == ("tool_calls" if calls else "stop")
        events = list(create(**asked, stream=True))
        assert "".join(each.choices[0].delta.content or "" for each in events).strip() == content.strip()
        streamed = [call for each in events for call in each.choices[0].delta.tool_calls or []]
        assert [each.index for each in streamed] == list(range(calls))
        for each in (*streamed, *(choice.message.tool_calls or [])):
            assert each.function.name == "weather"
            assert json.loads(each.function.arguments) == {"city": "Oslo"}
            assert each.id.startswith("call_")
        assert events[-1].choices[0].finish_reason == choice.finish_reason
    if calls > 1:
        (one,) = create(**asked, parallel_tool_calls=False).choices
        assert len(one.message.tool_calls) == 1
    (none,) = create(**asked, tool_choice="none").choices
    assert (none.message.content, none.message.tool_calls) == (said, None)
    assert "tools" not in batcher.asked[-1]


# --- errors ---


def error_of(answer: Any) -> Any:
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"]
    return error


def test_errors_of_requests(served: Served) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        served.chat(extra_body={"functions": []})
    assert (raised.value.param, raised.value.code) == ("functions", "unknown_parameter")
    with pytest.raises(openai.NotFoundError) as missing:
        served.chat("other")
    assert (missing.value.param, missing.value.code) == ("model", "model_not_found")
    with pytest.raises(openai.BadRequestError) as long:
        served.chat(messages=[{"role": "user", "content": "a" * 5000}])
    assert (long.value.param, long.value.code) == ("messages", "context_length_exceeded")
    with pytest.raises(openai.BadRequestError) as streamed:  # before the stream begins
        served.chat(temperature=-1, stream=True)
    assert streamed.value.param == "temperature"
    assert error_of(served.post("/v1/chat/completions", b"{"))["code"] == "invalid_json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/", 404),
        ("GET", "/v1/files", 404),
        ("GET", "/v1/models/", 404),
        ("GET", "/health/", 404),  # and no redirection to whatever Host says
    ],
)
def test_paths_that_are_none(served: Served, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, served.url + path)
    assert answer.status_code == status
    error_of(answer)


def test_bodies_that_are_refused_unread(served: Served) -> None:
    large = served.post("/v1/chat/completions", b"x" * 200_000)
    assert large.status_code == 413
    assert error_of(large)["code"] == "body_too_long"

    def parts() -> Iterator[bytes]:  # whose length is not said before
        for _ in range(200):
            yield b" " * 1000

    headers = {"content-type": "application/json"}
    answer = httpx.post(f"{served.url}/v1/chat/completions", content=parts(), headers=headers)
    assert answer.status_code == 413
    plain = httpx.post(
        f"{served.url}/v1/chat/completions", content=b"{}", headers={"content-type": "text/plain"}
    )
    assert plain.status_code == 415
    assert error_of(plain)["code"] == "wrong_content_type"


def test_a_body_that_does_not_come() -> None:
    batcher = FakeBatcher()
    with serving(application({"fake": batcher}, limits=ServerLimits(stall=0.2))) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
            head = "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            slow.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            assert slow.recv(1000).startswith(b"HTTP/1.1 408 ")
    batcher.close()


def test_failures_are_the_servers() -> None:
    batcher = FakeBatcher()
    with serving(application({"fake": batcher})) as url:
        served = Served(url, application({}), batcher, batcher)
        batcher.fails = zcwasm.Error("secret: the device is gone")
        with pytest.raises(openai.InternalServerError) as raised:
            served.chat()
        assert "secret" not in str(raised.value)
        with pytest.raises(openai.APIError, match="the generation failed"):
            list(served.chat(stream=True))
        batcher.fails = None
        assert served.chat().choices[0].message.content == "You said: hello"

        batcher.fails = ConstraintError("the schema cannot be followed any more")
        with pytest.raises(openai.BadRequestError, match="cannot be followed") as complex_:
            served.chat()
        assert complex_.value.code == "schema_too_complex"
        with pytest.raises(openai.APIError, match="cannot be followed"):
            list(served.chat(stream=True))
    batcher.close()


def test_mistakes_of_ours() -> None:
    """Nothing that Python says is what a client sees, and it is no fault of the request's."""
    batcher = FakeBatcher()
    mistakes: list[Exception] = [each("secret") for each in (RuntimeError, TypeError, KeyError)]
    mistakes.append(UnicodeEncodeError("utf-8", "secret", 0, 1, "secret"))

    def broken(*_: object, **__: object) -> None:
        raise mistakes[-1]

    batcher.submit = broken  # type: ignore[assignment, method-assign]
    with serving(application({"fake": batcher})) as url:
        served = Served(url, application({}), batcher, batcher)
        while mistakes:
            with pytest.raises(openai.InternalServerError) as mistake:
                served.chat()
            assert mistake.value.code == "failed"
            assert "secret" not in str(mistake.value)
            mistakes.pop()
    batcher.close()


def test_deadlines() -> None:
    batcher = FakeBatcher(ramble, pace=0.005)
    with serving(application({"slow": batcher}, limits=ServerLimits(timeout=1.0))) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")  # which asks again where it may
        with pytest.raises(openai.InternalServerError) as raised:
            client.chat.completions.create(model="slow", messages=words(LONG))
        assert raised.value.status_code == 504
        assert raised.value.code == "deadline_exceeded"
        assert len(batcher.streams) == 1  # it was told not to ask again
        events = client.chat.completions.create(model="slow", messages=words(LONG), stream=True)
        assert [next(events).choices[0].delta.content for _ in range(5)] == ["", *"word"]
        with pytest.raises(openai.APIError, match="longer than this server allows"):
            list(events)
    batcher.close()


# --- who may ask ---


def test_keys() -> None:
    batcher = FakeBatcher()
    with serving(application({"fake": batcher}, key="top-secret\n")) as url:
        right = openai.OpenAI(base_url=f"{url}/v1", api_key="top-secret", max_retries=0)
        assert right.models.list().data
        for key in ("top-secre", "top-secret2", "ключ"):
            for path in ("/v1/models", "/metrics", "/v1/nothing"):
                headers = [("authorization", f"Bearer {key}".encode())]
                assert httpx.get(url + path, headers=headers).status_code == 401
        wrong = httpx.post(f"{url}/v1/completions", headers={"authorization": "Basic top-secret"})
        assert wrong.status_code == 401
        assert error_of(wrong)["code"] == "invalid_api_key"
        assert wrong.headers["www-authenticate"] == "Bearer"
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0).models.list()
        assert httpx.get(f"{url}/health").status_code == 200
    batcher.close()
    with pytest.raises(ValueError, match="key is empty"):
        application({}, key=" ")


def test_names_of_the_host() -> None:
    limits = ServerLimits(hosts=frozenset({"localhost", "127.0.0.1", "[::1]"}))
    with serving(application({}, limits=limits)) as url:
        for host, status in {
            "localhost": 200,
            "LOCALHOST:80": 200,
            "[::1]:80": 200,
            "evil.example": 421,
        }.items():
            assert httpx.get(f"{url}/v1/models", headers={"host": host}).status_code == status


def test_names_are_of_one_model() -> None:
    with pytest.raises(ValueError, match="'a' is the name of a language model and of an embedding model"):
        application({"a": FakeBatcher()}, {"a": FakeEmbedder()})


# --- many, slow and vanished clients ---


def test_64_clients(served: Served) -> None:
    def ask(number: int) -> str:
        message = [{"role": "user", "content": f"I am {number}"}]
        if number % 2:
            return str(served.chat("slow", messages=message).choices[0].message.content)
        events = served.chat("slow", messages=message, stream=True)
        return "".join(event.choices[0].delta.content or "" for event in events)

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(ask, range(128)))
    assert answers == [f"You said: I am {number}" for number in range(128)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away(served: Served, stream: bool) -> None:
    before = len(served.slow.streams)
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
    body = {"model": "slow", "messages": words(100_000), "stream": stream, "n": 2}
    headers = {"content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    if stream:
        assert connection.getresponse().read(500)
    while len(served.slow.streams) < before + 2:
        time.sleep(0.005)
    connection.close()
    assert served.slow.settle()
    assert {each.usage.finish for each in served.slow.streams[before:]} == {"cancelled"}
    assert not served.service.running


def test_a_client_that_stops_reading_a_stream(served: Served) -> None:
    events = served.chat("slow", messages=words(100_000), stream=True)
    next(events)
    events.close()
    assert served.slow.settle()


def test_long_answers_hold_nobody_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made on other threads than the event loop's, and in pieces, between which it has its turn."""
    made: list[tuple[str, int]] = []
    dump = _answers.dump

    def measured(value: Any) -> str:
        text = dump(value)
        made.append((threading.current_thread().name, len(text)))
        return text

    monkeypatch.setattr(_answers, "dump", measured)
    answer = served.chat(messages=[{"role": "user", "content": "a" * 2000}], logprobs=True, top_logprobs=2)
    assert len(answer.choices[0].logprobs.content) > 2000
    assert len(served.client.embeddings.create(model="embedder", input=["a"] * 2000).data) == 2000
    assert {name.partition("_")[0] for name, _ in made} == {"zcwasm-serve"}
    assert max(length for _, length in made) < 5000 < sum(length for _, length in made)


@pytest.mark.parametrize(("logprobs", "least"), [(False, 20), (True, 90)])
@pytest.mark.parametrize("choices", [1, 3])
def test_a_stream_of_which_all_is_there_leaves_others_their_turn(
    logprobs: bool, least: int, choices: int
) -> None:
    """What was computed while the client was slow is not written in one go: others' events wait for that."""
    batcher = FakeBatcher(lambda _: "a" * 1500)
    more = {"n": choices, "logprobs": logprobs, **({"top_logprobs": 2} if logprobs else {})}
    body = {"model": "fake", "messages": HELLO, "stream": True, **more}

    async def turns() -> int:
        running = _generation.begin("chat.completion", json.dumps(body).encode(), {"fake": batcher}, None)
        assert await asyncio.to_thread(batcher.settle)
        count, ended = 0, False

        async def other() -> None:
            nonlocal count
            while not ended:
                await asyncio.sleep(0)
                count += 1

        task = asyncio.create_task(other())
        text = b"".join([part async for part in _generation.events(running, lambda _: None)])
        ended = True
        await task
        assert text.count(b'"content":"a"') == 1500 * choices
        return count

    assert asyncio.run(turns()) >= least
    batcher.close()


def test_a_slow_reader(served: Served) -> None:
    """It gets all of it, late; others do not wait for it, and what is held for it is what it asked for."""
    body = {"model": "fake", "messages": [{"role": "user", "content": "a" * 3000}], "stream": True, "n": 12}
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
    headers = {"content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    answer = connection.getresponse()
    started = time.monotonic()
    for _ in range(20):
        assert served.chat().choices[0].message.content == "You said: hello"
    assert time.monotonic() - started < 10
    assert served.fake.settle(30)  # though nobody has read what came
    assert served.service.running  # more than what buffers between here and there hold
    text = answer.read()
    assert text.count(b'"content":"a"') >= 12 * 3000
    assert text.endswith(b"data: [DONE]\n\n")
    connection.close()


def test_a_reader_that_has_stopped() -> None:
    batcher = FakeBatcher(ramble)
    with serving(application({"fake": batcher}, limits=ServerLimits(stall=0.3))) as url:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.connect(address)
            body = json.dumps({"model": "fake", "messages": words(100_000), "stream": True})
            head = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            silent.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            deadline = time.monotonic() + 10
            text = ""
            while "zcwasm_requests_gone_total 1.0" not in text:
                assert time.monotonic() < deadline, text
                time.sleep(0.1)
                text = httpx.get(f"{url}/metrics").text
        assert batcher.settle()
    batcher.close()


CROWDED = """
import sys
sys.path.insert(0, {tests!r})
from serve_support import FakeBatcher
from test_serve import ramble
from zcwasm.serve import ServerLimits, _server, address_of, application, listen, run

_server._MORE_CONNECTIONS = 20
listener = listen("127.0.0.1", 0)
app = application({{"slow": FakeBatcher(ramble, pace=0.001)}}, limits=ServerLimits(requests=4, stall={stall}))
run(app, listener, grace=1, ready=lambda: print(address_of(listener), flush=True))
"""


@contextmanager
def crowded(stall: float) -> Iterator[str]:
    """The address of a server in a process of its own, with room for 24 connections."""
    script = CROWDED.format(tests=str(Path(__file__).parent), stall=stall)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def trickling(url: str, opened: ExitStack) -> socket.socket:
    """A connection whose request's head has begun."""
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    one = opened.enter_context(socket.create_connection(address, timeout=10))
    one.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nX: ")
    return one


def has_ended(one: socket.socket) -> bool:
    try:
        return one.recv(1000) == b""
    except ConnectionResetError:
        return True


def test_a_head_that_does_not_come() -> None:
    """Also one that comes a byte at a time. What is in progress for longer goes on."""
    with crowded(stall=1.0) as url, ExitStack() as opened:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        events = client.chat.completions.create(model="slow", messages=words(1500), stream=True)
        next(events)
        silent, slow = trickling(url, opened), trickling(url, opened)
        end = time.monotonic() + 10
        while not select.select([slow], [], [], 0.05)[0]:
            assert time.monotonic() < end
            slow.sendall(b"a")
        assert has_ended(slow)
        assert has_ended(silent)
        assert sum(len(each.choices[0].delta.content or "") for each in events) == 1500


def test_connections_that_are_left_open() -> None:
    """The oldest ones make room for who asks."""
    with crowded(stall=60) as url, ExitStack() as opened:
        old = [trickling(url, opened) for _ in range(20)]
        time.sleep(1.5)  # of two looks at them
        new = [trickling(url, opened) for _ in range(12)]
        assert select.select(old, [], [], 10)[0]
        assert httpx.get(f"{url}/health").status_code == 200
        for each in new:
            each.sendall(b"a\r\n\r\n")
            assert each.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_full_queue() -> None:
    batcher = FakeBatcher(ramble, pace=0.001, waiting=2)
    with serving(application({"slow": batcher})) as url:
        served = Served(url, application({}), batcher, batcher)
        one = served.chat("slow", messages=words(LONG), stream=True)
        next(one)
        with pytest.raises(openai.RateLimitError) as raised:
            served.chat("slow", n=2)  # all or nothing
        assert raised.value.code == "queue_full"
        assert raised.value.response.headers["retry-after"] == "1"
        assert batcher.streams[-1].cancelled
        one.close()
        assert batcher.settle()
        assert served.chat("slow").choices
    batcher.close()


def test_too_many_requests() -> None:
    batcher = FakeBatcher(ramble, pace=0.001)
    with serving(application({"slow": batcher}, limits=ServerLimits(requests=1))) as url:
        served = Served(url, application({}), batcher, batcher)
        one = served.chat("slow", messages=words(LONG), stream=True)
        next(one)
        with pytest.raises(openai.RateLimitError, match="1 requests are in progress"):
            served.client.models.list()
        assert httpx.get(f"{url}/health").status_code == 200
        one.close()
    batcher.close()


def test_memory_and_tasks_do_not_grow(served: Served) -> None:
    """Over requests that end in every way; the 10,000 of the benchmark in small."""

    async def all_of_them() -> set[Any]:
        transport = httpx.ASGITransport(application({"fake": FakeBatcher()}))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            body = {"model": "fake", "messages": HELLO}
            for more in ({}, {"stream": True}, {"n": 3, "stream": True}, {"x": 1}, {"model": "no"}):
                for _ in range(5):
                    await client.post("/v1/chat/completions", json={**body, **more})
        await asyncio.sleep(0.05)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(all_of_them()) == set()
    assert served.service.requests == 0


# --- the end ---

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from serve_support import FakeBatcher
from test_serve import ramble
from zcwasm.serve import ServerLimits, address_of, application, listen, run

listener = listen("127.0.0.1", 0)
app = application({{"slow": FakeBatcher(ramble, pace=0.001)}})
run(app, listener, grace={grace}, ready=lambda: print(address_of(listener), flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize(("grace", "length", "told"), [(20, 1500, None), (0.3, 100_000, "is shutting down")])
def test_sigterm(grace: float, length: int, told: str | None) -> None:
    """What runs goes on to its end, or for so long; what is new is not taken."""
    script = SCRIPT.format(tests=str(Path(__file__).parent), grace=grace)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
            events = client.chat.completions.create(model="slow", messages=words(length), stream=True)
            next(events)
            process.send_signal(signal.SIGTERM)
            with suppress(openai.OpenAIError):
                end = time.monotonic() + 10
                while client.with_options(timeout=5).models.list():  # until the signal has been seen
                    assert time.monotonic() < end
            if told:
                with pytest.raises(openai.APIError, match=told):
                    list(events)
            else:
                assert sum(len(each.choices[0].delta.content or "") for each in events) == length
            assert process.stdout.read() == "ended\n"
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_sigterm_and_a_body_that_does_not_come() -> None:
    script = SCRIPT.format(tests=str(Path(__file__).parent), grace=30)
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    ) as process:
        try:
            assert process.stdout
            address = ("127.0.0.1", int(process.stdout.readline().rpartition(":")[2]))
            with socket.create_connection(address, timeout=10) as slow:
                head = "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                slow.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
                time.sleep(0.3)
                process.send_signal(signal.SIGTERM)
                assert slow.recv(1000).startswith(b"HTTP/1.1 503 ")
            assert process.communicate(timeout=15) == ("ended\n", "")
            assert process.returncode == 0
        finally:
            process.kill()
