"""What works behind a Pool: threads with an instance each, and the queues between them and who reads results.

A core has workers, and for each map a reader. The reader takes items from the iterable and puts them into the
map's queue (`Job.pending`); workers take one at a time, whoever is free; results go to a place from which the
consumer takes them. What these do for each item is one operation of a deque or a dict, which is atomic, so an
item costs no lock, and waits for no other. Locks are for what is rare: who sleeps, and which maps there are.

Who finds nothing says so, looks once more, and sleeps on a gate of its own; who brings something does that
first and looks for sleepers then. So either the one sees the thing or the other the sleeper.

Every item runs in its map's scope, which bounds it and, once cancelled, ends its guest calls and its waits.

Who owns what: threads hold the core, never a Pool or Results, so that garbage collection ends what nobody
wants any more. A finaliser may run in any thread, between any two instructions of this file, so what it calls
(`Core.drop`, `Job.cancel`) takes no lock: it sets flags and opens gates.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import weakref
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Literal, TypeAlias

from zcwasm import _core

from ._call import Call
from ._limits import Limits
from ._types import EngineKind

Work: TypeAlias = str | Callable[..., Any]

SLICE = 0.001  # seconds that a worker stays with one map while others wait
MOST_AHEAD = 1024  # items taken ahead where they are tiny
FAST, SLOW = 0.002, 0.02  # seconds for a refill: more are taken ahead, or fewer
STEP = 0.02  # seconds of a worker's wait for its own pool, between two looks at what may end it
LONG_STEP = 0.1  # the same of others: a signal that came just before a wait, or to another thread, ends none
READER_PATIENCE = 0.1  # seconds for a reader whose iterable does not come back
EXIT_PATIENCE = 2.0
JOIN_AFTER_INTERRUPT = 5.0

MISSING: Any = object()

_log = logging.getLogger("zcwasm")


class Gate:
    """Where one thread sleeps until another opens it. Open, it lets the sleeper through once."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()

    def open(self) -> None:
        """From any thread, a finaliser, a signal handler."""
        with suppress(RuntimeError):  # it is open
            self._lock.release()

    def wait(self, seconds: float | None = None) -> None:
        self._lock.acquire(timeout=-1 if seconds is None else seconds)


