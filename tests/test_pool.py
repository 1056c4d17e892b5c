"""Pools: order, laziness, errors and what replaces an instance, cancelling, nesting, asynchronous consumers,
forks, the end of the process. What a pool costs is in benchmarks/pool.py."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import signal
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, wait
from concurrent.futures import TimeoutError as FutureTimeout  # a class of its own in Python 3.10
from typing import Any

import numpy as np
import pytest
from support import guest_path, resident_bytes, run_python

import zcwasm
from zcwasm import _pool_core

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

MODULE = zcwasm.Module(guest_path("basics"))
IMPORTS: dict[str, Any] = {"env": {"log": lambda value: None, "pair": lambda a, b: (b, a)}}
COUNTED = zcwasm.Limits(fuel=2**60)  # without a limit of fuel the engine wasmtime counts none


def make(workers: int = 2, **options: Any) -> zcwasm.Pool:
    return zcwasm.Pool(MODULE, workers=workers, **{"imports": IMPORTS} | options)


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return getattr(request, "param", {})


@pytest.fixture
def pool(engine: str, options: dict[str, Any]) -> Iterator[zcwasm.Pool]:
    with make(**options) as made:
        yield made


def pool_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("zcwasm pool")]


def soon(condition: Callable[[], object], seconds: float = 20) -> bool:
    """Whether it comes true; no test waits for longer than that."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


class Turnstile:
    """Lets callables through one by one, and says how many have come."""

    def __init__(self) -> None:
        self.come = 0
        self.passes = threading.Semaphore(0)

    def __call__(self, guest: zcwasm.Instance, item: Any) -> Any:
        self.come += 1
        assert self.passes.acquire(timeout=20)
        return item


# --- results ---


def test_an_export_by_name(pool: zcwasm.Pool) -> None:
    assert list(pool.map("add", range(1000), itertools.repeat(1))) == list(range(1, 1001))
    assert list(pool.starmap("add", zip(range(5), range(5), strict=True))) == [0, 2, 4, 6, 8]
    assert list(pool.map("identity_f64", [0.5, 1.5])) == [0.5, 1.5]
    assert list(pool.map("many", [1], [2], [3.5], [4.5])) == [(4.5, 3.5, 2, 1)]
    assert list(pool.map("add", [], [])) == []


def test_a_callable_gets_the_workers_instance_first(pool: zcwasm.Pool) -> None:
    def work(guest: zcwasm.Instance, item: int) -> tuple[int, int]:
        return guest.exports.add(item, 1), guest.memory.address

    results = list(pool.map(work, range(500)))
    assert [first for first, _ in results] == list(range(1, 501))
    assert 1 <= len({address for _, address in results}) <= 2
    assert list(pool.starmap(lambda guest, a, b: guest.exports.add(a, b), [(1, 2), (3, 4)])) == [3, 7]


def test_two_workers_work_at_the_same_time(pool: zcwasm.Pool) -> None:
    barrier = threading.Barrier(2, timeout=20)
    guests = set(pool.map(lambda guest, _: (barrier.wait(), id(guest))[1], range(2)))
    assert len(guests) == 2


