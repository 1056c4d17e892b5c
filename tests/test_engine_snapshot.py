"""Snapshots and forks of instances that are compiled, and from one engine to the other. What holds for each
engine alike is in test_snapshot.py, which runs for both."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import guest_path

import zcwasm
from zcwasm import Limits, _engines

wasmtime = pytest.importorskip("wasmtime", reason="the package wasmtime is not installed")
WHY = _engines.unavailable()
pytestmark = pytest.mark.skipif(WHY is not None, reason=str(WHY))
ENGINES: list[zcwasm.EngineKind] = ["wasm3", "wasmtime"]
PAIRS = [(one, other) for one in ENGINES for other in ENGINES]


@pytest.fixture(autouse=True)
def unset(code_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCWASM_ENGINE", raising=False)
    monkeypatch.setenv("ZCWASM_CACHE", str(code_cache))


def module(text: str) -> zcwasm.Module:
    return zcwasm.Module(bytes(wasmtime.wat2wasm(f"(module {text})")))


# A table with functions of its own, an imported one and none, which changes; globals that are seen from
# outside and that are not; data that is written over; a private name of the rewriting among its own.
ALL = module(r"""(type $f (func (result i32))) (import "e" "h" (func $h (type $f)))
    (import "e" "base" (global $base i32)) (import "e" "shared" (global $shared (mut i64)))
    (memory (export "memory") 1 10) (table (export "\7fzc0:1.0") 5 20 funcref)
    (global $g (mut i32) (i32.const 7)) (global (export "x") (mut f64) (f64.const 1.5))
    (global $c f32 (f32.const 0.5)) (global $l (mut i64) (i64.const -1))
    (func $one (type $f) (i32.const 1)) (func $two (type $f) (i32.const 2))
    (func $three (type $f) (global.get $g))
    (elem (global.get $base) $one $two $h) (elem $p func $three)
    (data (i32.const 16) "hello") (data (global.get $base) "base") (data $q "passive")
    (func (export "set") (param i32 i64) (global.set $g (local.get 0)) (global.set $l (local.get 1)))
    (func (export "get") (result i32 i64 i64) (global.get $g) (global.get $l) (global.get $shared))
    (func (export "share") (param i64) (global.set $shared (local.get 0)))
    (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0)))
    (func (export "swap") (table.copy (i32.const 0) (i32.const 1) (i32.const 3))
        (table.init $p (i32.const 4) (i32.const 0) (i32.const 1)))
    (func (export "fill") (memory.init $q (i32.const 100) (i32.const 0) (i32.const 7)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))""")


def given(base: int = 1) -> dict[str, Any]:
    return {
        "e": {
            "h": lambda: 99,
            "base": zcwasm.Global("i32", base),
            "shared": zcwasm.Global("i64", 5, mutable=True),
        }
    }


def elements(guest: zcwasm.Instance) -> list[Any]:
    found: list[Any] = []
    for i in range(5):
        try:
            found.append(guest.exports.call(i))
        except zcwasm.Trap as trap:
            found.append(trap.kind)
    return found


def facts(guest: zcwasm.Instance) -> Any:
    return (
        guest.exports.get(),
        guest.exports.x.value,
        elements(guest),
        bytes(guest.memory),
        guest.memory.pages,
    )


def taken(guest: zcwasm.Instance) -> io.BytesIO:
    file = io.BytesIO()
    guest.snapshot(file)
    file.seek(0)
    return file


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("changed", [False, True])
def test_from_engine_to_engine(
    one: zcwasm.EngineKind, other: zcwasm.EngineKind, changed: bool, tmp_path: Path
) -> None:
    guest = zcwasm.Instance(ALL, imports=given(), engine=one)
    nothing = "uninitialized_element"
    assert elements(guest) == [nothing, 1, 2, 99, nothing]
    if changed:
        guest.exports.set(-42, 1 << 60)
        guest.exports.share(6)
        guest.exports.x.value = 2.25
        guest.memory.array(16, 5, np.uint8)[:] = 0  # where a segment lies
        assert guest.exports.grow(2) == 1
        guest.memory.array(150_000, 3, np.uint8)[:] = (1, 2, 3)
        guest.exports.swap()
        guest.exports.fill()
        assert elements(guest) == [1, 2, 99, 99, (1 << 32) - 42 - (1 << 32)]
    path = tmp_path / "guest.snapshot"
    guest.snapshot(path)
    info = zcwasm.snapshot_info(path)
    unit = {"wasm3": "opcodes", "wasmtime": "operators"}[one]
    assert (info["engine"], info["fuel_unit"]) == (one, unit)
    expected = facts(guest)
    for mapped in (False, True):
        again = zcwasm.Instance.restore(ALL, path, imports=given(), engine=other, mapped=mapped)
        assert again.engine == other
        assert facts(again) == expected
        # And from there it goes on: what it is told next does not come from what it was made of.
        again.exports.set(8, 9)
        again.exports.swap()
        again.exports.fill()
        assert again.exports.grow(1) == guest.memory.pages
        assert elements(again)[4] == 8
        [child] = again.fork()
        assert child.engine == other
        assert facts(child) == facts(again)
    assert facts(guest) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_exports_stay_those_of_the_module(engine: zcwasm.EngineKind) -> None:
    """Private names are nobody's business."""
    names = ["memory", "\x7fzc0:1.0", "x", "set", "get", "share", "call", "swap", "fill", "grow"]
    assert [each.name for each in ALL.exports] == names
    assert list(zcwasm.Instance(ALL, imports=given(), engine=engine).exports) == names


