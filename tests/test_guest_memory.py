"""Memory of the guest's own: its allocator behind Instance.new, arrays as arguments, texts."""

from __future__ import annotations

import ctypes
import gc
import itertools
import logging
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from support import basics, guest_path

import zcwasm
from zcwasm import assemblyscript

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

PARTICLE = np.dtype([("place", "<f4", 3), ("kind", "u1"), ("mass", "<f8")], align=True)


def library(**options: Any) -> zcwasm.Instance:
    """guests/wasi_heap.c: a C library's allocator."""
    return zcwasm.Instance(zcwasm.Module(guest_path("wasi_heap")), wasi=zcwasm.Wasi(), **options)


def scripted(**options: Any) -> zcwasm.Instance:
    """guests/assemblyscript.ts."""
    options.setdefault("imports", assemblyscript.imports(write=lambda line: None))
    return zcwasm.Instance(zcwasm.Module(guest_path("assemblyscript")), **options)


def assemble(text: str) -> zcwasm.Module:
    wasmtime = pytest.importorskip("wasmtime", reason="wasmtime, which assembles text, is not installed")
    return zcwasm.Module(bytes(wasmtime.wat2wasm(text)))


# An allocator that counts up in steps of 64, and tells the host what it is asked and given back.
BUMP = """
(module
  (import "host" "asked" (func $asked (param i32)))
  (import "host" "freed" (func $freed (param i32)))
  (memory (export "memory") 1 4)
  (global $next (mut i32) (i32.const 1024))
  (func (export "malloc") (param $size i32) (result i32)
    (call $asked (local.get $size))
    {malloc}
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (i32.const {step}))))
  (func (export "free") (param $pointer i32)
    (call $freed (local.get $pointer))
    {free})
  (func (export "set") (param i32) (global.set $next (local.get 0)))
  (func (export "nothing") (param i32))
  (func (export "ask") (param i32) (call $asked (local.get 0)))
  (func (export "trap") unreachable)
  (func (export "spin") (loop $again (br $again))))
"""


class Bump:
    """An instance of BUMP, with what it told."""

    def __init__(self, malloc: str = "", free: str = "", step: int = 64, **options: Any) -> None:
        self.asked: list[int] = []
        self.freed: list[int] = []
        self.asking: Callable[[int], object] = lambda size: None
        self.freeing: Callable[[int], object] = lambda pointer: None

        def asked(size: int) -> None:
            self.asked.append(size)
            self.asking(size)

        def freed(pointer: int) -> None:
            self.freed.append(pointer)
            self.freeing(pointer)

        module = assemble(BUMP.format(malloc=malloc, free=free, step=step))
        imports = {"host": {"asked": asked, "freed": freed}}
        self.guest = zcwasm.Instance(module, imports=imports, **options)
        self.call = self.guest.exports.nothing

    def new(self, size: int = 8) -> np.ndarray[Any, Any]:
        return self.guest.new(size, np.uint8)

    def at(self, array: Any) -> int:
        return self.guest.memory.pointer(array)


# --- real allocators ---


@pytest.mark.parametrize(("make", "name"), [(library, "malloc"), (scripted, "assemblyscript")])
def test_arrays_in_a_guests_memory(make: Callable[[], zcwasm.Instance], name: str) -> None:
    guest = make()
    assert guest.allocator == name
    before = zcwasm.copy_stats()
    x = guest.new((3, 4), fill=1.5)
    assert (x.shape, x.dtype, x.flags.c_contiguous, x.flags.writeable) == ((3, 4), np.float32, True, True)
    assert (x == 1.5).all()
    assert x.ctypes.data == guest.memory.address + guest.memory.pointer(x)
    arrays = [guest.new(size, dtype) for size in (0, 1, 3, 17, 1000) for dtype in ("u1", "<f8", "V7")]
    assert all(guest.memory.pointer(array) % 16 == 0 for array in arrays)
    spans = sorted((array.ctypes.data, array.ctypes.data + array.nbytes) for array in [x, *arrays])
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    device = zcwasm.Device("cpu", threads=1)
    out = guest.new(1)
    device.sum(x, out=out)
    assert out[0] == 18
    assert zcwasm.copy_stats() == before


def test_rusts_allocator() -> None:
    guest = zcwasm.Instance(zcwasm.Module(guest_path("heap")))
    assert guest.allocator == "alloc"
    x = guest.new(100)
    x[:] = np.arange(100)
    assert guest.exports.total(x, 100) == 4950
    for _ in range(2000):
        guest.new(1000)
    assert guest.memory.pages < 40


@pytest.mark.parametrize("make", [library, scripted])
def test_memory_is_used_again(make: Callable[[], zcwasm.Instance]) -> None:
    guest = make()
    pages = guest.memory.pages
    for _ in range(3000):
        guest.new(2000)
    assert guest.memory.pages <= pages + 2
    assert len(guest._heap) == 1  # the last one is due


def test_a_module_without_an_allocator() -> None:
    guest = basics()
    assert guest.allocator is None
    with pytest.raises(zcwasm.Error, match="no allocator that is known here: malloc and free") as raised:
        guest.new(3)
    assert all(name in str(raised.value) for name in ("cabi_realloc", "__new and __pin", "__wbindgen_malloc"))


def test_structs() -> None:
    guest = library()
    all_of_them = guest.new(5, PARTICLE)
    all_of_them["mass"] = [1, 5, 2, 9, 3]
    all_of_them["place"][2] = (1, 2, 3)
    assert guest.exports.heaviest(all_of_them, 5) == 3
    view = guest.memory.array(guest.memory.pointer(all_of_them), 5, PARTICLE)
    assert view["place"][2].tolist() == [1, 2, 3]
    filled = guest.new(2, PARTICLE, fill=np.array(([1, 2, 3], 4, 5.0), PARTICLE))
    assert filled[1] == filled[0]
    assert filled["mass"].tolist() == [5, 5]


