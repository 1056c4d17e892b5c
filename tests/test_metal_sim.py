"""The Metal backend where it meets the simulated runtime: injected errors, limits, order, object counts.

Runs under `python buildtools/metal.py simulate` only, which also runs the contract tests of every device on
the simulation; tests/metal/sim/sim.h says what that is and how it is driven.
"""

from __future__ import annotations

import ctypes
import gc
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import model_files as made
import numpy as np
import pytest
import test_compile
from conftest import Arena
from support import run_python

import zcwasm
from zcwasm import _selftest
from zcwasm._selftest import checks, kernels, reference
from zcwasm._selftest.arena import put, words

runtime = ctypes.CDLL(zcwasm._core.__file__)
if not hasattr(runtime, "zc_sim_live"):
    pytest.skip("not the simulated Metal", allow_module_level=True)


class Sim:
    """The simulated runtime's switches; what a test sets is put back after it. Tests make their own arenas,
    because a fixture's lives until after the count of objects."""

    def __init__(self) -> None:
        self.before: dict[str, int] = {}
        runtime.zc_sim_live.restype = ctypes.c_long
        runtime.zc_sim_get.restype = ctypes.c_int64
        runtime.zc_sim_get.argtypes = [ctypes.c_char_p]
        runtime.zc_sim_set.argtypes = [ctypes.c_char_p, ctypes.c_int64]

    def get(self, name: str) -> int:
        return runtime.zc_sim_get(name.encode())

    def set(self, name: str, value: int) -> None:
        self.before.setdefault(name, self.get(name))
        runtime.zc_sim_set(name.encode(), value)

    def inject(self, what: str, times: int = 1, *, after: int = 0) -> None:
        """The next uses of it go wrong, but for so many before them."""
        runtime.zc_sim_set(b"let_pass", after)
        runtime.zc_sim_set(what.encode(), times)

    def settle(self) -> int:
        """Wait for the last object to go; how many are left."""
        end = time.monotonic() + 5
        while runtime.zc_sim_live() and time.monotonic() < end:
            zcwasm._core._drain()
            gc.collect()
            time.sleep(0.002)
        return runtime.zc_sim_live()


@pytest.fixture
def sim() -> Iterator[Sim]:
    sim = Sim()
    assert sim.settle() == 0, "an earlier test left objects"
    yield sim
    for name, value in sim.before.items():
        sim.set(name, value)
    assert sim.settle() == 0, "objects left"


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def run_affine(device: zcwasm.Device, arena: Arena) -> None:
    x = arena.put(np.arange(1000))
    device.affine(x, 2, 1, out=x)
    assert np.array_equal(x, 2 * np.arange(1000) + 1)


def fails(message: str, call: Callable[..., Any], *args: Any, **keywords: Any) -> None:
    with pytest.raises(zcwasm.DeviceError, match=message):
        call(*args, **keywords)


# --- every kernel ---


@pytest.mark.parametrize("width", [4, 8, 16, 32, 64])
def test_every_kernel_at_every_width(sim: Sim, width: int) -> None:
    arena = Arena()
    sim.set("width", width)
    device = zcwasm.Device("metal")
    assert device.info["subgroup_width"] == width
    assert set(kernels.EVERY) == set(device.kernels), "a new kernel needs a line there"
    for name, run in kernels.EVERY.items():
        kernels.compare(name, run(device, arena))


def test_what_the_selftest_runs(sim: Sim) -> None:
    """A kernel of the user's; a language model: llama.wasm, its sequences and the shipped MSL together; and
    what a first run on a Mac asks besides."""
    for check in (checks.users_kernel, checks.language_model):
        check(checks.Bench("metal"))
    for check in (checks.growth_in_steps, checks.other_processes, checks.mapped_file):
        check(checks.Bench("metal"))
    assert "GB/s of weights" in checks.one_row(checks.Bench("metal"), "Q4_K", 1 << 18)
    assert "stay resident" in checks.after_a_pause(checks.Bench("metal"))
    bench = checks.Bench("metal")
    for name in ("F16", "Q4_K"):
        assert " TFLOP/s" in checks.product_of_rows(bench, name, 40, 64, 256)
    assert " TFLOP/s" in checks.product_of_floats(bench, 32)
    assert " TFLOP/s" in checks.rows_of_attention(bench, 9, 4, 32)
    assert " tokens/s, a prompt of 20 at " in checks.tokens(bench, 20, 5)


# --- for other libraries ---


