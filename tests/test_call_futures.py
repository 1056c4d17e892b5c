"""Calls with bounds of their own, and calls that were submitted: Instance.call, Instance.submit, Call."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import math
import random
import sys
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support import basics, run_python

import zcwasm
from zcwasm import Limits, _call, _core
from zcwasm._threads import MOST, Threads

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here
COUNTED = Limits(fuel=2**60)  # without a limit of fuel the engine wasmtime counts none


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("zcwasm call")]


def wait_until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def nothing_left(regions: int, *refs: weakref.ref[Any]) -> None:
    """No thread a second after the last call, no call, no instance."""
    gc.collect()
    assert not _call._unfinished
    assert not _call._running
    wait_until(lambda: not workers(), seconds=10)
    assert [ref() for ref in refs if ref() is not None] == []
    assert _core._region_count() == regions


@pytest.fixture
def regions() -> int:
    gc.collect()
    return _core._region_count()


def with_log(log: Callable[[int], object], **options: Any) -> zcwasm.Instance:
    return basics(imports={"env": {"log": log, "pair": lambda a, b: (b, a)}}, **options)


def trapped(run: Callable[[], object], kind: str) -> zcwasm.Trap:
    with pytest.raises(zcwasm.Trap) as caught:
        run()
    assert caught.value.kind == kind
    return caught.value


# --- bounds of one call ---


def test_call_is_a_call() -> None:
    guest = basics(limits=COUNTED)
    assert guest.call("add", 2, 3) == 5
    assert guest.call("call_pair", 1, 2) == (2, 1)
    assert guest.call("add", 2, 3, deadline=None, fuel=None) == 5
    assert guest.call("add", 2, 3, deadline=10, fuel=10**6) == 5
    with pytest.raises(KeyError, match="the module has no export 'nope'"):
        guest.call("nope")
    with pytest.raises(TypeError, match=r"name must be that of an exported function, not zcwasm\.Memory"):
        guest.call("memory")
    for wrong, error, text in (
        ({"deadline": -1}, ValueError, "deadline is -1, must be from 0 to 1e9 seconds"),
        ({"deadline": float("nan")}, ValueError, "deadline is nan"),
        ({"deadline": "1"}, TypeError, "deadline must be a number of seconds or None, not str"),
        ({"fuel": -1}, ValueError, r"fuel is -1, must be from 0 to 2\*\*64 - 1"),
        ({"fuel": 1.5}, TypeError, "fuel must be an integer or None, not float"),
        ({"time": 1}, TypeError, "has no argument 'time'"),
    ):
        for method in (guest.call, guest.submit):
            if "time" not in wrong:
                with pytest.raises(error, match=text):
                    method("add", 1, 2, **wrong)
        with pytest.raises(error, match=text):
            guest.call("add", 1, 2, **wrong)
    with pytest.raises(TypeError, match="misses the name"):
        guest.call()  # type: ignore[call-arg]
    guest.close()
    for method in (guest.call, guest.submit):
        with pytest.raises(zcwasm.ClosedError):
            method("add", 1, 2)


def test_fuel_of_a_call(engine: str) -> None:
    guest = basics(limits=COUNTED)
    guest.exports.spin_for(1000)
    used = guest.fuel_used
    guest.fuel = 10 * used
    assert guest.call("spin_for", 1000, fuel=used) == 0
    assert guest.fuel == 9 * used  # what it did not use stays
    less = used - 1 if engine == "wasm3" else used // 2  # wasmtime counts roughly
    trap = trapped(lambda: guest.call("spin_for", 1000, fuel=less), "out_of_fuel")
    assert trap.backtrace == ("spin_for",)
    if engine == "wasm3":
        assert guest.fuel == 8 * used  # opcodes of a body that does not run any more are charged, too
    assert 8 * used <= guest.fuel < 9 * used
    trapped(lambda: guest.call("spin", fuel=10**9), "out_of_fuel")  # the instance's own is less
    assert guest.fuel == 0
    guest.fuel = None
    assert guest.call("spin_for", 1000, fuel=used) == 0


def test_deadline_of_a_call() -> None:
    guest = basics()
    start = time.perf_counter()
    trapped(lambda: guest.call("spin", deadline=0.05), "deadline")
    assert 0.05 <= time.perf_counter() - start < 5
    trapped(lambda: guest.call("add", 1, 2, deadline=0), "deadline")  # it does not begin
    assert guest.exports.spin_for(100_000) == 0
    for limit, bound in ((0.05, 1000), (1000, 0.05)):
        both = basics(limits=Limits(deadline=limit))
        start = time.perf_counter()
        trapped(lambda guest=both, bound=bound: guest.call("spin", deadline=bound), "deadline")  # type: ignore[misc]
        assert time.perf_counter() - start < 5


def test_what_is_nested_does_not_outlast_the_outer_call() -> None:
    """Neither the same instance nor another one, and however the bound was given."""
    inner = basics(limits=COUNTED)
    bounds: dict[str, Any] = {}
    caught: list[str] = []

    def log(which: int) -> None:
        try:
            target = inner if which else outer
            target.call("spin", **bounds)
        except zcwasm.Trap as trap:
            caught.append(trap.kind)
            trapped(lambda: target.call("add", 1, 2), "deadline")  # and it stays so
            raise

    outer = with_log(log, limits=COUNTED)
    limited = with_log(lambda which: inner.exports.spin(), limits=Limits(deadline=0.05))
    for given in ({}, {"deadline": 1000}, {"fuel": 10**15}):
        bounds = given
        for which in (0, 1):
            trapped(lambda which=which: outer.call("call log!", which, deadline=0.05), "deadline")  # type: ignore[misc]
    assert caught == ["deadline"] * 6
    trapped(lambda: limited.exports["call log!"](0), "deadline")
    bounds = {"deadline": 0.05}  # the inner call's own ends it alone
    caught.clear()
    done = with_log(lambda which: trapped(lambda: inner.call("spin", deadline=0.02), "deadline"))
    assert done.call("call log!", 0, deadline=100) is None
    assert inner.exports.add(1, 2) == 3


def test_fuel_of_what_is_nested_is_the_outer_call_s_too() -> None:
    inner = basics(limits=COUNTED)
    inner.exports.spin_for(1000)
    one = inner.fuel_used
    outer = with_log(lambda count: [inner.exports.spin_for(1000) for _ in range(count)], limits=COUNTED)
    assert outer.call("call log!", 5, fuel=6 * one) is None
    trapped(lambda: outer.call("call log!", 50, fuel=6 * one), "out_of_fuel")


def test_an_interrupt_reaches_what_is_nested_and_the_call_itself() -> None:
    """Also when a host function keeps the inner trap to itself; and never a later call."""
    inside = threading.Event()
    inner = basics()

    def log(_: int) -> None:
        inside.set()
        trapped(inner.exports.spin, "interrupted")
        outer.exports.spin()

    outer = with_log(log)
    for _ in range(10):
        inside.clear()
        call = outer.submit("call log!", 0)
        inside.wait()
        assert outer.interrupt()
        trapped(call.result, "interrupted")
        assert not outer.interrupt()
        assert outer.exports.spin_for(20_000) == inner.exports.spin_for(20_000) == 0


def test_a_device_s_waits_end_with_the_call() -> None:
    device = zcwasm.Device("cpu", threads=1)
    memory = zcwasm.Memory(100)
    n = 600
    a, out = (memory.array(i * n * n * 4, (n, n), np.float32) for i in range(2))
    a[:] = 1
    seconds = []  # of one product, so that many take several times the deadline on whatever this is
    for _ in range(3):
        start = time.perf_counter()
        device.matmul(a, a, out=out)
        seconds.append(time.perf_counter() - start)

    def compute(_: int) -> None:
        while True:
            device.matmul(a, a, out=out)

    def wait(_: int) -> None:
        with device.batch() as batch:
            for _ in range(math.ceil(0.5 / min(seconds))):
                batch.matmul(a, a, out=out)
        batch.submit().wait()

    for work in (compute, wait):
        guest = with_log(work)
        start = time.perf_counter()
        trapped(lambda guest=guest: guest.call("call log!", 0, deadline=0.1), "deadline")  # type: ignore[misc]
        call = guest.submit("call log!", 0)
        time.sleep(0.05)
        assert call.cancel()
        with pytest.raises(CancelledError):
            call.result(30)
        assert time.perf_counter() - start < 20
    _core._drain()


# --- submitted calls ---


def test_submit(regions: int) -> None:
    guest = basics(limits=COUNTED)
    assert guest.submit("add", 2, 3).result() == 5
    call = guest.submit("divide", 1, 0)
    assert trapped(call.result, "integer_divide_by_zero").backtrace == ("divide",)
    assert isinstance(call.exception(), zcwasm.Trap)
    assert not call.cancel()
    assert call.done()
    assert not call.running()
    trapped(guest.submit("spin", deadline=0.02).result, "deadline")
    trapped(guest.submit("spin", fuel=10_000).result, "out_of_fuel")
    with pytest.raises(TypeError, match="takes 2 arguments"):
        guest.submit("add", 1).result()
    with pytest.raises(KeyError):
        guest.submit("nope")
    with pytest.raises(TypeError, match="an exported function"):
        guest.submit("memory")
    ref, call_ref = weakref.ref(guest), weakref.ref(call)
    del guest, call
    nothing_left(regions, ref, call_ref)


def test_calls_of_one_memory_run_in_order() -> None:
    seen: list[int] = []
    memory = zcwasm.Memory(2)
    guest = with_log(seen.append)
    calls = [guest.submit("call log!", i) for i in range(200)]
    concurrent.futures.wait(calls, 30)
    assert seen == list(range(200))
    module = zcwasm.Module(
        b"\0asm\1\0\0\0\1\4\1\x60\0\0\2\x08\1\1m\1m\2\0\1\3\2\1\0\7\5\1\1f\0\0"
        b"\x0a\x09\1\7\0\x03\x40\x0c\0\x0b\x0b"
    )
    shared = [zcwasm.Instance(module, imports={"m": {"m": memory}}, limits=COUNTED) for _ in range(4)]
    for call in [shared[i % 4].submit("f", fuel=100_000) for i in range(20)]:
        trapped(call.result, "out_of_fuel")  # and not: it is running on another thread


def test_cancel() -> None:
    began: list[int] = []
    guest = with_log(began.append)
    first = guest.submit("spin")
    second = guest.submit("call log!", 1)
    third = guest.submit("add", 1, 2)
    wait_until(first.running)
    assert second.cancel()
    assert second.cancelled()
    assert second.cancel()
    assert concurrent.futures.wait([second, third], 0.01) == ({second}, {third})
    assert first.cancel()
    with pytest.raises(CancelledError):
        first.result(30)
    assert first.cancelled()
    assert first.cancel()
    assert third.result(30) == 3
    assert not third.cancel()
    assert began == []
    assert guest.exports.spin_for(100_000) == 0
    assert {*concurrent.futures.as_completed([first, second, third])} == {first, second, third}


@pytest.mark.parametrize("kind", ["returns", "raises"])
def test_a_cancelled_call_that_ends_otherwise(kind: str) -> None:
    """cancel() said True: what the call came to is dropped."""
    go = threading.Event()

    def log(_: int) -> None:
        go.wait()
        assert call.cancel()
        if kind == "raises":
            raise ValueError(kind)

    guest = with_log(log)
    call = guest.submit("call log!", 0)
    go.set()
    with pytest.raises(CancelledError):
        call.result(30)
    assert guest.submit("add", 1, 2).result() == 3


def test_callbacks_run_once_and_may_submit() -> None:
    guest = basics()
    seen: list[str] = []
    done = threading.Event()

    def over(call: zcwasm.Call) -> None:
        seen.append("cancelled" if call.cancelled() else "done")
        with suppress(RuntimeError):
            waiting = guest.submit("add", 1, 2)
            if threading.current_thread() is not threading.main_thread():
                with pytest.raises(RuntimeError, match="cannot wait for itself"):
                    waiting.result()
        if len(seen) == 3:
            done.set()

    running = guest.submit("spin")
    waiting = guest.submit("spin")
    for call in (running, waiting):
        call.add_done_callback(over)  # type: ignore[arg-type]
    waiting.cancel()
    running.cancel()
    guest.submit("add", 1, 2).add_done_callback(over)  # type: ignore[arg-type]
    assert done.wait(30)
    assert sorted(seen) == ["cancelled", "cancelled", "done"]


def test_a_callback_that_ends_the_interpreter_does_not(caplog: pytest.LogCaptureFixture) -> None:
    """A BaseException of one callback: calls behind that one, and the threads, go on."""

    def leave(_: object) -> None:
        raise SystemExit(3)

    guest = basics()
    hold = guest.submit("spin")
    calls = [guest.submit("add", 1, 2) for _ in range(40)]
    for call in calls:
        call.add_done_callback(leave)
    hold.cancel()
    assert [call.result(30) for call in calls] == [3] * 40
    wait_until(lambda: caplog.text.count("SystemExit: 3") == 40)
    assert guest.submit("add", 1, 2).result(30) == 3


def test_a_call_does_not_wait_for_itself() -> None:
    said: list[str] = []

    def log(_: int) -> None:
        for call in (calls[0], guest.submit("add", 1, 2)):
            for wait in (call.result, call.exception, lambda call=call: asyncio.run(awaited(call))):
                with pytest.raises(RuntimeError, match="cannot wait for itself") as caught:
                    wait()
                said.append(str(caught.value))

    async def awaited(call: zcwasm.Call) -> Any:
        return await call

    guest = with_log(log)
    hold = guest.submit("spin")
    calls = [guest.submit("call log!", 0)]
    hold.cancel()
    assert calls[0].result(30) is None
    assert len(said) == 6


def test_closing_and_dropping() -> None:
    guest = basics()
    running, waiting = guest.submit("spin"), guest.submit("add", 1, 2)
    wait_until(running.running)
    with pytest.raises(zcwasm.InUseError):
        guest.close()
    go = threading.Event()

    def close(_: object) -> None:
        guest.close()
        go.set()

    running.add_done_callback(close)
    running.cancel()
    assert go.wait(30)
    with pytest.raises(zcwasm.ClosedError):
        waiting.result(30)
    dropped = basics()
    ref = weakref.ref(dropped.memory)
    call, last = dropped.submit("spin"), dropped.submit("add", 1, 2)
    del dropped
    gc.collect()
    assert ref()  # the calls have it
    call.cancel()
    assert last.result(30) == 3
    del call
    gc.collect()
    wait_until(lambda: ref() is None)  # the thread lets go of it a moment later


def test_an_error_keeps_nothing_alive(regions: int) -> None:
    """An exception has a traceback, and that has frames."""
    guest = with_log(lambda value: 1 // value)
    calls = [guest.submit("call log!", 0), guest.submit("divide", 1, 0)]
    errors = [call.exception() for call in calls]
    refs = [weakref.ref(call) for call in calls]
    gc.disable()
    try:
        del calls, guest
        wait_until(lambda: [ref() for ref in refs] == [None, None], 5)
    finally:
        gc.enable()
    assert [type(error).__name__ for error in errors] == ["ZeroDivisionError", "Trap"]


def test_threads_are_few_and_end() -> None:
    go = threading.Event()
    guests = [with_log(lambda _: go.wait()) for _ in range(MOST + 20)]
    calls = [guest.submit("call log!", 0) for guest in guests]
    wait_until(lambda: len(workers()) == MOST)
    time.sleep(0.05)
    assert len(workers()) == MOST
    go.set()
    assert concurrent.futures.wait(calls, 30).not_done == set()
    wait_until(lambda: not workers(), seconds=10)
    assert guests[0].submit("add", 1, 2).result(30) == 3


def test_threads_without_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that no thread can be had for fails at once; the next one does not."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    wait_until(lambda: not workers(), seconds=10)
    guest = basics()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="can't start new thread"):
            guest.submit("add", 1, 2)
    monkeypatch.undo()
    assert guest.submit("add", 1, 2).result(30) == 3
    assert not _call._unfinished
    ended = Threads()
    assert ended.finish(1)
    with pytest.raises(RuntimeError, match="the interpreter is ending"):
        ended.run(print)


# --- races ---


def test_a_late_cancel_stops_nothing_else() -> None:
    guest = basics()
    calls: list[zcwasm.Call] = [guest.submit("add", 1, 2)]
    over = False

    def late() -> None:
        while not over:
            calls[-1].cancel()
            calls[max(0, len(calls) - 2)].cancel()

    thread = threading.Thread(target=late)
    thread.start()
    for i in range(300):
        calls.append(guest.submit("spin_for" if i % 3 else "spin", *([15_000] if i % 3 else [])))
        with suppress(CancelledError):
            assert calls[-1].result(30) == 0
        assert guest.exports.spin_for(15_000) == 0  # nobody cancelled this one
    over = True
    thread.join()


def test_a_thousand_calls_cancelled_at_any_moment(regions: int) -> None:
    random.seed(5)
    began: list[int] = []
    guests = [with_log(began.append) for _ in range(20)]
    calls: list[zcwasm.Call] = []
    work: list[tuple[Any, ...]] = [
        ("spin",),
        ("spin_for", 30_000),
        ("call log!", 1),
        ("add", 1, 2),
        ("divide", 1, 0),
    ]

    def cancel(mine: list[zcwasm.Call], seed: int) -> None:
        chance = random.Random(seed)
        for call in mine:
            if chance.random() < 0.5:
                time.sleep(chance.random() * 0.001)
            said = call.cancel()
            assert said or (call.done() and not call.cancelled())

    for i in range(1000):
        calls.append(random.choice(guests).submit(*random.choice(work)))
        if i % 50 == 0:
            time.sleep(0.001)
    shuffled = random.sample(calls, len(calls))
    threads = [threading.Thread(target=cancel, args=(shuffled[i::4], i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert concurrent.futures.wait(calls, 60).not_done == set()
    assert sum(call.cancelled() for call in calls) > 100
    for guest in guests:
        assert guest.exports.spin_for(20_000) == 0
    refs = [weakref.ref(each) for each in (*guests, *calls)]
    del guest, guests, calls, shuffled, threads, thread
    nothing_left(regions, *refs)


def test_signal_handlers_may_submit_and_cancel() -> None:
    """Whatever the main thread is in the middle of: submitting, cancelling, waiting."""
    printed = run_python(
        """
        import concurrent.futures, random, signal, threading, time
        from support import basics

        guests = [basics() for _ in range(4)]
        mine, theirs = [guests[0].submit("add", 1, 2)], []  # the first one imports

        def handler(*_):
            theirs.append(random.choice(guests).submit("spin_for", 1000))
            random.choice(theirs).cancel()
            mine[-1].cancel()
            if time.monotonic() < end:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)  # the next one after this, not inside it

        end = time.monotonic() + 1.5
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while time.monotonic() < end:
            mine.append(random.choice(guests).submit("spin_for", 30_000))
            if len(mine) % 3 == 0:
                mine[-1].cancel()
            if len(mine) % 5 == 0:
                concurrent.futures.wait(mine[-1:])
        time.sleep(0.01)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert not concurrent.futures.wait(mine + theirs, 30).not_done
        assert len(mine) > 20 and len(theirs) > 20, (len(mine), len(theirs))
        assert all(guest.exports.spin_for(20_000) == 0 for guest in guests)
        print("ok")
        """
    )
    assert printed == "ok\n"


def test_ctrl_c_leaves_a_call_running() -> None:
    printed = run_python(
        """
        import signal, threading, time
        from concurrent.futures import CancelledError
        from support import basics

        signal.signal(signal.SIGINT, signal.default_int_handler)
        guest = basics()
        call = guest.submit("spin")
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            call.result()
        except KeyboardInterrupt:
            print(call.running(), call.cancel())
        try:
            call.result(30)
        except CancelledError:
            print("cancelled")
        """
    )
    assert printed == "True True\ncancelled\n"


def test_fork_while_calls_run() -> None:
    """The child has no thread and no call of the parent's; the parent keeps its own."""
    printed = run_python(
        """
        import os, threading, time, warnings
        from concurrent.futures import CancelledError
        from support import basics

        warnings.simplefilter("ignore", DeprecationWarning)  # Python's own warning of forks with threads
        guest, other = basics(), basics()
        running, waiting = guest.submit("spin"), guest.submit("add", 1, 2)
        while not running.running():
            time.sleep(0.001)
        assert other.submit("add", 1, 2).result() == 3
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for call in (running, waiting):
                    try:
                        call.result(10)
                    except RuntimeError as error:
                        assert "the parent's" in str(error)
                assert threading.active_count() == 1
                assert other.submit("add", 2, 2).result(30) == 4
                assert other.exports.spin_for(20_000) == 0
                try:
                    guest.submit("add", 1, 2).result(30)  # it runs for ever, in no thread
                except RuntimeError as error:
                    assert "another thread" in str(error)
                    code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert running.running() and not waiting.done()
        running.cancel()
        assert waiting.result(30) == 3
        print("ok")
        """
    )
    assert printed == "ok\n"