@pytest.mark.parametrize("inflight", [None, 1, 2, 7])
def test_order(pool: zcwasm.Pool, inflight: int | None) -> None:
    def work(guest: zcwasm.Instance, item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item

    assert list(pool.map(work, range(30), inflight=inflight)) == list(range(30))
    pairs = list(pool.map(work, range(30), inflight=inflight, ordered=False))
    assert sorted(pairs) == [(item, item) for item in range(30)]


def test_as_completed_the_slow_one_comes_last(pool: zcwasm.Pool) -> None:
    go = threading.Event()

    def work(guest: zcwasm.Instance, item: int) -> int:
        assert item or go.wait(20)
        return item

    results = pool.map(work, range(6), ordered=False)
    assert [next(results)[0] for _ in range(5)] == [1, 2, 3, 4, 5]
    go.set()
    assert next(results) == (0, 0)
    assert list(results) == []


def test_a_slow_item_does_not_hold_back_those_before_it(pool: zcwasm.Pool) -> None:
    go = threading.Event()

    def work(guest: zcwasm.Instance, item: int) -> int:
        assert item != 500 or go.wait(20)
        return item

    results = pool.map(work, range(1000))
    assert list(itertools.islice(results, 500)) == list(range(500))
    # Nor those behind it, which the other worker does, as far as they may be taken ahead.
    assert soon(lambda: pool.stats().items > 500 and pool.stats().waiting == 0)
    go.set()
    assert list(results) == list(range(500, 1000))


def test_a_slow_iterable_does_not_hold_back_what_is_done(pool: zcwasm.Pool) -> None:
    go = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        yield 2
        assert go.wait(20)
        yield 3

    results = pool.map("add", items(), itertools.repeat(10))
    assert [next(results), next(results)] == [11, 12]
    assert pool.submit("add", 1, 1).result(20) == 2  # and no worker waits for it
    go.set()
    assert list(results) == [13]


@pytest.mark.parametrize("inflight", [1, 2, 5, None])
def test_a_slow_consumer_stops_the_reading(pool: zcwasm.Pool, inflight: int | None) -> None:
    taken = itertools.count()

    def items() -> Iterator[int]:
        for item in range(10**9):
            next(taken)
            yield item

    at_most = inflight or 8
    turnstile = Turnstile()
    results = pool.map(turnstile, items(), inflight=inflight)
    for delivered in range(5):
        due = min(2, at_most) + delivered
        assert soon(lambda due=due: turnstile.come == due)
        time.sleep(0.01)
        read = int(repr(taken)[6:-1])
        assert delivered < read <= delivered + at_most
        turnstile.passes.release()
        assert next(results) == delivered
    results.close()
    turnstile.passes.release(2)


def test_both_workers_have_work_where_the_first_item_is_slow(pool: zcwasm.Pool) -> None:
    """Whoever empties the queue wakes the reader, not only who takes results."""
    go = threading.Event()

    def work(guest: zcwasm.Instance, item: int) -> int:
        assert item or go.wait(20)
        return item

    results = pool.map(work, range(100), inflight=6)
    assert soon(lambda: pool.stats().items == 5)
    go.set()
    assert list(results) == list(range(100))


def test_an_endless_iterable(pool: zcwasm.Pool) -> None:
    results = pool.map("add", itertools.count(), itertools.repeat(1))
    assert list(itertools.islice(results, 1000)) == list(range(1, 1001))
    results.close()
    assert list(results) == []
    assert list(pool.map("add", range(3), range(3))) == [0, 2, 4]


def test_pipelines_of_maps(pool: zcwasm.Pool) -> None:
    with make(workers=1) as single:
        for each in (pool, single):
            first = each.map("add", range(300), itertools.repeat(1))
            second = each.map(lambda guest, item: guest.exports.add(item, item), first)
            assert list(each.map("add", second, itertools.repeat(5))) == [2 * i + 7 for i in range(300)]


def test_several_maps_take_turns(pool: zcwasm.Pool) -> None:
    endless = pool.map("add", itertools.count(), itertools.repeat(0), inflight=100)
    slow = pool.map(lambda guest, item: time.sleep(0.01), itertools.count())
    assert next(endless) == 0
    assert next(slow) is None
    assert list(pool.map("add", range(100), range(100))) == [2 * item for item in range(100)]
    assert pool.submit("add", 3, 4).result(20) == 7
    assert list(itertools.islice(endless, 100)) == list(range(1, 101))


def test_many_consumers_of_one_map(pool: zcwasm.Pool) -> None:
    results = pool.map("add", range(2000), itertools.repeat(0))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.extend(results)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == list(range(2000))


def test_a_signal_handler_cannot_read_in_the_middle_of_reading(pool: zcwasm.Pool) -> None:
    refused: list[str] = []

    def handler(*_: object) -> None:
        with pytest.raises(RuntimeError, match="waits for the next result") as info:
            next(results)
        refused.append(str(info.value))

    def work(guest: zcwasm.Instance, item: int) -> int:
        time.sleep(0.1)
        signal.raise_signal(signal.SIGINT) if item == 1 else None
        return item

    before = signal.signal(signal.SIGINT, handler)
    try:
        results = pool.map(work, range(4))
        assert list(results) == [0, 1, 2, 3]
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(refused) == 1


def test_a_task_and_a_thread_cannot_wait_for_one_result(pool: zcwasm.Pool) -> None:
    go = threading.Event()

    def work(guest: zcwasm.Instance, item: int) -> int:
        assert go.wait(20)
        return item

    async def main(first: Any, second: Any) -> None:
        thread = asyncio.create_task(asyncio.to_thread(list, first))
        while first._job.wanted < 0:
            await asyncio.sleep(0.001)
        with pytest.raises(RuntimeError, match="a thread"):
            await first.__anext__()
        task = asyncio.ensure_future(second.__anext__())
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="a task"):
            next(second)
        go.set()
        assert await task == 0
        assert await thread == [0, 1, 2]

    asyncio.run(main(pool.map(work, range(3)), pool.map(work, range(3))))


def test_nothing_is_copied(pool: zcwasm.Pool) -> None:
    barrier = threading.Barrier(2, timeout=20)
    list(pool.map(lambda guest, _: barrier.wait(), range(2)))  # an instance's segments are
    before = zcwasm.copy_stats()
    assert sum(pool.map("add", range(1000), itertools.repeat(1))) == 500500
    assert zcwasm.copy_stats() == before


def test_the_progress_bar(pool: zcwasm.Pool, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    assert list(pool.map("add", range(20), range(30), progress=True)) == [2 * item for item in range(20)]
    out, err = capsys.readouterr()
    assert out == ""
    assert "20/20" in err


# --- arguments ---


def test_what_is_refused(pool: zcwasm.Pool) -> None:
    function = zcwasm.Instance(MODULE, imports=IMPORTS).exports.add
    refused: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: pool.map("add"), TypeError, "at least one iterable"),
        (lambda: pool.map("nope", [1]), KeyError, "no function 'nope'"),
        (lambda: pool.map("memory", [1]), KeyError, "no function 'memory'"),
        (lambda: pool.submit("nope"), KeyError, "no function 'nope'"),
        (lambda: pool.map(5, [1]), TypeError, "work must be"),  # type: ignore[call-overload]
        (lambda: pool.map(function, [1]), TypeError, "give its name, 'add'"),
        (lambda: pool.map(asyncio.sleep, [1]), TypeError, "coroutine function"),
        (lambda: pool.map("add", 5), TypeError, "not iterable"),  # type: ignore[call-overload]
        (lambda: pool.map("add", [1], errors="keep"), ValueError, "errors is 'keep'"),  # type: ignore[call-overload]
        (lambda: pool.map("add", [1], inflight=0), ValueError, "inflight is 0"),
        (lambda: pool.map("add", [1], deadline=-1), ValueError, "deadline is -1"),
        (lambda: pool.map("add", [1], fuel=-1), ValueError, "fuel is -1"),
        (lambda: make(workers=0), ValueError, "workers is 0"),
        (lambda: make(prepare=5), TypeError, "prepare must be"),
        (lambda: make(prepare="nope"), KeyError, "no function 'nope'"),
        (lambda: zcwasm.Pool("x.wasm"), TypeError, "module must be"),  # type: ignore[arg-type]
        (lambda: zcwasm.Pool(MODULE), zcwasm.LinkError, "log"),
    ]
    for refuse, kind, said in refused:
        with pytest.raises(kind, match=said):
            refuse()
    assert list(pool.map("add", [1], [2])) == [3]