class Tensor(ctypes.Structure):
    """The beginning of a DLManagedTensorVersioned, with a DLTensor of two axes."""

    _fields_ = [
        *(("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p)),
        *(("deleter", ctypes.CFUNCTYPE(None, ctypes.c_void_p)), ("flags", ctypes.c_uint64)),
        *(("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)),
        *(("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8)),
        *(("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64 * 2))),
        *(("strides", ctypes.POINTER(ctypes.c_int64 * 2)), ("byte_offset", ctypes.c_uint64)),
    ]


def contents(buffer: int) -> int:
    """[buffer contents], by the Objective-C runtime that the simulation runs on."""
    lookup = ctypes.CDLL("libobjc.so.4")
    lookup.sel_registerName.restype = ctypes.c_void_p
    lookup.objc_msg_lookup.restype = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    selector = ctypes.c_void_p(lookup.sel_registerName(b"contents"))
    address: int = lookup.objc_msg_lookup(ctypes.c_void_p(buffer), selector)(buffer, selector)
    return address


def test_a_buffer_for_other_libraries(sim: Sim) -> None:
    """kDLMetal: a buffer of their own, over the array's pages, with the hazards tracked that they rely on."""
    memory = zcwasm.Memory(4, 64)
    x = memory.array(3 * 16384 + 400, (5, 6), np.float32)
    device = zcwasm.Device("metal")
    tracked, ours = sim.get("tracked_buffers"), sim.get("buffers")
    submission = None
    with device.batch() as batch:
        batch.fill(x, 3)
    sim.inject("slow")
    submission = batch.submit()
    shared = device.share(x[1:, ::2])
    assert shared.__dlpack_device__() == (8, 0)
    capsule = shared.__dlpack__(max_version=(1, 0))
    assert submission.done  # what was submitted before is there
    assert (x == 3).all()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensor = Tensor.from_address(pointer(capsule, b"dltensor_versioned"))
    assert (tensor.device_type, tensor.ndim, tensor.code, tensor.bits, tensor.flags) == (8, 2, 2, 32, 0)
    assert (list(tensor.shape.contents), list(tensor.strides.contents)) == ([4, 3], [6, 2])
    assert contents(tensor.data) + tensor.byte_offset == x[1:, ::2].ctypes.data
    assert tensor.byte_offset == 400 + 24
    assert sim.get("tracked_buffers") == tracked + 1
    made = sim.get("buffers")
    assert made == ours + 1  # that of the batch
    with pytest.raises(BufferError, match=r"device \(1, 0\) is asked for, but this memory is of \(8, 0\)"):
        shared.__dlpack__(dl_device=(1, 0))
    scratch = device.share(device.scratch((2, 2))).__dlpack__()  # from before DLPack 1.0
    assert scratch
    # It lives on its own, through growth and the end of the device, until somebody's thread deletes it.
    memory.grow(32)
    address, deleter = ctypes.addressof(tensor), tensor.deleter
    rename = ctypes.pythonapi.PyCapsule_SetName
    rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
    used = b"used_dltensor_versioned"
    rename(capsule, used)
    del batch, submission, shared, capsule, device, x, scratch, tensor
    gc.collect()
    assert memory.pins == 1
    thread = threading.Thread(target=deleter, args=(address,))
    thread.start()
    thread.join()
    assert memory.pins == 0
    device = zcwasm.Device("metal")
    y = memory.array(0, 8, np.float32)
    for what in ("buffer_nil", "buffer_short", "buffer_moved"):
        sim.inject(what)
        fails("cannot make a buffer of 16384 bytes .* for others without copying", device.share(y).__dlpack__)
    del device, y
    assert memory.pins == 0


# --- objects ---


def test_nothing_is_left(sim: Sim) -> None:
    memory = zcwasm.Memory(16, 64)
    x = memory.array(0, 1000, np.float32)
    device = zcwasm.Device("metal")
    with device.batch() as batch:
        batch.fill(x, 1)
        batch.add(x, x, out=x)
    sim.inject("slow")
    submission = batch.submit()
    memory.grow(16)  # while the work is in flight
    high = memory.array(20 * 65536, 1000, np.float32)
    buffers = sim.get("buffers")
    device.affine(x, 1, 0, out=high)
    assert sim.get("buffers") == buffers + 1  # wrapped anew; the work in flight keeps the old one
    submission.wait()
    assert (high == 2).all()
    dropped = device.batch()
    dropped.fill(x, 2)
    assert until(lambda: sim.get("resident") > 0)
    del dropped, batch, submission, device, high, x, memory
    assert sim.settle() == 0
    assert sim.get("resident") == 0


def test_threads_without_pools_of_their_own(sim: Sim) -> None:
    device = zcwasm.Device("metal")

    def work(number: int) -> None:
        arena = Arena()
        x = arena.put(np.zeros(100))
        for _ in range(20):
            device.affine(x, 1, number, out=x)
        assert (x == 20 * number).all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- opening ---


def test_a_virtual_machines_gpu(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as software, may fail without failing a wheel's test, and must make a pipeline."""
    compiled = sim.get("compiled")
    assert not zcwasm.devices()[0]["software"]
    assert sim.get("compiled") == compiled  # a GPU that promises what is needed is not tried
    sim.set("virtual", 1)
    info = zcwasm.devices()[0]
    assert (info["available"], info["software"], info["type"]) == (True, True, "virtual")
    assert info["name"] == "Apple Paravirtual device"
    assert zcwasm.Device().kind != "metal"
    run_affine(zcwasm.Device("metal"), Arena())

    def broken(bench: checks.Bench) -> str:
        raise AssertionError("all zeros" if bench.device.kind == "metal" else "not this one")

    def report() -> list[str]:
        lines: list[str] = []
        assert _selftest.run(lines.append)
        assert lines[-1] == "\nall holds"
        return lines

    monkeypatch.setattr(_selftest, "CHECKS", [broken])
    monkeypatch.setattr(_selftest, "costs", lambda bench: [])
    monkeypatch.setattr(_selftest, "demo", lambda: "fine")
    monkeypatch.setattr(zcwasm, "devices", lambda listed=zcwasm.devices: listed()[:1])
    lines = report()
    assert any(line.startswith("  failed  broken: AssertionError: all zeros") for line in lines)
    assert "\n1 failed on a virtual machine's GPU, which is not counted" in lines
    sim.inject("pipeline")
    info = zcwasm.devices()[0]
    assert not info["available"]
    assert info["reason"].startswith("Apple Paravirtual device: metal: kernel sum ")
    sim.inject("pipeline")
    assert any(line.startswith("\nmetal: not here: Apple Paravirtual device: metal: ") for line in report())
    sim.inject("pipeline")
    fails("not available: Apple Paravirtual", zcwasm.Device, "metal")
    sim.inject("queue")
    lines = report()
    assert any(line.startswith("  failed  open: metal: cannot make a command queue") for line in lines)


def test_a_gpu_that_is_not_apples(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is compiled, unless the environment asks for it; then a pipeline is tried."""
    sim.set("virtual", 2)
    compiled = sim.get("compiled")
    reason = "Simulated GPU of another vendor is not a GPU of Apple's, and others are not supported "
    reason += "(ZCWASM_METAL_OTHER_GPUS=1 tries it)"
    for other in ("", "0"):
        monkeypatch.setenv("ZCWASM_METAL_OTHER_GPUS", other)
        info = zcwasm.devices()[0]
        assert (info["available"], info["reason"]) == (False, reason)
    monkeypatch.delenv("ZCWASM_METAL_OTHER_GPUS")
    fails(re.escape(f"metal is not available: {reason}"), zcwasm.Device, "metal")
    assert zcwasm.Device().kind != "metal"
    assert sim.get("compiled") == compiled
    monkeypatch.setenv("ZCWASM_METAL_OTHER_GPUS", "1")
    info = zcwasm.devices()[0]
    assert (info["available"], info["software"], info["type"]) == (True, False, "integrated")
    assert sim.get("compiled") == compiled + 1
    run_affine(zcwasm.Device(), Arena())
    sim.inject("pipeline")
    assert zcwasm.devices()[0]["reason"].startswith("Simulated GPU of another vendor: metal: kernel sum ")


def test_no_device(sim: Sim) -> None:
    sim.inject("device")
    assert zcwasm.devices()[0]["reason"] == "Metal finds no GPU for this process"
    sim.inject("device")
    fails("metal is not available: Metal finds no GPU", zcwasm.Device, "metal")
    assert zcwasm.Device().kind == "metal"


@pytest.mark.parametrize("what", ["buffer_nil", "buffer_short", "buffer_moved"])
def test_gpus_that_copy(sim: Sim, what: str) -> None:
    sim.inject(what)
    reason = "Simulated Metal makes no buffer of memory without copying it"
    assert zcwasm.devices()[0]["reason"] == reason
    sim.inject(what)
    fails(f"metal is not available: {reason}", zcwasm.Device, "metal")


@pytest.mark.parametrize("what", ["queue", "fence"])
def test_open_fails(sim: Sim, what: str) -> None:
    sim.inject(what)
    fails(f"cannot make a (command )?{what}", zcwasm.Device, "metal")
    zcwasm.Device("metal")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("max_threads", 128, "kernel sum needs threadgroups of 256 threads, this GPU runs 128 of it"),
        ("threadgroup_memory", 16, r"kernel sum needs \d+ bytes of threadgroup memory, this GPU has 16"),
        ("width", 128, "kernel sum runs 128 threads wide, the shaders are for 4 to 64"),
        ("width", 2, "kernel sum runs 2 threads wide"),
    ],
)
def test_gpus_that_cannot_run_the_shaders(sim: Sim, name: str, value: int, message: str) -> None:
    sim.set(name, value)
    fails(message, zcwasm.Device, "metal")
    assert zcwasm.Device().kind != "metal"


def test_open_asks_a_pipeline_with_simd_functions(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCWASM_METAL_MATRIX", "0")
    numbers = Path(__file__).parent.parent / "csrc" / "kernel" / "zc_shader_numbers.h"
    way = re.search(r"#define ZC_ROWS_SUBGROUP_WAY (\d+)u", numbers.read_text("utf-8"))
    assert way
    zcwasm.Device("metal")
    assert sim.get("last_constant") == int(way[1])


def test_a_gpu_that_goes_between_a_look_and_open(sim: Sim) -> None:
    sim.inject("device", after=1)
    fails("metal: cannot make a device", zcwasm.Device, "metal")
    run_affine(zcwasm.Device("metal"), Arena())


def test_a_gpu_of_its_own_memory_and_one_without_a_name(sim: Sim) -> None:
    sim.inject("name")
    assert zcwasm.devices()[0]["name"] == "Metal device"
    sim.set("apart", 1)
    sim.set("all_devices", 1)
    sim.set("device", 1)
    info = zcwasm.devices()[0]
    assert (info["name"], info["type"], info["unified_memory"]) == (
        "Simulated GPU in a box",
        "discrete",
        False,
    )


@pytest.mark.parametrize("seconds", ["0", "-1", "1000000", "soon"])
def test_patience_that_is_none(sim: Sim, monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("ZCWASM_METAL_PATIENCE", seconds)
    arena = Arena()
    device = zcwasm.Device("metal")
    sim.inject("slow", 3)
    submissions = [submit_affine(device, arena.put(np.ones(10))) for _ in range(3)]
    for submission in submissions:
        submission.wait(timeout=30)


# --- no memory ---


def test_no_memory_anywhere(sim: Sim) -> None:
    """Each allocation of what a program does is refused once: that is an error, nothing is left, and the next
    attempt works."""

    def program() -> None:
        arena, device = Arena(), zcwasm.Device("metal")
        device.compile(**test_compile.SIGNATURE)
        run_affine(device, arena)  # last, for then a thread of the device's asks for memory, too

    program()
    errors = 0
    for number in range(500):
        sim.settle()
        sim.inject("allocation", after=number)
        try:
            program()
        except MemoryError:
            errors += 1
        refused = not sim.get("allocation")
        sim.inject("allocation", 0)
        if not refused:
            break
    else:
        pytest.fail("there is no end of it")
    assert errors > 10
    program()


def test_no_memory_to_try_a_pipeline_in(sim: Sim) -> None:
    sim.set("virtual", 1)
    sim.inject("allocation")
    assert zcwasm.devices()[0]["reason"] == "Apple Paravirtual device: there is no memory"


def test_no_memory_for_residency(sim: Sim) -> None:
    """The thread thinks again at its next beat."""
    arena = Arena()
    device = zcwasm.Device("metal")
    run_affine(device, arena)
    assert until(lambda: sim.get("resident") > 0)
    sim.inject("allocation")
    assert until(lambda: sim.get("allocation") == 0)
    large = zcwasm.Memory(32)
    before = sim.get("resident")
    device.fill(large.array(0, 10, np.float32), 1)
    assert until(lambda: sim.get("resident") > before)


def test_no_pages(sim: Sim) -> None:
    """To look at a GPU they are not needed: whoever needs some says so."""
    sim.inject("mmap")
    assert zcwasm.devices()[0]["available"]
    assert sim.get("mmap") == 0


def matrix_units() -> int:
    return zcwasm.Device("metal").info["matrix_units"]


def test_matrix_units(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where the system, the GPU and its SIMD groups have them, and their shader works."""
    assert matrix_units() == 8
    sim.inject("macos13")
    assert matrix_units() == 0
    monkeypatch.setenv("ZCWASM_METAL_OTHER_GPUS", "1")
    for name, value in (("width", 16), ("virtual", 2)):  # the second: a GPU that is not Apple's
        sim.set(name, value)
        assert matrix_units() == 0
        sim.set(name, sim.before[name])
    monkeypatch.setenv("ZCWASM_METAL_MATRIX", "0")
    compiled = sim.get("compiled")
    assert matrix_units() == 0
    assert sim.get("compiled") == compiled + 1  # what every device compiles first


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "threadgroup_memory",
            20480,
            r"kernel linear \(F16\) needs \d+ bytes of threadgroup memory, this GPU",
        ),
        ("language", 0, "kernel linear_matrix does not compile: MTLLibraryErrorDomain 3"),
    ],
)
def test_matrix_units_that_do_not_work(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, name: str, value: int, message: str
) -> None:
    """Then products go in tiles of float32, unless the environment wants to know."""
    sim.set(name, value)
    monkeypatch.setenv("ZCWASM_METAL_MATRIX", "1")
    fails(message, zcwasm.Device, "metal")
    monkeypatch.delenv("ZCWASM_METAL_MATRIX")
    device, arena = zcwasm.Device("metal"), Arena()
    assert device.info["matrix_units"] == 0
    kernels.compare("linear", kernels.one_linear(device, arena, "Q4_1", 20, 9, 64, 0))


def test_matrix_units_are_used(sim: Sim) -> None:
    """By products that may be: two stages and a barrier in place of one."""
    device, arena = zcwasm.Device("metal"), Arena()
    for flags, stages in ((0, 2), (reference.EXACT, 1)):
        before = sim.get("dispatches"), sim.get("barriers")
        y, x = arena.empty((16, 9)), arena.put(np.ones((16, 32)))
        w = put(arena, words(reference.random_weights("Q8_0", 9, 32, np.random.default_rng(2))))
        params = {"type": 3, "rows": 16, "n": 9, "k": 32, "ldx": 32, "ldy": 9, "flags": flags, "eps": 0}
        device.dispatch("linear", [x, w, arena.empty(0), arena.empty(0), y], params)
        assert (sim.get("dispatches"), sim.get("barriers")) == (before[0] + stages, before[1] + stages - 1)


def test_what_else_goes_on_matrices(sim: Sim) -> None:
    """matmul but for small ones, and attention of many rows: by the variant, which tells the shader."""
    bench = checks.Bench("metal")
    for m, n, k, way in ((64, 20, 16, 4), (64, 20, 15, 2), (15, 64, 64, None), (1300, 1300, 16, 5)):
        a, b = bench.normal(m, k), bench.normal(k, n)
        before = sim.get("last_constant")
        bench.device.matmul(a, b, out=bench.empty(m, n))
        assert sim.get("last_constant") == (before if way is None else way)
    for rows, shape in (
        (4, None),
        (5, 16 + 7),
        (300, 7),
    ):  # 16: half of the queries; 7: eight times 16 elements
        checks.rows_of_attention(bench, rows, 16, 32)
        matrix = sim.get("last_constant") == 1 + 3 * (65 + (shape or 0))  # as zc_shader_numbers.h has it
        assert matrix == (shape is not None)


def test_properties(sim: Sim) -> None:
    info = zcwasm.Device("metal").info
    assert (info["name"], info["type"]) == ("Simulated Metal", "integrated")
    assert info["unified_memory"]
    assert info["max_buffer"] == 8 << 30


# --- shaders ---


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("compile", "kernel affine does not compile: MTLLibraryErrorDomain 3: program_source:1:1: error"),
        ("function", "the shader of kernel affine has no function zc_affine"),
        ("pipeline", "kernel affine makes no pipeline: AGXMetal 3: Compiler encountered"),
    ],
)
def test_compilation_fails(sim: Sim, what: str, message: str) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put([1.0, 2.0])
    sim.inject(what)
    fails(message, device.affine, x, 2, 0, out=x)
    batch = device.batch()
    batch.affine(x, 2, 0, out=x)
    sim.inject(what)
    fails(message, batch.submit)
    assert len(batch) == 1
    batch.submit().wait()  # the next attempt compiles
    assert x.tolist() == [2, 4]
    compiled = sim.get("compiled")
    device.affine(x, 2, 0, out=x)
    assert sim.get("compiled") == compiled  # once


def test_the_first_of_two_stages_fails(sim: Sim) -> None:
    """Gated products need the gates first: without a pipeline for them the second one's is not made."""
    arena, device = Arena(), zcwasm.Device("metal")
    x, w, norm, y = (
        arena.put(np.ones((64, 8))),
        arena.put(np.ones((8, 8))),
        arena.empty(0),
        arena.empty((64, 8)),
    )
    numbers = {
        "gate_type": 0,
        "up_type": 0,
        "rows": 64,
        "n": 8,
        "k": 8,
        "ldx": 8,
        "ldy": 8,
        "flags": 0,
        "eps": 0,
    }
    specialized = sim.get("specialized")
    sim.inject("pipeline")
    fails(
        "kernel linear_gated .*makes no pipeline",
        device.dispatch,
        "linear_gated",
        [x, w, w, norm, y],
        numbers,
    )
    assert sim.get("specialized") == specialized + 1
    device.dispatch("linear_gated", [x, w, w, norm, y], numbers)
    assert sim.get("specialized") == specialized + 3
    assert np.allclose(y, 64 / (1 + np.exp(-8)))


def run_embed(device: zcwasm.Device, name: str) -> None:
    arena, rng = Arena(), np.random.default_rng(11)
    code, block, _ = reference.WEIGHT_TYPES[name]
    data = reference.random_weights(name, 4, block, rng)
    ids, out = put(arena, np.array([2, 0], np.uint32)), arena.empty((2, block))
    params = {"type": code, "rows": 2, "dim": block, "vocab": 4, "ldout": block, "flags": 0}
    device.dispatch("embed", [ids, put(arena, words(data)), out], params)
    np.testing.assert_allclose(out, reference.dequantize(name, data)[[2, 0]], rtol=1e-6, atol=1e-6)


def test_a_pipeline_for_each_type(sim: Sim) -> None:
    device = zcwasm.Device("metal")
    compiled, specialized = sim.get("compiled"), sim.get("specialized")
    for _ in range(2):
        for name in reference.WEIGHT_TYPES:
            run_embed(device, name)
    assert sim.get("compiled") == compiled + 1
    assert sim.get("specialized") == specialized + len(reference.WEIGHT_TYPES)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("specialization", r"kernel embed \(Q4_1\) cannot be specialized: MTLLibraryErrorDomain 3: Special"),
        ("pipeline", r"kernel embed \(Q4_1\) makes no pipeline: AGXMetal 3: Compiler encountered"),
        ("function", "the shader of kernel embed has no function zc_embed"),
        ("compile", "kernel embed does not compile: MTLLibraryErrorDomain 3"),
    ],
)
def test_specialization_fails(sim: Sim, what: str, message: str) -> None:
    device = zcwasm.Device("metal")
    sim.inject(what)
    fails(message, run_embed, device, "Q4_1")
    run_embed(device, "Q4_1")  # the next attempt works
    sim.set("max_threads", 128)
    fails(r"kernel embed \(Q8_0\) needs threadgroups of 256 threads", run_embed, device, "Q8_0")


def test_dispatches_of_empty_ranges_only(sim: Sim) -> None:
    """Groups there are, but nothing to bind: Metal would have no buffer to set."""
    arena = Arena()
    device = zcwasm.Device("metal")
    empty, before = arena.empty(0), sim.get("dispatches")
    params = {"rows": 3, "cols": 0, "ldx": 0, "ldout": 0, "eps": 0}
    device.dispatch("rms_norm", [empty, empty, empty], params)
    assert sim.get("dispatches") == before


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("compile", ValueError, "kernel mine does not compile: MTLLibraryErrorDomain 3: .*injected"),
        ("function", ValueError, "kernel mine: the MSL has 0 kernels"),
        ("pipeline", zcwasm.DeviceError, "kernel mine makes no pipeline: AGXMetal 3: Compiler encountered"),
    ],
)
def test_users_kernels_fail(sim: Sim, what: str, error: type[Exception], message: str) -> None:
    device, arena = zcwasm.Device("metal"), Arena()
    sim.inject(what)
    with pytest.raises(error, match=message):
        device.compile(**test_compile.SIGNATURE)
    test_compile.test_compile_and_dispatch(device, arena)
    arguments = sim.get("reflected_arguments")
    sim.inject("macos12")  # which has no bindings to reflect
    device.compile(**test_compile.SIGNATURE)
    assert sim.get("reflected_arguments") == arguments + 1
    sim.set("max_threads", 128)
    fails("kernel mine needs threadgroups of 256 threads", device.compile, **test_compile.SIGNATURE)


def test_text_that_is_not_utf8(sim: Sim) -> None:
    device, arena = zcwasm.Device("metal"), Arena()
    sim.inject("utf8")
    with pytest.raises(ValueError, match="the MSL of kernel mine is not UTF-8"):
        device.compile(**test_compile.SIGNATURE)
    run_affine(device, arena)
    sim.inject("utf8")  # a label, which nobody need read
    run_affine(device, arena)
    assert sim.get("utf8") == 0


def test_a_users_kernel_outlives_its_device(sim: Sim) -> None:
    device, arena = zcwasm.Device("metal"), Arena()
    kernel = device.compile(**test_compile.SIGNATURE)
    x = arena.put(np.ones(10))
    batch = device.batch()
    batch.dispatch(kernel, [x, x], {**test_compile.ONE_ROW, "count": 10, "scale": 2, "shift": 1}, groups=1)
    del kernel, device
    sim.inject("slow")
    submission = batch.submit()
    del batch
    submission.wait()
    assert (x == 3).all()


# --- buffers ---


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("buffer_nil", r"cannot make a buffer of \d+ bytes at 0x\w+ without copying"),
        ("buffer_short", r"a buffer over \d+ bytes at 0x\w+ has a length of 0"),
        ("buffer_moved", r"a buffer over \d+ bytes at 0x\w+ lies at 0x\w+: it is a copy"),
    ],
)
def test_buffers_that_are_not_the_memory(sim: Sim, what: str, message: str) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put([1.0])
    sim.inject(what)
    fails(message, device.affine, x, 1, 1, out=x)
    assert x[0] == 1
    run_affine(device, arena)


