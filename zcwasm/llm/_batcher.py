"""Batcher: many requests at once, in one guest, by one thread.

Callers put requests into an inbox and read Streams (_stream.py). The thread decides what a step has
(_schedule.py), lets the engine compute it without the GIL, and hands out what came of it. It is started by
the first request, and waits on the inbox while there is nothing to do.

The thread has the Core; callers have the Batcher and its Streams, which have the Core, too. So the thread
keeps none of theirs alive: when the last one is dropped, the Batcher closes.

Threads: any. In a forked child, where the thread is not, a Batcher is closed.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm._extras import needed_for
from zcwasm.guests import layouts
from zcwasm.llm import _schedule, _stream
from zcwasm.llm._choices import CHOICES, ChoiceOptions, Choices, Chooser
from zcwasm.llm._engine import PAGE_SIZES, Engine
from zcwasm.llm._kept import Form, KvDtype
from zcwasm.llm._sampling import Sampling, shows_options
from zcwasm.llm._schedule import Schedule
from zcwasm.llm._session import GenerateOptions, _check_names, _request, prompt_ids
from zcwasm.llm._stream import Feed, Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._engine import Step
    from zcwasm.llm._model import Model

_DEFAULT_CONTEXT = 4096  # of a request, at most
_MOST_PRIORITY = 2**31
_WINDOW = 100  # steps that rows_per_step is the mean of
_SECONDS = 10  # that tokens_per_second looks back


class QueueFullError(zcwasm.Error):
    """As many requests wait as may, and this one was not to wait for room (block=False)."""


class BatchOptions(GenerateOptions, ChoiceOptions, total=False):
    """The options of Batcher.submit, for functions that pass them on."""


@dataclass(frozen=True)
class BatcherStats:
    """How a batcher does."""

    #: Requests that were not begun yet, and those whose tokens are computed now.
    waiting: int
    running: int
    #: Mean of the last 100 steps.
    rows_per_step: float
    #: Generated, in the last 10 seconds.
    tokens_per_second: float
    #: Since the start: tokens of prompts, how many of them were found in the cache, and generated tokens.
    prompt_tokens: int
    reused_tokens: int
    generated_tokens: int
    steps: int
    #: Of the cache, and how many of them some request has. Those that only hold known beginnings are unused.
    pages: int
    pages_used: int
    #: How often a request gave its pages back, for others, and was computed again.
    preempted: int


class _Core:
    """What the thread has."""

    def __init__(self, engine: Engine, most_waiting: int) -> None:
        self.engine = engine
        self.process = os.getpid()
        self.inbox: SimpleQueue[object] = SimpleQueue()
        self.schedule = Schedule(engine)
        self.most_waiting = most_waiting
        self.arrived = 0  # requests that were put into the inbox, and taken out of it
        self.taken = 0
        self.lock = threading.Lock()  # of `closing`, and of who submits
        self.room = threading.Condition(self.lock)
        self.blocked = 0  # who waits for room
        self.closing = False
        self.thread: threading.Thread | None = None
        self.rows = np.zeros(_WINDOW)  # of the last steps
        self.seconds = np.full(2 * _SECONDS, -1, np.int64)  # of which the next are the tokens
        self.tokens = np.zeros(2 * _SECONDS, np.int64)
        self.started = time.monotonic()

    @property
    def waiting(self) -> int:
        return self.arrived - self.taken + self.schedule.waiting

    def start(self) -> None:
        """With the lock."""
        self.thread = threading.Thread(target=self.run, name="zcwasm batcher", daemon=True)
        _running.add(self)
        self.thread.start()

    # --- the thread ---

    def run(self) -> None:
        schedule = self.schedule
        try:
            while not self.closing:
                try:
                    self._read_inbox()
                    self._step()
                except BaseException as error:
                    schedule.end_all(error=error)
                self._tell()
        finally:
            with self.lock:
                self.closing = True
                self.room.notify_all()
            while not self.inbox.empty():
                self._read_inbox()
            schedule.end_all("cancelled")
            _stream.wake(schedule.wakes())
            self.engine.close()
            _running.discard(self)

    def _read_inbox(self) -> None:
        """All that is there; without anything to do, wait for more."""
        wait = not self.closing and not self.schedule
        while True:
            try:
                message = self.inbox.get(wait)
            except Empty:
                break
            wait = False
            if isinstance(message, Feed):
                self.schedule.cancel(message)
            elif isinstance(message, _schedule.Sequence):
                self.taken += 1
                self.schedule.add(message)
        self.schedule.expire(time.monotonic())

    def _step(self) -> None:
        schedule = self.schedule
        step = schedule.plan()
        if step is None:
            if schedule:
                raise zcwasm.Error("requests are there, and no step can be made of them")
            return
        tokens = self._compute(step)
        if tokens is not None:
            schedule.took(step, tokens)
            self._count(len(step.tokens), len(tokens))

    def _tell(self) -> None:
        """Event loops, that something has come; and who waits for room."""
        _stream.wake(self.schedule.wakes())
        if self.blocked and self.waiting < self.most_waiting:
            with self.lock:
                self.room.notify(self.most_waiting - self.waiting)

    def _compute(self, step: Step) -> npt.NDArray[np.uint32] | None:
        """None: the batcher closes."""
        while not self.closing:
            try:
                return self.engine.run(step)
            except zcwasm.Trap as trap:  # by close(), or nobody knows by whom
                if trap.kind != "interrupted":
                    raise
        return None

    def _count(self, rows: int, tokens: int) -> None:
        self.rows[(self.schedule.steps - 1) % _WINDOW] = rows
        second = int(time.monotonic())
        at = second % len(self.seconds)
        if self.seconds[at] != second:
            self.seconds[at], self.tokens[at] = second, 0
        self.tokens[at] += tokens

    # --- callers ---

    def stats(self) -> BatcherStats:
        schedule, now = self.schedule, time.monotonic()
        steps = min(schedule.steps, _WINDOW)
        recent = self.tokens[self.seconds > now - _SECONDS].sum()
        return BatcherStats(
            waiting=self.waiting,
            running=schedule.running,
            rows_per_step=float(self.rows[:steps].mean()) if steps else 0.0,
            tokens_per_second=float(recent) / min(_SECONDS, max(now - self.started, 1e-3)),
            prompt_tokens=schedule.prompt_tokens,
            reused_tokens=schedule.reused_tokens,
            generated_tokens=schedule.generated_tokens,
            steps=schedule.steps,
            pages=schedule.pages.count,
            pages_used=schedule.pages.used,
            preempted=schedule.preempted,
        )

    def put(self, sequence: _schedule.Sequence, block: bool) -> None:
        """Raises QueueFullError and ClosedError."""
        with self.lock:
            self.blocked += 1  # before it looks for room: the thread makes room before it looks for this
            try:
                while not self.closing and self.waiting >= self.most_waiting:
                    if not block:
                        raise QueueFullError(f"{self.waiting} requests wait, which are as many as may")
                    left = sequence.deadline - time.monotonic()
                    if left <= 0:
                        sequence.feed.put(None, finish="deadline")
                        return
                    self.room.wait(None if left == math.inf else min(left, threading.TIMEOUT_MAX))
            finally:
                self.blocked -= 1
            if self.closing:
                raise zcwasm.ClosedError("the batcher is closed")
            if self.thread is None:
                self.start()
            self.arrived += 1
            self.inbox.put(sequence)

    def ask_to_close(self) -> None:
        """Nothing is locked: an object may be dropped in the middle of anything."""
        self.closing = True
        self.inbox.put(None)
        self.engine.interrupt()

    def close(self, seconds: float = math.inf) -> None:
        """Wait for the thread's end so long."""
        with self.lock:
            was_closing, self.closing = self.closing, True
            self.room.notify_all()
            thread = self.thread
        if thread is None:
            if not was_closing:
                self.engine.close()
            return
        end = time.monotonic() + seconds
        while thread.is_alive() and thread is not threading.current_thread() and time.monotonic() < end:
            self.ask_to_close()  # again: an interruption of what has not begun is lost
            thread.join(0.02)