def test_what_new_refuses() -> None:
    guest = library(limits=zcwasm.Limits(memory=32 << 20))
    for shape, dtype, kind, message in [
        (-1, "f4", ValueError, "a dimension of the shape is -1"),
        (1.5, "f4", TypeError, "shape must be an integer or a tuple of them, not float"),
        (("a",), "f4", TypeError, "shape must be an integer"),
        (3, object, TypeError, "holds Python objects"),
        (3, "what", TypeError, "data type"),
        (2**31, "f4", MemoryError, "fits no guest's memory"),
        ((2**40, 2**40), "f4", MemoryError, "fits no guest's memory"),
        (2**28, "f4", MemoryError, "the guest's malloc has no 1,073,741,824 bytes"),
        ((1,) * 100, "f4", ValueError, "dimension"),
    ]:
        with pytest.raises(kind, match=message):
            guest.new(shape, dtype)
    with pytest.raises(ValueError, match="could not convert"):
        guest.new(3, fill="text")
    with pytest.raises(TypeError):
        guest.new()  # type: ignore[call-arg]
    guest.exports.total(0, 0)
    assert len(guest._heap) == 0


# --- every kind of allocator ---

KINDS: dict[str, tuple[str, str, list[int], tuple[str, str] | None, list[int]]] = {
    # name, what allocates, what it gets (-1 for the size), what frees, what that gets (-2 for the pointer)
    "malloc": ("malloc", "malloc", [-1], ("free", ""), [-2]),
    "_malloc": ("malloc", "_malloc", [-1], ("_free", ""), [-2]),
    "wbindgen": ("wbindgen", "__wbindgen_malloc", [-1, 16], ("__wbindgen_free", ""), [-2, -1, 16]),
    "wbindgen, older": ("wbindgen", "__wbindgen_malloc", [-1], ("__wbindgen_free", ""), [-2, -1]),
    "alloc": ("alloc", "alloc", [-1], ("dealloc", ""), [-2, -1]),
    "alloc, aligned": ("alloc", "alloc", [-1, 16], ("dealloc", ""), [-2, -1, 16]),
    "allocate": ("alloc", "allocate", [-1], ("deallocate", ""), [-2, -1]),
    "cabi_realloc": ("cabi_realloc", "cabi_realloc", [0, 0, 16, -1], None, []),
}


@pytest.mark.parametrize("key", KINDS)
def test_each_allocator_gets_what_it_takes(key: str) -> None:
    name, allocate, gets, free, frees = KINDS[key]

    def function(export: str, count: int, tell: str, gives: str) -> str:
        params = f"(param {' '.join(['i32'] * count)}) {gives and '(result i32)'}"
        arguments = " ".join(f"(local.get {i})" for i in range(count))
        return f'(func (export "{export}") {params} (call ${tell} {arguments}) {gives})'

    def imported(tell: str, count: int) -> str:
        return f'(import "host" "{tell}" (func ${tell} (param {" ".join(["i32"] * count)})))'

    parts = [imported("asked", len(gets)), imported("freed", len(frees)) if free else ""]
    parts += [
        '(memory (export "memory") 1)',
        function(allocate, len(gets), "asked", "(i32.const 4096)"),
    ]
    parts += [function(free[0], len(frees), "freed", "")] if free else []
    parts += ['(func (export "nothing"))']
    told: list[tuple[str, tuple[int, ...]]] = []
    host = {"asked": lambda *a: told.append(("asked", a)), "freed": lambda *a: told.append(("freed", a))}
    guest = zcwasm.Instance(assemble(f"(module {' '.join(parts)})"), imports={"host": host})
    assert guest.allocator == name
    array = guest.new(25)
    assert guest.memory.pointer(array) == 4096
    values = {-1: 100, -2: 4096}
    assert told == [("asked", tuple(values.get(each, each) for each in gets))]
    del array
    told.clear()
    guest.exports.nothing()
    if free:
        assert told == [("freed", tuple(values.get(each, each) for each in frees))]
    else:
        again = guest.new(20)  # what is taken back by nobody is used again
        assert (guest.memory.pointer(again), told) == (4096, [])
        with pytest.raises(zcwasm.Error, match="not got back"):
            guest.new(20)
        del again
        with pytest.raises(zcwasm.Error, match="not got back"):
            guest.new(5)  # far less: the block stays for what needs it


def test_exports_of_other_types_are_no_allocator() -> None:
    for malloc, free in (("i64", "i32"), ("i32", "i64")):
        text = f"""(module (memory 1) (func (export "malloc") (param {malloc}) (result i32) (i32.const 16))
                   (func (export "free") (param {free})))"""
        assert zcwasm.Instance(assemble(text)).allocator is None


def test_alignment_of_an_allocator_that_gives_less() -> None:
    bump = Bump(step=1064)
    bump.guest.exports.set(1032)  # a multiple of 8
    first = bump.new(100)
    assert bump.at(first) % 16 == 0
    assert bump.asked == [100, 115]  # then it is known
    second = bump.new(100)
    assert (bump.at(second) % 16, bump.asked[2:]) == (0, [115])
    bump.call(0)
    assert bump.freed == [1032]  # the one that did not fit
    del first, second
    bump.call(0)
    assert sorted(bump.freed[1:]) == [1032 + 1064, 1032 + 2 * 1064]  # as it was given, not as it was used


