"""What is wasmtime's own as an engine: what it shares with the interpreter's instances, what it needs of the
native stack, and what could take a process down. What holds for each engine is in tests that run over all."""

from __future__ import annotations

import signal
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
from support import basics, run_python

import zcwasm
from zcwasm import Limits, _engines

wasmtime = pytest.importorskip("wasmtime", reason="the package wasmtime is not installed")
WHY = _engines.unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=str(WHY))


@pytest.fixture(autouse=True)
def compiled(code_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCWASM_ENGINE", "wasmtime")
    monkeypatch.setenv("ZCWASM_CACHE", str(code_cache))


def module(text: str) -> zcwasm.Module:
    return zcwasm.Module(bytes(wasmtime.wat2wasm(f"(module {text})")))


SHARED = module(
    """(import "m" "memory" (memory 1 10)) (import "m" "count" (global $count (mut i64)))
    (import "m" "host" (func $host))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "size") (result i32) memory.size)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "add") (param i64) (result i64)
        (global.set $count (i64.add (global.get $count) (local.get 0))) (global.get $count))
    (func (export "around") (param i64) (result i64)
        (global.set $count (i64.add (global.get $count) (local.get 0))) (call $host) (global.get $count))"""
)


def pair() -> tuple[zcwasm.Instance, zcwasm.Instance, zcwasm.Memory, zcwasm.Global, list[object]]:
    """An instance of each engine over one memory and one global, and what their host function calls."""
    memory, count = zcwasm.Memory(1, 10), zcwasm.Global("i64", 5, mutable=True)
    todo: list[object] = []

    def host() -> None:
        while todo:
            todo.pop()()  # type: ignore[operator]

    imports = {"m": {"memory": memory, "count": count, "host": host}}
    return (
        zcwasm.Instance(SHARED, imports=imports, engine="wasmtime"),
        zcwasm.Instance(SHARED, imports=imports, engine="wasm3"),
        memory,
        count,
        todo,
    )


def test_engines_share_a_memory() -> None:
    compiled, interpreted, memory, _, _ = pair()
    base = memory.array(0, 1, "uint8").__array_interface__["data"][0]
    compiled.exports.store(4, 11)
    assert interpreted.exports.load(4) == 11
    assert interpreted.exports.grow(2) == 1
    assert compiled.exports.size() == 3
    assert compiled.exports.grow(1) == 3
    assert interpreted.exports.size() == memory.pages == 4
    memory.grow(3)
    compiled.exports.store(7 * 65536 - 4, 12)
    assert interpreted.exports.load(7 * 65536 - 4) == 12
    with pytest.raises(zcwasm.Trap, match="out of bounds memory access"):
        compiled.exports.store(7 * 65536 - 3, 12)
    assert compiled.exports.grow(4) == -1
    assert memory.array(0, 1, "uint8").__array_interface__["data"][0] == base


def test_a_memory_that_the_host_grows_meanwhile() -> None:
    compiled, _, memory, _, todo = pair()
    todo.append(lambda: memory.grow(2))
    compiled.exports.around(0)
    assert compiled.exports.size() == 3
    assert compiled.exports.grow(1) == 3


def test_engines_share_a_global() -> None:
    compiled, interpreted, _, count, todo = pair()
    assert compiled.exports.add(1) == 6
    assert interpreted.exports.add(2) == 8
    assert compiled.exports.add(0) == count.value == 8
    count.value = -(2**40)
    assert compiled.exports.add(1) == 1 - 2**40
    count.value = 0
    todo.append(lambda: interpreted.exports.add(100))
    assert compiled.exports.around(1) == 101
    todo.append(lambda: compiled.exports.add(1000))  # the same instance, nested
    assert compiled.exports.around(1) == 1102
    todo.append(lambda: setattr(count, "value", 7))
    assert compiled.exports.around(1) == count.value == 7


TABLE = module(
    """(table (export "table") 2 4 funcref) (elem (i32.const 0) $one)
    (func $one (export "one") (result i32) (i32.const 1))
    (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))"""
)
IMPORTS_A_TABLE = zcwasm.Module(bytes(wasmtime.wat2wasm('(module (import "m" "t" (table 1 funcref)))')))


def test_the_host_sees_the_size_of_a_table() -> None:
    guest = zcwasm.Instance(TABLE)
    table = guest.exports.table
    assert (table.size, table.maximum) == (2, 4)
    assert guest.exports.grow(1) == 2
    assert len(table) == 3
    kept_to_itself = "the table is an instance's of the engine wasmtime, which keeps tables to itself"
    for action in lambda: table.get(0), lambda: table.set(0, None), lambda: table.grow(1):
        with pytest.raises(ValueError, match=kept_to_itself):
            action()
    guest.close()
    assert table.size == 3


def test_only_the_first_table_is_seen() -> None:
    exports = zcwasm.Instance(
        module('(table (export "a") 2 funcref) (table (export "b") 7 externref)')
    ).exports
    assert exports.a.size == 2
    assert exports.b is None


def test_engines_share_no_tables() -> None:
    guest, table = zcwasm.Instance(TABLE), zcwasm.Table(2)
    with pytest.raises(ValueError, match="function is of an instance of the engine wasmtime, the table has"):
        table.set(0, guest.exports.one)
    assert table.get(0) is None
    with pytest.raises(zcwasm.LinkError, match=r"import m\.t: the engine wasmtime imports no tables"):
        zcwasm.Instance(IMPORTS_A_TABLE, imports={"m": {"t": table}})
    with pytest.raises(zcwasm.LinkError, match=r"import m\.t: the engine wasmtime imports no tables"):
        zcwasm.Instance(IMPORTS_A_TABLE, imports={"m": {"t": guest.exports.table}})
    with pytest.raises(zcwasm.LinkError, match=r"import m\.t: the table is of the engine wasmtime, the"):
        zcwasm.Instance(IMPORTS_A_TABLE, imports={"m": {"t": guest.exports.table}}, engine="wasm3")
    assert guest.exports.one() == 1


def test_a_global_that_is_imported_more_than_once() -> None:
    text = """(import "m" "a" (global $a (mut i32))) (import "m" "b" (global $b (mut i32)))
    (import "m" "c" (global $c (mut i32))) (export "c again" (global $c))
    (func (export "f") (param i32) (result i32)
        (global.set $a (local.get 0)) (i32.add (global.get $c) (i32.mul (i32.const 100) (global.get $b))))"""
    one, other = zcwasm.Global("i32", 1, mutable=True), zcwasm.Global("i32", 2, mutable=True)
    for engine in ("wasm3", "wasmtime"):
        imports = {"m": {"a": one, "b": other, "c": one}}
        guest = zcwasm.Instance(module(text), imports=imports, engine=engine)  # type: ignore[arg-type]
        assert guest.exports.f(5) == 205, engine
        assert guest.exports.f(6) == 206, engine
        assert (one.value, other.value, guest.exports["c again"].value) == (6, 2, 6)


def test_an_empty_memory_beside_a_heap() -> None:
    """Both are asked for with no bytes; the guest's is the one that was made for it."""
    for limits, use in (
        ("0", "(table 3 externref)"),
        ("0 5", '(tag $e (param i32)) (func (export "throw") (throw $e (i32.const 1)))'),
    ):
        guest = zcwasm.Instance(
            module(
                f'(memory (export "memory") {limits}) {use} (func (export "grow") (result i32) '
                "(memory.grow (i32.const 1)) (i32.store8 (i32.const 65535) (i32.const 9)))"
            )
        )
        assert guest.exports.grow() == 0
        assert guest.exports.memory.array(65535, 1, "uint8")[0] == 9


def test_what_else_ends_a_call_is_a_trap() -> None:
    guest = zcwasm.Instance(
        module(
            """(tag $e (param i64 i64)) (table $kept 1 exnref)
            (func (export "throw") (throw $e (i64.const 1) (i64.const 2)))
            (func (export "keep all")
                (loop $again
                    (block $caught (result i64 i64 exnref)
                        (try_table (catch_ref $e $caught) (throw $e (i64.const 1) (i64.const 2))) unreachable)
                    (drop (table.grow $kept (i32.const 1)))
                    drop drop
                    (br $again)))"""
        )
    )
    for _ in range(2):
        with pytest.raises(zcwasm.Trap, match="uncaught exception") as caught:
            guest.exports.throw()
        assert caught.value.kind == "uncaught_exception"
    with pytest.raises(zcwasm.Trap, match=r"wasmtime ended the call: .*out of memory") as caught:
        guest.exports["keep all"]()
    assert caught.value.kind == "engine"


def test_the_limit_of_tables_is_that_of_all() -> None:
    grows = module(
        """(table $a 2 funcref) (table $b 3 externref)
        (func (export "a") (param i32) (result i32) (table.grow $a (ref.null func) (local.get 0)))
        (func (export "b") (param i32) (result i32) (table.grow $b (ref.null extern) (local.get 0)))"""
    )
    with pytest.raises(zcwasm.LinkError, match="5 elements, the limit is 4"):
        zcwasm.Instance(grows, limits=Limits(table=4))
    guest = zcwasm.Instance(grows, limits=Limits(table=25))
    assert (guest.exports.a(9), guest.exports.b(8)) == (-1, -1)
    assert (guest.exports.a(8), guest.exports.b(7)) == (2, 3)
    assert zcwasm.Instance(grows, limits=Limits(table=5)).exports.a(1) == -1


def test_fuel_cannot_be_set_while_the_code_has_it() -> None:
    told: list[str] = []

    def on_alarm(number: int, frame: object) -> None:
        with pytest.raises(RuntimeError, match="running compiled code, which has its fuel already") as caught:
            guest.fuel = 10
        told.append(str(caught.value))
        guest.interrupt()

    def log(value: int) -> None:
        guest.fuel = 1000

    guest = basics(imports={"env": {"log": log, "pair": print}}, limits=Limits(fuel=10**15, deadline=60))
    before = signal.signal(signal.SIGALRM, on_alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(zcwasm.Trap) as caught:
            guest.exports.spin()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught.value.kind == "interrupted"
    assert told
    guest.exports["call log!"](0)
    assert 0 < (guest.fuel or 0) <= 1000
    with pytest.raises(zcwasm.Trap) as caught:
        guest.exports.spin()
    assert caught.value.kind == "out_of_fuel"
    guest.fuel = None
    assert guest.exports.add(1, 2) == 3


def test_traps_have_the_frames_of_the_guest() -> None:
    guest = zcwasm.Instance(
        module(
            """(func $inner (export "inner") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
            (func $middle (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
            (func (export "outer") (param i32) (result i32)
                (i32.add (i32.const 1) (call $middle (local.get 0))))"""
        )
    )
    assert guest.exports.outer(1) == 3
    with pytest.raises(zcwasm.Trap, match="integer divide by zero") as caught:
        guest.exports.outer(0)
    assert len(caught.value.backtrace) == 3


def test_what_it_cannot_do_is_refused_by_name() -> None:
    guest = basics()
    with pytest.raises(zcwasm.CompileError, match="cannot bound nested calls"):
        basics(limits=Limits(call_depth=5))
    with pytest.raises(ValueError, match="fuel is limited, and this instance's code counts none"):
        guest.call("add", 1, 2, fuel=100)
    assert guest.exports.add(1, 2) == 3


def test_greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may leave a host function in the middle: calls would end in another order than they began."""
    monkeypatch.setitem(sys.modules, "greenlet", ModuleType("greenlet"))
    other = basics()
    refused: list[RuntimeError] = []

    def log(value: int) -> None:
        with pytest.raises(
            RuntimeError, match="where there are greenlets, guests of the engine wasmtime"
        ) as caught:
            other.exports.add(1, 2)
        refused.append(caught.value)
        assert basics(engine="wasm3").exports.add(1, 2) == 3

    guest = basics(imports={"env": {"log": log, "pair": print}})
    for _ in range(2):
        guest.exports["call log!"](0)
    assert len(refused) == 2
    assert other.exports.add(1, 2) == 3


def in_a_process(source: str, timeout: float = 60) -> str:
    return run_python(
        "import zcwasm, threading, os\nfrom support import basics\n" + textwrap.dedent(source),
        timeout=timeout,
    )


@pytest.mark.parametrize("stack", [128, 256, 512, 1024, 2048])
def test_endless_recursion_on_small_threads(stack: int) -> None:
    """A trap, whatever the size: where there is no room for all that a guest may use, before it begins."""
    in_a_process(
        f"""
        kinds = []

        def run():
            guest = basics()
            for _ in range(2):
                try:
                    guest.exports.recurse(100_000_000)
                except zcwasm.Trap as trap:
                    kinds.append(trap.kind)

        basics().exports.add(1, 2)
        threading.stack_size({stack} * 1024)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert kinds == ["stack_overflow"] * 2, kinds
        """
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_faulthandler(when: str) -> None:
    """No handler of signals is installed, so that nobody's is lost."""
    first, second = ("faulthandler.enable()", "") if when == "before" else ("", "faulthandler.enable()")
    in_a_process(
        f"""
        import faulthandler, signal
        {first}
        guest = basics()
        assert guest.exports.add(1, 2) == 3
        {second}
        for function, argument, kind in (
            (guest.exports.recurse, 100_000_000, "stack_overflow"),
            (guest.exports.load, -4, "memory_out_of_bounds"),
        ):
            try:
                function(argument)
            except zcwasm.Trap as trap:
                assert trap.kind == kind
            else:
                raise AssertionError(kind)
        """
    )


def test_fork_in_a_call() -> None:
    """The child's guest goes on, and its time is told by a thread of its own."""
    in_a_process(
        """
        def log(value):
            global child
            child = os.fork()

        guest = basics(imports={"env": {"log": log, "pair": print}}, limits=zcwasm.Limits(deadline=0.5))
        guest.exports["call log!"](0)
        try:
            guest.exports.spin()
        except zcwasm.Trap as trap:
            assert trap.kind == "deadline"
        else:
            os._exit(3)
        if child:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        else:
            os._exit(0)
        """
    )


def test_many_threads_with_guests_of_their_own() -> None:
    in_a_process(
        """
        wrong = []

        def run(seed):
            for _ in range(20):
                guest = basics(limits=zcwasm.Limits(deadline=0.005))
                if basics().exports.add(seed, 1) != seed + 1:
                    wrong.append(seed)
                try:
                    guest.exports.spin()
                except zcwasm.Trap as trap:
                    if trap.kind != "deadline":
                        wrong.append(trap.kind)
                guest.close()

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong
        """
    )
