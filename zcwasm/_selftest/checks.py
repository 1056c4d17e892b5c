"""What `zcwasm selftest` checks on a device, and what it measures."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import timeit
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import zcwasm
from zcwasm._measure import resident_bytes
from zcwasm._selftest import kernels, reference, tiny
from zcwasm._selftest.arena import Arena, words
from zcwasm._selftest.reference import Array
from zcwasm._types import DeviceKind

E = 2.0**-23
LARGE = 1 << 24  # elements, 64 MiB
# GB/s of Apple's chips, as announced; the share of it is what a kernel that only moves memory can reach. The
# smaller ones of M3 Max and M4 Max have 300 and 410.
BANDWIDTH = {
    "M1 Ultra": 800,
    "M1 Max": 400,
    "M1 Pro": 200,
    "M1": 68,
    "M2 Ultra": 800,
    "M2 Max": 400,
    "M2 Pro": 200,
    "M2": 100,
    "M3 Ultra": 819,
    "M3 Max": 400,
    "M3 Pro": 150,
    "M3": 100,
    "M4 Max": 546,
    "M4 Pro": 273,
    "M4": 120,
    "M5": 153,
}
# TFLOP/s in float32 of those with all cores, as Apple announced them: M1 (2020-11-10), M1 Pro and Max
# (2021-10-18), M1 Ultra (2022-03-08), M2 (2022-06-06), M2 Pro and Max (2023-01-17), M2 Ultra (2023-06-05). Of
# later chips it announced none, and what others say of them differs by a sixth.
PEAK = {
    "M1": 2.6,
    "M1 Pro": 5.2,
    "M1 Max": 10.4,
    "M1 Ultra": 21,
    "M2": 3.6,
    "M2 Pro": 6.8,
    "M2 Max": 13.6,
    "M2 Ultra": 27.2,
}

Check = Callable[["Bench"], str]


class Bench:
    """A device, and arrays in one guest memory."""

    def __init__(self, kind: DeviceKind) -> None:
        self.device = zcwasm.Device(kind)
        self.arena = Arena()
        self.random = np.random.default_rng(7)

    def empty(self, *shape: int) -> Array:
        return self.arena.empty(shape)

    def normal(self, *shape: int) -> Array:
        return self.arena.put(self.random.standard_normal(shape))


def expect(holds: Any, text: str) -> None:
    if not holds:
        raise AssertionError(text)


def close(got: Any, reference: Any, allowed: Any, what: str) -> None:
    error = np.abs(np.asarray(got, np.float64) - reference)
    expect((error <= allowed).all(), f"{what}: worst error {np.max(error, initial=0):.3g}")


# --- checks: each returns what is worth a word, or raises ---


def pointers(bench: Bench) -> str:
    start, x = bench.arena.used, bench.empty(4)
    expect(x.ctypes.data == bench.arena.memory.address + start, "NumPy's view is not the guest's memory")
    where = bench.device.buffer_address(x)
    if bench.device.unified_memory:
        expect(where == x.ctypes.data, f"the device has it at {where:#x}, the guest at {x.ctypes.data:#x}")
        return "guest, NumPy and device see one pointer"
    return "the device has addresses of its own for the same bytes"


def resident_set(bench: Bench) -> str:
    memory = zcwasm.Memory(LARGE * 4 // 65536)
    x = memory.array(0, LARGE, np.float32)
    x[:] = 1
    bench.device.affine(x[:4096], 1, 0, out=x[:4096])  # the buffer is made here
    copied, before = sum(zcwasm.copy_stats().values()), resident_bytes()
    bench.device.affine(x, 2, 1, out=x)
    grown = resident_bytes() - before
    expect((x == 3)[4096:].all(), "wrong results")
    expect(sum(zcwasm.copy_stats().values()) == copied, "bytes were copied")
    expect(grown < x.nbytes // 8, f"the resident set grew by {grown:,} bytes for {x.nbytes:,}")
    return f"{grown / 1e6:.2f} MB more for a kernel over {x.nbytes / 1e6:.0f} MB"


def elementwise(bench: Bench) -> str:
    d = bench.device
    for count in (0, 1, 3, 255, 1000, 70001):
        x, y, out, canary = bench.normal(count), bench.normal(count), bench.normal(count), bench.normal(1)
        kept, x64, y64 = canary.copy(), x.astype(np.float64), y.astype(np.float64)
        size = np.abs(x64) + np.abs(y64) + 1
        d.affine(x, 2, -0.5, out=out)
        close(out, 2 * x64 - 0.5, 4 * E * size, f"affine of {count}")
        d.axpby(2, x, -0.5, y, out=out)
        close(out, 2 * x64 - 0.5 * y64, 4 * E * size, f"axpby of {count}")
        d.add(x, y, out=out)
        close(out, x64 + y64, E * size, f"add of {count}")
        d.mul(x, y, out=out)
        close(out, x64 * y64, E * np.abs(x64 * y64), f"mul of {count}")
        d.fill(out, -2.5)
        expect((out == -2.5).all() and canary == kept, f"fill of {count}")
    x = bench.empty(6)
    x[:] = [0.0, -0.0, np.inf, -np.inf, np.nan, 3e38]
    d.affine(x, float("inf"), 0, out=x)
    expected = [np.nan, np.nan, np.inf, -np.inf, np.nan, np.inf]
    expect(np.array_equal(x, expected, equal_nan=True), f"infinity times special values gave {x.tolist()}")
    return ""


def matmul(bench: Bench) -> str:
    for m, n, k in ((1, 1, 1), (17, 16, 15), (130, 67, 259), (1, 300, 77), (300, 1, 77), (5, 7, 0)):
        a, b, out = bench.normal(m, k), bench.normal(k, n), bench.normal(m, n)
        a_t, b_t = bench.empty(k, m), bench.empty(n, k)
        a_t[...], b_t[...] = a.T, b.T
        a64, b64 = a.astype(np.float64), b.astype(np.float64)
        for alpha, beta in ((1.0, 0.0), (0.5, -2.0)):
            for left in (a, a_t.T):
                for right in (b, b_t.T):
                    before = out.astype(np.float64) if beta else np.zeros((m, n))
                    if not beta:
                        out[...] = np.nan  # must not be read
                    bench.device.matmul(left, right, out=out, alpha=alpha, beta=beta)
                    size = abs(alpha) * (np.abs(a64) @ np.abs(b64)) + np.abs(beta * before)
                    reference = alpha * (a64 @ b64) + beta * before
                    close(out, reference, (k + 3) * E * size, f"matmul of ({m}, {k}) and ({k}, {n})")
    a, b, out = bench.normal(300, 280), bench.normal(280, 260), bench.empty(300, 260)
    bench.device.matmul(a, b, out=out)
    first = out.copy()
    for _ in range(3):  # on macOS the cpu device has it from Accelerate
        bench.device.matmul(a, b, out=out)
        expect(np.array_equal(out, first), "matmul gave other bits the second time")
    return ""


def many_rows(bench: Bench) -> str:
    """Products with weights that are large enough for Accelerate, which the cpu device has on macOS."""
    device, arena = bench.device, bench.arena
    rows = kernels.many_rows(device, 70)
    for name in ("F32", "F16", "Q4_K"):
        for flags in (0, reference.NORM | reference.BIAS):
            kernels.compare("linear", kernels.one_linear(device, arena, name, rows, 90, 512, flags))
        kernels.compare(
            "linear_gated", kernels.one_linear_gated(device, arena, (name, "F16"), rows, 90, 512, 0)
        )
    w, x = bench.normal(90, 512), bench.normal(70, 512)
    first, again, none = bench.empty(70, 90), bench.empty(70, 90), bench.empty(0)
    params = {"type": 0, "rows": 70, "n": 90, "k": 512, "ldx": 512, "ldy": 90, "flags": 0, "eps": 0}
    device.dispatch("linear", [x, w.reshape(-1).view(np.uint32), none, none, first], params)
    for _ in range(3):
        device.dispatch("linear", [x, w.reshape(-1).view(np.uint32), none, none, again], params)
        expect(np.array_equal(first, again), "linear gave other bits the second time")
    return ""


def rows(bench: Bench) -> str:
    for count, cols in ((1, 1), (3, 255), (70, 33), (2, 70001), (3, 0)):
        x, out, wide = bench.normal(count, cols), bench.empty(count), bench.empty(count, cols)
        x64 = x.astype(np.float64)
        bench.device.sum(x, out=out)
        close(out, x64.sum(1), (cols + 1) * E * np.abs(x64).sum(1), f"sum of ({count}, {cols})")
        bench.device.max(x, out=out)
        expect(np.array_equal(out, x.max(1, initial=-np.inf)), f"max of ({count}, {cols})")
        bench.device.softmax(x, out=wide)
        shifted = np.exp(x64 - x64.max(1, keepdims=True, initial=-np.inf))
        reference = shifted / shifted.sum(1, keepdims=True)
        close(wide, reference, 1e-5 * reference + 1e-37, f"softmax of ({count}, {cols})")
    return ""


def every_kernel(bench: Bench) -> str:
    expect(set(kernels.EVERY) == set(bench.device.kernels), "a kernel has no check")
    for name, run in kernels.EVERY.items():
        kernels.compare(name, run(bench.device, bench.arena))
    return f"{len(kernels.EVERY)} of them"


USERS_MSL = """#include <metal_stdlib>
struct Push { uint4 offset; uint count; float scale; };
kernel void mine(constant Push& push [[buffer(0)]], const device float* x [[buffer(1)]],
                 device float* out [[buffer(2)]], uint i [[thread_position_in_grid]])
{
    if (i < push.count) {
        out[push.offset.y + i] = push.scale * x[push.offset.x + i];
    }
}
"""


def users_kernel(bench: Bench) -> str:
    if bench.device.kind != "metal":
        return "there is one for Metal only"
    kernel = bench.device.compile(
        msl=USERS_MSL,
        name="mine",
        bindings=[("x", "read"), ("out", "write")],
        params=[("count", "uint32"), ("scale", "float32")],
        workgroup=(64, 1, 1),
    )
    x, out, canary = bench.normal(1000), bench.empty(1000), bench.normal(1)
    kept = canary.copy()
    bench.device.dispatch(kernel, [x, out], {"count": 1000, "scale": 3.0}, groups=(16, 1, 1))
    close(out, np.float32(3) * x, 0, "a kernel of the user's")
    expect(canary == kept, "a kernel of the user's wrote beyond its range")
    return ""


def language_model(bench: Bench) -> str:
    return tiny.check(bench.device)


def order(bench: Bench) -> str:
    x, y = bench.empty(100_003), bench.empty(100_003)
    x[:] = 0
    submissions = []
    for _ in range(20):  # x = 2 x + 1 by three dispatches that depend on each other
        with bench.device.batch() as batch:
            batch.affine(x, 2, 1, out=x)
            batch.add(x, x, out=y)
            batch.affine(y, 0.5, 0, out=x)
        submissions.append(batch.submit())
    for submission in submissions:
        submission.wait(timeout=30)
    expect((x == 2**20 - 1).all(), f"20 submissions in a row gave {x[0]}, not {2**20 - 1}")
    expect(all(submission.gpu_seconds >= 0 for submission in submissions), "negative times")
    return ""


def growth(bench: Bench) -> str:
    memory = zcwasm.Memory(64, 256)
    x = memory.array(0, 1 << 20, np.float32)
    x[:] = 0
    with bench.device.batch() as batch:
        for _ in range(50):
            batch.affine(x, 1, 1, out=x)
    submission = batch.submit()
    base = memory.address
    memory.grow(128)
    high = memory.array(100 * 65536, 1 << 20, np.float32)
    bench.device.affine(x, 2, 0, out=high)
    submission.wait(timeout=30)
    expect(memory.address == base, "the base moved")
    expect((high == 100).all(), f"memory that had just grown got {high[0]}, not 100")
    return ""


def growth_in_steps(bench: Bench) -> str:
    """Pages that were committed one after the other, each touched by CPU and device before the next."""
    memory = zcwasm.Memory(16, 128)
    for i in range(50):
        memory.grow(1)
        last = memory.array(memory.size - 65536, 16384, np.float32)
        last[:] = i
        bench.device.affine(last, 2, 1, out=last)
        expect((last == 2 * i + 1).all(), f"step {i}: {last[0]}, not {2 * i + 1}")
    x = memory.array(16 * 65536, (50, 16384), np.float32)
    bench.device.affine(x, 1, 1, out=x)  # over all that grew
    expect((x == 2 * np.arange(50)[:, None] + 2).all(), "wrong over all steps")
    if bench.device.kind != "metal":
        return ""
    large = zcwasm.Memory(16384)  # 1 GiB
    end = large.array(large.size - 64, 16, np.float32)
    bench.device.fill(end, 3)
    expect((end == 3).all(), "the end of 1 GiB is wrong")
    return "and 1 GiB"


def other_processes(bench: Bench) -> str:
    """What this process has stays its own while the system starts others and copies its memory for them."""
    memory = zcwasm.Memory(64)
    x = memory.array(0, 1 << 20, np.float32)
    x[:] = 0
    bench.device.affine(x, 1, 1, out=x)
    subprocess.run([sys.executable, "-c", ""], check=True)
    x += 1
    bench.device.affine(x, 1, 1, out=x)
    expect((x == 3).all(), f"after a subprocess: {x[0]}, not 3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a fork beside threads: the child only ends
        child = os.fork()
    if child == 0:
        os._exit(0)
    x += 1  # while the child may share the pages
    bench.device.affine(x, 1, 1, out=x)
    os.waitpid(child, 0)
    expect((x == 5).all(), f"after a fork: {x[0]}, not 5")
    return ""


def mapped_file(bench: Bench) -> str:
    """A file that is mapped read-only is a kernel's input."""
    values = bench.random.standard_normal(1 << 20).astype(np.float32)
    header = {"w": {"dtype": "F32", "shape": [1 << 20], "data_offsets": [0, values.nbytes]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    out = zcwasm.Memory(64).array(0, 1 << 20, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + values.tobytes())
        weights = zcwasm.Weights(path, device=bench.device)
        bench.device.affine(weights["w"], 2, 0, out=out)
        del weights
    expect(np.array_equal(out, 2 * values), "a mapped file is read wrongly")
    return ""


def refusals(bench: Bench) -> str:
    x = bench.normal(100)
    before = x.copy()
    cases: list[tuple[str, Callable[[], Any]]] = [
        ("memory that is not a guest's", lambda: bench.device.fill(np.zeros(4, np.float32), 1)),
        ("overlapping ranges", lambda: bench.device.affine(x[:50], 1, 1, out=x[1:51])),
        ("shapes that differ", lambda: bench.device.add(x[:50], x[50:99], out=x[:50])),
    ]
    for name, call in cases:
        try:
            call()
        except ValueError:
            continue
        raise AssertionError(f"{name}: not refused")
    expect(np.array_equal(x, before), "a refused dispatch changed memory")
    return ""


CHECKS: list[Check] = [
    pointers,
    resident_set,
    elementwise,
    matmul,
    many_rows,
    rows,
    every_kernel,
    users_kernel,
    language_model,
    order,
    growth,
    growth_in_steps,
    other_processes,
    mapped_file,
    refusals,
]


# --- what it costs ---


def best(function: Callable[[], Any], number: int = 1, repeat: int = 7) -> float:
    return min(timeit.repeat(function, number=number, repeat=repeat)) / number


def apple_chip(device_name: str) -> str:
    """Its key of BANDWIDTH, or "" for what has none."""
    return next((chip for chip in BANDWIDTH if device_name == f"Apple {chip}"), "")


def share(device: zcwasm.Device, reached: float, announced: Mapping[str, float]) -> str:
    """Of what is announced for this chip's GPU, where that is known."""
    chip = apple_chip(device.name)
    if device.kind != "metal" or chip not in announced:
        return ""
    return f", {100 * reached / announced[chip]:.0f}% of {chip}'s {announced[chip]}"


def one_row(bench: Bench, name: str, size: int) -> str:
    """A matrix of weights of about `size` bytes times a vector: what each token of a model consists of."""
    device, k = bench.device, 4096
    code, block, bytes_of = reference.WEIGHT_TYPES[name]
    some = words(reference.random_weights(name, 256, k, bench.random))
    copies = max(1, size // some.nbytes)
    n = 256 * copies
    memory = zcwasm.Memory((n * (k // block * bytes_of + 4) + 4 * k) // 65536 + 2)
    w = memory.array(0, some.size * copies, np.uint32)
    w[:] = np.tile(some, copies)
    x, y = memory.array(w.nbytes, k, np.float32), memory.array(w.nbytes + 4 * k, n, np.float32)
    x[:] = 1 / k
    params = {"type": code, "rows": 1, "n": n, "k": k, "ldx": k, "ldy": n, "flags": 0, "eps": 0}
    none = bench.empty(0)

    def run() -> None:
        with device.batch() as batch:
            for _ in range(4):
                batch.dispatch("linear", [x.reshape(1, k), w, none, none, y.reshape(1, n)], params)
        batch.submit().wait()

    moved = 4 * w.nbytes / best(run, repeat=5) / 1e9
    return f"one row × {name:<7}         {moved:9.1f} GB/s of weights{share(device, moved, BANDWIDTH)}"


def product_of_rows(bench: Bench, name: str, rows: int, n: int, k: int) -> str:
    """Many rows times the transpose of a matrix of weights: what a prompt consists of."""
    device = bench.device
    code, block, bytes_of = reference.WEIGHT_TYPES[name]
    some = words(reference.random_weights(name, 64, k, bench.random))
    memory = zcwasm.Memory((n * (k // block * bytes_of) + 4 * rows * (k + n)) // 65536 + 2)
    w = memory.array(0, n // 64 * some.size, np.uint32)
    w[:] = np.tile(some, n // 64)
    x = memory.array(w.nbytes, (rows, k), np.float32)
    y = memory.array(w.nbytes + x.nbytes, (rows, n), np.float32)
    x[:] = 1 / k
    params = {"type": code, "rows": rows, "n": n, "k": k, "ldx": k, "ldy": n, "flags": 0, "eps": 0}
    none = bench.empty(0)

    def run() -> None:
        with device.batch() as batch:
            for _ in range(4):
                batch.dispatch("linear", [x, w, none, none, y], params)
        batch.submit().wait()

    reached = 4 * 2 * rows * n * k / best(run, repeat=3) / 1e12
    return f"{rows} rows × {name:<5}          {reached:9.4f} TFLOP/s{share(device, reached, PEAK)}"


def product_of_floats(bench: Bench, side: int) -> str:
    """The kernel matmul, of square matrices."""
    memory = zcwasm.Memory(3 * 4 * side * side // 65536 + 1)
    a, b, c = memory.array(0, (3, side, side), np.float32)
    a[:] = b[:] = 1 / side
    reached = 2 * side**3 / best(lambda: bench.device.matmul(a, b, out=c), repeat=3) / 1e12
    title = f"matmul of {side} × {side}"
    return f"{title:<26}{reached:9.4f} TFLOP/s{share(bench.device, reached, PEAK)}"


def rows_of_attention(bench: Bench, rows: int, heads: int, keys: int) -> str:
    """Attention of a prompt's rows that see all keys, in float16: heads of 128, of which four share keys."""
    size, kv_heads = 128, heads // 4
    memory = zcwasm.Memory((4 * rows * (2 * heads * size + 2) + 4 * keys * kv_heads * size) // 65536 + 2)
    q, out = memory.array(0, (2, rows, heads * size), np.float32)
    cache = memory.array(q.nbytes + out.nbytes, (2, keys * kv_heads * size // 2), np.uint32)
    spans = memory.array(q.nbytes + out.nbytes + cache.nbytes, (rows, 2), np.uint32)
    q[:], cache[:], spans[:] = 1 / size, words(np.full(2, 1 / size, np.float16))[0], (0, keys)
    params = {"rows": rows, "heads": heads, "kv_heads": kv_heads, "head_size": size, "ldq": heads * size}
    params |= {"ldk": kv_heads * size, "ldv": kv_heads * size, "ldout": heads * size, "capacity": keys}
    params |= {"kv_type": reference.F16, "window": 0, "sinks": 0}
    given = [q, *cache, spans, bench.empty(0), out]

    def run() -> None:
        bench.device.dispatch("attention", given, params | {"scale": 1.0, "softcap": 0.0})

    reached = 4 * rows * heads * keys * size / best(run, repeat=3) / 1e12
    title = f"{rows} rows of attention"
    return f"{title:<26}{reached:9.4f} TFLOP/s{share(bench.device, reached, PEAK)}"


def tokens(bench: Bench, prompt: int, steps: int) -> str:
    """Of the small language model, whose arithmetic is next to nothing: what tokens cost before that."""
    read, written = tiny.speed(bench.device, prompt, steps)
    title = f"model of {tiny.LAYERS} layers of {tiny.DIM}"
    return f"{title:<26}{written:9.1f} tokens/s, a prompt of {prompt} at {read:.0f}: all overhead"


def after_a_pause(bench: Bench) -> str:
    memory = zcwasm.Memory(LARGE * 4 // 65536)
    x = memory.array(0, LARGE, np.float32)
    x[:] = 1
    part = x[:1024]
    bench.device.affine(x, 1, 0, out=x)
    usual = best(lambda: bench.device.affine(part, 1, 0, out=part))
    time.sleep(3)
    start = time.perf_counter()
    bench.device.affine(part, 1, 0, out=part)
    took = time.perf_counter() - start
    return f"the first after 3 s       {took * 1e6:9.1f} µs, usually {usual * 1e6:.1f}: 64 MiB stay resident"


def costs(bench: Bench) -> list[str]:
    device, small = bench.device, bench.normal(64)

    def batch_of(count: int) -> Callable[[], None]:
        def run() -> None:
            with device.batch() as batch:
                for _ in range(count):
                    batch.affine(small, 1, 0, out=small)
            batch.submit().wait()

        return run

    apart = [bench.normal(64) for _ in range(100)]

    def beside() -> None:
        with device.batch() as batch:
            for _ in range(10):
                for x in apart:
                    batch.affine(x, 1, 0, out=x)
        batch.submit().wait()

    def on_the_device() -> float:
        with device.batch() as batch:
            batch.affine(small, 1, 0, out=small)
        submission = batch.submit()
        submission.wait()
        return submission.gpu_seconds

    one = best(batch_of(1), 20)
    inside = min(on_the_device() for _ in range(20))
    wide = best(beside)
    many = best(batch_of(1000))
    memory = zcwasm.Memory(LARGE * 4 // 65536)
    x = memory.array(0, LARGE, np.float32)
    x[:] = 1
    device.affine(x, 1, 0, out=x)
    moved = 2 * x.nbytes / best(lambda: device.affine(x, 1, 0, out=x)) / 1e9
    software = device.info["software"]  # whose speed nobody needs, and it would take long
    lines = [
        f"submit and wait           {one * 1e6:9.1f} µs, of which the device worked {inside * 1e6:.1f}",
        f"one more dispatch         {(many - one) / 999 * 1e6:9.2f} µs, each after the one before",
        f"one more beside others    {(wide - one) / 999 * 1e6:9.2f} µs, with a barrier every 100",
        f"affine over 64 MiB        {moved:9.1f} GB/s read and written{share(device, moved, BANDWIDTH)}",
        product_of_floats(bench, 256 if software else 2048),
    ]
    if not software:
        lines += [product_of_rows(bench, name, 512, 2048, 2048) for name in ("F16", "Q4_K")]
        lines.append(rows_of_attention(bench, 512, 32, 2048))
        lines += [one_row(bench, name, 64 << 20) for name in reference.WEIGHT_TYPES]
    lines.append(tokens(bench, *((32, 4) if software else (256, 64))))
    if device.kind == "metal":
        lines.append(after_a_pause(bench))
    return lines
