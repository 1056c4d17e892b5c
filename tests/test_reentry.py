"""Host code that runs while the engine is between two states, and what it may do to the same instance there.

Signal handlers run in the ticks of a running guest, of a function being compiled and of a host function that
waits; other threads run when the interpreter lock is given back or waited for; finalisers run where Python
objects are made. Whatever they do gets a right result or a typed error, and the call in progress a right one.
Most of it runs in a process of its own, since the failure may be a crash or an endless loop.

Only wasm3 compiles a function when it is first called; what has nothing to do with that runs on each engine.
"""

from __future__ import annotations

import gc
import textwrap

import pytest
from support import run_python
from test_wasm3_patches import leb, section, vector

import zcwasm

each_engine = pytest.mark.usefixtures("engine")
SMALL = 400  # exported functions f0, f1, ... that are not compiled before they are called


def huge(additions: int) -> zcwasm.Module:
    """`big(x)` is x + 5 * additions and takes long to compile; fN() is N; many(x) is (x, x + 1, x + 2) after
    some time; call() calls the import h.f, and is the start function; grow and fill work on a memory of 1 to
    2000 pages."""
    types = vector(b"\x60\x01\x7f\x01\x7f", b"\x60\0\x01\x7f", b"\x60\x01\x7f\x03\x7f\x7f\x7f", b"\x60\0\0")
    wait = b"\x41\xc0\xb8\x02\x21\x01\x03\x40\x20\x01\x41\x01\x6b\x22\x01\x0d\0\x0b"  # 40,000 times around
    bodies = [
        b"\0" + b"\x20\0\x41\x05\x6a\x21\0" * additions + b"\x20\0",
        b"\x01\x01\x7f" + wait + b"\x20\0\x20\0\x41\x01\x6a\x20\0\x41\x02\x6a",
        b"\0" + b"\x20\0\x40\0",
        b"\0" + b"\x41\0\x20\0\x3f\0\x41\x10\x74\xfc\x0b\0" + b"\x3f\0",  # fills all of it
        b"\0\x10\0",
    ]
    bodies += [
        b"\0" + b"\x01" * 60 + b"\x41" + leb(i | 0x4000) + b"\x41\x80\x80\x01\x6b" for i in range(SMALL)
    ]
    kinds = [0, 2, 0, 0, 3] + [1] * SMALL
    names = ["big", "many", "grow", "fill", "call"] + [f"f{i}" for i in range(SMALL)]
    exports = [leb(len(name)) + name.encode() + b"\0" + leb(1 + i) for i, name in enumerate(names)]
    exports.append(b"\x06memory\x02\0")
    code = [leb(len(body) + 1) + body + b"\x0b" for body in bodies]
    return zcwasm.Module(
        b"\0asm\1\0\0\0"
        + section(1, types)
        + section(2, vector(b"\x01h\x01f\0\x03"))
        + section(3, vector(*[leb(kind) for kind in kinds]))
        + section(5, b"\x01\x01\x01\xd0\x0f")
        + section(7, vector(*exports))
        + section(8, b"\x05")
        + section(10, vector(*code))
    )


def in_a_process(source: str, timeout: float = 120) -> str:
    header = "import os, random, signal, threading, time\nfrom test_reentry import *\n"
    return run_python(header + textwrap.dedent(source), timeout=timeout)


def test_a_handler_compiles_another_guest() -> None:
    """The compiler's state is one for the process: a compilation that is paused keeps it."""
    in_a_process(
        """
        right, wrong, imports = [], [], {"h": {"f": lambda: None}}
        small = huge(10)

        def handler(*_):
            other = zcwasm.Instance(small, imports=imports)
            numbers = [other.exports[f"f{i}"]() for i in range(SMALL)] + [other.exports.big(7)]
            (right if numbers == [*range(SMALL), 57] else wrong).append(numbers)

        signal.signal(signal.SIGALRM, handler)
        additions = 100_000
        while not right:  # until the compiler takes long enough here
            additions *= 2
            guest = zcwasm.Instance(huge(additions), imports=imports)
            signal.setitimer(signal.ITIMER_REAL, 0.001)  # once: the handler may take longer than that
            assert guest.exports.big(1) == 1 + 5 * additions
        assert not wrong
        assert guest.exports.big(1) == 1 + 5 * additions
        """
    )