@pytest.mark.parametrize("host", [False, True])
def test_the_exit_with_calls_in_flight(host: bool) -> None:
    """Guests are stopped, waiting calls never begin; a host function that sleeps is left to the system."""
    start = time.perf_counter()
    printed = run_python(
        f"""
        import atexit, time
        import zcwasm
        from support import basics

        imports = {{"env": {{"log": lambda _: time.sleep(60), "pair": print}}}}
        guests = [basics(imports=imports) for _ in range(8)]
        calls = [guest.submit("spin") for guest in guests for _ in range(20)]
        if {host}:
            slow = basics(imports=imports)
            calls.append(slow.submit("call log!", 0))
        while not all(call.running() for call in calls[::20]):
            time.sleep(0.001)
        for call in calls[::20][:8]:
            call.add_done_callback(lambda call: print(call.cancelled(), flush=True))
        """,
        timeout=50,
    )
    assert printed.count("True") == printed.count("\n") == 8  # from threads, so not by lines
    assert time.perf_counter() - start < 40


# --- await ---


def run_asyncio(main: Callable[[], Awaitable[Any]]) -> Any:
    async def outer() -> Any:
        return await main()

    return asyncio.run(outer())


def run_trio(main: Callable[[], Awaitable[Any]]) -> Any:
    trio = pytest.importorskip("trio", reason="no trio: pip install 'zcwasm[test]'")
    return trio.run(main)