def test_what_workers_cannot_share() -> None:
    module = zcwasm.Module(guest_path("imports"))
    kinds = {each.kind for each in module.imports}
    assert {"memory", "global"} <= kinds
    with pytest.raises(ValueError, match="a callable that makes the imports"):
        zcwasm.Pool(module, workers=2, imports={})
    with pytest.raises(zcwasm.LinkError):  # one worker shares with nobody
        zcwasm.Pool(module, workers=1, imports={})
    with pytest.raises(zcwasm.LinkError):
        zcwasm.Pool(module, workers=2, imports=dict)


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if "worker" in thread.name:
            raise RuntimeError("can't start new thread")
        start(thread)

    with make() as pool:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                list(pool.map("add", [1], [2]))
            with pytest.raises(RuntimeError, match="can't start new thread"):
                pool.submit("add", 1, 2)
        assert list(pool.map("add", [1], [2])) == [3]
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert list(pool.map(lambda guest, item: time.sleep(0.001) or item, range(20))) == [*range(20)]


def test_each_worker_its_own() -> None:
    made: Counter[str] = Counter()

    def device() -> zcwasm.Device:
        made["device"] += 1
        return zcwasm.Device("cpu", threads=1)

    def imports() -> dict[str, Any]:
        made["imports"] += 1
        return IMPORTS

    barrier = threading.Barrier(2, timeout=20)
    with make(device=device, imports=imports) as pool:
        devices = list(pool.map(lambda guest, _: (barrier.wait(), guest.device)[1], range(2)))
    assert made == {"device": 2, "imports": 2}
    assert devices[0] is not devices[1]


# --- errors ---


def test_an_error_is_raised_in_its_place(pool: zcwasm.Pool) -> None:
    results = pool.map("divide", [6, 6, 6, 6], [1, 2, 0, 3])
    assert [next(results), next(results)] == [6, 3]
    with pytest.raises(zcwasm.Trap) as raised:
        next(results)
    assert raised.value.kind == "integer_divide_by_zero"
    assert raised.value.item == 2  # type: ignore[attr-defined]
    assert "in divide" in str(raised.value)
    assert list(results) == []
    assert list(pool.map("divide", [6], [2])) == [3]


def test_an_error_stands_in_its_place(pool: zcwasm.Pool) -> None:
    found = list(pool.map("divide", [6] * 50, [1, 0] * 25, errors="return"))
    assert [item for item in found if not isinstance(item, zcwasm.Trap)] == [6] * 25
    assert [item.item for item in found if isinstance(item, zcwasm.Trap)] == list(range(1, 50, 2))
    pairs = dict(pool.map("divide", [6, 6], [0, 3], errors="return", ordered=False))
    assert isinstance(pairs[0], zcwasm.Trap)
    assert pairs[1] == 2
    stats = pool.stats()
    assert (stats.items, stats.failures, stats.replaced) == (52, 26, 26)


def test_what_a_callable_raises(pool: zcwasm.Pool) -> None:
    def work(guest: zcwasm.Instance, item: int) -> int:
        raise LookupError(item)

    with pytest.raises(LookupError) as raised:
        next(pool.map(work, [7]))
    assert raised.value.item == 0  # type: ignore[attr-defined]
    frames = []
    trace = raised.value.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert frames[-1] == "work"
    assert "_turn" not in frames
    assert pool.stats().replaced == 0  # the guest is as it was


@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration])
def test_an_item_cannot_end_the_iteration(pool: zcwasm.Pool, kind: type[Exception]) -> None:
    def work(guest: zcwasm.Instance, item: int) -> int:
        raise kind

    with pytest.raises(RuntimeError, match=f"an item, or an iterable, raised {kind.__name__}"):
        list(pool.map(work, [1, 2]))


def test_what_an_iterable_raises(pool: zcwasm.Pool) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError("no more")

    results = pool.map("add", items(), itertools.repeat(1))
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(LookupError, match="no more"):
        next(results)
    assert list(results) == []
    with pytest.raises(LookupError, match="no more"):
        list(pool.map("add", items(), itertools.repeat(1), errors="return", ordered=False))


def test_an_item_of_a_wrong_type(pool: zcwasm.Pool) -> None:
    found = list(pool.map("add", ["x", 1, 2**40], [1, 1, 1], errors="return"))
    assert [type(item) for item in found] == [TypeError, int, OverflowError]
    assert pool.stats().replaced == 0  # the guest did not run


