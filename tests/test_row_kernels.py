"""Functions of modules that are kernels over rows: what they compute, what they can touch, how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import c_programs
import numpy as np
import pytest
from c_programs import sources
from support import guest_path

import zcwasm

pytestmark = pytest.mark.usefixtures("engine")  # each test with each engine that is here

MODULE = zcwasm.Module(guest_path("rows"))
AFFINE: dict[str, Any] = {
    "module": MODULE,
    "export": "affine",
    "name": "mine",
    "bindings": [("x", "read"), ("out", "write")],
    "params": [("count", "uint32"), ("scale", "float32"), ("shift", "float32")],
}
ONE: dict[str, Any] = {"module": MODULE, "name": "one", "bindings": [("x", "read_write")]}
PAIR: dict[str, Any] = {"module": MODULE, "name": "pair", "bindings": [("x", "read"), ("out", "write")]}


@pytest.fixture(params=[1, 2])
def cpu(request: pytest.FixtureRequest) -> zcwasm.Device:
    return zcwasm.Device("cpu", threads=request.param)


@pytest.fixture
def memory() -> zcwasm.Memory:
    return zcwasm.Memory(40)


def put(memory: zcwasm.Memory, at: int, values: Any, dtype: Any = np.float32) -> Any:
    values = np.asarray(values, dtype)
    array = memory.array(at, values.shape, dtype)
    array[:] = values
    return array


def test_rows(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    kernel = cpu.compile(**AFFINE)
    assert kernel.bindings == (("x", "read"), ("out", "write"))
    assert repr(kernel).startswith("<zcwasm.Kernel mine(x: read, out: write; count: uint32, scale: float32")
    assert (kernel.workgroup_size, kernel.in_place) == (1, False)
    x, out = put(memory, 8, np.arange(700).reshape(100, 7)), put(memory, 4096, np.zeros((100, 7)))
    before = zcwasm.copy_stats()["kernel_rows"]
    assert cpu.dispatch(kernel, [x, out], {"count": 7, "scale": 3, "shift": -1}, groups=100) is None
    assert np.array_equal(out, 3 * x - 1)
    # Of an output also the old bytes are copied in, so that those which are left alone stay.
    assert zcwasm.copy_stats()["kernel_rows"] - before == 3 * x.nbytes
    cpu.dispatch(kernel, [x, out], {"count": 700, "scale": 1, "shift": 0}, groups=(1, 1, 1))
    assert np.array_equal(out, x)
    cpu.dispatch(kernel, [x, out], {"count": 7, "scale": 9, "shift": 9}, groups=0)
    assert np.array_equal(out, x)


def test_a_batch_takes_them_in_order(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    kernel = cpu.compile(**AFFINE, in_place=True)
    x = put(memory, 0, np.ones(64))
    with cpu.batch() as batch:
        batch.affine(x, 2, 0, out=x)
        batch.dispatch(kernel, [x, x], {"count": 8, "scale": 10, "shift": 1}, groups=8)
        batch.affine(x, 1, 0.5, out=x)
    del kernel  # the recording holds it
    submission = batch.submit()
    submission.wait()
    assert (x == 21.5).all()


def test_all_types_of_numbers_at_any_byte(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    dither = cpu.compile(**{**ONE, "export": "dither", "params": [("width", "uint32"), ("height", "uint32")]})
    images = put(memory, 1, np.full((5, 9, 13), np.arange(5).reshape(5, 1, 1) * 60), np.uint8)
    cpu.dispatch(dither, [images], {"width": 13, "height": 9}, groups=5)
    assert set(np.unique(images)) == {0, 255}
    assert [round(float(each.mean()) / 60, 1) for each in images] == pytest.approx([0, 1, 2, 3, 4], abs=0.2)
    assert memory.array(0, 1, np.uint8)[0] == 0
    assert memory.array(1 + images.nbytes, 1, np.uint8)[0] == 0


def test_it_touches_only_what_it_writes(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    x, out = put(memory, 0, np.arange(20), np.int32), put(memory, 400, np.full(40, -7), np.int32)
    cpu.dispatch(cpu.compile(**PAIR, export="first"), [x, out], {}, groups=20)
    assert out[::2].tolist() == [11 * row for row in range(20)]
    assert (out[1::2] == -7).all()  # the second half of each row is what it was
    cpu.dispatch(cpu.compile(**PAIR, export="greedy"), [x, out[:20]], {}, groups=20)
    assert x.tolist() == list(range(20))  # it wrote there, into a copy
    assert out[:20].tolist() == [2 * row for row in range(20)]


def test_in_place_only_when_it_says_so(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    x = put(memory, 0, np.arange(16))
    params = {"count": 4, "scale": 2, "shift": 0}
    with pytest.raises(ValueError, match=r"out .* overlaps x .*in_place=True"):
        cpu.dispatch(cpu.compile(**AFFINE), [x, x], params, groups=4)
    cpu.dispatch(cpu.compile(**AFFINE, in_place=True), [x, x], params, groups=4)
    assert np.array_equal(x, 2 * np.arange(16))


def test_a_stack_in_each_thread(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    kernel = cpu.compile(**{**ONE, "export": "sums", "params": [("n", "uint32")]})
    out = put(memory, 0, np.zeros(300), np.int32)
    cpu.dispatch(kernel, [out], {"n": 50}, groups=300)
    assert np.array_equal(out, np.arange(300) + 50 * 51 // 2)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (None, r"groups= is needed"),
        (3, "kernel mine, x: 64 bytes are not 3 rows of one size"),
        ((4, 2), "groups is 4 x 2 x 1, rows are counted in the first alone"),
        (65, "64 bytes are not 65 rows"),
    ],
)
def test_dispatch_refuses(memory: zcwasm.Memory, groups: Any, message: str) -> None:
    cpu = zcwasm.Device("cpu")
    kernel = cpu.compile(**AFFINE)
    x, out = put(memory, 0, np.arange(16)), put(memory, 64, np.zeros(16))
    params = {"count": 4, "scale": 2, "shift": 0}
    with pytest.raises(ValueError, match=message):
        cpu.dispatch(kernel, [x, out], params, groups=groups)
    with pytest.raises(ValueError, match=message):
        cpu.batch().dispatch(kernel, [x, out], params, groups=groups)
    with pytest.raises(ValueError, match="was compiled for another device"):
        zcwasm.Device("cpu").dispatch(kernel, [x, out], params, groups=4)
    with pytest.raises(TypeError, match="x must be an array of numbers in guest memory, not str"):
        cpu.dispatch(kernel, ["x", out], params, groups=4)
    assert not out.any()


def no_memory() -> zcwasm.Module:
    """(func (export "f") (param i32 i32))"""
    text = "0061736d01000000 0106016002 7f7f00 03020100 070501 01660000 0a040102000b"
    return zcwasm.Module(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"export": "nothing"}, ValueError, "kernel mine: its module exports no function nothing"),
        ({"export": "memory"}, ValueError, "exports no function memory"),
        (
            {"export": "dither"},
            ValueError,
            r"asks for \(i32, i32, i32, i32, f32, f32\) -> \(\), .* dither is \(i32, i32, i32, i32\) -> \(\)",
        ),
        (
            {"export": "wrong", "bindings": [("x", "read")], "params": []},
            ValueError,
            r"wrong is \(i32, i32\) -> \(i32\)",
        ),
        ({"params": [("count", "float32")]}, ValueError, r"\(i32, i32, i32, f32\)"),
        ({"bindings": []}, ValueError, "affine is"),
        ({"name": ""}, ValueError, "a kernel's name has 1 to 63 bytes"),
        (
            {"module": zcwasm.Module(guest_path("imports"))},
            zcwasm.LinkError,
            "its module imports .*no imports",
        ),
        ({"module": no_memory(), "export": "f"}, ValueError, "has no memory to put rows into"),
        ({"module": guest_path("rows")}, TypeError, "module must be a zcwasm.Module, not "),
        ({"export": None}, TypeError, "takes module and export together"),
        ({"export": 1}, TypeError, "export must be a str"),
        ({"workgroup": 1}, TypeError, "no workgroup with a module"),
        ({"msl": "x"}, TypeError, "takes module and export, or code for GPUs, not both"),
        ({"glsl": "x"}, TypeError, "takes module and export, or code for GPUs, not both"),
        ({"limits": zcwasm.Limits(memory=0)}, zcwasm.LinkError, "the limit is 0 bytes"),
    ],
)
def test_compile_refuses(change: dict[str, Any], error: type[Exception], message: str) -> None:
    compile_: Any = zcwasm.Device("cpu").compile
    with pytest.raises(error, match=message):
        compile_(**AFFINE | change)


def test_limits_go_with_a_module() -> None:
    compile_: Any = zcwasm.Device("cpu").compile
    with pytest.raises(TypeError, match="takes limits with a module only"):
        compile_(name="x", bindings=[("x", "read")], workgroup=1, msl="", limits=zcwasm.Limits())


def test_gpus_refuse_them(device: zcwasm.Device) -> None:
    if device.kind == "cpu":
        assert device.compile(**AFFINE).name == "mine"
        return
    with pytest.raises(zcwasm.DeviceError, match=f"device {device.kind} does not run functions of modules"):
        device.compile(**AFFINE)


# --- how they end ---


def test_traps(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    kernel = cpu.compile(**ONE, export="stubborn")
    x = put(memory, 0, np.zeros(64), np.int32)
    with pytest.raises(zcwasm.Trap, match=r"kernel one, row \d+: unreachable") as raised:
        cpu.dispatch(kernel, [x], {}, groups=64)
    assert raised.value.kind == "unreachable"
    batch = cpu.batch()
    batch.dispatch(kernel, [x], {}, groups=64)
    with pytest.raises(zcwasm.Trap, match=r"kernel one, row \d+: unreachable"):
        batch.submit().wait()
    x[:] = 0
    cpu.dispatch(kernel, [x[:3]], {}, groups=3)  # others than those that trapped
    assert x[:4].tolist() == [1, 1, 1, 0]


def test_the_first_row_that_fails_is_told(memory: zcwasm.Memory) -> None:
    cpu = zcwasm.Device("cpu", threads=1)
    x = put(memory, 0, np.zeros(64), np.int32)
    with pytest.raises(zcwasm.Trap, match="row 3: "):
        cpu.dispatch(cpu.compile(**ONE, export="stubborn"), [x], {}, groups=64)
    assert x[:4].tolist() == [1, 1, 1, 0]


def test_limits(memory: zcwasm.Memory) -> None:
    cpu = zcwasm.Device("cpu", threads=1)
    x, out = put(memory, 0, np.zeros(40000)), put(memory, 160000, np.ones(40000))
    params = {"count": 40000, "scale": 1, "shift": 0}
    fuel = cpu.compile(**AFFINE, limits=zcwasm.Limits(fuel=1000))
    with pytest.raises(zcwasm.Trap, match="kernel mine, row 0: all fuel consumed") as raised:
        cpu.dispatch(fuel, [x, out], params, groups=1)
    assert raised.value.kind == "out_of_fuel"
    enough = cpu.compile(**AFFINE, limits=zcwasm.Limits(fuel=1000))  # for each row, not for all
    cpu.dispatch(enough, [x[:400], out[:400]], {"count": 4, "scale": 1, "shift": 3}, groups=100)
    assert (out[:400] == 3).all()
    out[:] = 1
    small = cpu.compile(**AFFINE, limits=zcwasm.Limits(memory=4 * 65536))
    with pytest.raises(IndexError, match="kernel mine, row 0: "):
        cpu.dispatch(small, [x, out], params, groups=1)
    assert (out == 1).all()
    late = cpu.compile(**ONE, export="forever", limits=zcwasm.Limits(deadline=0.05))
    with pytest.raises(zcwasm.Trap, match="kernel one, row 0: ") as raised:
        cpu.dispatch(late, [x], {}, groups=2)
    assert raised.value.kind == "deadline"


def test_a_module_with_a_heap(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    kernel = cpu.compile(**ONE | {"module": zcwasm.Module(guest_path("rows_heap"))}, export="place")
    x = put(memory, 0, np.zeros(40000), np.int32)
    cpu.dispatch(kernel, [x[:10]], {}, groups=10)
    assert (x[:10] == 1088).all()  # 1030, and the next multiple of 64
    with pytest.raises(ValueError, match="row 0: its malloc has no 160064 bytes"):
        cpu.dispatch(kernel, [x], {}, groups=1)
    with pytest.raises(ValueError, match="row 0: its malloc has no 60096 bytes"):
        cpu.dispatch(kernel, [x[:15000]], {}, groups=1)
    cpu.dispatch(kernel, [x[:10]], {}, groups=10)


def test_rows_that_become_longer(cpu: zcwasm.Device, memory: zcwasm.Memory) -> None:
    """What shorter ones have taken of a memory is not in the way of one that fits alone."""
    kernel = cpu.compile(**ONE, export="stubborn", limits=zcwasm.Limits(memory=8 * 65536))
    x = put(memory, 0, np.zeros(40000), np.int32)
    for words in range(4000, 40001, 4000):
        x[0] = 0
        cpu.dispatch(kernel, [x[:words]], {}, groups=1)
        assert x[0] == 1


PROGRAM = """
import os, signal, sys, threading, time
import numpy as np, zcwasm
device = zcwasm.Device("cpu", threads=2)
memory = zcwasm.Memory(1)
x = memory.array(0, 202, np.int32)
kernel = device.compile(module=zcwasm.Module(sys.argv[1]), export="stubborn", name="one",
                        bindings=[("x", "read_write")])