def run_anyio_asyncio(main: Callable[[], Awaitable[Any]]) -> Any:
    anyio = pytest.importorskip("anyio", reason="no anyio: pip install 'zcwasm[test]'")
    return anyio.run(main, backend="asyncio")


def run_anyio_trio(main: Callable[[], Awaitable[Any]]) -> Any:
    pytest.importorskip("trio", reason="no trio: pip install 'zcwasm[test]'")
    anyio = pytest.importorskip("anyio", reason="no anyio: pip install 'zcwasm[test]'")
    return anyio.run(main, backend="trio")


Run = Callable[[Callable[[], Awaitable[Any]]], Any]
each_loop = pytest.mark.parametrize("run", [run_asyncio, run_trio, run_anyio_asyncio, run_anyio_trio])


@each_loop
def test_await(run: Run) -> None:
    guest = basics()

    async def main() -> None:
        call = guest.submit("add", 1, 2)
        assert await call == 3
        assert await call == 3  # done already
        with pytest.raises(zcwasm.Trap, match="divide by zero"):
            await guest.submit("divide", 1, 0)
        spinning = guest.submit("spin")
        threading.Timer(0.05, spinning.cancel).start()
        with pytest.raises(CancelledError):  # the task was not cancelled: not its own kind of exception
            await spinning

    run(main)