def test_a_spoilt_instance_is_replaced_also_when_the_callable_hides_it() -> None:
    def work(guest: zcwasm.Instance, item: int) -> int:
        counter = guest.exports.counter
        before = int(counter.value)
        counter.value = 99
        if item % 2:
            with contextlib.suppress(zcwasm.Trap):
                guest.exports.unreachable()
        return before

    with make(workers=1) as pool:
        assert list(pool.map(work, range(6))) == [5, 99, 5, 99, 5, 99]
        assert pool.stats().replaced == 3


def test_a_host_functions_error_spoils_the_instance() -> None:
    def log(value: int) -> None:
        raise LookupError(value)

    with make(workers=1, imports={"env": {"log": log, "pair": IMPORTS["env"]["pair"]}}) as pool:
        with pytest.raises(LookupError, match="5"):
            list(pool.map("call log!", [5]))
        assert pool.submit("add", 1, 1).result(20) == 2
        assert pool.stats().replaced == 1


def test_a_closed_instance_is_replaced() -> None:
    with make(workers=1) as pool:
        assert list(pool.map(lambda guest, item: guest.close(), range(3))) == [None] * 3
        assert pool.stats().replaced == 3


# --- preparation ---


def prepare(guest: zcwasm.Instance) -> None:
    guest.memory.array(1024, 4, np.int32)[:] = 77
    guest.exports.counter.value = 6


def look(guest: zcwasm.Instance, item: int) -> tuple[int, int]:
    found = int(guest.memory.array(1024, 4, np.int32)[item % 4]), int(guest.exports.counter.value)
    guest.exports.counter.value = 1
    if item % 3 == 2:
        guest.exports.unreachable()
    return found


def test_workers_are_forks_of_a_prepared_instance() -> None:
    prepared = []
    with make(workers=1, prepare=lambda guest: (prepared.append(1), prepare(guest))) as pool:
        found = list(pool.map(look, range(9), errors="return"))
        assert pool.stats().replaced == 3
    assert prepared == [1]
    assert [item for item in found if not isinstance(item, zcwasm.Trap)] == [(77, 6), (77, 1)] * 3


def test_where_none_can_be_forked_each_is_prepared() -> None:
    prepared = []
    with make(workers=1, imports=lambda: IMPORTS, prepare=lambda guest: prepared.append(guest)) as pool:
        list(pool.map("divide", [1] * 4, [0, 1, 0, 1], errors="return"))
    assert len(prepared) == 3


def test_preparation_by_an_export() -> None:
    with make(workers=2, prepare="count") as pool:
        assert set(pool.map(lambda guest, _: int(guest.exports.counter.value), range(10))) == {6}


def test_what_preparation_raises() -> None:
    with pytest.raises(zcwasm.Trap):
        make(prepare="unreachable")

    once = []

    def fails_later(guest: zcwasm.Instance) -> None:
        once.append(1)
        if len(once) == 2:
            raise LookupError("the second")

    with make(workers=1, imports=lambda: IMPORTS, prepare=fails_later) as pool:
        list(pool.map("unreachable", [], errors="return"))
        found = list(pool.starmap("divide", [(1, 0), (4, 2), (4, 1)], errors="return"))
        assert [type(item) for item in found] == [zcwasm.Trap, LookupError, int]


# --- bounds and cancelling ---


def test_the_deadline_of_an_item(pool: zcwasm.Pool) -> None:
    began = time.monotonic()
    found = list(pool.starmap("spin", [()] * 4, deadline=0.05, errors="return"))
    assert [item.kind for item in found] == ["deadline"] * 4
    assert time.monotonic() - began < 15

    def work(guest: zcwasm.Instance, item: int) -> int:
        if item == 1:
            guest.exports.spin()
        return item

    found = list(pool.map(work, range(3), deadline=0.05, errors="return"))
    assert (found[0], found[1].kind, found[2]) == (0, "deadline", 2)
    assert pool.stats().replaced == 5


@pytest.mark.parametrize("options", [{"limits": COUNTED}], indirect=True)
def test_the_fuel_of_an_item(pool: zcwasm.Pool) -> None:
    found = list(pool.map("spin_for", [10, 10**6, 10], fuel=10_000, errors="return"))
    assert [isinstance(item, zcwasm.Trap) and item.kind for item in found] == [False, "out_of_fuel", False]

    def work(guest: zcwasm.Instance, item: int) -> None:
        for _ in range(item):  # all of them together
            guest.exports.spin_for(100)

    found = list(pool.map(work, [1, 1000, 1], fuel=10_000, errors="return"))
    assert (found[0], found[1].kind, found[2]) == (None, "out_of_fuel", None)


def test_closing_results_interrupts_what_runs(pool: zcwasm.Pool) -> None:
    results = pool.starmap("spin", itertools.repeat(()))
    assert soon(lambda: pool.stats().running == 2)
    results.close()
    assert soon(lambda: pool.stats().running == 0)
    assert list(results) == []
    assert list(pool.map("add", [1], [2])) == [3]


def test_dropping_results_ends_their_work(pool: zcwasm.Pool) -> None:
    reading = weakref.WeakSet[Any]()

    class Items:
        def __iter__(self) -> Iterator[tuple[()]]:
            return itertools.repeat(())

    items = Items()
    reading.add(items)
    results = pool.starmap("spin", items)
    del items
    assert soon(lambda: pool.stats().running == 2)
    del results
    gc.collect()
    assert soon(lambda: pool.stats().running == 0)
    assert soon(lambda: not reading)
    assert soon(lambda: not any("reader" in name for name in pool_threads()))


