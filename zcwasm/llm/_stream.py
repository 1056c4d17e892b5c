"""Stream: what comes of one request to a batcher, for a thread or for asyncio.

Three objects: the batcher's thread has the request and writes tokens into a Feed; the caller's Stream reads
them, and makes text of them, on the caller's thread. Nobody waits for a reader: what was not read is held. A
Stream that is dropped cancels its request; the thread never has one, so that it can be dropped.

Nothing here is locked. A signal handler that closes the batcher waits for its thread, whatever the main
thread was doing: that must never hold what the thread needs. So each side first writes what it has to say,
and looks at what the other one said then.

Threads: a Stream has one reader at a time, on any thread or event loop; everything else of it is for any.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import zcwasm
from zcwasm.llm._generation import Token, Usage
from zcwasm.llm._text import Text

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from zcwasm.llm._batcher import Batcher
    from zcwasm.llm._choices import Logprobs
    from zcwasm.llm._generation import Finish, Request

_Waiter: TypeAlias = "asyncio.Future[None]"


@dataclass(frozen=True)
class Completion:
    """All that came of a request."""

    #: The last one is the token that ended it, where one did.
    ids: list[int]
    text: str
    usage: Usage
    #: Of every token, where the request asked for them.
    logprobs: list[Logprobs] | None = field(default=None, repr=False)
    #: Which prompt of generate_many it belongs to.
    index: int = 0


def _running_loop() -> asyncio.AbstractEventLoop:
    from asyncio import get_running_loop  # which most programs need not have

    return get_running_loop()


def _set(waiters: list[_Waiter]) -> None:
    """On the waiters' event loop."""
    for each in waiters:
        if not each.done():
            each.set_result(None)


def wake(waiters: Iterable[_Waiter]) -> None:
    """Let the event loops know: one call for each loop, however many wait there."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiter]] = {}
    for each in waiters:
        by_loop.setdefault(each.get_loop(), []).append(each)
    for loop, some in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set, some)
        except RuntimeError:  # the loop is closed, and nobody waits there any more
            continue


class _Bell:
    """Wakes the threads that wait."""

    def __init__(self) -> None:
        self._waiting: deque[threading.Lock] = deque()  # of each a lock, which it waits for

    def __len__(self) -> int:
        return len(self._waiting)

    def ring(self) -> None:
        """Behind what makes a condition true."""
        for _ in range(len(self._waiting)):  # not those that wait again
            with suppress(IndexError):  # it went by itself
                self._waiting.popleft().release()

    def wait_for(self, condition: Callable[[], object], timeout: float | None = None) -> bool:
        """Until the condition is true, or False after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while not condition():
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
            try:
                if condition():
                    break
                left = -1 if end is None else min(end - time.monotonic(), threading.TIMEOUT_MAX)
                if (end is not None and left <= 0) or not mine.acquire(timeout=left):
                    return bool(condition())
            finally:
                _remove(self._waiting, mine)
        return True


def _remove(waiting: deque[Any], one: object) -> None:
    """If it is there: another thread may take it at any time."""
    with suppress(ValueError, IndexError):
        waiting.remove(one)


def _take_all(waiting: deque[Any]) -> list[Any]:
    taken: list[Any] = []
    if not waiting:  # most often
        return taken
    with suppress(IndexError):
        while waiting:
            taken.append(waiting.popleft())
    return taken


class Feed:
    """The tokens of one request, from the batcher's thread to whoever reads them."""

    def __init__(self, request: Request, wants_logprobs: bool, inbox: SimpleQueue[object]) -> None:
        self.request = request
        self.usage = Usage()
        self.ids: list[int] = []
        self.logprobs: list[Logprobs | None] | None = [] if wants_logprobs else None
        self.end: int | None = None  # how many tokens there are in all; known before the last one is there
        self.done = False  # nothing comes any more
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None  # as it was when it was raised first
        self.cancelled = False
        self.process = os.getpid()
        self.when_done: deque[Callable[[], object]] = deque()  # each is called once
        self.inbox = inbox  # of the batcher's thread
        self.came = _Bell()  # a token, or the end
        self.ended = _Bell()
        self.waiters: deque[_Waiter] = deque()  # of event loops, that wait for the same
        self.end_waiters: deque[_Waiter] = deque()

    # --- the batcher's thread ---

    def put(
        self,
        token: int | None,
        logprobs: Logprobs | None = None,
        finish: Finish | None = None,
        error: BaseException | None = None,
    ) -> list[_Waiter]:
        """A token, the end, or both at once. The event loops' waiters, for wake()."""
        count = len(self.ids) + (token is not None)
        ends = bool(finish or error)
        if ends:
            self.usage.finish = finish
            if error is not None:
                self.error, self.traceback = error, error.__traceback__
            self.end = count
        if token is not None:
            self.usage.generated_tokens = count
            if self.logprobs is not None:
                self.logprobs.append(logprobs)
            self.ids.append(token)
        self.done = ends
        waiters: list[_Waiter] = _take_all(self.waiters)
        self.came.ring()
        if ends:
            waiters += _take_all(self.end_waiters)
            self.ended.ring()
            self.call_when_done()
        return waiters

    # --- any thread ---

    def call_when_done(self) -> None:
        for function in _take_all(self.when_done):
            function()

    def cancel(self) -> None:
        if self.done or self.cancelled or self.process != os.getpid():
            return
        self.cancelled = True
        self.inbox.put(self)


