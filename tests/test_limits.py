"""What can stop a guest: fuel, deadline, interrupt, Ctrl-C, depth, memory; and threads."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from support import basics, run_python

import zcwasm
from zcwasm import Limits

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here


def less(fuel: int, engine: str) -> int:
    """What is not enough where `fuel` is. Compiled code looks at it where functions and loops begin only."""
    return fuel - 1 if engine == "wasm3" else fuel // 2


def test_fuel_is_deterministic(engine: str) -> None:
    counts = set()
    for _ in range(3):
        guest = basics(limits=Limits(fuel=10**9))
        guest.exports.spin_for(1000)
        counts.add(guest.fuel_used)
    assert len(counts) == 1
    (one,) = counts
    assert one is not None
    assert one > 1000
    exact = basics(limits=Limits(fuel=one))
    assert exact.exports.spin_for(1000) == 0
    assert exact.fuel == 0
    with pytest.raises(zcwasm.Trap, match="all fuel consumed") as caught:
        exact.exports.add(1, 2)
    assert caught.value.kind == "out_of_fuel"
    exact.fuel = 100
    assert exact.exports.add(1, 2) == 3
    assert 0 < (exact.fuel or 0) < 100
    exact.fuel = None
    assert exact.fuel is None
    assert exact.exports.spin_for(5000) == 0
    short = basics(limits=Limits(fuel=less(one, engine)))
    with pytest.raises(zcwasm.Trap, match="fuel"):
        short.exports.spin_for(1000)


def test_fuel_counts_across_nested_calls(engine: str) -> None:
    def log(value: int) -> None:
        guest.exports.spin_for(100_000)

    counted = Limits(fuel=10**9)
    guest = basics(imports={"env": {"log": log, "pair": print}}, limits=counted)
    guest.exports["call log!"](0)
    used = guest.fuel_used
    assert used is not None
    assert used > 100_000
    imports = {"env": {"log": lambda value: limited.exports.spin_for(100_000), "pair": print}}
    limited = basics(imports=imports, limits=counted)
    limited.fuel = used
    limited.exports["call log!"](0)
    limited.fuel = less(used, engine)
    with pytest.raises(zcwasm.Trap, match="fuel"):
        limited.exports["call log!"](0)


def stop_time(run: Any, kind: str) -> float:
    start = time.perf_counter()
    with pytest.raises(zcwasm.Trap) as caught:
        run()
    assert caught.value.kind == kind
    return time.perf_counter() - start


def test_deadline() -> None:
    guest = basics(limits=Limits(deadline=0.05))
    for _ in range(2):
        assert 0.05 <= stop_time(guest.exports.spin, "deadline") < 5
        assert guest.exports.add(1, 2) == 3
    immediate = basics(limits=Limits(deadline=0))
    assert stop_time(immediate.exports.spin, "deadline") < 5


def test_fuel_stops_a_tight_loop() -> None:
    guest = basics(limits=Limits(fuel=1_000_000))
    assert stop_time(guest.exports.spin, "out_of_fuel") < 5


def test_interrupt_from_another_thread() -> None:
    guest = basics()
    assert not guest.interrupt()  # nothing is running
    answers: list[bool] = []

    def stop() -> None:
        while not guest.interrupt():
            time.sleep(0.001)
        answers.append(True)

    for _ in range(3):
        thread = threading.Thread(target=stop)
        thread.start()
        assert stop_time(guest.exports.spin, "interrupted") < 5
        thread.join()
    assert answers == [True] * 3
    assert guest.exports.spin_for(100_000) == 0  # a late interrupt does not linger


def test_the_interpreter_lock_is_released() -> None:
    guest = basics()
    counted = 0

    def work() -> None:
        nonlocal counted
        while not guest.interrupt():
            pass
        for _ in range(1000):
            counted += 1

    thread = threading.Thread(target=work)
    thread.start()
    stop_time(guest.exports.spin, "interrupted")
    thread.join()
    assert counted == 1000


def test_one_instance_on_two_threads() -> None:
    guest = basics(limits=Limits(deadline=30))
    errors: list[BaseException] = []

    def second() -> None:
        for _ in range(10000):
            try:
                guest.exports.add(1, 2)
            except RuntimeError as error:
                errors.append(error)
                break
            time.sleep(0.0005)
        try:
            guest.close()
        except BufferError as error:
            errors.append(error)
        guest.interrupt()

    thread = threading.Thread(target=second)
    thread.start()
    stop_time(guest.exports.spin, "interrupted")
    thread.join()
    assert str(errors[0]) == "the instance is running on another thread"
    assert "running" in str(errors[1])
    assert guest.exports.add(1, 2) == 3


def test_many_threads_with_instances_of_their_own() -> None:
    results: list[int] = []

    def work() -> None:
        guest = basics()
        for _ in range(20):
            results.append(guest.exports.recurse(500) + guest.exports.spin_for(20_000))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [500] * 80


def test_ctrl_c() -> None:
    run_python(
        """
        import os, signal, threading, time
        from support import basics
        guest = basics()
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        start = time.monotonic()
        try:
            guest.exports.spin()
        except KeyboardInterrupt:
            assert time.monotonic() - start < 10
        else:
            raise SystemExit("not interrupted")
        assert guest.exports.add(1, 2) == 3
        """
    )


def test_a_signal_handler_cannot_call_the_guest_it_interrupts() -> None:
    run_python(
        """
        import os, signal, threading
        from support import basics
        guest = basics()
        caught = []
        def handler(number, frame):
            try:
                guest.exports.add(1, 2)
            except RuntimeError as error:
                caught.append(str(error))
            guest.interrupt()
        signal.signal(signal.SIGUSR1, handler)
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        try:
            guest.exports.spin()
        except Exception as error:
            assert getattr(error, "kind", None) == "interrupted", error
        assert "in the middle of a call" in caught[0], caught
        assert guest.exports.add(1, 2) == 3
        """
    )


def test_recursion_on_a_small_stack() -> None:
    run_python(
        """
        import threading
        from support import basics
        import zcwasm
        def run():
            guest = basics(limits=zcwasm.Limits(call_depth=10**6, stack=1 << 28))
            for function, arguments in (("forever", ()), ("recurse", (10**9,))):
                try:
                    guest.exports[function](*arguments)
                except zcwasm.Trap as trap:
                    kinds.append(trap.kind)
            assert guest.exports.recurse(100) == 100
        for size in (256 << 10, 1 << 20, 16 << 20):
            kinds = []
            threading.stack_size(size)
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
            assert kinds == ["stack_overflow"] * 2, (size, kinds)
        kinds = []
        run()
        assert kinds == ["stack_overflow"] * 2, kinds
        """
    )


def test_call_depth(engine: str) -> None:
    if engine == "wasmtime":  # which bounds the native stack instead
        with pytest.raises(zcwasm.CompileError, match="cannot bound nested calls to 100"):
            basics(limits=Limits(call_depth=100))
        assert basics().exports.recurse(10_000) == 10_000
        with pytest.raises(zcwasm.Trap) as caught:
            basics().exports.recurse(10_000_000)
        assert caught.value.kind == "stack_overflow"
        return
    guest = basics(limits=Limits(call_depth=100))
    assert guest.exports.recurse(99) == 99
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.recurse(100)
    assert caught.value.kind == "stack_overflow"
    assert basics().exports.recurse(10_000) == 10_000


def test_memory_and_table_limits() -> None:
    guest = basics(limits=Limits(memory=5 * 65536 + 100))
    assert guest.exports.grow(3) == 2
    assert guest.exports.grow(1) == -1
    with pytest.raises(IndexError, match="its maximum is 5"):
        guest.memory.grow(1)
    with pytest.raises(zcwasm.LinkError, match="a memory of 2 pages is needed, the limit is 65536 bytes"):
        basics(limits=Limits(memory=65536))
    with pytest.raises(zcwasm.LinkError, match="table has 4 elements, the limit is 3"):
        basics(limits=Limits(table=3))


@pytest.mark.parametrize(
    ("limits", "error", "text"),
    [
        (Limits(fuel=-1), ValueError, "limit fuel is -1"),
        (Limits(fuel=2**64), ValueError, "limit fuel is 18446744073709551616"),
        (Limits(memory=1.5), TypeError, "float"),  # type: ignore[arg-type]
        (Limits(deadline=-1), ValueError, "limit deadline is -1"),
        (Limits(deadline=float("nan")), ValueError, "limit deadline is nan"),
        (Limits(deadline="1"), TypeError, "str"),  # type: ignore[arg-type]
        (Limits(stack=1), ValueError, "limit stack is 1 bytes"),
        (Limits(stack=2**40), ValueError, "limit stack is 1099511627776 bytes"),
    ],
)
def test_bad_limits(limits: Limits, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        basics(limits=limits)


def test_exit_while_a_guest_runs_on_another_thread() -> None:
    run_python(
        """
        import threading, time
        from support import basics
        guest = basics()
        threading.Thread(target=guest.exports.spin, daemon=True).start()
        time.sleep(0.1)
        """,
        timeout=30,
    )