def test_finalisers_may_submit(pool: zcwasm.Pool) -> None:
    calls = []

    class Item:
        def __init__(self) -> None:
            self.itself = self  # for the garbage collector, at any allocation

        def __del__(self) -> None:
            calls.append(pool.submit("add", 1, 2))
            calls.append(pool.map("add", [1], [2]))

    threshold = gc.get_threshold()
    gc.set_threshold(5)
    try:
        for _ in range(100):
            assert list(pool.map(lambda guest, item: None, (Item() for _ in range(3)))) == [None] * 3
            pool.submit(lambda guest: None).result(20)
    finally:
        gc.set_threshold(*threshold)
    # Another thread may be collecting, which makes this thread's collection do nothing.
    assert soon(lambda: gc.collect() >= 0 and len(calls) == 600)
    assert {call.result(20) for call in calls[::2]} == {3}
    assert [list(results) for results in calls[1::2]] == [[3]] * 300


def test_a_dropped_map_closes_its_generator(pool: zcwasm.Pool) -> None:
    ended = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            ended.set()

    results = pool.map("add", items(), itertools.repeat(1))
    assert next(results) == 1
    del results
    assert ended.wait(20)


@pytest.mark.parametrize("case", ["a call", "a map", "a map that runs"])
def test_a_dropped_pool_ends(case: str) -> None:
    pool = make()
    results = pool.starmap("spin", itertools.repeat(())) if case != "a call" else None
    call = pool.submit("add", 1, 2)
    while case == "a map that runs" and not pool.stats().running:
        time.sleep(0.002)
    del results, pool
    gc.collect()
    assert call.result(20) == 3
    assert soon(lambda: not pool_threads()), pool_threads()


def test_results_keep_their_pool() -> None:
    results = make().map("add", range(1000), range(1000))
    gc.collect()
    assert sum(results) == 999 * 1000
    del results
    assert soon(lambda: not pool_threads())


def test_closing_in_the_middle() -> None:
    pool = make()
    results = pool.map("add", itertools.count(), itertools.count())
    assert next(results) == 0
    calls = [pool.submit(lambda guest: time.sleep(0.01) or 5) for _ in range(10)]
    pool.close()
    assert not pool_threads()
    assert [call.result(0) for call in calls] == [5] * 10
    with pytest.raises(zcwasm.ClosedError, match="the pool is closed"):
        list(results)
    for use in (lambda: pool.map("add", [1]), lambda: pool.submit("add", 1, 1), pool.__enter__):
        with pytest.raises(zcwasm.ClosedError):
            use()
    pool.close()


def test_an_exception_leaves_the_block_without_waiting_for_calls() -> None:
    calls = []

    def leave() -> None:
        with make() as pool:
            calls.extend(pool.submit("spin") for _ in range(5))
            assert soon(lambda: pool.stats().running == 2)
            raise LookupError

    with pytest.raises(LookupError):
        leave()
    assert not pool_threads()
    assert all(call.cancelled() for call in calls)


def test_a_consumer_that_waits_is_told_of_the_end() -> None:
    pool = make()
    results = pool.starmap("spin", itertools.repeat(()))
    errors = []

    def consume() -> None:
        with pytest.raises(zcwasm.ClosedError) as raised:
            next(results)
        errors.append(raised)

    thread = threading.Thread(target=consume)
    thread.start()
    assert soon(lambda: pool.stats().running == 2)
    pool.close()
    thread.join(20)
    assert errors
    assert not pool_threads()


PROGRAM = """
    import itertools, os, signal, threading, time
    from support import guest_path
    import zcwasm

    imports = {"env": {"log": lambda value: None, "pair": lambda a, b: (b, a)}}
    module = zcwasm.Module(guest_path("basics"))
    signal.signal(signal.SIGINT, signal.default_int_handler)
"""


@pytest.mark.parametrize(
    "wait",
    [
        "for _ in pool.starmap('spin', itertools.repeat(())): pass",
        "for _ in pool.map(lambda guest, item: time.sleep(0.01), itertools.count()): time.sleep(60)",
        "pool.submit('spin').result()",
        "pool.submit('spin'); pool.close()",
    ],
)
def test_ctrl_c(wait: str) -> None:
    out = run_python(
        PROGRAM
        + f"""
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        with zcwasm.Pool(module, workers=2, imports=imports) as pool:
            {wait}
    except KeyboardInterrupt:
        left = [each.name for each in threading.enumerate() if "zcwasm" in each.name]
        print("interrupted", left)
    """
    )
    assert out == "interrupted []\n"


