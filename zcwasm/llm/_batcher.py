"""Batcher: many requests at once, in one guest, by one thread; or in several, each with its own.

Callers submit requests and read Streams (_stream.py). Everything else is the thread's of a Worker
(_worker.py), or those of several (_guests.py), which have nothing of the Batcher and its Streams, and so keep
none alive: when the last one is dropped, the Batcher closes.

Threads: any. In a forked child, where the thread is not, a Batcher is closed.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import zcwasm
from zcwasm import _arguments
from zcwasm.guests import layouts
from zcwasm.llm import _memory, _sequence
from zcwasm.llm._choices import CHOICES, ChoiceOptions, Choices, Chooser
from zcwasm.llm._engine import PAGE_SIZES, Engine
from zcwasm.llm._fit import ContextPolicy, chat_ids
from zcwasm.llm._generation import GenerateOptions, check_names, prompt_ids, request_of
from zcwasm.llm._guests import MOST_GUESTS, Guests
from zcwasm.llm._kept import Form, KvDtype
from zcwasm.llm._sampling import Sampling, shows_options
from zcwasm.llm._stream import Feed, Stream
from zcwasm.llm._worker import BatcherStats, Worker

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from zcwasm.llm._model import Model

_DEFAULT_CONTEXT = 4096  # of a request, at most
_MOST_PRIORITY = 2**31


class BatchOptions(GenerateOptions, ChoiceOptions, total=False):
    """The options of Batcher.submit, for functions that pass them on."""


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
    guests: object,
) -> Batcher:
    """Model.batcher."""
    together = _arguments.whole("sequences", sequences, 1, layouts.LLAMA_MAX_SEQUENCES)
    size = _arguments.whole("page", page, PAGE_SIZES[0], PAGE_SIZES[-1])
    if size not in PAGE_SIZES:
        raise ValueError(f"page is {size}, must be one of {PAGE_SIZES}")
    most_waiting = _arguments.whole("waiting", waiting, 1, 2**31)
    longest = min(model.config.context, _DEFAULT_CONTEXT) if context is None else context
    form = Form.check(model.config, longest, kv_dtype, exact, rows)
    tokens = None
    if context_tokens is not None:
        tokens = _arguments.whole("context_tokens", context_tokens, 1, 2**31)
    if guests is None:
        several = _guests_for(model, together, tokens, form, rows)
    else:
        several = _arguments.whole("guests", guests, 1, min(MOST_GUESTS, together))
    each = -(-together // several)
    step_rows = _arguments.whole("rows", rows, each, layouts.LLAMA_MAX_CHUNK)
    if tokens is None:
        room = min(_room(model, each, step_rows, form), _free_room(model, form) // several)
        tokens = several * max(min(each * form.context, room), size)
    pages = -(-tokens // (size * several))
    if form.context > pages * size:
        if context is not None:
            what = "the cache" if several == 1 else f"the cache of each of {several} guests"
            raise ValueError(
                f"context is {form.context}, more than the {pages * size} tokens that {what} has room for"
            )
        form = replace(form, context=pages * size)
    engines: list[Engine] = []
    try:
        for at in range(several):
            engines.append(
                Engine(
                    model,
                    sequences=(together + at) // several,
                    context=form.context,
                    pages=pages,
                    page=size,
                    rows=step_rows,
                    kv_dtype=form.kv_dtype,
                    exact=form.exact,
                )
            )
    except BaseException:
        for engine in engines:
            engine.close()
        raise
    return Batcher(model, engines, most_waiting)


def _guests_for(model: Model, sequences: int, tokens: int | None, form: Form, rows: object) -> int:
    """As many as a cache of so many tokens takes."""
    if tokens is None:
        return 1
    for found in range(1, min(MOST_GUESTS, sequences) + 1):
        each = -(-sequences // found)
        step_rows = rows if isinstance(rows, int) else layouts.LLAMA_MAX_CHUNK
        if -(-tokens // found) <= _room(model, each, step_rows, form):
            return found
    return 1  # which says what is wrong


def _room(model: Model, sequences: int, rows: int, form: Form) -> int:
    """Tokens of a cache that a guest has room for: its memory has 4 GiB, of which a step needs some."""
    config = model.config
    activations = 4 * rows * (4 * config.dim + 4 * config.heads * config.head_size + 3 * config.ff)
    logits = 4 * sequences * config.vocab * 3
    other = form.context * config.rotated * 4 + (64 << 20)
    most = (1 << 32) - activations - logits - other
    return max(0, most) // config.cache_bytes(1, form.kv_dtype)


def _free_room(model: Model, form: Form) -> int:
    """Tokens of a cache for at most half of the memory that is free here: what is kept of prompts takes all
    of the cache in the end."""
    return _memory.available() // 2 // model.config.cache_bytes(1, form.kv_dtype)


class Batcher:
    """Many requests at once: each step computes a row of every one that is generated, and rows of prompts.
    Made by Model.batcher. What comes of a request does not depend on which others there are, but for
    rounding: docs/reference/llm.md, "Batchers"."""

    _word = "batcher"

    def __init__(self, model: Model, engine: Engine | Sequence[Engine], waiting: int = 1024) -> None:
        engines = engine if isinstance(engine, Sequence) else [engine]
        self.model = model
        self.context = engines[0].context
        self.sequences = sum(engine.sequences for engine in engines)
        self._numbers = count()
        workers = [Worker(engine, -(-waiting // len(engines))) for engine in engines]
        self._worker: Worker | Guests = workers[0] if len(workers) == 1 else Guests(workers)

    # --- requests ---

    @shows_options(request_of, Choices)
    def submit(
        self,
        prompt: str | Sequence[int],
        *,
        priority: int = 0,
        deadline: float | None = None,
        block: bool = True,
        context_policy: ContextPolicy = "error",
        context_keep: int | None = None,
        **options: Unpack[BatchOptions],
    ) -> Stream:
        """The tokens that follow the prompt, computed together with other requests'. From any thread.

        priority: requests with a higher one go first, and take the place of running ones with a lower one;
        those of one priority go in their order. deadline: seconds from now, at which the request ends, with
        what it has by then and finish "deadline". block: wait while as many requests wait as may; else that
        is a QueueFullError, which is what asyncio needs. Everything else as Session.generate's, and those of
        zcwasm.llm.Choices.

        Raises ContextError, ValueError and TypeError at once. What goes wrong later is raised by the stream.
        """
        check_names("submit", options, BatchOptions)
        ids = prompt_ids(self, prompt, context_policy, context_keep, options.get("max_new_tokens"))
        return self._submit(ids, priority, deadline, block, options)

    @shows_options(request_of, Choices)
    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        context_policy: ContextPolicy = "error",
        priority: int = 0,
        deadline: float | None = None,
        block: bool = True,
        **options: Unpack[BatchOptions],
    ) -> Stream:
        """The model's answer to messages, as Session.chat gives it, whose tools and context_policy these are;
        everything else as submit. What the cache still has of the conversation is not computed again."""
        check_names("chat", options, BatchOptions)
        given = chat_ids(
            self.model,
            messages,
            tools,
            context=self.context,
            policy=context_policy,
            max_new_tokens=options.get("max_new_tokens"),
        )
        ids = prompt_ids(self, np.array(given, np.int64))  # whose check takes no time
        return self._submit(ids, priority, deadline, block, options)

    def chat_ids(
        self, messages: Sequence[Mapping[str, Any]], *, tools: Sequence[Mapping[str, Any]] | None = None
    ) -> list[int]:
        """The ids that chat(messages, tools=tools) goes on from."""
        return chat_ids(self.model, messages, tools)

    def _submit(
        self,
        ids: npt.NDArray[np.uint32],
        priority: object,
        deadline: object,
        block: object,
        options: Mapping[str, Any],
    ) -> Stream:
        now = time.monotonic()
        rank = -_arguments.whole("priority", priority, -_MOST_PRIORITY, _MOST_PRIORITY)
        seconds = math.inf if deadline is None else _arguments.number("deadline", deadline, 0, math.inf)
        waits = _arguments.flag("block", block)
        choices = Choices(**{name: options[name] for name in CHOICES if name in options})
        others = {name: value for name, value in options.items() if name not in CHOICES}
        request = request_of(self, len(ids), **others)
        settings: Mapping[str, Any] = request.settings or {}
        chooser = None
        if choices != Choices() or settings["repetition_penalty"] != 1:
            chooser = Chooser(self.model, choices, ids, Sampling(**settings))
        if self.closed:
            raise zcwasm.ClosedError("the batcher is closed")
        guests, at, pages = self._worker, 0, 0
        if isinstance(guests, Guests):
            at, pages = guests.choose(ids, request.max_new_tokens)
            worker = guests.workers[at]
        else:
            worker = guests
        feed = Feed(request, choices.logprobs is not None, worker.inbox)
        sequence = _sequence.Sequence(
            feed,
            ids,
            chooser,
            (rank, next(self._numbers)),
            now + seconds,
            self.model.tokenizer,
            worker.engine.page,
        )
        stream = Stream(feed, self)  # before anybody has the request: what raises from here on cancels it
        if isinstance(guests, Guests):
            try:
                guests.claim(at, feed, pages)
                worker.put(sequence, waits)
            except BaseException:
                guests.forget(at, feed)
                raise
        else:
            worker.put(sequence, waits)
        return stream

    # --- the whole ---

    def stats(self) -> BatcherStats:
        """How it does, at this moment; of other threads' doing, so that numbers may be a step apart."""
        return self._worker.stats()

    @property
    def closed(self) -> bool:
        return self._worker.closing or self._worker.process != os.getpid()

    def close(self) -> None:
        """End all requests, with finish "cancelled", and give the memory back. It waits for the step in
        progress, which is interrupted."""
        if self._worker.process == os.getpid():
            self._worker.close()

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
        worker: Worker | Guests | None = getattr(self, "_worker", None)
        if worker is not None and worker.process == os.getpid() and not worker.closing:
            worker.ask_to_close()

    def __repr__(self) -> str:
        kind = self.model.config.architecture
        if self.closed:
            return f"<zcwasm.llm.Batcher of {kind}, closed>"
        stats = self.stats()
        return (
            f"<zcwasm.llm.Batcher of {kind}: {stats.running} of {self.sequences} requests run, "
            f"{stats.waiting} wait, {stats.pages_used} of {stats.pages} pages are used>"
        )