def test_a_handler_calls_the_guest_while_it_compiles() -> None:
    in_a_process(
        """
        refused, right, wrong = [], [], []

        def handler(*_):
            for _ in range(5):
                number = len(right) % SMALL
                try:
                    (right if guest.exports[f"f{number}"]() == number else wrong).append(number)
                except RuntimeError as error:
                    refused.append(str(error))

        signal.signal(signal.SIGALRM, handler)
        additions = 100_000
        while not refused:  # until the compiler takes long enough here
            additions *= 2
            guest = zcwasm.Instance(huge(additions), imports={"h": {"f": lambda: None}})
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            for _ in range(2):
                assert guest.exports.big(1) == 1 + 5 * additions
            signal.setitimer(signal.ITIMER_REAL, 0)
        assert not wrong
        assert all("in the middle of a call" in text for text in refused), refused
        assert [guest.exports[f"f{number}"]() for number in range(SMALL)] == list(range(SMALL))
        guest.close()
        """
    )


def test_what_else_a_handler_may_do_while_the_guest_compiles() -> None:
    in_a_process(
        """
        seen = set()

        def attempt(what, error=(), text=""):
            try:
                what()
            except error as caught:
                assert text in str(caught), caught
                seen.add(what.__name__)

        def call_over_the_same_memory():
            zcwasm.Instance(small, imports={"m": {"m": memory}}).exports.f()

        def close():
            guest.close()

        def handler(*_):
            global running
            if not running:
                return
            try:
                guest.exports.f0()
                return  # the call has not begun yet, or is over
            except RuntimeError:
                running = False  # what it does here is interrupted, too
            attempt(close, BufferError, "running")
            attempt(call_over_the_same_memory, RuntimeError, "in the middle of a call")
            memory.grow(1)
            guest.fuel = 10**12
            assert 0 <= guest.fuel_used < 10**9 and guest.fuel == 10**12
            other = zcwasm.Instance(module, imports={"h": {"f": lambda: None}})
            assert other.exports.many(7) == (7, 8, 9)
            other.close()
            gc.collect()
            handled.append(memory.pages)
            running = True

        small = zcwasm.Module(
            b"\\0asm\\1\\0\\0\\0" + section(1, vector(b"\\x60\\0\\0"))
            + section(2, vector(b"\\x01m\\x01m\\x02\\0\\1")) + section(3, b"\\1\\0")
            + section(7, vector(b"\\1f\\0\\0")) + section(10, vector(b"\\2\\0\\x0b"))
        )
        signal.signal(signal.SIGALRM, handler)
        additions, handled, running = 100_000, [], False
        while not handled:
            additions *= 2
            module = huge(additions)
            limits = zcwasm.Limits(fuel=10**12)
            guest = zcwasm.Instance(module, imports={"h": {"f": lambda: None}}, limits=limits)
            memory = guest.memory
            big = guest.exports.big
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            running = True
            result = big(1)
            running = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert result == 1 + 5 * additions
        assert {"close", "call_over_the_same_memory"} <= seen
        assert memory.pages == handled[-1] == 1 + len(handled)
        """
    )


@pytest.mark.parametrize("ending", ["exception", "deadline", "interrupt"])
def test_compiling_can_be_stopped_and_begun_again(ending: str) -> None:
    in_a_process(
        f"""
        ending = {ending!r}

        def handler(*_):
            if ending == "exception":
                raise KeyboardInterrupt
            guest.interrupt()

        signal.signal(signal.SIGALRM, handler)
        additions, stopped = 400_000, 0
        module = huge(additions)
        limits = zcwasm.Limits(deadline=0.01 if ending == "deadline" else None)
        for attempt in range(20):
            guest = zcwasm.Instance(module, imports={{"h": {{"f": lambda: None}}}}, limits=limits)
            big = guest.exports.big
            try:
                try:
                    if ending != "deadline":
                        signal.setitimer(signal.ITIMER_REAL, 0.004)
                    big(1)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                stopped += 1
            except zcwasm.Trap as trap:
                assert trap.kind == {{"deadline": "deadline"}}.get(ending, "interrupted"), trap
                stopped += 1
            if ending == "deadline":
                for _ in range(3):  # again from the beginning, and stopped again
                    try:
                        big(1)
                    except zcwasm.Trap as trap:
                        assert trap.kind == "deadline"
            else:
                assert big(1) == 1 + 5 * additions
                assert guest.exports.f7() == 7
        assert stopped, "never stopped while it compiled"
        """
    )


