"""The threads that submitted calls run on: few, shared, elastic.

Tasks wait in one queue. A thread is started when no idle one is there for a task, ends when it was idle for
half a second, and there are at most `MOST`. Nothing here holds a lock, so that signal handlers and finalisers
may submit, whatever they interrupt: each step is one operation of a deque, a set or a queue, which the
interpreter does not interrupt, and a thread that changes what others decided by looks again afterwards.

At the interpreter's exit the owners of tasks cancel them and `finish` waits a little; what does not end then
is a daemon's. The child of a fork has none of the threads and begins anew.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

MOST = max(32, (os.cpu_count() or 1) + 4)
IDLE_SECONDS = 0.5

Task = Callable[[], object]


class Threads:
    def __init__(self) -> None:
        self.ended = False
        self.reset()

    def reset(self) -> None:
        """As at first, in the child of a fork."""
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._free = deque(range(MOST))  # numbers of threads that may be started
        self._alive: set[threading.Thread] = set()
        self._idle: set[int] = set()  # numbers of those that wait for a task

    def run(self, task: Task) -> None:
        """Run it on one of the threads. RuntimeError when there is none and none can be started."""
        if self.ended:
            raise RuntimeError("cannot submit a call: the interpreter is ending")
        self._tasks.put(task)
        try:
            self._start_missing()
        except RuntimeError:
            if not self._alive:
                raise

    def _start_missing(self) -> None:
        """Start a thread unless every task has an idle one. Whoever takes a task looks again, so that one who
        was still counted as idle here is not waited for."""
        while self._tasks.qsize() > len(self._idle):
            try:
                number = self._free.pop()
            except IndexError:
                return  # a busy one takes it
            thread = threading.Thread(
                target=self._work, args=(number,), name=f"zcwasm call {number}", daemon=True
            )
            self._alive.add(thread)
            self._idle.add(number)  # for this task
            try:
                thread.start()
            except BaseException:
                self._idle.discard(number)
                self._alive.discard(thread)
                self._free.append(number)
                raise

    def _work(self, number: int) -> None:
        tasks, idle, free, alive = self._tasks, self._idle, self._free, self._alive
        while True:
            task = self._next(tasks, idle, number)
            if task is not None:
                task()
                del task  # nothing is kept while it waits
            elif tasks.empty() or self.ended:
                free.append(number)
                # Somebody may have come who could not have its number.
                if self.ended or tasks.qsize() <= len(idle) or not take(free, number):
                    break
        alive.discard(threading.current_thread())

    def _next(self, tasks: SimpleQueue[Task | None], idle: set[int], number: int) -> Task | None:
        """The next task, or None when there was none for long enough."""
        idle.add(number)
        try:
            task = tasks.get(timeout=IDLE_SECONDS)
        except Empty:
            task = None
        idle.discard(number)
        if task is not None:
            with suppress(RuntimeError):  # a busy one takes it
                self._start_missing()
        return task

    def finish(self, seconds: float) -> bool:
        """Start nothing any more, and wait so long for the end of all; whether they have ended."""
        self.ended = True
        deadline = time.monotonic() + seconds
        threads = list(self._alive)
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


def take(free: deque[int], number: int) -> bool:
    try:
        free.remove(number)
    except ValueError:
        return False
    return True


threads = Threads()