"""


def program(text: str, seconds: float) -> str:
    code = PROGRAM + textwrap.dedent(text)
    done = subprocess.run(
        [sys.executable, "-c", code, str(guest_path("rows"))],
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=Path(__file__).parent,  # where `import zcwasm` finds what is installed, not the source
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_row_without_an_end_leaves_the_caller_and_the_exit_free() -> None:
    text = """
        forever = device.compile(module=zcwasm.Module(sys.argv[1]), export="forever", name="forever",
                                 bindings=[("x", "read_write")])
        signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        start = time.monotonic()
        try:
            device.dispatch(forever, [x[:2]], {}, groups=2)
        except ZeroDivisionError:
            print("free", time.monotonic() - start < 3)
    """
    assert program(text, 20).split() == ["free", "True"]


def test_a_row_without_an_end_ends_with_its_caller() -> None:
    """Nothing else would run on the device any more."""
    text = """
        forever = device.compile(module=zcwasm.Module(sys.argv[1]), export="forever", name="forever",
                                 bindings=[("x", "read_write")])
        signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            device.dispatch(forever, [x[:2]], {}, groups=2)
        except ZeroDivisionError:
            device.dispatch(kernel, [x[:3]], {}, groups=3)
            print(x[:4].tolist())
    """
    assert program(text, 20).split() == ["[1,", "1,", "1,", "0]"]


def test_a_start_function_without_an_end_sees_signals() -> None:
    pytest.importorskip("wasmtime", reason="wasmtime, which assembles text, is not installed")
    text = """
        import wasmtime
        endless = "(module (memory 1) (start $s) (func $s (loop $l (br $l)))"
        endless += "(func (export \\"f\\") (param i32 i32)))"
        signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            device.compile(module=zcwasm.Module(bytes(wasmtime.wat2wasm(endless))), export="f", name="f",
                           bindings=[("x", "read_write")], limits=zcwasm.Limits(deadline=10))
        except ZeroDivisionError:
            print("free")
    """
    assert program(text, 20).split() == ["free"]


def test_the_child_of_a_fork() -> None:
    text = """
        device.dispatch(kernel, [x[:3]], {}, groups=3)
        child = os.fork()
        if child == 0:
            x[:] = 0
            device.dispatch(kernel, [x[:3]], {}, groups=3)
            os._exit(0 if x[:4].tolist() == [1, 1, 1, 0] else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert program(text, 20).split() == ["0"]


@pytest.mark.threads
def test_from_several_threads(tmp_path: Path) -> None:
    if not sources.wasm3():
        pytest.skip("no csrc/wasm3: build the package first")
    files = [*sources.core(), *sources.wasm3()]
    sanitize = os.environ.get("ZCWASM_SANITIZE")
    program = c_programs.build("test_row_kernels", tmp_path, files, sanitize=sanitize, with_shaders=True)
    assert c_programs.run(program, guest_path("rows")) == "ok\n"