@each_loop
def test_await_submission(run: Run) -> None:
    device = zcwasm.Device("cpu", threads=1)
    memory = zcwasm.Memory(100)
    n = 600
    a, out = (memory.array(i * n * n * 4, (n, n), np.float32) for i in range(2))
    a[:] = 1

    async def main() -> None:
        for _ in range(2):
            with device.batch() as batch:
                batch.matmul(a, a, out=out)
            submission = batch.submit()
            await submission
            assert submission.done
            await submission

    run(main)
    assert (out == n).all()


def cancelling(seconds: float) -> Any:
    """A scope of anyio's that is cancelled after some time."""
    anyio = pytest.importorskip("anyio")
    return anyio.move_on_after(seconds)


@pytest.mark.parametrize("run", [run_anyio_asyncio, run_anyio_trio])
def test_cancelling_a_scope_stops_the_guest(run: Run) -> None:
    """The scope is left once the guest has stopped, and the waiting does not keep a processor busy."""
    guest = basics()
    calls: list[zcwasm.Call] = []

    def log(_: int) -> None:
        wait_until(lambda: calls and calls[0]._stopping)
        time.sleep(0.3)

    slow = with_log(log)

    async def main() -> None:
        with cancelling(0.05):
            await guest.submit("spin")
        assert guest.exports.add(1, 2) == 3  # it does not run any more
        busy = time.process_time()
        call = slow.submit("call log!", 0)
        calls.append(call)
        with cancelling(0.05):
            await call
        assert call.done()
        assert call.cancelled()
        assert time.process_time() - busy < 0.3

    run(main)