class Failure:
    """In the place of a result."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


def in_pool() -> bool:
    """Whether this thread runs an item of a pool, or an iterable."""
    return _local.in_pool


def wait(gate: Gate) -> None:
    """For some time, at most until it is opened. An item or an iterable that has to end gets its Trap."""
    if _local.in_pool:
        gate.wait(STEP)
        _core._Scope.check()
    else:
        gate.wait(LONG_STEP)


# --- instances ---


class Recipe:
    """How an instance is made: a fork of a prepared one, where that can be, else anew."""

    def __init__(
        self,
        module: _core.Module,
        device: _core.Device | Callable[[], _core.Device] | None,
        imports: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None,
        wasi: _core._Wasi | Callable[[], _core._Wasi] | None,
        weights: _core._Weights | None,
        inputs: Mapping[str, Any] | None,
        limits: Limits | None,
        engine: EngineKind | Literal["auto"] | None,
        prepare: Work | None,
    ) -> None:
        self._module, self._device, self._imports, self._wasi = module, device, imports, wasi
        self._weights, self._inputs, self._limits, self._prepare = weights, inputs, limits, prepare
        self._engine = engine
        # A fork has its parent's device, imports and WASI, so there is none where each worker has its own.
        self._own = callable(device) or callable(imports) or callable(wasi)
        self._lock = allocate_lock()  # one fork at a time
        self._template: _core.Instance | None = None

    def first(self) -> _core.Instance:
        """The first worker's, made where its errors are the caller's."""
        instance = self._prepared()
        if self._prepare is None or self._own:
            return instance
        try:
            [child] = instance.fork()
        except _core.SnapshotError:  # an imported memory, open files: each instance is prepared
            return instance
        self._template = instance
        return child

    def make(self) -> _core.Instance:
        """One more."""
        if self._template is None:
            return self._prepared()
        with self._lock:
            [child] = self._template.fork()
        return child

    def _prepared(self) -> _core.Instance:
        device, imports, wasi = self._device, self._imports, self._wasi
        instance = _core.Instance(
            self._module,
            device=device() if callable(device) else device,
            imports=imports() if callable(imports) else imports,
            wasi=wasi() if callable(wasi) else wasi,
            weights=self._weights,
            inputs=self._inputs,
            limits=self._limits,
            engine=self._engine,
        )
        try:
            if isinstance(self._prepare, str):
                instance.exports[self._prepare]()
            elif self._prepare is not None:
                self._prepare(instance)
        except BaseException:
            dispose(instance)
            raise
        return instance

    def close(self) -> None:
        if self._template is not None:
            dispose(self._template)


def dispose(instance: _core.Instance) -> None:
    """Views of it keep their bytes. What runs, on a thread that somebody else gave it, is left alone."""
    with suppress(_core.InUseError):
        instance.__exit__(None, None, None)


# --- a map ---


def bound(work: Work, star: bool, scope: _core._Scope, guest: _core.Instance) -> Callable[[Any], Any]:
    """What computes one item on this guest."""
    run = scope.run
    if isinstance(work, str):
        function = guest.exports[work]
        if star:
            return lambda item: run(function, *item)
        return partial(run, function)
    if star:
        return lambda item: run(work, guest, *item)
    return partial(run, work, guest)


class Job:
    """One map: its items, its results, and who waits for which of them."""

    def __init__(
        self,
        core: Core,
        work: Work,
        star: bool,
        ordered: bool,
        inflight: int | None,
        deadline: float | None,
        fuel: int | None,
    ) -> None:
        self.core, self.work, self.star, self.ordered = core, work, star, ordered
        self.scope = _core._Scope(deadline, fuel)  # of each item
        self.reading = _core._Scope()
        self.above: tuple[Core, ...] = ()
        self.pending: deque[tuple[int, Any]] = deque()
        self.cancelled = False
        self.closed_by = ""  # why there are no more results; empty: the consumer wants none
        self.failure: BaseException | None = None  # the same, for what nobody asked for
        # Results: by place, or in the order in which they came.
        self.done: dict[int, Any] = {}
        self.arrived: deque[tuple[int, Any]] = deque()
        # The consumer's side, one thread or task at a time. `wanted`: the place that it sleeps for; -1: none.
        self.turn: Any = threading.RLock()
        self.delivered = 0
        self.wanted = -1
        self.gate: Any = None
        # The reader's side. `total` is known once the iterable has ended, maybe by `error`.
        self.fixed = inflight is not None
        self.least = self.limit = 4 * core.size if inflight is None else inflight
        self.read = 0
        self.total: int | None = None
        self.error: BaseException | None = None
        self.room_at = -1  # wakes the reader once so many are delivered; -1: it is awake
        self.room = Gate()

    # workers

    def bind(self, guest: _core.Instance) -> Callable[[Any], Any]:
        """What computes one item on this guest."""
        return bound(self.work, self.star, self.scope, guest)

    def put(self, place: int, result: Any) -> None:
        if self.ordered:
            self.done[place] = result
            if self.wanted == place:
                self.wanted = -1
                self.gate.open()
        else:
            self.arrived.append((place, result))
            if self.wanted >= 0:
                self.wanted = -1
                self.gate.open()

    # the consumer

    def take(self) -> Any:
        """(place, result) of the next one, or MISSING."""
        if self.ordered:
            place = self.delivered
            result = self.done.pop(place, MISSING)
            if result is MISSING:
                return MISSING
            found = (place, result)
        else:
            try:
                found = self.arrived.popleft()
            except IndexError:
                return MISSING
        delivered = self.delivered = self.delivered + 1
        if self.room_at >= 0 and (self.room_at <= delivered or not self.pending):
            self.room.open()
        return found

    def take_or_arm(self, gate: Any) -> Any:
        """As take(), but where it is MISSING the gate will be opened when that may have changed."""
        found = self.take()
        if found is MISSING:
            self.gate = gate
            self.wanted = self.delivered
            found = self.take()
            if found is not MISSING:
                self.wanted = -1
        return found

    # the reader

    def read_all(self, iterator: Iterator[Any]) -> None:
        core, pending = self.core, self.pending
        _local.cores, _local.in_pool = self.above, True  # the iterable may use the pool, too
        try:
            if self.limit > self.read or self._wait_for_room():
                for item in iterator:
                    pending.append((self.read, item))
                    self.read += 1
                    if core.wants_wake:
                        self._wake()
                    if self.cancelled or (
                        self.read - self.delivered >= self.limit and not self._wait_for_room()
                    ):
                        break
        except BaseException as error:
            self.error = own(error)
        finally:
            del iterator
            self.total = self.read
            if self.cancelled:
                pending.clear()
            self.ring()
            core.retire(self)

    def _wake(self) -> None:
        try:
            self.core.wake()
        except BaseException as error:  # no worker at all can be started
            self.failure = error
            self.cancel("")

    def _wait_for_room(self) -> bool:
        """False when it is cancelled instead."""
        began, here = monotonic(), self.read
        while not self.cancelled:
            self.room_at = here - self.limit // 2
            if self.read - self.delivered < self.limit and (
                self.delivered >= self.room_at or not self.pending
            ):
                break
            self.room.wait()
        self.room_at = -1
        if not self.fixed:
            took = monotonic() - began
            if took < FAST:
                self.limit = max(self.least, min(2 * self.limit, MOST_AHEAD))
            elif took > SLOW:
                self.limit = max(self.least, self.limit // 2)
        return not self.cancelled

    # anybody

    def exhausted(self) -> bool:
        """Nothing is left to begin."""
        return self.cancelled or (self.total is not None and not self.pending)

    def ring(self) -> None:
        """The consumer looks again."""
        self.wanted = -1
        gate = self.gate
        if gate is not None:
            gate.open()

    def cancel(self, why: str) -> None:
        """Nothing more of it begins, and what runs is interrupted. Takes no lock: finalisers call it."""
        if not self.cancelled:
            self.closed_by = why
            self.cancelled = True
        # The second time, too: Ctrl-C may have ended the first one in the middle.
        self.scope.cancel()
        self.reading.cancel()
        for what in (self.pending, self.done, self.arrived):
            what.clear()
        self.room.open()
        self.ring()
        for worker in tuple(self.core.idle)[:1]:
            worker.gate.open()  # it sees that this job is over
        self.core.maps.discard(self)


def on_guest(work: Work) -> Callable[..., Any]:
    """The same for a Call, which has its own scope."""

    def run(guest: _core.Instance | Failure, *args: Any) -> Any:
        if isinstance(guest, Failure):  # there is none
            raise guest.error
        return guest.exports[work](*args) if isinstance(work, str) else work(guest, *args)

    return run


# --- workers ---


class _Local(threading.local):
    cores: tuple[Core, ...] = ()  # that wait for what this thread does, the innermost last
    in_pool = False  # it is a worker or a reader


_local = _Local()


class Worker:
    """A thread with an instance of its own, which is made when there is something to do."""

    def __init__(self, core: Core, guest: _core.Instance | None) -> None:
        self.core, self.guest = core, guest
        self.gate = Gate()
        self.items = self.failures = self.replaced = 0
        self.busy = 0.0
        self.since = 0.0  # when the turn began; 0: none is in progress
        self.call: Call | None = None  # of submit(), that it is at
        self.thread = threading.Thread(target=self._run, name=f"{core.name} worker", daemon=True)

    def _run(self) -> None:
        core = self.core
        _local.cores, _local.in_pool = (core,), True
        with core.lock:
            if self not in core.alive:  # Ctrl-C came while it was started: it has no part
                return
        try:
            while (job := core.next_job(self)) is not None:
                self.since = monotonic()
                if job is core.calls:
                    self._calls(job)
                else:
                    self._turn(job)
                began, self.since = self.since, 0.0
                self.busy += monotonic() - began
                del job
        finally:
            guest, self.guest = self.guest, None
            if guest is not None:
                dispose(guest)
            core.ended(self)

    def _turn(self, job: Job) -> None:
        """Items of one map, until there is none or others have waited long enough."""
        next_item, put, until = job.pending.popleft, job.put, self.since + SLICE
        plain = isinstance(job.work, str)
        _local.cores = (*job.above, self.core)
        run: Callable[[Any], Any] | None = None
        while True:
            try:
                place, item = next_item()
            except IndexError:
                break
            try:
                if run is None:
                    run = job.bind(self._ready())
                result = run(item)
                if not plain and self._spoilt():
                    run = None
            except BaseException as error:
                if self._spoilt():
                    run = None
                if job.cancelled:  # that may be why
                    break
                result = Failure(own(error))
                self.failures += 1
            self.items += 1
            put(place, result)
            if monotonic() > until:
                break
        if job.room_at >= 0 and not job.pending and job.read - job.delivered < job.limit:
            job.room.open()

    def _calls(self, calls: Calls) -> None:
        """Those that submit() was given, as long as a turn may be."""
        next_call, until = calls.pending.popleft, self.since + SLICE
        while True:
            try:
                above, call = next_call()
            except IndexError:
                break
            self._call(above, call)
            del call
            if monotonic() > until:
                break

    def _call(self, above: tuple[Core, ...], call: Call) -> None:
        _local.cores = (*above, self.core)
        self.call = call
        try:
            guest: _core.Instance | Failure = self._ready()
        except BaseException as error:
            guest = Failure(own(error))
        try:
            call._run(guest)
        except BaseException:  # of a callback of the call's
            _log.critical("a callback of a call failed", exc_info=True)
        if not call.cancelled() or call._stopping:
            self.items += 1
            self.failures += call.cancelled() or call.exception() is not None
        self.call = None
        self._spoilt()

    def _ready(self) -> _core.Instance:
        if self.guest is None:
            self.guest = self.core.scope.run(self.core.recipe.make)
        return self.guest

    def _spoilt(self) -> bool:
        """Whether a call of its guest ended otherwise than by returning: its stack and what it was at are in
        disorder, so there has to be another one, which this lets go for."""
        guest = self.guest
        if guest is None:
            return True
        if not guest.closed and not guest._unwound:
            return False
        self.guest = None
        dispose(guest)
        self.replaced += 1
        _log.info("an instance of a pool is replaced: a call of it ended otherwise than by returning")
        return True


def start_uncollected(thread: threading.Thread) -> None:
    """Start a thread under a lock. Nobody collects garbage meanwhile: Thread.start waits until the new thread
    has begun, and a finaliser that submits there would wait for the lock."""
    collects = gc.isenabled()
    try:
        gc.disable()
        thread.start()
    finally:
        if collects:
            gc.enable()


def own(error: BaseException) -> BaseException:
    """An item's error without this file's frames, whose variables would live as long as it."""
    found = error.__traceback__
    while found is not None and found.tb_frame.f_code.co_filename == __file__:
        found = found.tb_next
    error = error.with_traceback(found)
    if isinstance(error, (StopIteration, StopAsyncIteration)):  # would end whoever iterates over results
        wrapped = RuntimeError(f"an item, or an iterable, raised {type(error).__name__}")
        wrapped.__cause__ = error
        return wrapped
    return error


# --- the core ---

_cores: weakref.WeakSet[Core] = weakref.WeakSet()


class Calls:
    """What submit() was given, in order: among the jobs, as if it were a map without an end."""

    def __init__(self) -> None:
        self.pending: deque[tuple[tuple[Core, ...], Call]] = deque()  # and the cores that wait for it

    def exhausted(self) -> bool:
        return False


class Core:
    def __init__(
        self, recipe: Recipe, size: int, name: str, first: _core.Instance | None, is_nested: bool = False
    ) -> None:
        self.recipe, self.size, self.name = recipe, size, name
        self.first, self.is_nested = first, is_nested
        self.scope = _core._Scope()  # of making instances
        self.pid = os.getpid()
        self.closing: str | None = None
        self.lock = threading.RLock()  # finalisers and signal handlers may submit, whatever they interrupt
        self.no_more = threading.Condition(self.lock)  # workers
        # Under the lock, but for looks at `wants_wake`:
        self.calls = Calls()
        self.jobs: deque[Any] = deque([self.calls])  # in the order of their turns
        self.maps: set[Job] = set()  # whose results are not all read; changed by anybody
        self.workers: list[Worker] = []
        self.idle: list[Worker] = []
        self.alive: set[Worker] = set()
        self.wants_wake = True  # somebody sleeps, or not all have begun
        self.readers: list[threading.Thread] = []
        self.nested: Core | None = None
        _cores.add(self)

    # who does what

    def next_job(self, worker: Worker) -> Any:
        """What a worker does next, which it waits for; None: it ends."""
        while True:
            with self.lock:
                self.idle.append(worker)
                self.wants_wake = True
                for _ in range(len(self.jobs)):
                    job = self.jobs[0]
                    if job.pending:
                        self.jobs.rotate(-1)
                        self._awake(worker)
                        return job
                    if job.exhausted():
                        self.jobs.popleft()
                    else:
                        self.jobs.rotate(-1)
                if self.closing is not None:
                    self._awake(worker)
                    return None
                del job
            worker.gate.wait()
            with self.lock:
                self._awake(worker)

    def _awake(self, worker: Worker) -> None:
        with suppress(ValueError):  # who woke it has taken it out
            self.idle.remove(worker)
        self.wants_wake = bool(self.idle) or len(self.alive) < self.size

    def wake(self) -> None:
        """There is something to do: one more worker."""
        with self.lock:
            self._wake()

    def _wake(self) -> None:
        if self.idle:
            self.idle.pop().gate.open()
        elif len(self.alive) < self.size and self.closing is None:
            worker = Worker(self, self.first)
            try:
                start_uncollected(worker.thread)
            except RuntimeError:  # there can be no more
                if not self.alive:
                    raise
                return  # the others do it
            self.first = None
            self.workers.append(worker)
            self.alive.add(worker)
        self.wants_wake = bool(self.idle) or len(self.alive) < self.size

    def retire(self, job: Job) -> None:
        """Nobody needs to look at it any more, when nothing is left to begin."""
        with self.lock:
            if job.exhausted():
                with suppress(ValueError):
                    self.jobs.remove(job)

    def ended(self, worker: Worker) -> None:
        with self.lock:
            self.alive.discard(worker)
            last = not self.alive
            self.no_more.notify_all()
        if last:
            self._end()

    # what there is to do

    def start(self, job: Job, iterator: Iterator[Any]) -> None:
        job.above = _local.cores
        reader = threading.Thread(
            target=job.reading.run, args=(job.read_all, iterator), name=f"{self.name} reader", daemon=True
        )
        with self.lock:
            self.check_open()
            self.readers = [each for each in self.readers if each.is_alive()]
            self.jobs.append(job)
            self.maps.add(job)
        try:
            reader.start()  # without the lock: a finaliser may submit in the new thread before this goes on
        except BaseException:
            job.cancel("")
            raise
        self.readers.append(reader)

    def submit(self, call: Call) -> None:
        with self.lock:
            self.check_open()
            entry = (_local.cores, call)
            try:
                self.calls.pending.append(entry)
                if self.wants_wake:
                    self._wake()
            except BaseException:  # no worker at all can be started; Ctrl-C
                with suppress(ValueError):
                    self.calls.pending.remove(entry)
                for worker in tuple(self.workers):  # one may have been about to be woken
                    worker.gate.open()
                raise

    def check_open(self) -> None:
        if self.closing is not None:
            raise _core.ClosedError(self.closing)

    def for_this_thread(self) -> Core:
        """Where this thread's work goes. Those cores that wait for this thread may have no worker left: work
        of workers is done by a core below, with as many."""
        core, above = self, _local.cores
        while core in above:
            with core.lock:
                if core.nested is None:
                    core.check_open()
                    core.nested = Core(core.recipe, core.size, core.name, None, is_nested=True)
                core = core.nested
        return core

    # the end

    def drop(self, why: str) -> None:
        """Nothing new is accepted; workers end when they have done what there is. Takes no lock: finalisers
        call it."""
        if self.closing is None:
            self.closing = why
        for worker in tuple(self.workers):
            worker.gate.open()

    def close(self, why: str, wait: bool, cancel: bool) -> None:
        """Submitted calls are done first, unless cancelled; maps are not: who would read their results?"""
        if self.pid != os.getpid():
            return
        if wait and self in _local.cores:
            raise RuntimeError("a worker cannot wait for the end of its own pool: close(wait=False)")
        with self.lock:
            if self.closing is None:
                self.closing = why
            jobs, unused = tuple(self.maps), not self.alive
        for job in jobs:
            job.cancel(self.closing)
        if cancel:
            self.cancel()
        self.drop(why)
        if unused:
            self._end()
        if wait:
            try:
                self.join(None)
            except BaseException:  # Ctrl-C: then not for the calls
                self.cancel()
                self.join(JOIN_AFTER_INTERRUPT)
                raise

    def cancel(self) -> None:
        """All that is in progress, and what was to come."""
        self.scope.cancel()
        with self.lock:
            jobs, nested = tuple(self.maps), self.nested
            calls = [call for _, call in self.calls.pending]
            calls += [worker.call for worker in self.workers if worker.call is not None]
            self.calls.pending.clear()
        for job in jobs:
            job.cancel(self.closing or "")
        for call in calls:
            call.cancel()
        if nested is not None:
            nested.cancel()

    def join(self, seconds: float | None) -> None:
        until = None if seconds is None else monotonic() + seconds
        with self.lock:  # Thread.join takes a thread for ended once Ctrl-C has interrupted it
            while self.alive:
                left = LONG_STEP if until is None else min(LONG_STEP, until - monotonic())
                if left <= 0:
                    return
                self.no_more.wait(left)
        for worker in tuple(self.workers):
            worker.thread.join()
        if self.nested is not None:
            self.nested.join(None if until is None else max(0.0, until - monotonic()))
        for reader in tuple(self.readers):  # unless the caller's iterable holds it up
            if reader is not threading.current_thread():
                reader.join(READER_PATIENCE)

    def _end(self) -> None:
        """Nothing runs here any more."""
        first, self.first = self.first, None
        if first is not None:
            dispose(first)
        if self.nested is None:
            if not self.is_nested:
                self.recipe.close()
        else:
            self.nested.drop(self.closing or "")


# --- the end of the process, and its child ---


def end_all() -> None:
    """At exit: nobody is left who could want what is in flight."""
    until = monotonic() + EXIT_PATIENCE
    cores = [core for core in tuple(_cores) if core.pid == os.getpid() and not core.is_nested]
    for core in cores:
        core.drop("the interpreter ends")
        core.cancel()
    for core in cores:
        core.join(max(0.0, until - monotonic()))


def _in_child() -> None:
    """No thread of a core came along, and others may hold its locks."""
    for core in tuple(_cores):
        core.closing = "the pool is the parent's: its threads are not in a child of a fork"
        core.lock = threading.RLock()
        core.no_more = threading.Condition(core.lock)
        for job in tuple(core.maps):
            job.turn, job.gate = threading.RLock(), None
            job.cancel("the results are the parent's: its threads are not in a child of a fork")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