def test_which_engine_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    file = taken(zcwasm.Instance(ALL, imports=given(), engine="wasmtime"))

    def restored(**options: Any) -> str:
        file.seek(0)
        return zcwasm.Instance.restore(ALL, file, imports=given(), **options).engine

    assert restored() == "wasm3"  # a file does not choose what runs
    assert restored(engine="wasmtime") == "wasmtime"
    assert restored(engine="auto") == "wasmtime"
    with pytest.raises(ValueError, match="engine must be 'wasm3', 'wasmtime' or 'auto', not 'v8'"):
        restored(engine="v8")
    monkeypatch.setenv("ZCWASM_ENGINE", "wasmtime")
    assert restored() == "wasmtime"
    assert restored(engine="wasm3") == "wasm3"
    monkeypatch.delenv("ZCWASM_ENGINE")
    monkeypatch.setattr(_engines, "_loaded", [])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'zcwasm\[jit\]'"):
        restored(engine="wasmtime")


@pytest.mark.parametrize("engine", ENGINES)
def test_constants_that_are_others(engine: zcwasm.EngineKind) -> None:
    file = taken(zcwasm.Instance(ALL, imports=given(), engine=engine))
    for base in (2, 4, 70_000):  # where segments can lie, and where not even these: nothing is placed by it
        file.seek(0)
        with pytest.raises(
            zcwasm.SnapshotError, match=rf"import e\.base: the global was 0x1, now it is {base:#x}"
        ):
            zcwasm.Instance.restore(ALL, file, imports=given(base))


def test_more_functions_in_tables_than_can_be_named() -> None:
    """The library bounds the types of exports: the module runs, and its functions get no private names."""
    count, params = 2000, 600
    own = module(
        f"(type $t (func {'(param i32)' * params})) (table {count} funcref)"
        + f"(elem (i32.const 0) {' '.join(map(str, range(count)))})"
        + "(func (type $t))" * count
        + '(func (export "f") (result i32) (i32.const 3))'
    )
    guest = zcwasm.Instance(own, engine="wasmtime")
    assert guest.exports.f() == 3
    with pytest.raises(zcwasm.SnapshotError, match="functions that can lie in its table are too many"):
        guest.fork()
    other = zcwasm.Instance(own, engine="wasm3")
    assert other.fork()[0].exports.f() == 3
    with pytest.raises(zcwasm.SnapshotError, match="functions that can lie in its table are too many"):
        zcwasm.Instance.restore(own, taken(other), engine="wasmtime")


