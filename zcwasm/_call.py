"""Submitted calls: Instance.submit, and the Call that it returns.

Calls over one memory wait in its Lane and run one after the other. Who submits appends to the lane and,
unless somebody runs it, gives it to the threads (`_threads.py`); a thread that has the lane's turn runs
what is there, gives the turn back and looks once more. No lock of this file is held while other code runs, so
signal handlers and finalisers may submit and cancel.

A Call owns its instance and arguments until it is over, and nothing afterwards. Cancelling names the call,
not the instance: it sets the flag of the call's own scope (`_core._Scope`), so it cannot reach another call.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, PENDING, RUNNING
from typing import Any

from zcwasm import _core
from zcwasm._threads import threads

EXIT_SECONDS = 2.0

_unfinished: set[Call] = set()
_running: set[Lane] = set()
_log = logging.getLogger("zcwasm")


class Call(Future[Any]):
    """A call of a guest that was submitted: made by Instance.submit.

    A concurrent.futures.Future, so result(timeout), exception(), done(), add_done_callback(), and what
    takes such futures: concurrent.futures.wait, asyncio.wrap_future. It can be awaited in asyncio and trio,
    too; when the awaiting task is cancelled, so is the call, and the task goes on once the guest has stopped.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], scope: _core._Scope) -> None:
        super().__init__()
        self._work: tuple[Callable[..., Any], tuple[Any, ...]] | None = (function, args)
        self._scope = scope
        self._lane: Lane | None = None  # in which it waits or runs
        self._thread: int | None = None  # that runs it
        self._stopping = False  # cancelled while it runs
        self._over = False  # what it has come to is decided
        _unfinished.add(self)

    def cancel(self) -> bool:
        """Cancel the call: one that waits never begins, one that runs is stopped.

        True when it ends by that: result() raises concurrent.futures.CancelledError, for a running call
        once the guest has stopped. False when it is done already.
        """
        with self._condition:
            if self._state in (CANCELLED, CANCELLED_AND_NOTIFIED):
                return True
            if self._state == RUNNING and not self._over:
                self._stopping = True
                self._scope.cancel()
                return True
            if self._state != PENDING:
                return False
            self._end_cancelled()
        self._invoke_callbacks()  # type: ignore[attr-defined]
        return True

    def result(self, timeout: float | None = None) -> Any:
        """What the function returned, or raise what it raised; wait for it, at most `timeout` seconds."""
        self._refuse_itself()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the function raised, or None; wait for it, at most `timeout` seconds."""
        self._refuse_itself()
        return super().exception(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        from zcwasm import _await

        self._refuse_itself()
        return _await.finish(self).__await__()

    def _refuse_itself(self) -> None:
        """Inside a call nobody can wait for it, or for those that wait for its end."""
        lane, here = self._lane, threading.get_ident()
        if (self._thread == here or (lane and lane.thread == here)) and not self.done():
            raise RuntimeError("a call cannot wait for itself, or for one that waits for its end")

    # --- for who runs it ---

    def _run(self, *first: Any) -> None:
        """Run it on this thread unless it is cancelled; `first` comes before its arguments."""
        with self._condition:
            work = self._work
            if self._state != PENDING or work is None:
                return
            self._state = RUNNING
            self._thread = threading.get_ident()
        result, failed = None, None
        try:
            result = self._scope.run(work[0], *first, *work[1])
        except BaseException as error:
            failed = error
        try:
            self._end(result, failed)
        finally:
            del self, work, first, result, failed  # the error's traceback reaches this frame

    def _end(self, result: Any, error: BaseException | None) -> None:
        with self._condition:
            if self._over:
                return  # this is the child of a fork in the middle of it
            self._over = True
            if self._stopping:
                self._end_cancelled()
            else:
                self._drop()
        if self._stopping:
            self._invoke_callbacks()  # type: ignore[attr-defined]
        elif error is None:
            self.set_result(result)
        else:
            self.set_exception(error)

    def _end_cancelled(self) -> None:
        """With the condition held."""
        self._over = True
        self._drop()
        self._state = CANCELLED_AND_NOTIFIED
        for waiter in self._waiters:
            waiter.add_cancelled(self)
        self._condition.notify_all()

    def _drop(self) -> None:
        self._work = self._thread = self._lane = None
        _unfinished.discard(self)

    def _forget(self) -> None:
        """In the child of a fork: its thread is the parent's, which may have held its lock."""
        self._condition = threading.Condition()
        self._waiters = []
        self._done_callbacks: list[Any] = []
        self._over = True
        self._drop()
        if self._state in (PENDING, RUNNING):
            self.set_exception(RuntimeError("the call is the parent's: this process was forked while it ran"))


class Lane:
    """The calls that wait to run over one memory, in order."""

    __slots__ = ("_calls", "_turn", "thread")

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._turn = threading.Lock()  # only tried, never waited for
        self.thread: int | None = None  # that has the turn

    def append(self, call: Call) -> None:
        call._lane = self
        self._calls.append(call)
        if not self._turn.locked():  # else who runs it looks again
            threads.run(self._run)

    def _run(self) -> None:
        turn = self._turn
        while self._calls and turn.acquire(blocking=False):
            self.thread = threading.get_ident()
            _running.add(self)
            while True:
                try:
                    call = self._calls.popleft()
                except IndexError:
                    break
                try:
                    call._run()
                except BaseException:  # of a callback of its; others wait behind it
                    _log.critical("a callback of a call failed", exc_info=True)
                del call
            _running.discard(self)
            self.thread = None
            turn.release()


def submit(
    instance: _core.Instance, name: str, /, *args: Any, deadline: float | None = None, fuel: int | None = None
) -> Call:
    """What Instance.submit calls."""
    function = instance.exports[name]
    if not isinstance(function, _core.Function):
        raise TypeError(f"name must be that of an exported function, not {type(function).__name__}")
    call = Call(function, args, _core._Scope(deadline, fuel))
    try:
        instance._lane.append(call)
    except BaseException:
        call.cancel()
        raise
    return call


def _after_fork() -> None:
    threads.reset()
    for call in list(_unfinished):
        call._forget()
    for lane in _running:
        lane._turn, lane.thread = threading.Lock(), None
    _unfinished.clear()
    _running.clear()


def finish() -> None:
    """At the interpreter's exit, where nobody is left who could want the results: cancel all that waits or
    runs."""
    for call in list(_unfinished):
        call.cancel()
    threads.finish(EXIT_SECONDS)


os.register_at_fork(after_in_child=_after_fork)