# --- when a block goes back ---


def test_a_block_goes_back_before_the_next_call() -> None:
    bump = Bump()
    array = bump.new()
    pointer = bump.at(array)
    view = memoryview(array[2:])[1:]
    del array
    bump.call(0)
    assert bump.freed == []  # the last view is not gone
    assert bump.guest.memory.pins == 1
    del view
    assert bump.freed == []  # nothing runs in a finalizer
    assert bump.guest.memory.pins == 0
    bump.call(0)
    assert bump.freed == [pointer]
    bump.call(0)
    assert bump.freed == [pointer]


def test_never_inside_a_call() -> None:
    bump = Bump()
    arrays = [bump.new() for _ in range(3)]
    inside: list[int] = []

    def drop(size: int) -> None:
        arrays.clear()
        gc.collect()
        bump.call(0)  # nested
        inside.append(len(bump.freed))

    bump.asking = drop
    bump.guest.exports.ask(1)
    assert inside == [0]
    bump.asking = lambda size: None
    bump.call(0)
    assert len(bump.freed) == len(set(bump.freed)) == 3


def test_new_and_free_in_a_host_function() -> None:
    """They call the allocator by the caller's own wish, so what is due goes back there, too: a guest that
    never returns does not grow."""
    bump = Bump()

    def work(size: int) -> None:
        if size == 1:
            for _ in range(4):
                bump.new(8)
            array = bump.new(8)
            bump.guest.free(array)

    bump.asking = work
    bump.guest.exports.ask(1)
    assert len(bump.freed) == 5
    assert len(bump.guest._heap) == 0