@pytest.mark.slow
def test_ctrl_c_at_any_moment() -> None:
    out = run_python(
        PROGRAM
        + """
    import random, sys
    zcwasm.Pool  # imported now: Ctrl-C in the middle of an import breaks the module
    rng = random.Random(1)
    def interrupt(*_):  # once more where a finaliser of the interpreter's own swallowed it
        threading.Timer(rng.random() * 0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
    sys.unraisablehook = interrupt
    for turn in range(200):
        try:
            interrupt()
            with zcwasm.Pool(module, workers=2, imports=imports) as pool:
                if turn % 4 == 0:
                    for _ in pool.map("add", itertools.count(), itertools.repeat(1)): pass
                elif turn % 4 == 1:
                    for _ in pool.starmap("spin", itertools.repeat(())): pass
                while turn % 4 == 2:
                    list(pool.map(lambda guest, item: guest.exports.add(item, 1), range(50)))
                while True:
                    [call.result() for call in [pool.submit("spin_for", 1000) for _ in range(50)]]
        except KeyboardInterrupt:
            pool = None
        for _ in range(2000):
            left = [each.name for each in threading.enumerate() if "zcwasm" in each.name]
            if not left:
                break
            time.sleep(0.01)
        assert not left, (turn, left)
    print("done")
    """
    )
    assert out == "done\n"


class Interrupt:
    """KeyboardInterrupt before the n-th instruction of some functions, on this thread."""

    def __init__(self, count: int, *functions: Any) -> None:
        self.left, self.codes = count, {function.__code__ for function in functions}

    def __call__(self, frame: Any, event: str, argument: object) -> Any:
        if frame.f_code in self.codes:
            frame.f_trace_opcodes = True
            return self.step
        return None

    def step(self, frame: Any, event: str, argument: object) -> Any:
        self.left -= event == "opcode"
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self.step

    def run(self, act: Callable[[], object]) -> bool:
        """Whether it came."""
        before = sys.gettrace()
        try:
            sys.settrace(self)
            act()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False