def test_cancelling_a_task_stops_the_guest() -> None:
    guest = basics()
    go = threading.Event()
    slow = with_log(lambda _: go.wait())

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(guest.submit("spin"), 0.05)
        assert guest.exports.add(1, 2) == 3
        call = slow.submit("call log!", 0)

        async def wait() -> None:
            await call

        task = asyncio.create_task(wait())
        while not call.running():
            await asyncio.sleep(0.001)
        for _ in range(3):  # again while it waits for the host function's end
            task.cancel()
            await asyncio.sleep(0.02)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert call.cancelled()
        wrapped = asyncio.wrap_future(guest.submit("spin"))
        await asyncio.sleep(0.01)
        wrapped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped
        assert await guest.submit("add", 1, 2) == 3

    asyncio.run(main())


def test_a_dropped_await_cancels() -> None:
    guest = basics()
    call = guest.submit("spin")

    async def wait() -> None:
        await call

    loop = asyncio.new_event_loop()
    coroutine: Coroutine[Any, Any, None] = wait()
    task = loop.create_task(coroutine)
    loop.call_later(0.05, loop.stop)
    loop.run_forever()
    assert call.running()
    loop.close()  # nobody tells the task any more; and the call's end finds no loop
    coroutine.close()
    with pytest.raises(CancelledError):
        call.result(30)
    assert not task.done()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    assert guest.submit("add", 1, 2).result(30) == 3