def test_weights_are_the_mapped_file(sim: Sim, tmp_path: Path) -> None:
    path, values = tmp_path / "w.safetensors", np.arange(3000, dtype=np.float32)
    header = {"w": {"dtype": "F32", "shape": [30, 100], "data_offsets": [0, values.nbytes]}}
    path.write_bytes(made.safetensors(header, data=values.tobytes()))
    device, arena = zcwasm.Device("metal"), Arena()
    sim.inject("buffer_moved")
    fails("it is a copy", zcwasm.Weights, path, device=device)
    copied, buffers = zcwasm.copy_stats(), sim.get("buffers")
    weights = zcwasm.Weights(path, device=device)
    array = weights["w"].array()
    assert device.buffer_address(array) == array.ctypes.data
    out = arena.empty((30, 100))
    for _ in range(2):
        assert np.array_equal(device.affine(weights["w"], 2, 1, out=out), 2 * array + 1)
    assert sim.get("buffers") == buffers + 2  # the file and the arena
    assert zcwasm.copy_stats() == copied


@pytest.mark.parametrize("name", ["MXFP4", "Q8_0"])
def test_weights_of_more_than_4_gib(sim: Sim, tmp_path: Path, name: str) -> None:
    """Positions are counted in 32 bits, but not in bytes. The file is a hole, but for its last rows."""
    code, block, block_bytes = reference.WEIGHT_TYPES[name]
    k, n, experts, some = 64 * block, 8, 1024, 9
    row = k // block * block_bytes
    n += -(-(9 << 29) // (row * experts))
    data = reference.random_weights(name, some, k, np.random.default_rng(5))
    path, size = tmp_path / "w.safetensors", experts * n * row
    header = made.safetensors(
        {"w": {"dtype": "F8_E4M3", "shape": [size], "data_offsets": [0, size]}}, data=b""
    )
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)
        file.seek(len(header) + size - some * row)
        file.write(np.ascontiguousarray(data).tobytes())
    device, arena = zcwasm.Device("metal"), Arena()
    weights = zcwasm.Weights(path, device=device)["w"]
    want = reference.dequantize(name, data).astype(np.float64).reshape(some, k)
    ids, out = put(arena, np.array([experts * n - some, 2**32 - 1], np.uint32)), arena.empty((2, k))
    params = {"type": code, "rows": 2, "dim": k, "vocab": experts * n, "ldout": k, "flags": 0}
    device.dispatch("embed", [ids, weights, out], params)
    assert np.array_equal(out, want[[0, -1]].astype(np.float32))
    x, y = arena.put(np.random.default_rng(6).standard_normal(k)), arena.empty(n)
    params = {"type": code, "rows": 1, "n": n, "k": k, "experts": experts, "share": 1, "ldx": k, "ldy": n}
    device.dispatch("linear_chosen", [x, weights, x[:0], ids[1:], y], params | {"flags": 0})
    assert np.allclose(y[-some:], want @ x, rtol=1e-4, atol=1e-3)
    assert np.abs(y[:-some]).max() < 1e-30  # a scale of MXFP4 is none of 0