def ends(act: Callable[[], object]) -> bool:
    """Whether it comes back, on another thread."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


@pytest.mark.parametrize("ordered", [True, False])
def test_ctrl_c_at_each_step_of_taking_a_result(pool: zcwasm.Pool, ordered: bool) -> None:
    for count in itertools.count(1):
        results: Any = pool.map("add", range(4), range(4), ordered=ordered)
        came = Interrupt(count, _pool_core.Job.take).run(lambda results=results: next(results))
        left: list[Any] = []
        assert ends(lambda left=left, results=results: left.extend(results))
        if not came:
            break
        assert left == []  # a result may be lost, so there are no more
    assert count > 20


def test_ctrl_c_at_each_step_of_a_submission() -> None:
    for idle in (False, True):
        for count in itertools.count(1):
            pool = make(1)
            if idle:
                pool.submit("nothing").result(20)
                assert soon(lambda pool=pool: pool._core.idle)
            wake = Interrupt(count, _pool_core.Core._wake)
            came = wake.run(lambda pool=pool: pool.submit("nothing"))
            assert pool.submit("add", 1, 2).result(20) == 3
            assert ends(pool.close)
            if not came:
                break
        assert count > 10
    assert soon(lambda: not pool_threads())


def test_ctrl_c_while_a_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt  # which comes where this waits for the thread

    with make(2) as pool:
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.submit("nothing")
        monkeypatch.undo()
        assert soon(lambda: not pool_threads())  # what has begun has no part in the pool
        barrier = threading.Barrier(2, timeout=20)
        guests = set(pool.map(lambda guest, _: (barrier.wait(), id(guest))[1], range(2)))
        assert len(guests) == 2
    assert soon(lambda: not pool_threads())


def test_ctrl_c_at_each_step_of_closing_results() -> None:
    for count in itertools.count(1):
        pool = make(1)
        results = pool.starmap("spin", itertools.repeat(()))
        assert soon(lambda pool=pool: pool.stats().running)
        came = Interrupt(count, _pool_core.Job.cancel).run(results.close)
        assert ends(lambda pool=pool: pool.__exit__(KeyboardInterrupt, None, None))
        if not came:
            break
    assert count > 20
    assert soon(lambda: not pool_threads())


def test_the_interpreter_ends_with_pools_at_work() -> None:
    began = time.monotonic()
    run_python(
        PROGRAM
        + """
    pool = zcwasm.Pool(module, workers=2, imports=imports)
    spinning = pool.starmap("spin", itertools.repeat(()))
    more = pool.map(lambda guest, item: time.sleep(0.01), itertools.count())
    calls = [pool.submit("spin") for _ in range(10)]
    def blocks():
        yield ()
        time.sleep(60)
    held = pool.starmap("nothing", blocks())
    other = zcwasm.Pool(module, workers=1, imports=imports)
    never = other.submit(lambda guest: time.sleep(60))
    time.sleep(0.1)
    """
    )
    assert time.monotonic() - began < 30


def test_cancelling_calls(pool: zcwasm.Pool) -> None:
    calls = [pool.submit("spin") for _ in range(20)]
    assert soon(lambda: pool.stats().running == 2)
    assert all(call.cancel() for call in calls)
    wait(calls, 20)
    for call in calls:
        with pytest.raises(CancelledError):
            call.result(0)
    assert pool.submit("add", 1, 2).result(20) == 3
    assert pool.stats().replaced == 2


@pytest.mark.parametrize("options", [{"limits": COUNTED}], indirect=True)
def test_what_a_call_raises(pool: zcwasm.Pool) -> None:
    assert pool.submit(lambda guest, a: guest.exports.add(a, a), 4).result(20) == 8
    with pytest.raises(zcwasm.Trap, match="unreachable"):
        pool.submit("unreachable").result(20)
    with pytest.raises(zcwasm.Trap) as raised:
        pool.submit("spin", deadline=0.05).result(20)
    assert raised.value.kind == "deadline"
    with pytest.raises(zcwasm.Trap) as raised:
        pool.submit("spin_for", 10**6, fuel=1000).result(20)
    assert raised.value.kind == "out_of_fuel"
    with pytest.raises(TypeError):
        pool.submit("add", 1).result(20)
    assert soon(lambda: pool.stats().items == 5)
    assert (pool.stats().failures, pool.stats().replaced) == (4, 3)


def test_what_a_failed_instance_does_to_a_call() -> None:
    made = []

    def once() -> dict[str, Any]:
        made.append(1)
        if len(made) == 2:
            raise LookupError("the second")
        return IMPORTS

    with make(workers=1, imports=once) as pool:
        with pytest.raises(zcwasm.Trap):
            pool.submit("unreachable").result(20)
        with pytest.raises(LookupError, match="the second"):
            pool.submit("add", 1, 1).result(20)
        assert pool.submit("add", 1, 1).result(20) == 2


# --- workers that use their pool ---


@pytest.mark.parametrize("workers", [1, 2])
def test_maps_in_maps(workers: int) -> None:
    with make(workers=workers) as pool:

        def work(guest: zcwasm.Instance, item: int, depth: int) -> int:
            if depth == 0:
                return guest.exports.add(item, 1)
            return sum(pool.starmap(work, [(item, depth - 1)] * 3))

        assert list(pool.starmap(work, [(item, 3) for item in range(4)])) == [27 * (i + 1) for i in range(4)]
        assert pool.stats().items == 4 * (1 + 3 + 9 + 27)
    assert not pool_threads()


def test_calls_from_workers() -> None:
    with make(workers=1) as pool, make(workers=1) as other:

        def around(guest: zcwasm.Instance, item: int) -> int:
            return other.submit(back, item).result(20) + pool.submit("add", item, item).result(20)

        def back(guest: zcwasm.Instance, item: int) -> int:
            return pool.submit("add", item, 1).result(20)  # whose only worker waits for this

        assert list(pool.map(around, range(5))) == [3 * item + 1 for item in range(5)]


def test_an_iterable_that_uses_the_pool(pool: zcwasm.Pool) -> None:
    def items(depth: int) -> Iterator[int]:
        for item in range(5):
            yield pool.submit("add", item, depth).result(20)

    def work(guest: zcwasm.Instance, item: int) -> int:
        return sum(pool.map("add", items(item), itertools.repeat(0)))

    assert list(pool.map(work, items(0))) == [10, 15, 20, 25, 30]


def test_a_worker_cannot_wait_for_its_own_end(pool: zcwasm.Pool) -> None:
    with pytest.raises(RuntimeError, match="cannot wait for the end of its own pool"):
        pool.submit(lambda guest: pool.close()).result(20)
    assert pool.submit(lambda guest: pool.close(wait=False)).result(20) is None
    with pytest.raises(zcwasm.ClosedError):
        pool.map("add", [1], [2])


def test_what_ends_an_item_ends_its_waits(pool: zcwasm.Pool) -> None:
    def by_map(guest: zcwasm.Instance, item: int) -> None:
        list(pool.starmap("spin", itertools.repeat(())))

    def by_call(guest: zcwasm.Instance, item: int) -> None:
        pool.submit("spin").result()

    for work in (by_map, by_call):
        found = list(pool.map(work, [1, 2], deadline=0.1, errors="return"))
        assert [item.kind for item in found] == ["deadline"] * 2
        assert soon(lambda: pool.stats().running == 0)
        results = pool.map(work, range(5))
        assert soon(lambda: pool.stats().running == 4)
        results.close()
        assert soon(lambda: pool.stats().running == 0)
        call = pool.submit(work, 1)
        assert soon(lambda: pool.stats().running >= 2)
        assert call.cancel()
        assert soon(lambda: pool.stats().running == 0)
        with pytest.raises(CancelledError):
            call.result(20)


def test_a_worker_that_asks_again_and_again_leaves_nothing_behind(pool: zcwasm.Pool) -> None:
    def work(guest: zcwasm.Instance, call: Any) -> int:
        for _ in range(10):
            with contextlib.suppress(TimeoutError, FutureTimeout):
                call.result(0.001)
        return len(call._done_callbacks)

    slow = pool.submit("spin", deadline=20)
    assert next(pool.map(work, [slow])) == 0
    assert slow.cancel()


def test_the_end_of_a_pipeline_ends_what_comes_before(pool: zcwasm.Pool) -> None:
    endless = pool.starmap("spin", itertools.repeat(()))
    results = pool.map("add", endless, itertools.repeat(1))
    del endless
    assert soon(lambda: pool.stats().running == 2)
    results.close()
    assert soon(lambda: pool.stats().running == 0)
    assert soon(lambda: not any("reader" in name for name in pool_threads()))


# --- tasks ---


def in_asyncio(function: Callable[[], Any]) -> Any:
    return asyncio.run(function())


def in_trio(function: Callable[[], Any]) -> Any:
    trio = pytest.importorskip("trio", reason="trio is not installed")
    return trio.run(function)


each_library = pytest.mark.parametrize("run", [in_asyncio, in_trio])


async def sleep(seconds: float) -> None:
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        await trio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


@each_library
def test_async_for(pool: zcwasm.Pool, run: Callable[..., Any]) -> None:
    async def main() -> None:
        found = [item async for item in pool.map("add", range(3000), itertools.repeat(1))]
        assert found == list(range(1, 3001))
        slow = pool.map(lambda guest, item: time.sleep(0.002) or item, range(20), ordered=False)
        assert sorted([pair async for pair in slow]) == [(item, item) for item in range(20)]
        with pytest.raises(zcwasm.Trap):
            async for _ in pool.map("divide", [1, 1], [1, 0]):
                pass
        assert await pool.submit("add", 1, 2) == 3

    run(main)


def test_other_tasks_run_while_results_are_ready(pool: zcwasm.Pool) -> None:
    async def main() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(tick())
        async for _ in pool.map("add", range(30000), itertools.repeat(1)):
            pass
        task.cancel()
        assert ticks > 2

    asyncio.run(main())


def test_no_result_is_lost_where_a_task_lets_others_run(
    pool: zcwasm.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcwasm._pool.REST", 0)

    async def main() -> list[Any]:
        results = pool.map("add", range(4), range(4))
        assert soon(lambda: pool.stats().items == 4)
        task = asyncio.ensure_future(results.__anext__())
        await asyncio.sleep(0)  # it rests
        with pytest.raises(RuntimeError, match="another task"):
            await results.__anext__()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [item async for item in results]

    assert asyncio.run(main()) == []  # it ended with the task, as everywhere


def test_cancelling_a_task_stops_the_guests(pool: zcwasm.Pool) -> None:
    async def consume() -> None:
        async for _ in pool.starmap("spin", itertools.repeat(())):
            pass

    async def main() -> None:
        task = asyncio.create_task(consume())
        while pool.stats().running < 2:
            await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert soon(lambda: pool.stats().running == 0)


def test_a_thousand_awaiting_calls_are_cancelled() -> None:
    regions = zcwasm._core._region_count()

    async def main() -> None:
        with make() as pool:
            tasks = [asyncio.ensure_future(wrapped(pool)) for _ in range(1000)]
            while pool.stats().running < 2:
                await asyncio.sleep(0.002)
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(each) for each in done} == {asyncio.CancelledError}

    async def wrapped(pool: zcwasm.Pool) -> None:
        await pool.submit("spin")

    asyncio.run(main())
    gc.collect()
    assert not pool_threads()
    assert soon(lambda: gc.collect() >= 0 and zcwasm._core._region_count() <= regions)


def test_cancelling_in_trio_stops_the_guests(pool: zcwasm.Pool) -> None:
    trio = pytest.importorskip("trio", reason="trio is not installed")

    async def main() -> None:
        with trio.move_on_after(0.1):
            async for _ in pool.starmap("spin", itertools.repeat(())):
                pass

    trio.run(main)
    assert soon(lambda: pool.stats().running == 0)


def test_two_tasks_cannot_wait_for_one_result(pool: zcwasm.Pool) -> None:
    async def main() -> None:
        results = pool.starmap("spin", itertools.repeat(()))
        first = asyncio.ensure_future(anext(results))
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(results)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(main())


# --- many, long, and other processes ---


def test_many_pools_are_made_and_dropped() -> None:
    regions = zcwasm._core._region_count()
    for count in range(300):
        pool = make()
        assert next(pool.map("add", itertools.count(), itertools.count())) == 0
        if count % 3 == 0:
            pool.close()
        elif count % 3 == 1:
            pool.close(wait=False)
    del pool
    gc.collect()
    assert soon(lambda: not pool_threads())
    assert soon(lambda: gc.collect() >= 0 and zcwasm._core._region_count() <= regions)


@pytest.mark.slow
@pytest.mark.footprint
def test_a_million_items_take_no_memory(pool: zcwasm.Pool) -> None:
    def tasks() -> Iterator[Any]:
        yield pool.map("add", range(1_000_000), itertools.repeat(1))
        yield pool.map("add", range(1_000_000), itertools.repeat(1), ordered=False)

    list(pool.map("add", range(10_000), itertools.repeat(1)))
    before = resident_bytes()
    for results in tasks():
        for place, _ in enumerate(results):
            if place % 100_000 == 0:
                assert resident_bytes() - before < 4 << 20
        assert place == 999_999


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="ASan's allocator does not survive such forks"
)
def test_a_child_of_a_fork() -> None:
    out = run_python(
        PROGRAM
        + """
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    pool = zcwasm.Pool(module, workers=2, imports=imports)
    results = pool.map("add", itertools.count(), itertools.count())
    slow = pool.map(lambda guest, item: time.sleep(0.001), itertools.count())
    next(results), next(slow)
    waiting = pool.map("add", iter(threading.Event().wait, None), [1])
    threading.Thread(target=lambda: next(waiting, None), daemon=True).start()
    while waiting._job.wanted < 0:
        time.sleep(0.001)
    for _ in range(20):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            for use in (lambda: pool.map("add", [1], [2]), lambda: pool.submit("add", 1, 2),
                        lambda: list(slow), lambda: list(results), lambda: next(waiting)):
                try:
                    use()
                except zcwasm.ClosedError as error:
                    assert "parent" in str(error)
                else:
                    os._exit(1)
            pool.close()
            with zcwasm.Pool(module, workers=2, imports=imports) as own:
                assert list(own.map("add", range(5), range(5))) == [0, 2, 4, 6, 8]
            del pool, results, slow, waiting
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert next(results) is not None
        next(slow)
    pool.close()
    print("done")
    """
    )
    assert out == "done\n"