@pytest.mark.parametrize("run", [run_asyncio, run_trio])
def test_a_thousand_awaiting_calls_cancelled(run: Run, regions: int) -> None:
    guests = [basics() for _ in range(10)]
    refs: list[weakref.ref[Any]] = [weakref.ref(guest) for guest in guests]

    def begin(i: int) -> zcwasm.Call:
        call = guests[i % 10].submit("spin")
        refs.append(weakref.ref(call))
        return call

    async def one(i: int) -> None:
        await begin(i)
        raise AssertionError("it was not cancelled")

    async def main() -> None:
        tasks = [asyncio.ensure_future(one(i)) for i in range(1000)]
        await asyncio.sleep(0.05)
        random.shuffle(tasks)
        for task in tasks:
            task.cancel()
        assert all(isinstance(said, asyncio.CancelledError) for said in await gathered(tasks))

    async def main_trio() -> None:
        import trio

        async with trio.open_nursery() as nursery:
            for i in range(1000):
                nursery.start_soon(one, i)
            await trio.sleep(0.05)
            nursery.cancel_scope.cancel()

    async def gathered(tasks: Iterable[asyncio.Future[None]]) -> list[Any]:
        return await asyncio.gather(*tasks, return_exceptions=True)

    start = time.perf_counter()
    run(main if run is run_asyncio else main_trio)
    assert time.perf_counter() - start < 30
    for guest in guests:
        assert guest.exports.spin_for(20_000) == 0
    assert len(refs) == 1010
    del guest, guests[:]
    nothing_left(regions, *refs)