class Cycle:
    """Only the garbage collector ends it."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.me = self


def runs(guest: zcwasm.Instance) -> bool:
    """Whether another thread runs it."""
    try:
        guest.exports.nothing(0)
    except RuntimeError:
        return True
    return False


def spin(guest: zcwasm.Instance) -> None:
    while True:
        with suppress(RuntimeError):  # another thread may be in a call of its own just then
            guest.exports.spin()


def test_the_garbage_collector_on_another_thread_while_the_guest_runs() -> None:
    bump = Bump()
    freed: list[int] = []

    def collect() -> None:
        while not runs(bump.guest):
            pass
        gc.collect()
        freed.append(len(bump.freed))
        bump.guest.interrupt()

    thread = threading.Thread(target=collect)
    gc.disable()
    try:
        Cycle(bump.new())
        thread.start()
        with pytest.raises(zcwasm.Trap, match="interrupted"):
            spin(bump.guest)
        thread.join()
    finally:
        gc.enable()
    assert freed == [0]
    assert len(bump.guest._heap) == 1
    bump.call(0)
    assert len(bump.freed) == 1


def test_work_in_flight_owns_what_it_uses() -> None:
    guest = library()
    device = zcwasm.Device("cpu", threads=1)

    def record(batch: zcwasm.Batch) -> None:
        x, out = guest.new((1024, 1024), fill=1), guest.new((1024, 1024))
        for _ in range(8):
            batch.matmul(x, x[:], out=out.reshape(1024, 1024))

    def blocks() -> int:
        guest.exports.total(0, 0)
        return len(guest._heap)

    batch = device.batch()
    record(batch)
    assert blocks() == 2  # recorded
    batch.clear()
    assert blocks() == 0
    record(batch)
    submission = batch.submit()
    later = guest.new(10)
    guest.free(later)  # which that work does not concern, but may
    assert blocks() == 3
    assert not submission.done
    submission.wait()
    assert blocks() == 0
    record(batch)
    batch.submit()  # nobody waits for it
    del batch
    assert blocks() == 2
    zcwasm._core._drain()
    assert blocks() == 0


def test_memory_that_is_used_again_is_not_in_use() -> None:
    text = """(module (memory 400) (func (export "nothing")) (global $next (mut i32) (i32.const 16))
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 3)))))"""
    guest = zcwasm.Instance(assemble(text))
    device = zcwasm.Device("cpu", threads=1)
    batch = device.batch()
    x, out = guest.new((1024, 1024), fill=1), guest.new((1024, 1024))
    used = {guest.memory.pointer(each) for each in (x, out)}
    for _ in range(8):
        batch.matmul(x, x, out=out)
    submission = batch.submit()
    del x, out
    other = guest.new((1024, 1024))
    assert guest.memory.pointer(other) not in used
    assert not submission.done
    submission.wait()
    assert guest.memory.pointer(guest.new((1024, 1024))) in used


def test_freed_by_hand() -> None:
    bump = Bump()
    array, other = bump.new(), bump.new()
    pointer = bump.at(array)
    part = array[3:]
    bump.guest.free(part)  # any view of it
    assert bump.freed == [pointer]
    assert not part.flags.writeable
    for again in (array, part):
        with pytest.raises(ValueError, match="array was freed before"):
            bump.guest.free(again)
    for wrong in (np.zeros(3), bump.guest.memory.array(0, 3, "u1"), b"text", None):
        with pytest.raises(ValueError, match="not one that new"):
            bump.guest.free(wrong)
    with pytest.raises(ValueError, match="of another instance"):
        Bump().guest.free(other)
    del array, part
    bump.call(0)
    assert bump.freed == [pointer]
    bump.guest.free(memoryview(other))
    assert len(bump.freed) == 2


def test_freed_by_hand_while_another_thread_runs_the_guest() -> None:
    bump = Bump()
    array = bump.new()

    def spin() -> None:
        with pytest.raises(zcwasm.Trap, match="interrupted"):
            bump.guest.exports.spin()

    thread = threading.Thread(target=spin)
    thread.start()
    while not runs(bump.guest):
        pass
    bump.guest.free(array)  # due, as if it were gone
    assert bump.freed == []
    while not bump.guest.interrupt():
        pass
    thread.join()
    bump.call(0)
    assert len(bump.freed) == 1


def test_close() -> None:
    bump = Bump()
    array = bump.new()
    with pytest.raises(zcwasm.InUseError, match="1 view"):
        bump.guest.close()
    array[:] = 7
    with bump.guest:
        pass
    assert array.tolist() == [7] * 8  # as for every view
    with pytest.raises(zcwasm.ClosedError):
        bump.guest.free(array)
    for use in (lambda: bump.guest.new(3), lambda: bump.guest.new_string("a"), lambda: bump.guest.allocator):
        with pytest.raises(zcwasm.ClosedError, match="the instance is closed"):
            use()
    del array
    assert bump.freed == []


def test_arrays_do_not_keep_the_instance() -> None:
    gc.collect()
    regions = zcwasm._core._region_count()
    guest = library()
    array = guest.new(3, fill=2)
    del guest
    assert array.tolist() == [2, 2, 2]
    assert zcwasm._core._region_count() == regions + 1
    del array
    assert zcwasm._core._region_count() == regions  # by reference counts alone


def test_forks_give_back_what_is_due_in_each() -> None:
    bump = Bump()
    due, array = bump.new(), bump.new()
    first, second = bump.at(due), bump.at(array)
    array[:] = 5
    del due
    (child,) = bump.guest.fork()
    assert len(child._heap) == 1  # only what is due: the array is the parent's
    assert child.memory.array(second, 8, "u1").tolist() == [5] * 8
    child.exports.nothing(0)
    bump.call(0)
    assert bump.freed == [first, first]
    with pytest.raises(ValueError, match="of another instance"):
        child.free(array)
    del array
    child.exports.nothing(0)
    assert bump.freed == [first, first]
    bump.call(0)
    assert bump.freed == [first, first, second]


def test_a_restored_guest_gives_nothing_back(tmp_path: Path) -> None:
    bump = Bump()
    array = bump.new()
    array[:] = 5
    pointer = bump.at(array)
    bump.guest.snapshot(tmp_path / "a", durable=False)
    freed: list[int] = []
    imports = {"host": {"asked": lambda size: None, "freed": freed.append}}
    again = zcwasm.Instance.restore(bump.guest.module, tmp_path / "a", imports=imports)
    del array
    again.exports.nothing(0)
    assert freed == []
    assert again.memory.read(pointer, 8) == b"\5" * 8
    mine = again.new(8, "u1")
    assert again.memory.pointer(mine) != pointer
    del mine
    again.exports.nothing(0)
    assert len(freed) == 1


def test_what_is_due_goes_back_before_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bump = Bump()
    bump.new()
    bump.guest.snapshot(tmp_path / "a", durable=False)
    assert (len(bump.freed), len(bump.guest._heap)) == (1, 0)
    inside: list[int] = []

    def snapshot(size: int) -> None:
        with pytest.raises(zcwasm.InUseError, match="running"):
            bump.guest.snapshot(tmp_path / "b", durable=False)
        inside.append(len(bump.freed))

    bump.new()
    bump.asking = snapshot
    due = bump.new()
    del due
    bump.asking = lambda size: None
    assert inside == [2]  # new() gave the other one back, the snapshot nothing
    reported: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", lambda error: reported.append(error.exc_value))
    bump = Bump(free="(unreachable)")
    arrays = [bump.new(), bump.new()]
    del arrays
    bump.guest.snapshot(tmp_path / "c", durable=False)
    assert [each.kind for each in reported] == ["unreachable"]
    assert (len(bump.freed), len(bump.guest._heap)) == (1, 1)


def test_after_a_trap() -> None:
    bump = Bump()
    array = bump.new()
    with pytest.raises(zcwasm.Trap):
        bump.guest.exports.trap()
    del array
    bump.call(0)
    assert len(bump.freed) == 1


def test_a_memory_that_several_share() -> None:
    text = """(module (import "a" "m" (memory 1)) (func (export "free") (param i32))
              (func (export "malloc") (param i32) (result i32) (i32.const 4096)))"""
    memory = zcwasm.Memory(1)
    guest = zcwasm.Instance(assemble(text), imports={"a": {"m": memory}})
    array = guest.new(3)
    assert memory.pointer(array) == 4096
    guest.close()
    array[:] = 1
    assert memory.array(4096, 3, "<f4").tolist() == [1, 1, 1]


# --- a hostile allocator ---


@pytest.mark.parametrize(
    ("malloc", "kind", "message"),
    [
        ("(return (i32.const 0))", MemoryError, "the guest's malloc has no 8 bytes"),
        ("(return (i32.const 65530))", zcwasm.Error, "gave 8 bytes at 65530, in a memory of 65536 bytes"),
        ("(return (i32.const -8))", zcwasm.Error, "gave 8 bytes at 4294967288, in a memory of 65536"),
        ("(return (i32.const -1))", zcwasm.Error, "gave 8 bytes at 4294967295, in a memory of 65536"),
        ("(unreachable)", zcwasm.Trap, "unreachable"),
        (
            "(drop (memory.grow (i32.const 1))) (return (i32.const 200000))",
            zcwasm.Error,
            "in a memory of 131072",
        ),
    ],
)
def test_what_a_hostile_allocator_gives(malloc: str, kind: type[Exception], message: str) -> None:
    bump = Bump(malloc)
    with pytest.raises(kind, match=message):
        bump.new()
    assert len(bump.guest._heap) == 0
    assert bump.guest.memory.pins == 0


@pytest.mark.parametrize("shift", [0, -8, 8, 15, -15])
def test_memory_that_is_given_twice(shift: int) -> None:
    bump = Bump(step=0)
    bump.guest.exports.set(2048)
    array = bump.new(16)
    bump.guest.exports.set(2048 + shift)
    with pytest.raises(zcwasm.Error, match="has not got back 16 bytes at 2048, which overlap"):
        bump.new(16)
    assert len(bump.guest._heap) == 1
    beside = []
    for pointer in (2048 - 16, 2048 + 16):
        bump.guest.exports.set(pointer)
        beside.append(bump.new(16))
    del array
    bump.call(0)
    bump.guest.exports.set(2048)
    assert bump.at(bump.new(16)) == 2048  # now it is free


def test_whatever_an_allocator_answers() -> None:
    """Random answers, many of them near each other and near the ends: an array is in the memory and overlaps
    none that lives, or there is an error of a type that says so."""
    bump = Bump(step=0)
    random = np.random.default_rng(1)
    memory = bump.guest.memory
    live: list[Any] = []
    made = refused = 0
    for step in range(2000):
        around = int(random.choice([0, 2048, 4096, memory.size, 2**31, 2**32 - 64]))
        bump.guest.exports.set((around + int(random.integers(-300, 300))) % 2**32)
        try:
            array = bump.new(int(random.integers(0, 120)))
        except (zcwasm.Error, MemoryError):
            refused += 1
        else:
            made += 1
            start = memory.pointer(array)
            assert start % 16 == 0
            assert 0 < start <= start + len(array) <= memory.size
            spans = [(memory.pointer(each), memory.pointer(each) + len(each)) for each in live]
            assert all(end <= start or start + len(array) <= begin for begin, end in spans)
            live.append(array)
        if live and step % 3 == 0:
            live.pop(int(random.integers(len(live))))
    assert made > 100 < refused
    del array
    live.clear()
    bump.call(0)
    assert len(bump.guest._heap) == 0


def test_an_allocator_that_is_never_aligned() -> None:
    bump = Bump("(return (i32.add (global.get $next) (i32.const 4)))", step=0)
    bump.guest.exports.set(4096)
    array = bump.new(40)
    assert bump.at(array) == 4112  # more was asked for
    told = """(module (memory 1) (func (export "alloc") (param i32 i32) (result i32) (i32.const 4100))
              (func (export "dealloc") (param i32 i32 i32)))"""
    with pytest.raises(zcwasm.Error, match="gave 4100, which is no multiple of 16"):
        zcwasm.Instance(assemble(told)).new(3)


def test_an_allocator_that_grows_the_memory() -> None:
    bump = Bump("(drop (memory.grow (i32.const 1)))", step=0)
    bump.guest.exports.set(70000)
    array = bump.new(100)
    assert bump.guest.memory.pages == 2
    array[:] = 3
    assert bump.guest.memory.read(70000, 100) == b"\3" * 100


LOOP = "(loop $more (br $more))"


def test_an_allocator_that_does_not_end() -> None:
    bump = Bump(LOOP, limits=zcwasm.Limits(deadline=0.05))
    with pytest.raises(zcwasm.Trap, match="deadline"):
        bump.new()
    bump = Bump(free=LOOP)
    arrays = [bump.new() for _ in range(3)]
    del arrays
    for _ in range(3):
        with pytest.raises(zcwasm.Trap, match="deadline"):
            bump.guest.call("nothing", 0, deadline=0.05)  # it bounds what is given back before, too
    bump.call(0)
    assert len(set(bump.freed)) == len(bump.freed) == 3


def test_a_free_that_traps() -> None:
    """The call before which it traps does not begin; each block is given back once, whatever came of it."""
    bump = Bump(free="(unreachable)")
    arrays = [bump.new(), bump.new()]
    del arrays
    for _ in range(2):
        with pytest.raises(zcwasm.Trap, match="unreachable") as raised:
            bump.guest.exports.ask(77)
        assert raised.value.backtrace[0] == "free"
    assert 77 not in bump.asked
    bump.guest.exports.ask(77)
    assert 77 in bump.asked
    assert len(set(bump.freed)) == len(bump.freed) == 2
    array = bump.new()
    with pytest.raises(zcwasm.Trap):
        bump.guest.free(array)
    bump.call(0)
    assert len(bump.freed) == 3


def test_a_free_that_calls_back() -> None:
    """What it drops is due, too, and nothing is given back twice or within."""
    bump = Bump()
    kept = [bump.new() for _ in range(5)]
    depth = [0]

    def freeing(pointer: int) -> None:
        depth[0] += 1
        assert depth[0] == 1
        if kept:
            kept.pop()
        bump.call(0)
        depth[0] -= 1

    bump.freeing = freeing
    kept.pop()
    bump.call(0)
    bump.call(0)
    assert len(set(bump.freed)) == len(bump.freed) == 5


# --- where an array lies ---


class Tensor(ctypes.Structure):
    """A DLManagedTensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("ndim", ctypes.c_int32),
        ("element", ctypes.c_uint8 * 4),
        *((name, ctypes.c_void_p) for name in ("shape", "strides", "offset", "context", "deleter")),
    )


