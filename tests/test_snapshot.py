"""Snapshots and forks as Python sees them: what goes along, what is refused, files, crashes, damage. The
file's format is tested in C (tests/c/test_snapshot.c), and so is each layer's state."""

from __future__ import annotations

import contextlib
import copy
import errno
import gc
import gzip
import hashlib
import inspect
import io
import os
import re
import signal
import struct
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import KINDS
from support import basics, guest_path, run_python
from test_abi import EBADF, WHOLE, Guest
from wasi_guest import Guest as WasiGuest

import zcwasm
from zcwasm import _snapshot
from zcwasm._models import digests

PAGE = 65536
pytestmark = pytest.mark.usefixtures("engine")


# --- a guest that has everything but a device ---


def state_imports() -> dict[str, Any]:
    env = {
        "host": lambda: 9,
        "shared": zcwasm.Global("i32", 3, mutable=True),
        "seed": zcwasm.Global("i64", 7),
    }
    return {"env": env}


@pytest.fixture
def guest() -> zcwasm.Instance:
    """tests/guests/state.wat, which has run a little."""
    guest = zcwasm.Instance(zcwasm.Module(guest_path("state")), imports=state_imports())
    guest.exports.bump()
    guest.exports.bump()
    guest.exports.grow(3)
    guest.memory.write(4 * PAGE + 5, b"far away")
    return guest


def facts(guest: zcwasm.Instance) -> tuple[Any, ...]:
    """All of it that can be seen from outside."""
    exports = guest.exports
    tables = tuple(exports.by_table(i) for i in (1, 2))
    return (
        exports.sum(),
        exports.ratio.value,
        tables,
        guest.memory.pages,
        guest.memory.read(0, guest.memory.size),
    )


def restored(guest: zcwasm.Instance, file: Any, **options: Any) -> zcwasm.Instance:
    options.setdefault("imports", state_imports())
    return zcwasm.Instance.restore(guest.module, file, **options)