@each_engine
def test_a_handler_calls_a_guest_that_waits() -> None:
    in_a_process(
        """
        from wasi_guest import Guest
        refused = []

        def handler(*_):
            for attempt in (lambda: guest.exports.twice(1), guest.instance.close):
                try:
                    attempt()
                except (RuntimeError, BufferError) as error:
                    refused.append(str(error))

        guest = Guest()
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        guest.poll([guest.clock_subscription(int(0.3e9))])
        assert len(refused) == 2 and "in the middle" in refused[0] and "running" in refused[1], refused
        assert guest.exports.twice(2) == 4
        """
    )


@each_engine
def test_a_handler_while_the_start_function_is_compiled_and_runs() -> None:
    in_a_process(
        """
        calls = []

        def handler(*_):
            calls.append(other.exports.f3())

        def host():
            end = time.monotonic() + 0.05
            while time.monotonic() < end:
                calls.append(another.exports.f4())

        # The handler's own, for it may come in the middle of a call of the other one.
        other, another = (zcwasm.Instance(huge(10), imports={"h": {"f": lambda: None}}) for _ in range(2))
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(3):
            guest = zcwasm.Instance(huge(10), imports={"h": {"f": host}})
            assert guest.exports.f5() == 5
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert {3, 4} == set(calls)
        """
    )


@each_engine
def test_what_a_handler_may_do_in_the_middle_of_a_call() -> None:
    """The guest goes around until its memory has 5 pages, and the handler grows it; its base stays."""
    in_a_process(
        """
        def guest_over(memory):
            waits = b"\\x0c\\0\\x03\\x40\\x3f\\0\\x41\\5\\x49\\x0d\\0\\x0b\\x0b"
            code = section(10, vector(waits, b"\\4\\0\\x41\\7\\x0b"))
            types = section(1, vector(b"\\x60\\0\\0", b"\\x60\\0\\1\\x7f"))
            functions = section(3, b"\\2\\0\\1")
            exports = section(7, vector(b"\\1f\\0\\0", b"\\1g\\0\\1"))
            imports = section(2, vector(b"\\1m\\1m\\2\\1\\1\\x0a"))
            module = zcwasm.Module(b"\\0asm\\1\\0\\0\\0" + types + imports + functions + exports + code)
            return zcwasm.Instance(module, imports={"m": {"m": memory}})

        def attempt(what, error, text):
            try:
                what()
            except error as caught:
                assert text in str(caught), caught
                seen.append(text)

        def handler(*_):
            if memory.pages < 5:
                attempt(guest.exports.g, RuntimeError, "in the middle of a call")
                attempt(over_the_same.exports.g, RuntimeError, "in the middle of a call")
                attempt(guest.close, BufferError, "running")
                assert guest_over(zcwasm.Memory(5, 10)).exports.f() is None
                gc.collect()
                if memory.grow(1) < 4:
                    signal.setitimer(signal.ITIMER_REAL, 0.02)

        seen, memory = [], zcwasm.Memory(1, 10)
        guest, over_the_same = guest_over(memory), guest_over(memory)
        array = memory.array(0, 4, "u1")
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        guest.exports.f()
        assert memory.pages == 5 and memory.address == array.ctypes.data
        assert {"in the middle of a call", "running"} == set(seen), seen
        assert guest.exports.g() == over_the_same.exports.g() == 7
        guest.close()
        """
    )


