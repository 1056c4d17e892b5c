"""A batcher that is none: it says what was said to it, a character a token, with the interface of
zcwasm.llm's Batcher and Stream. So tests of the server need no model and no time. And a server on a thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import uvicorn

import zcwasm
from zcwasm.llm import ContextError, QueueFullError, Usage

END = 0


class FakeToken(NamedTuple):
    id: int
    text: str
    logprobs: Any = None


class FakeTokenizer:
    stop_ids = frozenset([END])

    def find_controls(self, text: str) -> list[Any]:
        """<tool_call> is a control token where the test says so."""
        return [(0, len(text), 1)] if text in self.controls else []

    controls: frozenset[str] = frozenset()

    def token_bytes(self, token: int) -> bytes:
        return b"<end>" if token == END else chr(token).encode()


class FakeStream:
    def __init__(
        self, batcher: FakeBatcher, prompt: Sequence[int], said: str, options: dict[str, Any]
    ) -> None:
        self.batcher = batcher
        self.options = options
        self.usage = Usage(prompt_tokens=len(prompt), reused_tokens=len(prompt) // 2)
        self.most = options.get("max_new_tokens") or 10**9
        self.deadline = None if options.get("deadline") is None else time.monotonic() + options["deadline"]
        self.left = [*map(ord, said), END]
        self.left.reverse()
        self.ids: list[int] = []
        self.read = 0
        self.error: Exception | None = None
        self.done = False
        self.cancelled = False
        self.changed = threading.Condition()
        self.waiters: list[asyncio.Future[None]] = []

    def step(self) -> None:
        """On the batcher's thread."""
        with self.changed:
            if self.batcher.fails is not None:
                self.error = self.batcher.fails
            elif self.cancelled:
                self.usage.finish = "cancelled"
            elif self.deadline is not None and time.monotonic() > self.deadline:
                self.usage.finish = "deadline"  # type: ignore[assignment]
            else:
                self.ids.append(self.left.pop())
                self.usage.generated_tokens += 1
                if not self.left:
                    self.usage.finish = "stop"
                elif len(self.ids) == self.most:
                    self.usage.finish = "length"
            self.done = self.error is not None or self.usage.finish is not None
            waiters, self.waiters = self.waiters, []
            self.changed.notify_all()
        for each in waiters:
            each.get_loop().call_soon_threadsafe(lambda each=each: each.done() or each.set_result(None))

    def cancel(self) -> None:
        self.cancelled = True

    def token(self, at: int) -> FakeToken:
        token = self.ids[at]
        text = "" if token == END else chr(token)
        if token == END and self.options.get("special"):
            text = "<end>"
        if self.options.get("logprobs") is None:
            return FakeToken(token, text)
        return FakeToken(token, text, self.likely(token))

    def likely(self, token: int) -> Any:
        top = [(token, -0.5), (ord("é"), float("-inf"))][: self.options["logprobs"]]
        return SimpleNamespace(chosen=-0.5, top=tuple(top))

    def __aiter__(self) -> FakeStream:
        return self

    async def __anext__(self) -> FakeToken:
        while True:
            with self.changed:
                if self.read < len(self.ids):
                    self.read += 1
                    return self.token(self.read - 1)
                if self.error is not None:
                    raise self.error
                if self.done:
                    raise StopAsyncIteration
                waiter = asyncio.get_running_loop().create_future()
                self.waiters.append(waiter)
            await waiter

    async def completion(self) -> Any:
        read = self.read
        async for _ in self:
            pass
        self.read = read
        tokens = [self.token(at) for at in range(len(self.ids))]
        return SimpleNamespace(
            ids=self.ids,
            text="".join(each.text for each in tokens),
            usage=self.usage,
            logprobs=None
            if self.options.get("logprobs") is None
            else [self.likely(each.id) for each in tokens],
        )


@dataclass
class FakeStats:
    waiting: int
    running: int
    generated_tokens: int
    tokens_per_second: float


class FakeBatcher:
    """says: what the answer to a prompt is. pace: seconds of a step. fails: what every stream raises."""

    def __init__(
        self,
        says: Callable[[str], str] = lambda prompt: f"You said: {prompt}",
        *,
        pace: float = 0.0,
        context: int = 4096,
        waiting: int = 1000,
    ) -> None:
        self.says = says
        self.pace = pace
        self.context = context
        self.waiting = waiting
        self.fails: Exception | None = None
        self.closed = False
        self.generated = 0
        self.streams: list[FakeStream] = []  # all that there were
        self.running: list[FakeStream] = []
        self.asked: list[dict[str, Any]] = []
        self.model = SimpleNamespace(
            tokenizer=FakeTokenizer(),
            config=SimpleNamespace(context=context, vocab=0x110000),
            weights=SimpleNamespace(metadata={}),
        )
        self.lock = threading.Lock()
        self.came = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def submit(self, prompt: str | Sequence[int], **options: Any) -> FakeStream:
        self.asked.append(options)
        if self.closed:
            raise zcwasm.ClosedError("the batcher is closed")
        ids = list(map(ord, prompt)) if isinstance(prompt, str) else list(prompt)
        if len(ids) > self.context:
            raise ContextError(f"the prompt has {len(ids)} tokens, the context has room for {self.context}")
        said = self.says("".join(map(chr, ids)))
        stream = FakeStream(self, ids, said, options)
        with self.lock:
            if len(self.running) >= self.waiting:
                assert options["block"] is False
                raise QueueFullError("full")
            self.streams.append(stream)
            self.running.append(stream)
            self.came.set()
        return stream

    def chat(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> FakeStream:
        content = messages[-1]["content"]
        if isinstance(content, list):
            content = "".join(part["text"] for part in content)
        self.messages = messages
        return self.submit(content, **options)

    def work(self) -> None:
        while not self.closed:
            if not self.came.wait(0.1):
                continue
            with self.lock:
                running = list(self.running)
            for each in running:
                each.step()
            self.generated += len(running)
            with self.lock:
                self.running = [each for each in self.running if not each.done]
                if not self.running:
                    self.came.clear()
            if self.pace:
                time.sleep(self.pace)

    def stats(self) -> FakeStats:
        return FakeStats(0, len(self.running), self.generated, 0.0)

    def close(self) -> None:
        self.closed = True
        self.thread.join()

    def settle(self, seconds: float = 5.0) -> bool:
        """Whether nothing runs any more, after a while."""
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end:
            time.sleep(0.005)
        return not self.running


class FakeEmbedder:
    """A vector says the length of its text. gate: each batch takes one."""

    config = SimpleNamespace(outputs=3)

    def __init__(self) -> None:
        self.batches: list[list[int]] = []  # the lengths of the texts in each
        self.gate: threading.Semaphore | None = None
        self.fails: Exception | None = None

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        return [[1, *map(ord, text), 2] for text in texts]

    def _encode(self, ids: Sequence[Sequence[int]]) -> Any:
        import numpy as np

        self.batches.append([len(each) - 2 for each in ids])
        if self.gate is not None:
            self.gate.acquire()
        if self.fails is not None:
            raise self.fails
        return np.array([[len(each) - 2, 0.5, -1] for each in ids], np.float32)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of a server on a thread."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
