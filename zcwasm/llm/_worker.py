"""Worker: the thread of a batcher, and what it shares with callers.

It decides what a step has (_schedule.py), lets the engine compute it without the GIL, and hands out what came
of it. Callers put requests into an inbox, on which it waits while there is nothing to do. It is started by
the first request.

Where the device is worth it, it starts the next step before it waits for the one in flight: as long as rows
only decode, and nobody has come who wants to begin.

Threads: its own, and any for what callers call. A forked child has no such thread: its Batcher leaves this
alone.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

import zcwasm
from zcwasm.llm import _stream
from zcwasm.llm._schedule import Plan, Schedule
from zcwasm.llm._sequence import Sequence
from zcwasm.llm._stream import Feed

if TYPE_CHECKING:
    from zcwasm.llm._engine import Engine

_WINDOW = 100  # steps that rows_per_step is the mean of
_SECONDS = 10  # that tokens_per_second looks back


class QueueFullError(zcwasm.Error):
    """As many requests wait as may, and this one was not to wait for room (block=False)."""


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


class Worker:
    """What the thread has."""

    def __init__(self, engine: Engine, most_waiting: int) -> None:
        self.engine = engine
        self.process = os.getpid()
        self.inbox: SimpleQueue[object] = SimpleQueue()
        self.schedule = Schedule(engine)
        self.flight: list[Plan] = []  # what the engine has in flight
        self.steps_ahead = 0  # that were started before the one in front had ended
        self.most_waiting = most_waiting
        #: What is in the inbox. No count of what comes and goes: who submits may be interrupted between a
        #: request and its being counted.
        self.arrived: dict[Sequence, None] = {}
        self.lock = threading.RLock()  # of `closing` and who submits; a signal handler may close meanwhile
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
        return len(self.arrived) + self.schedule.waiting

    def start(self) -> None:
        """With the lock."""
        begins = [True]  # until the thread has begun, or is not to
        thread = threading.Thread(target=self.run, args=(begins,), name="zcwasm batcher", daemon=True)
        try:
            self.thread = thread
            _running.add(self)
            thread.start()
        except BaseException:  # there are too many; or Ctrl+C, and it is on its way
            if _take(begins):
                self.thread = None
                _running.discard(self)
            raise

    # --- the thread ---

    def run(self, begins: list[bool]) -> None:
        if not _take(begins):  # another one may be there
            return
        schedule = self.schedule
        try:
            while not self.closing:
                try:
                    self._read_inbox()
                    self._step()
                except BaseException as error:
                    self.flight = []  # the engine throws it away before it begins with another step
                    schedule.end_all(error=error)
                self._tell()
        finally:
            if not self.closing:  # where it was asked to close, who did that may have the lock
                with self.lock:
                    self.closing = True
                    self.room.notify_all()
            self._abandon_inbox()
            schedule.end_all("cancelled")
            _stream.wake(schedule.wakes())
            self.engine.close()
            _running.discard(self)

    def _read_inbox(self) -> None:
        """All that is there; without anything to do, wait for more."""
        wait = not self.closing and not self.schedule and not self.flight
        while True:
            try:
                message = self.inbox.get(wait)
            except Empty:
                break
            wait = False
            if isinstance(message, Feed):
                self.schedule.cancel(message)
            elif isinstance(message, Sequence):
                self.arrived.pop(message, None)
                self.schedule.add(message)
        self.schedule.expire(time.monotonic())

    def _abandon_inbox(self) -> None:
        """Nobody computes what is there."""
        with suppress(Empty):
            while True:
                message = self.inbox.get_nowait()
                if isinstance(message, Sequence):
                    self.arrived.pop(message, None)
                    _stream.wake(message.feed.put(None, finish="cancelled"))

    def _step(self) -> None:
        schedule, engine = self.schedule, self.engine
        try:
            if not self.flight:
                plan = schedule.plan()
                if plan is None:
                    if schedule:
                        raise zcwasm.Error("requests are there, and no step can be made of them")
                    return
                if not engine.may_go_ahead or not schedule.goes_on(plan):
                    self._compute(plan)
                    return
                engine.start(plan.step)
                self.flight.append(plan)
            self._go_ahead()
            tokens = engine.finish()
        except zcwasm.Trap as trap:  # by close(), or nobody knows by whom
            if trap.kind != "interrupted":
                raise
            self.flight = []  # as if it had not been: the next plan is the same, or a better one
            return
        plan = self.flight[0]
        self.flight = self.flight[1:] if engine.in_flight else []
        self._took(plan, schedule.took(plan, tokens))

    def _go_ahead(self) -> None:
        """Start the step behind the one in flight, if it is known what that is."""
        if len(self.flight) == 1 and self.engine.may_go_ahead and self.inbox.empty() and not self.closing:
            plan = self.schedule.plan_behind(self.flight[0])
            if plan is not None:
                self.engine.start(plan.step)
                self.flight.append(plan)
                self.steps_ahead += 1

    def _tell(self) -> None:
        """Event loops, that something has come; and who waits for room."""
        _stream.wake(self.schedule.wakes())
        if not self.blocked or self.waiting >= self.most_waiting:
            return
        while not self.closing:  # who has the lock may close in a signal handler, and wait for this thread
            if self.lock.acquire(timeout=0.05):
                self.room.notify(self.most_waiting)
                self.lock.release()
                return

    def _compute(self, plan: Plan) -> None:
        """Alone. What is interrupted is done again, and not planned anew: pages are said to hold what it
        computes of prompts."""
        while not self.closing:
            try:
                tokens = self.engine.run(plan.step)
            except zcwasm.Trap as trap:
                if trap.kind != "interrupted":
                    raise
            else:
                self._took(plan, self.schedule.took(plan, tokens))
                return

    def _took(self, plan: Plan, tokens: int) -> None:
        """For stats."""
        self.rows[(self.schedule.steps - 1) % _WINDOW] = len(plan.step.tokens)
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

    def put(self, sequence: Sequence, block: bool) -> None:
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
            self.arrived[sequence] = None
            try:
                self.inbox.put(sequence)
            except BaseException:  # Ctrl+C: it may be there, and is cancelled then, for nobody has its stream
                self.arrived.pop(sequence, None)
                raise
            self._abandon_if_closing()

    def _abandon_if_closing(self) -> None:
        """A signal handler may have closed just now, and the thread looked for the last time."""
        if self.closing:
            self._abandon_inbox()

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


def _take(one: list[bool]) -> bool:
    """Whether it was there: of several threads one takes it."""
    with suppress(IndexError):
        return one.pop()
    return False


#: Whose thread runs. They are kept in a forked child as well, where a thread's stack may still name them.
_running: set[Worker] = set()


@atexit.register
def _close_all() -> None:
    """The interpreter ends: no thread is to be in a guest then."""
    for worker in list(_running):
        if worker.process == os.getpid():
            worker.close(2.0)