class WithoutShape:
    said = Tensor(device=(1, 0), ndim=1, element=(2, 32, 1, 0))

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __dlpack__(self, **options: object) -> Any:
        capsule = ctypes.pythonapi.PyCapsule_New
        capsule.argtypes, capsule.restype = (
            [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
            ctypes.py_object,
        )
        return capsule(ctypes.addressof(self.said), b"dltensor", None)


def test_pointers() -> None:
    guest = basics()
    memory = guest.memory
    x = memory.array(1024, (4, 8), np.float32)
    assert memory.pointer(x) == 1024
    assert memory.pointer(x[1:, 2:]) == 1024 + 32 + 8
    assert memory.pointer(x[::-1]) == 1024 + 3 * 32  # its first element
    assert memory.pointer(x.T) == 1024
    assert memory.pointer(memoryview(memory)[5:]) == 5
    assert memory.pointer(memory.array(memory.size, 0, "u1")) == memory.size
    assert memory.pointer(x.view("<M8[s]")) == 1024  # which has no buffer
    assert memory.pointer(np.lib.stride_tricks.as_strided(x, (3,), (0,))) == 1024

    class Other:
        """An array of another package."""

        def __dlpack__(self, **options: Any) -> Any:
            return x.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return x.__dlpack_device__()

    assert memory.pointer(Other()) == 1024

    class Interface:
        __array_interface__ = x[2:].__array_interface__

    assert memory.pointer(Interface()) == 1024 + 64


def test_arrays_that_lie_elsewhere() -> None:
    guest, other = basics(), basics()
    inside = guest.memory.array(0, 16, "u1")
    beyond = np.lib.stride_tricks.as_strided(inside, (2, 16), (guest.memory.size, 1))
    before = np.lib.stride_tricks.as_strided(inside, (2,), (-8,))
    for array in (np.zeros(3), other.memory.array(0, 3, "u1"), b"bytes", beyond, before, [1, 2]):
        with pytest.raises(ValueError, match="array does not lie in this memory"):
            guest.memory.pointer(array)
    with pytest.raises((TypeError, ValueError)):
        guest.memory.pointer(object())


def test_arrays_as_arguments() -> None:
    guest = library()
    x = guest.new(10, fill=0.5)
    assert guest.exports.total(x, 10) == 5
    assert guest.exports.total(x[2:], 3) == 1.5
    assert guest.exports.total(memoryview(x), 2) == 1
    assert guest.exports.total(guest.new(4, fill=1), 4) == 4  # it lives as long as the call
    assert guest.call("total", x, 2) == 1
    assert guest.submit("total", x, 2).result() == 1
    matrix = guest.new((3, 4), fill=1)
    for wrong, message in (
        (x[::2], "argument 1 is not C-contiguous"),
        (matrix.T, "argument 1 is not C-contiguous"),
        (np.zeros(10, np.float32), "argument 1 does not lie in this memory"),
        (library().new(3), "argument 1 does not lie in this memory"),
        (b"text", "argument 1 does not lie in this memory"),
    ):
        with pytest.raises(ValueError, match=message):
            guest.exports.total(wrong, 1)
    with pytest.raises(ValueError, match="argument 2 does not lie"):
        guest.exports.total(x, np.zeros(3))
    for wrong in ("text", None, [1], 1.5, np.float32(1.5), np.float64(1.5), np.bool_(True)):
        with pytest.raises(TypeError, match=r"argument 1 must be an integer \(i32\), not"):
            guest.exports.total(wrong, 1)
    with pytest.raises(TypeError, match=r"not str: guest\.new_string"):
        guest.exports.total("text", 1)
    assert guest.exports.total(x, np.int64(2)) == 1
    with pytest.raises(OverflowError):
        guest.exports.total(2**32, 1)


def test_what_says_nonsense_of_itself_is_refused() -> None:
    """Without a look at it: NumPy takes a tensor without a shape at its word."""
    memory = zcwasm.Memory(1)
    lowest = np.lib.stride_tricks.as_strided(memory.array(0, 2, "u1"), (3,), (-(2**62),))
    with pytest.raises(ValueError, match="does not lie in this memory"):
        memory.pointer(lowest)
    with pytest.raises(ValueError, match="has 1 axes, must have a shape"):
        memory.pointer(WithoutShape())


def test_arrays_are_pointers_where_an_i32_is_wanted_only() -> None:
    guest = basics()
    x = guest.memory.array(1024, 4, np.int32)
    with pytest.raises(TypeError):
        guest.exports.many(x, x, 1.0, 1.0)  # an i64 or a float
    number = guest.memory.array(1024, (), np.int32)
    number[...] = 7
    assert guest.exports.add(number, 1) == 8  # without axes it is a number, as it always was


# --- texts ---


def test_texts() -> None:
    guest = library()
    before = zcwasm.copy_stats()
    text = guest.new_string("größe")
    assert (text.dtype, len(text), text[-1]) == (np.uint8, 8, 0)
    assert zcwasm.copy_stats()["memory_write"] - before["memory_write"] == 8
    assert guest.exports.length(text) == 7
    memory = guest.memory
    assert memory.string(memory.pointer(text)) == "größe"
    assert zcwasm.copy_stats()["memory_read"] - before["memory_read"] == 7
    shouted = guest.exports.shout(text) & 0xFFFFFFFF
    assert memory.string(shouted) == "GRößE"
    guest.exports.free(shouted)
    assert memory.string(memory.pointer(text), 2) == "gr"
    assert memory.string(memory.pointer(text), size=0) == ""
    assert memory.string(memory.pointer(guest.new_string(""))) == ""
    for encoding, size in (("utf-16-le", 14), ("utf-32", 32), ("latin-1", 7), ("cp1252", 7)):
        wide = guest.new_string("größe\u00ff", encoding)
        assert len(wide) == size
        assert memory.string(memory.pointer(wide), encoding=encoding) == "größe\u00ff"
    assert memory.string(memory.pointer(guest.new_string("a\0b")), 3) == "a\0b"


def test_texts_that_are_none() -> None:
    memory = basics().memory
    memory.write(0, b"\xff\xfe\0")
    with pytest.raises(UnicodeDecodeError):
        memory.string(0)
    memory.write(memory.size - 4, b"abcd")
    assert memory.string(memory.size - 4, 4) == "abcd"
    for use in (
        lambda: memory.string(memory.size - 4),
        lambda: memory.string(memory.size - 3, encoding="utf-16-le"),
        lambda: memory.string(memory.size - 4, 5),
        lambda: memory.string(memory.size + 1),
        lambda: memory.string(memory.size),
    ):
        with pytest.raises(IndexError):
            use()
    with pytest.raises(LookupError):
        memory.string(0, encoding="nothing")
    with pytest.raises(TypeError):
        memory.string("0")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="text must be a str, not bytes"):
        library().new_string(b"a")  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        library().new_string("ö", "ascii")