class Stream:
    """The tokens of one request, one by one as they are computed: `for token in stream`, or `async for` on
    any event loop. Made by Batcher.submit and Batcher.chat.

    Errors of the request are raised here, behind the tokens that came before. A stream need not be read: its
    tokens are held. One that is dropped cancels its request.
    """

    def __init__(self, feed: Feed, batcher: Batcher) -> None:
        self._feed = feed
        self._batcher = batcher  # which closes when nobody has it any more
        self._text = self._new_text()
        self._read = 0

    # --- tokens ---

    def _new_text(self) -> Text:
        request = self._feed.request
        return Text(self._batcher.model.tokenizer.token_bytes, request.stop, request.hidden)

    def _next(self) -> tuple[int, int, bool] | None:
        """What is next, if it is there: its place, the token, whether it is the last one. Raises
        StopIteration and the request's error."""
        feed, index = self._feed, self._read
        if index < len(feed.ids):
            self._read = index + 1
            return index, feed.ids[index], feed.end == index + 1
        if feed.end != index:
            return None
        if feed.error is not None:
            raise feed.error.with_traceback(feed.traceback)
        raise StopIteration

    def _has_next(self) -> bool:
        """Whether _next() has something to say."""
        feed = self._feed
        return self._read < len(feed.ids) or feed.end == self._read

    def _token(self, index: int, token: int, last: bool) -> Token:
        feed = self._feed
        text = token_text(self._text, feed.request, token, last)
        return Token(token, text) if feed.logprobs is None else Token(token, text, feed.logprobs[index])

    def _check_process(self) -> None:
        if self._feed.process != os.getpid():
            raise zcwasm.ClosedError("the batcher is another process's: it was made before a fork")

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Token:
        self._check_process()
        while (found := self._next()) is None:
            self._feed.came.wait_for(self._has_next)
        return self._token(*found)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Token:
        self._check_process()
        try:
            while (found := self._next()) is None:
                await self._wait(self._feed.waiters, self._has_next)
        except StopIteration:
            raise StopAsyncIteration from None
        return self._token(*found)

    async def _wait(self, waiters: deque[_Waiter], condition: Callable[[], bool]) -> None:
        """Until the condition is true, or may be."""
        waiter = _running_loop().create_future()
        waiters.append(waiter)
        try:
            if not condition():
                await waiter
        finally:
            _remove(waiters, waiter)

    # --- the whole ---

    @property
    def usage(self) -> Usage:
        """What the request took up to here; its finish is None while it goes on. The batcher may be ahead of
        who reads."""
        return self._feed.usage

    @property
    def done(self) -> bool:
        """Whether nothing is computed for it any more."""
        return self._feed.done

    def cancel(self) -> None:
        """End it, from any thread: what was computed can still be read, and its finish is "cancelled"."""
        self._feed.cancel()

    close = cancel

    def result(self, timeout: float | None = None) -> Completion:
        """Wait for the end; all that came, whatever of it was read. Raises the request's error, and
        TimeoutError; it goes on then."""
        self._check_process()
        feed = self._feed
        if not feed.ended.wait_for(lambda: feed.done, timeout):
            raise TimeoutError(f"the request has not ended within {timeout} seconds")
        return self._completion()

    async def completion(self) -> Completion:
        """The same for asyncio."""
        self._check_process()
        feed = self._feed
        while not feed.done:
            await self._wait(feed.end_waiters, lambda: feed.done)
        return self._completion()

    def _call_when_done(self, function: Callable[[], object]) -> None:
        """Once, on the batcher's thread or here; it must be quick, and must not raise."""
        self._feed.when_done.append(function)
        if self._feed.done:
            self._feed.call_when_done()

    def _completion(self) -> Completion:
        feed = self._feed
        if feed.error is not None:
            raise feed.error.with_traceback(feed.traceback)
        text = self._new_text()
        parts = [token_text(text, feed.request, token) for token in feed.ids]
        logprobs = None if feed.logprobs is None else [each for each in feed.logprobs if each is not None]
        return Completion(list(feed.ids), "".join(parts) + text.rest(), feed.usage, logprobs)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        feed: Any = getattr(self, "_feed", None)
        if feed is not None:
            feed.cancel()

    def __repr__(self) -> str:
        usage = self._feed.usage
        state = "failed" if self._feed.error else usage.finish or "goes on"
        return f"<zcwasm.llm.Stream: {usage.generated_tokens} tokens behind {usage.prompt_tokens}, {state}>"


def token_text(text: Text, request: Request, token: int, last: bool = False) -> str:
    """What the token adds, as in a session."""
    if request.special or token not in request.stop_ids:
        text.add(token)
    return text.rest() if last else text.take()