def test_limits(sim: Sim) -> None:
    sim.set("max_buffer_length", 1 << 20)
    device = zcwasm.Device("metal")
    assert device.info["max_buffer"] == 1 << 20
    small = zcwasm.Memory(16).array(0, 10, np.float32)
    device.fill(small, 1)
    large = zcwasm.Memory(17).array(0, 10, np.float32)
    fails("1114112 bytes is asked for, this GPU takes at most 1048576", device.fill, large, 1)


def test_region_is_the_buffer(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    assert device.buffer_address(arena.memory) == arena.memory.address
    base = arena.memory.array(0, 4096, np.float32)
    for start in range(0, 130, 3):  # element offsets beside bases that the simulation wants aligned
        part = base[start : start + 50]
        base[:] = 0
        device.fill(part, 1)
        assert base.sum() == 50
        assert part.sum() == 50


def test_empty_ranges_at_the_end(sim: Sim) -> None:
    device = zcwasm.Device("metal")
    memory = zcwasm.Memory(1)
    out = memory.array(0, (3, 5), np.float32)
    out[:] = 7
    a, b = memory.array(65536, (3, 0), np.float32), memory.array(65536, (0, 5), np.float32)
    device.matmul(a, b, out=out)
    assert (out == 0).all()


# --- order ---


def test_barriers_only_where_ranges_meet(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x, y, z = (arena.put(np.ones(100)) for _ in range(3))
    with device.batch() as batch:
        batch.fill(x, 1)
        batch.fill(y, 2)
        batch.fill(z, 3)
    before = sim.get("barriers"), sim.get("command_buffers"), sim.get("dispatches")
    batch.submit().wait()
    after = sim.get("barriers"), sim.get("command_buffers"), sim.get("dispatches")
    assert [a - b for a, b in zip(after, before, strict=True)] == [0, 1, 3]
    with device.batch() as batch:
        for _ in range(10):  # the simulation runs backwards what no barrier parts
            batch.affine(x, 2, 1, out=x)
    batch.submit().wait()
    assert sim.get("barriers") == after[0] + 9
    assert (x == 2047).all()


def test_a_dispatch_of_nothing_keeps_its_barrier(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    b, out = arena.put(np.ones((3, 5))), arena.empty((3, 5))
    with device.batch() as batch:
        batch.fill(b, 2)
        batch.matmul(arena.empty((0, 3)), b, out=arena.empty((0, 5)))  # reads b, so the next need not wait
        batch.affine(b, 1, 0, out=out)
    batch.submit().wait()
    assert (out == 2).all()


def test_a_workspace_that_is_full(sim: Sim) -> None:
    """Behind dispatches that take all of it, one that needs none is not given what begins at its end."""
    arena = Arena()
    device = zcwasm.Device("metal")
    rows, n = 64, 4096  # gates of 1 MiB, which the first workspace has
    x, w, norm = arena.put(np.ones((rows, 1))), arena.put(np.ones((n, 1))), arena.empty(0)
    y, total = arena.empty((rows, n)), arena.empty(rows)
    numbers = {
        "gate_type": 0,
        "up_type": 0,
        "rows": rows,
        "n": n,
        "k": 1,
        "ldx": 1,
        "ldy": n,
        "flags": 0,
        "eps": 0,
    }
    with device.batch() as batch:
        batch.dispatch("linear_gated", [x, w, w, norm, y], numbers)
        batch.sum(x, out=total)
    batch.submit().wait()
    assert (total == 1).all()
    assert np.allclose(y, 1 / (1 + np.exp(-1)))


def test_workspaces_that_grow(sim: Sim) -> None:
    """Each is at least twice as large as the one before; one that cannot be made is an error, once."""
    arena = Arena()
    device = zcwasm.Device("metal")
    n, most = 4096, 1280
    x, w, norm = arena.put(np.ones((most, 1))), arena.put(np.ones((n, 1))), arena.empty(0)
    y = arena.empty((most, n))
    same = {"gate_type": 0, "up_type": 0, "n": n, "k": 1, "ldx": 1, "ldy": n, "flags": 0, "eps": 0}

    def run(rows: int) -> None:
        y[:] = 0
        device.dispatch("linear_gated", [x[:rows], w, w, norm, y[:rows]], {**same, "rows": rows})
        assert np.allclose(y[:rows], 1 / (1 + np.exp(-1)))

    buffers = sim.get("buffers")
    run(64)  # 1 MiB
    run(320)  # 5 MiB, so 8
    run(65)
    assert sim.get("buffers") - buffers == 3  # the memory's, too
    for what in ("buffer_nil", "mmap"):
        sim.inject(what)
        with pytest.raises(MemoryError, match="metal: cannot make a workspace of 33554432 bytes"):
            run(1280)
    sim.set("max_buffer_length", 16 << 20)
    fails("a workspace of 33554432 bytes is needed, this GPU takes at most 16777216", run, 1280)
    sim.set("max_buffer_length", 1 << 30)
    run(1280)


def test_many_submissions(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.set("most_in_flight", 0)
    sim.inject("slow")
    submissions = []
    waits = sim.get("fence_waits")
    for _ in range(200):
        batch = device.batch()
        batch.affine(x, 1, 1, out=x)
        submissions.append(batch.submit())  # never blocks, though the queue holds 64
    for submission in submissions:
        submission.wait()
    assert (x == 200).all()
    assert 10 <= sim.get("most_in_flight") <= 48
    assert sim.get("fence_waits") > waits


# --- errors of the GPU ---


def test_error_of_a_command_buffer(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x, y = arena.put(np.ones(10)), arena.put(np.ones(10))
    sim.inject("status")
    text = r"metal: 1 dispatch \(affine\) failed with status 5: MTLCommandBufferErrorDomain 2: Caused GPU"
    fails(text, device.affine, x, 2, 0, out=x)
    sim.inject("status_without_error")
    fails("failed with status 5: Metal did not say why", device.affine, x, 2, 0, out=x)
    assert (x == 1).all()
    with device.batch() as batch:
        batch.add(x, y, out=y)
        batch.softmax(y, out=y)
    sim.inject("status")
    failed = batch.submit()
    with device.batch() as batch:
        batch.affine(x, 3, 0, out=x)
    works = batch.submit()
    fails(r"2 dispatches \(add, softmax\) failed", failed.wait)
    fails("2 dispatches", failed.wait)  # as often as asked
    works.wait()
    assert (x == 3).all()
    run_affine(device, arena)


@pytest.mark.parametrize(
    ("what", "name"), [("command_buffer", "command buffer"), ("encoder", "compute encoder")]
)
def test_nothing_to_encode_into(sim: Sim, what: str, name: str) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put([1.0])
    sim.inject(what)
    fails(rf"cannot make a {name} for 1 dispatch \(affine\)", device.affine, x, 2, 0, out=x)
    assert x[0] == 1
    run_affine(device, arena)


def test_long_labels(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.ones(10))
    with device.batch() as batch:
        for _ in range(500):
            batch.softmax(x, out=x)
    sim.inject("status")
    fails(r"500 dispatches \(softmax, .*, \.\.\.\) failed", batch.submit().wait)


# --- residency and captures ---


def test_residency(sim: Sim) -> None:
    arena = Arena()
    size = arena.memory.size
    for what in ("macos14", "residency"):
        sim.inject(what)
        device = zcwasm.Device("metal")
        run_affine(device, arena)
        assert sim.get("resident") == 0
        del device
        arena = Arena()
        assert sim.settle() == 0
    device = zcwasm.Device("metal")
    run_affine(device, arena)
    assert until(lambda: sim.get("resident") == size)


CAPTURE = """
    import ctypes, os, sys
    import numpy as np
    sys.path.insert(0, {tests!r})
    import zcwasm
    sim = ctypes.CDLL(zcwasm._core.__file__)
    sim.zc_sim_set.argtypes = [ctypes.c_char_p, ctypes.c_int64]
    sim.zc_sim_get.argtypes = [ctypes.c_char_p]
    os.environ["ZCWASM_METAL_CAPTURE"] = {path!r}
    device = zcwasm.Device("metal")
    x = zcwasm.Memory(1).array(0, 10, np.float32)
    if {inject!r}:
        sim.zc_sim_set({inject!r}.encode(), 1)
        try:
            device.fill(x, 1)
        except zcwasm.DeviceError as error:
            print(error)
    device.fill(x, 1)
    device.fill(x, 2)
    assert (x == 2).all()
    print(sim.zc_sim_get(b"captures"), sim.zc_sim_get(b"captured"))
"""


@pytest.mark.parametrize(
    ("inject", "message"),
    [
        ("", "^1 1\n$"),
        ("no_capture", "cannot write the trace .*: MTL_CAPTURE_ENABLED=1 must be set\n0 0\n"),
        ("capture_fails", r"cannot write the trace .*: MTLCaptureErrorDomain 3: the file exists .*\n0 0\n"),
    ],
)
def test_capture(tmp_path: Path, inject: str, message: str) -> None:
    path = tmp_path / "a.gputrace"
    tests = str(Path(__file__).parent)
    output = run_python(CAPTURE.format(tests=tests, path=str(path), inject=inject))
    assert re.search(message, output), output
    assert path.exists() == (not inject)


def test_capture_into_no_file(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCWASM_METAL_CAPTURE", "")
    captures = sim.get("captures")
    run_affine(zcwasm.Device("metal"), Arena())
    assert sim.get("captures") == captures


# --- forks ---


CHILD = """
    import os, sys
    sys.path.insert(0, {tests!r})
    import numpy as np
    import zcwasm
    memory = zcwasm.Memory(1)
    x = memory.array(0, 100, np.float32)
    if {before}:
        device = zcwasm.Device("metal")
        device.fill(x, 1)
        kept = device.batch()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            print(zcwasm.devices()[0]["reason"])
            print(zcwasm.Device().kind)
            zcwasm.Device().fill(x, 3)
            calls = [lambda: zcwasm.Device("metal")]
            calls += [lambda: device.fill(x, 2), kept.submit] if {before} else []
            for call in calls:
                try:
                    call()
                except zcwasm.DeviceError as error:
                    print(error)
            assert (x == 3).all()
            if {before}:
                del device, kept
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    if {before}:
        device.fill(x, 4)
        assert (x == 4).all()
"""


@pytest.mark.parametrize("before", [False, True])
def test_no_metal_in_the_child_of_a_fork(before: bool) -> None:
    """Any call of the simulated Metal there aborts."""
    lines = run_python(CHILD.format(tests=str(Path(__file__).parent), before=before)).splitlines()
    reason = "Metal does not work in the child of a fork: start processes with spawn"
    assert lines[:2] == [reason, "cpu"]
    assert lines[2] == f"device metal is not available: {reason}"
    refused = "this metal device was opened before a fork, and does not work in the child: "
    refused += "start processes with spawn"
    assert lines[3:] == ([refused] * 2 if before else [])


IMPORTED_IN_THE_CHILD = """
    import os, sys
    pid = os.fork() if {forked} else 0
    if pid:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    import ctypes
    import zcwasm
    sim = ctypes.CDLL(zcwasm._core.__file__)
    print(zcwasm.devices()[0]["reason"])
    print(zcwasm.Device().kind, sim.zc_sim_get(b"buffers"))
"""


def test_no_metal_where_the_import_comes_after_the_fork() -> None:
    """The parent may have used Metal itself: what fork left is no place for it, whoever loaded it. A process
    that called exec after the fork, as each one here has, is another matter."""
    reason, device = run_python(IMPORTED_IN_THE_CHILD.format(forked=True)).splitlines()
    assert reason == "Metal does not work in the child of a fork: start processes with spawn"
    assert device == "cpu 0"
    reason, device = run_python(IMPORTED_IN_THE_CHILD.format(forked=False)).splitlines()
    assert (reason, device[:6]) == ("", "metal ")


# --- threads that cannot be started ---


NO_THREAD = """
    import ctypes, gc, resource, time
    import zcwasm
    sim = ctypes.CDLL(zcwasm._core.__file__)

    def status(key):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key))

    assert zcwasm.devices()[0]["available"]  # and the simulation's own thread runs
    before, unlimited = status("Threads"), resource.RLIM_INFINITY
    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
    stack = stack if stack != unlimited else 2 << 20
    resource.setrlimit(resource.RLIMIT_DATA, (status("VmData") * 1024 + stack * {quarters} // 4, unlimited))
    try:
        zcwasm.Device("metal")
    except MemoryError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_DATA, (unlimited, unlimited))
    end = time.monotonic() + 10
    while (sim.zc_sim_live() or status("Threads") > before) and time.monotonic() < end:
        gc.collect()
        time.sleep(0.01)
    print(sim.zc_sim_live(), status("Threads") - before)
    device = zcwasm.Device("metal")  # or its threads may end before they are counted
    print(status("Threads") - before)
"""


@pytest.mark.parametrize("quarters", [3, 7])
def test_a_thread_that_cannot_be_started(quarters: int) -> None:
    """There is room for less than one stack, then for less than two. Nothing is left."""
    lines = run_python(NO_THREAD.format(quarters=quarters)).splitlines()
    assert "cannot start a device's thread: " in lines[0]
    assert lines[1:] == ["0 0", "2"]


# --- which device ---


def test_without_a_default_device(sim: Sim) -> None:
    """As where there is no display. The best has the host's own memory, and comes last here."""
    sim.set("all_devices", 3)
    sim.set("device", 2)  # once to look, once to open
    device = zcwasm.Device("metal")
    assert device.info["name"] == "Simulated Metal"
    assert device.info["unified_memory"]
    run_affine(device, Arena())


# --- kernels in place ---


def test_in_place_only_when_it_says_so(sim: Sim) -> None:
    """Metal's compiler takes it that two arguments never show the same bytes, as the simulation's does."""
    text = test_compile.HEAD + (
        "struct Push { uint4 offset; };\n"
        "kernel void shift(constant Push& push [[buffer(0)]], const device float* x [[buffer(1)]],\n"
        "                  device float* out [[buffer(2)]])\n"
        "{\n    x += push.offset.x;\n    out += push.offset.y;\n"
        "    out[0] = x[1];\n    out[1] = x[0] + x[1];\n    out[2] = x[0];\n}\n"
    )
    signature: dict[str, Any] = {
        "msl": text,
        "name": "shift",
        "bindings": [("x", "read"), ("out", "write")],
        "workgroup": 1,
    }
    device, arena = zcwasm.Device("metal"), Arena()
    x, out = arena.put([1.0, 2.0, 3.0]), arena.empty(3)
    kernel = device.compile(**signature)
    device.dispatch(kernel, [x, out], b"", groups=1)
    assert out.tolist() == [2, 3, 1]
    with pytest.raises(ValueError, match=r"kernel shift: out .* overlaps x .*; .* in_place=True"):
        device.dispatch(kernel, [x, x], b"", groups=1)
    assert x.tolist() == [1, 2, 3]
    # Said without being true: what was read before is taken to be there still.
    text = text.replace("out[0] = x[1];", "out[0] = x[0] + x[1];").replace(
        "out[1] = x[0] + x[1];", "out[1] = x[0];"
    )
    wrong = device.compile(**signature | {"msl": text, "in_place": True})
    device.dispatch(wrong, [x, out], b"", groups=1)
    assert out.tolist() == [3, 1, 1]
    device.dispatch(wrong, [x, x], b"", groups=1)
    assert x.tolist() == [3, 1, 1]  # not 3, 3, 3


# --- residency over time ---


def test_residency_does_not_lapse(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    run_affine(device, arena)
    assert until(lambda: sim.get("resident") > 0)
    sim.set("residency_lapse_ms", 1000)
    lapsed, requests = sim.get("lapsed"), sim.get("requests")
    time.sleep(2)
    run_affine(device, arena)
    assert sim.get("lapsed") == lapsed
    assert sim.get("requests") > requests


def test_memory_larger_than_all_that_may_be_resident(sim: Sim) -> None:
    arena = Arena()
    sim.set("working_set", 1 << 16)
    device = zcwasm.Device("metal")
    requests = sim.get("requests")
    run_affine(device, arena)
    assert until(lambda: sim.get("requests") > requests + 1)
    assert sim.get("resident") == 0
    run_affine(device, arena)


def test_a_failed_submission_wakes_the_thread(sim: Sim) -> None:
    """Else what comes soon after takes it to be awake: nothing is kept resident, and no hang is seen."""
    arena = Arena()
    device = zcwasm.Device("metal")
    x, w, norm = arena.put(np.ones((64, 1))), arena.put(np.ones((4096, 1))), arena.empty(0)
    same = {"gate_type": 0, "up_type": 0, "n": 4096, "k": 1, "ldx": 1, "ldy": 4096, "flags": 0, "eps": 0}
    with device.batch() as batch:
        batch.dispatch("linear_gated", [x, w, w, norm, arena.empty((64, 4096))], {**same, "rows": 64})
    sim.inject("buffer_nil")
    with pytest.raises(MemoryError, match="metal: cannot make a workspace"):
        batch.submit()
    run_affine(device, arena)
    assert until(lambda: sim.get("resident") > 0, 5)


def test_no_submission_waits_for_residency(sim: Sim) -> None:
    """A request may take as long as the reading of a model's file."""
    first, second = Arena(), Arena()
    device = zcwasm.Device("metal")
    run_affine(device, first)
    sim.set("request_blocks", 1)
    done = []

    def work() -> None:
        for arena in (second, first):
            run_affine(device, arena)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    finished = len(done)
    sim.set("request_blocks", 0)
    thread.join()
    assert finished == 2


def test_what_is_resident_first(sim: Sim, tmp_path: Path) -> None:
    """Weights, then what was used last; not more than the system wants."""
    path = tmp_path / "w.safetensors"
    values = np.arange(1 << 18, dtype=np.float32)  # 1 MiB
    header = {"w": {"dtype": "F32", "shape": [1 << 18], "data_offsets": [0, values.nbytes]}}
    path.write_bytes(made.safetensors(header, data=values.tobytes()))

    def resident(address: int) -> bool:
        return runtime.zc_sim_resident(ctypes.c_void_p(address)) > 0

    runtime.zc_sim_resident.restype = ctypes.c_int64
    sim.set("working_set", 3 << 20)
    device = zcwasm.Device("metal")
    a, b = (zcwasm.Memory(24) for _ in range(2))  # 1.5 MiB each
    x, y = a.array(0, 1000, np.float32), b.array(0, 1000, np.float32)
    device.fill(x, 1)
    device.fill(y, 1)
    assert until(lambda: resident(a.address) and resident(b.address))
    weights = zcwasm.Weights(path, device=device)
    at = weights["w"].array().ctypes.data // 16384 * 16384
    device.affine(weights["w"], 1, 0, out=zcwasm.Memory(32).array(0, 1 << 18, np.float32))
    device.fill(x, 1)
    assert until(lambda: resident(at) and resident(a.address) and not resident(b.address))
    device.fill(y, 1)
    assert until(lambda: resident(at) and resident(b.address) and not resident(a.address))
    assert sim.get("resident") <= 3 << 20


# --- how much a command buffer has ---


def test_a_batch_is_several_command_buffers(sim: Sim) -> None:
    """The watchdog ends those that take too long, and the GPU can begin while the rest is encoded."""
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(256))
    with device.batch() as batch:
        for _ in range(3000):
            batch.affine(x, 1, 1, out=x)
    sim.set("groups_limit", 300)
    before = sim.get("command_buffers")
    submission = batch.submit()
    submission.wait()
    assert (x == 3000).all()
    assert 10 <= sim.get("command_buffers") - before <= 100
    assert submission.gpu_seconds > 0


def test_a_dispatch_is_several_command_buffers(sim: Sim) -> None:
    device = zcwasm.Device("metal")
    n = 4096
    memory = zcwasm.Memory(3 * 4 * n * n >> 16)
    a, b, c = (memory.array(4 * n * n * i, (n, n), np.float32) for i in range(3))
    device.fill(zcwasm.Memory(1).array(0, 1, np.float32), 0)
    sim.set("idle", 1)  # what the dispatches are is counted, nothing is computed
    before = sim.get("command_buffers")
    device.matmul(a, b, out=c)  # 2^36 multiply-adds
    assert 2 <= sim.get("command_buffers") - before <= 4


def test_a_command_buffer_moves_so_many_bytes(sim: Sim) -> None:
    device = zcwasm.Device("metal")
    x = zcwasm.Memory(16384).array(0, 1 << 28, np.float32)  # 1 GiB, of which no page is touched
    device.fill(x[:1], 0)
    sim.set("idle", 1)
    with device.batch() as batch:
        for _ in range(4):
            batch.fill(x, 1)
    before = sim.get("command_buffers")
    batch.submit().wait()
    assert sim.get("command_buffers") - before == 4


def test_an_error_of_one_of_several_command_buffers(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(256))
    run_affine(device, arena)
    with device.batch() as batch:
        for _ in range(20_000):
            batch.affine(x, 1, 1, out=x)
    sim.inject("status")
    sim.inject("slow")
    fails(
        r"\(affine, .*\) failed with status 5: MTLCommandBufferErrorDomain 2: Caused GPU", batch.submit().wait
    )
    assert x.max() <= 48 * 256  # of what had not been given to the queue then nothing ran
    run_affine(device, arena)


# --- after errors ---


def submit_affine(device: zcwasm.Device, x: Any) -> zcwasm.Submission:
    with device.batch() as batch:
        batch.affine(x, 1, 1, out=x)
    return batch.submit()


def test_a_fence_that_is_never_updated(sim: Sim) -> None:
    """Those that wait for it are lost, too; later work gets another."""
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.set("fence_of_failed", 2)
    sim.inject("slow")
    sim.inject("status")
    submissions = [submit_affine(device, x) for _ in range(200)]
    failed = 0
    for submission in submissions:
        try:
            submission.wait(timeout=30)
        except zcwasm.DeviceError:
            failed += 1
    assert 1 <= failed <= 48
    assert (x == 200 - failed).all()
    run_affine(device, arena)


def test_all_command_buffers_of_a_batch_fail(sim: Sim) -> None:
    """The first error is what it says, and later work is right."""
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(256))
    run_affine(device, arena)
    with device.batch() as batch:
        for _ in range(2000):
            batch.affine(x, 1, 1, out=x)
    sim.set("fence_of_failed", 2)
    sim.inject("slow")
    sim.inject("status")
    fails("Caused GPU Timeout", batch.submit().wait, timeout=30)
    assert (x == 0).all()
    sim.set("fence_of_failed", 0)
    run_affine(device, arena)


def test_what_waits_when_the_device_is_lost(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.set("errors", 0)
    sim.set("errors_allowed", 1)
    sim.inject("slow")
    sim.inject("status")
    submissions = [submit_affine(device, x) for _ in range(200)]
    texts = []
    for submission in submissions:
        with pytest.raises(zcwasm.DeviceError) as caught:
            submission.wait(timeout=30)
        texts.append(str(caught.value))
    assert "Caused GPU Timeout" in texts[0]
    assert "4: Ignored" in texts[1]
    assert "metal: the device is lost: MTLCommandBufferErrorDomain 4: Ignored" in texts[-1]
    assert (x == 0).all()
    run_affine(zcwasm.Device("metal"), arena)


def test_a_fence_that_hangs(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait is for ever: what is never done ends in a lost device."""
    monkeypatch.setenv("ZCWASM_METAL_PATIENCE", "1")
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.set("fence_of_failed", 1)
    sim.inject("slow")
    sim.inject("status")
    first, second = submit_affine(device, x), submit_affine(device, x)
    fails("Caused GPU Timeout", first.wait, timeout=30)
    fails("metal: the device is lost: .* Caused GPU", second.wait, timeout=30)
    fails("metal: the device is lost: .* Caused GPU.*open it anew", submit_affine, device, x)
    sim.set("fence_of_failed", 0)
    again = zcwasm.Device("metal")
    assert again != device
    run_affine(again, arena)
    del device, first, second
    gc.collect()
    sim.set("hang_ends", 1)
    assert until(lambda: not sim.get("hung"))  # those who come back late find what they need


def test_work_that_hangs(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an error before it."""
    monkeypatch.setenv("ZCWASM_METAL_PATIENCE", "1")
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.inject("hang")
    submission = submit_affine(device, x)
    fails("metal: the device is lost: nothing was done for 1 s", submission.wait, timeout=30)
    run_affine(zcwasm.Device("metal"), arena)
    assert sim.get("hung") == 1
    sim.set("hang_ends", 1)
    assert until(lambda: not sim.get("hung"))


def test_two_command_buffers_of_one_work_that_hang(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of them that comes back lets go of it."""
    monkeypatch.setenv("ZCWASM_METAL_PATIENCE", "1")
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    with device.batch() as batch:
        for _ in range(100):
            batch.affine(x, 1, 1, out=x)
    sim.inject("hang", 2)
    submission = batch.submit()
    fails("metal: the device is lost: nothing was done for 1 s", submission.wait, timeout=30)
    assert sim.get("hung") == 2
    del device, batch, submission
    sim.set("hang_ends", 1)
    assert until(lambda: not sim.get("hung"))


def test_a_request_that_hangs_with_the_work(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both end in the driver: a thread that waits there cannot see that work does not come back."""
    monkeypatch.setenv("ZCWASM_METAL_PATIENCE", "1")
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    assert until(lambda: sim.get("resident") > 0)
    sim.set("request_blocks", 1)
    time.sleep(0.5)
    sim.inject("hang")
    submission = submit_affine(device, x)
    fails("metal: the device is lost: nothing was done for 1 s", submission.wait, timeout=30)
    sim.set("request_blocks", 0)
    sim.set("hang_ends", 1)
    assert until(lambda: not sim.get("hung"))


def test_a_gpu_that_is_removed(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    sim.inject("removed")
    fails(
        r"metal: 1 dispatch \(affine\) failed with status 5: .* 11: the GPU was removed",
        device.affine,
        x,
        1,
        1,
        out=x,
    )
    fails("metal: the device is lost: .* 11: .*open it anew", submit_affine, device, x)
    run_affine(zcwasm.Device("metal"), arena)


def test_an_error_that_says_nothing(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    sim.inject("silent")
    sim.inject("status")
    fails(r"metal: 1 dispatch \(affine\) failed with status 5: \? 2: \?", device.affine, x, 1, 1, out=x)
    sim.inject("error_without_status")
    fails(
        r"metal: 1 dispatch \(affine\) failed with status 4: Simulated 7: but it completed",
        device.affine,
        x,
        1,
        1,
        out=x,
    )
    run_affine(device, arena)


def test_a_process_that_is_ignored(sim: Sim) -> None:
    """After the second error the system refuses everything with code 4, until a device is made."""
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.set("errors", 0)
    sim.set("errors_allowed", 2)
    for _ in range(2):
        sim.inject("status")
        fails("Caused GPU Timeout", device.affine, x, 1, 1, out=x)
    fails("MTLCommandBufferErrorDomain 4: Ignored", device.affine, x, 1, 1, out=x)
    fails("metal: the device is lost: .* 4: Ignored .*: open it anew", device.affine, x, 1, 1, out=x)
    again = zcwasm.Device()
    assert again.kind == "metal"
    run_affine(again, arena)


def test_no_other_queue(sim: Sim) -> None:
    arena = Arena()
    device = zcwasm.Device("metal")
    x = arena.put(np.zeros(10))
    run_affine(device, arena)
    sim.inject("queue")
    sim.inject("status")
    fails("Caused GPU Timeout", device.affine, x, 1, 1, out=x)
    fails("metal: the device is lost: .*Caused GPU", device.affine, x, 1, 1, out=x)
    run_affine(zcwasm.Device("metal"), arena)


# --- growth ---


def test_growth_where_no_more_can_be_wrapped(sim: Sim) -> None:
    """What is committed ahead is for speed: without room for that the memory's own bytes are wrapped."""
    memory = zcwasm.Memory(16, 1024)
    device = zcwasm.Device("metal")
    device.fill(memory.array(0, 16, np.float32), 1)
    memory.grow(1)
    last = memory.array(memory.size - 64, 16, np.float32)
    sim.inject("buffer_nil")
    device.fill(last, 2)
    assert (last == 2).all()
    assert until(lambda: runtime.zc_sim_resident(ctypes.c_void_p(memory.address)) == memory.size)
    memory.grow(1)
    sim.inject("buffer_nil", 2)
    fails("cannot make a buffer", device.fill, memory.array(memory.size - 64, 16, np.float32), 3)
    device.fill(last, 3)
    assert (last == 3).all()


def test_growth_in_small_steps(sim: Sim) -> None:
    """Each wrap wires all of the memory, so there are few; and what is replaced is resident no longer."""
    memory = zcwasm.Memory(16, 1024)
    device = zcwasm.Device("metal")
    device.fill(memory.array(0, 16, np.float32), 1)
    before = sim.get("buffers")
    for i in range(50):
        memory.grow(1)
        last = memory.array(memory.size - 65536, 16384, np.float32)
        assert (last == 0).all()
        device.fill(last, i)
        assert (last == i).all()
    assert sim.get("buffers") - before <= 10
    # The GPU has more than the guest, by a quarter at most; nobody else does.
    assert until(lambda: memory.size <= sim.get("resident") <= memory.size * 5 // 4)
    with pytest.raises(IndexError, match="do not lie in a memory"):
        memory.array(memory.size - 16, 8, np.float32)
    full = zcwasm.Memory(16, 18)
    device.fill(full.array(0, 16, np.float32), 1)
    for _ in range(2):
        full.grow(1)
        device.fill(full.array(full.size - 64, 16, np.float32), 1)
    assert until(lambda: runtime.zc_sim_resident(ctypes.c_void_p(full.address)) == full.size)


# --- snapshots ---


def test_a_session_goes_on_from_the_cpu_and_back(sim: Sim, tmp_path: Path) -> None:
    """The same tokens: float32 everywhere, and two tokens are hardly as likely as each other."""
    for name in ("tokenizers", "gguf"):
        pytest.importorskip(name, reason=f"{name}, which language models need, is not installed")
    import tiny_model

    from zcwasm import llm

    tiny_model.write(tmp_path / "tiny.gguf", layers=1)
    cpu, metal = (
        llm.Model.open(tmp_path / "tiny.gguf", zcwasm.Device(kind), pack=False) for kind in ("cpu", "metal")
    )
    options: dict[str, Any] = {"max_new_tokens": 3, "ignore_eos": True}
    for more in ({}, {"temperature": 1.3, "seed": 7, "repetition_penalty": 1.3}):
        session = cpu.session(context=32, kv_dtype="f32", exact=True, chunk=16)
        prompt = [(7 * n * n + 3 * n) % 250 for n in range(20)]
        expected = [token.id for token in session.generate(prompt, **options | more | {"max_new_tokens": 9})]
        found = [token.id for token in session.generate(prompt, **options | more)]
        for model in (metal, cpu):
            session.save(tmp_path / "session")
            session.close()
            session = model.load_session(tmp_path / "session")
            found += [token.id for token in session.resume(**options)]
        session.close()
        assert found == expected
    (fork,) = metal.load_session(tmp_path / "session").fork()
    assert len(list(fork.resume(**options))) == 3
    fork.close()