GREENLETS = """
import greenlet, zcwasm
from support import basics
others = []

def log(number):
    others[number].switch()

def run(number):
    env = {"log": log, "pair": lambda a, b: (b, a)}
    guest = basics(imports={"env": env}, limits=zcwasm.Limits(deadline=60))
    for _ in range(100):
        guest.exports["call log!"](number)
        try:
            guest.call("spin", fuel=50000)
        except zcwasm.Trap as trap:
            assert trap.kind == "out_of_fuel"

tasks = [greenlet.greenlet(lambda number=number: run(number)) for number in range(2)]
others += reversed(tasks)
while not all(task.dead for task in tasks):
    for task in tasks:
        task.dead or task.switch()
print("fine")
"""


@pytest.mark.wasmtime_refuses(raises=AssertionError)
def test_greenlets() -> None:
    """Two guests whose host functions wait for each other: neither's call is part of the other's."""
    pytest.importorskip("greenlet", reason="greenlet is not installed")
    assert run_python(GREENLETS) == "fine\n"


@pytest.mark.wasmtime_refuses(raises=RuntimeError)
def test_what_holds_where_there_are_greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest that its own host function calls has no more time; another one is no part of the call."""
    monkeypatch.setitem(sys.modules, "greenlet", ModuleType("greenlet"))
    other = basics()
    inner: list[Callable[[], object]] = [lambda: guest.exports.spin(), lambda: other.exports.nothing()]
    guest = with_log(lambda number: inner.pop(0)() and None)
    trapped(lambda: guest.call("call log!", 0, deadline=0.05), "deadline")
    guest.call("call log!", 0, deadline=5)
    assert not inner