# --- host functions that get the instance ---

ASKS = """
(module
  (import "host" "ask" (func $ask (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello")
  (func (export "run") (result i32) (call $ask (i32.const 16) (i32.const 5)))
  {start})
"""


def test_the_calling_instance(tmp_path: Path) -> None:
    seen: list[zcwasm.Instance] = []

    @zcwasm.pass_instance
    def ask(guest: zcwasm.Instance, ptr: int, size: int) -> int:
        seen.append(guest)
        return len(guest.memory.string(ptr, size))

    module = assemble(ASKS.format(start=""))
    imports = {"host": {"ask": ask}}
    guest = zcwasm.Instance(module, imports=imports)
    assert guest.exports.run() == 5
    assert seen[-1] is guest
    (child,) = guest.fork()
    child.exports.run()
    assert seen[-1] is child
    guest.snapshot(tmp_path / "a", durable=False)
    again = zcwasm.Instance.restore(module, tmp_path / "a", imports=imports)
    again.exports.run()
    assert seen[-1] is again
    guest.exports.run()
    assert seen[-1] is guest


def test_what_can_be_marked() -> None:
    class Host:
        @zcwasm.pass_instance
        def method(self, guest: zcwasm.Instance, ptr: int, size: int) -> int:
            return ptr * isinstance(guest, zcwasm.Instance)

        def plain(self, guest: zcwasm.Instance, ptr: int, size: int) -> int:
            return size * isinstance(guest, zcwasm.Instance)

    module = assemble(ASKS.format(start=""))

    def run(function: Any) -> Any:
        return zcwasm.Instance(module, imports={"host": {"ask": function}}).exports.run()

    assert run(Host().method) == 16
    assert run(zcwasm.pass_instance(Host().plain)) == 5
    assert run(zcwasm.pass_instance(lambda guest, *numbers: sum(numbers))) == 21
    assert run(zcwasm.pass_instance(lambda *all_of_them: len(all_of_them))) == 3
    mock = Mock(return_value=3)
    assert run(mock) == 3
    mock.assert_called_once_with(16, 5)  # what answers to every name is not marked
    assert run(zcwasm.pass_instance(mock)) == 3
    assert isinstance(mock.call_args.args[0], zcwasm.Instance)
    with pytest.raises(TypeError, match="function must be callable, not int"):
        zcwasm.pass_instance(5)  # type: ignore[type-var]