#: Whose thread runs. They are kept in a forked child as well, where a thread's stack may still name them.
_running: set[_Core] = set()


@atexit.register
def _close_all() -> None:
    """The interpreter ends: no thread is to be in a guest then."""
    for core in list(_running):
        if core.process == os.getpid():
            core.close(2.0)


def start(
    model: Model,
    sequences: object,
    context_tokens: object,
    context: object,
    kv_dtype: KvDtype,
    exact: object,
    rows: object,
    page: object,
    waiting: object,
) -> Batcher:
    """Model.batcher."""
    count = _arguments.whole("sequences", sequences, 1, layouts.LLAMA_MAX_SEQUENCES)
    size = _arguments.whole("page", page, PAGE_SIZES[0], PAGE_SIZES[-1])
    if size not in PAGE_SIZES:
        raise ValueError(f"page is {size}, must be one of {PAGE_SIZES}")
    most_waiting = _arguments.whole("waiting", waiting, 1, 2**31)
    longest = min(model.config.context, _DEFAULT_CONTEXT) if context is None else context
    form = Form.check(model.config, longest, kv_dtype, exact, rows)
    step_rows = _arguments.whole("rows", rows, count, layouts.LLAMA_MAX_CHUNK)
    if context_tokens is None:
        tokens = max(min(count * form.context, _room(model, count, step_rows, form)), size)
    else:
        tokens = _arguments.whole("context_tokens", context_tokens, 1, 2**31)
    pages = -(-tokens // size)
    if form.context > pages * size:
        if context is not None:
            raise ValueError(
                f"context is {form.context}, more than the {pages * size} tokens that the cache has room for"
            )
        form = replace(form, context=pages * size)
    engine = Engine(
        model,
        sequences=count,
        context=form.context,
        pages=pages,
        page=size,
        rows=step_rows,
        kv_dtype=form.kv_dtype,
        exact=form.exact,
    )
    return Batcher(model, engine, most_waiting)


def _room(model: Model, sequences: int, rows: int, form: Form) -> int:
    """Tokens of a cache that a guest has room for: its memory has 4 GiB, of which the step needs some."""
    config = model.config
    activations = 4 * rows * (4 * config.dim + 4 * config.heads * config.head_size + 3 * config.ff)
    logits = 4 * sequences * config.vocab * 3
    other = form.context * config.rotated * 4 + (64 << 20)
    return max(0, (1 << 32) - activations - logits - other) // config.cache_bytes(1, form.kv_dtype)


class Batcher:
    """Many requests at once: each step computes a row of every one that is generated, and rows of prompts.
    Made by Model.batcher. What comes of a request does not depend on which others there are, as far as the
    device's kernels do not; docs/reference/llm.md says where they do."""

    word = "batcher"

    def __init__(self, model: Model, engine: Engine, waiting: int = 1024) -> None:
        self.model = model
        self.context = engine.context
        self.sequences = engine.sequences
        self._numbers = iter(range(2**63))
        self._core = _Core(engine, waiting)

    # --- requests ---

    @shows_options(_request, Choices)
    def submit(
        self,
        prompt: str | Sequence[int],
        *,
        priority: int = 0,
        deadline: float | None = None,
        block: bool = True,
        **options: Unpack[BatchOptions],
    ) -> Stream:
        """The tokens that follow the prompt, computed together with other requests'. From any thread.

        priority: requests with a higher one go first, and take the place of running ones with a lower one;
        those of one priority go in their order. deadline: seconds from now, at which the request ends, with
        what it has by then and finish "deadline". block: wait while as many requests wait as may; else that
        is a QueueFullError. Options as Session.generate's, and those of zcwasm.llm.Choices.

        Raises ContextError, ValueError and TypeError at once. What goes wrong later is raised by the stream.
        """
        _check_names("submit", options, BatchOptions)
        return self._submit(prompt_ids(self, prompt), priority, deadline, block, options)

    @shows_options(_request, Choices)
    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        priority: int = 0,
        deadline: float | None = None,
        block: bool = True,
        **options: Unpack[BatchOptions],
    ) -> Stream:
        """The model's answer to messages, as Session.chat gives it; everything else as submit. What the cache
        still has of the conversation is not computed again."""
        _check_names("chat", options, BatchOptions)
        ids = prompt_ids(self, self.chat_ids(messages))
        return self._submit(ids, priority, deadline, block, options)

    def chat_ids(self, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """The ids that chat(messages) goes on from."""
        from zcwasm.llm import _chat

        with needed_for("zcwasm.llm"):
            return _chat.encode(self.model.weights.metadata, self.model.tokenizer, messages)

    def _submit(
        self,
        ids: npt.NDArray[np.uint32],
        priority: object,
        deadline: object,
        block: object,
        options: Mapping[str, Any],
    ) -> Stream:
        now, core = time.monotonic(), self._core
        rank = -_arguments.whole("priority", priority, -_MOST_PRIORITY, _MOST_PRIORITY)
        seconds = math.inf if deadline is None else _arguments.number("deadline", deadline, 0, math.inf)
        waits = _arguments.flag("block", block)
        choices = Choices(**{name: options[name] for name in CHOICES if name in options})
        others = {name: value for name, value in options.items() if name not in CHOICES}
        request = _request(self, len(ids), **others)
        settings: Mapping[str, Any] = request.settings or {}
        chooser = None
        if choices != Choices() or settings["repetition_penalty"] != 1:
            chooser = Chooser(self.model, choices, ids, Sampling(**settings))
        if self.closed:
            raise zcwasm.ClosedError("the batcher is closed")
        feed = Feed(request, choices.logprobs is not None, core.inbox)
        sequence = _schedule.Sequence(
            feed,
            ids,
            chooser,
            (rank, next(self._numbers)),
            now + seconds,
            self.model.tokenizer,
            core.engine.page,
        )
        core.put(sequence, waits)
        return Stream(feed, self)

    # --- the whole ---

    def stats(self) -> BatcherStats:
        """How it does, at this moment; of other threads' doing, so that numbers may be a step apart."""
        return self._core.stats()

    @property
    def closed(self) -> bool:
        return self._core.closing or self._core.process != os.getpid()

    def close(self) -> None:
        """End all requests, with finish "cancelled", and give the memory back. It waits for the step in
        progress, which is interrupted."""
        if self._core.process == os.getpid():
            self._core.close()

    def __enter__(self) -> Batcher:
        if self.closed:
            raise zcwasm.ClosedError("the batcher is closed")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        core: _Core | None = getattr(self, "_core", None)
        if core is not None and core.process == os.getpid() and not core.closing:
            core.ask_to_close()

    def __repr__(self) -> str:
        kind = self.model.config.architecture
        if self.closed:
            return f"<zcwasm.llm.Batcher of {kind}, closed>"
        stats = self.stats()
        return (
            f"<zcwasm.llm.Batcher of {kind}: {stats.running} of {self.sequences} requests run, "
            f"{stats.waiting} wait, {stats.pages_used} of {stats.pages} pages are used>"
        )