def taken(guest: zcwasm.Instance, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    guest.snapshot(file, **options)
    file.seek(0)
    return file


def test_a_snapshot_is_the_guest(guest: zcwasm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "guest.snapshot"
    expected = facts(guest)
    guest.snapshot(path)
    guest.exports.bump()
    guest.memory.write(0, bytes(100))
    again = restored(guest, path)
    assert facts(again) == expected
    assert again.memory.read(0, 4) == struct.pack("<i", 1)  # the start function ran once, long ago
    assert again.memory.read(16, 5) == b"\2irst"  # and so did the segments
    assert again.exports.bump() == guest.exports.bump() - 1 == 3
    assert again.exports.grow(5) == 5
    assert again.exports.grow(1) == -1  # as far as the module's maximum
    assert again.module is guest.module
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size < 4 * PAGE
    assert os.listdir(tmp_path) == ["guest.snapshot"]


def test_the_same_guest_gives_the_same_file(guest: zcwasm.Instance) -> None:
    assert taken(guest).getvalue() == taken(guest).getvalue()
    assert taken(restored(guest, taken(guest))).getvalue() == taken(guest).getvalue()


def test_in_another_process(guest: zcwasm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "guest.snapshot"
    expected = facts(guest)
    guest.snapshot(path)
    out = run_python(
        f"""
        import hashlib, zcwasm
        from test_snapshot import facts, state_imports, guest_path
        module = zcwasm.Module(guest_path("state"))
        again = zcwasm.Instance.restore(module, {str(path)!r}, imports=state_imports())
        seen = facts(again)
        print(seen[:-1], hashlib.sha256(seen[-1]).hexdigest())
        """
    )
    assert out.strip() == f"{expected[:-1]} {hashlib.sha256(expected[-1]).hexdigest()}"


def test_fuel_goes_along() -> None:
    guest = basics(limits=zcwasm.Limits(fuel=10_000))
    guest.exports.spin_for(100)
    left, used = guest.fuel, guest.fuel_used
    assert left is not None
    file, imports = taken(guest), {"env": {"log": lambda value: None, "pair": lambda a, b: (b, a)}}

    def restore(fuel: int | None) -> zcwasm.Instance:
        file.seek(0)
        limits = zcwasm.Limits(fuel=fuel)
        return zcwasm.Instance.restore(guest.module, file, imports=imports, limits=limits)

    assert [restore(fuel).fuel for fuel in (None, 10**9, left - 1)] == [left, left, left - 1]
    assert restore(None).fuel_used == used
    again = restore(None)
    again.exports.spin_for(100)
    guest.exports.spin_for(100)
    assert again.fuel == guest.fuel == guest.fork()[0].fuel
    with pytest.raises(zcwasm.Trap, match="fuel"):
        again.exports.spin()


def test_limits_hold(guest: zcwasm.Instance) -> None:
    with pytest.raises(zcwasm.SnapshotError, match=rf"{5 * PAGE}.*{4 * PAGE}"):
        restored(guest, taken(guest), limits=zcwasm.Limits(memory=4 * PAGE))
    again = restored(guest, taken(guest), limits=zcwasm.Limits(memory=6 * PAGE))
    assert again.exports.grow(1) == 5
    assert again.exports.grow(1) == -1
    with pytest.raises(zcwasm.SnapshotError, match="table"):
        restored(guest, taken(guest), limits=zcwasm.Limits(table=5))


def test_without_a_memory() -> None:
    module = zcwasm.Module(b"\0asm\1\0\0\0")
    info = zcwasm.snapshot_info(taken(zcwasm.Instance(module)))
    assert (info["memory"], info["stored"]) == (0, 0)
    again = zcwasm.Instance.restore(module, taken(zcwasm.Instance(module)))
    assert again.fork(2)[1].module is module


# --- devices, and the import module zcwasm ---


def goes_on(guest: Guest, instance: zcwasm.Instance) -> Guest:
    """The helper of test_abi.py over another instance of the same guest."""
    again = copy.copy(guest)
    again.instance, again.exports, again.memory = instance, instance.exports, instance.memory
    return again


GRANTED = {
    "inputs": {"numbers": np.arange(16, dtype=np.uint8)},
    "imports": {"zcwasm": {"tensor": lambda *_: -7, "tensor_info": lambda *_: -7}},
}


class Busy:
    """A guest with one of everything on its device, and what it must give when it goes on."""

    def __init__(self, device: zcwasm.Device) -> None:
        self.guest = guest = Guest(device)
        self.x, _ = guest.put(np.arange(256))
        self.y, _ = guest.put(np.zeros(256))
        self.scratch = guest.exports.scratch_new(1024)
        double = struct.pack("<Iff", 256, 2, 0)
        self.sequence = guest.exports.sequence_new()
        assert (
            guest.record("affine", [(0, self.x, 1024), (self.scratch, 0, WHOLE)], double, self.sequence) == 0
        )
        assert guest.affine(self.x, self.x, 256, 1, 1, self.sequence) == 1
        assert guest.exports.sequence_seal(self.sequence) == 0
        assert guest.exports.sequence_run(self.sequence) == 0  # scratch = 2x, x = x + 1
        self.open = guest.exports.sequence_new()
        assert guest.affine(self.y, self.y, 256, 1, 100, self.open) == 0
        assert guest.affine(self.x, self.y, 256, 1, 0) == 0  # recorded, not submitted
        guest.exports.output_write(*guest.text("answer"), self.x, 4)
        self.kernel = guest.kernel("affine")
        self.submission = 0

    def submit(self) -> None:
        self.submission = self.guest.exports.sequence_submit(self.sequence)

    def check(self, instance: zcwasm.Instance) -> None:
        guest = goes_on(self.guest, instance)
        x, y = (guest.memory.array(at, 256, np.float32) for at in (self.x, self.y))
        first = np.arange(256, dtype=np.float32) + 1
        more = 1 if self.submission else 0
        assert np.array_equal(x, first + more)
        assert guest.exports.run() == 0  # what was recorded
        assert np.array_equal(y, x)
        copy_back = struct.pack("<Iff", 256, 1, 0)
        assert guest.record("affine", [(self.scratch, 0, 1024), (0, self.y, 1024)], copy_back) == 0
        assert guest.exports.run() == 0
        assert np.array_equal(y, 2 * (x - 1))
        assert guest.exports.sequence_run(self.sequence) == 0
        assert np.array_equal(x, first + more + 1)
        guest.memory.write(guest.base, struct.pack("<I", 3))  # fewer elements
        assert guest.exports.sequence_params(self.sequence, 1, 0, guest.base, 4) == 0
        assert guest.exports.sequence_run(self.sequence) == 0
        assert np.array_equal(x[:4] - first[:4], [more + 2, more + 2, more + 2, more + 1])
        assert guest.exports.sequence_seal(self.open) == 0
        assert guest.exports.sequence_run(self.open) == 0
        assert instance.outputs == {"answer": b"\0\0\x80?"}
        assert guest.kernel("affine") == self.kernel
        if self.submission:
            assert guest.exports.poll(self.submission) == 1
            assert guest.exports.wait(self.submission, 0) == 0
        assert guest.exports.input_size(*guest.text("numbers")) == 16


@pytest.mark.parametrize("submitted", [False, True])
def test_what_it_has_on_its_device(device: zcwasm.Device, submitted: bool) -> None:
    busy = Busy(device)
    if submitted:
        busy.submit()
    file = taken(busy.guest.instance)
    for _ in range(2):
        file.seek(0)
        again = zcwasm.Instance.restore(busy.guest.instance.module, file, device=device, **GRANTED)
        assert again.device is device
        busy.check(again)
    for child in busy.guest.instance.fork(3):
        busy.check(child)
    busy.check(busy.guest.instance)


@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("before", KINDS)
def test_another_kind_of_device(before: str, after: str) -> None:
    busy = Busy(zcwasm.Device(before))
    busy.submit()
    file = taken(busy.guest.instance)
    assert zcwasm.snapshot_info(io.BytesIO(file.getvalue()))["device"] == before
    again = zcwasm.Instance.restore(busy.guest.instance.module, file, device=zcwasm.Device(after), **GRANTED)
    busy.check(again)


def test_without_what_it_has_on_its_device(device: zcwasm.Device) -> None:
    busy = Busy(device)
    file = taken(busy.guest.instance, device_state=False)
    again = goes_on(
        busy.guest, zcwasm.Instance.restore(busy.guest.instance.module, file, device=device, **GRANTED)
    )
    assert again.instance.outputs == {"answer": b"\0\0\x80?"}
    assert again.exports.sequence_run(busy.sequence) == -EBADF
    assert again.exports.scratch_free(busy.scratch) == -EBADF
    assert again.exports.run() == 0
    assert again.memory.read(busy.y, 4) == bytes(4)  # nothing was recorded
    assert again.exports.scratch_new(64) > 0


def test_it_waits_for_the_host(device: zcwasm.Device) -> None:
    guest = Guest(device)
    at, x = guest.put(np.zeros(1 << 16))
    batch = device.batch()
    for _ in range(300):
        batch.affine(x, 1, 1, out=x)
    submission = batch.submit()
    file = taken(guest.instance)
    assert submission.done
    again = zcwasm.Instance.restore(guest.instance.module, file, device=device, **GRANTED)
    assert (again.memory.array(at, 1 << 16, np.float32) == 300).all()


def test_a_device_that_is_not_granted_any_more(device: zcwasm.Device) -> None:
    busy = Busy(device)
    with pytest.raises(zcwasm.LinkError, match="not granted: the guest needs device="):
        zcwasm.Instance.restore(busy.guest.instance.module, taken(busy.guest.instance), **GRANTED)


# --- what it was taken of ---


def test_another_module(guest: zcwasm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "guest.snapshot"
    guest.snapshot(path)
    other = zcwasm.Module(guest_path("basics"))
    with pytest.raises(zcwasm.SnapshotError) as raised:
        zcwasm.Instance.restore(other, path)
    text = str(raised.value)
    assert text.startswith(f"{path}: it was taken of another module: 'state.wasm'")
    assert guest.module.sha256 in text
    assert other.sha256 in text
    same = zcwasm.Module(guest_path("state").read_bytes())  # known by its bytes
    assert facts(restored(zcwasm.Instance(same, imports=state_imports()), path)) == facts(guest)


def test_digest_of_a_module() -> None:
    data = guest_path("state").read_bytes()
    module = zcwasm.Module(data)
    assert module.sha256 == hashlib.sha256(data).hexdigest()
    assert module.sha256 is module.sha256


def test_imports_are_linked_as_ever(guest: zcwasm.Instance) -> None:
    with pytest.raises(zcwasm.LinkError, match="'seed' is missing"):
        restored(
            guest, taken(guest), imports={"env": {"host": lambda: 1, "shared": zcwasm.Global("i32", 1, True)}}
        )
    imports = state_imports()
    imports["env"]["seed"] = zcwasm.Global("i64", 8)  # is a constant of the module
    with pytest.raises(zcwasm.SnapshotError, match=r"(?s)global.*7.*8|8.*7"):
        restored(guest, taken(guest), imports=imports)
    imports = state_imports()
    imports["env"]["shared"].value = 55
    assert facts(restored(guest, taken(guest), imports=imports)) == facts(guest)
    assert imports["env"]["shared"].value == 5


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (None, "with an input 'numbers' of 16 bytes, with the SHA-256 be45cb.*: give it"),
        ({"numbers": bytes(16)}, "another input 'numbers': 16 bytes with the SHA-256 be45cb.*, not 16 bytes"),
        ({"numbers": bytes(range(17))}, "another input 'numbers': 16 bytes .*, not 17 bytes"),
        ({"numbers": bytes(range(16)), "more": b""}, "without an input 'more', which was given"),
        ({"others": bytes(range(16))}, "without an input 'others'"),
    ],
)
def test_inputs_must_be_the_same(inputs: Any, message: str) -> None:
    device = zcwasm.Device("cpu", threads=1)
    guest = Guest(device)
    with pytest.raises(zcwasm.SnapshotError, match=message):
        zcwasm.Instance.restore(
            guest.instance.module,
            taken(guest.instance),
            device=device,
            inputs=inputs,
            imports=GRANTED["imports"],
        )
    with pytest.raises(TypeError, match="inputs must be a mapping of names to buffers, not list"):
        zcwasm.Instance.restore(guest.instance.module, taken(guest.instance), inputs=["numbers"])


def test_a_part_of_an_input_is_another_one() -> None:
    whole = _snapshot.Constant(b"abcdef")
    for part in (whole, memoryview(whole)[:3], memoryview(whole)[1:4]):
        assert _snapshot._digest_of_input(memoryview(part)) == hashlib.sha256(part).hexdigest()


def test_inputs_that_change_are_looked_at_again() -> None:
    device, numbers = zcwasm.Device("cpu", threads=1), bytearray(16)
    guest = Guest(device, inputs={"numbers": numbers})
    first = taken(guest.instance)
    numbers[3] = 1
    second = taken(guest.instance)
    found = [zcwasm.snapshot_info(file)["inputs"]["numbers"] for file in (first, second)]
    assert found[0] == {"size": 16, "sha256": hashlib.sha256(bytes(16)).hexdigest()}
    assert found[1]["sha256"] == hashlib.sha256(numbers).hexdigest()


def write_tensor(path: Path, values: Any) -> Path:
    header = b'{"w":{"dtype":"F32","shape":[8,8],"data_offsets":[0,256]}}'
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + np.asarray(values, "<f4").tobytes())
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZCWASM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "sha256"


def test_weights_must_be_the_same(tmp_path: Path, cache: Path) -> None:
    device = zcwasm.Device("cpu", threads=1)
    paths = [write_tensor(tmp_path / name, np.arange(64) + i) for i, name in enumerate(("one", "two"))]
    one, two = map(zcwasm.Weights, paths)
    guest = Guest(device, weights=one)
    tensor = guest.exports.tensor(*guest.text("w"))
    file, module, inputs = taken(guest.instance), guest.instance.module, GRANTED["inputs"]
    again = zcwasm.Instance.restore(
        module, file, device=device, weights=zcwasm.Weights(paths[0]), inputs=inputs
    )
    assert goes_on(guest, again).exports.tensor(*guest.text("w")) == tensor
    for other, message in (
        (
            two,
            f"other weights: 'one' with the SHA-256 {one.sha256}, not 'two' with the SHA-256 {two.sha256}",
        ),
        (None, f"it was taken with weights, 'one' with the SHA-256 {one.sha256}: give weights="),
    ):
        file.seek(0)
        with pytest.raises(zcwasm.SnapshotError, match=message):
            zcwasm.Instance.restore(module, file, device=device, weights=other, inputs=inputs)
    with pytest.raises(
        zcwasm.SnapshotError, match=f"without weights, and 'two' with the SHA-256 {two.sha256} was given"
    ):
        zcwasm.Instance.restore(
            module, taken(Guest(device).instance), device=device, weights=two, inputs=inputs
        )
    assert zcwasm.snapshot_info(taken(guest.instance))["weights"] == {"sha256": one.sha256, "name": "one"}


def test_the_digest_of_weights_is_remembered(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tensor(tmp_path / "w", np.arange(64))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert zcwasm.Weights(path).sha256 == digest
    assert not cache.exists()  # it was written just now, and might still be
    monkeypatch.setattr(digests, "RECENT", -10.0)
    assert zcwasm.Weights(path).sha256 == digest
    (entry,) = cache.iterdir()

    reads: list[Any] = []
    computed = digests._computed
    monkeypatch.setattr(digests, "_computed", lambda *of: reads.append(of) or computed(*of))
    assert zcwasm.Weights(path).sha256 == digest
    assert not reads
    good = entry.read_bytes()
    for damaged in (
        b"",
        good[:-9],
        good[:-1],
        good + b"\n",
        b"\xff" + good,
        good.replace(b" ", b"  "),
        b"9" * 10**6,
    ):
        entry.write_bytes(damaged)
        assert zcwasm.Weights(path).sha256 == digest
        assert len(reads) == 1
        assert entry.read_bytes() == good
        reads.clear()
    write_tensor(path, np.arange(64) + 1)  # the same file, of the same size
    changed = hashlib.sha256(path.read_bytes()).hexdigest()
    assert zcwasm.Weights(path).sha256 == changed != digest
    assert len(reads) == 1
    weights = zcwasm.Weights(path)
    with path.open("r+b") as file:  # what it maps is written to
        file.seek(-4, os.SEEK_END)
        file.write(b"else")
    changed = hashlib.sha256(path.read_bytes()).hexdigest()
    assert weights.sha256 == changed
    weights = zcwasm.Weights(path)
    assert zcwasm.Weights(path).sha256 == changed
    os.replace(write_tensor(tmp_path / "v", np.arange(64) + 2), path)  # another file of that name
    assert weights.sha256 == changed
    assert zcwasm.Weights(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    cache.chmod(0o500)
    monkeypatch.setenv("ZCWASM_CACHE", "/proc/nowhere")  # a cache that cannot be written is none
    assert zcwasm.Weights(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_imported_memory_is_refused() -> None:
    env = {
        "memory": zcwasm.Memory(1, 100),
        "seed": zcwasm.Global("i64", 7),
        "shared": zcwasm.Global("i32", 1, mutable=True),
        "started": lambda seed: None,
    }
    guest = zcwasm.Instance(zcwasm.Module(guest_path("imports")), imports={"env": env})
    for take in (lambda: guest.snapshot(io.BytesIO()), guest.fork):
        with pytest.raises(zcwasm.SnapshotError, match=r"env\.memory: an imported memory"):
            take()
    assert guest.exports.bump() == 2  # nobody holds it any more


def test_wasi(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_bytes(b"of a file")
    out = io.BytesIO()

    def grants(**more: Any) -> zcwasm.Wasi:
        return zcwasm.Wasi(args=["a", "b"], stdout=out, dirs={"/data": tmp_path / "data"}, **more)

    guest = WasiGuest(wasi=grants())
    guest.done("fd_close", 2)
    file = taken(guest.instance)
    again = copy.copy(guest)

    def take_over(instance: zcwasm.Instance) -> None:
        again.instance, again.exports, again.memory = instance, instance.exports, instance.memory

    def check() -> None:
        assert again.strings("args") == [b"a", b"b"]
        assert again.write(1, b"hello") == 5
        assert again.try_write(2, b"closed") == "BADF"
        opened = again.open(3, "a.txt")
        with pytest.raises(zcwasm.SnapshotError, match=f"descriptor {opened} is an open file"):
            taken(again.instance)
        assert again.read(opened, 20) == b"of a file"
        again.done("fd_close", opened)
        assert taken(again.instance).getvalue()

    take_over(zcwasm.Instance.restore(guest.instance.module, file, wasi=grants()))
    check()
    take_over(guest.instance.fork()[0])
    check()
    assert out.getvalue() == b"hello" * 2
    file.seek(0)
    with pytest.raises(zcwasm.SnapshotError, match="/data"):
        zcwasm.Instance.restore(guest.instance.module, file, wasi=zcwasm.Wasi(args=["a", "b"], stdout=out))
    file.seek(0)
    with pytest.raises(zcwasm.LinkError, match="was not granted WASI"):
        zcwasm.Instance.restore(guest.instance.module, file)


def test_what_is_refused_leaves_the_host_s_globals(tmp_path: Path) -> None:
    """Imported ones that change are set last of all, and never by a fork: others may use them."""
    wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime: it assembles the guest")
    text = """(module
      (import "env" "shared" (global $shared (mut i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "set") (param i32) (global.set $shared (local.get 0))))"""
    module = zcwasm.Module(bytes(wasmtime.wat2wasm(text)))
    shared = zcwasm.Global("i32", 1, mutable=True)
    imports, wasi = {"env": {"shared": shared}}, zcwasm.Wasi(dirs={"/data": tmp_path})
    guest = zcwasm.Instance(module, imports=imports, wasi=wasi)
    guest.exports.set(42)
    file = taken(guest)
    shared.value = 7
    with pytest.raises(zcwasm.SnapshotError, match="/data"):
        zcwasm.Instance.restore(module, file, imports=imports, wasi=zcwasm.Wasi())
    assert shared.value == 7
    file.seek(0)
    assert zcwasm.Instance.restore(module, file, imports=imports, wasi=wasi).memory
    assert shared.value == 42


# --- arguments ---


def test_dead_ranges_are_zero(guest: zcwasm.Instance) -> None:
    guest.memory.write(2 * PAGE, bytes(range(1, 256)) * 300)
    expected = bytearray(facts(guest)[-1])
    dead = [(3 * PAGE, 4 * PAGE), (2 * PAGE + 5, 2 * PAGE + 5000), (2 * PAGE + 4000, 2 * PAGE + 9000), (7, 7)]
    for start, stop in dead:
        expected[start:stop] = bytes(stop - start)
    small, large = taken(guest, dead=dead), taken(guest)
    assert restored(guest, small).memory.read(0, len(expected)) == bytes(expected)
    small.seek(0)
    assert zcwasm.snapshot_info(small)["stored"] < zcwasm.snapshot_info(large)["stored"]
    assert taken(guest, dead=np.array(dead)).getvalue() == taken(guest, dead=dead).getvalue()
    assert taken(guest, dead=[(0, guest.memory.size)]).getbuffer().nbytes < 2 * PAGE
    for wrong, error in (
        ([(5, 3)], ValueError),
        ([(-1, 3)], ValueError),
        ([(0, guest.memory.size + 1)], ValueError),
        ([(1, 2, 3)], TypeError),
        ([5], TypeError),
        ([(0.5, 1)], TypeError),
    ):
        with pytest.raises(error, match="dead"):
            taken(guest, dead=wrong)


def test_notes(guest: zcwasm.Instance, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "guest.snapshot"
    notes = {"tokens": bytes(range(256)) * 1000, "empty": b"", "ünïcode": bytearray(b"x")}
    guest.snapshot(path, notes=notes)
    info = zcwasm.snapshot_info(path)
    assert info["notes"] == notes
    assert info["damaged"] is None
    assert info["module"] == {"sha256": guest.module.sha256, "name": "state.wasm"}
    assert (info["version"], info["engine"], info["device"]) == (zcwasm.__version__, engine, None)
    assert (info["memory"], info["compress"], info["weights"], info["inputs"]) == (5 * PAGE, None, None, {})
    assert 0 < info["stored"] < 3 * PAGE
    assert [name for name, _ in info["sections"]][:3] == ["about", "note 'tokens'", "note 'empty'"]
    assert facts(restored(guest, path)) == facts(guest)
    for wrong, error, text in (
        ([("a", b"")], TypeError, "notes must be a mapping"),
        ({1: b""}, TypeError, "the name of a note must be a str, not int"),
        ({"a": "text"}, TypeError, "note 'a' must be bytes, not str"),
        ({"": b""}, ValueError, "has 0 bytes"),
        ({"a" * 1025: b""}, ValueError, "has 1025 bytes"),
        ({str(i): b"" for i in range(1001)}, ValueError, "there are 1001 notes"),
    ):
        with pytest.raises(error, match=text):
            taken(guest, notes=wrong)


def test_notes_survive_damage(guest: zcwasm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "guest.snapshot"
    guest.snapshot(path, notes={"tokens": b"1234"})
    data = path.read_bytes()
    for damaged in (data[:-1], data[:-5000], data[: len(data) // 2], data[:-9] + b"\xff" + data[-8:]):
        path.write_bytes(damaged)
        with pytest.raises(zcwasm.SnapshotError):
            restored(guest, path)
        info = zcwasm.snapshot_info(path)
        assert info["notes"] == {"tokens": b"1234"}
        assert info["damaged"]
        assert info["memory"] is None
        assert info["module"]["sha256"] == guest.module.sha256
    for nothing in (b"", b"\0asm\1\0\0\0", data[:7], data[:20]):
        path.write_bytes(nothing)
        with pytest.raises(zcwasm.SnapshotError, match=re.escape(f"{path}: ")):
            zcwasm.snapshot_info(path)


def test_zstd(guest: zcwasm.Instance, tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="zcwasm[zstd] is not installed")
    rng = np.random.default_rng(1)
    guest.memory.write(PAGE, bytes(rng.integers(0, 3, 2 * PAGE, np.uint8)))
    guest.memory.write(3 * PAGE, bytes(rng.integers(0, 256, PAGE, np.uint8)))  # gets no smaller
    path = tmp_path / "guest.snapshot"
    guest.snapshot(path, compress="zstd")
    plain = taken(guest)
    assert path.stat().st_size < 0.6 * plain.getbuffer().nbytes
    assert zcwasm.snapshot_info(path)["compress"] == "zstd"
    assert facts(restored(guest, path)) == facts(guest)
    assert facts(restored(guest, path, mapped=True)) == facts(guest)  # by reading
    with pytest.raises(ValueError, match="compress is 'gzip', must be None or 'zstd'"):
        taken(guest, compress="gzip")
    expand = _snapshot._expander("zstd")
    assert expand is not None
    assert expand(zstandard.compress(b"a" * PAGE)) == b"a" * PAGE
    # What a frame says of its size is not believed beyond that of a page.
    huge = zstandard.ZstdCompressor(write_content_size=True).compress(bytes(1 << 30))
    for hostile in (
        huge,
        b"",
        b"(\xb5/\xfd",
        zstandard.compress(b"a") + b"x",
        zstandard.compress(b"a" * 70000),
    ):
        assert expand(hostile) is None


def test_zstd_without_its_extra(guest: zcwasm.Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"needs the package zstandard: pip install 'zcwasm\[zstd\]'"
    ):
        taken(guest, compress="zstd")


def test_mapped(guest: zcwasm.Instance, tmp_path: Path, device: zcwasm.Device) -> None:
    path = tmp_path / "guest.snapshot"
    guest.memory.write(PAGE, b"x" * 10_000)
    expected = facts(guest)
    guest.snapshot(path)
    before = path.read_bytes()
    with restored(guest, path, mapped=True) as again, restored(guest, path, mapped=True) as other:
        assert facts(again) == expected
        array = again.memory.array(PAGE, 2048, np.float32)
        device.fill(array, 1.0)
        assert (array == 1).all()
        again.exports.bump()
        assert again.exports.grow(2) == 5
        again.memory.write(6 * PAGE, b"new")
        (child,) = again.fork()
        assert facts(child) == facts(again)
        assert facts(other) == expected
    assert child.memory.read(6 * PAGE, 3) == b"new"
    assert path.read_bytes() == before
    path.unlink()  # no more than a name
    with pytest.raises(ValueError, match="mapped=True needs a path"):
        restored(guest, io.BytesIO(before), mapped=True)


@pytest.mark.parametrize("name", ["snapshot", "restore"])
def test_docstrings_say_what_is_taken(name: str) -> None:
    """The core hands on to a function of Python, and says its signature."""
    own = inspect.signature(getattr(zcwasm.Instance, name))
    python = inspect.signature({"snapshot": _snapshot.save, "restore": _snapshot.restore}[name])
    taken_ones = [(each.name, each.kind, each.default) for each in own.parameters.values()]
    theirs = [(each.name, each.kind, each.default) for each in python.parameters.values()]
    assert taken_ones[1 if name == "snapshot" else 0 :] == theirs[1:]


def test_arguments_of_the_wrong_kind(guest: zcwasm.Instance) -> None:
    for message, action in {
        "file must be a path or a binary file object, not int": lambda: guest.snapshot(5),
        "file must be a path or a binary file object, not bytes": lambda: restored(guest, b"abc"),
        "module must be a zcwasm.Module, not str": lambda: zcwasm.Instance.restore("a.wasm", "b"),
        "weights must be a zcwasm.Weights, not str": lambda: restored(guest, taken(guest), weights="w"),
        r"device must be a zcwasm.Device, not str: give zcwasm.Device\('cpu'\)": lambda: restored(
            guest, taken(guest), device="cpu"
        ),
        "wasi must be a zcwasm.Wasi, not str": lambda: restored(guest, taken(guest), wasi="w"),
        "limits must be a zcwasm.Limits, not int": lambda: restored(guest, taken(guest), limits=5),
        "n must be an integer, not str": lambda: guest.fork("2"),
        "file must be a binary file object, its read.. gave str": lambda: restored(guest, io.StringIO("a")),
    }.items():
        with pytest.raises(TypeError, match=f"^{message}$"):
            action()
    with pytest.raises(ValueError, match="n is -1"):
        guest.fork(-1)
    assert guest.fork(0) == []
    with pytest.raises(TypeError):
        guest.snapshot(io.StringIO())
    guest.close()
    for action in (lambda: guest.snapshot(io.BytesIO()), guest.fork):
        with pytest.raises(zcwasm.ClosedError):
            action()


# --- files ---


class Little(io.RawIOBase):
    """A raw file that takes a few bytes at a time, and at some point no more."""

    def __init__(self, room: int) -> None:
        self.data, self.room = bytearray(), room

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = min(len(data), 1000, self.room - len(self.data))
        if size == 0:
            raise OSError(28, "No space left on device")
        self.data += bytes(data[:size])
        return size


def test_file_objects(guest: zcwasm.Instance, tmp_path: Path) -> None:
    whole = taken(guest).getvalue()
    before = zcwasm.copy_stats()["snapshot"]
    little = Little(1 << 30)
    guest.snapshot(little)
    assert little.data == whole
    path = tmp_path / "guest.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"before")
        guest.snapshot(file)
    with gzip.open(path) as file:
        assert file.read(6) == b"before"
        assert facts(restored(guest, file)) == facts(guest)
    with (tmp_path / "plain").open("w+b") as plain:
        guest.snapshot(plain)
        plain.seek(0)
        assert facts(restored(guest, plain)) == facts(guest)
    assert facts(restored(guest, tmp_path / "plain")) == facts(guest)
    stored = zcwasm.snapshot_info(io.BytesIO(whole))["stored"]
    assert stored
    # Three saves, three restores.
    assert zcwasm.copy_stats()["snapshot"] - before >= 6 * stored


def test_file_objects_that_fail(guest: zcwasm.Instance) -> None:
    class Odd:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def write(self, data: Any) -> Any:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    for answer, error in (
        (0, OSError),
        (-1, OSError),
        (10**9, OSError),
        (KeyError("k"), KeyError),
        ("a", TypeError),
    ):
        with pytest.raises(error):
            guest.snapshot(Odd(answer))
        guest.exports.bump()
    with pytest.raises(OSError, match="No space"):
        guest.snapshot(Little(5000))
    with pytest.raises(OSError, match="No space"), open("/dev/full", "wb", buffering=0) as full:
        guest.snapshot(full)

    class Blocking(io.RawIOBase):
        def write(self, data: Any) -> None:
            return None

    with pytest.raises(BlockingIOError):
        guest.snapshot(Blocking())


def test_paths_that_are_no_files(guest: zcwasm.Instance, tmp_path: Path) -> None:
    for path, error in (
        (tmp_path, IsADirectoryError),
        (tmp_path / "nowhere" / "a", FileNotFoundError),
        (Path("/dev/null"), OSError),
    ):
        with pytest.raises(error) as raised:
            guest.snapshot(path)
        assert str(path) in str(raised.value)
    assert Path("/dev/null").is_char_device()
    for target, error in (("/dev/null", OSError), (str(tmp_path), IsADirectoryError)):
        link = tmp_path / "link"  # as /dev/stdout is one, which must stay
        link.symlink_to(target)
        with pytest.raises(error, match="link"):
            guest.snapshot(link)
        assert link.readlink() == Path(target)
        link.unlink()
    (tmp_path / "link").symlink_to(tmp_path / "nothing yet")
    guest.snapshot(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(zcwasm.SnapshotError, match=re.escape(f"{path}: ")):
            restored(guest, path)
    with pytest.raises(FileNotFoundError, match="nothing"):
        restored(guest, tmp_path / "nothing")


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("unnamed", [False, True])
def test_files_are_replaced(
    guest: zcwasm.Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, unnamed: bool
) -> None:
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE")
    synced: list[bool] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(os.path.isdir(f"/proc/self/fd/{file}")) or fsync(file)
    )
    path = tmp_path / ("a" * 255)  # as long as names may be
    first = facts(guest)
    guest.snapshot(path, durable=durable)
    reader = path.open("rb")  # sees the old one
    guest.exports.bump()
    guest.snapshot(path, durable=durable)
    assert facts(restored(guest, path)) == facts(guest)
    assert facts(restored(guest, reader)) == first
    reader.close()
    assert synced == [False, True] * 2 * durable
    link = tmp_path / "link"
    link.symlink_to(path)
    guest.snapshot(os.fspath(link), durable=durable)
    assert not link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, "link"])
    monkeypatch.chdir(tmp_path)
    guest.snapshot("here", durable=durable)
    assert facts(restored(guest, "here")) == facts(guest)


@pytest.mark.skipif(sys.platform != "linux", reason="O_TMPFILE and /proc are Linux's")
def test_a_file_that_gets_no_name_is_written_again(
    guest: zcwasm.Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    guest.snapshot(tmp_path / "a")
    assert facts(restored(guest, tmp_path / "a")) == facts(guest)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="/proc says which descriptor is a folder's")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EIO])
def test_a_folder_that_cannot_be_synced(
    guest: zcwasm.Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The name is there already: only a disk that fails is told of."""
    fsync = os.fsync

    def refuse(file: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{file}"):
            raise OSError(number, os.strerror(number))
        fsync(file)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="error") if number == errno.EIO else contextlib.nullcontext():
        guest.snapshot(tmp_path / "a")
    assert facts(restored(guest, tmp_path / "a")) == facts(guest)


FULL = """
    import os, resource, zcwasm
    from test_snapshot import facts, guest, restored
    guest = guest.__wrapped__() if hasattr(guest, "__wrapped__") else guest.__pytest_wrapped__.obj()
    unnamed = {unnamed}
    if not unnamed and hasattr(os, "O_TMPFILE"):
        del os.O_TMPFILE
    first = facts(guest)
    guest.snapshot({path!r})
    guest.memory.write(65536, os.urandom(2 * 65536))
    for limit in (1, 5000, 65536, 100000, 250000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            guest.snapshot({path!r})
        except OSError as error:
            print(error.errno, error.filename == {path!r})
        assert os.listdir(os.path.dirname({path!r})) == ["a"], os.listdir()
        assert facts(restored(guest, {path!r})) == first
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    guest.snapshot({path!r})
    assert facts(restored(guest, {path!r})) == facts(guest) != first
"""


@pytest.mark.parametrize("unnamed", [False, True])
def test_a_file_that_may_not_grow(tmp_path: Path, unnamed: bool) -> None:
    """As on a full disk: a typed error with the path, and the old file."""
    out = run_python(FULL.format(unnamed=unnamed, path=str(tmp_path / "a")))
    assert out.splitlines() == ["27 True"] * 5


KILLED = """
    import os, random, signal, sys, time, zcwasm
    from test_snapshot import killable
    module, path = killable(), {path!r}
    if {named}:
        del os.O_TMPFILE
    guest = zcwasm.Instance(module)
    guest.memory.write(0, bytes([1]) * guest.memory.size)
    guest.snapshot(path, durable=False)
    start = time.perf_counter()
    for _ in range(5):
        guest.snapshot(path, durable=False)
    takes = (time.perf_counter() - start) / 5
    random.seed({seed})
    seen, left = set(), 0
    for turn in range({times}):
        ready, began = os.pipe()
        child = os.fork()
        if child == 0:
            guest.memory.write(0, bytes([turn % 255 + 1]) * guest.memory.size)
            os.write(began, b".")
            for _ in range(3):
                guest.snapshot(path, durable=turn % 4 == 0)
            os.write(began, b".")
            time.sleep(100)
        os.read(ready, 1)
        time.sleep(random.random() * 3.5 * takes)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(began)
        again = zcwasm.Instance.restore(module, path)
        content = set(again.memory.read(0, again.memory.size))
        assert len(content) == 1, content
        seen |= content
        names = os.listdir(os.path.dirname(path))
        for name in names:
            if name != "a":
                left += 1
                os.unlink(os.path.join(os.path.dirname(path), name))
    print(len(seen), left)
"""


def killable() -> zcwasm.Module:
    """(memory (export "m") 40)"""
    return zcwasm.Module(b"\0asm\1\0\0\0\x05\x03\x01\x00\x28\x07\x05\x01\x01m\x02\x00")


def kill_many(tmp_path: Path, times: int, named: bool, seed: int) -> tuple[int, int]:
    source = KILLED.format(path=str(tmp_path / "a"), times=times, named=named, seed=seed)
    seen, left = run_python(source, timeout=600).split()
    return int(seen), int(left)


@pytest.mark.skipif(sys.platform != "linux", reason="a file without a name is Linux's")
def test_killed_while_it_writes(tmp_path: Path) -> None:
    seen, left = kill_many(tmp_path, 20, named=False, seed=1)
    assert seen > 2
    assert left <= 1  # between its two names a file may be killed; what writes is not


@pytest.mark.slow
@pytest.mark.parametrize("named", [False, True])
def test_killed_while_it_writes_many_times(tmp_path: Path, named: bool) -> None:
    seen, left = kill_many(tmp_path, 200, named and hasattr(os, "O_TMPFILE"), seed=2)
    assert seen > 20
    assert left <= (200 if named or sys.platform != "linux" else 5)


# --- damage ---


@pytest.fixture(scope="module")
def small() -> tuple[zcwasm.Module, bytes, bytes]:
    """(memory (export "m") 1) with some bytes: module, snapshot, memory."""
    module = zcwasm.Module(b"\0asm\1\0\0\0\x05\x03\x01\x00\x01\x07\x05\x01\x01m\x02\x00")
    guest = zcwasm.Instance(module)
    guest.memory.write(100, b"some")
    guest.memory.write(9000, b"more")
    return module, taken(guest, notes={"n": b"of mine"}).getvalue(), guest.memory.read(0, PAGE)


def flip(small: tuple[zcwasm.Module, bytes, bytes], path: Path, places: Any) -> int:
    """How many flips were seen; each that was not must not matter."""
    module, data, memory = small
    seen = 0
    path.write_bytes(data)
    file = os.open(path, os.O_RDWR)
    for at in places:
        os.pwrite(file, bytes([data[at] ^ 1 << at % 8]), at)
        for mapped in (False, True):
            try:
                with zcwasm.Instance.restore(module, path, mapped=mapped) as again:
                    assert again.memory.read(0, PAGE) == memory, (at, mapped)
            except zcwasm.SnapshotError:
                seen += not mapped
        os.pwrite(file, data[at : at + 1], at)
    os.close(file)
    return seen


def test_flipped_bytes(small: tuple[zcwasm.Module, bytes, bytes], tmp_path: Path) -> None:
    data = small[1]
    said = [*range(0, PAGE, 997), *range(200), *range(len(data) - 200, len(data))]
    pages = [*range(PAGE, PAGE + 4096, 501), *range(PAGE + 8192, PAGE + 12288, 501)]
    assert flip(small, tmp_path / "a", pages) == len(pages)  # what is stored is checked
    assert flip(small, tmp_path / "a", said) > 300
    rest = range(PAGE, len(data), 4093)
    assert flip(small, tmp_path / "a", rest) > 0


@pytest.mark.slow
def test_every_flipped_byte(small: tuple[zcwasm.Module, bytes, bytes], tmp_path: Path) -> None:
    assert flip(small, tmp_path / "a", range(len(small[1]))) > 8192


def test_every_truncation(small: tuple[zcwasm.Module, bytes, bytes], tmp_path: Path) -> None:
    module, data, _ = small
    path = tmp_path / "a"
    for size in [*range(600), *range(600, len(data), 997), *range(len(data) - 100, len(data))]:
        path.write_bytes(data[:size])
        with pytest.raises(zcwasm.SnapshotError):
            zcwasm.Instance.restore(module, path)
    path.write_bytes(data + b"\0")
    with pytest.raises(zcwasm.SnapshotError):
        zcwasm.Instance.restore(module, path)


def test_what_the_section_about_may_say() -> None:
    good = _snapshot.about(Guest(zcwasm.Device("cpu", threads=1)).instance)
    data = good.pack()
    assert _snapshot.About.unpack(data) == good
    for size in range(len(data)):
        with pytest.raises(zcwasm.SnapshotError):
            _snapshot.About.unpack(data[:size])
    with pytest.raises(zcwasm.SnapshotError, match="says what cannot be"):
        _snapshot.About.unpack(data + b"\0")
    for at in range(len(data)):
        for value in (0, 0x7F, 0xFF):
            damaged = bytearray(data)
            damaged[at] = value
            with contextlib.suppress(zcwasm.SnapshotError):
                _snapshot.About.unpack(bytes(damaged))


# --- while it is taken ---


def test_not_while_it_runs() -> None:
    refused: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def log(value: int) -> None:
        if value == 2:
            entered.set()
            assert leave.wait(60)
            return
        for action in (lambda: guest.snapshot(io.BytesIO()), guest.fork):
            with pytest.raises(zcwasm.InUseError, match="is running") as raised:
                action()
            refused.append(str(raised.value))

    guest = basics(imports={"env": {"log": log, "pair": lambda a, b: (b, a)}})
    guest.exports["call log!"](1)
    assert len(refused) == 2
    running = threading.Thread(target=guest.exports["call log!"], args=(2,))
    running.start()
    try:
        assert entered.wait(60)
        with pytest.raises(zcwasm.InUseError, match="is running"):
            guest.snapshot(io.BytesIO())
    finally:
        leave.set()
        running.join()
    guest.snapshot(io.BytesIO())


class Meddler(io.BytesIO):
    """A file whose write() does something to the guest."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__()
        self.action = action
        self.done = 0

    def write(self, data: Any) -> int:
        self.done += 1
        self.action()
        return super().write(data)


def test_nothing_runs_while_it_is_taken(guest: zcwasm.Instance) -> None:
    expected = facts(guest)

    def meddle() -> None:
        with pytest.raises(RuntimeError):
            guest.exports.bump()
        for action in (guest.close, lambda: guest.snapshot(io.BytesIO()), guest.fork):
            with pytest.raises(zcwasm.InUseError):
                action()
        with pytest.raises(zcwasm.InUseError), guest:
            pass
        caught: list[BaseException] = []

        def call() -> None:
            try:
                guest.exports.bump()
            except RuntimeError as error:
                caught.append(error)

        other = threading.Thread(target=call)
        other.start()
        other.join()
        assert len(caught) == 1

    file = Meddler(meddle)
    guest.snapshot(file)
    assert file.done > 1
    file.seek(0)
    assert facts(restored(guest, file)) == expected
    assert guest.exports.bump() == 3
    with pytest.raises(KeyError):
        guest.snapshot(Meddler(lambda: {}["nothing"]))
    assert guest.exports.bump() == 4
    guest.close()


def test_a_signal_ends_it(tmp_path: Path) -> None:
    """Ctrl-C, in a large write and while it waits."""
    out = run_python(
        f"""
        import os, signal, threading, time, numpy as np, zcwasm
        from test_snapshot import killable
        guest = zcwasm.Instance(zcwasm.Module(
            b"\\0asm\\1\\0\\0\\0\\x05\\x04\\x01\\x00\\x80\\x20\\x07\\x05\\x01\\x01m\\x02\\x00"))
        guest.memory.array(0, guest.memory.size, np.uint8)[::4096] = 1
        path = {str(tmp_path / "a")!r}
        guest.snapshot(path)  # imports what it needs
        class Slow:
            def write(self, data):
                time.sleep(0.01)
                return len(data)
        for file in (Slow(), path):
            for _ in range(20):
                timer = threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGINT))
                timer.start()
                try:
                    while True:
                        guest.snapshot(file, durable=False)
                except KeyboardInterrupt:
                    pass
                timer.join()
        guest.memory.write(0, b"alive")
        print(os.listdir(os.path.dirname(path)) in ([], ["a"]), guest.fork()[0].memory.read(0, 5))
        """
    )
    assert out.strip() == "True b'alive'"


# --- forks ---


def test_forks_are_independent(device: zcwasm.Device) -> None:
    parent = Guest(device)
    at, x = parent.put(np.arange(1024))
    children = [goes_on(parent, child) for child in parent.instance.fork(16)]
    assert len({id(child.memory) for child in children}) == 16
    assert len({child.memory.address for child in children}) == 16
    x[...] = -1
    arrays = [child.memory.array(at, 1024, np.float32) for child in children]
    for i, (child, array) in enumerate(zip(children, arrays, strict=True)):
        assert np.array_equal(array, np.arange(1024))
        assert child.affine(at, at, 1024, i, 1) == 0
        assert child.exports.run() == 0
    for i, array in enumerate(arrays):
        assert np.array_equal(array, np.arange(1024, dtype=np.float32) * i + 1)
        assert device.affine(array, 2, 0, out=array) is array  # the host, on the same device
    assert (x == -1).all()
    grandchild = goes_on(parent, children[3].instance.fork()[0])
    assert np.array_equal(grandchild.memory.array(at, 1024, np.float32), (np.arange(1024) * 3 + 1) * 2)
    assert grandchild.memory.grow(3) == children[3].memory.pages
    parent.instance.close() if not parent.memory.pins else None
    assert np.array_equal(arrays[5], (np.arange(1024, dtype=np.float32) * 5 + 1) * 2)


@pytest.mark.skipif(set(KINDS) <= {"cpu"}, reason="there is no GPU here, nor one that is a program")
@pytest.mark.skipif(sys.platform != "linux", reason="shared pages are replaced in place on Linux only")
def test_a_driver_that_refuses_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its guests get memory of their own, with the same bytes at the same place, which is counted."""
    device = zcwasm.Device(next(kind for kind in KINDS if kind != "cpu"))
    parent = Guest(device)
    at, _ = parent.put(np.arange(1024))
    parent.instance.snapshot(tmp_path / "a")
    monkeypatch.setenv("ZCWASM_REFUSE_SHOWN", "1")
    for reason, instance in (
        ("forked", parent.instance.fork()[0]),
        (
            "snapshot",
            zcwasm.Instance.restore(
                parent.instance.module, tmp_path / "a", device=device, mapped=True, **GRANTED
            ),
        ),
    ):
        child = goes_on(parent, instance)
        array = child.memory.array(at, 1024, np.float32)
        before = zcwasm.copy_stats()
        assert child.affine(at, at, 1024, 2, 1) == 0
        assert child.exports.run() == 0
        assert np.array_equal(array, np.arange(1024) * 2 + 1)
        assert zcwasm.copy_stats()[reason] - before[reason] >= 4096
        before = zcwasm.copy_stats()
        assert child.affine(at, at, 1024, 2, 1) == 0
        assert child.exports.run() == 0
        assert zcwasm.copy_stats()[reason] == before[reason]
        grandchild = goes_on(parent, instance.fork()[0])
        assert np.array_equal(grandchild.memory.array(at, 1024, np.float32), array)
        assert facts_of_memory(taken_again(instance, device)) == facts_of_memory(instance)


def facts_of_memory(instance: zcwasm.Instance) -> bytes:
    return instance.memory.read(0, instance.memory.size)


def taken_again(instance: zcwasm.Instance, device: zcwasm.Device) -> zcwasm.Instance:
    return zcwasm.Instance.restore(instance.module, taken(instance), device=device, **GRANTED)


def test_forks_see_nothing_of_each_other_s_globals(guest: zcwasm.Instance) -> None:
    one, two = guest.fork(2)
    assert facts(one) == facts(two) == facts(guest)
    assert [one.exports.bump() for _ in range(3)] == [3, 4, 5]
    assert two.exports.bump() == 3
    assert guest.exports.bump() == 3
    assert facts(two)[1] == facts(guest)[1] != facts(one)[1]
    assert (one.device, one.weights, one.outputs) == (None, None, {})


def shares(address: int, size: int) -> tuple[int, int]:
    """Of mappings in a range: bytes that this process alone has, and bytes that are shared."""
    private = shared = 0
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(match[1], 16) < address + size and int(match[2], 16) > address
        elif inside and line.startswith(("Private_Dirty:", "Private_Clean:")):
            private += int(line.split()[1]) * 1024
        elif inside and line.startswith("Shared_"):
            shared += int(line.split()[1]) * 1024
    return private, shared


@pytest.mark.footprint
@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/smaps is Linux's")
def test_forks_share_their_memory() -> None:
    size = 12 << 20
    parent = zcwasm.Instance(
        zcwasm.Module(b"\0asm\1\0\0\0\x05\x04\x01\x00\x80\x02\x07\x05\x01\x01m\x02\x00"),
        device=zcwasm.Device("cpu"),
    )
    parent.memory.array(0, size, np.uint8)[:] = 7
    before = zcwasm.copy_stats()["forked"]
    children = parent.fork(16)
    assert zcwasm.copy_stats()["forked"] - before == size
    for each in (parent, *children):
        assert int(each.memory.array(0, size, np.uint8).sum()) == 7 * size  # all of it is read
    for each in (parent, *children):
        private, shared = shares(each.memory.address, each.memory.size)
        assert private < 0.05 * size
        assert shared >= size
    children[0].memory.array(0, 1 << 20, np.uint8)[:] = 8
    assert 1 << 20 <= shares(children[0].memory.address, size)[0] < 3 << 19
    assert shares(children[1].memory.address, size)[0] < 0.05 * size


LARGE = b"\0asm\1\0\0\0\x05\x03\x01\x00\x30\x07\x05\x01\x01m\x02\x00"  # (memory (export "m") 48)


def test_forks_do_without_what_is_dead() -> None:
    parent = zcwasm.Instance(
        zcwasm.Module(b"\0asm\1\0\0\0\x05\x03\x01\x00\x10\x07\x05\x01\x01m\x02\x00")  # 16 pages
    )
    parent.memory.write(0, bytes(range(256)) * (parent.memory.size // 256))
    size, before = parent.memory.size, zcwasm.copy_stats()["forked"]
    (child,) = parent.fork(dead=[(12 * PAGE, 16 * PAGE), (PAGE + 100, 9 * PAGE)])
    if sys.platform == "linux":
        assert zcwasm.copy_stats()["forked"] - before < size - 11 * PAGE
    for start, stop in ((0, PAGE + 100), (9 * PAGE, 12 * PAGE)):
        for one in (parent, child):
            assert one.memory.read(start, stop - start) == (bytes(range(256)) * 4096)[start:stop]
    child.memory.write(13 * PAGE, b"used again")
    assert parent.memory.read(13 * PAGE, 4) != b"used"
    for dead in ([(0, size + 1)], [(5, 4)], [(-1, 4)]):
        with pytest.raises(ValueError, match="does not lie in the memory"):
            parent.fork(dead=dead)
    with pytest.raises(TypeError, match=r"dead\[0\] must be a pair of integers"):
        parent.fork(dead=[1])  # type: ignore[list-item]


def test_snapshots_and_forks_of_what_was_never_touched(tmp_path: Path) -> None:
    """The system does not say of these pages that they hold something."""
    module, path = zcwasm.Module(LARGE), tmp_path / "a"
    guest = zcwasm.Instance(module)
    for page in range(0, 48, 5):
        guest.memory.write(page * PAGE + 4096 * 3, b"something")
    expected = guest.memory.read(0, guest.memory.size)
    guest.snapshot(path)
    for untouched in (
        lambda: guest.fork()[0],
        lambda: guest.fork()[0].fork()[0],
        lambda: zcwasm.Instance.restore(module, path, mapped=True),
        lambda: zcwasm.Instance.restore(module, path, mapped=True).fork()[0],
    ):
        again = zcwasm.Instance.restore(module, taken(untouched()))
        assert again.memory.read(0, again.memory.size) == expected
        assert untouched().fork()[0].memory.read(0, again.memory.size) == expected


def test_forks_close_in_any_order(guest: zcwasm.Instance) -> None:
    gc.collect()
    regions = zcwasm._core._region_count()
    (child,) = guest.fork()
    (grandchild,) = child.fork()
    view = child.memory.array(16, 5, np.uint8)
    with pytest.raises(zcwasm.InUseError):
        child.close()
    child.__exit__(None, None, None)
    assert bytes(view) == b"\2irst"
    assert facts(grandchild) == facts(guest)
    del view, child
    gc.collect()
    assert zcwasm._core._region_count() == regions + 1
    guest.close()
    assert grandchild.exports.bump() == 3
    del guest
    grandchild.close()
    gc.collect()
    assert zcwasm._core._region_count() == regions - 1


@pytest.mark.parametrize("batched", [False, True])
def test_forks_lose_nothing_of_other_threads_work(batched: bool) -> None:
    """What the host computes in the parent's memory meanwhile is not undone by the sharing of its pages."""
    device = zcwasm.Device("cpu")
    guest = Guest(device)
    at, x = guest.put(np.zeros(1 << 16))
    counts: list[int] = []
    done = threading.Event()

    def work() -> None:
        count = 0
        while not done.is_set():
            if batched:
                batch = device.batch()
                for _ in range(10):
                    batch.affine(x, 1, 1, out=x)
                batch.submit().wait()
            else:
                device.affine(x, 1, 1, out=x)
            count += 10 if batched else 1
        counts.append(count)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(400):
            guest.instance.fork()
            time.sleep(0.0005)
    finally:
        done.set()
        thread.join()
    after = guest.instance.memory.array(at, 1 << 16, np.float32)
    assert (after == counts[0]).all(), (counts, after.min(), after.max())


def test_a_signal_ends_a_fork() -> None:
    out = run_python(
        """
        import os, signal, threading, zcwasm
        guest = zcwasm.Instance(zcwasm.Module(b"\\0asm\\1\\0\\0\\0"))
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        class Stop(Exception):
            pass
        def stop(*arguments):
            raise Stop
        signal.signal(signal.SIGALRM, stop)
        try:
            guest.fork(2_000_000)  # takes a minute
        except Stop:
            print(len(guest.fork(3)))
        """,
        timeout=20,
    )
    assert out.strip() == "3"


def test_forks_and_restored_ones_are_collected() -> None:
    """Also in cycles: a host function that knows its instance."""
    known: list[zcwasm.Instance] = []
    guest = basics(imports={"env": {"log": lambda value: known, "pair": lambda a, b: (b, a)}})
    again = zcwasm.Instance.restore(
        guest.module, taken(guest), imports={"env": {"log": known.append, "pair": lambda a, b: (b, a)}}
    )
    known += [guest, again, *guest.fork(2), *again.fork(2)]
    watched = [weakref.ref(each) for each in known]
    del guest, again
    known.clear()
    gc.collect()
    assert [ref() for ref in watched] == [None] * 6


@pytest.mark.footprint
def test_a_fork_that_fails_leaves_nothing() -> None:
    """Address space for some children, not for all."""
    out = run_python(
        """
        import resource, zcwasm
        memory = b"\\x05\\x06\\x01\\x01\\x01\\x80\\x80\\x01"
        module = zcwasm.Module(b"\\0asm\\1\\0\\0\\0" + memory + b"\\x07\\x05\\x01\\x01m\\x02\\x00")
        guest = zcwasm.Instance(module, limits=zcwasm.Limits(memory=1 << 30))
        guest.memory.write(0, b"here")
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (5 << 30), resource.RLIM_INFINITY))
        before = zcwasm._core._region_count()
        for _ in range(3):
            try:
                guest.fork(20)
            except MemoryError as error:
                print("refused", zcwasm._core._region_count() == before)
        print(guest.fork(2)[1].memory.read(0, 4))
        """
        if sys.platform == "linux"
        else "print('refused True\\n' * 3 + \"b'here'\")"
    )
    assert out.splitlines() == ["refused True"] * 3 + ["b'here'"]


def test_forks_with_weights_and_inputs(device: zcwasm.Device, tmp_path: Path, cache: Path) -> None:
    weights = zcwasm.Weights(write_tensor(tmp_path / "w", np.arange(64)))
    parent = Guest(device, weights=weights)
    tensor = parent.exports.tensor(*parent.text("w"))
    at = parent.put(np.zeros(64))[0]
    for instance in parent.instance.fork(2):
        child = goes_on(parent, instance)
        assert instance.weights is weights
        assert child.record("affine", [(tensor, 0, WHOLE), (0, at, 256)], struct.pack("<Iff", 64, 2, 0)) == 0
        assert child.exports.run() == 0
        assert np.array_equal(child.memory.array(at, 64, np.float32), np.arange(64) * 2)
        assert child.exports.input_read(*child.text("numbers"), 4, child.data, 2) == 2
        assert child.memory.read(child.data, 2) == b"\4\5"
        file = taken(instance)
        zcwasm.Instance.restore(
            instance.module, file, device=device, weights=weights, inputs=GRANTED["inputs"]
        ).close()
    parent.instance.close()


@pytest.fixture(autouse=True)
def nobody_is_held() -> Iterator[None]:
    """Signals and threads of one test are its own."""
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before
