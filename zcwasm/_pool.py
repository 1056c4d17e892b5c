"""Pools: many instances of a module at work on native threads. How they work is in _pool_core.py."""

from __future__ import annotations

import atexit
import functools
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import index
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from zcwasm import _core

from ._call import Call
from ._extras import needed_for
from ._limits import Limits
from ._measure import usable_cpus
from ._pool_core import (
    MISSING,
    STEP,
    Core,
    Failure,
    Gate,
    Job,
    Recipe,
    Work,
    end_all,
    in_pool,
    on_guest,
    wait,
)
from ._types import EngineKind

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._pool_wait import AsyncGate

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")

_Errors = Literal["raise", "return"]
REST = 0.005  # seconds after which an asynchronous consumer lets other tasks run, whatever is ready


@dataclass(frozen=True)
class PoolStats:
    """What a pool has done, and is at; see Pool.stats().

    items: done, calls of submit() included; failures: those of them that raised; replaced: instances that
    were, after traps. running: workers at work now; waiting: items that were taken, and calls, that no worker
    has begun. busy: seconds of work of each worker that has begun, so that busy / elapsed is its load.
    """

    items: int
    failures: int
    replaced: int
    running: int
    waiting: int
    busy: tuple[float, ...]


class Results(Iterator[T_co], AsyncIterator[T_co]):
    """Results of Pool.map and starmap: an iterator, and an asynchronous one (asyncio, trio).

    Dropping it, or close(), ends what is left: nothing more is read or begun, running guests are interrupted.
    So does whatever stops the wait for the next result: Ctrl-C, the task's cancellation. After the end of its
    pool it raises ClosedError.
    """

    def __init__(self, pool: Pool, job: Job, returns: bool) -> None:
        self._pool, self._job, self._returns = pool, job, returns
        self._bar: Any = None
        self._gate = Gate()
        self._waiting = False  # a task is
        self._rested = 0.0

    def __iter__(self) -> Self:
        return self

    def __aiter__(self) -> Self:
        return self

    def __next__(self) -> T_co:
        turn = self._job.turn
        if self._waiting or turn._is_owned():  # by this thread: a signal handler has come
            raise RuntimeError("a task, or this thread, waits for the next result")
        try:
            with turn:
                found = self._take()
                while found is MISSING and (found := self._look(self._gate)) is MISSING:
                    wait(self._gate)
                if found is not None:
                    return self._result(found)
        except BaseException:  # also Ctrl-C between any two steps, which may have lost a result
            self.close()
            raise
        raise StopIteration

    async def __anext__(self) -> T_co:
        turn = self._job.turn
        if self._waiting or not turn.acquire(blocking=False):
            raise RuntimeError("another task, or a thread, waits for the next result")
        self._waiting = True
        turn.release()
        try:
            found = self._take()
            if found is MISSING:
                gate = _gate_here()
                while (found := self._look(gate)) is MISSING:
                    await gate.wait()
                self._rested = monotonic()
            elif monotonic() - self._rested > REST:
                self._rested = monotonic()
                await _gate_here().rest()
            if found is not None:
                return self._result(found)
        except BaseException:
            self.close()
            raise
        finally:
            self._waiting = False
        raise StopAsyncIteration

    def _take(self) -> Any:
        """What is there, None at the end, or MISSING."""
        job = self._job
        if job.cancelled:
            error, job.failure = job.failure, None
            if error is not None:
                raise error
            if job.closed_by:
                raise _core.ClosedError(job.closed_by)
            return None
        return job.take()

    def _look(self, gate: Gate | AsyncGate) -> Any:
        """The same; where it is MISSING the gate will be opened when that may have changed."""
        job = self._job
        found = job.take_or_arm(gate)
        if job.cancelled:
            return self._take()
        if found is MISSING and job.delivered == job.total:
            job.core.maps.discard(job)
            self._end_bar()
            error, job.error = job.error, None
            if error is not None:
                raise error
            return None
        return found

    def _result(self, found: tuple[int, Any]) -> T_co:
        place, result = found
        if self._bar is not None:
            self._bar.update()
        if type(result) is Failure:
            error = result.error
            del result.error  # whose traceback will have frames that have this
            with suppress(AttributeError, TypeError):
                error.item = place  # type: ignore[attr-defined]
            if not self._returns:
                try:
                    raise error
                finally:
                    del error
            result = error
        return result if self._job.ordered else (place, result)  # type: ignore[return-value]

    def close(self) -> None:
        """End what is left, without waiting: no more is read or begun, running guests are interrupted. Guests
        stop within milliseconds; what else a callable does goes on. Later there are no more results."""
        self._job.cancel("")
        self._end_bar()

    def _end_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        job = getattr(self, "_job", None)
        if job is not None:
            job.core.maps.discard(job)
            if job.delivered != job.total:
                job.cancel("")

    def __repr__(self) -> str:
        job = self._job
        return f"<zcwasm.Results: {job.delivered} read{', closed' if job.cancelled else ''}>"