def test_other_tables() -> None:
    """A function that only the host could have put into the table: the compiler's code has no name for it."""
    text = """(table (export "t") 2 funcref) (func $f (result i32) (i32.const 1)) (elem (i32.const 0) $f)
        (func (export "g") (result i32) (i32.const 2)) (type $t (func (result i32)))
        (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))"""
    own = module(text)
    guest = zcwasm.Instance(own, engine="wasm3")
    guest.exports.t.set(1, guest.exports.g)
    file = taken(guest)
    assert zcwasm.Instance.restore(own, file).exports.call(1) == 2
    file.seek(0)
    with pytest.raises(
        zcwasm.SnapshotError, match="has function 1, which the module does not put into tables"
    ):
        zcwasm.Instance.restore(own, file, engine="wasmtime")


CHANGES = [
    "(table.set $t (i32.const 0) (ref.func $g))",
    "(table.set $t (i32.const 0) (ref.null func))",
    "(table.fill $t (i32.const 0) (ref.func $g) (i32.const 3))",
    "(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))",
    "(table.init $t $p (i32.const 0) (i32.const 0) (i32.const 1))",
    "(drop (table.grow $t (ref.func $g) (i32.const 1)))",
    "(table.set $t (i32.const 0) (table.get $t (i32.const 1)))",
    "(v128.store (i32.const 0) (v128.const i64x2 37 38)) (table.set $t (i32.const 0) (ref.func $g))",
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_instruction_that_changes_a_table(change: str) -> None:
    """None is overlooked: else a child had what the table was when the first instance was looked at."""
    own = module(
        f"""(memory 1) (table $t 3 5 funcref) (func $f (result i32) (i32.const 1))
        (func $g (result i32) (i32.const 2)) (elem (i32.const 0) $f $g) (elem $p func $g)
        (type $t (func (result i32)))
        (func (export "change") {change})
        (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))"""
    )
    plain = zcwasm.Instance(own, engine="wasmtime")
    before = elements(plain.fork()[0])
    guest = zcwasm.Instance(own, engine="wasmtime")
    guest.exports.change()
    assert elements(guest) != before
    for each in (*guest.fork(2), zcwasm.Instance.restore(own, taken(guest), engine="wasmtime")):
        assert elements(each) == elements(guest)
    assert elements(plain.fork()[0]) == before


def test_segments_whose_place_is_imported() -> None:
    own = module(
        """(import "e" "base" (global $base i32)) (table 4 funcref) (func $f (result i32) (i32.const 1))
        (elem (global.get $base) $f) (type $t (func (result i32)))
        (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))"""
    )
    for base in (0, 3, 1):
        guest = zcwasm.Instance(own, engine="wasmtime", imports={"e": {"base": zcwasm.Global("i32", base)}})
        [child] = guest.fork()
        assert elements(child) == elements(guest)
        assert elements(guest)[base] == 1


@pytest.mark.parametrize("grown", [False, True])
def test_tables_that_the_host_has_changed(grown: bool) -> None:
    """Of a module that leaves its table alone, which all its other instances have alike."""
    own = module(
        """(table (export "t") 3 5 funcref) (func $f (result i32) (i32.const 1))
        (func $g (export "g") (result i32) (i32.const 2)) (elem (i32.const 0) $f $g)
        (type $t (func (result i32)))
        (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))"""
    )
    plain = zcwasm.Instance(own, engine="wasmtime")
    assert [each.exports.call(1) for each in plain.fork(2)] == [2, 2]
    guest = zcwasm.Instance(own, engine="wasm3")
    at = 2
    if grown:
        at = guest.exports.t.grow(1)
    guest.exports.t.set(0, guest.exports.g)
    guest.exports.t.set(at, guest.exports.g)
    again = zcwasm.Instance.restore(own, taken(guest), engine="wasmtime")
    for each in (again, *again.fork(2), zcwasm.Instance.restore(own, taken(again), engine="wasmtime")):
        assert [each.exports.call(i) for i in (0, 1, at)] == [2, 2, 2]
    [child] = plain.fork()
    assert child.exports.call(0) == 1
    with pytest.raises(zcwasm.Trap):
        child.exports.call(at)


def test_tables_that_grew() -> None:
    own = module(
        """(table $t 1 5 funcref) (func $f (result i32) (i32.const 1)) (elem declare func $f)
        (type $t (func (result i32)))
        (func (export "grow") (result i32) (table.grow $t (ref.func $f) (i32.const 3)))
        (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
        (func (export "size") (result i32) (table.size $t))"""
    )
    guest = zcwasm.Instance(own, engine="wasmtime")
    assert guest.exports.grow() == 1
    file = taken(guest)
    for each in (zcwasm.Instance.restore(own, file, engine="wasmtime"), *guest.fork(2)):
        assert (each.exports.size(), each.exports.call(3)) == (4, 1)
        with pytest.raises(zcwasm.Trap, match="uninitialized element"):
            each.exports.call(0)
    file.seek(0)
    with pytest.raises(zcwasm.SnapshotError, match="table has 4 elements, the limit is 3"):
        zcwasm.Instance.restore(own, file, engine="wasmtime", limits=Limits(table=3))


# --- fuel ---

LOOPS = zcwasm.Module(guest_path("loops"))


@pytest.mark.parametrize("engine", ENGINES)
def test_fuel_goes_on(engine: zcwasm.EngineKind) -> None:
    guest = zcwasm.Instance(LOOPS, engine=engine, limits=Limits(fuel=1_000_000))
    guest.exports.fib(10)
    file = taken(guest)
    for each in (zcwasm.Instance.restore(LOOPS, file, engine=engine), *guest.fork(1)):
        assert (each.fuel, each.fuel_used) == (guest.fuel, guest.fuel_used)
        assert guest.fuel_used > 100
        each.exports.fib(10)
        assert each.fuel_used == 2 * guest.fuel_used
        with pytest.raises(zcwasm.Trap, match="all fuel consumed"):
            each.exports.fib(30)
    file.seek(0)
    again = zcwasm.Instance.restore(LOOPS, file, engine=engine, limits=Limits(fuel=100))
    assert again.fuel == 100


@pytest.mark.parametrize(("one", "other"), [("wasm3", "wasmtime"), ("wasmtime", "wasm3")])
def test_fuel_is_none_of_the_other_engine(one: zcwasm.EngineKind, other: zcwasm.EngineKind) -> None:
    guest = zcwasm.Instance(LOOPS, engine=one, limits=Limits(fuel=1_000_000))
    guest.exports.fib(10)
    file = taken(guest)
    with pytest.raises(
        zcwasm.SnapshotError, match=rf"of fuel left, in op\w+ of the engine {one}: the engine {other}"
    ):
        zcwasm.Instance.restore(LOOPS, file, engine=other)
    guest.fuel = None
    file = taken(guest)
    again = zcwasm.Instance.restore(LOOPS, file, engine=other, limits=Limits(fuel=1_000_000))
    assert (again.fuel, again.fuel_used) == (1_000_000, 0)
    again.exports.fib(10)
    assert again.fuel_used > 100


# --- what is refused ---

REFUSED: list[tuple[str, str]] = [
    ("(table 1 funcref) (table 1 funcref)", "it has 2 tables"),
    ("(table 1 externref)", "its table is one of externref"),
    ("(global i32 (i32.const 1)) (global (mut v128) (v128.const i64x2 1 2))", "its global 1 is a v128"),
    ("(global (mut funcref) (ref.null func))", "its global 0 is a funcref"),
    (
        '(memory 1) (data "abc") (func (export "f") (data.drop 0))',
        "it has passive segments, 1, and drops them",
    ),
    (
        "(table 1 funcref) (func $f) (elem func $f) (func (elem.drop 0)) "
        "(func (result v128) (v128.const i64x2 1 2))",  # a module that is looked at in the other way
        "it has passive segments, 1, and drops them",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
@pytest.mark.parametrize("what", [lambda guest: guest.snapshot(io.BytesIO()), lambda guest: guest.fork()])
def test_refused_by_name(text: str, message: str, what: Callable[[zcwasm.Instance], object]) -> None:
    guest = zcwasm.Instance(module(text), engine="wasmtime")
    with pytest.raises(
        zcwasm.SnapshotError, match=f"the engine wasmtime makes no snapshots or forks of .*: {message}"
    ):
        what(guest)


def test_segments_that_were_dropped() -> None:
    own = module('(memory 1) (data "abc") (func (export "f") (data.drop 0))')
    guest = zcwasm.Instance(own, engine="wasm3")
    guest.exports.f()
    with pytest.raises(zcwasm.SnapshotError, match="passive segments, 1, and drops them"):
        zcwasm.Instance.restore(own, taken(guest), engine="wasmtime")


def test_modules_that_only_the_compiler_runs() -> None:
    """Vectors in functions, extended constants, exceptions' tags: no state of any of them."""
    own = module(
        """(memory (export "memory") 1) (global $g (mut i32) (i32.add (i32.const 20) (i32.const 22)))
        (tag $t (param i32))
        (data (i32.add (i32.const 4) (i32.const 4)) "abcd")
        (func (export "f") (result i32) (v128.store (i32.const 0) (v128.const i32x4 1 2 3 4))
            (global.set $g (i32.add (global.get $g) (i32.load offset=8 (i32.const 0)))) (global.get $g))"""
    )
    guest = zcwasm.Instance(own, engine="wasmtime")
    assert guest.exports.f() == 45
    for each in (zcwasm.Instance.restore(own, taken(guest), engine=guest.engine), *guest.fork(2)):
        assert bytes(each.memory) == bytes(guest.memory)
        assert each.exports.f() == 48
    with pytest.raises(zcwasm.CompileError, match="which the engine wasm3 does not have"):
        zcwasm.Instance.restore(own, taken(guest), engine="wasm3")


def test_memories_that_begin_empty() -> None:
    own = module(
        """(memory (export "memory") 0 4) (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        (func (export "load") (result i32) (i32.load (i32.const 0)))"""
    )
    for engine in ENGINES:
        guest = zcwasm.Instance(own, engine=engine)
        for each in (zcwasm.Instance.restore(own, taken(guest), engine=guest.engine), *guest.fork(1)):
            assert each.memory.pages == 0
            assert each.exports.grow() == 0
        guest.exports.grow()
        guest.memory.array(0, 1, np.int32)[0] = 5
        for other in ENGINES:
            again = zcwasm.Instance.restore(own, taken(guest), engine=other)
            assert (again.memory.pages, again.exports.load()) == (1, 5)


def test_a_start_function_does_not_run_again() -> None:
    own = module(
        """(memory (export "memory") 1)
        (func $s (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
        (start $s) (data (i32.const 0) "\\05")"""
    )
    guest = zcwasm.Instance(own, engine="wasmtime")
    for each in (zcwasm.Instance.restore(own, taken(guest), engine=guest.engine), *guest.fork(1)):
        assert each.memory.array(0, 1, np.int32)[0] == 6


def test_children_are_free_of_their_parent() -> None:
    """Forks share pages; who writes, writes for itself, and the parent may go first."""
    guest = zcwasm.Instance(ALL, imports=given(), engine="wasmtime")
    children = guest.fork(3)
    guest.memory.array(16, 1, np.uint8)[0] = 1
    guest.exports.set(1, 1)
    guest.close()
    for n, each in enumerate(children):
        assert bytes(each.memory)[16:21] == b"hello"
        each.exports.set(n, n)
        each.memory.array(16, 1, np.uint8)[0] = n
    for n, each in enumerate(children):
        assert each.exports.get()[:2] == (n, n)
        assert bytes(each.memory)[16] == n