def test_the_instance_in_its_start_function() -> None:
    seen: list[Any] = []

    @zcwasm.pass_instance
    def ask(guest: zcwasm.Instance, ptr: int, size: int) -> int:
        seen.append((guest, guest.memory.string(ptr, size)))
        if len(seen) == 2:
            raise KeyError("no")
        return 0

    module = assemble(
        ASKS.format(start="(func $s (drop (call $ask (i32.const 16) (i32.const 4)))) (start $s)")
    )
    guest = zcwasm.Instance(module, imports={"host": {"ask": ask}})
    assert seen[0] == (guest, "hell")
    with pytest.raises(KeyError):
        zcwasm.Instance(module, imports={"host": {"ask": ask}})


def test_the_instance_of_which_only_an_export_was_kept() -> None:
    device = zcwasm.Device("cpu", threads=1)
    seen: list[Any] = []

    @zcwasm.pass_instance
    def ask(guest: zcwasm.Instance, ptr: int, size: int) -> int:
        seen.append((guest.device, guest.memory.string(ptr, size), guest.exports.run))
        return 9

    module = assemble(ASKS.format(start=""))
    run = zcwasm.Instance(module, device=device, imports={"host": {"ask": ask}}).exports.run
    gc.collect()
    assert run() == 9
    assert seen[0][:2] == (device, "hello")


def test_many_parameters_and_the_instance() -> None:
    params = " ".join(["i32"] * 17)
    arguments = " ".join(f"(i32.const {i})" for i in range(17))
    text = f"""(module (import "host" "f" (func $f (param {params})))
               (func (export "run") (call $f {arguments})))"""
    seen: list[Any] = []
    host = {"f": zcwasm.pass_instance(lambda *given: seen.extend(given))}
    guest = zcwasm.Instance(assemble(text), imports={"host": host})
    guest.exports.run()
    assert seen == [guest, *range(17)]


def test_arrays_that_a_host_function_makes() -> None:
    """A guest asks the host for data: the host makes room by the guest's own allocator."""

    @zcwasm.pass_instance
    def fetch(guest: zcwasm.Instance, size: int) -> None:
        if size == 500:  # not what the allocator asks for
            kept.append(guest.new_string("x" * size))

    kept: list[Any] = []
    module = Bump(step=4096).guest.module
    guest = zcwasm.Instance(module, imports={"host": {"asked": fetch, "freed": lambda pointer: None}})
    guest.exports.ask(500)
    guest.exports.ask(500)
    assert [guest.memory.string(guest.memory.pointer(each)) for each in kept] == ["x" * 500] * 2