class Pool:
    """Instances of a module at work on native threads of their own.

    module: a Module. device, imports, wasi: what each instance gets, or a callable without arguments that
        makes it for each (imports that keep state, a Memory, a Device per worker).
    workers: how many threads, each with an instance (default: as many as this process may use CPUs).
    weights, inputs, limits, engine: as for Instance. Their fuel is each instance's own.
    prepare: an export's name, or a callable that gets the Instance; it runs once, on a first instance, of
        which the workers' are forks. Where that cannot be forked (an imported memory, files open by WASI, a
        callable device, imports or wasi) each instance is prepared.

    Errors of the first instance are raised here. An instance of which a call ended otherwise than by
    returning (a trap, a deadline, an exception of a host function) is replaced before its worker goes on.
    Work that a worker gives to its own pool is done by further threads, so that it may wait for it.

    A context manager: leaving the block closes it, by an exception also what is in progress. A Pool that is
    dropped ends, too, once its calls are done.
    """

    def __init__(
        self,
        module: _core.Module,
        *,
        device: _core.Device | Callable[[], _core.Device] | None = None,
        workers: int | None = None,
        imports: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
        wasi: _core._Wasi | Callable[[], _core._Wasi] | None = None,
        weights: _core._Weights | None = None,
        inputs: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
        engine: EngineKind | Literal["auto"] | None = None,
        prepare: str | Callable[[_core.Instance], object] | None = None,
    ) -> None:
        if not isinstance(module, _core.Module):
            raise TypeError(f"module must be a zcwasm.Module, not {type(module).__name__}")
        count = usable_cpus() if workers is None else index(workers)
        if count < 1:
            raise ValueError(f"workers is {count}, must be at least 1")
        for each in module.imports if count > 1 and not callable(imports) else ():
            if each.kind == "memory" or each.mutable:
                raise ValueError(
                    f"the module imports {'a mutable ' * bool(each.mutable)}{each.kind} ({each.module!r}, "
                    f"{each.name!r}), which {count} workers cannot share: give a callable that makes the "
                    "imports of each worker"
                )
        if not (prepare is None or isinstance(prepare, str) or callable(prepare)):
            raise TypeError(f"prepare must be an export's name or a callable, not {type(prepare).__name__}")
        self._functions = {each.name for each in module.exports if each.kind == "func"}
        if isinstance(prepare, str):
            self._check(prepare)
        self._module, self._workers = module, count
        recipe = Recipe(module, device, imports, wasi, weights, inputs, limits, engine, prepare)
        _at_exit()
        self._core = Core(recipe, count, "zcwasm pool", recipe.first())

    @property
    def workers(self) -> int:
        """How many items it works at at a time."""
        return self._workers

    @overload
    def map(
        self,
        work: str,
        *iterables: Iterable[Any],
        ordered: Literal[True] = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[Any]: ...

    @overload
    def map(
        self,
        work: str,
        *iterables: Iterable[Any],
        ordered: Literal[False],
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[tuple[int, Any]]: ...

    @overload
    def map(
        self,
        work: Callable[..., R],
        *iterables: Iterable[Any],
        ordered: Literal[True] = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[R]: ...

    @overload
    def map(
        self,
        work: Callable[..., R],
        *iterables: Iterable[Any],
        ordered: Literal[False],
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[tuple[int, R]]: ...

    def map(
        self,
        work: Work,
        *iterables: Iterable[Any],
        ordered: bool = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[Any]:
        """The results of work for each item, as the built-in map() has them, computed by all workers.

        work: the name of an export, called with the item (of several iterables, with one item of each), or a
            callable, which gets the worker's Instance first. What it returns is the result; an array over the
            instance's memory shows what later items leave there, so return a copy of what shall stay.
        ordered: results in the order of the items; else pairs (index, result) as they are done.
        inflight: how many items are taken ahead of what was read (default: 4 per worker, more where items
            take microseconds). Iterables are read lazily, by a thread of their own, and no further than that:
            who reads results slowly stops the reading.
        deadline, fuel: for each item, as for Instance.call. In a callable they bound its guest calls, and its
            waits for devices, together; what else it does is not cut short.
        progress: show a bar on stderr, by tqdm (pip install tqdm).
        errors: what an item raised is raised in its place, and ends the rest ("raise"), or stands in its
            place ("return"). It has the item's index as its attribute `item`. What iterables raise is raised
            after the results of what they gave before.
        """
        if not iterables:
            raise TypeError("map() needs at least one iterable")
        star = len(iterables) > 1
        source = zip(*iterables, strict=False) if star else iterables[0]
        total = _length(iterables) if progress else None
        return self._start(
            work, star, iter(source), ordered, inflight, deadline, fuel, progress, total, errors
        )

    @overload
    def starmap(
        self,
        work: str,
        items: Iterable[Iterable[Any]],
        *,
        ordered: Literal[True] = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[Any]: ...

    @overload
    def starmap(
        self,
        work: str,
        items: Iterable[Iterable[Any]],
        *,
        ordered: Literal[False],
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[tuple[int, Any]]: ...

    @overload
    def starmap(
        self,
        work: Callable[..., R],
        items: Iterable[Iterable[Any]],
        *,
        ordered: Literal[True] = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[R]: ...

    @overload
    def starmap(
        self,
        work: Callable[..., R],
        items: Iterable[Iterable[Any]],
        *,
        ordered: Literal[False],
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[tuple[int, R]]: ...

    def starmap(
        self,
        work: Work,
        items: Iterable[Iterable[Any]],
        *,
        ordered: bool = True,
        inflight: int | None = None,
        deadline: float | None = None,
        fuel: int | None = None,
        progress: bool = False,
        errors: _Errors = "raise",
    ) -> Results[Any]:
        """As map(), of items that are tuples of arguments."""
        total = _length((items,)) if progress else None
        return self._start(
            work, True, iter(items), ordered, inflight, deadline, fuel, progress, total, errors
        )

    def _start(
        self,
        work: Work,
        star: bool,
        iterator: Iterator[Any],
        ordered: bool,
        inflight: int | None,
        deadline: float | None,
        fuel: int | None,
        progress: bool,
        total: int | None,
        errors: str,
    ) -> Results[Any]:
        self._check(work)
        if errors not in ("raise", "return"):
            raise ValueError(f"errors is {errors!r}, must be 'raise' or 'return'")
        if inflight is not None and (inflight := index(inflight)) < 1:
            raise ValueError(f"inflight is {inflight}, must be at least 1")
        if progress:
            with needed_for("progress=True"):
                from tqdm import tqdm
        core = self._core.for_this_thread()
        job = Job(core, work, star, bool(ordered), inflight, deadline, fuel)
        results: Results[Any] = Results(self, job, errors == "return")
        core.start(job, iterator)
        if progress:
            results._bar = tqdm(total=total, file=sys.stderr)
        return results

    def submit(
        self,
        work: Work,
        /,
        *args: Any,
        deadline: float | None = None,
        fuel: int | None = None,
    ) -> Call:
        """One call, on the next worker that is free: an export by its name, or work(instance, *args).

        Returns a Call, which is a concurrent.futures.Future that can be awaited. Cancelling it before it
        began takes it back; later it interrupts the guest. Any number of calls may wait.
        """
        self._check(work)
        core = self._core.for_this_thread()
        call = _Submitted(on_guest(work), args, _core._Scope(deadline, fuel))
        try:
            core.submit(call)
        except BaseException:
            call.cancel()
            raise
        return call

    def _check(self, work: Work) -> None:
        if isinstance(work, str):
            if work not in self._functions:
                raise KeyError(f"the module exports no function {work!r}")
        elif isinstance(work, _core.Function):
            raise TypeError(f"work is a function of one instance: give its name, {work.__name__!r}")
        elif not callable(work):
            raise TypeError(f"work must be an export's name or a callable, not {type(work).__name__}")
        elif inspect.iscoroutinefunction(work):
            raise TypeError("work must not be a coroutine function: workers have no event loop")

    def stats(self) -> PoolStats:
        """What it has done so far, a PoolStats."""
        core: Core | None = self._core
        now, busy = monotonic(), tuple[float, ...]()
        items = failures = replaced = running = waiting = 0
        while core is not None:
            with core.lock:
                workers, waiting = tuple(core.workers), waiting + sum(len(job.pending) for job in core.jobs)
            items += sum(worker.items for worker in workers)
            failures += sum(worker.failures for worker in workers)
            replaced += sum(worker.replaced for worker in workers)
            since = [worker.since for worker in workers]
            running += sum(each > 0 for each in since)
            if core is self._core:
                busy = tuple(
                    worker.busy + (now - began if began else 0.0)
                    for worker, began in zip(workers, since, strict=True)
                )
            core = core.nested
        return PoolStats(items, failures, replaced, running, waiting, busy)

    def close(self, wait: bool = True) -> None:
        """End the pool. Calls that were submitted are done first; maps that were not read to their end are
        ended: reading them raises ClosedError. wait: until no worker is left. Ctrl-C meanwhile interrupts
        what runs. Closing twice is fine.
        """
        self._core.close(CLOSED, wait, cancel=False)

    def __enter__(self) -> Self:
        self._core.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._core.close(CLOSED, wait=True, cancel=kind is not None)

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is not None:
            core.drop("the pool is gone")

    def __repr__(self) -> str:
        closed = ", closed" if self._core.closing is not None else ""
        return f"<zcwasm.Pool of {self._module!r}, {self._workers} workers{closed}>"


CLOSED = "the pool is closed; results of a map are to be read before that, in its with block"


def _gate_here() -> AsyncGate:
    from ._pool_wait import gate_here  # imports asyncio, which takes longer than all of this package

    return gate_here()


class _Submitted(Call):
    """For which a worker waits no longer than its own item may take."""

    def result(self, timeout: float | None = None) -> Any:
        return super().result(self._attended(timeout))

    def exception(self, timeout: float | None = None) -> BaseException | None:
        return super().exception(self._attended(timeout))

    def _attended(self, timeout: float | None) -> float | None:
        """What is left of the timeout after a worker's wait in steps."""
        self._refuse_itself()
        if not in_pool():
            return timeout
        until = None if timeout is None else monotonic() + timeout
        try:
            while (left := STEP if until is None else min(STEP, until - monotonic())) > 0:
                with self._condition:
                    if self.done():
                        break
                    self._condition.wait(left)
                _core._Scope.check()
        except BaseException:
            self.cancel()
            raise
        return 0


def _length(iterables: tuple[Iterable[Any], ...]) -> int | None:
    try:
        return min(len(each) for each in iterables)  # type: ignore[arg-type]
    except TypeError:
        return None


@functools.cache
def _at_exit() -> None:
    """Before the package's own end at exit, which was registered earlier."""
    atexit.register(end_all)


for _public in (Pool, PoolStats, Results):
    _public.__module__ = "zcwasm"  # where users find them
del _public