@each_engine
def test_a_storm_of_signals() -> None:
    out = in_a_process(
        """
        random_ = random.Random(3)
        long = 2000 if os.environ.get("ZCWASM_ENGINE") == "wasmtime" else 200_000  # which is all compiled
        small, large = huge(10), huge(long)
        counts = {}

        def count(what):
            counts[what] = counts.get(what, 0) + 1

        def some_guest():
            return random_.choice(guests)[0]

        def operation(handled):
            choice = random_.randrange(8)
            guest, additions = random_.choice(guests)
            try:
                if choice == 0:
                    assert guest.exports.big(3) == 3 + 5 * additions
                elif choice == 1:
                    assert guest.exports.many(5) == (5, 6, 7)
                elif choice == 2:
                    number = random_.randrange(SMALL)
                    assert guest.exports[f"f{number}"]() == number
                elif choice == 3:
                    before = guest.exports.grow(1)
                    assert before == -1 or 0 < before < guest.memory.pages
                elif choice == 4:
                    assert guest.exports.fill(handled) <= guest.memory.pages
                elif choice == 5:
                    guest.exports.call()
                elif choice == 6:
                    guest.close()
                else:
                    guest.memory.grow(1)
                names = "big", "many", "f", "grow", "fill", "call", "close", "host grow"
                count(("handler " if handled else "") + names[choice])
            except RuntimeError as error:  # by a handler in the middle of its call
                assert depth and "in the middle of a call" in str(error), error
                count("refused")
            except BufferError as error:
                assert "running" in str(error)
                count("in use")
            except IndexError:
                count("memory is full")
            except ValueError as error:
                assert "closed" in str(error), error
                replace(guest)

        def replace(guest):
            for at, entry in enumerate(guests):
                if entry[0] is guest:
                    guests[at] = make()

        def make():
            module, additions = random_.choice(((small, 10), (large, long)))
            return zcwasm.Instance(module, imports={"h": {"f": host}}), additions

        def host():
            if random_.random() < 0.3:
                operation(False)

        depth = 0
        def handler(*_):
            global depth
            if depth < 3:
                depth += 1
                try:
                    operation(True)
                finally:
                    depth -= 1

        guests = []
        guests += [make(), make()]
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0015)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            operation(False)
            if random_.random() < 0.02:
                replace(some_guest())
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert counts.get("refused") and counts.get("in use"), counts
        for guest, additions in guests:
            if not guest.closed:
                assert guest.exports.big(3) == 3 + 5 * additions
        print(counts)
        """
    )
    print(out)


@each_engine
def test_threads_that_share_an_instance() -> None:
    """Ending a call includes waiting for the interpreter lock: nobody else gets in before that."""
    in_a_process(
        """
        import sys
        sys.setswitchinterval(1e-5)
        done = []
        for _ in range(40):
            end = time.monotonic() + 0.05
            guest = zcwasm.Instance(huge(10), imports={"h": {"f": lambda: time.sleep(0)}})
            many, call = guest.exports.many, guest.exports.call

            def keeps_calling(mine):
                while time.monotonic() < end:
                    try:
                        assert many(mine) == (mine, mine + 1, mine + 2)
                        call()
                        done.append(mine)
                    except RuntimeError as error:
                        assert "on another thread" in str(error), error
                    except ValueError as error:
                        assert "closed" in str(error), error
                        return

            def closes():
                while time.monotonic() < end - 0.02:
                    time.sleep(0.001)
                while not guest.closed:
                    try:
                        guest.close()
                    except BufferError as error:
                        assert "running" in str(error)

            threads = [threading.Thread(target=keeps_calling, args=(i,)) for i in (10, 20, 30)]
            threads.append(threading.Thread(target=closes))
            failures = []
            threading.excepthook = failures.append
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert not failures, failures
        assert done
        """
    )


@each_engine
def test_finalisers_run_while_results_are_made() -> None:
    """Making a tuple can run the garbage collector (in Python 3.10 and 3.11), and so what calls the guest."""
    count = 40  # more than the tuples that Python keeps for reuse
    types = vector(b"\x60\x01\x7f" + vector(*[b"\x7f"] * count))
    body = b"\0" + b"\x20\0" * count + b"\x0b"
    module = b"\0asm\1\0\0\0" + section(1, types) + section(3, b"\1\0") + section(7, vector(b"\1f\0\0"))
    guest = zcwasm.Instance(zcwasm.Module(module + section(10, vector(leb(len(body)) + body))))

    class Calls:
        def __init__(self) -> None:
            self.itself = self  # only the collector frees it

        def __del__(self) -> None:
            guest.exports.f(-9)

    before = gc.get_threshold()
    try:
        gc.set_threshold(1, 1, 1)
        for i in range(300):
            Calls()
            assert guest.exports.f(i) == (i,) * count
    finally:
        gc.set_threshold(*before)