# --- AssemblyScript ---


def test_strings_of_assemblyscript() -> None:
    guest = scripted()
    pages = guest.memory.pages
    for text in ("world", "", "größe 😀", "\ud800 alone", "a\0b", "x" * 5000):
        made = assemblyscript.new_string(guest, text)
        assert made.dtype == "<u2"
        assert guest.exports.length(made) == len(made) == len(text.encode("utf-16-le", "surrogatepass")) // 2
        assert assemblyscript.string(guest, guest.memory.pointer(made)) == text
        assert assemblyscript.string(guest, guest.exports.greet(made)) == "hello, " + text
    for _ in range(3000):
        assemblyscript.new_string(guest, "x" * 1000)
    assert guest.memory.pages <= pages + 4
    assert len(guest._heap) <= 2


def test_arrays_of_assemblyscript() -> None:
    guest = scripted()
    array = assemblyscript.array
    squares = array(guest, guest.exports.squares(4))
    assert (squares.dtype, squares.tolist()) == (np.float64, [0, 1, 4, 9])
    assert array(guest, guest.exports.squares(4), "<i8")[1] == 0x3FF0000000000000
    numbers = array(guest, guest.exports.list(5))
    assert (numbers.dtype, numbers.tolist()) == (np.int32, [1, 0, -1, -2, -3])
    fixed = array(guest, guest.exports.fixed(3))
    assert (fixed.dtype, fixed.tolist()) == (np.uint16, [0, 3, 6])
    words = array(guest, guest.exports.words())
    assert [assemblyscript.string(guest, ptr) for ptr in words.tolist()] == ["one", "two"]
    assert array(guest, guest.exports.squares(0)).tolist() == []
    mine = guest.new(5, np.uint8, fill=3)  # an ArrayBuffer, of this length
    assert guest.exports.add_bytes(mine) == 15
    assert array(guest, guest.memory.pointer(mine)).tolist() == [3] * 5
    with pytest.raises(ValueError, match="is an array of 8 bytes each, int32 has 4"):
        array(guest, guest.exports.squares(4), np.int32)
    made = assemblyscript.new_string(guest, "text")
    with pytest.raises(ValueError, match="an object of class 2, no array"):
        array(guest, guest.memory.pointer(made))


def test_what_is_no_object_of_assemblyscript() -> None:
    guest = scripted()
    mine = guest.new(64, np.uint8)
    pointer = guest.memory.pointer(mine)
    header = guest.memory.array(pointer - 8, 2, "<u4")
    for read in (assemblyscript.string, assemblyscript.array):
        for ptr, kind, message in (
            (0, ValueError, "ptr is null"),
            (5, ValueError, "5 is no object's address"),
            (2**31, IndexError, "do not lie in a memory"),
            (-16, IndexError, "do not lie in a memory"),
        ):
            with pytest.raises(kind, match=message):
                read(guest, ptr)
    for of_class, size, kind in ((2, 2**32 - 1, IndexError), (77, 8, ValueError), (2**32 - 1, 8, ValueError)):
        header[:] = of_class, size
        for read in (assemblyscript.string, assemblyscript.array):
            with pytest.raises((kind, ValueError)):
                read(guest, pointer)
    header[:] = 1, 2**31
    with pytest.raises(IndexError):
        assemblyscript.array(guest, pointer)
    typed = guest.exports.squares(2)
    body = guest.memory.array(typed, 3, "<u4")
    for body[1], body[2] in ((2**32 - 8, 64), (16, 2**32 - 8), (guest.memory.size, 8)):
        with pytest.raises(IndexError):
            assemblyscript.array(guest, typed)
    with pytest.raises(TypeError, match="text must be a str"):
        assemblyscript.new_string(guest, 5)  # type: ignore[arg-type]
    with pytest.raises(zcwasm.Error, match="--exportRuntime"):
        assemblyscript.new_string(library(), "text")


def test_what_assemblyscript_imports(caplog: pytest.LogCaptureFixture) -> None:
    lines: list[str] = []
    imports = assemblyscript.imports(write=lines.append, seed=3)
    guest = scripted(imports=imports)
    assert lines == ["begins"]  # its start function
    guest.exports.say(assemblyscript.new_string(guest, "numbers"))
    assert lines[1:] == ["numbers 1.5 2 -3", "numbers"]
    with pytest.raises(assemblyscript.Abort, match=r"^why in assemblyscript\.ts:\d+:\d+$") as raised:
        guest.exports.fail(assemblyscript.new_string(guest, "why"))
    error = raised.value
    assert (error.message, error.file, isinstance(error, zcwasm.Error)) == ("why", "assemblyscript.ts", True)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert (
        assemblyscript.string(guest, guest.exports.greet(assemblyscript.new_string(guest, "you")))
        == "hello, you"
    )
    same = scripted(imports=imports).exports.random()
    assert guest.exports.random() == same
    assert scripted().exports.random() != scripted().exports.random()
    caplog.set_level(logging.INFO, "zcwasm.guest")
    quiet = scripted(imports=assemblyscript.imports())
    quiet.exports.say(assemblyscript.new_string(quiet, "a"))
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("INFO", "trace: begins"),
        ("INFO", "trace: a 1.5 2 -3"),
        ("WARNING", "a"),
    ]
    with pytest.raises(assemblyscript.Abort, match=r"^abort in \(no string\):1:4294967295$"):
        imports["env"]["abort"](guest, 0, 12345, 1, -1)
